"""The seam between questions and engines: run a named statement inside a transaction, in batches."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Any, Protocol, TypeVar

import msgspec

Row = tuple[Any, ...]
T = TypeVar("T")


class CannotOpen(Exception):
    """The store cannot be used as things are: a sentence that says why, and what to do."""


class InTurnOnly(Exception):
    """A transaction that was begun out of turn cannot do this: it has to be run again when its turn has come."""


class Engine(Protocol):
    """What a noun's questions need. SQL is written with `?1` parameters; `in rows_int(?1)` and
    `in rows_text(?1)` take a list, `rows_of(…)` gathers rows, `holds(column, ?1)` asks whether a JSON array
    holds a text (given as JSON), `clock_ms()` is the engine's own time in milliseconds. Each engine translates on
    first use.
    """

    by_day: bool
    """Whether what grows for ever stands in partitions by the day, and is dropped with them."""
    held_back: bool
    """Whether what `settled` told last was held back by somebody's commit that was under way."""
    part: int
    """Where counts are kept that all add to: each writer has rows of its own, as far as there are numbers."""
    returning: bool
    """Whether rows that a statement deletes are best told by it, and not asked for before."""

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """All rows of one statement."""
        ...

    async def fetch_as(self, kind: type[T], sql: str, *values: Any) -> list[T]:
        """All rows at once as structs: the statement selects `rows_of(…)` in the order of their fields.

        The hot reads: one step of the engine instead of one a row, and no row is built twice.
        """
        ...

    async def many(self, sql: str, rows: Sequence[Row]) -> None:
        """The statement once for each row: written before the next question that could tell, or the commit."""
        ...

    async def settled(self) -> int | None:
        """Up to which position of events nobody is about to commit any more; None where all that can be seen is."""
        ...


_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def statements(noun: str) -> dict[str, str]:
    """The statements of `sql/<noun>.sql` by name; `{columns}`, `{call_columns}`, `{whole}` and `{note}` stand for the
    statements of that name."""
    text = resources.files("tidings.store").joinpath(f"sql/{noun}.sql").read_text(encoding="utf-8")
    pieces = _NAME.split(text)[1:]
    found = {name: body.strip().rstrip(";") for name, body in zip(pieces[::2], pieces[1::2], strict=True)}
    shared = {f"{{{name}}}": found[name] for name in ("columns", "call_columns", "whole", "note") if name in found}
    for mark, columns in shared.items():
        found = {name: body.replace(mark, columns) for name, body in found.items()}
    return found


_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_making = threading.Lock()


def decoder(kind: type[T]) -> msgspec.json.Decoder[list[T]]:
    """Reads a JSON array of structs. Made once a kind, one at a time: what msgspec learns of a struct when it first
    meets it is half made while it looks at the structs inside, and a second thread that took it then would crash.
    """
    found = _decoders.get(kind)
    if found is None:
        with _making:
            found = _decoders[kind] = msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]
    return found


def as_list(values: Iterable[Any]) -> list[Any]:
    """Distinct values as the list parameter of `rows_int` and `rows_text`."""
    return list(dict.fromkeys(values))
