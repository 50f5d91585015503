"""What happened → the customers' ESMEs that it concerns, into their outbox; and what came of each attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tidings.core import esme_pdus
from tidings.core.esme import ALL_NUMBERS, Esme, Submission
from tidings.core.message import HOUR, Message, Millis
from tidings.core.outcome import INTERMEDIATE, WORDS, wanted
from tidings.core.owed import NOTICE, OCTETS, RECEIPT, TEXT, Listener, Load, Owed, Tried, lane_of
from tidings.core.ports import Store, stage
from tidings.core.questions import Event, InboundRow, Tx
from tidings.core.status import RECEIVED
from tidings.pipeline import lease
from tidings.pipeline.house import House
from tidings.smpp.pdus import DataSm, DeliverSm

SCAN_MOST = 2_000
"""Events looked at in one transaction."""
LAG_MOST = 20_000
"""Events that concerned no ESME, after which the cursor is stored all the same."""
KEEP_S = 3600.0
"""Seconds after which it is."""
PAGE = 1_000
"""Rows that one step gives up, withdraws, replays or drops."""

EVER = (1 << 63) - 1
"""Behind all rows."""
_RECEIVED = f"message.{RECEIVED}"
TYPES = (*(f"message.{status}" for status in WORDS), _RECEIVED)
"""Every type of event that may concern an ESME."""


# the tail


class Tail(msgspec.Struct, frozen=True):
    """How far the tail has been read, and how much more each ESME's queue takes; all of those that are not named."""

    position: int
    room: Mapping[int, int]
    keep: bool = False
    """Whether to store how far it came, though it concerned no ESME: what was not read cannot be dropped."""


class Filled(msgspec.Struct, frozen=True):
    """How far it has been read now, what waits anew for whom, and how much was refused of whom."""

    position: int
    waiting: Mapping[int, int]
    refused: Mapping[int, int]
    more: bool = False
    held_back: bool = False
    """A commit under way may bring more soon, or make seen what others brought, without a word."""


@stage(order=96, private=True)
async def fill(tx: Tx, tails: Sequence[Tail], now: Millis) -> list[Filled]:
    """Read events behind the cursor and put into the outbox what concerns an ESME; cursor and rows are one commit."""
    return [await _fill(tx, tail, now) for tail in tails]


async def _fill(tx: Tx, tail: Tail, now: Millis) -> Filled:
    if not await tx.outbox.anybody():
        return Filled(await tx.events.newest(tail.position), {}, {}, held_back=tx.events.held_back)
    stored = await tx.outbox.cursor()
    start = max(stored, tail.position)
    end, placed = await tx.events.of_types(start, SCAN_MOST, TYPES)
    made = await _owed(tx, [event for _, event in placed])
    first = await tx.outbox.last() + 1 if made else 0
    waiting: dict[int, int] = {}
    refused: dict[int, int] = {}
    rows: list[Owed] = []
    for number, row in enumerate(made, first):
        full = waiting.get(row.esme_id, 0) >= tail.room.get(row.esme_id, 1 << 62)
        counts = refused if full else waiting
        counts[row.esme_id] = counts.get(row.esme_id, 0) + 1
        rows.append(_numbered(row, number, now, full))
    await tx.outbox.insert(rows)
    if rows or end - stored >= LAG_MOST or (tail.keep and end > stored):
        await tx.outbox.advance(end)
    return Filled(end, waiting, refused, end - start >= SCAN_MOST, tx.events.held_back)


def _numbered(row: Owed, number: int, now: Millis, full: bool) -> Owed:
    if full:
        return msgspec.structs.replace(
            row, id=number, created_at=now, began_at=now, status="dead", finished_at=now, reason="queue_full"
        )
    return msgspec.structs.replace(row, id=number, created_at=now, began_at=now, next_at=now)


async def _owed(tx: Tx, events: Sequence[Event]) -> list[Owed]:
    """What these events owe to ESMEs, in their order."""
    texts = [event for event in events if event.type == _RECEIVED]
    submitted = await _submitted(tx, [event for event in events if event.type != _RECEIVED])
    listeners = await tx.outbox.listeners() if texts else []
    concerned = [event.message_id for event in texts] if listeners else []
    messages = await tx.messages.by_id([*submitted, *concerned]) if submitted or concerned else {}
    found: list[Owed] = []
    for event in events:
        message = messages.get(event.message_id)
        if message is None:
            continue
        if event.type == _RECEIVED:
            found += await _texts(tx, event, message, listeners)
        elif (submission := submitted.get(event.message_id)) is not None:
            found += _receipt(event, message, submission)
    return found


