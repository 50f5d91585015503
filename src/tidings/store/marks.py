"""Marks in a database that must not be opened as it is: half copied from elsewhere, or moved elsewhere."""

from __future__ import annotations

import msgspec

from tidings.core.message import Millis
from tidings.core.moments import written
from tidings.store.engine import CannotOpen

HALF = "store_copy"
"""Table in a database that is being filled, until it is whole: how far each table is, and under "" what it is to be."""
GONE = "store_moved"
"""Table in a database that was moved elsewhere, or is being moved."""


class Half(msgspec.Struct, frozen=True):
    """A database that is being filled: by which copying, and from where."""

    id: str
    source: str
    began_at: Millis
    applied: list[str]


class Gone(msgspec.Struct, frozen=True):
    """A database that lives on elsewhere, once that copying is whole."""

    id: str
    target: str
    at: Millis
    whole: bool


def refuse(half: str | None, gone: str | None) -> None:
    """Raises CannotOpen where a mark, as it was written down, forbids to open."""
    if half is not None:
        mark = msgspec.json.decode(half, type=Half)
        raise CannotOpen(
            f"this is a half-finished copy of {mark.source}, begun {written(mark.began_at)}; "
            "give the same command again to finish it, or begin with an empty one"
        )
    if gone is not None:
        left = msgspec.json.decode(gone, type=Gone)
        raise CannotOpen(
            f"this installation {'was' if left.whole else 'is being'} moved to {left.target} ({written(left.at)}); "
            f"{'use that one' if left.whole else 'give the same command again to finish'}, "
            "or take this one back with `tidings migrate --reopen`"
        )
