"""Subscriptions as callers manage them: make, change, drop, rotate, test, and send deliveries again."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import msgspec

from tidings.core import telling
from tidings.core.message import Millis
from tidings.core.ports import NotPosted, Posted, Stage, stage
from tidings.core.questions import DeliveryFilter, Scan, Tx
from tidings.core.request import Refused
from tidings.core.webhook import SECRET_OCTETS, Delivery, Secret, Subscription, endpoint_of
from tidings.pipeline import deliver, notify, settle
from tidings.pipeline import rotate as secrets
from tidings.pipeline.house import House

REPLAYABLE = ("delivered", "dead")
REPLAY_PAGE = 1_000
"""Deliveries looked at, and sent again, at a time."""
REPLAY_MOST = 100_000
"""Deliveries that one call sends again."""


class New(msgspec.Struct, frozen=True):
    """A subscription to be stored with its first secret, if its account has room for one more."""

    subscription: Subscription
    octets: bytes
    most: int


class Change(msgspec.Struct, frozen=True):
    """Fields of a subscription that shall be other."""

    account_id: int
    webhook_id: int
    fields: dict[str, Any]


class Replay(msgspec.Struct, frozen=True):
    """A delivery that shall go out again, and when."""

    delivery_id: int
    due: Millis


@stage(order=85)
async def store_subscriptions(tx: Tx, items: Sequence[New], now: Millis) -> list[Subscription | None]:
    """Keep new subscriptions; None where the account has too many. They hear of what happens from now on."""
    made: list[Subscription | None] = []
    for item in items:
        one = item.subscription
        if await tx.webhooks.count(one.account_id) >= item.most:
            made.append(None)
            continue
        await tx.webhooks.changed()
        one = msgspec.structs.replace(one, since=await tx.events.newest())
        await tx.webhooks.insert(one)
        await secrets.add_secret(tx, secrets.NewSecret(one.account_id, one.id, item.octets), now)
        made.append(one)
    return made


@stage(order=86)
async def change_subscriptions(tx: Tx, changes: Sequence[Change], now: Millis) -> list[Subscription | None]:
    """Change subscriptions; None where there is none. One switched on again hears of what happens from then on."""
    changed: list[Subscription | None] = []
    for change in changes:
        before = await tx.webhooks.one(change.account_id, change.webhook_id)
        if before is None:
            changed.append(None)
            continue
        fields = dict(change.fields)
        if fields.get("enabled") and not before.enabled:
            fields |= {"disabled_reason": None, "since": await tx.events.newest()}
        after = msgspec.structs.replace(before, **fields)
        await tx.webhooks.changed()
        await tx.webhooks.change(after)
        changed.append(after)
    return changed


@stage(order=87)
async def drop_subscriptions(tx: Tx, wanted: Sequence[tuple[int, int]], now: Millis) -> list[bool]:
    """Drop subscriptions with their secrets; what still waits for them is for `settle.withdraw`."""
    gone = []
    for account_id, webhook_id in wanted:
        gone.append(await tx.webhooks.delete(account_id, webhook_id))
        if gone[-1]:
            await tx.webhooks.changed()
    return gone


@stage(order=88)
async def replay_some(tx: Tx, wanted: Sequence[Replay], now: Millis) -> list[Delivery | None]:
    """Let deliveries that have ended wait again; None for those that wait already."""
    found = await tx.webhooks.deliveries(one.delivery_id for one in wanted)
    again = [
        None
        if (row := found.get(one.delivery_id)) is None or row.status not in REPLAYABLE
        else msgspec.structs.replace(row, status="waiting", began_at=one.due, next_at=one.due, finished_at=None)
        for one in wanted
    ]
    await tx.webhooks.replay([(row.id, row.began_at, row.began_at) for row in again if row is not None])
    return again


async def subscribe(house: House, subscription: Subscription) -> tuple[Subscription, bytes] | Refused:
    """Make a subscription; returns it with its secret, which is shown this once."""
    octets = house.clock.token(SECRET_OCTETS)
    most = house.settings.webhooks.per_account
    house.listening = True
    made = (await house.store.write(store_subscriptions, [New(subscription, octets, most)]))[0]
    if made is None:
        return Refused("too_many_webhooks", f"This account has {most} webhooks, as many as it may.")
    return made, octets


async def change(house: House, account_id: int, webhook_id: int, fields: dict[str, Any]) -> Subscription | None:
    """Change a subscription; None when there is none."""
    house.listening = True
    return (await house.store.write(change_subscriptions, [Change(account_id, webhook_id, fields)]))[0]


async def unsubscribe(house: House, account_id: int, webhook_id: int) -> bool:
    """Drop a subscription and cancel what waits for it; False when there is none."""
    gone = (await house.store.write(drop_subscriptions, [(account_id, webhook_id)]))[0]
    if gone:
        # In pages of their own: however much waits, no commit of others is held up for long.
        while (await house.store.write(settle.withdraw, [endpoint_of(webhook_id, account_id, None)]))[0]:
            pass
    return gone


async def rotate(house: House, account_id: int, webhook_id: int, overlap: Millis) -> list[Secret]:
    """A new secret, newest first with those that stay valid beside it for `overlap`. `webhook_id` 0: the default."""
    new = secrets.NewSecret(account_id, webhook_id, house.clock.token(SECRET_OCTETS), overlap)
    return (await house.store.write(secrets.keep_secrets, [new]))[0]


async def test(house: House, subscription: Subscription) -> Posted | NotPosted:
    """Call the endpoint once with an event of type `webhook.test`, and tell what it said."""
    if house.post is None:
        raise RuntimeError("this house sends no webhooks")
    now = house.clock.now()
    webhook_id, body = telling.test_body(subscription, house.new_id(), now)
    kept = await house.store.read(lambda tx: tx.webhooks.secrets(subscription.account_id, subscription.id))
    return await house.post.post(
        subscription.url, secrets.request_headers(kept, webhook_id, now, body), body
    )  # fmt: skip


async def replay(house: House, account_id: int, filter: DeliveryFilter) -> int:
    """Send settled deliveries again, oldest first, paced by `webhooks.replay_rate`; returns how many will go out."""
    gap = 1000 / house.settings.webhooks.replay_rate
    total, after = 0, 0
    began = house.clock.now()
    while total < REPLAY_MOST:
        seen = await house.store.read(functools.partial(_replayable, account_id, filter, after))
        wanted = [
            Replay(number, began + int((total + at) * gap)) for at, number in enumerate(seen.ids[: REPLAY_MOST - total])
        ]
        done = await house.store.write(replay_some, wanted)
        total += sum(one is not None for one in done)
        if seen.cursor is None:
            break
        after = seen.cursor
    return total


async def _replayable(account_id: int, filter: DeliveryFilter, after: int, tx: Tx) -> Scan:
    return await tx.webhooks.replayable(account_id, filter, after, REPLAY_PAGE)


async def replay_one(house: House, account_id: int, delivery_id: int) -> int:
    """Send one settled delivery again; 0 when there is none, or it still waits."""

    async def ask(tx: Tx) -> Scan:
        return await tx.webhooks.replayable(account_id, DeliveryFilter(), delivery_id - 1, 1)

    if (await house.store.read(ask)).ids != (delivery_id,):
        return 0
    done = await house.store.write(replay_some, [Replay(delivery_id, house.clock.now())])
    return sum(one is not None for one in done)


NO_EVENTS: frozenset[Stage[Any, Any]] = frozenset(
    (
        notify.fan_out, settle.settle, settle.bury, settle.withdraw, settle.forget, settle.forget_callbacks,
        secrets.keep_secrets, replay_some, drop_subscriptions,
        deliver.fill, deliver.settle, deliver.replay, deliver.give_up, deliver.withdraw, deliver.forget,
    )
)  # fmt: skip
"""Stages that write no events: after a commit of these alone nobody need look."""
