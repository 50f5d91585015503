"""The loops over a real store and a carrier that does as told, on a clock that jumps: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from spine_kit import (
    NOW,
    TO,
    FakeCarrier,
    Story,
    Watched,
    World,
    ask,
    delivers,
    inbound,
    live,
    receipt,
    refused,
    request,
    send,
    taken,
)
from tidings.config import Delivery, Limits
from tidings.core.message import Message, Part
from tidings.core.ports import CarrierEvent, Inbound, Manners, StoreUnavailable
from tidings.core.questions import Filter
from tidings.core.request import Request
from tidings.mover import FEED_MOST
from tidings.pipeline import accept, assemble, cancel
from tidings.pipeline import receipt as receipt_stage

Scene = Callable[[World], Awaitable[None]]
ONE, OTHER = "north/1", "north/2"


def scene(
    carrier: Callable[[], FakeCarrier] = FakeCarrier, **settings: Any
) -> Callable[[Scene], Callable[[Path], None]]:
    """Run a scenario as a test, in a running world of its own."""

    def wrap(scenario: Scene) -> Callable[[Path], None]:
        async def run(world: World) -> None:
            async with world.up():
                await scenario(world)
                assert world.carrier.overfull == 0

        def test(tmp_path: Path) -> None:
            live(tmp_path, run, carrier, **settings)

        test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
        return test

    return wrap


def handset(number: int) -> str:
    return f"+1555{number:07}"


def spread(many: int, **fields: Any) -> list[Request]:
    """Texts to as many handsets."""
    return [request(to=handset(number), **fields) for number in range(many)]


async def statuses(world: World, messages: Sequence[Message]) -> Counter[str]:
    found = await world.store.read(lambda tx: tx.messages.by_id(one.id for one in messages))
    return Counter(one.status for one in found.values())


async def quiet(world: World, messages: Sequence[Message], seconds: float = 600.0) -> list[Story]:
    """All have ended: nothing is left in the queue, in memory, or (counted every ten sweeps) in the backlog."""
    stories = await world.ended(*messages, seconds=seconds)
    assert await world.store.read(lambda tx: tx.queue.counts()) == {}
    assert world.runner.flying() == 0
    await world.until(lambda: world.house.backlog.total == 0, 11 * world.settings.delivery.sweep)
    return stories


def once(world: World, messages: Sequence[Message]) -> bool:
    """Whether every part of every message was written, and none of them twice."""
    wanted = [(message.id, part) for message in messages for part in range(1, message.segments + 1)]
    return sorted(world.carrier.order()) == sorted(wanted)


def at(world: World, message: Message) -> list[float]:
    """When its parts were written."""
    return [when for when, part in world.carrier.written if part.message_id == message.id]


# the straight way


@scene()
async def test_a_message_goes_straight_to_its_carrier(world: World) -> None:
    """In memory, without a look at the clock; and its receipt is acknowledged once stored."""
    (message,) = await send(world.house, request(text="x" * 300))
    (story,) = await quiet(world, [message])
    assert story.statuses == ["accepted", "queued", "sent", "delivered"]
    assert at(world, message) == [0.0, 0.0]
    assert sorted(world.carrier.acknowledged) == sorted(f"c{attempt.id}" for attempt in story.attempts)
    assert world.runner.answers == {"north": {"sent": 2}}


@scene(lambda: FakeCarrier(window=3, binds=2))
async def test_many_messages_share_windows_and_binds(world: World) -> None:
    messages = await send(world.house, *spread(60, text="x" * 200))
    await quiet(world, messages)
    assert once(world, messages)
    used = Counter(part.bind for _, part in world.carrier.written)
    assert used == {ONE: 60, OTHER: 60}


@scene(lambda: FakeCarrier(window=2, delay=1.0))
async def test_a_message_longer_than_the_window_goes_in_pieces(world: World) -> None:
    messages = await send(world.house, request(text="x" * 1_500), request(to=handset(1)))
    await quiet(world, messages)
    assert once(world, messages)
    assert [part for number, part in world.carrier.order() if number == messages[0].id] == list(range(1, 11))


@scene(lambda: FakeCarrier(window=1, delay=0.1))
async def test_codes_overtake_and_accounts_take_turns(world: World) -> None:
    much = await send(world.house, *spread(30, category="marketing"))
    await world.until(lambda: len(world.carrier.written) >= 3)
    little = await send(world.house, *spread(2, category="marketing"), account=2)
    code = await send(world.house, *spread(1, category="otp"))
    await quiet(world, [*much, *little, *code])
    order = [number for number, _ in world.carrier.order()]
    assert order.index(code[0].id) <= 4
    assert max(order.index(one.id) for one in little) <= 9


# memory and the store


def random_settings(chance: random.Random) -> tuple[int, int, float]:
    return chance.choice([1, 3, 10, 40]), chance.choice([1, 4, 30]), chance.choice([0.01, 0.5])


@pytest.mark.parametrize("seed", range(4))
def test_after_an_overflow_nothing_is_lost_doubled_or_overtaken(tmp_path: Path, seed: int) -> None:
    """While more come, one by one and in batches, in several classes and lanes."""
    chance = random.Random(seed)
    in_memory, window, delay = random_settings(chance)

    async def scenario(world: World) -> None:
        messages: list[Message] = []
        async with world.up():
            for _ in range(40):
                batch = [
                    request(
                        to=handset(chance.randint(0, 9)), category=chance.choice(["otp", "transactional", "marketing"])
                    )
                    for _ in range(chance.choice([1, 1, 2, 10]))
                ]
                messages += await send(world.house, *batch, account=chance.randint(1, 2))
                await asyncio.sleep(chance.choice([0, 0, 0.02, 0.3]))
            await quiet(world, messages, 3_600)
            assert once(world, messages)
            lanes: dict[tuple[Any, ...], list[int]] = {}
            for number, _ in world.carrier.order():
                one = next(message for message in messages if message.id == number)
                lanes.setdefault((one.to, one.category, one.account_id), []).append(number)
            assert all(numbers == sorted(numbers) for numbers in lanes.values())

    live(tmp_path, scenario, lambda: FakeCarrier(window=window, delay=delay), limits=Limits(in_memory=in_memory))


@scene(lambda: FakeCarrier(window=0), limits=Limits(in_memory=100))
async def test_memory_holds_what_it_may_and_a_page_of_the_store(world: World) -> None:
    messages = []
    for _ in range(30):
        messages += await send(world.house, *spread(40))
    await asyncio.sleep(15)
    assert len(world.runner.mover._schedules["north"]) + len(world.runner.mover._fresh) <= 100 + FEED_MOST
    assert world.house.backlog.total == 1_200
    world.carrier.windows[ONE] = 200
    await quiet(world, messages)
    assert once(world, messages)


# restarts


def silent(part: Part, earlier: int) -> Iterable[CarrierEvent]:
    return ()


def test_a_restart_goes_on_where_the_process_ended(tmp_path: Path) -> None:
    """Waiting, scheduled and backing off; nothing that was answered goes again."""

    def half(part: Part, earlier: int) -> Iterable[CarrierEvent]:
        return delivers(part, earlier) if int(part.to[-1]) % 2 else (refused(part, "temporary"),)

    async def scenario(world: World) -> None:
        async with world.up():
            later = dt.datetime.fromtimestamp(NOW / 1000 + 30, dt.UTC)
            messages = await send(world.house, *spread(10), *spread(10, send_at=later))
            await world.until(lambda: len(world.carrier.written) == 10)
            await asyncio.sleep(1)
            assert await statuses(world, messages) == {"delivered": 5, "queued": 5, "scheduled": 10}
        first = world.carrier
        world.carrier = FakeCarrier()
        async with world.up():
            assert world.house.backlog.total == 15
            await quiet(world, messages)
            assert await statuses(world, messages) == {"delivered": 20}
        took = [part.message_id for _, part in first.written if int(part.to[-1]) % 2]
        assert sorted([*took, *(number for number, _ in world.carrier.order())]) == sorted(m.id for m in messages)

    live(tmp_path, scenario, lambda: FakeCarrier(half))


DOUBTS = [
    ("otp", ["accepted", "queued", "sent", "delivered"], 1),
    ("transactional", ["accepted", "queued", "sent", "delivered"], 1),
    ("conversation", ["accepted", "queued", "sent", "delivered"], 1),
    ("marketing", ["accepted", "queued", "unknown"], 0),
]


@pytest.mark.parametrize(("category", "ends", "repeats"), DOUBTS, ids=[case[0] for case in DOUBTS])
def test_what_was_with_the_carrier_at_a_crash_is_in_doubt(
    tmp_path: Path, category: str, ends: list[str], repeats: int
) -> None:
    async def scenario(world: World) -> None:
        async with world.up():
            (message,) = await send(world.house, request(category=category, text="x" * 300))
            await world.until(lambda: len(world.carrier.written) == 2)
        world.carrier = FakeCarrier()
        async with world.up():
            (story,) = await quiet(world, [message])
            assert story.statuses == ends
            assert len(world.carrier.written) == 2 * repeats

    live(tmp_path, scenario, lambda: FakeCarrier(silent))


def test_a_second_owner_of_the_carrier_stops_the_first(tmp_path: Path) -> None:
    """Whoever took it last may claim; the other's messages stay in the queue."""

    async def scenario(world: World) -> None:
        async with world.up():
            await world.store.write(ask, [lambda tx: tx.leases.take("carrier/north", 9, 0, seize=True)])
            (message,) = await send(world.house, request())
            await asyncio.sleep(3)
            assert world.carrier.written == []
            story = await world.story(message)
            assert (story.statuses, story.queued) == (["accepted", "queued"], True)

    live(tmp_path, scenario)


