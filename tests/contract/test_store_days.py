"""PostgreSQL keeps what grows for ever in a partition for each day: which are read, made, dropped and left alone."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import postgres_kit
from contract_kit import Desk
from copy_kit import quiet
from days_kit import delivery, end, event, go_to, happen, made, midnight
from spine_kit import NOW, HandClock, opened
from tidings.core.ids import Ids
from tidings.store import migrate
from tidings.store.copy.move import move
from tidings.store.engine import statements
from tidings.store.events import since
from tidings.store.postgres import Postgres, translate

pytestmark = pytest.mark.slow

EVENTS, WEBHOOKS = statements("events"), statements("webhooks")
TABLES = ("message_event", "webhook_delivery", "webhook_attempt")


@pytest.fixture(autouse=True)
def on_postgres() -> Iterator[None]:
    with postgres_kit.chosen_for(True):
        yield


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def desk(tmp_path: Path, clock: HandClock) -> AsyncIterator[Desk]:
    with opened(tmp_path, clock, asyncio.get_running_loop()) as one:
        yield Desk(one)


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Any]:
    session = await asyncpg.connect(postgres_kit.url(tmp_path), server_settings={"enable_seqscan": "off"})
    yield session
    await session.close()


def named(table: str, *days: int) -> list[str]:
    """Names of the partitions of days, counted from the one on which clocks of tests begin."""
    return [table + time.strftime("_%Y%m%d", time.gmtime(midnight(day) / 1000)) for day in days]


async def parts(db: Any, table: str) -> list[str]:
    found = await db.fetch(
        "select inhrelid::regclass::text as name from pg_inherits where inhparent = $1::text::regclass", table
    )
    return sorted(row["name"] for row in found)


# what is looked at


def _tables(plan: dict[str, Any]) -> set[str]:
    """What a plan that was carried out has touched."""
    found = {plan["Relation Name"]} if "Relation Name" in plan and plan["Actual Loops"] else set[str]()
    return found.union(*(_tables(one) for one in plan.get("Plans", ())))


async def touched(db: Any, sql: str, *values: Any) -> set[str]:
    """Which tables a question looks at, planned once and for all, as after its first runs."""
    await db.execute("set plan_cache_mode = force_generic_plan")
    told = json.loads(await db.fetchval(f"explain (analyze, format json) {translate(sql)}", *values))
    return _tables(told[0]["Plan"])


async def test_hot_questions_look_at_the_partitions_of_their_days_alone(
    desk: Desk, clock: HandClock, db: asyncpg.Connection
) -> None:
    told = await made(desk, clock, 9)
    assert {*named("message_event", *range(12))} <= {*await parts(db, "message_event")}
    placed = await desk.see(lambda tx: tx.events.after(0, 99))
    cursor, newest, last = placed[-3][0], placed[-1][0], told[-1].message_id
    cases: list[tuple[str, str, tuple[Any, ...], set[str]]] = [
        ("a tail reads the days between", EVENTS["of_types"], (cursor, newest, ["message.sent"]),
         {*named("message_event", 7, 8)}),
        ("behind a position", EVENTS["after"], (newest - 1, 9, newest), {*named("message_event", 8)}),
        ("how far so many reach", EVENTS["reach"], (newest - 1, newest, 9), {*named("message_event", 8)}),
        ("what waits at an endpoint", WEBHOOKS["waiting"], ("e", 9), {"webhook_waiting"}),
        ("in order", WEBHOOKS["waiting_in_order"], ("e", 9), {"webhook_waiting"}),
        ("whether it still waits", WEBHOOKS["still_waiting"], ([1, 2],), {"webhook_waiting"}),
        ("what comes to its end", WEBHOOKS["settle_delivery"],
         ([1], ["dead"], [1], [None], [NOW], [None]), {"webhook_delivery", "webhook_waiting"}),
        ("what is given up", WEBHOOKS["bury"], ("e", 1, 9, 9), {"webhook_delivery", "webhook_waiting"}),
    ]  # fmt: skip
    for what, sql, values, expected in cases:
        assert await touched(db, sql, *values) <= expected, what
    behind = await touched(db, EVENTS["newest"], newest, 1 << 62)
    assert not behind & {*named("message_event", *range(8)), "message_event_before"}
    begin = since(last)
    for sql, value in ((EVENTS["of_days"], last), (EVENTS["some_of_days"], [last])):
        found = await touched(db, sql, value, begin)
        assert {*named("message_event", 8)} <= found
        assert not found & {*named("message_event", *range(7)), "message_event_before"}


# what is made


async def test_a_day_and_the_next_three_are_made_when_it_begins(
    desk: Desk, clock: HandClock, db: asyncpg.Connection
) -> None:
    for day in (20, 21, 40):
        now = go_to(clock, day)
        await happen(desk, event(Ids().next(now), 1, now))
        for table in TABLES:
            assert {*named(table, day, day + 1, day + 2, day + 3)} <= {*await parts(db, table)}
            assert named(table, day + 4)[0] not in await parts(db, table)
        assert await db.fetchval(f"select count(*) from {named('message_event', day)[0]}") == 1
    assert await db.fetchval("select count(*) from message_event_default") == 0
    assert await db.fetchval("select begin_day($1)", clock.now()) == 0


async def test_what_stands_elsewhere_moves_into_its_day(desk: Desk, clock: HandClock, db: asyncpg.Connection) -> None:
    """A day that could not be made in time."""
    now = go_to(clock, 60)
    one = delivery(1, now)
    await desk.do(lambda tx: tx.webhooks.insert_deliveries([one, delivery(2, now)]))
    ended = await end(desk, one, midnight(64) + 5)
    for table in TABLES[1:]:
        assert await db.fetchval(f"select count(*) from {table}_default") == 1
    go_to(clock, 64)
    await desk.do(lambda tx: tx.webhooks.has_callbacks())
    for table in TABLES[1:]:
        assert await db.fetchval(f"select count(*) from {named(table, 64)[0]}") == 1
        assert await db.fetchval(f"select count(*) from {table}_default") == 0
    assert (await desk.see(lambda tx: tx.webhooks.deliveries([1, 2])))[1] == ended
    assert await db.fetchval("select count(*) from webhook_waiting") == 1


async def test_whoever_holds_a_table_does_not_hold_up_the_writer(
    desk: Desk, clock: HandClock, db: asyncpg.Connection
) -> None:
    """A long reader: days are neither made nor dropped while it reads, and nothing else waits for it."""
    await made(desk, clock, 3)
    now = go_to(clock, 80)
    await happen(desk, event(Ids().next(now), 1, now))
    before = await parts(db, "message_event")
    reading = db.transaction()
    await reading.start()
    await db.execute("select * from message_event, message_event_default, webhook_waiting limit 1")
    began = time.monotonic()
    assert await desk.do(lambda tx: tx.events.forget(midnight(2), 1 << 62, 9)) is False
    now = go_to(clock, 82)
    await happen(desk, event(Ids().next(now), 1, now))
    assert time.monotonic() - began < 8
    assert await parts(db, "message_event") == before
    await reading.rollback()
    assert await desk.do(lambda tx: tx.events.forget(midnight(2), 1 << 62, 9)) is True
    assert named("message_event", 0)[0] not in await parts(db, "message_event")
    assert len(await desk.see(lambda tx: tx.events.after(0, 99))) == 6


# what there was before


def opens(url: str, folder: Path) -> None:
    driver = Postgres(url, folder, HandClock())
    try:
        driver.open()
    finally:
        driver.close()


def test_what_was_stored_before_there_were_days_is_still_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres_kit.url(tmp_path, empty=True)
    available = migrate.available()
    older = [one for one in available if one[0] < "0090"]
    monkeypatch.setattr(migrate, "available", lambda: older)
    opens(url, tmp_path)
    postgres_kit.execute(
        "insert into message_event select n, 1, 1, 'message.sent', n from generate_series(1, 50) as n",
        "insert into webhook_delivery select n, 1, null, 'e', '', n, 1, '', 1, case n % 2 when 0 then 'waiting' else "
        f"'dead' end, 1, {NOW}, {NOW}, case n % 2 when 0 then 5 end, case n % 2 when 1 then {NOW} end, null "
        "from generate_series(1, 50) as n",
        f"insert into webhook_attempt select n, 1, {NOW}, 5, '', 200, '', 5, '', '' from generate_series(1, 50) as n",
        url=url,
    )
    monkeypatch.setattr(migrate, "available", lambda: available)
    opens(url, tmp_path)
    for table, rest, expected in (
        ("message_event", "message_event_default", (50, 50, 0)),
        ("webhook_delivery", "webhook_waiting", (50, 25, 25)),
        ("webhook_attempt", "webhook_attempt_default", (50, 50, 0)),
    ):
        counts = ", ".join(f"(select count(*) from {one})" for one in (table, f"{table}_before", rest))
        assert tuple(postgres_kit.ask(url, f"select {counts}")) == expected
    assert tuple(postgres_kit.ask(url, "select last_delivery from webhook_cursor")) == (50,)
    newest = postgres_kit.ask(url, "select max(rowid) from message_event")[0]
    inserted = "insert into message_event values (77, 1, 1, '', 1) returning rowid"
    assert postgres_kit.ask(url, inserted)[0] == newest + 1


async def test_what_was_copied_tells_of_any_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To PostgreSQL, on to SQLite, and back, with a day at each: positions know nothing of the days at SQLite."""
    clock, ids, numbers = HandClock(), Ids(), list[int]()
    source = ""
    for step, folder in enumerate((tmp_path / "a", tmp_path / "b", tmp_path / "c", tmp_path / "d")):
        monkeypatch.setattr(postgres_kit, "chosen", step % 2 == 1)
        target = postgres_kit.url(folder, empty=True) if postgres_kit.chosen else str(folder)
        if source:
            await asyncio.to_thread(move, source, target, tmp_path, quiet, clock)
        with opened(folder, clock, asyncio.get_running_loop()) as store:
            desk, now = Desk(store), go_to(clock, step * 2)
            numbers.append(ids.next(now))
            await happen(desk, event(numbers[-1], 1, now))
            for number in numbers:
                assert len(await desk.see(lambda tx, number=number: tx.events.of(number))) == 1  # type: ignore[misc]
            assert len(await desk.see(lambda tx: tx.events.some([(number, 1) for number in numbers]))) == step + 1
        source = target
    left = postgres_kit.ask(source, "select count(*) from message_event_default")
    assert tuple(left) == (0,)
