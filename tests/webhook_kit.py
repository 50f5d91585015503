"""Endpoints that answer as told, and a house whose webhooks really go out, on a clock that can be moved ahead."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from spine_kit import build, opened
from tidings.config import Settings
from tidings.core.message import Millis
from tidings.core.questions import DeliveryFilter, Tx
from tidings.core.webhook import Delivery, Subscription, Try
from tidings.drivers.clock import SystemClock
from tidings.drivers.http_client import HttpPost
from tidings.drivers.names import Ask, Names
from tidings.drivers.smtp import Smtp
from tidings.notifier import Notifier
from tidings.pipeline import subscribe

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status} x", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Got(msgspec.Struct):
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


Script = Callable[[Got, int], "bytes | Awaitable[bytes] | AsyncIterator[bytes] | None"]
"""What is answered: octets, now or later, a piece at a time, or nothing ever."""


class Endpoint:
    """A web server for one test; `script` gets each request with the number of those before it."""

    def __init__(self, script: Script = lambda got, earlier: OK) -> None:
        self.script = script
        self.got: list[Got] = []
        self.connections = 0
        self.busy = 0
        self.most_busy = 0
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def up(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Endpoint]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=tls, backlog=2_000)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:] if line)}
                got = Got(head[0].split(" ")[1], headers, await reader.readexactly(int(headers["content-length"])))
                self.got.append(got)
                self.busy += 1
                self.most_busy = max(self.most_busy, self.busy)
                try:
                    said = self.script(got, len(self.got) - 1)
                    if isinstance(said, AsyncIterator):
                        async for piece in said:
                            writer.write(piece)
                            await writer.drain()
                        return
                    if said is not None and not isinstance(said, bytes):
                        said = await said
                finally:
                    self.busy -= 1
                if said is None:
                    await asyncio.sleep(3600)
                    return
                writer.write(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()


class MovingClock(SystemClock):
    """The time, ahead by as much as it was moved."""

    __slots__ = ("ahead",)

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> Millis:
        return super().now() + round(self.ahead * 1000)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


class Office:
    """A house with its notifier."""

    def __init__(self, folder: Path, clock: MovingClock, settings: Settings) -> None:
        self.folder = folder
        self.clock = clock
        self.settings = settings
        self.names: Names | None = None
        self.tls: ssl.SSLContext | None = None

    @asynccontextmanager
    async def up(self, grace: float = 1.0) -> AsyncIterator[Office]:
        """From start to stop; may be entered again, as after a restart."""
        with opened(self.folder, self.clock, asyncio.get_running_loop()) as store:
            self.store = store
            last = await store.read(lambda tx: tx.accounts.last_id())
            self.house = build(store, self.clock, self.settings, last + (10 << 21) if last else 0)
            self.post = HttpPost(
                self.clock, timeout_s=self.settings.webhooks.timeout, allow_private=True, names=self.names, tls=self.tls
            )
            self.house.post = self.post
            email = self.settings.email
            self.notifier = Notifier(self.house, self.post, Smtp(self.clock, email, self.names) if email.host else None)
            async with asyncio.TaskGroup() as tasks:
                await self.notifier.start(tasks)
                try:
                    yield self
                finally:
                    await self.notifier.stop(grace)
                    self.post.close()

    async def subscribe(self, url: str, **fields: Any) -> tuple[Subscription, bytes]:
        house = self.house
        one = Subscription(id=house.new_id(), account_id=1, url=url, created_at=house.clock.now(), **fields)
        made = await subscribe.subscribe(house, one)
        assert isinstance(made, tuple), made
        return made

    def move(self, seconds: float) -> None:
        """Time passes; whoever waits for it is woken."""
        self.clock.ahead += seconds
        self.notifier.lanes._wake_timer.set()

    async def deliveries(self, **filter: Any) -> list[Delivery]:
        wanted = DeliveryFilter(**filter)
        page = await self.store.read(lambda tx: tx.webhooks.delivery_page(1, wanted, None, 1_000))
        return sorted(page.deliveries, key=lambda one: one.id)

    async def tries(self, delivery: Delivery) -> list[Try]:
        async def ask(tx: Tx) -> list[Try]:
            return await tx.webhooks.tries(delivery.id)

        return await self.store.read(ask)

    async def until(self, done: Callable[[], bool], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not done():  # noqa: ASYNC110 - what is waited for happens in other rooms
                await asyncio.sleep(0.005)

    async def settled(self, status: str, count: int = 1, seconds: float = 10.0) -> list[Delivery]:
        """The deliveries of a status, once there are so many."""
        async with asyncio.timeout(seconds):
            while len(found := await self.deliveries(status=status)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return found

    async def tried(self, count: int = 1, seconds: float = 10.0) -> list[Delivery]:
        """All deliveries, once there were so many attempts in all."""
        async with asyncio.timeout(seconds):
            while sum(one.attempts for one in await self.deliveries()) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return await self.deliveries()


@asynccontextmanager
async def office(
    folder: Path, look_up: Ask | None = None, tls: ssl.SSLContext | None = None, **settings: Any
) -> AsyncIterator[Office]:
    """An office that is open. `look_up`: in place of the system's name servers; `tls`: whom it trusts."""
    one = Office(folder, MovingClock(), Settings(data=str(folder), **settings))
    one.names = Names(one.clock, look_up) if look_up else None
    one.tls = tls
    async with one.up():
        yield one
