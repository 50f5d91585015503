"""Webhooks: subscriptions, their secrets, the log of deliveries, sending again, and a checker for signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.keys import PageQuery, before_of, cut
from tidings.api.moments import Time, millis, show, show_or_none
from tidings.api.problems import Abort, refusal
from tidings.core import ids, signing
from tidings.core.conversation import of_conversation
from tidings.core.events import event_id, parsed_event_id
from tidings.core.message import SECOND
from tidings.core.ports import NotPosted
from tidings.core.questions import DeliveryFilter, DeliveryPage, Tx
from tidings.core.request import Fault, Moment, Refused
from tidings.core.telling import Load, alone, told
from tidings.core.webhook import BATCH_MOST, MOST_URL, Delivery, Secret, Subscription, Try, endpoint_of, url_fault
from tidings.pipeline import notify, rotate, settle, subscribe
from tidings.pipeline.house import House
from tidings.pipeline.validate import pattern_fault

Url = Annotated[str, Meta(min_length=1, max_length=MOST_URL, description="http or https, without user and password")]
Pattern = Annotated[str, Meta(min_length=1, max_length=64)]
Patterns = Annotated[
    tuple[Pattern, ...],
    Meta(max_length=50, description="types, or beginnings with `*` like `message.*`; none: all"),
]
Batch = Annotated[int, Meta(ge=1, le=BATCH_MOST, description="most events in one request")]
Description = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Overlap = Annotated[
    int, Meta(ge=0, le=30 * 86_400, description="seconds for which the old secret signs beside the new one")
]
ReplyForm = Annotated[
    Literal["json", "text", "twiml", "none"],
    Meta(description="how the answer to a text from a handset may hold replies, beside JSON"),
]
Status = Literal["waiting", "delivered", "dead", "canceled"]
_WebhookId = Annotated[str, Meta(pattern="^wh_[0-9a-z]{13}$")]
_DeliveryId = Annotated[str, Meta(pattern="^whd_[0-9a-z]{13}$")]


class WebhookRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A subscription to be made."""

    url: Url
    events: Patterns = ()
    ordered: Annotated[bool, Meta(description="events of one message one after the other")] = False
    batch: Batch = 1
    enabled: bool = True
    description: Description = ""
    replies: ReplyForm = "json"


class WebhookChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about a subscription; what is not named stays."""

    url: Url | UnsetType = UNSET
    events: Patterns | UnsetType = UNSET
    ordered: bool | UnsetType = UNSET
    batch: Batch | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    replies: ReplyForm | UnsetType = UNSET


class SecretRotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to rotate a secret."""

    overlap_s: Overlap = 86_400


class ReplayRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries to send again: one by `delivery`, or all that the other fields leave."""

    delivery: _DeliveryId | None = None
    webhook: _WebhookId | None = None
    type: Pattern | None = None
    status: Annotated[Literal["delivered", "dead"], Meta(description="without it both")] | None = None
    since: Annotated[Moment | None, Meta(description="made at or after")] = None
    until: Annotated[Moment | None, Meta(description="made at or before")] = None


class VerifyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request as it arrived, to be checked with a secret or with those of a subscription."""

    headers: Annotated[
        dict[Annotated[str, Meta(max_length=200)], Annotated[str, Meta(max_length=4_000)]], Meta(max_length=100)
    ]
    body: Annotated[str, Meta(max_length=1_000_000, description="exactly as it came")]
    secret: Annotated[str, Meta(max_length=200, description="`whsec_…`")] | None = None
    webhook: Annotated[_WebhookId | None, Meta(description="without it and without `secret`: the default one")] = None


class WebhookView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A subscription. Its secret is in the answers that make and rotate it, and nowhere else."""

    id: str
    url: str
    events: tuple[str, ...]
    ordered: bool
    batch: int
    enabled: bool
    disabled_reason: str | None
    description: str
    replies: Annotated[str, Meta(description="how its answer to a text may hold replies")]
    created_at: Time
    failures_in_a_row: Annotated[
        int | None, Meta(description="from 5 on one request at a time, with pauses; null: not known to this process")
    ]
    rests_until: Annotated[Time | None, Meta(description="nothing goes to it before")]
    secret: Annotated[str | None, Meta(description="only when it is made")] = None


class WebhookPage(msgspec.Struct, frozen=True):
    """Subscriptions, newest first."""

    data: list[WebhookView]
    next_cursor: str | None


class SecretView(msgspec.Struct, frozen=True):
    """A new secret, and until when the one before signs beside it."""

    secret: str
    previous_until: Time | None


class TestView(msgspec.Struct, frozen=True, kw_only=True):
    """What the endpoint said to a test."""

    delivered: bool
    status_code: int | None
    took_ms: int
    problem: Annotated[str | None, Meta(description="why there was no answer")]
    answer: Annotated[str, Meta(description="its beginning")]


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one endpoint."""

    id: str
    webhook: Annotated[str | None, Meta(description="null for a `callback_url`")]
    url: Annotated[str | None, Meta(description="of a `callback_url`")]
    event: str
    type: str
    message_id: Annotated[str | None, Meta(description="null of an event of a conversation")]
    occurred_at: Time
    status: str
    attempts: int
    created_at: Time
    next_at: Time | None
    finished_at: Time | None
    reply_id: Annotated[str | None, Meta(description="the message sent because the answer asked for it")]


