"""The carriers of this process: how they stand, and what an operator decides of them while they run."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from tidings.config import CarrierSettings
from tidings.core.carrier import BindState, CarrierState, fold
from tidings.core.moments import written
from tidings.core.ports import Carrier, Down
from tidings.core.questions import Pause
from tidings.core.request import Fault, Invalid, Refused
from tidings.pipeline.hold import Hold, held, hold
from tidings.pipeline.house import House

log = logging.getLogger("tidings.fleet")


class Dispatcher(Protocol):
    """What hands messages to carriers, as the fleet needs to know it."""

    last_down: dict[str, Down]
    answers: dict[str, dict[str, int]]

    async def hold(self, held: Iterable[str]) -> None:
        """Hand nothing new to these carriers and binds from the return on, and to all others again."""
        ...

    def waiting(self, carrier: str) -> int:
        """Messages in memory that wait for a carrier."""
        ...


class Fleet:
    """See `core.ports.Fleet`."""

    def __init__(
        self, house: House, dispatcher: Dispatcher, carriers: Sequence[Carrier], settings: Sequence[CarrierSettings]
    ) -> None:
        self._house = house
        self._dispatcher = dispatcher
        self._carriers = {carrier.name: (carrier, own) for carrier, own in zip(carriers, settings, strict=True)}
        self._pauses: dict[str, Pause] = {}

    async def start(self) -> None:
        """Hold what was paused by an earlier process. Before anything is handed over."""
        await self._hold(await self._house.store.read(held))
        for name, pause in self._pauses.items():
            log.warning("%s is paused since %s: nothing is handed over to it", name, written(pause.at))

    def states(self) -> tuple[CarrierState, ...]:
        """How each stands, in the order of the configuration."""
        return tuple([self._state(name) for name in self._carriers])

    async def pause(self, name: str, bind: str | None) -> CarrierState | Refused | Invalid:
        """Hand nothing new to it from the return on."""
        return await self._steer(Hold(name, bind, True))

    async def resume(self, name: str, bind: str | None) -> CarrierState | Refused | Invalid:
        """Go on with it."""
        return await self._steer(Hold(name, bind, False))

    async def _steer(self, wanted: Hold) -> CarrierState | Refused | Invalid:
        if wanted.carrier not in self._carriers:
            return Refused("not_found", f"There is no carrier `{wanted.carrier}`.")
        binds = [bind.name for bind in self._carriers[wanted.carrier][0].binds()]
        if wanted.bind is not None and wanted.bind not in binds:
            fault = Fault("/bind", f"is no bind of {wanted.carrier}; there are {', '.join(binds)}")
            return Invalid((fault,))
        (pauses,) = await self._house.store.write(hold, [wanted])
        await self._hold(pauses)
        log.warning("%s was %s", wanted.bind or wanted.carrier, "paused" if wanted.paused else "resumed")
        return self._state(wanted.carrier)

    async def _hold(self, pauses: Iterable[Pause]) -> None:
        self._pauses = {pause.bind or pause.carrier: pause for pause in pauses}
        await self._dispatcher.hold(self._pauses)

    def _state(self, name: str) -> CarrierState:
        carrier, settings = self._carriers[name]
        down = self._dispatcher.last_down.get(name)
        pause = self._pauses.get(name)
        binds = tuple([self._with_pause(bind, pause) for bind in carrier.binds()])
        return CarrierState(
            name=name, type=settings.type, address=f"{settings.host}:{settings.port}", rate=carrier.rate,
            state=fold(binds, pause is not None), paused_at=None if pause is None else written(pause.at),
            waiting=self._dispatcher.waiting(name), binds_up=len(carrier.room()), binds_total=len(binds),
            down_reason=down.reason if down else None, permanent=bool(down and down.permanent),
            answers=dict(self._dispatcher.answers[name]), binds=binds,
        )  # fmt: skip

    def _with_pause(self, bind: BindState, whole: Pause | None) -> BindState:
        paused = whole is not None or bind.name in self._pauses
        return msgspec.structs.replace(bind, paused=True) if paused else bind
