"""The REST door behind a real HTTP server: what only octets on a socket can show."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from kit import FakeHouse, door
from tidings.api import wire
from tidings.api.wire import Wire
from tidings.app import PEER_GONE_MS, _open_door
from tidings.config import Limits, Settings

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("the wire over a house of fakes: no store is asked")]

KEY = b"Authorization: Bearer tk_0000000000000_send\r\n"
GOOD = b'{"to":"+15551230100","text":"x"}'
LIMIT = 2_000_000


@pytest.fixture
def house() -> FakeHouse:
    return FakeHouse(Settings(limits=Limits(body_bytes=LIMIT)))


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch, house: FakeHouse) -> AsyncIterator[int]:
    app = door(monkeypatch, house)
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=Wire, lifespan="off", log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def exchange(port: int, *pieces: bytes, pause: float = 0.0) -> tuple[int, str]:
    """Send pieces on one connection; the status and head of the first answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        async with asyncio.timeout(5):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        return int(head.split(" ")[1]), head.lower()
    finally:
        writer.close()


def post(*headers: bytes, body: bytes = b"") -> bytes:
    return b"POST /v1/messages HTTP/1.1\r\nHost: x\r\n" + KEY + b"".join(h + b"\r\n" for h in headers) + b"\r\n" + body


def chunk(octets: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(octets), octets)


LENGTH = b"Content-Length: %d" % len(GOOD)
CHUNKED = b"Transfer-Encoding: chunked"

