"""What the processes that hold carriers tell of them, read often: any process shows and steers all carriers by it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from tidings.core.carrier import Report
from tidings.core.ports import News, StoreUnavailable
from tidings.core.questions import Lease
from tidings.pipeline import lease, steer
from tidings.pipeline.house import House

LOOK_S = 1.0
"""Seconds between two looks: that a process died, nobody tells."""
ASK_S = 0.1
"""The same while somebody waits for something to be done."""

log = logging.getLogger("tidings.fleet")


class Board:
    """The last report of each carrier, and who holds it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._reports: dict[str, Report] = {}
        self._leases: dict[str, Lease] = {}
        self._wake = asyncio.Event()

    def names(self) -> list[str]:
        """Carriers that some process holds and tells of."""
        return [name for name in self._reports if self.report(name) is not None]

    def holder(self, carrier: str) -> int | None:
        """The process that holds a carrier now."""
        found = self._leases.get(lease.of_carrier(carrier))
        return found.holder if found is not None and found.stands else None

    def report(self, carrier: str) -> Report | None:
        """What its holder of now told of it."""
        found = self._reports.get(carrier)
        return found if found is not None and found.holder == self.holder(carrier) else None

    async def look(self) -> None:
        """Read what was told. Raises StoreUnavailable."""
        reports, leases = await self._house.store.read(steer.told)
        self._reports = {one.carrier: one for one in reports}
        self._leases = {one.name: one for one in leases}

    async def look_for_ever(self) -> None:
        """Look when something was told, and every second."""
        self._house.store.hear(self._heard)
        while True:
            self._wake.clear()
            try:
                await self.look()
            except StoreUnavailable as fault:
                log.error("what others tell of carriers cannot be read now: %s", fault)
            except Exception:
                # It only reads: what was read last is shown meanwhile, and nothing is done by it that a lease forbids.
                log.exception("what others tell of carriers cannot be read; it is looked at again")
                self._house.metrics.failed("board")
                await asyncio.sleep(LOOK_S)
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Look until something holds; False where it did not in time."""
        end = self._house.clock.monotonic() + seconds
        while True:
            await self.look()
            if true():
                return True
            if self._house.clock.monotonic() >= end:
                return False
            await asyncio.sleep(ASK_S)

    def _heard(self, news: News) -> None:
        if news.missed or steer.report in news.stages:
            self._wake.set()
