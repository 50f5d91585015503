"""Rates, quotas and Idempotency-Keys hold over several processes: they are counted in the accepting commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cluster_kit import Half, Held
from spine_kit import HandClock, build, opened, request
from tidings.core.account import DEFAULT_ACCOUNT, Key
from tidings.core.esme import Esme, Submission
from tidings.core.request import Answer, Idempotency, Refused, Stored, Submitted
from tidings.pipeline import accept, admit
from tidings.pipeline.house import House
from tidings.pipeline.submit import submit


class Pair:
    """Two houses on one database."""

    def __init__(self, store: Any, clock: HandClock) -> None:
        halves: list[Half] = []
        self.clock = clock
        self.houses = [build(Half(store, halves), clock) for _ in range(2)]
        for at, house in enumerate(self.houses):
            house.ids = type(house.ids)(node=at)
            house.leases = Held({}, at)

    async def key(self, **bounds: Any) -> Key:
        """A key that both know."""
        key, _ = await admit.issue(self.houses[0], DEFAULT_ACCOUNT, "n", "send", **bounds)
        for house in self.houses:
            house.keyring.add(key)
        return key

    async def by_turns(self, calls: int, send: Callable[[House], Awaitable[Any]]) -> list[Any]:
        """What comes of so many calls, at one house and the other."""
        return [await send(self.houses[at % 2]) for at in range(calls)]


@pytest.fixture
async def pair(tmp_path: Path, engine: str) -> AsyncIterator[Pair]:
    clock = HandClock()
    with opened(tmp_path, clock, asyncio.get_running_loop()) as store:
        yield Pair(store, clock)


async def post(house: House, key: Key, count: int = 1, **more: Any) -> Answer | Refused:
    return await accept.accept(house, DEFAULT_ACCOUNT, [request() for _ in range(count)], caller=key, **more)


def went(outcomes: list[Any]) -> int:
    return sum(isinstance(one, Answer) for one in outcomes)


async def test_a_rate_is_that_of_all_processes_together(pair: Pair) -> None:
    key = await pair.key(rate=10.0)
    outcomes = await pair.by_turns(30, lambda house: post(house, key))
    assert went(outcomes) == 10
    assert {one.code for one in outcomes if isinstance(one, Refused)} == {"rate_limited"}
    pair.clock.move(0.5)
    assert went(await pair.by_turns(30, lambda house: post(house, key))) == 5


async def test_calls_at_the_same_moment_cannot_pass_a_rate_together(pair: Pair) -> None:
    key = await pair.key(rate=4.0)
    outcomes = await asyncio.gather(*(post(pair.houses[at % 2], key) for at in range(20)))
    assert went([*outcomes]) == 4


async def test_one_who_was_refused_elsewhere_is_refused_here_until_it_may_go(pair: Pair) -> None:
    key = await pair.key(rate=2.0)
    here, there = pair.houses
    assert went([await post(there, key, 2)]) == 1
    assert went([await post(here, key)]) == 0, "the commit says so"
    before = here.meter.standing(key, None, pair.clock.monotonic(), pair.clock.now())
    assert before is not None
    assert before.remaining == 0, "and from then on it is known here, without a commit"
    pair.clock.move(0.5)
    assert went([await post(here, key)]) == 1


async def test_what_a_quota_refuses_draws_from_no_rate(pair: Pair) -> None:
    key = await pair.key(rate=10.0, daily_quota=3)
    outcomes = await pair.by_turns(6, lambda house: post(house, key))
    assert went(outcomes) == 3
    assert [one.code for one in outcomes[3:]] == ["quota_used_up"] * 3
    full = await pair.houses[0].store.read(lambda tx: tx.accounts.rates_used([key.id]))
    assert full[key.id] - pair.clock.now() * 1000 == 300_000


async def test_an_esme_is_held_to_its_segments_at_any_door(pair: Pair) -> None:
    esme = Esme(id=70, account_id=1, name="shop", system_id="shop", password=b"x", created_at=0, rate=5.0)
    kept = Submission(
        message_id=0, account_id=1, esme_id=70, response_id="", service_type="", source_addr_ton=0, source_addr_npi=0,
        source_addr="SHOP", dest_addr_ton=1, dest_addr_npi=1, destination_addr="15551230100", registered_delivery=0,
        data_coding=0,
    )  # fmt: skip
    wanted = Submitted(to="+15551230100", sender="SHOP", text="Hello", submission=kept)
    stored = 0
    for house in (*pair.houses, *pair.houses):
        results = await submit(house, esme, [wanted] * 2, str)
        stored += sum(isinstance(one, Stored) for one, _ in results)
        refused = [one for one, _ in results if isinstance(one, Refused)]
        assert all(one.detail == "At most 5 segments a second may be sent." for one in refused)
    assert stored == 5


async def test_a_quota_is_that_of_all_processes_together(pair: Pair) -> None:
    key = await pair.key(daily_quota=5)
    outcomes = await asyncio.gather(*(post(pair.houses[at % 2], key) for at in range(20)))
    assert went([*outcomes]) == 5


async def test_one_idempotency_key_at_two_processes_at_once_is_one_message(pair: Pair) -> None:
    key = await pair.key()
    again = Idempotency("k", b"digest")
    outcomes = await asyncio.gather(*(post(house, key, idempotency=again) for house in pair.houses))
    answers = [one for one in outcomes if isinstance(one, Answer)]
    refused = [one for one in outcomes if isinstance(one, Refused)]
    assert answers
    assert all(one.code == "idempotency_in_flight" for one in refused)
    ids = {one.message.id for answer in answers for one in answer.results if isinstance(one, Stored)}
    assert len(ids) == 1
    other = await post(pair.houses[1], key, idempotency=again)
    assert isinstance(other, Answer)
    assert other.replayed
    assert {one.message.id for one in other.results if isinstance(one, Stored)} == ids
    mismatch = await post(pair.houses[1], key, idempotency=Idempotency("k", b"another"))
    assert isinstance(mismatch, Refused)
    assert mismatch.code == "idempotency_mismatch"
