"""User data headers (3GPP TS 23.040 §9.2.3.24): read the elements, find and build those that texts need."""

from __future__ import annotations

import msgspec

CONCAT_8BIT = 0x00
CONCAT_16BIT = 0x08
PORTS_8BIT = 0x04
PORTS_16BIT = 0x05
SINGLE_SHIFT = 0x24
LOCKING_SHIFT = 0x25


class Element(msgspec.Struct, frozen=True, gc=False):
    """One information element: its identifier and its data."""

    iei: int
    data: bytes


class Concat(msgspec.Struct, frozen=True, gc=False):
    """Which part of which long message this is. References of different width name different messages."""

    reference: int
    parts: int
    part: int
    """1-based."""
    wide: bool = False
    """True when the reference has 16 bits."""


class Ports(msgspec.Struct, frozen=True, gc=False):
    """Which applications a text is from and for. Those of 8 bits are other ones than those of 16."""

    destination: int
    source: int
    wide: bool = True
    """True when they have 16 bits: element 05, else element 04."""


def parse(udh: bytes) -> tuple[Element, ...]:
    """The elements of a header given with its length octet.

    Empty when there is none, or when lengths do not add up: the standard has such a header ignored as a whole.
    """
    if not udh or udh[0] != len(udh) - 1:
        return ()
    elements = []
    at = 1
    while at < len(udh):
        data = at + 2
        if data > len(udh) or data + udh[at + 1] > len(udh):
            return ()
        elements.append(Element(udh[at], udh[data : data + udh[at + 1]]))
        at = data + udh[at + 1]
    return tuple(elements)


def detach(user_data: bytes) -> tuple[bytes, bytes]:
    """User data that begins with a header, as (header with its length octet, the rest).

    A header longer than the user data is none: everything is the rest.
    """
    if not user_data or user_data[0] >= len(user_data):
        return b"", user_data
    end = user_data[0] + 1
    return user_data[:end], user_data[end:]


def concat(udh: bytes) -> Concat | None:
    """The concatenation of a header with its length octet, or None. The last valid one counts (§9.2.3.24)."""
    found = None
    for element in parse(udh):
        found = _concat(element) or found
    return found


def _concat(element: Element) -> Concat | None:
    data = element.data
    if element.iei == CONCAT_8BIT and len(data) == 3:
        reference, parts, part, wide = data[0], data[1], data[2], False
    elif element.iei == CONCAT_16BIT and len(data) == 4:
        reference, parts, part, wide = data[0] << 8 | data[1], data[2], data[3], True
    else:
        return None
    return Concat(reference, parts, part, wide) if 1 <= part <= parts else None


def shifts(udh: bytes) -> tuple[int, int]:
    """The National Language Identifiers of the locking and the single shift table (§9.2.3.24.15 and .16); 0: none.

    The last element of a kind counts.
    """
    locking = single = 0
    for element in parse(udh):
        if len(element.data) == 1:
            if element.iei == LOCKING_SHIFT:
                locking = element.data[0]
            elif element.iei == SINGLE_SHIFT:
                single = element.data[0]
    return locking, single


def shift_elements(locking: int, single: int) -> bytes:
    """The elements that name national tables; none for a table that is 0."""
    octets = bytes((LOCKING_SHIFT, 1, locking)) if locking else b""
    return octets + bytes((SINGLE_SHIFT, 1, single)) if single else octets


def port_element(ports: Ports) -> bytes:
    """Application ports (§9.2.3.24.3 and .4). Raises OverflowError for what their width does not hold."""
    size = 2 if ports.wide else 1
    octets = ports.destination.to_bytes(size, "big") + ports.source.to_bytes(size, "big")
    return bytes((PORTS_16BIT if ports.wide else PORTS_8BIT, 2 * size)) + octets


def concat_element(reference: int, parts: int, part: int, *, wide: bool = False) -> bytes:
    """Which part of which long message: element 00, or 08 where the reference has 16 bits."""
    if wide:
        return bytes((CONCAT_16BIT, 4, reference >> 8, reference & 0xFF, parts, part))
    return bytes((CONCAT_8BIT, 3, reference, parts, part))


def build_concat(reference: int, parts: int, part: int, *, wide: bool = False) -> bytes:
    """A header with its length octet that holds a concatenation element and nothing else."""
    element = concat_element(reference, parts, part, wide=wide)
    return bytes((len(element),)) + element
