"""What the API answers: one struct a noun, made from what the store holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tidings.api.moments import Time, show, show_or_none
from tidings.api.problems import ProblemDetails
from tidings.config import SmartEncoding
from tidings.core import ids
from tidings.core.account import Account, Key
from tidings.core.message import Message, MessageError
from tidings.core.questions import Attempt, Event, ReceiptRow
from tidings.pipeline import explain

Status = Literal[
    "accepted",
    "scheduled",
    "queued",
    "sent",
    "delivered",
    "undelivered",
    "failed",
    "expired",
    "rejected",
    "canceled",
    "unknown",
    "received",
]


class MessageView(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename={"sender": "from"}):
    """A message as answered."""

    id: Annotated[str, Meta(pattern="^msg_[0-9a-z]{13}$")]
    direction: Annotated[str, Meta(description="`mt`: to a handset; `mo`: from one")]
    status: str
    to: str
    sender: str
    text: Annotated[
        str | None, Meta(description="null of binary, and once blanked, e.g. one-time codes after their end")
    ]
    encoding: str
    segments: int
    category: str
    carrier: str | None
    error: MessageError | None
    client_ref: str | None
    tags: tuple[str, ...]
    metadata: dict[str, Any] | None
    created_at: Time
    send_at: Time | None
    expires_at: Time
    sent_at: Time | None
    finished_at: Time | None
    price: Annotated[str | None, Meta(description="always null: rating is not built yet")]
    in_reply_to: Annotated[str | None, Meta(description="of an MO: the message that it answers")]


class MessagePage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Messages, newest first."""

    data: list[MessageView]
    next_cursor: Annotated[str | None, Meta(description="null on the last page")]
    incomplete: Annotated[
        bool, Meta(description="true: the scan stopped early; go on with next_cursor even if data is short")
    ] = False


class EventView(msgspec.Struct, frozen=True):
    """Something that happened to a message."""

    type: Annotated[str, Meta(examples=["message.sent"])]
    sequence: Annotated[int, Meta(description="counts up from 1 without gaps per message")]
    occurred_at: Time
    data: dict[str, Any] | None


class EventList(msgspec.Struct, frozen=True):
    """Events of one message, in order."""

    data: list[EventView]
    events_dropped: Annotated[
        int, Meta(description="how many are kept no longer (`retention.events`): the first ones")
    ] = 0


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
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
    receipt: Annotated[str | None, Meta(description="status its final receipt gave")]
    receipt_code: str | None


