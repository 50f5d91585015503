"""Questions about events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tidings.core.questions import Event
from tidings.store.engine import Engine, statements

SQL = statements("events")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Events:
    """See `core.questions.Events`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def append(self, events: Sequence[Event]) -> None:
        await self._engine.many(
            SQL["append"],
            [
                (e.message_id, e.sequence, e.account_id, e.type, e.occurred_at,
                 _encode(e.data).decode() if e.data else None)
                for e in events
            ],
        )  # fmt: skip

    async def of(self, message_id: int) -> list[Event]:
        rows = await self._engine.fetch(SQL["of"], message_id)
        return [Event(r[0], r[1], r[2], r[3], r[4], _decode(r[5]) if r[5] else None) for r in rows]
