"""What is owed to a customer's ESME is sent by one of the processes that have its binds, and moves with them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from cluster_kit import Half, Held
from esme_kit import SHOP, Shop, esme, takes
from spine_kit import HandClock, JumpingLoop, Watched, build, opened
from tidings.config import Settings
from tidings.door.deliverer import Deliverer
from tidings.pipeline import deliver, lease

LEASE = lease.of_esme(SHOP)


class Side(Shop):
    """One of two houses on one database."""

    held: Held
    half: Half


class Twins:
    """Two houses, `one` and `two`; the first sees to the outbox."""

    def __init__(self, one: Side, two: Side) -> None:
        self.one, self.two = one, two

    def ids(self, *bounds: object) -> Counter[str]:
        """How often each receipt went out over these binds."""
        return Counter(number for bound in bounds for number in bound.ids)  # type: ignore[attr-defined]


@asynccontextmanager
async def twins(folder: Path) -> AsyncIterator[Twins]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, JumpingLoop)
    halves: list[Half] = []
    leases: dict[str, list[Held]] = {}
    with opened(folder, loop.clock, loop) as store:
        async with asyncio.TaskGroup() as tasks:
            sides = []
            for at in range(2):
                side = Side(folder, [esme()])
                side.half = Half(Watched(store, loop), halves)  # type: ignore[arg-type]
                side.store = side.half  # type: ignore[assignment]
                side.house = build(side.half, loop.clock, Settings(data=str(folder)))
                side.house.ids = type(side.house.ids)(node=at)
                side.held = Held(leases, at, store)
                side.house.leases = side.held
                deliver.announce(side.half)
                side.house.roster.know(esme())
                sides.append(side)
            await sides[0].do(lambda tx: tx.esmes.insert(esme()))
            for side in sides:
                side.deliverer = Deliverer(side.house)
                await side.deliverer.start(tasks)
            try:
                yield Twins(*sides)
            finally:
                for side in sides:
                    await side.deliverer.stop(1.0)


def run(folder: Path, scenario: Callable[[Twins], Awaitable[None]]) -> None:
    async def main() -> None:
        async with twins(folder) as both:
            await scenario(both)

    with asyncio.Runner(loop_factory=lambda: JumpingLoop(HandClock())) as runner:
        runner.run(main())


def test_each_receipt_goes_out_once_wherever_it_was_earned(tmp_path: Path) -> None:
    async def scenario(both: Twins) -> None:
        here, there = both.one.bind("here"), both.two.bind("there")
        wanted = await both.one.delivered(20) + await both.two.delivered(20)
        await both.one.until(lambda: len(here.ids) + len(there.ids) >= 40)
        await both.one.rest(5)
        assert set(both.ids(here, there).values()) == {1}
        assert len(both.ids(here, there)) == len(wanted)
        assert not there.ids, "one process at a time sends, over its own binds"

    run(tmp_path, scenario)


def test_the_process_that_sees_to_the_outbox_need_not_have_the_binds(tmp_path: Path) -> None:
    async def scenario(both: Twins) -> None:
        there = both.two.bind("there")
        await both.one.delivered(30)
        await both.two.until(lambda: len(there.ids) == 30)
        assert set(both.ids(there).values()) == {1}

    run(tmp_path, scenario)


def test_what_is_owed_moves_when_the_last_bind_goes(tmp_path: Path) -> None:
    async def scenario(both: Twins) -> None:
        here, there = both.one.bind("here", script=lambda pdu, earlier: None), both.two.bind("there")
        await both.one.delivered(10)
        await both.one.until(lambda: len(here.got) > 0)
        assert both.one.held.holds(LEASE)
        here.drop()
        await both.two.until(lambda: len(there.ids) == 10)
        assert both.two.held.holds(LEASE)
        assert set(both.ids(there).values()) == {1}
        back = both.one.bind("back")
        await both.one.delivered(5)
        await both.two.until(lambda: len(there.ids) == 15)
        assert not back.ids, "it stays where it is while there are binds"

    run(tmp_path, scenario)


def test_who_was_frozen_writes_nothing_after_its_lease_and_nothing_is_lost(tmp_path: Path) -> None:
    async def scenario(both: Twins) -> None:
        here, there = both.one.bind("here", window=2, delay=1.0), both.two.bind("there")
        await both.one.delivered(20)
        await both.one.until(lambda: len(here.got) == 2)
        both.one.held.frozen = True  # its time is over, and it does not know yet
        await both.one.rest(3)
        written = len(here.got)
        assert written == 2, "answers make room, and yet nothing more is written"
        await both.one.held.rob(LEASE)
        await both.two.until(lambda: len(both.ids(here, there)) == 20)
        await both.two.rest(5)
        assert len(here.got) == written
        assert len(there.ids) == 18, "what was answered before is not sent again"
        both.one.held.frozen = False
        there.drop()
        await both.one.delivered(3)
        await both.one.until(lambda: len(here.got) == written + 3)

    run(tmp_path, scenario)


def test_what_was_not_heard_of_is_found_when_the_connection_is_back(tmp_path: Path) -> None:
    async def scenario(both: Twins) -> None:
        there = both.two.bind("there")
        await both.one.delivered(1)
        await both.two.until(lambda: len(there.ids) == 1)
        both.two.half.deaf = True
        await both.one.delivered(5)
        await both.one.rest(2)
        assert len(there.ids) == 1
        both.two.half.deaf = False
        both.two.half.miss()
        await both.two.until(lambda: len(there.ids) == 6)
        assert set(both.ids(there).values()) == {1}

    run(tmp_path, scenario)


def test_what_was_given_up_goes_out_again_by_the_process_that_has_the_binds(tmp_path: Path) -> None:
    refusing = True

    async def scenario(both: Twins) -> None:
        nonlocal refusing
        there = both.two.bind("there", script=lambda pdu, earlier: 0x66 if refusing else 0)
        await both.one.delivered(4)
        await both.two.until(lambda: len(there.ids) == 12)  # three times each
        await both.two.rest(2)
        refusing = False
        shop = both.one.house.roster.get(SHOP)
        assert shop is not None
        assert await deliver.replay_some(both.one.house, shop) == 4
        await both.two.until(lambda: len(there.ids) == 16)
        assert set(both.ids(there).values()) == {4}

    run(tmp_path, scenario)


def test_a_full_queue_is_counted_though_others_empty_it(tmp_path: Path) -> None:
    async def scenario(both: Twins) -> None:
        small = esme(queue_most=50)
        await both.one.do(lambda tx: tx.esmes.change(small))
        for side in (both.one, both.two):
            side.house.roster.know(small)
        there = both.two.bind("there", script=takes)
        for _ in range(4):
            await both.one.delivered(40)
            await both.two.rest(12)
        assert len(there.ids) == 160, "what was sent elsewhere makes room here"

    run(tmp_path, scenario)
