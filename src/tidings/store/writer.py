"""A thread that commits: it merges whoever waits into one commit, and makes one commit after the other."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from types import coroutine
from typing import Any, Protocol, TypeVar, cast

from tidings.core.message import Millis
from tidings.core.ports import Clock, Stage, StoreUnavailable
from tidings.core.questions import Tx
from tidings.core.traffic import buckets
from tidings.metrics import Tally
from tidings.store.audience import Audience, Submission
from tidings.store.engine import Engine
from tidings.store.transaction import Transaction

log = logging.getLogger("tidings.store")

R = TypeVar("R")

MOST_ROWS = 5_000
"""Items merged into one commit, unless a single submission is larger."""
REST_EACH = 0.0002
REST_MOST = 0.006
"""Seconds from one commit to the next: so many for each of its rows, and at most."""
ASK_AGAIN = 0.2
"""Seconds between two tries to learn what became of a commit."""
HANGS_S = 10.0
"""A commit that takes longer than this keeps nobody at a door waiting any more."""
LAST_PATIENCE = 5.0
"""Seconds that a stop waits to learn what became of a commit."""


class CommitUnknown(Exception):
    """The connection was lost while a commit was under way: it is on disk or it is not."""


class Commits(Protocol):
    """Where the transactions of one writer go. Called by one thread at a time."""

    @property
    def engine(self) -> Engine:
        """Where its questions go."""
        ...

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run work on the connection to its end. It may wait for nothing but the engine."""
        ...

    def busy(self) -> bool:
        """Whether a question is under way: something that a stage may wait for."""
        ...

    async def begin(self) -> None: ...

    async def flush(self) -> None:
        """Write what the stages of the transaction have left to be written, if they are to learn of its faults."""
        ...

    @property
    def peers(self) -> bool:
        """Whether other processes are to hear of the transaction under way."""
        ...

    def tell(self, news: Sequence[str]) -> None:
        """What they are to hear, once it is committed."""
        ...

    async def commit(self) -> bool:
        """Whether anything reached the disk. Raises CommitUnknown."""
        ...

    async def rollback(self, fault: BaseException) -> None:
        """Undo the transaction, if there still is one, because of a fault."""
        ...

    async def committed(self) -> bool:
        """Whether the commit that was unknown is on disk; raises a fault while that cannot be told."""
        ...

    def is_fault(self, fault: Exception) -> bool:
        """Whether this is the engine's and nobody's who wrote."""
        ...


class CommitsBeside(Commits, Protocol):
    """Where commits go out of turn. Others may then commit between their questions and they, and what a stage asks for
    is refused where it is more than reading, and writing what nobody asks about.
    """

    @property
    def willing(self) -> bool:
        """Whether it is worth a try now. From any thread."""
        ...


class CommitsInTurn(Commits, Protocol):
    """Where whoever commits has the database to himself until he is at the end."""

    def is_passing(self, fault: Exception) -> bool:
        """Whether the same transaction may succeed when it is run again at once."""
        ...

    async def savepoint(self) -> None: ...

    async def undo(self) -> None:
        """Back to the savepoint."""
        ...

    async def release(self) -> None: ...


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
    """Seconds from a commit of so many rows to the next: none to speak of while little is going on."""
    return min(REST_MOST, REST_EACH * rows)


def hangs() -> str:
    """Why nobody waits any longer."""
    return f"the database has not answered for {HANGS_S:.0f} s"


def _order(submission: Submission) -> int:
    return submission.stage.order


