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


def available() -> list[tuple[str, str]]:
    """Every migration as (name, statements), oldest first, as SQLite takes them."""
    folder = resources.files("tidings.store").joinpath("migrations")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8")) for file in files]


def due(done: Collection[str]) -> list[tuple[str, str]]:
    """What is still to be applied. Raises CannotOpen where more was applied than this program knows."""
    known = available()
    newer = sorted(set(done) - {name for name, _ in known})
    if newer:
        raise CannotOpen(
            f"the schema is newer than this program (it has {newer[-1]}); install the tidings that made it"
        )
    return [(name, statements) for name, statements in known if name not in done]


def for_postgres(statements: str) -> str:
    """The same in PostgreSQL's words: its types, and the lines that begin with `-- postgres: `.

    Texts sort by their octets (collation C), as they do in SQLite.
    """
    text = _COLUMN.sub(lambda found: f"{found[1]}{found[2]} {_TYPES[found[3]]}", statements)
    return _ONLY_POSTGRES.sub("", text).replace(") without rowid;", ");")