# carriers that say no


def throttles_first(bind: str) -> Callable[[Part, int], Iterable[CarrierEvent]]:
    """That bind throttles everything, the others take everything."""

    def script(part: Part, earlier: int) -> Iterable[CarrierEvent]:
        return (refused(part, "throttled"),) if part.bind == bind else delivers(part, earlier)

    return script


@scene(lambda: FakeCarrier(throttles_first(ONE), binds=2), delivery=Delivery(throttle_pause=1.0))
async def test_a_bind_that_is_throttled_pauses_longer_each_time_and_the_other_works_on(world: World) -> None:
    messages = await send(world.house, *spread(10))
    await quiet(world, messages)
    tried = sorted({when for when, part in world.carrier.written if part.bind == ONE})
    await send(world.house, *spread(1))
    assert tried[0] == 0.0
    assert all(later - earlier >= 1.0 for earlier, later in itertools.pairwise(tried))
    assert await statuses(world, messages) == {"delivered": 10}


def mannered(script: Callable[[Part, int], Iterable[CarrierEvent]], **manners: Any) -> FakeCarrier:
    carrier = FakeCarrier(script, binds=2)
    carrier.manners = Manners(**manners)
    return carrier


@scene(
    lambda: mannered(throttles_first(ONE), throttles_whole=True, throttle_pause=5.0),
    delivery=Delivery(throttle_pause=1.0),
)
async def test_a_carrier_that_is_throttled_as_a_whole_pauses_all_its_binds_for_as_long_as_it_says(world: World) -> None:
    messages = await send(world.house, *spread(40))
    await quiet(world, messages, 3_600)
    assert await statuses(world, messages) == {"delivered": 40}
    slowed = [when for when, part in world.carrier.written if part.bind == ONE]
    for when, part in world.carrier.written:
        assert part.bind == ONE or not any(0.02 < when - one < 5.0 for one in slowed), (when, slowed)