async def _submitted(tx: Tx, events: Sequence[Event]) -> dict[int, Submission]:
    """The submissions of these messages that came from an ESME which is still there and wants to hear anything."""
    if not events:
        return {}
    found = await tx.esmes.submissions(event.message_id for event in events)
    asking = {number: one for number, one in found.items() if one.registered_delivery}
    if not asking:
        return {}
    there = await tx.outbox.open_among(one.esme_id for one in asking.values())
    return {number: one for number, one in asking.items() if one.esme_id in there}


def _receipt(event: Event, message: Message, submission: Submission) -> list[Owed]:
    status = event.type.partition(".")[2]
    # What was refused at the door was told by the answer to the submit_sm.
    if event.sequence == 1 or not wanted(submission.registered_delivery, status):
        return []
    kind = NOTICE if status in INTERMEDIATE else RECEIPT
    lane = lane_of(message.to, message.sender)
    return [_new(submission.esme_id, event, kind, lane)]


async def _texts(tx: Tx, event: Event, message: Message, listeners: Sequence[Listener]) -> list[Owed]:
    """The parts of a text for the first ESME that wants it: who names the number comes before who wants all."""
    of_account = [
        one for one in listeners if one.account_id == message.account_id and one.created_at <= event.occurred_at
    ]  # fmt: skip
    chosen = [one for one in of_account if message.to in one.inbound]
    chosen = chosen or [one for one in of_account if ALL_NUMBERS in one.inbound]
    if not chosen or (message.text is None and message.encoding != "binary"):
        return []
    rows = await tx.inbounds.of(message.id) if message.encoding == "binary" else None
    form, parts = esme_pdus.text_parts(message, esme_pdus.form_of(chosen[0]), rows)
    lane = lane_of(message.sender, message.to)
    return [_new(chosen[0].id, event, TEXT, lane, part, parts, form) for part in range(1, parts + 1)]


def _new(esme_id: int, event: Event, kind: str, lane: int, part: int = 1, parts: int = 1, form: str = "") -> Owed:
    return Owed(
        id=0, account_id=event.account_id, esme_id=esme_id, kind=kind, message_id=event.message_id,
        sequence=event.sequence, part=part, parts=parts, form=form, lane=lane, status="waiting", attempts=0,
        created_at=0, began_at=0, next_at=None,
    )  # fmt: skip


# what it says


async def loads(tx: Tx, rows: Sequence[Owed], esme: Esme) -> list[Load]:
    """Rows with their PDUs, made of what the store has."""
    messages = await tx.messages.by_id(one.message_id for one in rows)
    events = await tx.events.some([(one.message_id, one.sequence) for one in rows if one.kind != TEXT])
    submissions = await tx.esmes.submissions(one.message_id for one in rows if one.kind != TEXT)
    arrived: dict[int, list[InboundRow]] = {}
    for one in rows:
        if one.kind == TEXT and one.form == OCTETS and one.message_id not in arrived:
            arrived[one.message_id] = await tx.inbounds.of(one.message_id)
    return [Load(one, _pdu(one, esme, messages, events, submissions, arrived)) for one in rows]


def _pdu(
    owed: Owed,
    esme: Esme,
    messages: Mapping[int, Message],
    events: Mapping[tuple[int, int], Event],
    submissions: Mapping[int, Submission],
    arrived: Mapping[int, Sequence[InboundRow]],
) -> DeliverSm | DataSm | None:
    try:
        message = messages[owed.message_id]
        if owed.kind == TEXT:
            return esme_pdus.text(owed, message, arrived.get(owed.message_id, ()))
        event = events[owed.message_id, owed.sequence]
        return esme_pdus.receipt(owed, event, message, submissions[owed.message_id], esme)
    except LookupError:
        return None


# what came of it


@stage(order=97, private=True)
async def settle(tx: Tx, tried: Sequence[Tried], now: Millis) -> list[Owed | None]:
    """Record attempts: taken, to be repeated, or given up. None: it had ended meanwhile, or another process has the
    ESME by now and decides what becomes of it. What was taken was taken, whoever has it.
    """
    ended = set(await tx.outbox.ended(one.owed.id for one in tried))
    fences = await _fences(tx, tried)
    rows: dict[int, Owed] = {}
    results: list[Owed | None] = []
    for one in tried:
        before = rows.get(one.owed.id, one.owed)
        late = one.outcome != "delivered" and one.fence != fences.get(one.owed.esme_id)
        if one.owed.id in ended or before.next_at is None or late:
            results.append(None)
            continue
        rows[before.id] = row = _settled(before, one, now)
        results.append(row)
    await tx.outbox.settle(list(rows.values()))
    return results


