"""6  What happened → those who asked to hear of it: fan-out into the outbox, what is sent, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tidings.core import ids, redelivery, signing
from tidings.core.events import FINAL_TYPES, event_id, matches, types_of
from tidings.core.message import DAY, Message, Millis
from tidings.core.moments import written
from tidings.core.ports import NotPosted, Posted, stage
from tidings.core.questions import Event, Tx
from tidings.core.status import ENDED
from tidings.core.webhook import SECRETS_MOST, Callback, Delivery, Secret, Subscription, Try, endpoint_of

SCAN_MOST = 2_000
"""Events looked at in one transaction."""
LAG_MOST = 20_000
"""Events that nobody wanted, after which the cursor is stored all the same."""
TRIES_KEPT = 50
"""Newest attempts that the log keeps of one delivery."""
BURY_MOST = 1_000
ANSWER_KEPT = 1_000
"""Characters of an answer that the log keeps."""


# fan-out


class Directory(msgspec.Struct, frozen=True):
    """Everybody who listens, as of one version: made once, used by every fan-out until something changes."""

    version: int
    by_account: dict[int, tuple[tuple[Subscription, frozenset[str]], ...]]
    callbacks: bool

    @property
    def silent(self) -> bool:
        """Whether nobody listens at all."""
        return not self.by_account and not self.callbacks


async def directory(tx: Tx) -> Directory:
    """Who listens now."""
    _, version = await tx.webhooks.cursor()
    by_account: dict[int, list[tuple[Subscription, frozenset[str]]]] = {}
    for one in await tx.webhooks.enabled():
        by_account.setdefault(one.account_id, []).append((one, types_of(one.events)))
    return Directory(
        version, {account: tuple(found) for account, found in by_account.items()}, await tx.webhooks.has_callbacks()
    )


class Tail(msgspec.Struct, frozen=True):
    """Where the tail stands: the position read so far, and who is known to listen."""

    position: int
    directory: Directory


class Load(msgspec.Struct, frozen=True, gc=False):
    """A delivery with what it tells of."""

    delivery: Delivery
    event: Event
    message: Message


class Fanned(msgspec.Struct, frozen=True):
    """How far a fan-out came."""

    position: int
    loads: tuple[Load, ...] = ()
    more: bool = False
    stale: bool = False
    """Somebody began or ceased to listen: nothing was read, the directory must be made anew."""


@stage(order=90)
async def fan_out(tx: Tx, tails: Sequence[Tail], now: Millis) -> list[Fanned]:
    """Read events behind the cursor and put into the outbox what somebody wants; cursor and rows are one commit."""
    return [await _fan_out(tx, tail, now) for tail in tails]


async def _fan_out(tx: Tx, tail: Tail, now: Millis) -> Fanned:
    stored, version = await tx.webhooks.cursor()
    if version != tail.directory.version:
        return Fanned(tail.position, stale=True, more=True)
    if tail.directory.silent:
        return Fanned(await tx.events.newest())
    start = max(stored, tail.position)
    events = await tx.events.after(start, SCAN_MOST)
    if not events:
        return Fanned(start)
    end = events[-1][0]
    callbacks: Mapping[int, Callback] = {}
    if tail.directory.callbacks:
        callbacks = await tx.webhooks.callbacks(event.message_id for _, event in events)
    wanted = [
        (event, subscription, callback)
        for position, event in events
        for subscription, callback in _listeners(tail.directory, callbacks, position, event)
    ]
    if wanted or end - stored >= LAG_MOST:
        await tx.webhooks.advance(end)
    more = len(events) == SCAN_MOST
    if not wanted:
        return Fanned(end, more=more)
    first = await tx.webhooks.last_delivery() + 1
    deliveries = [_delivery(first + at, *one, now) for at, one in enumerate(wanted)]
    await tx.webhooks.insert_deliveries(deliveries)
    messages = await tx.messages.by_id(event.message_id for event, _, _ in wanted)
    loads = [
        Load(delivery, event, messages[event.message_id])
        for delivery, (event, _, _) in zip(deliveries, wanted, strict=True)
    ]
    return Fanned(end, tuple(loads), more)


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
        Load(one, events[one.message_id, one.sequence], messages[one.message_id])
        for one in deliveries
        if one.message_id in messages and (one.message_id, one.sequence) in events
    ]


# what is sent

_encode = msgspec.json.Encoder().encode


def told(event: Event, message: Message) -> dict[str, Any]:
    """An event as it is told: the message as the API shows it, at the status that the event brought."""
    status = event.type.partition(".")[2]
    return {
        "id": event_id(event.message_id, event.sequence),
        "type": event.type,
        "occurred_at": written(event.occurred_at),
        "sequence": event.sequence,
        "data": _shown(message, status, (event.data or {}).get("error")),
    }


def _shown(m: Message, status: str, error: Any) -> dict[str, Any]:
    """The fields of a message as answered by the API."""
    finished = m.finished_at if status in ENDED else None
    return {
        "id": ids.show("msg", m.id), "direction": m.direction, "status": status, "to": m.to, "from": m.sender,
        "text": m.text, "encoding": m.encoding, "segments": m.segments, "category": m.category, "carrier": m.carrier,
        "error": error, "client_ref": m.client_ref, "tags": m.tags, "metadata": m.metadata,
        "created_at": written(m.created_at), "send_at": _written(m.send_at), "expires_at": written(m.expires_at),
        "sent_at": _written(m.sent_at), "finished_at": _written(finished), "price": None,
    }  # fmt: skip


def _written(moment: Millis | None) -> str | None:
    return None if moment is None else written(moment)


def body(loads: Sequence[Load], batched: bool) -> tuple[str, bytes]:
    """`webhook-id` and body: one event as it is, or several as `{"id", "type": "batch", "data": […]}`.

    The id of a batch follows from its events, so that the same ones bear the same id again.
    """
    events = [told(load.event, load.message) for load in loads]
    if not batched:
        return events[0]["id"], _encode(events[0])
    batch_id = "evb_" + signing.digest(" ".join(one["id"] for one in events).encode())[:26]
    return batch_id, _encode({"id": batch_id, "type": "batch", "data": events})


def test_body(subscription: Subscription, test_id: int, now: Millis) -> tuple[str, bytes]:
    """What a test call sends: of a type that nothing else has."""
    shown = ids.show("evt", test_id) + "_1"
    event = {
        "id": shown, "type": "webhook.test", "occurred_at": written(now), "sequence": 1,
        "data": {"webhook": ids.show("wh", subscription.id)},
    }  # fmt: skip
    return shown, _encode(event if subscription.batch == 1 else {"id": shown, "type": "batch", "data": [event]})


def request_headers(secrets: Sequence[Secret], webhook_id: str, now: Millis, body: bytes) -> dict[str, str]:
    """All headers of a request, signed with every secret that is valid now."""
    signed = signing.headers((one.octets for one in valid(secrets, now)), webhook_id, now, body)
    return {"content-type": "application/json", "user-agent": "tidings-webhooks/1", **signed}


def valid(secrets: Sequence[Secret], now: Millis) -> list[Secret]:
    """The secrets that sign now, newest first."""
    return [one for one in secrets if one.ends_at is None or one.ends_at > now]


# what came of it


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one request came to, for every delivery that was in it."""

    endpoint: str
    deliveries: tuple[Delivery, ...]
    at: Millis
    took_ms: int
    kind: str
    """`delivered`, `refused`, or the kind of a NotPosted."""
    status_code: int | None = None
    digest: str = ""
    octets: int = 0
    answer: str = ""
    detail: str = ""
    asked: Millis | None = None
    """Wait that a Retry-After asked for."""
    chance: float = 0.0
    replies: tuple[tuple[int, int], ...] = ()
    """(delivery, message) of replies that were sent because the answer asked for them."""

    @property
    def gone(self) -> bool:
        """Whether the endpoint said that it is gone for good."""
        return self.status_code == 410


