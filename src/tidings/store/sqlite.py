"""The embedded engine: SQLite through apsw, one writer thread, group commit, `synchronous=FULL`."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import re
import shutil
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeVar, cast

import apsw
import msgspec

from tidings.core.message import Millis
from tidings.core.ports import Clock, Stage, StoreUnavailable
from tidings.core.questions import Tx
from tidings.metrics import Tally
from tidings.store import migrate
from tidings.store.engine import Row, decoder
from tidings.store.transaction import Transaction

log = logging.getLogger("tidings.store")

I = TypeVar("I")  # noqa: E741
R = TypeVar("R")
T = TypeVar("T")

SAFE_VERSION = (3, 51, 3)
"""Older SQLite libraries can corrupt a WAL file when connections checkpoint at once."""
MOST_ROWS = 5_000
"""Items merged into one commit, unless a single submission is larger."""
READERS = 2
REST_EACH = 0.0002
REST_MOST = 0.006
"""Seconds from the beginning of a commit to the next: so many for each of its rows, and at most."""
BLOCK = 64
"""Most rows in one insert or update statement; a power of two. apsw keeps no statement of 16 KB or more prepared."""
PREPARED = 500
"""Statements that stay prepared."""

_LIST = re.compile(r"\bin rows_(?:int|text)\((\?\d+)\)")
_ROWS = re.compile(r"\brows_of\((.*?)\)(?=\s*from)", re.DOTALL)
_ENGINE_FAULTS = (
    apsw.FullError, apsw.IOError, apsw.BusyError, apsw.LockedError, apsw.CorruptError, apsw.NotADBError,
    apsw.ReadOnlyError, apsw.CantOpenError, apsw.NoMemError, apsw.InterruptError,
)  # fmt: skip
_encode = msgspec.json.Encoder().encode


class DataFolderInUse(Exception):
    """Another process works on this data folder."""


class UnsafeSqlite(Exception):
    """The SQLite library has a known fault that can lose data."""


@cache
def _translate(sql: str) -> str:
    return _ROWS.sub(r"json_group_array(json_array(\1))", _LIST.sub(r"in (select value from json_each(\1))", sql))


_INSERT = re.compile(r"(insert .*)values (\([^()]*\))(.*)", re.DOTALL)
_UPDATE = re.compile(r"update (\w+) set (.*)\bwhere id = \?1", re.DOTALL)
_MARK = re.compile(r"\?(\d+)")


@cache
def _block(sql: str, columns: int, rows: int) -> str:
    """An insert or update of one row, made to take many rows in one run."""
    if insert := _INSERT.fullmatch(sql):
        return insert[1] + "values " + ", ".join([_MARK.sub("?", insert[2])] * rows) + insert[3]
    values = ", ".join(["(" + ", ".join("?" * columns) + ")"] * rows)
    if update := _UPDATE.fullmatch(sql):
        changes = _MARK.sub(r"v.column\1", update[2])
        return f"update {update[1]} set {changes} from (values {values}) as v where {update[1]}.id = v.column1"  # noqa: S608 - our own SQL
    raise ValueError("neither an insert of values nor an update by id")


class Connection:
    """One apsw connection as an `Engine`: its coroutines never suspend, so a thread can run them to the end."""

    __slots__ = ("_db",)

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        bound = tuple(_encode(value).decode() if isinstance(value, list) else value for value in values)
        return self._db.execute(_translate(sql), bound).fetchall()

    async def fetch_as(self, kind: type[T], sql: str, *values: Any) -> list[T]:
        rows = await self.fetch(sql, *values)
        return decoder(kind).decode(rows[0][0])

    async def many(self, sql: str, rows: Sequence[Row]) -> None:
        # One step for a whole block: every step gives the interpreter away and must win it back from the loop.
        # Blocks are powers of two, so that few statements serve all sizes and stay prepared.
        at = 0
        while at < len(rows):
            size = min(BLOCK, 1 << (len(rows) - at).bit_length() - 1)
            block = rows[at : at + size]
            self._db.execute(_block(sql, len(block[0]), size), tuple(chain.from_iterable(block)))
            at += size


def rest(rows: int) -> float:
    """Seconds from the beginning of a commit of so many rows to the next: none to speak of while little is going on."""
    return min(REST_MOST, REST_EACH * rows)


def _finish(coroutine: Awaitable[R]) -> R:
    """Run a coroutine that awaits nothing but this engine."""
    try:
        cast("Coroutine[Any, Any, R]", coroutine).send(None)
    except StopIteration as done:
        return cast("R", done.value)
    raise RuntimeError("a question of the store awaited something other than the store")


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


class _Last(NamedTuple):
    """Who has the last word in a commit: see `core.ports.Store.conclude`."""

    stage: Stage[Any, Any]
    ask: Callable[[Set[str]], Any]
    then: Callable[[Any], None]


class SqliteStore:
    """See `core.ports.Store`. `start` opens the folder, `stop` commits what waits and closes."""

    def __init__(self, folder: Path, clock: Clock, commit_queue: int = 50_000) -> None:
        self._folder = folder
        self._clock = clock
        self._bound = commit_queue
        self._waiting: deque[_Submission] = deque()
        self._rows = 0
        self._took: Millis = 0
        self._wake = threading.Condition()
        self._stopping = False
        self._passed_by = False
        self._rested = 0.0
        self._followers: dict[Stage[Any, Any], Callable[[Sequence[Any], list[Any]], None]] = {}
        self._watchers: list[Callable[[set[Stage[Any, Any]]], None]] = []
        self._last: _Last | None = None
        self._said: list[Any] = []
        """What the last word of the present commit came to, None for one left out; empty where there is none."""
        self._readers = ThreadPoolExecutor(READERS, "tidings-read")
        self._local = threading.local()
        self._thread = threading.Thread(target=self._commit_for_ever, name="tidings-write", daemon=True)
        self._lock: TextIO | None = None
        self.tally = Tally()
        """Moves of messages, committed."""
        self.fault = ""
        """The last engine fault in words, "" while commits succeed."""

    @property
    def file(self) -> Path:
        """The database file."""
        return self._folder / "tidings.db"

    def open(self) -> None:
        """Take the folder for this process and bring the schema up to date.

        Raises DataFolderInUse, UnsafeSqlite, or OSError when the folder cannot be used.
        """
        version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
        if version < SAFE_VERSION:
            raise UnsafeSqlite(f"SQLite {apsw.sqlite_lib_version()} can lose data; 3.51.3 or later is needed")
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _take(self._folder / "lock")
        self._db = _connect(self.file)
        self._migrate()

    def applied(self) -> list[str]:
        """Names of the migrations this database has."""
        return [str(row[0]) for row in self._db.execute("select name from schema_migration order by name").fetchall()]

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to commit; results are handed to `loop`."""
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """Commit what waits, then close. Blocks for as long as that takes."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.ident is not None:
            self._thread.join()
        self._readers.shutdown()
        self._db.close()
        if self._lock is not None:
            self._lock.close()

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
            self._waiting.append(_Submission(stage, items, future, self._clock.now(), rows))
            self._rows += rows
            self._wake.notify()
        return await future

    async def read(self, ask: Callable[[Tx], Awaitable[R]]) -> R:
        return await self._loop.run_in_executor(self._readers, self._read, ask)

    def follow(self, stage: Stage[I, R], then: Callable[[Sequence[I], list[R]], None]) -> None:
        self._followers[stage] = then

    def after_commit(self, then: Callable[[set[Stage[Any, Any]]], None]) -> None:
        self._watchers.append(then)

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

    def free_disk_mb(self) -> int:
        """Free space where the data lives."""
        return shutil.disk_usage(self._folder).free // 2**20

    # the writer thread

    def _commit_for_ever(self) -> None:
        connection = Connection(self._db)
        tx = Transaction(connection, self.tally)
        while batch := self._next():
            first = min(submission.at for submission in batch)
            self._rested = time.monotonic() + rest(sum(one.rows for one in batch))
            self._commit(tx, batch)
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

    def _cut(self, patient: bool) -> tuple[list[_Submission], bool]:
        """A batch with or without the patient, and whether any of those were passed by."""
        batch: list[_Submission] = []
        left: deque[_Submission] = deque()
        rows = 0
        while self._waiting and (not batch or rows + self._waiting[0].rows <= MOST_ROWS):
            one = self._waiting.popleft()
            if one.stage.patient and not patient:
                left.append(one)
                continue
            batch.append(one)
            rows += one.rows
        self._waiting.extendleft(reversed(left))
        self._rows -= rows
        return batch, bool(left) and bool(batch)

    def _commit(self, tx: Transaction, batch: list[_Submission]) -> None:
        batch.sort(key=lambda submission: submission.stage.order)
        self._said = []
        try:
            self._transact(lambda now: self._merged(tx, batch, now))
        except _ENGINE_FAULTS as fault:
            self._all_failed(batch, fault)
        except Exception:
            self._commit_singly(tx, batch)

    def _commit_singly(self, tx: Transaction, batch: list[_Submission]) -> None:
        """Somebody in the batch is at fault: again, each behind a savepoint, so that only the guilty one fails."""
        try:
            self._transact(lambda now: self._separately(tx, batch, now))
        except Exception as fault:
            self._all_failed(batch, fault)

    def _transact(self, work: Callable[[Millis], object]) -> None:
        before = self._db.total_changes()
        self.tally.pending.clear()
        self._db.execute("begin immediate")
        try:
            work(self._clock.now())
            self._db.execute("commit")
        except BaseException:
            self.tally.pending.clear()
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise
        # A commit without a change never touched the disk, and says nothing about it.
        if self.fault and self._db.total_changes() != before:
            log.warning("commits succeed again")
            self.fault = ""

    def _merged(self, tx: Transaction, batch: list[_Submission], now: Millis) -> None:
        at = 0
        while at < len(batch):
            stage, end = batch[at].stage, at
            while end < len(batch) and batch[end].stage is stage:
                end += 1
            self._run_group(tx, stage, batch[at:end], now)
            at = end
        if self._last is not None and (item := self._asked(self._last)) is not None:
            self._said = _finish(self._last.stage.run(cast("Tx", tx), [item], now))

    def _asked(self, last: _Last) -> Any:
        moved = {status for status, _ in self.tally.pending}
        return last.ask(moved) if moved else None

    def _run_group(self, tx: Transaction, stage: Stage[Any, Any], group: list[_Submission], now: Millis) -> None:
        items = group[0].items if len(group) == 1 else [item for submission in group for item in submission.items]
        results = _finish(stage.run(cast("Tx", tx), items, now))
        if len(results) != len(items):
            raise RuntimeError(f"stage {stage.name} gave {len(results)} results for {len(items)} items")
        start = 0
        for submission in group:
            submission.outcome = results[start : start + len(submission.items)]
            start += len(submission.items)

    def _separately(self, tx: Transaction, batch: list[_Submission], now: Millis) -> None:
        for submission in batch:
            self._apart(tx, submission, now)
        self._said = [None]

    def _apart(self, tx: Transaction, submission: _Submission, now: Millis) -> None:
        self._db.execute("savepoint one")
        counted = self.tally.pending.copy()
        try:
            self._run_group(tx, submission.stage, [submission], now)
        except _ENGINE_FAULTS:
            raise
        except Exception as fault:
            self._db.execute("rollback to one")
            self.tally.pending = counted
            submission.outcome = fault
        self._db.execute("release one")

    def _all_failed(self, batch: list[_Submission], fault: Exception) -> None:
        self._said = []
        told = f"{type(fault).__name__}: {fault}"
        if told != self.fault:  # once, not for every request: the log may stand on the same full disk
            log.error("commit failed: %s", told)
        self.fault = told
        for submission in batch:
            submission.outcome = StoreUnavailable(self.fault)

    def _hand_back(self, batch: list[_Submission], said: list[Any]) -> None:
        """On the loop: first those who follow a stage, then those who wait for their own outcome."""
        for submission in batch:
            then = self._followers.get(submission.stage)
            if then is None or not isinstance(submission.outcome, list):
                continue
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

    # readers and schema

    def _read(self, ask: Callable[[Tx], Awaitable[R]]) -> R:
        db = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = apsw.Connection(str(self.file), flags=apsw.SQLITE_OPEN_READONLY)
            db.set_busy_timeout(2_000)
        try:
            db.execute("begin")
            try:
                return _finish(ask(cast("Tx", Transaction(Connection(db)))))
            finally:
                db.execute("rollback")
        except _ENGINE_FAULTS as fault:
            raise StoreUnavailable(f"{type(fault).__name__}: {fault}") from fault

    def _migrate(self) -> None:
        db = self._db
        db.execute("create table if not exists schema_migration (name text primary key, applied_at integer not null)")
        done = {row[0] for row in db.execute("select name from schema_migration").fetchall()}
        for name, statements in migrate.available():
            if name in done:
                continue
            with db:
                db.execute(statements)
                db.execute("insert into schema_migration values (?1, ?2)", (name, self._clock.now()))
            log.info("schema migration %s applied", name)


def _take(file: Path) -> TextIO:
    """Hold the folder by an advisory lock that ends with the process, however it ends."""
    handle = file.open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.seek(0)
        owner = handle.read().strip() or "unknown"
        handle.close()
        raise DataFolderInUse(f"{file.parent} is in use by process {owner}; stop it or choose another --data") from None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def _connect(file: Path) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_NOMUTEX  # one thread uses it
    db = apsw.Connection(str(file), flags=flags, statementcachesize=PREPARED)
    db.set_busy_timeout(2_000)
    for pragma in (
        "journal_mode = wal", "synchronous = full", "cache_size = -65536", "temp_store = memory",
        "wal_autocheckpoint = 4000", "journal_size_limit = 67108864", "secure_delete = fast",
    ):  # fmt: skip
        db.execute(f"pragma {pragma}")
    file.chmod(0o600)
    return db