def loses(part: Part, earlier: int) -> Iterable[CarrierEvent]:
    """The answer to the first attempt is lost."""
    return delivers(part, earlier) if earlier else (refused(part, "in_doubt", "outcome_lost", ""),)


LOST = [("category", "marketing", "unknown"), ("repeat", "marketing", "delivered"), ("never", "otp", "unknown")]


@pytest.mark.parametrize(("in_doubt", "category", "status"), LOST)
def test_what_becomes_of_a_lost_answer_is_the_carriers_to_say(
    tmp_path: Path, in_doubt: str, category: str, status: str
) -> None:
    async def scenario(world: World) -> None:
        async with world.up():
            (message,) = await send(world.house, request(category=category))
            await quiet(world, [message])
            assert (await world.story(message)).statuses[-1] == status

    live(tmp_path, scenario, lambda: mannered(loses, in_doubt=in_doubt))


@pytest.mark.parametrize(("in_doubt", "status"), [("repeat", "delivered"), ("never", "unknown")])
def test_so_it_is_after_a_crash(tmp_path: Path, in_doubt: str, status: str) -> None:
    category = "marketing" if in_doubt == "repeat" else "otp"

    async def scenario(world: World) -> None:
        async with world.up():
            (message,) = await send(world.house, request(category=category))
            await world.until(lambda: len(world.carrier.written) == 1)
        world.carrier = mannered(delivers, in_doubt=in_doubt)
        async with world.up():
            (story,) = await quiet(world, [message])
            assert story.statuses[-1] == status

    live(tmp_path, scenario, lambda: mannered(silent, in_doubt=in_doubt))


