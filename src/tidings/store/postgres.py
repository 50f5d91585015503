"""The server engine: PostgreSQL through asyncpg, a connection for each writer, whole batches in one statement."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import secrets
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeVar, cast

import asyncpg
import msgspec
import uvloop

from tidings.core.health import DatabaseState
from tidings.core.message import DAY
from tidings.core.ports import Clock, StoreUnavailable
from tidings.core.questions import Tx
from tidings.store import figures, marks, migrate, nodes
from tidings.store.address import servers, shown, why_not
from tidings.store.engine import CannotOpen, InTurnOnly, Row, statements
from tidings.store.folder import home, take
from tidings.store.gathered import Gathered, joint
from tidings.store.literals import SIGN, WRITTEN, held, told, told_json
from tidings.store.primary import Fence, Lookout, Session, find
from tidings.store.transaction import Transaction
from tidings.store.writer import CommitUnknown, alone

log = logging.getLogger("tidings.store")

R = TypeVar("R")
T = TypeVar("T")

OLDEST = 150_000
"""PostgreSQL 15, as `server_version_num` has it."""
COMMIT_S = 10.0
"""A commit that takes longer is in doubt: the server may be waiting for a standby that is gone."""
COMMAND_S = 60.0
"""A statement that takes longer is given up, and its connection with it."""
ALONE_S = 7.0
"""Seconds that work on a whole database waits for a process that has just been killed, and may seem to live."""
WAIT_FIRST = 0.1
WAIT_MOST = 2.0
"""Seconds between two tries to connect."""
PREPARED = 1_000
END_MS = 5_000
"""How long is waited for the end of what an earlier session had begun to write."""
PARAMETERS = 100
"""As many as a function of PostgreSQL may have."""
PARTS = 16
"""Rows that a count is spread over, at most."""
FUNCTIONS = 100
"""Functions that a session makes at most; what they have no room for is committed in the other way."""

# Plans are made once and kept, often while tables are small: every question has its index, so that is what is used.
_SESSION = {
    # Before the first ANALYZE it would sort all messages of an account, piece by piece, to find those of one handset.
    "enable_seqscan": "off", "enable_incremental_sort": "off",
    "array_nulls": "on", "jit": "off", "timezone": "UTC", "default_transaction_isolation": "read committed",
    "lock_timeout": "30s",
    # Others wait for a transaction that is open: one whose process is frozen or cut off must end soon.
    "idle_in_transaction_session_timeout": "4s",
    "tcp_keepalives_idle": "3", "tcp_keepalives_interval": "1", "tcp_keepalives_count": "3", "tcp_user_timeout": "5000",
}  # fmt: skip

# SQL

_LIST = re.compile(r"\bin rows_(int|text)\((\?\d+)\)")
_ROWS = re.compile(r"\brows_of\((.*?)\)(?=\s*from)", re.DOTALL)
_HOLDS = re.compile(r"\bholds\((\w+), (\?\d+)\)")
_MARK = re.compile(r"\?(\d+)")
_INSERT = re.compile(r"(insert .*)values \(([^()]*)\)(.*)", re.DOTALL)
_UPDATE = re.compile(r"update (\w+) set (.*)\bwhere id = \?1", re.DOTALL)
_COLUMN = re.compile(r"\$(\d+)::(\w+)\[\]")
_ARRAYS = {"int": "bigint[]", "text": "text[]"}


@cache
def others() -> dict[str, str]:
    """Statements that PostgreSQL is asked in words of its own (`sql/postgres`), by those of the shared files."""
    folder = resources.files("tidings.store").joinpath("sql/postgres")
    nouns = [file.name.removesuffix(".sql") for file in folder.iterdir()]
    return {
        statements(noun)[name]: sql for noun in nouns for name, sql in statements(f"postgres/{noun}").items()
    }  # fmt: skip


@cache
def translate(sql: str) -> str:
    """A statement in PostgreSQL's words."""
    sql = others().get(sql, sql).replace("clock_ms()", nodes.CLOCK)
    sql = _LIST.sub(lambda found: f"= any({found[2]}::{_ARRAYS[found[1]]})", sql)
    sql = _ROWS.sub(r"\1", sql)
    sql = _HOLDS.sub(r"exists (select 1 from json_array_elements(\1::json) as one where one.value::text = \2)", sql)
    return _MARK.sub(r"$\1", sql)


