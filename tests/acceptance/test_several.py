"""Several processes as users have them: engines killed, frozen, stopped and cut off, and nothing lost or sent late."""

from __future__ import annotations

import http.server
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import BIN, CARRIER, CLEAN, until
from promises import REPEATS, Load, Posted, examine
from several import ALICE, BOB, Several, several
from test_postgres import new

import postgres_kit

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("a server of its own")]

TAKEN_OVER_S = 10.0
LEFT_S = 3.0
"""A holder that leaves gives way at once; this is for a machine that is busy with other tests."""


@pytest.fixture(scope="module")
def server() -> Iterator[postgres_kit.Server]:
    """One that commits as in production, but for waiting for the disk: processes are killed, the machine stays up."""
    one = postgres_kit.Server("fsync=off")
    yield one
    one.end()


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, server: postgres_kit.Server) -> Iterator[Several]:
    """An API process, two engines of which the first has the carrier, and a worker."""
    with several(tmp_path_factory.mktemp("several"), new(server)) as one:
        one.add("door", "api")
        one.add(ALICE, "engine", wired=True)
        until(lambda: one.holder().name == ALICE, "the first engine has the carrier")
        one.add(BOB, "engine", wired=True)
        one.add("worker", "worker")
        yield one


class Hook:
    """An endpoint that is told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"


def test_a_text_goes_from_the_api_by_the_engine_to_the_webhook_of_the_worker(parts: Several) -> None:
    hook, api = Hook(), parts.tidings
    created = api.call("POST", "/v1/webhooks", {"url": hook.url, "events": ["message.delivered", "message.received"]})
    assert created.status == 201, created
    sent = api.send("+15551230100", "Hello from a part")
    assert api.ended(sent)["status"] == "delivered"
    parts.simulator.texts("+15551230100", "TIDINGS", "Hello back")
    until(lambda: len(hook.told) == 2, "both are told")
    assert {one["type"]: one["data"]["text"] for one in hook.told} == {
        "message.delivered": "Hello from a part", "message.received": "Hello back",
    }  # fmt: skip
    assert api.call("DELETE", f"/v1/webhooks/{created.json()['id']}").status == 200


def test_what_falls_due_later_goes_too(parts: Several) -> None:
    api = parts.tidings
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    sent = api.send("+15551230100", "Later", send_at=later)
    assert api.message(sent)["status"] == "scheduled"
    assert api.ended(sent)["status"] == "delivered"


def test_an_engine_and_a_worker_serve_no_api_and_say_how_they_are(parts: Several) -> None:
    for name in (ALICE, "worker"):
        member = parts.members[name]
        assert member.call("GET", "/readyz").status == 200
        assert member.call("GET", "/healthz").status == 200
        assert member.call("GET", "/metrics").status == 200
        assert [member.call("GET", path).status for path in ("/v1/messages", "/send?to=1&text=2")] == [404, 404]


def test_an_engine_that_is_killed_is_followed_by_the_other_within_ten_seconds(parts: Several) -> None:
    first = parts.holder()
    load = Load(parts.tidings, list(REPEATS), most=250, pause=0.02)
    time.sleep(0.5)
    first.kill()
    taken_over(parts, first, TAKEN_OVER_S)
    held(parts, load.join())
    first.start()


def test_an_engine_that_leaves_is_followed_at_once(parts: Several) -> None:
    first = parts.holder()
    load = Load(parts.tidings, list(REPEATS), most=200, pause=0.02)
    time.sleep(0.5)
    assert first.program is not None
    first.program.terminate()
    taken_over(parts, first, LEFT_S)
    assert first.program.wait() == 0
    verdict = held(parts, load.join())
    assert verdict.doubted == 0, "a leaving engine waits for its answers"
    first.start()


def test_an_engine_that_is_frozen_writes_nothing_after_its_lease_ended(parts: Several) -> None:
    """Not one octet: no text, no answer, no sign of life. All that it had open is settled by the other."""
    first = parts.holder()
    assert first.program is not None
    load = Load(parts.tidings, list(REPEATS), most=400, pause=0.015)
    time.sleep(0.5)
    os.kill(first.program.pid, signal.SIGSTOP)
    taken_over(parts, first, TAKEN_OVER_S)
    time.sleep(0.5)
    woken = time.monotonic()
    os.kill(first.program.pid, signal.SIGCONT)
    load.join()
    time.sleep(1.0)
    assert [at - woken for at in parts.wires[first.name].sent if at >= woken] == []
    held(parts, load.posted)
    until(lambda: first.call("GET", "/readyz").status == 200, "it goes on, without the carrier")
    assert parts.holder() is not first


def test_engines_whose_connections_are_cut_lose_nothing(parts: Several) -> None:
    load = Load(parts.tidings, list(REPEATS), most=250, pause=0.02)
    for _ in range(3):
        time.sleep(0.7)
        postgres_kit.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'tidings %'",
            url=parts.database,
        )
    posted = load.join()
    for one in posted:
        if one.refused:  # a commit in doubt is a 503 too: whether it is stored, only asking again tells
            one.answer = None
    held(parts, posted)


def test_a_worker_that_is_killed_is_followed_by_another_and_an_api_process_needs_no_carriers(parts: Several) -> None:
    hook, second = Hook(), parts.add("worker-2", "worker")
    bare = parts.add("bare", "api", carriers=False)
    assert bare.call("POST", "/v1/webhooks", {"url": hook.url, "events": ["message.delivered"]}).status == 201
    parts.members["worker"].kill()
    sent = bare.send("+15551230100", "By a route that the engine finds")
    assert bare.ended(sent)["carrier"] == CARRIER
    began = time.monotonic()
    until(lambda: hook.told, "the second worker calls")
    assert time.monotonic() - began < TAKEN_OVER_S
    assert hook.told[0]["data"]["id"] == sent
    for one in (second, bare):
        assert one.stop() == 0


def test_several_api_processes_listen_behind_one_port(parts: Several) -> None:
    first = parts.add("twin-1", "api", reuse_port=True)
    port = int(first.url.rpartition(":")[2])
    second = parts.add("twin-2", "api", reuse_port=True, listen=port)
    assert second.url == first.url
    # Each on a connection of its own.
    texts = [{"to": "+15551230100", "text": f"Text {number}"} for number in range(40)]
    ids = [first.call("POST", "/v1/messages", text).json()["id"] for text in texts]
    for one in ids:
        assert parts.tidings.ended(one)["status"] == "delivered"
    nodes = {int_of(one) >> 12 & 511 for one in ids}
    assert len(nodes) == 2, "the kernel gave each its part"
    second.kill()
    assert first.ended(first.send("+15551230100"))["status"] == "delivered"
    assert first.stop() == 0


def int_of(message_id: str) -> int:
    from tidings.core.ids import parse

    number = parse("msg", message_id)
    assert number is not None
    return number


@pytest.mark.parametrize(("role", "sentence"), [
    ("api", "role api shares the work with other processes, which needs a PostgreSQL database"),
    ("everything", "role must be one of all, api, engine, worker"),
])  # fmt: skip
def test_a_role_that_cannot_be_is_one_line_and_status_2(tmp_path: Path, role: str, sentence: str) -> None:
    told = subprocess.run(
        [BIN / "tidings", "up", "--data", tmp_path, "--role", role], env=CLEAN, capture_output=True, text=True,
        timeout=30, check=False,
    )  # fmt: skip
    assert told.returncode == 2, told
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr


def taken_over(parts: Several, before: Any, within: float) -> None:
    """Another engine submits, soon enough."""
    began, name = time.monotonic(), BOB if before.name == ALICE else ALICE
    wire = parts.wires[name]
    until(lambda: wire.sent and wire.sent[-1] > began, f"{name} binds", within + 5)
    until(lambda: parts.holder().name == name, f"{name} has the carrier", within)
    took = time.monotonic() - began
    print(f"taken over within {took:.1f} s")
    assert took < within


def held(parts: Several, posted: list[Posted]) -> Any:
    """What was acknowledged has ended, and was sent as often as its category allows."""
    verdict = examine(parts, posted, parts.posted)  # type: ignore[arg-type]
    parts.posted += posted
    assert verdict.statuses["delivered"] > 0
    return verdict
