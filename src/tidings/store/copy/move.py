"""Move an installation to another place, on the other engine or the same: all of it, checked, and never twice alive."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from tidings.core.ports import Clock
from tidings.store.copy.fill import Live, begin, check, fill, finish, half, untouched
from tidings.store.copy.place import Place, applied, count
from tidings.store.copy.postgres import Database
from tidings.store.copy.progress import Progress
from tidings.store.copy.sqlite import Folder
from tidings.store.copy.tables import schema
from tidings.store.copy.tally import Sum
from tidings.store.engine import CannotOpen
from tidings.store.marks import GONE, Gone, Half

KEY = "admin.key"
PRIMARY = "primary.json"
"""Which server a data folder has worked with: see `store.primary`."""


class Moved(msgspec.Struct, frozen=True):
    """What was moved: for each table its count and checksum, the same at both ends. Empty: it had been before."""

    target: str
    sums: dict[str, Sum]


def is_database(target: str) -> bool:
    """Whether a place is an address of PostgreSQL, and not a folder."""
    return target.startswith(("postgresql://", "postgres://"))


def place(target: str, data: Path | None = None, *, alone: bool, make: bool = False) -> Place:
    """Open what an address or a folder names; `data` is the data folder that belongs to an address, if there is one.

    `make`: a folder need not hold an installation yet.
    """
    if is_database(target):
        return Database(target, data / PRIMARY if data else None, alone=alone)
    if "://" in target or not target:
        raise CannotOpen("a place is a folder, or an address that begins with postgresql://")
    return Folder(Path(target), alone=alone, make=make)


def move(source: str, target: str, data: Path, tell: Callable[[str], None], clock: Clock) -> Moved:
    """Move what is at `source` to `target`; `data` is the data folder of the source.

    May end at any point, and is gone on with by the same call. From its beginning on the source is not opened any more,
    and the target not before its end: what is queued is sent by one of them. Raises CannotOpen, DataFolderInUse,
    UnsafeSqlite or OSError.
    """
    if source == target or (not is_database(source + target) and Path(source).resolve() == Path(target).resolve()):
        raise CannotOpen("that is where this installation is")
    here = place(source, data, alone=True)
    try:
        there = place(target, alone=True, make=True)
        try:
            return _move(here, there, Progress(tell, clock), clock, lambda: _take_key(data, target))
        finally:
            there.close()
    finally:
        here.close()


def _move(here: Place, there: Place, progress: Progress, clock: Clock, take_key: Callable[[], None]) -> Moved:
    if half(here):
        raise CannotOpen(f"{here.shown} is itself a half-finished copy; finish that first")
    names = applied(here)
    if not names:
        raise CannotOpen(f"there is no installation in {here.shown}")
    left, begun = gone(here), half(there)
    if left and left.whole and not begun:
        if left.target == there.shown:
            return Moved(there.shown, {})
        raise CannotOpen(f"this installation was moved to {left.target}; take it back with `tidings migrate --reopen`")
    if begun and not (left and left.id == begun.id) and (begun.source != here.shown or not untouched(there)):
        raise CannotOpen(
            f"{there.shown} is a half-finished copy of {begun.source}, not of this installation as it is now; "
            "give an empty one"
        )
    if not begun:
        begun = Half(clock.token(8).hex(), here.shown, clock.now(), names)
        begin(there, begun, clock.now())
    # The target is marked first, so that a refusal leaves the source as it is.
    if not left or left.id != begun.id:
        left = Gone(begun.id, there.shown, begun.began_at, whole=False)
        _leave(here, left)
    tables = schema(names).tables
    progress.start("copied", sum(count(here, table) for table in tables))
    sums = fill(Live(here), there, tables, progress)
    progress.start("checked", sum(one.rows for one in sums.values()))
    for table in tables:
        if count(here, table) != sums[table.name].rows:
            raise CannotOpen(f"{table.name} was changed at {here.shown} meanwhile; begin again with an empty target")
    check(there, tables, sums, progress)
    take_key()
    _leave(here, msgspec.structs.replace(left, whole=True))
    finish(there)
    return Moved(there.shown, sums)


def gone(here: Place) -> Gone | None:
    """The mark of a database that was moved, or is being moved."""
    if GONE not in here.tables():
        return None
    return msgspec.json.decode(here.fetch("select state from store_moved where name = ''")[0][0], type=Gone)


def _leave(here: Place, mark: Gone) -> None:
    here.begin()
    here.fetch("create table if not exists store_moved (name text primary key, state text not null)")
    here.fetch("delete from store_moved")
    here.fetch("insert into store_moved (name, state) values ('', ?1)", msgspec.json.encode(mark).decode())
    here.commit()


def reopen(source: str, data: Path) -> str | None:
    """Take an installation back that was moved, or was to be; returns where to. Raises as `move` does."""
    here = place(source, data, alone=True)
    try:
        left = gone(here)
        if left is None:
            return None
        here.fetch("drop table store_moved")
        return left.target
    finally:
        here.close()


def _take_key(data: Path, target: str) -> None:
    """The admin key goes along into another folder. On PostgreSQL the data folder stays, and meets a new server."""
    if is_database(target):
        (data / PRIMARY).unlink(missing_ok=True)
        return
    copied = Path(target) / KEY
    if not (data / KEY).exists() or (copied.exists() and copied.samefile(data / KEY)):
        return
    copied.touch(mode=0o600)
    shutil.copyfile(data / KEY, copied)