def unnested(sql: str, types: Sequence[str]) -> str:
    """An insert or update of one row, made to take an array of values for each of its columns."""
    columns = ", ".join(f"column{at}" for at in range(1, len(types) + 1))
    arrays = ", ".join(f"${at}::{name}[]" for at, name in enumerate(types, 1))
    rows = f"from unnest({arrays}) as v ({columns})"
    if insert := _INSERT.fullmatch(sql):
        values = _MARK.sub(r"v.column\1", insert[2])
        return f"{insert[1]}select {values} {rows} {insert[3]}"
    if update := _UPDATE.fullmatch(sql):
        changes = _MARK.sub(r"v.column\1", update[2])
        return f"update {update[1]} set {changes} {rows} where {update[1]}.id = v.column1"  # noqa: S608 - our own SQL
    raise ValueError("neither an insert of values nor an update by id")


_decode = msgspec.json.Decoder().decode


def _told_json(text: str) -> Any:
    return _decode(told_json(text))


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return held(value)
    if isinstance(value, list):
        return [held(one) if isinstance(one, str) else one for one in value]
    return value


def _signed(records: Sequence[Any], texts: Sequence[int]) -> bool:
    """Whether any of these columns holds a text that needs care."""
    return any(SIGN in "".join([record[at] or "" for record in records]) for at in texts)


def _row(record: Sequence[Any]) -> Row:
    row = tuple(record)
    if any(isinstance(value, str) and SIGN in value for value in row):
        return tuple(told(value) if isinstance(value, str) else value for value in row)
    return row


# It is waited for: what an ended session had begun may no longer come to its end once this was answered.
_END = (
    "select pg_terminate_backend(pid, $3) from pg_stat_activity "
    "where pid = any($1) and application_name = $2 and pid <> pg_backend_pid()"
)

# faults

_OURS = (asyncpg.InterfaceError, asyncpg.PostgresError)
_LOST = ("08", "57", "58", "XX")
"""Classes of SQLSTATE after which nobody knows whether a commit went through."""
_FAULTS = (*_LOST, "25", "40", "53", "55", "28", "3D")


def _state(fault: BaseException) -> str:
    return str(getattr(fault, "sqlstate", None) or "")


def _is_lost(fault: BaseException) -> bool:
    """The connection is gone, or nobody knows."""
    if isinstance(fault, asyncpg.PostgresError):
        return _state(fault)[:2] in _LOST or _state(fault) == "25P03"  # idle in a transaction for too long
    if isinstance(fault, asyncpg.InterfaceError):
        return not isinstance(fault, ValueError)  # which says that a value does not fit
    return isinstance(fault, OSError | asyncio.TimeoutError | asyncpg.InternalClientError)


def _is_fault(fault: BaseException) -> bool:
    return _is_lost(fault) or _state(fault)[:2] in _FAULTS or isinstance(fault, asyncpg.InvalidCachedStatementError)


_Prepared = tuple[Any, tuple[int, ...]]
"""A statement, and which of its columns are texts."""


class _Batch(NamedTuple):
    """A statement that takes an array for each column of its rows."""

    words: str
    written: tuple[tuple[int, Callable[[Sequence[Any]], str]], ...]
    """Columns that are sent as literals of arrays, and how each is written."""
    kinds: tuple[str, ...]
    """As what type each column is sent."""


class Away(OSError):
    """No connection can be had for now."""


class Displaced(Away):
    """Another process goes under the number of this one by now."""


class Place(NamedTuple):
    """Where connections go, and how."""

    url: str
    fence: Fence
    name: str
    """What the server calls the sessions of this process; its beginning is no other process's."""
    synchronous_commit: str = "on"
    """What a commit waits for: `on` or `remote_apply`."""

    async def connect(self, patience: float = COMMAND_S) -> Session:
        """A session with the primary. Raises Away where there is none."""
        settings = {**_SESSION, "synchronous_commit": self.synchronous_commit, "application_name": self.name}
        try:
            return await find(
                self.url, self.fence, command_timeout=patience, statement_cache_size=PREPARED,
                max_cached_statement_lifetime=0, server_settings=settings,
            )  # fmt: skip
        except CannotOpen as fault:
            raise Away(str(fault)) from fault

    def holds(self, session: Session) -> bool:
        """Whether a session is thought to live, and its server is the primary as far as is known."""
        return not session.is_closed() and self.fence.lets(session.standing)


