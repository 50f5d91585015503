"""Any SMSC: binds kept up, parts as submit_sm, receipts and texts from deliver_sm and data_sm (SMPP 3.4)."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

from tidings.config import ConfigError
from tidings.core.carrier import BindState
from tidings.core.message import Millis, Part
from tidings.core.ports import CarrierEvent, Clock, Down, Receipt, SendError, Sent, Up
from tidings.core.story import PduSummary
from tidings.drivers.smpp_bind import SmppBind, Target
from tidings.drivers.smpp_binds import Binds
from tidings.drivers.smpp_link import Guard, SmppLink, Tap
from tidings.drivers.smpp_messages import Translator
from tidings.drivers.smpp_profile import Profile, read
from tidings.smpp.codec import EncodeError, encode
from tidings.smpp.pdus import Bind, DataSm, DeliverSm
from tidings.smpp.session import Answered, Congested, Event, Timing, Unanswered

EVENTS_MOST = 5_000
"""Events that may wait to be taken; above it the links stop reading."""
RX_T_APPN = 0x64
"""ESME_RX_T_APPN: come again later."""
BIND_KINDS = ("transceiver", "transmitter+receiver")

_log = logging.getLogger(__name__)


class SmppSettings(Protocol):
    """What the carrier has to be told; `tidings.config.CarrierSettings` fits."""

    @property
    def name(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def system_id(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def system_type(self) -> str: ...
    @property
    def bind(self) -> str: ...
    @property
    def binds(self) -> int: ...
    @property
    def window(self) -> int: ...
    @property
    def rate(self) -> float: ...
    @property
    def tls(self) -> bool: ...
    @property
    def tls_ca(self) -> str | None: ...
    @property
    def tls_verify(self) -> bool: ...
    @property
    def response_timeout(self) -> float: ...
    @property
    def enquire_link(self) -> float: ...
    @property
    def profile(self) -> Mapping[str, Any]: ...


class SmppCarrier:
    """An SMSC as `core.ports.Carrier`. Raises ConfigError for settings that cannot be used.

    Every part given to `send` is answered by exactly one Sent or SendError. A response that comes after the
    part was answered `in_doubt` for a timeout brings one more Sent for the same attempt, if it says so.
    """

    def __init__(
        self,
        settings: SmppSettings,
        clock: Clock,
        tasks: asyncio.TaskGroup,
        tap: Tap | None = None,
        guard: Guard | None = None,
    ) -> None:
        """`guard`: asked in the moment before anything is written to the SMSC; see `drivers.smpp_link`."""
        self.name = settings.name
        self._guard = guard
        self._clock = clock
        self._events: list[CarrierEvent] = []
        self._news = asyncio.Event()
        self._paused = False
        self._ended = False
        self._passed_over = 0
        profile = self._obey(settings)
        self._binds = Binds(settings.name, _target(settings, profile, guard), settings.binds, clock, tasks, self, tap)

    async def start(self) -> None:
        """Connect and keep connected until `stop`, after which it may be started again; returns at once."""
        self._ended = False
        self._binds.start()

    async def stop(self, grace_s: float) -> None:
        """Take no more parts, wait up to `grace_s` for answers, unbind, close."""
        await self._binds.stop(grace_s)
        self._ended = True
        self._news.set()

    def change(self, settings: SmppSettings) -> None:
        """Go on with other settings, without losing what is under way: see `drivers.smpp_binds`.

        Raises ConfigError, and nothing is changed, for settings that cannot be used.
        """
        profile = _profile(settings)
        same = all(getattr(settings, name) == getattr(self._settings, name) for name in _OF_BINDS)
        target = self._binds.target if same else _target(settings, profile, self._guard)
        self._obey(settings)
        self._binds.change(target, settings.binds)

    def room(self) -> dict[str, int]:
        """Free window slots of each bind that is up."""
        return self._binds.room()

    def binds(self) -> tuple[BindState, ...]:
        """How each bind stands."""
        return tuple(self._binds.states())

    def send(self, parts: Sequence[Part]) -> None:
        """Write the parts to their binds; every one is answered later by Sent or SendError."""
        for part in parts:
            try:
                taken = self._binds.request(part.bind, self._translator.submit(part), part.attempt_id)
            except EncodeError as error:
                self._tell(SendError(part.attempt_id, "permanent", "content_invalid", "", f"{error}.", part.bind))
                continue
            if not taken:
                detail = "The bind is down or its window is full."
                self._tell(SendError(part.attempt_id, "not_written", "carrier_outage", "", detail, part.bind))

    def describe(self, part: Part, at: Millis) -> PduSummary | None:
        """The submit_sm that a part went as at a moment, without addresses and text; None where it could not go."""
        try:
            pdu = Translator(self.name, self._translator.profile, lambda: at).submit(part)
        except EncodeError:
            return None
        return PduSummary(
            source_addr_ton=pdu.source_addr_ton,
            source_addr_npi=pdu.source_addr_npi,
            dest_addr_ton=pdu.dest_addr_ton,
            dest_addr_npi=pdu.dest_addr_npi,
            esm_class=pdu.esm_class,
            protocol_id=pdu.protocol_id,
            data_coding=pdu.data_coding,
            registered_delivery=pdu.registered_delivery,
            validity_period=pdu.validity_period,
            sm_length=len(pdu.short_message),
            tlvs=tuple(f"0x{tag:04x}" for tag, _ in pdu.tlvs),
        )

    async def events(self) -> AsyncIterator[list[CarrierEvent]]:
        """What happened, in order, in the batches it came in; ends after `stop`. For one reader."""
        while self._events or not self._ended:
            if not self._events:
                self._news.clear()
                await self._news.wait()
                continue
            batch, self._events = self._events, []
            if self._paused:
                self._paused = False
                self._binds.resume_reading()
            yield batch

    def acknowledge(self, tokens: Sequence[Any], accepted: bool) -> None:
        """Answer receipts and inbound texts: stored, or (accepted=False) please come again.

        A token whose link is gone is passed over: the SMSC will deliver it again.
        """
        status = 0 if accepted else RX_T_APPN
        for link, command_id, sequence in tokens:
            link.answer_to(command_id, sequence, status)

    # What the binds tell.

    def bind_up(self, bind: SmppBind) -> None:
        """Ready to carry."""
        self._tell(Up(bind.name))

    def bind_down(self, bind: SmppBind, reason: str, permanent: bool) -> None:
        """Gone."""
        self._tell(Down(bind.name, reason, permanent))

    def bind_events(self, bind: SmppBind, link: SmppLink, events: list[Event]) -> None:
        """What came on one of its links."""
        translator, name, out, counts = self._translator, bind.name, self._events, bind.standing.counts
        for event in events:
            if isinstance(event, Answered):
                if event.late:
                    counts.late += 1
                    self._late(event, name)
                else:
                    counts.answered += 1
                    outcome = translator.outcome(event.token, name, event.response)
                    if isinstance(outcome, SendError) and outcome.kind == "throttled":
                        counts.throttled += 1
                    out.append(outcome)
            elif isinstance(event, DeliverSm | DataSm):
                token = (link, event.command_id, event.sequence_number)
                came = translator.incoming(event, name, link.context, token)
                if isinstance(came, Receipt):
                    counts.receipts += 1
                else:
                    counts.inbound += 1
                out.append(came)
            elif isinstance(event, Unanswered):
                out.append(self._unanswered(event, name))
            elif isinstance(event, Congested):
                _log.info("%s: congestion_state %d, %d requests at once", name, event.state, event.allowed)
            else:
                self._pass_over(event, name)
        self._wake()

    # Inside.

    def _obey(self, settings: SmppSettings) -> Profile:
        profile = _profile(settings)
        self._settings = settings
        self.rate = settings.rate
        self._timeout = settings.response_timeout
        self._translator = Translator(settings.name, profile, self._clock.now)
        self.terms = profile.terms()
        self.manners = profile.manners()
        return profile

    def _pass_over(self, event: Event, bind: str) -> None:
        # Told at the 1st, 2nd, 4th, 8th … only, so that an SMSC cannot fill the log.
        self._passed_over += 1
        if self._passed_over & (self._passed_over - 1) == 0:
            _log.info("%s: %s was passed over, %d so far", bind, type(event).__name__, self._passed_over)

    def _late(self, event: Answered, bind: str) -> None:
        outcome = self._translator.outcome(event.token, bind, event.response)
        if isinstance(outcome, Sent):
            self._events.append(outcome)
        else:
            _log.info("%s: late answer for attempt %s: %s", bind, event.token, outcome.carrier_code)

    def _unanswered(self, event: Unanswered, bind: str) -> SendError:
        if not event.written:
            detail = "The link went down before the part was written."
            return SendError(event.token, "not_written", "carrier_outage", "", detail, bind)
        detail = f"The carrier did not answer within {self._timeout:g} s, or the link went down before it did."
        return SendError(event.token, "in_doubt", "outcome_lost", "", detail, bind)

    def _tell(self, event: CarrierEvent) -> None:
        self._events.append(event)
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        if len(self._events) >= EVENTS_MOST and not self._paused:
            self._paused = True
            self._binds.pause_reading()


_OF_BINDS = (
    "host", "port", "system_id", "password", "system_type", "bind", "window", "tls", "tls_ca", "tls_verify",
    "response_timeout", "enquire_link", "profile",
)  # fmt: skip
"""Settings that a bind is made with: when one changes, binds are made anew."""


_POINTED = {"address_range": "profile"}
"""The setting that a field of the bind stands in, where that is another."""


def _profile(settings: SmppSettings) -> Profile:
    try:
        return read(settings.name, settings.profile)
    except ConfigError as error:
        raise ConfigError(str(error), "profile") from error


def _target(settings: SmppSettings, profile: Profile, guard: Guard | None) -> Target:
    if settings.bind not in BIND_KINDS:
        raise ConfigError(
            f"Carrier {settings.name!r}: bind is {settings.bind!r}; use {' or '.join(BIND_KINDS)}", "bind"
        )
    bind = Bind(
        system_id=settings.system_id,
        password=settings.password,
        system_type=settings.system_type,
        interface_version=profile.interface_version,
        addr_ton=profile.bind_ton,
        addr_npi=profile.bind_npi,
        address_range=profile.address_range,
    )
    for field in ("system_id", "password", "system_type", "address_range"):
        try:
            encode(Bind(**{field: getattr(bind, field)}))
        except EncodeError:  # whose words may quote a password
            raise ConfigError(
                f"Carrier {settings.name!r}: {field} has a character that SMPP cannot carry: no NUL, and none beyond "
                "Latin-1",
                _POINTED.get(field, field),
            ) from None
        most, length = profile.lengths.get(field, 255), len(getattr(bind, field))
        if length > most:
            raise ConfigError(
                f"Carrier {settings.name!r}: {field} has {length} characters; lengths in its profile gives it {most}",
                _POINTED.get(field, field),
            )
    return Target(
        host=settings.host,
        port=settings.port,
        bind=bind,
        pair=settings.bind != "transceiver",
        timing=Timing(
            window=settings.window,
            response_timeout=settings.response_timeout,
            enquire_link=settings.enquire_link,
            enquire_misses=profile.enquire_misses,
            strictness=profile.level(),
        ),
        tls=_tls(settings),
        guard=guard,
    )


def _tls(settings: SmppSettings) -> ssl.SSLContext | None:
    if not settings.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca)
    except OSError as error:
        raise ConfigError(
            f"Carrier {settings.name!r}: tls_ca {settings.tls_ca!r} cannot be used: {error}", "tls_ca"
        ) from error
    if not settings.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
