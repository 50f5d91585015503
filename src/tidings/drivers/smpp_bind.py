"""One bind kept standing for ever: one transceiver link, or a transmitter and a receiver that live together."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Any, Protocol

import msgspec

from tidings.core.carrier import BindState
from tidings.core.damping import Damping
from tidings.core.ports import Clock
from tidings.drivers.names import Names
from tidings.drivers.smpp_link import Guard, SmppLink, Tap, connect
from tidings.drivers.smpp_standing import Counts, Standing
from tidings.smpp import pdus, status
from tidings.smpp.pdus import Bind, SubmitSm
from tidings.smpp.session import Bound, Ended, Event, Refused, Role, Timing

BACKOFF_FIRST = 0.5
BACKOFF_MOST = 30.0
BACKOFF_REFUSED = 60.0
"""Seconds between attempts when the SMSC refused the credentials: asking faster only gets accounts locked."""
CONNECT_TIMEOUT = 10.0
UNBIND_PATIENCE = 2.0

_PAIR = (pdus.BIND_TRANSMITTER, pdus.BIND_RECEIVER)
_SINGLE = (pdus.BIND_TRANSCEIVER,)
_REFUSED_FOR_GOOD = frozenset({0x0D, 0x0E, 0x0F})
_log = logging.getLogger(__name__)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how to bind."""

    host: str
    port: int
    bind: Bind
    """Template of the bind PDU; its command_id is set per link."""
    pair: bool
    """A transmitter and a receiver instead of one transceiver."""
    timing: Timing
    tls: ssl.SSLContext | None = None
    backoff_first: float = BACKOFF_FIRST
    guard: Guard | None = None
    """Asked before anything is written; see `drivers.smpp_link`."""


class BindOwner(Protocol):
    """Who is told what happens on a bind, in order."""

    def bind_up(self, bind: SmppBind) -> None:
        """Ready to carry."""
        ...

    def bind_down(self, bind: SmppBind, reason: str, permanent: bool) -> None:
        """Gone, after everything in flight was told; also when a first attempt fails for a new reason."""
        ...

    def bind_events(self, bind: SmppBind, link: SmppLink, events: list[Event]) -> None:
        """What came on one of its links."""
        ...