@pytest.mark.parametrize("kind", ["throttled", "bind"])
def test_a_pause_is_doubled_up_to_a_minute_and_short_again_after_a_yes(tmp_path: Path, kind: str) -> None:
    def script(part: Part, earlier: int) -> Iterable[CarrierEvent]:
        patience = 9 if part.to == TO else 1
        return (refused(part, kind),) if earlier < patience else delivers(part, earlier)

    async def scenario(world: World) -> None:
        async with world.up():
            (message,) = await send(world.house, request())
            await quiet(world, [message])
            times = at(world, message)
            pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
            assert [round(pause) for pause in pauses] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
            (again,) = await send(world.house, request(to=handset(5)))
            await quiet(world, [again])
            first, second = at(world, again)
            assert round(second - first) == 1

    live(tmp_path, scenario, lambda: FakeCarrier(script), delivery=Delivery(throttle_pause=1.0))


@pytest.mark.parametrize("seed", range(2))
def test_a_lane_keeps_its_order_through_throttling(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    kinds = ["throttled", "not_written", "bind"]

    def script(part: Part, earlier: int) -> Iterable[CarrierEvent]:
        return (refused(part, chance.choice(kinds)),) if chance.random() < 0.4 else delivers(part, earlier)

    async def scenario(world: World) -> None:
        async with world.up():
            messages = await send(world.house, *(request(to=handset(n % 3)) for n in range(30)))
            await quiet(world, messages, 3_600)
            for lane in range(3):
                own = [one.id for one in messages if one.to == handset(lane)]
                told = [part.message_id for _, part in world.carrier.written if part.to == handset(lane)]
                assert [number for number, after in zip(told, [*told[1:], 0], strict=True) if number != after] == own

    live(tmp_path, scenario, lambda: FakeCarrier(script, window=5), delivery=Delivery(throttle_pause=0.1))


def test_news_of_a_commit_that_come_after_the_store_was_read_change_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of a lane flies by then, and is throttled: it goes again before those behind it."""

    def follow(self: Watched, stage: Any, then: Callable[..., None]) -> None:
        late = stage is accept.store_entries
        self._store.follow(
            stage, (lambda *news: asyncio.get_running_loop().call_later(1.5, then, *news)) if late else then
        )

    def script(part: Part, earlier: int) -> Iterable[CarrierEvent]:
        return delivers(part, earlier) if earlier else (refused(part, "throttled"),)

    async def scenario(world: World) -> None:
        async with world.up():
            messages = await send(world.house, *(request(text=f"text {n}") for n in range(3)))
            world.runner.mover.read_all_again()
            await world.until(lambda: len(world.carrier.written) == 1, 1.0)
            await quiet(world, messages)
            first, second, third = [message.id for message in messages]
            told = [number for number, _ in world.carrier.order()]
            assert told == [first, first, second, second, third, third]

    monkeypatch.setattr(Watched, "follow", follow)
    live(tmp_path, scenario, lambda: FakeCarrier(script, delay=2.0))


def test_one_at_a_time_of_a_lane_however_long_they_are(tmp_path: Path) -> None:
    """Until its first answer a message has its lane for itself, and only its own answers open it."""

    async def scenario(world: World) -> None:
        async with world.up():
            messages = await send(world.house, request(text="x" * 450), request(), request())
            await quiet(world, messages)
            first = [at(world, message)[0] for message in messages]
            # Parts are answered after 1, 2 and 3 seconds: the second goes at 1 and is answered at 2.
            assert first == pytest.approx([0.0, 1.0, 2.0])

    live(tmp_path, scenario, lambda: FakeCarrier(delay=lambda part: float(part.part)))


@scene(lambda: FakeCarrier(once_temporary), delivery=Delivery(backoff_first=2.0, sweep=0.25))
async def test_a_temporary_refusal_is_tried_again_when_its_pause_is_over(world: World) -> None:
    """At the latest a sweep after it; others go meanwhile, those of its own lane too."""
    messages = await send(
        world.house, request(text="first"), request(text="second"), request(to=handset(1), text="second")
    )
    stories = await quiet(world, messages)
    assert at(world, messages[0])[0] == 0.0
    assert 2.01 <= at(world, messages[0])[1] <= 2.26
    assert at(world, messages[1]) == pytest.approx([0.01], abs=0.005)
    assert stories[0].attempts[0].outcome == "temporary"


def once_temporary(part: Part, earlier: int) -> Iterable[CarrierEvent]:
    if part.payload == b"first" and not earlier:
        return (refused(part, "temporary"),)
    return delivers(part, earlier)


@scene(lambda: FakeCarrier(lambda part, earlier: (refused(part, "permanent", "blocked"),)))
async def test_a_permanent_refusal_ends_it(world: World) -> None:
    messages = await send(world.house, *spread(3))
    assert {story.statuses[-1] for story in await quiet(world, messages)} == {"failed"}
    assert world.runner.answers["north"] == {"permanent": 3}


# links


@pytest.mark.parametrize(("category", "ends", "repeats"), DOUBTS, ids=[case[0] for case in DOUBTS])
def test_what_was_on_a_link_that_is_lost_is_in_doubt(
    tmp_path: Path, category: str, ends: list[str], repeats: int
) -> None:
    async def scenario(world: World) -> None:
        async with world.up():
            (message,) = await send(world.house, request(category=category))
            await world.until(lambda: len(world.carrier.written) == 1)
            world.carrier.break_down(ONE)
            await asyncio.sleep(1)
            assert [one.state for one in world.house.fleet.states()] == ["down"]
            world.carrier.come_back(ONE)
            (story,) = await quiet(world, [message])
            assert story.statuses == ends
            assert len(world.carrier.written) == 1 + repeats
            assert [one.state for one in world.house.fleet.states()] == ["up"]

    live(tmp_path, scenario, lambda: FakeCarrier(delay=0.5))


def test_nothing_is_written_while_no_bind_is_up(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        world.carrier.up.clear()
        async with world.up():
            (message,) = await send(world.house, request())
            await asyncio.sleep(60)
            assert world.carrier.written == []
            world.carrier.come_back(ONE)
            await quiet(world, [message])
            assert at(world, message) == pytest.approx([60.0])

    live(tmp_path, scenario)


def test_a_late_yes_to_one_part_spares_it_the_repeat(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        async with world.up():
            (message,) = await send(world.house, request(text="x" * 300))
            await world.until(lambda: len(world.carrier.written) == 2)
            first = world.carrier.written[0][1]
            world.carrier.break_down(ONE)
            await asyncio.sleep(1)
            world.carrier.tell(taken(first))
            await asyncio.sleep(1)
            world.carrier.script, world.carrier.delay = delivers, 0.01
            world.carrier.come_back(ONE)
            await world.until(lambda: len(world.carrier.written) == 3)
            await asyncio.sleep(1)
            story = await world.story(message)
            assert story.statuses[-1] == "sent"
            assert [part for _, part in world.carrier.order()] == [1, 2, 2]

    live(tmp_path, scenario, lambda: FakeCarrier(silent, delay=100.0))


# rate


@pytest.mark.parametrize(("rate", "segments"), [(10.0, 1), (10.0, 3), (2.5, 2)])
def test_the_rate_is_obeyed_in_segments(tmp_path: Path, rate: float, segments: int) -> None:
    """Never faster, over any stretch of time, than the rate and one second's burst; and hardly slower."""
    many = 30 // segments

    async def scenario(world: World) -> None:
        async with world.up():
            messages = await send(world.house, *spread(many, text="x" * (150 * segments)))
            await quiet(world, messages)
            assert once(world, messages)
            times = [when for when, _ in world.carrier.written]
            for start in range(0, len(times), 3):
                for end in range(start, len(times)):
                    assert end - start + 1 <= rate * (times[end] - times[start]) + max(1.0, rate) + segments
            assert times[-1] <= 1.2 * 30 / rate

    live(tmp_path, scenario, lambda: FakeCarrier(rate=rate, window=50))


# time


@scene(delivery=Delivery(sweep=0.5))
async def test_a_scheduled_message_goes_at_its_time(world: World) -> None:
    """Never before it, and at the latest a sweep after it."""
    moments = [7.25, 60.0]
    begin = dt.datetime.fromtimestamp(NOW / 1000, dt.UTC)
    messages = await send(world.house, *(request(send_at=begin + dt.timedelta(seconds=one)) for one in moments))
    await quiet(world, messages)
    for message, moment in zip(messages, moments, strict=True):
        assert moment <= at(world, message)[0] <= moment + 0.5


@scene(lambda: FakeCarrier(window=0))
async def test_what_waits_too_long_expires(world: World) -> None:
    messages = await send(world.house, *spread(2, category="otp"))
    stories = await world.ended(*messages, seconds=700)
    assert [story.statuses[-1] for story in stories] == ["expired", "expired"]
    assert 600_000 <= (stories[0].message.finished_at or 0) - NOW <= 602_000
    assert len(world.runner.mover._schedules["north"]) == 0
    await asyncio.sleep(15)
    assert world.house.backlog.total == 0


@scene(lambda: FakeCarrier(lambda part, earlier: (taken(part),)), delivery=Delivery(sweep=3_600.0))
async def test_without_a_receipt_a_message_is_unknown_in_the_end(world: World) -> None:
    """After its validity and three days; and a receipt later than that still counts."""
    (message,) = await send(world.house, request(category="otp"))
    (story,) = await world.ended(message, seconds=4 * 86_400)
    waited = ((story.message.finished_at or 0) - NOW) / 1000
    assert story.statuses[-1] == "unknown"
    assert 600 + 72 * 3_600 <= waited <= 600 + 73 * 3_600
    world.carrier.tell(receipt(f"c{story.attempts[0].id}"))
    await asyncio.sleep(1)
    assert (await world.story(message)).statuses[-2:] == ["unknown", "delivered"]


@scene(lambda: FakeCarrier(silent))
async def test_a_receipt_before_its_answer_finds_its_message(world: World) -> None:
    (message,) = await send(world.house, request())
    await world.until(lambda: len(world.carrier.written) == 1)
    part = world.carrier.written[0][1]
    world.carrier.tell(receipt("abc"))
    await asyncio.sleep(0.5)
    world.carrier.tell(taken(part, "abc"))
    (story,) = await quiet(world, [message], 10)
    assert story.statuses == ["accepted", "queued", "sent", "delivered"]


# changes of mind


@scene(lambda: FakeCarrier(window=0))
async def test_a_canceled_message_is_never_written(world: World) -> None:
    messages = await send(world.house, *spread(3))
    await asyncio.sleep(1)
    for _ in range(2):
        await cancel.cancel(world.house, 1, messages[1].id)
    await world.until(lambda: world.house.backlog.total == 2, 15)
    world.carrier.windows[ONE] = 10
    await quiet(world, messages)
    assert [number for number, _ in world.carrier.order()] == [messages[0].id, messages[2].id]


@scene(lambda: FakeCarrier(window=0))
async def test_a_stop_holds_back_what_already_waits_and_is_answered(world: World) -> None:
    waiting = await send(world.house, *(request(text=f"text {number}") for number in range(3)))
    await asyncio.sleep(1)
    world.carrier.tell(inbound("STOP", token="stop"))
    await asyncio.sleep(1)
    assert world.carrier.acknowledged == ["stop"]
    world.carrier.windows[ONE] = 10
    stories = await world.ended(*waiting)
    assert [story.statuses[-1] for story in stories] == ["rejected"] * 3
    await asyncio.sleep(1)
    assert [part.payload.decode() for _, part in world.carrier.written] == [world.settings.stop_reply]
    await asyncio.sleep(15)
    assert world.house.backlog.total == 0


# what nobody foresaw


def breaking(original: Callable[..., Any], is_poison: Callable[[Any], bool]) -> Callable[..., Any]:
    """A step of a stage that breaks on poison."""

    def step(one: Any, *rest: Any) -> Any:
        if is_poison(one):
            raise ZeroDivisionError
        return original(one, *rest)

    return step


@scene()
async def test_a_receipt_that_breaks_its_stage_holds_up_nobody(world: World) -> None:
    row = breaking(receipt_stage._row, lambda one: one.receipt.carrier_id == "poison")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receipt_stage, "_row", row)
        world.carrier.tell(receipt("first"), receipt("poison"), receipt("last"))
        await asyncio.sleep(1)
    assert (sorted(world.carrier.acknowledged), world.carrier.wanted_again) == (["first", "last"], ["poison"])
    (story,) = await world.ended(*(await send(world.house, request())))
    assert story.statuses[-1] == "delivered"


