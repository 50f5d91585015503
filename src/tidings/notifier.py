"""The loops behind webhooks: follow the tail of events, feed endpoints, send, repeat. What is decided, notify decides.

Each endpoint has its own breaker, window and queue, and those that fail or are new share a part of all requests only:
however many of them hang, the healthy ones find room.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections import deque
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from tidings.core.message import DAY, Millis
from tidings.core.ports import NotPosted, Post, Posted, Stage, StoreUnavailable
from tidings.core.questions import Tx
from tidings.core.redelivery import Breaker
from tidings.core.request import Answer, Idempotency, Request, Stored
from tidings.core.webhook import BATCH_MOST, Delivery, Secret, Subscription, endpoint_of
from tidings.pipeline import accept, notify, subscribe
from tidings.pipeline.house import House

log = logging.getLogger("tidings.webhooks")

I = TypeVar("I")  # noqa: E741
R = TypeVar("R")

READY_MOST = 2 * BATCH_MOST
"""Deliveries of one endpoint in memory; what is more stays in the store until there is room."""
IN_MEMORY_MOST = 10_000
"""Deliveries of all endpoints in memory."""
ENDPOINTS_MOST = 10_000
ROOMS = {"healthy": 256, "unknown": 160, "failing": 32}
"""Requests under way at a time by the standing of their endpoint; `healthy` is the bound of all together."""
LINGER_S = 0.05
"""How long a batch that is not full waits for more."""
TIDY_S = 60.0
TIDY_MOST = 1_000
REPLY_DAYS = 1
"""An answer may send a reply while the event is younger than this: so long its idempotency is kept."""


class Endpoint:
    """One endpoint: its breaker, what is ready for it in memory, and when the store has more."""

    __slots__ = (
        "account_id", "breaker", "fetching", "held", "lingering", "name", "next_at", "parked", "ready", "settled",
        "timer_at", "webhook_id",
    )  # fmt: skip

    def __init__(self, name: str, account_id: int, webhook_id: int | None, limit: int) -> None:
        self.name = name
        self.account_id = account_id
        self.webhook_id = webhook_id
        self.breaker = Breaker(limit)
        self.ready: deque[notify.Load] = deque()
        self.held: set[int] = set()
        """Deliveries that are ready or under way."""
        self.next_at: Millis | None = None
        """When the store has something for it that is not in memory."""
        self.fetching = False
        self.parked = False
        """Whether it waits for room among all requests."""
        self.lingering = False
        self.settled: set[int] = set()
        """Deliveries that were settled while the store was being asked: what it says of them is out of date."""
        self.timer_at: float | None = None


class Notifier:
    """Everything about webhooks that moves by itself in one process."""

    def __init__(self, house: House, post: Post) -> None:
        self._house = house
        self._post = post
        self._endpoints: dict[str, Endpoint] = {}
        self._timers: list[tuple[float, int, Endpoint]] = []
        self._timer_count = 0
        self._parked: dict[str, deque[Endpoint]] = {standing: deque() for standing in ROOMS}
        self._under_way = dict.fromkeys(ROOMS, 0)
        self._in_memory = 0
        self._position = 0
        self._directory = notify.Directory(-1, {}, False)
        self._subscriptions: dict[int, Subscription] = {}
        self._secrets: dict[tuple[int, int], list[Secret]] = {}
        self._wake_tail = asyncio.Event()
        self._wake_timer = asyncio.Event()
        self._wake_tidy = asyncio.Event()
        self._stopping = False
        self._loops: list[asyncio.Task[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._forgotten = 0

    # start and stop

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Learn who listens and what waits, and set the loops going."""
        self._group = group
        store = self._house.store
        store.after_commit(self._committed)
        store.follow(subscribe.replay_page, self._replayed)
        store.follow(subscribe.change_subscriptions, self._changed)
        store.follow(subscribe.drop_subscriptions, self._dropped)
        store.follow(notify.keep_secrets, self._rotated)
        await self._learn()
        await self._look_for_waiting()
        self._wake_tail.set()
        self._loops = [
            group.create_task(loop)
            for loop in (self._tail_for_ever(), self._time_for_ever(), self._tidy_for_ever())
        ]  # fmt: skip

    async def stop(self, grace: float) -> None:
        """Start nothing more, wait for answers up to `grace` seconds; what is cut off then is sent again next time."""
        self._stopping = True
        for event in (self._wake_tail, self._wake_timer, self._wake_tidy):
            event.set()
        waiting = [*self._loops, *self._tasks]
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=max(grace, 0.5))
            for task in late:
                task.cancel()

    def failing(self) -> list[str]:
        """Endpoints that do not answer well, in plain sentences, the worst first."""
        bad = [one for one in self._endpoints.values() if one.breaker.failures >= Breaker.TRIP]
        bad.sort(key=lambda one: -one.breaker.failures)
        return [f"webhook {one.name}: {one.breaker.failures} requests in a row failed" for one in bad[:10]]

    # the tail

    def _committed(self, stages: set[str]) -> None:
        if self._house.listening and not stages <= subscribe.NO_EVENTS:
            self._wake_tail.set()

    async def _tail_for_ever(self) -> None:
        while not self._stopping:
            await self._wake_tail.wait()
            self._wake_tail.clear()
            while not self._stopping and await self._fan_out():
                pass

    async def _fan_out(self) -> bool:
        """One look behind the cursor; True when there may be more."""
        try:
            tail = notify.Tail(self._position, self._directory)
            fanned = (await self._house.store.write(notify.fan_out, [tail]))[0]
            if fanned.stale:
                await self._learn()
                return True
        except StoreUnavailable as fault:
            log.error("events cannot be read for webhooks now: %s", fault)
            await asyncio.sleep(1.0)
            return True
        self._position = fanned.position
        self._take_over(fanned.loads)
        return fanned.more

    async def _learn(self) -> None:
        self._directory = await self._house.store.read(notify.directory)
        known = {one.id: one for pairs in self._directory.by_account.values() for one, _ in pairs}
        for webhook_id in known.keys() - self._subscriptions.keys():
            self._secrets.pop((known[webhook_id].account_id, webhook_id), None)
        self._subscriptions = known
        if not self._directory.silent:
            self._house.listening = True  # and stays so: a caller may be about to make the next one

    def _take_over(self, loads: Sequence[notify.Load]) -> None:
        """Hand fresh deliveries to their endpoints in memory; where there is no room they are read later."""
        touched: dict[str, Endpoint] = {}
        for load in loads:
            endpoint = self._endpoint(load.delivery)
            touched[endpoint.name] = endpoint
            subscription = self._subscriptions.get(endpoint.webhook_id or 0)
            ordered = subscription is not None and subscription.ordered
            room = len(endpoint.ready) < READY_MOST and self._in_memory < IN_MEMORY_MOST
            if ordered or endpoint.fetching or endpoint.next_at is not None or not room:
                self._due(endpoint, load.delivery.next_at or 0)
            else:
                self._ready(endpoint, load)
        for endpoint in touched.values():
            self._kick(endpoint)

    def _endpoint(self, delivery: Delivery) -> Endpoint:
        return self._named(delivery.endpoint, delivery.account_id, delivery.webhook_id)

    def _named(self, name: str, account_id: int, webhook_id: int | None) -> Endpoint:
        found = self._endpoints.get(name)
        if found is None:
            if len(self._endpoints) >= ENDPOINTS_MOST:
                self._forget_idle()
            found = Endpoint(name, account_id, webhook_id, self._house.settings.webhooks.concurrency)
            self._endpoints[name] = found
        return found

    def _forget_idle(self) -> None:
        """Endpoints for which nothing waits need not be remembered."""
        for name, one in list(self._endpoints.items()):
            if not one.held and one.next_at is None and not one.fetching and not one.breaker.failures:
                del self._endpoints[name]

    def _ready(self, endpoint: Endpoint, load: notify.Load) -> None:
        endpoint.ready.append(load)
        endpoint.held.add(load.delivery.id)
        self._in_memory += 1

    def _due(self, endpoint: Endpoint, at: Millis) -> None:
        """The store has something for the endpoint at `at`."""
        if endpoint.next_at is None or at < endpoint.next_at:
            endpoint.next_at = at

    # time

    def _later(self, endpoint: Endpoint, seconds: float) -> None:
        at = self._house.clock.monotonic() + max(0.0, seconds)
        if endpoint.timer_at is not None and endpoint.timer_at <= at:
            return
        self._timer_count += 1
        endpoint.timer_at = at
        heapq.heappush(self._timers, (at, self._timer_count, endpoint))
        if self._timers[0][1] == self._timer_count:
            self._wake_timer.set()

    async def _time_for_ever(self) -> None:
        while not self._stopping:
            self._wake_timer.clear()
            now = self._house.clock.monotonic()
            while self._timers and self._timers[0][0] <= now:
                at, _, endpoint = heapq.heappop(self._timers)
                if at != endpoint.timer_at:
                    continue  # an earlier one took its place
                endpoint.timer_at = None
                endpoint.lingering = False
                self._kick(endpoint, lingered=True)
            wait = self._timers[0][0] - now if self._timers else None
            await _wait(self._wake_timer, wait)

    # endpoints

    def _kick(self, endpoint: Endpoint, lingered: bool = False) -> None:
        """Start what can start for an endpoint, or see to it that it is looked at again when it can."""
        if self._stopping or endpoint.parked:
            return
        breaker = endpoint.breaker
        while True:
            if not endpoint.ready:
                self._look(endpoint)
                return
            if self._held_back(endpoint):
                self._drop_ready(endpoint)
                return
            now = self._house.clock.monotonic()
            if breaker.room(now) < 1:
                if breaker.until > now:
                    self._later(endpoint, breaker.until - now)
                return  # or the end of one that is under way kicks it
            most = self._batch(endpoint)
            if len(endpoint.ready) < most and not lingered:
                if not endpoint.lingering:
                    endpoint.lingering = True
                    self._later(endpoint, LINGER_S)
                return
            standing = breaker.standing
            if not self._room(standing):
                endpoint.parked = True
                self._parked[standing].append(endpoint)
                return
            loads = [endpoint.ready.popleft() for _ in range(min(most, len(endpoint.ready)))]
            breaker.begin()
            self._under_way[standing] += 1
            self._task(self._send(endpoint, loads, standing))

    def _batch(self, endpoint: Endpoint) -> int:
        subscription = self._subscriptions.get(endpoint.webhook_id or 0)
        return subscription.batch if subscription else 1

    def _held_back(self, endpoint: Endpoint) -> bool:
        """Whether its subscription is switched off or gone."""
        return endpoint.webhook_id is not None and endpoint.webhook_id not in self._subscriptions

    def _drop_ready(self, endpoint: Endpoint) -> None:
        """Forget what is in memory: it stands in the store until the endpoint is switched on again."""
        for load in endpoint.ready:
            endpoint.held.discard(load.delivery.id)
        self._in_memory -= len(endpoint.ready)
        endpoint.ready.clear()
        endpoint.next_at = None

    def _room(self, standing: str) -> bool:
        total = sum(self._under_way.values())
        return total < ROOMS["healthy"] and self._under_way[standing] < ROOMS[standing]

    def _unpark(self) -> None:
        for standing in ROOMS:
            queue = self._parked[standing]
            while queue and self._room(standing):
                endpoint = queue.popleft()
                endpoint.parked = False
                before = sum(self._under_way.values())
                self._kick(endpoint, lingered=True)
                if endpoint.parked and sum(self._under_way.values()) == before:
                    break

    def _look(self, endpoint: Endpoint) -> None:
        """Nothing is in memory: read from the store now, or when something falls due."""
        if endpoint.next_at is None or endpoint.fetching:
            return
        now, clock = self._house.clock.now(), self._house.clock.monotonic()
        wait = max((endpoint.next_at - now) / 1000, endpoint.breaker.until - clock)
        if wait > 0:
            self._later(endpoint, min(wait, 3600.0))
        elif not self._held_back(endpoint):
            endpoint.fetching = True
            self._task(self._fetch(endpoint))

    async def _fetch(self, endpoint: Endpoint) -> None:
        """Read the next deliveries of an endpoint into memory."""
        subscription = self._subscriptions.get(endpoint.webhook_id or 0)
        ordered = subscription is not None and subscription.ordered
        limit = READY_MOST + len(endpoint.held)
        now = self._house.clock.now()

        async def ask(tx: Tx) -> tuple[list[Delivery], list[notify.Load]]:
            rows = await tx.webhooks.waiting(endpoint.name, ordered, limit)
            return rows, await notify.loads(tx, [one for one in rows if (one.next_at or 0) <= now])

        try:
            endpoint.next_at = None  # what comes while the store is asked sets it again
            rows, loads = await self._house.store.read(ask)
        except StoreUnavailable as fault:
            log.error("webhooks that wait cannot be read now: %s", fault)
            self._due(endpoint, now)
            self._later(endpoint, 1.0)
            endpoint.fetching, endpoint.settled = False, set()
            return
        endpoint.fetching = False
        known, endpoint.settled = endpoint.held | endpoint.settled, set()
        for load in loads:
            if load.delivery.id not in known:
                self._ready(endpoint, load)
        later = [one.next_at for one in rows if one.next_at is not None and one.next_at > now]
        if later:
            self._due(endpoint, later[0])
        elif len(rows) == limit:
            self._due(endpoint, now)
        if endpoint.ready:
            self._kick(endpoint)
        elif endpoint.next_at is not None and endpoint.next_at > now:
            self._look(endpoint)
        elif endpoint.next_at is not None and not endpoint.held:
            self._later(endpoint, 0.05)

    # sending

    async def _send(self, endpoint: Endpoint, loads: list[notify.Load], standing: str) -> None:
        settled: tuple[Delivery, ...] = ()
        try:
            settled = await self._send_all(endpoint, loads)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("sending to %s broke", endpoint.name)
            endpoint.breaker.failed(self._house.clock.monotonic())
            self._due(endpoint, self._house.clock.now() + 5_000)
        finally:
            self._under_way[standing] -= 1
            self._in_memory -= len(loads)
            done = {load.delivery.id for load in loads}
            endpoint.held -= done
            if endpoint.fetching:
                endpoint.settled |= done
            endpoint.breaker.release()
        for row in settled:
            if row.next_at is not None:
                self._due(endpoint, row.next_at)
        if settled and self._is_ordered(endpoint):
            self._due(endpoint, self._house.clock.now())  # what came after these may go now
        self._kick(endpoint)
        self._unpark()

    def _is_ordered(self, endpoint: Endpoint) -> bool:
        subscription = self._subscriptions.get(endpoint.webhook_id or 0)
        return subscription is not None and subscription.ordered

    async def _send_all(self, endpoint: Endpoint, loads: Sequence[notify.Load]) -> tuple[Delivery, ...]:
        subscription = self._subscriptions.get(endpoint.webhook_id or 0)
        if endpoint.webhook_id is not None and subscription is None:
            return ()  # switched off or gone since
        url = subscription.url if subscription else loads[0].delivery.url or ""
        house = self._house
        webhook_id, body = notify.body(loads, subscription is not None and subscription.batch > 1)
        secrets = await self._secrets_of(endpoint.account_id, endpoint.webhook_id or 0)
        at = house.clock.now()
        came = await self._post.post(url, notify.request_headers(secrets, webhook_id, at, body), body)
        replies, fault = await self._reply(loads, came)
        if fault:
            came = NotPosted("reply_not_stored", fault, came.took_ms)
        outcome = notify.outcome(loads, body, at, came, house.clock.random(), replies)
        self._judge(endpoint, outcome)
        house.metrics.called(outcome.kind)
        settled = await self._insist(notify.settle, [outcome])
        if outcome.gone:
            log.warning("%s answered 410 Gone: it is switched off", endpoint.name)
            self._wake_tail.set()
            await self._learn()
        return settled[0] if settled else ()

    def _judge(self, endpoint: Endpoint, outcome: notify.Outcome) -> None:
        if outcome.kind == "delivered":
            endpoint.breaker.succeeded()
            return
        asked = outcome.asked / 1000 if outcome.asked is not None and outcome.status_code in (429, 503) else None
        endpoint.breaker.failed(self._house.clock.monotonic(), asked)
        if endpoint.breaker.failures == Breaker.TRIP:
            log.warning("%s fails: %s %s", endpoint.name, outcome.kind, outcome.status_code or "")

    async def _secrets_of(self, account_id: int, webhook_id: int) -> list[Secret]:
        """What signs; an account that never asked for its default secret gets one when it is first needed."""
        found = self._secrets.get((account_id, webhook_id))
        if found is None:
            house = self._house
            found = await house.store.read(lambda tx: tx.webhooks.secrets(account_id, webhook_id))
            if not found:
                new = notify.NewSecret(account_id, webhook_id, house.clock.token(32), only_first=True)
                found = (await self._insist(notify.keep_secrets, [new]))[0]
            self._secrets[account_id, webhook_id] = found
        return found

    async def _reply(
        self, loads: Sequence[notify.Load], came: Posted | NotPosted
    ) -> tuple[tuple[tuple[int, int], ...], str]:
        """Send the text that the answer to a text from a handset asks for, once an event; or why it could not be."""
        load = loads[0]
        text = notify.asked_reply(load, came) if len(loads) == 1 else None
        if text is None or self._house.clock.now() - load.event.occurred_at >= REPLY_DAYS * DAY:
            return (), ""
        request = Request(to=load.message.sender, sender=load.message.to, text=text, category="conversation")
        once = Idempotency(f"\x01reply {load.event.message_id}", b"")
        try:
            answer = await accept.accept(self._house, load.delivery.account_id, [request], idempotency=once)
        except StoreUnavailable:
            return (), "the reply could not be stored"
        if not isinstance(answer, Answer):
            return (), f"the reply was not taken: {answer.detail}"
        result = answer.results[0]
        if not isinstance(result, Stored):
            log.warning("%s asked for a reply that cannot be sent", load.delivery.endpoint)
            return (), ""
        return ((load.delivery.id, result.message.id),), ""

    # news from the API

    def _replayed(self, _: Sequence[Any], pages: list[subscribe.Replayed]) -> None:
        touched: dict[str, Endpoint] = {}
        for row in (row for page in pages for row in page.deliveries):
            endpoint = self._endpoint(row)
            self._due(endpoint, row.next_at or 0)
            touched[endpoint.name] = endpoint
        for endpoint in touched.values():
            self._kick(endpoint)

    def _changed(self, _: Sequence[Any], changed: list[Subscription | None]) -> None:
        for one in changed:
            if one is None:
                continue
            if not one.enabled:
                self._subscriptions.pop(one.id, None)
                continue
            self._subscriptions[one.id] = one
            endpoint = self._named(endpoint_of(one.id, one.account_id, None), one.account_id, one.id)
            endpoint.breaker = _again(endpoint.breaker, self._house.settings.webhooks.concurrency)
            self._due(endpoint, 0)
            self._kick(endpoint)
        self._wake_tail.set()

    def _dropped(self, wanted: Sequence[tuple[int, int]], _: list[bool]) -> None:
        for account_id, webhook_id in wanted:
            self._subscriptions.pop(webhook_id, None)
            self._secrets.pop((account_id, webhook_id), None)
            endpoint = self._endpoints.get(endpoint_of(webhook_id, account_id, None))
            if endpoint is not None:
                self._drop_ready(endpoint)

    def _rotated(self, wanted: Sequence[notify.NewSecret], _: list[Any]) -> None:
        for one in wanted:
            self._secrets.pop((one.account_id, one.webhook_id), None)

    # rarer work

    async def _look_for_waiting(self) -> None:
        """Every endpoint that something waits for, as at the start."""
        for one in await self._house.store.read(lambda tx: tx.webhooks.endpoints(ENDPOINTS_MOST)):
            endpoint = self._named(one.endpoint, one.account_id, one.webhook_id)
            if not endpoint.held:
                self._due(endpoint, one.next_at)
                self._kick(endpoint)

    async def _tidy_for_ever(self) -> None:
        while not self._stopping:
            await _wait(self._wake_tidy, TIDY_S)
            if self._stopping:
                return
            try:
                await self._tidy()
            except StoreUnavailable as fault:
                log.error("webhooks cannot be tidied now: %s", fault)

    async def _tidy(self) -> None:
        store, now = self._house.store, self._house.clock.now()
        await store.write(notify.bury_held, [TIDY_MOST])
        before = now - self._house.settings.webhooks.retention * DAY
        old = await store.read(lambda tx: tx.webhooks.aged(self._forgotten, before, TIDY_MOST))
        await store.write(notify.forget, old)
        self._forgotten = old[-1] if len(old) == TIDY_MOST else 0
        await self._look_for_waiting()

    # tools

    async def _insist(self, stage: Stage[I, R], items: Sequence[I]) -> list[R]:
        """Write until the store takes it, or the process ends: then it is sent again at the next start."""
        wait = 0.2
        while True:
            try:
                return await self._house.store.write(stage, items)
            except StoreUnavailable as fault:
                if self._stopping:
                    return []
                log.error("cannot store %s for now: %s", stage.name, fault)
                await asyncio.sleep(wait)
                wait = min(5.0, wait * 2)

    def _task(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _again(before: Breaker, limit: int) -> Breaker:
    """A fresh start for an endpoint that was changed; what is under way still counts."""
    fresh = Breaker(limit)
    fresh.in_flight, fresh.known = before.in_flight, before.known
    return fresh


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    """Until the event or the time, whichever is first."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
