"""How many requests may be under way at a time, shared so that endpoints which hang hold up no others.

Three kinds of endpoints (those that answer well, those nobody knows yet, those that fail) have room apart from each
other. A request that is not answered soon gives its place back and counts among the slow ones, of which many may be
under way: they cost a socket and little else.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from tidings.core.breaker import Standing

T = TypeVar("T")

ROOMS: dict[Standing, int] = {"healthy": 256, "unknown": 128, "failing": 64}
"""Requests under way that may still be answered soon, by the standing of their endpoint."""
SLOW_MOST = 1_024
"""Requests under way for longer than `SLOW_AFTER`, of all endpoints together."""
SLOW_AFTER = 1.0
"""Seconds after which a request counts as slow."""


class Slots(Generic[T]):
    """Places for requests, and who waits for one; times are seconds that never go back."""

    def __init__(
        self, rooms: dict[Standing, int] | None = None, slow_most: int = SLOW_MOST, slow_after: float = SLOW_AFTER
    ) -> None:
        self._rooms = rooms or ROOMS
        self._slow_most = slow_most
        self._slow_after = slow_after
        self._used: dict[Standing, int] = dict.fromkeys(self._rooms, 0)
        self._quick: dict[int, tuple[Standing, float]] = {}
        """Those not slow yet by number, the oldest first, with the beginning of each."""
        self._slow: set[int] = set()
        self._count = 0
        self._queues: dict[Standing, deque[T]] = {standing: deque() for standing in self._rooms}

    def free(self, standing: Standing) -> bool:
        """Whether one more may start."""
        return self._used[standing] < self._rooms[standing]

    def begin(self, standing: Standing, now: float) -> int:
        """One starts; returns the number to end it by."""
        self._count += 1
        self._used[standing] += 1
        self._quick[self._count] = standing, now
        return self._count

    def end(self, number: int) -> None:
        """It ended, however it did."""
        quick = self._quick.pop(number, None)
        if quick is None:
            self._slow.discard(number)
        else:
            self._used[quick[0]] -= 1

    def age(self, now: float) -> None:
        """Those that are slow by now make room for others, as long as not too many are slow."""
        while self._quick and len(self._slow) < self._slow_most:
            number, (standing, began) = next(iter(self._quick.items()))
            if now - began < self._slow_after:
                return
            del self._quick[number]
            self._used[standing] -= 1
            self._slow.add(number)

    def ages_at(self) -> float | None:
        """When the next one will be slow; None while nobody waits for that, or none can be."""
        if not self._quick or len(self._slow) >= self._slow_most or not any(self._queues.values()):
            return None
        return next(iter(self._quick.values()))[1] + self._slow_after

    # who waits

    def wait(self, standing: Standing, who: T) -> None:
        """Stand at the end of the queue for a place."""
        self._queues[standing].append(who)

    def crowded(self, standing: Standing) -> bool:
        """Whether somebody waits."""
        return bool(self._queues[standing])

    def next(self) -> T | None:
        """The first who waits and may start now, taken from the queue."""
        for standing, queue in self._queues.items():
            if queue and self.free(standing):
                return queue.popleft()
        return None

    @property
    def under_way(self) -> int:
        """All requests under way."""
        return len(self._quick) + len(self._slow)
