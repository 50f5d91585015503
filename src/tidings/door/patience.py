"""Slows down whoever guesses: each wrong password doubles the wait before the next look, by address and system_id."""

from __future__ import annotations

FIRST = 0.25
"""Seconds after the first wrong one."""
MOST = 5.0
FORGIVEN_AFTER = 900.0
"""Seconds without a wrong one after which the count begins anew."""
_MOST_KEPT = 20_000
_STEPS = 16


class Patience:
    """Wrong tries by key; pure, the time is given."""

    __slots__ = ("_wrong",)

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[int, float]] = {}

    def wait(self, key: str, now: float) -> float:
        """Seconds before the next try of this key is looked at."""
        count, last = self._wrong.get(key, (0, now))
        if not count or now - last >= FORGIVEN_AFTER:
            return 0.0
        return min(MOST, FIRST * 2.0 ** min(count - 1, _STEPS))

    def failed(self, key: str, now: float) -> None:
        """Another wrong one. Of too many keys the one that was wrong longest ago is forgotten."""
        count, last = self._wrong.pop(key, (0, now))
        if now - last >= FORGIVEN_AFTER:
            count = 0
        while len(self._wrong) >= _MOST_KEPT:
            del self._wrong[next(iter(self._wrong))]
        self._wrong[key] = (count + 1, now)

    def succeeded(self, key: str) -> None:
        """It was right."""
        self._wrong.pop(key, None)
