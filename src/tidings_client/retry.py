"""When a call is made again, and after how long."""

from __future__ import annotations

from dataclasses import dataclass

from tidings_client.errors import NoAnswer, NotTidings, Problem, TidingsError
from tidings_client.wire import Call

_AGAIN = frozenset({"idempotency_in_flight"})


@dataclass(frozen=True, slots=True)
class Retries:
    """How patient a client is. Seconds."""

    attempts: int = 4
    first: float = 0.5
    """Wait after the first failure; each further one doubles it, and chance spreads it."""
    longest: float = 60.0
    """A server that asks for more than this is not waited for."""

    def pause(self, call: Call, attempt: int, fault: TidingsError, chance: float) -> float | None:
        """Seconds until the next attempt, or None when there is none. `chance`: 0 to 1."""
        if attempt >= self.attempts or not _may_repeat(call, fault):
            return None
        asked = fault.retry_after if isinstance(fault, Problem | NotTidings) else None
        if asked is not None:
            return None if asked > self.longest else asked
        return float(min(self.longest, self.first * 2 ** (attempt - 1)) * (0.5 + chance / 2))


def _may_repeat(call: Call, fault: TidingsError) -> bool:
    """After 408, 429 and 503 nothing was stored; where that is not known, only calls that do nothing twice."""
    if isinstance(fault, Problem):
        again = fault.status in (408, 429, 503) or fault.code in _AGAIN
        return again or (fault.status >= 500 and call.repeatable)
    if isinstance(fault, NotTidings):  # for instance a proxy that lets no more through, or cannot reach the server
        return fault.status == 429 or (fault.status in (500, 502, 503, 504) and call.repeatable)
    return isinstance(fault, NoAnswer) and (call.repeatable or not fault.sent)