@scene()
async def test_a_text_that_breaks_its_stage_holds_up_nobody(world: World) -> None:
    digest = breaking(assemble.digest, lambda one: one.text == "poison")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assemble, "digest", digest)
        world.carrier.tell(*(inbound(text, token=text) for text in ("first", "poison", "last")))
        await asyncio.sleep(1)
    assert (sorted(world.carrier.acknowledged), world.carrier.wanted_again) == (["first", "last"], ["poison"])


# a store that cannot


@scene()
async def test_nothing_a_carrier_says_is_lost_while_the_disk_is_full(world: World) -> None:
    """It is said again to the store until it is stored, and acknowledged only then."""
    (message,) = await send(world.house, request())
    await world.until(lambda: len(world.carrier.written) == 1)
    world.store.fault = StoreUnavailable("the disk is full")
    world.carrier.tell(inbound("hello", token="mo"))
    await asyncio.sleep(30)
    assert world.carrier.acknowledged == []
    with pytest.raises(StoreUnavailable):
        await send(world.house, request())
    world.store.fault = None
    (story,) = await quiet(world, [message])
    assert story.statuses == ["accepted", "queued", "sent", "delivered"]
    assert set(world.carrier.acknowledged) == {"mo", f"c{story.attempts[0].id}"}
    assert len(world.carrier.written) == 1


