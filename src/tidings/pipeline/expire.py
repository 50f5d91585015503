"""What time alone does to a message: its validity ends, its receipt stays away, it outlives its retention."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from tidings.core.message import DAY, HOUR, MINUTE, Millis
from tidings.core.ports import stage
from tidings.core.questions import Attempt, Tx
from tidings.core.status import EXPIRED, UNKNOWN
from tidings.pipeline import track

MESSAGES_MOST = 200
"""Messages that one commit drops: as many rows of other tables go with each as it had segments and receipts."""
ROWS_MOST = 500
"""Orphans, pieces of captures, and counts that one commit drops."""
EVENTS_MOST = 500
"""Events that one commit drops, where they are not dropped by the day."""


@stage(order=35)
async def end_validity(tx: Tx, message_ids: Sequence[int], now: Millis) -> list[bool]:
    """Expire queued messages whose validity has ended; one in doubt becomes unknown. False: no longer queued."""
    taken = await tx.queue.take(message_ids)
    lost = await in_doubt(tx, taken)
    moves = [
        lost.get(m) or track.Move(message_id=m, status=EXPIRED, error=track.our_error("expired")) for m in taken
    ]  # fmt: skip
    await track.advance(tx, moves, now)
    return [message_id in taken for message_id in message_ids]


async def in_doubt(tx: Tx, message_ids: Iterable[int]) -> dict[int, track.Move]:
    """Those that may have arrived, though nobody knows, and the only end they can have when they go no further."""
    return {
        message_id: track.Move(message_id=message_id, status=UNKNOWN, error=track.our_error("outcome_lost"))
        for message_id, attempts in (await tx.attempts.of(message_ids)).items()
        if _doubted(attempts)
    }


def _doubted(attempts: Sequence[Attempt]) -> bool:
    taken = {attempt.part for attempt in attempts if attempt.outcome == "sent"}
    return any(attempt.outcome == "in_doubt" and attempt.part not in taken for attempt in attempts)


@stage(order=70)
async def end_wait(tx: Tx, message_ids: Sequence[int], now: Millis) -> list[bool]:
    """Sent messages whose receipt stayed away become unknown."""
    move = [track.Move(message_id=m, status=UNKNOWN, error=track.our_error("no_receipt")) for m in message_ids]
    states = await track.advance(tx, move, now)
    return [message_id in states and states[message_id].status == UNKNOWN for message_id in message_ids]


@stage(order=80)
async def blank_texts(tx: Tx, message_ids: Sequence[int], now: Millis) -> list[bool]:
    """Erase texts that retention no longer keeps."""
    await tx.messages.blank(message_ids)
    await tx.inbounds.blank(message_ids)
    await tx.words.forget(message_ids)
    return [True] * len(message_ids)


@stage(order=81)
async def forget_answers(tx: Tx, limits: Sequence[int], now: Millis) -> list[int]:
    """Drop idempotency answers past their day; returns how many."""
    return [await tx.idempotencies.forget(now, limit) for limit in limits]


@stage(order=82, patient=True)
async def forget_events(tx: Tx, moments: Sequence[Millis], now: Millis) -> list[bool]:
    """Drop events from before a moment, as far as nobody has still to read them: a page, or a day. True: maybe more."""
    up_to = await _read_up_to(tx)
    return [await tx.events.forget(before, up_to, EVENTS_MOST) for before in moments]


async def _read_up_to(tx: Tx) -> int:
    """The position up to which everybody has been told of events."""
    await tx.webhooks.skip()
    await tx.outbox.skip()
    return min((await tx.webhooks.cursor())[0], await tx.outbox.cursor())


class Past(msgspec.Struct, frozen=True):
    """Messages that ended before a moment, and are kept no longer."""

    ids: tuple[int, ...]
    ended_before: Millis


@stage(order=83, patient=True)
async def forget_messages(tx: Tx, pages: Sequence[Past], now: Millis) -> list[int]:
    """Drop ended messages with all that was stored with them, unless somebody has still to be told; how many went."""
    unread = await tx.events.after(await _read_up_to(tx), 1)
    told = unread[0][1].occurred_at if unread else now
    return [await tx.retention.drop(one.ids, min(one.ended_before, told)) for one in pages]


@stage(order=83, patient=True)
async def forget_orphans(tx: Tx, moments: Sequence[Millis], now: Millis) -> list[int]:
    """Drop a page of receipts that came before a moment and match no message; how many went."""
    return [await tx.retention.drop_orphans(before, ROWS_MOST) for before in moments]


@stage(order=83, patient=True)
async def forget_pieces(tx: Tx, moments: Sequence[Millis], now: Millis) -> list[int]:
    """Drop a page of what was captured before a moment, for somebody who did not come for it; how many went."""
    return [await tx.retention.drop_pieces(before, ROWS_MOST) for before in moments]


@stage(order=83, patient=True)
async def forget_minutes(tx: Tx, moments: Sequence[Millis], now: Millis) -> list[int]:
    """Drop a page of counts of minutes that began before a moment; how many went."""
    return [await tx.traffic.forget(MINUTE, before, ROWS_MOST) for before in moments]


@stage(order=83, patient=True)
async def forget_hours(tx: Tx, moments: Sequence[Millis], now: Millis) -> list[int]:
    """Drop a page of counts of hours, or else of days, that began before a moment; how many went."""
    return [
        await tx.traffic.forget(HOUR, before, ROWS_MOST) or await tx.traffic.forget(DAY, before, ROWS_MOST)
        for before in moments
    ]
