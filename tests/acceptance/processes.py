"""Real processes for the acceptance tests: a simulated network, and a tidings whose carrier it is."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import postgres_kit
from tidings_client import Client, Problem, Retries

BIN = Path(sys.executable).parent
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("TIDINGS_", "COVERAGE_"))}
"""The environment of processes. They are not measured: most are killed, and would tell nothing for their pains."""
CRASHING = Path(__file__).with_name("crashing.py")
PATIENCE_S = 60.0
"""What takes longer than this hangs."""
CARRIER = "north"

Table = dict[str, Any]
QUICK: Table = {"backoff_first": 0.1, "throttle_pause": 0.05, "sweep": 0.2}
"""Short patience, so that tests are short."""

ONCE = Retries(attempts=1)
"""Every answer, and the want of one, is looked at."""

T = TypeVar("T")


def until(
    look: Callable[[], T | None], what: str, seconds: float = PATIENCE_S, every: float = 0.03,
    told: Callable[[], Any] | None = None,
) -> T:  # fmt: skip
    """The first true thing that `look` brings; one that never comes fails and tells the last, or what `told` says."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s; last seen: {told() if told else seen!r}"
        time.sleep(every)
    return seen


def free_port() -> int:
    """A port nobody listens on, from below those that outgoing connections are given: it stays free while its
    process is down.
    """
    while True:
        port = random.randint(15_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Answer:
    """An HTTP answer that came whole."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.body = answer.read()
        self.status = answer.status
        self.headers = answer.headers

    def json(self) -> Any:
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"{self.status} {self.body[:2000]!r}"


class Caller:
    """Calls one HTTP server by hand, for what a client would not ask or not tell. For one thread."""

    def __init__(self, url: str, key: str = "", *, timeout: float = 15.0) -> None:
        self._host = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout = timeout

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Raises OSError or http.client.HTTPException when no whole answer came."""
        told = self._headers | {name.replace("_", "-"): value for name, value in headers.items()}
        octets = None
        if body is not None:
            octets, told["Content-Type"] = json.dumps(body).encode(), "application/json"
        with contextlib.closing(http.client.HTTPConnection(self._host, timeout=self._timeout)) as connection:
            connection.request(method, path, octets, told)
            return Answer(connection.getresponse())


class Program:
    """One process; what it prints goes to a log."""

    def __init__(self, command: list[Any], log: Path) -> None:
        self._log = log
        self._began = log.stat().st_size if log.exists() else 0
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [str(word) for word in command], env=CLEAN, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        self.pid = self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def printed(self) -> str:
        """What this run has printed so far."""
        return self._log.read_bytes()[self._began :].decode()

    def wait(self, seconds: float = PATIENCE_S) -> int:
        """Its exit status, negative after a signal."""
        return self._process.wait(seconds)

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9, which cannot be caught; returns when it is gone."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """In good order where it can be had, which lets it be measured too."""
        self.terminate()
        try:
            self.wait(3)
        except subprocess.TimeoutExpired:
            self.kill()

    def cpu_s(self) -> float:
        """Processor time it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def limit_files(self, octets: int | None) -> None:
        """No file of it may grow beyond this; None lifts the limit."""
        _, most = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (most if octets is None else octets, most))


class Simulator:
    """`tidings simulate` with a journal; it comes back on the same ports."""

    def __init__(self, folder: Path, receipt_delay_ms: int = 0) -> None:
        self._folder = folder
        self._delay = receipt_delay_ms
        self.smpp_port, self.http_port = free_port(), free_port()
        self.client = Client(f"http://127.0.0.1:{self.http_port}", retries=Retries(first=0.05))
        self.program: Program | None = None

    def start(self) -> None:
        ports = ["--smpp-port", self.smpp_port, "--http-port", self.http_port]
        keeps = ["--folder", self._folder / "network", "--receipt-delay-ms", self._delay]
        self.program = program = Program([BIN / "tidings", "simulate", *ports, *keeps], self._folder / "simulator.log")
        until(lambda: _printed(program, "network is up"), "the simulated network starts", every=0.01)

    def kill(self) -> None:
        assert self.program is not None
        self.program.kill()

    def stats(self) -> dict[str, Any]:
        """Counters, and how things stand."""
        return {**self.client.get_network_stats()}

    def faults(self, mode: Any, **more: int) -> None:
        """Begin a trouble of the whole network, or end it with `none`."""
        self.client.set_faults({"mode": mode, **more})  # type: ignore[typeddict-item]

    def submissions(self, to: str | None = None) -> list[dict[str, Any]]:
        """Every submit_sm that came, oldest first."""
        return list(self.client.pages(self.client.list_submissions, limit=10_000, to=to))[::-1]

    def shows(self, number: str) -> list[dict[str, Any]]:
        """The texts on a phone's screen."""
        return [{**text} for text in self.client.get_handset(number)["messages"]]

    def texts(self, number: str, to: str, text: str) -> None:
        """A phone texts us."""
        self.client.text_from_handset(number, {"to": to, "text": text})


