"""Several processes on one database, as houses of one test: each hears of the others' commits, as over the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence, Set
from typing import Any, TypeVar

from tidings.core.ports import Stage
from tidings.core.questions import Tx
from tidings.store.group_commit import GroupStore

I = TypeVar("I")  # noqa: E741
R = TypeVar("R")


class Half:
    """A store as one of several processes sees it: what the others commit comes as news from elsewhere."""

    def __init__(self, store: GroupStore, others: list[Half]) -> None:
        self._store = store
        self._others = others
        self._followers: dict[Stage[Any, Any], Callable[[Sequence[Any], list[Any]], None]] = {}
        self._watchers: list[Callable[[set[Stage[Any, Any]]], None]] = []
        self._elsewhere: list[Callable[[set[Stage[Any, Any]] | None], None]] = []
        others.append(self)

    async def write(self, stage: Stage[I, R], items: Sequence[I]) -> list[R]:
        results = await self._store.write(stage, items)
        if items:
            if stage in self._followers:
                self._followers[stage](items, results)
            for watch in self._watchers:
                watch({stage})
            for other in self._others:
                if other is not self:
                    other.hear({stage})
        return results

    async def read(self, ask: Callable[[Tx], Awaitable[R]]) -> R:
        return await self._store.read(ask)

    def follow(self, stage: Stage[I, R], then: Callable[[Sequence[I], list[R]], None]) -> None:
        self._followers[stage] = then

    def after_commit(self, then: Callable[[set[Stage[Any, Any]]], None]) -> None:
        self._watchers.append(then)

    def elsewhere(self, then: Callable[[set[Stage[Any, Any]] | None], None]) -> None:
        self._elsewhere.append(then)

    def conclude(
        self, stage: Stage[I, R], ask: Callable[[Set[str]], I | None], then: Callable[[R | None], None]
    ) -> None:
        """Nobody has the last word here."""

    def hear(self, stages: set[Stage[Any, Any]] | None) -> None:
        """Somebody else committed these; None: nobody knows what was missed."""
        for then in self._elsewhere:
            then(stages)
