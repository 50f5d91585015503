"""What a transaction writes and nobody has asked about yet: it goes to PostgreSQL together, as one statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from tidings.store.engine import Row

NAMED = frozenset({"message", "message_event", "queue", "attempt", "receipt", "traffic"})
"""Tables that no statement reads without their name in it. Others are read under further names too: of partitions."""
_TABLE = re.compile(r"\b(?:insert into|update) (\w+)")
_MARK = re.compile(r"\$(\d+)")


@cache
def table(sql: str) -> str:
    """Which table a statement writes first. One that begins with its own parts (`with …`) counts for that one."""
    found = _TABLE.search(sql)
    if found is None:
        raise ValueError("neither an insert nor an update")
    return found[1]


@cache
def _adds(sql: str) -> bool:
    """Whether rows of the same statement may follow those that wait: nothing is changed twice then."""
    return sql.startswith("insert ") and " on conflict" not in " ".join(sql.split())


def _has_parts(words: str) -> bool:
    return words.startswith("with ")


class Gathered:
    """Rows by the statements they are for, at most one statement a table, in the order they came."""

    __slots__ = ("_parted", "rows")

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self._parted = ""
        """The one that begins with parts of its own, in PostgreSQL's words."""

    def takes(self, sql: str, words: str) -> bool:
        """Whether these may go together with what waits: all see the tables as they were before any of them.

        `words`: the statement as PostgreSQL is told it.
        """
        if sql in self.rows:
            return _adds(sql)
        if _has_parts(words) and self._parted:
            return False
        return table(sql) not in {table(one) for one in self.rows}

    def add(self, sql: str, words: str, rows: Sequence[Row]) -> None:
        """These wait too."""
        self.rows.setdefault(sql, []).extend(rows)
        if _has_parts(words):
            self._parted = words

    def concerns(self, question: str) -> bool:
        """Whether a question, in PostgreSQL's words, may be about what waits."""
        return any((name := table(one)) not in NAMED or name in question for one in self.rows)

    def take(self) -> dict[str, list[Row]]:
        """What waited; nothing does any more."""
        rows, self.rows, self._parted = self.rows, {}, ""
        return rows


def joint(statements: Sequence[tuple[str, int]], behind: int = 0) -> str:
    """Statements with their numbers of parameters as one, which takes all parameters in that order, `behind` so many
    others.

    At most one of them begins with parts of its own (`with …`).
    """
    parts, last, before = [], "", behind
    for at, (words, parameters) in enumerate(statements):
        moved = _moved(words, before)
        before += parameters
        if _has_parts(moved) or (at == len(statements) - 1 and not last):
            last = moved
        else:
            parts.append(f"w{at} as ({moved})")
    if not parts:
        return last
    whole = f", {last.removeprefix('with ')}" if _has_parts(last) else f" {last}"
    return f"with {', '.join(parts)}{whole}"


def _moved(words: str, by: int) -> str:
    """A statement whose parameters are behind so many others."""
    return _MARK.sub(lambda found: f"${int(found[1]) + by}", words)