class SmppBind:
    """Keeps one bind up: connects, binds, and after a failure tries again with growing, jittered pauses."""

    def __init__(
        self,
        name: str,
        target: Target,
        clock: Clock,
        owner: BindOwner,
        counts: Counts | None = None,
        tap: Tap | None = None,
    ) -> None:
        self.name = name
        self.up = False
        """Ready to carry; never while it stops."""
        self.refused: int | None = None
        """The command_status of the last bind_resp, where that was a refusal."""
        self._target = target
        self._clock = clock
        self._owner = owner
        self._tap = tap
        self._names = Names(clock)
        self._links: list[SmppLink] = []
        self._transmitter: SmppLink | None = None
        self._commands = _PAIR if target.pair else _SINGLE
        self._command = pdus.BIND_TRANSCEIVER
        self._bound_links = 0
        self._damping = Damping(target.backoff_first, BACKOFF_MOST)
        self.standing = Standing(clock, self._damping, counts or Counts())
        self._paused = False
        self._stopping = asyncio.Event()
        self._vacant = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._reason = ""
        self._permanent = False
        self._told = ""

    @property
    def patience(self) -> float:
        """Seconds an answer may take."""
        return self._target.timing.response_timeout

    # What the owner does.

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to connect, in a task of `tasks`."""
        self._task = tasks.create_task(self._keep(), name=f"smpp bind {self.name}")

    async def stop(self, grace_s: float) -> None:
        """Take nothing more, wait up to `grace_s` for answers, unbind, close."""
        self._stopping.set()
        self.up = False
        if self._task is None or self._task.done():
            return
        self._retire_all()
        if self._links:
            await asyncio.wait([self._task], timeout=grace_s)
            for link in self._links:
                link.unbind()
            await asyncio.wait([self._task], timeout=UNBIND_PATIENCE)
        left = list(self._links)
        self._task.cancel()
        await asyncio.wait([self._task])
        for link in left:
            await link.wait_closed()

    def room(self) -> int:
        """Free window slots; 0 unless up."""
        link = self._transmitter
        return link.room() if self.up and link is not None else 0

    def request(self, pdu: SubmitSm, token: Any) -> bool:
        """As SmppLink.request, on the link that transmits."""
        link = self._transmitter
        if not self.up or link is None or not link.request(pdu, token):
            return False
        self.standing.counts.sent += 1
        return True

    def state(self) -> BindState:
        """How it stands."""
        sessions = [link.session for link in self._links]
        transmitter = None if self._transmitter is None else self._transmitter.session
        kind = "transmitter+receiver" if self._target.pair else "transceiver"
        window = self._target.timing.window
        return self.standing.told(self.name, kind, self._target.bind, window, sessions, transmitter)

    def pause_reading(self) -> None:
        """Hold back what the SMSC sends."""
        self._paused = True
        for link in self._links:
            link.pause_reading()

    def resume_reading(self) -> None:
        """Take it again."""
        self._paused = False
        for link in self._links:
            link.resume_reading()

    # What the links tell.

    def opened(self, link: SmppLink) -> None:
        """A connection stands: bind on it."""
        link.context = f"{self.name}#{self._clock.token(6).hex()}"
        if self._tap is not None:
            link.tapped(self._tap)
        self._links.append(link)
        if self._command != pdus.BIND_RECEIVER:
            self._transmitter = link
        link.bind(msgspec.structs.replace(self._target.bind, command_id=self._command))

    def received(self, link: SmppLink, events: list[Event]) -> None:
        """Something came."""
        if not self.up or link.session.over:
            events = [event for event in events if not self._own(link, event)]
        if events:
            self._owner.bind_events(self, link, events)
        if not self.up and link.session.pending == 0:
            self._retire(link)

    def closed(self, link: SmppLink, reason: str) -> None:
        """A connection is gone; its twin goes too, once what is in flight on it is answered."""
        self._links.remove(link)
        self.standing.link_ended(link.session)
        self._fail(reason)
        if link is self._transmitter:
            self._transmitter = None
        self._retire_all()
        self._vacant.set()

    def _own(self, link: SmppLink, event: Event) -> bool:
        match event:
            case Bound():
                self.standing.accepted(event.response)
                self._bound(link)
            case Refused():
                self._refused(link, event.command_status)
            case Ended():
                self._fail(event.reason)
            case _:
                return False
        return True

    def _bound(self, link: SmppLink) -> None:
        self._bound_links += 1
        if self._paused:
            link.pause_reading()
        if self._bound_links == len(self._commands) and not (self._reason or self._stopping.is_set()):
            self.up = True
            self.standing.rose()
            self._told = ""
            self._owner.bind_up(self)

    def _refused(self, link: SmppLink, value: int) -> None:
        self.refused = value
        known = status.classify(value)
        self._permanent = value in _REFUSED_FOR_GOOD
        name = f" ({known.name})" if known.name else ""
        advice = "Check system_id and password." if self._permanent else "The carrier has to say why."
        if value == 0x05:
            advice = "Another connection may still hold this system_id."
        self._fail(f"The carrier refused the bind with {known.hex}{name}. {advice}")
        link.close("The bind was refused.")

    def _fail(self, reason: str) -> None:
        # The first reason is the cause; what follows it is only the wreckage.
        self._reason = self._reason or reason
        self.up = False

    def _retire_all(self) -> None:
        for link in list(self._links):
            if link.session.pending == 0:
                self._retire(link)

    def _retire(self, link: SmppLink) -> None:
        if not (self._reason or self._stopping.is_set()):
            return
        if link.session.bound:
            link.unbind()
        elif not link.session.unbinding:
            link.close(self._reason or "Stopping.")

    # The loop.

    async def _keep(self) -> None:
        try:
            while not self._stopping.is_set():
                await self._stand()
                self._tell_down()
                await self._wait(self._rest())
        finally:
            for link in list(self._links):
                link.abort("Stopping.")

    async def _stand(self) -> None:
        self._bound_links, self._reason, self._permanent, self.refused = 0, "", False, None
        for command in self._commands:
            self._command = command
            try:
                await self._connect()
            except TimeoutError:
                self._fail(f"No connection to {self._target.host}:{self._target.port} within {CONNECT_TIMEOUT:.0f} s.")
            except (OSError, ValueError) as error:
                self._fail(f"Cannot connect to {self._target.host}:{self._target.port}: {error}.")
            if self._reason:
                break
        self._retire_all()
        while self._links:
            self._vacant.clear()
            await self._vacant.wait()

    async def _connect(self) -> None:
        target = self._target
        await connect(
            target.host,
            target.port,
            lambda: SmppLink(Role.ESME, target.timing, self, target.guard),
            tls=target.tls,
            timeout_s=CONNECT_TIMEOUT,
            names=self._names,
        )

    def _tell_down(self) -> None:
        self.up = False
        self.standing.fell(self._reason, self._permanent)
        if self._reason != self._told:
            self._told = self._reason
            _log.log(logging.INFO if self._stopping.is_set() else logging.WARNING, "%s: %s", self.name, self._reason)
            self._owner.bind_down(self, self._reason, self._permanent)

    def _rest(self) -> float:
        chance = self._clock.random()
        return BACKOFF_REFUSED * (0.5 + 0.5 * chance) if self._permanent else self._damping.pause(chance)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
