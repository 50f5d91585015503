"""The SMPP door: takes connections, lets ESMEs bind, and unbinds those that may no longer be.

While more requests of an ESME wait than its window allows, its connection is not read.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

import msgspec

from tidings.config import ConfigError, SmppSettings
from tidings.core import ids
from tidings.core.esme import Esme
from tidings.core.health import DoorState
from tidings.core.ports import StoreUnavailable
from tidings.door.complaints import Complaints
from tidings.door.desk import Desk
from tidings.door.guests import Admitted, Caller, Guest, Guests
from tidings.door.login import Login
from tidings.door.port import Port, Room
from tidings.door.register import Register
from tidings.door.statuses import RINVBNDSTS, RSYSERR, Refusal
from tidings.drivers.smpp_link import SmppLink
from tidings.drivers.smpp_tap import Taps
from tidings.pipeline import passwords
from tidings.pipeline.house import House
from tidings.smpp import pdus
from tidings.smpp.codec import Strictness
from tidings.smpp.session import Answered, Congested, Ended, Event, Role, Timing, Unanswered
from tidings.smpp.status import classify

SYSTEM_ID_SHOWN = 32
"""Characters of a stranger's system_id that stand in the log."""
LOOK_EVERY = 1.0
"""Seconds between looks at whether those who are bound still may be."""

log = logging.getLogger("tidings.door")


class Outward(Protocol):
    """Who sends receipts and texts to those who are bound."""

    def joined(self, guest: Guest) -> None:
        """It bound; whether it receives, its bind type says."""
        ...

    def left(self, guest: Guest) -> None:
        """It is gone; what it was sent and did not answer was told before as Unanswered."""
        ...

    def answered(self, guest: Guest, events: Sequence[Answered | Unanswered]) -> None:
        """What became of requests to it."""
        ...


