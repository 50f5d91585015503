"""Moments as people and programs write them: RFC 3339 in UTC with milliseconds and a Z."""

from __future__ import annotations

import datetime as dt
import functools

from tidings.core.message import Millis

LAST: Millis = 253_370_764_800_000
"""9999-01-01: later ones cannot be written down wherever clocks stand. Nor can those before 1970 be of use."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@functools.lru_cache(maxsize=4096)
def written(moment: Millis) -> str:
    """1764000000123 → `2025-11-24T16:00:00.123Z`."""
    return f"{_second(moment // 1000)}.{moment % 1000:03d}Z"


@functools.lru_cache(maxsize=4096)
def _second(second: int) -> str:
    return (_EPOCH + dt.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")


def usable(moment: Millis) -> bool:
    """Whether it can be reckoned with, in whatever time zone."""
    return 0 <= moment < LAST
