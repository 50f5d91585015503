"""What copying asks of a database, whichever engine it is on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from tidings.store.copy.tables import Table
from tidings.store.copy.tally import Sum, added
from tidings.store.engine import CannotOpen, Row

PAGE_OCTETS = 4 << 20
"""About so much is held in memory at a time."""
PAGE_ROWS = 5_000
FIRST_PAGE = 100


class Done(msgspec.Struct, frozen=True):
    """How far a table is: what it has by now, and the key of the last row."""

    sum: Sum = Sum()
    last: list[Any] | None = None


class Unfit(CannotOpen):
    """A row has values that its table does not take."""


class Place(Protocol):
    """One database, held by this process alone where it is written to. Its methods wait for the engine."""

    shown: str
    """Where it is, without secrets."""

    def tables(self) -> set[str]: ...

    def fetch(self, sql: str, *values: Any) -> list[Row]:
        """Rows of a statement with `?1` parameters."""
        ...

    def begin(self, *, frozen: bool = False) -> None:
        """Begin a transaction; frozen: all that is read in it is of one moment."""
        ...

    def commit(self) -> None: ...

    def page(self, table: Table, after: Sequence[Any] | None, most: int) -> list[Row]:
        """Rows behind a key, in the order of keys: so many at the most, and of no more than about PAGE_OCTETS."""
        ...

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Raises Unfit."""
        ...

    def make(self, names: Collection[str], now: int) -> None:
        """Apply these migrations."""
        ...

    def settle(self) -> None:
        """What follows from the rows, once all are there."""
        ...

    def close(self) -> None: ...


def applied(place: Place) -> list[str]:
    """Names of its migrations; none where there is no tidings in it."""
    if "schema_migration" not in place.tables():
        return []
    return [str(row[0]) for row in place.fetch("select name from schema_migration order by name")]


def count(place: Place, table: Table) -> int:
    """How many rows a table has."""
    return int(place.fetch(f'select count(*) from "{table.name}"')[0][0])  # noqa: S608 - a name of ours


def octets(rows: Sequence[Row]) -> int:
    """About how many octets of texts and blobs these rows have."""
    return sum(len(one) for row in rows for one in row if isinstance(one, str | bytes))


def pages(place: Place, table: Table, after: Done) -> Iterator[tuple[list[Row], Done]]:
    """All rows behind the last one, a page at a time that fits into memory, each with how far the table is then."""
    most, done = FIRST_PAGE, after
    while rows := place.page(table, done.last, most):
        total, size = added(done.sum, rows)
        done = Done(total, [rows[-1][at] for at in table.key_at])
        yield rows, done
        most = min(PAGE_ROWS, max(1, PAGE_OCTETS * len(rows) // max(size, 1)))
