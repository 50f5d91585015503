"""All binds to one SMSC: as many as are wanted, and replaced one by one, without loss, when their settings change.

A bind with new settings is made beside the one that stands. Once it stands, it takes its name and place; the other
takes nothing more, waits for its answers and unbinds. As long as the SMSC refuses the new system_id or password, the
old bind goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import msgspec

from tidings.core.carrier import BindState
from tidings.core.ports import Clock
from tidings.drivers.smpp_bind import BindOwner, SmppBind, Target
from tidings.drivers.smpp_link import SmppLink, Tap
from tidings.smpp.pdus import SubmitSm
from tidings.smpp.session import Event

_OF_CREDENTIALS = frozenset({0x0D, 0x0E, 0x0F})
"""Refusals that may mean the new system_id or password; with any other the SMSC grants no bind more beside the old."""

_log = logging.getLogger(__name__)


class Binds:
    """The binds of one carrier, by name. As a `BindOwner` of each it tells its own owner of those in place."""

    def __init__(
        self,
        carrier: str,
        target: Target,
        count: int,
        clock: Clock,
        tasks: asyncio.TaskGroup,
        owner: BindOwner,
        tap: Tap | None = None,
    ) -> None:
        self.target = target
        self._carrier = carrier
        self._clock = clock
        self._tasks = tasks
        self._owner = owner
        self._tap = tap
        self._started = self._held = False
        self._in_place: dict[str, SmppBind] = {}
        self._next: dict[str, SmppBind] = {}
        """Those with newer settings that have yet to stand."""
        self._leaving: dict[asyncio.Task[None], SmppBind] = {}
        self.change(target, count)

    def start(self) -> None:
        """Begin to connect."""
        self._started = True
        for bind in self._in_place.values():
            bind.start(self._tasks)

    async def stop(self, grace_s: float) -> None:
        """Take no more, wait up to `grace_s` for answers, unbind, close. It may be started again."""
        # Those that leave have no longer than the others: what comes after this is heard by nobody.
        ends = [bind.stop(grace_s) for bind in self._all()]
        self._started = False
        self._next.clear()
        await asyncio.gather(*ends)
        self._in_place = {name: self._made(name, old) for name, old in self._in_place.items()}

    def change(self, target: Target, count: int) -> None:
        """Want so many binds with this target; those that stand are replaced once their successors do."""
        renewed, self.target = target is not self.target, target
        names = [f"{self._carrier}/{number}" for number in range(1, count + 1)]
        for name in self._in_place.keys() - names:
            self._leave(self._next.pop(name, None))
            self._leave(self._in_place.pop(name))
        for name in names:
            old = self._in_place.get(name)
            if old is None:
                self._in_place[name] = self._made(name, None)
            elif renewed:
                self._leave(self._next.pop(name, None))
                self._next[name] = self._made(name, old)
                if not old.up:
                    self._take_place(name)

    def room(self) -> dict[str, int]:
        """Free window slots of each bind that is up."""
        return {name: bind.room() for name, bind in self._in_place.items() if bind.up}

    def states(self) -> Iterator[BindState]:
        """How each stands, and what keeps its successor from standing."""
        for name, bind in self._in_place.items():
            state = bind.state()
            if name in self._next:
                why = self._next[name].state().error or "It is connecting."
                state = msgspec.structs.replace(state, change=why)
            yield state

    def request(self, name: str, pdu: SubmitSm, token: Any) -> bool:
        """As SmppLink.request, on the bind of this name."""
        bind = self._in_place.get(name)
        return bind is not None and bind.request(pdu, token)

    def pause_reading(self) -> None:
        """Hold back what the SMSC sends."""
        self._held = True
        for bind in self._all():
            bind.pause_reading()

    def resume_reading(self) -> None:
        """Take it again."""
        self._held = False
        for bind in self._all():
            bind.resume_reading()

    # What the binds tell.

    def bind_up(self, bind: SmppBind) -> None:
        """Ready to carry."""
        if self._next.get(bind.name) is bind:
            _log.info("%s: bound with the new settings; the bind before it goes once it is answered", bind.name)
            self._take_place(bind.name)
        if self._in_place.get(bind.name) is bind:
            self._owner.bind_up(bind)

    def bind_down(self, bind: SmppBind, reason: str, permanent: bool) -> None:
        """Gone, or an attempt came to nothing."""
        name = bind.name
        if self._next.get(name) is bind:
            if bind.refused is None or bind.refused in _OF_CREDENTIALS:
                _log.warning("%s: the new settings wait while the bind with the old ones stands", name)
                return
            self._take_place(name)
        elif self._in_place.get(name) is bind and name in self._next:
            self._take_place(name)
        elif name in self._in_place and self._in_place[name] is not bind:
            return  # its place is taken
        self._owner.bind_down(bind, reason, permanent)

    def bind_events(self, bind: SmppBind, link: SmppLink, events: list[Event]) -> None:
        """What came on a link, also of one that leaves."""
        self._owner.bind_events(bind, link, events)

    # Inside.

    def _all(self) -> list[SmppBind]:
        return [*self._in_place.values(), *self._next.values(), *self._leaving.values()]

    def _made(self, name: str, before: SmppBind | None) -> SmppBind:
        bind = SmppBind(name, self.target, self._clock, self, before.standing.counts if before else None, self._tap)
        if self._held:
            bind.pause_reading()
        if self._started:
            bind.start(self._tasks)
        return bind

    def _take_place(self, name: str) -> None:
        old, self._in_place[name] = self._in_place[name], self._next.pop(name)
        self._leave(old)

    def _leave(self, bind: SmppBind | None) -> None:
        if bind is not None:
            task = self._tasks.create_task(bind.stop(bind.patience), name=f"smpp bind {bind.name} leaves")
            self._leaving[task] = bind
            task.add_done_callback(lambda done: self._leaving.pop(done, None))
