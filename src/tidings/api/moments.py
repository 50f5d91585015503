"""Times on the wire: RFC 3339 in UTC with milliseconds and a Z, and the integers they stand for."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from msgspec import Meta

from tidings.core.message import Millis
from tidings.core.moments import written

Time = Annotated[
    str,
    Meta(
        description="RFC 3339, UTC",
        extra_json_schema={"format": "date-time"},
        examples=["2026-11-23T09:30:00.000Z"],
    ),
]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


def show(moment: Millis) -> str:
    """1764000000123 → `2025-11-24T16:00:00.123Z`."""
    return written(moment)


def show_or_none(moment: Millis | None) -> str | None:
    """Like `show`; None stays None."""
    return None if moment is None else show(moment)


def millis(moment: dt.datetime) -> Millis:
    """An aware time as milliseconds since 1970."""
    return (moment - _EPOCH) // _MILLISECOND
