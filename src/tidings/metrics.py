"""Counts of what happens, and their text form for Prometheus (exposition format 0.0.4). Few names, kept stable."""

from __future__ import annotations

import os
import resource
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

KIND = b"text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the latency histogram, in seconds."""

Labels = tuple[str, ...]
Moved = tuple[str, str, int, str | None]
"""What messages took which status: that, their category, account and carrier."""
Samples = Iterable[tuple[Labels, float]]


class Histogram:
    """How long something took."""

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """One more."""
        self._counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def cumulative(self) -> list[int]:
        """How many took up to each bound, and at last how many there are."""
        return list(accumulate(self._counts))


class Tally:
    """Moves of messages in one transaction, added to the totals once it is committed. One writer, any reader."""

    __slots__ = ("_others", "_own", "pending")

    def __init__(self) -> None:
        self.pending: defaultdict[Moved, int] = defaultdict(int)
        self._own: dict[Labels, int] = {}
        self._others: list[Tally] = []

    def beside(self) -> Tally:
        """That of another writer, which counts in the totals of this one."""
        other = Tally()
        self._others.append(other)
        return other

    def moved(self, status: str, category: str, account_id: int, carrier: str | None) -> None:
        """A message took a status."""
        self.pending[status, category, account_id, carrier] += 1

    def publish(self) -> None:
        """The transaction is on disk."""
        for (status, category, _, _), count in self.pending.items():
            self._own[status, category] = self._own.get((status, category), 0) + count
        self.pending.clear()

    @property
    def totals(self) -> dict[Labels, int]:
        """All so far, by status and category."""
        found = dict(self._own)
        for other in self._others:
            for labels, count in other.totals.items():
                found[labels] = found.get(labels, 0) + count
        return found


class Metrics:
    """What one process counts."""

    __slots__ = ("accept", "deliveries", "door", "faults", "mails", "past", "receipts", "requests", "tally", "webhooks")

    def __init__(self, tally: Tally | None = None) -> None:
        self.tally = tally or Tally()
        self.accept = Histogram()
        self.receipts: dict[Labels, int] = {}
        self.webhooks: dict[Labels, int] = {}
        self.mails: dict[Labels, int] = {}
        self.door: defaultdict[tuple[str, int], int] = defaultdict(int)
        self.deliveries: dict[Labels, int] = {}
        self.faults: dict[Labels, int] = {}
        self.past: dict[Labels, int] = {}
        self.requests: defaultdict[tuple[str, str, int], int] = defaultdict(int)

    def answered(self, command: str, status: int) -> None:
        """A request at the SMPP door was answered."""
        self.door[command, status] += 1

    def requested(self, method: str, route: str, status: int) -> None:
        """An HTTP request was answered."""
        self.requests[method, route, status] += 1

    def called(self, outcome: str) -> None:
        """A webhook was called: `delivered`, `refused`, or why it could not be."""
        self.webhooks[(outcome,)] = self.webhooks.get((outcome,), 0) + 1

    def mailed(self, outcome: str) -> None:
        """An e-mail was handed to the mail server: `sent`, or why it was not."""
        self.mails[(outcome,)] = self.mails.get((outcome,), 0) + 1

    def handed(self, outcome: str, count: int = 1) -> None:
        """Something was handed over to an ESME, or could not be: see `core.owed.Tried`, and `queue_full`."""
        self.deliveries[(outcome,)] = self.deliveries.get((outcome,), 0) + count

    def failed(self, loop: str) -> None:
        """A loop met something that nobody foresaw, told it in the log and goes on."""
        self.faults[(loop,)] = self.faults.get((loop,), 0) + 1

    def dropped(self, what: str, count: int) -> None:
        """Rows were dropped because they are kept no longer."""
        self.past[(what,)] = self.past.get((what,), 0) + count

    def receipts_came(self, matched: Iterable[bool]) -> None:
        """Receipts were matched, or parked."""
        for one in matched:
            key = ("matched" if one else "parked",)
            self.receipts[key] = self.receipts.get(key, 0) + 1


def family(name: str, kind: str, about: str, labels: Labels, samples: Samples) -> Iterator[str]:
    """One metric with its samples."""
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
    for values, value in samples:
        yield f"{name}{_labels(labels, values)} {_number(value)}"


def counter(name: str, about: str, labels: Labels, counts: Mapping[Labels, int]) -> Iterator[str]:
    """A counter as it stands, in a steady order."""
    return family(name, "counter", about, labels, sorted(dict(counts).items()))


def gauge(name: str, about: str, value: float) -> Iterator[str]:
    """A single figure."""
    return family(name, "gauge", about, (), [((), value)])


def histogram(name: str, about: str, values: Histogram) -> Iterator[str]:
    """A histogram with its cumulative buckets."""
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} histogram"
    counts = values.cumulative()
    for bound, count in zip((*(f"{one:g}" for one in BUCKETS), "+Inf"), counts, strict=True):
        yield f'{name}_bucket{{le="{bound}"}} {count}'
    yield f"{name}_sum {_number(values.total)}"
    yield f"{name}_count {counts[-1]}"


def process() -> Iterator[str]:
    """Memory and CPU of this process, under the names that everybody's dashboards know."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    about = "User and system CPU time in seconds."
    yield from family("process_cpu_seconds_total", "counter", about, (), [((), used.ru_utime + used.ru_stime)])
    yield from gauge("process_resident_memory_bytes", "Memory in use, in bytes.", _resident(used.ru_maxrss))


def _resident(most_kib: int) -> int:
    """What Linux says of this moment; elsewhere the most there ever was."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return most_kib * 1024


def _labels(names: Labels, values: Labels) -> str:
    if not names:
        return ""
    pairs = (f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.9g}"
