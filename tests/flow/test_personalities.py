"""Every personality of the simulated SMSC against the whole path: real sockets, a real store, the network's own count.

The table of `tidings.simulator.personalities` is the list of cases: nothing here names one of them.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from spine_kit import Story, build, opened, request, send, tell
from tidings.carriers.smpp import SmppCarrier
from tidings.config import CarrierSettings, Delivery, Settings
from tidings.core import retry
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.message import DAY, Message
from tidings.core.questions import Filter, ReceiptRow, Tx
from tidings.core.request import Request
from tidings.drivers import smpp_bind
from tidings.drivers.clock import SystemClock
from tidings.pipeline.house import House
from tidings.runner import Runner
from tidings.simulator import exchange
from tidings.simulator.network import Network, NetworkSettings
from tidings.simulator.personalities import PERSONALITIES
from tidings.simulator.personality import LOST, Personality, Spell
from tidings.sweeper import Sweeper

pytestmark = pytest.mark.slow

CATEGORIES = ("otp", "transactional", "conversation", "marketing")
MESSAGES, AFTERWARDS = 16, 4
LONG_EVERY = 5
WINDOW = 5
PATIENCE = 60.0
"""Seconds after which a test gives up; nothing here takes a third of it."""
SURE = 2.0
"""Seconds to wait for a response where every response comes: no slow machine takes so long."""
LATE = 5.0
"""Seconds for what may come after a message seemed to have ended."""
SHORT = 0.4
"""Where some never come."""
TURNS = 20
SEEDS = (5, 10)
DOUBT_FROM = 0.6
"""Part of the response time after which a text without answer no longer counts as under way."""


class Watch(SystemClock):
    """A clock that can be put forward."""

    __slots__ = ("ahead",)

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        return super().now() + self.ahead


class Stage:
    """A running house with one carrier, whose SMSC is in the hand."""

    def __init__(self, row: Personality, house: House, carrier: SmppCarrier, network: Network, clock: Watch) -> None:
        self.row, self.house, self.carrier, self.network, self.clock = row, house, carrier, network, clock
        spell = network.smsc.chosen.for_all
        assert spell is not None
        self.spell: Spell = spell

    async def send(self, first: int, many: int) -> list[Message]:
        return await send(self.house, *(_request(number) for number in range(first, first + many)))

    async def stories(self, messages: Sequence[Message]) -> list[Story]:
        return [await self.house.store.read(lambda tx, one=one: tell(tx, one.id)) for one in messages]

    async def until_ended(self, messages: Sequence[Message]) -> list[Story]:
        """All have their last status; what waits for a receipt that never comes is helped by the clock."""

        def open_ones(stories: list[Story]) -> set[str]:
            return {story.message.status for story in stories if story.message.finished_at is None}

        stories: list[Story] = []
        try:
            async with asyncio.timeout(PATIENCE):
                while left := open_ones(stories := await self.stories(messages)) or not stories:
                    if left == {"sent"} and self.row.ends == "unknown" and self.settled():
                        self.clock.ahead = 5 * DAY
                    await asyncio.sleep(0.03)
        except TimeoutError:
            told = Counter(story.message.status for story in stories)
            raise AssertionError(f"they never end: {told}; {self.network.stats()}; {self.carrier.room()}") from None
        return stories

    async def until_told(self, messages: Sequence[Message]) -> list[Story]:
        """Wait for what comes late and still changes something; what has not come by then is seen by the caller."""
        end = asyncio.get_running_loop().time() + LATE
        while True:
            stories = await self.stories(messages)
            if all(_arrived(self, story) for story in stories) or asyncio.get_running_loop().time() > end:
                return stories
            await asyncio.sleep(0.03)

    def settled(self) -> bool:
        """The network has nothing left to tell."""
        stats = self.network.stats()
        return stats["receipts_owed"] == stats["texts_owed"] == 0

    def up(self) -> bool:
        return len(self.carrier.room()) == self.row.carrier.get("binds", 1)

    def taken(self, message: Message) -> Counter[tuple[bytes, bytes]]:
        """How often the network took each part."""
        rows = self.network.exchange.ledger.newest_to(message.to.lstrip("+"))
        return Counter((row.udh, row.payload) for row in rows if row.status == 0)

    async def texts(self) -> int:
        """Parts of texts from handsets that the store has, alone or put together."""

        async def count(tx: Tx) -> int:
            whole = await tx.messages.page(DEFAULT_ACCOUNT, Filter(direction="mo"), None, 1_000)
            parts = [len(await tx.inbounds.of(message.id)) for message in whole.messages]
            return sum(parts) + len(await tx.inbounds.stale(1 << 62, 1_000))

        return await self.house.store.read(count)

    async def unmatched(self) -> list[ReceiptRow]:
        return await self.house.store.read(lambda tx: tx.receipts.parked(1 << 62, 1_000))


def _request(number: int) -> Request:
    text = f"Text {number} " + "and so on, " * 20 * (number % LONG_EVERY == 3)
    return request(to=f"+1555{2000 + number:07}", text=text, category=CATEGORIES[number % len(CATEGORIES)])


@asynccontextmanager
async def staged(row: Personality, folder: Path, personality: str = "") -> AsyncIterator[Stage]:
    clock = Watch()
    network = Network(NetworkSettings(personality=personality or row.name), SystemClock())
    port = await network.start()
    timeout = SHORT if row.repeats == "doubted" else SURE if row.passes else SURE / 2
    settings = Settings(
        data=str(folder),
        delivery=Delivery(backoff_first=0.03, throttle_pause=0.02, sweep=0.05),
    )
    fields = {"window": WINDOW, "response_timeout": timeout, "enquire_link": SHORT / 2} | dict(row.carrier)
    line = CarrierSettings(name="north", host="127.0.0.1", port=port, system_id="tidings", password="s", **fields)
    with opened(folder, clock, asyncio.get_running_loop()) as store:
        house = build(store, clock, settings)
        async with asyncio.TaskGroup() as tasks:
            carrier = SmppCarrier(line, clock, tasks)
            house.carriers, house.terms = {line.name: 0.0}, {line.name: carrier.terms}
            runner = Runner(house, [carrier])
            sweeper = Sweeper(house, runner)
            await runner.start(tasks)
            sweeper.start(tasks)
            try:
                yield Stage(row, house, carrier, network, clock)
            finally:
                await sweeper.stop(1.0)
                await runner.stop(0.5)
    await network.stop(0.2)


async def until(met: Callable[[], object], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not met():  # noqa: ASYNC110 - what is awaited has no event
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"in vain: {what}") from None


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp_bind, "BACKOFF_MOST", 0.1)
    monkeypatch.setattr(smpp_bind, "BACKOFF_REFUSED", 0.2)
    monkeypatch.setattr(retry, "RECEIPT_FIRST", 30)
    monkeypatch.setattr(retry, "RECEIPT_MOST", 200)
    monkeypatch.setattr(exchange, "REPEAT_AFTER", 50)


@pytest.mark.parametrize("row", PERSONALITIES.values(), ids=PERSONALITIES)
async def test_nothing_is_lost(row: Personality, tmp_path: Path) -> None:
    async with staged(row, tmp_path) as stage:
        messages = await stage.send(0, MESSAGES)
        if row.passes:
            await stage.until_ended(messages)
        await until(lambda: stage.spell.acts, "it shows")
        stage.network.smsc.behave("none")
        await stage.until_ended(messages)
        later = await stage.send(100, AFTERWARDS)
        afterwards = await stage.until_ended(later)
        await until(stage.up, "the binds are back")
        _check_session(stage)
        await until(stage.settled, "all that the network had to tell is acknowledged")

        assert [story.message.status for story in afterwards] == ["delivered"] * AFTERWARDS, "the network is good again"
        assert all(set(stage.taken(message).values()) == {1} for message in later)
        stories = await stage.until_told(messages)
        lost = [story.message.id for story in stories if not _arrived(stage, story)]
        assert len(lost) == LOST, [(s.message, s.attempts, s.receipts) for s in stories if s.message.id in lost][:2]
        for story in stories:
            _check_repeats(stage, story)
        assert _most_under_way(stage) <= WINDOW
        await _check_receipts(stage, stories)
        assert await stage.texts() == stage.network.exchange.counters.texts_sent, "acknowledged is stored"


@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_is_lost_to_a_network_of_many_moods(seed: int, tmp_path: Path) -> None:
    """Personalities of all kinds by turns, in the midst of whatever the one before began."""
    chance = random.Random(seed)
    row = Personality(name="many_moods", meaning="", esme="", ends="unknown", repeats="doubted", keeps_session=False)
    async with staged(row, tmp_path, personality="outbind") as stage:
        messages: list[Message] = []
        for turn in range(TURNS):
            stage.network.smsc.behave(chance.choice(list(PERSONALITIES)))
            messages += await stage.send(8 * turn, 8)
            await asyncio.sleep(chance.uniform(0.02, 0.25))
        stage.network.smsc.behave("none")
        later = await stage.send(10 * TURNS, AFTERWARDS)
        stories = await stage.until_ended([*messages, *later])
        await until(stage.up, "the binds are back")
        await until(stage.settled, "all that the network had to tell is acknowledged")
        assert all(story.message.status == "delivered" for story in stories[len(messages) :])
        assert sum(story.message.status == "delivered" for story in stories) > 0.75 * len(stories)
        for story in stories:
            message, taken = story.message, stage.taken(story.message)
            assert message.status in ("delivered", "unknown"), story
            assert len(taken) == message.segments or message.error, ("told as arrived, or not told at all", story)
            doubts = Counter(attempt.part for attempt in story.attempts if attempt.outcome == "in_doubt")
            most = 1 if message.category == "marketing" else 2
            assert all(one <= most for one in taken.values()), (taken, story)
            assert all(one <= most for one in doubts.values()), story


def _arrived(stage: Stage, story: Story) -> bool:
    """Whether it ended as the table says, and the network's memory agrees."""
    message, taken = story.message, stage.taken(story.message)
    doubted = stage.row.ends == "doubted" or _cut_short(stage, story)
    if doubted and message.category == "marketing" and message.status == "unknown":
        return story.error == ("outcome_lost", "tidings")
    wanted = "unknown" if stage.row.ends == "unknown" else "delivered"
    return message.status == wanted and len(taken) == message.segments


