"""Cancel a message before its first hand-over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidings.core.message import Message, Millis
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.core.request import Refused
from tidings.core.status import CANCELED
from tidings.pipeline import track
from tidings.pipeline.house import House


@stage(order=15)
async def withdraw(tx: Tx, wanted: Sequence[tuple[int, int]], now: Millis) -> list[Message | Refused]:
    """Cancel messages by (account, id): those of which nothing was ever written to a carrier."""
    return [await withdraw_one(tx, account_id, message_id, now) for account_id, message_id in wanted]


async def withdraw_one(
    tx: Tx, account_id: int, message_id: int, now: Millis, data: dict[str, Any] | None = None
) -> Message | Refused:
    """Cancel a message; `data`: what its event tells besides."""
    message = await tx.messages.one(account_id, message_id)
    if message is None:
        return Refused("not_found", "There is no message with this id.")
    if message.status == CANCELED:
        return message
    tries = (await tx.attempts.of([message_id])).get(message_id, [])
    if any(one.outcome != "not_written" for one in tries) or not await tx.queue.take([message_id]):
        return Refused("not_cancelable", f"The message is {message.status}; it can be canceled only before hand-over.")
    await track.advance(tx, [track.Move(message_id=message_id, status=CANCELED, data=data)], now)
    return (await tx.messages.by_id([message_id]))[message_id]


async def cancel(house: House, account_id: int, message_id: int) -> Message | Refused:
    """The canceled message, or why it is too late. Raises StoreUnavailable."""
    return (await house.store.write(withdraw, [(account_id, message_id)]))[0]