class Connection:
    """One connection as an `Engine`; another one after it was lost."""

    __slots__ = (
        "_batches", "_beside", "_db", "_gathered", "_joint", "_loop", "_made", "_of_one_moment", "_place", "_reads",
        "_settled", "_whole", "busy", "gone", "had", "held_back", "may_make", "part",
    )  # fmt: skip
    by_day = True
    returning = True

    def __init__(self, place: Place, *, reads: bool = False, beside: bool = False) -> None:
        """`reads`: all that is asked in one transaction is of one moment, which begins with it. `beside`: what is read
        is of no one moment, and what is written goes out with the commit alone.
        """
        self._place = place
        self._beside = beside
        self._of_one_moment = reads
        self._loop: asyncio.AbstractEventLoop | None = None
        self._db: Session | None = None
        self._batches: dict[str, _Batch] = {}
        self._joint: dict[tuple[str, ...], Any] = {}
        """Prepared statements for what goes together."""
        self._whole: dict[tuple[str, ...], Any] = {}
        """The same as whole commits."""
        self._made = 0
        """Functions made for them."""
        self._gathered = Gathered()
        self._reads: dict[str, _Prepared] = {}
        self.busy = False
        self.may_make = True
        """Whether this session was not forbidden to make functions."""
        self.part = 0
        self.had = False
        """Whether there was a connection before."""
        self.held_back = False
        self._settled: int | None = None
        """What a reader was told before its moment began."""
        self.gone: list[int] = []
        """Server processes of connections that were dropped and may not know it."""

    @property
    def db(self) -> Session:
        """Raises Away while there is none."""
        if self._db is None:
            raise Away("not connected to the database")
        return self._db

    @property
    def lives(self) -> bool:
        """Whether it is thought to, with the primary."""
        return self._db is not None and self._place.holds(self._db)

    async def connect(self) -> Session:
        """Begin anew. What an earlier connection left waiting in the server, with its locks, is ended."""
        self.drop()
        self._loop = asyncio.get_running_loop()
        self._db = await self._place.connect()
        await self._db.set_type_codec("json", schema="pg_catalog", encoder=str, decoder=_told_json)
        self._db.pid = await self._db.fetchval("select pg_backend_pid()")  # not what a pooler makes of it
        if self.gone:
            wait = 0 if self._of_one_moment else END_MS
            ended = await self._db.fetch(_END, self.gone, self._place.name, wait)
            if wait and not all(row[0] for row in ended):
                raise Away("what an earlier session had begun has not ended yet")
            self.gone.clear()
        self.had = True
        return self._db

    def leave(self) -> None:
        """From any thread: break off what is under way, where its server is not the primary any more."""
        db, loop = self._db, self._loop
        if db is not None and loop is not None and not self._place.fence.lets(db.standing):
            loop.call_soon_threadsafe(db.terminate)

    def drop(self) -> None:
        """It is of no use any more."""
        self.may_make = True
        if self._db is not None:
            self.gone.append(self._db.pid)
            self._db.terminate()
        self._db = None
        for kept in (self._batches, self._joint, self._whole, self._reads):
            kept.clear()
        self.forget()

    async def close(self) -> None:
        """Say good-bye, if it still can be."""
        if self._db is not None:
            with contextlib.suppress(*_OURS, OSError, asyncio.TimeoutError):
                await self._db.close(timeout=2)
        self.drop()

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        words = translate(sql)
        self._only_reads(words)
        await self._seen_by(words)
        with self._waiting():
            found = await self.db.fetch(words, *map(_value, values))
        return [_row(record) for record in found]

    async def fetch_as(self, kind: type[T], sql: str, *values: Any) -> list[T]:
        # Rows as they come: the server takes longer to write them as JSON than it takes to make structs of them here.
        words = translate(sql)
        self._only_reads(words)
        await self._seen_by(words)
        with self._waiting():
            statement, texts = self._reads.get(sql) or await self._prepare_read(sql)
            records = await statement.fetch(*map(_value, values))
        rows = [_row(one) for one in records] if _signed(records, texts) else [tuple(one) for one in records]
        return msgspec.convert(rows, list[kind])  # type: ignore[valid-type]

    async def many(self, sql: str, rows: Sequence[Row]) -> None:
        """As everywhere; but what nobody asks about goes with what else is written, at the latest with `flush`."""
        if not rows:
            return
        words = translate(sql)
        if not self._gathered.takes(sql, words):
            await self.flush()
        self._gathered.add(sql, words, rows)

    def _only_reads(self, words: str) -> None:
        if self._beside and not words.startswith("select "):
            raise InTurnOnly

    async def _seen_by(self, question: str) -> None:
        if self._gathered.rows and self._gathered.concerns(question):
            await self.flush()

    async def flush(self) -> None:
        """Write what waits to be written. Raises InTurnOnly."""
        if self._beside and self._gathered.rows:
            raise InTurnOnly
        gathered = self._gathered.take()
        if not gathered:
            return
        with self._waiting():
            key = tuple(gathered)
            statement = self._joint.get(key) or await self._prepare_joint(key)
            await statement.fetch(*self._columns(gathered))

    async def commit_whole(self, writer: int, number: int, notes: Sequence[str]) -> bool:
        """Write what waits to be written, tell others and commit, in one way to the server and back.

        Whether there was anything to write.
        """
        gathered = self._gathered.take()
        if not gathered:
            return False
        key = tuple(gathered)
        statement = self._whole.get(key) or await self._prepare_whole(key, writer)
        await statement.fetch(number, notes, *self._columns(gathered), timeout=COMMIT_S)
        return True

    def _columns(self, gathered: Mapping[str, Sequence[Row]]) -> list[Sequence[Any]]:
        columns: list[Sequence[Any]] = []
        for sql, rows in gathered.items():
            own: list[Sequence[Any]] = list(zip(*rows, strict=True))
            for at, write in self._batches[sql].written:
                own[at] = write(own[at])
            columns += own
        return columns

    async def settle(self) -> None:
        """Learn what `settled` tells while nothing is begun that is of one moment."""
        drawn, settled = await self.db.fetchrow(nodes.SETTLED, *nodes.MARKS)
        self._settled, self.held_back = settled, settled < drawn

    def unsettle(self) -> None:
        """The moment is over."""
        self._settled = None

    async def settled(self) -> int | None:
        if not self._of_one_moment:
            await self._seen_by("message_event")
            with self._waiting():
                await self.settle()
        if self._settled is None:
            raise RuntimeError("a reader of positions says so beforehand")
        return self._settled

    def forget(self) -> None:
        """What waits to be written is not wanted any more."""
        self._gathered.take()

    async def _prepare_joint(self, key: tuple[str, ...]) -> Any:
        batches = [self._batches.get(sql) or await self._prepare(sql) for sql in key]
        if len(self._joint) >= PREPARED:
            self._joint.clear()
        self._joint[key] = statement = await self.db.prepare(joint([(one.words, len(one.kinds)) for one in batches]))
        return statement

    async def _prepare_whole(self, key: tuple[str, ...], writer: int) -> Any:
        """Raises InTurnOnly where a function cannot take so much, or may not be made."""
        batches = [self._batches.get(sql) or await self._prepare(sql) for sql in key]
        kinds = [kind for one in batches for kind in one.kinds]
        if len(kinds) + 2 > PARAMETERS or len(self._whole) >= FUNCTIONS:
            raise InTurnOnly
        self._made += 1
        name = f"pg_temp.beside_{self._made}"
        statement = joint([(one.words, len(one.kinds)) for one in batches], behind=2)
        try:
            await self.db.execute(nodes.beside(name, kinds, statement, writer))
        except asyncpg.InsufficientPrivilegeError as fault:
            self.may_make = False
            log.info("nothing is committed beside others: the user may make no temporary functions (%s)", fault)
            raise InTurnOnly from fault
        marks = ", ".join(f"${at}" for at in range(1, len(kinds) + 3))
        self._whole[key] = prepared = await self.db.prepare(f"select {name}({marks})")
        return prepared

    async def _prepare(self, sql: str) -> _Batch:
        """The server itself says of which types the values of one row are."""
        words = translate(sql)
        parameters = (await self.db.prepare(words)).get_parameters()
        types = [kind.name.removesuffix("[]") for kind in parameters]
        if sql not in others():
            words = unnested(sql, types)
        written = {at: WRITTEN[name] for at, name in enumerate(types) if name in WRITTEN}

        def column(found: re.Match[str]) -> str:
            return f"${found[1]}::text::{found[2]}[]" if int(found[1]) - 1 in written else found[0]

        words = _COLUMN.sub(column, words)
        kinds = tuple("text" if at in written else f"{name}[]" for at, name in enumerate(types))
        batch = self._batches[sql] = _Batch(words, tuple(written.items()), kinds)
        return batch

    async def _prepare_read(self, sql: str) -> _Prepared:
        statement = await self.db.prepare(translate(sql))
        columns = [column.type.name for column in statement.get_attributes()]
        read = self._reads[sql] = (statement, tuple(at for at, name in enumerate(columns) if name == "text"))
        return read

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        self.busy = True
        try:
            yield
        finally:
            self.busy = False


