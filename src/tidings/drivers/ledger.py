"""What came of sending, on its way into the store: many outcomes a commit, and nobody waits for it in between."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from tidings.core.ports import Stage, Store, StoreUnavailable

log = logging.getLogger("tidings.ledger")

C = TypeVar("C")
I = TypeVar("I")  # noqa: E741
R = TypeVar("R")

GAP = 0.02
"""Seconds for which outcomes are gathered. What is lost with the process in between is sent again."""
UNWRITTEN_MOST = 5_000
"""Deliveries whose outcome is not stored yet; while there are more, nothing new is to be sent."""
PAGE = 1_000


class _Entry(NamedTuple, Generic[C, I]):
    context: C
    outcome: I
    weight: int


class Ledger(Generic[C, I, R]):
    """Writes outcomes by one stage, in order, until it is told that no more will come."""

    def __init__(self, store: Store, stage: Stage[I, R], then: Callable[[C, I, R | None], None]) -> None:
        """`then` is called with each outcome once it is stored: with what the stage made of it, or with None if it
        cannot be stored. The context it was entered with comes back with it.
        """
        self._store = store
        self._stage = stage
        self._then = then
        self._waiting: deque[_Entry[C, I]] = deque()
        self._unwritten = 0
        self._wake = asyncio.Event()
        self.ending = False
        """No more comes: write what is there and end."""

    @property
    def full(self) -> bool:
        """Whether the store cannot keep up, or is away."""
        return self._unwritten >= UNWRITTEN_MOST

    def enter(self, context: C, outcome: I, weight: int = 1) -> None:
        """To be stored soon. `weight`: how many deliveries it is the outcome of."""
        self._waiting.append(_Entry(context, outcome, weight))
        self._unwritten += weight
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

    def _page(self) -> list[_Entry[C, I]]:
        page: list[_Entry[C, I]] = []
        count = 0
        while self._waiting and count < PAGE:
            page.append(self._waiting.popleft())
            count += page[-1].weight
        return page

    async def _write(self, page: Sequence[_Entry[C, I]]) -> None:
        """A page in one commit; should one of them be at fault, each alone."""
        rows: Sequence[R | None]
        try:
            rows = await self._insist([one.outcome for one in page])
        except Exception:
            if len(page) > 1:
                for one in page:
                    await self._write([one])
                return
            log.exception("%s cannot record what came of sending", self._stage.name)
            rows = [None]
        for at, one in enumerate(page):
            self._unwritten -= one.weight
            self._then(one.context, one.outcome, rows[at] if at < len(rows) else None)

    async def _insist(self, outcomes: Sequence[I]) -> list[R]:
        """Write until the store takes it; nothing if the process ends before: then it is sent again next time."""
        wait = 0.2
        while True:
            try:
                return await self._store.write(self._stage, outcomes)
            except StoreUnavailable as fault:
                if self.ending:
                    return []
                log.error("cannot store %s for now: %s", self._stage.name, fault)
                await asyncio.sleep(wait)
                wait = min(5.0, wait * 2)
