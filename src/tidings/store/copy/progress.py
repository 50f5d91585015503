"""How far a copying is: rows, percent, rate, time left."""

from __future__ import annotations

from collections.abc import Callable

from tidings.core.ports import Clock

OFTEN = 0.2
"""Seconds between two lines."""


class Progress:
    """Tells in one line, now and then. Rows that an earlier run has done count as done, and not for the rate."""

    def __init__(self, tell: Callable[[str], None], clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._next = 0.0
        self.start("", 0)

    def start(self, what: str, total: int) -> None:
        """Begin with something of so many rows."""
        self._what, self._total = what, total
        self._rows = self._before = 0
        self._began = self._clock.monotonic()

    def skip(self, rows: int) -> None:
        """These were done before."""
        self._before += rows

    def add(self, rows: int, table: str) -> None:
        """These are done now."""
        self._rows += rows
        now = self._clock.monotonic()
        if now >= self._next:
            self._next = now + OFTEN
            self._tell(f"{self.line()}; {table}")

    def line(self) -> str:
        """Such as `copied 1,200 of 5,000 rows (24 %), 600 a second, 6 s left`."""
        done, took = self._before + self._rows, self._clock.monotonic() - self._began
        text = f"{self._what} {done:,} of {self._total:,} rows ({100 * done // max(1, self._total)} %)"
        if took <= 0 or not self._rows:
            return text
        rate = self._rows / took
        return f"{text}, {rate:,.0f} a second, {_time(max(0, self._total - done) / rate)} left"


def _time(seconds: float) -> str:
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h {whole % 3600 // 60} min"