class DeliveryList(msgspec.Struct, frozen=True, omit_defaults=True):
    """Deliveries, newest first."""

    data: list[DeliveryView]
    next_cursor: str | None
    incomplete: bool = False


class TryView(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt."""

    number: int
    at: Time
    took_ms: int
    outcome: Annotated[str, Meta(description="`delivered`, `refused`, or why there was no answer")]
    status_code: int | None
    request_sha256: str
    request_octets: int
    answer: Annotated[str, Meta(description="its beginning, without texts and numbers of messages")]
    detail: str


class DeliveryStory(msgspec.Struct, frozen=True):
    """A delivery with its newest attempts, and its body as it would be sent now."""

    delivery: DeliveryView
    attempts: list[TryView]
    request: Annotated[Any, Meta(description="made anew: the log holds no texts")]


class Replayed(msgspec.Struct, frozen=True):
    """How many deliveries go out again, and by when the last one is due."""

    count: int
    paced_over_s: float


class CheckedView(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of a signature found."""

    valid: bool
    problem: str | None
    signed: Annotated[str, Meta(description="the exact string that is signed")]
    signed_octets: int
    expected: str
    got: tuple[str, ...]
    difference: str | None


class Gone(msgspec.Struct, frozen=True):
    """Nothing is left to tell."""


class DeliveryQuery(PageQuery, frozen=True, kw_only=True):
    """What a list of deliveries may be narrowed by."""

    webhook: _WebhookId | None = None
    message: Annotated[str, Meta(pattern="^msg_[0-9a-z]{13}$")] | None = None
    status: Status | None = None
    type: Pattern | None = None
    since: Annotated[Moment | None, Meta(description="made at or after")] = None
    until: Annotated[Moment | None, Meta(description="made at or before")] = None


async def post(call: Call) -> Reply:
    """A new subscription with its secret."""
    if b"idempotency-key" in call.headers:
        fault = Fault("Idempotency-Key", "not taken here: no second answer could repeat the secret")
        raise Abort("validation_failed", errors=[fault])
    wanted: WebhookRequest = call.body
    _check(wanted.url, wanted.events)
    house = call.house
    subscription = Subscription(
        id=house.new_id(), account_id=call.account_id, url=wanted.url, events=wanted.events, ordered=wanted.ordered,
        batch=wanted.batch, enabled=wanted.enabled, description=wanted.description, created_at=house.clock.now(),
        replies=wanted.replies,
    )  # fmt: skip
    made = await subscribe.subscribe(house, subscription)
    if isinstance(made, Refused):
        return refusal(made)
    shown = _view(house, made[0], signing.shown_secret(made[1]))
    return Reply(201, views.encode(shown), headers=[(b"location", f"/v1/webhooks/{shown.id}".encode())])


async def page(call: Call) -> Reply:
    """Subscriptions of the account, newest first."""
    before, limit = before_of(call.query.cursor), call.query.limit

    async def ask(tx: Tx) -> list[Subscription]:
        return await tx.webhooks.page(call.account_id, before, limit + 1)

    found, cursor = cut(await call.house.store.read(ask), limit)
    return Reply(200, views.encode(WebhookPage([_view(call.house, one) for one in found], cursor)))


async def read(call: Call) -> Reply:
    """One subscription."""
    return Reply(200, views.encode(_view(call.house, await _owned(call, _id(call.params["id"])))))


async def change(call: Call) -> Reply:
    """Other fields for a subscription."""
    wanted: WebhookChange = call.body
    fields = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not UNSET}
    _check(fields.get("url"), fields.get("events", ()))
    changed = await subscribe.change(call.house, call.account_id, _id(call.params["id"]), fields)
    if changed is None:
        raise _none()
    return Reply(200, views.encode(_view(call.house, changed)))