class SmppDoor:
    """The handler of all links of the door."""

    def __init__(
        self, house: House, settings: SmppSettings, outward: Outward | None = None, taps: Taps | None = None
    ) -> None:
        self._house = house
        self._settings = settings
        self.outward = outward
        self._taps = taps
        self.guests = Guests()
        self._register = Register(house, self._spawn)
        self._login = Login(house, self._register)
        self._desk = Desk(house, self._spawn, self._relieve)
        self._room = Room(settings.connections, settings.connections_per_address)
        self._links: set[SmppLink] = set()
        self._looking: set[SmppLink] = set()
        """Those whose bind is being looked at. They take room until that is done, though they hang up: who binds and
        hangs up again and again has no more looks at a time than connections."""
        self._refused: set[SmppLink] = set()
        """Those whose bind was refused, which was told, until they are gone."""
        self._complaints = Complaints(house.clock)
        self._vacant = asyncio.Event()
        self._timing = Timing(
            window=settings.window, response_timeout=settings.response_timeout, enquire_link=settings.enquire_link,
            login_timeout=settings.login_timeout, strictness=Strictness[settings.strictness.upper()],
        )  # fmt: skip
        self.ports: list[Port] = []
        self._loops: list[asyncio.Task[None]] = []
        self._binding: set[asyncio.Task[None]] = set()
        self._tasks: asyncio.TaskGroup | None = None
        self._stopping = False

    # start and stop

    def listen(self) -> None:
        """Take the ports. Raises OSError and ConfigError."""
        chosen = self._settings
        if chosen.port is not None:
            self.ports.append(self._port(chosen.port, None))
        if chosen.tls_port is not None:
            self.ports.append(self._port(chosen.tls_port, tls_context(chosen)))

    async def begin(self) -> None:
        """Forget the binds of a process that had this store before. Raises StoreUnavailable."""
        await self._register.begin()

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Let ESMEs in."""
        self._tasks = tasks
        self._house.roster.watch(self._changed)
        self._house.asking = lambda esme_id: {guest.session: guest.busy for guest in self.guests.of(esme_id)}
        loops = [*(port.serve() for port in self.ports), self._look_for_ever()]
        self._loops = [tasks.create_task(loop, name="smpp door") for loop in loops]

    async def stop(self, grace_s: float) -> None:
        """Take nothing more, answer what was taken, unbind all; drop what has not gone after `grace_s`."""
        self._stopping = True
        self._register.stop()
        for task in (*self._loops, *self._binding):  # a guesser's wait holds up no stop
            task.cancel()
        for link in list(self._links):
            guest = link.context
            if isinstance(guest, Guest):
                self._send_away(guest, "the server stops")
            else:
                link.close("The server stops.")
        try:
            async with asyncio.timeout(grace_s):
                while self._links:
                    self._vacant.clear()
                    await self._vacant.wait()
        except TimeoutError:
            for link in list(self._links):
                link.abort("The server stops.")

    def state(self) -> DoorState:
        """Its figures of this moment."""
        return DoorState(
            addresses=tuple(f"{port.host}:{port.number}" for port in self.ports), connections=self._room.taken,
            connections_most=self._settings.connections, turned_away=self._room.turned_away, binds=len(self.guests),
            esmes=len(self._house.roster),
            refused={
                classify(status).name: count
                for (command, status), count in self._house.metrics.door.items()
                if command == "bind" and status
            },
        )  # fmt: skip

    def _port(self, number: int, tls: ssl.SSLContext | None) -> Port:
        host = self._settings.host
        try:
            return Port(host, number, self._room, self._link, self._settings.login_timeout, self._complaints, tls)
        except (OSError, OverflowError) as fault:
            why = getattr(fault, "strerror", None) or str(fault)
            raise OSError(f"cannot listen for SMPP on {host}:{number}: {why}") from None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if self._tasks is None:
            work.close()
            raise RuntimeError("the door was not started")
        return self._tasks.create_task(work)

    # of the links

    def _link(self, host: str) -> SmppLink:
        link = SmppLink(Role.SMSC, self._timing, self)
        link.host = host
        return link

    def opened(self, link: SmppLink) -> None:
        """A connection stands; nothing happens before it binds."""
        self._links.add(link)
        if self._stopping:
            link.close("The server stops.")

    def closed(self, link: SmppLink, reason: str) -> None:
        """A connection is gone."""
        self._links.discard(link)
        if link not in self._looking:
            self._room.leave(link.host)
        self._vacant.set()
        guest = link.context
        if not isinstance(guest, Guest):
            if link not in self._refused:
                self._complaints.tell(link.host, f"gone without a bind: {reason}")
            self._refused.discard(link)
            return
        self.guests.leave(guest)
        self._register.strike(guest.session)
        log.info("%s: unbound: %s", guest, guest.leaving or reason)
        if self.outward is not None:
            self.outward.left(guest)

    def received(self, link: SmppLink, events: list[Event]) -> None:
        """What one read brought."""
        guest = link.context
        if not isinstance(guest, Guest):
            for event in events:
                if isinstance(event, pdus.Bind):
                    task = self._spawn(self._bind(link, event))
                    self._binding.add(task)
                    task.add_done_callback(self._binding.discard)
            return
        told: list[Answered | Unanswered] = []
        for event in events:
            if isinstance(event, Answered | Unanswered):
                told.append(event)
            elif not isinstance(event, Ended | Congested):
                self._ask(guest, event)
        if told and self.outward is not None:
            self.outward.answered(guest, told)

    # binds

    async def _bind(self, link: SmppLink, bind: pdus.Bind) -> None:
        shown = None if link.certificate is None else hashlib.sha256(link.certificate).hexdigest()
        caller = Caller(link.host, link.secure, shown)
        self._looking.add(link)
        try:
            outcome = await self._login.look(bind, caller)
        except Exception:
            log.exception("%s: a bind cannot be looked at", link.peer)
            outcome = Refusal(RSYSERR, "an internal error")
        finally:
            self._looking.discard(link)
            if link not in self._links:
                self._room.leave(link.host)
        if link.session.over:
            if isinstance(outcome, Admitted):
                self._register.strike(outcome.session)
            return
        if isinstance(outcome, Refusal):
            self._house.metrics.answered("bind", outcome.status)
            why = f"the bind of system_id {bind.system_id[:SYSTEM_ID_SHOWN]!r} is refused: {outcome.reason}"
            self._complaints.tell(link.host, why, logging.WARNING)
            self._refused.add(link)
            link.answer_bind(bind, outcome.status)
            link.close("The bind was refused.")
        else:
            self._let_in(link, bind, caller, outcome)

    def _let_in(self, link: SmppLink, bind: pdus.Bind, caller: Caller, admitted: Admitted) -> None:
        guest = Guest(link, admitted, caller, self._house.clock.now())
        link.context = guest
        self.guests.join(guest)
        if self._taps is not None:
            link.tapped(self._taps.of(f"esmes/{ids.show('esme', guest.esme_id)}", "smsc"))
        self._house.roster.bound.add(guest.esme_id)
        self._house.metrics.answered("bind", 0)
        log.info("%s: bound as %s", guest, guest.bind_type)
        spoken = msgspec.structs.replace(bind, interface_version=guest.interface_version)
        link.answer_bind(spoken, 0, self._settings.system_id)
        if self._stopping:
            self._send_away(guest, "the server stops")
        elif self.outward is not None:
            self.outward.joined(guest)

    def _changed(self, esme: Esme) -> None:
        """An ESME changed: sessions that it no longer allows end."""
        self._review(esme)
        if len(self.guests.of(esme.id)):
            self._spawn(self._count(esme))

    async def _count(self, esme: Esme) -> None:
        """It may have fewer binds by now, over all doors."""
        try:
            surplus = await self._register.surplus(esme.id, esme.max_binds)
        except StoreUnavailable as fault:
            log.error("%s: its binds cannot be counted now: %s", esme.system_id, fault)
            return
        for guest in self.guests.of(esme.id):
            if guest.session in surplus:
                self._send_away(guest, f"it may have {esme.max_binds} binds (max_binds)")

    def _review(self, esme: Esme) -> None:
        for guest in self.guests.of(esme.id):
            why = self._against(esme, guest)
            if why and not guest.leaving:
                self._send_away(guest, why)

    def _against(self, esme: Esme, guest: Guest) -> str:
        if esme.closed_at is not None:
            return "it is closed"
        if guest.system_id != esme.system_id:
            return "its system_id is another now"
        if guest.sealed not in passwords.valid(esme, self._house.clock.now()):
            return "its password is another now"
        refusal = self._login.stands_against(esme, guest.bind_type, guest.caller)
        return refusal.reason if refusal is not None else ""

    async def _look_for_ever(self) -> None:
        """What no change of an ESME tells: overlaps of passwords that end, accounts that are closed, our load."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            self._complaints.review()
            for esme_id in {guest.esme_id for guest in self.guests}:
                esme = self._house.roster.get(esme_id)
                if esme is not None:
                    self._review(esme)
                    self._tell_load(esme)

    def _tell_load(self, esme: Esme) -> None:
        """How full the queue is that its messages wait in: the session tells it those who speak 5.0, in responses."""
        load = int(100 * self._house.backlog.load(esme.account_id))
        for guest in self.guests.of(esme.id):
            guest.link.session.congestion_state = load

    def _send_away(self, guest: Guest, why: str) -> None:
        """Take nothing more from it, answer what it asked, then unbind it."""
        if not guest.leaving:
            guest.leaving = why
            log.info("%s: to be unbound: %s", guest, why)
        if guest.busy:
            guest.link.pause_reading()
        else:
            guest.link.resume_reading()
            guest.link.unbind()

    # requests

    def _ask(self, guest: Guest, pdu: Any) -> None:
        if guest.link.session.over:
            return  # the same read ended the session: no answer would reach it, so nothing is taken
        if guest.link.session.unbinding:
            guest.link.answer(pdu, RINVBNDSTS)
            return
        self._desk.ask(guest, pdu)
        esme = self._house.roster.get(guest.esme_id)
        if esme is None or guest.busy >= esme.window:
            guest.link.pause_reading()

    def _relieve(self, guest: Guest) -> None:
        """A session was given answers: it may be read again, or go."""
        esme = self._house.roster.get(guest.esme_id)
        if guest.leaving:
            if not guest.busy:
                self._send_away(guest, guest.leaving)
        elif esme is not None and guest.busy <= esme.window // 2:
            guest.link.resume_reading()


def tls_context(settings: SmppSettings) -> ssl.SSLContext:
    """What the door shows of itself, and whose certificates it takes. Raises ConfigError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except (OSError, ssl.SSLError) as fault:
        raise ConfigError(f"smpp.tls_certificate and smpp.tls_key cannot be used: {fault}") from None
    if settings.tls_client_ca:
        try:
            context.load_verify_locations(settings.tls_client_ca)
        except (OSError, ssl.SSLError) as fault:
            raise ConfigError(f"smpp.tls_client_ca cannot be used: {fault}") from None
        # Shown by those who have one: which ESME has to, its `certificate` says.
        context.verify_mode = ssl.CERT_OPTIONAL
    return context
