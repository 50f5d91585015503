"""The whole story of one message: who brought it, what was decided, by whom, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tidings import doctor
from tidings.api import views, webhooks
from tidings.api.call import Call, Reply
from tidings.api.esme_deliveries import EsmeDelivery, shown
from tidings.api.messages import owned
from tidings.api.moments import Time, show, show_or_none
from tidings.core import codes as coded
from tidings.core import ids
from tidings.core.esme import Submission
from tidings.core.events import event_id
from tidings.core.message import Message
from tidings.core.owed import Owed
from tidings.core.questions import Attempt, Event, InboundRow, ReceiptRow, Tx
from tidings.core.story import Origin, PduSummary
from tidings.core.webhook import Delivery, Try
from tidings.pipeline import explain as story
from tidings.pipeline import swaps
from tidings.pipeline.route import Choice
from tidings.pipeline.swaps import Swaps

WEBHOOKS_MOST = 100
"""Deliveries of a message that its story shows."""


class OriginView(msgspec.Struct, frozen=True):
    """Who brought a message."""

    door: Annotated[
        str, Meta(description="`rest`, `batch`, `one_url`, `smpp`, `reply`, `code` or `webhook`; empty of older ones")
    ]
    key: Annotated[str | None, Meta(description="id of the key, not its secret; null where there was none")]
    esme: Annotated[str | None, Meta(description="id of the customer's system that submitted it by SMPP")] = None
    user: Annotated[str | None, Meta(description="id of the person who was signed in")] = None


class SmppSubmissionView(msgspec.Struct, frozen=True, kw_only=True):
    """What a message that came by SMPP was submitted with; addresses as the ESME wrote them."""

    response_id: Annotated[str, Meta(description="message_id of the answer")]
    service_type: str
    source_addr_ton: int
    source_addr_npi: int
    source_addr: str
    dest_addr_ton: int
    dest_addr_npi: int
    destination_addr: str
    registered_delivery: int
    data_coding: int
    user_message_reference: int | None


class Gate(msgspec.Struct, frozen=True):
    """What a gate said."""

    at: Annotated[Literal["accept", "claim"], Meta(description="`claim`: in the commit before the hand-over")]
    rule: str
    allowed: bool
    detail: str
    occurred_at: Time


class AttemptStory(msgspec.Struct, frozen=True, kw_only=True):
    """One segment handed, or about to be handed, to a carrier."""

    part: int
    carrier: str
    bind: str
    outcome: Annotated[str | None, Meta(description="null while open; `sent`, `in_doubt` or the kind of error")]
    carrier_id: str | None
    carrier_code: str | None
    detail: str | None
    started_at: Time
    answered_at: Time | None
    took_ms: Annotated[int | None, Meta(description="from the hand-over's commit to the answer's")]
    receipt: Annotated[str | None, Meta(description="status its final receipt gave")]
    receipt_code: str | None
    pdu: Annotated[
        PduSummary | None, Meta(description="the submit_sm without addresses and text; null of carriers gone since")
    ]


class WebhookStory(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the message on its way to one endpoint, and what came of the latest attempt."""

    id: str
    webhook: Annotated[str | None, Meta(description="null for a `callback_url`")]
    url: Annotated[str | None, Meta(description="where it goes now; null of subscriptions gone since")]
    event: str
    type: str
    status: Annotated[str, Meta(description="`waiting`, `delivered`, `dead` or `canceled`")]
    attempts: int
    next_at: Time | None
    last: Annotated[webhooks.TryView | None, Meta(description="the latest attempt")]


