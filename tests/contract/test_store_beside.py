"""Commits that go beside others: they wait for nobody's turn, come to the same as in their turn, and what happened is
still told in an order that nobody misses anything of. PostgreSQL alone, where commits of several processes go one after
the other.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

import postgres_kit
from contract_kit import ONE, PATIENCE, event, held, message, present, settled, submitted
from several_kit import processes, store, until
from spine_kit import ask
from tidings.core.limits import Draw, Quota
from tidings.core.message import DAY
from tidings.core.ports import Stage, StoreUnavailable
from tidings.core.questions import Tx
from tidings.core.request import Answer, Idempotency, Refused
from tidings.core.stream import Wanted
from tidings.core.webhook import Callback
from tidings.drivers.clock import SystemClock
from tidings.pipeline import handover, stream
from tidings.pipeline.accept import Entry, store_entries
from tidings.store import group_commit, nodes, postgres, writer
from tidings.store.audience import Submission
from tidings.store.group_commit import GroupStore
from tidings.store.writer import CommitUnknown

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def on_postgres() -> Iterator[None]:
    with postgres_kit.chosen_for(True):
        yield


def entry(*numbers: int, **changes: Any) -> Entry:
    messages = tuple([message(number) for number in numbers])
    return Entry(ONE, messages, **changes)


async def _keep(tx: Tx, items: Sequence[int], now: int) -> list[int]:
    await tx.messages.insert([message(number) for number in items])
    await tx.events.append([event(number, 1) for number in items])
    return list(items)


def always(items: Sequence[Any]) -> bool:
    return True


BESIDE = Stage(_keep, 1, True, beside=always)
PATIENT = Stage(_keep, 1, False, beside=always)
IN_TURN = Stage(_keep, 1, True)


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each commit that was tried, whether it was begun beside others."""
    begun: list[bool] = []
    for kind in (postgres.InTurn, postgres.Beside):

        async def noted(self: Any, begin: Any = kind.begin) -> None:
            begun.append(isinstance(self, postgres.Beside))
            await begin(self)

        monkeypatch.setattr(kind, "begin", noted)
    return begun


