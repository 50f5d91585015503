"""All that is on its way, an endpoint a lane: starts what can start, and looks at the rest when its time comes."""

from __future__ import annotations

import asyncio
import functools
import heapq
import logging
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from tidings.core.breaker import Standing, Strain
from tidings.core.lane import Lane
from tidings.core.message import Millis
from tidings.core.ports import StoreUnavailable
from tidings.core.questions import Tx
from tidings.core.slots import Slots
from tidings.core.telling import Load
from tidings.core.webhook import Delivery, Subscription, endpoint_of
from tidings.drivers.ledger import Ledger
from tidings.notifier.courier import Courier
from tidings.pipeline import notify, settle
from tidings.pipeline.house import House

log = logging.getLogger("tidings.webhooks")

IN_MEMORY_MOST = 10_000
"""Deliveries in memory, after which lanes take little more than what their next request holds."""
LANES_MOST = 10_000
"""Lanes that are remembered, after which those for which nothing waits are forgotten."""
AGAIN: Millis = 5_000
"""After this a delivery is tried again that could not be sent or recorded for a fault of ours."""


class Lanes:
    """Every lane by the name of its endpoint."""

    def __init__(self, house: House, courier: Courier) -> None:
        self._house = house
        self._courier = courier
        self.ledger = Ledger(house.store, settle.settle, self._settled)
        self.subscriptions: dict[int, Subscription] = {}
        """Those that are switched on."""
        self.in_memory = 0
        self._lanes: dict[str, Lane[Load]] = {}
        self._slots: Slots[Lane[Load]] = Slots()
        self._timers: list[tuple[float, int, Lane[Load]]] = []
        self._timer_count = 0
        self._wake_timer = asyncio.Event()
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.gone = asyncio.Event()
        """An endpoint has said that it is gone for good."""

    def open(self, group: asyncio.TaskGroup) -> None:
        """From here on requests go out, as tasks of the group."""
        self._group = group

    def stop(self) -> set[asyncio.Task[None]]:
        """Start nothing more; returns what is under way."""
        self._stopping = True
        self._wake_timer.set()
        return set(self._tasks)

    def failing(self) -> list[Lane[Load]]:
        """Lanes whose endpoint gets probes only, the worst first."""
        bad = [one for one in self._lanes.values() if one.breaker.failures >= one.breaker.TRIP]
        return sorted(bad, key=lambda lane: -lane.breaker.failures)

    def strain(self, name: str) -> Strain:
        """How badly an endpoint answers; one that was never called, not at all."""
        lane = self._lanes.get(name)
        if lane is None:
            return Strain(0, 0.0)
        return Strain(lane.breaker.failures, max(0.0, lane.breaker.until - self._house.clock.monotonic()))

    # what there is to send

    def take_over(self, loads: Sequence[Load]) -> None:
        """Fresh deliveries, stored as waiting: into memory where there is room, else they are read later."""
        touched: dict[str, Lane[Load]] = {}
        wall = self._house.clock.now()
        for load in loads:
            lane = self._lane_of(load.delivery)
            touched[lane.name] = lane
            if lane.takes(wall, self.in_memory >= IN_MEMORY_MOST):
                lane.put(load)
                self.in_memory += 1
            else:
                lane.due(load.delivery.next_at or 0)
        self._kick_all(touched.values())

    def waits(self, deliveries: Iterable[Delivery]) -> None:
        """The store has these."""
        touched: dict[str, Lane[Load]] = {}
        for row in deliveries:
            lane = touched[row.endpoint] = self._lane_of(row)
            lane.due(row.next_at or 0)
        self._kick_all(touched.values())

    def waits_at(self, name: str, account_id: int, webhook_id: int | None, at: Millis) -> None:
        """The store has something for an endpoint."""
        lane = self._lane(name, account_id, webhook_id)
        if not lane.held:
            lane.due(at)
            self._kick(lane)

    def changed(self, webhook_id: int, account_id: int, subscription: Subscription | None) -> None:
        """A subscription is other than before; None: it is switched off or gone."""
        name = endpoint_of(webhook_id, account_id, None)
        if subscription is None:
            self.subscriptions.pop(webhook_id, None)
            if name in self._lanes:
                self._lanes[name].learn(None)
                self._shed(self._lanes[name])
            return
        self.subscriptions[webhook_id] = subscription
        lane = self._lane(name, account_id, webhook_id)
        lane.learn(subscription)
        lane.breaker.anew()
        lane.due(0)
        self._kick(lane)

    def _lane_of(self, delivery: Delivery) -> Lane[Load]:
        return self._lane(delivery.endpoint, delivery.account_id, delivery.webhook_id)

    def _lane(self, name: str, account_id: int, webhook_id: int | None) -> Lane[Load]:
        found = self._lanes.get(name)
        if found is None:
            if len(self._lanes) >= LANES_MOST:
                self._lanes = {name: one for name, one in self._lanes.items() if not one.idle}
            limit = self._house.settings.webhooks.concurrency
            found = self._lanes[name] = Lane(name, account_id, webhook_id, limit, _number)
            if webhook_id is not None:
                found.learn(self.subscriptions.get(webhook_id))
        return found

    # time

    def _later(self, lane: Lane[Load], seconds: float) -> None:
        at = self._house.clock.monotonic() + max(0.0, seconds)
        if lane.timer_at is not None and lane.timer_at <= at:
            return
        self._timer_count += 1
        lane.timer_at = at
        heapq.heappush(self._timers, (at, self._timer_count, lane))
        if self._timers[0][1] == self._timer_count:
            self._wake_timer.set()

    async def time_for_ever(self) -> None:
        """Look at lanes when they asked for it, and at requests that have become slow, until `stop`."""
        while not self._stopping:
            self._wake_timer.clear()
            now = self._house.clock.monotonic()
            self._slots.age(now)
            self._unpark()
            while self._timers and self._timers[0][0] <= now:
                at, _, lane = heapq.heappop(self._timers)
                if at != lane.timer_at:
                    continue  # an earlier one took its place
                lane.timer_at, lane.lingering = None, False
                self._kick(lane, lingered=True)
            moments = [at for at in (self._slots.ages_at(), self._timers[0][0] if self._timers else None) if at]
            await wait(self._wake_timer, max(0.0, min(moments) - now) if moments else None)

    # lanes

    def _kick_all(self, lanes: Iterable[Lane[Load]]) -> None:
        for lane in lanes:
            self._kick(lane)

    def _kick(self, lane: Lane[Load], lingered: bool = False, turn: bool = False) -> None:
        """Start what can start, or see to it that the lane is looked at again when something can.

        `turn`: it has waited for a place, and may take one whoever waits behind it.
        """
        while (sending := self._begin(lane, lingered, turn)) is not None:
            turn = False
            self._task(self._send(lane, *sending))

    def _begin(self, lane: Lane[Load], lingered: bool = False, turn: bool = False) -> tuple[list[Load], int] | None:
        """What one more request shall hold, and its place; None where nothing can start now."""
        if self._stopping or lane.parked:
            return None
        now = self._house.clock.monotonic()
        step = lane.step(now, self._house.clock.now(), lingered)
        if step.do == "later":
            self._later(lane, step.wait)
        elif step.do == "read":
            lane.begin_read()
            self._task(self._read(lane))
        if step.do != "send":
            return None
        standing = lane.breaker.standing
        if not self._may_start(lane, standing, turn):
            self._park(lane, standing)
            return None
        lane.breaker.begin()
        return lane.take(step.most), self._slots.begin(standing, now)

    def _park(self, lane: Lane[Load], standing: Standing) -> None:
        """Wait for a place; a lane that has one already stands behind all that have none."""
        lane.parked = True
        self._slots.wait(standing, lane)
        self._wake_timer.set()

    def _may_start(self, lane: Lane[Load], standing: Standing, turn: bool) -> bool:
        if self.ledger.full or not self._slots.free(standing):
            return False
        return turn or not lane.breaker.in_flight or not self._slots.crowded(standing)

    def _unpark(self) -> None:
        while not self.ledger.full and not self._stopping and (lane := self._slots.next()) is not None:
            lane.parked = False
            self._kick(lane, lingered=True, turn=True)

    def _shed(self, lane: Lane[Load]) -> None:
        """Give its memory to others: what is ready stands in the store too."""
        dropped = lane.drop()
        self.in_memory -= dropped
        if dropped:
            lane.due(self._house.clock.now())

    async def _read(self, lane: Lane[Load]) -> None:
        """Read the next deliveries of a lane into memory."""
        now = self._house.clock.now()
        room = max(1, lane.room(self.in_memory >= IN_MEMORY_MOST))
        limit = room + len(lane.held)
        try:
            rows, loads = await self._house.store.read(
                functools.partial(_waiting, lane.name, lane.ordered, limit, now)
            )  # fmt: skip
        except Exception as fault:
            if isinstance(fault, StoreUnavailable):
                log.error("webhooks that wait cannot be read now: %s", fault)
            else:
                log.exception("what waits for %s cannot be read", lane.name)
            lane.end_read()
            lane.due(now + AGAIN)
            self._kick(lane)
            return
        known = lane.end_read()
        for load in loads:
            if lane.on and load.delivery.id not in known:
                lane.put(load)
                self.in_memory += 1
        later = [one.next_at for one in rows if one.next_at is not None and one.next_at > now]
        if later:
            lane.due(later[0])
        elif len(rows) == limit and (lane.ready or not lane.held):
            lane.due(now)
        self._kick(lane)

    # sending

    async def _send(self, lane: Lane[Load], loads: list[Load], place: int) -> None:
        """Send one request, and in the same task the lane's next, as long as one can start when this one ends."""
        while True:
            await self._send_one(lane, loads, place)
            following = self._begin(lane)
            self._kick(lane)
            self._unpark()
            if following is None:
                return
            loads, place = following

    async def _send_one(self, lane: Lane[Load], loads: list[Load], place: int) -> None:
        outcome = None
        try:
            outcome = await self._courier.carry(lane, loads)
        except StoreUnavailable as fault:
            log.error("%s cannot be called now: %s", lane.name, fault)
        except Exception:
            log.exception("sending to %s broke", lane.name)
            lane.breaker.failed(self._house.clock.monotonic())
        finally:
            self._slots.end(place)
            lane.breaker.release()
        if lane.breaker.failures:
            self._shed(lane)
        if outcome is not None:
            if outcome.gone and lane.webhook_id is not None:
                self.changed(lane.webhook_id, lane.account_id, None)
            self.ledger.enter(lane, outcome, len(outcome.deliveries))
        else:
            self._give_back(lane, [load.delivery for load in loads])

    def _give_back(self, lane: Lane[Load], deliveries: Sequence[Delivery]) -> None:
        """They stand in the store as they did before, and are tried again."""
        self.in_memory -= len(deliveries)
        lane.settle(one.id for one in deliveries)
        lane.due(self._house.clock.now() + AGAIN)
        self._kick(lane)

    def _settled(self, lane: Lane[Load], outcome: settle.Outcome, rows: tuple[Delivery, ...] | None) -> None:
        if outcome.gone:
            self.gone.set()
        if rows is None:
            self._give_back(lane, outcome.deliveries)
            return
        self.in_memory -= len(outcome.deliveries)
        lane.settle(one.id for one in outcome.deliveries)
        for row in rows:
            if row.next_at is not None:
                lane.due(row.next_at)
        if lane.ordered:
            lane.due(self._house.clock.now())  # what came after these may go now
        if outcome.gone:
            log.warning("%s answered 410 Gone: it is switched off", lane.name)
        self._kick(lane)
        if not self.ledger.full:
            self._unpark()

    def _task(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _number(load: Load) -> int:
    return load.delivery.id


async def _waiting(endpoint: str, ordered: bool, limit: int, now: Millis, tx: Tx) -> tuple[list[Delivery], list[Load]]:
    rows = await tx.webhooks.waiting(endpoint, ordered, limit)
    return rows, await notify.loads(tx, [one for one in rows if (one.next_at or 0) <= now])


async def wait(event: asyncio.Event, seconds: float | None) -> None:
    """Until the event or the time, whichever is first."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
