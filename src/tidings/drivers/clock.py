"""The clock of the machine: the only place that reads time or chance."""

from __future__ import annotations

import random
import secrets
import time

from tidings.core.message import Millis


class SystemClock:
    """See `core.ports.Clock`."""

    __slots__ = ()

    def now(self) -> Millis:
        """Milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def random(self) -> float:
        """A number in [0, 1); for spreading, not for secrets."""
        return random.random()

    def token(self, octets: int) -> bytes:
        """Octets fit for a secret."""
        return secrets.token_bytes(octets)
