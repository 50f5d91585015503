"""A house whose events are watched live over its real store, and readers that take a stream at any pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from spine_kit import build, opened, request, send
from tidings.api.app import application
from tidings.config import Settings, StreamSettings
from tidings.core import ids
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.message import Message
from tidings.core.ports import Stage, Store
from tidings.core.questions import Tx
from tidings.pipeline import admit
from tidings.pipeline.cancel import cancel
from tidings.streamer import Streamer
from tidings_client.stream import Block, Blocks
from webhook_kit import MovingClock

R = TypeVar("R")
I = TypeVar("I")  # noqa: E741


class Counting:
    """A store that counts what is read, and can be made to wait or to fail."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads = 0
        self.fault: Exception | None = None
        self.before: Callable[[], Awaitable[None]] | None = None
        """Awaited before an answer is given."""
        self.hold: asyncio.Event | None = None
        """The next reading, and only that, begins when it is set."""

    async def write(self, stage: Stage[I, R], items: Any) -> list[R]:
        return await self._store.write(stage, items)

    async def read(self, ask: Callable[[Tx], Awaitable[R]], *, tail: bool = False) -> R:
        self.reads += 1
        if self.fault is not None:
            raise self.fault
        hold, self.hold = self.hold, None
        if hold is not None:
            await hold.wait()
        found = await self._store.read(ask, tail=tail)
        if self.before is not None:
            await self.before()
        return found

    def follow(self, stage: Any, then: Any) -> None:
        self._store.follow(stage, then)

    def after_commit(self, then: Any) -> None:
        self._store.after_commit(then)

    def conclude(self, stage: Any, ask: Any, then: Any) -> None:
        self._store.conclude(stage, ask, then)


class Reader:
    """One caller of `/v1/stream`, who takes what comes only while `taking`."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.octets = b""
        self.chunks: list[int] = []
        self.taking = asyncio.Event()
        self.taking.set()
        self.ended = False
        self.broken = False
        self._gone = asyncio.Event()
        self._parser = Blocks()
        self._came: list[Block] = []
        self._news = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        await self.taking.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif not self._gone.is_set():
            octets = message.get("body", b"")
            self.octets += octets
            self.chunks.append(len(octets))
            if self.status == 200:
                self._came += self._parser.feed(octets)
            self.ended = not message.get("more_body", False)
        self._news.set()

    def leave(self) -> None:
        """Hang up."""
        self._gone.set()
        self.taking.set()

    @property
    def blocks(self) -> list[Block]:
        return self._came

    @property
    def events(self) -> list[dict[str, Any]]:
        """Data of what happened, without the stream's own words."""
        return [msgspec.json.decode(one.data) for one in self._came if not one.event.startswith("stream.")]

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]

    @property
    def last_id(self) -> str:
        return next((one.id for one in reversed(self._came) if one.id is not None), "")

    def json(self) -> Any:
        return msgspec.json.decode(self.octets)

    async def until(self, done: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait until it is so; looks again whenever something came."""
        async with asyncio.timeout(seconds):
            while not done():
                self._news.clear()
                await self._news.wait()

    async def count(self, number: int) -> list[str]:
        """The ids of the events, once there are so many."""
        await self.until(lambda: len(self.ids) >= number)
        return self.ids


class Place:
    """A house with its streamer."""

    def __init__(self, folder: Path, clock: MovingClock, settings: Settings) -> None:
        self.folder = folder
        self.clock = clock
        self.settings = settings
        self.tokens: dict[str, str] = {}
        self.readers: list[Reader] = []

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Place]:
        with opened(self.folder, self.clock, asyncio.get_running_loop()) as store:
            self.store = Counting(store)

            async def look(tx: Tx) -> Any:
                return await tx.accounts.last_id(), await tx.accounts.keys(), await tx.accounts.accounts()

            last, keys, accounts = await store.read(look)
            self.house = build(self.store, self.clock, self.settings, last)
            for one in keys:
                self.house.keyring.add(one)
            for one in accounts:
                self.house.keyring.know(one)
            async with asyncio.TaskGroup() as tasks:
                self.streamer = Streamer(self.house)
                self.house.streams = self.streamer
                await self.streamer.start(tasks)
                self.app = application(self.house)
                for scope in ("admin", "send", "read"):
                    _, self.tokens[scope] = await admit.issue(self.house, DEFAULT_ACCOUNT, scope, scope)
                try:
                    yield self
                finally:
                    for reader in self.readers:
                        reader.leave()
                    await self.streamer.stop()
                    await asyncio.gather(*(one.task for one in self.readers if one.task is not None))

    async def send(self, count: int = 1, account: int = DEFAULT_ACCOUNT, **fields: Any) -> list[Message]:
        """So many messages; one event each."""
        return await send(self.house, *(request(**fields) for _ in range(count)), account=account)

    async def cancel(self, message: Message) -> None:
        """One event more of a message."""
        done = await cancel(self.house, message.account_id, message.id)
        assert isinstance(done, Message), done

    async def account(self, name: str, scope: str = "read") -> tuple[int, str]:
        """A further account, and a key of it."""
        made = await self.call("POST", "/v1/accounts", {"name": name})
        number = ids.parse("acc", made["id"])
        assert number is not None
        key = await self.call("POST", f"/v1/accounts/{made['id']}/keys", {"name": "k", "scope": scope})
        return number, key["token"]

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        from kit import ask

        told = await ask(self.app, method, path, body, key=self.tokens["admin"])
        assert told.status < 300, told
        return told.json()

    def reader(
        self, query: str = "", *, token: str | None = None, last: str | None = None, headers: Iterable[Any] = ()
    ) -> Reader:
        """Somebody who begins to read."""
        reader = Reader()
        raw = [(b"authorization", f"Bearer {token or self.tokens['read']}".encode()), *headers]
        if last is not None:
            raw.append((b"last-event-id", last.encode("latin-1")))
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": "/v1/stream", "raw_path": b"/v1/stream", "root_path": "", "query_string": query.encode(),
            "headers": raw, "client": ("127.0.0.1", 40_000), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        reader.task = asyncio.create_task(self.app(scope, reader.receive, reader.send))
        self.readers.append(reader)
        return reader

    async def opened(self, query: str = "", **more: Any) -> Reader:
        """Somebody whose stream has begun."""
        reader = self.reader(query, **more)
        await reader.until(lambda: bool(reader.blocks) or reader.ended)
        assert reader.status == 200, reader.octets
        return reader

    async def refused(self, query: str = "", **more: Any) -> tuple[int, Any, dict[str, str]]:
        """Status, problem and headers of somebody who is not let in."""
        reader = self.reader(query, **more)
        await reader.until(lambda: reader.ended)
        assert reader.task is not None
        await reader.task
        return reader.status, reader.json(), reader.headers


@asynccontextmanager
async def place(folder: Path, **stream: Any) -> AsyncIterator[Place]:
    """A place that is open."""
    settings = Settings(data=str(folder), stream=StreamSettings(**stream))
    async with Place(folder, MovingClock(), settings).up() as one:
        yield one
