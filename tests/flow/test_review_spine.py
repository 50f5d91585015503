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

from spine_kit import (
    NOW,
    TO,
    Rig,
    World,
    inbound,
    live,
    request,
    rigged,
)
from tidings.core.message import DAY
from tidings.core.request import Answer, Idempotency, Refused
from tidings.pipeline import accept, receive
from tidings.store import migrate
from tidings.store.engine import statements
from tidings.store.sqlite import _block, _translate


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path) as one:
        yield one


# questions


SCANS = {
    ("accounts", "keys"), ("accounts", "fences"), ("accounts", "accounts"),  # a handful of rows
    ("queue", "expired"), ("queue", "counts"),  # looked through every few seconds, as the runner says
}  # fmt: skip


@pytest.mark.parametrize("noun", [
    "accounts", "attempts", "events", "idempotencies", "inbounds", "messages", "queue", "receipts", "suppressions",
])  # fmt: skip
def test_no_question_looks_through_a_whole_table(noun: str) -> None:
    db = apsw.Connection(":memory:")
    for _, sql in migrate.available():
        db.execute(sql)
    tables = {row[0] for row in db.execute("select name from sqlite_schema where type = 'table'")}
    for name, sql in statements(noun).items():
        if name in ("columns", "whole", "scan", "chosen", "floor") or (noun, name) in SCANS:
            continue
        values = max([int(number) for number in re.findall(r"\?(\d+)", sql)], default=0)
        update = sql.startswith("update") and "where id = ?1" in sql
        asked = _block(sql, values) if update else _translate(sql)
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


def test_many_lone_parts_are_made_messages_at_once_and_their_reply_leaves(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        async with world.up():
            for number in range(1, 9):
                text = "STOP" if number == 1 else f"half {number}"
                world.carrier.tell(part(1, 2, text, sender=f"1555123010{number}", token=number))
            await world.until(lambda: len(world.carrier.acknowledged) == 8)
            await asyncio.sleep(3_600 + 30)
            assert await world.store.read(lambda tx: tx.inbounds.stale(NOW + DAY, 10)) == []
            assert [sent.to for _, sent in world.carrier.written] == ["+15551230101"]

    live(tmp_path, scenario)
