"""The ESMEs that may bind, by system_id, as they are now."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tidings.core.esme import Esme


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

    def watch(self, tell: Callable[[Esme], None]) -> None:
        """Call `tell` with every one that changes from now on."""
        self._watchers.append(tell)

    def by_system_id(self, system_id: str) -> Esme | None:
        """Who binds with this system_id."""
        return self._by_system_id.get(system_id)

    def get(self, esme_id: int) -> Esme | None:
        """One by its id; None once it is closed."""
        return self._by_id.get(esme_id)
