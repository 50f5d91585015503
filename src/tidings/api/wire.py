"""The wire under the door: uvicorn's HTTP/1.1 with the bounds it lacks, and problems for what cannot be read."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from tidings.api.call import Headers, Reply
from tidings.api.door import WHOLE, request_id_of, usual_headers
from tidings.api.problems import problem

MOST_HEAD = 64 * 1024
"""Octets a request may have beside its body; up to one read of the socket more goes unnoticed."""
PATIENCE_S = 30.0
"""A connection that does not bring a whole head in this time, or takes no answer, is closed at the next look."""
KEEP_ALIVE_S = 75
"""How long a connection may wait for its next request: longer than the 60 s that proxies and clients keep theirs."""
SPARE = 100
"""Connections beyond the most that are still told so; others are cut."""

STREAMS = ("/v1/stream", "/capture")
"""How paths end whose answers do not end by themselves, or late."""
_UNREADABLE = "This is not HTTP/1.1, or its head is not sound. In an address, é is written as %C3%A9."
_FRAMING = (b"content-length", b"transfer-encoding")


class Wire(HttpToolsProtocol):
    """One connection of a caller."""

    most = 1 << 30
    """Connections at a time."""
    _dry = 0
    """Octets read since the parser last had anything to tell."""
    _steps = 0
    _heads = 0
    _told_again = False
    _silent = True
    _headless = False
    """Whether octets came that are no whole head yet."""
    _unfinished = False
    """Whether more of the newest request is to come."""
    _full = False
    _resumed = 0
    """How often the caller took what had piled up."""
    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Also begins to watch, and looks whether there is room."""
        super().connection_made(transport)
        there = len(self.connections)
        self._full = there > self.most
        if there > self.most + SPARE:
            transport.abort()
            return
        self._watch = self.loop.call_later(PATIENCE_S, self._look, 0, 0)

    def connection_lost(self, exc: Exception | None) -> None:
        """Also ends the watch."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Octets of the caller, in pieces of any size."""
        self._silent = False
        if self._full:
            self._end(
                "unavailable", f"At most {self.most} connections are taken at a time.", b"503 Service Unavailable"
            )
            return
        self._unset_keepalive_if_required()
        self._headless = self._headless or (self._idle() and not self._unfinished)
        steps = self._steps
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self.send_400_response(_UNREADABLE)
            return
        self._dry = self._dry + len(data) if self._steps == steps else 0
        if self._dry > MOST_HEAD:
            self.send_400_response(f"The head of the request is larger than {MOST_HEAD} octets.")

    def resume_writing(self) -> None:
        """The caller takes what it is sent, however slowly."""
        self._resumed += 1
        super().resume_writing()

    def cut_stream(self) -> None:
        """Abort a stream whose reader takes nothing, so that a stop need not wait for it."""
        if not self._idle() and self.flow.write_paused and self.scope["path"].endswith(STREAMS):
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """A problem for what never reached a door, and the end of the connection."""
        self._end("bad_request", msg, b"400 Bad Request")

    # What the parser tells.

    def on_message_begin(self) -> None:
        """A request begins, unless it is the one whose framing was told again."""
        if not self._told_again:
            self._headless = self._unfinished = True
            super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if not self._told_again:
            self._steps += 1
            self._heads += 1
            self._headless = False
            super().on_headers_complete()
            if self.cycle is not None:
                scope: Any = self.cycle.scope
                scope[WHOLE] = functools.partial(_whole, self.cycle)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._steps += 1
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole; after an offer that is declined, its body is still to come."""
        self._steps += 1
        if not (self.parser.should_upgrade() and self._framing()):
            self._unfinished = False
            super().on_message_complete()

    # Inside.

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = data[offer.args[0] :]
                self._decline()
            else:
                return

    def _decline(self) -> None:
        """Stay with HTTP/1.1 (RFC 9110 §7.8 leaves that to us), where the parser takes the rest for another protocol.

        Callers that would like HTTP/2 offer it with every first request, body and all: curl --http2, Java's client.
        A new parser is told how long the body is and goes on from there.
        """
        framing = self._framing()
        self.parser: Any = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        if framing:
            known = len(self.headers)
            self._told_again = True
            self.parser.feed_data(b"POST / HTTP/1.1\r\n" + framing + b"\r\n")
            self._told_again = False
            del self.headers[known:]

    def _framing(self) -> bytes:
        return b"".join(b"%b: %b\r\n" % header for header in self.headers if header[0] in _FRAMING)

    def _end(self, code: str, detail: str, status: bytes) -> None:
        reply = problem(code, detail)
        headers: Headers = [
            (b"content-type", reply.kind),
            (b"content-length", b"%d" % len(reply.body)),
            *usual_headers(request_id_of({})),
            *reply.headers,
            (b"connection", b"close"),
        ]
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(b"HTTP/1.1 " + status + b"\r\n" + head + b"\r\n" + reply.body)
        self.transport.close()

    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _look(self, heads: int, resumed: int) -> None:
        idle, stuck = self._idle(), self._heads == heads
        if idle and stuck and self._headless:
            self._end("request_timeout", "The head of the request took too long.", b"408 Request Timeout")
            return
        if self._silent or (stuck and (self._unfinished if idle else self._takes_nothing(resumed))):
            self.transport.abort()
            return
        self._watch = self.loop.call_later(PATIENCE_S, self._look, self._heads, self._resumed)

    def _takes_nothing(self, resumed: int) -> bool:
        return self.flow.write_paused and self._resumed == resumed


async def _whole(cycle: RequestResponseCycle, reply: Reply, headers: Headers) -> None:
    """Send an answer whose body is at hand in one write; uvicorn's `send` takes two, each a call of the system that
    wakes up the other end.
    """
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if cycle.disconnected or cycle.response_complete:
        return
    head = [STATUS_LINE[reply.status]]
    head += [b"%b: %b\r\n" % header for header in (*cycle.default_headers, *headers)]
    if (b"connection", b"close") in headers:
        cycle.keep_alive = False
    elif not cycle.keep_alive:
        head.append(b"connection: close\r\n")
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"".join((*head, b"\r\n", b"" if cycle.scope["method"] == "HEAD" else reply.body)))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
