"""The seam between questions and engines: run a named statement inside a transaction, in batches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Any, Protocol

Row = tuple[Any, ...]


class Engine(Protocol):
    """What a noun's questions need. SQL is written with `?1` parameters; `in rows_int(?1)` and
    `in rows_text(?1)` take a list. Each engine translates on first use.
    """

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """All rows of one statement."""
        ...

    async def many(self, sql: str, rows: Sequence[Row]) -> None:
        """The statement once for each row."""
        ...


_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def statements(noun: str) -> dict[str, str]:
    """The statements of `sql/<noun>.sql` by name; `{columns}` stands for the statement of that name."""
    text = resources.files("tidings.store").joinpath(f"sql/{noun}.sql").read_text(encoding="utf-8")
    pieces = _NAME.split(text)[1:]
    found = {name: body.strip().rstrip(";") for name, body in zip(pieces[::2], pieces[1::2], strict=True)}
    return {name: body.replace("{columns}", found.get("columns", "")) for name, body in found.items()}


def as_list(values: Iterable[Any]) -> list[Any]:
    """Distinct values as the list parameter of `rows_int` and `rows_text`."""
    return list(dict.fromkeys(values))
