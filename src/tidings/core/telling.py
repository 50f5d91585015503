"""What a webhook says: an event with its message as the API shows it, alone or among others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tidings.core import ids, signing
from tidings.core.message import Message, MessageError, Millis
from tidings.core.moments import written
from tidings.core.questions import Event
from tidings.core.status import ACCEPTED, ENDED, SCHEDULED
from tidings.core.webhook import Delivery, Subscription


class Load(msgspec.Struct, frozen=True, gc=False):
    """A delivery with what it tells of."""

    delivery: Delivery
    event: Event
    message: Message | None
    """None of an event of a conversation."""


class Shown(msgspec.Struct, frozen=True, gc=False):
    """A message, with the fields that the API shows."""

    id: str
    direction: str
    status: str
    to: str
    from_: str = msgspec.field(name="from")
    text: str | None
    encoding: str
    segments: int
    category: str
    carrier: str | None
    error: dict[str, Any] | MessageError | None
    client_ref: str | None
    tags: tuple[str, ...]
    metadata: dict[str, Any] | None
    created_at: str
    send_at: str | None
    expires_at: str
    sent_at: str | None
    finished_at: str | None
    price: None = None
    in_reply_to: str | None = None


class Told(msgspec.Struct, frozen=True, gc=False):
    """An event, with the message at the status that the event brought, or with the conversation as it was then."""

    id: str
    type: str
    occurred_at: str
    sequence: int
    data: Shown | dict[str, Any] | None


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Several events in one request."""

    id: str
    type: str
    data: tuple[Any, ...]


_encode = msgspec.json.Encoder().encode


def told(event: Event, message: Message | None) -> Told:
    """An event as it is told: the same however late it is told, but for a text that was blanked meanwhile."""
    if message is None:
        named = ids.show("evt", event.message_id)
        return Told(f"{named}_{event.sequence}", event.type, written(event.occurred_at), event.sequence, event.data)
    shown = ids.show("msg", message.id)
    return Told(
        f"evt{shown[3:]}_{event.sequence}",  # as `event_id` makes it
        event.type, written(event.occurred_at), event.sequence, _shown(message, event, shown),
    )  # fmt: skip


def _shown(m: Message, event: Event, message_id: str) -> Shown:
    """Only what was known when the event happened."""
    status = event.type.partition(".")[2]
    ended = (m.finished_at if m.status == status else event.occurred_at) if status in ENDED else None
    sent = m.sent_at if m.sent_at is not None and m.sent_at <= event.occurred_at else None
    return Shown(
        message_id, m.direction, status, m.to, m.sender, m.text, m.encoding, m.segments, m.category,
        None if status in (ACCEPTED, SCHEDULED) else m.carrier,
        event.data.get("error") if event.data else None, m.client_ref, m.tags, m.metadata, written(m.created_at),
        _written(m.send_at), written(m.expires_at), _written(sent), _written(ended), None,
        None if m.in_reply_to is None else ids.show("msg", m.in_reply_to),
    )  # fmt: skip


def _written(moment: Millis | None) -> str | None:
    return None if moment is None else written(moment)


def body(loads: Sequence[Load], batched: bool) -> tuple[str, bytes]:
    """`webhook-id` and body: one event as it is, or several as `{"id", "type": "batch", "data": […]}`.

    The id of a batch follows from its events, so that the same ones bear the same id again.
    """
    events = tuple([told(load.event, load.message) for load in loads])
    if not batched:
        return events[0].id, _encode(events[0])
    batch_id = "evb_" + signing.digest(" ".join([one.id for one in events]).encode())[:26]
    return batch_id, _encode(Batch(batch_id, "batch", events))


def alone(event: Event, message: Message | None) -> bytes:
    """The body of a request that tells of one event."""
    return _encode(told(event, message))


def test_body(subscription: Subscription, test_id: int, now: Millis) -> tuple[str, bytes]:
    """What a test call sends: of a type that nothing else has."""
    shown = ids.show("evt", test_id) + "_1"
    event = {
        "id": shown, "type": "webhook.test", "occurred_at": written(now), "sequence": 1,
        "data": {"webhook": ids.show("wh", subscription.id)},
    }  # fmt: skip
    return shown, _encode(event if subscription.batch == 1 else Batch(shown, "batch", (event,)))
