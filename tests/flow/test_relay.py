"""Captures of links that other processes have: told in pieces, in order, ended at both ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from cluster_kit import Half, Held
from smpp_kit import Clock
from spine_kit import build, opened
from tidings import relay
from tidings.core.ports import Capture, News
from tidings.core.request import Refused
from tidings.drivers.smpp_link import SmppLink
from tidings.drivers.smpp_tap import Taps
from tidings.pipeline import watch
from tidings.relay import Relay
from tidings.smpp import codec, pdus

FRAME = codec.encode(pdus.EnquireLink(sequence_number=7))


class Ends:
    """What a tap asks of a link."""

    here, peer = "127.0.0.1:1", "127.0.0.1:2"


class Side:
    """One process: its taps, and a link of the carrier north where it has one."""

    def __init__(self, store: Any, halves: list[Half], at: int, tasks: asyncio.TaskGroup) -> None:
        self.house = build(Half(store, halves), Clock())
        self.house.ids = type(self.house.ids)(node=at)
        self.house.leases = Held({}, at)
        self.house.place = f"gw{at} 1"
        self.taps = Taps(self.house.clock, tasks)  # type: ignore[arg-type]
        self.tap = self.taps.of("carriers/north", "esme")
        self.relay = Relay(self.house, self.taps)
        self.relay.start(tasks)
        self.link = cast(SmppLink, Ends())

    def says(self) -> None:
        """A PDU goes over its link."""
        self.tap.frames(self.link, "out", [FRAME])


@asynccontextmanager
async def sides(folder: Path) -> AsyncIterator[tuple[Side, Side]]:
    """The one that is asked, and the one that has the links."""
    halves: list[Half] = []
    with opened(folder, Clock(), asyncio.get_running_loop()) as store:
        async with asyncio.TaskGroup() as tasks:
            one, other = (Side(store, halves, at, tasks) for at in range(2))
            other.tap.opened(other.link)
            try:
                yield one, other
            finally:
                for side in (one, other):
                    side.relay.stop()
                    side.taps.stop()
                await asyncio.sleep(0.3)


def begun(side: Side, seconds: float = 30.0) -> tuple[Capture, asyncio.Event]:
    left = asyncio.Event()

    async def gone() -> None:
        await left.wait()

    capture = side.relay.open("carriers/north", seconds, True, gone)
    assert isinstance(capture, Capture)
    return capture, left


async def lines(capture: Capture, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(5):
        while len(found) < count and (octets := await capture.next()) is not None:
            found += [json.loads(line) for line in octets.splitlines()]
    return found


async def test_what_goes_over_links_of_another_process_is_told_here(tmp_path: Path) -> None:
    async with sides(tmp_path) as (here, there):
        capture, left = begun(here)
        first = await lines(capture, 2)
        assert (first[0]["format"], first[0]["name"]) == ("tidings-capture", "north")
        assert (first[1]["what"], first[1]["link"]) == ("open", "gw1 1/1")
        for _ in range(3):
            there.says()
            await asyncio.sleep(0.01)
        assert [one["pdu"] for one in await lines(capture, 3)] == ["enquire_link"] * 3
        left.set()
        async with asyncio.timeout(5):
            assert await capture.next() is None
            while there.tap.on:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)


async def test_it_ends_with_its_time_at_both_ends(tmp_path: Path) -> None:
    async with sides(tmp_path) as (here, there):
        capture, left = begun(here, seconds=0.5)
        async with asyncio.timeout(5):
            while await capture.next() is not None:
                there.says()
            while there.tap.on:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
        left.set()


async def test_who_does_not_take_what_is_told_is_told_how_much_was_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "HELD_OCTETS", 2_000)
    async with sides(tmp_path) as (here, there):
        capture, left = begun(here)
        await lines(capture, 2)
        assert isinstance(capture, relay.Relayed)
        said = 0
        async with asyncio.timeout(60):
            while not capture._missed:
                for _ in range(10):
                    there.says()
                said += 10
                await asyncio.sleep(relay.PIECE_S)
            assert capture._octets <= 2_000
            found: list[dict[str, Any]] = []
            while sum(one.get("count", 1) for one in found) < said:
                found += await lines(capture, 1)
        assert 0 < sum(one.get("count", 0) for one in found) < said
        left.set()


async def test_it_follows_a_carrier_that_moves_to_another_process(tmp_path: Path) -> None:
    async with sides(tmp_path) as (here, there):
        capture, left = begun(there)
        there.says()
        assert [one.get("link") for one in await lines(capture, 3)] == [None, "1", "1"]
        async with asyncio.timeout(5):
            while not here.tap.on:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
        there.tap.closed(there.link, "taken over")
        here.tap.opened(here.link)
        here.says()
        found = await lines(capture, 3)
        assert [(one["what"], one["link"]) for one in found] == [
            ("closed", "1"),
            ("open", "gw0 1/1"),
            ("pdu", "gw0 1/1"),
        ]
        left.set()


async def test_it_follows_to_a_process_that_began_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It did not hear of the capture when it was asked for, and is asked again; whoever tells already tells once."""
    monkeypatch.setattr(relay, "ASK_AGAIN_S", 0.05)
    async with sides(tmp_path) as (here, there):
        there.house.store.deaf = True  # type: ignore[attr-defined]
        capture, left = begun(here)
        await lines(capture, 1)
        await asyncio.sleep(0.1)
        assert not there.tap.on
        there.house.store.deaf = False  # type: ignore[attr-defined]
        await lines(capture, 1)
        await asyncio.sleep(0.2)
        there.says()
        assert [one["what"] for one in await lines(capture, 1)] == ["pdu"]
        assert len(there.tap._captures) == 1
        left.set()


async def test_a_fault_ends_one_capture_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with sides(tmp_path) as (here, there):

        def broken(*_: Any) -> None:
            raise ValueError("no such thing")

        monkeypatch.setattr(there.taps, "open", broken)
        here.relay._heard(News(frozenset({watch.ask}), {watch.ask: [["not", "what", "is", "asked"]]}))
        capture, left = begun(here)
        async with asyncio.timeout(5):
            while not there.house.metrics.faults:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
        assert there.house.metrics.faults == {("captures",): 1}
        assert "no such thing" in caplog.text
        assert "cannot be understood" in caplog.text
        monkeypatch.undo()
        left.set()
        async with asyncio.timeout(5):
            while await capture.next() is not None:
                pass
        capture, left = begun(here)
        assert [one["what"] for one in (await lines(capture, 2))[1:]] == ["open"]
        left.set()


async def test_there_are_no_more_than_a_few_at_a_time(tmp_path: Path) -> None:
    async with sides(tmp_path) as (here, _):
        lefts = [begun(here)[1] for _ in range(relay.MOST)]
        more = here.relay.open("carriers/north", 1.0, True, lambda: asyncio.sleep(0))
        assert isinstance(more, Refused)
        assert more.code == "too_many_captures"
        for left in lefts:
            left.set()


async def test_of_which_nobody_takes_anything_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that asked was killed."""
    monkeypatch.setattr(relay, "PIECE_S", 0.01)
    monkeypatch.setattr(relay, "ABANDONED_S", 0.05)
    monkeypatch.setattr(relay, "PIECES_MOST", 2)
    async with sides(tmp_path) as (here, there):
        capture, left = begun(here)
        await lines(capture, 2)
        monkeypatch.setattr(here.relay, "_heard", lambda news: None)
        here.relay._open.clear()  # it takes nothing any more
        async with asyncio.timeout(5):
            while there.tap.on:
                there.says()
                await asyncio.sleep(0.01)
        assert not there.relay._told
        left.set()
