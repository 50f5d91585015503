"""One TCP connection that speaks SMPP, the same for both ends: our ESME and any SMSC of ours.

A link makes no task: it runs on the callbacks of the event loop, hands everything that one read brought to
its handler at once, and writes once per turn of the loop. It reads no faster than its handler lets it
(`pause_reading`) and buffers no more than the window and the other end's own pace allow.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import ssl
from collections.abc import Callable
from typing import Any, Protocol, cast

from tidings.drivers.names import Names
from tidings.smpp.capture import Way
from tidings.smpp.framing import split_frames
from tidings.smpp.pdus import AlertNotification, Bind, Outbind, Request, Response, Tlvs
from tidings.smpp.session import UNBOUND, Ended, Event, Role, Session, Timing

READ_BUFFER = 64 * 1024
CLOSING_PATIENCE = 5.0
"""Seconds a closing link may take to write what is left."""

_log = logging.getLogger(__name__)


class Handler(Protocol):
    """Who owns a link. All calls come on the event loop, none may block; one handler may own many links."""

    def opened(self, link: SmppLink) -> None:
        """The connection stands. An ESME binds here."""
        ...

    def received(self, link: SmppLink, events: list[Event]) -> None:
        """What one read or one look at the timers brought, in order; never empty."""
        ...

    def closed(self, link: SmppLink, reason: str) -> None:
        """The connection is gone; every request was told as Answered or Unanswered before."""
        ...


class Tap(Protocol):
    """Who looks at the traffic of links; none of its calls may fail or wait."""

    on: bool
    """Whether anybody looks just now."""

    def opened(self, link: SmppLink) -> None:
        """A link is looked at from now on."""
        ...

    def frames(self, link: SmppLink, way: Way, frames: list[bytes]) -> None:
        """Whole PDUs came, or were written."""
        ...

    def closed(self, link: SmppLink, reason: str) -> None:
        """It is gone."""
        ...


Guard = Callable[[bool], bool]
"""Whether something may be written just now; False is given for what only keeps the connection alive."""


class SmppLink(asyncio.BufferedProtocol):
    """A session on a connection."""

    def __init__(self, role: Role, timing: Timing, handler: Handler, guard: Guard | None = None) -> None:
        """`guard`: asked in the moment before octets are written; where it says no, the connection is dropped."""
        self._loop = asyncio.get_running_loop()
        self._guard = guard
        self._asked = False
        """Whether a request waits to be written, and not only what keeps the connection alive."""
        self._file = -1
        """The socket, where what is written must be written at once."""
        self.session = Session(role, timing, self._loop.time())
        self.context: Any = None
        """Whatever the handler wants to keep with the link."""
        self.peer = "?"
        """Address of the other end, for logs."""
        self.host = ""
        """The same without its port; an owner that knows it before the connection stands sets it."""
        self.secure = False
        """Whether it is TLS."""
        self.certificate: bytes | None = None
        """What the other end showed of itself, in DER; TLS has checked it by then."""
        self.here = "?"
        """Address of this end."""
        self._tap: Tap | None = None
        self._handler = handler
        self._home: set[SmppLink] | None = None
        self._buffer = memoryview(bytearray(READ_BUFFER))
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closing_timer: asyncio.TimerHandle | None = None
        self._flush_due = False
        self._writable = True
        self._held_by_owner = False
        self._reading = True
        self._reason = ""
        self._complain_at = 1
        self._stalled_since: float | None = None
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._period = min(1.0, max(0.02, min(timing.response_timeout, timing.enquire_link, timing.login_timeout) / 4))

    # What the owner may do.

    def tapped(self, tap: Tap) -> None:
        """Let `tap` look at what goes over this link, from now on."""
        self._tap = tap
        self.session.listener = self._listen
        tap.opened(self)

    def bind(self, request: Bind) -> None:
        """ESME: Bound or Refused follows, or the link closes."""
        self.session.bind(request, self._loop.time())
        self._flush_soon()

    def request(self, request: Request, token: Any = None) -> bool:
        """Send a request; False when the window is full or the session's state forbids it (nothing was sent).

        Exactly one Answered (not late) or Unanswered with `token` follows. Raises EncodeError.
        """
        if not self._writable or not self.session.request(request, token, self._loop.time()):
            return False
        self._asked = True
        if not self._flush_due:
            self._flush_soon()
        return True

    def room(self) -> int:
        """How many requests would be taken now."""
        return self.session.room() if self._writable else 0

    def answer(self, request: Request, status: int = 0, message_id: str = "", tlvs: Tlvs = ()) -> None:
        """Answer a message request of the other end, now or later; nothing happens on a closed link.

        Where an unbind waited for this answer, the session is over with it.
        """
        self.answer_to(request.command_id, request.sequence_number, status, message_id, tlvs)

    def answer_to(self, command_id: int, sequence: int, status: int = 0, message_id: str = "", tlvs: Tlvs = ()) -> None:
        """As `answer`, where only these two were kept of the request."""
        session = self.session
        session.answer_to(command_id, sequence, status, message_id, tlvs)
        if not self._flush_due:
            self._flush_soon()
        if session.over:
            self.close(UNBOUND)

    def answer_bind(self, request: Bind, status: int = 0, system_id: str = "") -> None:
        """SMSC: accept (0) or refuse a bind."""
        self.session.answer_bind(request, status, system_id)
        self._flush_soon()

    def respond(self, response: Response) -> None:
        """Send a ready made response."""
        self.session.respond(response)
        self._flush_soon()
        if self.session.over:
            self.close(UNBOUND)

    def tell(self, pdu: Outbind | AlertNotification) -> bool:
        """SMSC: send what nobody answers; False when the session's state forbids it (nothing was sent)."""
        if not self._writable or not self.session.tell(pdu):
            return False
        self._flush_soon()
        return True

    def unbind(self) -> None:
        """End in good order; the link closes once the other end has answered."""
        self.session.unbind(self._loop.time())
        self._flush_soon()

    def close(self, reason: str) -> None:
        """Write what is due and close."""
        self._reason = self._reason or reason
        if self._transport is None or self._closing_timer is not None:
            return
        self._writable = True
        self._flush()
        self._closing_timer = self._loop.call_later(CLOSING_PATIENCE, self._transport.abort)
        self._transport.close()

    def abort(self, reason: str) -> None:
        """Drop the connection at once; what is due is not written."""
        self._reason = self._reason or reason
        if self._transport is not None:
            self._transport.abort()

    def pause_reading(self) -> None:
        """Take nothing more from the other end; its pressure is the pause. Timers stand still meanwhile."""
        self._held_by_owner = True
        self._steer_reading()

    def resume_reading(self) -> None:
        """Take again."""
        self._held_by_owner = False
        self._steer_reading()

    async def wait_closed(self) -> None:
        """Return once `closed` was told."""
        await asyncio.shield(self._gone)

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast(asyncio.Transport, transport)
        address = transport.get_extra_info("peername")
        self.peer = _name(address)
        if isinstance(address, tuple) and address:  # none where the other end is gone again already
            self.host = str(address[0])
        tls = transport.get_extra_info("ssl_object")
        if self._guard is not None and tls is None and (socket := transport.get_extra_info("socket")) is not None:
            self._file = socket.fileno()
        if tls is not None:
            self.secure, self.certificate = True, tls.getpeercert(binary_form=True)
        self.here = _name(transport.get_extra_info("sockname"))
        if self._home is not None:
            self._home.add(self)
        self._timer = self._loop.call_later(self._period, self._tick)
        self._handler.opened(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next read goes."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """A read brought octets."""
        self._deliver(self.session.receive(self._buffer[:nbytes], self._loop.time()))

    def eof_received(self) -> bool:
        """The other end will send no more: there is no half-open SMPP session."""
        self._reason = self._reason or "The other end closed the connection."
        return False

    def pause_writing(self) -> None:
        """The other end does not read: neither do we, so that answers do not pile up."""
        self._writable = False
        self._stalled_since = self._loop.time()
        self._steer_reading()

    def resume_writing(self) -> None:
        """The other end reads again."""
        self._writable = True
        self._stalled_since = None
        self._steer_reading()
        self._flush_soon()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        for timer in (self._timer, self._closing_timer):
            if timer is not None:
                timer.cancel()
        self._transport = None
        if self._home is not None:
            self._home.discard(self)
        lost = self.session.close()
        reason = self._reason or (f"The connection broke: {error}." if error else "The connection was closed.")
        if self._tap is not None:
            self._tap.closed(self, reason)
        try:
            if lost:
                self._handler.received(self, lost)
            self._handler.closed(self, reason)
        finally:
            if not self._gone.done():
                self._gone.set_result(None)

    # Inside.

    def _deliver(self, events: list[Event]) -> None:
        if self.session.has_out:
            self._flush_soon()
        self._complain()
        if not events:
            return
        # Not always the last: requests that timed out with the link are told after its end.
        ended = next((event for event in events if isinstance(event, Ended)), None) if self.session.over else None
        try:
            self._handler.received(self, events)
        except Exception:
            # What its handler cannot take is a fault of ours; the other end will come again with it.
            _log.exception("%s: the link is dropped", self.peer)
            self.abort("An internal error.")
            return
        if ended is not None:
            if ended.fault and self.session.bind_request is not None:  # of strangers their handler tells
                _log.warning("%s: %s", self.peer, ended.reason)
            self.close(ended.reason)

    def _listen(self, octets: bytes) -> None:
        if self._tap is not None and self._tap.on:
            self._tap.frames(self, "in", split_frames(octets, self.session.timing.max_command_length)[0])

    def _complain(self) -> None:
        # At the 1st, 2nd, 4th, 8th … only, so that a peer cannot fill the log.
        session = self.session
        odd = session.malformed + session.unknown_commands + session.strays
        if odd >= self._complain_at and session.bind_request is not None:
            self._complain_at = 2 * odd
            _log.warning(
                "%s: so far %d PDUs with an unsound body, %d of an unknown command, %d answers to nothing asked",
                self.peer,
                session.malformed,
                session.unknown_commands,
                session.strays,
            )

    def _tick(self) -> None:
        now = self._loop.time()
        self._timer = self._loop.call_later(self._period, self._tick)
        timing = self.session.timing
        if (
            self._stalled_since is not None
            and now - self._stalled_since > timing.enquire_link + timing.response_timeout
        ):
            self.abort("The other end stopped reading: the link is dead.")
            return
        self._deliver(self.session.tick(now))

    def _flush_soon(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        if self._writable and self._transport is not None and self.session.has_out:
            if self._guard is not None and not self._guard(self._asked):
                self.abort("Another process may have this bind by now.")
                return
            self._asked = False
            frames = self.session.take_out()
            if self._tap is not None and self._tap.on:
                self._tap.frames(self, "out", frames)
            self._write(self._transport, b"".join(frames))

    def _write(self, transport: asyncio.Transport, octets: bytes) -> None:
        """Under a guard, what it has allowed leaves this process now: one that is frozen later writes nothing late."""
        if self._file >= 0 and not transport.get_write_buffer_size() and not transport.is_closing():
            with contextlib.suppress(OSError):  # a full or broken connection is the transport's to tell
                octets = octets[os.write(self._file, octets) :]
        if octets:
            transport.write(octets)

    def _steer_reading(self) -> None:
        wanted = self._writable and not self._held_by_owner
        if wanted == self._reading or self._transport is None or self._transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self.session.thaw(self._loop.time())
            self._transport.resume_reading()
        else:
            self.session.freeze(self._loop.time())
            self._transport.pause_reading()


async def connect(
    host: str,
    port: int,
    new: Callable[[], SmppLink],
    *,
    tls: ssl.SSLContext | None = None,
    timeout_s: float = 10.0,
    names: Names | None = None,
) -> SmppLink:
    """A link to an SMSC, not bound yet. Raises OSError (ssl.SSLError is one), UnicodeError or TimeoutError.

    `names` looks the host up: a resolver that is silent must not hold up the few threads that the loop shares.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        *others, last = [host] if names is None else await names.addresses(host, port)
        for address in others:
            with contextlib.suppress(OSError):
                return await _connected(loop, new, address, port, tls, host)
        return await _connected(loop, new, last, port, tls, host)


async def _connected(
    loop: asyncio.AbstractEventLoop, new: Callable[[], SmppLink], address: str, port: int, tls: ssl.SSLContext | None,
    host: str,
) -> SmppLink:  # fmt: skip
    _, link = await loop.create_connection(new, address, port, ssl=tls, server_hostname=host if tls else None)
    return link


class Listener:
    """A port where ESMEs connect."""

    def __init__(self, server: asyncio.Server, links: set[SmppLink]) -> None:
        self._server = server
        self.links = links
        """The links that stand now."""
        self.port: int = server.sockets[0].getsockname()[1]

    async def close(self, grace_s: float = 1.0) -> None:
        """Take no more connections, unbind the links, and drop what has not gone after `grace_s`."""
        self._server.close()
        links = list(self.links)
        for link in links:
            if link.session.bound:
                link.unbind()
            else:
                link.close("The server stops.")
        if links:
            waits = asyncio.gather(*(link.wait_closed() for link in links))
            try:
                async with asyncio.timeout(grace_s):
                    await waits
            except TimeoutError:
                for link in list(self.links):
                    link.abort("The server stops.")


async def listen(
    host: str,
    port: int,
    new: Callable[[], SmppLink],
    *,
    tls: ssl.SSLContext | None = None,
    max_links: int = 1_000,
) -> Listener:
    """Listen for ESMEs; `new` makes the link of each. Port 0 takes a free one. Raises OSError."""
    loop = asyncio.get_running_loop()
    links: set[SmppLink] = set()

    def make() -> asyncio.BaseProtocol:
        if len(links) >= max_links:
            return _Turned()
        link = new()
        link._home = links
        return link

    server = await loop.create_server(make, host, port, ssl=tls)
    return Listener(server, links)


class _Turned(asyncio.Protocol):
    """Turns a connection away: there are as many as there may be."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        _log.warning("%s: turned away, too many connections", _name(transport.get_extra_info("peername")))
        transport.close()


def _name(address: Any) -> str:
    if isinstance(address, tuple) and len(address) >= 2:
        host, port = address[:2]
        return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
    return str(address or "?")