@asynccontextmanager
async def somebody_commits(tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """Another has its turn until the block ends."""
    db = await asyncpg.connect(postgres_kit.url(tmp_path))
    await db.execute(f"begin; select pg_advisory_xact_lock({nodes.LOCK})")
    try:
        yield db
    finally:
        await db.execute("rollback")
        await db.close()


async def waits(tmp_path: Path) -> None:
    """Until some session waits for a lock."""
    db = await asyncpg.connect(postgres_kit.url(tmp_path))
    await db.execute(
        "do $$ begin while not exists (select from pg_locks where not granted) loop perform pg_sleep(0.01); "
        "end loop; end $$", timeout=PATIENCE,
    )  # fmt: skip
    await db.close()


async def warm(one: GroupStore) -> None:
    """The first commit of a day, and of a kind, has more to do."""
    await one.write(IN_TURN, [9_000])
    await one.write(BESIDE, [9_001])


async def test_it_waits_for_nobody(tmp_path: Path, turns: list[bool]) -> None:
    with store(tmp_path, "one", "api") as one:
        await warm(one)
        turns.clear()
        async with somebody_commits(tmp_path):
            assert await one.write(BESIDE, [1, 2]) == [1, 2]
            assert await present(one, 1, 2) == [1, 2]
        assert turns == [True]


@asynccontextmanager
async def settling(one: GroupStore) -> AsyncIterator[None]:
    """Its process commits something in turn until the block ends."""
    began, go_on = threading.Event(), threading.Event()

    async def settle(tx: Tx, items: Sequence[int], now: int) -> list[int]:
        began.set()
        assert go_on.wait(PATIENCE)
        return list(items)

    under_way = asyncio.ensure_future(one.write(Stage(settle, 1, False), [0]))
    assert await asyncio.to_thread(began.wait, PATIENCE)
    try:
        yield
    finally:
        go_on.set()
        await under_way


async def test_it_does_not_wait_for_its_own_process_either(tmp_path: Path) -> None:
    with store(tmp_path, "one") as one:
        await warm(one)
        async with settling(one):
            assert await one.write(BESIDE, [1, 2]) == [1, 2]
            assert await present(one, 1, 2) == [1, 2]


async def test_it_does_not_wait_where_somebody_has_the_last_word(tmp_path: Path) -> None:
    """Who is to look at what messages took which status, looks in his turn; here he is told of the commit."""
    asked: list[set[str]] = []
    told: list[str] = []
    with store(tmp_path, "one") as one:
        await one.write(store_entries, [entry(8_000)])
        one.conclude(IN_TURN, lambda moved: asked.append(set(moved)), lambda said: None)
        one.after_commit(lambda stages: told.extend(stage.name for stage in stages))
        async with settling(one):
            await one.write(store_entries, [entry(1)])
        assert asked == []
        assert told[0] == "store_entries"


async def test_what_cannot_go_beside_goes_before_what_waits_for_its_turn(tmp_path: Path) -> None:
    ran: list[int] = []

    async def guilty(tx: Tx, items: Sequence[int], now: int) -> list[int]:
        ran.extend(items)
        await tx.suppressions.add(ONE, "+15551230100", "test", now)
        return list(items)

    out_of_turn = Stage(guilty, 1, True, beside=always)
    with store(tmp_path, "one") as one:
        await warm(one)
        async with settling(one):
            behind = asyncio.ensure_future(one.write(Stage(guilty, 1, True), [3]))
            first, second = await submitted(one.write(out_of_turn, [1]), one.write(out_of_turn, [2]))
            await until(lambda: ran[:2] == [1, 2], "it was tried beside others")
            assert [one._in_turn.rows, len(ran)] == [3, 2]
        assert [await first, await second, await behind] == [[1], [2], [3]]
        assert ran[2:] == [1, 2, 3]
        assert [each.rows for each in one._writers] == [0, 0]


async def test_what_was_tried_in_vain_when_the_end_came_is_committed(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    async def slow(tx: Tx, items: Sequence[int], now: int) -> list[int]:
        if not begun.is_set():
            begun.set()
            assert go_on.wait(PATIENCE)
            raise RuntimeError("the first time it fails")
        return await _keep(tx, items, now)

    with store(tmp_path, "one") as one:
        await warm(one)
        writing = asyncio.ensure_future(one.write(Stage(slow, 1, True, beside=always), [1]))
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        stopping = asyncio.ensure_future(asyncio.to_thread(one.stop))
        await until(lambda: one._stopping, "it is about to stop")
        go_on.set()
        assert await writing == [1]
        await stopping


async def test_what_several_count_is_counted_together_and_waits_for_nobody(tmp_path: Path) -> None:
    with store(tmp_path, "one") as one, store(tmp_path, "two") as two:
        for at, each in enumerate((one, two)):
            await each.write(store_entries, [entry(8_000 + at)])  # the first goes in turn
        before = await accepted(one)
        db = await asyncpg.connect(postgres_kit.url(tmp_path))
        assert isinstance(one.driver, postgres.Postgres)
        await db.execute("begin")
        await db.execute("select from traffic where part <> $1 for update", one.driver.beside.engine.part)
        await one.write(store_entries, [entry(1)])
        await db.execute("rollback")
        await two.write(store_entries, [entry(2)])
        assert await accepted(one) == before + 2
        parts = await db.fetch(
            "select part, sum(accepted) from traffic where step = $1 group by part order by part", DAY
        )
        assert [tuple(row) for row in parts] == [(0, 1), (1, 1), (2, 1), (3, 1)]
        await db.close()


async def newest(one: GroupStore) -> tuple[int, bool]:
    async def ask(tx: Tx) -> tuple[int, bool]:
        return await tx.events.newest(), tx.events.held_back

    return await one.read(ask, tail=True)


async def test_no_reader_goes_past_a_commit_that_is_under_way(tmp_path: Path) -> None:
    """A position is drawn before it can be seen: one that is higher may be seen first."""
    async with open_commit(tmp_path) as (one, two, db):
        before, held_back = await newest(one)
        assert held_back
        await one.write(BESIDE, [1])  # draws what is higher, and is seen at once
        await two.write(BESIDE, [2])
        assert await newest(one) == (before, True)
        assert await told(two, before) == []
        await db.execute("commit")
        after, held_back = await newest(one)
        assert not held_back
        assert await told(two, before) == [7, 1, 2]
        assert after > before


async def test_one_that_was_undone_holds_nobody_back(tmp_path: Path) -> None:
    async with open_commit(tmp_path) as (one, two, db):
        before, _ = await newest(two)
        await one.write(BESIDE, [1])
        await db.execute("rollback")
        _, held_back = await newest(two)
        assert not held_back
        assert await told(two, before) == [1]


async def test_who_has_the_turn_goes_past_nobody_either(tmp_path: Path) -> None:
    async def looks(tx: Tx, items: Sequence[int], now: int) -> list[int]:
        await tx.events.append([event(number, 1) for number in items])
        return [await tx.events.newest() for _ in items]

    in_turn = Stage(looks, 1, True)
    async with open_commit(tmp_path) as (one, _, db):
        before, _ = await newest(one)
        assert await one.write(in_turn, [5]) == [before]
        await db.execute("commit")
        (own,) = await one.write(in_turn, [6])
        found = await one.read(lambda tx: tx.events.after(before, 100))
        assert (own, 6) == (found[-1][0], found[-1][1].message_id)  # what it wrote itself is seen


async def test_a_commit_in_its_turn_holds_readers_back_too(tmp_path: Path) -> None:
    began, go_on = threading.Event(), threading.Event()

    async def slow(tx: Tx, items: Sequence[int], now: int) -> list[int]:
        await tx.events.append([event(number, 1) for number in items])
        await tx.events.newest()  # so that they are written
        began.set()
        go_on.wait(PATIENCE)
        return list(items)

    with store(tmp_path, "one", "api") as one, store(tmp_path, "two", "engine") as two:
        await warm(one)
        before, _ = await newest(one)
        under_way = asyncio.ensure_future(two.write(Stage(slow, 1, True), [7]))
        try:
            assert await asyncio.to_thread(began.wait, PATIENCE)
            await one.write(BESIDE, [1])
            assert await newest(one) == (before, True)
        finally:
            go_on.set()
            await under_way
        assert await told(one, before) == [7, 1]


async def test_marks_are_of_this_database_alone(tmp_path: Path) -> None:
    with store(tmp_path, "one", "api") as one:
        await warm(one)
        other = await asyncpg.connect(postgres_kit.beside(postgres_kit.url(tmp_path), "postgres"))
        await other.execute(f"select pg_advisory_lock_shared({nodes.UNDER_WAY} | 1), pg_advisory_lock_shared(77, 1)")
        assert not (await newest(one))[1]
        await other.close()


async def test_what_others_lock_is_no_mark(tmp_path: Path) -> None:
    with store(tmp_path, "one", "api") as one:
        await warm(one)
        other = await asyncpg.connect(postgres_kit.url(tmp_path))
        await other.execute("select pg_advisory_lock_shared(1), pg_advisory_lock_shared(77, 1)")
        assert not (await newest(one))[1]
        await other.close()


async def test_what_is_counted_is_counted_once(tmp_path: Path) -> None:
    """Also where it is run twice."""
    with store(tmp_path, "one", "api") as one:
        await one.write(store_entries, [entry(8_000)])
        before = await accepted(one)
        await one.write(store_entries, [entry(1, 2)])
        async with held(one):
            good, bad = await submitted(
                one.write(store_entries, [entry(3)]), one.write(store_entries, [entry(8_000)])
            )  # fmt: skip
        await good
        with pytest.raises(asyncpg.UniqueViolationError):
            await bad
        assert await accepted(one) == before + 3


async def accepted(one: GroupStore) -> int:
    points = await one.read(lambda tx: tx.traffic.points(ONE, None, DAY, 0, 1 << 60))
    return sum(point.counts[0] for point in points)


async def test_who_begins_to_listen_misses_nothing_that_is_under_way(tmp_path: Path) -> None:
    """The first listener has the cursor set to where events are by then."""
    async with open_commit(tmp_path) as (one, _, db):
        before, _ = await newest(one)
        await one.write(BESIDE, [1])
        await one.write(ask, [lambda tx: tx.webhooks.changed(), lambda tx: tx.outbox.skip()])
        for cursor in (lambda tx: tx.webhooks.cursor(), lambda tx: tx.outbox.cursor()):
            found = await one.read(cursor)
            assert (found[0] if isinstance(found, tuple) else found) == before
        await db.execute("commit")


async def test_a_watcher_may_go_on_behind_what_it_was_told(tmp_path: Path) -> None:
    """Though by now somebody is under way who began before that."""
    watched = Wanted(account_id=ONE, types=frozenset({"message.queued"}))
    async with open_commit(tmp_path) as (one, _, db):
        before, _ = await newest(one)
        await one.write(BESIDE, [1])
        last = (await one.read(lambda tx: tx.events.after(before, 100)))[-1][0]
        begun = await one.read(lambda tx: stream.begin(tx, watched, last, 0), tail=True)
        assert isinstance(begun, stream.Begun)
        assert begun.position == begun.newest == last
        ahead = await one.read(lambda tx: stream.begin(tx, watched, last + 1, 0), tail=True)
        assert isinstance(ahead, Refused)
        await db.execute("commit")


async def test_nobody_commits_beside_one_who_is_alone_with_the_database(tmp_path: Path, turns: list[bool]) -> None:
    with store(tmp_path, "one", "api") as one:
        await warm(one)
        turns.clear()
        db = await asyncpg.connect(postgres_kit.url(tmp_path))
        await db.execute(f"select pg_advisory_lock({nodes.LOCK}), pg_advisory_lock({nodes.BESIDE})")
        waiting = asyncio.ensure_future(one.write(BESIDE, [1]))
        await waits(tmp_path)
        assert await present(one, 1) == []
        await db.close()
        assert await waiting == [1]
        assert turns == [True, False]


async def test_a_reader_of_positions_says_so(tmp_path: Path) -> None:
    with store(tmp_path, "one", "api") as one:
        with pytest.raises(RuntimeError, match="beforehand"):
            await one.read(lambda tx: tx.events.newest())
        await newest(one)
        with pytest.raises(RuntimeError, match="beforehand"):
            await one.read(lambda tx: tx.events.newest())


async def told(one: GroupStore, behind: int) -> list[int]:
    """Messages of the events behind a position, as a tail reads them."""

    async def ask(tx: Tx) -> list[int]:
        return [found.message_id for _, found in await tx.events.after(behind, 100, await tx.events.newest(behind))]

    return await one.read(ask, tail=True)


@asynccontextmanager
async def open_commit(tmp_path: Path) -> AsyncIterator[tuple[GroupStore, GroupStore, asyncpg.Connection]]:
    """Two processes, and a commit of a third that has drawn a position and is not at its end: that of message 7."""
    with store(tmp_path, "one", "api") as one, store(tmp_path, "two", "api") as two, store(tmp_path, "three") as three:
        await warm(one)
        await two.write(BESIDE, [9_002])
        driver = three.driver
        assert isinstance(driver, postgres.Postgres)
        made = nodes.beside(
            "pg_temp.of_the_test", ["bigint[]"],
            "insert into message_event (message_id, sequence, account_id, type, occurred_at) "
            "select id, 1, 1, 'message.queued', 1 from unnest($3) as v (id)",
            driver.writer,
        )  # fmt: skip
        db = await asyncpg.connect(postgres_kit.url(tmp_path))
        await db.execute(made)
        await db.execute("begin")
        await db.fetch("select pg_temp.of_the_test($1, $2, $3)", 1, [], [7])
        try:
            yield one, two, db
        finally:
            await db.close()


async def test_others_hear_of_it(tmp_path: Path, turns: list[bool]) -> None:
    async with processes(tmp_path, "one", "two") as (one, two):
        handover.announce(one.store, lambda carrier: False)
        await one.store.write(store_entries, [entry(1)])
        two.heard.clear()
        turns.clear()
        await one.store.write(store_entries, [replace(entry(2), carrier="north")])
        assert True in turns

        def told() -> list[int]:
            return [number for news in two.heard for _, numbers in handover.told(news) for number in numbers]

        await until(lambda: 2 in told(), "it is heard of")
        assert told() in ([2], [1, 2])


async def test_one_who_writes_what_is_asked_about_waits_for_its_turn(tmp_path: Path, turns: list[bool]) -> None:
    async def suppress(tx: Tx, items: Sequence[int], now: int) -> list[bool]:
        return [await tx.suppressions.add(ONE, f"+1555123{number:04}", "test", now) for number in items]

    async def reads_its_own(tx: Tx, items: Sequence[int], now: int) -> list[int]:
        await tx.messages.insert([message(number) for number in items])
        return sorted(await tx.messages.by_id(items))

    with store(tmp_path, "one", "api") as one:
        await warm(one)
        turns.clear()
        assert await one.write(Stage(suppress, 1, True, beside=always), [1, 1, 2]) == [True, False, True]
        assert await one.write(Stage(reads_its_own, 1, True, beside=always), [5, 6]) == [5, 6]
        assert await present(one, 5, 6) == [5, 6]
        assert turns == [True, False, True, False]


async def test_a_fault_of_one_is_its_own(tmp_path: Path) -> None:
    """What fails is run again in its turn, and there the guilty one alone fails."""
    with store(tmp_path, "one", "api") as one:
        await warm(one)
        async with held(one):
            good, bad = await submitted(one.write(BESIDE, [2]), one.write(BESIDE, [9_000]))
        assert await good == [2]
        with pytest.raises(asyncpg.UniqueViolationError):
            await bad
        assert await present(one, 2) == [2]


@pytest.mark.parametrize("kind", [BESIDE, IN_TURN], ids=["beside", "in turn"])
@pytest.mark.parametrize(
    ("field", "wrong"),
    [("text", ["7", "8"]), ("text", b"ab"), ("text", 7), ("text", "\ud800"), ("created_at", "7"), ("created_at", 1.5),
     ("created_at", 1 << 63), ("created_at", [7, 8])],
)  # fmt: skip
async def test_a_value_that_a_column_does_not_take_is_the_fault_of_who_brings_it(
    tmp_path: Path, kind: Stage[Any, Any], field: str, wrong: Any
) -> None:
    async def keep(tx: Tx, items: Sequence[Any], now: int) -> list[Any]:
        await tx.messages.insert(items)
        return list(items)

    hard = 'a "b" \\ {c},NULL \n\t\0\ufdd0 é😀'
    with store(tmp_path, "one") as one:
        await warm(one)
        which = Stage(keep, 1, True, beside=kind.beside)
        async with held(one):
            first, bad, last = await submitted(
                one.write(which, [message(1, text=hard)]),
                one.write(which, [replace(message(2), **{field: wrong})]),
                one.write(which, [message(3, text=hard)]),
            )
        await asyncio.gather(first, last)
        with pytest.raises(Exception) as told:  # noqa: PT011 - each engine has its own
            await bad
        assert not isinstance(told.value, StoreUnavailable)
        found = await one.read(lambda tx: tx.messages.by_id([1, 2, 3]))
        assert {number: kept.text for number, kept in found.items()} == {1: hard, 3: hard}
        assert one.fault == ""


async def test_nothing_to_write_is_no_commit(tmp_path: Path) -> None:
    async def looks(tx: Tx, items: Sequence[int], now: int) -> list[bool]:
        found = await tx.messages.by_id(items)
        return [number in found for number in items]

    with store(tmp_path, "one", "api") as one:
        await warm(one)
        async with somebody_commits(tmp_path):
            assert await one.write(Stage(looks, 1, True, beside=always), [9_000, 3]) == [True, False]


async def test_one_key_at_two_processes_is_answered_once(tmp_path: Path) -> None:
    """Both have looked before either has stored it."""
    key = Idempotency("order-1", b"digest")
    looked = threading.Barrier(2, timeout=PATIENCE)

    def beside_each_other(one: GroupStore) -> Stage[Any, Any]:
        first = True

        async def run(tx: Tx, items: Sequence[Entry], now: int) -> list[Any]:
            nonlocal first
            entered = await store_entries.run(tx, items, now)
            if first:
                first = False
                looked.wait()
            return entered

        return Stage(run, 10, True, beside=always)

    with store(tmp_path, "one", "api") as one, store(tmp_path, "two", "api") as two:
        for at, each in enumerate((one, two)):
            await each.write(store_entries, [entry(8_000 + at)])
        both = [
            asyncio.ensure_future(each.write(beside_each_other(each), [entry(number, idempotency=key)]))
            for number, each in ((1, one), (2, two))
        ]
        first, second = [results[0] for results in await asyncio.gather(*both)]
        assert await present(one, 1, 2) in ([1], [2])
        again = second if first.answer is None else first
        assert isinstance(again.answer, Answer)
        assert again.answer.replayed


async def test_who_is_not_registered_any_more_stores_nothing(tmp_path: Path) -> None:
    with store(tmp_path, "one", "api") as one:
        await warm(one)
        postgres_kit.execute("delete from store_commit", url=postgres_kit.url(tmp_path))
        with pytest.raises(StoreUnavailable, match="restart this one"):
            await one.write(BESIDE, [1])
        assert await present(one, 1) == []


async def test_without_the_right_to_make_functions_it_waits_for_its_turn(
    tmp_path: Path, turns: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> str:
        return "do $$ begin raise insufficient_privilege; end $$"

    ran: list[int] = []

    async def keeps(tx: Tx, items: Sequence[int], now: int) -> list[int]:
        ran.extend(items)
        return await _keep(tx, items, now)

    monkeypatch.setattr(nodes, "beside", refuse)
    with store(tmp_path, "one", "api") as one:
        await one.write(IN_TURN, [9_000])
        turns.clear()
        often = Stage(keeps, 1, True, beside=always)
        await one.write(often, [1])
        await one.write(often, [2])
        assert await present(one, 1, 2) == [1, 2]
        assert turns == [True, False, False]
        assert ran == [1, 1, 2]  # that it may not is known by then


async def test_a_day_begins_in_its_turn(tmp_path: Path, turns: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    with store(tmp_path, "one", "api") as one:
        await warm(one)
        monkeypatch.setattr(one.driver.in_turn, "_day", SystemClock().now() // DAY - 1)
        turns.clear()
        await one.write(BESIDE, [1])
        await one.write(BESIDE, [2])
        assert turns == [True, False, True]
        assert await present(one, 1, 2) == [1, 2]


@pytest.mark.parametrize("arrives", [True, False], ids=["it went through", "it did not"])
async def test_one_in_doubt_is_found_out(tmp_path: Path, arrives: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who follows looks at everything: it was on disk for a while, and commits in turn went on."""
    commit_whole = postgres.Connection.commit_whole
    heard: list[int] = []
    missed: list[bool] = []
    lost = threading.Event()

    async def lose(self: Any, *given: Any) -> bool:
        if not lost.is_set():
            lost.set()
            if arrives:
                await commit_whole(self, *given)
            self.db.terminate()
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        return await commit_whole(self, *given)

    with store(tmp_path, "one", "api") as one:
        await warm(one)
        monkeypatch.setattr(postgres.Connection, "commit_whole", lose)
        one.follow(BESIDE, lambda items, results: heard.extend(items))
        one.follow(PATIENT, lambda items, results: heard.extend(items))
        one.hear(lambda news: missed.append(news.missed))
        with pytest.raises(StoreUnavailable, match="CommitUnknown"):
            await one.write(BESIDE, [1])
        assert await one.write(PATIENT, [2]) == [2]
        await until(lambda: one._beside is not None and one._beside.well, "it is known what became of it")
        await settled()
        assert heard == [2]
        assert missed == ([True] if arrives else [])
        assert await present(one, 1, 2) == ([1, 2] if arrives else [2])


async def test_while_one_is_in_doubt_others_take_their_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those who stood behind it; and nothing is at fault any more once it is known, though nobody comes."""
    back = threading.Event()
    asked = threading.Event()

    async def lost(self: Any) -> bool:
        self.engine.drop()
        raise CommitUnknown("lost")

    async def away(self: Any) -> bool:
        asked.set()
        if not back.is_set():
            raise postgres.Away("the test keeps it away")
        return False

    with store(tmp_path, "one") as one:
        await one.write(store_entries, [entry(9_000)])
        await one.write(store_entries, [entry(9_001)])
        before = one.tally.totals
        with monkeypatch.context() as patched:
            patched.setattr(postgres.Beside, "commit", lost)
            patched.setattr(postgres.Beside, "committed", away)
            with pytest.raises(StoreUnavailable, match="CommitUnknown"):
                await one.write(store_entries, [entry(1)])
            assert "CommitUnknown" in one.fault
            assert await one.write(BESIDE, [2]) == [2]
            assert one._beside is not None
            behind = asyncio.ensure_future(_behind(one, 3))
            assert await behind == [3]
            back.set()
            await until(lambda: one._beside is not None and one._beside.well, "it is known what became of it")
        await until(lambda: one.fault == "", "nothing is at fault any more")
        assert one.tally.totals == before
        assert await one.write(BESIDE, [4]) == [4]
        assert await present(one, 1, 2, 3, 4) == [2, 3, 4]


async def _behind(one: GroupStore, number: int) -> list[int]:
    """It had come to the writer beside before that was in doubt."""
    assert one._beside is not None
    future: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
    with one._beside._wake:
        one._beside._waiting.append(Submission(BESIDE, [number], future, 0, 1))
        one._beside.rows += 1
    return await future


async def test_one_that_hangs_keeps_nobody_waiting_and_is_no_fault_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "HANGS_S", 0.3)
    monkeypatch.setattr(group_commit, "WATCH_S", 0.05)
    with store(tmp_path, "one") as one:
        await warm(one)
        db = await asyncpg.connect(postgres_kit.url(tmp_path))
        await db.execute("begin; lock table message")
        with pytest.raises(StoreUnavailable, match="has not answered"):
            await one.write(BESIDE, [1])
        assert "has not answered" in one.fault
        assert await one.write(Stage(_nothing, 1, True, beside=always), [2]) == [2]  # in its turn
        await db.execute("rollback")
        await db.close()
        await until(lambda: one.fault == "", "nothing is at fault any more")
        assert await present(one, 1) == [1]  # it was under way, and came to its end
        with pytest.raises(StoreUnavailable, match="has not answered"):
            await one.write(Stage(_dawdles, 1, True, beside=always), [3])
        await until(lambda: one.fault == "", "nothing is at fault any more")
        assert [each.rows for each in one._writers] == [0, 0]


async def _dawdles(tx: Tx, items: Sequence[int], now: int) -> list[int]:
    await tx.engine.fetch("select pg_sleep(1)")  # type: ignore[attr-defined]
    return list(items)


async def _nothing(tx: Tx, items: Sequence[int], now: int) -> list[int]:
    return list(items)


async def test_what_was_refused_and_then_fails_is_not_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "HANGS_S", 0.3)
    monkeypatch.setattr(group_commit, "WATCH_S", 0.05)
    go_on = threading.Event()

    async def slow(tx: Tx, items: Sequence[int], now: int) -> list[int]:
        if not go_on.is_set():
            assert go_on.wait(PATIENCE)
            raise RuntimeError("the first time it fails")
        return await _keep(tx, items, now)

    with store(tmp_path, "one") as one:
        await warm(one)
        with pytest.raises(StoreUnavailable, match="has not answered"):
            await one.write(Stage(slow, 1, True, beside=always), [1])
        go_on.set()
        await until(lambda: one.fault == "", "nothing is at fault any more")
        assert await one.write(BESIDE, [2]) == [2]
        assert await one.write(IN_TURN, [3]) == [3]
        assert await present(one, 1, 2, 3) == [2, 3]


async def test_who_is_turned_away_before_the_commit_begins_ends_nothing(tmp_path: Path) -> None:
    with store(tmp_path, "one") as one:
        await warm(one)
        assert one._beside is not None
        one._beside._rested = time.monotonic() + 0.3
        waiting = asyncio.ensure_future(one.write(BESIDE, [1]))
        await asyncio.sleep(0.1)
        one._beside._turn_away([])
        assert await waiting == [1]  # in its turn
        await asyncio.sleep(0.4)
        async with settling(one):
            assert await one.write(BESIDE, [2]) == [2]


async def test_each_writer_counts_its_own(tmp_path: Path) -> None:
    began, go_on = threading.Event(), threading.Event()

    async def settle(tx: Tx, items: Sequence[int], now: int) -> list[int]:
        tx.tally.moved("sent", "otp", ONE, "north")
        began.set()
        assert go_on.wait(PATIENCE)
        return list(items)

    with store(tmp_path, "one") as one:
        await one.write(store_entries, [entry(8_000)])
        under_way = asyncio.ensure_future(one.write(Stage(settle, 1, False), [0]))
        assert await asyncio.to_thread(began.wait, PATIENCE)
        await one.write(store_entries, [entry(1)])
        assert sum(one.tally.totals.values()) == 2
        go_on.set()
        await under_way
        assert one.tally.totals["sent", "otp"] == 1
        assert sum(one.tally.totals.values()) == 3


async def test_one_whose_connection_is_cut_does_not_arrive_later(tmp_path: Path) -> None:
    """It is asked what became of it; it must not be carried out afterwards."""
    with store(tmp_path, "one", "api") as one:
        await warm(one)
        driver = one.driver
        assert isinstance(driver, postgres.Postgres)
        db = await asyncpg.connect(postgres_kit.url(tmp_path))
        await db.execute("begin; lock table message")
        cut = asyncio.ensure_future(one.write(BESIDE, [1]))
        await waits(tmp_path)
        session = driver.beside.engine.db.pid
        driver.beside._loop.call_soon_threadsafe(driver.beside.engine.db.terminate)
        with pytest.raises(StoreUnavailable, match="CommitUnknown"):
            await cut
        await until(lambda: one._beside is not None and one._beside.well, "it is known what became of it")
        assert not await db.fetchval("select exists (select from pg_stat_activity where pid = $1)", session)
        await db.execute("rollback")
        await db.close()
        assert await one.write(BESIDE, [2]) == [2]
        assert await present(one, 1, 2) == [2]


ENTRIES: list[tuple[str, dict[str, Any], bool]] = [
    ("a plain one", {}, True),
    ("with a key of its own", {"idempotency": Idempotency("k", b"")}, True),
    ("with a key of two", {"idempotency": Idempotency("k", b"", "older")}, False),
    ("one that counts against a rate", {"draws": (Draw(1, ONE, 10.0, 1, "messages"),)}, False),
    ("one that counts against a quota", {"quotas": (Quota(1, "2026-11-28", 10, 0),)}, False),
    ("one that asks to be called", {"callbacks": (Callback(2, ONE, "https://example.com"),)}, False),
]


@pytest.mark.parametrize(("why", "changes", "beside"), ENTRIES, ids=[case[0] for case in ENTRIES])
def test_what_is_accepted_beside_others(why: str, changes: dict[str, Any], beside: bool) -> None:
    assert store_entries.beside is not None
    assert store_entries.beside([entry(1), entry(2, **changes)]) == beside, why


def test_conversations_are_accepted_in_their_turn() -> None:
    talk = Entry(ONE, (message(1, category="conversation"),))
    assert store_entries.beside is not None
    assert not store_entries.beside([talk])
