"""What time alone does to what is owed to ESMEs: given up when it is too old, forgotten when it is long past."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tidings.core.esme import Esme
from tidings.core.message import DAY
from tidings.core.questions import Scan, Tx
from tidings.door.tail import log, tell
from tidings.pipeline import deliver
from tidings.pipeline.house import House

TIDY_S = 60.0
PAGES_IN_VAIN = 20
"""Pages without anything to drop after which the rest waits for the next time."""
CLOSED_MOST = 100


class Keeper:
    """One round every minute."""

    def __init__(self, house: House, ours: Callable[[], bool]) -> None:
        """`ours`: whether it is this process that sees to it."""
        self._house = house
        self._ours = ours
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End after the page at hand."""
        self._stopping.set()

    async def tidy_for_ever(self) -> None:
        """Until `stop`; the first round at once."""
        while not self._stopping.is_set():
            try:
                if self._ours():
                    await self.tidy()
            except Exception as fault:
                tell(fault)
            try:
                async with asyncio.timeout(TIDY_S):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def tidy(self) -> None:
        """One round."""
        store, now = self._house.store, self._house.clock.now()
        for esme_id in await store.read(lambda tx: tx.outbox.closed(CLOSED_MOST)):
            while (await store.write(deliver.withdraw, [esme_id]))[0] and not self._stopping.is_set():
                pass
        for one in await store.read(lambda tx: tx.outbox.backlogs()):
            esme = self._house.roster.get(one.esme_id)
            if esme is None:
                continue
            if one.oldest_at is not None and one.oldest_at <= deliver.horizon(esme, now):
                await self._give_up(esme)
            if one.dead > esme.queue_most:
                await self._drop_surplus(esme)
        await self._drop_past()

    async def _give_up(self, esme: Esme) -> None:
        count, page = 0, deliver.PAGE
        while page == deliver.PAGE and not self._stopping.is_set():
            age = deliver.Age(esme.id, deliver.horizon(esme, self._house.clock.now()))
            page = len((await self._house.store.write(deliver.give_up, [age]))[0])
            count += page
        if count:
            log.warning("%s: %d receipts and texts waited for %d h and are given up", esme.system_id, count,
                        esme.queue_hours)  # fmt: skip
            self._house.metrics.handed("too_old", count)

    async def _drop_surplus(self, esme: Esme) -> None:
        """Of what was given up no more is kept than may wait: the newest."""
        while not self._stopping.is_set():
            ids = await self._house.store.read(lambda tx: tx.outbox.surplus(esme.id, esme.queue_most, deliver.PAGE))
            if not ids:
                return
            await self._house.store.write(deliver.forget, ids)

    async def _drop_past(self) -> None:
        before = self._house.clock.now() - self._house.settings.smpp.delivery_retention * DAY
        after: int | None = 0
        in_vain = 0
        while after is not None and in_vain < PAGES_IN_VAIN and not self._stopping.is_set():

            async def ask(tx: Tx, start: int = after) -> Scan:
                return await tx.outbox.aged(start, before, deliver.PAGE)

            seen = await self._house.store.read(ask)
            await self._house.store.write(deliver.forget, list(seen.ids))
            in_vain = 0 if seen.ids else in_vain + 1
            after = seen.cursor