class ReceiptView(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery receipt as the carrier sent it."""

    carrier: str
    bind: str
    carrier_id: str
    state: str
    status: str
    error_code: str
    raw: Annotated[str, Meta(description="octets as text, those that are not printable ASCII escaped")]
    received_at: Time


class BatchOutcome(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What became of one item: `id` and `status` when it is on its way, else `error`."""

    index: Annotated[int, Meta(description="place in the request, from 0")]
    id: str | None = None
    status: str | None = None
    error: ProblemDetails | None = None


class BatchAnswer(msgspec.Struct, frozen=True):
    """What became of each item, in order."""

    data: list[BatchOutcome]
    accepted: int
    rejected: int


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """An API key without its secret."""

    id: str
    account_id: str
    name: str
    scope: str
    senders: Annotated[tuple[str, ...], Meta(description="what it may send from; empty: anything of its account")]
    networks: Annotated[tuple[str, ...], Meta(description="where it may be used from; empty: anywhere")]
    rate: Annotated[float | None, Meta(description="messages per second; 0: no limit; null: as the settings say")]
    daily_quota: Annotated[int | None, Meta(description="messages of one UTC day; null: no quota")]
    monthly_quota: Annotated[int | None, Meta(description="messages of one UTC month; null: no quota")]
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    rotating_until: Annotated[Time | None, Meta(description="until when the token before the last rotation is taken")]
    last_used_at: Annotated[Time | None, Meta(description="to the minute, and up to a minute late")]


class KeyIssued(KeyView, frozen=True, kw_only=True):
    """A new API key; `token` is shown this once and cannot be had again."""

    token: Annotated[str, Meta(examples=["tk_05a3mp8qj0000_…"])]


class KeyPage(msgspec.Struct, frozen=True):
    """The keys of the account, newest first; revoked ones too."""

    data: list[KeyView]
    next_cursor: Annotated[str | None, Meta(description="null on the last page")]


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant: messages, keys and senders that nobody else sees."""

    id: str
    name: str
    senders: Annotated[tuple[str, ...], Meta(description="addresses that are its own; the first is its default")]
    rate: Annotated[float | None, Meta(description="messages per second; 0: no limit; null: as the settings say")]
    daily_quota: Annotated[int | None, Meta(description="messages of one UTC day; null: no quota")]
    monthly_quota: Annotated[int | None, Meta(description="messages of one UTC month; null: no quota")]
    default_region: Annotated[
        str | None, Meta(description="where national numbers are at home; null: as the settings say")
    ]
    smart_encoding: Annotated[SmartEncoding | None, Meta(description="null: as the settings say")]
    sender_smart_encoding: Annotated[
        dict[str, SmartEncoding], Meta(description="by sender, what holds for its texts instead")
    ]
    created_at: Time
    closed_at: Time | None


class AccountPage(msgspec.Struct, frozen=True):
    """Accounts, newest first; closed ones too."""

    data: list[AccountView]
    next_cursor: Annotated[str | None, Meta(description="null on the last page")]


def message(stored: Message) -> MessageView:
    """A stored message as answered."""
    return MessageView(
        id=ids.show("msg", stored.id),
        direction=stored.direction,
        status=stored.status,
        to=stored.to,
        sender=stored.sender,
        text=stored.text,
        encoding=stored.encoding,
        segments=stored.segments,
        category=stored.category,
        carrier=stored.carrier,
        error=stored.error,
        client_ref=stored.client_ref,
        tags=stored.tags,
        metadata=stored.metadata,
        created_at=show(stored.created_at),
        send_at=show_or_none(stored.send_at),
        expires_at=show(stored.expires_at),
        sent_at=show_or_none(stored.sent_at),
        finished_at=show_or_none(stored.finished_at),
        price=None,
        in_reply_to=None if stored.in_reply_to is None else ids.show("msg", stored.in_reply_to),
    )


def event(stored: Event) -> EventView:
    """A stored event as answered."""
    return EventView(stored.type, stored.sequence, show(stored.occurred_at), stored.data)


def event_list(message: Message, events: Sequence[Event]) -> EventList:
    """What is kept of what happened to a message, as answered."""
    return EventList([event(one) for one in events], explain.dropped(message, events))


def attempt(stored: Attempt) -> AttemptView:
    """A stored attempt as answered."""
    return AttemptView(
        part=stored.part,
        carrier=stored.carrier,
        bind=stored.bind,
        outcome=stored.outcome,
        carrier_id=stored.carrier_id,
        carrier_code=stored.carrier_code,
        detail=stored.detail,
        started_at=show(stored.started_at),
        answered_at=show_or_none(stored.answered_at),
        receipt=stored.receipt,
        receipt_code=stored.receipt_code,
    )


def receipt(stored: ReceiptRow) -> ReceiptView:
    """A stored receipt as answered."""
    return ReceiptView(
        carrier=stored.carrier,
        bind=stored.bind,
        carrier_id=stored.carrier_id,
        state=stored.state,
        status=stored.status,
        error_code=stored.error_code,
        raw=escaped(stored.raw),
        received_at=show(stored.received_at),
    )


def key(stored: Key) -> KeyView:
    """A stored key as answered."""
    return KeyView(
        id=ids.show("key", stored.id),
        account_id=ids.show("acc", stored.account_id),
        name=stored.name,
        scope=stored.scope,
        senders=stored.senders,
        networks=stored.networks,
        rate=stored.rate,
        daily_quota=stored.daily_quota,
        monthly_quota=stored.monthly_quota,
        created_at=show(stored.created_at),
        expires_at=show_or_none(stored.expires_at),
        revoked_at=show_or_none(stored.revoked_at),
        rotating_until=show_or_none(stored.old_until),
        last_used_at=show_or_none(stored.last_used_at),
    )


def account(stored: Account) -> AccountView:
    """A stored account as answered."""
    return AccountView(
        id=ids.show("acc", stored.id),
        name=stored.name,
        senders=stored.senders,
        rate=stored.rate,
        daily_quota=stored.daily_quota,
        monthly_quota=stored.monthly_quota,
        default_region=stored.default_region,
        smart_encoding=stored.smart_encoding,
        sender_smart_encoding=stored.sender_smart_encoding,
        created_at=show(stored.created_at),
        closed_at=show_or_none(stored.closed_at),
    )


def escaped(octets: bytes) -> str:
    """Octets as text that any terminal and any JSON reader can take; a backslash is doubled."""
    return octets.decode("latin-1").encode("unicode_escape").decode("ascii")


encode = msgspec.json.Encoder().encode
