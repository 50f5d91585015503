"""The client package against a running tidings, and against a server that misbehaves."""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from tidings_client import AsyncClient, Client, NoAnswer, NotTidings, Problem, Retries

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("a client sees the API, not what is behind it")]

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

    def __init__(self, *lines: tuple[int, dict[str, str], bytes] | bytes | None) -> None:
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
        if not isinstance(line, tuple):  # so many octets, and then the connection breaks
            self.wfile.write(line or b"")
            self.close_connection = True
            return
        status, headers, body = line
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_DELETE = do_GET  # noqa: N815

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
    with Client("http://127.0.0.1:9/x", retries=QUICK) as client, pytest.raises(NoAnswer) as lost:
        client.alive()
    assert (lost.value.sent, lost.value.kind) == (False, "NewConnectionError")


HALF = [
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{",
    b"HTTP/1.1 200 OK\r\ncontent-type: appl",
    b"nonsense\r\n\r\n",
]


@pytest.mark.parametrize("octets", HALF, ids=["short", "cut in a chunk", "cut in the head", "no HTTP"])
def test_the_server_dies_in_the_middle_of_its_answer(play: Any, octets: bytes) -> None:
    script = play(octets, FINE, octets, FINE)
    with Client(script.url, "k", retries=QUICK) as client:
        assert client.get_message("msg_1") == {"id": "msg_1"}
        with pytest.raises(NoAnswer) as lost:
            client.create_key({"name": "n", "scope": "read"})
        assert (lost.value.sent, len(script.heard)) == (True, 3)
        assert client.get_message("msg_1") == {"id": "msg_1"}  # the connection is not used again


def test_a_server_that_says_nothing_is_not_waited_for(play: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with Client(url, timeout=0.1, retries=Retries(attempts=1)) as client, pytest.raises(NoAnswer) as lost:
            client.alive()
    assert (lost.value.kind, lost.value.sent) == ("ReadTimeoutError", True)


def http_date(seconds: float) -> str:
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


LATER = [
    (429, {"retry-after": "Mon, 23 Nov 2026 00:00:00 GMT"}, b'{"code": "rate_limited"}'),
    (429, {"retry-after": "0", "content-type": "text/html"}, b"<h1>too many</h1>"),
    (503, {"retry-after": "soon"}, b'{"code": "unavailable"}'),
    (503, {"retry-after": "0", "content-type": "text/html"}, b""),
    (500, {}, b'{"code": "internal"}'),
    (408, {}, b'{"code": "request_timeout"}'),
]


@pytest.mark.parametrize("line", LATER, ids=[f"{status} {headers}" for status, headers, _ in LATER])
def test_sending_is_tried_again(play: Any, line: Any) -> None:
    script = play(line, FINE)
    with Client(script.url, "k", retries=QUICK) as client:
        assert client.post_message({"to": "+15551230100", "text": "x"}) == {"id": "msg_1"}
    assert len(script.heard) == 2


def test_nobody_waits_until_tomorrow(play: Any) -> None:
    script = play((503, {"retry-after": http_date(86_400)}, b"{}"), FINE)
    with Client(script.url, "k", retries=QUICK) as client, pytest.raises(Problem) as refused:
        client.get_message("msg_1")
    assert refused.value.retry_after is not None
    assert 86_000 < refused.value.retry_after <= 86_400


def test_the_key_does_not_follow_a_redirect(play: Any) -> None:
    elsewhere = play(FINE)
    there = {"location": f"{elsewhere.url}/v1/messages/msg_1"}
    script = play(*[(status, there, b"") for status in (301, 302, 307, 308)])
    with Client(script.url, "k", retries=QUICK) as client:
        for _ in range(4):
            with pytest.raises(NotTidings):
                client.get_message("msg_1")
    assert (len(script.heard), elsewhere.heard) == (4, [])


def test_an_answer_without_end_is_left(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidings_client.wire.MOST_OCTETS", 1000)
    script = play((200, {}, b'"' + b"x" * 500_000 + b'"'), FINE)
    with Client(script.url, "k", connections=1) as client:
        with pytest.raises(NotTidings, match="larger than 1000"):
            client.get_message("msg_1")
        assert client.get_message("msg_1") == {"id": "msg_1"}


def test_an_answer_nested_without_end_is_none(play: Any) -> None:
    script = play((200, {}, b"[" * 200_000))
    with Client(script.url, "k") as client, pytest.raises(NotTidings):
        client.get_message("msg_1")


def test_a_problem_of_another_shape_is_one_too(play: Any) -> None:
    script = play((400, {}, b'["no"]'), (404, {}, b'{"errors": "all", "code": 7}'))
    with Client(script.url, "k") as client:
        for status in (400, 404):
            with pytest.raises(Problem) as refused:
                client.get_message("msg_1")
            assert (refused.value.status, refused.value.errors) == (status, [])


def test_a_page_that_leads_to_itself_ends(play: Any) -> None:
    page = (200, {}, b'{"data": [1], "next_cursor": "cur_1"}')
    script = play(page, page, page)
    with Client(script.url, "k") as client:
        items = client.pages(client.list_messages)
        assert [next(items), next(items)] == [1, 1]
        with pytest.raises(NotTidings, match="leads to itself"):
            next(items)


def test_a_path_before_ours(play: Any) -> None:
    script = play(FINE)
    with Client(f"{script.url}/sms/gateway/", "k") as client:
        client.get_message("msg_1")
    assert script.heard[0][1] == "/sms/gateway/v1/messages/msg_1"


def test_by_way_of_a_proxy(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    script = play(FINE)
    monkeypatch.setenv("http_proxy", script.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with Client("http://tidings.example:8775", "k") as client:
        assert client.get_message("msg_1") == {"id": "msg_1"}
    assert script.heard[0][1] == "http://tidings.example:8775/v1/messages/msg_1"


async def test_a_client_that_is_closed_stays_so(server: tuple[str, str]) -> None:
    with Client(*server) as client:
        assert client.alive()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.alive()
    async with AsyncClient(*server) as other:
        assert await other.alive()
    await other.close()
    with pytest.raises(RuntimeError, match=r"closed|shutdown"):
        await other.alive()


def test_threads_share_a_client(server: tuple[str, str]) -> None:
    def send(number: int) -> tuple[str, str]:
        sent = client.post_message({"to": "+15551230100", "text": f"text {number}"})
        return f"text {number}", str(client.get_message(sent["id"])["text"])

    with Client(*server, connections=3) as client, ThreadPoolExecutor(12) as threads:
        assert all(sent == seen for sent, seen in threads.map(send, range(60)))


async def test_a_call_that_is_canceled_spoils_nothing(server: tuple[str, str]) -> None:
    async with AsyncClient(*server, connections=2) as client:
        calls = [asyncio.create_task(client.list_messages()) for _ in range(8)]
        await asyncio.sleep(0)
        for one in calls[::2]:
            one.cancel()
        told = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(one) for one in told[::2]} == {asyncio.CancelledError}
        assert all("data" in one for one in told[1::2] if isinstance(one, dict))
        assert await client.alive() == {"status": "ok"}


def test_words_of_all_alphabets(server: tuple[str, str]) -> None:
    with Client(*server) as client:
        tag, text = "Grüße & +100 % Ω", "Привет 👋 a\n"
        sent = client.post_message({"to": "+15551230100", "text": text, "tags": [tag]})
        assert [one["id"] for one in client.list_messages(tag=tag)["data"]] == [sent["id"]]
        assert client.get_message(sent["id"])["text"] == text
        with pytest.raises(ValueError, match="JSON"):
            client.post_message({"to": "+15551230100", "text": "x", "metadata": {"price": float("nan")}})


def test_what_is_no_json(server: tuple[str, str]) -> None:
    with Client(*server) as client:
        figures = client.metrics()
        assert figures.startswith("# HELP ")
        assert "\ntidings_messages_total{" in figures
        sent = client.send_by_form({"to": "+15551230100", "text": "by a form & more"})
        assert client.get_message(sent["id"])["text"] == "by a form & more"
    with Client(server[0]) as client:
        sent = client.send_by_url(to="+15551230100", text="by an address", key=server[1])
        assert sent["text"] == "by an address"


def test_the_simulator_has_its_calls(server: tuple[str, str]) -> None:
    with Client(*server) as client:
        sent = client.text_from_handset("+15551230177", {"to": "TIDINGS", "text": "hello"})
        assert (sent["from"], sent["parts"]) == ("+15551230177", 1)
        assert client.set_faults({"mode": "none"})["meaning"] == "All is well."


README = Path(__file__).parents[2] / "clients" / "python" / "README.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.M | re.S)


def test_the_examples_of_the_page_run(server: tuple[str, str]) -> None:
    assert len(EXAMPLES) == 3
    printed = []
    for example in EXAMPLES[:2]:
        program = example.replace("http://127.0.0.1:8775", server[0]).replace("tk_…", server[1])
        done = subprocess.run([sys.executable, "-c", program], env=CLEAN, capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout.splitlines())
    assert re.fullmatch(r"msg_[0-9a-z]{13} accepted", printed[0][0])
    assert printed[1][0] == "1 0"
    assert re.fullmatch(r"msg_[0-9a-z]{13} \w+", printed[1][1])


def test_the_example_of_a_webhook_runs(capsys: pytest.CaptureFixture[str]) -> None:
    here: dict[str, Any] = {}
    exec(EXAMPLES[2], here)
    secret, now = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", dt.datetime.now(dt.UTC)
    body = json.dumps({"type": "message.delivered", "data": {"id": "msg_1"}})
    headers = {"Webhook-Id": "evt_1", "Webhook-Timestamp": str(int(now.timestamp()))}
    headers["Webhook-Signature"] = Webhook(secret).sign("evt_1", now, body)
    assert here["arrived"](secret, headers, body.encode()) == 204
    assert capsys.readouterr().out == "message.delivered msg_1\n"
    assert here["arrived"](secret, headers, body.encode() + b" ") == 400
