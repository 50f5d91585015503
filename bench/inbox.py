"""Two-way at size: `python bench/inbox.py` fills a store with conversations and asks it, on both engines; one table.

`--paths` times what everybody pays instead, accepting batches and taking texts, so that two revisions can be compared:
give another checkout's `src` as PYTHONPATH. Nothing is kept; a million messages take about 1.5 GB of disk meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import spine_kit
from tidings.core.message import Message
from tidings.core.ports import Inbound, stage
from tidings.core.request import Answer, Request
from tidings.drivers.clock import SystemClock
from tidings.pipeline import accept, receive
from tidings.store.group_commit import Driver, GroupStore
from tidings.store.sqlite import Sqlite

BLOCK = 5_000
PEOPLE = 100_000
RUNS = 20
OURS = "+15550009999"
VOCABULARY = [f"w{number}" for number in range(20_000)]
COMMON = "table"


def text_of(number: int) -> str:
    """Eight words, of which `table` is in every second text and the others are spread over a vocabulary."""
    words = [VOCABULARY[(number * 7919 + at * 104_729) % len(VOCABULARY)] for at in range(7)]
    return " ".join([COMMON if number % 2 else "chair", *words])


def said(number: int) -> Message:
    """Message `number`: people write and are answered in turn."""
    handset = f"+1555{number % PEOPLE:07d}"
    heard = number // PEOPLE % 2 == 0
    return Message(
        id=number + 1, account_id=1, direction="mo" if heard else "mt", status="received" if heard else "delivered",
        category="conversation", to=OURS if heard else handset, sender=handset if heard else OURS,
        text=text_of(number), encoding="gsm7", segments=1, reference=0, created_at=number, expires_at=number,
        sent_at=None if heard else number, finished_at=number, event_count=1, tags=() if heard else ("may",),
        in_reply_to=number + 1 - PEOPLE if heard and number >= PEOPLE and number % 20 == 0 else None,
    )  # fmt: skip


@stage(order=0)
async def keep(tx: Any, numbers: Any, now: int) -> list[None]:
    """Store messages with their words, and with the first of each person the conversation."""
    from tidings.core.conversation import Contact, Conversation

    messages = [said(number) for number in numbers]
    await tx.messages.insert(messages)
    await tx.words.insert(messages)
    first = [m for m in messages if m.id <= PEOPLE]
    await tx.contacts.insert(
        [Contact(id=m.id, account_id=1, created_at=0, changed_at=0, numbers=(m.sender,)) for m in first]
    )
    await tx.conversations.insert(
        [
            Conversation(
                id=m.id, account_id=1, sender=OURS, contact_id=m.id, number=m.sender, last_id=m.id, created_at=0,
                status="open" if m.id % 50 == 0 else "closed", assignee="kim" if m.id % 100 == 0 else None, unread=1,
            )
            for m in first
        ]
    )  # fmt: skip
    return [None] * len(numbers)


async def fill(store: Any, messages: int) -> float:
    """Seconds it took."""
    began = time.perf_counter()
    for at in range(0, messages, BLOCK):
        await store.write(keep, range(at, min(at + BLOCK, messages)))
    return time.perf_counter() - began


async def timed(ask: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
    """Median and worst of some runs, in milliseconds."""
    took = []
    for _ in range(RUNS):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), max(took)


def questions(store: Any, messages: int) -> Iterator[tuple[str, str, Callable[[], Awaitable[Any]]]]:
    """What is asked: its name, its goal in ms, and the call."""
    from tidings.core.conversation import ConversationFilter
    from tidings.core.words import sought

    def page(**filter: Any) -> Callable[[], Awaitable[Any]]:
        async def ask(tx: Any) -> Any:
            found = await tx.conversations.page(1, ConversationFilter(**filter), None, 50)
            await tx.contacts.some(1, (one.contact_id for one in found.conversations))
            await tx.messages.by_id(one.last_id for one in found.conversations)
            return found

        return lambda: store.read(ask)

    def search(text: str) -> Callable[[], Awaitable[Any]]:
        async def ask(tx: Any) -> Any:
            return await tx.messages.by_id(await tx.words.find(1, sought(1, text), None, 50))

        return lambda: store.read(ask)

    async def thread(tx: Any) -> Any:
        return await tx.conversations.thread(1, OURS, [f"+1555{77:07d}"], None, 50)

    async def report(tx: Any) -> Any:
        return await tx.reports.responses(1, "sender", messages - 200_000, messages, 100)

    yield "inbox, 50 of 100,000 conversations", "50", page()
    yield "… those that are open", "50", page(status="open")
    yield "… of an assignee", "50", page(assignee="kim")
    yield "… unread ones, no index", "50", page(unread=False)
    yield "a thread", "50", lambda: store.read(thread)
    yield "a word of every second text", "200", search(COMMON)
    yield "a word of one text in 2,900", "200", search("w777")
    yield "two words together", "200", search(f"{COMMON} w777")
    yield "the beginning of a word (w77*)", "200", search("w77*")
    yield "a word that nobody said", "200", search("zebra")
    yield "two words that never meet", "200", search(f"{COMMON} chair")
    yield "response rates of 200,000 messages", "–", lambda: store.read(report)


def opened(driver: Driver, clock: SystemClock) -> GroupStore:
    store = GroupStore(driver, clock)
    store.open()
    store.start(asyncio.get_running_loop())
    return store


async def at_size(driver: Driver, messages: int) -> None:
    """One engine's rows of the table."""
    store = opened(driver, SystemClock())
    try:
        took = await fill(store, messages)
        print(f"\n{driver.name}: {messages:,} messages stored with their words in {took:.0f} s\n")
        print("| what | median ms | worst of 20 | goal |\n| --- | --- | --- | --- |")
        for name, goal, ask in questions(store, messages):
            median, worst = await timed(ask)
            print(f"| {name} | {median:.1f} | {worst:.1f} | {f'< {goal}' if goal != '–' else goal} |", flush=True)
    finally:
        store.stop()


