"""Versioned schema changes, each applied once, in order of their names, in words of either engine."""

from __future__ import annotations

import re
from collections.abc import Collection
from importlib import resources

from tidings.store.engine import CannotOpen

TABLE = "create table if not exists schema_migration (\n  name text primary key,\n  applied_at integer not null\n);"
"""Which were applied."""

_TYPES = {"integer": "bigint", "text": 'text collate "C"', "blob": "bytea", "real": "double precision"}
_COLUMN = re.compile(r"^(  |alter table \w+ add column )(\"?\w+\"?) (integer|text|blob|real)\b", re.MULTILINE)
_ONLY_POSTGRES = re.compile(r"^-- postgres: ", re.MULTILINE)
_ONLY_SQLITE = re.compile(r"^.* -- sqlite$", re.MULTILINE)


def available() -> list[tuple[str, str]]:
    """Every migration as (name, statements), oldest first, as SQLite takes them."""
    folder = resources.files("tidings.store").joinpath("migrations")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8")) for file in files]


def due(done: Collection[str], *, post: bool = False) -> list[tuple[str, str]]:
    """What is to be applied now, in its order; everything where nothing was.

    A migration named `pre` adds, so that an older program goes on beside a newer one: it is applied before the newer
    starts. One named `post` takes away what only an older program needs: it is applied when that is asked for (`post`),
    or before the next `pre`, as then a release lies between. A `pre` that this program does not know is of a newer one,
    and no hindrance. Raises CannotOpen for any other.
    """
    known = available()
    newer = sorted(name for name in set(done) - {name for name, _ in known} if not _adds(name))
    if newer:
        raise CannotOpen(
            f"the schema is newer than this program (it has {newer[-1]}); install the tidings that made it"
        )
    waiting = [(name, statements) for name, statements in known if name not in done]
    if post or not done:
        return waiting
    adding = [name for name, _ in waiting if _adds(name)]
    return [one for one in waiting if _adds(one[0]) or (adding and one[0] < adding[0])]


def left(done: Collection[str]) -> list[str]:
    """What `due` leaves for later: see there."""
    return [name for name, _ in due(done, post=True) if name not in {one for one, _ in due(done)}]


def strange(done: Collection[str]) -> list[str]:
    """What was applied by a newer program."""
    return sorted(set(done) - {name for name, _ in available()})


def _adds(name: str) -> bool:
    return name.split("_")[1:2] == ["pre"]


def for_postgres(statements: str) -> str:
    """The same in PostgreSQL's words: its types, the lines that begin with `-- postgres: ` and not those that end with
    `-- sqlite`.

    Texts sort by their octets (collation C), as they do in SQLite.
    """
    text = _COLUMN.sub(
        lambda found: f"{found[1]}{found[2]} {_TYPES[found[3]]}", _ONLY_SQLITE.sub("", statements)
    )  # fmt: skip
    return _ONLY_POSTGRES.sub("", text).replace(") without rowid;", ");")
