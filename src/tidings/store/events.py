"""Questions about events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from tidings.core.ids import EPOCH, moment
from tidings.core.message import DAY, Millis
from tidings.core.questions import Event
from tidings.store.engine import Engine, Row, as_list, statements

SQL = statements("events")
DAY_BITS = 36
"""The positions of a day, where events are kept by the day, begin with its number: see the migrations."""
_ANY = 1 << 62
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Events:
    """See `core.questions.Events`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def append(self, events: Sequence[Event]) -> None:
        # Many events tell the same (a carrier, a door) and share the very dict: it is written out once.
        shared = {id(e.data): e.data for e in events if e.data}
        written = {mark: _encode(data).decode() for mark, data in shared.items()}
        await self._engine.many(
            SQL["append"],
            [
                (e.message_id, e.sequence, e.account_id, e.type, e.occurred_at, written[id(e.data)] if e.data else None)
                for e in events
            ],
        )

    async def of(self, message_id: int) -> list[Event]:
        rows = await self._engine.fetch(SQL["of_days"], message_id, since(message_id)) if self._engine.by_day else []
        if not rows or rows[0][2] != 1:
            rows = await self._engine.fetch(SQL["of"], message_id)
        return [Event(r[0], r[1], r[2], r[3], r[4], _decode(r[5]) if r[5] else None) for r in rows]

    async def some(self, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Event]:
        """Events by message and sequence."""
        ids = as_list(message_id for message_id, _ in keys)
        wanted, found = set(keys), dict[tuple[int, int], Event]()
        if ids and self._engine.by_day:
            found = _chosen(await self._engine.fetch_as(_Row, SQL["some_of_days"], ids, since(min(ids))), wanted)
            ids = as_list(message_id for message_id, _ in wanted - found.keys())
        return found | (_chosen(await self._engine.fetch_as(_Row, SQL["some"], ids), wanted) if ids else {})

    async def newest(self, behind: int = 0) -> int:
        """Position of the newest event, of those committed or of this transaction, before which none can come any more;
        `behind` where none is newer.
        """
        return int((await self._engine.fetch(SQL["newest"], behind, await settled(self._engine)))[0][0])

    @property
    def held_back(self) -> bool:
        """Whether `newest` was so because of a commit that is under way, and may be another soon without any word."""
        return self._engine.held_back

    async def reach(self, cursor: int, until: int, most: int) -> int:
        """How far at most so many events behind a position reach; numbers are left out where a day begins."""
        if until - cursor <= most:
            return until
        end, many = (await self._engine.fetch(SQL["reach"], cursor, until, most))[0]
        return int(end) if many == most else until

    async def after(self, cursor: int, limit: int, until: int | None = None) -> list[tuple[int, Event]]:
        """Events behind a position, each with its own, in the order of them. Whoever goes on behind the last asks up to
        `newest`: others may still come in between, where several write.
        """
        rows = await self._engine.fetch(SQL["after"], cursor, limit, _ANY if until is None else until)
        return _placed(rows)

    async def sought(
        self, account_id: int, types: Iterable[str], cursor: int, until: int, limit: int
    ) -> list[tuple[int, Event]]:
        """Events of one account and of some types behind a position and up to another, each with its own."""
        return _placed(await self._engine.fetch(SQL["sought"], cursor, until, account_id, as_list(types), limit))

    async def of_types(self, cursor: int, most: int, types: Sequence[str]) -> tuple[int, list[tuple[int, Event]]]:
        """Among at most so many events behind a position those of some types; and the position looked up to."""
        end = await self.reach(cursor, await self.newest(cursor), most)
        if end <= cursor:
            return cursor, []
        rows = await self._engine.fetch_as(_Placed, SQL["of_types"], cursor, end, list(types))
        rows.sort(key=_position)
        return end, [
            (r.position, Event(r.message_id, r.account_id, r.sequence, r.type, r.occurred_at, r.data)) for r in rows
        ]

    async def forget(self, before: Millis, up_to: int, most: int) -> bool:
        """Drop events from before a moment, up to a position: at most so many, or a day. True: there may be more."""
        if self._engine.by_day:
            return (await self._engine.fetch(SQL["drop_day"], before, up_to))[0][0] is not None
        return len(await self._engine.fetch(SQL["forget"], before, up_to, most)) == most


async def settled(engine: Engine) -> int:
    """Up to which no event can come any more."""
    position = await engine.settled()
    return _ANY if position is None else position


def since(message_id: int) -> int:
    """Where events of a message begin that is kept by the day: on the day it was made, less one for clocks that differ.

    What was copied from SQLite has its position from there, and is found by looking through all days.
    """
    return max(0, (moment(message_id) - EPOCH) // DAY - 1) << DAY_BITS


def _chosen(rows: Iterable[_Row], wanted: set[tuple[int, int]]) -> dict[tuple[int, int], Event]:
    return {
        (e.message_id, e.sequence): Event(e.message_id, e.account_id, e.sequence, e.type, e.occurred_at, e.data)
        for e in rows
        if (e.message_id, e.sequence) in wanted
    }


def _placed(rows: Sequence[Row]) -> list[tuple[int, Event]]:
    return [(r[0], Event(r[1], r[2], r[3], r[4], r[5], _decode(r[6]) if r[6] else None)) for r in rows]


class _Placed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    position: int
    message_id: int
    account_id: int
    sequence: int
    type: str
    occurred_at: int
    data: dict[str, Any] | None


_position = attrgetter("position")


class _Row(msgspec.Struct, frozen=True, array_like=True):
    message_id: int
    account_id: int
    sequence: int
    type: str
    occurred_at: int
    data: dict[str, Any] | None
