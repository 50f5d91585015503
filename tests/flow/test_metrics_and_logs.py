"""Figures and logs of a tidings that works: what they tell, to whom, and what they never tell."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import apsw
import msgspec
import pytest
import urllib3
from test_api import GOOD, Place, opened

from kit import ask
from tidings.config import MetricsSettings
from tidings.core import ids
from tidings.core.ports import stage
from tidings.core.questions import Tx

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
SAMPLE = re.compile(r'([a-z_]+)(\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})? (-?[0-9.e+-]+)')


def samples(text: str) -> dict[str, float]:
    found = {}
    for line in text.splitlines():
        if not line.startswith(("# HELP ", "# TYPE ")):
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            found[sample[1] + (sample[2] or "")] = float(sample[3])
    return found


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(tmp_path) as found:
        found.house.metrics.tally = found.store.tally
        yield found


async def figures(place: Place) -> dict[str, float]:
    told = await ask(place.app, "GET", "/metrics", key=None)
    assert (told.status, told.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return samples(told.body.decode())


async def test_what_is_accepted_is_counted(place: Place) -> None:
    for category in ("otp", "otp", "transactional"):
        await place.post(category=category)
    await place.post(to="bad")
    found = await figures(place)
    assert found['tidings_messages_total{status="accepted",category="otp"}'] == 2
    assert found['tidings_messages_total{status="accepted",category="transactional"}'] == 1
    assert found["tidings_accept_seconds_count"] == 3
    assert found['tidings_http_requests_total{method="POST",route="/v1/messages",status="202"}'] == 3
    assert found['tidings_http_requests_total{method="POST",route="/v1/messages",status="422"}'] == 1


@stage(order=1)
async def broken(tx: Tx, items: list[str], now: int) -> list[None]:
    for one in items:
        tx.tally.moved(one, "otp", 1, None)
        if one == "bad":
            raise ValueError(one)
    return [None] * len(items)


async def test_what_was_rolled_back_is_not_counted(place: Place) -> None:
    with pytest.raises(ValueError, match="bad"):
        await place.store.write(broken, ["sent", "bad"])
    await place.store.write(broken, ["sent"])
    assert place.store.tally.totals == {("sent", "otp"): 1}


async def test_every_metric_has_its_row_and_no_row_is_left_over(place: Place) -> None:
    await place.post()
    told = (await ask(place.app, "GET", "/metrics", key=None)).body.decode()
    page = (Path(__file__).parents[2] / "docs/reference/metrics.md").read_text()
    written = {(name, kind) for name, kind in re.findall(r"^\| `(\w+)` \| (\w+) \|", page, re.M)}
    assert {tuple(line.split()[2:]) for line in told.splitlines() if line.startswith("# TYPE")} == written


async def status(place: Place, key: str = "", client: str = "203.0.113.9", **more: Any) -> int:
    place.house.settings = msgspec.structs.replace(place.house.settings, host="0.0.0.0", **more)
    headers = [("x-forwarded-for", client)] + ([("authorization", f"Bearer {place.tokens[key]}")] if key else [])
    return (await ask(place.app, "GET", "/metrics", key=None, headers=headers)).status


WHO: list[tuple[str, dict[str, Any], int]] = [
    ("nobody", {}, 401),
    ("a key that reads", {"key": "read"}, 200),
    ("nobody, where it is open", {"metrics": MetricsSettings(open=True)}, 200),
]


@pytest.mark.parametrize(("who", "expected"), [w[1:] for w in WHO], ids=[w[0] for w in WHO])
async def test_from_afar_a_key_is_asked_for(place: Place, who: dict[str, Any], expected: int) -> None:
    assert await status(place, **who) == expected


# logs

Running = tuple[str, Path, str, str, "subprocess.Popen[bytes]"]


@pytest.fixture(params=["text", "json"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    """A tidings that logs all it can: format, log, address, key, process."""
    log = tmp_path / "log"
    with log.open("w") as out:
        command = [BIN / "tidings", "up", "--data", tmp_path / "data", "--port", "0", "--log-level", "debug"]
        command += ["--log-format", request.param]
        process = subprocess.Popen(command, env=CLEAN, stdout=subprocess.DEVNULL, stderr=out)
    server = tmp_path / "data/server.json"
    try:
        until = time.monotonic() + 15
        while not server.exists():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        key = (tmp_path / "data/admin.key").read_text().strip()
        yield request.param, log, json.loads(server.read_text())["url"], key, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def last_use(data: Path, shown: str) -> int | None:
    """What a stop has left behind, less than a minute after the use."""
    db = apsw.Connection(str(data / "tidings.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        found: int | None = db.execute(
            "select last_used_at from api_key where id = ?", (ids.parse("key", shown),)
        ).fetchall()[0][0]
        return found
    finally:
        db.close()


@pytest.mark.one_engine("it looks into SQLite's file for the last use of a key")
def test_a_busy_log_tells_no_secrets(running: Running) -> None:
    kind, log, url, key, process = running
    http = urllib3.PoolManager(headers={"Authorization": f"Bearer {key}"})
    text, number = "Xylophone", "+1555123"
    hook = {"url": f"http://me:{text}@127.0.0.1:9/{text}?{text}", "events": ["*"]}
    secrets = [http.request("POST", f"{url}/v1/webhooks", json={**hook, "url": hook["url"].replace(f"me:{text}@", "")})
               .json()["secret"]]  # fmt: skip
    assert http.request("POST", f"{url}/v1/webhooks", json=hook).status == 422
    made = http.request("POST", f"{url}/v1/keys", json={"name": "k", "scope": "send", "daily_quota": 1}).json()
    secrets.append(http.request("POST", f"{url}/v1/keys/{made['id']}/rotate", json={"overlap_s": 9}).json()["token"])
    secrets.append(made["token"])
    for at, digits in enumerate(("0100", "0001", "0003", "0007", "0008", "0011", "0012", "0014", "0016", "0100")):
        body = {"to": number + digits, "text": f"{text} {at}", "metadata": {"note": text}}
        assert http.request("POST", f"{url}/v1/messages", json=body).status == 202
    batch = [{"to": f"{number}0100", "text": text}] * 50 + [{"to": f"{number}x", "text": text}]
    assert http.request("POST", f"{url}/v1/messages/batch", json={"messages": batch}).status == 202
    bare = urllib3.PoolManager()
    address = f"{url}/send?key={key}&to=%2B15551230100&text={text}"
    assert bare.request("GET", address).status == 202
    assert bare.request("GET", address + "&odd=1").status == 422
    assert bare.request("GET", f"{url}/send?key=tk_{text}&to=1&text={text}").status == 401
    assert http.request("GET", f"{url}/v1/messages?to=%2B15551230100&client_ref={text}").status == 200
    assert http.request("POST", f"{url}/v1/messages", body=b'{"to": "' + text.encode()).status == 400
    form = {"key": made["token"], "to": f"{number}0100", "text": text}
    statuses = [bare.request("POST", f"{url}/send", fields=form, encode_multipart=False).status for _ in range(2)]
    assert statuses == [202, 429]
    assert bare.request("GET", f"{address}%E9").status == 400
    assert http.request("DELETE", f"{url}/v1/keys/{made['id']}").status == 200
    assert bare.request("POST", f"{url}/send", fields=form, encode_multipart=False).status == 401
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as line:
        line.sendall(f"GET /send?key={key}&to={number}0100&text={text}é HTTP/1.1\r\n\r\n".encode())
        assert b" 400 " in line.recv(4096)
    preview = http.request("POST", f"{url}/v1/messages/preview", json={"to": f"{number}0100", "text": text})
    assert preview.status == 200
    handset = f"{url}/v1/simulator/handsets/+15551230100/messages"
    assert http.request("POST", handset, json={"to": "12345", "text": f"{text} back"}).status < 300
    told = samples(http.request("GET", f"{url}/metrics").data.decode())
    assert told['tidings_carrier_binds{carrier="simulator"}'] == 1
    until = time.monotonic() + 15
    while not told.get('tidings_webhook_calls_total{outcome="unreachable"}'):
        assert time.monotonic() < until, told
        time.sleep(0.05)
        told = samples(http.request("GET", f"{url}/metrics").data.decode())
    time.sleep(1.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert last_use(log.parent / "data", made["id"]) is not None
    lines = log.read_text().splitlines()
    assert any("bind simulator/1 is up" in line for line in lines)
    secrets += [text, "5551230", key, "?key", "client_ref=", GOOD["text"]]
    secrets += [one[17:] for one in secrets if one.startswith("tk_")]
    assert [line for line in lines if any(secret in line for secret in secrets)] == []
    if kind == "json":
        records = [json.loads(line) for line in lines]
        assert all(
            set(record) - {"request_id", "exception"} == {"time", "level", "logger", "message"} for record in records
        )
