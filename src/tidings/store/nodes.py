"""The processes that share a PostgreSQL database: who they are, and how their commits keep out of each other's way."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from typing import Any

import msgspec

from tidings.core.message import Millis
from tidings.store.engine import CannotOpen

LOCK = 0x74_6964_696E_6773
"""The advisory lock of whoever commits in turn: `tidings`. Its transaction begins by taking it."""
BESIDE = LOCK + 1
"""Another, of commits beside those: shared. Whoever works on a database as a whole takes both, and is alone with it."""
CHANNEL = "tidings"
"""Where processes tell one another of their commits."""
NODES = 512
"""Processes that may share a database: as many as ids tell apart."""
FORGOTTEN_MS = 600_000
"""A process that was not heard of for so long loses its number where all are taken."""
SILENT_MS = 60_000
"""One that was not heard of for so long is told of no commits; it reads all again when it is back."""
ALIVE_MS = 6_000
"""One that was heard of within that time counts where work is shared."""
UNDER_WAY = 0x6D6 << 52
"""Advisory locks, shared, of commits that are under way: each with the position of events that was the last when it
began, so that it draws none at or before that.
"""
BESIDE_MS = 5_000
"""How long a commit beside others waits for a row of theirs; then it is run again in its turn."""
LEAVE_S = 5.0
"""Seconds that a process which stops gives to saying so."""
CLOCK = "(extract(epoch from clock_timestamp()) * 1000)::bigint"
NOTHING = '{"s":{}}'
"""A note of no commit: somebody came or left."""
DISPLACED = "another process goes under the number of this one by now; restart this one to get another number"


class Node(msgspec.Struct, frozen=True):
    """One process."""

    number: int
    """In ids, 0 to 511."""
    writer: int
    role: str
    place: str
    """Its host and process id, for an operator."""
    started_at: Millis
    silent_ms: Millis
    """How long nothing was heard of it."""

    @property
    def lives(self) -> bool:
        """Whether it was heard of lately."""
        return self.silent_ms <= ALIVE_MS


def beside_of(writer: int) -> int:
    """Under what a process numbers its commits beside others."""
    return writer | 1 << 62


def prepare(writer: int) -> str:
    """Once in each session that begins transactions: the server plans it once."""
    return (
        f"prepare tidings_begin(bigint) as "  # noqa: S608 - numbers alone
        f"with mine as (update store_commit set number = $1 where writer = {writer} returning 1) "
        f"select from mine, (select union all select from node "
        f"where writer <> {writer} and heard_at > {CLOCK} - {SILENT_MS}) as all_others"
    )


_MARK = f"pg_advisory_xact_lock_shared({UNDER_WAY} | last_value) from message_event_position"

SETTLED = """
with drawn as materialized (select last_value from message_event_position)
select last_value, coalesce((
  select min(((classid::bigint << 32) | objid::bigint) & $1::bigint) from pg_locks
  where locktype = 'advisory' and objsubid = 1 and ((classid::bigint << 32) | objid::bigint) & ~$1::bigint = $2
    and database = (select oid from pg_database where datname = current_database())
    and pid <> pg_backend_pid() and last_value is not null
), last_value) from drawn
"""
"""The last position that was drawn, and up to which nobody is about to commit any more.

