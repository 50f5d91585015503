"""How long a bind rests before it is tried again, so that one that falls again and again is left in peace. Pure."""

from __future__ import annotations

HALF_LIFE = 120.0
"""Seconds of standing that halve what earlier falls count."""
FLAPPING = 2.5
"""Falls, as far as they still count, from which on a bind flaps: the third in quick succession, or one a minute."""


class Damping:
    """The falls and failures of one bind. Each makes the next pause twice as long; standing makes up for falls."""

    __slots__ = ("_failures", "_falls", "_first", "_most")

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self._failures = 0
        self._falls = 0.0

    def failed(self) -> None:
        """An attempt did not come up."""
        self._failures += 1

    def fell(self, stood: float) -> None:
        """It stood for so many seconds, and fell."""
        self._falls = self._counts(stood) + 1
        self._failures = 0

    def flapping(self, stood: float = 0.0) -> bool:
        """Whether it falls too often; `stood`: seconds that it stands by now."""
        return self._counts(stood) >= FLAPPING

    def pause(self, chance: float) -> float:
        """Seconds to rest now; `chance`, a number in [0, 1), spreads those who fell together."""
        doublings = min(16.0, max(0.0, self._failures + self._falls - 1))
        most: float = min(self._most, self._first * 2.0**doublings)
        return most * (0.5 + 0.5 * chance)

    def _counts(self, stood: float) -> float:
        counts: float = self._falls * 0.5 ** (stood / HALF_LIFE)
        return counts
