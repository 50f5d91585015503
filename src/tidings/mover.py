"""Messages between the store and the carriers: handed over, routed, dispatched, answered, and fed from the store."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from tidings.core.feed import Feed, Load
from tidings.core.message import CATEGORY_RULES, Message
from tidings.core.pace import Pace
from tidings.core.ports import (
    Carrier,
    CarrierEvent,
    Down,
    Inbound,
    News,
    Receipt,
    SendError,
    Sent,
    Stage,
    StoreUnavailable,
    Up,
)
from tidings.core.questions import Form, Tx
from tidings.core.retry import Again
from tidings.core.schedule import Schedule, Waiting
from tidings.core.status import ACCEPTED, QUEUED, SCHEDULED, fold
from tidings.pipeline import accept, cancel, dispatch, handover, lease, recall, receipt, receive, route
from tidings.pipeline.house import House

log = logging.getLogger("tidings.mover")

Item = TypeVar("Item")
R = TypeVar("R")

RANKS = tuple(sorted({rule.rank for rule in CATEGORY_RULES.values()}))
ROUTE_MOST = 2_000
FEED_MOST = 1_000
SWEEP_MOST = 500
CLAIM_MOST = 256
"""Segments claimed at a time: small enough that claims, answers and receipts overlap."""
RECONCILE_S = 1.0
"""Seconds between two readings of the whole queue with nothing in memory."""
OVERLAPPING = 4
"""Claims, and batches of carrier events, being stored at a time."""


class Ours:
    """What of the messages is for this process."""

    def __init__(self) -> None:
        self.fences: dict[str, int] = {}
        """The carriers that are ours, each with the fence of its lease."""
        self.routes = False
        """Whether messages without a route are ours."""
        self.adopted: frozenset[str] = frozenset()
        """Carriers that are gone, for which messages wait; they are routed anew."""

    def mine(self, carrier: str) -> bool:
        """Whether messages for a carrier are for this process; "": those that have no route."""
        return carrier in self.fences if carrier else self.routes

    def reads(self) -> list[str]:
        """What of the queue is for this process, by carrier."""
        return [*self.fences, *(["", *self.adopted] if self.routes else [])]


class Mover:
    """What moves messages by itself: loops that `runner.Runner` sets going, with the carriers that it holds."""

    def __init__(self, house: House, ours: Ours, look: Callable[[], Awaitable[None]]) -> None:
        """`look`: called before the store is read for what is due."""
        self._house = house
        self.ours = ours
        self._look = look
        self._carriers: dict[str, Carrier] = {}
        self._schedules: dict[str, Schedule[Load]] = {}
        self._paces: dict[str, Pace] = {}
        self._feeds = {rank: Feed() for rank in RANKS}
        self._fresh: list[Load] = []
        self._fresh_ids: set[int] = set()
        self._fresh_lanes: Counter[tuple[str, str]] = Counter()
        """Messages of each lane that still wait for their route."""
        self._flying: dict[int, Load] = {}
        self._reserved: Counter[str] = Counter()
        """Parts of each bind that are being claimed and not yet written."""
        self._wake_route = asyncio.Event()
        self._wake_feed = asyncio.Event()
        self._wake_heard = asyncio.Event()
        self._wake: dict[str, asyncio.Event] = {}
        self._heard: list[int] = []
        """Messages that became ours in commits of other processes, yet to be loaded."""
        self._sessions: dict[str, str] = {}
        """The connection of each bind that texts last came on, while it stands."""
        self._next_look = 0.0
        self._reconcile_at = 0.0
        self._stopping = False
        self._leaving: set[str] = set()
        """Carriers that are given nothing more, because they are taken away."""
        self._claiming: dict[str, set[asyncio.Task[None]]] = {}
        """Claims of each carrier that are being committed."""
        self.held: frozenset[str] = frozenset()
        """Carriers and binds that get nothing new, by name."""
        self.answers: dict[str, dict[str, int]] = {}

    # start and stop

    def follow(self) -> None:
        """Hear of what is committed, here and elsewhere."""
        store = self._house.store
        store.follow(accept.store_entries, self._entered)
        store.follow(receive.take_inbound, self._received)
        store.follow(receive.complete_lone, self._received)
        store.follow(cancel.withdraw, self._withdrawn)
        store.follow(recall.replace, self._replaced)
        store.hear(self._hear_of)

    def begin(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """The loops that no carrier has to itself."""
        loops = (self._route_for_ever(), self._feed_for_ever(), self._hear_for_ever())
        return [group.create_task(loop) for loop in loops]

    def begin_with(self, carrier: Carrier, group: asyncio.TaskGroup) -> tuple[asyncio.Task[None], asyncio.Task[None]]:
        """A carrier is ours: the loop that hands over to it, and the one that listens to it."""
        return group.create_task(self._dispatch_for_ever(carrier)), group.create_task(self._listen(carrier))

    def stop(self) -> None:
        """Let every loop end once what it is about is done; those that listen end with their carriers."""
        self._stopping = True
        for event in (self._wake_route, self._wake_feed, self._wake_heard, *self._wake.values()):
            event.set()

    def add(self, carrier: Carrier) -> None:
        """A carrier that messages may be queued for."""
        name = carrier.name
        self._carriers[name] = carrier
        self._schedules[name], self._paces[name] = Schedule(), Pace(carrier.rate)
        self._wake[name], self._claiming[name], self.answers[name] = asyncio.Event(), set(), {}

    def drop(self, name: str) -> None:
        """Forget a carrier."""
        for one in (self._carriers, self._paces, self._wake, self._claiming, self.answers, self._schedules):
            one.pop(name, None)

    def waits_for(self, name: str) -> Schedule[Load]:
        """What waits for a carrier in memory."""
        return self._schedules[name]

    def leave(self, name: str) -> None:
        """Hand nothing more to a carrier: the loop that does so ends."""
        self._leaving.add(name)
        self._wake[name].set()

    def left(self, name: str) -> None:
        """Its loops have ended, and what waits for it is not ours any more."""
        self._schedules[name] = Schedule()
        self._leaving.discard(name)

    def heed(self, name: str) -> None:
        """The settings of a carrier are others: how fast it may be fed."""
        self._paces[name].bucket.rate = self._carriers[name].rate
        self._wake[name].set()

    async def recover(self, carrier: str, fence: int) -> None:
        """Attempts without an answer are in doubt: their holder ended between the claim and the answer."""
        while open_attempts := await self.learn(lambda tx: tx.attempts.left_open(carrier, fence, SWEEP_MOST)):
            answers: list[Sent | SendError] = [
                SendError(a.id, "in_doubt", "outcome_lost", "", "tidings stopped before the carrier answered", a.bind)
                for a in open_attempts
            ]
            doubts = {a.id: self._in_doubt(a.carrier) for a in open_attempts}
            settles = [
                msgspec.structs.replace(one, in_doubt=doubts[one.answer.attempt_id]) for one in self._settle(answers)
            ]
            await self.insist(dispatch.settle, settles)
            log.warning(
                "%s: %d hand-overs were in doubt; settled by the policy of their category", carrier, len(answers)
            )

    async def learn(self, ask: Callable[[Tx], Awaitable[R]]) -> R:
        """Read until the store answers."""
        return await self._again_and_again("the store cannot be read", lambda: self._house.store.read(ask))

    # hand-over from the committer

    def _entered(self, _: Sequence[accept.Entry], results: list[accept.Entered]) -> None:
        for entered in results:
            self._hand_over([stored.message for stored in entered.stored], entered.carrier)

    def _received(self, _: Sequence[receive.Arrival] | Sequence[receive.Lone], results: list[receive.Received]) -> None:
        self._hand_over([reply for received in results for reply in received.replies])

    def _withdrawn(self, wanted: Sequence[tuple[int, int]], results: list[Any]) -> None:
        for (account_id, message_id), result in zip(wanted, results, strict=True):
            if isinstance(result, Message):
                self._house.backlog.add(account_id, -1)
                self.forget(message_id)

    def _replaced(self, _: Sequence[recall.Replacement], results: list[recall.Replaced]) -> None:
        for one in results:
            if one.entered is not None:
                self._house.backlog.add(one.account_id, -1)
                self.forget(one.message_id)
                self._hand_over([stored.message for stored in one.entered.stored], one.entered.carrier)

    def _hand_over(self, messages: Sequence[Message], carrier: str | None = None) -> None:
        """Take what was committed into memory; if that should break, the store is read from its beginning.

        `carrier`: the one they are queued for already.
        """
        try:
            self._take_over(messages, carrier)
        except Exception:
            self.read_all_again()
            raise

    def _take_over(self, messages: Sequence[Message], carrier: str | None) -> None:
        waiting = [message for message in messages if message.finished_at is None]
        for account_id, count in Counter(message.account_id for message in waiting).items():
            self._house.backlog.add(account_id, count)
        for message in waiting:
            if message.status != ACCEPTED:
                self._falls_due(message.send_at or 0)
        if not self.ours.mine(carrier or ""):
            return  # another engine is told
        due = [message for message in waiting if message.status == ACCEPTED]
        for rank in {CATEGORY_RULES[message.category].rank for message in due}:
            of_rank = [message for message in due if CATEGORY_RULES[message.category].rank == rank]
            self._hand_over_rank(rank, of_rank, carrier)

    def _hand_over_rank(self, rank: int, messages: Sequence[Message], carrier: str | None) -> None:
        feed = self._feeds[rank]
        if not self._takes(rank, len(messages)):
            return
        feed.highest = max(feed.highest, messages[-1].id)
        loads = [Load(message, tuple(range(1, message.segments + 1))) for message in messages]
        if carrier is None:
            self.freshen(loads)
        else:
            self._line_up(carrier, loads)

    def _takes(self, rank: int, messages: int) -> bool:
        """Whether a class may be handed so many in memory; else they are read from the store when their turn comes."""
        feed = self._feeds[rank]
        if not feed.spilled and self._in_memory(rank) + messages > self._house.settings.limits.in_memory:
            feed.spill()
        if feed.spilled:
            feed.dropped += messages
            if self._hungry(rank):
                self._wake_feed.set()
        return not feed.spilled

    def _line_up(self, carrier: str, loads: Iterable[Load]) -> None:
        """These have their route; they stand behind those of their lane that still wait for one."""
        if carrier not in self._schedules:  # taken away since they were accepted
            self.freshen(loads)
            return
        schedule, without = self._schedules[carrier], self._fresh_lanes
        for load in loads:
            if load.message.id in self._flying:
                continue  # read from the store before its commit was told here: a second one would take its place
            if without and _lane(load.message) in without:
                self.freshen((load,))
            else:
                schedule.add(_waiting(load))
        self._wake[carrier].set()

    def freshen(self, loads: Iterable[Load]) -> None:
        """These wait for a route."""
        for load in loads:
            self._fresh.append(load)
            self._fresh_ids.add(load.message.id)
            self._fresh_lanes[_lane(load.message)] += 1
        self._wake_route.set()

    def _hungry(self, rank: int) -> bool:
        """Whether a class is fed from the store: memory is to be half empty first."""
        return self._in_memory(rank) < max(1, self._house.settings.limits.in_memory // 2)

    def _in_memory(self, rank: int) -> int:
        return len(self._fresh) + sum(schedule.size(rank) for schedule in self._schedules.values())

    def _known(self, message_id: int) -> bool:
        return (
            message_id in self._fresh_ids
            or message_id in self._flying
            or any(message_id in schedule for schedule in self._schedules.values())
        )

    def forget(self, message_id: int) -> None:
        """A message ended: it is not handed over any more."""
        for schedule in self._schedules.values():
            schedule.discard(message_id)

    # route

    async def _route_for_ever(self) -> None:
        while not self._stopping:
            await self._wake_route.wait()
            self._wake_route.clear()
            while self._fresh and not self._stopping:
                self._fresh.sort(key=_rank)
                batch, self._fresh = self._fresh[:ROUTE_MOST], self._fresh[ROUTE_MOST:]
                await self._route_batch(batch)

    async def _route_batch(self, batch: Sequence[Load]) -> None:
        batch = await self._refitted(batch)
        routed = [route.Routed(load.message.id, self._home(load.message)) for load in batch]
        waits = await self.insist(route.store_routes, routed)
        for load, one, ready in zip(batch, routed, waits, strict=True):
            self._fresh_ids.discard(one.message_id)
            self._route_known(_lane(load.message))
            # One that flies already was fed twice; a second flight would take the first one's place.
            if not ready or one.carrier is None or one.message_id in self._flying:
                continue
            if one.carrier in self.ours.fences:
                self._schedules[one.carrier].add(_waiting(load))
            elif one.carrier not in self._schedules:  # taken away in this moment
                self.freshen((load,))
        for event in self._wake.values():
            event.set()

    async def _refitted(self, batch: Sequence[Load]) -> Sequence[Load]:
        """The same, with texts cut anew that were cut for another carrier, or for an earlier profile."""
        if not (forms := [form for load in batch if (form := self._misfit(load.message)) is not None]):
            return batch
        changed = await self.insist(route.reform, forms)
        anew = {form.id: form for form, taken in zip(forms, changed, strict=True) if taken}
        return [load if load.message.id not in anew else _reformed(load, anew[load.message.id]) for load in batch]

    def _misfit(self, message: Message) -> Form | None:
        carrier = self._home(message)
        return None if carrier is None else route.refit(message, self._house.terms_of(carrier))

    def _route_known(self, lane: tuple[str, str]) -> None:
        self._fresh_lanes[lane] -= 1
        if not self._fresh_lanes[lane]:
            del self._fresh_lanes[lane]

    def _home(self, message: Message) -> str | None:
        """Where a message goes: by the carrier it is queued for while that is there, for which it was encoded."""
        if message.carrier in self._schedules:
            return message.carrier
        return route.choose(name for name in self._house.carriers if name in self._schedules)

    # dispatch

    async def _dispatch_for_ever(self, carrier: Carrier) -> None:
        """Claims overlap: the next is cut while one is committed, so a commit does not set the pace."""
        wake, clock = self._wake[carrier.name], self._house.clock
        under_way = asyncio.Semaphore(OVERLAPPING)
        async with asyncio.TaskGroup() as tasks:
            while not (self._stopping or carrier.name in self._leaving):
                await under_way.acquire()
                if cut := self._cut(carrier):
                    task = tasks.create_task(self._dispatch(carrier, cut))
                    self._claiming[carrier.name].add(task)
                    task.add_done_callback(self._claiming[carrier.name].discard)
                    task.add_done_callback(lambda _: under_way.release())
                    continue
                under_way.release()
                wake.clear()
                pace = self._paces[carrier.name]
                waits = len(self._schedules[carrier.name]) > 0 and bool(self._room(carrier))
                await _wait(wake, pace.wait(clock.monotonic()) if waits else None)

    def _room(self, carrier: Carrier) -> dict[str, int]:
        """Free window slots of the binds that may be given something."""
        if not self.held:
            return carrier.room()
        if carrier.name in self.held:
            return {}
        return {bind: room for bind, room in carrier.room().items() if bind not in self.held}

    def _cut(self, carrier: Carrier) -> list[tuple[Waiting[Load], dispatch.Claim]]:
        """What may be handed over now, as claims whose room is reserved; empty when nothing can go."""
        schedule, pace = self._schedules[carrier.name], self._paces[carrier.name]
        now = self._house.clock.monotonic()
        free = {bind: room - self._reserved[bind] for bind, room in self._room(carrier).items()}
        binds = pace.open(free, now)
        room = min(sum(binds.values()), pace.bucket.room(now), CLAIM_MOST)
        taken = schedule.take(room) if room > 0 and len(schedule) else []
        if not taken:
            return []
        if any(feed.spilled and self._hungry(rank) for rank, feed in self._feeds.items()):
            self._wake_feed.set()
        cut = [(waiting, self._claim(carrier.name, waiting, binds)) for waiting in taken]
        pace.bucket.take(sum(len(claim.parts) for _, claim in cut))
        for waiting, claim in cut:
            self._flying[waiting.message_id] = waiting.load
            self._reserved[claim.bind] += len(claim.parts)
            pace.gave(claim.bind, len(claim.parts))
        return cut

    async def _dispatch(self, carrier: Carrier, cut: Sequence[tuple[Waiting[Load], dispatch.Claim]]) -> None:
        """Commit the claims, then write those that go."""
        schedule = self._schedules[carrier.name]
        going = await self.insist(dispatch.claim, [claim for _, claim in cut])
        for _, claim in cut:
            self._reserved[claim.bind] -= len(claim.parts)
        gone = [pair for pair, goes in zip(cut, going, strict=True) if goes]
        if self._house.leases.may_write(lease.of_carrier(carrier.name), True):
            self._write(carrier, gone)
        elif gone:
            await self._take_back(carrier, gone)
        for (waiting, _), goes in zip(cut, going, strict=True):
            if not goes:
                self._flying.pop(waiting.message_id, None)
                schedule.release(waiting.lane, waiting.message_id)
        if not all(going):
            self._wake[carrier.name].set()

    def _claim(self, carrier: str, waiting: Waiting[Load], binds: dict[str, int]) -> dispatch.Claim:
        bind = max(binds, key=binds.__getitem__)
        load = waiting.load
        parts = load.parts[: max(1, binds[bind])]
        binds[bind] -= len(parts)
        attempts = tuple([self._house.new_id() for _ in parts])
        return dispatch.Claim(load.message, parts, attempts, carrier, bind, self.ours.fences[carrier])

    def _write(self, carrier: Carrier, going: Sequence[tuple[Waiting[Load], dispatch.Claim]]) -> None:
        now = self._house.clock.now()
        for waiting, _ in going:
            self._house.backlog.add(waiting.account_id, -1)
        carrier.send([part for _, claim in going for part in dispatch.parts(claim, now)])

    async def _take_back(self, carrier: Carrier, gone: Sequence[tuple[Waiting[Load], dispatch.Claim]]) -> None:
        """The lease ended between the claim and now: certainly nothing was written."""
        for waiting, _ in gone:
            self._house.backlog.add(waiting.account_id, -1)
        answers = [
            SendError(
                attempt_id, "not_written", "carrier_outage", "", "Another process may have the carrier.", one.bind
            )
            for _, one in gone
            for attempt_id in one.attempt_ids
        ]
        await self._settle_all(carrier, answers)

    # what carriers say

    async def _listen(self, carrier: Carrier) -> None:
        """Batches overlap: the next is read while this one is stored. Their order holds, because the store takes
        submissions in turn and settles answers before receipts.
        """
        under_way = asyncio.Semaphore(OVERLAPPING)
        async with asyncio.TaskGroup() as tasks:
            async for events in carrier.events():
                await under_way.acquire()
                tasks.create_task(self._hear(carrier, events)).add_done_callback(lambda _: under_way.release())

    async def _hear(self, carrier: Carrier, events: Sequence[CarrierEvent]) -> None:
        answers: list[Sent | SendError] = []
        receipts: list[Receipt] = []
        inbound: list[Inbound] = []
        for event in events:
            if isinstance(event, Sent | SendError):
                answers.append(event)
            elif isinstance(event, Receipt):
                receipts.append(event)
            elif isinstance(event, Inbound):
                self._sessions[event.bind] = event.session
                inbound.append(event)
            else:
                self._link(carrier.name, event)
        if answers:  # they made room, which need not wait for their commit
            self._wake[carrier.name].set()
        # Submitted together and in this order: an answer is settled before the receipt that follows it.
        await asyncio.gather(
            self._settle_all(carrier, answers),
            self._keep_receipts(carrier, receipts),
            self._keep_inbound(carrier, inbound),
        )
        self._wake[carrier.name].set()

    def _link(self, carrier: str, event: Up | Down) -> None:
        if isinstance(event, Up):
            log.info("carrier %s: bind %s is up", carrier, event.bind)
        else:
            log.warning("carrier %s: bind %s is down: %s", carrier, event.bind, event.reason)
            self._sessions.pop(event.bind, None)

    def _in_doubt(self, carrier: str) -> str:
        """What becomes of parts without an answer; a carrier that is gone has no say in it."""
        found = self._carriers.get(carrier)
        return "category" if found is None else found.manners.in_doubt

    def _settle(self, answers: Sequence[Sent | SendError], in_doubt: str = "category") -> list[dispatch.Settle]:
        random, patience = self._house.clock.random, self._house.settings.delivery
        return [
            dispatch.Settle(answer, 0.0 if isinstance(answer, Sent) else random(), patience, in_doubt)
            for answer in answers
        ]

    async def _settle_all(self, carrier: Carrier, answers: Sequence[Sent | SendError]) -> None:
        if not answers:
            return
        settled = await self.insist(dispatch.settle, self._settle(answers, carrier.manners.in_doubt))
        tally = self.answers[carrier.name]
        for answer, result in zip(answers, settled, strict=True):
            kind = "sent" if isinstance(answer, Sent) else answer.kind
            tally[kind] = tally.get(kind, 0) + 1
            self._conclude(carrier.name, answer, result)

    def _conclude(self, carrier: str, answer: Sent | SendError, result: dispatch.Settled) -> None:
        load = self._flying.get(result.message_id)
        schedule, pace = self._schedules[carrier], self._paces[carrier]
        if isinstance(answer, Sent):
            pace.went_well(answer.bind, self._house.clock.monotonic())
        if load is None:
            if result.again is not None:
                # A late yes to a part whose repeat waits: only the others go again.
                schedule.amend(result.message_id, lambda w: _waiting(Load(w.load.message, result.parts)))
            return
        schedule.release(_lane(load.message), load.message.id)
        if not result.done:
            return
        del self._flying[result.message_id]
        if result.again is not None:
            self._again(carrier, Load(load.message, result.parts), result.again, answer)

    def _again(self, carrier: str, load: Load, again: Again, answer: Sent | SendError) -> None:
        """Back to the head of its class, or left to the next-due timer."""
        self._house.backlog.add(load.message.account_id, 1)
        if again.pause_carrier:
            self._pause(self._carriers[carrier], answer)
        if again.wait == 0:
            self._schedules[carrier].add(_waiting(load), head=True)
        else:
            self._falls_due(self._house.clock.now() + again.wait)

    def _pause(self, carrier: Carrier, answer: Sent | SendError) -> None:
        """Hold the bind that was asked to slow down, or all of its carrier where the limit is the carrier's."""
        manners, now = carrier.manners, self._house.clock.monotonic()
        seconds = manners.throttle_pause or self._house.settings.delivery.throttle_pause
        throttled = isinstance(answer, SendError) and answer.kind == "throttled"
        for one in {answer.bind, *carrier.room()} if manners.throttles_whole else (answer.bind,):
            self._paces[carrier.name].pause(one, now, seconds, throttled)

    async def _keep_receipts(self, carrier: Carrier, receipts: Sequence[Receipt]) -> None:
        if receipts:
            now, next_id = self._house.clock.now(), self._house.ids.next
            arrived = [receipt.Arrived(next_id(now), event) for event in receipts]
            matched = await self._insist_singly(receipt.take_receipts, arrived)
            self._house.metrics.receipts_came([one for one in matched if one is not None])
            self._acknowledge(carrier, [event.token for event in receipts], matched)

    async def _keep_inbound(self, carrier: Carrier, inbound: Sequence[Inbound]) -> None:
        if inbound:
            new_id, settings = self._house.new_id, self._house.settings
            live = frozenset(self._sessions.values())
            kit = self._house.kit
            arrivals = [
                receive.Arrival(new_id(), new_id(), new_id(), event, settings, live, kit()) for event in inbound
            ]  # fmt: skip
            stored = await self._insist_singly(receive.take_inbound, arrivals)
            self._acknowledge(carrier, [event.token for event in inbound], stored)

    def _acknowledge(self, carrier: Carrier, tokens: Sequence[Any], results: Sequence[object]) -> None:
        """What was stored need not come again; what could not be is asked for once more."""
        for accepted in (True, False):
            told = [token for token, done in zip(tokens, results, strict=True) if (done is not None) == accepted]
            if told:
                carrier.acknowledge(told, accepted)

    async def _insist_singly(self, stage: Stage[Item, R], items: Sequence[Item]) -> list[R | None]:
        """As `insist`, for what strangers send: one that breaks the stage is told and set aside (None), alone."""
        try:
            results = await self.insist(stage, items)
        except Exception:
            if len(items) == 1:
                log.exception("%s cannot take something a carrier sent", stage.name)
                return [None]
        else:
            return [*results]
        # Submitted together they share a commit, in which only the guilty one fails.
        alone = await asyncio.gather(*(self._insist_singly(stage, [item]) for item in items))
        return [result for results in alone for result in results]

    async def insist(self, stage: Stage[Item, R], items: Sequence[Item]) -> list[R]:
        """Write until the store takes it: what a carrier has said or been given must not be lost to a full disk."""
        return await self._again_and_again(
            f"cannot store {stage.name}", lambda: self._house.store.write(stage, items)
        )  # fmt: skip

    async def _again_and_again(self, trouble: str, work: Callable[[], Awaitable[R]]) -> R:
        wait = 0.2
        while True:
            try:
                return await work()
            except StoreUnavailable as fault:
                log.error("%s for now: %s", trouble, fault)
                await asyncio.sleep(wait)
                wait = min(5.0, wait * 2)

    # feed: from the store into memory

    async def _feed_for_ever(self) -> None:
        """Also the next-due timer: it looks again when the earliest row falls due, at the latest after a sweep."""
        while not self._stopping:
            self._wake_feed.clear()
            self._next_look = self._house.clock.monotonic() + self._house.settings.delivery.sweep
            try:
                if await self._feed_once():
                    continue
            except StoreUnavailable as fault:
                log.error("the store is not available: %s", fault)
            await _wait(self._wake_feed, self._next_look - self._house.clock.monotonic())

    def _falls_due(self, at: int) -> None:
        """A row falls due at `at`: look no later than that."""
        if self._look_by(at):
            self._wake_feed.set()

    def _look_by(self, at: int) -> bool:
        """Bring the next look forward to a moment; False when it comes before that anyway."""
        wait = max(0, at - self._house.clock.now()) / 1000
        look = self._house.clock.monotonic() + wait
        if look >= self._next_look:
            return False
        self._next_look = look
        return True

    async def _feed_once(self) -> bool:
        """Read what is due; True when there may be more at once."""
        await self._look()
        more, reads = False, self.ours.reads()
        for rank in RANKS:
            more = await self._feed_rank(rank, reads) or more
        more = await self._feed_due(reads) or more
        now = self._house.clock.now()
        due = await self._house.store.read(lambda tx: tx.queue.next_due(reads, now))
        if due is not None:
            self._look_by(due)
        if not more and self.idle():
            await self._reconcile(reads)
        return more

    async def _reconcile(self, reads: Sequence[str]) -> None:
        """Nothing is in memory: whatever is due in the store is read again from its beginning, at times only: what
        is not ours to hand over any more would be read, refused and read again without a pause.
        """
        if any(feed.spilled for feed in self._feeds.values()):
            return
        wait = self._reconcile_at - self._house.clock.monotonic()
        if wait > 0:
            self._look_by(self._house.clock.now() + math.ceil(wait * 1000))
            return

        async def ask(tx: Tx) -> bool:
            return any([await tx.queue.head(reads, rank, 0, 1) for rank in RANKS])

        if await self._house.store.read(ask) and self.idle():
            self._reconcile_at = self._house.clock.monotonic() + RECONCILE_S
            self.read_all_again()

    def _hear_of(self, news: News) -> None:
        """Another process has committed something: load what of it is ours."""
        if news.missed or any(map(lease.of_engines, news.told.get(lease.give_back, ()))):
            self.read_all_again()
        for carrier, ids in handover.told(news):
            if (
                carrier == handover.UNKNOWN
                or self.ours.mine(carrier)
                or (self.ours.routes and carrier in self.ours.adopted)
            ):
                self._heard += ids
        if len(self._heard) > self._house.settings.limits.in_memory:
            self._heard.clear()
            self.read_all_again()
        if self._heard:
            self._wake_heard.set()

    async def _hear_for_ever(self) -> None:
        """Load what became ours elsewhere. That comes with every commit there, so nothing else is looked for here."""
        while not self._stopping:
            await self._wake_heard.wait()
            self._wake_heard.clear()
            try:
                while self._heard and not self._stopping:
                    await self._feed_heard()
            except StoreUnavailable as fault:
                log.error("the store is not available: %s", fault)
                self._heard.clear()
                self.read_all_again()

    async def _feed_heard(self) -> None:
        ids, self._heard = self._heard[:FEED_MOST], self._heard[FEED_MOST:]
        loads = await self._house.store.read(lambda tx: _loads(tx, ids))
        for rank in {_rank(load) for load in loads}:
            of_rank = [load for load in loads if _rank(load) == rank]
            if self._takes(rank, len(of_rank)):
                self._feeds[rank].highest = max(self._feeds[rank].highest, of_rank[-1].message.id)
                self._sort_in(of_rank)

    async def _feed_due(self, reads: Sequence[str]) -> bool:
        """Rows that fell due, class by class: many of one must not stand before a few of another."""
        most, now = self._house.settings.limits.in_memory, self._house.clock.now()
        ranks = [rank for rank in RANKS if self._in_memory(rank) < most]

        # Those in memory still have their rows: there are fewer of them than are read.
        async def ask(tx: Tx) -> list[list[int]]:
            return [await tx.queue.due_in(reads, rank, now, most + FEED_MOST) for rank in ranks]

        more = False
        for due in await self._house.store.read(ask):
            unknown = [message_id for message_id in due if not self._known(message_id)]
            await self._load(unknown[:FEED_MOST])
            more = more or len(unknown) > FEED_MOST
        return more

    async def _feed_rank(self, rank: int, reads: Sequence[str]) -> bool:
        feed = self._feeds[rank]
        if not feed.spilled or not self._hungry(rank):
            return False
        ids = await self._house.store.read(lambda tx: tx.queue.head(reads, rank, feed.cursor, FEED_MOST))
        if not ids:
            feed.rewind()
            return feed.spilled
        unknown = [message_id for message_id in ids if not self._known(message_id)]
        if unknown:
            feed.clean = None
            await self._load(unknown)
        feed.cursor = ids[-1]
        feed.highest = max(feed.highest, ids[-1])
        return True

    async def _load(self, message_ids: Sequence[int]) -> None:
        if message_ids:
            self._sort_in(await self._house.store.read(lambda tx: _loads(tx, message_ids)))

    def _sort_in(self, loads: Iterable[Load]) -> None:
        """What was read from the store: to the carrier that it is queued for, or to be routed."""
        for load in loads:
            message, carrier = load.message, load.message.carrier
            if self._known(message.id) or message.status not in (ACCEPTED, SCHEDULED, QUEUED):
                continue
            queued = carrier in self._schedules and message.status == QUEUED
            if queued and carrier not in self.ours.fences:
                continue  # another engine's by now
            if carrier is not None and queued and self._misfit(message) is None:
                self._line_up(carrier, (load,))
            else:
                self.freshen((load,))

    def read_all_again(self) -> None:
        """Look for work in the store from its beginning."""
        for feed in self._feeds.values():
            feed.spilled, feed.cursor, feed.clean = True, 0, None
        self._wake_feed.set()

    # what others ask

    async def hold(self, held: Iterable[str]) -> None:
        """Hand nothing new to these carriers and binds from the return on, and to all others again."""
        self.held = frozenset(held)
        carriers = {name.partition("/")[0] for name in self.held}
        claiming = [task for name in carriers & self._claiming.keys() for task in self._claiming[name]]
        if claiming:  # they are past the point of no return
            await asyncio.wait(claiming)
        for event in self._wake.values():
            event.set()

    def learned(self, carrier: str, bind: str) -> float | None:
        """Segments per second that a bind is given at most since it throttled; None where nothing is held back."""
        return self._paces[carrier].learned(bind)

    def waiting(self, carrier: str) -> int:
        """Messages in memory that wait for a carrier."""
        return len(self._schedules[carrier])

    def idle(self) -> bool:
        """Whether nothing is on its way."""
        return not self._fresh and not self._flying and not any(len(one) for one in self._schedules.values())

    def flying(self) -> int:
        """Messages handed over and not yet answered."""
        return len(self._flying)


async def _loads(tx: Tx, message_ids: Sequence[int]) -> list[Load]:
    messages = await tx.messages.by_id(message_ids)
    history = await tx.attempts.of(message_ids)
    return [
        Load(message, fold(message.segments, history.get(message_id, ())).missing)
        for message_id in message_ids
        if (message := messages.get(message_id)) is not None
    ]


def _reformed(load: Load, form: Form) -> Load:
    cut = {"encoding": form.encoding, "segments": form.segments, "reference": form.reference}
    return Load(msgspec.structs.replace(load.message, **cut), tuple(range(1, form.segments + 1)))


def _rank(load: Load) -> int:
    return CATEGORY_RULES[load.message.category].rank


def _lane(message: Message) -> tuple[str, str]:
    return (message.sender, message.to)


def _waiting(load: Load) -> Waiting[Load]:
    message = load.message
    return Waiting(message.id, message.account_id, _rank(load), _lane(message), len(load.parts), load)


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    """Until the event or the time, whichever is first."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
