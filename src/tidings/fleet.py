"""The carriers: how they stand, here or at the process that holds them, and what an operator decides of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from tidings.board import Board
from tidings.config import CarrierSettings, ConfigError
from tidings.core.carrier import BindState, CarrierState, Report, Source, fold
from tidings.core.message import Millis, Part
from tidings.core.moments import written
from tidings.core.ports import Carrier, StoreUnavailable
from tidings.core.questions import Pause, Tx
from tidings.core.request import Fault, Invalid, Refused
from tidings.core.story import PduSummary
from tidings.pipeline import receipt, steer
from tidings.pipeline.house import House
from tidings.text.terms import Terms

log = logging.getLogger("tidings.fleet")

REPORT_S = 2.0
"""Seconds between two reports of carriers that are held here; what changed is told at once."""
LOOK_S = 0.2
OBEY_S = 5.0
"""Seconds that an answer waits for the process that holds a carrier to do what was asked."""
CHANGES_MOST = 3
"""Changes of other processes that one of ours gives way to, in a row."""
_NOBODY = "no engine has its binds: start one with `tidings up --role engine`, or wait 10 s if one has just ended"
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

    @property
    def answers(self) -> dict[str, dict[str, int]]:
        """How often each carrier answered what."""
        ...

    async def hold(self, held: Iterable[str]) -> None:
        """Hand nothing new to these carriers and binds from the return on, and to all others again."""
        ...

    async def add(self, carrier: Carrier) -> None:
        """One more carrier."""
        ...

    async def remove(self, name: str, grace: float) -> None:
        """Hand nothing more to a carrier, wait for its answers; what waits goes by another."""
        ...

    def heed(self, name: str) -> None:
        """The settings of a carrier are others."""
        ...

    def mine(self, carrier: str) -> bool:
        """Whether this process holds it."""
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
    """See `core.ports.Fleet`. Changes are made one after the other; they are stored before they act.

    Where several processes share the store, what is stored is obeyed by each of them, and told by the one that holds
    the carrier.
    """

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
        self._board = Board(house)
        self._since: dict[str, Millis] = {}
        """Carriers that are held here, and since when."""
        self._faults: dict[str, str] = {}
        """Carriers whose stored settings cannot be used here, and why."""
        self._decided: steer.Decided | None = None
        """What was decided elsewhere and is yet to be obeyed."""
        self._wake = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._tell_house()

    async def start(self) -> None:
        """Hold what was paused by an earlier process. Before anything is handed over."""
        await self._hold(await self._house.store.read(steer.held))
        for name, pause in self._pauses.items():
            log.warning("%s is paused since %s: nothing is handed over to it", name, written(pause.at))

    def follow(self, group: asyncio.TaskGroup) -> None:
        """Tell others of the carriers that are held here, and obey what is decided elsewhere."""
        if self._house.leases.shared:
            loops = (self._board.look_for_ever(), self._obey_for_ever(), self._report_for_ever())
            self._loops = [group.create_task(loop, name="fleet") for loop in loops]

    def stop(self) -> None:
        """Tell nothing more."""
        for loop in self._loops:
            loop.cancel()

    async def decided(self, found: steer.Decided) -> None:
        """What is stored by now, by whichever process."""
        self._decided = found
        self._wake.set()

    def states(self) -> tuple[CarrierState, ...]:
        """How each stands, in the order in which they are asked to take messages; then those of other processes."""
        others = [name for name in self._board.names() if name not in self._members]
        return tuple([self._state(name) for name in (*self._members, *others)])

    def describe(self, name: str, part: Part, at: Millis) -> PduSummary | None:
        """The PDU that a carrier made of a part at a moment; None where that cannot be told."""
        member = self._members.get(name)
        return None if member is None else member.carrier.describe(part, at)

    def settings(self, name: str) -> dict[str, Any] | None:
        """The settings of a carrier without secrets; None of one that is gone."""
        if name not in self._members:
            report = self._board.report(name)
            return None if report is None else report.state.settings
        told: dict[str, Any] = msgspec.to_builtins(self._members[name].settings)
        return {key: value for key, value in told.items() if key not in _SECRETS}

    # decisions

    async def pause(self, name: str, bind: str | None) -> Outcome:
        """Hand nothing new to it from the return on."""
        return await self._steer(steer.Hold(name, bind, True))

    async def resume(self, name: str, bind: str | None) -> Outcome:
        """Go on with it."""
        return await self._steer(steer.Hold(name, bind, False))

    async def add(self, settings: CarrierSettings) -> Outcome:
        """One more carrier, stored, and at work from the return on unless it says otherwise."""
        name = settings.name
        async with self._one_at_a_time:
            if name in self._members or name == "simulator":
                return _exists(name)
            try:
                carrier = self._make(settings)
            except ConfigError as fault:
                return _invalid(fault)
            if not (await self._house.store.write(steer.keep, [steer.Change(None, settings)]))[0]:
                return _exists(name)
            await self._tell_ids(carrier, anew=True)
            await self._dispatcher.add(carrier)
            self._members[name] = Member(settings, "api", carrier)
            self._tell_house()
            log.warning("carrier %s was added", name)
        return await self._obeyed(name, lambda report: report.digest == steer.digest(settings), taken=True)

    async def change(self, name: str, settings: dict[str, Any]) -> Outcome:
        """Change what is named of a stored carrier, without losing what is under way."""
        async with self._one_at_a_time:
            wanted = await self._change(name, settings)
            if not isinstance(wanted, CarrierSettings):
                return wanted
            log.warning("carrier %s was changed: %s", name, ", ".join(settings))
        return await self._obeyed(name, lambda report: report.digest == steer.digest(wanted))

    async def _change(self, name: str, settings: dict[str, Any]) -> CarrierSettings | Refused | Invalid:
        """Store it over what stands there by now, and obey it here."""
        for _ in range(CHANGES_MOST):
            found = self._stored(name)
            if isinstance(found, Refused):
                return found
            wanted = msgspec.structs.replace(found.settings, **settings)
            try:
                self._make(wanted)  # whether it can be used is known before it is stored
            except ConfigError as fault:
                return _invalid(fault)
            if (await self._house.store.write(steer.keep, [steer.Change(found.settings, wanted)]))[0]:
                await self._obey(found, wanted)
                return wanted
            await self._take(await self._house.store.read(steer.decided))
        return Refused("unavailable", f"{name} is being changed by others; come again.", 1)

    async def remove(self, name: str) -> Refused | str | None:
        """Take a stored carrier away: what is under way is answered first, what waits goes by another."""
        async with self._one_at_a_time:
            found = self._stored(name)
            if isinstance(found, Refused):
                return found
            if len(self._members) == 1 and await self._under_way():
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
            await self._gone(name, found)
            log.warning("carrier %s was taken away", name)
        patience = found.settings.response_timeout + OBEY_S
        if not self._house.leases.shared or await self._board.until(lambda: not self._board.holder(name), patience):
            return None
        return (
            f"It is forgotten, and {self._engine(name)} has not yet let go of it: what is under way is answered first."
        )

    async def reread(self, carriers: Sequence[CarrierSettings]) -> None:
        """The file was read again, and these are its carriers. One that cannot be used goes on as before."""
        async with self._one_at_a_time:
            for settings in carriers:
                member = self._members.get(settings.name)
                if member is None or member.source != "file":
                    log.error("carrier %s stands newly in the file: restart to begin with it", settings.name)
                elif member.settings == settings:
                    await self._tell_ids(member.carrier)  # it may have failed to be stored the last time
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
        elsewhere = (member.settings.host, member.settings.port) != (settings.host, settings.port)
        self._go_on(member, settings)
        await self._tell_ids(member.carrier, elsewhere)

    def _go_on(self, member: Member, settings: CarrierSettings) -> None:
        member.carrier.change(settings)
        member.settings = settings
        self._faults.pop(settings.name, None)
        self._tell_house()
        self._dispatcher.heed(settings.name)

    async def _tell_ids(self, carrier: Carrier, anew: bool = False) -> None:
        """How its ids are read. `anew`: it is another SMSC by now, of whose ids nothing was learned yet."""
        told = receipt.Told(carrier.name, carrier.manners.id_form, carrier.manners.loose_ids, anew)
        await self._house.store.write(receipt.keep_told, [told])

    async def _gone(self, name: str, member: Member) -> None:
        self._faults.pop(name, None)
        await self._dispatcher.remove(name, member.settings.response_timeout)
        # Others may have been paused meanwhile: they stay so.
        await self._hold([pause for pause in self._pauses.values() if pause.carrier != name])

    async def _under_way(self) -> int:
        """Messages that need a carrier yet: those that wait, and those whose answer may send them again."""
        if not self._house.leases.shared:
            return self._house.backlog.total + self._dispatcher.flying()

        async def ask(tx: Tx) -> int:
            return sum((await tx.queue.counts()).values()) + len(await tx.attempts.open_at())

        return await self._house.store.read(ask)

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
        if member is None and name not in self._board.names():
            return _no_carrier(name)
        if member is None or member.source == "file":
            detail = f"{name} stands in the configuration file: change it there, and send the process SIGHUP."
            return Refused("carrier_in_file", detail)
        if member.source == "simulator":
            return Refused("carrier_in_file", "The simulator is set up by `[simulator]` in the configuration file.")
        return member

    async def _steer(self, wanted: steer.Hold) -> Outcome:
        name = wanted.carrier
        if name not in self._members and name not in self._board.names():
            return _no_carrier(name)
        binds = [bind.name for bind in self._state(name).binds]
        if wanted.bind is not None and wanted.bind not in binds:
            told = f"there are {', '.join(binds)}" if binds else "none stands now"
            return Invalid((Fault("/bind", f"is no bind of {name}; {told}"),))
        (pauses,) = await self._house.store.write(steer.hold, [wanted])
        await self._hold(pauses)
        if name not in self._members and name not in self._board.names():  # taken away in this moment
            return _no_carrier(name)
        heeded = {pause.bind or name for pause in pauses if pause.carrier == name}
        log.warning("%s was %s", wanted.bind or name, "paused" if wanted.paused else "resumed")
        return await self._obeyed(name, lambda report: heeded == set(report.heeded))

    async def _hold(self, pauses: Iterable[Pause]) -> None:
        self._pauses = {pause.bind or pause.carrier: pause for pause in pauses}
        await self._dispatcher.hold(self._pauses)

    # several processes

    async def _obeyed(self, name: str, done: Callable[[Report], bool], taken: bool = False) -> CarrierState:
        """How it stands once the process that holds it has done what was asked, or with a word that it has not yet.

        `taken`: some process is to take it first; else nothing is to be done while none has it.
        """
        if not self._elsewhere(name):
            return self._state(name)

        def obeyed() -> bool:
            report = self._board.report(name)
            if report is None:
                return not self._elsewhere(name) or (self._board.holder(name) is None and not taken)
            return done(report) or bool(report.fault)

        if await self._board.until(obeyed, OBEY_S) or self._board.holder(name) is None:
            return self._state(name)
        pending = f"stored; {self._engine(name)} has not done it within {OBEY_S:g} s, and will when it hears of it"
        return msgspec.structs.replace(self._state(name), pending=pending)

    def _engine(self, name: str) -> str:
        report = self._board.report(name)
        return "the engine that has its binds" if report is None else f"engine {report.state.engine}"

    def _elsewhere(self, name: str) -> bool:
        return self._house.leases.shared and not self._dispatcher.mine(name)

    async def _obey_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            found, self._decided = self._decided, None
            if found is None:
                continue
            try:
                async with self._one_at_a_time:
                    await self._take(found)
            except Exception:
                log.exception("what was decided of carriers elsewhere cannot be obeyed now")
                self._house.metrics.failed("decisions")
                await asyncio.sleep(REPORT_S)
                self._decided = self._decided or found
                self._wake.set()

    async def _take(self, found: steer.Decided) -> None:
        """Go on as it is decided: with other pauses first, because they are waited for."""
        await self._hold(found.pauses)
        stored = {one.name: one for one in found.carriers}
        for name, member in list(self._members.items()):
            if member.source == "api" and name not in stored:
                del self._members[name]
                self._tell_house()
                await self._gone(name, member)
                log.warning("carrier %s was taken away", name)
        for name, settings in stored.items():
            try:
                await self._take_one(self._members.get(name), settings)
            except ConfigError as fault:  # what it refers to is not on this machine, such as its tls_ca
                log.error("the stored carrier %s cannot be used here: %s", name, fault)
                self._faults[name] = str(fault)

    async def _take_one(self, member: Member | None, settings: CarrierSettings) -> None:
        if member is None:
            carrier = self._make(settings)
            self._members[settings.name] = Member(settings, "api", carrier)
            self._tell_house()
            await self._dispatcher.add(carrier)
            log.warning("carrier %s was added", settings.name)
        elif member.source == "api" and member.settings != settings:
            self._go_on(member, settings)
            log.warning("carrier %s was changed", settings.name)

    async def _report_for_ever(self) -> None:
        """Tell others how the carriers stand that are held here: what changed soon, all every few seconds."""
        told: dict[str, Report] = {}
        at = 0.0
        while True:
            try:
                told, at = await self._report_once(told, at)
            except StoreUnavailable as fault:
                log.error("how carriers stand cannot be told to others now: %s", fault)
                await asyncio.sleep(REPORT_S)
            except Exception:
                # Others show what they heard last; the carriers themselves go on, and must.
                log.exception("how carriers stand cannot be told to others; it is tried again")
                self._house.metrics.failed("reports")
                await asyncio.sleep(REPORT_S)
            await asyncio.sleep(LOOK_S)

    async def _report_once(self, told: dict[str, Report], at: float) -> tuple[dict[str, Report], float]:
        """What others have been told by now, and when they were told all."""
        now = self._house.clock.monotonic()
        mine = {name: self._report(name) for name in self._members if self._dispatcher.mine(name)}
        news = [one for name, one in mine.items() if now - at >= REPORT_S or _differs(told.get(name), one)]
        if not news or not self._house.leases.company:
            return told, at
        await self._house.store.write(steer.report, news)
        return mine, now if len(news) == len(mine) else at

    def _report(self, name: str) -> Report:
        member = self._members[name]
        heeded = [key for key, pause in self._pauses.items() if pause.carrier == name]
        return Report(
            carrier=name, holder=self._house.leases.holder, heeded=tuple(sorted(heeded)),
            digest=steer.digest(member.settings) if member.source == "api" else "", fault=self._faults.get(name),
            state=msgspec.structs.replace(self._here(name), settings=self.settings(name)),
        )  # fmt: skip

    # states

    def _state(self, name: str) -> CarrierState:
        if not self._elsewhere(name):
            return self._here(name)
        report, member = self._board.report(name), self._members.get(name)
        if report is None:
            return self._unheard(name, member)
        pending = None if report.fault is None else f"{report.state.engine} goes on as before: {report.fault}"
        source = report.state.source if member is None else member.source
        return msgspec.structs.replace(report.state, settings=None, pending=pending, source=source)

    def _unheard(self, name: str, member: Member | None) -> CarrierState:
        """Of one that nobody holds, or whose holder has not told of it yet."""
        if member is None:
            raise KeyError(name)
        settings, pause = member.settings, self._pauses.get(name)
        held = self._board.holder(name) is not None
        return CarrierState(
            name=name, type=settings.type, address=f"{settings.host}:{settings.port}", source=member.source,
            rate=settings.rate, state="connecting" if held else "unattended",
            paused_at=None if pause is None else written(pause.at), binds_up=0, binds_total=settings.binds,
            down_reason="an engine has just taken it" if held else _NOBODY,
        )  # fmt: skip

    def _here(self, name: str) -> CarrierState:
        member = self._members[name]
        settings, pause = member.settings, self._pauses.get(name)
        since = self._since.setdefault(name, self._house.clock.now())
        binds = tuple([self._told(name, bind, pause) for bind in member.carrier.binds()])
        down = next((bind for bind in binds if bind.error and not bind.bound), None)
        return CarrierState(
            name=name, type=settings.type, address=f"{settings.host}:{settings.port}", source=member.source,
            rate=settings.rate, state=fold(binds, pause is not None),
            paused_at=None if pause is None else written(pause.at),
            waiting=self._dispatcher.waiting(name), binds_up=sum(bind.bound for bind in binds), binds_total=len(binds),
            down_reason=down.error if down else None, permanent=bool(down and down.permanent),
            answers=dict(self._dispatcher.answers[name]), binds=binds,
            engine=self._house.place or None, engine_since=written(since),
        )  # fmt: skip

    def _told(self, carrier: str, bind: BindState, whole: Pause | None) -> BindState:
        """A bind with what its carrier does not know: whether it is paused, and how fast it is fed."""
        paused = whole is not None or bind.name in self._pauses
        learned = self._dispatcher.learned(carrier, bind.name)
        pace = None if learned is None else round(learned, 1)
        return msgspec.structs.replace(bind, paused=paused, pace=pace)


def _differs(before: Report | None, now: Report) -> bool:
    """Whether somebody may wait to hear of it."""
    return before is None or _mark(before) != _mark(now)


def _mark(one: Report) -> tuple[object, ...]:
    binds = [(bind.name, bind.state, bind.bound, bind.paused, bind.change) for bind in one.state.binds]
    return one.heeded, one.digest, one.fault, one.state.state, binds


def _exists(name: str) -> Refused:
    return Refused("carrier_exists", f"There is a carrier `{name}` already, or the name is taken.")


def _no_carrier(name: str) -> Refused:
    return Refused("not_found", f"There is no carrier `{name}`.")


def _invalid(fault: ConfigError) -> Invalid:
    return Invalid((Fault(f"/{fault.field}" if fault.field else "", str(fault)),))
