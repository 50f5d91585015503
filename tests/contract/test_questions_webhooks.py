"""Questions about webhooks and the tail of events, with what they mean."""

from __future__ import annotations

from typing import Any

import msgspec

from contract_kit import ONE, TWO, Desk, event, message
from tidings.core.questions import DeliveryFilter, Scan, Tx, Waiting
from tidings.core.webhook import Callback, Delivery, Secret, Subscription, Try


def subscription(number: int, **changes: Any) -> Subscription:
    fields: dict[str, Any] = {
        "id": number, "account_id": ONE, "url": "https://example.com/", "events": ("message.sent", "message.un*"),
        "ordered": True, "batch": 7, "description": "mine", "created_at": 5,
    }  # fmt: skip
    return Subscription(**{**fields, **changes})


def delivery(number: int, **changes: Any) -> Delivery:
    fields: dict[str, Any] = {
        "id": number, "account_id": ONE, "webhook_id": 9, "endpoint": "e", "url": None, "message_id": number,
        "sequence": 1, "type": "message.sent", "occurred_at": 3, "status": "waiting", "attempts": 0,
        "created_at": number * 10, "began_at": number * 10, "next_at": number * 10,
    }  # fmt: skip
    return Delivery(**{**fields, **changes})


def ids(rows: Any) -> list[int]:
    return [row.id for row in rows]


async def test_events_behind_a_position_in_the_order_of_their_commits(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.events.newest()) == 0
    rows = [event(5, 1), event(3, 1, data={"x": 1}), event(5, 2), event(1, 1)]
    for row in rows:
        await desk.do(lambda tx, row=row: tx.events.append([row]))  # type: ignore[misc]
    found = await desk.see(lambda tx: tx.events.after(0, 10))
    assert [one for _, one in found] == rows
    positions = [position for position, _ in found]
    assert positions == sorted(positions)
    assert positions[-1] == await desk.see(lambda tx: tx.events.newest())
    assert await desk.see(lambda tx: tx.events.after(positions[0], 2)) == found[1:3]
    assert await desk.see(lambda tx: tx.events.after(positions[0], 9, positions[1])) == found[1:2]
    assert await desk.see(lambda tx: tx.events.after(positions[-1], 9)) == []
    kinds = [rows[0].type]
    assert await desk.see(lambda tx: tx.events.of_types(0, 99, kinds)) == (positions[-1], found)
    assert await desk.see(lambda tx: tx.events.of_types(positions[0], 2, kinds)) == (positions[2], found[1:3])
    assert await desk.see(lambda tx: tx.events.of_types(0, 99, ["message.none"])) == (positions[-1], [])
    assert await desk.see(lambda tx: tx.events.of_types(positions[-1], 9, kinds)) == (positions[-1], [])
    assert await desk.see(lambda tx: tx.events.some([(5, 2), (3, 1), (9, 9)])) == {(5, 2): rows[2], (3, 1): rows[1]}


async def test_events_of_one_account_and_some_types_between_two_positions(desk: Desk) -> None:
    foreign = msgspec.structs.replace(event(2, 1), account_id=TWO)
    rows = [event(1, 1), foreign, event(1, 2, "message.sent"), event(3, 1), event(1, 3)]
    for row in rows:
        await desk.do(lambda tx, row=row: tx.events.append([row]))  # type: ignore[misc]
    every = await desk.see(lambda tx: tx.events.after(0, 10))
    end, kind = every[-1][0], rows[0].type

    async def sought(account_id: int, *types: str, cursor: int = 0, until: int = end, limit: int = 9) -> Any:
        return await desk.see(lambda tx: tx.events.sought(account_id, types, cursor, until, limit))

    assert await sought(ONE, kind, "message.sent") == [every[0], *every[2:]]
    assert await sought(ONE, kind) == [every[0], *every[3:]]
    assert await sought(TWO, kind, "message.sent") == [every[1]]
    assert await sought(ONE, kind, cursor=every[0][0], until=every[3][0]) == [every[3]]
    assert await sought(ONE, kind, "message.sent", limit=2) == [every[0], every[2]]
    assert await sought(ONE) == []


