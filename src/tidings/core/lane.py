"""What is on its way to one endpoint: what of it is in memory, what only in the store, and what to do next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, Literal, NamedTuple, TypeVar

from tidings.core.breaker import Breaker
from tidings.core.message import Millis
from tidings.core.webhook import BATCH_MOST, Subscription

T = TypeVar("T")

READY_MOST = 10 * BATCH_MOST
"""Deliveries of an endpoint in memory while it answers well; what is more stays in the store until there is room."""
READ_LEAST = 20
"""Deliveries of an endpoint that answers well which are read even while memory is full."""
LINGER = 0.05
"""Seconds for which a batch that is not full waits for more."""
LONGEST = 3_600.0
"""Seconds after which an endpoint is looked at again in any case."""


class Step(NamedTuple):
    """What to do about an endpoint now."""

    do: Literal["send", "read", "later", "rest"]
    most: int = 0
    """Deliveries to send in one request."""
    wait: float = 0.0
    """Seconds until it is to be looked at again."""


REST = Step("rest")
READ = Step("read")


class Lane(Generic[T]):
    """One endpoint: a subscription's, or the callbacks of an account to one origin."""

    __slots__ = (
        "_number", "_settled", "account_id", "batch", "breaker", "held", "lingering", "name", "next_at", "on",
        "ordered", "parked", "reading", "ready", "replies", "timer_at", "url", "webhook_id",
    )  # fmt: skip

    def __init__(
        self, name: str, account_id: int, webhook_id: int | None, limit: int, number: Callable[[T], int]
    ) -> None:
        """`limit`: requests at a time; `number`: tells the number of a delivery."""
        self.name = name
        self.account_id = account_id
        self.webhook_id = webhook_id
        self.breaker = Breaker(limit)
        self.ready: deque[T] = deque()
        self.held: set[int] = set()
        """Deliveries that are ready, under way, or sent and not yet recorded as such."""
        self.next_at: Millis | None = None
        """When the store has something for it that is not in memory."""
        self.reading = False
        self.parked = False
        """Whether it waits for a place among all requests."""
        self.lingering = False
        self.timer_at: float | None = None
        self.on = webhook_id is None
        """Whether it may be called; a subscription's only while it is there and switched on."""
        self.url: str | None = None
        """A subscription's; each callback bears its own."""
        self.batch = 1
        self.ordered = False
        self.replies = "json"
        """How a subscription's answers may hold replies."""
        self._number = number
        self._settled: set[int] = set()
        """Deliveries that were settled while the store was being read: what it said of them is out of date."""

    def learn(self, subscription: Subscription | None) -> None:
        """Take over what its subscription asks for; None: it is gone or switched off."""
        self.on = subscription is not None
        if subscription is not None:
            self.url, self.batch, self.ordered = subscription.url, subscription.batch, subscription.ordered
            self.replies = subscription.replies

    # deciding

    def step(self, now: float, wall: Millis, lingered: bool = False) -> Step:
        """What can be done now. `lingered`: a batch has waited for more for long enough."""
        if not self.on:
            return REST
        if not self.ready:
            return self._without(now, wall)
        if self.breaker.room(now) < 1:
            # While requests are under way the end of one of them is when it is looked at again.
            return Step("later", wait=self.breaker.until - now) if self.breaker.until > now else REST
        if len(self.ready) >= self.batch or lingered:
            return Step("send", min(self.batch, len(self.ready)))
        if self.lingering:
            return REST
        self.lingering = True
        return Step("later", wait=LINGER)

    def _without(self, now: float, wall: Millis) -> Step:
        if self.next_at is None or self.reading:
            return REST
        wait = max((self.next_at - wall) / 1000, self.breaker.until - now)
        return READ if wait <= 0 else Step("later", wait=min(wait, LONGEST))

    def room(self, full: bool) -> int:
        """Deliveries it may still take into memory. One that is not known to answer well gets what one request takes:
        however many endpoints are dead, they fill no memory. `full`: memory is, by all endpoints together.
        """
        most = READY_MOST if self.breaker.standing == "healthy" else self.batch
        return max(0, (min(most, max(self.batch, READ_LEAST)) if full else most) - len(self.ready))

    def takes(self, wall: Millis, full: bool) -> bool:
        """Whether a fresh delivery may go straight to memory, past none that is due before it."""
        if not self.on or self.ordered or self.reading or full or (self.next_at is not None and self.next_at <= wall):
            return False
        return self.room(full) > 0

    # keeping

    def due(self, at: Millis) -> None:
        """The store has something for it at `at`."""
        if self.next_at is None or at < self.next_at:
            self.next_at = at

    def put(self, load: T) -> None:
        """Into memory, behind what is there."""
        self.ready.append(load)
        self.held.add(self._number(load))

    def take(self, count: int) -> list[T]:
        """The next ones, to be sent; they stay held until `settle`."""
        return [self.ready.popleft() for _ in range(count)]

    def drop(self) -> int:
        """Forget what is ready: it stands in the store. Returns how many."""
        count = len(self.ready)
        self.held.difference_update(self._number(load) for load in self.ready)
        self.ready.clear()
        return count

    def settle(self, numbers: Iterable[int]) -> None:
        """These are recorded, or given back to the store."""
        done = set(numbers)
        self.held -= done
        if self.reading:
            self._settled |= done

    def begin_read(self) -> None:
        """The store is asked; what comes meanwhile falls due anew."""
        self.reading, self.next_at = True, None

    def end_read(self) -> set[int]:
        """The store has answered; returns what must not be taken from its answer."""
        self.reading = False
        known, self._settled = self.held | self._settled, set()
        return known

    @property
    def idle(self) -> bool:
        """Whether nothing would be lost by forgetting it."""
        if self.held or self.reading or self.parked:
            return False
        return not self.on or (self.next_at is None and not self.breaker.failures)
