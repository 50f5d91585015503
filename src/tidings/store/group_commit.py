"""The store on any engine: one writer that merges whoever waits into one commit, or two; readers beside them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from tidings.core.health import DatabaseState
from tidings.core.message import Millis
from tidings.core.ports import Clock, News, Stage, StoreUnavailable
from tidings.core.questions import Tx
from tidings.metrics import Tally
from tidings.store import writer
from tidings.store.audience import Audience, Submission
from tidings.store.writer import CommitsBeside, CommitsInTurn, Writer, WriterBeside, WriterInTurn

I = TypeVar("I")  # noqa: E741
R = TypeVar("R")

READERS = 2
WATCH_S = 1.0
LATELY_S = 10.0
"""A writer that has not committed for so long before the last commit of all tells nothing of how it goes now."""


class Driver(Protocol):
    """What the group commit asks of an engine."""

    @property
    def in_turn(self) -> CommitsInTurn:
        """Where commits go that have the database to themselves."""
        ...

    @property
    def beside(self) -> CommitsBeside | None:
        """Where commits go out of turn, if they may at all."""
        ...

    def open(self) -> None:
        """Connect and bring the schema up to date."""
        ...

    def applied(self) -> list[str]:
        """Names of the migrations this database has."""
        ...

    def close(self) -> None: ...

    @property
    def name(self) -> str:
        """Which engine this is and, if not in the data folder, where. Known once it is open."""
        ...

    def free_disk_mb(self) -> int | None:
        """Free space where the data lives; None where it cannot be seen from here."""
        ...

    def look(self) -> DatabaseState:
        """What the database tells of itself, in the thread that calls. Raises StoreUnavailable."""
        ...

    def read(self, ask: Callable[[Tx], Awaitable[R]], tail: bool = False) -> R:
        """Ask about one moment, in the thread that calls. `tail`: for `Events.newest`. Raises StoreUnavailable."""
        ...


class GroupStore:
    """See `core.ports.Store`. `open` takes the database, `start` begins, `stop` commits what waits and closes."""

    def __init__(self, driver: Driver, clock: Clock, commit_queue: int = 50_000) -> None:
        self.driver = driver
        self._clock = clock
        self._bound = commit_queue
        self._audience = Audience()
        self.tally = Tally()
        """Moves of messages, committed."""
        self._in_turn = WriterInTurn("tidings-write", driver.in_turn, clock, self._audience, self.tally)
        self._beside: WriterBeside | None = None
        if driver.beside is not None:
            self._beside = WriterBeside(
                "tidings-accept", driver.beside, clock, self._audience, self.tally.beside(), self._in_turn
            )
        self._writers: list[Writer] = [self._beside, self._in_turn] if self._beside is not None else [self._in_turn]
        self._answered = time.monotonic()
        """When the database last answered a reader, by the monotonic clock."""
        self._stopping = False
        self._readers = ThreadPoolExecutor(READERS, "tidings-read")

    def open(self) -> None:
        """Take the database for this process and bring its schema up to date. Raises what its driver does."""
        self.driver.open()

    def applied(self) -> list[str]:
        """Names of the migrations this database has."""
        return self.driver.applied()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to commit; results are handed to `loop`."""
        self._loop = loop
        for one in self._writers:
            one.start(loop)
        loop.call_later(WATCH_S, self._watch)

    def stop(self) -> None:
        """Commit what waits, then close. Blocks for as long as that takes."""
        self._stopping = True
        for one in self._writers:  # the last of which takes what the other could not commit
            one.stop()
        self._readers.shutdown()
        self.driver.close()

    # the port

    async def write(self, stage: Stage[I, R], items: Sequence[I]) -> list[R]:
        if not items:
            return []
        if self._stopping:
            raise StoreUnavailable("shutting down")
        rows, waiting = stage.weigh(items), sum(one.rows for one in self._writers)
        if stage.refusable and waiting + rows > self._bound and waiting:
            raise StoreUnavailable("too much waits to be stored")
        future: asyncio.Future[list[R]] = self._loop.create_future()
        self._writer_of(stage, items).put(Submission(stage, items, future, self._clock.now(), rows))
        return await future

    def _writer_of(self, stage: Stage[I, R], items: Sequence[I]) -> Writer:
        beside = self._beside
        if beside is None or stage.beside is None or not beside.well or not stage.beside(items):
            return self._in_turn
        return beside

    async def read(self, ask: Callable[[Tx], Awaitable[R]], *, tail: bool = False) -> R:
        asked = self._loop.run_in_executor(self._readers, self.driver.read, ask, tail)
        try:
            while not (await asyncio.wait([asked], timeout=writer.HANGS_S))[0]:
                # One that asks for much may take longer, but not while nobody gets an answer.
                answered = max(self._answered, *(one.answered for one in self._writers))
                if time.monotonic() - answered > writer.HANGS_S:
                    raise StoreUnavailable(writer.hangs())
            found = asked.result()
        finally:
            asked.cancel()
        self._answered = time.monotonic()
        return found

    def follow(self, stage: Stage[I, R], then: Callable[[Sequence[I], list[R]], None]) -> None:
        self._audience.follow(stage, then)

    def not_follow(self, stage: Stage[I, R], then: Callable[[Sequence[I], list[R]], None]) -> None:
        self._audience.not_follow(stage, then)

    def after_commit(self, then: Callable[[set[Stage[object, object]]], None]) -> None:
        self._audience.after_commit(then)

    def not_after_commit(self, then: Callable[[set[Stage[object, object]]], None]) -> None:
        self._audience.not_after_commit(then)

    def announce(self, stage: Stage[I, R], words: Callable[[Sequence[I], list[R]], Sequence[object]]) -> None:
        self._audience.announce(stage, words)

    def hear(self, then: Callable[[News], None]) -> None:
        self._audience.hear(then)

    def not_hear(self, then: Callable[[News], None]) -> None:
        self._audience.not_hear(then)

    def heard(self, news: News) -> None:
        """On the loop: another process has committed something."""
        self._audience.heard(news)

    def conclude(
        self, stage: Stage[I, R], ask: Callable[[Set[str]], I | None], then: Callable[[R | None], None]
    ) -> None:
        self._audience.conclude(stage, ask, then)

    # health

    @property
    def fault(self) -> str:
        """The last engine fault in words, "" while commits succeed."""
        return next((one.fault for one in self._writers if one.fault), "")

    def lag(self) -> Millis:
        """How long the last commit took from its first submission on, or, if longer, how long one waits by now."""
        last = max(one.answered for one in self._writers)
        took = max(one.took for one in self._writers if one.answered > last - LATELY_S)
        return max(took, *(one.waits() for one in self._writers))

    def free_disk_mb(self) -> int | None:
        """Free space where the data lives; None where it cannot be seen from here."""
        return self.driver.free_disk_mb()

    async def look(self) -> DatabaseState:
        """What the database tells of itself. Raises StoreUnavailable."""
        return await self._loop.run_in_executor(self._readers, self.driver.look)

    def _watch(self) -> None:
        if self._stopping:
            return
        for one in self._writers:
            one.look_after()
        self._loop.call_later(WATCH_S, self._watch)
