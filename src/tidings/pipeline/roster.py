"""The ESMEs that may bind, by system_id, as they are now."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from tidings.core.esme import Esme
from tidings.core.message import Millis


class Roster:
    """All that are not closed, in memory."""

    __slots__ = ("_by_id", "_by_system_id", "_watchers", "bound")

    def __init__(self, esmes: Iterable[Esme] = ()) -> None:
        self._by_id: dict[int, Esme] = {}
        self._by_system_id: dict[str, Esme] = {}
        self._watchers: list[Callable[[Esme], None]] = []
        self.bound: set[int] = set()
        """Those that bound since somebody last looked."""
        for esme in esmes:
            self.know(esme)

    def __len__(self) -> int:
        return len(self._by_id)

    def know(self, esme: Esme) -> None:
        """Know one as it is now; whoever watches is told."""
        before = self._by_id.pop(esme.id, None)
        if before is not None and self._by_system_id.get(before.system_id) is before:
            del self._by_system_id[before.system_id]
        if esme.closed_at is None:
            self._by_id[esme.id] = self._by_system_id[esme.system_id] = esme
        for tell in self._watchers:
            tell(esme)

    def renew(self, esmes: Iterable[Esme], now: Millis) -> list[Esme]:
        """Know these and no others, as they stand in the store; whoever watches is told of what differs from before.

        Returns those that are gone, as closed.
        """
        there = {one.id: one for one in esmes}
        gone = [msgspec.structs.replace(one, closed_at=now) for one in self._by_id.values() if one.id not in there]
        for one in (*gone, *(one for one in there.values() if self._by_id.get(one.id) != one)):
            self.know(one)
        return gone

    def watch(self, tell: Callable[[Esme], None]) -> None:
        """Call `tell` with every one that changes from now on."""
        self._watchers.append(tell)

    def by_system_id(self, system_id: str) -> Esme | None:
        """Who binds with this system_id."""
        return self._by_system_id.get(system_id)

    def get(self, esme_id: int) -> Esme | None:
        """One by its id; None once it is closed."""
        return self._by_id.get(esme_id)
