"""A process killed in the middle of its webhooks: none is lost, and one that comes again bears the same id."""

from __future__ import annotations

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

import postgres_kit
from tidings_client import Client, types

BIN = Path(sys.executable).parent
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
COUNT = 400


class Listener(http.server.BaseHTTPRequestHandler):
    """Keeps what arrives; every seventh request fails, so that some are always waiting to come again."""

    protocol_version = "HTTP/1.1"
    got: list[tuple[dict[str, str], bytes]]
    failing = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        bad = Listener.failing and len(self.got) % 7 == 0
        self.send_response(500 if bad else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def listener() -> Iterator[str]:
    Listener.got, Listener.failing = [], True
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()


def up(data: Path) -> subprocess.Popen[bytes]:
    (data / "server.json").unlink(missing_ok=True)
    with (data.parent / "log").open("ab") as log:
        running = subprocess.Popen(
            [BIN / "tidings", "up", "--data", data, "--port", "0", "--log-level", "warning",
             *(f"--{name}={value}" for name, value in postgres_kit.database(data).items())],
            env=CLEAN, stdout=log, stderr=log,
        )  # fmt: skip
    until = time.monotonic() + 20
    while not (data / "server.json").exists():
        assert running.poll() is None, (data.parent / "log").read_text()
        assert time.monotonic() < until
        time.sleep(0.05)
    return running


def client(data: Path) -> Client:
    return Client(json.loads((data / "server.json").read_text())["url"], (data / "admin.key").read_text())


def test_kill_9_loses_no_webhook_and_repeats_bear_the_same_id(listener: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    running = up(data)
    try:
        hook = client(data).create_webhook({"url": listener, "events": ["message.delivered", "message.accepted"]})
        expected: set[str] = set()
        for round_ in range(3):
            batch: list[types.MessageRequest] = [
                {
                    "to": f"+1555123{round_}{n:03d}"[:10] + "99",
                    "text": f"{round_} {n}",
                    "callback_url": listener + "/one",
                }
                for n in range(COUNT)
            ]
            answered = client(data).post_batch({"messages": batch})
            assert answered["accepted"] == COUNT
            expected |= {one["id"] for one in answered["data"]}
            time.sleep(0.15 * (round_ + 1))
            running.send_signal(signal.SIGKILL)
            running.wait(10)
            running = up(data)
        until = time.monotonic() + 45
        while missing := _missing(expected):
            if time.monotonic() > until:
                raise AssertionError(f"{len(missing)} webhooks missing, such as {sorted(missing)[:3]}")
            time.sleep(0.2)
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)
    bodies: dict[str, set[str]] = {}
    for headers, body in Listener.got:
        told = json.loads(body)
        assert headers["webhook-id"] == told["id"]
        bodies.setdefault(told["id"], set()).add(f"{told['data']['id']} {told['type']} {told['sequence']}")
        if headers.get("host") and told["type"] == "message.accepted":
            Webhook(hook["secret"]).verify(body, headers)
    assert all(len(told) == 1 for told in bodies.values())
    assert len({next(iter(told)) for told in bodies.values()}) == len(bodies)


def _missing(expected: set[str]) -> set[tuple[str, str]]:
    """(message, what of it) that has not been told yet: accepted and delivered once each, delivered to the callback."""
    counts: dict[tuple[str, str], int] = {}
    for _, body in list(Listener.got):
        told = json.loads(body)
        counts[told["data"]["id"], told["type"]] = counts.get((told["data"]["id"], told["type"]), 0) + 1
    wanted = [("message.accepted", 1), ("message.delivered", 2)]
    return {(one, kind) for one in expected for kind, least in wanted if counts.get((one, kind), 0) < least}
