"""Questions about traffic: counts by the minute, hour and day."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.message import Millis
from tidings.core.traffic import Bucket, Point
from tidings.store.engine import Engine, statements

SQL = statements("traffic")


class Traffic:
    """See `core.questions.Traffic`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, buckets: Sequence[Bucket]) -> None:
        await self._engine.many(
            SQL["add"],
            [(one.account_id, one.step, one.start, one.carrier, self._engine.part, *one.counts) for one in buckets],
        )

    async def points(
        self, account_id: int | None, carrier: str | None, step: Millis, since: Millis, until: Millis
    ) -> list[Point]:
        """What happened in the steps that begin in a time, where anything did; `account_id` None: in all accounts."""
        name = "of" if account_id is not None else "of_all" if carrier is None else "of_all_by_carrier"
        if account_id is not None and carrier is not None:
            name = "of_carrier"
        values = [one for one in (account_id, step, since, until, carrier) if one is not None]
        rows = await self._engine.fetch(SQL[name], *values)
        return [Point(row[0], tuple([int(count) for count in row[1:]])) for row in rows]

    async def forget(self, step: Millis, before: Millis, most: int) -> int:
        """Drop so many of the oldest that began before a moment; how many went."""
        return len(await self._engine.fetch(SQL["past"], step, before, most))
