"""Back an installation up while it runs, restore it, and see that a backup can be restored."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.message import Millis
from tidings.core.ports import Clock
from tidings.store.copy.archive import FORMAT, Head, Reader, Writer
from tidings.store.copy.fill import begin, check, fill, finish, half
from tidings.store.copy.move import PRIMARY, gone, place
from tidings.store.copy.place import Done, Place, Unfit, applied, count, pages
from tidings.store.copy.progress import Progress
from tidings.store.copy.sqlite import Folder
from tidings.store.copy.tables import schema
from tidings.store.copy.tally import Sum
from tidings.store.engine import CannotOpen
from tidings.store.marks import Half

Tell = Callable[[str], None]

_PAUSE = """
insert into carrier_pause (account_id, carrier, bind, paused_at) values (?1, ?2, '', ?3) on conflict do nothing
"""


class Backup(msgspec.Struct, frozen=True):
    """What a file holds: of which moment, and for each table its count and checksum."""

    taken_at: Millis
    sums: dict[str, Sum]


def back_up(source: str, data: Path, file: Path, tell: Tell, clock: Clock) -> Backup:
    """Write all that is at `source` at one moment into a file. It may be in use. Raises CannotOpen or OSError."""
    here = place(source, data, alone=False)
    try:
        here.begin(frozen=True)
        return _write(here, file, Progress(tell, clock), clock)
    finally:
        here.close()


def _write(here: Place, file: Path, progress: Progress, clock: Clock) -> Backup:
    if half(here):
        raise CannotOpen(f"{here.shown} is a half-finished copy; finish that first")
    left = gone(here)
    if left and left.whole:
        raise CannotOpen(
            f"this installation was moved to {left.target}; what has happened since is there: back that up"
        )
    names = applied(here)
    if not names:
        raise CannotOpen(f"there is no installation in {here.shown}")
    tables = schema(names).tables
    total = sum(count(here, table) for table in tables)
    head = Head(FORMAT, clock.token(8).hex(), here.shown, clock.now(), names, total)
    progress.start("written", total)
    sums = {}
    writer = Writer(file, head)
    try:
        for table in tables:
            writer.begin(table)
            done = Done()
            for rows, after in pages(here, table, done):
                writer.rows(rows)
                done = after
                progress.add(len(rows), table.name)
            writer.end(done.sum)
            sums[table.name] = done.sum
        writer.finish()
    finally:
        writer.give_up()
    return Backup(head.taken_at, sums)


def restore(
    file: Path, target: str, data: Path, tell: Tell, clock: Clock, pause: Iterable[str] | None = None
) -> Backup:
    """Fill an empty place from a file. Killed on the way, the same call goes on; until its end the place is not opened.

    `pause`: begin with these carriers, and all that were made by the API, paused. Raises CannotOpen, DataFolderInUse,
    UnsafeSqlite or OSError.
    """
    reader = Reader(file)
    try:
        there = place(target, alone=True, make=True)
        try:
            found = _fill(reader, there, f"the backup {file.name}", Progress(tell, clock), clock)
            (data / PRIMARY).unlink(missing_ok=True)
            finish(there, lambda: _pause(there, pause, clock.now()) if pause is not None else None)
            return found
        finally:
            there.close()
    finally:
        reader.close()


def verify(file: Path, tell: Tell, clock: Clock) -> Backup:
    """Restore a file into a folder beside it, count and compare checksums there, and remove the folder again.

    Raises CannotOpen where the file is damaged, or OSError.
    """
    reader = Reader(file)
    try:
        with tempfile.TemporaryDirectory(prefix=".tidings-verify-", dir=file.parent) as scratch:
            there = Folder(Path(scratch), alone=True, make=True)
            try:
                there.fetch("pragma synchronous = off")
                return _fill(reader, there, f"the backup {file.name}", Progress(tell, clock), clock)
            finally:
                there.close()
    finally:
        reader.close()


def _fill(reader: Reader, there: Place, name: str, progress: Progress, clock: Clock) -> Backup:
    head, begun = reader.head, half(there)
    if begun and begun.id != head.id:
        raise CannotOpen(f"{there.shown} is a half-finished copy of {begun.source}; give an empty one")
    tables = schema(head.applied).tables
    if not begun:
        begin(there, Half(head.id, name, clock.now(), head.applied), clock.now())
    progress.start("restored", head.rows)
    try:
        sums = fill(reader, there, tables, progress)
    except Unfit as fault:
        raise reader.damaged("what it holds makes no sense") from fault
    reader.end()
    progress.start("checked", head.rows)
    check(there, tables, sums, progress)
    return Backup(head.taken_at, sums)


def _pause(there: Place, carriers: Iterable[str], now: Millis) -> None:
    made = [str(row[0]) for row in there.fetch("select name from carrier")]
    for name in {*carriers, *made}:
        there.fetch(_PAUSE, DEFAULT_ACCOUNT, name, now)
