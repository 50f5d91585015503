"""How long a process may trust that it holds a lease: by the clock that never goes back, from before it asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Tenure:
    """One lease that is held. Seconds are those of the monotonic clock."""

    fence: int
    begun_at: float
    """When it was known: answers to what was asked before say nothing of it."""
    until: float
    doubtful: bool = False
    """Its time ran out while the process stood still: somebody else may hold it by now."""

    def holds(self, now: float) -> bool:
        """Whether nobody else can hold it."""
        return now < self.until

    def renew(self, until: float) -> None:
        """The database has said that it is held still."""
        self.until, self.doubtful = max(self.until, until), False