def _mo(number: int) -> Inbound:
    return inbound(f"text {number}", token=number, sender=handset(number))


def test_a_stop_ends_in_time_though_the_disk_stays_full(tmp_path: Path) -> None:
    """What could not be stored is settled at the next start, as after a crash."""

    async def scenario(world: World) -> None:
        async with world.up():
            (message,) = await send(world.house, request())
            await world.until(lambda: len(world.carrier.written) == 1)
            world.store.fault = StoreUnavailable("the disk is full")
            await asyncio.sleep(5)
            before = world.loop.time()
        assert world.loop.time() - before <= 2.0
        world.carrier = FakeCarrier()
        async with world.up():
            (story,) = await quiet(world, [message])
            assert story.statuses == ["accepted", "queued", "sent", "delivered"]
            assert [attempt.outcome for attempt in story.attempts] == ["in_doubt", "sent"]

    live(tmp_path, scenario)


def test_without_a_carrier_messages_are_rejected(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        world.carrier.name = ""
        async with world.up():
            (message,) = await send(world.house, request())
            (story,) = await quiet(world, [message])
            assert (story.statuses, story.error) == (["accepted", "rejected"], ("no_route", "tidings"))

    live(tmp_path, scenario)


@scene()
async def test_texts_from_handsets_are_stored_before_they_are_acknowledged(world: World) -> None:
    for number in range(5):
        world.carrier.tell(_mo(number), _mo(number + 10))
        await asyncio.sleep(0.01)
    await world.until(lambda: len(world.carrier.acknowledged) == 10)
    page = await world.store.read(lambda tx: tx.messages.page(1, Filter(direction="mo"), None, 50))
    assert len(page.messages) == 10
