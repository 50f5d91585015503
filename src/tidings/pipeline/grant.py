"""Texts that an endpoint's answer asks to send to a handset → as many of them as the guard lets go."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.core import guard
from tidings.core.message import Message, Millis
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.core.request import Verdict
from tidings.pipeline.house import House


class Wish(msgspec.Struct, frozen=True, gc=False):
    """Texts that an endpoint's answer asks to send back because of one from a handset."""

    message: Message
    texts: tuple[str, ...]
    once: str
    """The key under which they are sent, once."""
    a_minute: int
    a_day: int


class Granted(msgspec.Struct, frozen=True):
    """What the guard says of them, and how many of them may be sent."""

    verdict: Verdict
    texts: int


@stage(order=31)
async def grant_texts(tx: Tx, wishes: Sequence[Wish], now: Millis) -> list[Granted]:
    """Ask the guard about texts and count them; those that were sent before are counted already."""
    return [await _grant(tx, wish, now) for wish in wishes]


async def _grant(tx: Tx, wish: Wish, now: Millis) -> Granted:
    message = wish.message
    if await tx.idempotencies.find(message.account_id, wish.once) is not None:
        return Granted(Verdict("reply_pace", True, "It was sent before."), len(wish.texts))
    key = (message.account_id, message.sender, message.to)
    pace = (await tx.codes.paces([key])).get(key)
    # What only machines say was seen to where a code called; whoever answers all texts asked for it.
    verdict = guard.paced(pace, now, wish.a_minute, wish.a_day)
    texts = wish.texts[: guard.room(pace, now, wish.a_minute, wish.a_day) if verdict.allowed else 0]
    if texts:
        await tx.codes.keep_paces([guard.counted(pace, *key, len(texts), texts[-1], now)])
    return Granted(verdict, len(texts))


async def grant(
    house: House, message: Message, texts: Sequence[str], once: str
) -> Granted:  # fmt: skip
    """What may be sent of the texts that an endpoint's answer asks for. Raises StoreUnavailable."""
    bounds = house.settings.codes
    wish = Wish(message, tuple(texts), once, bounds.replies_per_minute, bounds.replies_per_day)
    return (await house.store.write(grant_texts, [wish]))[0]
