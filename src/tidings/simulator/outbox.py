"""Owed receipts and texts on their way to an ESME: which go now, which wait; pure."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable

from tidings.core.message import Millis
from tidings.simulator.ledger import Owed
from tidings.simulator.records import HandsetText


def system_id(owed: Owed) -> str:
    """Whom it is for; "" is any ESME."""
    return owed.system_id if isinstance(owed, HandsetText) else owed.submission.system_id


class Outbox:
    """A queue for each ESME, and a heap of what is not due yet."""

    def __init__(self) -> None:
        self._ready: dict[str, deque[Owed]] = {}
        self._later: list[tuple[Millis, int, Owed]] = []

    def put(self, owed: Owed, due: Millis, now: Millis) -> None:
        """Hand it out from `due` on."""
        if due > now:
            heapq.heappush(self._later, (due, owed.key, owed))
        else:
            self._queue(owed).append(owed)

    def back(self, owed: Iterable[Owed]) -> None:
        """These were taken and did not arrive: they go next, in the order given."""
        for item in reversed(list(owed)):
            self._queue(item).appendleft(item)

    def take(self, esme: str) -> Owed | None:
        """What is next for an ESME."""
        for name in (esme, ""):
            queue = self._ready.get(name)
            if queue:
                return queue.popleft()
        return None

    def ripen(self, now: Millis) -> None:
        """What has fallen due may be taken."""
        later = self._later
        while later and later[0][0] <= now:
            owed = heapq.heappop(later)[2]
            self._queue(owed).append(owed)

    @property
    def next_due(self) -> Millis | None:
        """When to ask `ripen` again."""
        return self._later[0][0] if self._later else None

    def _queue(self, owed: Owed) -> deque[Owed]:
        name = system_id(owed)
        queue = self._ready.get(name)
        if queue is None:
            queue = self._ready[name] = deque()
        return queue
