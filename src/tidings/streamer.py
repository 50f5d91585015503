"""The loops behind `/v1/stream`: read what happened once for all who watch, and let each take it at its own pace.

Nobody has a queue of its own. What happened last is in one ring that all share; who falls behind it reads from the
store, one page at a time. While nobody watches, nothing is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from tidings.core.message import DAY
from tidings.core.ports import Stage, StoreUnavailable
from tidings.core.request import Refused
from tidings.core.stream import Batch, Told, Wanted
from tidings.pipeline import stream, subscribe
from tidings.pipeline.house import House

log = logging.getLogger("tidings.stream")

RING_BATCHES = 256
RING_OCTETS = 4 * 1024 * 1024
"""What the ring holds, besides the batch that came last."""
RING_S = 30.0
"""And for how long: texts that the store has blanked do not live on here."""
CHUNK = 32 * 1024
"""Octets handed to one watcher at a time, and one event more."""
GAP_S = 0.02
"""Commits that come closer together than this share a reading."""
ASK_S = 2.0
"""How often everybody is asked whether their key still opens this."""
PARTING_S = 1.0
"""How long a stop waits for those who watch to take their leave."""


class Watching:
    """One who watches. See `core.ports.Watcher`."""

    __slots__ = ("_behind", "_closed", "_position", "_streamer", "_wake", "allowed", "attendant", "reason", "wanted")

    def __init__(self, streamer: Streamer, wanted: Wanted, allowed: Callable[[], Awaitable[bool]]) -> None:
        self.wanted = wanted
        self.allowed = allowed
        self.reason = ""
        self.attendant: asyncio.Task[None] | None = None
        """Waits for it to go away."""
        self._streamer = streamer
        self._position = 0
        self._behind = False
        """Whether something may be there for it, between its position and the ring's end."""
        self._closed = False
        self._wake = asyncio.Event()

    def begin(self, position: int) -> None:
        """Its place is known."""
        self._position = position
        self._behind = True

    @property
    def position(self) -> int:
        """Where it stands; who is not behind moves with all the others, without being woken."""
        return self._position if self._behind else max(self._position, self._streamer.position or 0)

    async def next(self, patience_s: float) -> bytes | None:
        loop = asyncio.get_running_loop()
        until = loop.time() + patience_s
        while not self.reason and not self._closed:
            if not self._behind:
                if not await self._woken(until):
                    return b""
            elif octets := await self._take():
                return octets
            elif loop.time() >= until:
                return b""
        return None

    def look(self, start: int) -> None:
        """Something may have happened behind `start` that it wants."""
        if not self._behind:
            self._position = max(self._position, start)
            self._behind = True
            self._wake.set()

    def end(self, reason: str) -> None:
        """It is to take its leave."""
        if not self.reason:
            self.reason = reason
            self._wake.set()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._wake.set()
            self._streamer.left(self)

    async def _woken(self, until: float) -> bool:
        self._wake.clear()
        try:
            async with asyncio.timeout_at(until):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    async def _take(self) -> bytes:
        """What comes next, from the ring as far as that reaches back, else from the store; b"" where there was none."""
        needed = self._streamer.since(self._position)
        if not needed:
            self._behind = False
            return b""
        first = needed[0]
        if first.start > self._position:
            return await self._read(first.start)
        if not first.covers(self.wanted):
            return await self._read(first.end)
        await asyncio.sleep(0)  # who takes quickly is not to keep the others waiting
        return self._gather(needed)

    async def _read(self, until: int) -> bytes:
        try:
            end, told = await self._streamer.past(self.wanted, self._position, until)
        except StoreUnavailable:
            self.end("unavailable")
            return b""
        self._position = end
        return b"".join([one.block for one in told])

    def _gather(self, batches: list[Batch]) -> bytes:
        blocks: list[bytes] = []
        octets = 0
        for batch in batches:
            if not batch.covers(self.wanted):
                break  # from the store, the next time
            for one in batch.by_account.get(self.wanted.account_id, ()):
                if one.position <= self._position or not self.wanted.fits(one.type, one.message):
                    continue
                blocks.append(one.block)
                octets += len(one.block)
                if octets >= CHUNK:
                    self._position = one.position
                    return b"".join(blocks)
            self._position = batch.end
        return b"".join(blocks)


