"""The store on any engine: one writer thread that merges whoever waits into one commit; readers beside it."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from types import coroutine
from typing import Any, NamedTuple, Protocol, TypeVar, cast

from tidings.core.health import DatabaseState
from tidings.core.message import Millis
from tidings.core.ports import STAGES, Clock, News, Stage, StoreUnavailable
from tidings.core.questions import Tx
from tidings.core.traffic import buckets
from tidings.metrics import Tally
from tidings.store import news
from tidings.store.engine import Engine
from tidings.store.transaction import Transaction

log = logging.getLogger("tidings.store")

I = TypeVar("I")  # noqa: E741
R = TypeVar("R")

MOST_ROWS = 5_000
"""Items merged into one commit, unless a single submission is larger."""
READERS = 2
REST_EACH = 0.0002
REST_MOST = 0.006
"""Seconds from the beginning of a commit to the next: so many for each of its rows, and at most."""
ASK_AGAIN = 0.2
"""Seconds between two tries to learn what became of a commit."""
HANGS_S = 10.0
"""A commit that takes longer than this keeps nobody at a door waiting any more; nor does a read, while nobody else
gets an answer either.
"""
WATCH_S = 1.0
LAST_PATIENCE = 5.0
"""Seconds that a stop waits to learn it."""


class CommitUnknown(Exception):
    """The connection was lost while a commit was under way: it is on disk or it is not."""


class Driver(Protocol):
    """What the group commit asks of an engine. All but `read` is called by one thread at a time."""

    takes_turns: bool
    """Whether commits of others may be in front of one, so that it pays to go beside them."""

    @property
    def engine(self) -> Engine:
        """Where the questions of the writer go."""
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

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run work on the writer's connection to its end. It may wait for nothing but the engine."""
        ...

    def read(self, ask: Callable[[Tx], Awaitable[R]], tail: bool = False) -> R:
        """Ask about one moment, in the thread that calls. `tail`: for `Events.newest`. Raises StoreUnavailable."""
        ...

    def busy(self) -> bool:
        """Whether a question is under way: something that a stage may wait for."""
        ...

    async def begin(self, beside: bool = False) -> None:
        """`beside`: out of turn. Others may then commit between its questions and its own commit, and it raises
        InTurnOnly where a stage asks for more than reading, and writing what nobody asks about.
        """
        ...

    async def commit(self) -> bool:
        """Whether anything reached the disk. Raises CommitUnknown."""
        ...

    @property
    def peers(self) -> bool:
        """Whether other processes are to hear of the transaction under way."""
        ...

    def tell(self, news: Sequence[str]) -> None:
        """What they are to hear, once it is committed."""
        ...

    async def flush(self) -> None:
        """Write what the stages of the transaction have left to be written."""
        ...

    async def rollback(self) -> None:
        """Undo the transaction, if there still is one."""
        ...

    async def savepoint(self) -> None: ...

    async def undo(self) -> None:
        """Back to the savepoint."""
        ...

    async def release(self) -> None: ...

    async def committed(self) -> bool:
        """Whether the commit that was unknown is on disk; raises a fault while that cannot be told."""
        ...

    def is_fault(self, fault: Exception) -> bool:
        """Whether this is the engine's and nobody's who wrote."""
        ...

    def is_passing(self, fault: Exception) -> bool:
        """Whether the same transaction may succeed when it is run again at once."""
        ...


@coroutine
def alone(work: Awaitable[R], busy: Callable[[], bool]) -> Generator[Any, Any, R]:
    """Run a stage or a question, which may wait for nothing but the engine: whatever else it waits for holds up all."""
    step, value = cast("Coroutine[Any, Any, R]", work).send, None
    while True:
        try:
            waited = step(value)
        except StopIteration as done:
            return cast("R", done.value)
        if not busy():
            cast("Coroutine[Any, Any, R]", work).close()
            raise RuntimeError("a question of the store awaited something other than the store")
        try:
            step, value = cast("Coroutine[Any, Any, R]", work).send, (yield waited)
        except BaseException as thrown:
            step, value = cast("Coroutine[Any, Any, R]", work).throw, thrown


def rest(rows: int) -> float:
    """Seconds from the beginning of a commit of so many rows to the next: none to speak of while little is going on."""
    return min(REST_MOST, REST_EACH * rows)


