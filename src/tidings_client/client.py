"""The two clients: one that waits, and one for asyncio that waits in threads of its own."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from tidings_client.calls import AsyncCalls, Calls
from tidings_client.errors import NotTidings, TidingsError
from tidings_client.lines import AsyncLines, Lines
from tidings_client.retry import Retries
from tidings_client.stream import AsyncStream, Stream
from tidings_client.wire import Call, Wire

T = TypeVar("T")
_RETRIES = Retries()


class Client(Calls):
    """Calls the API of one server. Safe to share among threads; a process that forks makes its clients afterwards.

    `url`: where tidings is, with the path before `/v1` if a proxy put one there. `key`: an API key. `timeout`: seconds
    to connect, and between the octets of an answer. `connections`: most at a time; further calls wait. Raises
    ValueError where url or key cannot be used.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        retries: Retries = _RETRIES,
        connections: int = 8,
    ) -> None:
        self._wire = Wire(url, key, timeout, connections)
        self._retries = retries

    def call(self, call: Call, *, keyed: bool = False) -> Any:
        """Any call, repeated as `retries` says. `keyed`: it takes an Idempotency-Key; one is made if none is given."""
        call = _keyed(call) if keyed else call
        attempt = 1
        while True:
            try:
                return self._wire.exchange(call)
            except TidingsError as fault:
                pause = self._retries.pause(call, attempt, fault, random.random())
                if pause is None:
                    raise
            time.sleep(pause)
            attempt += 1

    def pages(self, method: Callable[..., Any], **query: Any) -> Iterator[Any]:
        """Every item of a list, page after page: `client.pages(client.list_messages, status="failed")`."""
        while True:
            page = method(**query)
            yield from page["data"]
            if page.get("next_cursor") is None:
                return
            query["cursor"] = _next(page, query)

    def stream(self, call: Call) -> Stream:
        """Events as they come, on a connection of their own; see `Stream`."""
        return Stream(self._wire, self._retries, call)

    def lines(self, call: Call) -> Lines:
        """Lines of JSON as they come, on a connection of their own; see `Lines`."""
        return Lines(self._wire, call)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()


class AsyncClient(AsyncCalls):
    """The same for asyncio: every exchange runs in one of `connections` threads, waits between them do not.

    A call that is canceled meanwhile ends its exchange in the background. Arguments as for `Client`.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        retries: Retries = _RETRIES,
        connections: int = 8,
    ) -> None:
        self._wire = Wire(url, key, timeout, connections)
        self._retries = retries
        self._threads = ThreadPoolExecutor(connections, "tidings-client")

    async def call(self, call: Call, *, keyed: bool = False) -> Any:
        """See `Client.call`."""
        call = _keyed(call) if keyed else call
        loop = asyncio.get_running_loop()
        attempt = 1
        while True:
            try:
                return await loop.run_in_executor(self._threads, self._wire.exchange, call)
            except TidingsError as fault:
                pause = self._retries.pause(call, attempt, fault, random.random())
                if pause is None:
                    raise
            await asyncio.sleep(pause)
            attempt += 1

    async def pages(self, method: Callable[..., Any], **query: Any) -> AsyncIterator[Any]:
        """Every item of a list, page after page: `async for one in client.pages(client.list_messages)`."""
        while True:
            page = await method(**query)
            for item in page["data"]:
                yield item
            if page.get("next_cursor") is None:
                return
            query["cursor"] = _next(page, query)

    def stream(self, call: Call) -> AsyncStream:
        """Events as they come, on a connection and in a thread of their own; see `AsyncStream`."""
        return AsyncStream(Stream(self._wire, self._retries, call))

    def lines(self, call: Call) -> AsyncLines:
        """Lines of JSON as they come, on a connection of their own; see `AsyncLines`."""
        return AsyncLines(Lines(self._wire, call))

    async def close(self) -> None:
        """Wait for what is under way, then close the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        self._wire.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *fault: object) -> None:
        await self.close()


def _next(page: Any, query: dict[str, Any]) -> Any:
    if page["next_cursor"] == query.get("cursor"):
        raise NotTidings("a page leads to itself", 200)
    return page["next_cursor"]


def _keyed(call: Call) -> Call:
    return call if call.idempotency_key is not None else replace(call, idempotency_key=str(uuid.uuid4()))
