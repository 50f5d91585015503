"""The only place where a status changes: by the table, with its event, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

import msgspec

from tidings.core.message import Category, Message, MessageError, Millis
from tidings.core.questions import Event, State, Tx
from tidings.core.status import DELIVERED, ENDED, EXPIRED, MAY_BECOME, QUEUED, SENT, Fold, may_become
from tidings.errors import MESSAGE_ERRORS


class Move(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A status a message shall take, with what is known about it."""

    message_id: int
    status: str
    carrier: str | None = None
    error: MessageError | None = None
    delivered: int | None = None
    data: dict[str, Any] | None = None


async def begin(
    tx: Tx,
    messages: Sequence[Message],
    history: Sequence[tuple[str, ...]],
    origins: Iterable[dict[str, Any] | None] | None = None,
) -> None:
    """Store new messages with the statuses they have gone through; `event_count` is their number.

    `origins`: for each message, what its first event tells of where it came from.
    """
    told = [_first(m, origin) for m, origin in zip(messages, origins or repeat(None), strict=False)]
    moved = tx.tally.pending
    for message, statuses in zip(messages, history, strict=True):
        for status in statuses:
            moved[status, message.category, message.account_id, message.carrier] += 1
    await tx.messages.insert(messages)
    await tx.events.append(
        [
            Event(m.id, m.account_id, sequence, _TYPES[status], m.created_at, _of_begin(m, status, sequence, data))
            for m, statuses, data in zip(messages, history, told, strict=True)
            for sequence, status in enumerate(statuses, 1)
        ]
    )


async def advance(
    tx: Tx, moves: Sequence[Move], now: Millis, states: dict[int, State] | None = None
) -> dict[int, State]:
    """Make the moves the table allows, in order; returns the newest state of every message named.

    `states`: what this transaction has already read of them.
    """
    if not moves:
        return {}
    states = dict(states) if states is not None else await tx.messages.states(move.message_id for move in moves)
    changed: dict[int, State] = {}
    events: list[Event] = []
    moved = tx.tally.pending
    for move in moves:
        state = states.get(move.message_id)
        if state is None or not may_become(state.status, move.status, state.error):
            continue
        states[state.id] = changed[state.id] = after = _moved(state, move, now)
        events.append(_event(after, move, now))
        moved[after.status, after.category, after.account_id, after.carrier] += 1
    await tx.messages.change(list(changed.values()))
    await tx.events.append(events)
    await tx.messages.blank(
        [s.id for s in changed.values() if s.category == Category.OTP and s.status in ENDED]
    )  # fmt: skip
    return states


async def complete(tx: Tx, messages: Sequence[Message], now: Millis) -> None:
    """What was missing of texts from handsets has come: keep them whole, and tell of them once more."""
    await tx.messages.mend(messages)
    await tx.events.append(
        [Event(m.id, m.account_id, m.event_count, _TYPES[m.status], now, {"completed": True}) for m in messages]
    )


async def recount(tx: Tx, states: Mapping[int, State], delivered: Mapping[int, int]) -> None:
    """Keep how many segments of each message are known to be delivered; that alone is no event."""
    await tx.messages.change(
        [
            msgspec.structs.replace(states[message_id], segments_delivered=count)
            for message_id, count in delivered.items()
            if states[message_id].segments_delivered != count
        ]
    )


async def rehome(tx: Tx, states: Mapping[int, State], carriers: Mapping[int, str]) -> None:
    """Keep by which carrier queued messages go, where the one they were queued for is gone; that alone is no event."""
    await tx.messages.change(
        [
            msgspec.structs.replace(states[message_id], carrier=carrier)
            for message_id, carrier in carriers.items()
            if message_id in states and states[message_id].status == QUEUED and states[message_id].carrier != carrier
        ]
    )


def receipts_moves(state: State, folded: Fold, carrier: str | None) -> Iterable[Move]:
    """The moves that the receipts of a message ask for; none while its segments are not all taken."""
    if folded.missing or folded.outcome is None:
        return
    if state.status == QUEUED:
        yield Move(message_id=state.id, status=SENT, carrier=carrier)
    yield Move(
        message_id=state.id, status=folded.outcome, delivered=folded.delivered, error=receipt_error(folded)
    )  # fmt: skip


def receipt_error(folded: Fold) -> MessageError | None:
    """The carrier's final word against delivery as an error."""
    if folded.outcome == DELIVERED or folded.blame is None:
        return None
    detail = f"The carrier's receipt for segment {folded.blame.part} says {folded.outcome}."
    code = folded.blame.receipt_error or (EXPIRED if folded.outcome == EXPIRED else "unknown")
    return our_error(code, detail, folded.blame.receipt_code, "carrier")


def our_error(
    code: str, detail: str = "", carrier_code: str | None = None, decided_by: str = "tidings"
) -> MessageError:
    """An error from the taxonomy, with its own sentence where no better detail is at hand."""
    cause = MESSAGE_ERRORS[code]
    return MessageError(code, cause.group, cause.permanent, detail or cause.sentence, carrier_code or None, decided_by)


def _moved(state: State, move: Move, now: Millis) -> State:
    ended = move.status in ENDED
    return State(
        id=state.id, account_id=state.account_id, status=move.status, category=state.category, to=state.to,
        segments=state.segments,
        segments_delivered=state.segments_delivered if move.delivered is None else move.delivered,
        carrier=move.carrier or state.carrier, error=move.error,
        sent_at=now if move.status == SENT else state.sent_at, finished_at=now if ended else None,
        expires_at=state.expires_at, event_count=state.event_count + 1,
    )  # fmt: skip


def _event(state: State, move: Move, now: Millis) -> Event:
    data = _carried(move.carrier)
    if move.data or move.error:
        data = {**(move.data or {}), **(data or {}), **(_told(move.error) if move.error else {})}
    return Event(state.id, state.account_id, state.event_count, _TYPES[state.status], now, data)


@lru_cache(maxsize=1024)
def _carried(carrier: str | None) -> dict[str, Any] | None:
    """A carrier as events tell it: one value for all of them, never changed."""
    return {"carrier": carrier} if carrier else None


def _of_begin(message: Message, status: str, sequence: int, data: dict[str, Any] | None) -> dict[str, Any] | None:
    if sequence == 1:
        return data
    return _carried(message.carrier) if status == QUEUED else None


_TYPES = {status: f"message.{status}" for status in MAY_BECOME}


def _first(message: Message, origin: dict[str, Any] | None) -> dict[str, Any] | None:
    return {**(origin or {}), **_told(message.error)} if message.error else origin


def _told(error: MessageError) -> dict[str, Any]:
    return {"error": msgspec.structs.asdict(error)}
