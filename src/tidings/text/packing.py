"""Septets packed eight into seven octets, as radio carries them (3GPP TS 23.038 §6.1.2.1), and unpacked again.

One big number does the work: neighbouring septets are pushed together in lanes of 16, 32 and 64 bits.
"""

from __future__ import annotations

from functools import lru_cache


def fill_bits(udh: bytes) -> int:
    """Bits between a header (with its length octet) and the first septet, which begins on a septet boundary."""
    return -8 * len(udh) % 7


def pack(septets: bytes, fill: int = 0) -> bytes:
    """Septets (one an octet) packed, behind `fill` bits (0 to 6) of nothing. Spare bits at the end are zero."""
    if not septets:
        return b""
    groups = -(-len(septets) // 8)
    low7, low14, low28 = _masks(groups)
    lanes = int.from_bytes(septets, "little")
    lanes = lanes & low7 | (lanes & low7 << 8) >> 1
    lanes = lanes & low14 | (lanes & low14 << 16) >> 2
    lanes = lanes & low28 | (lanes & low28 << 32) >> 4
    octets = bytearray(lanes.to_bytes(groups * 8, "little"))
    del octets[7::8]
    length = -(-(7 * len(septets) + fill) // 8)
    if fill:
        return (int.from_bytes(octets, "little") << fill).to_bytes(len(octets) + 1, "little")[:length]
    return bytes(octets[:length])


def unpack(octets: bytes, fill: int = 0, count: int | None = None) -> bytes:
    """Packed septets, one an octet. `count`: how many there are, where that is known.

    Without `count` the octets tell: where just seven bits are left at the end and all are zero, they are taken for
    padding and not for "@".
    """
    most = max(0, 8 * len(octets) - fill) // 7
    if fill:
        octets = (int.from_bytes(octets, "little") >> fill).to_bytes(len(octets), "little")
    groups = -(-len(octets) // 7)
    spread = bytearray(groups * 8)
    padded = octets.ljust(groups * 7, b"\0")
    for at in range(7):
        spread[at::8] = padded[at::7]
    low7, low14, low28 = _masks(groups)
    lanes = int.from_bytes(spread, "little")
    lanes = lanes & low28 | (lanes & low28 << 28) << 4
    lanes = lanes & low14 | (lanes & low14 << 14) << 2
    lanes = lanes & low7 | (lanes & low7 << 7) << 1
    septets = lanes.to_bytes(groups * 8, "little")
    if count is not None:
        return septets[: min(count, most)]
    if most and (8 * len(octets) - fill) % 7 == 0 and not septets[most - 1]:
        most -= 1
    return septets[:most]


@lru_cache(maxsize=64)
def _masks(groups: int) -> tuple[int, int, int]:
    """7 of 16 bits, 14 of 32, 28 of 64, over so many groups of 64."""
    return (
        int.from_bytes(b"\x7f\0" * 4 * groups, "little"),
        int.from_bytes(b"\xff\x3f\0\0" * 2 * groups, "little"),
        int.from_bytes(b"\xff\xff\xff\x0f\0\0\0\0" * groups, "little"),
    )
