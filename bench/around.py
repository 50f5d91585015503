"""What stands around a gateway under load: the carrier behind it, the customer's end, and the load generator."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from procs import Group, free_ports, wait_for

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
RECEIPT_DELAY_MS = 1_000
"""From the carrier's answer to its receipt; receipts at once would have Jasmin wait 10 s for each."""
_PAGE = 10_000


def fetch(url: str) -> bytes:
    """What stands at an address of this machine."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return bytes(answer.read())


class Carrier:
    """`tidings simulate`: one SMSC for whoever is measured."""

    def __init__(self, folder: Path) -> None:
        self.group = Group(folder)
        self.port, http = free_ports(2)
        head = self.group.start(
            "carrier", BIN / "tidings", "simulate", "--smpp-port", str(self.port), "--http-port", str(http),
            "--receipt-delay-ms", str(RECEIPT_DELAY_MS),
        )  # fmt: skip
        self._url = f"http://127.0.0.1:{http}/v1/simulator"
        wait_for("the carrier", lambda: "SMPP " in self.group.log("carrier"), 20, [head])

    def bound(self) -> int:
        """Links with a session."""
        return int(json.loads(fetch(f"{self._url}/stats"))["bound"])

    def taken(self) -> int:
        """Texts taken so far, repeats included."""
        return int(json.loads(fetch(f"{self._url}/stats"))["accepted"])

    def texts(self) -> Iterator[tuple[float, str]]:
        """Every text taken: when (to the millisecond) and the digits it went to. The latest first."""
        cursor = ""
        while True:
            page = json.loads(fetch(f"{self._url}/submissions?limit={_PAGE}{cursor}"))
            for row in page["data"]:
                if row["message_id"] is not None:
                    yield datetime.fromisoformat(row["received_at"]).timestamp(), row["to"].lstrip("+")
            if page["next_cursor"] is None:
                return
            cursor = f"&cursor={page['next_cursor']}"

    def stop(self) -> None:
        """End it."""
        self.group.stop()


class Customer:
    """The receiver of callbacks."""

    def __init__(self, folder: Path) -> None:
        self.group = Group(folder)
        head = self.group.start("receiver", sys.executable, HERE / "receiver.py")
        wait_for("the receiver", lambda: "port " in self.group.log("receiver"), 20, [head])
        self._url = f"http://127.0.0.1:{self.group.log('receiver').split()[1]}"
        self.callback = f"{self._url}/cb"

    def count(self) -> int:
        """Messages that callbacks spoke of."""
        return int(fetch(f"{self._url}/count"))

    def calls(self) -> list[tuple[float, int]]:
        """Every callback: when, and of which message."""
        return [(at, number) for at, number in json.loads(fetch(f"{self._url}/dump"))]

    def stop(self) -> None:
        """End it."""
        self.group.stop()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the load generator; times in seconds since 1970."""

    first: int
    count: int
    sent_at: float
    answered_at: float
    accepted: bool


class Load:
    """One run of the load generator in a process of its own."""

    def __init__(self, folder: Path, url: str, dialect: str, total: int, connections: int, **given: Any) -> None:
        self._log = folder / "load.jsonl"
        self._log.unlink(missing_ok=True)
        words = [word for name, value in given.items() if value for word in (f"--{name}", str(value))]
        self._process = subprocess.Popen(
            [
                sys.executable, str(HERE / "load.py"), "--url", url, "--dialect", dialect, "--total", str(total),
                "--connections", str(connections), "--log", str(self._log), *words,
            ],
            stdout=subprocess.PIPE,
        )  # fmt: skip

    def result(self, seconds: float = 300.0) -> tuple[dict[str, Any], list[Asked]]:
        """Wait for its end: what it printed, and every request that was answered."""
        try:
            out, _ = self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise
        if self._process.returncode:
            raise RuntimeError("the load generator broke")
        rows = [json.loads(line) for line in self._log.read_text().splitlines()]
        return json.loads(out), [Asked(*row[:4], accepted=bool(row[4])) for row in rows]
