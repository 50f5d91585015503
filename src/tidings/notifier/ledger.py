"""What requests came to, on its way into the store: many outcomes a commit, and nobody waits for it in between."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tidings.core.lane import Lane
from tidings.core.ports import Stage, StoreUnavailable
from tidings.core.telling import Load
from tidings.core.webhook import Delivery
from tidings.pipeline import settle
from tidings.pipeline.house import House

log = logging.getLogger("tidings.webhooks")

I = TypeVar("I")  # noqa: E741
R = TypeVar("R")

GAP = 0.02
"""Seconds for which outcomes are gathered. What is lost with the process in between is sent again under the same id."""
UNWRITTEN_MOST = 5_000
"""Deliveries whose outcome is not stored yet; while there are more, nothing new is sent."""
PAGE = 1_000

Settled = Callable[[Lane[Load], settle.Outcome, "tuple[Delivery, ...] | None"], None]


class Ledger:
    """Writes outcomes, in order, until it is told that no more will come."""

    def __init__(self, house: House, then: Settled) -> None:
        """`then` is called with each outcome once it is stored, or with None in place of its rows if it cannot be."""
        self._house = house
        self._then = then
        self._waiting: deque[tuple[Lane[Load], settle.Outcome]] = deque()
        self._unwritten = 0
        self._wake = asyncio.Event()
        self.ending = False
        """No more comes: write what is there and end."""

    @property
    def full(self) -> bool:
        """Whether the store cannot keep up, or is away."""
        return self._unwritten >= UNWRITTEN_MOST

    def enter(self, lane: Lane[Load], outcome: settle.Outcome) -> None:
        """To be stored soon."""
        self._waiting.append((lane, outcome))
        self._unwritten += len(outcome.deliveries)
        self._wake.set()

    def end(self) -> None:
        """Write what is there, then return from `write_for_ever`."""
        self.ending = True
        self._wake.set()

    async def write_for_ever(self) -> None:
        """Until `end`."""
        while self._waiting or not self.ending:
            await self._wake.wait()
            self._wake.clear()
            if not self.ending:
                await asyncio.sleep(GAP)
            while self._waiting:
                await self._write(self._page())

    def _page(self) -> list[tuple[Lane[Load], settle.Outcome]]:
        page: list[tuple[Lane[Load], settle.Outcome]] = []
        count = 0
        while self._waiting and count < PAGE:
            page.append(self._waiting.popleft())
            count += len(page[-1][1].deliveries)
        return page

    async def _write(self, page: Sequence[tuple[Lane[Load], settle.Outcome]]) -> None:
        """A page in one commit; should one of them be at fault, each alone."""
        rows: Sequence[tuple[Delivery, ...] | None]
        try:
            rows = await self.insist(settle.settle, [outcome for _, outcome in page])
        except Exception:
            if len(page) > 1:
                for one in page:
                    await self._write([one])
                return
            log.exception("what a request to %s came to cannot be recorded", page[0][0].name)
            rows = [None]
        for at, (lane, outcome) in enumerate(page):
            self._unwritten -= len(outcome.deliveries)
            self._then(lane, outcome, rows[at] if at < len(rows) else None)

    async def insist(self, stage: Stage[I, R], items: Sequence[I]) -> list[Any]:
        """Write until the store takes it; nothing if the process ends before: then it is sent again next time."""
        wait = 0.2
        while True:
            try:
                return await self._house.store.write(stage, items)
            except StoreUnavailable as fault:
                if self.ending:
                    return []
                log.error("cannot store %s for now: %s", stage.name, fault)
                await asyncio.sleep(wait)
                wait = min(5.0, wait * 2)
