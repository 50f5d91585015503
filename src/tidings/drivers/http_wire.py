"""One connection of the outgoing HTTP client: a request at a time, its answer parsed as it comes, all of it bounded."""

from __future__ import annotations

import asyncio
from typing import cast

import httptools

READ_MOST = 64 * 1024
"""Octets of an answer's body that are kept; more are let in only to see whether the end is near."""
DRAIN_MOST = 64 * 1024
"""Octets beyond those that are read and dropped before the connection is cut instead."""
HEADERS_MOST = 32 * 1024


class NoAnswer(Exception):
    """No answer came; `kind` and `detail` as in `core.ports.NotPosted`."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class Answer:
    """An answer as it comes in, bounded."""

    __slots__ = ("body", "headers", "reusable", "status", "truncated")

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.truncated = False
        self.reusable = False


class Wire(asyncio.Protocol):
    """One connection: a request at a time, its answer parsed as it comes."""

    def __init__(self) -> None:
        self.open = False
        self.heard = False
        """Whether anything of the present answer has come."""
        self.idle_since = 0.0
        self.key: tuple[bool, str, int] = (False, "", 0)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer = Answer()
        self._whole = True
        """Whether nothing more of the present answer is to come."""
        self._held = 0
        self._headers_held = 0

    async def ask(self, request: bytes) -> Answer:
        """Write a request and wait for its answer. Raises NoAnswer when the connection breaks or speaks no HTTP."""
        if self._transport is None or not self.open:
            raise NoAnswer("broken", "the connection was closed")
        self._start()
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            answer: Answer = await waiting
            return answer
        finally:
            self._waiting = None

    def cut(self) -> None:
        """Close at once, whatever is on its way."""
        self.open = False
        if self._transport is not None:
            self._transport.abort()

    def _start(self) -> None:
        self._answer = Answer()
        self._held = self._headers_held = 0
        self.heard = self._whole = False

    # asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # those of uvloop are of no class that could be asked
        self.open = True

    def data_received(self, data: bytes) -> None:
        waiting = self._waiting
        if waiting is None or waiting.done():
            self.cut()  # nobody asked
            return
        self.heard = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.fail("broken", "the endpoint wants to change the protocol")
        except httptools.HttpParserError as fault:
            self.fail("broken", f"the answer is not HTTP: {fault}")
        if self._headers_held > HEADERS_MOST:
            self.fail("broken", f"the headers of the answer are longer than {HEADERS_MOST} octets")

    def connection_lost(self, fault: Exception | None) -> None:
        self.open = False
        if self._answer.status and self._ends_with_connection() and fault is None:
            self._done()
        else:
            self.fail("broken", str(fault) if fault else "the connection was closed before the answer was whole")

    def _ends_with_connection(self) -> bool:
        headers = self._answer.headers
        return "content-length" not in headers and "transfer-encoding" not in headers

    # httptools

    def on_message_begin(self) -> None:
        if self._whole:  # more than was asked for: what was said first holds, and nothing is asked here again
            self._answer.reusable = False
            self._answer = Answer()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers_held += len(name) + len(value)
        if self._headers_held <= HEADERS_MOST:
            self._answer.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()

    def on_body(self, part: bytes) -> None:
        answer = self._answer
        room = READ_MOST - len(answer.body)
        answer.body += part[:room]
        self._held += len(part)
        if self._held > READ_MOST:
            answer.truncated = True
        if self._held > READ_MOST + DRAIN_MOST:
            self._done()  # long enough: its status is what counts, the rest is not waited for

    def on_message_complete(self) -> None:
        if 100 <= self._answer.status < 200:
            self._answer.headers.clear()
            self._answer.status = 0
            return
        if not self._whole:
            self._answer.reusable = self._parser.should_keep_alive() and not self._ends_with_connection_now()
            self._done()

    def _ends_with_connection_now(self) -> bool:
        return self._ends_with_connection() and self._answer.status not in (204, 304)

    def _done(self) -> None:
        self._whole = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(self._answer)

    def fail(self, kind: str, detail: str) -> None:
        """Whoever waits for an answer gets none."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(NoAnswer(kind, detail))
