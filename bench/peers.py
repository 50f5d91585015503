"""tidings, Kannel and Jasmin on the same work, by turns, behind the same simulated carrier; prints Markdown tables.

Everything runs on loopback, on free ports, in a folder that is removed afterwards, and is ended at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from around import RECEIPT_DELAY_MS, Asked, Carrier, Customer, Load
from dialects import digits
from machine import machine
from peer_jasmin import Jasmin
from peer_kannel import Kannel, KannelRedis, KannelTuned
from peer_tidings import Tidings, TidingsNarrow
from procs import DidNotStart, Group, Watch, wait_for
from report import Figures, Goal, Latency, Results, page
from tally import Crash, Waits, between, crash, firsts

T = TypeVar("T")

ROOT = Path(__file__).parent.parent / ".peers"
CONNECTIONS = 32
RATE = 50
"""Requests per second for the latencies."""
WARM = 200
STALL_S = 25.0
"""So long nothing may move before a work counts as ended short."""


class Peer(Protocol):
    """A gateway to be measured."""

    name: str
    what: str
    dialect: str
    url: str
    key: str
    group: Group

    @classmethod
    def missing(cls, root: Path) -> str | None:
        """What has to be installed first, or None."""
        ...

    def start(self, folder: Path, carrier: int, callback: str, batch: int) -> None:
        """Set up and start in `folder`, bound to port `carrier`; without `callback` no receipts are wanted."""
        ...

    def again(self) -> None:
        """Start after everything was killed, on what is left in the folder."""
        ...


PEERS: dict[str, Callable[[Path], Any]] = {
    one.name: one for one in (Kannel, KannelTuned, KannelRedis, Jasmin, Tidings, TidingsNarrow)
}  # fmt: skip
DEFAULT = ["kannel", "kannel-100", "jasmin", "tidings", "tidings-10"]
AGAINST = ["kannel", "kannel-100"]
"""Whom the goals are against: they were set from what the first does; the second is beside it for comparison."""


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work."""

    name: str
    receipts: bool
    batch: int = 1
    dialect: str = ""
    """Instead of the peer's own."""


RECEIPTS = Work("single requests, a callback each", True)
ONE_URL = Work("`GET /send`, a callback each", True, dialect="one-url")
PLAIN = Work("single requests, no receipts", False)
BATCHES = Work("batches of 100, callbacks in batches of up to 100", True, batch=100)
SIZES = {
    ("kannel", RECEIPTS.name): 10_000, ("kannel", PLAIN.name): 15_000,
    ("kannel-100", RECEIPTS.name): 15_000, ("kannel-100", PLAIN.name): 15_000,
    ("kannel-redis", RECEIPTS.name): 8_000, ("kannel-redis", PLAIN.name): 15_000,
    ("jasmin", RECEIPTS.name): 700, ("jasmin", PLAIN.name): 1_200,
    ("tidings", RECEIPTS.name): 15_000, ("tidings", ONE_URL.name): 12_000, ("tidings", PLAIN.name): 15_000,
    ("tidings", BATCHES.name): 40_000,
    ("tidings-10", RECEIPTS.name): 15_000, ("tidings-10", PLAIN.name): 15_000,
}  # fmt: skip
"""Messages of each work: enough for some seconds, many times the carrier's delay."""
GOALS = [
    Goal("CPU with receipts and callbacks, at most 0.4", RECEIPTS.name, RECEIPTS.name, lambda run: run.cpu, most=0.4),
    Goal(
        "rate with receipts and callbacks, at least 2.5", RECEIPTS.name, RECEIPTS.name, lambda run: run.rate, least=2.5
    ),
    Goal("CPU without receipts, at most 0.8", PLAIN.name, PLAIN.name, lambda run: run.cpu, most=0.8),
    Goal(
        "CPU of batches, against single requests, at most 0.1",
        BATCHES.name,
        RECEIPTS.name,
        lambda run: run.cpu,
        most=0.1,
    ),
]


