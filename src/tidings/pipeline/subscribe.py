"""Subscriptions as callers manage them: make, change, drop, rotate, test, and send deliveries again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tidings.core.message import Millis
from tidings.core.ports import NotPosted, Posted, stage
from tidings.core.questions import DeliveryFilter, Tx
from tidings.core.request import Refused
from tidings.core.webhook import SECRET_OCTETS, Delivery, Secret, Subscription, endpoint_of
from tidings.pipeline import notify
from tidings.pipeline.house import House

REPLAY_PAGE = 1_000
REPLAY_MOST = 100_000
"""Deliveries that one call sends again."""
WITHDRAW_MOST = 1_000


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
    """One page of deliveries that shall go out again, paced."""

    account_id: int
    filter: DeliveryFilter
    after: int
    limit: int
    start: Millis
    """When the first of this page goes out."""
    gap_ms: float
    only: int | None = None
    """This delivery and no other."""


class Replayed(msgspec.Struct, frozen=True):
    """The deliveries of one page that will go out again."""

    deliveries: tuple[Delivery, ...]


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
        await notify.add_secret(tx, notify.NewSecret(one.account_id, one.id, item.octets), now)
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
    """Drop subscriptions with their secrets; what still waited for them is canceled."""
    gone = []
    for account_id, webhook_id in wanted:
        dropped = await tx.webhooks.delete(account_id, webhook_id)
        if dropped:
            await tx.webhooks.changed()
            endpoint = endpoint_of(webhook_id, account_id, None)
            while await tx.webhooks.withdraw(endpoint, WITHDRAW_MOST, now) == WITHDRAW_MOST:
                pass
        gone.append(dropped)
    return gone


@stage(order=88)
async def replay_page(tx: Tx, pages: Sequence[Replay], now: Millis) -> list[Replayed]:
    """Let settled deliveries wait again, one after the other in time; their subscriptions must still be there."""
    return [await _replay_page(tx, page, now) for page in pages]


async def _replay_page(tx: Tx, page: Replay, now: Millis) -> Replayed:
    ids = await tx.webhooks.replayable(page.account_id, page.filter, page.after, page.limit)
    ids = [number for number in ids if page.only in (None, number)]
    found = await tx.webhooks.deliveries(ids)
    dues = [max(now, page.start) + int(at * page.gap_ms) for at in range(len(ids))]
    rows = [(number, due, due) for number, due in zip(ids, dues, strict=True)]
    await tx.webhooks.replay(rows)
    return Replayed(
        tuple(
            msgspec.structs.replace(found[number], status="waiting", began_at=began, next_at=due)
            for number, began, due in rows
        )
    )


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
    """Drop a subscription; False when there is none."""
    return (await house.store.write(drop_subscriptions, [(account_id, webhook_id)]))[0]


async def rotate(house: House, account_id: int, webhook_id: int, overlap: Millis) -> list[Secret]:
    """A new secret, newest first with those that stay valid beside it for `overlap`. `webhook_id` 0: the default."""
    new = notify.NewSecret(account_id, webhook_id, house.clock.token(SECRET_OCTETS), overlap)
    return (await house.store.write(notify.keep_secrets, [new]))[0]


async def test(house: House, subscription: Subscription) -> Posted | NotPosted:
    """Call the endpoint once with an event of type `webhook.test`, and tell what it said."""
    if house.post is None:
        raise RuntimeError("this house sends no webhooks")
    now = house.clock.now()
    webhook_id, body = notify.test_body(subscription, house.new_id(), now)
    secrets = await house.store.read(lambda tx: tx.webhooks.secrets(subscription.account_id, subscription.id))
    return await house.post.post(
        subscription.url, notify.request_headers(secrets, webhook_id, now, body), body
    )  # fmt: skip


async def replay(house: House, account_id: int, filter: DeliveryFilter) -> int:
    """Send settled deliveries again, oldest first, paced by `webhooks.replay_rate`; returns how many will go out."""
    gap = 1000 / house.settings.webhooks.replay_rate
    total, after = 0, 0
    began = house.clock.now()
    while total < REPLAY_MOST:
        limit = min(REPLAY_PAGE, REPLAY_MOST - total)
        page = Replay(account_id, filter, after, limit, began + int(total * gap), gap)
        done = (await house.store.write(replay_page, [page]))[0].deliveries
        total += len(done)
        if len(done) < limit:
            break
        after = done[-1].id
    return total


async def replay_one(house: House, account_id: int, delivery_id: int) -> int:
    """Send one settled delivery again; 0 when there is none, or it still waits."""
    page = Replay(account_id, DeliveryFilter(), delivery_id - 1, 1, house.clock.now(), 0, delivery_id)
    return len((await house.store.write(replay_page, [page]))[0].deliveries)


NO_EVENTS = frozenset(
    one.name
    for one in (
        notify.fan_out,
        notify.settle,
        notify.keep_secrets,
        notify.bury_held,
        notify.forget,
        replay_page,
        drop_subscriptions,
    )
)
"""Stages that write no events: after a commit of these alone nobody need look."""
