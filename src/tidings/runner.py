"""Holds carriers: each as long as its lease is ours, with the loops that move messages to it and from it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence

from tidings.core.ports import Carrier, StoreUnavailable
from tidings.core.questions import Tx
from tidings.mover import Mover, Ours
from tidings.pipeline import lease, receipt
from tidings.pipeline.house import House

log = logging.getLogger("tidings.runner")

MOMENT = 0.5
"""Seconds that even a stop without grace leaves to what is being stored."""
NOBODY = -1
_ANY_FENCE = 1 << 62
ADOPT_S = 10.0
"""Seconds between two looks for carriers that are gone, where other processes may end them."""


class Runner:
    """Everything that moves messages by itself in one process."""

    def __init__(self, house: House, carriers: Sequence[Carrier]) -> None:
        self._house = house
        self._ours = Ours()
        self.mover = Mover(house, self._ours, self._look_for_gone)
        self._carriers = {carrier.name: carrier for carrier in carriers}
        for carrier in carriers:
            self.mover.add(carrier)
        self._missing: frozenset[str] = frozenset()
        """Carriers that were gone at the last look."""
        self._adopt_at = 0.0
        self._loops: list[asyncio.Task[None]] = []
        self._dispatchers: dict[str, asyncio.Task[None]] = {}
        self._listeners: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._stopping = False
        self._graces: dict[str, float] = {}
        """Seconds that the answers of carriers which are taken away are waited for; of others, as at a stop."""

    # start and stop

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Hold what is free of the carriers, settle what their earlier holders left open, and set the loops going."""
        store, leases = self._house.store, self._house.leases
        self.mover.follow()
        self._group = group
        for name in self._carriers:
            await self._want(name)
        await leases.want(lease.ROUTER, self._route_all, self._route_no_more)
        self._house.backlog.reset(await store.read(lambda tx: tx.queue.counts()))
        self._loops = self.mover.begin(group)

    async def stop(self, grace: float) -> None:
        """Hand over nothing more, wait for answers up to `grace` seconds, close the carriers, end the loops.

        What could not be stored in that time is settled at the next start, as after a crash.
        """
        self._stopping = True
        if self._group is None:
            return
        self.mover.stop()
        end = self._house.clock.monotonic() + grace
        # A claim under way is written and answered while the carriers still listen, not left in doubt.
        if self._dispatchers:
            await asyncio.wait(self._dispatchers.values(), timeout=grace)
        left = max(0.0, end - self._house.clock.monotonic())
        await asyncio.gather(*(carrier.stop(left) for carrier in self._carriers.values()))
        left = max(MOMENT, end - self._house.clock.monotonic())
        loops = [*self._loops, *self._dispatchers.values(), *self._listeners.values()]
        _, late = await asyncio.wait(loops, timeout=left)
        for loop in late:
            log.error("a loop did not end in time; what it held is settled at the next start")
            loop.cancel()

    # what is held

    def mine(self, carrier: str) -> bool:
        """Whether messages for a carrier are for this process; "": those that have no route."""
        return self._ours.mine(carrier)

    async def _want(self, name: str) -> None:
        """Hold a carrier as soon as nobody else does. Raises StoreUnavailable."""

        async def gained(fence: int) -> None:
            await self._hold(name, fence)

        async def lost(to_another: bool) -> None:
            grace = self._graces.pop(name, self._house.settings.shutdown_grace)
            await self._let_go(name, 0.0 if to_another else grace)

        await self._house.leases.want(lease.of_carrier(name), gained, lost, spread=True)

    async def _hold(self, name: str, fence: int) -> None:
        """A carrier is ours: settle what its earlier holders left open, and set its loops going."""
        carrier, group = self._carriers.get(name), self._group
        if carrier is None or group is None or self._stopping:
            return
        await self.mover.recover(name, fence)
        self._ours.fences[name] = fence
        told = receipt.Told(name, carrier.manners.id_form, carrier.manners.loose_ids)
        await self.mover.insist(receipt.keep_told, [told])
        await carrier.start()
        self._dispatchers[name], self._listeners[name] = self.mover.begin_with(carrier, group)
        self.mover.read_all_again()

    async def _let_go(self, name: str, grace: float) -> None:
        """A carrier is not ours any more: hand over nothing, wait up to `grace` seconds for its answers."""
        if name not in self._dispatchers:
            self._ours.fences.pop(name, None)  # it could not be begun with
            return
        self.mover.leave(name)
        await asyncio.wait([self._dispatchers.pop(name)])
        await self._carriers[name].stop(grace)
        await asyncio.wait([self._listeners.pop(name)])
        self._ours.fences.pop(name, None)
        self.mover.left(name)
        # What was accepted here meanwhile was told to nobody: whoever holds the carrier looks for it.
        with contextlib.suppress(StoreUnavailable):
            await self._house.store.write(lease.give_back, [(NOBODY, lease.of_carrier(name))])

    async def _route_all(self, fence: int) -> None:
        """Messages without a route are ours; so is what waits for carriers that are gone."""
        self._ours.routes = True
        await self._adopt()
        self.mover.read_all_again()

    async def _route_no_more(self, to_another: bool) -> None:
        self._ours.routes, self._ours.adopted = False, frozenset()

    async def add(self, carrier: Carrier) -> None:
        """One more carrier, for messages accepted from now on. Raises StoreUnavailable."""
        name = carrier.name
        self._carriers[name] = carrier
        self.mover.add(carrier)
        if self._group is None:
            return  # it begins with the others
        try:
            await self._want(name)
        except StoreUnavailable:
            self._drop(name)
            raise

    async def remove(self, name: str, grace: float) -> None:
        """Hand nothing more to a carrier, wait up to `grace` seconds for its answers; what waits goes by another."""
        self._graces[name] = grace
        waits = self.mover.waits_for(name)
        await self._house.leases.leave(lease.of_carrier(name))
        self._drop(name)
        self.mover.freshen(waits.all())
        if self._ours.routes:
            await self._adopt()

    def _drop(self, name: str) -> None:
        """Forget a carrier."""
        self.mover.drop(name)
        self._carriers.pop(name, None)
        self._graces.pop(name, None)

    async def _look_for_gone(self) -> None:
        """Now and then: other processes may have ended a carrier."""
        if self._ours.routes and self._house.leases.shared and self._house.clock.monotonic() >= self._adopt_at:
            await self._adopt(twice=True)

    async def _adopt(self, *, twice: bool = False) -> None:
        """Whatever waits for carriers that nobody knows is routed anew; what was open with them is in doubt.

        `twice`: only for those that were gone at the last look too.
        """

        async def ask(tx: Tx) -> frozenset[str]:
            held = {one.name for one in await tx.leases.all() if one.stands}
            stored = {one.name for one in await tx.carriers.stored()}  # which may be yet to be heard of here
            found = {*await tx.queue.carriers(), *await tx.attempts.open_at()} - {"", *self._carriers, *stored}
            return frozenset(name for name in found if lease.of_carrier(name) not in held)

        gone, before = await self.mover.learn(ask), self._missing
        self._missing, self._adopt_at = gone, self._house.clock.monotonic() + ADOPT_S
        adopted = gone & (before | self._ours.adopted) if twice else gone
        for name in adopted:
            await self.mover.recover(name, _ANY_FENCE)
        if adopted - self._ours.adopted:
            self.mover.read_all_again()
        self._ours.adopted = adopted

    # what others ask of those who move

    @property
    def answers(self) -> dict[str, dict[str, int]]:
        """How often each carrier answered what."""
        return self.mover.answers

    async def hold(self, held: Iterable[str]) -> None:
        """Hand nothing new to these carriers and binds from the return on, and to all others again."""
        await self.mover.hold(held)

    def heed(self, name: str) -> None:
        """The settings of a carrier are others: how fast it may be fed."""
        self.mover.heed(name)

    def forget(self, message_id: int) -> None:
        """A message ended: it is not handed over any more."""
        self.mover.forget(message_id)

    def learned(self, carrier: str, bind: str) -> float | None:
        """Segments per second that a bind is given at most since it throttled; None where nothing is held back."""
        return self.mover.learned(carrier, bind)

    def waiting(self, carrier: str) -> int:
        """Messages in memory that wait for a carrier."""
        return self.mover.waiting(carrier)

    def idle(self) -> bool:
        """Whether nothing is on its way."""
        return self.mover.idle()

    def flying(self) -> int:
        """Messages handed over and not yet answered."""
        return self.mover.flying()
