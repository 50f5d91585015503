"""An installation on PostgreSQL, as copying sees it."""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import uvloop

from tidings.store import migrate
from tidings.store.address import shown
from tidings.store.copy import place
from tidings.store.copy.tables import Table
from tidings.store.engine import Row
from tidings.store.literals import held, told
from tidings.store.postgres import explained, reach, translate

R = TypeVar("R")

PATIENT = 24 * 3600.0
"""Seconds for one statement: counting a large table takes its time."""

STEP = 50
"""Rows that the server sends at a time."""

# Plans of its own: whole tables are read here, not single rows.
_SESSION = "set enable_seqscan = on; set idle_in_transaction_session_timeout = 0"
_TABLES = """
select relname from pg_class
where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
"""
_NUMBERS = """
select table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name)
from information_schema.columns
where table_schema = current_schema() and pg_get_serial_sequence(quote_ident(table_name), column_name) is not null
"""
# What nobody asks for on SQLite: see sql/postgres/messages.sql.
_AWAITING = """
insert into awaiting_receipt (message_id, expires_at) select id, expires_at from message where status = 'sent'
on conflict do nothing
"""
# What is kept by the day goes into the partitions of its days.
_DAYS = "select place_strays(kept) from kept_days"


class Database:
    """See `place.Place`. `alone`: the database is taken for this process."""

    def __init__(self, url: str, remembered: Path | None = None, *, alone: bool) -> None:
        """Raises CannotOpen. `remembered`: where its data folder keeps which primary it has worked with."""
        self.shown = shown(url)
        self._url = url
        self._loop = uvloop.new_event_loop()
        try:
            self._db = self._loop.run_until_complete(reach(url, remembered, alone=alone))
        except BaseException:
            self._loop.close()
            raise
        self._run(self._db.execute(_SESSION))

    def _run(self, work: Coroutine[Any, Any, R]) -> R:
        with explained(self._url):
            return self._loop.run_until_complete(work)

    def tables(self) -> set[str]:
        return {str(row[0]) for row in self.fetch(_TABLES)}

    def fetch(self, sql: str, *values: Any) -> list[Row]:
        return _rows(self._run(self._db.fetch(translate(sql), *map(_value, values), timeout=PATIENT)))

    def begin(self, *, frozen: bool = False) -> None:
        self._run(self._db.execute("begin isolation level repeatable read read only" if frozen else "begin"))

    def commit(self) -> None:
        self._run(self._db.execute("commit", timeout=PATIENT))

    def page(self, table: Table, after: Sequence[Any] | None, most: int) -> list[Row]:
        key = ", ".join(f'"{one}"' for one in table.key)
        behind = ""
        if after is not None:
            marks = ", ".join(f"${at}" for at in range(1, len(table.key) + 1))
            behind = f"where ({key}) > ({marks})"
        columns = ", ".join(f'"{one}"' for one in table.columns)
        sql = f'select {columns} from "{table.name}" {behind} order by {key} limit {most:d}'  # noqa: S608 - names of ours
        return _rows(self._run(self._page(sql, list(map(_value, after or ())))))

    async def _page(self, sql: str, values: list[Any]) -> list[Any]:
        """By a cursor: large rows may follow small ones, and are not all to be in memory."""
        inside = self._db.is_in_transaction()
        if not inside:
            await self._db.execute("begin read only")
        cursor, rows, size = await self._db.cursor(sql, *values, timeout=PATIENT), [], 0
        while size <= place.PAGE_OCTETS and (more := await cursor.fetch(STEP, timeout=PATIENT)):
            rows += more
            size += place.octets(more)
        if not inside:
            await self._db.execute("commit")
        return rows

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        self._run(self._copy(table, [tuple(map(_value, row)) for row in rows]))

    async def _copy(self, table: Table, records: Sequence[Row]) -> None:
        columns = list(table.columns)
        try:
            await self._db.copy_records_to_table(table.name, records=records, columns=columns, timeout=PATIENT)
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, TypeError, ValueError) as fault:
            told = getattr(fault, "message", fault)  # not its detail, which is what the row holds
            raise place.Unfit(f"{self.shown} does not take a row of {table.name}: {told}") from fault

    def make(self, names: Collection[str], now: int) -> None:
        self._run(self._make(names, now))

    async def _make(self, names: Collection[str], now: int) -> None:
        await self._db.execute(migrate.for_postgres(migrate.TABLE))
        for name, statements in migrate.available():
            if name in names:
                await self._db.execute(migrate.for_postgres(statements))
                await self._db.execute("insert into schema_migration values ($1, $2)", name, now)

    def settle(self) -> None:
        """Numbers go on behind the highest; who waits for a receipt is known; the planner knows the tables."""
        for table, column, sequence in self.fetch(_NUMBERS):
            highest = self.fetch(f'select max("{column}") from "{table}"')[0][0]  # noqa: S608 - names of the catalogue
            if highest is not None:
                self.fetch("select setval(?1::text::regclass, ?2)", sequence, highest)
        if "awaiting_receipt" in self.tables():
            self.fetch(_AWAITING)
        if "kept_days" in self.tables():
            self.fetch(_DAYS)
        self._run(self._db.execute("analyze", timeout=PATIENT))

    def close(self) -> None:
        try:
            self._loop.run_until_complete(self._db.close(timeout=2))
        except (TimeoutError, OSError):
            self._db.terminate()
        self._loop.close()


def _value(value: Any) -> Any:
    return held(value) if isinstance(value, str) else value


def _rows(records: Sequence[Any]) -> list[Row]:
    return [tuple([told(value) if isinstance(value, str) else value for value in record]) for record in records]
