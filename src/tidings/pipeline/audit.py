"""The audit log: lines written beside what they tell of, and dropped when they are old."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidings.core.audit import Actor, Entry
from tidings.core.ids import highest
from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.pipeline.expire import ROWS_MOST
from tidings.pipeline.house import House


def entry(house: House, action: str, actor: Actor, account_id: int = 0, **more: Any) -> Entry:
    """A line of the log, of now."""
    return Entry(
        id=house.new_id(), account_id=account_id, occurred_at=house.clock.now(), action=action, actor=actor, **more
    )


@stage(order=5)
async def note(tx: Tx, entries: Sequence[Entry], now: Millis) -> list[None]:
    """Write lines that stand alone."""
    await tx.audit.insert(entries)
    return [None] * len(entries)


@stage(order=94)
async def forget_audit(tx: Tx, befores: Sequence[Millis], now: Millis) -> list[int]:
    """Drop lines older than a moment, some at a time; how many."""
    return [await tx.audit.forget(highest(before), ROWS_MOST) for before in befores]
