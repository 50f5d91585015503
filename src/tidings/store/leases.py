"""Questions about leases: who holds what, for how long, and under which fence."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.message import Millis
from tidings.core.questions import Lease
from tidings.store.engine import Engine, as_list, statements

SQL = statements("leases")


class Leases:
    """See `core.questions.Leases`. Their time is the clock of the engine, which all processes share."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def take(self, name: str, holder: int, ms: Millis, *, seize: bool = False) -> int | None:
        found = await self._engine.fetch(SQL["take"], name, holder, ms, int(seize))
        return int(found[0][0]) if found else None

    async def give_back(self, holder: int, names: Sequence[str]) -> list[str]:
        return [row[0] for row in await self._engine.fetch(SQL["give_back"], holder, as_list(names))]

    async def fences(self, names: Sequence[str]) -> dict[str, int]:
        return dict(await self._engine.fetch(SQL["fences"], as_list(names)))

    async def forget(self, kind: str, ms: Millis) -> list[str]:
        return [row[0] for row in await self._engine.fetch(SQL["forget"], f"{kind}%", ms)]

    async def all(self) -> list[Lease]:
        rows = await self._engine.fetch(SQL["all"])
        return [Lease(name, fence, holder, bool(stands)) for name, fence, holder, stands in rows]
