"""Texts from handsets with odd headers, alphabets, lengths and addresses, between the receipts."""

from __future__ import annotations

from collections.abc import Callable

from tidings.simulator.personality import Asked, Conduct, Personality
from tidings.simulator.records import Address

_ODD_HEADERS = (
    b"\x05\x00\x03\x07\x00\x00",  # part 0 of 0
    b"\x05\x00\x03\x08\x03\x05",  # part 5 of 3
    b"\x03\x00\x01\x07",  # a concatenation element that is too short
    b"\x02\x70\x00",  # an element of no length
    b"\x06\x05\x04\x0b\x84\x23\xf0",  # ports
)


def _sends(*parts: tuple[int, bytes, bytes], sender: Address | None = None) -> Callable[[Conduct, Asked], int | None]:
    """Every other text is answered by a text from its handset: these in turn, as data_coding, header and octets."""

    def submit(c: Conduct, pdu: Asked) -> int | None:
        ordinal = c.spell.ordinal(pdu)
        if ordinal % 2 != 1:
            return None
        coding, header, octets = parts[ordinal // 2 % len(parts)]
        handset = sender or Address(pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr)
        ours = Address(pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr)
        c.act()
        c.smsc.exchange.owe_text(handset, ours, coding, header, octets)
        return None

    return submit


_STORE = "Store the octets as they came and what can be read of them, and answer 0."

ROWS: tuple[Personality, ...] = (
    Personality(
        name="texts_with_broken_headers", meaning="Handsets send texts whose header claims to be longer than the text.",
        esme=_STORE, submit=_sends((0, b"\xc8", b"\x00\x03\x01\x02\x01Hello")),
    ),
    Personality(
        name="texts_with_odd_headers",
        meaning="Handsets send headers of part 0 of 0, part 5 of 3, torn elements, ports.",
        esme=_STORE, submit=_sends(*((0, header, b"Hello") for header in _ODD_HEADERS)),
    ),
    Personality(
        name="texts_with_nul", meaning="Handsets send NUL, lone surrogates and an odd number of octets in UCS-2.",
        esme=_STORE, submit=_sends((8, b"", b"\0A\0\0\0B"), (8, b"", b"\xd8\x3d\0A"), (8, b"", b"\0A\0")),
    ),
    Personality(
        name="texts_of_unknown_coding", meaning="Handsets send data_coding 0x0B, 0xF7 and 0xFF.", esme=_STORE,
        submit=_sends((0x0B, b"", b"\x01\x80\xff"), (0xF7, b"", b"Hello"), (0xFF, b"", bytes(range(256))[:140])),
    ),
    Personality(
        name="texts_in_payload", meaning="Handsets send 3,000 octets in message_payload, with sm_length 0.",
        esme=_STORE, submit=_sends((0, b"", b"word " * 600)),
    ),
    Personality(
        name="texts_overlong", meaning="Handsets send 254 octets in one short_message.", esme=_STORE,
        submit=_sends((0, b"", b"long " * 50 + b"long"), (8, b"", b"\x04\x14" * 127)),
    ),
    Personality(
        name="texts_of_nothing", meaning="Handsets send texts without an octet.", esme=_STORE,
        submit=_sends((0, b"", b"")),
    ),
    Personality(
        name="texts_from_nobody", meaning="Texts come without a source address.", esme=_STORE,
        submit=_sends((0, b"", b"Who am I?"), sender=Address(0, 0, "")),
    ),
)  # fmt: skip
