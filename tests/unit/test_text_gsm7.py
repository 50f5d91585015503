"""The GSM 7-bit alphabet: what each text becomes, and what each octet shows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.text import gsm7
from tidings.text.segments import unfit

CHARACTERS = sorted(gsm7.ALPHABET.values()) + sorted(gsm7.EXTENSION.values())


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("", ""),
        ("Hello", "48656c6c6f"),
        ("@", "00"),
        ("a@b$_", "6100620211"),
        ("£¥èéùìòÇ", "0103040506070809"),
        ("ΔΦΓΛΩΠΨΣΘΞ", "10121314151617181 91a".replace(" ", "")),
        ("ÆæßÉ", "1c1d1e1f"),
        ("¤¡ÄÖÑÜ§¿äöñüà", "24405b5c5d5e5f607b7c7d7e7f"),
        ("\r\n", "0d0a"),
        ("€", "1b65"),
        ("\f^{}\\[~]|", "1b0a1b141b281b291b2f1b3c1b3d1b3e1b40"),
        ("@{@}", "001b28001b29"),
    ],
)
def test_texts_and_their_septets(text: str, octets: str) -> None:
    assert gsm7.encode(text) == bytes.fromhex(octets)
    assert gsm7.decode(bytes.fromhex(octets)) == text


@pytest.mark.parametrize(
    "text", ["`", "ç", "\x00", "a\x00@", "\x1b", "\t", "α", "А", "😀", "\ud800", "\x80", "\x81", "\ufffe"]
)
def test_what_has_no_code_is_refused(text: str) -> None:
    assert gsm7.encode(text) is None
    assert not gsm7.fits(f"fine {text}")
    assert unfit(f"fine {text}")[0][0] >= 5


def test_unfit_names_positions_and_characters() -> None:
    assert unfit("a`b€çd") == [(1, "`"), (4, "ç")]


@pytest.mark.parametrize(
    ("octets", "text", "why"),
    [
        ("1b41", "A", "an unassigned code after ESC shows the main table"),
        ("1b00", "@", "also code 0"),
        ("1b1b", " ", "ESC ESC is a space"),
        ("1b1b65", " e", "and does not begin another pair"),
        ("411b", "A ", "an ESC at the end is a space"),
        ("41ff80", "A\ufffd\ufffd", "octets above 7F are no septets"),
        ("1b81", "\ufffd", "nor after an ESC"),
        ("8165", "\ufffde", "nor are they taken for the parking places of the encoder"),
    ],
)
def test_odd_octets(octets: str, text: str, why: str) -> None:
    assert gsm7.decode(bytes.fromhex(octets)) == text, why


def test_the_alphabet_is_whole() -> None:
    assert len(gsm7.ALPHABET) == 127
    assert len(gsm7.EXTENSION) == 10
    assert len(set(CHARACTERS)) == 137
    assert all(gsm7.fits(character) for character in CHARACTERS)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from(CHARACTERS), max_size=200))
def test_decode_undoes_encode(text: str) -> None:
    octets = gsm7.encode(text)
    assert octets is not None
    assert octets.isascii()
    assert gsm7.decode(octets) == text


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_decode_never_raises(octets: bytes) -> None:
    assert len(gsm7.decode(octets)) <= len(octets)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_encode_refuses_exactly_what_is_unfit(text: str) -> None:
    assert (gsm7.encode(text) is None) == bool(unfit(text))