async def test_a_subscription_is_kept_changed_and_dropped_with_its_secrets(desk: Desk) -> None:
    one = subscription(9)
    await desk.do(lambda tx: tx.webhooks.insert(one))
    await desk.do(lambda tx: tx.webhooks.insert(subscription(8, account_id=TWO, enabled=False)))
    secrets = [Secret(ONE, 9, b"\x00\xff", 20), Secret(ONE, 9, b"old", 10, 99)]
    await desk.do(lambda tx: tx.webhooks.keep_secrets(ONE, 9, secrets))
    assert await desk.see(lambda tx: tx.webhooks.one(ONE, 9)) == one
    assert await desk.see(lambda tx: tx.webhooks.one(TWO, 9)) is None
    assert await desk.see(lambda tx: tx.webhooks.enabled()) == [one]
    assert await desk.see(lambda tx: tx.webhooks.secrets(ONE, 9)) == secrets
    off = msgspec.structs.replace(one, enabled=False, disabled_reason="gone", events=(), ordered=False, since=4)
    await desk.do(lambda tx: tx.webhooks.change(off))
    assert await desk.see(lambda tx: tx.webhooks.one(ONE, 9)) == off
    assert await desk.do(lambda tx: tx.webhooks.delete(TWO, 9)) is False
    assert await desk.do(lambda tx: tx.webhooks.delete(ONE, 9)) is True
    assert await desk.see(lambda tx: tx.webhooks.secrets(ONE, 9)) == []
    assert await desk.see(lambda tx: tx.webhooks.count(TWO)) == 1


async def test_subscriptions_newest_first(desk: Desk) -> None:
    for number in (3, 1, 2):
        await desk.do(lambda tx, n=number: tx.webhooks.insert(subscription(n)))  # type: ignore[misc]
    assert ids(await desk.see(lambda tx: tx.webhooks.page(ONE, None, 2))) == [3, 2]
    assert ids(await desk.see(lambda tx: tx.webhooks.page(ONE, 2, 2))) == [1]


async def test_a_change_of_listeners_skips_what_nobody_heard_and_nothing_else(desk: Desk) -> None:
    await desk.do(lambda tx: tx.events.append([event(1, 1), event(1, 2)]))
    newest = await desk.see(lambda tx: tx.events.newest())
    _, version = await desk.see(lambda tx: tx.webhooks.cursor())
    await desk.do(lambda tx: tx.webhooks.changed())
    assert await desk.see(lambda tx: tx.webhooks.cursor()) == (newest, version + 1)
    await desk.do(lambda tx: tx.webhooks.insert_callbacks([Callback(1, ONE, "http://x/", ("message.*",))]))
    await desk.do(lambda tx: tx.events.append([event(1, 3)]))
    await desk.do(lambda tx: tx.webhooks.changed())
    assert await desk.see(lambda tx: tx.webhooks.cursor()) == (newest, version + 2)
    await desk.do(lambda tx: tx.webhooks.advance(newest + 1, 7))
    assert await desk.see(lambda tx: tx.webhooks.cursor()) == (newest + 1, version + 2)
    assert await desk.see(lambda tx: tx.webhooks.last_delivery()) == 7


async def test_callbacks_by_message(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.webhooks.has_callbacks()) == (False, False)
    rows = [Callback(1, ONE, "http://x/", ("message.*",)), Callback(2, TWO, "http://y/")]
    await desk.do(lambda tx: tx.webhooks.insert_callbacks(rows[1:]))
    assert await desk.see(lambda tx: tx.webhooks.has_callbacks()) == (True, False)
    await desk.do(lambda tx: tx.webhooks.insert_callbacks(rows[:1]))
    assert await desk.see(lambda tx: tx.webhooks.has_callbacks()) == (True, True)
    assert await desk.see(lambda tx: tx.webhooks.callbacks([2, 3, 1])) == {1: rows[0], 2: rows[1]}


