"""One process among others on a PostgreSQL database: it says that it lives, holds leases, and hears of commits."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import msgspec

from tidings.core.ports import Clock, Gained, Lost, News, StoreUnavailable
from tidings.core.questions import Lease
from tidings.core.tenure import Tenure
from tidings.pipeline import lease
from tidings.store import news, nodes
from tidings.store.group_commit import GroupStore
from tidings.store.nodes import Node
from tidings.store.postgres import Displaced, Postgres
from tidings.store.primary import Session

log = logging.getLogger("tidings.cluster")

BEAT_S = 1.0
"""Seconds from one sign of life to the next; leases are renewed with it, and those that are free are looked for."""
LEASE_MS = 6_000
"""For how long others believe that a lease is held."""
SAFE_S = 5.0
"""For how long its holder does, from before it asked: it stops before anybody else may begin."""
PULSE_S = 0.5
FROZEN_S = 2.0
"""A process whose loop did not run for so long may have been frozen: it asks before it trusts a lease again."""
PATIENCE_S = 2.5
"""An answer of the server that takes longer is given up, and the connection with it."""
YIELD_S = 10.0
"""One beyond one's share is given to somebody with less once it has been so for this long."""
KEPT_S = 600.0
"""It is not given again for so long where nobody took it."""
SPARE_S = 3.0
"""A lease of many that nobody takes for so long is taken beyond one's share."""
_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)


class _Want:
    """A lease that is wanted, and what is held of it."""

    __slots__ = ("free_since", "gained", "leaving", "lost", "name", "spread", "task", "tenure")

    def __init__(self, name: str, gained: Gained, lost: Lost, spread: bool) -> None:
        self.name, self.gained, self.lost, self.spread = name, gained, lost, spread
        self.tenure: Tenure | None = None
        self.task: asyncio.Task[None] | None = None
        self.leaving = False
        self.free_since: float | None = None

    @property
    def kind(self) -> str:
        """Those of a kind are shared evenly."""
        return self.name.partition("/")[0]