class _Commits(ABC):
    """What both kinds of commits have in common: a connection and a loop of their own, and a number for each commit, by
    which it can be told afterwards whether it went through.
    """

    def __init__(self, engine: Connection, url: str, writer: int, number_under: int, greeting: str = "") -> None:
        """`writer`: who this process is; `number_under`: where its commits of this kind are numbered; `greeting`: what
        each session is told first.
        """
        self._greeting = greeting
        self.engine = engine
        self._url = url
        self.peers = False
        self._loop = uvloop.new_event_loop()
        self._writer = writer
        self._number_under = number_under
        self._number = 0
        self._news: Sequence[str] = ()
        self._wait = WAIT_FIRST
        self._not_before = 0.0
        self._why = ""

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        return self._loop.run_until_complete(work)

    def busy(self) -> bool:
        return self.engine.busy

    def is_fault(self, fault: Exception) -> bool:
        return _is_fault(fault)

    def tell(self, news: Sequence[str]) -> None:
        self._news = news

    @property
    def ended(self) -> bool:
        return self._loop.is_closed()

    def end(self) -> None:
        """Close the connection, for good."""
        self.run(self.engine.close())
        self._loop.close()

    async def connect(self) -> None:
        """Once more after the connection was lost, if it is; not at once after a try that failed. Raises Away."""
        if self.engine.lives:
            return
        if time.monotonic() < self._not_before:
            raise Away(self._why)
        again = self.engine.had
        try:
            db = await self.engine.connect()
            if self._greeting:
                await db.execute(self._greeting)
        except Exception as fault:
            self.engine.drop()
            self._not_before = time.monotonic() + self._wait
            self._wait = min(WAIT_MOST, self._wait * 2)
            self._why = _why_not(self._url, fault)
            raise Away(self._why) from fault
        self._wait = WAIT_FIRST
        if again:
            log.warning("connected to the database again")

    async def commit(self) -> bool:
        try:
            return await self._commit()
        except Exception as fault:
            if not _is_lost(fault):
                raise
            self.engine.drop()
            raise CommitUnknown(str(fault) or type(fault).__name__) from fault

    @abstractmethod
    async def _commit(self) -> bool:
        """See `writer.Commits.commit`; a fault that says nothing of what became of it is seen to."""

    async def _carry_out(self, command: str) -> str:
        """A command that changes something. Where an operator cut short the wait for a standby, PostgreSQL reports
        success with a warning; it is none.
        """
        db = self.engine.db
        db.warning = ""
        done: str = await db.execute(command, timeout=COMMIT_S)
        _no_warning(db)
        return done

    async def committed(self) -> bool:
        """What was committing is at its end: its session was waited for, and it would hold the lock, or at least the
        row with its number. So what is seen stays so.

        It may be seen here and be missing on the standby that is about to be promoted: the commit was waiting for that
        one. So another commit has to go through, behind it.
        """
        await self.connect()
        db = self.engine.db
        try:
            await db.execute(f"begin; select pg_advisory_xact_lock({nodes.LOCK})")
            numbered = "select number from store_commit where writer = $1 for update"
            found = await db.fetchval(numbered, self._number_under)
            if found != self._number:
                await db.execute("rollback")
                return False
            await db.execute("update store_commit set number = number where writer = $1", self._number_under)
            await self._carry_out("commit")
        except BaseException:
            self.engine.drop()
            raise
        return True


