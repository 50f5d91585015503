"""Times as SMPP writes them: YYMMDDhhmmsstnnp (SMPP 3.4 section 7.1.1)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

_MOST = 99 * 365 * 86_400


@lru_cache(maxsize=4096)
def relative(seconds: int) -> str:
    """So many seconds from when the SMSC takes it. A month counts 30 days, a year 365, as there is no other rule."""
    seconds = max(0, min(seconds, _MOST))
    days, rest = divmod(seconds, 86_400)
    years, days = divmod(days, 365)
    months, days = divmod(days, 30)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{years:02d}{months:02d}{days:02d}{hours:02d}{minutes:02d}{seconds:02d}000R"


def absolute(moment_ms: int) -> str:
    """A moment (milliseconds since 1970) in UTC."""
    moment = datetime.fromtimestamp(moment_ms / 1000, UTC)
    return f"{moment:%y%m%d%H%M%S}{moment.microsecond // 100_000}00+"
