"""Everything about webhooks that moves by itself in one process: the tail of events, the lanes, and what time does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence, Set
from functools import partial
from typing import Any

from tidings.core import redelivery
from tidings.core.message import DAY
from tidings.core.ports import Mailer, News, Post, Stage, StoreUnavailable
from tidings.core.questions import Scan, Tx, Waiting
from tidings.core.webhook import Delivery, Subscription
from tidings.notifier.caller import Caller
from tidings.notifier.courier import Courier
from tidings.notifier.lanes import LANES_MOST, Lanes, wait
from tidings.pipeline import notify, rotate, settle, subscribe
from tidings.pipeline.house import House

log = logging.getLogger("tidings.webhooks")

GAP = 0.05
"""Seconds between two looks at the tail. What somebody is known to want is fanned out in its own commit, without such a
look; the looks are for what that leaves: who has just begun to listen, what is more than one commit shall hold, what
was committed beside others, or held back by that.
"""
FAULT_S = 5.0
"""Seconds after which the tail is looked at again that could not be read for a fault of ours."""
TIDY_S = 60.0
TIDY_MOST = 1_000
"""Rows looked at, and dropped, at a time."""
_OF_LISTENERS = frozenset(
    (
        subscribe.store_subscriptions, subscribe.change_subscriptions, subscribe.drop_subscriptions,
        subscribe.replay_some, rotate.keep_secrets,
    )
)  # fmt: skip
PAGES_IN_VAIN = 20
"""Pages without anything to drop after which the rest waits for the next time."""


class Notifier:
    """Start it when the store is open; stop it when nothing more will happen."""

    def __init__(self, house: House, post: Post, mailer: Mailer | None = None) -> None:
        self._house = house
        self._courier = Courier(house, post)
        self.lanes = Lanes(house, self._courier)
        self._caller = Caller(house, post, self._courier.secrets_of, mailer)
        self._position = 0
        self._kept_at = house.clock.monotonic()
        self._missed = False
        """Whether a commit went without its last word, until the tail was looked at. Should looking be what fails, not
        each commit has to be made twice.
        """
        self._directory = notify.Directory(-1, {}, False, ())
        self._wake_tail = asyncio.Event()
        self._wake_tidy = asyncio.Event()
        self._others = asyncio.Event()
        """Other processes have changed who listens, or what waits."""
        self._stopping = False
        self._loops: list[asyncio.Task[None]] = []
        self._followed: dict[Stage[Any, Any], Callable[[Sequence[Any], list[Any]], None]] = {
            subscribe.replay_some: self._replayed, subscribe.change_subscriptions: self._changed,
            subscribe.drop_subscriptions: self._dropped, rotate.keep_secrets: self._rotated,
        }  # fmt: skip

    # start and stop

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Learn who listens and what waits, and set the loops going."""
        store = self._house.store
        store.after_commit(self._committed)
        store.conclude(notify.fan_out, self._last_look, self._looked)
        for stage, then in self._followed.items():
            store.follow(stage, then)
        store.hear(self._heard)
        self.lanes.open(group)
        self._house.strain = self.lanes.strain
        await self._learn()
        await self._look_for_waiting()
        self._wake_tail.set()
        self._writing = group.create_task(self.lanes.ledger.write_for_ever())
        self._loops = [
            group.create_task(loop)
            for loop in (
                self._tail_for_ever(), self.lanes.time_for_ever(), self._tidy_for_ever(), self._learn_of_the_gone(),
                self._learn_from_others(),
            )
        ] + self._caller.start(group)  # fmt: skip

    async def stop(self, grace: float) -> None:
        """Start nothing more, wait for answers up to `grace` seconds; what is cut off then is sent again next time."""
        self._stopping = True
        self._house.strain = lambda endpoint: None
        self._house.store.not_after_commit(self._committed)
        self._house.store.not_hear(self._heard)
        for stage, then in self._followed.items():
            self._house.store.not_follow(stage, then)
        for event in (self._wake_tail, self._wake_tidy, self.lanes.gone, self._others):
            event.set()
        self._caller.stop()
        grace = max(grace, 0.5)
        _, late = await asyncio.wait([*self._loops, *self.lanes.stop()], timeout=grace)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        self.lanes.ledger.end()
        _, late = await asyncio.wait([self._writing], timeout=grace)
        for task in late:
            task.cancel()

    def failing(self) -> list[str]:
        """Endpoints that do not answer well, in plain sentences, the worst first."""
        return [
            f"webhook {one.name}: {one.breaker.failures} requests in a row failed" for one in self.lanes.failing()[:10]
        ]  # fmt: skip

    # the tail

    def _committed(self, stages: set[Stage[Any, Any]]) -> None:
        if self._house.listening and not stages <= subscribe.NO_EVENTS:
            self._wake_tail.set()

    async def _tail_for_ever(self) -> None:
        while not self._stopping:
            await wait(self._wake_tail, notify.KEEP_S)
            self._wake_tail.clear()
            try:
                while not self._stopping and await self._fan_out():
                    pass
            except Exception:
                # Webhooks stand still then, and are told of later; texts and receipts must not stand still with them.
                log.exception("events cannot be told to webhooks")
                await wait(self._wake_tidy, FAULT_S)
                self._wake_tail.set()
            await asyncio.sleep(GAP)

    def _last_look(self, moved: Set[str]) -> notify.Tail | None:
        """In the thread of the writer: fan out in the same commit what is wanted of it. That the position may be behind
        by now does no harm: the cursor that is stored counts.
        """
        directory = self._directory
        if self._missed or self._stopping or not directory.wants(moved):
            return None
        return notify.Tail(self._position, directory)

    def _looked(self, fanned: notify.Fanned | None) -> None:
        self._missed = self._missed or fanned is None
        if fanned is not None and not fanned.stale:
            self._take_over(fanned)
        if fanned is None or fanned.stale or fanned.more or fanned.held_back:
            self._wake_tail.set()

    def _take_over(self, fanned: notify.Fanned) -> None:
        self._position = max(self._position, fanned.position)
        self._missed = False
        self.lanes.take_over(fanned.loads)

    async def _fan_out(self) -> bool:
        """One look behind the cursor; True when there may be more."""
        try:
            now = self._house.clock.monotonic()
            tail = notify.Tail(self._position, self._directory, now - self._kept_at >= notify.KEEP_S)
            if tail.directory.silent:
                fanned = await self._house.store.read(lambda tx: notify.pass_by(tx, tail), tail=True)
            else:
                fanned = (await self._house.store.write(notify.fan_out, [tail]))[0]
            if fanned.stale:
                await self._learn()
                return True
            if tail.keep:
                self._kept_at = now
        except StoreUnavailable as fault:
            log.error("events cannot be read for webhooks now: %s", fault)
            await asyncio.sleep(1.0)
            return True
        self._take_over(fanned)
        if fanned.held_back:
            self._wake_tail.set()
        return fanned.more

    async def _learn(self) -> None:
        """Who listens now. What the API changed is known already, by way of the stages that are followed."""
        self._directory = await self._house.store.read(notify.directory)
        known = {one.id: one for pairs in self._directory.by_account.values() for one, _ in pairs}
        before = self.lanes.subscriptions
        for one in [one for number, one in before.items() if number not in known]:
            self.lanes.changed(one.id, one.account_id, None)
        for one in [one for number, one in known.items() if before.get(number) != one]:
            self.lanes.changed(one.id, one.account_id, one)
        if not self._directory.silent or await self._house.store.read(_any_inbox):
            self._house.listening = True  # and stays so: a caller may be about to make the next one

    async def _learn_of_the_gone(self) -> None:
        while not self._stopping:
            await self.lanes.gone.wait()
            self.lanes.gone.clear()
            try:
                await self._learn()
                await self._bury_and_withdraw()
            except StoreUnavailable as fault:
                log.error("who listens cannot be read now: %s", fault)  # the tail will see to it

    # news from the API

    def _replayed(self, _: Sequence[Any], rows: list[Delivery | None]) -> None:
        self.lanes.waits(row for row in rows if row is not None)

    def _changed(self, _: Sequence[Any], changed: list[Subscription | None]) -> None:
        for one in changed:
            if one is not None:
                self.lanes.changed(one.id, one.account_id, one if one.enabled else None)
        self._wake_tail.set()

    def _dropped(self, wanted: Sequence[tuple[int, int]], gone: list[bool]) -> None:
        for (account_id, webhook_id), dropped in zip(wanted, gone, strict=True):
            if dropped:
                self.lanes.changed(webhook_id, account_id, None)
                self._courier.forget_secrets(account_id, webhook_id)

    def _rotated(self, wanted: Sequence[rotate.NewSecret], _: list[Any]) -> None:
        for one in wanted:
            self._courier.forget_secrets(one.account_id, one.webhook_id)

    # news from other processes

    def _heard(self, news: News) -> None:
        if not self._house.listening:  # whoever takes requests elsewhere may have been asked for a callback
            self._house.listening = True
            self._wake_tail.set()
        if news.missed or not news.stages.isdisjoint(_OF_LISTENERS):
            self._others.set()

    async def _learn_from_others(self) -> None:
        while not self._stopping:
            await self._others.wait()
            self._others.clear()
            self._courier.forget_all_secrets()
            try:
                await self._learn()
                await self._look_for_waiting()
            except StoreUnavailable as fault:
                log.error("who listens cannot be read now: %s", fault)
                await wait(self._wake_tidy, FAULT_S)
                self._others.set()

    # rarer work

    async def _look_for_waiting(self) -> list[Waiting]:
        """Every endpoint that something waits for, as at the start."""
        found = await self._house.store.read(lambda tx: tx.webhooks.endpoints(LANES_MOST))
        for one in found:
            self.lanes.waits_at(one.endpoint, one.account_id, one.webhook_id, one.next_at)
        return found

    async def _tidy_for_ever(self) -> None:
        while not self._stopping:
            await wait(self._wake_tidy, TIDY_S)
            if self._stopping:
                return
            try:
                await self._tidy()
            except StoreUnavailable as fault:
                log.error("webhooks cannot be tidied now: %s", fault)
            except Exception:
                log.exception("webhooks cannot be tidied")

    async def _tidy(self) -> None:
        await self._bury_and_withdraw()
        await self._caller.tidy()
        before = self._house.clock.now() - self._house.settings.webhooks.retention * DAY
        while (await self._house.store.write(settle.drop_day, [before]))[0] and not self._stopping:
            pass
        await self._drop_past(settle.forget, lambda tx, after: tx.webhooks.aged(after, before, TIDY_MOST))
        await self._drop_past(
            settle.forget_callbacks, lambda tx, after: tx.webhooks.past_callbacks(after, before, TIDY_MOST)
        )  # fmt: skip

    async def _bury_and_withdraw(self) -> None:
        """Give up what waited too long where nothing is called; cancel what waits for subscriptions that are gone."""
        store, now = self._house.store, self._house.clock.now()
        for one in await self._look_for_waiting():
            if one.webhook_id is None or one.webhook_id in self.lanes.subscriptions:
                continue
            number, account = one.webhook_id, one.account_id
            left = await store.read(partial(_subscription, account, number))
            if left is None:
                while (await store.write(settle.withdraw, [one.endpoint]))[0] and not self._stopping:
                    pass
                continue
            gone = left.disabled_reason == settle.GONE
            grave = settle.Grave(one.endpoint, settle.EVER if gone else now - redelivery.HELD_MOST)
            while (await store.write(settle.bury, [grave]))[0] and not self._stopping:
                pass

    async def _drop_past(self, stage: Any, look: Any) -> None:
        """Drop what is past its retention, a page at a time, the oldest first."""
        after: int | None = 0
        in_vain = 0
        while after is not None and in_vain < PAGES_IN_VAIN and not self._stopping:

            async def ask(tx: Tx, after: int = after) -> Scan:
                found: Scan = await look(tx, after)
                return found

            seen = await self._house.store.read(ask)
            await self._house.store.write(stage, list(seen.ids))
            in_vain = 0 if seen.ids else in_vain + 1
            after = seen.cursor


async def _any_inbox(tx: Tx) -> bool:
    return await tx.senders.any_inbox()


async def _subscription(account_id: int, webhook_id: int, tx: Tx) -> Subscription | None:
    return await tx.webhooks.one(account_id, webhook_id)