def outcome(
    loads: Sequence[Load],
    sent: bytes,
    at: Millis,
    came: Posted | NotPosted,
    chance: float,
    replies: tuple[tuple[int, int], ...] = (),
) -> Outcome:
    """What an answer, or its absence, means."""
    first = loads[0].delivery
    common = {
        "endpoint": first.endpoint, "deliveries": tuple(load.delivery for load in loads), "at": at,
        "took_ms": came.took_ms, "digest": signing.digest(sent), "octets": len(sent), "chance": chance,
        "replies": replies,
    }  # fmt: skip
    if isinstance(came, NotPosted):
        return Outcome(**common, kind=came.kind, detail=came.detail)  # type: ignore[arg-type]
    answer = _kept(came, loads)
    if 200 <= came.status < 300:
        return Outcome(**common, kind="delivered", status_code=came.status, answer=answer)  # type: ignore[arg-type]
    detail = "redirects are not followed; change the URL" if 300 <= came.status < 400 else ""
    return Outcome(
        **common, kind="refused", status_code=came.status, answer=answer, detail=detail,  # type: ignore[arg-type]
        asked=redelivery.asked_wait(came.headers.get("retry-after"), at + came.took_ms),
    )  # fmt: skip


def _kept(came: Posted, loads: Sequence[Load]) -> str:
    """The beginning of an answer, without the texts and numbers that the log must not hold a second time."""
    if any(load.event.type == "message.received" for load in loads) and b'"reply"' in came.body:
        return "(holds a reply, which is kept as a message)"
    text = came.body.decode("utf-8", "replace").replace("\0", "�")
    for load in loads:
        for private in (load.message.text, load.message.to, load.message.sender):
            for form in _forms(private or ""):
                text = text.replace(form, "[…]")
    return text[:ANSWER_KEPT]


