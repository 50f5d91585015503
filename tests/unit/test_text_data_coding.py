"""What each data_coding makes of octets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.text import data_coding, gsm7


@pytest.mark.parametrize(
    ("coding", "encoding"),
    [
        (0x00, "gsm7"),
        (0x01, "ascii"),
        (0x02, "binary"),
        (0x03, "latin1"),
        (0x04, "binary"),
        (0x08, "ucs2"),
        (0x0B, "binary"),
        (0x10, "gsm7"),
        (0x15, "binary"),
        (0x18, "ucs2"),
        (0x28, "binary"),
        (0x40, "gsm7"),
        (0x48, "ucs2"),
        (0x44, "binary"),
        (0x60, "binary"),
        (0x80, "binary"),
        (0xC8, "gsm7"),
        (0xD0, "gsm7"),
        (0xE0, "ucs2"),
        (0xF0, "gsm7"),
        (0xF5, "binary"),
    ],
)
def test_encoding(coding: int, encoding: str) -> None:
    assert data_coding.encoding(coding) == encoding


@pytest.mark.parametrize(
    ("coding", "octets", "text"),
    [
        (0x00, "001b65", "@€"),
        (0x01, "4180", "A\ufffd"),
        (0x03, "e9", "é"),
        (0x08, "044fd83dde00", "я😀"),
        (0x08, "044f41", "я\ufffd"),
        (0x04, "beef", "beef"),
    ],
)
def test_text_of_octets(coding: int, octets: str, text: str) -> None:
    assert data_coding.decode(bytes.fromhex(octets), coding) == text


@pytest.mark.parametrize("coding", range(256))
def test_no_octets_raise(coding: int) -> None:
    data_coding.decode(b"\xd8\x00\xff\x1b\x80", coding)


@settings(max_examples=400)
@given(st.binary(max_size=160), st.integers(0, 255), st.binary(max_size=20))
def test_no_header_raises_either(octets: bytes, coding: int, header: bytes) -> None:
    told = bytes((len(header),)) + header
    assert data_coding.decode(octets, coding, told) is not None
    assert data_coding.decode(octets, coding, header) is not None
    assert gsm7.named(data_coding.alphabet(told).name) is data_coding.alphabet(told)
