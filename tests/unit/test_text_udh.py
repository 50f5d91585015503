"""User data headers: elements, concatenation, and headers that do not add up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.text import udh
from tidings.text.udh import Concat, Element, Ports


@pytest.mark.parametrize(
    ("octets", "elements"),
    [
        ("", ()),
        ("00", ()),
        ("0500037b0201", (Element(0, b"\x7b\x02\x01"),)),
        ("060804007b0201", (Element(8, b"\x00\x7b\x02\x01"),)),
        ("0b0504158200000003070201", (Element(5, bytes.fromhex("15820000")), Element(0, b"\x07\x02\x01"))),
        ("027000", (Element(0x70, b""),)),
        # lengths that do not add up: the whole header is ignored
        ("0500037b02", ()),
        ("0400037b0201", ()),
        ("0500047b0201", ()),
        ("0600037b020100", ()),
    ],
)
def test_elements(octets: str, elements: tuple[Element, ...]) -> None:
    assert udh.parse(bytes.fromhex(octets)) == elements


@pytest.mark.parametrize(
    ("octets", "concat", "why"),
    [
        ("0500037b0201", Concat(0x7B, 2, 1), "8-bit reference"),
        ("060804017b0302", Concat(0x17B, 3, 2, True), "16-bit reference"),
        ("0b0504158200000003070201", Concat(7, 2, 1), "beside ports"),
        ("0a00037b020100037c0202", Concat(0x7C, 2, 2), "the last one counts"),
        ("0a00037b020100037c0203", Concat(0x7B, 2, 1), "unless it is not valid"),
        ("0500037b0203", None, "part above parts"),
        ("0500037b0200", None, "part 0"),
        ("0500037b0000", None, "no parts"),
        ("0400027b02", None, "element too short"),
        ("", None, "no header"),
    ],
)
def test_concat(octets: str, concat: Concat | None, why: str) -> None:
    assert udh.concat(bytes.fromhex(octets)) == concat, why


@pytest.mark.parametrize(
    ("ports", "element"),
    [
        (Ports(2948, 9200), "05040b8423f0"),
        (Ports(0, 65535), "05040000ffff"),
        (Ports(240, 255, wide=False), "0402f0ff"),
    ],
)
def test_ports(ports: Ports, element: str) -> None:
    assert udh.port_element(ports).hex() == element


@pytest.mark.parametrize("ports", [Ports(65536, 1), Ports(1, 256, wide=False), Ports(-1, 1)])
def test_ports_too_large_for_their_width(ports: Ports) -> None:
    with pytest.raises(OverflowError):
        udh.port_element(ports)


@pytest.mark.parametrize(
    ("user_data", "header", "rest"),
    [
        ("0500037b020141", "0500037b0201", "41"),
        ("0500037b0201", "0500037b0201", ""),
        ("00", "00", ""),
        ("0541", "", "0541"),
        ("", "", ""),
    ],
)
def test_detach(user_data: str, header: str, rest: str) -> None:
    assert udh.detach(bytes.fromhex(user_data)) == (bytes.fromhex(header), bytes.fromhex(rest))


@settings(max_examples=100, deadline=None)
@given(st.data(), st.booleans())
def test_concat_finds_what_was_built(data: st.DataObject, wide: bool) -> None:
    reference = data.draw(st.integers(0, 0xFFFF if wide else 0xFF))
    parts = data.draw(st.integers(1, 255))
    part = data.draw(st.integers(1, parts))
    built = udh.build_concat(reference, parts, part, wide=wide)
    assert udh.concat(built) == Concat(reference, parts, part, wide)
    assert udh.detach(built + b"rest") == (built, b"rest")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40))
def test_any_octets_are_read_without_an_error(octets: bytes) -> None:
    udh.concat(octets)
    header, rest = udh.detach(octets)
    assert header + rest == octets
