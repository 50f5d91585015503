"""The edges under callers and carriers that mean no good, or only speak in their own way."""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import json
import logging
import socket
import struct
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from kit import TOKENS, FakeHouse, ask, door
from smpp_kit import PATIENCE, Clock
from smpp_kit import house as smpp_house
from tidings.api import wire
from tidings.api.wire import Wire
from tidings.app import network_site
from tidings.cli import main
from tidings.cli.doctor import examine
from tidings.core.ports import Up
from tidings.simulator.network import Network, NetworkSettings

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("the wire over a house of fakes: no store is asked")]

GOOD = b'{"to":"+15551230100","text":"x"}'
LENGTH = b"Content-Length: %d\r\n" % len(GOOD)
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
ALIVE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def house() -> FakeHouse:
    return FakeHouse()


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch, house: FakeHouse) -> AsyncIterator[int]:
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


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server waits for nobody long; only for those who make it wait, for others may be slow on a busy machine."""
    monkeypatch.setattr(wire, "PATIENCE_S", 0.2)


async def answer(reader: asyncio.StreamReader) -> tuple[int, str, Any]:
    """Status, head and JSON of the next answer on a connection."""
    async with asyncio.timeout(PATIENCE):
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
@pytest.mark.usefixtures("hasty")
async def test_a_connection_that_dawdles_is_closed(port: int, said: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(said)
        async with asyncio.timeout(PATIENCE):
            try:
                while await reader.read(1_000):
                    pass
            except ConnectionResetError:
                pass
    finally:
        writer.close()


@pytest.mark.usefixtures("hasty")
async def test_a_caller_that_takes_no_answer_is_closed(port: int) -> None:
    asked = 1_000
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /docs HTTP/1.1\r\nHost: x\r\n\r\n" * asked)
        await asyncio.sleep(1.0)
        answers = 0
        async with asyncio.timeout(5):
            try:
                while got := await reader.read(1_000_000):
                    answers += got.count(b"HTTP/1.1 200")
            except ConnectionResetError:
                pass
        assert answers < asked
    finally:
        writer.close()


async def test_a_connection_that_works_is_kept(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PATIENCE_S", 1.0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for _ in range(8):
            writer.write(ALIVE)
            assert (await answer(reader))[0] == 200
            await asyncio.sleep(0.3)
    finally:
        writer.close()


# what a body may hold


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (rb"a\ud800b", "U+D800 at position 1"),
        (rb"a\udc00", "U+DC00 at position 1"),
        (rb"\ud83d\ude00\ud83d", "U+D83D at position 1"),
        (rb"\ud83d\ude00\q", None),
    ],
)
async def test_half_a_surrogate_pair_is_named(
    monkeypatch: pytest.MonkeyPatch, house: FakeHouse, text: bytes, told: str | None
) -> None:
    """JSON may hold it, a text may not; browsers that cut texts send it. A batch is refused as a whole."""
    good, bad = b'{"to":"+15551230100","text":"x"}', b'{"to":"+15551230100","text":"%b"}' % text
    one = await ask(door(monkeypatch, house), "POST", "/v1/messages", bad)
    many = await ask(door(monkeypatch, house), "POST", "/v1/messages/batch", b'{"messages":[%b,%b]}' % (good, bad))
    assert house.taken == []
    if told is None:
        assert [(it.status, it.json()["code"]) for it in (one, many)] == [(400, "malformed_json")] * 2
        return
    fault = {"pointer": "/text", "detail": f"must not contain lone surrogates: {told}"}
    assert (one.status, one.json()["errors"]) == (422, [fault])
    assert (many.status, many.json()["errors"]) == (422, [{**fault, "pointer": "/messages/1/text"}])


async def test_the_name_of_a_key_holds_no_line_feed(monkeypatch: pytest.MonkeyPatch, house: FakeHouse) -> None:
    for name in ("a\n", "\na", "a\nb", "a\x85"):
        told = await ask(door(monkeypatch, house), "POST", "/v1/keys", {"name": name, "scope": "read"})
        assert (told.status, told.json()["errors"][0]["pointer"]) == (422, "/name"), name


async def test_a_handset_texts_no_name_with_a_line_feed() -> None:
    network = Network(NetworkSettings(), Clock())
    await network.start()
    try:
        texts = "/v1/simulator/handsets/15551230100/messages"
        for to, status in (("TIDINGS", 202), ("TIDINGS\n", 422), ("123\n", 422)):
            told = await ask(network_site(network), "POST", texts, {"to": to, "text": "x"})
            assert told.status == status, to
    finally:
        await network.stop()


# carriers


async def test_waiting_in_vain_is_no_standing() -> None:
    """The SMSC never answers the bind: however long each wait takes, the pauses between them grow."""
    times: list[float] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        times.append(asyncio.get_running_loop().time())
        try:
            while await reader.read(1_000):
                pass
        finally:
            writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server, smpp_house(server.sockets[0].getsockname()[1]):
        async with asyncio.timeout(PATIENCE):
            while len(times) < 4:  # noqa: ASYNC110 - the fake SMSC tells nobody
                await asyncio.sleep(0.02)
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert pauses[1] > pauses[0] + 0.15
    assert pauses[2] > pauses[1] + 0.3


async def test_what_is_passed_over_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    alerts = 1_000

    async def alarming(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bind = await reader.readexactly(16)
        writer.write(struct.pack(">4I", 17, 0x80000009, 0, int.from_bytes(bind[12:], "big")) + b"\0")
        writer.write((struct.pack(">4I", 24, 0x102, 0, 1) + b"\0\0a\0\0\0b\0") * alerts)
        try:
            while await reader.read(1_000):
                pass
        finally:
            writer.close()

    server = await asyncio.start_server(alarming, "127.0.0.1", 0)
    with caplog.at_level(logging.INFO):
        async with server, smpp_house(server.sockets[0].getsockname()[1]) as one:
            await one.until(Up)
            async with asyncio.timeout(PATIENCE):
                while "512 so far" not in caplog.text:  # noqa: ASYNC110 - nobody is told of a line in the log
                    await asyncio.sleep(0.01)
    told = [record for record in caplog.records if "passed over" in record.getMessage()]
    assert len(told) == 10


# the command line before something that is not tidings


STRANGERS = {
    "a list": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
    "an object": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a move": b"HTTP/1.1 301 Moved\r\nLocation: http://x/\r\nContent-Length: 2\r\n\r\n{}",
    "a strange problem": b'HTTP/1.1 422 No\r\nContent-Length: 14\r\n\r\n{"errors":[1]}',
}


@pytest.fixture(params=STRANGERS.values(), ids=list(STRANGERS))
def stranger(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of something that answers HTTP and is not tidings."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(request.param)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_what_is_not_tidings_is_one_line(
    stranger: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIDINGS_URL", stranger)
    monkeypatch.setenv("TIDINGS_KEY", "tk_x")
    for arguments in (["send", "+15551230100", "x"], ["trace", "msg_x"], ["keys", "list"], ["doctor"]):
        monkeypatch.setattr("sys.argv", ["tidings", *arguments, "--data", str(tmp_path / "none")])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 1
        out, err = capsys.readouterr()
        assert f"what answers at {stranger} is not tidings" in out + err


def test_the_doctor_does_not_blame_a_healthy_server_for_a_wrong_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TIDINGS_KEY", "tk_x")
    with (tmp_path / "lock").open("w+", encoding="utf-8") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        found, _ = examine(tmp_path)
    said = " ".join(f"{one['what']} {one['do']}" for one in found)
    assert "TIDINGS_URL" in said
    assert "4711" not in said
