"""What a process holds in memory follows what other processes change in the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from cluster_kit import Half, Held
from spine_kit import HandClock, build, opened, request, send
from tidings.core.account import DEFAULT_ACCOUNT, Account
from tidings.core.esme import Esme
from tidings.core.ports import StoreUnavailable, stage
from tidings.core.questions import Tx
from tidings.mirror import Mirror
from tidings.pipeline import admit, enrol
from tidings.pipeline.house import House

PATIENCE_S = 5.0
SOON_S = 1.0
"""Within this a change is known everywhere."""


class Pair:
    """Two houses on one database; what `there` changes, `here` has to follow."""

    def __init__(self, store: Any, clock: HandClock) -> None:
        halves: list[Half] = []
        self.clock = clock
        self.here, self.there = (self._house(Half(store, halves), clock, at) for at in range(2))
        self.half = halves[0]
        self.mirror = Mirror(self.here)

    def _house(self, half: Half, clock: HandClock, at: int) -> House:
        house = build(half, clock)
        house.ids = type(house.ids)(node=at)
        house.leases = Held({}, at)
        return house

    def opens(self, token: str) -> bool:
        return self.here.keyring.find(token, self.clock.now) is not None

    async def until(self, true: Callable[[], object], seconds: float = SOON_S) -> None:
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.005)


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    clock = HandClock()
    with opened(tmp_path, clock, asyncio.get_running_loop()) as store:
        pair = Pair(store, clock)
        async with asyncio.TaskGroup() as tasks:
            pair.mirror.start(tasks)
            yield pair
            pair.mirror.stop()


async def test_a_key_opens_and_ends_everywhere_within_a_second(pair: Pair) -> None:
    key, token = await admit.issue(pair.there, DEFAULT_ACCOUNT, "n", "send")
    await pair.until(lambda: pair.opens(token))
    await admit.revoke(pair.there, DEFAULT_ACCOUNT, key.id)
    await pair.until(lambda: not pair.opens(token))


async def test_a_key_revoked_while_this_process_starts_is_revoked_here(tmp_path: Path) -> None:
    """What is changed after the first look and before it listens is told to nobody here."""
    clock = HandClock()
    with opened(tmp_path, clock, asyncio.get_running_loop()) as store:
        pair = Pair(store, clock)
        key, token = await admit.issue(pair.there, DEFAULT_ACCOUNT, "n", "send")
        pair.here.keyring.add(key)
        await admit.revoke(pair.there, DEFAULT_ACCOUNT, key.id)
        await asyncio.sleep(0.01)
        assert pair.opens(token)
        async with asyncio.TaskGroup() as tasks:
            pair.mirror.start(tasks)
            try:
                await pair.until(lambda: not pair.opens(token))
            finally:
                pair.mirror.stop()


async def test_an_account_opened_changed_and_closed_elsewhere_is_so_here(pair: Pair) -> None:
    made = await admit.open_account(pair.there, "tenant", senders=("Berlin",))
    assert isinstance(made, Account)
    _, token = await admit.issue(pair.there, made.id, "n", "send")
    await pair.until(lambda: pair.opens(token) and pair.here.keyring.owns(made.id, "Berlin"))
    await admit.change_account(pair.there, made.id, {"senders": ("Munich",), "rate": 3.0})
    await pair.until(lambda: pair.here.keyring.metered and pair.here.keyring.owns(made.id, "Munich"))
    assert not pair.here.keyring.owns(made.id, "Berlin")
    await admit.close_account(pair.there, made.id)
    await pair.until(lambda: not pair.opens(token))


async def test_an_esme_enrolled_changed_and_closed_elsewhere_is_so_here(pair: Pair) -> None:
    told: list[Esme] = []
    pair.here.roster.watch(told.append)
    enrolled = await enrol.enrol(pair.there, DEFAULT_ACCOUNT, "s3cret!!", name="shop", system_id="shop")
    assert isinstance(enrolled, tuple)
    esme = enrolled[0]
    await pair.until(lambda: pair.here.roster.by_system_id("shop") is not None)
    await enrol.change(pair.there, DEFAULT_ACCOUNT, esme.id, {"system_id": "other", "max_binds": 1})
    await pair.until(lambda: pair.here.roster.by_system_id("other") is not None)
    assert pair.here.roster.by_system_id("shop") is None
    await enrol.close(pair.there, DEFAULT_ACCOUNT, esme.id)
    await pair.until(lambda: pair.here.roster.get(esme.id) is None)
    assert [(one.system_id, one.closed_at is None) for one in told] == [
        ("shop", True),
        ("other", True),
        ("other", False),
    ]


async def test_after_a_lost_connection_everything_is_read_again(pair: Pair) -> None:
    await asyncio.sleep(0.1)  # it has read all of it once
    pair.half.deaf = True
    _, token = await admit.issue(pair.there, DEFAULT_ACCOUNT, "n", "send")
    enrolled = await enrol.enrol(pair.there, DEFAULT_ACCOUNT, "s3cret!!", name="shop", system_id="shop")
    await asyncio.sleep(0.1)
    assert not pair.opens(token)
    pair.half.miss()
    await pair.until(lambda: pair.opens(token) and isinstance(enrolled, tuple) and pair.here.roster.get(enrolled[0].id))


async def test_what_cannot_be_read_is_read_again_until_it_can(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    read, faults = pair.half.read, 2

    async def failing(ask: Callable[[Tx], Awaitable[Any]]) -> Any:
        nonlocal faults
        if faults:
            faults -= 1
            raise StoreUnavailable("away")
        return await read(ask)

    monkeypatch.setattr(pair.half, "read", failing)
    _, token = await admit.issue(pair.there, DEFAULT_ACCOUNT, "n", "send")
    await pair.until(lambda: pair.opens(token), PATIENCE_S)
    assert not faults


async def test_a_reading_that_a_change_of_ones_own_overtakes_is_not_taken(pair: Pair) -> None:
    """The key is revoked here while an older state of it is being read: it opens nothing from the return on."""
    key, token = await admit.issue(pair.there, DEFAULT_ACCOUNT, "n", "send")
    await pair.until(lambda: pair.opens(token))
    esme = await enrol.enrol(pair.here, DEFAULT_ACCOUNT, "s3cret!!", name="shop", system_id="shop")
    assert isinstance(esme, tuple)
    read = pair.half.read
    slow = asyncio.Event()

    async def late(ask: Callable[[Tx], Awaitable[Any]]) -> Any:
        found = await read(ask)
        await slow.wait()
        return found

    pair.half.read = late  # type: ignore[method-assign]
    await enrol.change(pair.there, DEFAULT_ACCOUNT, esme[0].id, {"window": 7})
    await admit.change(pair.there, DEFAULT_ACCOUNT, key.id, {"name": "m"})
    await asyncio.sleep(0.1)  # old states are read by now
    await admit.revoke(pair.here, DEFAULT_ACCOUNT, key.id)
    await enrol.close(pair.here, DEFAULT_ACCOUNT, esme[0].id)
    seen: list[bool] = []
    pair.here.roster.watch(lambda one: seen.append(one.closed_at is None))
    pair.half.read = read  # type: ignore[method-assign]
    slow.set()
    await asyncio.sleep(0.2)
    assert not pair.opens(token)
    assert pair.here.roster.get(esme[0].id) is None
    assert not any(seen)


async def test_what_waits_is_counted_over_all(pair: Pair) -> None:
    await send(pair.there, request(), request())
    async with asyncio.timeout(PATIENCE_S):
        while pair.here.backlog.total != 2:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)


@stage(order=0)
async def nothing(tx: Tx, items: Sequence[None], now: int) -> list[None]:
    return list(items)


async def _later(found: list[Any]) -> int:
    await asyncio.sleep(0.3)
    return len(found)


async def test_other_commits_read_nothing_again(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Any] = []
    read = pair.half.read

    async def counted(ask: Callable[[Tx], Awaitable[Any]]) -> Any:
        reads.append(ask)
        return await read(ask)

    monkeypatch.setattr(pair.half, "read", counted)
    async with asyncio.timeout(10):  # what is read at the beginning, however slow the machine
        while len(reads) != await _later(reads):
            pass
    reads.clear()
    await pair.there.store.write(nothing, [None])
    await asyncio.sleep(0.1)
    assert reads == []