class InTurn(_Commits):
    """Commits of all processes that come one after the other: each holds a lock until it can be seen. So what is read
    in a transaction stays true until its end, but for what is new beside it. See `writer.CommitsInTurn`.
    """

    def __init__(self, place: Place, writer: int, clock: Clock) -> None:
        super().__init__(Connection(place), place.url, writer, writer, nodes.prepare(writer))
        self._clock = clock
        self._day = -1

    @property
    def day_began(self) -> bool:
        """Whether there are partitions for what happens now."""
        return self._clock.now() // DAY == self._day

    def is_passing(self, fault: Exception) -> bool:
        return not isinstance(fault, Away) and (_is_lost(fault) or _state(fault)[:2] == "40")

    async def begin(self) -> None:
        """Raises Displaced where the row with our numbers is gone: another process has our number in ids by now."""
        await self.connect()
        number = self._number + 1
        self._news = ()
        try:
            done = await self.engine.db.execute(nodes.begin(number))
        except BaseException:
            self.engine.drop()
            raise
        rows = int(done.rpartition(" ")[2])
        if not rows:
            displaced = Displaced(nodes.DISPLACED)
            await self.rollback(displaced)
            raise displaced
        self.peers = rows > 1
        self._number = number
        if not self.day_began:
            await self._begin_day(self._clock.now() // DAY)

    async def _begin_day(self, day: int) -> None:
        """Events of this day and what else is kept by the day get their partitions, before anything is drawn in it."""
        try:
            await self.engine.db.execute(f"select begin_day({day * DAY})")
        except BaseException:
            self.engine.drop()
            raise
        self._day = day

    async def flush(self) -> None:
        await self.engine.flush()

    async def _commit(self) -> bool:
        done = await self._carry_out("".join([*(nodes.notify(self._writer, one) for one in self._news), "commit"]))
        if done != "COMMIT":
            raise RuntimeError("a stage went on after one of its statements had failed")
        return True

    async def rollback(self, fault: BaseException) -> None:
        self.engine.forget()
        try:
            await self.engine.db.execute("rollback")
        except (TimeoutError, *_OURS, OSError):
            self.engine.drop()

    async def savepoint(self) -> None:
        await self.engine.db.execute("savepoint one")

    async def undo(self) -> None:
        self.engine.forget()
        await self.engine.db.execute("rollback to one")

    async def release(self) -> None:
        await self.engine.db.execute("release one")


class Beside(_Commits):
    """Commits that wait for nobody's turn: each is a single call, before which nothing is begun."""

    def __init__(self, place: Place, writer: int, in_turn: InTurn) -> None:
        super().__init__(Connection(place, beside=True), place.url, writer, nodes.beside_of(writer))
        self.peers = True  # whether there are any is known too late: they are always told
        self._away = False
        self._in_turn = in_turn

    @property
    def willing(self) -> bool:
        return self.engine.may_make and time.monotonic() >= self._not_before

    async def begin(self) -> None:
        """Raises InTurnOnly when a day begins, and where it may not be."""
        try:
            await self.connect()
        except Away as fault:
            if not self._away:
                log.warning("nothing is accepted beside other commits for now: %s", fault)
            self._away = True
            raise
        self._away = False
        self._news = ()
        if not (self.engine.may_make and self._in_turn.day_began):
            raise InTurnOnly

    async def flush(self) -> None:
        """All is written with the commit."""

    async def _commit(self) -> bool:
        db = self.engine.db
        self._number += 1
        db.warning = ""
        changed = await self.engine.commit_whole(self._writer, self._number, self._news)
        _no_warning(db)
        return changed

    async def rollback(self, fault: BaseException) -> None:
        self.engine.forget()
        if _is_lost(fault):
            self.engine.drop()


class Postgres:
    """See `group_commit.Driver`. Each writer and each reader has a connection and a loop of its own."""

    def __init__(self, url: str, folder: Path, clock: Clock, synchronous_commit: str = "on", role: str = "all") -> None:
        self._url = url
        self._role = role
        self.writer = secrets.randbits(62)
        """Who this process is, among all that ever share the database."""
        self.node = 0
        """Its number in ids, once it is open."""
        self._fence = Fence(folder / "primary.json")
        name = f"{nodes.session_name(self.writer)} {socket.gethostname()} {os.getpid()}"[:63]
        self.place = Place(url, self._fence, name, synchronous_commit)
        self._lookout = Lookout(url, self._fence, self._leave)
        self._folder = folder
        self._clock = clock
        self.in_turn = InTurn(self.place, self.writer, clock)
        self.beside = Beside(self.place, self.writer, self.in_turn)
        self._readers: list[_Reader] = []
        self._local = threading.local()
        self._lock: TextIO | None = None
        self.name = ""

    def open(self) -> None:
        """Take the folder and the database for this process and bring the schema up to date.

        Raises DataFolderInUse and CannotOpen, or OSError when the folder cannot be used.
        """
        self._lock = take(self._folder)
        self._fence.open()
        _apart(lambda: self.in_turn.run(self._open()))
        self._lookout.start()

    def applied(self) -> list[str]:
        ask = self.in_turn.engine.fetch("select name from schema_migration order by name")
        return [str(row[0]) for row in _apart(lambda: self.in_turn.run(ask))]

    def close(self) -> None:
        self._lookout.stop()
        _apart(self._close)
        if self._lock is not None:
            self._lock.close()

    def _close(self) -> None:
        if self.in_turn.ended:
            return
        for reader in self._readers:
            reader.close()
        self.beside.end()
        engine = self.in_turn.engine
        if engine.lives:
            with contextlib.suppress(*_OURS, OSError, asyncio.TimeoutError):
                self.in_turn.run(nodes.leave(engine.db, self.writer))
        self.in_turn.end()

    def free_disk_mb(self) -> int | None:
        """The server's disk is not ours to see; when it is full, commits fail and say so."""
        return None

    def look(self) -> DatabaseState:
        named = max(1, len(servers(self._url)))
        return self.read(lambda tx: figures.of_postgres(cast("Transaction", tx).engine, named))

    def read(self, ask: Callable[[Tx], Awaitable[R]], tail: bool = False) -> R:
        reader = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = _Reader(self.place)
            self._readers.append(reader)
        try:
            return cast("R", reader.read(ask, tail))
        except Exception as fault:
            if _is_fault(fault):
                raise StoreUnavailable(f"{type(fault).__name__}: {fault}") from fault
            raise

    def _leave(self) -> None:
        """A newer primary was seen: what still waits for the old one waits in vain."""
        for engine in (self.in_turn.engine, self.beside.engine, *(reader.engine for reader in self._readers)):
            engine.leave()

    async def _open(self) -> None:
        try:
            db = await self.in_turn.engine.connect()
            await _check(db)
            self.name = f"PostgreSQL {db.get_server_version().major} at {shown(self._url)}"
            await _refuse_marked(db)
            await _migrate(db, self._clock)
            self.node = await nodes.enter(db, self.writer, self._role, home(self._folder))
            for at, commits in enumerate((self.in_turn, self.beside)):
                commits.engine.part = (2 * self.node + at) % PARTS
            await db.execute(nodes.prepare(self.writer))
            marks.refuse(
                *[await _mark(db, table) for table in (marks.HALF, marks.GONE)]
            )  # a move may have ended just now
        except CannotOpen:
            raise
        except Exception as fault:
            raise CannotOpen(_why_not(self._url, fault)) from fault


class _Reader:
    """A connection that reads, for one thread."""

    def __init__(self, place: Place) -> None:
        self._loop = uvloop.new_event_loop()
        self.engine = Connection(place, reads=True)

    def read(self, ask: Callable[[Tx], Awaitable[R]], tail: bool) -> R:
        """About one moment. A connection may have died unseen: the second try tells."""
        known = self.engine.lives
        try:
            return self._loop.run_until_complete(self._read(ask, tail))
        except Exception as fault:
            if not (known and _is_lost(fault)):
                raise
            self.engine.drop()
            return self._loop.run_until_complete(self._read(ask, tail))

    async def _read(self, ask: Callable[[Tx], Awaitable[R]], tail: bool) -> R:
        engine = self.engine
        if not engine.lives:
            await engine.connect()
        try:
            if tail:
                await engine.settle()
            await engine.db.execute("begin isolation level repeatable read read only")
            found = await alone(ask(cast("Tx", Transaction(engine))), lambda: engine.busy)
            await engine.flush()  # which is refused: nothing is written here, and that must not go unnoticed
            return found
        finally:
            engine.forget()
            engine.unsettle()
            if engine.lives:
                await engine.db.execute("rollback")

    def close(self) -> None:
        self._loop.run_until_complete(self.engine.close())
        self._loop.close()


def _no_warning(db: Session) -> None:
    if db.warning:
        raise OSError(f"the database server warned: {db.warning}")


def _apart(work: Callable[[], R]) -> R:
    """In a thread of its own: the one that calls may be running a loop."""
    with ThreadPoolExecutor(1) as one:
        return one.submit(work).result()


async def _refuse_marked(db: asyncpg.Connection) -> None:
    marks.refuse(*[await _mark(db, table) for table in (marks.HALF, marks.GONE)])


async def _mark(db: asyncpg.Connection, table: str) -> str | None:
    if await db.fetchval("select to_regclass($1)", table) is None:
        return None
    return str(await db.fetchval(f"select state from {table} where name = ''"))  # noqa: S608 - a name of ours


async def _migrate(db: Session, clock: Clock, *, post: bool = False) -> None:
    await db.execute(migrate.for_postgres(migrate.TABLE))
    names = "select name from schema_migration"
    waiting = migrate.due({row["name"] for row in await db.fetch(names)}, post=post)
    for name, changes in waiting:
        async with db.transaction():  # one at a time, and one process at a time
            await db.execute(
                f"select pg_advisory_xact_lock({nodes.LOCK}); select pg_advisory_xact_lock({nodes.BESIDE})"
            )
            if name in {row["name"] for row in await db.fetch(names)}:
                continue
            await db.execute(migrate.for_postgres(changes))
            await db.execute("insert into schema_migration values ($1, $2)", name, clock.now())
        log.info("schema migration %s applied", name)


def upgraded(url: str, folder: Path, clock: Clock, *, post: bool) -> list[str]:
    """Bring a schema up to date, beside programs that run on it; returns all migrations it has. Raises CannotOpen."""

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    remembered = folder / "primary.json"

    async def work() -> list[str]:
        with explained(url):
            db = await reach(url, remembered, alone=False)
            try:
                await _refuse_marked(db)
                await _migrate(db, clock, post=post)
                return [row["name"] for row in await db.fetch("select name from schema_migration order by name")]
            finally:
                await db.close(timeout=2)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work())


