"""Questions about the queue."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.ids import moment
from tidings.core.message import Millis
from tidings.core.questions import Queued
from tidings.store.engine import Engine, as_list, statements

SQL = statements("queue")


class Queue:
    """See `core.questions.Queue`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def insert(self, rows: Sequence[Queued]) -> None:
        await self._engine.many(
            SQL["insert"], [(r.message_id, r.account_id, r.rank, r.due_at, r.expires_at, r.carrier) for r in rows]
        )

    async def assign(self, carrier: str, message_ids: Sequence[int]) -> None:
        """By this carrier these go from now on."""
        await self._engine.fetch(SQL["assign"], carrier, as_list(message_ids))

    async def carriers(self) -> list[str]:
        """By which carriers something waits; "" where it has no route yet."""
        return [row[0] for row in await self._engine.fetch(SQL["carriers"])]

    async def take(self, message_ids: Sequence[int]) -> set[int]:
        wanted = as_list(message_ids)
        if self._engine.returning:
            return {row[0] for row in await self._engine.fetch_as(tuple[int], SQL["take_told"], wanted)}
        there = await self._engine.fetch_as(tuple[int], SQL["among"], wanted)
        await self._engine.fetch(SQL["take"], wanted)
        return {row[0] for row in there}

    async def claim(self, lease: str, fence: int, message_ids: Sequence[int]) -> set[int]:
        """The same for the holder of a lease: nothing where it stands under another fence by now."""
        wanted = as_list(message_ids)
        if self._engine.returning:
            return {row[0] for row in await self._engine.fetch_as(tuple[int], SQL["claim_told"], wanted, lease, fence)}
        there = await self._engine.fetch_as(tuple[int], SQL["claimable"], wanted, lease, fence)
        if there:
            await self._engine.fetch(SQL["take"], [row[0] for row in there])
        return {row[0] for row in there}

    async def head(self, carriers: Sequence[str], rank: int, after: int, limit: int) -> list[int]:
        return [row[0] for row in await self._engine.fetch(SQL["head"], rank, after, limit, list(carriers))]

    async def next_due(self, carriers: Sequence[str], after: Millis) -> Millis | None:
        """When the next row falls due."""
        found = await self._engine.fetch(SQL["next_due"], after, list(carriers))
        return found[0][0]  # type: ignore[no-any-return]

    async def due_in(self, carriers: Sequence[str], rank: int, now: Millis, limit: int) -> list[int]:
        return [row[0] for row in await self._engine.fetch(SQL["due_in"], rank, now, limit, list(carriers))]

    async def expired(self, now: Millis, limit: int) -> list[int]:
        return [row[0] for row in await self._engine.fetch(SQL["expired"], now, limit)]

    async def counts(self) -> dict[int, int]:
        return dict(await self._engine.fetch(SQL["counts"]))

    async def oldest(self, now: Millis) -> tuple[Millis | None, int]:
        """Since when the longest due message waits, and how many are due."""
        first, due, count = (await self._engine.fetch(SQL["oldest"], now))[0]
        moments = [*([moment(first)] if first else []), *([due] if due else [])]
        return min(moments, default=None), count