class InboundPart(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a text from a handset, as its carrier sent it."""

    part: int
    parts: int
    carrier: str
    bind: str
    data_coding: int
    encoding: str
    udh: Annotated[str, Meta(description="user data header in hexadecimal digits, with its length octet")]
    octets: Annotated[str, Meta(description="in hexadecimal digits; empty once blanked")]
    received_at: Time


class CodeDone(msgspec.Struct, frozen=True):
    """One thing that a code did, or why it did not."""

    action: str
    message: Annotated[str | None, Meta(description="id of the message it sent")] = None
    call: Annotated[str | None, Meta(description="id of the call of its webhook, or of its e-mail")] = None
    note: str = ""


class CodeTrouble(msgspec.Struct, frozen=True):
    """Which parameter of a text was wrong, and how."""

    name: str
    parameter: str | None


class CodeGuard(msgspec.Struct, frozen=True):
    """What the guard said of sending anything because of this text."""

    rule: str
    allowed: bool
    detail: str


class CodeCall(msgspec.Struct, frozen=True):
    """A webhook or an e-mail of a code, and what came of it."""

    id: str
    url: Annotated[str, Meta(description="`mailto:` and the address, of an e-mail")]
    status: Annotated[str, Meta(description="`waiting`, `answered` (of an e-mail: the mail server took it) or `dead`")]
    attempts: int
    next_at: Time | None
    note: str


class CodeStory(msgspec.Struct, frozen=True, kw_only=True):
    """The code that a text from a handset was for, and what it did."""

    id: Annotated[str | None, Meta(description="null where none was for it, and the number's `unknown_reply` was sent")]
    name: str
    how: Annotated[str, Meta(description="`keyword`, `fuzzy`, `regex`, `default` or `unknown`")]
    keyword: str
    language: str
    trouble: CodeTrouble | None
    guard: CodeGuard | None
    done: list[CodeDone]
    calls: list[CodeCall] = []


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """The whole story of a message."""

    message: views.MessageView
    origin: OriginView | None
    submission: Annotated[SmppSubmissionView | None, Meta(description="null of what did not come by SMPP")]
    gates: list[Gate]
    smart_encoding: Annotated[
        Swaps | None, Meta(description="what was replaced in the text; null where it went as it was posted")
    ]
    code: Annotated[CodeStory | None, Meta(description="of a text from a handset: what it meant")]
    route: Choice | None
    events: list[views.EventView]
    events_dropped: Annotated[
        int, Meta(description="how many events are kept no longer (`retention.events`); what only they told is missing")
    ]
    attempts: list[AttemptStory]
    receipts: list[views.ReceiptView]
    parts: Annotated[list[InboundPart], Meta(description="of an MO, what came from the carrier")]
    webhooks: Annotated[
        list[WebhookStory], Meta(description="the newest 100; all of them: GET /v1/webhooks/deliveries?message=")
    ]
    esme_deliveries: Annotated[
        list[EsmeDelivery],
        Meta(description="receipts of it, or its parts, on their way to a customer's ESME: the newest 100"),
    ]
    decided_by: Annotated[
        Literal["tidings", "carrier", "caller"] | None, Meta(description="who decided how it ended; null before that")
    ]
    advice: Annotated[str, Meta(description="what it means, who decided, and what to do, in plain words")]


class _Rows(msgspec.Struct, frozen=True):
    message: Message
    events: list[Event]
    attempts: list[Attempt]
    receipts: list[ReceiptRow]
    deliveries: list[Delivery]
    submission: Submission | None
    tries: dict[int, Try]
    urls: dict[int, str]
    owed: list[Owed]
    calls: list[coded.Call]
    parts: list[InboundRow]


async def get(call: Call) -> Reply:
    """The whole story of one message."""

    async def ask(tx: Tx) -> _Rows:
        message = await owned(tx, call)
        attempts = await tx.attempts.of([message.id])
        deliveries = await tx.webhooks.of_message(message.id, WEBHOOKS_MOST)
        return _Rows(
            message, await tx.events.of(message.id), attempts.get(message.id, []), await tx.receipts.of(message.id),
            deliveries, (await tx.esmes.submissions([message.id])).get(message.id),
            await tx.webhooks.last_tries(one.id for one in deliveries),
            await _urls(tx, message.account_id, deliveries), await tx.outbox.of_message(message.id, WEBHOOKS_MOST),
            await tx.codes.calls_of(message.id),
            await tx.inbounds.of(message.id) if message.direction == "mo" else [],
        )  # fmt: skip

    return Reply(200, views.encode(_told(call, await call.house.store.read(ask))))


def _told(call: Call, rows: _Rows) -> Explanation:
    message, events, attempts, receipts = rows.message, rows.events, rows.attempts, rows.receipts
    brought = story.origin(message, events)
    return Explanation(
        message=views.message(message),
        origin=None if brought is None else _origin(brought),
        submission=None if rows.submission is None else _submission(rows.submission),
        gates=[
            Gate(one.at, one.rule, one.allowed, one.detail, show(one.occurred_at))
            for one in story.gates(message, events, attempts)
        ],
        smart_encoding=swaps.told(first.data if (first := story.begun(events)) else None),
        code=_code(rows),
        route=story.chosen(message, events, call.house.carriers),
        events=[views.event(event) for event in events],
        events_dropped=story.dropped(message, events),
        attempts=[_attempt(call, message, attempt) for attempt in attempts],
        receipts=[views.receipt(receipt) for receipt in receipts],
        parts=[_part(one) for one in rows.parts],
        webhooks=[_webhook(one, rows) for one in rows.deliveries],
        esme_deliveries=[shown(one) for one in rows.owed],
        decided_by=doctor.decided_by(message),
        advice=doctor.explain(message, attempts, receipts, call.house.clock.now()),
    )


def _part(row: InboundRow) -> InboundPart:
    return InboundPart(
        part=row.part, parts=row.parts, carrier=row.carrier, bind=row.bind, data_coding=row.data_coding,
        encoding=row.encoding, udh=row.udh.hex(), octets=row.octets.hex(), received_at=show(row.received_at),
    )  # fmt: skip


def _code(rows: _Rows) -> CodeStory | None:
    first = story.begun(rows.events)
    kept = (first.data or {}).get("code") if first else None
    if kept is None:
        return None
    calls = [
        CodeCall(ids.show("call", one.id), one.url, one.status, one.attempts, show_or_none(one.next_at), one.note)
        for one in rows.calls
    ]
    return msgspec.structs.replace(msgspec.convert(kept, CodeStory), calls=calls)


def _submission(one: Submission) -> SmppSubmissionView:
    return SmppSubmissionView(**{name: getattr(one, name) for name in SmppSubmissionView.__struct_fields__})


def _origin(brought: Origin) -> OriginView:
    key = None if brought.key_id is None else ids.show("key", brought.key_id)
    esme = None if brought.esme_id is None else ids.show("esme", brought.esme_id)
    user = None if brought.user_id is None else ids.show("user", brought.user_id)
    return OriginView(brought.door, key, esme, user)


async def _urls(tx: Tx, account_id: int, deliveries: Sequence[Delivery]) -> dict[int, str]:
    """Where the subscriptions of these deliveries are called."""
    found = {}
    for webhook_id in dict.fromkeys(one.webhook_id for one in deliveries if one.webhook_id is not None):
        subscription = await tx.webhooks.one(account_id, webhook_id)
        if subscription is not None:
            found[webhook_id] = subscription.url
    return found


def _webhook(one: Delivery, rows: _Rows) -> WebhookStory:
    last = rows.tries.get(one.id)
    return WebhookStory(
        id=ids.show("whd", one.id), webhook=None if one.webhook_id is None else ids.show("wh", one.webhook_id),
        url=one.url if one.webhook_id is None else rows.urls.get(one.webhook_id),
        event=event_id(one.message_id, one.sequence), type=one.type, status=one.status, attempts=one.attempts,
        next_at=show_or_none(one.next_at), last=None if last is None else webhooks.attempt(last),
    )  # fmt: skip


def _attempt(call: Call, message: Message, stored: Attempt) -> AttemptStory:
    plain = views.attempt(stored)
    pdu = None
    if handed := story.handed(message, stored):
        part, whole = handed
        pdu = call.house.describe(stored.carrier, part, stored.started_at)
        if pdu is not None and not whole:
            pdu = msgspec.structs.replace(pdu, sm_length=None)
    took = None if stored.answered_at is None else stored.answered_at - stored.started_at
    return AttemptStory(**msgspec.structs.asdict(plain), took_ms=took, pdu=pdu)
