"""What an installation consists of: its tables, as the migrations make them, and how their rows are told apart."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

import apsw
import msgspec

from tidings.store import migrate
from tidings.store.engine import CannotOpen

NUMBERED = {"message_event", "webhook_secret"}
"""Tables whose rows are asked for by their number: `rowid`, a column on PostgreSQL, hidden on SQLite."""
BOOKS = {"schema_migration", "sqlite_schema", "sqlite_sequence"}
"""Tables about the database itself."""

TABLES = "select name from pragma_table_list where schema = 'main' and type = 'table' order by name"
"""Those with rows of their own: none that only stand for an index."""
_MADE = re.compile(r"^create table (?:if not exists )?(\w+)", re.MULTILINE)


class Table(msgspec.Struct, frozen=True):
    """A table: its columns in order, their types as SQLite has them, and the columns of its key."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def key_at(self) -> tuple[int, ...]:
        """Where in a row its key stands."""
        return tuple(self.columns.index(column) for column in self.key)


class Schema(msgspec.Struct, frozen=True):
    """The tables that some migrations make, and how many rows each has before anybody wrote into it."""

    tables: tuple[Table, ...]
    seeds: dict[str, int]


def schema(applied: Collection[str]) -> Schema:
    """What these migrations make. Raises CannotOpen where one is not of this program."""
    unknown = sorted(set(applied) - {name for name, _ in migrate.available()})
    if unknown:
        raise CannotOpen(f"the schema is newer than this program (it has {unknown[-1]}); use the tidings that made it")
    return _made(tuple(sorted(applied)))


@cache
def _made(applied: tuple[str, ...]) -> Schema:
    db = apsw.Connection(":memory:")
    for name, statements in migrate.available():
        if name in applied:
            db.execute(statements)
    # Those that only stand for an index are filled with the tables they belong to.
    names = [str(row[0]) for row in db.execute(TABLES)]
    tables = tuple(_table(db, name) for name in names if name not in BOOKS)
    seeds = {one.name: len(db.execute(f'select 1 from "{one.name}"').fetchall()) for one in tables}  # noqa: S608 - a name of ours
    db.close()
    return Schema(tables, seeds)


def _table(db: apsw.Connection, name: str) -> Table:
    found = db.execute("select name, lower(type), pk from pragma_table_info(?1) order by cid", (name,)).fetchall()
    columns, kinds = [str(row[0]) for row in found], [str(row[1]) for row in found]
    key = [column for _, column in sorted((row[2], str(row[0])) for row in found if row[2])]
    if name in NUMBERED:
        columns, kinds, key = [*columns, "rowid"], [*kinds, "integer"], ["rowid"]
    return Table(name, tuple(columns), tuple(kinds), tuple(key))


def of_postgres(applied: Collection[str]) -> set[str]:
    """Names of all tables these migrations make on PostgreSQL: those of running processes among them."""
    made = [migrate.for_postgres(text) for name, text in migrate.available() if name in applied]
    return {found for text in made for found in _MADE.findall(text)}