async def test_what_waits_for_an_endpoint_the_first_due_first(desk: Desk) -> None:
    rows = [delivery(1, next_at=50), delivery(2, next_at=40), delivery(3, endpoint="other", webhook_id=None, url="u"),
            delivery(4, next_at=None, status="dead"), delivery(5, next_at=40, message_id=2, sequence=2)]  # fmt: skip
    await desk.do(lambda tx: tx.webhooks.insert_deliveries(rows))
    assert ids(await desk.see(lambda tx: tx.webhooks.waiting("e", False, 10))) == [2, 5, 1]
    assert ids(await desk.see(lambda tx: tx.webhooks.waiting("e", True, 10))) == [2, 1]
    assert ids(await desk.see(lambda tx: tx.webhooks.waiting("e", False, 2))) == [2, 5]
    found = await desk.see(lambda tx: tx.webhooks.endpoints(10))
    assert sorted(found, key=lambda one: one.endpoint) == [Waiting("e", 9, ONE, 40), Waiting("other", None, ONE, 30)]
    assert await desk.see(lambda tx: tx.webhooks.deliveries([1, 3, 99])) == {1: rows[0], 3: rows[2]}


async def test_a_delivery_is_settled_and_logged(desk: Desk) -> None:
    one = delivery(1)
    await desk.do(lambda tx: tx.webhooks.insert_deliveries([one]))
    done = msgspec.structs.replace(one, status="delivered", attempts=2, next_at=None, finished_at=77, reply_id=5)
    await desk.do(lambda tx: tx.webhooks.settle([done]))
    assert await desk.see(lambda tx: tx.webhooks.deliveries([1])) == {1: done}
    tries = [
        Try(delivery_id=1, number=n, at=n, took_ms=3, outcome="refused", status_code=None if n == 1 else 500,
            digest="d", octets=4, answer="a", detail="")
        for n in (1, 2)
    ]  # fmt: skip
    await desk.do(lambda tx: tx.webhooks.log(tries))
    assert await desk.see(lambda tx: tx.webhooks.tries(1)) == tries
    assert await desk.see(lambda tx: tx.webhooks.last_tries([1, 2])) == {1: tries[1]}
    await desk.do(lambda tx: tx.webhooks.forget_tries(1, 1))
    assert await desk.see(lambda tx: tx.webhooks.tries(1)) == tries[1:]
    await desk.do(lambda tx: tx.webhooks.forget([1]))
    assert await desk.see(lambda tx: tx.webhooks.tries(1)) == []
    assert await desk.see(lambda tx: tx.webhooks.deliveries([1])) == {}


async def test_a_page_of_deliveries_newest_first(desk: Desk) -> None:
    rows = [delivery(n, type="message.sent" if n % 2 else "message.failed") for n in range(1, 7)]
    await desk.do(lambda tx: tx.webhooks.insert_deliveries([*rows, delivery(7, account_id=TWO)]))

    async def page(before: int | None = None, limit: int = 3, **filter: Any) -> tuple[list[int], int | None]:
        wanted = DeliveryFilter(**filter)
        found = await desk.see(lambda tx: tx.webhooks.delivery_page(ONE, wanted, before, limit))
        return ids(found.deliveries), found.cursor

    assert await page() == ([6, 5, 4], 4)
    assert await page(4) == ([3, 2, 1], None)
    assert await page(type="message.failed") == ([6, 4, 2], None)
    assert await page(webhook_id=9, since=30, until=50) == ([5, 4, 3], None)
    assert await page(message_id=2) == ([2], None)
    assert await page(status="dead") == ([], None)
    assert await desk.see(lambda tx: tx.webhooks.of_message(2, 9)) == [rows[1]]


