"""The tables of `make bench-peers`, and which goals hold by them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tally import Crash, Waits, median


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run of one work took."""

    rate: float
    """Messages per second from the first request to the last callback, less the carrier's own delay; without receipts
    to the last text at the carrier."""
    cpu: float
    """CPU-seconds per 1,000 of all processes of the peer."""
    tools: float
    """The same of carrier, receiver and load generator."""
    peak_mb: float
    short: int
    """Messages that did not come to their end."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Waits at a gentle rate."""

    answer: Waits
    to_carrier: Waits
    told: Waits
    """From the carrier's receipt to the callback."""
    whole: Waits
    """From the request to the callback, less the carrier's own delay."""


@dataclass
class Results:
    """Everything measured; the lists are by round."""

    figures: dict[tuple[str, str], list[Figures]]
    """By peer and work."""
    latencies: dict[str, list[Latency]]
    crashes: dict[str, Crash]


@dataclass(frozen=True, slots=True)
class Goal:
    """A share of what another peer takes or does, by the median of the rounds' own shares."""

    text: str
    ours: str
    theirs: str
    of: Callable[[Figures], float]
    most: float | None = None
    least: float | None = None

    def holds(self, share: float) -> bool:
        """Whether it is kept."""
        return (self.most is None or share <= self.most) and (self.least is None or share >= self.least)


def shares(ours: Sequence[Figures], theirs: Sequence[Figures], of: Callable[[Figures], float]) -> float:
    """The median of our share of theirs, each taken within one round."""
    return median([of(mine) / of(other) for mine, other in zip(ours, theirs, strict=False)])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def speed(results: Results) -> str:
    """Rates, CPU and memory: the median of each, by itself."""
    rows = []
    for (peer, work), runs in results.figures.items():
        short = sum(run.short for run in runs)
        rows.append(
            [
                work, peer, f"{median([run.rate for run in runs]):,.0f}" + (f" ({short} never ended)" if short else ""),
                f"{median([run.cpu for run in runs]):.2f}", f"{median([run.peak_mb for run in runs]):.0f} MB",
                f"{median([run.tools for run in runs]):.2f}",
            ]
        )  # fmt: skip
    return table(("work", "peer", "msg/s", "CPU-s per 1,000", "peak memory", "CPU-s per 1,000 of the tools"), rows)


def middle(waits: Sequence[Waits]) -> Waits:
    """The median of each."""
    return Waits(median([one.p50 for one in waits]), median([one.p99 for one in waits]))


def latencies(results: Results) -> str:
    """Waits in ms, p50 / p99."""
    rows = [
        [
            peer,
            *(str(middle([getattr(run, kind) for run in runs])) for kind in ("answer", "to_carrier", "told", "whole")),
        ]
        for peer, runs in results.latencies.items()
    ]
    return table(
        ("peer", "request to answer", "request to carrier", "receipt to callback", "request to callback, less 1 s"),
        rows,
    )


def crashes(results: Results) -> str:
    """What each lost, left untold and did twice."""
    rows = [
        [peer, *(f"{count:,}" for count in
                 (one.asked, one.accepted, one.lost, one.missing, one.sent_again, one.told_again))]
        for peer, one in results.crashes.items()
    ]  # fmt: skip
    return table(
        ("peer", "asked", "accepted", "lost", "callbacks missing", "texts sent twice", "callbacks sent twice"), rows
    )


def goals(results: Results, wanted: Sequence[Goal], peer: str, against: str) -> str:
    """Which of our goals hold; those that were not measured are left out."""
    rows = []
    for goal in wanted:
        ours, theirs = results.figures.get((peer, goal.ours)), results.figures.get((against, goal.theirs))
        if ours and theirs:
            share = shares(ours, theirs, goal.of)
            rows.append([goal.text, f"{share:.2f}", "yes" if goal.holds(share) else "**no**"])
    if peer in results.latencies and against in results.latencies:
        for kind, text in (("to_carrier", "request to carrier"), ("told", "receipt to callback")):
            mine, other = (middle([getattr(run, kind) for run in results.latencies[one]]) for one in (peer, against))
            kept = mine.p50 <= other.p50 and mine.p99 <= other.p99
            rows.append([f"p50 / p99 {text}, no worse", f"{mine} against {other} ms", "yes" if kept else "**no**"])
    return table((f"goal: {peer} against {against}", "measured", "holds"), rows)


def page(results: Results, wanted: Sequence[Goal], kinds: Mapping[str, Any]) -> str:
    """All of it, but what was not measured."""
    peers = dict.fromkeys(peer for peer, _ in results.figures)
    parts = [speed(results)]
    if results.latencies:
        parts.append(latencies(results))
    if results.crashes:
        parts.append(crashes(results))
    if {"tidings", "kannel"} <= peers.keys():
        parts.append(goals(results, wanted, "tidings", "kannel"))
    parts.append("\n".join(f"- {peer}: {kinds[peer].what}" for peer in peers))
    return "\n\n".join(parts)