CASES: list[tuple[str, list[bytes], int]] = [
    ("a plain post", [post(LENGTH, body=GOOD)], 202),
    ("an octet at a time", [post(LENGTH), *(GOOD[at : at + 1] for at in range(len(GOOD)))], 202),
    ("in chunks", [post(CHUNKED), chunk(GOOD[:10]), chunk(GOOD[10:]), b"0\r\n\r\n"], 202),
    ("100-continue", [post(LENGTH, b"Expect: 100-continue"), GOOD], 100),
    ("too long, announced and never sent", [post(b"Content-Length: 2000001")], 413),
    ("a terabyte, announced", [post(b"Content-Length: 1000000000000")], 413),
    ("too long in chunks, without an end", [post(CHUNKED), *[chunk(b"x" * 500_000)] * 5], 413),
    ("a header of 30,000 octets", [post(LENGTH, b"X-Long: " + b"x" * 30_000, body=GOOD)], 202),
    ("a hundred headers of one name", [post(LENGTH, *[b"X-Many: 1"] * 100, body=GOOD)], 202),
    ("two request ids", [post(LENGTH, b"X-Request-Id: a", b"X-Request-Id: b", body=GOOD)], 202),
    ("no HTTP at all", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"], 400),
    ("HTTP/1.0", [post(LENGTH, body=GOOD).replace(b"HTTP/1.1", b"HTTP/1.0")], 202),
    ("octets in the path", [b"GET /v1/\xff HTTP/1.1\r\nHost: x\r\n" + KEY + b"\r\n"], 400),
    ("the same encoded", [b"GET /v1/messages/%ff%00 HTTP/1.1\r\nHost: x\r\n" + KEY + b"\r\n"], 404),
    ("a body with a get", [b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + LENGTH + b"\r\n\r\n" + GOOD], 200),
]  # fmt: skip


@pytest.mark.parametrize(("pieces", "status"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
async def test_what_comes_over_the_wire(port: int, house: FakeHouse, pieces: list[bytes], status: int) -> None:
    told, head = await exchange(port, *pieces)
    assert told == status, head
    assert len(house.taken) == (status in (100, 202))
    if status not in (100, 400):
        assert re.search(r"^x-request-id: \S+\r$", head, re.M)


PLACES: list[tuple[str, bytes, int]] = [
    ("nothing there", b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ("another method", b"DELETE /v1/messages HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    ("another method of an address with an id", b"PUT /v1/messages/msg_1 HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    ("no HTTP", b"nonsense\r\n\r\n", 400),
    ("no key", b"GET /v1/messages HTTP/1.1\r\nHost: x\r\n\r\n", 401),
    ("well", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200),
]


@pytest.mark.parametrize(("octets", "status"), [p[1:] for p in PLACES], ids=[p[0] for p in PLACES])
async def test_every_answer_carries_the_same_headers(port: int, octets: bytes, status: int) -> None:
    told, head = await exchange(port, octets)
    assert told == status
    for line in (r"x-request-id: \S+", "cache-control: no-store", "x-content-type-options: nosniff"):
        assert len(re.findall(rf"^{line}\r$", head, re.M)) == 1, head
    assert ("application/problem+json" in head) == (status >= 400)
    assert ("\r\nallow: " in head) == (status == 405)


ENDINGS: list[tuple[str, bytes, bool, bool]] = [
    ("kept", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", True, True),
    ("closed where asked", b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", True, False),
    ("closed after HTTP/1.0", b"GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n", True, False),
    ("a head alone", b"HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", False, False),
    ("a problem", b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", True, False),
]


@pytest.mark.parametrize(("octets", "body", "kept"), [e[1:] for e in ENDINGS], ids=[e[0] for e in ENDINGS])
async def test_an_answer_is_as_long_as_it_says_and_the_connection_ends_or_stays(
    port: int, octets: bytes, body: bool, kept: bool
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(5):
        writer.write(octets)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(re.findall(r"^content-length: (\d+)\r$", head, re.M)[0])
        assert len(re.findall(r"^date: .+ gmt\r$", head, re.M)) == 1, head
        assert len(re.findall(r"^connection: close\r$", head, re.M)) == (not kept)
        assert length > 0
        assert len(await reader.readexactly(length if body else 0)) == (length if body else 0)
        if kept:
            writer.write(octets)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")
        else:
            assert await reader.read() == b""
    writer.close()


async def test_a_head_that_does_not_end_is_told_and_cut(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PATIENCE_S", 0.5)
    told, head = await exchange(port, b"GET /healthz HTTP/1.1\r\nX-Slow: ")
    assert (told, "connection: close" in head) == (408, True)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(5):
        assert await reader.read() == b""  # a caller who says nothing hears nothing
    writer.close()


async def test_blank_lines_between_requests_hold_no_connection(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PATIENCE_S", 0.5)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"}")
    writer.write(b"\r\n")
    async with asyncio.timeout(5):
        assert b" 408 " in await reader.read()
    writer.close()


async def test_connections_beyond_the_most_are_turned_away_and_room_comes_again(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wire, "most", 2)
    monkeypatch.setattr(wire, "SPARE", 1)
    ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    for reader, writer in held:
        writer.write(ask)
        assert b" 200 " in await reader.readuntil(b"}")
    told, head = await exchange(port, ask)
    assert (told, "retry-after: 1" in head, "connection: close" in head) == (503, True, True)
    waiting = await asyncio.open_connection("127.0.0.1", port)
    reader, cut = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    for _, writer in (*held, waiting):
        writer.close()
    cut.close()
    async with asyncio.timeout(5):
        while await status_of(port, ask) != 200:  # noqa: ASYNC110 - the server sees them leave in its own time
            await asyncio.sleep(0.01)


async def status_of(port: int, octets: bytes) -> int | None:
    """The status of the answer; None when the connection was cut."""
    try:
        return (await exchange(port, octets))[0]
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


async def test_a_caller_who_leaves_in_the_middle_costs_nothing(port: int, house: FakeHouse) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(LENGTH) + GOOD[:10])
    await writer.drain()
    writer.close()
    assert (await exchange(port, post(LENGTH, body=GOOD)))[0] == 202
    assert len(house.taken) == 1


async def test_requests_in_one_breath_are_answered_in_order(port: int, house: FakeHouse) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    wanted = [b"X-Request-Id: r%d" % n for n in range(20)]
    writer.write(b"".join(post(LENGTH, header, body=GOOD) for header in wanted))
    answers: Any = b""
    async with asyncio.timeout(5):
        while answers.count(b"HTTP/1.1 202") < 20:
            answers += await reader.read(65_536)
    writer.close()
    assert re.findall(rb"x-request-id: (\w+)", answers) == [b"r%d" % n for n in range(20)]


@contextlib.asynccontextmanager
async def endless(chunks: int) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A server that answers with more than all buffers hold; its port, and whether its answer is over."""
    over = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(chunks):
            await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        over.set()

    server = uvicorn.Server(uvicorn.Config(app, port=0, http=Wire, lifespan="off", log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1], over
    server.should_exit = True
    await serving


def reluctant(port: int) -> socket.socket:
    """A caller with little room for an answer."""
    caller = socket.socket()
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    caller.connect(("127.0.0.1", port))
    caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    return caller


async def test_who_takes_an_answer_slowly_is_let_and_who_takes_nothing_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "PATIENCE_S", 1.0)
    async with endless(400) as (port, over):

        def slowly() -> int:
            with reluctant(port) as caller:
                caller.settimeout(30)
                taken = 0
                while piece := caller.recv(16_384):
                    taken += len(piece)
                    if b"\r\n0\r\n\r\n" in piece[-10:]:
                        break
                    time.sleep(0.002)
                return taken

        assert await asyncio.to_thread(slowly) > 400 * 65_536
        over.clear()
        with reluctant(port) as caller:
            async with asyncio.timeout(30):
                await over.wait()
            caller.settimeout(30)
            assert await asyncio.to_thread(drain, caller) < 400 * 65_536


def drain(caller: socket.socket) -> int:
    """How much there still is to be had of a connection that was cut."""
    taken = 0
    with contextlib.suppress(ConnectionError):
        while piece := caller.recv(1 << 20):
            taken += len(piece)
    return taken


def test_a_peer_that_vanished_is_noticed() -> None:
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        pytest.skip("only Linux can be told")
    with _open_door("127.0.0.1", 0, False) as listening, socket.create_connection(listening.getsockname()):
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == PEER_GONE_MS
