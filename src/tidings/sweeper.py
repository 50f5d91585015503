"""What time alone does: validity and waits that end, receipts parked, parts that stayed alone, retention."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from tidings.core.ids import highest
from tidings.core.message import DAY, HOUR, SECOND, Millis
from tidings.core.ports import Stage, StoreUnavailable
from tidings.core.questions import InboundRow, Scan, Tx
from tidings.core.traffic import MINUTES_KEPT
from tidings.pipeline import audit, converse, expire, lease, receipt, receive, signed_in
from tidings.pipeline.house import House

log = logging.getLogger("tidings.sweeper")

I = TypeVar("I")  # noqa: E741
R = TypeVar("R")

SWEEP_MOST = 500
SWEEP_PAGES = 200
"""Pages of that many rows a sweep works off of each kind before it turns to the next."""
LOOK_AGAIN = 24 * 3600.0
"""Seconds until texts of any age are looked through again."""
LEASE_KEPT: Millis = HOUR
"""So long the lease of an ESME stays that nobody holds."""
PIECES_KEPT: Millis = HOUR
"""Captured lines for another process that nobody came for: it has died, or else would have taken them in a second."""
LONG_QUEUE = 100_000
MINUTE = 60 * SECOND


class InMemory(Protocol):
    """What is on its way in memory, as the sweeper needs to know it."""

    def forget(self, message_id: int) -> None:
        """A message ended: it must not be handed over any more."""
        ...


class Sweeper:
    """One round every few seconds over what has fallen due in the store."""

    def __init__(self, house: House, runner: InMemory) -> None:
        self._house = house
        self._runner = runner
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._tick = 0
        self._blanked: dict[str, int] = {}
        """Up to which id texts of a category have been looked through."""
        self._looked_past = 0
        """Up to which id messages have been looked through that are kept no longer."""
        self._look_again = 0.0

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin with a round at once."""
        self._task = group.create_task(self._sweep_for_ever(), name="sweeper")

    async def stop(self, grace: float) -> None:
        """End after the page at hand, or after `grace` seconds; what is left is found again at the next start."""
        self._stopping.set()
        if self._task is None:
            return
        _, late = await asyncio.wait([self._task], timeout=grace)
        for task in late:
            task.cancel()

    async def _sweep_for_ever(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._sweep()
            except StoreUnavailable as fault:
                log.error("the store is not available: %s", fault)
            except Exception:
                # What time does stands still then, and messages go on: ending the process would end both.
                log.exception("what time alone does cannot be done; it is tried again with the next round")
                self._house.metrics.failed("sweeper")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._house.settings.delivery.sweep):
                    await self._stopping.wait()

    async def _sweep(self) -> None:
        house, now = self._house, self._house.clock.now()
        self._tick += 1
        # Looking for ended validity reads the whole queue, so a long one is looked through less often.
        look = house.backlog.total < LONG_QUEUE or self._tick % 10 == 0
        if look:
            await self._by_pages(lambda tx: tx.queue.expired(now, SWEEP_MOST), self._end_validity)
        wait = int(house.settings.delivery.receipt_wait * 1000)
        await self._by_pages(
            lambda tx: tx.messages.awaiting_receipt(now - wait, SWEEP_MOST),
            lambda ids: house.store.write(expire.end_wait, ids),
        )
        await self._by_pages(
            lambda tx: tx.receipts.parked(now, SWEEP_MOST), lambda rows: self._write_singly(receipt.rematch, rows)
        )
        await self._by_pages(
            lambda tx: tx.conversations.due(now, SWEEP_MOST), lambda due: house.store.write(converse.wake, due)
        )
        if self._tick % 10 == 1:
            await self._tidy()

    async def _by_pages(
        self, ask: Callable[[Tx], Awaitable[list[R]]], work: Callable[[list[R]], Awaitable[object]]
    ) -> bool:
        """Work off all that is found, a page a commit: what came in a second has to go in one. False: more is left."""
        last: list[R] = []
        for _ in range(SWEEP_PAGES):
            found = await self._house.store.read(ask)
            if found and found == last:  # nothing came of it
                break
            last = found
            if found:
                await work(found)
            if len(found) < SWEEP_MOST:
                return True
            if self._stopping.is_set():
                break
        return False

    async def _end_validity(self, message_ids: list[int]) -> None:
        ended = await self._house.store.write(expire.end_validity, message_ids)
        for message_id, gone in zip(message_ids, ended, strict=True):
            if gone:
                self._runner.forget(message_id)

    async def _tidy(self) -> None:
        """Rarer work: counts, idempotency answers, retention, parts that stayed alone, rows nobody remembers."""
        house, now = self._house, self._house.clock.now()
        house.backlog.reset(await house.store.read(lambda tx: tx.queue.counts()))
        for _ in range(SWEEP_PAGES):
            if await house.store.write(expire.forget_answers, [SWEEP_MOST]) != [SWEEP_MOST]:
                break
        await self._by_pages(lambda tx: tx.inbounds.stale(now - receive.PART_WAIT, SWEEP_MOST), self._complete_lone)
        if house.clock.monotonic() >= self._look_again:
            self._look_again = house.clock.monotonic() + LOOK_AGAIN
            self._blanked.clear()
            self._looked_past = 0
        for category, days in house.settings.retention.of_texts().items():
            if days:
                await self._retain(category, now - days * DAY)
        await house.store.write(signed_in.tidy, [None])
        if days := house.settings.retention.audit:
            await self._forget_rows(audit.forget_audit, now - days * DAY, "audit")
        if days := house.settings.retention.of_events():
            await self._forget_events(now - days * DAY)
        if days := house.settings.retention.messages:
            await self._forget_messages(now - days * DAY)
        if days := house.settings.retention.orphans:
            await self._forget_rows(expire.forget_orphans, now - days * DAY, "orphan")
        await self._forget_rows(expire.forget_minutes, now - MINUTES_KEPT, "traffic")
        if days := house.settings.retention.traffic:
            await self._forget_rows(expire.forget_hours, now - days * DAY, "traffic")
        await house.store.write(lease.forget, [LEASE_KEPT])
        await self._forget_rows(expire.forget_pieces, now - PIECES_KEPT, "capture")

    async def _forget_events(self, before: Millis) -> None:
        for _ in range(SWEEP_PAGES):
            if self._stopping.is_set() or not (await self._house.store.write(expire.forget_events, [before]))[0]:
                break

    async def _forget_messages(self, before: Millis) -> None:
        """Drop ended messages, a page a commit, going on where the last look ended.

        Once a day it looks from the beginning again, for those that were not over, or of which somebody had to be told.
        """
        store, after = self._house.store, self._looked_past

        async def ask(tx: Tx) -> Scan:
            return await tx.retention.past(after, before, expire.MESSAGES_MOST)

        for _ in range(SWEEP_PAGES):
            seen = await store.read(ask)
            if seen.ids:
                gone = (await store.write(expire.forget_messages, [expire.Past(seen.ids, before)]))[0]
                self._house.metrics.dropped("message", gone)
            if seen.cursor is None:
                self._looked_past = max(after, highest(before - HOUR))
                return
            self._looked_past = after = seen.cursor
            if self._stopping.is_set():
                return

    async def _forget_rows(self, stage: Stage[Millis, int], before: Millis, what: str) -> None:
        for _ in range(SWEEP_PAGES):
            gone = (await self._house.store.write(stage, [before]))[0]
            self._house.metrics.dropped(what, gone)
            if gone < expire.ROWS_MOST or self._stopping.is_set():
                return

    async def _complete_lone(self, rows: list[InboundRow]) -> None:
        new_id, settings = self._house.new_id, self._house.settings
        lones = [receive.Lone(new_id(), new_id(), row, settings, self._house.kit()) for row in rows]
        await self._write_singly(receive.complete_lone, lones)

    async def _write_singly(self, stage: Stage[I, Any], items: Sequence[I]) -> None:
        """For what strangers sent: one that breaks the stage is told and left where it is, alone."""
        try:
            await self._house.store.write(stage, items)
        except StoreUnavailable:
            raise
        except Exception:
            if len(items) == 1:
                log.exception("%s cannot take something a carrier sent", stage.name)
                return
            await asyncio.gather(*(self._write_singly(stage, [item]) for item in items))

    async def _retain(self, category: str, before: int) -> None:
        """Blank the texts of a category that ended before a moment, going on where the last look ended.

        Once a day it looks from the beginning again, for messages that took more than an hour to end.
        """

        async def blank(ids: list[int]) -> None:
            await self._house.store.write(expire.blank_texts, ids)
            self._blanked[category] = ids[-1]

        if await self._by_pages(
            lambda tx: tx.messages.outlived(category, self._blanked.get(category, 0), before, SWEEP_MOST), blank
        ):
            self._blanked[category] = highest(before - HOUR)
