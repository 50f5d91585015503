"""Traffic: how many messages took which status, by the minute, hour and day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from tidings.core.message import DAY, HOUR, MINUTE, Millis
from tidings.metrics import Moved

STEPS: dict[str, Millis] = {"minute": MINUTE, "hour": HOUR, "day": DAY}
COUNTED = (
    "accepted", "sent", "delivered", "undelivered", "failed", "expired", "rejected", "canceled", "unknown", "received",
)  # fmt: skip
"""Statuses that are counted, in the order of the columns. Those between `accepted` and `sent` tell of no traffic."""
MINUTES_KEPT: Millis = 2 * DAY
"""So long there are counts of minutes; those of hours and days: `retention.traffic`."""
_PLACES = {name: at for at, name in enumerate(COUNTED)}


class Bucket(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What happened in one step of time to messages of one account by one carrier."""

    account_id: int
    step: Millis
    start: Millis
    carrier: str
    """"" while none was chosen."""
    counts: tuple[int, ...]
    """As in `COUNTED`."""


class Point(msgspec.Struct, frozen=True, gc=False):
    """What happened in one step of time."""

    start: Millis
    counts: tuple[int, ...]


def buckets(moved: Mapping[Moved, int], now: Millis) -> list[Bucket]:
    """What the moves of one commit add, in the order of their keys."""
    sums: dict[tuple[int, str], list[int]] = {}
    for (name, _, account_id, carrier), count in moved.items():
        place = _PLACES.get(name)
        if place is not None:
            sums.setdefault((account_id, carrier or ""), [0] * len(COUNTED))[place] += count
    return [
        Bucket(account_id, step, now - now % step, carrier, tuple(counts))
        for (account_id, carrier), counts in sorted(sums.items())
        for step in STEPS.values()
    ]


def filled(points: Iterable[Point], step: Millis, since: Millis, until: Millis) -> list[Point]:
    """A point for every step that begins at or after `since`, which begins one, and before `until`."""
    known = {one.start: one for one in points}
    nothing = (0,) * len(COUNTED)
    return [known.get(start) or Point(start, nothing) for start in range(since, until, step)]


def total(points: Iterable[Point]) -> tuple[int, ...]:
    """All of them together."""
    sums = tuple(map(sum, zip(*(one.counts for one in points), strict=True)))
    return sums or (0,) * len(COUNTED)
