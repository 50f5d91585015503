"""Installations that have something of everything, to be copied and compared."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spine_kit import HandClock
from tidings.store import migrate
from tidings.store.copy.fill import Done, pages
from tidings.store.copy.move import place
from tidings.store.copy.place import Place
from tidings.store.copy.tables import Table, schema
from tidings.store.engine import Row
from tidings.store.sqlite import Sqlite

NAMES = [name for name, _ in migrate.available()]
TEXTS = ["", "Hello", "a\0b", "\ufdd0", "\ufdd00\0", "é € 😀", "STOP\r\n", "'\"\\", "z" * 3_000]
ALIKE: dict[tuple[str, str], Callable[[int], Any]] = {
    ("code", "name"): lambda number: f"code{number}",
    ("esme", "system_id"): lambda number: f"esme{number}",
    ("canned_reply", "name"): lambda number: f"canned{number}",
    ("conversation", "contact_id"): lambda number: number,
    ("person", "email"): lambda number: f"p{number}@example.com",
    ("person", "link"): lambda number: b"\0%d" % number if number % 3 else None,
    ("person", "subject"): lambda number: f"sub{number}" if number % 2 else None,
    ("person_session", "digest"): lambda number: b"\xff\0%d" % number,
    ("message_words", "words"): lambda number: f"\u00a41 w{number}",
}
"""What a column holds that nobody else may have, or that has a form."""
OCTETS = [b"", b"\0\xff", bytes(range(256))]


def quiet(_: str) -> None:
    """Nobody is told."""


def value(kind: str, chance: random.Random) -> Any:
    """One of a kind of column."""
    if kind == "integer":
        return chance.choice([0, 1, -1, chance.getrandbits(62)])
    if kind == "real":
        return chance.choice([0.0, 0.1, 2.5e300])
    return chance.choice(OCTETS) if kind == "blob" else chance.choice(TEXTS)


def rows(table: Table, many: int, seed: int) -> list[Row]:
    """Rows that differ in their keys; columns outside the key may be null where the schema lets them."""
    chance = random.Random(f"{table.name} {seed}")
    made = []
    for number in range(10, 10 + many):
        row = [value(kind, chance) for kind in table.kinds]
        for at in table.key_at:
            row[at] = number * 7 if table.kinds[at] == "integer" else f"{TEXTS[number % len(TEXTS)]}{number}"
        if table.name == "message_event":
            row[0] = number
        for (name, column), told in ALIKE.items():
            if table.name == name:
                row[table.columns.index(column)] = told(number)
        made.append(tuple(row))
    return made


def furnished(folder: Path, many: int = 30, seed: int = 1) -> Path:
    """An installation in a folder with so many rows in each table, beside those it begins with."""
    driver = Sqlite(folder, HandClock())
    driver.open()
    driver.close()
    (folder / "admin.key").write_text("the key\n")
    here = place(str(folder), alone=True)
    here.begin()
    for table in schema(NAMES).tables:
        here.insert(table, rows(table, many, seed))
    here.commit()
    here.close()
    return folder


def contents(where: str) -> dict[str, list[Row]]:
    """Every row of every table that is copied."""
    return looked(where, lambda one: {table.name: every(one, table) for table in schema(NAMES).tables})


def every(one: Place, table: Table) -> list[Row]:
    return [row for page, _ in pages(one, table, Done()) for row in page]


def looked(where: str, ask: Callable[[Place], Any]) -> Any:
    """What is seen in a database that nobody has opened."""
    one = place(where, alone=False)
    try:
        return ask(one)
    finally:
        one.close()
