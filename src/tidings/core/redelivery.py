"""When a failed webhook comes again, and when it is given up; the clock is an argument."""

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
OVERDUE_MOST: Millis = HORIZON + DAY
"""What could not even be tried for so long, because its endpoint takes no more than probes, is given up."""
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
