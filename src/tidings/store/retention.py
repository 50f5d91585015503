"""Questions about what is past its time: ended messages with all that was stored with them, receipts of none."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.ids import highest
from tidings.core.message import HOUR, Millis
from tidings.core.questions import Scan
from tidings.store.engine import Engine, as_list, statements

SQL = statements("retention")
LATE: Millis = HOUR
"""Ids borrow from the future, and clocks differ: by no more than this is an id later than its row."""
LOOK = 1_000
"""Oldest messages among which one is looked for that should be gone."""
_HANGING = (
    "words", "receipts", "attempts", "inbounds", "submissions", "callbacks", "code_calls", "messages",
)  # fmt: skip
"""What goes with a message, and at last itself. Its events and deliveries go by their own age, and not later."""


class Retention:
    """See `core.questions.Retention`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def past(self, after: int, ended_before: Millis, most: int) -> Scan:
        fetch = self._engine.fetch
        rows = await fetch(SQL["ended"], after, highest(ended_before), most)
        ended = [row[0] for row in rows if row[1] is not None and row[1] <= ended_before]
        held = await self._held("unfinished", ended) | await self._held("owed", ended, ended_before)
        return Scan(tuple([one for one in ended if one not in held]), rows[-1][0] if len(rows) == most else None)

    async def drop(self, ids: Sequence[int], ended_before: Millis) -> int:
        fetch = self._engine.fetch
        ended = [row[0] for row in await fetch(SQL["still_ended"], as_list(ids), ended_before)]
        held = await self._held("unfinished", ended)
        gone = [one for one in ended if one not in held]
        if not gone:
            return 0
        accounts = [row[0] for row in await fetch(SQL["answers_to"], gone)]
        await fetch(SQL["unlink"], gone, accounts)
        for name in _HANGING:
            await fetch(SQL[name], gone)
        return len(gone)

    async def _held(self, name: str, ids: list[int], *more: Millis) -> set[int]:
        return {row[0] for row in await self._engine.fetch(SQL[name], ids, *more)} if ids else set()

    async def overdue(self, ended_before: Millis) -> Millis | None:
        rows = await self._engine.fetch(SQL["ended"], 0, highest(ended_before), LOOK)
        return min((row[1] for row in rows if row[1] is not None and row[1] <= ended_before), default=None)

    async def drop_orphans(self, received_before: Millis, most: int) -> int:
        latest = highest(received_before + LATE)
        return len(await self._engine.fetch(SQL["orphans"], received_before, latest, most))

    async def drop_pieces(self, told_before: Millis, most: int) -> int:
        return len(await self._engine.fetch(SQL["pieces"], highest(told_before), most))