class Tidings:
    """`tidings up` on one data folder, and on the engine of its test, started as often as a test needs."""

    def __init__(self, data: Path, log: Path, config: str) -> None:
        self.data = data
        self._log = log
        data.mkdir(exist_ok=True)
        (data / "tidings.toml").write_text(_toml(postgres_kit.database(data)) + config)
        self.program: Program | None = None
        self.port = 0
        self.url = self.key = ""
        self.call = Caller("http://127.0.0.1:1")
        self.client = Client("http://127.0.0.1:1")

    def launch(self, *launcher: Any) -> Program:
        """Start it without waiting. `launcher`: what runs it in place of the installed command."""
        command = [*(launcher or [BIN / "tidings"]), "up", "--data", self.data, "--port", self.port]
        self.program = program = Program(command, self._log)
        return program

    def start(self, *launcher: Any) -> Program:
        """Start it and wait until it serves."""
        program = self.launch(*launcher)
        until(lambda: _printed(program, "tidings is up"), "tidings starts", every=0.01)
        self.url = json.loads((self.data / "server.json").read_text())["url"]
        self.key = self.kept_key()
        self.call = Caller(self.url, self.key)
        self.client = Client(self.url, self.key, timeout=15.0, retries=ONCE)
        return program

    def kept_key(self) -> str:
        """The admin key."""
        return (self.data / "admin.key").read_text().strip()

    def start_to_crash(self, point: str, times: int) -> Program:
        """Start it so that it kills itself the `times`-th time it passes a point of a message's path."""
        return self.start(sys.executable, CRASHING, point, str(times))

    def kill(self) -> None:
        assert self.program is not None
        self.program.kill()

    def stop(self, seconds: float = PATIENCE_S) -> int:
        """SIGTERM; its exit status."""
        assert self.program is not None
        self.program.terminate()
        return self.program.wait(seconds)

    def send(self, to: str, text: str = "Hello", **more: Any) -> str:
        """Post a message; its id. Raises Problem where it is not taken."""
        return self.client.post_message({"to": to, "text": text, **more})["id"]  # type: ignore[typeddict-item]

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status == 200, answer
        return answer.json()

    def message(self, message_id: str) -> dict[str, Any]:
        return {**self.client.get_message(message_id)}

    def story(self, message_id: str) -> dict[str, Any]:
        """A message with its events, attempts and receipts."""
        return {**self.client.explain_message(message_id)}

    def messages(self, **narrowed: str) -> list[dict[str, Any]]:
        """All messages, newest first."""
        return list(self.client.pages(self.client.list_messages, limit=100, **narrowed))

    def ended(self, message_id: str, seconds: float = PATIENCE_S) -> dict[str, Any]:
        """A message once it has reached a final status."""

        def look() -> dict[str, Any] | None:
            seen = self.message(message_id)
            return seen if seen["finished_at"] else None

        return until(look, f"{message_id} ends", seconds)

    def ready(self) -> bool:
        """Whether it says that it takes messages."""
        try:
            return self.client.ready()["status"] == "ready"
        except Problem as problem:
            if problem.code != "unavailable":
                raise
            return False

    def degraded(self) -> str:
        """What `/readyz` says is down, while it says 200."""
        return "; ".join(self.client.ready()["degraded"])

    def cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the command line, pointed at this folder."""
        return subprocess.run(
            [BIN / "tidings", *words, "--data", self.data], env=CLEAN, capture_output=True, text=True, timeout=30
        )


class Site:
    """A simulated network and a tidings bound to it. Whatever was started ends with the `with` block."""

    def __init__(
        self,
        folder: Path,
        *,
        top: Table | None = None,
        delivery: Table | None = None,
        carrier: Table | None = None,
        limits: Table | None = None,
        data: Path | None = None,
        receipt_delay_ms: int = 0,
    ) -> None:
        """Tables of settings beyond those that make tests quick; `data`: where the data folder is."""
        self.simulator = Simulator(folder, receipt_delay_ms)
        at = {"name": CARRIER, "host": "127.0.0.1", "port": self.simulator.smpp_port, "system_id": "acceptance"}
        config = "\n".join(
            [
                _toml(top or {}),
                "[limits]\n" + _toml({"free_disk_mb": 0} | (limits or {})),
                "[delivery]\n" + _toml(QUICK | (delivery or {})),
                "[[carriers]]\n" + _toml(at | {"sender_rules": "off"} | (carrier or {})),
            ]
        )
        self.tidings = Tidings(data or folder / "data", folder / "tidings.log", config)

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        if self.tidings.program is not None:
            self.tidings.program.kill()
        if self.simulator.program is not None:
            self.simulator.program.end()

    def start(self) -> Site:
        """Both, and the link between them."""
        self.simulator.start()
        self.tidings.start()
        self.linked()
        return self

    def linked(self, seconds: float = PATIENCE_S) -> None:
        """Wait until the carrier is up."""
        until(lambda: not self.tidings.degraded(), "the carrier comes up", seconds)


def _toml(table: Table) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in table.items())


def _printed(program: Program, words: str) -> bool:
    assert program.running, program.printed
    return words in program.printed


def spent(program: Program, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> float:
    """Share of one processor that a process uses over a while."""
    began, before = time.monotonic(), program.cpu_s()
    meanwhile()
    time.sleep(max(0.0, seconds - (time.monotonic() - began)))
    return (program.cpu_s() - before) / (time.monotonic() - began)
