"""Fill an empty database page by page, so that any end can be gone on from; then see that it holds the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from tidings.core.message import Millis
from tidings.store.copy.place import Done, Place, applied, count, pages
from tidings.store.copy.progress import Progress
from tidings.store.copy.tables import BOOKS, Schema, Table, of_postgres, schema
from tidings.store.copy.tally import Sum
from tidings.store.engine import CannotOpen, Row
from tidings.store.marks import HALF, Half

_encode = msgspec.json.Encoder().encode


class Source(Protocol):
    """Where rows come from: a database, or a file."""

    def pages(self, table: Table, after: Done) -> Iterator[tuple[list[Row], Done]]:
        """All rows behind what is done, with how far the table is after each page; tables come in their order."""
        ...


class Live:
    """A database as a source."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def pages(self, table: Table, after: Done) -> Iterator[tuple[list[Row], Done]]:
        return pages(self._place, table, after)


def half(place: Place) -> Half | None:
    """The mark of a database that is being filled."""
    if HALF not in place.tables():
        return None
    return msgspec.json.decode(place.fetch("select state from store_copy where name = ''")[0][0], type=Half)


def untouched(place: Place) -> bool:
    """Whether nothing has been filled in yet."""
    return place.fetch("select count(*) from store_copy where name <> ''") == [(0,)]


def begin(place: Place, mark: Half, now: Millis) -> None:
    """Make the schema, without the rows it brings, and mark the database as half filled. Raises CannotOpen unless it is
    empty.
    """
    made = schema(mark.applied)
    _check_empty(place, mark, made)
    have = applied(place)
    place.begin()
    place.fetch("create table store_copy (name text primary key, state text not null)")
    if not have:
        place.make(mark.applied, now)
    for table in made.tables:
        place.fetch(f'delete from "{table.name}"')  # noqa: S608 - a name of ours
    _put(place, "", _encode(mark).decode())
    place.commit()


def _check_empty(place: Place, mark: Half, made: Schema) -> None:
    found = place.tables()
    strange = sorted(found - {table.name for table in made.tables} - of_postgres(mark.applied) - BOOKS)
    if strange:
        raise CannotOpen(f"{place.shown} is not empty: it has a table {strange[0]}; give an empty one")
    have = applied(place)
    if have and set(have) != set(mark.applied):
        raise CannotOpen(f"{place.shown} has the schema of another version of tidings; give an empty one")
    if found and not have:
        raise CannotOpen(f"{place.shown} is not empty: it has a table {sorted(found)[0]}; give an empty one")
    for table in made.tables if have else ():
        rows = count(place, table)
        if rows != made.seeds[table.name]:
            raise CannotOpen(f"{place.shown} is not empty: {table.name} has {rows} rows; give an empty one")


def fill(source: Source, place: Place, tables: tuple[Table, ...], progress: Progress) -> dict[str, Sum]:
    """Copy what is not there yet. Each page is committed with the note of how far it goes."""
    sums = {}
    for table in tables:
        done = _done(place, table)
        progress.skip(done.sum.rows)
        for rows, after in source.pages(table, done):
            place.begin()
            place.insert(table, rows)
            _put(place, table.name, _encode(after).decode())
            place.commit()
            done = after
            progress.add(len(rows), table.name)
        sums[table.name] = done.sum
    return sums


def check(place: Place, tables: tuple[Table, ...], sums: dict[str, Sum], progress: Progress) -> None:
    """Read all again, count, and compare checksums. Raises CannotOpen where something differs."""
    for table in tables:
        found = Sum()
        for rows, done in pages(place, table, Done()):
            found = done.sum
            progress.add(len(rows), table.name)
        if found != sums[table.name]:
            raise CannotOpen(
                f"{place.shown} does not hold the same: {table.name} has {found.rows} rows (checksum {found.digest}), "
                f"and should have {sums[table.name].rows} ({sums[table.name].digest}); "
                "do not use it, and look for what changed it meanwhile"
            )


def finish(place: Place, last: Callable[[], None] = lambda: None) -> None:
    """It is whole: from here on it can be opened. `last` changes what is to be otherwise there."""
    place.begin()
    last()
    place.settle()
    place.fetch("drop table store_copy")
    place.commit()


def _done(place: Place, table: Table) -> Done:
    found = place.fetch("select state from store_copy where name = ?1", table.name)
    return msgspec.json.decode(found[0][0], type=Done) if found else Done()


def _put(place: Place, name: str, state: str) -> None:
    place.fetch(
        "insert into store_copy (name, state) values (?1, ?2) on conflict (name) do update set state = excluded.state",
        name, state,
    )  # fmt: skip