async def paths(folder: Path) -> None:
    """What accepting and taking in costs. CPU time repeats on a busy machine, so the least of it counts."""
    clock = SystemClock()
    store = opened(Sqlite(folder, clock), clock)
    house = spine_kit.build(store, clock)

    async def batch(category: str, run: int) -> int:
        wanted = [
            Request(to=f"+1555{run:03d}{at:04d}", text="Hello", sender=OURS, category=category) for at in range(10_000)
        ]
        assert isinstance(await accept.accept(house, 1, wanted), Answer)
        return len(wanted)

    async def texts(run: int) -> int:
        for block in range(10):
            await store.write(receive.take_inbound, [_arrival(house, run, block, at) for at in range(500)])
        return 5_000

    try:
        print("| what | messages/s, median of 9 | CPU µs each, least of 9 |\n| --- | --- | --- |")
        for what, work in (
            ("accepted in batches of 10,000, transactional", lambda run: batch("transactional", run)),
            ("… of category conversation", lambda run: batch("conversation", run)),
            ("texts from handsets taken, 500 a commit", texts),
        ):
            rates, spent = [], []
            for run in range(9):
                began, cpu = time.perf_counter(), time.process_time()
                many = await work(run)
                rates.append(many / (time.perf_counter() - began))
                spent.append((time.process_time() - cpu) / many * 1e6)
            print(f"| {what} | {statistics.median(rates):,.0f} | {min(spent):.1f} |", flush=True)
    finally:
        store.stop()


def _arrival(house: Any, run: int, block: int, at: int) -> receive.Arrival:
    handset, text = f"1555{run:03d}{block:01d}{at:03d}", f"table {at} for nine please"
    told = Inbound("north", "north/1", "s1", handset, OURS[1:], 0, text.encode(), b"", text, "gsm7", None)
    return receive.Arrival(house.new_id(), house.new_id(), house.new_id(), told, house.settings)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--messages", type=int, default=1_000_000)
    words.add_argument("--engine", choices=["sqlite", "postgres", "both"], default="both")
    words.add_argument("--paths", action="store_true", help="what everybody pays, instead")
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="inbox-") as folder:
        if given.paths:
            asyncio.run(paths(Path(folder)))
            return
        if given.engine != "postgres":
            (Path(folder) / "sqlite").mkdir()
            asyncio.run(at_size(Sqlite(Path(folder) / "sqlite", SystemClock()), given.messages))
        if given.engine != "sqlite":
            _on_postgres(Path(folder) / "postgres", given.messages)


def _on_postgres(folder: Path, messages: int) -> None:
    import postgres_kit
    from tidings.store.postgres import Postgres

    folder.mkdir()
    server = postgres_kit.Server("shared_buffers=256MB", "max_wal_size=2GB")
    try:
        asyncio.run(at_size(Postgres(server.url, folder, SystemClock()), messages))
    finally:
        server.end()


if __name__ == "__main__":
    main()
