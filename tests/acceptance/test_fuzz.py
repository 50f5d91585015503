"""A running tidings, asked everything its OpenAPI document allows and much that it forbids."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tidings.app import every_endpoint
from tidings_client import Client

pytestmark = pytest.mark.one_engine("hundreds of requests an endpoint: too long to do twice")

BIN = Path(sys.executable).parent
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}

CONFIG = """
# A message may be refused for reasons no schema can tell: a time in the past, a key used before, an opt-out.
# What is valid has tests of its own.
[checks]
positive_data_acceptance.enabled = false
# Right after a cancel or a refusal everything is still there.
ensure_resource_availability.enabled = true

# An item of a batch that breaks the schema is refused alone; the batch goes on.
[[operations]]
include-name = "POST /v1/messages/batch"
checks.negative_data_rejection.enabled = false

# From this machine the figures may be read without a key; elsewhere not, which has a test of its own.
[[operations]]
include-name = "GET /metrics"
checks.ignored_auth.enabled = false
checks.missing_required_header.enabled = false

# A stream that is let in goes on for ever, so a request that the document allows would only hang until it is given up:
# here it is asked what the document forbids, and nothing else. tests/flow and tests/acceptance ask the rest.
[[operations]]
include-name = "GET /v1/stream"
generation.mode = "negative"
# Now and then something forbidden is allowed after all, and a stream is text, not what its blocks would be as JSON.
checks.response_schema_conformance.enabled = false

# A capture goes on for as long as it is asked to.
[[operations]]
include-path-regex = "/capture$"
generation.mode = "negative"
phases.examples.enabled = false

# What unfit settings look like takes a second each to think of, so few are.
[[operations]]
include-name = "PATCH /v1/carriers/{name}"
generation.max-examples = 3

# Closing an account keeps its history readable.
[[operations]]
include-path = "/v1/accounts/{id}"
checks.use_after_free.enabled = false
"""


@pytest.fixture(params=["cut_off.py"])
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    data = tmp_path / "data"
    log = (tmp_path / "log").open("w")
    running = subprocess.Popen(
        [
            sys.executable,
            Path(__file__).with_name(request.param),
            "up",
            "--data",
            data,
            "--port",
            "0",
            "--log-level",
            "warning",
        ],
        env=CLEAN,
        stdout=log,
        stderr=log,
    )
    try:
        until = time.monotonic() + 15
        while not (data / "server.json").exists():
            assert running.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        yield data
        assert running.poll() is None, "it died"
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)
        log.close()


def answers(url: str, key: str) -> dict[tuple[str, str], set[int]]:
    """The statuses that each operation has answered so far, by its method and path."""
    with Client(url, key) as client:
        told = client.metrics()
    found: dict[tuple[str, str], set[int]] = {}
    rows = re.findall(r'^tidings_http_requests_total\{method="(\w+)",route="(.*?)",status="(\d+)"\} [1-9]', told, re.M)
    for method, route, status in rows:
        found.setdefault((method, route), set()).add(int(status))
    return found


def fuzz(server: Path, *more: str) -> subprocess.CompletedProcess[str]:
    url = json.loads((server / "server.json").read_text())["url"]
    key = (server / "admin.key").read_text().strip()
    (server.parent / "fuzz.toml").write_text(CONFIG)
    command = [BIN / "schemathesis", "--config-file", "fuzz.toml", "run", f"{url}/openapi.json", "--no-color"]
    command += ["--header", f"Authorization: Bearer {key}", "--warnings", "off", "--request-timeout", "10"]
    command += ["--seed", os.environ.get("FUZZ_SEED", "1"), *more]
    return subprocess.run(command, cwd=server.parent, env=CLEAN, capture_output=True, text=True, timeout=600)


FOR_PEOPLE = ("/v1/setup", "/v1/session", "/v1/password", "/v1/second-factor", "/v1/stream")
"""What only people can do needs a code, a password or a link that no fuzzer guesses; and a stream goes on for ever."""


def without_a_key(url: str, method: str, path: str) -> int:
    """The status of what a stranger asks: the fuzzer asks so only where somebody with a key was let in before."""
    where = urlsplit(url)
    link = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    try:
        link.request(method, re.sub(r"{\w+}", "x", path))
        return link.getresponse().status
    finally:
        link.close()


@pytest.mark.timeout(900)
def test_nothing_the_document_allows_or_forbids_breaks_it(server: Path) -> None:
    # Carriers last: with those that a fuzzer makes up, hardly any message can be sent.
    runs = [("--exclude-path-regex", "8"), ("--include-path-regex", "5")]
    selected = 0
    for which, examples in runs:
        done = fuzz(server, which, "^/v1/carriers", "--max-examples", examples)
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        counted = re.search(r"(\d+) selected / (\d+) total", done.stdout)
        assert counted is not None, done.stdout[-8000:]
        assert int(counted[2]) == len(every_endpoint())
        selected += int(counted[1])
    assert selected == len(every_endpoint())
    key = (server / "admin.key").read_text().strip()
    url = json.loads((server / "server.json").read_text())["url"]
    told = answers(url, key)
    assert {status for statuses in told.values() for status in statuses if status >= 500} == set()
    doubts = []
    for endpoint in every_endpoint():
        seen = told.get((endpoint.method, endpoint.path), set())
        if endpoint.scope is not None and endpoint.path != "/metrics":
            assert without_a_key(url, endpoint.method, endpoint.path) == 401, endpoint.name
        guessed = "{" not in endpoint.path and not endpoint.path.startswith(FOR_PEOPLE)
        if guessed and endpoint.status not in seen:
            doubts.append(f"{endpoint.method} {endpoint.path} was never asked what it can do: {seen}")
        if not seen - {401}:
            doubts.append(f"{endpoint.method} {endpoint.path} was never asked with a key")
    assert not doubts, "\n".join(doubts)
    log = (server.parent / "log").read_text()
    assert "broke" not in log
    assert "Traceback" not in log
    assert key not in log


@pytest.mark.parametrize("server", ["planted.py"], indirect=True)
def test_what_is_planted_is_found(server: Path) -> None:
    done = fuzz(server, "--max-examples", "3", "--include-operation-id", "getHandset")
    assert done.returncode == 1, done.stdout[-8000:] + done.stderr[-2000:]
    assert "Server error" in done.stdout
    assert "broke" in (server.parent / "log").read_text()
