"""An installation moves to PostgreSQL and back as users do it, killed on the way: what is queued is sent once."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import BIN, CLEAN, Site, Tidings, until

import postgres_kit

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("from one engine to the other")]

MESSAGES = 4_000


@pytest.fixture(scope="module")
def server() -> Iterator[postgres_kit.Server]:
    one = postgres_kit.Server("fsync=off")
    yield one
    one.end()


def migrating(data: Path, to: str) -> subprocess.Popen[str]:
    command = [BIN / "tidings", "migrate", "--data", data, "--to", to]
    return subprocess.Popen(command, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed_on_the_way(data: Path, to: str) -> None:
    """Begin, and kill -9 some time after the first rows."""
    one = migrating(data, to)
    assert one.stderr is not None
    told = one.stderr.readline()
    assert "rows" in told, told
    time.sleep(random.uniform(0, 0.15))
    one.send_signal(signal.SIGKILL)
    one.wait(30)


def moved(data: Path, to: str) -> str:
    one = migrating(data, to)
    said, told = one.communicate(timeout=60)
    assert one.returncode == 0, told
    return said


def test_what_is_queued_goes_on_at_the_target_and_comes_back(tmp_path: Path, server: postgres_kit.Server) -> None:
    name = f"tidings_{random.getrandbits(40):x}"
    postgres_kit.execute(f"create database {name}", url=server.url)
    database = postgres_kit.beside(server.url, name)
    with Site(tmp_path) as site:
        tidings = site.tidings
        tidings.start()
        sent = [{"to": f"+1555{number}", "text": f"No. {number}"} for number in range(1_232_000, 1_232_000 + MESSAGES)]
        taken = tidings.client.post_batch({"messages": sent})  # type: ignore[typeddict-item]
        assert taken["accepted"] == MESSAGES
        refused = tidings.cli("migrate", "--to", database)
        assert refused.returncode == 1
        assert "is in use by process" in refused.stderr
        assert tidings.stop() == 0
        for _ in range(3):
            killed_on_the_way(tidings.data, database)
        assert "counts and checksums are the same" in moved(tidings.data, database)
        left = tidings.cli("up")
        assert left.returncode == 2
        assert "was moved to" in left.stderr
        toml = tidings.data / "tidings.toml"
        toml.write_text(f'database = "{database}"\n' + toml.read_text())
        site.simulator.start()
        tidings.start()
        until(lambda: len(site.simulator.submissions()) >= MESSAGES, "what was queued is sent")
        until(lambda: not tidings.messages(status="queued") and not tidings.messages(status="sent"), "all end")
        assert set(Counter(one["to"] for one in site.simulator.submissions()).values()) == {1}
        backup = tidings.cli("backup", str(tmp_path / "one.backup"), "--verify")
        assert "counts and checksums are the same" in backup.stdout, backup
        events = tidings.get(f"/v1/messages/{taken['data'][0]['id']}/events")
        assert tidings.stop() == 0
        # and back, for a laptop
        copy = Tidings(tmp_path / "copy", tmp_path / "copy.log", "[simulator]\nenabled = true\n")
        restored = copy.cli("restore", str(tmp_path / "one.backup"))
        assert restored.returncode == 0, restored
        copy.start()
        assert len(copy.messages(status="delivered")) == MESSAGES
        assert copy.stop() == 0
        assert "counts and checksums are the same" in moved(tidings.data, str(tmp_path / "laptop"))
        laptop = Tidings(tmp_path / "laptop", tmp_path / "laptop.log", "[simulator]\nenabled = true\n")
        laptop.start()
        try:
            assert laptop.key == tidings.key
            assert len(laptop.messages(status="delivered")) == MESSAGES
            assert laptop.get(f"/v1/messages/{taken['data'][0]['id']}/events") == events
        finally:
            laptop.stop()
