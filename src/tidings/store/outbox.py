"""Questions about what is owed to customers' ESMEs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter

import msgspec

from tidings.core.message import Millis
from tidings.core.owed import Backlog, Listener, Owed
from tidings.core.questions import Scan
from tidings.store.engine import Engine, as_list, statements
from tidings.store.events import settled

SQL = statements("outbox")
_id = attrgetter("id")
_NEWEST = (1 << 63) - 1


class Outbox:
    """See `core.questions.Outbox`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # the tail

    async def cursor(self) -> int:
        return int((await self._engine.fetch(SQL["cursor"]))[0][0])

    async def advance(self, position: int) -> None:
        await self._engine.many(SQL["advance"], [(1, position)])

    async def anybody(self) -> bool:
        """Whether there is any ESME to owe something to."""
        return bool((await self._engine.fetch(SQL["anybody"]))[0][0])

    async def skip(self) -> None:
        """While there is no ESME, what happened concerns none: to be called before the first one comes."""
        await self._engine.fetch(SQL["skip"], await settled(self._engine))

    async def open_among(self, esme_ids: Iterable[int]) -> set[int]:
        return {row[0] for row in await self._engine.fetch(SQL["open_among"], as_list(esme_ids))}

    async def listeners(self) -> list[Listener]:
        return sorted(await self._engine.fetch_as(Listener, SQL["listeners"]), key=_id)

    # the rows

    async def last(self) -> int:
        return int((await self._engine.fetch(SQL["last"]))[0][0])

    async def insert(self, rows: Sequence[Owed]) -> None:
        await self._engine.many(SQL["insert"], [msgspec.structs.astuple(one) for one in rows])

    async def settle(self, rows: Sequence[Owed]) -> None:
        await self._engine.many(
            SQL["settle"],
            [(o.id, o.status, o.attempts, o.next_at, o.finished_at, o.bind, o.answer, o.reason) for o in rows],
        )

    async def some(self, ids: Iterable[int]) -> dict[int, Owed]:
        return {one.id: one for one in await self._engine.fetch_as(Owed, SQL["some"], as_list(ids))}

    async def ended(self, ids: Iterable[int]) -> list[int]:
        """Those of these that wait no more, whoever ended that."""
        return [row[0] for row in await self._engine.fetch(SQL["ended"], as_list(ids))]

    async def behind(self, esme_id: int, after: int, limit: int) -> list[Owed]:
        """What waits for an ESME behind a row, oldest first."""
        return sorted(await self._engine.fetch_as(Owed, SQL["behind"], esme_id, after, limit), key=_id)

    async def of_lane(self, esme_id: int, lane: int, up_to: int, limit: int) -> list[Owed]:
        """What waits in one lane of an ESME up to a row, oldest first."""
        return sorted(await self._engine.fetch_as(Owed, SQL["of_lane"], esme_id, lane, up_to, limit), key=_id)

    async def lanes(self, esme_id: int, up_to: int, limit: int) -> list[int]:
        """Lanes of an ESME in which something waits up to a row."""
        return [row[0] for row in await self._engine.fetch(SQL["lanes"], esme_id, up_to, limit)]

    async def backlogs(self) -> list[Backlog]:
        """How much waits for, and was given up of, every ESME."""
        return await self._engine.fetch_as(Backlog, SQL["backlogs"])

    async def page(self, esme_id: int, status: str, before: int | None, limit: int) -> list[Owed]:
        """What is `waiting` or `dead`, newest first."""
        found = await self._engine.fetch_as(Owed, SQL[f"page_{status}"], esme_id, before or _NEWEST, limit)
        return sorted(found, key=_id, reverse=True)

    async def of_message(self, message_id: int, most: int) -> list[Owed]:
        """The newest ones, in the order they were made."""
        return sorted(await self._engine.fetch_as(Owed, SQL["of_message"], message_id, most), key=_id)

    async def dead(self, esme_id: int, after: int, up_to: int, limit: int) -> list[Owed]:
        """What was given up between two rows, oldest first."""
        return sorted(await self._engine.fetch_as(Owed, SQL["dead"], esme_id, after, up_to, limit), key=_id)

    async def replay(self, ids: Sequence[int], now: Millis) -> None:
        """What was given up waits again."""
        await self._engine.many(SQL["replay"], [(number, now, now) for number in ids])

    async def too_old(self, esme_id: int, began_before: Millis, limit: int, now: Millis) -> list[int]:
        """Give up what has been tried since before a moment; returns which."""
        return [row[0] for row in await self._engine.fetch(SQL["too_old"], esme_id, began_before, limit, now)]

    async def withdraw(self, esme_id: int, limit: int, now: Millis) -> int:
        """Cancel what waits for an ESME; returns how many."""
        return len(await self._engine.fetch(SQL["withdraw"], esme_id, limit, now))

    # what is dropped

    async def surplus(self, esme_id: int, keep: int, limit: int) -> list[int]:
        """What was given up beyond the newest so many."""
        return [row[0] for row in await self._engine.fetch(SQL["surplus"], esme_id, keep, limit)]

    async def aged(self, after: int, finished_before: Millis, most: int) -> Scan:
        """What ended before a moment, among the next so many rows."""
        rows = await self._engine.fetch_as(_Scanned, SQL["aged"], after, most, finished_before)
        rows.sort(key=_id)
        return Scan(tuple([row.id for row in rows if row.wanted]), rows[-1].id if len(rows) == most else None)

    async def forget(self, ids: Sequence[int]) -> None:
        await self._engine.fetch(SQL["forget"], as_list(ids))

    async def closed(self, limit: int) -> list[int]:
        """ESMEs that are closed and for which something still waits."""
        return [row[0] for row in await self._engine.fetch(SQL["closed"], limit)]


class _Scanned(msgspec.Struct, frozen=True, array_like=True):
    id: int
    wanted: bool