async def reach(url: str, remembered: Path | None, *, alone: bool) -> Session:
    """A connection for work on a database as a whole; `alone`: nobody else works on it. Raises CannotOpen.

    `remembered`: where a data folder keeps which primary it has worked with, if it has worked with this database.
    """
    with explained(url):
        fence = Fence(remembered)
        fence.open()
        db = await Connection(Place(url, fence, "tidings at work")).connect()
        await _check(db)
        if alone:
            await _alone(db, url)
        return db


@contextlib.contextmanager
def explained(url: str) -> Iterator[None]:
    """What goes wrong with a database, as CannotOpen with one sentence."""
    try:
        yield
    except (TimeoutError, *_OURS, OSError, ValueError) as fault:
        raise CannotOpen(_why_not(url, fault)) from fault


async def _alone(db: Session, url: str) -> None:
    """Nobody writes here until this session ends. Raises CannotOpen where a process lives that would."""
    end = time.monotonic() + ALONE_S
    while True:
        living = [one for one in await _everybody(db) if one.lives]
        if not living and await db.fetchval("select pg_try_advisory_lock($1)", nodes.LOCK):
            await db.execute(f"select pg_advisory_lock({nodes.BESIDE})")  # which is held for moments only
            return
        if time.monotonic() >= end:
            who = ", ".join(f"{one.place}, role {one.role}" for one in living) or "it commits just now"
            raise CannotOpen(f"another tidings works on {shown(url)} ({who}); stop it first")
        await asyncio.sleep(0.1)


async def _everybody(db: Session) -> list[nodes.Node]:
    return [] if await db.fetchval("select to_regclass('node')") is None else await nodes.everybody(db)


async def _check(db: asyncpg.Connection) -> None:
    """Raises CannotOpen for a server that this program cannot work with."""
    version, encoding, read_only = await db.fetchrow(
        "select current_setting('server_version_num')::int, current_setting('server_encoding'), "
        "current_setting('transaction_read_only') = 'on'"
    )
    if version < OLDEST:
        raise CannotOpen(f"the server is PostgreSQL {version // 10_000}; {OLDEST // 10_000} or newer is needed")
    if read_only:
        raise CannotOpen("the database is read-only (default_transaction_read_only); tidings must write into it")
    if encoding != "UTF8":
        raise CannotOpen(f"the database is encoded as {encoding}; create one with encoding UTF8")


def _why_not(url: str, fault: BaseException) -> str:
    return str(fault) if isinstance(fault, Away) else why_not(shown(url), fault)
