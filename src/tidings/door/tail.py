"""The tail of events, followed into the outbox of ESMEs, as `notifier` follows it for webhooks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any

from tidings.core.ports import Stage, StoreUnavailable
from tidings.pipeline import deliver, subscribe
from tidings.pipeline.house import House

log = logging.getLogger("tidings.door")

GAP = 0.01
"""Seconds between two looks at the tail, so that many commits are followed by one."""
FAULT_S = 1.0
"""Seconds after which is tried again what the store could not do."""


class Tail:
    """Fills the outbox with what concerns ESMEs."""

    def __init__(self, house: House, room: Callable[[], dict[int, int]], then: Callable[[int, int], None]) -> None:
        """`room`: how much more each queue takes, see `deliver.Tail`; `then`: so many more wait for an ESME."""
        self._house = house
        self._room = room
        self._then = then
        self._position = 0
        self._kept_at = house.clock.monotonic()
        self._wake = asyncio.Event()
        self._stopping = False
        self.ours = False
        """Whether it is this process that follows it."""

    async def take(self, fence: int) -> None:
        """It is this process's from now on."""
        self.ours = True
        self._wake.set()

    async def give(self, to_another: bool) -> None:
        """It is not."""
        self.ours = False

    def begin(self) -> None:
        """Look at every commit from now on."""
        self._house.store.after_commit(self._committed)
        self._house.roster.watch(lambda _: self._wake.set())
        self._wake.set()

    def stop(self) -> None:
        """End after the look at hand."""
        self._stopping = True
        self._wake.set()

    def _committed(self, stages: set[Stage[Any, Any]]) -> None:
        if self.ours and len(self._house.roster) and not stages <= subscribe.NO_EVENTS:
            self._wake.set()

    async def follow_for_ever(self) -> None:
        """Until `stop`."""
        while not self._stopping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(deliver.KEEP_S):
                    await self._wake.wait()
            self._wake.clear()
            try:
                while self.ours and not self._stopping and await self._fill():
                    pass
            except Exception as fault:
                # Receipts stand still then, and go out later; texts must not stand still with them.
                tell(fault)
                await asyncio.sleep(0 if self._stopping else FAULT_S)
                self._wake.set()
            await asyncio.sleep(GAP)

    async def _fill(self) -> bool:
        """One look behind the cursor; True when there may be more."""
        now = self._house.clock.monotonic()
        tail = deliver.Tail(self._position, self._room(), now - self._kept_at >= deliver.KEEP_S)
        filled = (await self._house.store.write(deliver.fill, [tail]))[0]
        if tail.keep:
            self._kept_at = now
        self._position = filled.position
        self._tell(filled.waiting, filled.refused)
        if filled.held_back:
            self._wake.set()
        return filled.more

    def _tell(self, waiting: Mapping[int, int], refused: Mapping[int, int]) -> None:
        for esme_id, count in refused.items():
            log.warning("the queue of ESME %d is full: %d receipts and texts are given up", esme_id, count)
            self._house.metrics.handed("queue_full", count)
        for esme_id, count in waiting.items():
            self._then(esme_id, count)


def tell(fault: Exception) -> None:
    """What kept the store from answering, in the log."""
    if isinstance(fault, StoreUnavailable):
        log.error("what is owed to ESMEs cannot be read or stored now: %s", fault)
    else:
        log.error("what is owed to ESMEs cannot be read or stored", exc_info=fault)