def _forms(private: str) -> set[str]:
    """How something may be repeated: as it is, in JSON, in JSON of ASCII, a number without its plus."""
    if not private:
        return set()
    escaped = _encode(private)[1:-1].decode()
    ascii_only = "".join(
        letter if letter.isascii() else "".join(f"\\u{unit:04x}" for unit in _units(letter)) for letter in escaped
    )
    forms = {private, escaped, ascii_only}
    return forms | {private[1:]} if private[0] == "+" and len(private) > 6 else forms


def _units(letter: str) -> list[int]:
    octets = letter.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets), 2)]


_read_json = msgspec.json.Decoder(dict[str, Any]).decode


def asked_reply(load: Load, came: Posted | NotPosted) -> str | None:
    """The text that the answer to a text from a handset asks to send back, if any; replays ask in vain."""
    if load.event.type != "message.received" or load.delivery.reply_id is not None:
        return None
    if isinstance(came, NotPosted) or not 200 <= came.status < 300 or came.truncated or not came.body:
        return None
    try:
        reply = _read_json(came.body).get("reply")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    text = reply.get("text") if isinstance(reply, dict) else None
    return text if isinstance(text, str) and text else None


@stage(order=91)
async def settle(tx: Tx, outcomes: Sequence[Outcome], now: Millis) -> list[tuple[Delivery, ...]]:
    """Record what requests came to: delivered, to be repeated, or given up. What was withdrawn meanwhile stays so."""
    known = await tx.webhooks.deliveries(one.id for outcome in outcomes for one in outcome.deliveries)
    settled: list[tuple[Delivery, ...]] = []
    tries: list[Try] = []
    for outcome in outcomes:
        rows = [known[one.id] for one in outcome.deliveries if one.id in known]
        after = tuple(_settled(row, outcome, now) for row in rows)
        tries += [_try(row, outcome) for row in after]
        settled.append(after)
    await tx.webhooks.settle([row for rows in settled for row in rows])
    await tx.webhooks.log(tries)
    for row in (row for rows in settled for row in rows if row.attempts > TRIES_KEPT):
        await tx.webhooks.forget_tries(row.id, row.attempts - TRIES_KEPT)
    for outcome in outcomes:
        await _consequences(tx, outcome, now)
    return settled


