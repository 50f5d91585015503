"""Processes on one database, as far as the database can tell: each a store with its membership."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import postgres_kit
from contract_kit import PATIENCE
from tidings.core.ports import News
from tidings.drivers.clock import SystemClock
from tidings.membership import Membership
from tidings.store.group_commit import GroupStore
from tidings.store.postgres import Postgres


@contextmanager
def store(tmp_path: Path, name: str, role: str = "all") -> Iterator[GroupStore]:
    """A process of its own, as far as the database can tell, on the database of this test."""
    driver = Postgres(postgres_kit.url(tmp_path), tmp_path / name, SystemClock(), role=role)
    one = GroupStore(driver, SystemClock())
    one.open()
    one.start(asyncio.get_running_loop())
    try:
        yield one
    finally:
        one.stop()


class Process:
    """A store with its membership, and what became of its leases."""

    def __init__(self, store: GroupStore) -> None:
        self.store = store
        self.displaced = False
        self.told: list[str] = []
        self.heard: list[News] = []
        driver = store.driver
        assert isinstance(driver, Postgres)
        self.driver = driver
        self.leases = Membership(driver, store, SystemClock(), self._displaced)
        store.hear(self.heard.append)

    def _displaced(self) -> None:
        self.displaced = True

    async def want(self, name: str, *, spread: bool = False) -> None:
        async def gained(fence: int) -> None:
            self.told.append(f"{name} {fence}")

        async def lost(to_another: bool) -> None:
            self.told.append(f"{name} {'taken' if to_another else 'left'}")

        await self.leases.want(name, gained, lost, spread=spread)

    def holds(self, name: str) -> bool:
        return self.leases.may_write(name, True)


@asynccontextmanager
async def processes(tmp_path: Path, *names: str) -> AsyncIterator[list[Process]]:
    """So many processes, listening and alive."""
    with ExitStack() as stack:
        stores = [stack.enter_context(store(tmp_path, name)) for name in names]
        async with asyncio.TaskGroup() as group:
            all_of_them = [Process(one) for one in stores]
            for one in all_of_them:
                await one.leases.start(group)
            try:
                yield all_of_them
            finally:
                for one in all_of_them:
                    await one.leases.stop()


async def until(look: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.01)