async def drop(call: Call) -> Reply:
    """End a subscription; what waits for it is canceled."""
    if not await subscribe.unsubscribe(call.house, call.account_id, _id(call.params["id"])):
        raise _none()
    return Reply(200, b"{}")


async def rotate_secret(call: Call) -> Reply:
    """A new secret for a subscription."""
    owned = await _owned(call, _id(call.params["id"]))
    return await _rotate(call, owned.id)


async def rotate_default(call: Call) -> Reply:
    """A new default secret of the account, which signs what goes to `callback_url`."""
    return await _rotate(call, 0)


async def test(call: Call) -> Reply:
    """Call the endpoint once and tell what it said."""
    came = await subscribe.test(call.house, await _owned(call, _id(call.params["id"])))
    if isinstance(came, NotPosted):
        shown = TestView(
            delivered=False, status_code=None, took_ms=came.took_ms, problem=f"{came.kind}: {came.detail}", answer=""
        )
    else:
        shown = TestView(
            delivered=200 <= came.status < 300, status_code=came.status, took_ms=came.took_ms,
            problem="redirects are not followed" if 300 <= came.status < 400 else None,
            answer=came.body.decode("utf-8", "replace")[: settle.ANSWER_KEPT],
        )  # fmt: skip
    return Reply(200, views.encode(shown))


async def deliveries(call: Call) -> Reply:
    """The log of deliveries, newest first."""
    query: DeliveryQuery = call.query
    before = before_of(query.cursor)
    sought = DeliveryFilter(
        webhook_id=None if query.webhook is None else _id(query.webhook),
        message_id=None if query.message is None else ids.parse("msg", query.message) or 0,
        status=query.status, type=query.type,
        since=None if query.since is None else millis(query.since),
        until=None if query.until is None else millis(query.until),
    )  # fmt: skip

    async def ask(tx: Tx) -> DeliveryPage:
        return await tx.webhooks.delivery_page(call.account_id, sought, before, query.limit)

    found = await call.house.store.read(ask)
    cursor = None if found.cursor is None else ids.show("cur", found.cursor)
    data = [delivery(one) for one in found.deliveries]
    return Reply(200, views.encode(DeliveryList(data, cursor, not found.complete)))


async def delivery_story(call: Call) -> Reply:
    """One delivery with its attempts."""
    number = _delivery_id(call.params["id"])

    async def ask(tx: Tx) -> tuple[Delivery | None, list[Try], list[Load]]:
        one = (await tx.webhooks.deliveries([number])).get(number)
        if one is None or one.account_id != call.account_id:
            return None, [], []
        return one, await tx.webhooks.tries(number), await notify.loads(tx, [one])

    one, tries, loads = await call.house.store.read(ask)
    if one is None:
        raise Abort("not_found", "There is no delivery with this id.")
    request = told(loads[0].event, loads[0].message) if loads else None
    return Reply(200, views.encode(DeliveryStory(delivery(one), [attempt(row) for row in tries], request)))


async def replay(call: Call) -> Reply:
    """Send deliveries again, paced."""
    wanted: ReplayRequest = call.body
    house = call.house
    if wanted.delivery is not None:
        others = [name for name in ("webhook", "type", "status", "since", "until") if getattr(wanted, name) is not None]
        if others:
            raise Abort("validation_failed", errors=[Fault(f"/{others[0]}", "does not go with `delivery`")])
        count = await subscribe.replay_one(house, call.account_id, _delivery_id(wanted.delivery))
        if not count:
            raise Abort("not_found", "There is no delivery with this id that has ended and can be sent again.")
        return Reply(202, views.encode(Replayed(count, 0.0)))
    sought = DeliveryFilter(
        webhook_id=None if wanted.webhook is None else _id(wanted.webhook), status=wanted.status, type=wanted.type,
        since=None if wanted.since is None else millis(wanted.since),
        until=house.clock.now() if wanted.until is None else millis(wanted.until),
    )  # fmt: skip
    count = await subscribe.replay(house, call.account_id, sought)
    return Reply(202, views.encode(Replayed(count, count / house.settings.webhooks.replay_rate)))


async def verify(call: Call) -> Reply:
    """Check a signature as a receiver would, and say what is wrong."""
    wanted: VerifyRequest = call.body
    body, now = wanted.body.encode("utf-8", "surrogatepass"), call.house.clock.now()
    sent = await _sent(call, wanted)
    checked = [
        signing.verify(wanted.headers, body, octets, now, sent) for octets in await _secrets(call, wanted)
    ]  # fmt: skip
    best = next((one for one in checked if one.valid), checked[0])
    return Reply(200, views.encode(CheckedView(**msgspec.structs.asdict(best))))