def _settled(row: Delivery, outcome: Outcome, now: Millis) -> Delivery:
    attempts = row.attempts + 1
    reply_id = dict(outcome.replies).get(row.id, row.reply_id)
    replace = msgspec.structs.replace
    if row.status != "waiting":
        return replace(row, attempts=attempts, reply_id=reply_id)
    if outcome.kind == "delivered":
        return replace(row, status="delivered", attempts=attempts, next_at=None, finished_at=now, reply_id=reply_id)
    number = attempts if row.began_at == row.created_at else _since_replay(row, now)
    wait = redelivery.retry_wait(number, row.began_at, now, outcome.chance, outcome.asked)
    if wait is None or outcome.gone:
        return replace(row, status="dead", attempts=attempts, next_at=None, finished_at=now)
    return replace(row, attempts=attempts, next_at=now + wait)


def _since_replay(row: Delivery, now: Millis) -> int:
    """Which attempt of the doubling schedule it is that many milliseconds after a replay."""
    steps = max(0, now - row.began_at) // redelivery.FIRST_WAIT
    return max(1, (steps + 1).bit_length())


def _try(row: Delivery, outcome: Outcome) -> Try:
    return Try(
        delivery_id=row.id, number=row.attempts, at=outcome.at, took_ms=outcome.took_ms, outcome=outcome.kind,
        status_code=outcome.status_code, digest=outcome.digest, octets=outcome.octets, answer=outcome.answer,
        detail=outcome.detail,
    )  # fmt: skip


async def _consequences(tx: Tx, outcome: Outcome, now: Millis) -> None:
    """410 switches a subscription off and gives up what waits for it; a failure gives up what is over its time."""
    if outcome.kind == "delivered":
        return
    first = outcome.deliveries[0]
    if not outcome.gone or first.webhook_id is None:
        await tx.webhooks.bury(outcome.endpoint, now - redelivery.HORIZON - DAY, BURY_MOST, now)
        return
    subscription = await tx.webhooks.one(first.account_id, first.webhook_id)
    if subscription is not None and subscription.enabled:
        off = msgspec.structs.replace(subscription, enabled=False, disabled_reason="the endpoint answered 410 Gone")
        await tx.webhooks.change(off)
        await tx.webhooks.changed()
    while len(await tx.webhooks.bury(outcome.endpoint, now, BURY_MOST, now)) == BURY_MOST:
        pass


# secrets


class NewSecret(msgspec.Struct, frozen=True):
    """A secret to sign with from now on; the ones before it stay valid for `overlap`."""

    account_id: int
    webhook_id: int
    octets: bytes
    overlap: Millis = 0
    only_first: bool = False
    """Leave everything as it is where there is a secret already."""


@stage(order=89)
async def keep_secrets(tx: Tx, wanted: Sequence[NewSecret], now: Millis) -> list[list[Secret]]:
    """Rotate secrets; returns what signs from now on, newest first."""
    return [await add_secret(tx, one, now) for one in wanted]


async def add_secret(tx: Tx, new: NewSecret, now: Millis) -> list[Secret]:
    """One new secret in front of those that are still valid."""
    present = valid(await tx.webhooks.secrets(new.account_id, new.webhook_id), now)
    if present and new.only_first:
        return present
    end = now + new.overlap
    older = [
        msgspec.structs.replace(one, ends_at=end if one.ends_at is None else min(one.ends_at, end))
        for one in present
        if end > now
    ]
    kept = [Secret(new.account_id, new.webhook_id, new.octets, now), *older[: SECRETS_MOST - 1]]
    await tx.webhooks.keep_secrets(new.account_id, new.webhook_id, kept)
    return kept


# what time alone does


@stage(order=92)
async def bury_held(tx: Tx, limits: Sequence[int], now: Millis) -> list[int]:
    """Give up what has waited too long at endpoints that are switched off; returns how many."""
    return [len(await tx.webhooks.bury_old(now - redelivery.HELD_MOST, limit, now)) for limit in limits]


@stage(order=93)
async def forget(tx: Tx, delivery_ids: Sequence[int], now: Millis) -> list[None]:
    """Drop deliveries past their retention, with their log."""
    await tx.webhooks.forget(delivery_ids)
    return [None] * len(delivery_ids)
