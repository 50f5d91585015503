"""Parts of a text from a handset → the rows that they are kept as, and the message that they make."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tidings.core.message import Category, Message, MessageError, Millis
from tidings.core.ports import Inbound
from tidings.core.questions import InboundRow
from tidings.core.status import RECEIVED
from tidings.pipeline import track
from tidings.text import data_coding, gsm7, udh
from tidings.text.number import E164, is_sender

_WIDE = 1 << 16
"""Tells a stored reference of 16 bits from one of 8."""


def row(inbound: Inbound, row_id: int, account_id: int, to: str, now: Millis) -> InboundRow:
    """A part as it is kept: with its octets, and which part of which text it is. `to`: our address as we write it."""
    concat = udh.concat(inbound.udh) if inbound.udh else None
    return InboundRow(
        id=row_id, account_id=account_id, message_id=None, carrier=inbound.carrier, bind=inbound.bind,
        session=inbound.session, sender=address(inbound.sender), to=to, digest=digest(inbound),
        octets=inbound.octets, udh=inbound.udh, data_coding=inbound.data_coding, text=inbound.text,
        encoding=inbound.encoding, reference=_reference(concat) if concat else 0, part=concat.part if concat else 1,
        parts=concat.parts if concat else 1, received_at=now,
    )  # fmt: skip


def whole(siblings: Sequence[InboundRow]) -> list[InboundRow] | None:
    """All parts in order, or None while some are missing. Of a part that came twice the later one is used."""
    by_part = {sibling.part: sibling for sibling in siblings}
    return [by_part[part] for part in sorted(by_part)] if len(by_part) == siblings[0].parts else None


def _reference(concat: udh.Concat) -> int:
    """The reference, its width told by a bit above it: one of 8 bits and one of 16 never mean the same text."""
    return concat.reference | _WIDE if concat.wide else concat.reference


def text(rows: Sequence[InboundRow]) -> str:
    """The text of all parts. Some handsets cut a pair of UTF-16 units or an escape pair in two: it is read once it is
    whole again."""
    octets, read = b"".join([row.octets for row in rows]), "".join([row.text for row in rows])
    encodings = {row.encoding for row in rows}
    if encodings == {"ucs2"} and all(len(row.octets) % 2 == 0 for row in rows):
        return octets.decode("utf-16-be", "replace")
    alphabet = gsm7.named(encodings.pop()) if len(encodings) == 1 else None
    # Where the parts were packed, their octets are no septets: then they read otherwise, and there is nothing to mend.
    if alphabet is not None and "".join([alphabet.decode(row.octets) for row in rows]) == read:
        return alphabet.decode(octets)
    return read


def message(rows: Sequence[InboundRow], message_id: int, now: Millis) -> Message:
    """What a text is told as; with an error where parts are missing or octets could not be read."""
    first, read = rows[0], text(rows)
    return Message(
        id=message_id, account_id=first.account_id, direction="mo", status=RECEIVED,
        category=Category.CONVERSATION, to=first.to, sender=first.sender, text=read,
        encoding=first.encoding, segments=len(rows), reference=first.reference & ~_WIDE, created_at=now, expires_at=now,
        carrier=first.carrier, error=fault(rows, read), finished_at=now, event_count=1,
    )  # fmt: skip


def fault(rows: Sequence[InboundRow], read: str) -> MessageError | None:
    """What is wrong with a text: parts that have not come, or octets that could not be read."""
    parts = rows[0].parts
    if parts > 1 and (missing := sorted({*range(1, parts + 1)} - {row.part for row in rows})):
        which = ", ".join(map(str, missing[:20])) + (" …" if len(missing) > 20 else "")
        return track.our_error("incomplete", f"Of {parts} parts these have not come: {which}.")
    why = next((why for row in rows if (why := data_coding.unreadable(row.data_coding))), "")
    if not why and _LOST in read:
        lost = read.count(_LOST)
        why = f"{lost} of its characters could not be read as {rows[0].encoding}"
    return track.our_error("undecodable", f"The octets are kept: {why}.") if why else None


_LOST = "\ufffd"
"""What stands in a text for octets that cannot be read."""


def address(number: str) -> str:
    """Addresses as we write them: a handset's international number gets its plus, also for the 00 before it."""
    if number.startswith("00") and E164.match(f"+{number[2:]}"):
        return f"+{number[2:]}"
    return number if is_sender(number) else f"+{number}" if E164.match(f"+{number}") else number


def digest(inbound: Inbound) -> str:
    """What a part is known by that comes again."""
    mark = "\0".join((inbound.sender, inbound.to, str(inbound.data_coding)))
    return hashlib.sha256(mark.encode() + inbound.udh + b"\0" + inbound.octets).hexdigest()
