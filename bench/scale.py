"""What a message costs once there are many: 10 thousand and 10 million stored, by turns, on either engine.

CPU time counts, that of the database server too, as it repeats on a busy machine. Ten million messages take some 20 GB
of disk for a time on SQLite and 30 on PostgreSQL: room is looked for first.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from statistics import median

import procs
from machine import machine
from run import Setting, postgres_kit, setting

BYTES_EACH = {"SQLite": 2_500, "PostgreSQL": 4_000}
"""Disk that a stored message may take, with room to spare."""
GOAL = 1.3
LOADS = {"single POSTs": (5_000, 1, 64), "batches of 100": (30_000, 100, 8)}


class Measured:
    """A running tidings on a store of some size, and what its messages cost."""

    def __init__(self, place: Setting, server: postgres_kit.Server | None) -> None:
        self._place = place
        self._roots = [place.tidings.popen.pid]
        if server is not None and server.process is not None:
            self._roots.append(server.process.pid)

    def cost(self, load: tuple[int, int, int]) -> float:
        """CPU microseconds a message."""
        before = self._cpu()
        self._place.load(*load)
        return (self._cpu() - before) / load[0] * 1e6

    def _cpu(self) -> float:
        return sum(one.ticks for one in procs.trees(self._roots, procs.stats())) / procs.TICKS


@contextlib.contextmanager
def measured(engine: str, stored: int) -> Iterator[Measured]:
    """One of `SQLite` and `PostgreSQL` with so many messages in it."""
    if engine == "SQLite":
        with setting(stored) as place:
            yield Measured(place, None)
        return
    server = postgres_kit.Server("shared_buffers=256MB", "max_wal_size=4GB")
    try:
        with setting(stored, server.url) as place:
            yield Measured(place, server)
    finally:
        server.end()


def compare(engine: str, few: int, many: int, rounds: int) -> list[str]:
    """Rows of the table."""
    begin = time.monotonic()
    with measured(engine, few) as small, measured(engine, many) as large:
        print(f"{engine}: filled in {time.monotonic() - begin:.0f} s", file=sys.stderr)
        rows = []
        for what, load in LOADS.items():
            small.cost(load), large.cost(load)  # warm
            pairs = [(small.cost(load), large.cost(load)) for _ in range(rounds)]
            ratio = median(b / a for a, b in pairs)
            a, b = median(a for a, _ in pairs), median(b for _, b in pairs)
            holds = "yes" if ratio <= GOAL else "**no**"
            rows.append(f"| {engine}, {what} | {a:.0f} | {b:.0f} | {ratio:.2f} | {holds} |")
        return rows


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="SQLite,PostgreSQL")
    given = parser.parse_args()
    rows = []
    for engine in given.only.split(","):
        needed = BYTES_EACH[engine] * given.many
        if (free := shutil.disk_usage(tempfile.gettempdir()).free) < needed * 1.2:
            print(f"{engine}: {needed / 1e9:.0f} GB are needed, {free / 1e9:.0f} are free: left out", file=sys.stderr)
            continue
        rows += compare(engine, given.few, given.many, given.rounds)
    print(f"Machine: {machine()}. Median of {given.rounds} by turns.\n")
    print(f"| CPU µs a message | {given.few:,} stored | {given.many:,} stored | ratio | at most {GOAL} |")
    print("| --- | --- | --- | --- | --- |")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
