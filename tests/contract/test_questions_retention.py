"""What is past its time goes with all that was stored with it; what anybody still waits for stays, and so do others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import postgres_kit
from contract_kit import ONE, Desk, attempt, event, message, queued, receipt
from copy_kit import contents
from esme_kit import esme
from spine_kit import NOW
from tidings.core import words
from tidings.core.codes import Call
from tidings.core.ids import Ids
from tidings.core.message import DAY, HOUR, Message
from tidings.core.questions import Piece, Tx
from tidings.pipeline import deliver, expire, notify
from tidings.store import migrate
from tidings.store.copy.tables import Table, schema

BEFORE = NOW - 90 * DAY
ENDED = BEFORE - DAY
LATER = BEFORE + 1

_ids = Ids()


def old(**changes: Any) -> Message:
    fields: dict[str, Any] = {"status": "delivered", "created_at": ENDED - HOUR, "finished_at": ENDED, "sent_at": 5}
    return message(_ids.next(ENDED - HOUR), **fields | changes)


async def stored(desk: Desk, *rows: Message) -> None:
    await desk.do(lambda tx: tx.messages.insert(rows))


async def past(desk: Desk, most: int = 100, before: int = BEFORE) -> list[int]:
    """All that may go, page by page."""
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        seen = await desk.see(lambda tx, at=after: tx.retention.past(at, before, most))  # type: ignore[misc]
        assert len(seen.ids) <= most
        found += seen.ids
        after = seen.cursor
    return found


async def drop(desk: Desk, *ids: int, before: int = BEFORE) -> int:
    return await desk.do(lambda tx: tx.retention.drop(ids, before))


# what goes with a message

ENDS: dict[str, dict[str, Any]] = {
    "attempt": {"outcome": "sent"},
    "code_call": {"next_at": None},
    "esme_outbox": {"next_at": None},
    "webhook_delivery": {"next_at": None},
}
"""Rows of these may wait; here they have ended."""
KEPT_BY_AGE = {"message_event", "webhook_delivery", "esme_outbox"}
"""These go by their own age, which is no more than that of messages."""


def about_messages() -> list[Table]:
    tables = schema([name for name, _ in migrate.available()]).tables
    return [one for one in tables if "message_id" in one.columns and one.name != "queue"]


async def plant(tx: Tx, number: int) -> None:
    """A row about a message in every table that knows messages."""
    values: dict[str, Any] = {"integer": number, "text": "[]", "blob": b"x"}
    for table in about_messages():
        columns = [one for one in table.columns if one != "rowid"]
        row = {one: values[kind] for one, kind in zip(table.columns, table.kinds, strict=True) if one != "rowid"}
        row |= {"account_id": ONE} if "account_id" in row else {}
        row |= {"finished_at": 1} if "finished_at" in row else {}
        row |= ENDS.get(table.name, {})
        named = ", ".join(f'"{one}"' for one in columns)
        places = ", ".join(f"?{at}" for at in range(1, len(columns) + 1))
        await tx.engine.fetch(  # type: ignore[attr-defined]
            f"insert into {table.name} ({named}) values ({places})",
            *[row[one] for one in columns],
        )


@pytest.fixture
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    folder = tmp_path / "data"
    return postgres_kit.url(folder) if request.node.callspec.params["store"] == "postgres" else str(folder)


async def counts(where: str, number: int) -> dict[str, int]:
    """Rows about a message, by table; without tables that have none."""
    rows = await asyncio.to_thread(contents, where)
    found = {one.name: [row[one.columns.index("message_id")] for row in rows[one.name]] for one in about_messages()}
    return {name: numbers.count(number) for name, numbers in found.items() if number in numbers}


async def test_all_that_was_stored_with_a_message_goes_with_it(desk: Desk, where: str) -> None:
    gone, stays = old(), old(finished_at=LATER)
    await stored(desk, gone, stays)
    for one in (gone, stays):
        await desk.do(lambda tx, one=one: plant(tx, one.id))
    every = {table.name: 1 for table in about_messages()}
    assert await counts(where, gone.id) == every
    assert await past(desk) == [gone.id]
    assert await drop(desk, gone.id, stays.id) == 1
    assert await desk.see(lambda tx: tx.messages.by_id([gone.id, stays.id])) == {stays.id: stays}
    assert (await counts(where, gone.id)).keys() == KEPT_BY_AGE
    assert await counts(where, stays.id) == every


async def test_what_was_said_is_found_by_its_words_no_more(desk: Desk) -> None:
    gone, stays = old(text="Hello there"), old(text="Hello again", finished_at=LATER)
    await stored(desk, gone, stays)
    await desk.do(lambda tx: tx.words.insert([gone, stays]))
    sought = words.sought(ONE, "hello")
    assert sought is not None
    assert await desk.see(lambda tx: tx.words.find(ONE, sought, None, 9)) == [stays.id, gone.id]
    await drop(desk, gone.id)
    assert await desk.see(lambda tx: tx.words.find(ONE, sought, None, 9)) == [stays.id]


async def test_an_answer_outlives_what_it_answered(desk: Desk) -> None:
    asked = old()
    answer = old(direction="mo", status="received", finished_at=LATER, in_reply_to=asked.id)
    other = old(direction="mo", status="received", finished_at=LATER, in_reply_to=77)
    await stored(desk, asked, answer, other)
    await drop(desk, asked.id)
    found = await desk.see(lambda tx: tx.messages.by_id([answer.id, other.id]))
    assert [found[one.id].in_reply_to for one in (answer, other)] == [None, 77]


# what stays

Plant = Callable[[Tx, int], Awaitable[None]]


async def in_queue(tx: Tx, number: int) -> None:
    await tx.queue.insert([queued(number)])


async def with_a_carrier(tx: Tx, number: int) -> None:
    await tx.attempts.open([attempt(number + 1, number)])


async def called(tx: Tx, number: int) -> None:
    await tx.codes.insert_calls([
        Call(id=number, account_id=ONE, message_id=number, code_id=1, url="https://a.example/", replies="json",
             status="waiting", attempts=0, created_at=0, next_at=0, said=None)
    ])  # fmt: skip


async def delivery(tx: Tx, number: int, finished_at: int | None) -> None:
    await tx.engine.fetch(  # type: ignore[attr-defined]
        "insert into webhook_delivery (id, account_id, endpoint, message_id, sequence, type, occurred_at, status, "
        "attempts, created_at, began_at, next_at, finished_at) "
        "values (?1, ?2, 'e', ?3, 1, 'x', 1, 'y', 1, 1, 1, ?4, ?5)",
        number, ONE, number, None if finished_at else 1, finished_at,
    )  # fmt: skip


async def owed(tx: Tx, number: int, finished_at: int | None) -> None:
    await tx.engine.fetch(  # type: ignore[attr-defined]
        "insert into esme_outbox (id, account_id, esme_id, kind, message_id, sequence, part, parts, form, lane, "
        "status, attempts, created_at, began_at, next_at, finished_at) "
        "values (?1, ?2, 1, 'receipt', ?3, 1, 1, 1, '', 1, 'y', 1, 1, 1, ?4, ?5)",
        number, ONE, number, None if finished_at else 1, finished_at,
    )  # fmt: skip


WAITS: list[tuple[str, Plant]] = [
    ("it stands in the queue", in_queue),
    ("a carrier has not answered", with_a_carrier),
    ("a code's webhook is to be called", called),
    ("a webhook is to hear of it", lambda tx, number: delivery(tx, number, None)),
    ("an ESME is to hear of it", lambda tx, number: owed(tx, number, None)),
]


@pytest.mark.parametrize("waits", [one for _, one in WAITS], ids=[name for name, _ in WAITS])
async def test_it_stays_while_anything_waits(desk: Desk, waits: Plant) -> None:
    one = old()
    await stored(desk, one)
    assert await past(desk) == [one.id]
    await desk.do(lambda tx: waits(tx, one.id))
    assert await past(desk) == []
    assert await drop(desk, one.id) == 0, "it began to wait after it was looked for"
    assert await desk.see(lambda tx: tx.messages.by_id([one.id])) == {one.id: one}


@pytest.mark.parametrize("told", [delivery, owed])
async def test_it_stays_while_it_may_be_told_once_more(desk: Desk, told: Any) -> None:
    """What was given up may be replayed for as long as it is kept."""
    before, after = old(), old()
    await stored(desk, before, after)
    await desk.do(lambda tx: told(tx, before.id, BEFORE))
    await desk.do(lambda tx: told(tx, after.id, LATER))
    assert await past(desk) == [before.id]


STATES: list[tuple[str, dict[str, Any], bool]] = [
    ("it ended before", {}, True),
    ("it ended in that very moment", {"finished_at": BEFORE}, True),
    ("it ended a moment later", {"finished_at": LATER}, False),
    ("it is with a carrier", {"status": "sent", "finished_at": None}, False),
    ("it waits for its time", {"status": "scheduled", "finished_at": None}, False),
    ("it came from a handset", {"direction": "mo", "status": "received"}, True),
    ("nobody knows how it ended", {"status": "unknown"}, True),
]


@pytest.mark.parametrize(("changes", "goes"), [one[1:] for one in STATES], ids=[one[0] for one in STATES])
async def test_only_what_ended_goes(desk: Desk, changes: dict[str, Any], goes: bool) -> None:
    one = old(**changes)
    await stored(desk, one)
    assert await past(desk) == [one.id] * goes
    assert await drop(desk, one.id) == goes


async def test_pages_go_on_where_the_last_one_ended(desk: Desk) -> None:
    rows = [old(finished_at=LATER if at % 3 == 0 else ENDED) for at in range(20)]
    await stored(desk, *rows)
    expected = [one.id for one in rows if one.finished_at == ENDED]
    for most in (1, 2, 7, 20, 21):
        assert await past(desk, most) == expected
    assert await drop(desk, *expected[:5]) == 5
    assert await past(desk, 3) == expected[5:]
    assert await drop(desk, *expected) == len(expected) - 5, "what is gone is no fault"


async def test_the_first_that_should_be_gone_is_told(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.retention.overdue(BEFORE)) is None
    await stored(desk, old(finished_at=LATER), old(finished_at=ENDED + 5), old(finished_at=ENDED + 3))
    assert await desk.see(lambda tx: tx.retention.overdue(BEFORE)) == ENDED + 3


async def test_nothing_goes_of_which_somebody_has_still_to_be_told(desk: Desk) -> None:
    """A tail that was not read: its events, and what they speak of, wait for it."""
    one, two = old(), old()
    await stored(desk, one, two)
    await desk.do(lambda tx: tx.webhooks.advance(1, 0))
    await desk.do(
        lambda tx: tx.engine.fetch(  # type: ignore[attr-defined]
            "insert into message_callback (message_id, account_id, url, events) values (?1, 1, 'http://x/', '[]')",
            two.id,
        )
    )
    happened = [event(7, at) for at in (1, 2)]
    await desk.do(lambda tx: tx.events.append(happened))
    page = expire.Past((one.id,), BEFORE)
    assert await desk.store.write(expire.forget_messages, [page]) == [0]
    newest = await desk.see(lambda tx: tx.events.newest())
    await desk.do(lambda tx: tx.webhooks.advance(newest, 0))
    assert await desk.store.write(expire.forget_messages, [page]) == [1]


@pytest.mark.parametrize("keep", [False, True])
async def test_tails_store_now_and_then_how_far_they_are_though_nothing_concerned_anybody(
    desk: Desk, keep: bool
) -> None:
    """Else what happened since would never be dropped in a house where little is wanted."""
    await desk.do(
        lambda tx: tx.engine.fetch(  # type: ignore[attr-defined]
            "insert into message_callback (message_id, account_id, url, events) values (99, 1, 'http://x/', '[]')"
        )
    )
    await desk.do(lambda tx: tx.esmes.insert(esme(70)))
    before = await desk.see(lambda tx: tx.webhooks.cursor()), await desk.see(lambda tx: tx.outbox.cursor())
    await desk.do(lambda tx: tx.events.append([event(7, 1)]))
    newest = await desk.see(lambda tx: tx.events.newest())
    told = await desk.see(notify.directory)
    fanned = await desk.store.write(notify.fan_out, [notify.Tail(0, told, keep)])
    filled = await desk.store.write(deliver.fill, [deliver.Tail(0, {}, keep)])
    assert (fanned[0].position, filled[0].position) == (newest, newest)
    after = await desk.see(lambda tx: tx.webhooks.cursor()), await desk.see(lambda tx: tx.outbox.cursor())
    stored = keep or newest >= notify.LAG_MOST  # where positions begin with the day, the first is far enough
    assert after == (((newest, before[0][1]), newest) if stored else before)


# rows of their own


async def test_orphans_go_by_when_they_came(desk: Desk) -> None:
    fields: dict[str, Any] = {"received_at": BEFORE, "retry_at": None}
    orphan = receipt(_ids.next(BEFORE), **fields)
    parked = receipt(_ids.next(BEFORE), **fields | {"retry_at": BEFORE + HOUR})
    matched = receipt(_ids.next(BEFORE), **fields | {"attempt_id": 1, "message_id": 2})
    later = receipt(_ids.next(BEFORE), **fields | {"received_at": LATER})
    more = [receipt(_ids.next(BEFORE), **fields) for _ in range(4)]
    await desk.do(lambda tx: tx.receipts.insert([orphan, parked, matched, later, *more]))
    steps = [await desk.do(lambda tx: tx.retention.drop_orphans(BEFORE, 2)) for _ in range(4)]
    assert steps == [2, 2, 1, 0]
    assert await desk.see(lambda tx: tx.receipts.of(2)) == [matched]
    assert await desk.see(lambda tx: tx.receipts.unmatched("north", 0, 9)) == [parked, later]


async def test_what_nobody_came_for_of_a_capture_goes(desk: Desk) -> None:
    ids = Ids()
    pieces = [Piece(ids.next(NOW + at), 5, "gw 1", "{}\n") for at in (0, 10, 20)]
    await desk.do(lambda tx: tx.captures.keep(pieces))
    assert [await desk.do(lambda tx: tx.retention.drop_pieces(NOW + 15, 1)) for _ in range(3)] == [1, 1, 0]
    assert await desk.see(lambda tx: tx.captures.waiting(5)) == 1
