"""What waits for a carrier that is gone, where several processes share the store: whoever routes sees to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cluster_kit import Half, Held
from spine_kit import FakeCarrier, HandClock, JumpingLoop, Watched, _member, build, delivers, opened, request, send
from tidings.config import CarrierSettings, Settings
from tidings.core.message import Message
from tidings.fleet import Fleet
from tidings.pipeline import handover, lease, steer
from tidings.pipeline.house import House
from tidings.runner import Runner

GONE = "west"
HOLDER = 77


class Pair:
    """One process that routes and holds `north`; another that has still heard nothing of the end of `west`."""

    def __init__(self, here: House, there: House, carrier: FakeCarrier) -> None:
        self.here, self.there, self.carrier = here, there, carrier
        self.runner = Runner(here, [carrier])

    async def held(self, ms: int) -> None:
        """A third process holds what is gone, for so long."""
        await self.there.store.write(lease.take, [lease.Wish(lease.of_carrier(GONE), HOLDER, ms, seize=True)])

    async def accepts(self) -> Message:
        (message,) = await send(self.there, request())
        return message

    async def rest(self, seconds: float) -> list[int]:
        """The messages that went by then."""
        await asyncio.sleep(seconds)
        return [number for number, _ in self.carrier.order()]


def run(folder: Path, scenario: Callable[[Pair], Awaitable[None]]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, JumpingLoop)
        halves: list[Half] = []
        with opened(folder, loop.clock, loop) as store:
            houses = []
            for at in range(2):
                house = build(Half(Watched(store, loop), halves), loop.clock, Settings(data=str(folder)))  # type: ignore[arg-type]
                house.ids = type(house.ids)(node=at)
                house.leases = Held({}, at)
                houses.append(house)
            here, there = houses
            there.carriers = {GONE: 0.0}
            carrier = FakeCarrier(delivers)
            pair = Pair(here, there, carrier)
            await pair.held(3_600_000)
            await here.store.write(lease.take, [lease.Wish(lease.of_carrier("north"), 1, 3_600_000)])
            runner = pair.runner
            handover.announce(there.store, lambda carrier: False)
            here.fleet = Fleet(here, runner, [_member(carrier)], lambda settings: carrier)
            async with asyncio.TaskGroup() as tasks:
                await runner.start(tasks)
                try:
                    await scenario(pair)
                finally:
                    await runner.stop(1.0)

    with asyncio.Runner(loop_factory=lambda: JumpingLoop(HandClock())) as runner:
        runner.run(main())


@pytest.mark.parametrize("dies", [False, True], ids=["gives it back", "dies"])
def test_what_was_accepted_for_it_goes_by_another_once_its_holder_has_let_go(tmp_path: Path, dies: bool) -> None:
    async def scenario(pair: Pair) -> None:
        message = await pair.accepts()
        assert await pair.rest(60) == [], "it is held still"
        if dies:
            await pair.held(-1)
        else:
            await pair.there.store.write(lease.give_back, [(HOLDER, lease.of_carrier(GONE))])
        assert await pair.rest(60) == [message.id]

    run(tmp_path, scenario)


def test_one_that_is_stored_and_held_by_nobody_for_now_is_not_gone(tmp_path: Path) -> None:
    async def scenario(pair: Pair) -> None:
        settings = CarrierSettings(name=GONE, host="smsc.example.net", password="secret", sender_rules="off")
        await pair.there.store.write(steer.keep, [steer.Change(None, settings)])
        message = await pair.accepts()
        await pair.held(-1)
        assert await pair.rest(60) == []
        await pair.there.store.write(steer.drop, [GONE])
        assert await pair.rest(60) == [message.id]

    run(tmp_path, scenario)


def test_a_lease_of_an_esme_that_is_given_back_makes_no_engine_read_its_queue_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(pair: Pair) -> None:
        await pair.rest(1)
        reads: list[str] = []
        monkeypatch.setattr(pair.runner.mover, "read_all_again", lambda: reads.append("again"))
        for name in (lease.of_esme(7), lease.of_carrier("north"), lease.ROUTER):
            await pair.there.store.write(lease.give_back, [(HOLDER, name)])
            await pair.rest(0.1)
            reads.append(name)
        assert reads == ["esme/7", "again", "carrier/north", "again", "router"]

    run(tmp_path, scenario)


def test_a_carrier_that_cannot_be_started_is_not_ours_once_it_is_given_back(tmp_path: Path) -> None:
    """What is accepted for it would be told to nobody else."""

    async def scenario(pair: Pair) -> None:
        async def fails() -> None:
            raise RuntimeError("the test breaks it")

        broken = FakeCarrier(name="south")
        broken.start = fails  # type: ignore[method-assign]
        with pytest.raises(RuntimeError, match="breaks it"):
            await pair.runner.add(broken)
        await pair.here.leases.leave(lease.of_carrier("south"))
        assert not pair.runner.mine("south")

    run(tmp_path, scenario)
