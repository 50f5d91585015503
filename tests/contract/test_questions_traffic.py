"""Counts by the minute, hour and day: added to by the commits that move messages, and by nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from contract_kit import ONE, TWO, Desk, held, submitted
from kit import NOW
from spine_kit import HandClock
from tidings.core.message import DAY, HOUR, MINUTE
from tidings.core.ports import Stage
from tidings.core.questions import Tx
from tidings.core.traffic import COUNTED, Bucket

Moves = tuple[tuple[str, int, str | None], ...]


async def _move(tx: Tx, items: Sequence[Moves], now: int) -> list[None]:
    for moves in items:
        for status, account_id, carrier in moves:
            tx.tally.moved(status, "otp", account_id, carrier)
        if not moves[0][0]:
            raise ValueError("no")
    return [None] * len(items)


MOVING = Stage(_move, 20, False)
"""Messages of accounts take statuses by carriers."""


async def counted(desk: Desk, account_id: int | None, carrier: str | None = None, step: int = MINUTE) -> Any:
    """What each step holds, without what is 0."""
    found = await desk.see(lambda tx: tx.traffic.points(account_id, carrier, step, 0, 1 << 52))
    return {one.start: {name: n for name, n in zip(COUNTED, one.counts, strict=True) if n} for one in found}


async def test_a_commit_adds_what_it_moved(desk: Desk, clock: HandClock) -> None:
    minute, hour, day = NOW - NOW % MINUTE, NOW - NOW % HOUR, NOW - NOW % DAY
    first: Moves = (("accepted", ONE, "north"), ("queued", ONE, "north"), ("accepted", ONE, None))
    await desk.store.write(MOVING, [first, (("received", TWO, "south"),)])
    await desk.store.write(MOVING, [(("sent", ONE, "north"), ("accepted", ONE, "north"))])
    whole = {"accepted": 3, "sent": 1}
    for step, start in ((MINUTE, minute), (HOUR, hour), (DAY, day)):
        assert await counted(desk, ONE, step=step) == {start: whole}
    assert await counted(desk, ONE, "north") == {minute: {"accepted": 2, "sent": 1}}
    assert await counted(desk, ONE, "") == {minute: {"accepted": 1}}
    assert await counted(desk, TWO) == {minute: {"received": 1}}
    assert await counted(desk, None) == {minute: {**whole, "received": 1}}
    assert await counted(desk, None, "south") == {minute: {"received": 1}}
    clock.seconds += 60
    await desk.store.write(MOVING, [(("delivered", ONE, "north"),)])
    assert await counted(desk, ONE) == {minute: whole, minute + MINUTE: {"delivered": 1}}
    assert await counted(desk, ONE, step=DAY) == {day: {**whole, "delivered": 1}}


async def test_what_was_undone_is_not_counted(desk: Desk) -> None:
    """Of a commit in which one breaks down, the others are repeated and count once."""
    async with held(desk.store):
        tasks = await submitted(
            desk.store.write(MOVING, [(("sent", ONE, "north"),)]),
            desk.store.write(MOVING, [(("", ONE, None), ("sent", ONE, "north"))]),
            desk.store.write(MOVING, [(("sent", ONE, "north"),)]),
        )
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one).__name__ for one in outcomes] == ["list", "ValueError", "list"]
    assert list((await counted(desk, ONE)).values()) == [{"sent": 2}]


@pytest.mark.parametrize(
    ("since", "until", "starts"), [(0, 60, [0, 20, 40]), (20, 40, [20]), (1, 41, [20, 40]), (60, 90, [])]
)
async def test_points_of_a_time_begin_in_it(desk: Desk, since: int, until: int, starts: list[int]) -> None:
    ones = (1,) * len(COUNTED)
    await desk.do(lambda tx: tx.traffic.add([Bucket(ONE, MINUTE, start, "", ones) for start in (0, 20, 40)]))
    for account_id in (ONE, None):
        found = await desk.see(lambda tx, who=account_id: tx.traffic.points(who, None, MINUTE, since, until))
        assert [(one.start, one.counts) for one in found] == [(start, ones) for start in starts]


async def test_the_oldest_of_a_step_are_dropped_a_page_at_a_time(desk: Desk) -> None:
    counts = (1,) * len(COUNTED)
    rows = [Bucket(who, step, start, "", counts) for who in (ONE, TWO) for step in (60, 90) for start in (0, 20, 40)]
    await desk.do(lambda tx: tx.traffic.add(rows))
    assert await desk.do(lambda tx: tx.traffic.forget(60, 40, 3)) == 3
    assert await desk.do(lambda tx: tx.traffic.forget(60, 40, 3)) == 1
    assert await desk.do(lambda tx: tx.traffic.forget(60, 40, 3)) == 0
    assert list(await counted(desk, None, step=60)) == [40]
    assert list(await counted(desk, None, step=90)) == [0, 20, 40]