async def test_only_what_has_ended_and_has_its_subscription_can_be_replayed(desk: Desk) -> None:
    await desk.do(lambda tx: tx.webhooks.insert(subscription(9)))
    rows = [delivery(1, status="dead", next_at=None), delivery(2, status="delivered", next_at=None), delivery(3),
            delivery(4, status="dead", next_at=None, webhook_id=77), delivery(5, status="canceled", next_at=None),
            delivery(6, status="dead", next_at=None, webhook_id=None, type="message.failed")]  # fmt: skip
    await desk.do(lambda tx: tx.webhooks.insert_deliveries(rows))

    async def found(after: int = 0, **filter: Any) -> list[int]:
        wanted = DeliveryFilter(**filter)
        seen = await desk.see(lambda tx: tx.webhooks.replayable(ONE, wanted, after, 10))
        assert seen.cursor is None
        return list(seen.ids)

    assert await found() == [1, 2, 6]
    assert await desk.see(lambda tx: tx.webhooks.replayable(ONE, DeliveryFilter(), 1, 3)) == Scan((2,), 4)
    assert await found(1, status="dead") == [6]
    assert await found(type="message.sent", webhook_id=9, since=20, until=20) == [2]
    await desk.do(lambda tx: tx.webhooks.replay([(1, 500, 600)]))
    again = (await desk.see(lambda tx: tx.webhooks.deliveries([1])))[1]
    assert (again.status, again.began_at, again.next_at, again.finished_at) == ("waiting", 500, 600, None)


async def test_what_waits_is_buried_or_withdrawn_a_page_at_a_time(desk: Desk) -> None:
    await desk.do(lambda tx: tx.webhooks.insert_deliveries([delivery(n) for n in range(1, 7)]))
    assert await desk.do(lambda tx: tx.webhooks.bury("other", 20, 10, 99)) == []
    assert await desk.do(lambda tx: tx.webhooks.bury("e", 30, 2, 99)) == [1, 2]
    assert await desk.do(lambda tx: tx.webhooks.bury("e", 30, 2, 99)) == [3]
    assert await desk.see(lambda tx: tx.webhooks.ended([1, 4, 3, 77])) == [1, 3, 77]
    assert await desk.do(lambda tx: tx.webhooks.withdraw("e", 2, 99)) == 2

    async def statuses(tx: Tx) -> list[tuple[str, int | None]]:
        rows = await tx.webhooks.deliveries(range(1, 7))
        return [(rows[n].status, rows[n].finished_at) for n in sorted(rows)]

    expected = [("dead", 99)] * 3 + [("canceled", 99)] * 2 + [("waiting", None)]
    assert await desk.see(statuses) == expected


async def test_callbacks_of_messages_that_ended_long_ago(desk: Desk) -> None:
    messages = [message(1, finished_at=10), message(2), message(3, finished_at=30), message(4, finished_at=20)]
    await desk.do(lambda tx: tx.messages.insert(messages))
    await desk.do(
        lambda tx: tx.webhooks.insert_callbacks([Callback(n, ONE, "http://x/") for n in (1, 2, 3, 4, 5)])
    )  # fmt: skip
    assert await desk.see(lambda tx: tx.webhooks.past_callbacks(0, 20, 3)) == Scan((1,), 3)
    assert await desk.see(lambda tx: tx.webhooks.past_callbacks(3, 20, 3)) == Scan((4, 5), None)
    await desk.do(lambda tx: tx.webhooks.forget_callbacks([1, 4, 5]))
    assert sorted(await desk.see(lambda tx: tx.webhooks.callbacks(range(9)))) == [2, 3]


async def test_every_endpoint_that_waits_is_found_by_its_first(desk: Desk) -> None:
    rows = [
        delivery(n, endpoint=f"e{n % 3}", webhook_id=n % 3 or None, next_at=100 - n if n % 4 else None)
        for n in range(1, 13)
    ]  # fmt: skip
    await desk.do(lambda tx: tx.webhooks.insert_deliveries(rows))
    expected = [Waiting("e0", None, ONE, 91), Waiting("e1", 1, ONE, 90), Waiting("e2", 2, ONE, 89)]
    assert await desk.see(lambda tx: tx.webhooks.endpoints(10)) == expected
    assert await desk.see(lambda tx: tx.webhooks.endpoints(2)) == expected[:2]
