"""The carriers of this process: how they stand, and what an operator decides of them while they run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from tidings.config import CarrierSettings, ConfigError
from tidings.core.carrier import BindState, CarrierState, Source, fold
from tidings.core.message import Millis, Part
from tidings.core.moments import written
from tidings.core.ports import Carrier, StoreUnavailable
from tidings.core.questions import Pause
from tidings.core.request import Fault, Invalid, Refused
from tidings.core.story import PduSummary
from tidings.pipeline import steer
from tidings.pipeline.house import House
from tidings.text.terms import Terms

log = logging.getLogger("tidings.fleet")

_SECRETS = ("password", "password_file")
Outcome = CarrierState | Refused | Invalid


class Changing(Carrier, Protocol):
    """A carrier whose settings may change while it runs."""

    terms: Terms

    def change(self, settings: CarrierSettings) -> None:
        """Go on with other settings without losing what is under way. Raises ConfigError, and nothing is changed."""
        ...

    def describe(self, part: Part, at: Millis) -> PduSummary | None:
        """The PDU that a part went as at a moment; None where it could not go."""
        ...


class Dispatcher(Protocol):
    """What hands messages to carriers, as the fleet needs to know it."""

    answers: dict[str, dict[str, int]]

    async def hold(self, held: Iterable[str]) -> None:
        """Hand nothing new to these carriers and binds from the return on, and to all others again."""
        ...

    async def add(self, carrier: Carrier) -> None:
        """One more carrier."""
        ...

    async def remove(self, name: str, grace: float) -> None:
        """Hand nothing more to a carrier, wait for its answers; what waits goes by another."""
        ...

    async def heed(self, name: str, anew: bool = False) -> None:
        """The settings of a carrier are others; `anew`: what was learned of it is of another SMSC."""
        ...

    def waiting(self, carrier: str) -> int:
        """Messages in memory that wait for a carrier."""
        ...

    def flying(self) -> int:
        """Messages handed over and not yet answered."""
        ...

    def learned(self, carrier: str, bind: str) -> float | None:
        """Segments per second that a bind is given at most since it throttled; None where nothing is held back."""
        ...


@dataclass(slots=True)
class Member:
    """A carrier, with what it was told and by whom."""

    settings: CarrierSettings
    source: Source
    carrier: Changing


class Fleet:
    """See `core.ports.Fleet`. Changes are made one after the other; they are stored before they act."""

    def __init__(
        self,
        house: House,
        dispatcher: Dispatcher,
        members: Sequence[Member],
        make: Callable[[CarrierSettings], Changing],
    ) -> None:
        self._house = house
        self._dispatcher = dispatcher
        self._make = make
        self._members = {member.settings.name: member for member in members}
        self._pauses: dict[str, Pause] = {}
        self._one_at_a_time = asyncio.Lock()
        self._tell_house()

    async def start(self) -> None:
        """Hold what was paused by an earlier process. Before anything is handed over."""
        await self._hold(await self._house.store.read(steer.held))
        for name, pause in self._pauses.items():
            log.warning("%s is paused since %s: nothing is handed over to it", name, written(pause.at))

    def states(self) -> tuple[CarrierState, ...]:
        """How each stands, in the order in which they are asked to take messages."""
        return tuple([self._state(name) for name in self._members])

    def describe(self, name: str, part: Part, at: Millis) -> PduSummary | None:
        """The PDU that a carrier made of a part at a moment; None where that cannot be told."""
        member = self._members.get(name)
        return None if member is None else member.carrier.describe(part, at)

    def settings(self, name: str) -> dict[str, Any] | None:
        """The settings of a carrier without secrets; None of one that is gone."""
        if name not in self._members:
            return None
        told: dict[str, Any] = msgspec.to_builtins(self._members[name].settings)
        return {key: value for key, value in told.items() if key not in _SECRETS}

    async def pause(self, name: str, bind: str | None) -> Outcome:
        """Hand nothing new to it from the return on."""
        return await self._steer(steer.Hold(name, bind, True))

    async def resume(self, name: str, bind: str | None) -> Outcome:
        """Go on with it."""
        return await self._steer(steer.Hold(name, bind, False))

    async def add(self, settings: CarrierSettings) -> Outcome:
        """One more carrier, stored and at work from the return on."""
        async with self._one_at_a_time:
            if settings.name in self._members or settings.name == "simulator":
                return Refused("carrier_exists", f"There is a carrier `{settings.name}` already, or the name is taken.")
            try:
                carrier = self._make(settings)
            except ConfigError as fault:
                return _invalid(fault)
            await self._house.store.write(steer.keep, [settings])
            await self._dispatcher.add(carrier)
            self._members[settings.name] = Member(settings, "api", carrier)
            self._tell_house()
            log.warning("carrier %s was added", settings.name)
            return self._state(settings.name)

    async def change(self, name: str, settings: dict[str, Any]) -> Outcome:
        """Change what is named of a stored carrier, without losing what is under way."""
        async with self._one_at_a_time:
            found = self._stored(name)
            if isinstance(found, Refused):
                return found
            wanted = msgspec.structs.replace(found.settings, **settings)
            try:
                self._make(wanted)  # whether it can be used is known before it is stored
            except ConfigError as fault:
                return _invalid(fault)
            await self._house.store.write(steer.keep, [wanted])
            await self._obey(found, wanted)
            log.warning("carrier %s was changed: %s", name, ", ".join(settings))
            return self._state(name)

    async def remove(self, name: str) -> Refused | None:
        """Take a stored carrier away: what is under way is answered first, what waits goes by another."""
        async with self._one_at_a_time:
            found = self._stored(name)
            if isinstance(found, Refused):
                return found
            if len(self._members) == 1 and self._under_way():
                return Refused("carrier_in_use", "Messages wait, and there is no other carrier for them.")
            before = dict(self._members)
            del self._members[name]  # nothing is decided of it any more, while it is forgotten
            self._tell_house()
            try:
                await self._house.store.write(steer.drop, [name])
            except StoreUnavailable:
                self._members = before
                self._tell_house()
                raise
            await self._dispatcher.remove(name, found.settings.response_timeout)
            # Others may have been paused meanwhile: they stay so.
            await self._hold([pause for pause in self._pauses.values() if pause.carrier != name])
            log.warning("carrier %s was taken away", name)
            return None

    async def reread(self, carriers: Sequence[CarrierSettings]) -> None:
        """The file was read again, and these are its carriers. One that cannot be used goes on as before."""
        async with self._one_at_a_time:
            for settings in carriers:
                member = self._members.get(settings.name)
                if member is None or member.source != "file":
                    log.error("carrier %s stands newly in the file: restart to begin with it", settings.name)
                elif member.settings == settings:
                    await self._dispatcher.heed(settings.name)  # it may have failed to be stored the last time
                else:
                    try:
                        await self._obey(member, settings)
                        log.warning("carrier %s goes on as the file has it now", settings.name)
                    except ConfigError as fault:
                        log.error("%s; it goes on as before", fault)
            for name in {name for name, one in self._members.items() if one.source == "file"} - {
                c.name for c in carriers
            }:
                log.error("carrier %s is gone from the file: restart to end with it", name)

    # Inside.

    async def _obey(self, member: Member, settings: CarrierSettings) -> None:
        member.carrier.change(settings)
        before, member.settings = member.settings, settings
        self._tell_house()
        elsewhere = (before.host, before.port) != (settings.host, settings.port)
        await self._dispatcher.heed(settings.name, anew=elsewhere)

    def _under_way(self) -> int:
        """Messages that need a carrier yet: those that wait, and those whose answer may send them again."""
        return self._house.backlog.total + self._dispatcher.flying()

    def _tell_house(self) -> None:
        """What accept asks: which carriers there are, in which order, and what texts may be sent as by them."""
        # The simulator is asked last, whenever the others came.
        ordered = sorted(self._members.values(), key=lambda one: one.source == "simulator")
        self._members = {one.settings.name: one for one in ordered}
        self._house.carriers = {one.settings.name: one.settings.rate for one in ordered}
        self._house.terms = {one.settings.name: one.carrier.terms for one in ordered}
        held = [one.settings for one in ordered if one.settings.sender_rules != "off"]
        self._house.sender_rules = {one.name: one.sender_rules for one in held}

    def _stored(self, name: str) -> Member | Refused:
        member = self._members.get(name)
        if member is None:
            return _no_carrier(name)
        if member.source == "file":
            detail = f"{name} stands in the configuration file: change it there, and send the process SIGHUP."
            return Refused("carrier_in_file", detail)
        if member.source == "simulator":
            return Refused("carrier_in_file", "The simulator is set up by `[simulator]` in the configuration file.")
        return member

    async def _steer(self, wanted: steer.Hold) -> Outcome:
        if wanted.carrier not in self._members:
            return _no_carrier(wanted.carrier)
        binds = [bind.name for bind in self._members[wanted.carrier].carrier.binds()]
        if wanted.bind is not None and wanted.bind not in binds:
            fault = Fault("/bind", f"is no bind of {wanted.carrier}; there are {', '.join(binds)}")
            return Invalid((fault,))
        (pauses,) = await self._house.store.write(steer.hold, [wanted])
        await self._hold(pauses)
        if wanted.carrier not in self._members:  # taken away in this moment
            return _no_carrier(wanted.carrier)
        log.warning("%s was %s", wanted.bind or wanted.carrier, "paused" if wanted.paused else "resumed")
        return self._state(wanted.carrier)

    async def _hold(self, pauses: Iterable[Pause]) -> None:
        self._pauses = {pause.bind or pause.carrier: pause for pause in pauses}
        await self._dispatcher.hold(self._pauses)

    def _state(self, name: str) -> CarrierState:
        member = self._members[name]
        settings, pause = member.settings, self._pauses.get(name)
        binds = tuple([self._told(name, bind, pause) for bind in member.carrier.binds()])
        down = next((bind for bind in binds if bind.error and not bind.bound), None)
        return CarrierState(
            name=name, type=settings.type, address=f"{settings.host}:{settings.port}", source=member.source,
            rate=settings.rate, state=fold(binds, pause is not None),
            paused_at=None if pause is None else written(pause.at),
            waiting=self._dispatcher.waiting(name), binds_up=sum(bind.bound for bind in binds), binds_total=len(binds),
            down_reason=down.error if down else None, permanent=bool(down and down.permanent),
            answers=dict(self._dispatcher.answers[name]), binds=binds,
        )  # fmt: skip

    def _told(self, carrier: str, bind: BindState, whole: Pause | None) -> BindState:
        """A bind with what its carrier does not know: whether it is paused, and how fast it is fed."""
        paused = whole is not None or bind.name in self._pauses
        learned = self._dispatcher.learned(carrier, bind.name)
        pace = None if learned is None else round(learned, 1)
        return msgspec.structs.replace(bind, paused=paused, pace=pace)


def _no_carrier(name: str) -> Refused:
    return Refused("not_found", f"There is no carrier `{name}`.")


def _invalid(fault: ConfigError) -> Invalid:
    return Invalid((Fault(f"/{fault.field}" if fault.field else "", str(fault)),))
