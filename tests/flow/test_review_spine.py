"""What a review of the path of a message found, each with the case that showed it."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from msgspec.structs import replace

import postgres_kit
from contract_kit import held
from spine_kit import (
    NOW,
    TO,
    FakeCarrier,
    HandClock,
    Rig,
    World,
    build,
    finish,
    inbound,
    live,
    memory,
    opened,
    receipt,
    refused,
    request,
    rigged,
    taken,
)
from tidings.app import Tidings
from tidings.config import ConfigError, Delivery, Limits, Retention, Settings, load
from tidings.core.ids import Ids
from tidings.core.message import DAY, MINUTE, Message
from tidings.core.ports import StoreUnavailable
from tidings.core.questions import Filter
from tidings.core.request import Answer, Idempotency, Refused, Stored
from tidings.pipeline import accept, cancel, expire, receive
from tidings.store import migrate
from tidings.store.engine import statements
from tidings.store.sqlite import _block, _translate

pytestmark = pytest.mark.slow


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path) as one:
        yield one


# questions


SCANS = {
    ("accounts", "keys"), ("leases", "all"), ("accounts", "accounts"),  # a handful of rows
    ("receipts", "habits"), ("carriers", "pauses"), ("carriers", "reports"),  # a row a carrier, at start
    ("esmes", "open"), ("outbox", "anybody"), ("outbox", "skip"),
    ("outbox", "listeners"), ("outbox", "closed"),  # ESMEs at start, and whether there is one
    ("queue", "carriers"), ("attempts", "open_at"),  # when carriers come or go; PostgreSQL has a better way
    ("events", "forget"),  # a page of the oldest
    ("leases", "forget"),  # a row a carrier and ESME, once in a while
    ("queue", "expired"), ("queue", "counts"),  # looked through every few seconds, as the runner says
}  # fmt: skip


@pytest.mark.parametrize("noun", [
    "accounts", "attempts", "carriers", "events", "idempotencies", "inbounds", "leases", "messages", "outbox", "queue",
    "receipts", "suppressions",
])  # fmt: skip
@pytest.mark.one_engine("it reads the plans of SQLite")
def test_no_question_looks_through_a_whole_table(noun: str) -> None:
    db = apsw.Connection(":memory:")
    for _, sql in migrate.available():
        db.execute(sql)
    tables = {row[0] for row in db.execute("select name from sqlite_schema where type = 'table'")}
    for name, sql in statements(noun).items():
        if name in ("columns", "whole", "scan", "chosen", "floor", "reach") or (noun, name) in SCANS:
            continue
        if "::" in sql or "drop_day(" in sql:  # asked of PostgreSQL alone
            continue
        values = max([int(number) for number in re.findall(r"\?(\d+)", sql)], default=0)
        update = sql.startswith("update") and "where id = ?1" in sql
        asked = _block(sql, values, 1) if update else _translate(sql)
        bound = [None] * (asked.count("?") if update else values)
        for row in db.execute(f"explain query plan {asked}", bound).fetchall():
            scanned = re.match(r"SCAN (\w+)(?! USING INDEX \w+_(?:left_open|unmatched))", str(row[3]))
            assert not scanned or scanned[1] not in tables, f"{noun}.{name}: {row[3]}"


# accept


async def test_a_retry_gets_its_first_answer_though_its_send_at_has_passed_meanwhile(rig: Rig) -> None:
    soon = dt.datetime.fromtimestamp(NOW / 1000 + 60, dt.UTC)
    key = Idempotency("k", b"body")
    first = await accept.accept(rig.house, 1, [request(send_at=soon)], idempotency=key)
    rig.clock.move(120)
    again = await accept.accept(rig.house, 1, [request(send_at=soon)], idempotency=key)
    assert isinstance(first, Answer)
    assert isinstance(again, Answer)
    assert again == Answer(first.results, replayed=True)
    other = await accept.accept(rig.house, 1, [request(send_at=soon)], idempotency=Idempotency("k", b"other"))
    assert isinstance(other, Refused)
    assert other.code == "idempotency_mismatch"


# texts from handsets


def part(number: int, of: int, text: str = "", *, wide: bool = False, **fields: Any) -> Any:
    udh = bytes((6, 8, 4, 0, 7, of, number)) if wide else bytes((5, 0, 3, 7, of, number))
    return inbound(text or f"part {number} ", udh=udh, **fields)


async def test_a_yes_on_another_standing_connection_is_a_second_yes(rig: Rig) -> None:
    await rig.receive(inbound("YES", session="a"))
    arrivals = [_arrival(rig, inbound("YES", session=session), frozenset(live)) for session, live in (
        ("b", {"a", "b"}), ("c", {"c"}))]  # fmt: skip
    second, repeat = await rig.store.write(receive.take_inbound, arrivals)
    assert (second.duplicate, repeat.duplicate) == (False, True)


def _arrival(rig: Rig, text: Any, live: frozenset[str]) -> receive.Arrival:
    new_id = rig.house.new_id
    return receive.Arrival(new_id(), new_id(), new_id(), text, rig.house.settings, live)


async def test_a_stop_after_a_start_counts_on_whatever_connection(rig: Rig) -> None:
    for session, word, duplicate in (("a", "STOP", False), ("b", "START", False), ("c", "STOP", False),
                                     ("d", "STOP", True)):  # fmt: skip
        (received,) = await rig.receive(inbound(word, session=session))
        assert received.duplicate is duplicate, (session, word)
    assert await rig.store.read(lambda tx: tx.suppressions.among([(1, TO)])) == {(1, TO)}


async def test_a_part_that_comes_twice_on_its_connection_leaves_nothing_behind(rig: Rig) -> None:
    results = await rig.receive(part(1, 2), part(1, 2), part(2, 2))
    assert [one.duplicate for one in results] == [False, True, False]
    assert results[-1].message is not None
    assert results[-1].message.text == "part 1 part 2 "
    assert await rig.store.read(lambda tx: tx.inbounds.stale(NOW + DAY, 10)) == []


async def test_references_of_different_width_name_different_texts(rig: Rig) -> None:
    results = await rig.receive(part(1, 2, "narrow "), part(2, 2, "wide ", wide=True), part(2, 2, "too"))
    assert [one.message and one.message.text for one in results] == [None, None, "narrow too"]
    assert results[-1].message is not None
    assert results[-1].message.reference == 7


async def test_a_letter_cut_in_two_by_the_handset_is_whole_again(rig: Rig) -> None:
    octets = "a😀b".encode("utf-16-be")
    halves = [octets[:4], octets[4:]]
    texts = [
        part(at, 2, half.decode("utf-16-be", "replace"), octets=half, encoding="ucs2", data_coding=8)
        for at, half in enumerate(halves, 1)
    ]
    *_, last = await rig.receive(*texts)
    assert last.message is not None
    assert last.message.text == "a😀b"


async def test_a_stop_from_a_number_written_with_00_opts_out_the_number(rig: Rig) -> None:
    await rig.receive(inbound("STOP", sender="0015551230100"))
    assert await rig.store.read(lambda tx: tx.suppressions.among([(1, TO)])) == {(1, TO)}


def test_many_lone_parts_are_made_messages_at_once_and_their_reply_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "PART_WAIT", MINUTE)

    async def scenario(world: World) -> None:
        async with world.up():
            for number in range(1, 9):
                text = "STOP" if number == 1 else f"half {number}"
                world.carrier.tell(part(1, 2, text, sender=f"1555123010{number}", token=number))
            await world.until(lambda: len(world.carrier.acknowledged) == 8)
            await asyncio.sleep(60 + 30)
            assert await world.store.read(lambda tx: tx.inbounds.stale(NOW + DAY, 10)) == []
            assert [sent.to for _, sent in world.carrier.written] == ["+15551230101"]

    live(tmp_path, scenario)


# receipts


async def test_a_better_word_in_the_same_batch_is_heard(rig: Rig) -> None:
    message = await rig.taken("id1")
    await rig.hear(receipt("id1", "unknown"), receipt("id1", "delivered"), receipt("id1", "undelivered"))
    story = await rig.story(message)
    assert story.message.status == "delivered"
    assert len(story.receipts) == 3


RAW = [
    (b"id:id1 sub:001 stat:DELIVRD err:000 text:Your code is 123", b"id:id1 sub:001 stat:DELIVRD err:000 text:"),
    ("id:id1 stat:DELIVRD Text: Your code".encode("utf-16-be"), "id:id1 stat:DELIVRD Text:".encode("utf-16-be")),
    (b"id:id1 stat:DELIVRD", b"id:id1 stat:DELIVRD"),
]


@pytest.mark.parametrize(("came", "kept"), RAW, ids=["by the book", "in UCS-2", "no text"])
async def test_a_receipt_is_kept_without_the_words_it_repeats(rig: Rig, came: bytes, kept: bytes) -> None:
    message = await rig.taken("id1", category="otp", text="Your code is 123")
    await rig.hear(receipt("id1", raw=came))
    assert [row.raw for row in (await rig.story(message)).receipts] == [kept]


def every_row(folder: Path) -> list[str]:
    """All that stands in the database of a data folder."""
    if postgres_kit.chosen:
        url = postgres_kit.url(folder)
        (names,) = postgres_kit.ask(url, "select array_agg(tablename::text) from pg_tables where schemaname = 'public'")
        told = [postgres_kit.ask(url, f"select array_agg(one::text) from {name} as one")[0] for name in names]
        return [row for rows in told for row in rows or ()]
    db = apsw.Connection(str(folder / "tidings.db"), flags=apsw.SQLITE_OPEN_READONLY)
    tables = [row[0] for row in db.execute("select name from sqlite_schema where type = 'table'")]
    return [str(row) for table in tables for row in db.execute(f"select * from {table}")]


async def test_no_word_of_a_one_time_code_is_left_anywhere(rig: Rig, tmp_path: Path) -> None:
    key = Idempotency("k", b"digest")
    answer = await accept.accept(rig.house, 1, [request(category="otp", text="SECRET WORD")], idempotency=key)
    assert isinstance(answer, Answer)
    (stored,) = answer.results
    assert isinstance(stored, Stored)
    await rig.route(stored.message)
    (sent,) = await rig.claim(stored.message)
    await rig.settle(taken(sent, "id1"))
    await rig.hear(receipt("id1", raw=b"id:id1 stat:DELIVRD err:000 text:SECRET WORD"))
    rows = every_row(tmp_path)
    assert [row for row in rows if "TIDINGS" in row]
    assert not [row for row in rows if "SECRET" in row or b"SECRET".hex() in row]


async def test_retention_erases_the_octets_of_a_text_too(rig: Rig) -> None:
    (received,) = await rig.receive(inbound("my secret"))
    assert received.message is not None
    await rig.store.write(expire.blank_texts, [received.message.id])
    (row,) = await rig.store.read(lambda tx: tx.inbounds.of(received.message.id))
    assert (row.octets, row.text, row.sender) == (b"", "", TO)
    assert (await rig.story(received.message)).message.text is None


# loops


@pytest.mark.one_engine("three days of sweeps take a server too long; test_pipeline_time asks both")
def test_what_time_does_keeps_pace_with_what_comes(tmp_path: Path) -> None:
    """More than a page of each kind, all of it due at once, is worked off within a few sweeps."""
    many = 1_200

    async def scenario(world: World) -> None:
        async with world.up():
            await _spread(world, many)
            await asyncio.sleep(1)
            assert await _count(world, "status = 'queued'") == many
            await asyncio.sleep(DAY / 1000 + 300)
            assert await _count(world, "status = 'expired'") == many
            assert await _count(world, "text is null", "message") == 0
            await asyncio.sleep(2 * DAY / 1000 + 3_300)
            assert await _count(world, "text is null", "message") == many
            assert await _count(world, "true", "idempotency") == 0

    live(tmp_path, scenario, lambda: FakeCarrier(window=0), retention=Retention(transactional=1),
         delivery=Delivery(sweep=300.0))  # fmt: skip


async def _spread(world: World, many: int) -> None:
    for number in range(many):
        key = Idempotency(f"k{number}", b"")
        await accept.accept(world.house, 1, [request(to=f"+1555{number:07}")], idempotency=key)


async def _count(world: World, where: str, table: str = "message") -> int:
    async def ask(tx: Any) -> int:
        rows = await tx.messages._engine.fetch(f"select count(*) from {table} where {where}")
        return int(rows[0][0])

    return await world.store.read(ask)


def test_one_time_codes_in_back_off_do_not_wait_behind_a_scheduled_campaign(tmp_path: Path) -> None:
    def script(sent: Any, earlier: int) -> Any:
        if sent.to == TO and not earlier:
            return (refused(sent, "temporary"),)
        return (taken(sent),)

    async def scenario(world: World) -> None:
        async with world.up():
            later = dt.datetime.fromtimestamp(NOW / 1000 + 5, dt.UTC)
            campaign = [request(to=f"+1555{n:07}", category="marketing", send_at=later) for n in range(1_500)]
            await accept.accept(world.house, 1, campaign)
            await asyncio.sleep(4)
            await accept.accept(world.house, 1, [request(category="otp")])
            await asyncio.sleep(20)
            times = [at for at, sent in world.carrier.written if sent.to == TO]
            assert len(times) == 2
            assert len(world.carrier.written) > 100

    live(tmp_path, scenario, lambda: FakeCarrier(script, rate=10.0, window=50))


@pytest.mark.parametrize("in_memory", [1, 2, 5])
def test_a_tiny_memory_still_feeds_everything(tmp_path: Path, in_memory: int) -> None:
    async def scenario(world: World) -> None:
        async with world.up():
            answer = await accept.accept(world.house, 1, [request(to=f"+1555{n:07}") for n in range(20)])
            assert isinstance(answer, Answer)
            await world.until(lambda: len(world.carrier.written) == 20, 60)

    live(tmp_path, scenario, limits=Limits(in_memory=in_memory))


def test_a_long_message_pays_for_its_segments_once(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        async with world.up():
            await accept.accept(world.house, 1, [request(text="x" * 153 * 20)])
            await world.until(lambda: len(world.carrier.written) == 20, 600)
            assert world.carrier.written[-1][0] - world.carrier.written[0][0] < 25

    live(tmp_path, scenario, lambda: FakeCarrier(window=2, rate=1.0))


def test_a_claim_under_way_at_a_stop_is_not_left_in_doubt(tmp_path: Path) -> None:
    """The carrier is closed only once nothing more is handed to it."""

    async def scenario(world: World) -> None:
        slow = asyncio.Event()

        async with world.up():
            write = world.store.write

            async def late(stage: Any, items: Any) -> Any:
                if stage.name == "claim":
                    slow.set()
                    await asyncio.sleep(0.3)
                return await write(stage, items)

            world.store.write = late  # type: ignore[method-assign]
            await accept.accept(world.house, 1, [request(category="marketing")])
            await slow.wait()
        world.carrier = FakeCarrier()
        async with world.up():
            await asyncio.sleep(5)
            assert await _count(world, "status = 'delivered'") == 1

    live(tmp_path, scenario, lambda: FakeCarrier(delay=0.0))


# settings


ABSURD = [
    "shutdown_grace = inf", "[delivery]\nreceipt_wait = inf", "[delivery]\nreceipt_wait = 1e300",
    "[delivery]\nsweep = inf", "[delivery]\nbackoff_most = inf", "[retention]\ntransactional = 999999999999",
    "[[carriers]]\nname = 'north'\nhost = 'h'\nrate = inf",
    "[[carriers]]\nname = 'north'\nhost = 'h'\nenquire_link = inf", "[limits]\nin_memory = 10_000_000_000_000_000_000",
]  # fmt: skip


@pytest.mark.parametrize("text", ABSURD)
@pytest.mark.one_engine("no store is asked")
def test_a_setting_that_time_cannot_hold_is_refused_at_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "tidings.toml").write_text(text)
    with pytest.raises(ConfigError, match="setting"):
        load({"data": str(tmp_path)}, {})


@pytest.mark.parametrize("reply", ["x" * 40_000, "half a pair \ud83d"])
@pytest.mark.one_engine("no store is asked")
def test_a_reply_that_cannot_be_sent_is_refused_at_the_start(tmp_path: Path, reply: str) -> None:
    with pytest.raises(ConfigError, match="help_reply"):
        Tidings(Settings(data=str(tmp_path), help_reply=reply))


# the committer


async def test_a_batch_weighs_as_many_messages_as_it_holds(tmp_path: Path) -> None:
    """Batches that wait together share a commit only up to its bound, and wait only up to theirs."""
    clock = HandClock()
    with opened(tmp_path, clock, asyncio.get_running_loop(), commit_queue=10_000) as store:
        house = build(store, clock)
        async with held(store):
            calls = [accept.accept(house, 1, [request()] * 3_000) for _ in range(4)]
            tasks = [asyncio.create_task(call) for call in calls]
            await asyncio.sleep(0.5)
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(answer, StoreUnavailable) for answer in answers] == [False, False, False, True]
        assert [one.rows for one in store._writers] == [0] * len(store._writers)


@pytest.mark.one_engine("it looks into SQLite's file")
def test_a_list_by_time_looks_at_the_rows_of_that_time() -> None:
    tx, db = memory()
    ids, hour = Ids(), 3_600_000
    base = Message(
        id=0, account_id=1, direction="mt", status="sent", category="otp", to=TO, sender="T", text=None,
        encoding="gsm7", segments=1, reference=0, created_at=0, expires_at=0,
    )  # fmt: skip
    times = [NOW + hour * at // 100 for at in range(20_000)]
    finish(tx.messages.insert([replace(base, id=ids.next(at), created_at=at) for at in times]))

    steps = 0

    def count() -> bool:
        nonlocal steps
        steps += 1
        return False

    db.set_progress_handler(count, 100)
    for field in (
        {"since": times[-5]},
        {"until": times[5]},
        {"since": times[100], "until": times[104]},
        {"since": times[-5], "until": 1 << 60},
    ):
        page = finish(tx.messages.page(1, Filter(**field), None, 20))
        assert len(page.messages) in (5, 6)
        assert page.complete
    assert steps < 300


# cancel


async def test_what_was_never_written_can_still_be_canceled(rig: Rig) -> None:
    outcomes = {}
    for kind in ("not_written", "throttled", "in_doubt"):
        message, (sent,) = await rig.flying()
        await rig.settle(refused(sent, kind))
        outcome = await cancel.cancel(rig.house, 1, message.id)
        outcomes[kind] = outcome.code if isinstance(outcome, Refused) else outcome.status
    assert outcomes == {"not_written": "canceled", "throttled": "not_cancelable", "in_doubt": "not_cancelable"}