def _cut_short(stage: Stage, story: Story) -> bool:
    """Whether a part was held for in doubt before another was written: that one stays, and no late answer helps."""
    return stage.row.repeats == "doubted" and len({attempt.part for attempt in story.attempts}) < story.message.segments


def _check_session(stage: Stage) -> None:
    """Where no answer is lost, the session lives on: there were no more binds than there had to be."""
    binds = stage.network.exchange.counters.binds
    wanted = stage.row.carrier.get("binds", 1) * (2 if stage.row.carrier.get("bind") else 1)
    most = wanted if stage.row.keeps_session else 3 * wanted
    assert wanted <= binds <= most, binds


def _check_repeats(stage: Stage, story: Story) -> None:
    doubts = Counter(attempt.part for attempt in story.attempts if attempt.outcome == "in_doubt")
    allowed = int(stage.row.repeats == "doubted" and story.message.category != "marketing")
    again = sum(stage.taken(story.message).values()) - len(stage.taken(story.message))
    assert again <= allowed * story.message.segments, story
    assert len(doubts) == 0 or stage.row.repeats == "doubted", ("nothing was to be in doubt", story)
    assert max(doubts.values(), default=0) <= allowed + 1, story


def _most_under_way(stage: Stage) -> int:
    """The most texts that waited for a response at once on a bind, by the network's watch."""
    wait = stage.carrier._timeout * DOUBT_FROM
    changes: list[tuple[float, int]] = []
    for came, *answered in stage.spell.flights:
        changes += [(came, 1), (min(answered[0] if answered else came + wait, came + wait), -1)]
    most = now = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return most // stage.row.carrier.get("binds", 1)


async def _check_receipts(stage: Stage, stories: Sequence[Story]) -> None:
    """What was delivered has its receipt; what matches nothing is of a text whose id we were never told."""
    for story in stories:
        if story.message.status == "delivered":
            last = {attempt.part: attempt for attempt in story.attempts if attempt.receipt}
            assert len(last) == story.message.segments, story
            assert {attempt.receipt for attempt in last.values()} == {"delivered"}, story
    await until_matched(stage, stories)
    unmatched = [row for row in await stage.unmatched() if row.status == "delivered"]
    told_all = stage.row.ends == "delivered" and stage.row.repeats == "none"
    assert not (told_all and unmatched), unmatched[:2]
    assert not told_all or not await stage.house.store.read(lambda tx: tx.receipts.orphans())


async def until_matched(stage: Stage, stories: Sequence[Story]) -> None:
    """What came before its response is matched in the end."""
    told = {attempt.carrier_id for story in stories for attempt in story.attempts if attempt.carrier_id}
    async with asyncio.timeout(PATIENCE):
        while told & {row.carrier_id for row in await stage.unmatched()}:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.03)