class Streamer:
    """Everything about live streams that moves by itself in one process. See `core.ports.Streams`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._watchers: set[Watching] = set()
        self._per_account: Counter[int] = Counter()
        self._covered: dict[int, frozenset[str]] = {}
        self._ring: deque[tuple[float, Batch]] = deque()
        """Each with the moment it came."""
        self._octets = 0
        self.position: int | None = None
        """Up to where all who watch have been served; None while nobody does."""
        self._turn = asyncio.Semaphore(1)
        self._wake = asyncio.Event()
        self._somebody = asyncio.Event()
        self._nobody = asyncio.Event()
        self._nobody.set()
        self._ask_now = asyncio.Event()
        self._stopping = False
        self._loops: list[asyncio.Task[None]] = []

    # start and stop

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Set the loops going."""
        self._group = group
        self._house.store.after_commit(self._committed)
        self._loops = [group.create_task(loop) for loop in (self._tail_for_ever(), self._ask_for_ever())]

    async def stop(self) -> None:
        """Let nobody in any more, and wait a little for those who watch to take their leave."""
        self._stopping = True
        for one in list(self._watchers):
            one.end("shutdown")
        try:
            async with asyncio.timeout(PARTING_S):
                await self._nobody.wait()
        except TimeoutError:
            log.info("%d streams do not take their leave", self.open)
        for loop in self._loops:
            loop.cancel()

    # coming and going

    @property
    def open(self) -> int:
        return len(self._watchers)

    async def watch(
        self,
        wanted: Wanted,
        position: int | None,
        allowed: Callable[[], Awaitable[bool]],
        gone: Callable[[], Coroutine[Any, Any, None]],
    ) -> Watching | Refused:
        refused = self._no_room(wanted.account_id)
        if refused is not None:
            return refused
        one = Watching(self, wanted, allowed)
        self._enter(one)
        oldest = self._house.clock.now() - self._house.settings.stream.history * DAY
        try:
            begun = await self._house.store.read(lambda tx: stream.begin(tx, wanted, position, oldest), tail=True)
        except BaseException:
            one.close()
            raise
        if isinstance(begun, Refused):
            one.close()
            return begun
        one.begin(begun.position)
        if self.position is None:
            self.position = begun.newest
        self._wake.set()  # for what was committed between the reading and now
        if self._stopping:
            one.end("shutdown")
        one.attendant = self._group.create_task(self._attend(one, gone()))
        return one

    def ask(self) -> None:
        self._ask_now.set()

    def left(self, one: Watching) -> None:
        """Somebody watches no longer."""
        if one not in self._watchers:
            return
        self._watchers.remove(one)
        account = one.wanted.account_id
        self._per_account[account] -= 1
        if not self._per_account[account]:
            del self._per_account[account]
        self._cover(account)
        if one.attendant is not None:
            one.attendant.cancel()
        if not self._watchers:
            self.position = None
            self._ring.clear()
            self._octets = 0
            self._somebody.clear()
            self._nobody.set()

    def _enter(self, one: Watching) -> None:
        self._watchers.add(one)
        self._per_account[one.wanted.account_id] += 1
        self._cover(one.wanted.account_id)
        self._nobody.clear()
        self._somebody.set()

    def _no_room(self, account_id: int) -> Refused | None:
        settings = self._house.settings.stream
        if self._stopping:
            return Refused("unavailable", "The server is stopping.", 2)
        if self._per_account[account_id] >= settings.per_account:
            told = f"This account has {settings.per_account} streams open, as many as it may (`stream.per_account`)."
            return Refused("too_many_streams", f"{told} Close one, or let one stream serve several readers.", 10)
        if self.open >= settings.clients:
            told = f"{settings.clients} streams are open, as many as this server serves (`stream.clients`)."
            return Refused("streams_full", f"{told} Come again later, or ask `GET /v1/messages` meanwhile.", 10)
        return None

    def _cover(self, account_id: int) -> None:
        """What is read for all from now on. A batch keeps the one it was read with, so it is never changed in place."""
        types = [one.wanted.types for one in self._watchers if one.wanted.account_id == account_id]
        others = {account: known for account, known in self._covered.items() if account != account_id}
        self._covered = {**others, account_id: frozenset().union(*types)} if types else others

    async def _attend(self, one: Watching, gone: Coroutine[Any, Any, None]) -> None:
        try:
            await gone
        except Exception:
            log.exception("a stream's reader could not be watched")
        one.close()

    # the tail

    def since(self, position: int) -> list[Batch]:
        """The batches that reach beyond a position, the earliest first."""
        found: list[Batch] = []
        for _, batch in reversed(self._ring):
            if batch.end <= position:
                break
            found.append(batch)
        found.reverse()
        end = self.position or 0
        if not found and position < end:
            return [Batch(end, end, {}, {}, 0, False)]
        return found

    async def past(self, wanted: Wanted, position: int, until: int) -> tuple[int, list[Told]]:
        """A page of the past; those who read it take turns, so that it never crowds out other readers of the store."""
        async with self._turn:
            return await self._house.store.read(lambda tx: stream.past(tx, wanted, position, until))

    def _committed(self, stages: set[Stage[Any, Any]]) -> None:
        if self._watchers and not stages <= subscribe.NO_EVENTS:
            self._wake.set()

    async def _tail_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                while await self._advance():
                    pass
            except StoreUnavailable as fault:
                log.error("events cannot be read for streams now: %s", fault)
                await asyncio.sleep(1.0)
                self._wake.set()
            except Exception:
                log.exception("reading events for streams broke")
                for one in list(self._watchers):
                    one.end("unavailable")
            await asyncio.sleep(GAP_S)

    async def _advance(self) -> bool:
        """One look behind the position; True when there may be more."""
        start, covered = self.position, self._covered
        if start is None:
            return False
        batch = await self._house.store.read(lambda tx: stream.tail(tx, start, covered), tail=True)
        if self.position != start:  # all went meanwhile, and perhaps others came
            self._wake.set()
            return False
        if batch.end > start:
            self._publish(batch)
        if batch.held_back:
            self._wake.set()
        return batch.more

    def _publish(self, batch: Batch) -> None:
        self.position = batch.end
        at, last = self._ring[-1] if self._ring else (0.0, None)
        if last is not None and not batch.by_account and last.covered is batch.covered:
            self._ring[-1] = at, Batch(last.start, batch.end, last.covered, last.by_account, last.octets, batch.more)
        else:
            self._ring.append((self._house.clock.monotonic(), batch))
            self._octets += batch.octets
        while len(self._ring) > RING_BATCHES or (self._octets > RING_OCTETS and len(self._ring) > 1):
            self._drop_first()
        for one in self._watchers:
            if one.wanted.account_id in batch.by_account or not batch.covers(one.wanted):
                one.look(batch.start)

    def _drop_first(self) -> None:
        _, batch = self._ring.popleft()
        self._octets -= batch.octets

    # what time alone does

    async def _ask_for_ever(self) -> None:
        while True:
            await self._somebody.wait()
            self._ask_now.clear()
            for one in list(self._watchers):
                if not await one.allowed():
                    one.end("key")
            old = self._house.clock.monotonic() - RING_S
            while self._ring and self._ring[0][0] < old:
                self._drop_first()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ASK_S):
                    await self._ask_now.wait()
