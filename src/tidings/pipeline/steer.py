"""What operators decide of carriers, kept beyond the process: which there are beside the file's, which are paused."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.config import CarrierSettings
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


@stage(order=5)
async def keep(tx: Tx, carriers: Sequence[CarrierSettings], now: Millis) -> list[None]:
    """Store carriers, each new or in place of the one of its name."""
    for settings in carriers:
        await tx.carriers.keep(settings, now)
    return [None] * len(carriers)


@stage(order=5)
async def drop(tx: Tx, names: Sequence[str], now: Millis) -> list[list[Pause]]:
    """Forget stored carriers, and that they were paused; everything that is paused afterwards."""
    for name in names:
        await tx.carriers.drop(name)
        await tx.carriers.resume(name, None)
    return [await tx.carriers.pauses()] * len(names)


async def held(tx: Tx) -> list[Pause]:
    """Everything that is paused."""
    return await tx.carriers.pauses()


async def stored(tx: Tx) -> list[CarrierSettings]:
    """The carriers that are stored, oldest first."""
    return await tx.carriers.stored()
