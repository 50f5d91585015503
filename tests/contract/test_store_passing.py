"""Faults of a database server that pass: deadlocks, serialization failures, no connection left. Nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

import postgres_kit
from contract_kit import PATIENCE, message, present, store_messages
from spine_kit import HandClock, opened
from tidings.core.ports import Stage, StoreUnavailable
from tidings.core.questions import Tx
from tidings.store import group_commit, writer
from tidings.store.engine import CannotOpen
from tidings.store.group_commit import GroupStore
from tidings.store.postgres import Postgres

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def on_postgres() -> Iterator[None]:
    with postgres_kit.chosen_for(True):
        yield


class Faulty:
    """A stage that stores messages, and meets a fault of the server so many times before it gets through."""

    def __init__(self, state: str, times: int) -> None:
        self.runs = 0
        self._state = state
        self._times = times

    async def run(self, tx: Tx, items: Any, now: int) -> list[Any]:
        await tx.messages.insert([message(number) for number in items])
        self.runs += 1
        if self.runs <= self._times:
            # The server itself raises it, so that the transaction is spoilt as it would be.
            await tx.engine.fetch(  # type: ignore[attr-defined]
                f"do $$ begin raise exception 'one that passes' using errcode = '{self._state}'; end $$"
            )
        return list(items)


PASSING = [("40P01", "a deadlock"), ("40001", "a serialization failure")]


@pytest.mark.parametrize("state", [one[0] for one in PASSING], ids=[one[1] for one in PASSING])
async def test_what_passes_is_tried_again_at_once(tmp_path: Path, state: str) -> None:
    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        faulty = Faulty(state, 1)
        assert await store.write(Stage(faulty.run, 1, True), [1, 2]) == [1, 2]
        assert faulty.runs == 2
        assert await present(store, 1, 2) == [1, 2]
        assert store.fault == ""


@pytest.mark.parametrize("state", [one[0] for one in PASSING], ids=[one[1] for one in PASSING])
async def test_what_comes_back_is_refused_and_nothing_of_it_stored(tmp_path: Path, state: str) -> None:
    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        faulty = Faulty(state, 2)
        with pytest.raises(StoreUnavailable, match="one that passes"):
            await store.write(Stage(faulty.run, 1, True), [1, 2])
        await store_messages(store, 3)
        assert await present(store, 1, 2, 3) == [3]
        assert store.fault == ""


async def test_a_real_deadlock_is_got_over(tmp_path: Path) -> None:
    """Somebody else's program locks rows of ours the other way round."""
    url = postgres_kit.url(tmp_path)
    touch = "update message set client_ref = client_ref where id = {}"
    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        await store_messages(store, 1, 2)
        other = await asyncpg.connect(url, server_settings={"deadlock_timeout": "10s"})
        locked, asked = threading.Event(), threading.Event()
        runs: list[int] = []

        async def crossed(tx: Tx, items: Any, now: int) -> list[Any]:
            runs.append(len(runs))
            await tx.engine.fetch(touch.format(1))  # type: ignore[attr-defined]
            if len(runs) == 1:
                locked.set()
                asked.wait(PATIENCE)
            await tx.engine.fetch(touch.format(2))  # type: ignore[attr-defined]
            return list(items)

        try:
            await other.execute("begin; " + touch.format(2))
            writing = asyncio.create_task(store.write(Stage(crossed, 1, True), [1]))
            await asyncio.to_thread(locked.wait, PATIENCE)
            waits = asyncio.create_task(other.execute(touch.format(1)))
            await asyncio.sleep(0.1)
            asked.set()
            await asyncio.wait_for(waits, PATIENCE)  # ours gave way
            await other.execute("commit")
            with contextlib.suppress(StoreUnavailable):  # where it met the other a second time; then it is asked again
                assert await asyncio.wait_for(writing, PATIENCE) == [1]
            assert len(runs) == 2
            assert await store.write(Stage(crossed, 1, True), [1]) == [1]
        finally:
            await other.close()


