"""Many endpoints, many of them dead, and many events: the living get everything, and memory stays bounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from spine_kit import request, send
from tidings.config import WebhookSettings
from tidings.core.lane import READY_MOST
from tidings.core.ports import Stage
from tidings.core.questions import DeliveryFilter
from tidings.pipeline import subscribe
from webhook_kit import OK, Endpoint, Got, Office, office

pytestmark = pytest.mark.slow

FIRST = ("message.accepted",)


async def crowd(here: Office, living: Endpoint, dead: Endpoint, each: int) -> None:
    """As many of both, on a path each, taking turns; made in one commit, as a thousand calls would take a while."""
    house = here.house
    new = []
    for number in range(2 * each):
        there = dead if number % 2 else living
        one = subscribe.Subscription(
            id=house.new_id(), account_id=1, url=f"{there.url}/{number}", events=FIRST, created_at=house.clock.now()
        )
        new.append(subscribe.New(one, house.clock.token(32), 10_000))
    house.listening = True
    await here.store.write(subscribe.store_subscriptions, new)


@pytest.mark.one_engine("a crowd of connections; the store is asked the same as for a few")
async def test_a_thousand_endpoints_of_which_half_are_dead(tmp_path: Path) -> None:
    """The dead never answer, and their time-out is longer than the test: none of the living may wait for one."""
    dead = Endpoint(lambda got, earlier: None)
    settings = WebhookSettings(timeout=110.0)
    async with dead.up(), Endpoint().up() as living, office(tmp_path, webhooks=settings) as here:
        await crowd(here, living, dead, 500)
        await send(here.house, request())
        await here.until(lambda: len(living.got) == 500, 60)
        await send(here.house, *[request() for _ in range(5)])
        await here.until(lambda: len(living.got) == 3_000, 60)
        assert len({got.path for got in living.got}) == 500
        assert len({(got.path, got.id) for got in living.got}) == 3_000
        assert {one.status for one in await here.deliveries(status="delivered")} == {"delivered"}
        assert len({got.path for got in dead.got}) == len(dead.got), "a dead one was asked twice at a time"
        # What the living got leaves memory once it is recorded; what is left is little for each of the dead.
        await here.until(lambda: here.notifier.lanes.in_memory <= 3 * 500, 10)


@pytest.mark.one_engine("a crowd of connections; the store is asked the same as for a few")
async def test_endpoints_that_all_die_at_once_hold_up_no_others(tmp_path: Path) -> None:
    """They had answered well, and so had a large share of all requests."""
    dying = Endpoint()
    settings = WebhookSettings(timeout=110.0)
    async with dying.up(), Endpoint().up() as living, office(tmp_path, webhooks=settings) as here:
        await crowd(here, living, dying, 100)
        await send(here.house, *[request() for _ in range(8)])
        await here.until(lambda: len(living.got) == len(dying.got) == 800, 60)
        dying.script = lambda got, earlier: None
        await send(here.house, *[request() for _ in range(20)])
        await here.until(lambda: len(living.got) == 2_800, 60)
        assert len({(got.path, got.id) for got in living.got}) == 2_800


async def test_one_that_answers_slowly_gets_all_and_holds_up_no_others(tmp_path: Path) -> None:
    import asyncio

    go_on = asyncio.Event()

    async def late() -> bytes:
        await go_on.wait()
        return OK

    slow = Endpoint(lambda got, earlier: late())
    async with slow.up(), Endpoint().up() as living, office(tmp_path) as here:
        await crowd(here, living, slow, 200)
        await send(here.house, *[request() for _ in range(3)])
        await here.until(lambda: len(living.got) == 600, 60)
        go_on.set()
        await here.until(lambda: len({(got.path, got.id) for got in slow.got}) == 600, 60)


async def _copy(tx: Any, counts: list[int], now: int) -> list[None]:
    """The one delivery there is, so many times over, all of them delivered."""
    (first,) = (await tx.webhooks.deliveries([1])).values()
    for count in counts:
        rows = [msgspec.structs.replace(first, id=number) for number in range(2, count + 1)]
        await tx.webhooks.insert_deliveries(rows)
        await tx.webhooks.advance((await tx.webhooks.cursor())[0], count)
    return [None] * len(counts)


async def test_a_replay_of_a_hundred_thousand_is_paced_and_holds_up_nothing_new(tmp_path: Path) -> None:
    settings = WebhookSettings(replay_rate=50.0)
    most = 0

    def watched(got: Got, earlier: int) -> bytes:
        nonlocal most
        most = max(most, here.notifier.lanes.in_memory)
        return OK

    async with Endpoint(watched).up() as there, office(tmp_path, webhooks=settings) as here:
        await here.subscribe(there.url, events=FIRST)
        await send(here.house, request())
        await here.settled("delivered")
        await here.store.write(Stage(_copy, 0, False), [100_000])
        began = here.clock.now()
        assert await subscribe.replay(here.house, 1, DeliveryFilter()) == 100_000
        waiting = await here.store.read(lambda tx: tx.webhooks.waiting(there_name(here), False, 200_000))
        assert 1_990_000 < (waiting[-1].next_at or 0) - began <= 2_100_000
        assert len(there.got) < 5_000
        new = (await send(here.house, request(text="new")))[0]
        await here.until(lambda: any(got.json()["data"]["text"] == "new" for got in there.got))
        assert new.text == "new"
        asked = len(there.got)
        here.move(20)
        await here.until(lambda: len(there.got) >= asked + 1_000, 30)
        here.move(20)
        await here.until(lambda: len(there.got) >= asked + 2_000, 30)
        assert len(there.got) <= 50 * ((here.clock.now() - began) / 1000 + 1) + 3
        assert most <= 2 * READY_MOST
        again = subscribe.replay(here.house, 1, DeliveryFilter(status="delivered"))
        assert 0 < await again <= asked + 5_000, "what waits already is not replayed twice"


def there_name(here: Office) -> str:
    (lane,) = here.notifier.lanes._lanes
    return lane
