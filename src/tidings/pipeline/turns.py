"""Places for work that costs much, so that a crowd of strangers gets a refusal instead of all of the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tidings.core.request import Refused


class Turns:
    """So many at once; whoever comes after them is told to come again."""

    __slots__ = ("_most", "_refused", "taken")

    def __init__(self, most: int, refused: Refused) -> None:
        self._most = most
        self._refused = refused
        self.taken = 0

    @contextmanager
    def one(self) -> Iterator[Refused | None]:
        """A place, or Refused where there is none.

        Taken before anything is awaited: many who come at once do not all find the same place free.
        """
        if self.taken >= self._most:
            yield self._refused
            return
        self.taken += 1
        try:
            yield None
        finally:
            self.taken -= 1