async def _sent(call: Call, wanted: VerifyRequest) -> bytes | None:
    """The body of the event that the request says it is about, made anew; None of batches and of what is not ours."""
    named = next((value for name, value in wanted.headers.items() if name.lower() == "webhook-id"), "")
    event_key = parsed_event_id(named.strip())
    if event_key is None:
        return None

    async def ask(tx: Tx) -> bytes | None:
        message = await tx.messages.one(call.account_id, event_key[0])
        event = (await tx.events.some([event_key])).get(event_key)
        return None if message is None or event is None else alone(event, message)

    return await call.house.store.read(ask)


async def _secrets(call: Call, wanted: VerifyRequest) -> list[bytes]:
    if wanted.secret is not None:
        octets = signing.parsed_secret(wanted.secret)
        if octets is None or not wanted.secret.startswith("whsec_"):
            raise Abort("validation_failed", errors=[Fault("/secret", "must be `whsec_` and base64")])
        return [octets]
    webhook_id = 0 if wanted.webhook is None else (await _owned(call, _id(wanted.webhook))).id

    async def ask(tx: Tx) -> list[Secret]:
        return await tx.webhooks.secrets(call.account_id, webhook_id)

    found = rotate.valid(await call.house.store.read(ask), call.house.clock.now())
    if not found:
        raise Abort("not_found", "This account has no default secret yet; POST /v1/webhooks/secret makes one.")
    return [one.octets for one in found]


async def _rotate(call: Call, webhook_id: int) -> Reply:
    overlap = 86_400 if call.body is None else call.body.overlap_s
    kept = await subscribe.rotate(call.house, call.account_id, webhook_id, overlap * SECOND)
    previous = kept[1].ends_at if len(kept) > 1 else None
    return Reply(200, views.encode(SecretView(signing.shown_secret(kept[0].octets), show_or_none(previous))))


async def _owned(call: Call, webhook_id: int) -> Subscription:
    async def ask(tx: Tx) -> Subscription | None:
        return await tx.webhooks.one(call.account_id, webhook_id)

    found = await call.house.store.read(ask)
    if found is None:
        raise _none()
    return found


def _none() -> Abort:
    return Abort("not_found", "There is no webhook with this id.")


def _id(text: str) -> int:
    number = ids.parse("wh", text)
    if number is None:
        raise _none()
    return number


def _delivery_id(text: str) -> int:
    number = ids.parse("whd", text)
    if number is None:
        raise Abort("not_found", "There is no delivery with this id.")
    return number


def _check(url: str | None, events: Sequence[str]) -> None:
    faults = []
    if url is not None and (why := url_fault(url)):
        faults.append(Fault("/url", why))
    faults += [Fault(f"/events/{at}", why) for at, one in enumerate(events) if (why := pattern_fault(one))]
    if faults:
        raise Abort("validation_failed", errors=faults)


def _view(house: House, one: Subscription, secret: str | None = None) -> WebhookView:
    strain = house.strain(endpoint_of(one.id, one.account_id, one.url))
    resting = None if strain is None or not strain.rest else house.clock.now() + int(strain.rest * SECOND)
    return WebhookView(
        id=ids.show("wh", one.id), url=one.url, events=one.events, ordered=one.ordered, batch=one.batch,
        enabled=one.enabled, disabled_reason=one.disabled_reason, description=one.description,
        replies=one.replies, created_at=show(one.created_at), secret=secret,
        failures_in_a_row=None if strain is None else strain.failures, rests_until=show_or_none(resting),
    )  # fmt: skip


def delivery(one: Delivery) -> DeliveryView:
    """A delivery as answered."""
    return DeliveryView(
        id=ids.show("whd", one.id), webhook=None if one.webhook_id is None else ids.show("wh", one.webhook_id),
        url=one.url, event=event_id(one.message_id, one.sequence), type=one.type,
        message_id=None if of_conversation(one.type) else ids.show("msg", one.message_id),
        occurred_at=show(one.occurred_at), status=one.status,
        attempts=one.attempts, created_at=show(one.created_at), next_at=show_or_none(one.next_at),
        finished_at=show_or_none(one.finished_at),
        reply_id=None if one.reply_id is None else ids.show("msg", one.reply_id),
    )  # fmt: skip


def attempt(one: Try) -> TryView:
    """An attempt as answered."""
    return TryView(
        number=one.number, at=show(one.at), took_ms=one.took_ms, outcome=one.outcome, status_code=one.status_code,
        request_sha256=one.digest, request_octets=one.octets, answer=one.answer, detail=one.detail,
    )  # fmt: skip