class Scene:
    """A running peer between carrier and customer."""

    def __init__(self, folder: Path, peer: Peer, carrier: Carrier, customer: Customer, work: Work) -> None:
        self.folder, self.peer, self.carrier, self.customer, self.work = folder, peer, carrier, customer, work
        self._sent = 0

    def load(self, total: int, rate: float = 0.0) -> tuple[Load, int]:
        """Begin to send; returns the number before the first message too."""
        first, self._sent = self._sent, self._sent + total
        connections = 4 if self.work.batch > 1 else CONNECTIONS
        dialect = self.work.dialect or self.peer.dialect
        given = Load(
            self.folder, self.peer.url, dialect, total, connections, batch=self.work.batch, rate=rate, first=first,
            key=self.peer.key, callback=self.customer.callback if self.work.receipts else "",
        )  # fmt: skip
        return given, first

    def done(self) -> int:
        """Messages that came to their end so far."""
        return self.customer.count() if self.work.receipts else self.carrier.taken()

    def settle(self, wanted: int) -> int:
        """Wait until so many came to their end, or nothing moves any more; returns how many are short."""
        before, since = -1, time.monotonic()
        while (now := self.done()) < wanted:
            if now != before:
                before, since = now, time.monotonic()
            elif time.monotonic() - since > STALL_S:
                break
            time.sleep(0.1)
        time.sleep(0.5)  # what is tidied up afterwards belongs to the work
        return max(0, wanted - now)

    def run(self, total: int, rate: float = 0.0) -> tuple[Figures, list[Asked]]:
        """One load from its first request to its last callback."""
        begun = self.done()
        cpu, tools = self.peer.group.cpu(), self._tools()
        given, first = self.load(total, rate)
        with Watch(self.peer.group):
            said, asked = given.result()
            short = self.settle(begun + said["accepted"])
        if said["refused"]:
            raise RuntimeError(f"{self.peer.name} refused {said['refused']}")
        cpu, tools = self.peer.group.cpu() - cpu, self._tools() - tools + said["cpu"]
        names = {digits(number) for number in range(first + 1, first + total + 1)}
        ends = [at for at, who in self.ends() if who in names]
        if not ends:
            raise RuntimeError(f"{self.peer.name}: not one of {total} came to its end")
        delay = RECEIPT_DELAY_MS / 1000 if self.work.receipts else 0.0
        seconds = max(ends) - min(one.sent_at for one in asked) - delay
        figures = Figures(total / seconds, cpu / total * 1000, tools / total * 1000, self.peer.group.peak_mb, short)
        return figures, asked

    def ends(self) -> Iterator[tuple[float, str]]:
        """When each message came to its end."""
        if self.work.receipts:
            return iter([(at, digits(number)) for at, number in self.customer.calls()])
        return self.carrier.texts()

    def _tools(self) -> float:
        return self.carrier.group.cpu() + self.customer.group.cpu()


@contextlib.contextmanager
def scene(name: str, work: Work) -> Iterator[Scene]:
    """Start everything for one work, and end it."""
    folder = Path(tempfile.mkdtemp(prefix=f"bench-{name}-"))
    started: list[Any] = []
    try:
        (folder / "peer").mkdir()
        carrier, customer, peer = Carrier(folder), None, PEERS[name](ROOT)
        started.append(carrier)
        customer = Customer(folder)
        started.append(customer)
        started.append(peer)
        peer.start(folder / "peer", carrier.port, customer.callback if work.receipts else "", work.batch)
        wait_for(f"the bind of {name}", lambda: carrier.bound() > 0, 30)
        yield Scene(folder, peer, carrier, customer, work)
    finally:
        for one in reversed(started):
            with contextlib.suppress(AttributeError):  # a peer that failed before it had processes
                (one.stop if hasattr(one, "stop") else one.group.stop)()
        shutil.rmtree(folder, ignore_errors=True)


def latency(scene: Scene, total: int) -> Latency:
    """Send at RATE and look at when each message was where."""
    figures, asked = scene.run(total, RATE)
    if figures.short:
        raise RuntimeError(f"{scene.peer.name}: {figures.short} of {total} callbacks did not come")
    sent = {digits(one.first): one.sent_at for one in asked}
    carrier = firsts(scene.carrier.texts())
    told = firsts(scene.ends())
    delay = RECEIPT_DELAY_MS / 1000
    return Latency(
        Waits.of(one.answered_at - one.sent_at for one in asked),
        Waits.of(between(sent, carrier)),
        Waits.of(between({who: carrier[who] for who in sent if who in carrier}, told, delay)),
        Waits.of(between(sent, told, delay)),
    )


