"""What README and tutorial tell a newcomer to type is typed here, and does what they say."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_engine("as the page has it")

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TUTORIAL = (ROOT / "docs/tutorial/first-message.md").read_text(encoding="utf-8")
START_S = 60.0
RUN_S = 60.0


def blocks(text: str) -> list[str]:
    """The commands of a page: its code blocks, without those that hold a picture."""
    return [block for block in re.findall(r"^```\n(.*?)^```", text, flags=re.M | re.S) if block.isascii()]


@dataclass(frozen=True)
class Running:
    """A tidings started by the README's own command, and what it printed."""

    url: str
    data: Path
    banner: str

    def type(self, command: str) -> subprocess.CompletedProcess[str]:
        """Type a command of the page, with our port and folder in place of those that are the default."""
        command = command.replace("http://127.0.0.1:8775", self.url).replace("tidings-data/", f"{self.data}/")
        environ = {**os.environ, "TIDINGS_DATA": str(self.data)}
        return subprocess.run(
            ["bash", "-euc", command], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=RUN_S
        )


def read_until(process: subprocess.Popen[str], pattern: str) -> str:
    """What a process prints until a line matches."""
    lines: queue.Queue[str | None] = queue.Queue()

    def pump() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=pump, daemon=True).start()
    said = ""
    until = time.monotonic() + START_S
    while True:
        line = lines.get(timeout=max(0.0, until - time.monotonic()))
        assert line is not None, f"it ended before it was up:\n{said}"
        said += line
        if re.search(pattern, line):
            return said


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    if not (ROOT / ".venv/.dev-ready").exists():
        pytest.skip("`make test` has not set this checkout up, and a test must not")
    data = tmp_path_factory.mktemp("readme") / "data"
    process = subprocess.Popen(
        ["make", "run", f"ARGS=--port 0 --data {data}"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        banner = read_until(process, r"^ +curl ")
        found = re.search(r"tidings is up: (\S+)", banner)
        assert found, banner
        yield Running(found[1], data, banner)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_the_readme_opens_with_the_two_commands_and_a_picture() -> None:
    first, second = re.findall(r"^```\n(.*?)^```", README, flags=re.M | re.S)[:2]
    assert [line.split("#")[0].strip() for line in first.splitlines()] == ["make run", "make test"]
    assert "POST /v1/messages" in second
    assert README.index(first) < README.index(second) < README.index("\n## ")


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert re.findall(r"^make .*?(?= 2>)", script, flags=re.M) == ["make test"]


def test_the_text_of_the_readme_arrives_before_your_eyes(running: Running) -> None:
    (command,) = [block for block in blocks(README) if "tidings send" in block]
    done = running.type(command)
    assert done.returncode == 0, done.stderr
    told = [line.split()[-1] for line in done.stdout.splitlines()]
    assert told == ["accepted", "queued", "sent", "delivered"]


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: make peers")


@needs_curl
@pytest.mark.parametrize("title", ["README.md", "docs/tutorial/first-message.md"])
def test_the_curl_of_the_page_is_answered(running: Running, title: str) -> None:
    (command,) = [block for block in blocks((ROOT / title).read_text(encoding="utf-8")) if "curl" in block]
    done = running.type(command)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["to"], answer["status"], answer["direction"]) == ("+15551230100", "accepted", "mt")


@needs_curl
def test_the_lines_it_prints_at_the_start_can_be_pasted(running: Running) -> None:
    lines = [line.strip() for line in running.banner.splitlines() if re.match(r" +(\.venv|curl)", line)]
    assert len(lines) == 2
    for line in lines:
        done = running.type(line)
        assert done.returncode == 0, done.stderr
        assert "msg_" in done.stdout


def test_the_tutorial_can_be_followed(running: Running) -> None:
    """Its commands for the terminal, one after the other; `msg_…` is the message before."""
    commands = [line for block in re.findall(r"^```\n(.*?)^```", TUTORIAL, flags=re.M | re.S)
                for line in block.splitlines() if line.startswith(".venv/bin/tidings")]  # fmt: skip
    ends = []
    last = ""
    for command in commands:
        done = running.type(command.replace("msg_…", last))
        found = re.search(r"msg_[0-9a-z]{13}", done.stdout)
        assert found, done.stderr
        last = found[0]
        if " send " in command:
            ends.append((done.returncode, [line.split()[-1] for line in done.stdout.splitlines() if last in line][:4]))
        else:
            assert done.returncode == 0, done.stderr
            assert "advice" in done.stdout
    assert len(ends) == 3
    assert ends[0] == ends[2] == (0, ["accepted", "queued", "sent", "delivered"])
    assert ends[1] == (1, ["accepted", "queued", "sent", "undelivered"])
