"""Questions about leases, and about the queue as several engines share it."""

from __future__ import annotations

from contract_kit import Desk, attempt, queued
from tidings.core.questions import Lease

LONG = 60_000


async def test_a_lease_is_one_holders(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.leases.all()) == []
    assert await desk.do(lambda tx: tx.leases.take("carrier/north", 7, LONG)) == 1
    assert await desk.do(lambda tx: tx.leases.take("carrier/north", 8, LONG)) is None
    assert await desk.do(lambda tx: tx.leases.take("router", 8, LONG)) == 1
    assert await desk.see(lambda tx: tx.leases.all()) == [
        Lease("carrier/north", 1, 7, True), Lease("router", 1, 8, True),
    ]  # fmt: skip


async def test_one_that_has_run_out_is_taken_under_a_higher_fence(desk: Desk) -> None:
    assert await desk.do(lambda tx: tx.leases.take("carrier/north", 7, -1)) == 1
    assert await desk.see(lambda tx: tx.leases.all()) == [Lease("carrier/north", 1, 7, False)]
    assert await desk.do(lambda tx: tx.leases.take("carrier/north", 8, LONG)) == 2
    assert await desk.do(lambda tx: tx.leases.take("esme/7", 8, LONG)) == 1
    assert await desk.see(lambda tx: tx.leases.fences(["carrier/north", "carrier/south"])) == {"carrier/north": 2}


async def test_one_whose_holder_is_known_to_be_gone_is_seized(desk: Desk) -> None:
    await desk.do(lambda tx: tx.leases.take("carrier/north", 7, LONG))
    assert await desk.do(lambda tx: tx.leases.take("carrier/north", 8, LONG, seize=True)) == 2
    assert await desk.do(lambda tx: tx.leases.take("carrier/north", 8, LONG, seize=True)) == 3


async def test_one_that_is_given_back_is_free_at_once(desk: Desk) -> None:
    for name in ("carrier/north", "carrier/south"):
        await desk.do(lambda tx, name=name: tx.leases.take(name, 7, LONG))
    both = ["carrier/north", "carrier/south"]
    assert await desk.do(lambda tx: tx.leases.give_back(8, both)) == []
    assert await desk.do(lambda tx: tx.leases.give_back(7, ["carrier/north", "router"])) == ["carrier/north"]
    taken = [await desk.do(lambda tx, name=name: tx.leases.take(name, 8, LONG)) for name in both]
    assert taken == [2, None]


async def test_those_of_esmes_go_once_nobody_has_held_them_for_long(desk: Desk) -> None:
    for name, ms in [
        ("esme/1", -5_000),
        ("esme/2", LONG),
        ("esme/3", LONG),
        ("carrier/esme", -5_000),
        ("router", -5_000),
    ]:
        await desk.do(lambda tx, name=name, ms=ms: tx.leases.take(name, 7, ms))
    await desk.do(lambda tx: tx.leases.give_back(7, ["esme/3"]))
    assert await desk.do(lambda tx: tx.leases.forget("esme/", LONG)) == ["esme/3"], "it was given back"
    assert await desk.do(lambda tx: tx.leases.forget("esme/", 1_000)) == ["esme/1"]
    assert [one.name for one in await desk.see(lambda tx: tx.leases.all())] == ["carrier/esme", "esme/2", "router"]
    assert await desk.do(lambda tx: tx.leases.take("esme/1", 8, LONG)) == 1


async def test_who_takes_a_carrier_over_finds_what_earlier_holders_left_open(desk: Desk) -> None:
    rows = [
        attempt(10, 1, fence=1), attempt(11, 2, fence=2), attempt(12, 3, fence=3),
        attempt(13, 4, fence=1, carrier="south"), attempt(14, 5, fence=1, outcome="sent"),
    ]  # fmt: skip
    await desk.do(lambda tx: tx.attempts.open(rows))
    await desk.do(lambda tx: tx.attempts.answer(rows[4:]))
    left = await desk.see(lambda tx: tx.attempts.left_open("north", 3, 10))
    assert [one.id for one in left] == [10, 11]
    assert await desk.see(lambda tx: tx.attempts.open_at()) == ["north", "south"]


async def test_each_engine_reads_what_goes_by_its_own_carriers(desk: Desk) -> None:
    homes = ["north", "south", "", "north", "west"]
    rows = [queued(number, carrier=home) for number, home in enumerate(homes, 1)]
    rows += [queued(number, due_at=100 * number, carrier=home) for number, home in enumerate(homes, 11)]
    await desk.do(lambda tx: tx.queue.insert(rows))
    assert await desk.see(lambda tx: tx.queue.head(["north", ""], 2, 0, 10)) == [1, 3, 4]
    assert await desk.see(lambda tx: tx.queue.head(["north", ""], 2, 1, 1)) == [3]
    assert await desk.see(lambda tx: tx.queue.head([], 2, 0, 10)) == []
    assert await desk.see(lambda tx: tx.queue.due_in(["north", "west"], 2, 1_400, 10)) == [11, 14]
    assert await desk.see(lambda tx: tx.queue.next_due(["south", "west"], 1_200)) == 1_500
    assert await desk.see(lambda tx: tx.queue.next_due([], 0)) is None
    assert await desk.see(lambda tx: tx.queue.carriers()) == ["", "north", "south", "west"]


async def test_a_route_moves_a_row_to_its_carrier(desk: Desk) -> None:
    await desk.do(lambda tx: tx.queue.insert([queued(1), queued(2), queued(3, carrier="north")]))
    await desk.do(lambda tx: tx.queue.assign("south", [1, 3, 99]))
    assert await desk.see(lambda tx: tx.queue.head(["south"], 2, 0, 10)) == [1, 3]
    assert await desk.see(lambda tx: tx.queue.carriers()) == ["", "south"]