async def _fences(tx: Tx, tried: Sequence[Tried]) -> dict[int, int]:
    """Those that are current, of the ESMEs that other processes might hold."""
    names = {lease.of_esme(one.owed.esme_id): one.owed.esme_id for one in tried if one.fence is not None}
    if not names:
        return {}
    return {names[name]: fence for name, fence in (await tx.leases.fences(list(names))).items()}


def _settled(row: Owed, tried: Tried, now: Millis) -> Owed:
    row = msgspec.structs.replace(
        row, attempts=tried.owed.attempts + 1, bind=tried.bind, answer=tried.answer, reason=tried.outcome
    )
    if tried.outcome == "delivered":
        return msgspec.structs.replace(row, status="delivered", next_at=None, finished_at=now, reason=None)
    if tried.wait is None:
        return msgspec.structs.replace(row, status="dead", next_at=None, finished_at=now)
    return msgspec.structs.replace(row, next_at=now + tried.wait)


class Replay(msgspec.Struct, frozen=True):
    """What was given up of an ESME between two rows, or one of it, shall go out again, as far as there is room."""

    esme_id: int
    after: int
    up_to: int
    room: int


class Replayed(msgspec.Struct, frozen=True):
    """What goes out again, and where to go on; None after the last."""

    rows: tuple[Owed, ...]
    cursor: int | None


@stage(order=98)
async def replay(tx: Tx, wanted: Sequence[Replay], now: Millis) -> list[Replayed]:
    """Let what was given up wait again."""
    results = []
    for one in wanted:
        most = min(PAGE, one.room)
        rows = await tx.outbox.dead(one.esme_id, one.after, one.up_to, most)
        await tx.outbox.replay([row.id for row in rows], now)
        results.append(Replayed(tuple(rows), rows[-1].id if rows and len(rows) == most else None))
    return results


async def replay_some(house: House, esme: Esme, delivery_id: int | None = None) -> int:
    """Let one delivery that was given up go out again, or all of an ESME as far as its queue has room; how many did."""
    found = await house.store.read(lambda tx: tx.outbox.backlogs())
    room = esme.queue_most - next((one.waiting for one in found if one.esme_id == esme.id), 0)
    after, up_to = (0, EVER) if delivery_id is None else (delivery_id - 1, delivery_id)
    count, cursor = 0, after if room > 0 else None
    while cursor is not None:
        done = (await house.store.write(replay, [Replay(esme.id, cursor, up_to, room)]))[0]
        count, room = count + len(done.rows), room - len(done.rows)
        cursor = done.cursor if room > 0 else None
    return count


class Age(msgspec.Struct, frozen=True):
    """What an ESME has not taken since before a moment is given up."""

    esme_id: int
    began_before: Millis


@stage(order=98)
async def give_up(tx: Tx, ages: Sequence[Age], now: Millis) -> list[list[int]]:
    """Give up what waited too long; which, at most a page."""
    return [await tx.outbox.too_old(one.esme_id, one.began_before, PAGE, now) for one in ages]


@stage(order=98)
async def withdraw(tx: Tx, esme_ids: Sequence[int], now: Millis) -> list[bool]:
    """Cancel what waits for ESMEs that are closed; True where there may be more of it."""
    return [await tx.outbox.withdraw(one, PAGE, now) == PAGE for one in esme_ids]


@stage(order=98)
async def forget(tx: Tx, ids: Sequence[int], now: Millis) -> list[None]:
    """Drop what has ended and is past its time."""
    await tx.outbox.forget(ids)
    return [None] * len(ids)


LANES_AT_ONCE = 200
"""Lanes in one word between processes."""


def announce(store: Store) -> None:
    """Tell other processes what waits anew, and for whom."""
    store.announce(fill, _filled)
    store.announce(replay, _replayed)


def _filled(_: Sequence[Tail], results: Sequence[Filled]) -> list[Any]:
    return [[esme_id, count] for one in results for esme_id, count in one.waiting.items()]


def _replayed(_: Sequence[Replay], results: Sequence[Replayed]) -> list[Any]:
    words = []
    for one in results:
        for at in range(0, len(one.rows), LANES_AT_ONCE):
            rows = one.rows[at : at + LANES_AT_ONCE]
            words.append([rows[0].esme_id, len(rows), *{row.lane for row in rows}])
    return words


def horizon(esme: Esme, now: Millis) -> Millis:
    """What is tried since before this moment is too old for an ESME."""
    return now - esme.queue_hours * HOUR
