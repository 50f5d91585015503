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


def goals(results: Results, wanted: Sequence[Goal], peer: str, against: Sequence[str]) -> str:
    """Which of our goals hold, against each of some others; those that were not measured are left out."""
    rows = [
        [goal.text, *_columns(against, lambda other, goal=goal: _share(results, goal, peer, other))] for goal in wanted
    ]
    for kind, text in (("to_carrier", "request to carrier"), ("told", "receipt to callback")):
        told = _columns(against, lambda other, kind=kind: _waits(results, kind, peer, other))
        rows.append([f"p50 / p99 {text}, no worse", *told])
    head = [word for other in against for word in (f"{peer} against {other}", "holds")]
    return table(("goal", *head), [row for row in rows if any(row[1:])])


_Verdict = tuple[str, bool]
"""What was measured, and whether the goal holds."""


def _columns(against: Sequence[str], judge: Callable[[str], _Verdict | None]) -> list[str]:
    found = [judge(other) for other in against]
    return [word for one in found for word in (("", "") if one is None else (one[0], "yes" if one[1] else "**no**"))]


def _share(results: Results, goal: Goal, peer: str, other: str) -> _Verdict | None:
    ours, theirs = results.figures.get((peer, goal.ours)), results.figures.get((other, goal.theirs))
    if not ours or not theirs:
        return None
    share = shares(ours, theirs, goal.of)
    return f"{share:.2f}", goal.holds(share)


def _waits(results: Results, kind: str, peer: str, other: str) -> _Verdict | None:
    if peer not in results.latencies or other not in results.latencies:
        return None
    mine, theirs = (middle([getattr(run, kind) for run in results.latencies[one]]) for one in (peer, other))
    return f"{mine} to {theirs} ms", mine.p50 <= theirs.p50 and mine.p99 <= theirs.p99


def page(results: Results, wanted: Sequence[Goal], kinds: Mapping[str, Any], against: Sequence[str]) -> str:
    """All of it, but what was not measured."""
    peers = dict.fromkeys(peer for peer, _ in results.figures)
    parts = [speed(results)]
    if results.latencies:
        parts.append(latencies(results))
    if results.crashes:
        parts.append(crashes(results))
    others = [one for one in against if one in peers]
    parts += [goals(results, wanted, peer, others) for peer in peers if peer not in others and others]
    parts.append("\n".join(f"- {peer}: {kinds[peer].what}" for peer in peers))
    return "\n\n".join(parts)