class Membership:
    """See `core.ports.Leases`. Start it when the store has begun; `displaced` is called when it may go on no longer."""

    def __init__(self, driver: Postgres, store: GroupStore, clock: Clock, displaced: Callable[[], None]) -> None:
        self._driver = driver
        self._store = store
        self._clock = clock
        self._displaced = displaced
        self.node = driver.node
        self.nodes: list[Node] = []
        """Everybody, as of the last look."""
        self._wants: dict[str, _Want] = {}
        self._db: Session | None = None
        self._away = False
        self._pulse_at = clock.monotonic()
        self._hurry = asyncio.Event()
        self._asking = asyncio.Lock()
        self._taking: asyncio.Task[None] | None = None
        self._yield_at: float | None = None
        self._kept_until = 0.0
        self._stopping = False
        self._loops: list[asyncio.Task[None]] = []
        self._group: asyncio.TaskGroup | None = None

    @property
    def shared(self) -> bool:
        return True

    @property
    def holder(self) -> int:
        return self._driver.writer

    @property
    def company(self) -> bool:
        return any(one.lives and one.role in _DOORS and one.number != self.node for one in self.nodes)

    # start and stop

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Listen, and begin to say that it lives. Raises StoreUnavailable."""
        self._group = group
        try:
            await self._connect()
        except _FAULTS as fault:
            raise StoreUnavailable(f"{type(fault).__name__}: {fault}") from fault
        self._loops = [group.create_task(loop) for loop in (self._beat_for_ever(), self._pulse_for_ever())]

    async def stop(self) -> None:
        """Give back what is still held, and hear no more. Before the store stops."""
        self._stopping = True
        await self._taken()
        if held := self._held():
            try:
                await self._store.write(lease.give_back, [(self._driver.writer, name) for name in held])
            except StoreUnavailable as fault:
                log.warning("leases could not be given back (%s); they end by themselves", fault)
        for loop in self._loops:
            loop.cancel()
        if self._db is not None:
            self._db.terminate()

    # the port

    async def want(self, name: str, gained: Gained, lost: Lost, *, spread: bool = False) -> None:
        one = self._wants[name] = _Want(name, gained, lost, spread)
        try:
            async with self._asking:
                await self._look()
        except (*_FAULTS, StoreUnavailable) as fault:
            log.error("%s cannot be taken for now: %s", name, fault)
        await self._taken()
        if one.task is not None:
            await asyncio.wait([one.task])

    async def _taken(self) -> None:
        """What is being taken was taken, or takes long."""
        if self._taking is not None:
            await asyncio.wait([self._taking], timeout=PATIENCE_S)

    async def leave(self, name: str) -> None:
        one = self._wants.get(name)
        if one is None:
            return
        one.leaving = True
        await self._taken()
        if one.task is not None:
            await asyncio.wait([one.task])
        if one.tenure is not None:
            await self._give_back(one)
        self._wants.pop(name, None)

    async def _give_back(self, one: _Want) -> None:
        await one.lost(False)
        one.tenure = one.free_since = None
        try:
            await self._store.write(lease.give_back, [(self._driver.writer, one.name)])
        except StoreUnavailable as fault:
            log.warning("the lease %s could not be given back (%s); it ends by itself", one.name, fault)

    def may_write(self, name: str, asked: bool) -> bool:
        one = self._wants.get(name)
        if one is None or one.tenure is None:
            return False
        now = self._clock.monotonic()
        if one.tenure.holds(now):
            return True
        # A keep-alive may go on while nobody can be asked; not where this process itself stood still.
        awake = now - self._pulse_at < FROZEN_S and not one.tenure.doubtful
        return not asked and self._away and awake

    # signs of life

    async def _pulse_for_ever(self) -> None:
        while True:
            now = self._clock.monotonic()
            if now - self._pulse_at > FROZEN_S:
                log.warning("this process stood still for %.1f s", now - self._pulse_at)
                for one in self._wants.values():
                    if one.tenure is not None and not one.tenure.holds(now):
                        one.tenure.doubtful = True
                self._hurry.set()
            self._pulse_at = now
            await asyncio.sleep(PULSE_S)

    async def _beat_for_ever(self) -> None:
        while not self._stopping:
            began = self._clock.monotonic()
            self._hurry.clear()
            try:
                async with self._asking:
                    await self._beat()
            except Displaced as fault:
                log.critical("%s", fault)
                self._displaced()
                return
            except (*_FAULTS, StoreUnavailable) as fault:
                self._lose(fault)
            except Exception:
                log.exception("leases cannot be looked after")
            left = BEAT_S - (self._clock.monotonic() - began)
            try:
                async with asyncio.timeout(max(0.05, left)):
                    await self._hurry.wait()
            except TimeoutError:
                continue

    async def _beat(self) -> None:
        db = self._db
        if db is None or not self._driver.place.holds(db):  # a lease on a primary that was replaced is none
            self._let_go()
            db = await self._connect()
        asked_at = self._clock.monotonic()
        async with asyncio.timeout(PATIENCE_S):
            rows = await db.fetch(_RENEW, self._driver.writer, LEASE_MS, self._held())
            silent_ms = await self._live(db)
        self._renewed({row["name"]: row["fence"] for row in rows}, asked_at)
        if silent_ms >= nodes.SILENT_MS:  # nobody told it anything meanwhile
            self._let_go()
            await self._connect()
        await self._look()

    def _held(self) -> list[str]:
        return [one.name for one in self._wants.values() if one.tenure is not None]

    async def _live(self, db: Session) -> int:
        """Say that it lives; for how many milliseconds it had not. Raises Displaced."""
        silent_ms: int | None = await db.fetchval(_LIVES, self._driver.writer)
        if silent_ms is None:
            raise Displaced(nodes.DISPLACED)
        return silent_ms

    def _renewed(self, fences: dict[str, int], asked_at: float) -> None:
        self._away = False
        for one in self._wants.values():
            if one.tenure is None or one.tenure.begun_at > asked_at:
                continue  # taken since
            if fences.get(one.name) == one.tenure.fence:
                one.tenure.renew(asked_at + SAFE_S)
            else:
                log.warning("%s is another process's by now", one.name)
                one.tenure = None
                self._then(one, one.lost(True))

    def _lose(self, fault: BaseException) -> None:
        if not self._away:
            log.error("this process cannot say that it lives: %s: %s", type(fault).__name__, fault)
        self._away = True
        self._let_go()

    def _let_go(self) -> None:
        if self._db is not None:
            self._db.terminate()
        self._db = None

    async def _connect(self) -> Session:
        """A connection of its own, so that no commit holds up a sign of life; then all is looked at again."""
        async with asyncio.timeout(2 * PATIENCE_S):
            db = await self._driver.place.connect(PATIENCE_S)
            try:
                await db.add_listener(nodes.CHANNEL, self._notified)
                # Under the lock of commits: whoever commits from now on knows that somebody hears.
                async with db.transaction():
                    await db.execute(f"select pg_advisory_xact_lock({nodes.LOCK})")
                    await self._live(db)
            except BaseException:
                db.terminate()
                raise
        self._db = db
        self._store.heard(News(frozenset(), missed=True))
        return db

    # leases

    async def _look(self) -> None:
        """Take what is wanted and free."""
        db = self._db
        if db is None or self._stopping:
            return
        async with asyncio.timeout(PATIENCE_S):
            leases = {row[0]: Lease(*row) for row in await db.fetch(_LEASES)}
            self.nodes = await nodes.everybody(db)
        now = self._clock.monotonic()
        free = [one for one in self._wants.values() if self._may_take(one, leases.get(one.name), now)]
        taking = self._fair(free, now)
        if self._group is None or (self._taking is not None and not self._taking.done()):
            return
        if not free and (surplus := self._surplus(now)) is not None:
            log.info("%s is given to an engine with less", surplus.name)
            self._then(surplus, self._give_back(surplus))
        for writer in {leases[one.name].holder for one in taking if one.name in leases} - {self._driver.writer, 0}:
            async with asyncio.timeout(PATIENCE_S):
                await nodes.end_sessions(db, writer)
        if taking:  # apart: a commit may have to wait, and signs of life must not
            self._taking = self._group.create_task(self._take(taking), name="leases")

    def _may_take(self, one: _Want, lease: Lease | None, now: float) -> bool:
        idle = one.task is None or one.task.done()
        if one.tenure is not None or one.leaving or not idle or (lease is not None and lease.stands):
            one.free_since = None
            return False
        one.free_since = now if one.free_since is None else one.free_since
        return True

    def _room(self) -> int:
        """How many more of those that are shared this process may hold; negative: how many it has beyond its share."""
        shared = [one for one in self._wants.values() if one.spread]
        able = max(1, sum(node.lives and node.role in _ENGINES for node in self.nodes))
        return math.ceil(len(shared) / able) - sum(one.tenure is not None for one in shared)

    def _fair(self, taking: list[_Want], now: float) -> list[_Want]:
        """Of leases of one kind no more than a share, unless nobody else takes them."""
        room = self._room()
        fair: list[_Want] = []
        for one in taking:
            if one.spread and room <= 0:
                if now - (one.free_since or now) < SPARE_S:
                    continue
                self._kept_until = now + KEPT_S
            room -= one.spread
            fair.append(one)
        return fair

    def _surplus(self, now: float) -> _Want | None:
        """One that somebody else should have, after a while in which nothing changed."""
        under_way = any(one.spread and one.task is not None and not one.task.done() for one in self._wants.values())
        if self._room() >= 0 or now < self._kept_until:
            self._yield_at = None
        elif under_way:
            return None  # one after the other
        elif self._yield_at is None:
            self._yield_at = now + YIELD_S
        elif now >= self._yield_at:
            wants = reversed(self._wants.values())
            return next((one for one in wants if one.spread and one.tenure is not None), None)
        return None

    async def _take(self, taking: list[_Want]) -> None:
        asked_at = self._clock.monotonic()
        wishes = [lease.Wish(one.name, self._driver.writer, LEASE_MS) for one in taking]
        try:
            fences = await self._store.write(lease.take, wishes)
        except StoreUnavailable as fault:
            log.error("%s cannot be taken for now: %s", ", ".join(one.name for one in taking), fault)
            return
        for one, fence in zip(taking, fences, strict=True):
            if fence is not None:
                log.info("%s is this process's, under fence %d", one.name, fence)
                one.tenure = Tenure(fence, self._clock.monotonic(), asked_at + SAFE_S)
                if not (self._stopping or one.leaving):
                    self._then(one, one.gained(fence))

    def _then(self, one: _Want, work: Awaitable[None]) -> None:
        """After what is under way of this lease."""
        if self._group is None:
            raise RuntimeError("it was not started")
        before = one.task

        async def follow() -> None:
            if before is not None:
                await asyncio.wait([before])
            try:
                await work
            except Exception:
                log.exception("%s: what it is for cannot be done; it is given back", one.name)
                with contextlib.suppress(Exception):
                    await self._give_back(one)

        one.task = self._group.create_task(follow(), name=f"lease {one.name}")

    # news

    def _notified(self, _: Any, pid: int, channel: str, text: str) -> None:
        writer, _, note = text.partition(" ")
        if writer == f"{self._driver.writer:x}":
            return
        try:
            told = news.read(note)
        except msgspec.DecodeError as fault:
            log.error("another process told something that cannot be read: %s", fault)
            told = News(frozenset(), missed=True)
        if not told.stages or lease.give_back in told.stages:
            self._hurry.set()  # somebody came, left, or gave something back
        if told.stages or told.missed:
            self._store.heard(told)


_ENGINES = ("engine", "all")
_DOORS = ("api", "all")
_RENEW = (
    f"update lease set until = {nodes.CLOCK} + $2 where holder = $1 and until > 0 and name = any($3) "  # noqa: S608 - the clock is a constant of ours
    "returning name, fence"
)
_LIVES = (
    f"update node set heard_at = {nodes.CLOCK} from node as before "  # noqa: S608 - the clock is a constant of ours
    f"where node.writer = $1 and before.writer = $1 returning {nodes.CLOCK} - before.heard_at"
)
_LEASES = f"select name, fence, holder, until > {nodes.CLOCK} from lease"  # noqa: S608 - the clock is a constant of ours