class _Submission:
    __slots__ = ("at", "future", "items", "outcome", "rows", "stage")

    def __init__(
        self, stage: Stage[Any, Any], items: Sequence[Any], future: asyncio.Future[Any], at: Millis, rows: int
    ) -> None:
        self.rows = rows
        self.stage = stage
        self.items = items
        self.future = future
        self.at = at
        self.outcome: list[Any] | BaseException | None = None


def _hangs() -> str:
    return f"the database has not answered for {HANGS_S:.0f} s"


def _order(submission: _Submission) -> int:
    return submission.stage.order


class _Last(NamedTuple):
    """Who has the last word in a commit: see `core.ports.Store.conclude`."""

    stage: Stage[Any, Any]
    ask: Callable[[Set[str]], Any]
    then: Callable[[Any], None]


class GroupStore:
    """See `core.ports.Store`. `open` takes the database, `start` begins, `stop` commits what waits and closes."""

    def __init__(self, driver: Driver, clock: Clock, commit_queue: int = 50_000) -> None:
        self.driver = driver
        self._clock = clock
        self._bound = commit_queue
        self._waiting: deque[_Submission] = deque()
        self._batch: Sequence[_Submission] = ()
        """What the present commit is made of."""
        self._rows = 0
        self._took: Millis = 0
        self._wake = threading.Condition()
        self._stopping = False
        self._in_doubt = False
        self._working: tuple[list[_Submission], float] = [], 0.0
        """What is being committed, and since when by the monotonic clock."""
        self._answered = time.monotonic()
        """When the database last answered anybody, by the monotonic clock."""
        self._passed_by = False
        self._rested = 0.0
        self._followers: dict[Stage[Any, Any], list[Callable[[Sequence[Any], list[Any]], None]]] = {}
        self._watchers: list[Callable[[set[Stage[Any, Any]]], None]] = []
        self._words: dict[Stage[Any, Any], Callable[[Sequence[Any], list[Any]], Sequence[Any]]] = {}
        self._hearers: list[Callable[[News], None]] = []
        self._last: _Last | None = None
        self._said: list[Any] = []
        """What the last word of the present commit came to, None for one left out; empty where there is none."""
        self._readers = ThreadPoolExecutor(READERS, "tidings-read")
        self._thread = threading.Thread(target=self._commit_for_ever, name="tidings-write", daemon=True)
        self.tally = Tally()
        """Moves of messages, committed."""
        self.fault = ""
        """The last engine fault in words, "" while commits succeed."""

    def open(self) -> None:
        """Take the database for this process and bring its schema up to date. Raises what its driver does."""
        self.driver.open()

    def applied(self) -> list[str]:
        """Names of the migrations this database has."""
        return self.driver.applied()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to commit; results are handed to `loop`."""
        self._loop = loop
        self._thread.start()
        loop.call_later(WATCH_S, self._watch)

    def stop(self) -> None:
        """Commit what waits, then close. Blocks for as long as that takes."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.ident is not None:
            self._thread.join()
        self._readers.shutdown()
        self.driver.close()

    # the port

    async def write(self, stage: Stage[I, R], items: Sequence[I]) -> list[R]:
        if not items:
            return []
        rows = stage.weigh(items)
        if stage.refusable and self._rows + rows > self._bound and self._rows:
            raise StoreUnavailable("too much waits to be stored")
        future: asyncio.Future[list[R]] = self._loop.create_future()
        with self._wake:
            if self._stopping:
                raise StoreUnavailable("shutting down")
            if stage.refusable and (self._in_doubt or self._hangs()):
                raise StoreUnavailable(self.fault)
            self._waiting.append(_Submission(stage, items, future, self._clock.now(), rows))
            self._rows += rows
            self._wake.notify()
        return await future

    async def read(self, ask: Callable[[Tx], Awaitable[R]], *, tail: bool = False) -> R:
        asked = self._loop.run_in_executor(self._readers, self.driver.read, ask, tail)
        try:
            while not (await asyncio.wait([asked], timeout=HANGS_S))[0]:
                # One that asks for much may take longer, but not while nobody gets an answer.
                if time.monotonic() - self._answered > HANGS_S:
                    raise StoreUnavailable(_hangs())
            found = asked.result()
        finally:
            asked.cancel()
        self._answered = time.monotonic()
        return found

    def follow(self, stage: Stage[I, R], then: Callable[[Sequence[I], list[R]], None]) -> None:
        self._followers.setdefault(stage, []).append(then)

    def not_follow(self, stage: Stage[I, R], then: Callable[[Sequence[I], list[R]], None]) -> None:
        self._followers[stage] = [one for one in self._followers.get(stage, ()) if one != then]

    def after_commit(self, then: Callable[[set[Stage[Any, Any]]], None]) -> None:
        self._watchers.append(then)

    def not_after_commit(self, then: Callable[[set[Stage[Any, Any]]], None]) -> None:
        self._watchers = [one for one in self._watchers if one != then]

    def announce(self, stage: Stage[I, R], words: Callable[[Sequence[I], list[R]], Sequence[Any]]) -> None:
        self._words[stage] = words

    def hear(self, then: Callable[[News], None]) -> None:
        self._hearers.append(then)

    def not_hear(self, then: Callable[[News], None]) -> None:
        self._hearers = [one for one in self._hearers if one != then]

    def heard(self, news: News) -> None:
        """On the loop: another process has committed something."""
        self._tell(set(STAGES.values()) if news.missed else set(news.stages))
        for then in self._hearers:
            try:
                then(news)
            except Exception:
                log.exception("one who hears of commits elsewhere broke")

    def conclude(
        self, stage: Stage[I, R], ask: Callable[[Set[str]], I | None], then: Callable[[R | None], None]
    ) -> None:
        self._last = _Last(stage, ask, then)

    # health

    def lag(self) -> Millis:
        """How long the last commit took from its first submission on, or, if longer, how long one waits by now."""
        with self._wake:
            waits = self._clock.now() - self._waiting[0].at if self._waiting else 0
        return max(waits, self._took)

    def free_disk_mb(self) -> int | None:
        """Free space where the data lives; None where it cannot be seen from here."""
        return self.driver.free_disk_mb()

    async def look(self) -> DatabaseState:
        """What the database tells of itself. Raises StoreUnavailable."""
        return await self._loop.run_in_executor(self._readers, self.driver.look)

    # the writer thread

    def _commit_for_ever(self) -> None:
        tx = Transaction(self.driver.engine, self.tally)
        while batch := self._next():
            first = min(submission.at for submission in batch)
            self._working = batch, time.monotonic()
            self._rested = self._working[1] + rest(sum(one.rows for one in batch))
            try:
                if self.driver.run(self._commit(tx, batch)):
                    # Nobody was waited for, whose commit would have been time to rest.
                    self._rested = time.monotonic() + rest(sum(one.rows for one in batch))
            except CommitUnknown as fault:
                self._find_out(batch, fault)
            self._working = [], 0.0
            self._answered = time.monotonic()
            self.tally.publish()
            self._took = self._clock.now() - first
            self._loop.call_soon_threadsafe(self._hand_back, batch, self._said)

    def _next(self) -> list[_Submission]:
        """What is committed next, up to a bound; empty when stopping and nothing is left.

        After a commit of many rows others are waited for a little: fewer and larger commits cost less. The patient are
        passed by once: a hand-over need not wait for the answers to the one before, so that the carrier works while
        those are written down.
        """
        with self._wake:
            while not self._waiting and not self._stopping:
                self._wake.wait()
        time.sleep(max(0.0, self._rested - time.monotonic()))
        with self._wake:
            batch, self._passed_by = self._cut(patient=self._passed_by)
            return batch or self._cut(patient=True)[0]

    def _cut(self, patient: bool, along: int = 0) -> tuple[list[_Submission], bool]:
        """A batch with or without the patient, and whether any of those were passed by. `along`: rows it goes with."""
        batch: list[_Submission] = []
        left: deque[_Submission] = deque()
        rows = along
        while self._waiting and (not rows or rows + self._waiting[0].rows <= MOST_ROWS):
            one = self._waiting.popleft()
            if one.stage.patient and not patient:
                left.append(one)
                continue
            batch.append(one)
            rows += one.rows
        self._waiting.extendleft(reversed(left))
        self._rows -= rows - along
        return batch, bool(left) and bool(batch)

    async def _commit(self, tx: Transaction, batch: list[_Submission]) -> bool:
        """Whether it went beside others."""
        batch.sort(key=_order)
        self._batch = batch
        self._said = []
        if self._may_go_beside(batch) and await self._gone_beside(tx, batch):
            return True
        try:
            await self._repeated(tx, lambda now: self._merged(tx, batch, now))
        except CommitUnknown:
            raise
        except Exception as fault:
            if self.driver.is_fault(fault):
                self._all_failed(batch, fault)
            else:
                await self._commit_singly(tx, batch)
        return False

    def _may_go_beside(self, batch: Sequence[_Submission]) -> bool:
        return (
            self.driver.takes_turns
            and self._last is None
            and all(one.stage.beside is not None and one.stage.beside(one.items) for one in batch)
        )

    async def _gone_beside(self, tx: Transaction, batch: list[_Submission]) -> bool:
        try:
            await self._transact(tx, lambda now: self._in_order(tx, batch, now), beside=True)
        except CommitUnknown:
            raise
        except Exception as fault:
            # It is run again in its turn. What was wrong is wrong then too, or it was a matter of others' commits.
            log.debug("not committed beside others: %r", fault)
            return False
        return True

    async def _commit_singly(self, tx: Transaction, batch: list[_Submission]) -> None:
        """Somebody in the batch is at fault: again, each behind a savepoint, so that only the guilty one fails."""
        try:
            await self._repeated(tx, lambda now: self._separately(tx, batch, now))
        except CommitUnknown:
            raise
        except Exception as fault:
            self._all_failed(batch, fault)

    async def _repeated(self, tx: Transaction, work: Callable[[Millis], Awaitable[object]]) -> None:
        """Once more where a deadlock, or a connection that had died unseen, was in the way."""
        try:
            await self._transact(tx, work)
        except CommitUnknown:
            raise
        except Exception as fault:
            if not self.driver.is_passing(fault):
                raise
            await self._transact(tx, work)

    async def _transact(
        self, tx: Transaction, work: Callable[[Millis], Awaitable[object]], beside: bool = False
    ) -> None:
        self.tally.pending.clear()
        await self.driver.begin(beside)
        try:
            now = self._clock.now()
            await work(now)
            await tx.traffic.add(buckets(self.tally.pending, now))
            if not beside:
                await self.driver.flush()
            if self.driver.peers:
                self.driver.tell(self._news())
            changed = await self.driver.commit()
        except CommitUnknown:
            raise
        except BaseException:
            self.tally.pending.clear()
            await self.driver.rollback()
            raise
        # A commit without a change never touched the disk, and says nothing about it.
        if changed:
            self._recovered()

    def _news(self) -> list[str]:
        """What other processes are to hear of the present commit."""
        told: dict[str, list[Any]] = {}
        for one in self._batch:
            if not isinstance(one.outcome, list):
                continue
            announce = self._words.get(one.stage)
            words = announce(one.items, one.outcome) if announce is not None else ()
            if words or not one.stage.private:
                told.setdefault(one.stage.key, []).extend(words)
        return news.written(told) if told else []

    def _recovered(self) -> None:
        if self.fault:
            log.warning("commits succeed again")
            self.fault = ""

    def _take_along(self, batch: list[_Submission]) -> None:
        """Others had the database while this commit waited for its turn. Whoever came meanwhile goes with it, the
        patient too: each further commit would wait once more.
        """
        with self._wake:
            batch += self._cut(patient=True, along=sum(one.rows for one in batch))[0]
        batch.sort(key=_order)

    async def _merged(self, tx: Transaction, batch: list[_Submission], now: Millis) -> None:
        if self.driver.peers:
            self._take_along(batch)
        await self._in_order(tx, batch, now)
        if self._last is not None and (item := self._asked(self._last)) is not None:
            self._said = await alone(self._last.stage.run(cast("Tx", tx), [item], now), self.driver.busy)

    async def _in_order(self, tx: Transaction, batch: Sequence[_Submission], now: Millis) -> None:
        at = 0
        while at < len(batch):
            stage, end = batch[at].stage, at
            while end < len(batch) and batch[end].stage is stage:
                end += 1
            await self._run_group(tx, stage, batch[at:end], now)
            at = end

    def _asked(self, last: _Last) -> Any:
        moved = {status for status, *_ in self.tally.pending}
        return last.ask(moved) if moved else None

    async def _run_group(
        self, tx: Transaction, stage: Stage[Any, Any], group: Sequence[_Submission], now: Millis
    ) -> None:
        items = group[0].items if len(group) == 1 else [item for submission in group for item in submission.items]
        results = await alone(stage.run(cast("Tx", tx), items, now), self.driver.busy)
        if len(results) != len(items):
            raise RuntimeError(f"stage {stage.name} gave {len(results)} results for {len(items)} items")
        start = 0
        for submission in group:
            submission.outcome = results[start : start + len(submission.items)]
            start += len(submission.items)

    async def _separately(self, tx: Transaction, batch: list[_Submission], now: Millis) -> None:
        for submission in batch:
            await self._apart(tx, submission, now)
        self._said = [None]

    async def _apart(self, tx: Transaction, submission: _Submission, now: Millis) -> None:
        await self.driver.savepoint()
        counted = self.tally.pending.copy()
        try:
            await self._run_group(tx, submission.stage, [submission], now)
            await self.driver.flush()
        except Exception as fault:
            if self.driver.is_fault(fault):
                raise
            await self.driver.undo()
            self.tally.pending = counted
            submission.outcome = fault
        await self.driver.release()

    def _all_failed(self, batch: list[_Submission], fault: Exception) -> None:
        self._said = []
        self._say(fault)
        for submission in batch:
            submission.outcome = StoreUnavailable(self.fault)

    def _say(self, fault: Exception) -> None:
        told = f"{type(fault).__name__}: {fault}"
        if told != self.fault:  # once, not for every request: the log may stand on the same full disk
            log.error("commit failed: %s", told)
        self.fault = told

    def _hangs(self) -> bool:
        batch, since = self._working
        return bool(batch) and time.monotonic() - since > HANGS_S

    def _watch(self) -> None:
        """On the loop, now and then: a server that hangs says nothing for long, and those at doors have to hear."""
        if self._stopping:
            return
        if self._hangs() and not self._in_doubt:
            self._say(TimeoutError(_hangs()))
            self._turn_away(self._working[0])
        self._loop.call_later(WATCH_S, self._watch)

    # a commit of which nobody knows

    def _find_out(self, batch: list[_Submission], fault: Exception) -> None:
        """Who stands at a door is told at once that it cannot be said; all else waits until it can.

        What turns out to be on disk is handed over like any other commit, so that nothing is left lying until the next
        start, and nothing is done twice.
        """
        self._say(fault)
        with self._wake:
            self._in_doubt = True
        while True:
            self._turn_away(batch)
            try:
                known = self.driver.run(self.driver.committed())
                break
            except Exception as trouble:
                if not self.driver.is_fault(trouble):
                    log.exception("what became of a commit cannot be asked")
                if self._stopping and time.monotonic() > self._rested + LAST_PATIENCE:
                    known = False
                    break
            time.sleep(ASK_AGAIN)
        with self._wake:
            self._in_doubt = False
        log.warning("the commit in doubt %s", "is on disk" if known else "was undone")
        if known:
            self._recovered()
        else:
            self.tally.pending.clear()
            self._all_failed(batch, fault)

    def _turn_away(self, batch: list[_Submission]) -> None:
        """Those who can be refused, of the commit in doubt and of those who wait behind it."""
        with self._wake:
            behind = [one for one in self._waiting if one.stage.refusable]
            self._waiting = deque(one for one in self._waiting if not one.stage.refusable)
            self._rows -= sum(one.rows for one in behind)
        gone = [one.future for one in (*batch, *behind) if one.stage.refusable]
        if gone:
            self._loop.call_soon_threadsafe(_refuse, gone, self.fault)

    # back on the loop

    def _hand_back(self, batch: list[_Submission], said: list[Any]) -> None:
        """On the loop: first those who follow a stage, then those who wait for their own outcome."""
        for submission in batch:
            if not isinstance(submission.outcome, list):
                continue
            for then in self._followers.get(submission.stage, ()):
                try:
                    then(submission.items, submission.outcome)
                except Exception:
                    # What is on disk is on disk: those who wait must hear of it all the same.
                    log.exception("a follower of %s broke", submission.stage.name)
        if self._watchers:
            self._tell({one.stage for one in batch if isinstance(one.outcome, list)})
        for submission in batch:
            if submission.future.done():
                continue
            if isinstance(submission.outcome, BaseException):
                submission.future.set_exception(submission.outcome)
            else:
                submission.future.set_result(submission.outcome)
        if self._last is not None and said:
            try:
                self._last.then(said[0])
            except Exception:
                log.exception("what %s came to could not be taken over", self._last.stage.name)

    def _tell(self, committed: set[Stage[Any, Any]]) -> None:
        for then in self._watchers if committed else ():
            try:
                then(committed)
            except Exception:
                log.exception("one who watches commits broke")


def _refuse(futures: Sequence[asyncio.Future[Any]], fault: str) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(StoreUnavailable(fault))
