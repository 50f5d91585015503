"""A running tidings, asked everything its OpenAPI document allows and much that it forbids."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidings.app import every_endpoint

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

# Closing an account keeps its history readable.
[[operations]]
include-path = "/v1/accounts/{id}"
checks.use_after_free.enabled = false
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Path]:
    data = tmp_path / "data"
    log = (tmp_path / "log").open("w")
    running = subprocess.Popen(
        [
            sys.executable,
            Path(__file__).with_name("cut_off.py"),
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


def test_nothing_the_document_allows_or_forbids_breaks_it(server: Path, tmp_path: Path) -> None:
    url = json.loads((server / "server.json").read_text())["url"]
    key = (server / "admin.key").read_text().strip()
    (tmp_path / "fuzz.toml").write_text(CONFIG)
    command = [BIN / "schemathesis", "--config-file", "fuzz.toml", "run", f"{url}/openapi.json", "--no-color"]
    command += ["--header", f"Authorization: Bearer {key}", "--warnings", "off", "--request-timeout", "10"]
    command += ["--max-examples", "25", "--seed", os.environ.get("FUZZ_SEED", "1")]
    fuzz = subprocess.run(command, cwd=tmp_path, env=CLEAN, capture_output=True, text=True, timeout=110)
    assert fuzz.returncode == 0, fuzz.stdout[-8000:] + fuzz.stderr[-2000:]
    assert f"{len(every_endpoint())} selected / {len(every_endpoint())} total" in fuzz.stdout
    log = (tmp_path / "log").read_text()
    assert "broke" not in log
    assert "Traceback" not in log
    assert key not in log
