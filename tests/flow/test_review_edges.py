"""The edges under callers and carriers that mean no good, or only speak in their own way."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from kit import TOKENS, FakeHouse, ask, door
from tidings.api import wire
from tidings.api.wire import Wire

GOOD = b'{"to":"+15551230100","text":"x"}'
LENGTH = b"Content-Length: %d\r\n" % len(GOOD)
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
ALIVE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def house() -> FakeHouse:
    return FakeHouse()


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch, house: FakeHouse) -> AsyncIterator[int]:
    monkeypatch.setattr(wire, "PATIENCE_S", 0.2)
    server = uvicorn.Server(
        uvicorn.Config(
            door(monkeypatch, house), port=0, http=Wire, ws="none", lifespan="off", log_config=None, access_log=False
        )
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def answer(reader: asyncio.StreamReader) -> tuple[int, str, Any]:
    """Status, head and JSON of the next answer on a connection."""
    async with asyncio.timeout(5):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        return int(head.split(" ")[1]), head, json.loads(await reader.readexactly(length))


def post(*headers: bytes) -> bytes:
    key = f"Authorization: Bearer {TOKENS['send']}\r\n".encode()
    return b"POST /v1/messages HTTP/1.1\r\nHost: x\r\n" + key + b"".join(headers) + b"\r\n"


@pytest.mark.parametrize(
    ("pieces", "statuses"),
    [
        pytest.param([post(H2C, LENGTH) + GOOD], [202], id="in one piece"),
        pytest.param([post(H2C, LENGTH), GOOD[:7], GOOD[7:]], [202], id="the body later, in pieces"),
        pytest.param([post(H2C, LENGTH) + GOOD + ALIVE], [202, 200], id="another request right behind it"),
        pytest.param([post(H2C, LENGTH) + GOOD, post(H2C, LENGTH) + GOOD], [202, 202], id="offered again"),
        pytest.param(
            [post(H2C, b"Transfer-Encoding: chunked\r\n") + b"%x\r\n%b\r\n0\r\n\r\n" % (len(GOOD), GOOD) + ALIVE],
            [202, 200],
            id="chunked",
        ),
        pytest.param([ALIVE[:-2] + H2C + b"\r\n", ALIVE], [200, 200], id="without a body"),
        pytest.param([post(H2C, b"Content-Length: 0\r\n"), ALIVE], [400, 200], id="of an empty body"),
    ],
)
async def test_an_offer_of_another_protocol_is_passed_over(port: int, pieces: list[bytes], statuses: list[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.02)
        assert [(await answer(reader))[0] for _ in statuses] == statuses
    finally:
        writer.close()


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n", id="many headers"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ", id="one header"),
        pytest.param(b"GET /healthz?", id="the address"),
        pytest.param(post(b"Transfer-Encoding: chunked\r\n") + b"1\r\n{\r\n0\r\nX-A: ", id="trailers"),
    ],
)
async def test_a_head_without_end_is_cut_off(port: int, start: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(start)
        await asyncio.sleep(0.02)
        piece = b"X-A: bbbbbbb\r\n" * 300 if start.endswith(b"b\r\n") else b"b" * 4_200
        for _ in range(wire.MOST_HEAD // 4_200 + 1):  # no more: octets left unread would take the answer with them
            writer.write(piece)
            await asyncio.sleep(0.005)
        status, head, told = await answer(reader)
        assert (status, told["code"]) == (400, "bad_request")
        assert str(wire.MOST_HEAD) in told["detail"]
        assert "x-request-id: req_" in head
    finally:
        writer.close()


async def test_what_is_no_http_gets_a_problem(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00")
        status, head, told = await answer(reader)
        assert (status, told["code"]) == (400, "bad_request")
        assert "content-type: application/problem+json" in head
        assert await reader.read() == b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nX-", id="half a head"),
        pytest.param(ALIVE + b"GET /he", id="half a head after a whole request"),
        pytest.param(b"POST /v1/keys HTTP/1.1\r\nContent-Length: 99\r\n\r\n{", id="half a body after its answer"),
    ],
)
async def test_a_connection_that_dawdles_is_closed(port: int, said: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(said)
        async with asyncio.timeout(2):
            try:
                while await reader.read(1_000):
                    pass
            except ConnectionResetError:
                pass
    finally:
        writer.close()


async def test_a_connection_that_works_is_kept(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for _ in range(8):
            writer.write(ALIVE)
            assert (await answer(reader))[0] == 200
            await asyncio.sleep(0.1)
    finally:
        writer.close()
