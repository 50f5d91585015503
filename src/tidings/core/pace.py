"""How fast one carrier may be fed: its rate, and pauses after it asked for less. Pure: the clock is an argument."""

from __future__ import annotations

from tidings.core.schedule import TokenBucket


class Pace:
    """How fast one carrier may be fed: its rate, and pauses per bind after throttling."""

    __slots__ = ("bucket", "streak", "until")

    def __init__(self, rate: float) -> None:
        self.bucket = TokenBucket(rate)
        self.until: dict[str, float] = {}
        self.streak: dict[str, int] = {}

    def pause(self, bind: str, now: float, seconds: float) -> None:
        """Hold a bind; each pause in a row is twice as long, up to 60 times the first."""
        if now < self.until.get(bind, 0.0):
            return
        streak = self.streak[bind] = min(self.streak.get(bind, 0) + 1, 7)
        self.until[bind] = now + min(seconds * 2 ** (streak - 1), seconds * 60)

    def went_well(self, bind: str) -> None:
        """A part was taken: the next pause is short again."""
        self.streak.pop(bind, None)

    def open(self, binds: dict[str, int], now: float) -> dict[str, int]:
        """The binds that are not held."""
        return {bind: room for bind, room in binds.items() if room > 0 and now >= self.until.get(bind, 0.0)}

    def wait(self, now: float) -> float:
        """Seconds until something may change by itself."""
        held = [until - now for until in self.until.values() if until > now]
        return max(0.001, min([0.5, *held, self.bucket.wait() or 0.5]))
