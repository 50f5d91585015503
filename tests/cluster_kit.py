"""Several processes on one database, as houses of one test: each hears of the others' commits, as over the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence, Set
from typing import Any, TypeVar

from tidings.core.ports import Gained, Lost, News, Stage
from tidings.core.questions import Tx
from tidings.pipeline import lease
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
        self._hearers: list[Callable[[News], None]] = []
        self._words: dict[Stage[Any, Any], Callable[[Sequence[Any], list[Any]], Sequence[Any]]] = {}
        self.deaf = False
        """What others commit is not heard while it is set."""
        others.append(self)

    async def write(self, stage: Stage[I, R], items: Sequence[I]) -> list[R]:
        results = await self._store.write(stage, items)
        if not items:
            return results
        if stage in self._followers:
            self._followers[stage](items, results)
        for watch in self._watchers:
            watch({stage})
        words = self._words[stage](items, results) if stage in self._words else []
        told = {stage: json.loads(json.dumps(list(words)))}
        for other in self._others:
            if other is not self and not other.deaf:
                asyncio.get_running_loop().call_soon(other.heard, News(frozenset({stage}), told))
        return results

    async def read(self, ask: Callable[[Tx], Awaitable[R]], *, tail: bool = False) -> R:
        return await self._store.read(ask, tail=tail)

    def follow(self, stage: Stage[I, R], then: Callable[[Sequence[I], list[R]], None]) -> None:
        self._followers[stage] = then

    def after_commit(self, then: Callable[[set[Stage[Any, Any]]], None]) -> None:
        self._watchers.append(then)

    def not_after_commit(self, then: Callable[[set[Stage[Any, Any]]], None]) -> None:
        self._watchers.remove(then)

    def announce(self, stage: Stage[I, R], words: Callable[[Sequence[I], list[R]], Sequence[Any]]) -> None:
        self._words[stage] = words

    def hear(self, then: Callable[[News], None]) -> None:
        self._hearers.append(then)

    def conclude(
        self, stage: Stage[I, R], ask: Callable[[Set[str]], I | None], then: Callable[[R | None], None]
    ) -> None:
        """Nobody has the last word here."""

    def heard(self, news: News) -> None:
        """Somebody else committed something."""
        for watch in self._watchers:
            watch(set(news.stages))
        for then in self._hearers:
            then(news)

    def miss(self) -> None:
        """The connection was lost: nobody knows what was not heard."""
        self.heard(News(frozenset(), missed=True))


class Held:
    """Leases among the houses of one test: whoever wants one first has it, until it leaves or is robbed."""

    def __init__(self, all_held: dict[str, list[Held]], node: int, store: GroupStore | None = None) -> None:
        """`store`: where fences are kept, for what is refused under an older one."""
        self._queues = all_held
        """Who wants each lease, its holder first."""
        self._store = store
        self.node = node
        self.holder = 0
        self.shared = True
        self.company = True
        self.frozen = False
        """Whether its time has run out: it may write nothing, and has not been told yet."""
        self._wants: dict[str, tuple[Gained, Lost]] = {}

    async def want(self, name: str, gained: Gained, lost: Lost, *, spread: bool = False) -> None:
        self._wants[name] = gained, lost
        queue = self._queues.setdefault(name, [])
        queue.append(self)
        if queue[0] is self:
            await gained(await self._fence(name, 1))

    async def leave(self, name: str) -> None:
        await self._end(name, to_another=False)
        self._wants.pop(name, None)

    async def rob(self, name: str) -> None:
        """Another took it while this one was frozen."""
        await self._end(name, to_another=True)
        self._queues[name].append(self)

    async def _end(self, name: str, *, to_another: bool) -> None:
        queue = self._queues.get(name, [])
        if self not in queue:
            return
        held = queue[0] is self
        if held and not to_another:
            await self._wants[name][1](False)
        queue.remove(self)
        if held and queue:
            await queue[0]._wants[name][0](await queue[0]._fence(name, 2))
        if held and to_another:
            await self._wants[name][1](True)

    async def _fence(self, name: str, otherwise: int) -> int:
        if self._store is None:
            return otherwise
        (fence,) = await self._store.write(lease.take, [lease.Wish(name, self.node, 0, seize=True)])
        return fence or 0

    def holds(self, name: str) -> bool:
        """Whether it is this one's."""
        queue = self._queues.get(name)
        return bool(queue) and queue is not None and queue[0] is self

    def may_write(self, name: str, asked: bool) -> bool:
        return self.holds(name) and not self.frozen
