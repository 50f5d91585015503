"""Events as they happen: read from a connection of their own, which is taken up again where it broke off."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tidings_client.errors import NoAnswer, NotTidings, Problem, TidingsError
from tidings_client.retry import Retries
from tidings_client.wire import Call, Line, Wire

PATIENCE_S = 90.0
"""A connection that is quiet for longer counts as broken: a sign of life comes every minute at the least."""
LONGEST_S = 30.0
"""Longest wait between attempts to come again, unless the server asks for a longer one."""
MOST_OCTETS = 8 * 1024 * 1024
"""Largest block that is read."""
AHEAD_MOST = 100
"""Events an `AsyncStream` has read and not yet given out."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block of an event stream."""

    id: str | None
    event: str
    data: str
    retry_ms: int | None


class Blocks:
    """Octets in pieces of any size → blocks (HTML Living Standard, 9.2.6)."""

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[str, str] = {}
        self._data: list[str] = []

    def feed(self, octets: bytes) -> list[Block]:
        """The blocks that these octets complete. Raises ValueError where a line or block grows beyond bounds."""
        found = []
        whole = self._rest + octets
        half = whole[-1:] == b"\r"  # perhaps of a CRLF that was cut
        text = whole[:-1] if half else whole
        *lines, self._rest = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest += b"\r" * half
        for line in lines:
            if line:
                self._line(line.decode("utf-8", "replace"))
            elif self._fields or self._data:
                found.append(self._whole())
        if len(self._rest) > MOST_OCTETS or sum(map(len, self._data)) > MOST_OCTETS:
            raise ValueError(f"a block of the stream is larger than {MOST_OCTETS} octets")
        return found

    def _line(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name in ("id", "event", "retry"):
            self._fields[name] = value

    def _whole(self) -> Block:
        fields, data = self._fields, "\n".join(self._data)
        self._fields, self._data = {}, []
        retry = fields.get("retry", "")
        return Block(
            fields.get("id"), fields.get("event", "message"), data, int(retry) if retry.isascii() and retry.isdigit()
            else None,
        )  # fmt: skip


class Stream:
    """Iterates over events, without end, in the form that webhooks have: `{"id", "type", "occurred_at", "data", …}`.

    A connection that breaks is made anew behind the last event, so that nothing is missed or repeated; only a server
    that cannot be reached at the very first, or that refuses (another key is needed, say), raises. For one thread; but
    `close` may be called from any, and ends the iteration.
    """

    def __init__(self, wire: Wire, retries: Retries, call: Call) -> None:
        query = dict(call.query)
        self.last_event_id: str = query.pop("last_event_id", None) or ""
        """Behind which event it stands: keep it, and give it to the next stream to go on there."""
        self._call = replace(call, query=query)
        self._wire = wire
        self._retries = retries
        self._line: Line | None = None
        self._blocks = Blocks()
        self._ready: deque[Block] = deque()
        self._retry_s = 2.0
        self._failures = 0
        self._reached = False
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        while not self._closed.is_set():
            while self._ready:
                block = self._ready.popleft()
                if block.id is not None:
                    self.last_event_id = block.id
                if block.retry_ms is not None:
                    self._retry_s = block.retry_ms / 1000
                if block.data and not block.event.startswith("stream."):
                    return _read(block)
            self._more()
        self._drop()
        raise StopIteration

    def close(self) -> None:
        """End it, also while it waits for the next event in another thread."""
        self._closed.set()
        line = self._line
        if line is not None:
            line.shut()

    def open(self) -> None:
        """Make the connection, so that nothing is missed that happens from now on. Iterating does it where it must.

        Raises what iterating raises.
        """
        while not self._ready and not self._closed.is_set():
            self._more()

    def __enter__(self) -> Stream:
        self.open()
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()
        self._drop()

    def _more(self) -> None:
        """Read on, or come again after a while."""
        try:
            if self._line is None:
                self._line = self._wire.open(self._call, self.last_event_id, PATIENCE_S)
                if self._closed.is_set():  # meanwhile, by another thread, which saw no line to shut
                    return
                self._blocks = Blocks()
                self._reached = True
            octets = self._line.read()
            self._ready.extend(self._blocks.feed(octets))
        except TidingsError as fault:
            self._drop()
            if self._closed.is_set():
                return
            self._failures += 1
            self._closed.wait(self._pause(fault))
        except ValueError as fault:
            self._drop()
            raise NotTidings(str(fault), 200) from None
        else:
            if octets:
                self._failures = 0
            else:
                self._drop()
                self._closed.wait(self._retry_s * (0.5 + random.random() / 2))

    def _pause(self, fault: TidingsError) -> float:
        """Seconds until the next attempt; raises the fault where there is none."""
        if not self._reached:
            pause = self._retries.pause(self._call, self._failures, fault, random.random())
            if pause is None:
                raise fault
            return pause
        if isinstance(fault, Problem) and fault.status in (429, 503):
            return fault.retry_after or self._retry_s
        if isinstance(fault, NoAnswer) or (isinstance(fault, NotTidings) and fault.status in (502, 503, 504)):
            longest = self._retry_s * 2 ** min(self._failures - 1, 10)
            return float(min(LONGEST_S, longest) * (0.5 + random.random() / 2))
        raise fault

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()


def _read(block: Block) -> Any:
    try:
        return json.loads(block.data)
    except ValueError:
        raise NotTidings("what the stream sends is no JSON", 200) from None


class AsyncStream:
    """The same for asyncio: `async for event in stream`. Reads in a thread of its own, a few events ahead."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.last_event_id = stream.last_event_id
        """Behind which event that was given out it stands."""
        self._queue: asyncio.Queue[tuple[str, Any] | BaseException | None] = asyncio.Queue()
        self._room = threading.Semaphore(AHEAD_MOST)
        self._opened: asyncio.Future[None] | None = None
        self._fault: Exception | None = None
        self._ended = False

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if self._ended:
            raise StopAsyncIteration
        self._start()
        came = await self._queue.get()
        if not isinstance(came, tuple):
            self._ended = True
            if came is not None:
                raise came
            raise StopAsyncIteration
        self._room.release()
        self.last_event_id, event = came
        return event

    def close(self) -> None:
        """End it; an `async for` that waits ends too."""
        self._stream.close()
        self._room.release()

    async def __aenter__(self) -> AsyncStream:
        try:
            await self._start()
            if self._fault is not None:
                raise self._fault
        except BaseException:
            self.close()
            raise
        return self

    async def __aexit__(self, *fault: object) -> None:
        self.close()

    def _start(self) -> asyncio.Future[None]:
        """The thread, once; done when the connection is made, or will not be."""
        if self._opened is None:
            loop = asyncio.get_running_loop()
            self._opened = loop.create_future()
            reading = threading.Thread(target=self._read, args=(loop, self._opened), name="tidings-stream", daemon=True)
            reading.start()
        return self._opened

    def _read(self, loop: asyncio.AbstractEventLoop, opened: asyncio.Future[None]) -> None:
        last: BaseException | None = None
        # A loop that is closed wants no more events.
        with contextlib.suppress(RuntimeError):
            try:
                self._stream.open()
                loop.call_soon_threadsafe(_done, opened)
                for event in self._stream:
                    self._room.acquire()
                    loop.call_soon_threadsafe(self._queue.put_nowait, (self._stream.last_event_id, event))
            except Exception as fault:
                last = self._fault = fault  # for whoever iterates
                loop.call_soon_threadsafe(_done, opened)
            loop.call_soon_threadsafe(self._queue.put_nowait, last)


def _done(opened: asyncio.Future[None]) -> None:
    if not opened.done():
        opened.set_result(None)
