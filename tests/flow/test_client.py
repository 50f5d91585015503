"""The client package against a running tidings, and against a server that misbehaves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tidings_client import AsyncClient, Client, NoAnswer, NotTidings, Problem, Retries

BIN = Path(sys.executable).parent
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    data = tmp_path_factory.mktemp("client") / "data"
    running = subprocess.Popen([BIN / "tidings", "up", "--data", data, "--port", "0"], env=CLEAN)
    try:
        until = time.monotonic() + 15
        while not (data / "server.json").exists():
            assert running.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        url = json.loads((data / "server.json").read_text())["url"]
        yield url, (data / "admin.key").read_text().strip()
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)


def test_from_sending_to_the_end(server: tuple[str, str]) -> None:
    with Client(*server) as client:
        sent = client.post_message({"to": "+15551230100", "text": "Grüße"})
        until = time.monotonic() + 10
        while client.get_message(sent["id"])["status"] != "delivered" and time.monotonic() < until:
            time.sleep(0.02)
        events = [one["type"] for one in client.list_message_events(sent["id"])["data"]]
        assert events[-1] == "message.delivered"
        assert client.alive() == {"status": "ok"}


def test_one_key_sends_once(server: tuple[str, str]) -> None:
    with Client(*server) as client:
        body: Any = {"to": "+15551230100", "text": "once"}
        ids = {client.post_message(body, idempotency_key="one")["id"] for _ in range(3)}
        assert len(ids) == 1
        assert client.post_message(body)["id"] != client.post_message(body)["id"]


def test_pages_and_problems(server: tuple[str, str]) -> None:
    with Client(*server) as client:
        batch: Any = {"messages": [{"to": "+15551230100", "text": "x", "tags": ["paged"]}] * 5 + [{"to": "no"}]}
        outcome = client.post_batch(batch)
        assert (outcome["accepted"], outcome["rejected"]) == (5, 1)
        found = [one["id"] for one in client.pages(client.list_messages, tag="paged", limit=2)]
        assert sorted(found) == sorted(one["id"] for one in outcome["data"][:5])
        assert client.post_batch({"messages": [{"to": "no", "text": "x"}]})["accepted"] == 0
        with pytest.raises(Problem) as refused:
            client.post_message({"to": "nobody", "text": ""})
        assert (refused.value.status, refused.value.code) == (422, "validation_failed")
        assert {one["pointer"] for one in refused.value.errors} == {"/to", "/text"}
        assert refused.value.request_id


def test_keys_and_accounts(server: tuple[str, str]) -> None:
    with Client(*server) as client:
        account = client.create_account({"name": "branch", "senders": ["Branch"]})
        made = client.create_account_key(account["id"], {"name": "first", "scope": "send"})
        with Client(server[0], made["token"]) as branch:
            assert branch.post_message({"to": "+15551230100", "text": "x"})["from"] == "Branch"
            with pytest.raises(Problem, match="scope `admin`"):
                branch.list_keys()


async def test_the_same_for_asyncio(server: tuple[str, str]) -> None:
    async with AsyncClient(*server, connections=4) as client:
        body: Any = {"to": "+15551230100", "text": "x", "tags": ["async"]}
        sent = await asyncio.gather(*(client.post_message(body) for _ in range(12)))
        found = [one["id"] async for one in client.pages(client.list_messages, tag="async", limit=5)]
        assert sorted(found) == sorted(one["id"] for one in sent)
        with pytest.raises(Problem):
            await client.get_message("msg_none")


class Script(ThreadingHTTPServer):
    """Answers each request with the next line of its script."""

    def __init__(self, *lines: tuple[int, dict[str, str], bytes] | None) -> None:
        super().__init__(("127.0.0.1", 0), Actor)
        self.lines = list(lines)
        self.heard: list[tuple[str, str, str | None]] = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Actor(BaseHTTPRequestHandler):
    server: Script

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.heard.append((self.command, self.path, self.headers.get("idempotency-key")))
        line = self.server.lines.pop(0)
        if line is None:  # the connection breaks
            self.close_connection = True
            return
        status, headers, body = line
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


QUICK = Retries(first=0.01)
BUSY = (429, {"retry-after": "0"}, b'{"code": "rate_limited"}')
FINE = (202, {}, b'{"id": "msg_1"}')


@pytest.fixture
def play() -> Iterator[Any]:
    scripts: list[Script] = []

    def begin(*lines: Any) -> Script:
        scripts.append(Script(*lines))
        return scripts[-1]

    yield begin
    for script in scripts:
        script.shutdown()
        script.server_close()


def test_a_repeat_carries_the_same_key(play: Any) -> None:
    script = play(BUSY, None, FINE)
    with Client(script.url, "k", retries=QUICK) as client:
        assert client.post_message({"to": "+15551230100", "text": "x"})["id"] == "msg_1"
    keys = {key for _, _, key in script.heard}
    assert (len(script.heard), len(keys), None in keys) == (3, 1, False)


async def test_a_repeat_of_the_other_client_too(play: Any) -> None:
    script = play(None, BUSY, FINE)
    async with AsyncClient(script.url, "k", retries=QUICK) as client:
        assert (await client.post_message({"to": "+15551230100", "text": "x"}))["id"] == "msg_1"
    assert len({key for _, _, key in script.heard}) == 1


def test_it_gives_up(play: Any) -> None:
    script = play(BUSY, BUSY, BUSY, BUSY, FINE)
    with Client(script.url, "k", retries=QUICK) as client, pytest.raises(Problem) as refused:
        client.get_message("msg_1")
    assert (refused.value.code, refused.value.retry_after, len(script.heard)) == ("rate_limited", 0, 4)


def test_a_write_without_a_key_is_not_repeated_in_doubt(play: Any) -> None:
    script = play(None, FINE)
    with Client(script.url, "k", retries=QUICK) as client, pytest.raises(NoAnswer) as lost:
        client.create_key({"name": "n", "scope": "read"})
    assert (lost.value.sent, len(script.heard)) == (True, 1)


ELSEWHERE = [
    (200, {"content-type": "text/plain"}, b"\xff\xfe"),
    (302, {"location": "http://127.0.0.1:1/"}, b"{}x"),
    (200, {}, b"{"),
    (200, {"content-type": "text/html"}, b"<h1>nothing</h1>"),
]


@pytest.mark.parametrize("line", ELSEWHERE, ids=["no UTF-8", "a redirect", "half an answer", "a page"])
def test_something_else_answers(play: Any, line: Any) -> None:
    script = play(line)
    with Client(script.url, "k", retries=QUICK) as client, pytest.raises(NotTidings):
        client.get_message("msg_1")


def test_nobody_answers() -> None:
    with Client("http://me:hidden@127.0.0.1:9/x?hidden", retries=QUICK) as client, pytest.raises(NoAnswer) as lost:
        client.alive()
    assert (lost.value.sent, lost.value.kind) == (False, "NewConnectionError")
    assert str(lost.value) == "http://127.0.0.1:9/x does not answer (NewConnectionError)"
