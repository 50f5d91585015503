"""Septets eight in seven octets, with and without fill bits."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tidings.text.packing import fill_bits, pack, unpack

SEPTETS = st.binary(max_size=400).map(lambda octets: bytes(octet & 0x7F for octet in octets))


def bit_by_bit(septets: bytes, fill: int) -> bytes:
    """The standard's picture, drawn a bit at a time."""
    bits = "".join(f"{septet:07b}"[::-1] for septet in septets)
    bits = "0" * fill + bits
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))


@pytest.mark.parametrize(
    ("septets", "fill", "packed"),
    [
        (b"", 0, ""),
        (b"\x01", 0, "01"),
        (b"hellohello", 0, "e8329bfd4697d9ec37"),
        (b"12345678", 0, "31d98c56b3dd70"),
        (b"\x01\x02", 1, "0202"),
        (b"\x7f", 6, "c01f"),
        (b"\x7f" * 8, 0, "ff" * 7),
    ],
)
def test_known(septets: bytes, fill: int, packed: str) -> None:
    assert pack(septets, fill).hex() == packed


@pytest.mark.parametrize(("header", "fill"), [(0, 0), (4, 3), (5, 2), (6, 1), (7, 0), (9, 5), (12, 2), (13, 1)])
def test_septets_begin_on_their_boundary(header: int, fill: int) -> None:
    assert fill_bits(bytes(header)) == fill
    assert (8 * header + fill) % 7 == 0


@settings(max_examples=500)
@given(SEPTETS, st.integers(0, 6))
@example(bytes(8), 0)
@example(bytes(7), 0)
def test_packed_and_unpacked(septets: bytes, fill: int) -> None:
    packed = pack(septets, fill)
    assert packed == (bit_by_bit(septets, fill) if septets else b"")
    assert unpack(packed, fill, len(septets)) == septets
    spare = 8 * len(packed) - fill - 7 * len(septets)
    if not septets:
        assert unpack(packed, fill) == b""
    elif spare == 7 or septets[-1] or (8 * len(packed) - fill) % 7:
        assert unpack(packed, fill) == septets
    else:
        # Seven zero bits at the end: "@", or nothing. Nobody can tell.
        assert unpack(packed, fill) == septets[:-1]


@settings(max_examples=300)
@given(st.binary(max_size=300), st.integers(0, 6), st.none() | st.integers(0, 500))
def test_unpacking_never_fails(octets: bytes, fill: int, count: int | None) -> None:
    septets = unpack(octets, fill, count)
    assert septets.isascii()
    assert len(septets) <= len(octets) * 8 // 7
