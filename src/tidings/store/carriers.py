"""Questions about carriers that are stored, and what operators decided of any."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import msgspec

from tidings.config import CarrierSettings
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.carrier import Report
from tidings.core.message import Millis
from tidings.core.questions import Pause
from tidings.store.engine import Engine, statements

SQL = statements("carriers")


class Carriers:
    """See `core.questions.Carriers`. Carriers belong to the default account."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def pauses(self) -> list[Pause]:
        rows = await self._engine.fetch(SQL["pauses"], DEFAULT_ACCOUNT)
        return [Pause(carrier, bind or None, at) for carrier, bind, at in rows]

    async def pause(self, carrier: str, bind: str | None, now: Millis) -> None:
        """Paused since now, unless it is paused already."""
        await self._engine.fetch(SQL["pause"], DEFAULT_ACCOUNT, carrier, bind or "", now)

    async def resume(self, carrier: str, bind: str | None) -> None:
        """One bind, or without one the carrier and all of its binds."""
        if bind is None:
            await self._engine.fetch(SQL["resume_all"], DEFAULT_ACCOUNT, carrier)
        else:
            await self._engine.fetch(SQL["resume"], DEFAULT_ACCOUNT, carrier, bind)

    async def stored(self) -> list[CarrierSettings]:
        """Oldest first."""
        rows = await self._engine.fetch(SQL["stored"], DEFAULT_ACCOUNT)
        return [msgspec.json.decode(row[0], type=CarrierSettings) for row in rows]

    async def one(self, name: str) -> CarrierSettings | None:
        """Stored under this name."""
        rows = await self._engine.fetch(SQL["one"], DEFAULT_ACCOUNT, name)
        return msgspec.json.decode(rows[0][0], type=CarrierSettings) if rows else None

    async def keep(self, settings: CarrierSettings, now: Millis) -> None:
        """New, or in place of those before."""
        text = msgspec.json.encode(settings).decode()
        await self._engine.fetch(SQL["keep"], DEFAULT_ACCOUNT, settings.name, text, now)

    async def drop(self, name: str) -> None:
        """With what was told of it."""
        await self._engine.fetch(SQL["drop"], DEFAULT_ACCOUNT, name)
        await self._engine.fetch(SQL["drop_report"], DEFAULT_ACCOUNT, name)

    async def report(self, reports: Sequence[Report]) -> None:
        """What is told of carriers, each once, in place of what was told before."""
        rows = [(one.carrier, DEFAULT_ACCOUNT, one.holder, msgspec.json.encode(one).decode()) for one in reports]
        await self._engine.many(SQL["report"], rows)

    async def reports(self) -> list[Report]:
        """What was told last, by carrier; of a form that this program does not know, nothing."""
        found = []
        for (text,) in await self._engine.fetch(SQL["reports"], DEFAULT_ACCOUNT):
            with contextlib.suppress(msgspec.DecodeError):
                found.append(msgspec.json.decode(text, type=Report))
        return found
