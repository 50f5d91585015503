"""What sharing a database costs: one process, several with roles, and a synchronous standby, by turns on one machine.

Every message is durable, and its receipt stored, before it counts. Processes, servers and load share the cores.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from machine import machine
from procs import free_ports
from run import BIN, TICKS, WINDOW, Process, Setting, _port, _wait_for, postgres_kit

LOADS = {
    "single POSTs, 64 clients": (8_000, 1, 64), "single POSTs, 256 clients": (16_000, 1, 256),
    "batches of 100": (30_000, 100, 8),
}  # fmt: skip
"""Messages, how many a request, and clients, of whom each waits for its answer."""
SETTINGS = ("shared_buffers=128MB", "max_wal_size=4GB")
SHAPES: dict[str, Sequence[str]] = {
    "one process (`all`)": ("all",),
    "one `api`, one `engine`, one `worker`": ("api", "engine", "worker"),
    "two `api`, two `engine`, one `worker`": ("api", "api", "engine", "engine", "worker"),
}


class Crowd(Process):
    """Several processes as one: what they cost together."""

    def __init__(self, processes: Sequence[Process], roles: Sequence[str]) -> None:
        self.processes = processes
        self.roles = roles

    def cpu(self) -> float:
        """CPU-seconds so far."""
        return sum(one.cpu() for one in self.processes)


class Told(NamedTuple):
    """What one load came to."""

    rate: float
    cpu: float
    """CPU-seconds per 1,000 messages, of ours together; then by process, the server's last."""
    each: tuple[float, ...]


Found = dict[str, dict[str, list[Told]]]
"""By load and place."""


def served(servers: Sequence[postgres_kit.Server]) -> float:
    """CPU-seconds of servers so far, with those of their processes that have ended."""
    ticks = 0
    for server in servers:
        assert server.process is not None
        parent = server.process.pid
        ticks += sum(_ticks(parent)[:4])
        for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended since
                ticks += sum(_ticks(int(child))[:2])
    return ticks / TICKS


def _ticks(pid: int) -> list[int]:
    """Its own in user and kernel mode, then those of its children that have ended."""
    return list(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))


@contextlib.contextmanager
def cluster(roles: Sequence[str], database: str) -> Iterator[Setting]:
    """Processes of these roles on one database, with two carriers, the API behind one port."""
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as name, contextlib.ExitStack() as ends:
        folder = Path(name)
        network = Process(
            str(BIN / "tidings"), "simulate", "--smpp-port", "0", "--http-port", "0", log=folder / "network.log",
        )  # fmt: skip
        ends.callback(network.stop)
        port, door = _port(folder / "network.log"), free_ports(1)[0]
        carriers = [
            f'[[carriers]]\nname = "{one}"\nhost = "127.0.0.1"\nport = {port}\nsystem_id = "{one}"\n'
            f'password = "bench"\nsender_rules = "off"\nwindow = {WINDOW}\n' for one in ("north", "south")
        ]  # fmt: skip
        processes = []
        for at, role in enumerate(roles):
            own = folder / str(at)
            own.mkdir()
            # Messages go to the first carrier: a second `api` has the other one there, so that both engines have work.
            ordered = carriers[::-1] if role == "api" and at % 2 else carriers
            (own / "tidings.toml").write_text(f"{''.join(ordered)}[limits]\nfree_disk_mb = 0\n")
            behind = ["--port", str(door), "--reuse-port", "true"] if role == "api" else ["--port", "0"]
            processes.append(
                Process(
                    str(BIN / "tidings"), "up", "--role", role, "--data", str(own), "--database", database, *behind,
                    log=folder / f"{at}.log",
                )
            )  # fmt: skip
            ends.callback(processes[-1].stop)
            _wait_for(own / "server.json", processes[-1])
        yield Setting(folder / "0", Crowd(processes, roles), network, database=database)


def measure(places: dict[str, Setting], rounds: int, servers: Sequence[postgres_kit.Server]) -> Found:
    """Load the places, a round after the other."""
    found: Found = {}
    for what, load in LOADS.items():
        for place in places.values():
            place.load(load[0] // 4, *load[1:])  # warm
        for _ in range(rounds):
            for name, place in places.items():
                found.setdefault(what, {}).setdefault(name, []).append(_loaded(place, load, servers))
    return found


def _loaded(place: Setting, load: tuple[int, int, int], servers: Sequence[postgres_kit.Server]) -> Told:
    crowd = place.tidings
    assert isinstance(crowd, Crowd)

    def costs() -> list[float]:
        return [*(one.cpu() for one in crowd.processes), served(servers)]

    before = costs()
    told = place.load(*load)
    each = tuple([(now - then) / load[0] * 1000 for then, now in zip(before, costs(), strict=True)])
    return Told(told["per_s"], told["cpu_per_1000"], each)


def rows(found: Found, places: dict[str, Setting]) -> Iterator[str]:
    """Lines of a table: rates, CPU in all and by process, and the rate as a share of the first place's."""
    first = next(iter(places))
    for what, by_place in found.items():
        for name, told in by_place.items():
            rate, cpu = (median(one[at] for one in told) for at in (0, 1))
            each = [median(costs) for costs in zip(*(one.each for one in told), strict=True)]
            crowd = places[name].tidings
            assert isinstance(crowd, Crowd)
            by = ", ".join(f"{who} {cost:.3f}" for who, cost in zip([*crowd.roles, "server"], each, strict=True))
            share = median(one.rate / other.rate for one, other in zip(told, by_place[first], strict=True))
            yield f"| {what} | {name} | {rate:,.0f} | {cpu:.3f} | {by} | {share:.2f} |"


def several(rounds: int) -> Iterator[str]:
    """Processes with roles, each shape on a database of its own on one server."""
    server = postgres_kit.Server(*SETTINGS)
    try:
        with contextlib.ExitStack() as all_of_them:
            places = {}
            for at, (name, roles) in enumerate(SHAPES.items()):
                postgres_kit.execute(f"create database bench{at}", url=server.url)
                database = postgres_kit.beside(server.url, f"bench{at}")
                places[name] = all_of_them.enter_context(cluster(roles, database))
            yield from rows(measure(places, rounds, [server]), places)
    finally:
        server.end()


def standby(rounds: int) -> Iterator[str]:
    """One process on a server by itself, and on one whose standby has to have each commit."""
    alone, with_standby = "no standby", "synchronous standby (`on`)"
    server, pair = postgres_kit.Server(*SETTINGS), postgres_kit.Pair(*SETTINGS)
    try:
        with cluster(("all",), server.url) as one, cluster(("all",), pair.new().url) as other:
            places = {alone: one, with_standby: other}
            yield from rows(measure(places, rounds, [server, pair.a, pair.b]), places)
    finally:
        server.end()
        pair.end()


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="several,standby")
    given = parser.parse_args()
    print(f"Machine: {machine()}. Median of {given.rounds} by turns.\n")
    for part, what in (("several", several), ("standby", standby)):
        if part in given.only.split(","):
            print("| load | processes | msg/s | CPU-s per 1,000 | by process | rate, as a share of the first |")
            print("| --- | --- | --- | --- | --- | --- |")
            print("\n".join(what(given.rounds)) + "\n")


if __name__ == "__main__":
    main()
