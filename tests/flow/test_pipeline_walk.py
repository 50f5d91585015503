"""Any sequence of what may happen to messages leaves every one of them in order: nothing forbidden, nothing lost."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spine_kit import BIND, HOLD, NORTH, NOW, Story, finish, memory, receipt, refused, taken, tell
from tidings.config import Delivery
from tidings.config import Settings as HouseSettings
from tidings.core.message import Message, Part
from tidings.core.ports import Stage
from tidings.core.request import Request
from tidings.core.status import ENDED, fold, may_become
from tidings.pipeline import accept, cancel, dispatch, expire, lease, route, track, validate
from tidings.pipeline import receipt as receipts

PATIENCE = Delivery(attempts=2)
KINDS = ["throttled", "temporary", "permanent", "config", "bind", "not_written", "in_doubt"]
WORDS = ["delivered", "undelivered", "expired", "unknown", "in_transit"]
CATEGORIES: list[Any] = ["otp", "transactional", "marketing"]


class Walk:
    """A few messages, a carrier that answers anything at any time, and a clock that only goes on."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.tx, self.db = memory()
        self.now = NOW
        self.last = 0
        self.messages: list[Message] = []
        self.flying: list[Part] = []
        self.doubted: list[Part] = []
        self.ids: list[tuple[str, str]] = []
        self.fence = self.run(lease.take, HOLD)

    def run(self, stage: Stage[Any, Any], *items: Any) -> Any:
        """One commit."""
        results: list[Any] = finish(stage.run(self.tx, items, self.now))  # type: ignore[arg-type]
        return results[0] if len(results) == 1 else results

    def new_id(self) -> int:
        self.last += 1
        return self.last

    def story(self, message: Message) -> Story:
        return finish(tell(self.tx, message.id))

    # what may happen

    def come(self) -> None:
        text = "x" * self.chance.choice([5, 200, 400])
        # Two handsets only, so that ids and numbers collide.
        to = f"+1555123010{self.chance.randint(0, 1)}"
        made = validate.message(
            Request(to=to, text=text, category=self.chance.choice(CATEGORIES)),
            1,
            self.new_id(),
            self.now,
            HouseSettings(),
        )
        assert isinstance(made, Message)
        entered = self.run(accept.store_entries, accept.Entry(1, (made,)))
        self.messages += [one.message for one in entered.stored]

    def pass_time(self) -> None:
        self.now += self.chance.choice([1, 1_000, 1_000, 60_000, 600_000, 90_000_000])

    def go(self) -> None:
        """The runner's round: route, and claim with what the fold says is missing."""
        message = self.chance.choice(self.messages)
        if not self.run(route.store_routes, route.Routed(message.id, NORTH)):
            return
        story = self.story(message)
        missing = fold(message.segments, story.attempts).missing
        if not missing:
            return
        parts = missing[: self.chance.randint(1, len(missing))]
        fence = self.fence if self.chance.random() < 0.95 else self.fence + 1
        claim = dispatch.Claim(message, parts, tuple(self.new_id() for _ in parts), NORTH, BIND, fence)
        if self.run(dispatch.claim, claim):
            self.flying += dispatch.parts(claim, self.now)

    def answer(self) -> None:
        if not self.flying:
            return
        part = self.flying.pop(self.chance.randrange(len(self.flying)))
        if self.chance.random() < 0.5:
            self.yes(part)
            return
        kind = self.chance.choice(KINDS)
        if kind == "in_doubt":
            self.doubted.append(part)
        self.settle(refused(part, kind))

    def answer_late(self) -> None:
        if self.doubted:
            self.yes(self.doubted.pop())

    def yes(self, part: Part) -> None:
        carrier_id = f"c{self.chance.randint(0, 5)}"
        self.ids.append((carrier_id, part.to))
        self.settle(taken(part, carrier_id))

    def settle(self, answer: Any) -> None:
        self.run(dispatch.settle, dispatch.Settle(answer, 0.5, PATIENCE))

    def report(self) -> None:
        if self.ids:
            told = [self.chance.choice(self.ids) for _ in range(self.chance.randint(1, 3))]
            arrived = [receipts.Arrived(self.new_id(), receipt(i, self.chance.choice(WORDS), to)) for i, to in told]
            self.run(receipts.take_receipts, *arrived)

    def rematch(self) -> None:
        rows = finish(self.tx.receipts.parked(self.now, 10))
        if rows:
            self.run(receipts.rematch, *rows)

    def cancel(self) -> None:
        self.run(cancel.withdraw, (1, self.chance.choice(self.messages).id))

    def expire(self) -> None:
        overdue = finish(self.tx.queue.expired(self.now, 10))
        if overdue:
            self.run(expire.end_validity, *overdue)

    def give_up(self) -> None:
        waiting = finish(self.tx.messages.awaiting_receipt(self.now, 10))
        if waiting:
            self.run(expire.end_wait, *waiting)

    def opt_out(self) -> None:
        verb = self.tx.suppressions.add if self.chance.random() < 0.3 else self.tx.suppressions.lift
        finish(verb(1, self.chance.choice(self.messages).to, "walk", self.now))

    def step(self) -> None:
        if not self.messages:
            self.come()
        steps = {
            self.come: 4, self.go: 16, self.answer: 16, self.report: 10, self.answer_late: 4, self.rematch: 2,
            self.cancel: 1, self.expire: 2, self.give_up: 1, self.opt_out: 1, self.pass_time: 4,
        }  # fmt: skip
        self.chance.choices(list(steps), list(steps.values()))[0]()

    # what must hold

    def check(self) -> None:
        for message in self.messages:
            story = self.story(message)
            self.check_history(story)
            self.check_place(story)

    def check_history(self, story: Story) -> None:
        message, events = story.message, story.events
        assert [event.sequence for event in events] == list(range(1, message.event_count + 1))
        assert story.statuses[-1] == message.status
        for before, after in itertools.pairwise(events):
            error = (before.data or {}).get("error")
            why = track.our_error(error["code"], decided_by=error["decided_by"]) if error else None
            status, wanted = (event.type.removeprefix("message.") for event in (before, after))
            assert may_become(status, wanted, why), (status, wanted, why)
            assert before.occurred_at <= after.occurred_at

    def check_place(self, story: Story) -> None:
        """A message is in the queue, with a carrier, or at an end: never in two places, never in none."""
        message, status = story.message, story.message.status
        folded = fold(message.segments, story.attempts)
        moving = status in ("accepted", "scheduled", "queued")
        assert not (story.queued and not moving), status
        if moving:
            assert story.queued != folded.open, (status, story.queued, folded)
        assert (status in ENDED) == (message.finished_at is not None)
        assert (message.error is not None) == (status in ENDED - {"delivered", "canceled"})
        if status in ("sent", "delivered", "undelivered"):
            assert folded.missing == ()
        if status == "delivered":
            assert message.segments_delivered == message.segments
        if status == "canceled":
            assert all(attempt.outcome == "not_written" for attempt in story.attempts)
        if status in ("rejected", "expired"):
            assert not [a for a in story.attempts if a.outcome == "in_doubt" and a.part in folded.missing]
        assert message.segments_delivered == folded.delivered
        assert (message.text is None) == (message.category == "otp" and status in ENDED)


@pytest.mark.one_engine("thousands of transactions in a database in memory")
@settings(max_examples=40)
@given(st.integers(0, 1 << 32))
def test_whatever_happens_every_message_is_in_order(seed: int) -> None:
    walk = Walk(random.Random(seed))
    try:
        for _ in range(60):
            walk.step()
            walk.check()
    finally:
        walk.db.close()
