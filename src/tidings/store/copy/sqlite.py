"""An installation in a data folder, as copying sees it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, TextIO

import apsw

from tidings.store import migrate
from tidings.store.copy import place
from tidings.store.copy.tables import TABLES, Table
from tidings.store.engine import CannotOpen, Row
from tidings.store.folder import take
from tidings.store.sqlite import check_library, connect

FILE = "tidings.db"


class Folder:
    """See `place.Place`. `alone`: the folder is taken for this process, and may be written to."""

    def __init__(self, folder: Path, *, alone: bool, make: bool = False) -> None:
        """Raises CannotOpen, DataFolderInUse, UnsafeSqlite or OSError. `make`: it need not be there yet."""
        check_library()
        self.shown = str(folder)
        self._lock: TextIO | None = None
        file = folder / FILE
        if not make and not file.exists():
            raise CannotOpen(f"there is no installation in {folder}; give its folder as --data")
        if alone:
            self._lock = take(folder)
            self._db = connect(file)
        else:
            self._db = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
            self._db.set_busy_timeout(5_000)

    def tables(self) -> set[str]:
        return {str(row[0]) for row in self._db.execute(TABLES)} - {"sqlite_schema"}

    def fetch(self, sql: str, *values: Any) -> list[Row]:
        return self._db.execute(sql, values).fetchall()

    def begin(self, *, frozen: bool = False) -> None:
        self._db.execute("begin" if frozen else "begin immediate")

    def commit(self) -> None:
        self._db.execute("commit")

    def page(self, table: Table, after: Sequence[Any] | None, most: int) -> list[Row]:
        key = ", ".join(f'"{one}"' for one in table.key)
        behind = f"where ({key}) > ({', '.join('?' * len(table.key))})" if after is not None else ""
        columns = ", ".join(f'"{one}"' for one in table.columns)
        sql = f'select {columns} from "{table.name}" {behind} order by {key} limit ?'  # noqa: S608 - names of ours
        rows, size = [], 0
        for row in self._db.execute(sql, (*(after or ()), most)):
            rows.append(row)
            size += place.octets([row])
            if size > place.PAGE_OCTETS:
                break
        return rows

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        columns = ", ".join(f'"{one}"' for one in table.columns)
        marks = ", ".join("?" * len(table.columns))
        try:
            self._db.executemany(f'insert into "{table.name}" ({columns}) values ({marks})', rows)  # noqa: S608 - names of ours
        except (apsw.ConstraintError, apsw.MismatchError) as fault:
            raise place.Unfit(f"{self.shown} does not take a row of {table.name}: {fault}") from fault

    def make(self, names: Collection[str], now: int) -> None:
        self._db.execute(migrate.TABLE)
        for name, statements in migrate.available():
            if name in names:
                self._db.execute(statements)
                self._db.execute("insert into schema_migration values (?, ?)", (name, now))

    def settle(self) -> None:
        """Nothing: numbers go on behind the highest by themselves."""

    def close(self) -> None:
        self._db.close()
        if self._lock is not None:
            self._lock.close()
