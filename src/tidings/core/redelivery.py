"""When a failed webhook comes again, and how much an endpoint is asked at a time; the clock is an argument."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from tidings.core.message import DAY, HOUR, MINUTE, SECOND, Millis

FIRST_WAIT: Millis = 5 * SECOND
HORIZON: Millis = 22 * HOUR
"""A delivery that still fails this long after its schedule began is given up."""
JITTER = 0.1
"""Waits are stretched by up to this part, never cut."""
LONGEST_ASKED: Millis = 6 * HOUR
"""A Retry-After beyond this is taken for this."""
SHORTEST_ASKED: Millis = MINUTE
"""Waits longer than this are cut short by a smaller Retry-After, but not below it."""
HELD_MOST: Millis = 3 * DAY
"""What waits at an endpoint that is switched off is given up after this."""


def retry_wait(
    attempt: int, began_at: Millis, now: Millis, chance: float, asked: Millis | None = None
) -> Millis | None:
    """How long to wait after failed attempt number `attempt`; None when the delivery is given up.

    5 s and doubling: 15 attempts over 22 h 45 min. `asked`: what the answer's Retry-After says. `chance`: in [0, 1).
    """
    if now - began_at >= HORIZON:
        return None
    wait = FIRST_WAIT << min(attempt - 1, 13)
    if asked is not None:
        return max(min(wait, SHORTEST_ASKED), min(asked, LONGEST_ASKED))
    return wait + int(wait * JITTER * chance)


def asked_wait(retry_after: str | None, now: Millis) -> Millis | None:
    """A Retry-After header, in seconds or as an HTTP date (RFC 9110 §10.2.3), as a wait; None without a usable one."""
    if not retry_after:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return int(text) * SECOND if len(text) < 10 else LONGEST_ASKED
    moment = _http_date(text)
    return None if moment is None else max(0, moment - now)


def _http_date(text: str) -> Millis | None:
    try:
        return int(parsedate_to_datetime(text).timestamp()) * SECOND
    except (ValueError, TypeError, OverflowError):
        return None


class Breaker:
    """How much one endpoint may be asked at a time: little at first, more with each success, a probe while it fails.

    Times are seconds that never go back.
    """

    __slots__ = ("_limit", "_window", "failures", "in_flight", "known", "until")

    TRIP = 5
    """Failures in a row after which only single probes go out."""
    FIRST_REST = 5.0
    LONGEST_REST = 300.0

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._window = 1
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

    @property
    def standing(self) -> str:
        """`failing`, `healthy`, or `unknown` while it has not answered yet."""
        return "failing" if self.failures else "healthy" if self.known else "unknown"
