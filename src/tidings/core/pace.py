"""How fast one carrier may be fed: its rate, and what each bind was seen to take after it asked for less.

Pure: the clock is an argument. Rates count segments, since that is what carriers count.
"""

from __future__ import annotations

from tidings.core.schedule import TokenBucket

BURST = 0.1
"""Seconds' worth of a learned rate that may go at once."""
LEAST = 1.0
"""Segments per second that a learned rate never falls below: less would be an outage of our own making."""
BACK_OFF = 0.9
GENTLE, BOLD = 1.02, 1.1
"""What a learned rate is multiplied with each second: for `GENTLE_FOR` seconds after a throttling, and then."""
GENTLE_FOR = 10.0
FORGOTTEN = 600.0
"""Seconds without a throttling after which nothing is held back any more."""


class Pace:
    """How fast one carrier may be fed: its rate, and pauses and learned rates per bind after throttling."""

    __slots__ = ("_binds", "bucket")

    def __init__(self, rate: float) -> None:
        self.bucket = TokenBucket(rate)
        self._binds: dict[str, _Learned] = {}

    def pause(self, bind: str, now: float, seconds: float, throttled: bool = True) -> None:
        """Hold a bind; each pause in a row is twice as long, up to 60 times the first.

        `throttled`: because it asked for less. Afterwards it is fed no faster than it was seen to take, and faster
        again by and by.
        """
        self._of(bind, now).pause(now, seconds, throttled)

    def went_well(self, bind: str, now: float) -> None:
        """A part was taken: the next pause is short again."""
        learned = self._of(bind, now)
        learned.streak = 0
        learned.taken += 1

    def open(self, binds: dict[str, int], now: float) -> dict[str, int]:
        """The binds that are not held, with as much of their room as they may be given now."""
        if not self._binds:
            return {bind: room for bind, room in binds.items() if room > 0}
        found = {bind: min(room, self._of(bind, now).room(now)) for bind, room in binds.items() if room > 0}
        return {bind: room for bind, room in found.items() if room > 0}

    def gave(self, bind: str, segments: int) -> None:
        """So many were given to a bind."""
        learned = self._binds.get(bind)
        if learned is not None and learned.limit is not None:
            learned.limit.take(segments)

    def learned(self, bind: str) -> float | None:
        """Segments per second that a bind is given at most since it throttled; None where nothing is held back."""
        found = self._binds.get(bind)
        return None if found is None or found.limit is None else found.limit.rate

    def wait(self, now: float) -> float:
        """Seconds until something may change by itself."""
        held = [wait for learned in self._binds.values() if (wait := learned.wait(now)) > 0]
        return max(0.001, min([0.5, *held, self.bucket.wait() or 0.5]))

    def _of(self, bind: str, now: float) -> _Learned:
        found = self._binds.get(bind)
        if found is None:
            found = self._binds[bind] = _Learned(now)
        return found


class _Learned:
    """What one bind was seen to take."""

    __slots__ = ("_before", "_grown", "_since", "_throttled", "limit", "streak", "taken", "until")

    def __init__(self, now: float) -> None:
        self.until = 0.0
        self.streak = 0
        self.taken = 0
        """Parts taken since `_since`, the beginning of the second in which we are."""
        self.limit: TokenBucket | None = None
        self._before = 0.0
        """Parts per second in the second before."""
        self._since = self._grown = now
        self._throttled = 0.0

    def pause(self, now: float, seconds: float, throttled: bool) -> None:
        if now < self.until:
            return
        self.streak = min(self.streak + 1, 7)
        self.until = now + min(seconds * 2 ** (self.streak - 1), seconds * 60)
        if throttled:
            self._slow_down(now)

    def _slow_down(self, now: float) -> None:
        self._look(now)
        seen = max(self._before, self.taken / max(1.0, now - self._since))
        if self.limit is not None:
            seen = min(seen, self.limit.rate)
        elif not seen and self.streak == 1:
            return  # nothing was seen of it by now: the pause will do
        self.limit = TokenBucket(max(LEAST, BACK_OFF * seen), BURST)
        self._throttled = self._grown = now

    def room(self, now: float) -> int:
        if now < self.until:
            return 0
        self._look(now)
        if self.limit is None:
            return 1 << 30
        self._grow(now)
        return self.limit.room(now) if self.limit is not None else 1 << 30

    def wait(self, now: float) -> float:
        if now < self.until:
            return self.until - now
        return 0.0 if self.limit is None else self.limit.wait()

    def _look(self, now: float) -> None:
        elapsed = now - self._since
        if elapsed >= 1.0:
            self._before, self.taken, self._since = self.taken / elapsed, 0, now

    def _grow(self, now: float) -> None:
        if self.limit is None or now - self._grown < 1.0:
            return
        calm = now - self._throttled
        if calm >= FORGOTTEN:
            self.limit = None
            return
        self.limit.rate *= GENTLE if calm < GENTLE_FOR else BOLD
        self._grown = now
