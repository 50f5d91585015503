"""What is dropped by its age: on PostgreSQL a day as a whole, on SQLite row by row, with the same left in the end."""

from __future__ import annotations

import msgspec
import pytest

from contract_kit import ONE, Desk
from days_kit import delivery, end, event, go_to, happen, made, midnight
from spine_kit import HandClock
from tidings.core.ids import Ids
from tidings.core.message import DAY
from tidings.core.questions import DeliveryFilter, Tx
from tidings.core.webhook import Delivery
from tidings.pipeline import expire

LAST = 1 << 62


async def forget(desk: Desk, before: int, up_to: int = LAST, most: int = 2) -> int:
    """Drop until nothing is left to drop; how many steps it took."""
    for steps in range(100):
        if not await desk.do(lambda tx: tx.events.forget(before, up_to, most)):
            return steps
    raise AssertionError("it goes on for ever")


# events


async def test_events_of_past_days_are_dropped_and_those_of_later_ones_stay(desk: Desk, clock: HandClock) -> None:
    every = await made(desk, clock, 4)
    await forget(desk, midnight(2))
    left = [one for _, one in await desk.see(lambda tx: tx.events.after(0, 99))]
    assert left == [one for one in every if one.occurred_at >= midnight(2)]
    assert 0 < len(left) < len(every)
    number = every[0].message_id
    assert await desk.see(lambda tx: tx.events.of(number)) == []
    assert await desk.see(lambda tx: tx.events.some([(number, 1)])) == {}


async def test_nothing_that_has_still_to_be_read_is_dropped(desk: Desk, clock: HandClock) -> None:
    await made(desk, clock, 3)
    placed = await desk.see(lambda tx: tx.events.after(0, 99))
    await forget(desk, midnight(9), placed[0][0] - 1)
    assert await desk.see(lambda tx: tx.events.after(0, 99)) == placed
    await forget(desk, midnight(9), placed[0][0])
    assert await desk.see(lambda tx: tx.events.after(0, 99)) == placed[1:]


async def test_new_events_go_on_behind_the_newest_which_is_always_kept(desk: Desk, clock: HandClock) -> None:
    """Readers remember how far they are: a position never comes twice."""
    rows = await made(desk, clock, 2)
    newest = await desk.see(lambda tx: tx.events.newest())
    now = go_to(clock, 9)
    await forget(desk, midnight(9))
    left = await desk.see(lambda tx: tx.events.after(0, 99))
    assert left[-1] == (newest, rows[-1])
    assert rows[0] not in [one for _, one in left]
    assert await desk.see(lambda tx: tx.events.newest()) == newest
    assert await desk.see(lambda tx: tx.events.newest(newest)) == newest
    await happen(desk, event(7, 1, now))
    placed = await desk.see(lambda tx: tx.events.after(newest, 9))
    assert [one.message_id for _, one in placed] == [7]
    assert await desk.see(lambda tx: tx.events.newest(newest)) == placed[0][0]


async def test_a_message_tells_what_happened_to_it_on_any_day(desk: Desk, clock: HandClock) -> None:
    ids, now = Ids(), go_to(clock, 0)
    number = ids.next(now)
    rows = []
    for sequence, day in enumerate((0, 1, 1, 3, 40), 1):
        rows.append(event(number, sequence, go_to(clock, day)))
        await happen(desk, rows[-1], event(ids.next(clock.now()), 1, clock.now()))
    assert await desk.see(lambda tx: tx.events.of(number)) == rows
    keys = [(number, one.sequence) for one in rows]
    assert await desk.see(lambda tx: tx.events.some([*keys, (number, 9), (9, 1)])) == dict(zip(keys, rows, strict=True))


async def test_a_message_made_by_a_clock_that_is_ahead_tells_too(desk: Desk, clock: HandClock) -> None:
    """Its id is of a day that has not begun where it is stored."""
    go_to(clock, 0)
    number = Ids().next(midnight(1) + 1)
    await happen(desk, event(number, 1, clock.now()))
    assert len(await desk.see(lambda tx: tx.events.of(number))) == 1


@pytest.mark.parametrize("most", [1, 2, 3, 100])
async def test_readers_come_over_the_end_of_a_day_without_leaving_anything_out(
    desk: Desk, clock: HandClock, most: int
) -> None:
    await made(desk, clock, 4)
    every = await desk.see(lambda tx: tx.events.after(0, 99))
    newest = every[-1][0]
    cursor, found, steps = 0, [], 0
    while cursor < newest:
        cursor, some = await desk.see(lambda tx, at=cursor: tx.events.of_types(at, most, ["message.sent"]))  # type: ignore[misc]
        assert len(some) <= most
        found += some
        steps += 1
    assert found == every
    assert steps <= len(every) + 4
    assert await desk.see(lambda tx: tx.events.reach(newest, newest, most)) == newest
    assert await desk.see(lambda tx: tx.events.reach(0, newest, 2)) == every[1][0]


