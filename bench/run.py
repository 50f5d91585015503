"""Speed and memory of one process on either engine: simulator, load generator and tidings as processes of their own.

Prints one Markdown table. Every message is durable, and its receipt stored, before it counts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

import filling
from machine import machine
from tidings.core import ids

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

import postgres_kit  # noqa: E402

BIN = Path(sys.executable).parent
TICKS = os.sysconf("SC_CLK_TCK")
WINDOW = 1_000
GOALS = {"single": 3_000, "batch": 12_000, "p99": 100, "idle": 100, "million": 20, "pg_single": 0.8, "pg_batch": 0.45}


class Process:
    """A process of ours with what it costs."""

    def __init__(self, *command: str, log: Path) -> None:
        self._log = log.open("wb")
        self.popen = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT)

    def cpu(self) -> float:
        """CPU-seconds so far."""
        fields = Path(f"/proc/{self.popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mb(self) -> float:
        """Resident memory."""
        for line in Path(f"/proc/{self.popen.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS")

    def stop(self) -> None:
        """End it and wait."""
        self.popen.terminate()
        try:
            self.popen.wait(30)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        self._log.close()


class Setting:
    """A running tidings with its carrier network."""

    def __init__(self, folder: Path, tidings: Process, network: Process, stored: int = 0, database: str = "") -> None:
        self._first = stored
        self.folder = folder
        self.database = database
        self.tidings = tidings
        self.network = network
        self.url = json.loads((folder / "server.json").read_text())["url"]
        self.key = (folder / "admin.key").read_text().strip()

    def load(self, total: int, batch: int, connections: int, rate: float = 0.0) -> dict[str, Any]:
        """Send `total` messages, wait until every receipt is stored, and say what it took."""
        cpu = self.tidings.cpu(), self.network.cpu()
        command = [
            sys.executable, str(HERE / "load.py"), "--url", self.url, "--key", self.key, "--total", str(total),
            "--batch", str(batch), "--connections", str(connections), "--rate", str(rate), "--first", str(self._first),
        ]  # fmt: skip
        self._first += total
        begin = int(time.time() * 1000)
        result = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=900).stdout)
        if result["refused"]:
            raise RuntimeError(f"refused: {result['refused']}")
        while self._unfinished(begin):
            time.sleep(0.2)
        delivered, seconds = self._delivered(begin)
        if delivered != total:
            raise RuntimeError(f"{delivered} of {total} delivered")
        result |= {
            "per_s": total / seconds,
            "accept_per_s": total / result["seconds"],
            "cpu_per_1000": (self.tidings.cpu() - cpu[0]) / total * 1000,
            "network_cpu_per_1000": (self.network.cpu() - cpu[1]) / total * 1000,
            "load_cpu_per_1000": result["cpu"] / total * 1000,
        }
        return result

    def _ask(self, sql: str, *values: Any) -> Any:
        if self.database:
            return postgres_kit.ask(self.database, sql.replace("?", "$"), *values)
        db = apsw.Connection(str(self.folder / "tidings.db"), flags=apsw.SQLITE_OPEN_READONLY)
        db.set_busy_timeout(5_000)
        try:
            return db.execute(sql, values).fetchall()[0]
        finally:
            db.close()

    # Only this load's messages are looked at, by their ids: a database server's work for a look at all of those stored
    # would count as the load's.

    def _unfinished(self, since: int) -> int:
        waiting, sent = self._ask(
            "select (select count(*) from queue), (select count(*) from attempt where outcome is null)"
        )
        late = "select count(*) from message where id >= ?1 and status = 'sent'"
        return int(waiting + sent + self._ask(late, ids.highest(since - 1))[0])

    def _delivered(self, since: int) -> tuple[int, float]:
        count, first, last = self._ask(
            "select count(*), min(created_at), max(finished_at) from message where id >= ?1 and status = 'delivered'",
            ids.highest(since - 1),
        )
        return int(count), max(1, last - first) / 1000


@contextlib.contextmanager
def setting(stored: int = 0, database: str = "") -> Iterator[Setting]:
    """A fresh folder, with `stored` delivered messages in it, or a database."""
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as name:
        folder = Path(name)
        network = Process(
            str(BIN / "tidings"), "simulate", "--smpp-port", "0", "--http-port", "0", log=folder / "network.log",
        )  # fmt: skip
        port = _port(folder / "network.log")
        (folder / "tidings.toml").write_text(
            f'[[carriers]]\nname = "network"\nhost = "127.0.0.1"\nport = {port}\nsystem_id = "bench"\n'
            f'sender_rules = "off"\npassword = "bench"\nwindow = {WINDOW}\n[limits]\nfree_disk_mb = 0\n'
        )
        more = ["--database", database] if database else []
        if stored:
            migrate = [str(BIN / "tidings"), "migrate", "--data", str(folder), *more]
            subprocess.run(migrate, check=True, stdout=subprocess.DEVNULL)
            if database:
                filling.fill_postgres(database, stored)
            else:
                filling.fill_sqlite(folder / "tidings.db", stored)
        tidings = Process(
            str(BIN / "tidings"), "up", "--data", str(folder), "--port", "0", *more, log=folder / "tidings.log"
        )  # fmt: skip
        try:
            _wait_for(folder / "server.json", tidings)
            yield Setting(folder, tidings, network, stored, database)
        finally:
            tidings.stop()
            network.stop()


def _port(log: Path) -> int:
    for _ in range(100):
        text = log.read_text()
        if "SMPP " in text:
            return int(text.partition("SMPP ")[2].partition(",")[0].rpartition(":")[2])
        time.sleep(0.1)
    raise RuntimeError(f"the network did not start: {log.read_text()}")


def _wait_for(file: Path, process: Process) -> None:
    for _ in range(300):
        if file.exists():
            time.sleep(0.5)
            return
        if process.popen.poll() is not None:
            raise RuntimeError("tidings did not start")
        time.sleep(0.1)
    raise RuntimeError("tidings did not start in time")


@contextlib.contextmanager
def _at_rest() -> Iterator[Process]:
    """`tidings up` as a newcomer starts it, simulator inside."""
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as name:
        folder = Path(name)
        process = Process(
            str(BIN / "tidings"), "up", "--data", str(folder), "--port", "0", "--limits-free-disk-mb", "0",
            log=folder / "tidings.log",
        )  # fmt: skip
        try:
            _wait_for(folder / "server.json", process)
            yield process
        finally:
            process.stop()


def _best(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The median run by rate."""
    return sorted(runs, key=lambda run: run["per_s"])[len(runs) // 2]


def _row(what: str, figure: str, goal: str, cpu: dict[str, Any] | None = None) -> str:
    costs = (
        "–"
        if cpu is None
        else (f"{cpu['cpu_per_1000']:.3f} / {cpu['network_cpu_per_1000']:.3f} / {cpu['load_cpu_per_1000']:.3f}")
    )
    return f"| {what} | {figure} | {goal} | {costs} |"


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many")
    parser.add_argument(
        "--stored", type=int, default=1_000_000, help="messages for the run on a full store; 0 leaves it out"
    )
    given = parser.parse_args()
    rows: list[str] = []
    with _at_rest() as idle:
        time.sleep(3)
        rows.append(_row("resident memory, idle, simulator inside", f"{idle.rss_mb():.0f} MB", f"< {GOALS['idle']} MB"))
    with setting() as empty:
        empty.load(2_000, 1, 64)  # warm
        single = _best([empty.load(15_000, 1, 64) for _ in range(given.rounds)])
        batch = _best([empty.load(60_000, 100, 8) for _ in range(given.rounds)])
        half_single = empty.load(10_000, 1, 64, rate=GOALS["single"] / 2)
        half_batch = empty.load(40_000, 100, 4, rate=GOALS["batch"] / 2)
        rss = empty.tidings.rss_mb()
    rows += [
        _row(
            "single POSTs, request to receipt stored", f"{single['per_s']:,.0f} msg/s", f"≥ {GOALS['single']:,}", single
        ),
        _row(
            "batches of 100, request to receipt stored", f"{batch['per_s']:,.0f} msg/s", f"≥ {GOALS['batch']:,}", batch
        ),
        _row("p50 / p99 accept, single, half load", _latency(half_single), f"p99 < {GOALS['p99']} ms", half_single),
        _row("p50 / p99 accept, batches, half load", _latency(half_batch), f"p99 < {GOALS['p99']} ms", half_batch),
        _row("resident memory after these loads", f"{rss:.0f} MB", "–"),
    ]
    rows += _on_postgres(given.rounds, single, batch)
    if given.stored:
        with setting(given.stored) as full:
            full.load(2_000, 1, 64)
            full_single = _best([full.load(15_000, 1, 64) for _ in range(given.rounds)])
            full_batch = _best([full.load(60_000, 100, 8) for _ in range(given.rounds)])
        for what, now, then in (("single POSTs", full_single, single), ("batches of 100", full_batch, batch)):
            slower = (1 - now["accept_per_s"] / then["accept_per_s"]) * 100
            figure = f"{now['accept_per_s']:,.0f} of {then['accept_per_s']:,.0f} accepted/s ({slower:+.0f} % slower)"
            rows.append(_row(f"{what} with {given.stored:,} stored", figure, f"≤ {GOALS['million']} % slower", now))
    print(f"Machine: {machine()}. Command: `make bench`. Median of {given.rounds}.\n")
    print("| what | measured | goal | CPU-s per 1,000: tidings / network / load |\n| --- | --- | --- | --- |")
    print("\n".join(rows))


def _on_postgres(rounds: int, single: dict[str, Any], batch: dict[str, Any]) -> Iterator[str]:
    """The same loads with the store on a PostgreSQL of its own, which writes to the same disk and waits for it."""
    if postgres_kit.programs() is None:
        yield _row("on PostgreSQL", "there is none here", "–")
        return
    server = postgres_kit.Server("shared_buffers=256MB", "max_wal_size=4GB")
    try:
        with setting(database=server.url) as place:
            place.load(2_000, 1, 64)
            singles = _best([place.load(15_000, 1, 64) for _ in range(rounds)])
            batches = _best([place.load(60_000, 100, 8) for _ in range(rounds)])
    finally:
        server.end()
    for what, now, then, goal in (
        ("single POSTs", singles, single, GOALS["pg_single"]), ("batches of 100", batches, batch, GOALS["pg_batch"])
    ):  # fmt: skip
        figure = f"{now['per_s']:,.0f} msg/s, {now['per_s'] / then['per_s']:.2f} of SQLite's"
        yield _row(f"{what} on PostgreSQL {server.version}, request to receipt stored", figure, f"≥ {goal}", now)


def _latency(run: dict[str, Any]) -> str:
    return f"{run['p50_ms']:.1f} / {run['p99_ms']:.1f} ms"


if __name__ == "__main__":
    main()
