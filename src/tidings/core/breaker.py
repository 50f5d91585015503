"""How much one endpoint may be asked at a time, learnt from how it answers; times are seconds that never go back."""

from __future__ import annotations

from typing import Literal, NamedTuple

Standing = Literal["healthy", "unknown", "failing"]


class Strain(NamedTuple):
    """How badly an endpoint answers."""

    failures: int
    """Requests in a row that failed."""
    rest: float
    """Seconds for which nothing goes to it yet."""


class Breaker:
    """Little at first, more with each success, one at a time while it fails, and then pauses that grow."""

    __slots__ = ("_limit", "_start", "_window", "failures", "in_flight", "known", "until")

    TRIP = 5
    """Failures in a row after which only single probes go out."""
    FIRST_REST = 5.0
    LONGEST_REST = 300.0

    def __init__(self, limit: int, start: int = 1) -> None:
        """`start`: requests at a time while nothing is known of it."""
        self._limit = limit
        self._start = self._window = start
        self.failures = 0
        self.in_flight = 0
        self.until = 0.0
        """Nothing goes out before this."""
        self.known = False
        """Whether it has ever answered well."""

    def room(self, now: float) -> int:
        """Requests that may start now."""
        if now < self.until:
            return 0
        return max(0, (1 if self.failures else self._window) - self.in_flight)

    def begin(self) -> None:
        """A request starts."""
        self.in_flight += 1

    def release(self) -> None:
        """A request ended, however it did."""
        self.in_flight -= 1

    def succeeded(self) -> None:
        """It took one: the next may be more at a time."""
        self.failures, self.until, self.known = 0, 0.0, True
        self._window = min(self._limit, self._window * 2)

    def failed(self, now: float, asked: float | None = None) -> None:
        """It did not: one at a time from here, and after some in a row none for a while, each time longer.

        `asked`: seconds the endpoint asked for before anything else comes.
        """
        self.failures += 1
        self._window = 1
        if self.failures >= self.TRIP:
            rest = min(self.LONGEST_REST, self.FIRST_REST * 2.0 ** min(self.failures - self.TRIP, 16))
            self.until = max(self.until, now + rest)
        if asked is not None:
            self.until = max(self.until, now + asked)

    def anew(self) -> None:
        """It was changed: what it did before counts no more; what is under way does."""
        self.failures, self.until, self._window = 0, 0.0, self._start

    @property
    def standing(self) -> Standing:
        """`failing`, `healthy`, or `unknown` while it has not answered yet."""
        return "failing" if self.failures else "healthy" if self.known else "unknown"
