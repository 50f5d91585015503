"""Traffic captured from real links and played again: against a network that does as then, otherwise, and not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from door_kit import PASSWORD, SYSTEM_ID, door, submit
from smpp_kit import PATIENCE, Clock, House, house, part
from tidings.cli import traffic
from tidings.cli.client import CommandError
from tidings.core import ids
from tidings.core.ports import Receipt, Sent, Up
from tidings.core.request import Refused
from tidings.drivers import smpp_tap
from tidings.drivers.smpp_replay import Pace, replay
from tidings.drivers.smpp_tap import Capture, Taps
from tidings.simulator.faults import Faults
from tidings.simulator.network import Network, NetworkSettings
from tidings.smpp import capture, codec, pdus
from tidings.smpp.capture import Head, Record
from tidings.smpp.replay import Login, Player

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("what links carry: no store is asked")]


async def stays() -> None:
    """A reader who never leaves."""
    await asyncio.Event().wait()


@asynccontextmanager
async def network(**settings: Any) -> AsyncIterator[tuple[Network, int]]:
    one = Network(NetworkSettings(**settings), Clock())
    port = await one.start()
    try:
        yield one, port
    finally:
        await one.stop()


@asynccontextmanager
async def tapped() -> AsyncIterator[Taps]:
    async with asyncio.TaskGroup() as tasks:
        taps = Taps(Clock(), tasks)
        yield taps
        taps.stop()
        for task in asyncio.all_tasks():
            if task.get_name().startswith("capture "):
                task.cancel()


def begin(taps: Taps, *, whole: bool = False, seconds: float = 60) -> Capture:
    made = taps.open("carriers/north", seconds, whole, stays)
    assert isinstance(made, Capture)
    return made


async def read(one: Capture) -> tuple[Head, list[Record]]:
    one.close()
    octets = b""
    while (lines := await one.next()) is not None:
        octets += lines
    head, records = capture.read(octets.splitlines(keepends=True))
    return head, list(records)


async def carry(north: House, count: int) -> None:
    await north.until(Up)
    north.carrier.send([part(number, to=f"+1555123{number:04d}") for number in range(100, 100 + count)])
    await north.until(Sent, count)
    await north.until(Receipt, count)


async def some(whole: bool = False) -> tuple[Head, list[Record]]:
    """What a carrier of the simulated network and we say while three texts are carried."""
    async with tapped() as taps, network() as (_, port):
        tap = taps.of("carriers/north", "esme")
        one = begin(taps, whole=whole)
        async with house(port, tap) as north:
            north.acknowledging = True
            await carry(north, 3)
        return await read(one)


async def test_a_capture_tells_all_that_went_over_the_links_and_no_secret() -> None:
    head, records = await some()
    assert (head.side, head.name, head.redacted) == ("esme", "north", True)
    names = [record.pdu for record in records]
    assert names.count("submit_sm") == names.count("submit_sm_resp") == names.count("deliver_sm") == 3
    assert names.count("deliver_sm_resp") == 3
    assert records[0].what == "open"
    assert records[-1].what == "closed"
    assert "bind_transceiver" in names
    octets = b"".join(record.frame for record in records)
    assert b"secret" not in octets
    assert b"Hello" not in octets
    _, whole = await some(whole=True)
    octets = b"".join(record.frame for record in whole)
    assert b"Hello" in octets
    assert b"secret" not in octets


async def played(records: list[Record], port: int, pace: Pace) -> tuple[Player, list[str]]:
    player = Player("esme", records, Login("tidings", "pw"))
    async with asyncio.timeout(PATIENCE):
        return player, await replay([player], "127.0.0.1", port, Clock(), pace)


async def test_a_replay_is_answered_as_captured_by_the_same_network() -> None:
    _, records = await some()
    async with network() as (_, port):
        player, ended = await played(records, port, Pace(patience=2.0))
    assert (player.differences, player.owed, ended) == ([], 0, [""])
    assert player.sent == player.same >= 4


async def test_a_replay_at_the_pace_of_then_takes_as_long() -> None:
    _, records = await some()
    slower = [msgspec.structs.replace(one, at_ms=one.at_ms + 300 * (one.pdu == "unbind")) for one in records]
    async with network() as (_, port):
        began = Clock().monotonic()
        player, _ = await played(slower, port, Pace(speed=1.0, patience=2.0))
        assert Clock().monotonic() - began >= 0.3
    assert player.differences == []


async def test_a_network_that_does_otherwise_is_told() -> None:
    _, records = await some()
    async with network() as (one, port):
        await one.switch(Faults(mode="throttle"))
        player, _ = await played(records, port, Pace(patience=0.5))
    assert [(d.request, d.then, d.now) for d in player.differences] == [("submit_sm", 0, 0x58)] * 3
    assert player.owed == 3


async def test_a_link_that_came_after_another_is_played_after_it() -> None:
    """Else the receipts of the first may come on the second, and be missed on the first."""
    _, records = await some()
    end = records[-1].at_ms
    records = [one for one in records if one.pdu not in ("unbind", "unbind_resp")]
    second = [msgspec.structs.replace(one, link="2", at_ms=one.at_ms + end) for one in records]
    bound: list[int] = []
    players = [Player("esme", links, Login("tidings", "pw")) for links in (records, second)]
    async with network(receipt_delay_ms=50) as (one, port), asyncio.timeout(PATIENCE):
        ended = await replay(
            players, "127.0.0.1", port, Clock(), Pace(patience=2.0), progress=lambda: bound.append(len(one.smsc.links))
        )
    assert ended == ["", ""]
    assert [player.owed for player in players] == [0, 0]
    assert max(bound) == 1


async def test_nobody_there_is_told() -> None:
    _, records = await some()
    async with network() as (_, port):
        pass
    player, ended = await played(records, port, Pace(patience=0.5))
    assert "Cannot connect" in ended[0]
    assert not player.sent


async def test_a_reader_that_is_too_slow_is_told_how_much_it_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp_tap, "HELD_OCTETS", 1_000)
    async with tapped() as taps, network() as (_, port):
        tap = taps.of("carriers/north", "esme")
        one = begin(taps)
        async with house(port, tap) as north:
            north.acknowledging = True
            await carry(north, 20)
        _, records = await read(one)
    kept, missed = [r for r in records if r.what == "pdu"], [r.count for r in records if r.what == "missed"]
    assert len(kept) < 10
    assert len(missed) == 1
    assert missed[0] > 60


async def test_a_gap_stands_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp_tap, "HELD_OCTETS", 1_000)
    monkeypatch.setattr(smpp_tap, "LINES_AT_ONCE", 1)
    async with tapped() as taps:
        taps.of("carriers/north", "esme")
        one = begin(taps)
        for at in range(9):
            one.take((at, "1", "pdu", "in", SUBMIT, ""))
        octets = (await one.next() or b"") + (await one.next() or b"") + (await one.next() or b"")
        one.take((9, "1", "pdu", "in", SUBMIT, ""))
        one.close()
        while (lines := await one.next()) is not None:
            octets += lines
    _, records = capture.read(octets.splitlines(keepends=True))
    told = [(one.what, one.count or one.at_ms) for one in records]
    assert told == [("pdu", 0), ("pdu", 1), ("pdu", 2), ("pdu", 3), ("missed", 5), ("pdu", 9)]


async def test_captures_end_by_time_and_when_nobody_reads_and_are_few() -> None:
    async with tapped() as taps:
        tap = taps.of("carriers/north", "esme")
        assert taps.open("carriers/south", 1, False, stays) is None
        short = begin(taps, seconds=0.05)
        async with asyncio.timeout(PATIENCE):
            assert capture.read([await short.next() or b""])[0].name == "north"
            assert await short.next() is None
        assert not tap.on
        left = asyncio.Event()
        taps.open("carriers/north", 60, False, left.wait)  # type: ignore[arg-type]
        assert tap.on
        left.set()
        async with asyncio.timeout(PATIENCE):
            while tap.on:  # noqa: ASYNC110 - a tap has no need of an event else
                await asyncio.sleep(0)
        for _ in range(smpp_tap.MOST):
            begin(taps)
        refused = taps.open("carriers/north", 60, False, stays)
        assert isinstance(refused, Refused)
        assert refused.code == "too_many_captures"


async def test_the_binds_of_a_customer_are_captured_too_and_can_be_played(tmp_path: Path) -> None:
    async with tapped() as taps, door(tmp_path, taps=taps) as rig:
        esme = await rig.enrol()
        one = taps.open(f"esmes/{ids.show('esme', esme.id)}", 60, False, stays)
        assert isinstance(one, Capture)
        client = await rig.bound()
        await client.ask(submit(b"Hello"))
        await client.close()
        head, records = await read(one)
        assert head.side == "smsc"
        assert [r.pdu for r in records if r.way == "in"][:1] == ["submit_sm"]
        assert {"bind_transceiver_resp", "submit_sm_resp"} <= {r.pdu for r in records if r.way == "out"}
        player = Player(head.side, records, Login(SYSTEM_ID, PASSWORD))
        async with asyncio.timeout(PATIENCE):
            ended = await replay([player], "127.0.0.1", rig.door.ports[0].number, Clock(), Pace(patience=2.0))
        assert (player.differences, ended) == ([], [""])
        assert len(await rig.messages()) == 2


# the commands


async def file_of(folder: Path) -> Path:
    head, records = await some()
    file = folder / "north.jsonl"
    file.write_bytes(b"".join([capture.line(head), *map(capture.line, records)]))
    return file


async def test_the_command_compares_and_says_so(tmp_path: Path) -> None:
    file = await file_of(tmp_path)
    async with network() as (_, port):
        given = [str(file), "--port", str(port), "--system-id", "a", "--password", "b", "--patience", "2"]
        result = await asyncio.to_thread(CliRunner().invoke, traffic.replay, given)
    assert result.exit_code == 0, result.output
    assert "the server answers as captured" in result.output


EMPTY = capture.line(Head(side="esme", name="north", started_at_ms=1, redacted=True))
SUBMIT = codec.encode(pdus.SubmitSm(destination_addr="15551230100", sequence_number=2))
STANDING = capture.of_frame(2, "1", "out", SUBMIT, SUBMIT)
REFUSED = [
    ("no capture", b"GET / HTTP/1.1\r\n", [], "line 1 is not the head of a capture"),
    ("nothing in it", EMPTY, [], "nothing to replay"),
    ("no bind in it and no login", EMPTY + capture.line(STANDING), [], "give --system-id and --password"),
    ("half a login", b"", ["--system-id", "a"], "go together"),
]  # fmt: skip


@pytest.mark.parametrize(("octets", "options", "why"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_cannot_be_replayed_is_said_in_a_line(tmp_path: Path, octets: bytes, options: list[str], why: str) -> None:
    file = tmp_path / "f.jsonl"
    file.write_bytes(octets)
    result = CliRunner().invoke(traffic.replay, [str(file), *options])
    assert result.exit_code == 1
    assert why in result.output
    assert "Traceback" not in result.output


class Answer:
    """What a server tells, as lines; an error where there is no such carrier."""

    def __init__(self, records: list[Any]) -> None:
        self._records = records

    def lines(self, path: str, query: dict[str, Any]) -> Iterator[Any]:
        if not self._records:
            raise CommandError("There is no carrier with this name.")
        yield from self._records


def captured(folder: Path, monkeypatch: pytest.MonkeyPatch, records: list[Any]) -> Any:
    monkeypatch.setattr(traffic, "Client", lambda data: Answer(records))
    return CliRunner().invoke(traffic.capture, ["north", "--out", f"{folder}/f.jsonl", "--pcap", f"{folder}/f.pcap"])


def test_the_command_writes_both_files_as_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [EMPTY, capture.line(STANDING), capture.line(STANDING)]
    result = captured(tmp_path, monkeypatch, [json.loads(line) for line in told])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "f.jsonl").read_bytes() == b"".join(told)
    assert (tmp_path / "f.pcap").read_bytes().count(SUBMIT) == 2
    assert "2 PDUs captured" in result.output


def test_a_carrier_that_is_none_leaves_the_file_of_another_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f.jsonl").write_bytes(EMPTY)
    result = captured(tmp_path, monkeypatch, [])
    assert result.exit_code == 1
    assert "no carrier" in result.output
    assert (tmp_path / "f.jsonl").read_bytes() == EMPTY