def killed(scene: Scene, total: int, quiet: float) -> Crash:
    """Kill all of the peer when a quarter is at the carrier, start it again, wait until nothing moves, and count."""
    wanted = scene.carrier.taken() + total // 4
    given, first = scene.load(total)
    until = time.monotonic() + 120
    while scene.carrier.taken() < wanted and time.monotonic() < until:
        time.sleep(0.02)
    scene.peer.group.kill()
    _, asked = given.result()
    scene.peer.again()
    before, since, limit = (-1, -1), time.monotonic(), time.monotonic() + 240
    while time.monotonic() - since < quiet and time.monotonic() < limit:
        now = (scene.carrier.taken(), scene.customer.count())
        if now != before:
            before, since = now, time.monotonic()
        time.sleep(0.2)
    accepted = [digits(one.first) for one in asked if one.accepted]
    names = {digits(number) for number in range(first + 1, first + total + 1)}
    sent = [who for _, who in scene.carrier.texts() if who in names]
    return crash(total, accepted, sent, [who for _, who in scene.ends() if who in names])


def works(name: str) -> list[Work]:
    """What a peer is given to do."""
    return [RECEIPTS, PLAIN, ONE_URL, BATCHES] if name == "tidings" else [RECEIPTS, PLAIN]


def measure(results: Results, names: list[str], given: argparse.Namespace) -> None:
    """Take turns, so that what slows the machine slows all of them."""
    for turn in range(1, given.rounds + 1):
        for work in (RECEIPTS, PLAIN, ONE_URL, BATCHES):
            for name in (one for one in names if work in works(one)):
                _say(f"round {turn} of {given.rounds}: {name}, {work.name}")
                waits, figures = twice(lambda name=name, work=work: one_work(name, work, given))
                results.figures.setdefault((name, work.name), []).append(figures)
                if waits:
                    results.latencies.setdefault(name, []).append(waits)
                _say(f"  {figures.rate:,.0f} msg/s, {figures.cpu:.2f} CPU-s per 1,000")
    for name in names if given.kill else []:
        _say(f"kill -9: {name}")
        results.crashes[name] = twice(lambda name=name: one_crash(name, given))
        _say(f"  {results.crashes[name]}")


def one_work(name: str, work: Work, given: argparse.Namespace) -> tuple[Latency | None, Figures]:
    """A fresh peer, a gentle rate to look at waits, and full load."""
    with scene(name, work) as stage:
        stage.run(WARM * work.batch if work.batch > 1 else WARM)
        waits = latency(stage, RATE * given.seconds) if work is RECEIPTS and given.seconds else None
        figures, _ = stage.run(max(work.batch, int(SIZES[name, work.name] * given.scale)))
        return waits, figures


def one_crash(name: str, given: argparse.Namespace) -> Crash:
    """A fresh peer, killed under load. Jasmin takes up to half a minute to try again."""
    with scene(name, RECEIPTS) as stage:
        stage.run(WARM)
        total, quiet = (1_000, 35.0) if name == "jasmin" else (5_000, 12.0)
        return killed(stage, int(total * given.scale), quiet)


def twice(work: Callable[[], T]) -> T:
    """Once more if it fails: on a busy machine a program may take too long to come up."""
    try:
        return work()
    except (DidNotStart, RuntimeError, OSError, subprocess.TimeoutExpired) as fault:
        _say(f"  failed, once more: {fault}")
        return work()


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns; medians are shown")
    parser.add_argument("--only", default=",".join(DEFAULT), help=f"some of {', '.join(PEERS)}")
    parser.add_argument("--scale", type=float, default=1.0, help="times as many messages")
    parser.add_argument("--seconds", type=int, default=10, help="of each look at latencies; 0 leaves them out")
    parser.add_argument("--no-kill", dest="kill", action="store_false", help="leave the crashes out")
    given = parser.parse_args()
    names = given.only.split(",")
    for name in names:
        if name not in PEERS:
            parser.error(f"no peer is called {name}; there are {', '.join(PEERS)}")
        if lacking := PEERS[name].missing(ROOT):
            parser.error(f"{name} cannot run: {lacking} could not be had; --only leaves it out")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends what was started, as Ctrl-C does
    results = Results({}, {}, {})
    try:
        measure(results, names, given)
    finally:
        show(results, given)


def show(results: Results, given: argparse.Namespace) -> None:
    """Print what was measured, be it all or not."""
    how = f"Median of {given.rounds} by turns, {CONNECTIONS} connections"
    print(f"Machine: {machine()}. Command: `make bench-peers`. {how}.\n")
    print(page(results, GOALS, PEERS, AGAINST))


if __name__ == "__main__":
    main()
