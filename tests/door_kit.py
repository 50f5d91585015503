"""The SMPP door under test: a real store behind it, and ESMEs of ours that do as told in front of it, over loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from smpp_kit import PATIENCE, Clock
from spine_kit import build, opened
from tidings.config import Settings, SmppSettings
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.esme import Esme
from tidings.core.message import Message
from tidings.door.door import SmppDoor
from tidings.drivers.smpp_link import SmppLink, connect
from tidings.drivers.smpp_tap import Taps
from tidings.pipeline import enrol
from tidings.pipeline.house import House
from tidings.smpp import pdus
from tidings.smpp.session import Answered, Bound, Ended, Event, Refused, Role, Timing, Unanswered

SYSTEM_ID, PASSWORD = "shop", "s3cret!!"


class Client:
    """An ESME on one connection: what it asked and what came back, in order."""

    def __init__(self) -> None:
        self.link: SmppLink | None = None
        self.bound: pdus.BindResp | None = None
        self.refused: int | None = None
        self.answers: list[Any] = []
        self.came: list[Any] = []
        self.lost: list[Any] = []
        self.gone = ""
        self._news = asyncio.Event()

    def opened(self, link: SmppLink) -> None:
        self.link = link

    def closed(self, link: SmppLink, reason: str) -> None:
        self.gone = reason
        self._news.set()

    def received(self, link: SmppLink, events: list[Event]) -> None:
        for event in events:
            match event:
                case Bound():
                    self.bound = event.response
                case Refused():
                    self.refused = event.command_status
                case Answered():
                    self.answers.append(event.response)
                case Unanswered():
                    self.lost.append(event.token)
                case Ended():
                    pass
                case pdus.DeliverSm() | pdus.DataSm():
                    self.came.append(event)
                    link.answer(event)
                case _:
                    self.came.append(event)
        self._news.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def bind(self, password: str = PASSWORD, system_id: str = SYSTEM_ID, **fields: Any) -> int:
        """The status of the bind_resp; -1 when the connection went without one."""
        assert self.link is not None
        self.link.bind(pdus.Bind(system_id=system_id, password=password, **fields))
        await self.until(lambda: self.bound is not None or self.refused is not None or bool(self.gone))
        if self.bound is not None:
            return 0
        return -1 if self.refused is None else self.refused

    async def ask(self, *requests: Any) -> list[Any]:
        """The answers to these, in the order they came."""
        assert self.link is not None
        before = len(self.answers)
        for one in requests:
            assert self.link.request(one)
        await self.until(lambda: len(self.answers) >= before + len(requests) or bool(self.gone))
        return self.answers[before:]

    async def close(self) -> None:
        if self.link is not None and not self.gone:
            self.link.close("done")
            await self.link.wait_closed()


class Rig:
    """A door that is open."""

    def __init__(self, house: House, door: SmppDoor, tasks: asyncio.TaskGroup) -> None:
        self.house = house
        self.door = door
        self.tasks = tasks
        self.clients: list[Client] = []

    async def enrol(self, password: str = PASSWORD, account: int = DEFAULT_ACCOUNT, **fields: Any) -> Esme:
        """An ESME that may bind."""
        enrolled = await enrol.enrol(
            self.house, account, password, **{"name": "shop", "system_id": SYSTEM_ID, **fields}
        )
        assert isinstance(enrolled, tuple), enrolled
        return enrolled[0]

    async def connect(self, tls: ssl.SSLContext | None = None, port: int = 0, window: int = 1_000) -> Client:
        """An ESME that is connected."""
        client = Client()
        number = self.door.ports[port].number
        await connect("127.0.0.1", number, lambda: SmppLink(Role.ESME, Timing(window=window), client), tls=tls)
        self.clients.append(client)
        return client

    async def bound(self, **fields: Any) -> Client:
        """An ESME that is bound."""
        client = await self.connect()
        assert await client.bind(**fields) == 0
        return client

    async def messages(self) -> list[Message]:
        """What was accepted, oldest first."""
        from tidings.core.questions import Filter

        page = await self.house.store.read(lambda tx: tx.messages.page(DEFAULT_ACCOUNT, Filter(), None, 1_000))
        return list(reversed(page.messages))


async def until(true: Callable[[], object]) -> None:
    """Look every few milliseconds, where nothing tells."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if true():
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def door(
    folder: Path, settings: Settings | None = None, taps: Taps | None = None, **smpp: Any
) -> AsyncIterator[Rig]:
    """An open door over a store in `folder`."""
    clock = Clock()
    with opened(folder, clock, asyncio.get_running_loop()) as store:
        house = build(store, clock, settings)
        async with asyncio.TaskGroup() as tasks:
            one = SmppDoor(house, SmppSettings(**{"port": 0, **smpp}), taps=taps)
            one.listen()
            one.start(tasks)
            rig = Rig(house, one, tasks)
            try:
                yield rig
            finally:
                for client in rig.clients:
                    await client.close()
                await one.stop(1.0)


def submit(text: bytes = b"Hello", **fields: Any) -> pdus.SubmitSm:
    """A submit_sm as most ESMEs write it."""
    values: dict[str, Any] = {
        "source_addr_ton": 5, "source_addr": "SHOP", "dest_addr_ton": 1, "dest_addr_npi": 1,
        "destination_addr": "15551230100", "registered_delivery": 1, "short_message": text,
    }  # fmt: skip
    return pdus.SubmitSm(**{**values, **fields})
