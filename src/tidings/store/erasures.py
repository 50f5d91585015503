"""Questions about a person who is to be erased."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.erasure import ERASED, Person
from tidings.core.questions import Scan
from tidings.store.engine import Engine, statements

SQL = statements("erasures")


class Erasures:
    """See `core.questions.Erasures`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def open(self, person: Person, after: int, limit: int) -> list[int]:
        rows = await self._engine.fetch(SQL["open"], person.account_id, person.number, after, limit)
        return [row[0] for row in rows]

    async def ended(self, person: Person, limit: int) -> list[int]:
        return [row[0] for row in await self._engine.fetch(SQL["ended"], person.account_id, person.number, limit)]

    async def received(self, person: Person, limit: int) -> list[int]:
        return [row[0] for row in await self._engine.fetch(SQL["received"], person.account_id, person.number, limit)]

    async def messages(self, person: Person, ids: Sequence[int]) -> None:
        if not ids:
            return
        fetch, these, like = self._engine.fetch, list(ids), f"%{person.number.removeprefix('+')}%"
        await fetch(SQL["messages"], these, ERASED, like)
        await self.events(person, these)
        await fetch(SQL["attempts"], these, like)
        await fetch(SQL["receipts"], these, b"")
        await fetch(SQL["inbounds"], these, ERASED, b"")
        await fetch(SQL["submissions"], these)
        await fetch(SQL["callbacks"], these)
        await fetch(SQL["answers"], these)
        await fetch(SQL["calls_ended"], these, like)
        await fetch(SQL["calls_waiting"], these, like)
        await fetch(SQL["calls"], these)

    async def events(self, person: Person, ids: Sequence[int]) -> None:
        await self._engine.fetch(SQL["events"], list(ids), f"%{person.number.removeprefix('+')}%")

    async def strays(self, person: Person, limit: int) -> int:
        return len(await self._engine.fetch(SQL["lone"], person.account_id, person.number, limit))

    async def orphans(self, number: str, after: int, most: int) -> Scan:
        rows = await self._engine.fetch(SQL["orphans"], after, most)
        found = [row[0] for row in rows if row[1].lstrip("+") == number.lstrip("+")]
        return Scan(tuple(found), rows[-1][0] if len(rows) == most else None)

    async def blank_orphans(self, ids: Sequence[int]) -> int:
        return len(await self._engine.fetch(SQL["blank_orphans"], list(ids), b""))

    async def evidence(self, person: Person) -> int:
        who = (person.account_id, person.number, person.digest)
        await self._engine.fetch(SQL["paces"], *who[:2])
        await self._engine.fetch(SQL["keep_suppressions"], *who)
        dropped = await self._engine.fetch(SQL["drop_suppressions"], *who[:2])
        return len(dropped) + len(await self._engine.fetch(SQL["consent"], *who))

    async def accounts(self) -> list[int]:
        return [row[0] for row in await self._engine.fetch("select id from account order by id")]