async def test_what_nobody_listens_to_keeps_nothing(desk: Desk, clock: HandClock) -> None:
    """Nobody ever listened: cursors stand at the beginning, and hold up nothing."""
    rows = await made(desk, clock, 3)
    before = go_to(clock, 30) - 20 * DAY
    while (await desk.store.write(expire.forget_events, [before]))[0]:
        pass
    left = [one for _, one in await desk.see(lambda tx: tx.events.after(0, 99))]
    assert rows[0] not in left
    assert left[-1] == rows[-1]


# deliveries


async def drop(desk: Desk, before: int) -> None:
    while await desk.do(lambda tx: tx.webhooks.drop_day(before)):
        pass
    after: int | None = 0
    while after is not None:
        seen = await desk.see(lambda tx, at=after: tx.webhooks.aged(at, before, 2))  # type: ignore[misc]
        await desk.do(lambda tx, ids=seen.ids: tx.webhooks.forget(ids))  # type: ignore[misc]
        after = seen.cursor


async def five(desk: Desk, clock: HandClock) -> dict[int, Delivery]:
    """1 to 4 were made on the first day, and three of them ended, on the first, second and third; 5 on the third."""
    rows = {number: delivery(number, go_to(clock, 0)) for number in range(1, 5)}
    await desk.do(lambda tx: tx.webhooks.insert_deliveries(list(rows.values())))
    for number in (1, 2, 3):
        rows[number] = await end(desk, rows[number], go_to(clock, number - 1))
    rows[5] = delivery(5, clock.now())
    await desk.do(lambda tx: tx.webhooks.insert_deliveries([rows[5]]))
    return rows


async def known(tx: Tx) -> dict[int, Delivery]:
    return await tx.webhooks.deliveries(range(1, 9))


async def test_deliveries_are_dropped_by_when_they_ended_and_never_while_they_wait(
    desk: Desk, clock: HandClock
) -> None:
    rows = await five(desk, clock)
    assert await desk.see(known) == rows
    await drop(desk, midnight(0))
    assert await desk.see(known) == rows
    await drop(desk, midnight(2))
    assert await desk.see(known) == {number: rows[number] for number in (3, 4, 5)}
    assert [one.id for one in await desk.see(lambda tx: tx.webhooks.waiting("e", False, 9))] == [4, 5]
    await drop(desk, midnight(90))
    assert await desk.see(known) == {number: rows[number] for number in (4, 5)}
    page = await desk.see(lambda tx: tx.webhooks.delivery_page(ONE, DeliveryFilter(), None, 9))
    assert [one.id for one in page.deliveries] == [5, 4]


async def test_the_log_stays_as_long_as_its_delivery(desk: Desk, clock: HandClock) -> None:
    await five(desk, clock)
    await drop(desk, midnight(2))
    assert len(await desk.see(lambda tx: tx.webhooks.tries(3))) == 1
    assert sorted(await desk.see(lambda tx: tx.webhooks.last_tries([1, 2, 3, 4]))) in ([3], [1, 2, 3])
    await drop(desk, midnight(90))
    assert await desk.see(lambda tx: tx.webhooks.last_tries([1, 2, 3, 4])) == {}


async def test_what_is_replayed_waits_again_and_is_not_dropped(desk: Desk, clock: HandClock) -> None:
    await five(desk, clock)
    now = go_to(clock, 50)
    await desk.do(lambda tx: tx.webhooks.replay([(1, now, now + 5)]))
    await drop(desk, midnight(50))
    left = await desk.see(known)
    assert sorted(left) == [1, 4, 5]
    assert (left[1].status, left[1].next_at, left[1].finished_at) == ("waiting", now + 5, None)
    await end(desk, left[1], now + 9)
    assert (await desk.see(known))[1].finished_at == now + 9


async def test_an_attempt_of_what_has_ended_meanwhile_is_noted(desk: Desk, clock: HandClock) -> None:
    rows = await five(desk, clock)
    again = msgspec.structs.replace(rows[2], attempts=7, reply_id=9, status="waiting")
    await desk.do(lambda tx: tx.webhooks.note([again]))
    assert (await desk.see(known))[2] == msgspec.structs.replace(rows[2], attempts=7, reply_id=9)


async def test_numbers_of_deliveries_go_on_behind_those_that_were_dropped(desk: Desk, clock: HandClock) -> None:
    rows = await five(desk, clock)
    await desk.do(lambda tx: tx.webhooks.advance(0, 5))
    for number in (4, 5):
        await end(desk, rows[number], clock.now())
    await drop(desk, midnight(90))
    assert await desk.see(known) == {}
    assert await desk.see(lambda tx: tx.webhooks.last_delivery()) == 5
