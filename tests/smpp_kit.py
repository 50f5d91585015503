"""An SMPP carrier under test: started against some SMSC, its events kept in order."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tidings.carriers.smpp import SmppCarrier
from tidings.config import CarrierSettings
from tidings.core.message import Part
from tidings.core.ports import CarrierEvent, Inbound, Receipt
from tidings.drivers.smpp_link import Tap

PATIENCE = 10.0
"""Seconds after which a test gives up; nothing here takes a tenth of it."""

_tokens = itertools.count(1)


class Clock:
    """The machine's clock, without chance: every pause is as short as it may be."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def random(self) -> float:
        return 0.0

    def token(self, octets: int) -> bytes:
        return next(_tokens).to_bytes(octets, "big")


class House:
    """A carrier and what it told, in order."""

    def __init__(self, carrier: SmppCarrier) -> None:
        self.carrier = carrier
        self.told: list[CarrierEvent] = []
        self.batches: list[int] = []
        self.news = asyncio.Event()
        self.taking = asyncio.Event()
        self.taking.set()
        self.acknowledging = False

    async def follow(self) -> None:
        async for batch in self.carrier.events():
            self.told += batch
            if self.acknowledging:
                tokens = [event.token for event in batch if isinstance(event, Receipt | Inbound)]
                self.carrier.acknowledge(tokens, True)
            self.batches.append(len(batch))
            self.news.set()
            await self.taking.wait()

    def of(self, kind: Any) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    async def until(self, kind: Any, count: int = 1) -> list[Any]:
        async with asyncio.timeout(PATIENCE):
            while len(self.of(kind)) < count:
                self.news.clear()
                await self.news.wait()
        return self.of(kind)


def part(number: int, bind: str = "north/1", **changes: Any) -> Part:
    fields: dict[str, Any] = {
        "attempt_id": number,
        "message_id": number,
        "part": 1,
        "parts": 1,
        "bind": bind,
        "sender": "Tidings",
        "to": f"+4915112{number:06d}",
        "encoding": "gsm7",
        "payload": b"Hello",
    }
    return Part(**{**fields, **changes})


def settings(port: int, **changes: Any) -> CarrierSettings:
    fields: dict[str, Any] = {
        "name": "north",
        "host": "127.0.0.1",
        "port": port,
        "system_id": "tidings",
        "password": "secret",
        "response_timeout": 0.3,
        "enquire_link": 30.0,
    }
    return CarrierSettings(**{**fields, **changes})


@asynccontextmanager
async def house(port: int, tap: Tap | None = None, **changes: Any) -> AsyncIterator[House]:
    async with asyncio.TaskGroup() as tasks:
        carrier = SmppCarrier(settings(port, **changes), Clock(), tasks, tap)
        one = House(carrier)
        follower = tasks.create_task(one.follow())
        await carrier.start()
        try:
            yield one
        finally:
            one.taking.set()
            async with asyncio.timeout(PATIENCE):
                await carrier.stop(0.5)
                await follower
