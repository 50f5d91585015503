"""Pause a carrier or one of its binds, and go on: what an operator decided outlives the process."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Pause, Tx


class Hold(msgspec.Struct, frozen=True):
    """Pause a carrier, or one of its binds; or go on with it. Going on with a carrier goes on with its binds."""

    carrier: str
    bind: str | None
    paused: bool


@stage(order=5)
async def hold(tx: Tx, holds: Sequence[Hold], now: Millis) -> list[list[Pause]]:
    """Everything that is paused afterwards. What is paused already stays so since it was."""
    for one in holds:
        if one.paused:
            await tx.carriers.pause(one.carrier, one.bind, now)
        else:
            await tx.carriers.resume(one.carrier, one.bind)
    return [await tx.carriers.pauses()] * len(holds)


async def held(tx: Tx) -> list[Pause]:
    """Everything that is paused."""
    return await tx.carriers.pauses()
