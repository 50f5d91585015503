"""Carriers that another process holds: shown by its reports, and steered with a word when it does not obey."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from cluster_kit import Half, Held
from smpp_kit import Clock
from spine_kit import FakeCarrier, build, opened
from tidings import board as boards
from tidings import fleet as fleets
from tidings.config import CarrierSettings
from tidings.core.carrier import CarrierState, Report
from tidings.core.request import Refused
from tidings.fleet import Fleet, Member
from tidings.mirror import Mirror
from tidings.pipeline import lease, steer
from tidings.pipeline.house import House
from tidings.runner import Runner

ENGINE = 77
NORTH = CarrierSettings(name="north", host="smsc.example.net", password="secret", sender_rules="off")


class Desk:
    """A process that takes requests and holds no carrier; an engine that does as the test says."""

    def __init__(self, house: House, fleet: Fleet, other: Half) -> None:
        self.house, self.fleet = house, fleet
        self.other = other
        """The store as a third process sees it."""

    async def held(self) -> None:
        """The engine has the carrier."""
        await self.house.store.write(lease.take, [lease.Wish(lease.of_carrier("north"), ENGINE, 60_000)])

    async def tells(self, *heeded: str, holder: int = ENGINE, **more: Any) -> None:
        state = CarrierState(
            name="north", type="smpp", address="h:1", state="paused" if heeded else "up", binds_up=1, binds_total=1,
            engine="gw9 1", engine_since="2026-11-23T09:29:58.000Z",
        )  # fmt: skip
        told = Report(carrier="north", holder=holder, heeded=heeded, digest=steer.digest(NORTH), state=state, **more)
        await self.house.store.write(steer.report, [told])

    async def shown(self) -> CarrierState:
        await self.fleet._board.look()
        return self.fleet.states()[0]


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(fleets, "OBEY_S", 0.5)
    halves: list[Half] = []
    with opened(tmp_path, Clock(), asyncio.get_running_loop()) as store:
        house = build(Half(store, halves), Clock())
        house.leases = Held({}, 0)
        carrier = FakeCarrier()
        runner = Runner(house, [carrier])
        async with asyncio.TaskGroup() as tasks:
            made = Fleet(house, runner, [Member(NORTH, "api", carrier)], lambda settings: cast(Any, FakeCarrier()))
            await house.store.write(steer.keep, [steer.Change(None, NORTH)])
            await made.start()
            made.follow(tasks)
            mirror = Mirror(house)
            mirror.keep({steer.hold, steer.keep, steer.drop}, steer.decided, made.decided)
            mirror.start(tasks)
            yield Desk(house, made, Half(store, halves))
            mirror.stop()
            made.stop()


async def test_it_is_shown_as_its_holder_of_now_tells(desk: Desk) -> None:
    assert (await desk.shown()).state == "unattended"
    await desk.held()
    await desk.tells(holder=ENGINE - 1)
    told = await desk.shown()
    assert (told.state, told.engine, told.down_reason) == ("connecting", None, "an engine has just taken it")
    await desk.tells()
    told = await desk.shown()
    assert (told.state, told.engine, told.source) == ("up", "gw9 1", "api")


async def test_a_pause_that_is_not_obeyed_in_time_says_so_and_one_that_is_does_not(desk: Desk) -> None:
    await desk.held()
    await desk.tells()
    told = await desk.fleet.pause("north", None)
    assert isinstance(told, CarrierState)
    assert told.state == "up", "as the engine tells"
    assert told.pending == "stored; engine gw9 1 has not done it within 0.5 s, and will when it hears of it"
    pausing = asyncio.create_task(desk.fleet.pause("north", None))
    await asyncio.sleep(0.1)
    assert not pausing.done()
    await desk.tells("north")
    told = await pausing
    assert isinstance(told, CarrierState)
    assert (told.state, told.pending) == ("paused", None)


async def test_settings_that_cannot_be_used_there_are_told_with_the_reason(desk: Desk) -> None:
    await desk.held()
    await desk.tells(fault="tls_ca cannot be read")
    told = await desk.fleet.change("north", {"window": 7})
    assert isinstance(told, CarrierState)
    assert told.pending == "gw9 1 goes on as before: tls_ca cannot be read"


async def test_a_change_goes_over_what_another_process_stored_meanwhile(desk: Desk) -> None:
    other = desk.other
    theirs = msgspec.structs.replace(NORTH, rate=9.0)
    other._others = []  # it is not heard of in time
    assert await other.write(steer.keep, [steer.Change(NORTH, theirs)]) == [True]
    assert not isinstance(await desk.fleet.change("north", {"window": 7}), Refused)
    (stored,) = await desk.house.store.read(steer.stored)
    assert (stored.rate, stored.window) == (9.0, 7)


async def test_what_is_added_paused_and_taken_away_elsewhere_is_so_here(desk: Desk) -> None:
    other = desk.other
    east = CarrierSettings(name="east", host="h", sender_rules="off")
    await other.write(steer.keep, [steer.Change(None, east)])
    await other.write(steer.hold, [steer.Hold("east", None, True)])
    async with asyncio.timeout(5):
        while list(desk.house.carriers) != ["north", "east"] or desk.fleet.states()[1].paused_at is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        exists = await desk.fleet.add(east)
        assert isinstance(exists, Refused)
        await other.write(steer.drop, ["east"])
        while list(desk.house.carriers) != ["north"]:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def test_loops_go_on_after_a_fault_that_nobody_foresaw(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each tells of it and counts it; what was known before is shown meanwhile, and carriers are not touched by it."""
    monkeypatch.setattr(boards, "LOOK_S", 0.01)
    monkeypatch.setattr(fleets, "REPORT_S", 0.01)
    counted = desk.house.metrics.faults

    def broken(*_: Any) -> None:
        raise ValueError("no such thing")

    with monkeypatch.context() as patch:
        patch.setattr(desk.fleet._board, "look", broken)
        patch.setattr(desk.fleet, "_report_once", broken)
        patch.setattr(desk.fleet, "_take", broken)
        await desk.other.write(steer.hold, [steer.Hold("north", None, True)])
        async with asyncio.timeout(10):
            while counted.keys() != {("board",), ("reports",), ("decisions",)}:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
    assert "no such thing" in caplog.text
    async with asyncio.timeout(10):
        while desk.house.carriers and "north" not in desk.fleet._pauses:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    await desk.held()
    await desk.tells()
    async with asyncio.timeout(10):
        while desk.fleet.states()[0].engine != "gw9 1":  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
