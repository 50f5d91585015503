"""6  What happened → those who asked to hear of it, into the outbox; `settle` says what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import msgspec

from tidings.core.conversation import of_conversation
from tidings.core.events import FINAL_TYPES, MESSAGE_TYPES, matches, types_of
from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Event, Tx
from tidings.core.telling import Load
from tidings.core.webhook import Callback, Delivery, Subscription, endpoint_of

SCAN_MOST = 2_000
"""Events looked at in one transaction."""
WANTED_MOST = 5_000
"""Deliveries made in one transaction, unless a single event has more."""
LAG_MOST = 20_000
"""Events that nobody wanted, after which the cursor is stored all the same."""
KEEP_S = 3600.0
"""Seconds after which it is."""


class Directory(msgspec.Struct, frozen=True):
    """Everybody who listens, as of one version: made once, used by every fan-out until something changes."""

    version: int
    by_account: dict[int, tuple[tuple[Subscription, frozenset[str]], ...]]
    callbacks: bool
    types: tuple[str, ...]
    """Every type that anybody wants: others are not even read."""

    @property
    def silent(self) -> bool:
        """Whether nobody listens at all."""
        return not self.by_account and not self.callbacks

    def wants(self, statuses: Set[str]) -> bool:
        """Whether anybody wants to hear that messages took one of these."""
        return not statuses.isdisjoint([kind.partition(".")[2] for kind in self.types])


async def directory(tx: Tx) -> Directory:
    """Who listens now."""
    _, version = await tx.webhooks.cursor()
    by_account: dict[int, list[tuple[Subscription, frozenset[str]]]] = {}
    for one in await tx.webhooks.enabled():
        by_account.setdefault(one.account_id, []).append((one, types_of(one.events)))
    callbacks, widened = await tx.webhooks.has_callbacks()
    types = {kind for pairs in by_account.values() for _, kinds in pairs for kind in kinds}
    if callbacks:
        types |= set(MESSAGE_TYPES) if widened else FINAL_TYPES
    found = {account: tuple(pairs) for account, pairs in by_account.items()}
    return Directory(version, found, callbacks, tuple(sorted(types)))


class Tail(msgspec.Struct, frozen=True):
    """Where the tail stands: the position read so far, and who is known to listen."""

    position: int
    directory: Directory
    keep: bool = False
    """Whether to store how far it came, though nobody wanted anything: what was not read cannot be dropped."""


class Fanned(msgspec.Struct, frozen=True):
    """How far a fan-out came."""

    position: int
    loads: tuple[Load, ...] = ()
    more: bool = False
    held_back: bool = False
    """A commit under way may bring more soon, or make seen what others brought, without a word."""
    stale: bool = False
    """Somebody began or ceased to listen: nothing was read, the directory must be made anew."""


@stage(order=90, private=True)
async def fan_out(tx: Tx, tails: Sequence[Tail], now: Millis) -> list[Fanned]:
    """Read events behind the cursor and put into the outbox what somebody wants; cursor and rows are one commit."""
    return [await _fan_out(tx, tail, now) for tail in tails]


async def pass_by(tx: Tx, tail: Tail) -> Fanned:
    """What a fan-out comes to while nobody listens: it writes nothing, so that it needs no commit."""
    stored, version = await tx.webhooks.cursor()
    if version != tail.directory.version:
        return Fanned(tail.position, stale=True, more=True)
    return Fanned(await tx.events.newest(max(stored, tail.position)), held_back=tx.events.held_back)


async def _fan_out(tx: Tx, tail: Tail, now: Millis) -> Fanned:
    stored, version = await tx.webhooks.cursor()
    if version != tail.directory.version:
        return Fanned(tail.position, stale=True, more=True)
    start = max(stored, tail.position)
    end, events = await tx.events.of_types(start, SCAN_MOST, tail.directory.types)
    more = end - start >= SCAN_MOST
    callbacks: Mapping[int, Callback] = {}
    if tail.directory.callbacks and events:
        callbacks = await tx.webhooks.callbacks(event.message_id for _, event in events)
    wanted: list[_Wanted] = []
    for position, event in events:
        listeners = _listeners(tail.directory, callbacks, position, event)
        if wanted and len(wanted) + len(listeners) > WANTED_MOST:
            end, more = position - 1, True
            break
        wanted += [(event, subscription, callback) for subscription, callback in listeners]
    if not wanted and end - stored < LAG_MOST and not (tail.keep and end > stored):
        return Fanned(end, more=more, held_back=tx.events.held_back)
    last = await tx.webhooks.last_delivery()
    await tx.webhooks.advance(end, last + len(wanted))
    return Fanned(end, tuple(await _into_outbox(tx, wanted, last + 1, now)), more, tx.events.held_back)


_Wanted = tuple[Event, Subscription | None, Callback | None]


async def _into_outbox(tx: Tx, wanted: Sequence[_Wanted], first: int, now: Millis) -> list[Load]:
    if not wanted:
        return []
    deliveries = [_delivery(first + at, *one, now) for at, one in enumerate(wanted)]
    await tx.webhooks.insert_deliveries(deliveries)
    messages = await tx.messages.by_id(event.message_id for event, _, _ in wanted)
    return [
        Load(delivery, event, messages.get(event.message_id))
        for delivery, (event, _, _) in zip(deliveries, wanted, strict=True)
    ]


def _listeners(
    directory: Directory, callbacks: Mapping[int, Callback], position: int, event: Event
) -> list[tuple[Subscription | None, Callback | None]]:
    found: list[tuple[Subscription | None, Callback | None]] = [
        (subscription, None)
        for subscription, types in directory.by_account.get(event.account_id, ())
        if event.type in types and position > subscription.since
    ]
    callback = callbacks.get(event.message_id)
    if callback is not None and (
        event.type in FINAL_TYPES or (callback.events and matches(callback.events, event.type))
    ):
        found.append((None, callback))
    return found


def _delivery(
    number: int, event: Event, subscription: Subscription | None, callback: Callback | None, now: Millis
) -> Delivery:
    webhook_id = subscription.id if subscription else None
    url = callback.url if callback else None
    return Delivery(
        id=number, account_id=event.account_id, webhook_id=webhook_id,
        endpoint=endpoint_of(webhook_id, event.account_id, url), url=url, message_id=event.message_id,
        sequence=event.sequence, type=event.type, occurred_at=event.occurred_at, status="waiting", attempts=0,
        created_at=now, began_at=now, next_at=now,
    )  # fmt: skip


async def loads(tx: Tx, deliveries: Sequence[Delivery]) -> list[Load]:
    """Deliveries with what they tell of, read anew."""
    messages = await tx.messages.by_id(one.message_id for one in deliveries)
    events = await tx.events.some([(one.message_id, one.sequence) for one in deliveries])
    return [
        Load(one, events[one.message_id, one.sequence], messages.get(one.message_id))
        for one in deliveries
        if (one.message_id, one.sequence) in events and (one.message_id in messages or of_conversation(one.type))
    ]
