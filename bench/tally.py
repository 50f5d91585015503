"""Counting what a run brought: latencies, and what a crash lost, left untold, or did twice. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed. Raises ValueError where there is none."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    rank = -(-len(ordered) * round(share * 10_000) // 10_000)
    return ordered[max(rank, 1) - 1]


def median(values: Sequence[float]) -> float:
    """The middle one; of an even number the lower of the two, so that it is a run that took place."""
    return sorted(values)[(len(values) - 1) // 2]


@dataclass(frozen=True, slots=True)
class Waits:
    """p50 and p99 of one kind of wait, in ms."""

    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Waits:
        """From single waits."""
        found = [one * 1000 for one in seconds]
        return cls(percentile(found, 0.5), percentile(found, 0.99))

    def __str__(self) -> str:
        return f"{self.p50:.1f} / {self.p99:.1f}"


def firsts(seen: Iterable[tuple[float, str]]) -> dict[str, float]:
    """When each was seen first."""
    found: dict[str, float] = {}
    for at, who in seen:
        found[who] = min(at, found.get(who, at))
    return found


def between(begin: Mapping[str, float], end: Mapping[str, float], less: float = 0.0) -> list[float]:
    """Seconds from one to the other for whoever is in both, less a wait that belongs to neither."""
    return [max(0.0, end[who] - at - less) for who, at in begin.items() if who in end]


@dataclass(frozen=True, slots=True)
class Crash:
    """What became of a burst in which everything was killed and started again."""

    asked: int
    accepted: int
    """With an answer that said so."""
    lost: int
    """Accepted, and never at the carrier."""
    missing: int
    """Accepted and at the carrier, and no callback ever told."""
    sent_again: int
    """Texts at the carrier beyond one each."""
    told_again: int
    """Callbacks beyond one each."""


def crash(asked: int, accepted: Iterable[str], at_carrier: Iterable[str], told: Iterable[str]) -> Crash:
    """Compare three lists of the same names."""
    taken, sent, heard = set(accepted), Counter(at_carrier), Counter(told)
    return Crash(
        asked,
        len(taken),
        sum(1 for who in taken if not sent[who]),
        sum(1 for who in taken if sent[who] and not heard[who]),
        sum(sent.values()) - len(sent),
        sum(heard.values()) - len(heard),
    )