class Writer(ABC):
    """What both writers have in common. `start` begins, `put` submits, `stop` commits what waits."""

    rests_from_end = False
    """Whether the rest begins at the end of a commit: where others' commits are waited for, that is a rest too."""
    fault_stands = True
    """Whether a fault is one until a commit succeeds, and not only while it lasts."""

    def __init__(self, name: str, commits: Commits, clock: Clock, audience: Audience, tally: Tally) -> None:
        self._commits = commits
        self._clock = clock
        self._audience = audience
        self._tally = tally
        self._waiting: deque[Submission] = deque()
        self._batch: Sequence[Submission] = ()
        """What the present commit is made of."""
        self.rows = 0
        """How much waits."""
        self.took: Millis = 0
        """How long the last commit took from its first submission on."""
        self._wake = threading.Condition()
        self._stopping = False
        self._over = False
        """Whether nothing is committed any more."""
        self.in_doubt = False
        self._working: tuple[list[Submission], float] = [], 0.0
        """What is being committed, and since when by the monotonic clock."""
        self.answered = time.monotonic()
        """When the database last answered this writer, by the monotonic clock."""
        self._passed_by = False
        self._rested = 0.0
        self._said: list[Any] = []
        """What the last word of the present commit came to, None for one left out; empty where there is none."""
        self._thread = threading.Thread(target=self._commit_for_ever, name=name, daemon=True)
        self.fault = ""
        """The last engine fault in words, "" while commits succeed."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to commit; results are handed to `loop`."""
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """Commit what waits, then end. Blocks for as long as that takes."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def put(self, one: Submission) -> None:
        """Let it be committed. Raises StoreUnavailable."""
        with self._wake:
            if self._stopping:
                raise StoreUnavailable("shutting down")
            if one.stage.refusable and self._stuck:
                raise StoreUnavailable(self.fault or hangs())
            self._waiting.append(one)
            self.rows += one.rows
            self._wake.notify()

    @property
    def well(self) -> bool:
        """Whether its commits come to an end."""
        return not self._stuck

    @property
    def _stuck(self) -> bool:
        return self.in_doubt or self._hangs()

    def waits(self) -> Millis:
        """How long the one has waited by now that has waited longest."""
        with self._wake:
            return self._clock.now() - self._waiting[0].at if self._waiting else 0

    def look_after(self) -> None:
        """On the loop, now and then: a server that hangs says nothing for long, and those at doors have to hear."""
        with self._wake:
            batch, hanging = self._working[0], self._hangs() and not self.in_doubt
            if hanging:
                self._say(TimeoutError(hangs()))
        if hanging:
            self._turn_away(batch)

    def _hangs(self) -> bool:
        batch, since = self._working
        return bool(batch) and time.monotonic() - since > HANGS_S

    # its thread

    def _commit_for_ever(self) -> None:
        tx = Transaction(self._commits.engine, self._tally)
        while batch := self._next():
            first, rows, doubted = min(one.at for one in batch), sum(one.rows for one in batch), False
            self._working = batch, time.monotonic()
            try:
                self._commits.run(self._commit(tx, batch))
            except CommitUnknown as fault:
                doubted = True
                self._find_out(batch, fault)
            self._rested = (time.monotonic() if self.rests_from_end else self._working[1]) + rest(rows)
            with self._wake:
                self._working = [], 0.0
                if not self.fault_stands:
                    self.fault = ""
            self._tally.publish()
            if batch:
                self.answered = time.monotonic()
                self.took = self._clock.now() - first
                self._loop.call_soon_threadsafe(self._hand_back, batch, self._said, doubted)

    def _hand_back(self, batch: Sequence[Submission], said: Sequence[Any], doubted: bool) -> None:
        """On the loop. `doubted`: it had to be found out."""
        self._audience.hand_back(batch, said)

    @abstractmethod
    async def _commit(self, tx: Transaction, batch: list[Submission]) -> None:
        """Commit a batch, from which is taken what somebody else is to commit. Raises CommitUnknown."""

    def _next(self) -> list[Submission]:
        """What is committed next, up to a bound; empty when stopping and nothing is left.

        After a commit of many rows others are waited for a little: fewer and larger commits cost less. The patient are
        passed by once: a hand-over need not wait for the answers to the one before, so that the carrier works while
        those are written down.
        """
        batch: list[Submission] = []
        while not batch:
            with self._wake:
                while not self._waiting:
                    if self._stopping:
                        self._over = True
                        return []
                    self._wake.wait()
            time.sleep(max(0.0, self._rested - time.monotonic()))
            with self._wake:  # those who waited may have been turned away
                batch, self._passed_by = self._cut(patient=self._passed_by)
                batch = batch or self._cut(patient=True)[0]
        batch.sort(key=_order)
        self._batch = batch
        self._said = []
        return batch

    def _cut(self, patient: bool, along: int = 0) -> tuple[list[Submission], bool]:
        """A batch with or without the patient, and whether any of those were passed by. `along`: rows it goes with."""
        batch: list[Submission] = []
        left: deque[Submission] = deque()
        rows = along
        while self._waiting and (not rows or rows + self._waiting[0].rows <= MOST_ROWS):
            one = self._waiting.popleft()
            if one.stage.patient and not patient:
                left.append(one)
                continue
            batch.append(one)
            rows += one.rows
        self._waiting.extendleft(reversed(left))
        self.rows -= rows - along
        return batch, bool(left) and bool(batch)

    async def _transact(self, tx: Transaction, work: Callable[[Millis], Awaitable[object]]) -> None:
        self._tally.pending.clear()
        await self._commits.begin()
        try:
            now = self._clock.now()
            await work(now)
            await tx.traffic.add(buckets(self._tally.pending, now))
            await self._commits.flush()
            if self._commits.peers:
                self._commits.tell(self._audience.news(self._batch))
            changed = await self._commits.commit()
        except CommitUnknown:
            raise
        except BaseException as fault:
            self._tally.pending.clear()
            await self._commits.rollback(fault)
            raise
        # A commit without a change never touched the disk, and says nothing about it.
        if changed:
            self._recovered()

    async def _in_order(self, tx: Transaction, batch: Sequence[Submission], now: Millis) -> None:
        at = 0
        while at < len(batch):
            stage, end = batch[at].stage, at
            while end < len(batch) and batch[end].stage is stage:
                end += 1
            await self._run_group(tx, stage, batch[at:end], now)
            at = end

    async def _run_group(
        self, tx: Transaction, stage: Stage[Any, Any], group: Sequence[Submission], now: Millis
    ) -> None:
        items = group[0].items if len(group) == 1 else [item for submission in group for item in submission.items]
        results = await alone(stage.run(cast("Tx", tx), items, now), self._commits.busy)
        if len(results) != len(items):
            raise RuntimeError(f"stage {stage.name} gave {len(results)} results for {len(items)} items")
        start = 0
        for submission in group:
            submission.outcome = results[start : start + len(submission.items)]
            start += len(submission.items)

    def _recovered(self) -> None:
        if self.fault:
            log.warning("commits succeed again")
            self.fault = ""

    def _all_failed(self, batch: Sequence[Submission], fault: Exception) -> None:
        self._said = []
        self._say(fault)
        for submission in batch:
            submission.outcome = StoreUnavailable(self.fault)

    def _say(self, fault: Exception) -> None:
        before, self.fault = self.fault, f"{type(fault).__name__}: {fault}"
        if before != self.fault:  # once, not for every request: the log may stand on the same full disk
            log.error("commit failed: %s", self.fault)

    # a commit of which nobody knows

    def _find_out(self, batch: list[Submission], fault: Exception) -> None:
        """Who stands at a door is told at once that it cannot be said; all else waits until it can.

        What turns out to be on disk is handed over like any other commit, so that nothing is left lying until the next
        start, and nothing is done twice.
        """
        self._say(fault)
        with self._wake:
            self.in_doubt = True
        lost = time.monotonic()
        while True:
            self._turn_away(batch)
            try:
                known = self._commits.run(self._commits.committed())
                break
            except Exception as trouble:
                if not self._commits.is_fault(trouble):
                    log.exception("what became of a commit cannot be asked")
                if self._stopping and time.monotonic() > lost + LAST_PATIENCE:
                    known = False
                    break
            time.sleep(ASK_AGAIN)
        with self._wake:
            self.in_doubt = False
        log.warning("the commit in doubt %s", "is on disk" if known else "was undone")
        if known:
            self._recovered()
        else:
            self._tally.pending.clear()
            self._all_failed(batch, fault)

    def _turn_away(self, batch: Sequence[Submission]) -> None:
        """Those who can be refused, of the commit in doubt and of those who wait behind it."""
        with self._wake:
            behind = [one for one in self._waiting if one.stage.refusable]
            self._waiting = deque(one for one in self._waiting if not one.stage.refusable)
            self.rows -= sum(one.rows for one in behind)
        self._refuse([*batch, *behind])

    def _refuse(self, batch: Sequence[Submission]) -> None:
        gone = [one for one in batch if one.stage.refusable]
        for one in gone:
            one.refused = True
        if gone:
            self._loop.call_soon_threadsafe(_refuse, [one.future for one in gone], self.fault)


class WriterInTurn(Writer):
    """Its commits have the database to themselves; where one fails, only the guilty do."""

    _commits: CommitsInTurn

    def again(self, batch: Sequence[Submission]) -> None:
        """What another writer could not commit: it goes before what waits."""
        with self._wake:
            if not self._over:
                self._waiting.extendleft(reversed(batch))
                self.rows += sum(one.rows for one in batch)
                self._wake.notify()
                return
        for one in batch:
            one.outcome = StoreUnavailable("shutting down")
        self._loop.call_soon_threadsafe(self._audience.hand_back, batch, ())

    async def _commit(self, tx: Transaction, batch: list[Submission]) -> None:
        try:
            await self._repeated(tx, lambda now: self._merged(tx, batch, now))
        except CommitUnknown:
            raise
        except Exception as fault:
            if self._commits.is_fault(fault):
                self._all_failed(batch, fault)
            else:
                await self._commit_singly(tx, batch)

    async def _commit_singly(self, tx: Transaction, batch: list[Submission]) -> None:
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
            if not self._commits.is_passing(fault):
                raise
            await self._transact(tx, work)

    async def _merged(self, tx: Transaction, batch: list[Submission], now: Millis) -> None:
        if self._commits.peers:
            self._take_along(batch)
        await self._in_order(tx, batch, now)
        last = self._audience.last
        if last is not None and (item := self._asked(last.ask)) is not None:
            self._said = await alone(last.stage.run(cast("Tx", tx), [item], now), self._commits.busy)

    def _take_along(self, batch: list[Submission]) -> None:
        """Others had the database while this commit waited for its turn. Whoever came meanwhile goes with it, the
        patient too: each further commit would wait once more.
        """
        with self._wake:
            batch += self._cut(patient=True, along=sum(one.rows for one in batch))[0]
        batch.sort(key=_order)

    def _asked(self, ask: Callable[[set[str]], Any]) -> Any:
        moved = {status for status, *_ in self._tally.pending}
        return ask(moved) if moved else None

    async def _separately(self, tx: Transaction, batch: list[Submission], now: Millis) -> None:
        for submission in batch:
            await self._apart(tx, submission, now)
        self._said = [None]

    async def _apart(self, tx: Transaction, submission: Submission, now: Millis) -> None:
        await self._commits.savepoint()
        counted = self._tally.pending.copy()
        try:
            await self._run_group(tx, submission.stage, [submission], now)
            await self._commits.flush()
        except Exception as fault:
            if self._commits.is_fault(fault):
                raise
            await self._commits.undo()
            self._tally.pending = counted
            submission.outcome = fault
        await self._commits.release()


class WriterBeside(Writer):
    """Its commits wait for nobody's turn. What fails is run again in its turn: what was wrong is wrong then too, or it
    was a matter of others' commits. So it is at fault only while a commit hangs, or is in doubt.
    """

    rests_from_end = True
    fault_stands = False
    _commits: CommitsBeside

    def __init__(
        self, name: str, commits: CommitsBeside, clock: Clock, audience: Audience, tally: Tally, in_turn: WriterInTurn
    ) -> None:
        super().__init__(name, commits, clock, audience, tally)
        self._in_turn = in_turn

    @property
    def well(self) -> bool:
        return super().well and self._commits.willing

    def put(self, one: Submission) -> None:
        try:
            super().put(one)
        except StoreUnavailable:
            self._in_turn.put(one)

    async def _commit(self, tx: Transaction, batch: list[Submission]) -> None:
        try:
            await self._transact(tx, lambda now: self._in_order(tx, batch, now))
        except CommitUnknown:
            raise
        except Exception as fault:
            log.debug("not committed beside others: %r", fault)
            # Who was told that nothing can be said of it need not be surprised by it.
            self._in_turn.again([one for one in batch if not one.refused])
            batch.clear()

    def _hand_back(self, batch: Sequence[Submission], said: Sequence[Any], doubted: bool) -> None:
        # Commits in turn went on meanwhile: the carrier may have had what was accepted, and more than that.
        self._audience.hand_back(batch, said, late=doubted)

    def _turn_away(self, batch: Sequence[Submission]) -> None:
        with self._wake:
            behind = list(self._waiting)
            self._waiting.clear()
            self.rows = 0
        if behind:
            self._in_turn.again(behind)
        self._refuse(batch)


def _refuse(futures: Sequence[asyncio.Future[Any]], fault: str) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(StoreUnavailable(fault))
