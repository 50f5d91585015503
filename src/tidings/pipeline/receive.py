"""A text from a handset: store, put parts together, honour STOP, START and HELP, answer once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from tidings.config import Settings
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.consent import Keyword, keyword
from tidings.core.message import CATEGORY_RULES, MINUTE, Category, Message, Millis
from tidings.core.ports import Inbound, stage
from tidings.core.questions import InboundRow, Tx
from tidings.core.status import ACCEPTED, RECEIVED
from tidings.pipeline import accept, track
from tidings.text import gsm7, udh
from tidings.text.number import E164, is_sender
from tidings.text.segments import count

PART_WAIT: Millis = 60 * MINUTE
"""How long parts wait for their siblings before what is there becomes a message."""
REDELIVERY: Millis = 10 * MINUTE
"""How long the same octets on a later session are taken for a redelivery."""
_WIDE = 1 << 16
"""Tells a stored reference of 16 bits from one of 8."""


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """An inbound part with the ids that its row, its message and a reply shall have."""

    row_id: int
    message_id: int
    reply_id: int
    inbound: Inbound
    settings: Settings
    live: frozenset[str] = frozenset()
    """Sessions that stand: what came on one of them was acknowledged there, and does not come again elsewhere."""


class Lone(msgspec.Struct, frozen=True, gc=False):
    """A part whose siblings stayed away, with the ids its message and a reply shall have."""

    message_id: int
    reply_id: int
    row: InboundRow
    settings: Settings


class Received(msgspec.Struct, frozen=True, gc=False):
    """What became of it: nothing yet (a part), a message, and perhaps a reply that now waits in the queue."""

    message: Message | None = None
    replies: tuple[Message, ...] = ()
    duplicate: bool = False


@stage(order=30)
async def take_inbound(tx: Tx, arrivals: Sequence[Arrival], now: Millis) -> list[Received]:
    """Store texts and act on them, one after the other: a START may follow a STOP in the same batch."""
    return [await _take(tx, arrival, now) for arrival in arrivals]


async def _take(tx: Tx, arrival: Arrival, now: Millis) -> Received:
    inbound = arrival.inbound
    digest = _digest(inbound)
    sessions = await tx.inbounds.twins(inbound.carrier, [digest], now - REDELIVERY)
    row = await _row(tx, arrival, digest, now)
    if _came_again(arrival, sessions.get(digest)) and not await _would_stop(tx, row):
        return Received(duplicate=True)
    if row.parts <= 1:
        await tx.inbounds.insert([row])
        return await _complete(tx, [row], arrival, now)
    siblings = await tx.inbounds.siblings(row)
    if any(sibling.digest == digest for sibling in siblings):
        return Received(duplicate=True)
    await tx.inbounds.insert([row])
    whole = _whole([*siblings, row])
    return Received() if whole is None else await _complete(tx, whole, arrival, now)


def _came_again(arrival: Arrival, session: str | None) -> bool:
    """Whether a text that came on `session` comes again because that one broke before it was acknowledged."""
    return session not in (None, arrival.inbound.session) and session not in arrival.live


async def _would_stop(tx: Tx, row: InboundRow) -> bool:
    """A STOP after a START counts, however much it looks like the STOP before: doubt is for who wants no texts."""
    asked = keyword(row.text) if row.parts <= 1 else None
    if asked is None or asked.asks != "stop":
        return False
    return not await tx.suppressions.among([(row.account_id, row.sender)])


@stage(order=31)
async def complete_lone(tx: Tx, lones: Sequence[Lone], now: Millis) -> list[Received]:
    """Make messages of texts that will not become whole: what has come is better than nothing."""
    done = []
    for lone in lones:
        rows = await tx.inbounds.siblings(lone.row)
        done.append(await _complete(tx, rows, lone, now) if rows else Received())
    return done


async def _complete(tx: Tx, rows: Sequence[InboundRow], arrival: Arrival | Lone, now: Millis) -> Received:
    """All parts are there (or all that will come): the text becomes a message."""
    message = _message(rows, arrival.message_id, now)
    await track.begin(tx, [message], [(RECEIVED,)])
    await tx.inbounds.join([row.id for row in rows], message.id)
    asked = keyword(message.text or "")
    reply = await _obey(tx, message, asked, arrival.settings, now) if asked else None
    if reply is None:
        return Received(message)
    entry = accept.Entry(message.account_id, (_reply(message, reply, arrival.reply_id, now),), origin={"door": "reply"})
    entered = (await accept.enter(tx, [entry], now))[0]
    return Received(message, tuple(one.message for one in entered.stored))


async def _obey(tx: Tx, message: Message, asked: Keyword, settings: Settings, now: Millis) -> str | None:
    """Do what the keyword asks; the answer to give. A STOP said twice is answered once."""
    account_id, number, reason = message.account_id, message.sender, f"keyword {asked.word}"
    if asked.asks == "stop":
        return settings.stop_reply or None if await tx.suppressions.add(account_id, number, reason, now) else None
    if asked.asks == "start":
        return settings.start_reply or None if await tx.suppressions.lift(account_id, number, reason, now) else None
    return settings.help_reply or None


async def _row(tx: Tx, arrival: Arrival, digest: str, now: Millis) -> InboundRow:
    inbound = arrival.inbound
    concat = udh.concat(inbound.udh)
    to = _address(inbound.to)
    owner = await tx.accounts.owner_of(to)
    return InboundRow(
        id=arrival.row_id, account_id=owner or DEFAULT_ACCOUNT, message_id=None, carrier=inbound.carrier,
        bind=inbound.bind, session=inbound.session, sender=_address(inbound.sender), to=to, digest=digest,
        octets=inbound.octets, udh=inbound.udh, data_coding=inbound.data_coding, text=inbound.text,
        encoding=inbound.encoding, reference=_reference(concat) if concat else 0, part=concat.part if concat else 1,
        parts=concat.parts if concat else 1, received_at=now,
    )  # fmt: skip


def _whole(siblings: Sequence[InboundRow]) -> list[InboundRow] | None:
    """All parts in order, or None while some are missing. Of a part that came twice the later one is used."""
    by_part = {sibling.part: sibling for sibling in siblings}
    return [by_part[part] for part in sorted(by_part)] if len(by_part) == siblings[0].parts else None


def _reference(concat: udh.Concat) -> int:
    """The reference, its width told by a bit above it: one of 8 bits and one of 16 never mean the same text."""
    return concat.reference | _WIDE if concat.wide else concat.reference


def _text(rows: Sequence[InboundRow]) -> str:
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


def _message(rows: Sequence[InboundRow], message_id: int, now: Millis) -> Message:
    first = rows[0]
    return Message(
        id=message_id, account_id=first.account_id, direction="mo", status=RECEIVED,
        category=Category.CONVERSATION, to=first.to, sender=first.sender, text=_text(rows),
        encoding=first.encoding, segments=len(rows), reference=first.reference & ~_WIDE, created_at=now, expires_at=now,
        carrier=first.carrier, finished_at=now, event_count=1,
    )  # fmt: skip


def _reply(message: Message, text: str, reply_id: int, now: Millis) -> Message:
    encoding, segments = count(text)
    return Message(
        id=reply_id, account_id=message.account_id, direction="mt", status=ACCEPTED, category=Category.SYSTEM,
        to=message.sender, sender=message.to, text=text, encoding=encoding, segments=segments,
        reference=(reply_id >> 21 ^ reply_id) & 0xFF, created_at=now,
        expires_at=now + CATEGORY_RULES[Category.SYSTEM].validity, event_count=1,
    )  # fmt: skip


def _address(number: str) -> str:
    """Addresses as we write them: a handset's international number gets its plus, also for the 00 before it."""
    if number.startswith("00") and E164.match(f"+{number[2:]}"):
        return f"+{number[2:]}"
    return number if is_sender(number) else f"+{number}" if E164.match(f"+{number}") else number


def _digest(inbound: Inbound) -> str:
    mark = "\0".join((inbound.sender, inbound.to, str(inbound.data_coding)))
    return hashlib.sha256(mark.encode() + inbound.udh + b"\0" + inbound.octets).hexdigest()