Whoever commits marks first what was drawn before, and then draws. Marks are looked at after the first of the two was
read: who has none by then draws what is higher, or is at the end, and then its events are seen by whoever begins to
look now; for locks are released once a commit can be seen. A mark may be above what was drawn first.
"""
MARKS = ((1 << 52) - 1, UNDER_WAY)
"""What it asks with: the part of a lock that is the position, and the rest."""


def begin(number: int) -> str:
    """Begin a transaction of a process and number it. Its status tells how many are concerned: itself and others that
    are to hear of it, or none where the process is not registered any more.
    """
    return f"begin; select pg_advisory_xact_lock({LOCK}); select {_MARK}; execute tidings_begin({number})"


def beside(name: str, kinds: Sequence[str], statement: str, writer: int) -> str:
    """Make a function, for one session, that is a whole commit out of turn: it takes its number ($1), carries out a
    statement and tells others notes ($2).

    `kinds`: of which types the statement's own parameters are, which begin with $3. Fails where the process is not
    registered any more, and where somebody has the database for himself.
    """
    parameters = ", ".join(["bigint", "text[]", *kinds])
    return (
        f"create function {name}({parameters}) returns void language plpgsql set lock_timeout = {BESIDE_MS} as "  # noqa: S608 - our own SQL
        f"$beside$ begin if not pg_try_advisory_xact_lock_shared({BESIDE}) then raise exception 'not now'; end if; "
        f"perform {_MARK}; "
        f"update store_commit set number = $1 where writer = {beside_of(writer)}; "
        f"if not found then raise exception '{DISPLACED}'; end if; "
        f"{statement}; "
        f"perform pg_notify('{CHANNEL}', '{writer:x} ' || note) from unnest($2) as told (note); "
        "end $beside$"
    )


def session_name(writer: int) -> str:
    """How the names of all sessions of a process begin."""
    return f"tidings {writer:x}"


def notify(writer: int, note: str) -> str:
    """Tell others, once the transaction is committed."""
    quoted = note.replace("\\", "\\\\").replace("'", "''")
    return f"select pg_notify('{CHANNEL}', E'{writer:x} {quoted}'); "


async def enter(db: Any, writer: int, role: str, home: str) -> int:
    """Register a process; returns its number. One that had the same data folder has ended, and holds nothing more.

    Raises CannotOpen where all numbers are taken.
    """
    async with db.transaction():
        await db.execute(f"select pg_advisory_xact_lock({LOCK})")
        for row in await db.fetch("delete from node where home = $1 returning writer", home):
            await _forget(db, row["writer"])
        taken = {row["number"] for row in await db.fetch("select number from node")}
        number = next((one for one in range(NODES) if one not in taken), None)
        if number is None:
            number = await _displace(db)
        await db.execute(
            f"insert into node (number, writer, role, place, home, started_at, heard_at) "  # noqa: S608 - our own SQL
            f"values ($1, $2, $3, $4, $5, {CLOCK}, {CLOCK})",
            number, writer, role, f"{socket.gethostname()} {os.getpid()}", home,
        )  # fmt: skip
        own = [writer, beside_of(writer)]
        await db.execute("insert into store_commit (writer, number) select unnest($1::bigint[]), 0", own)
        await db.execute(notify(writer, NOTHING))
    return number


async def _displace(db: Any) -> int:
    """The number of the process that was not heard of for longest."""
    found = await db.fetchrow(
        f"delete from node where number = (select number from node where heard_at < {CLOCK} - {FORGOTTEN_MS} "  # noqa: S608 - the clock is a constant of ours
        "order by heard_at limit 1) returning number, writer"
    )
    if found is None:
        raise CannotOpen(f"{NODES} processes share this database already, which is as many as may; stop one of them")
    await _forget(db, found["writer"])
    return int(found["number"])


async def leave(db: Any, writer: int) -> None:
    """Register it no longer; what it held is free. Raises TimeoutError where others are in the way: leases end by time.

    A standby that is gone is not waited for: nothing is lost by a promotion that knows of no leave.
    """
    async with asyncio.timeout(LEAVE_S), db.transaction():
        await db.execute("set local synchronous_commit = local")
        await db.execute(f"select pg_advisory_xact_lock({LOCK})")
        await db.execute("delete from node where writer = $1", writer)
        await _forget(db, writer)
        await db.execute(notify(writer, NOTHING))


async def _forget(db: Any, writer: int) -> None:
    await db.execute("delete from store_commit where writer = any($1)", [writer, beside_of(writer)])
    await db.execute("update lease set until = 0 where holder = $1", writer)
    await end_sessions(db, writer)


async def end_sessions(db: Any, writer: int) -> None:
    """Undo what a process has begun that is gone or frozen, and keeps others waiting. Not our own session."""
    await db.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
        "and pid <> pg_backend_pid() and application_name like $1",
        f"{session_name(writer)} %",
    )


async def everybody(db: Any) -> list[Node]:
    """All that are registered, by their number."""
    rows = await db.fetch(
        f"select number, writer, role, place, started_at, {CLOCK} - heard_at from node order by number"  # noqa: S608 - the clock is a constant of ours
    )
    return [Node(*row) for row in rows]
