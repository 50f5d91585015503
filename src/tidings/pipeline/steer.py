"""What operators decide of carriers, kept beyond the process: which there are beside the file's, which are paused; and
what the processes that hold them tell of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from tidings.config import CarrierSettings
from tidings.core.carrier import Report
from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Lease, Pause, Tx


class Hold(msgspec.Struct, frozen=True):
    """Pause a carrier, or one of its binds; or go on with it. Going on with a carrier goes on with its binds."""

    carrier: str
    bind: str | None
    paused: bool


class Change(msgspec.Struct, frozen=True):
    """A carrier as it shall be, if it still is as it was; None: there was none of its name."""

    before: CarrierSettings | None
    after: CarrierSettings


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
async def keep(tx: Tx, changes: Sequence[Change], now: Millis) -> list[bool]:
    """Store carriers, each new or in place of the one of its name; False where another process was quicker."""
    results = []
    for change in changes:
        same = await tx.carriers.one(change.after.name) == change.before
        if same:
            await tx.carriers.keep(change.after, now)
        results.append(same)
    return results


@stage(order=5)
async def drop(tx: Tx, names: Sequence[str], now: Millis) -> list[list[Pause]]:
    """Forget stored carriers, and that they were paused; everything that is paused afterwards."""
    for name in names:
        await tx.carriers.drop(name)
        await tx.carriers.resume(name, None)
    return [await tx.carriers.pauses()] * len(names)


@stage(order=95, patient=True)
async def report(tx: Tx, reports: Sequence[Report], now: Millis) -> list[None]:
    """What the processes that hold carriers tell of them."""
    await tx.carriers.report(list({one.carrier: one for one in reports}.values()))
    return [None] * len(reports)


async def held(tx: Tx) -> list[Pause]:
    """Everything that is paused."""
    return await tx.carriers.pauses()


async def stored(tx: Tx) -> list[CarrierSettings]:
    """The carriers that are stored, oldest first."""
    return await tx.carriers.stored()


class Decided(msgspec.Struct, frozen=True):
    """Everything that operators decided."""

    carriers: list[CarrierSettings]
    pauses: list[Pause]


async def decided(tx: Tx) -> Decided:
    """All of it at one moment."""
    return Decided(await tx.carriers.stored(), await tx.carriers.pauses())


async def told(tx: Tx) -> tuple[list[Report], list[Lease]]:
    """What was told of carriers, and who holds what by now."""
    return await tx.carriers.reports(), await tx.leases.all()


def digest(settings: CarrierSettings) -> str:
    """By which two processes know that they mean the same settings."""
    return hashlib.sha256(msgspec.json.encode(settings)).hexdigest()[:16]
