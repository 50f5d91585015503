"""Tries to sign in, counted before they are looked at, so that guessing takes its time."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core import patience
from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.core.request import Refused
from tidings.pipeline.house import House


@stage(order=5)
async def count_tries(tx: Tx, tries: Sequence[tuple[str, ...]], now: Millis) -> list[Millis]:
    """Count each try as failed before it is looked at, under all of its names; how long it has to wait instead, else 0.

    What turns out right is given back, so that many tries at once cannot run past the count.
    """
    results = []
    for names in tries:
        waits = await tx.people.waits(names)
        longest = max((one.free_at - now for one in waits.values()), default=0)
        if longest <= 0:
            for name in names:
                await tx.people.put_wait(name, patience.failed(name, waits.get(name), now))
        results.append(max(0, longest))
    return results


@stage(order=6)
async def forgive(tx: Tx, tries: Sequence[tuple[str, ...]], now: Millis) -> list[None]:
    """These were no failures."""
    for names in tries:
        await give_back(tx, names)
    return [None] * len(tries)


async def give_back(tx: Tx, names: Sequence[str]) -> None:
    """A try under these names was no failure."""
    for name, wait in (await tx.people.waits(names)).items():
        before = patience.given_back(wait)
        if before is None:
            await tx.people.drop_wait(name)
        else:
            await tx.people.put_wait(name, before)


async def slow_down(house: House, names: tuple[str, ...]) -> Refused | None:
    """Count a try under these names; Refused where it has to wait."""
    wait = (await house.store.write(count_tries, [names]))[0]
    return None if wait == 0 else too_many(wait)


def too_many(wait: Millis) -> Refused:
    """Come again after this long."""
    return Refused("too_many_tries", "", -(-wait // 1000))
