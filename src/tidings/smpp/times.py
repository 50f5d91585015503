"""Times as SMPP writes them: YYMMDDhhmmsstnnp (SMPP 3.4 section 7.1.1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
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


_FORM = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d)(\d\d)([+\-R])", re.ASCII)
_QUARTERS_MOST = 48


def read(text: str, now: int) -> int | None:
    """The moment (milliseconds since 1970) that a time names, `now` being when it came; None for the empty one.

    Raises ValueError, whose words go on from the name of the field. A month counts 30 days, as in `relative`.
    """
    if not text:
        return None
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError("must be written YYMMDDhhmmsstnnp")
    years, months, days, hours, minutes, seconds, tenths, quarters = (int(group) for group in form.groups()[:-1])
    if form[9] == "R":
        span = (years * 365 + months * 30 + days) * 86_400 + hours * 3600 + minutes * 60 + seconds
        return now + span * 1000
    if quarters > _QUARTERS_MOST:
        raise ValueError("is further from UTC than any place")
    try:
        local = datetime(2000 + years, months, days, hours, minutes, seconds, tenths * 100_000, UTC)
    except ValueError:
        raise ValueError("is no time of any calendar") from None
    ahead = timedelta(minutes=15 * quarters)
    moment = local - ahead if form[9] == "+" else local + ahead
    return round(moment.timestamp() * 1000)
