"""What happens over days: events and deliveries for stores that keep them by the day, or drop them by their age."""

from __future__ import annotations

from typing import Any

import msgspec

from contract_kit import ONE, Desk
from spine_kit import NOW, HandClock
from tidings.core.ids import Ids
from tidings.core.message import DAY
from tidings.core.questions import Event
from tidings.core.webhook import Delivery, Try


def midnight(day: int) -> int:
    """The beginning of a day, counted from the one on which clocks of tests begin."""
    return (NOW // DAY + day) * DAY


def go_to(clock: HandClock, day: int) -> int:
    """Noon of a day."""
    clock.seconds = (midnight(day) + DAY // 2 - NOW) / 1000
    return clock.now()


async def happen(desk: Desk, *events: Event) -> None:
    await desk.do(lambda tx: tx.events.append(events))


def event(number: int, sequence: int, at: int, kind: str = "message.sent") -> Event:
    return Event(number, ONE, sequence, kind, at, {"carrier": "north"})


async def made(desk: Desk, clock: HandClock, days: int) -> list[Event]:
    """One message a day, each told of on its day and once more on the next; in the order of what happened."""
    ids, numbers, rows = Ids(), list[int](), list[Event]()
    for day in range(days):
        now = go_to(clock, day)
        today = [event(numbers[-1], 2, now)] if numbers else []
        numbers.append(ids.next(now))
        today.append(event(numbers[-1], 1, now))
        await happen(desk, *today)
        rows += today
    return rows


def delivery(number: int, at: int, **changes: Any) -> Delivery:
    fields: dict[str, Any] = {
        "id": number, "account_id": ONE, "webhook_id": None, "endpoint": "e", "url": "http://x/", "message_id": number,
        "sequence": 1, "type": "message.sent", "occurred_at": at, "status": "waiting", "attempts": 0,
        "created_at": at, "began_at": at, "next_at": at,
    }  # fmt: skip
    return Delivery(**{**fields, **changes})


def tried(number: int, at: int, attempt: int) -> Try:
    return Try(
        delivery_id=number, number=attempt, at=at, took_ms=5, outcome="delivered", status_code=200, digest="d",
        octets=9, answer="ok", detail="",
    )  # fmt: skip


async def end(desk: Desk, one: Delivery, at: int) -> Delivery:
    attempts = one.attempts + 1
    ended = msgspec.structs.replace(one, status="delivered", attempts=attempts, next_at=None, finished_at=at)
    await desk.do(lambda tx: tx.webhooks.settle([ended]))
    await desk.do(lambda tx: tx.webhooks.log([tried(one.id, at, attempts)]))
    return ended
