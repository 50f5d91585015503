"""The embedded engine: SQLite through apsw, `synchronous=FULL`, one connection that writes."""

from __future__ import annotations

import logging
import re
import shutil
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, TextIO, TypeVar, cast

import apsw
import msgspec

from tidings.core.health import DatabaseState
from tidings.core.ports import Clock, StoreUnavailable
from tidings.core.questions import Tx
from tidings.store import figures, marks, migrate
from tidings.store.engine import Row, decoder
from tidings.store.folder import take
from tidings.store.transaction import Transaction
from tidings.store.writer import alone

log = logging.getLogger("tidings.store")

R = TypeVar("R")
T = TypeVar("T")

SAFE_VERSION = (3, 51, 3)
"""Older SQLite libraries can corrupt a WAL file when connections checkpoint at once."""
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


class UnsafeSqlite(Exception):
    """The SQLite library has a known fault that can lose data."""


_HOLDS = re.compile(r"\bholds\((\w+), (\?\d+)\)")
_CLOCK = "cast(unixepoch('subsec') * 1000 as integer)"


@cache
def _translate(sql: str) -> str:
    sql = _HOLDS.sub(r"exists (select 1 from json_each(\1) as one where one.value = json_extract(\2, '$'))", sql)
    sql = sql.replace("clock_ms()", _CLOCK)
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
    by_day = False
    held_back = False
    part = 0
    returning = False

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        bound = tuple(_encode(value).decode() if isinstance(value, list) else value for value in values)
        return self._db.execute(_translate(sql), bound).fetchall()

    async def fetch_as(self, kind: type[T], sql: str, *values: Any) -> list[T]:
        rows = await self.fetch(sql, *values)
        return decoder(kind).decode(rows[0][0])

    async def settled(self) -> int | None:
        return None  # there is one writer

    async def many(self, sql: str, rows: Sequence[Row]) -> None:
        # One step for a whole block: every step gives the interpreter away and must win it back from the loop.
        # Blocks are powers of two, so that few statements serve all sizes and stay prepared.
        at = 0
        while at < len(rows):
            size = min(BLOCK, 1 << (len(rows) - at).bit_length() - 1)
            block = rows[at : at + size]
            self._db.execute(_block(sql, len(block[0]), size), tuple(chain.from_iterable(block)))
            at += size


def finish(coroutine: Awaitable[R]) -> R:
    """Run a coroutine that awaits nothing but this engine: it never suspends."""
    try:
        cast("Coroutine[Any, Any, R]", coroutine).send(None)
    except StopIteration as done:
        return cast("R", done.value)
    raise AssertionError("this engine does not wait")


class Sqlite:
    """See `group_commit.Driver`, and `writer.CommitsInTurn`."""

    beside = None

    def __init__(self, folder: Path, clock: Clock, *, post: bool = False) -> None:
        """`post`: apply what waits until no older program runs, too; see `migrate.due`."""
        self._folder = folder
        self._post = post
        self._clock = clock
        self._local = threading.local()
        self._lock: TextIO | None = None
        self._before = 0
        self.db: apsw.Connection

    @property
    def file(self) -> Path:
        """The database file."""
        return self._folder / "tidings.db"

    @property
    def name(self) -> str:
        return f"SQLite {apsw.sqlite_lib_version()}"

    @property
    def in_turn(self) -> Sqlite:
        return self

    @property
    def engine(self) -> Connection:
        return Connection(self.db)

    def open(self) -> None:
        """Take the folder for this process and bring the schema up to date.

        Raises FolderInUse, UnsafeSqlite, CannotOpen, or OSError when the folder cannot be used.
        """
        check_library()
        self._lock = take(self._folder)
        self.db = connect(self.file)
        marks.refuse(*(self._mark(table) for table in (marks.HALF, marks.GONE)))
        self._migrate()

    def applied(self) -> list[str]:
        return [str(row[0]) for row in self.db.execute("select name from schema_migration order by name").fetchall()]

    def close(self) -> None:
        self.db.close()
        if self._lock is not None:
            self._lock.close()

    def free_disk_mb(self) -> int:
        return shutil.disk_usage(self._folder).free // 2**20

    def look(self) -> DatabaseState:
        return self.read(lambda tx: figures.of_sqlite(cast("Transaction", tx).engine, self.name, self.file))

    def is_fault(self, fault: Exception) -> bool:
        return isinstance(fault, _ENGINE_FAULTS)

    def is_passing(self, fault: Exception) -> bool:
        return False

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        return finish(work)

    def busy(self) -> bool:
        return False

    async def begin(self) -> None:
        self._before = self.db.total_changes()
        self.db.execute("begin immediate")

    async def commit(self) -> bool:
        self.db.execute("commit")
        return self.db.total_changes() != self._before

    @property
    def peers(self) -> bool:
        return False

    def tell(self, news: Sequence[str]) -> None:
        raise AssertionError("this engine is for one process")

    async def flush(self) -> None:
        pass  # everything is written at once

    async def rollback(self, fault: BaseException) -> None:
        if self.db.in_transaction:
            self.db.execute("rollback")

    async def savepoint(self) -> None:
        self.db.execute("savepoint one")

    async def undo(self) -> None:
        self.db.execute("rollback to one")

    async def release(self) -> None:
        self.db.execute("release one")

    async def committed(self) -> bool:
        raise AssertionError("a commit of this engine is never in doubt")

    def read(self, ask: Callable[[Tx], Awaitable[R]], tail: bool = False) -> R:
        db = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = apsw.Connection(str(self.file), flags=apsw.SQLITE_OPEN_READONLY)
            db.set_busy_timeout(2_000)
        try:
            db.execute("begin")
            try:
                return finish(alone(ask(cast("Tx", Transaction(Connection(db)))), self.busy))
            finally:
                db.execute("rollback")
        except _ENGINE_FAULTS as fault:
            raise StoreUnavailable(f"{type(fault).__name__}: {fault}") from fault

    def _mark(self, table: str) -> str | None:
        if not self.db.execute("select 1 from sqlite_schema where name = ?1", (table,)).fetchall():
            return None
        return str(self.db.execute(f"select state from {table} where name = ''").fetchall()[0][0])  # noqa: S608 - a name of ours

    def _migrate(self) -> None:
        db = self.db
        db.execute(migrate.TABLE)
        done = {str(row[0]) for row in db.execute("select name from schema_migration")}
        for name, statements in migrate.due(done, post=self._post):
            with db:
                db.execute(statements)
                db.execute("insert into schema_migration values (?1, ?2)", (name, self._clock.now()))
            log.info("schema migration %s applied", name)


def check_library() -> None:
    """Raises UnsafeSqlite."""
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < SAFE_VERSION:
        raise UnsafeSqlite(f"SQLite {apsw.sqlite_lib_version()} can lose data; 3.51.3 or later is needed")


def connect(file: Path) -> apsw.Connection:
    """The connection that writes, to be used by one thread at a time."""
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
