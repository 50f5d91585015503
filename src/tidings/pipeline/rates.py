"""Rates that hold over several processes, drawn in the transaction that stores the messages: commits go one by one."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.limits import SECOND_US, Draw, Micros, too_fast
from tidings.core.message import Millis
from tidings.core.questions import Tx
from tidings.core.request import Refused

Full = dict[int, Micros]
"""When the bucket of each owner is full."""


async def full(tx: Tx, calls: Sequence[Sequence[Draw]]) -> Full:
    """How the buckets stand that these calls draw from."""
    return await tx.accounts.rates_used({one.owner for draws in calls for one in draws})


def refusals(full: Full, calls: Sequence[Sequence[Draw]], now: Millis) -> list[Refused | None]:
    """For each call why it may not be stored yet, or None: then `full` is as it is after it, and calls before it count.

    All buckets of a call are drawn from, or none.
    """
    found: list[Refused | None] = []
    today = now * 1000
    for draws in calls:
        wait = max((one.wait(full.get(one.owner, 0), today) for one in draws), default=0.0)
        if wait > 0:
            slowest = min(draws, key=lambda one: one.rate)
            found.append(too_fast(slowest.rate, slowest.unit, wait))
            continue
        found.append(None)
        full.update({one.owner: one.after(full.get(one.owner, 0), today) for one in draws})
    return found


def give_back(full: Full, draws: Sequence[Draw]) -> None:
    """What was drawn for messages that were not stored after all."""
    for one in draws:
        full[one.owner] -= round(one.count / one.rate * SECOND_US)


async def keep(tx: Tx, full: Full, calls: Sequence[Sequence[Draw]]) -> None:
    """Store how the buckets stand."""
    owners = {one.owner: one.account_id for draws in calls for one in draws}
    await tx.accounts.use_rates([(owner, account, full[owner]) for owner, account in owners.items() if owner in full])


def told(full: Full, draws: Sequence[Draw]) -> tuple[Micros, ...]:
    """How the buckets of a call stand, in its order."""
    return tuple(full.get(one.owner, 0) for one in draws)
