"""What time alone does to a message: validity ends, receipts stay away, texts outlive their retention."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.core.status import EXPIRED, UNKNOWN
from tidings.pipeline import track


@stage(order=35)
async def end_validity(tx: Tx, message_ids: Sequence[int], now: Millis) -> list[bool]:
    """Expire queued messages whose validity has ended; one in doubt becomes unknown. False: no longer queued."""
    taken = await tx.queue.take(message_ids)
    history = await tx.attempts.of(taken)
    moves = [
        _end(message_id, any(a.outcome == "in_doubt" for a in history.get(message_id, ()))) for message_id in taken
    ]
    await track.advance(tx, moves, now)
    return [message_id in taken for message_id in message_ids]


def _end(message_id: int, in_doubt: bool) -> track.Move:
    status, code = (UNKNOWN, "outcome_lost") if in_doubt else (EXPIRED, "expired")
    return track.Move(message_id=message_id, status=status, error=track.our_error(code))


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
    return [True] * len(message_ids)


@stage(order=81)
async def forget_answers(tx: Tx, limits: Sequence[int], now: Millis) -> list[int]:
    """Drop idempotency answers past their day; returns how many."""
    return [await tx.idempotencies.forget(now, limit) for limit in limits]
