"""What this process holds in memory of what stands in the store: read again when another process changed it there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from tidings.core.account import Account, Key
from tidings.core.esme import Esme
from tidings.core.ports import News, Stage, StoreUnavailable
from tidings.core.questions import Tx
from tidings.pipeline import admit, deliver, enrol
from tidings.pipeline.house import House

R = TypeVar("R")

log = logging.getLogger("tidings.mirror")

GAP_S = 0.02
"""Changes elsewhere that come closer together than this share a reading."""
FAULT_S = 0.3
"""Seconds after which is read again what could not be read."""
TRIES = 5
"""Readings that a commit of our own may overtake before one is taken all the same: the next follows at once."""
COUNT_S = 2.0
COUNT_SHARE = 20
"""How often it is counted what waits, and how many times as long as counting took at least."""


class _Held(Generic[R]):
    """Something in memory: which stages change it, how it is read, and who takes what was read."""

    def __init__(
        self,
        stages: frozenset[Stage[Any, Any]],
        read: Callable[[Tx], Awaitable[R]],
        take: Callable[[R], Awaitable[None]],
    ) -> None:
        self.stages = stages
        self.read = read
        self.take = take
        self.wanted = False
        self.turns = 0
        """Commits that changed it, here or elsewhere: what was read before one of them is old."""


class Mirror:
    """Start it when the store is open. Where one process has its store for itself, it has nothing to do."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._held: list[_Held[Any]] = []
        self._wake = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self.keep({admit.store_keys, admit.change_keys, admit.change_accounts}, _callers, self._renew_keyring)
        self.keep({enrol.store_esmes, enrol.change_esmes}, _esmes, self._renew_roster)

    def keep(
        self,
        stages: set[Stage[Any, Any]],
        read: Callable[[Tx], Awaitable[R]],
        take: Callable[[R], Awaitable[None]],
    ) -> None:
        """Read this again after commits of these stages elsewhere, and hand it to `take`, which is awaited."""
        self._held.append(_Held(frozenset(stages), read, take))

    def start(self, group: asyncio.TaskGroup) -> None:
        """Hear of what others commit, and tell them what they need to know of ours."""
        if not self._house.leases.shared:
            return
        deliver.announce(self._house.store)
        self._house.store.after_commit(self._committed)
        self._house.store.hear(self._heard)
        # What was changed since it was first read, and before somebody listened, nobody told.
        self._heard(News(frozenset(), missed=True))
        self._loops = [group.create_task(loop) for loop in (self._read_for_ever(), self._count_for_ever())]

    def stop(self) -> None:
        """Hear no more."""
        for loop in self._loops:
            loop.cancel()

    def _committed(self, stages: set[Stage[Any, Any]]) -> None:
        for held in self._held:
            if not held.stages.isdisjoint(stages):
                held.turns += 1

    def _heard(self, news: News) -> None:
        for held in self._held:
            if news.missed or not held.stages.isdisjoint(news.stages):
                held.wanted = True
                self._wake.set()

    async def _read_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(GAP_S)
            for held in [one for one in self._held if one.wanted]:
                held.wanted = False
                try:
                    await self._read(held)
                except Exception as fault:
                    if isinstance(fault, StoreUnavailable):
                        log.error("what another process changed cannot be read now: %s", fault)
                    else:
                        log.exception("what another process changed cannot be taken over")
                    held.wanted = True
                    await asyncio.sleep(FAULT_S)
                    self._wake.set()

    async def _read(self, held: _Held[Any]) -> None:
        for _ in range(TRIES):
            turns = held.turns
            found = await self._house.store.read(held.read)
            if turns == held.turns:
                break
        await held.take(found)

    async def _renew_keyring(self, found: tuple[list[Key], list[Account]]) -> None:
        ended = self._house.keyring.renew(*found)
        for key_id in ended:
            self._house.meter.forget(key_id)
        if self._house.streams is not None:
            self._house.streams.ask()

    async def _renew_roster(self, esmes: list[Esme]) -> None:
        for esme in self._house.roster.renew(esmes, self._house.clock.now()):
            self._house.meter.forget(esme.id)

    async def _count_for_ever(self) -> None:
        """What waits is taken away by whoever sends it: how much that is by now, only the store knows."""
        clock = self._house.clock
        while True:
            began = clock.monotonic()
            try:
                self._house.backlog.reset(await self._house.store.read(lambda tx: tx.queue.counts()))
            except StoreUnavailable as fault:
                log.error("what waits cannot be counted now: %s", fault)
            await asyncio.sleep(max(COUNT_S, COUNT_SHARE * (clock.monotonic() - began)))


async def _callers(tx: Tx) -> tuple[list[Key], list[Account]]:
    return await tx.accounts.keys(), await tx.accounts.accounts()


async def _esmes(tx: Tx) -> list[Esme]:
    return await tx.esmes.open()
