"""Blocks of an event stream as the client reads them, and when a stream that broke is taken up again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings_client import NoAnswer, NotTidings, Problem, Retries, TidingsError
from tidings_client import stream as streams
from tidings_client.stream import AsyncStream, Block, Blocks, Stream
from tidings_client.wire import Call

BLOCKS: list[tuple[str, bytes, list[Block]]] = [
    ("all fields", b"id: 7\nevent: a\ndata: x\nretry: 30\n\n", [Block("7", "a", "x", 30)]),
    ("nothing but data", b"data: x\n\n", [Block(None, "message", "x", None)]),
    ("data of several lines", b"data: x\ndata:\ndata:  y\n\n", [Block(None, "message", "x\n\n y", None)]),
    ("a comment", b": still here\n\ndata: x\n\n", [Block(None, "message", "x", None)]),
    ("an id alone", b"id: 9\n\n", [Block("9", "message", "", None)]),
    ("line ends of all kinds", b"data: x\r\n\r\ndata: y\r\rdata: z\n\n",
     [Block(None, "message", one, None) for one in "xyz"]),
    ("a field nobody knows, and one without a value", b"color: red\nevent\ndata: x\n\n", [Block(None, "", "x", None)]),
    ("a retry that is no number", b"retry: soon\ndata: x\n\n", [Block(None, "message", "x", None)]),
    ("a block that never ended", b"data: x\n\ndata: y\n", [Block(None, "message", "x", None)]),
    ("letters beyond ASCII", "data: Grüße ☕\n\n".encode(), [Block(None, "message", "Grüße ☕", None)]),
]  # fmt: skip


@pytest.mark.parametrize(("octets", "expected"), [case[1:] for case in BLOCKS], ids=[case[0] for case in BLOCKS])
@given(data=st.data())
def test_blocks_are_the_same_in_pieces_of_any_size(octets: bytes, expected: list[Block], data: Any) -> None:
    parser, found, rest = Blocks(), [], octets
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        found += parser.feed(rest[:size])
        rest = rest[size:]
    assert found == expected


@pytest.mark.parametrize("octets", [b"x" * 1_000, b"data: " + b"x" * 1_000 + b"\n"])
def test_a_block_without_end_is_not_read(octets: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_OCTETS", 10_000)
    parser = Blocks()
    for _ in range(9):
        parser.feed(octets)
    with pytest.raises(ValueError, match="larger than"):
        parser.feed(octets * 2)


class Script:
    """A wire on which each connection brings what it is told: octets, the end (b""), or a fault."""

    def __init__(self, *connections: Any) -> None:
        self.connections = list(connections)
        self.asked: list[str] = []

    def open(self, call: Call, last_event_id: str, patience: float) -> Any:
        assert "last_event_id" not in call.query
        self.asked.append(last_event_id)
        one = self.connections.pop(0)
        if isinstance(one, TidingsError):
            raise one
        return Scripted(list(one))


class Scripted:
    def __init__(self, pieces: list[Any]) -> None:
        self.pieces = pieces

    def read(self) -> bytes:
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, TidingsError):
            raise piece
        return bytes(piece)

    def close(self) -> None:
        """Nothing to close."""

    shut = close


def told(number: int) -> bytes:
    return b'id: pos_%d\nevent: message.sent\ndata: {"id": %d}\n\n' % (number, number)


def read(script: Script, count: int, last: str | None = None) -> list[int]:
    stream = Stream(script, Retries(first=0), Call("GET", "/v1/stream", query={"last_event_id": last}))  # type: ignore[arg-type]
    stream._closed.wait = lambda seconds: pauses.append(seconds)  # type: ignore[assignment, method-assign]
    pauses.clear()
    return [next(stream)["id"] for _ in range(count)]


pauses: list[float] = []
OPEN = b'retry: 100\nid: pos_0\nevent: stream.open\ndata: {"type": "stream.open"}\n\n'
GONE, BROKEN = NoAnswer("", "NewConnectionError", False), NoAnswer("", "ProtocolError", True)


def refused(status: int, code: str = "", after: float | None = None) -> Problem:
    return Problem(status, {"code": code}, None, after)


AGAIN: list[tuple[str, list[Any], list[int], list[str]]] = [
    ("it breaks in a block", [[OPEN, told(1), told(2)[:20], BROKEN], [told(2)]], [1, 2], ["", "pos_1"]),
    ("it ends", [[OPEN, told(1)], [told(2)]], [1, 2], ["", "pos_1"]),
    ("it breaks before the first event", [[OPEN, BROKEN], [told(1)]], [1], ["", "pos_0"]),
    ("the server says why", [[told(1), b"event: stream.end\ndata: {}\n\n"], [told(2)]], [1, 2], ["", "pos_1"]),
    ("others were passed over", [[told(1), b"id: pos_9\nevent: stream.position\ndata: {}\n\n"], [told(10)]], [1, 10],
     ["", "pos_9"]),
    ("the server is away for long", [[told(1)], *[GONE] * 20, [told(2)]], [1, 2], ["", *["pos_1"] * 21]),
    ("there is no room for a while", [[told(1)], refused(503, "streams_full", 9), [told(2)]], [1, 2],
     ["", "pos_1", "pos_1"]),
    ("a proxy without a server", [[told(1)], NotTidings("", 502), [told(2)]], [1, 2], ["", "pos_1", "pos_1"]),
    ("nobody is there at first", [GONE, [told(1)]], [1], ["", ""]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("connections", "events", "asked"), [case[1:] for case in AGAIN], ids=[case[0] for case in AGAIN]
)
def test_it_comes_again_behind_the_last(connections: list[Any], events: list[int], asked: list[str]) -> None:
    script = Script(*connections)
    assert read(script, len(events)) == events
    assert script.asked == asked


def test_it_begins_where_it_is_told() -> None:
    script = Script([told(8)])
    assert read(script, 1, "pos_7") == [8]
    assert script.asked == ["pos_7"]


def test_it_waits_as_the_server_asks_and_longer_each_time() -> None:
    read(Script([OPEN, told(1)], refused(429, "", 7), [told(2)]), 2)
    assert pauses[1] == 7
    read(Script([OPEN, told(1)], *[GONE] * 15, [told(2)]), 2)
    assert 0.05 <= pauses[0] <= 0.1
    assert 0.05 <= pauses[1] <= 0.1
    assert 0.2 <= pauses[3] <= 0.4
    assert 15 <= pauses[15] <= 30


RAISES: list[tuple[str, list[Any], int, type[TidingsError]]] = [
    ("another key is needed", [[told(1)], refused(401, "unauthorized")], 2, Problem),
    ("it cannot go on from there", [[told(1)], refused(400, "cannot_resume")], 2, Problem),
    ("nobody ever was there", [GONE] * 4, 1, NoAnswer),
    ("something else answers", [NotTidings("", 200)], 1, NotTidings),
    ("no JSON", [[b"data: x\n\n"]], 1, NotTidings),
]


@pytest.mark.parametrize(("connections", "count", "kind"), [case[1:] for case in RAISES], ids=[r[0] for r in RAISES])
def test_what_it_does_not_hide(connections: list[Any], count: int, kind: type[TidingsError]) -> None:
    script = Script(*connections)
    with pytest.raises(kind):
        read(script, count)
    assert script.connections == []


def stream_of(*connections: Any) -> tuple[Script, Stream]:
    script = Script(*connections)
    return script, Stream(script, Retries(attempts=1), Call("GET", "/v1/stream"))  # type: ignore[arg-type]


def test_with_connects_so_that_nothing_inside_is_missed() -> None:
    script, stream = stream_of([OPEN, told(1)])
    with stream as events:
        assert script.asked == [""]
        assert next(events)["id"] == 1
    with pytest.raises(Problem), stream_of(refused(401))[1]:
        pytest.fail("it was let in")


async def test_async_with_connects_too() -> None:
    script, stream = stream_of([OPEN, told(1)], *[[] for _ in range(1_000)])
    async with AsyncStream(stream) as events:
        assert script.asked[:1] == [""]
        assert (await anext(events))["id"] == 1
    with pytest.raises(Problem):
        async with AsyncStream(stream_of(refused(401))[1]):
            pytest.fail("it was let in")