async def test_a_server_that_hangs_keeps_nobody_at_a_door_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was under way is handed over when it comes to its end after all; who asked has to ask again."""
    monkeypatch.setattr(writer, "HANGS_S", 0.3)
    monkeypatch.setattr(group_commit, "WATCH_S", 0.05)
    heard: list[int] = []

    async def slow(tx: Tx, items: Any, now: int) -> list[Any]:
        await tx.messages.insert([message(number) for number in items])
        await tx.engine.fetch("select pg_sleep(1.5)")  # type: ignore[attr-defined]
        return list(items)

    door = Stage(slow, 1, True)
    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        store.follow(door, lambda items, results: heard.extend(items))
        for number in (1, 2):  # the one under way, and one that comes meanwhile
            with pytest.raises(StoreUnavailable, match="has not answered"):
                await asyncio.wait_for(store.write(door, [number]), 1.2)
        assert "has not answered" in store.fault
        while not heard:  # noqa: ASYNC110 - another thread sees to it; pytest has a limit
            await asyncio.sleep(0.05)
        await store_messages(store, 3)
        assert await present(store, 1, 2, 3) == [1, 3]
        assert store.fault == ""


async def _sleepy(tx: Tx) -> str:
    await tx.engine.fetch("select pg_sleep(1.5)")  # type: ignore[attr-defined]
    return "told"


async def test_a_server_that_answers_nobody_keeps_no_reader_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor those who wait for a connection to read by."""
    monkeypatch.setattr(writer, "HANGS_S", 0.3)
    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        reads = [store.read(_sleepy) for _ in range(group_commit.READERS)]
        told = await asyncio.gather(*reads, store.read(lambda tx: tx.leases.all()), return_exceptions=True)
        assert [(type(one), str(one)) for one in told] == [
            (StoreUnavailable, "the database has not answered for 0 s")
        ] * len(told)


async def test_one_that_asks_for_much_is_waited_for_while_others_get_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "HANGS_S", 0.5)
    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        much = asyncio.ensure_future(store.read(_sleepy))
        while not much.done():
            await store.read(lambda tx: tx.leases.all())
            await asyncio.sleep(0.02)
        assert await much == "told"


@contextlib.contextmanager
def no_connections(url: str) -> Iterator[None]:
    """The database lets nobody in any more, and those who are in are thrown out."""
    name = urlsplit(url).path[1:]
    server = postgres_kit.beside(url, "postgres")
    postgres_kit.execute(
        f"alter database {name} connection limit 0",
        f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'", url=server,
    )  # fmt: skip
    try:
        yield
    finally:
        postgres_kit.execute(f"alter database {name} connection limit -1", url=server)


def as_guest(url: str) -> str:
    """Limits are not for superusers."""
    postgres_kit.execute(
        "do $$ begin create role guest login; exception when duplicate_object then null; end $$",
        f"grant all on database {urlsplit(url).path[1:]} to guest", "grant all on schema public to guest",
        "grant all on all tables in schema public to guest", "grant all on all sequences in schema public to guest",
        url=url,
    )  # fmt: skip
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"guest@{parts.netloc.rpartition('@')[2]}"))


async def test_without_a_connection_left_all_are_told_and_then_it_goes_on(tmp_path: Path) -> None:
    url = postgres_kit.url(tmp_path, throw_away=True)
    store = GroupStore(Postgres(as_guest(url), tmp_path, HandClock()), HandClock())
    store.open()
    store.start(asyncio.get_running_loop())
    try:
        await store_messages(store, 1)
        with no_connections(url):
            for _ in range(2):
                with pytest.raises(StoreUnavailable):
                    await store_messages(store, 2)
            assert "too many connections" in store.fault
            with pytest.raises(StoreUnavailable, match="too many connections"):
                await present(store, 1)
        async with asyncio.timeout(PATIENCE):
            while store.fault:
                with contextlib.suppress(StoreUnavailable):
                    await store_messages(store, 3)
                await asyncio.sleep(0.05)
        assert await present(store, 1, 2, 3) == [1, 3]
    finally:
        await asyncio.to_thread(store.stop)


def test_a_start_without_a_connection_left_is_one_sentence(tmp_path: Path) -> None:
    url = postgres_kit.url(tmp_path, throw_away=True)
    guest = as_guest(url)
    with no_connections(url):
        driver = Postgres(guest, tmp_path, HandClock())
        with pytest.raises(CannotOpen, match="too many connections") as refusal:
            driver.open()
        driver.close()
    assert "\n" not in str(refusal.value)
