"""What the pipeline asks of a transaction, in its own words and in batches; both engines answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec

from tidings.core.account import Key
from tidings.core.message import Message, MessageError, Millis


class Queued(msgspec.Struct, frozen=True, gc=False):
    """One row of the queue: which message waits, since when it is due, and in which class."""

    message_id: int
    account_id: int
    rank: int
    due_at: Millis
    """0 = at once; else the moment it falls due."""
    expires_at: Millis


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that happened to a message, in gapless order."""

    message_id: int
    account_id: int
    sequence: int
    type: str
    occurred_at: Millis
    data: dict[str, Any] | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One segment handed, or about to be handed, to a carrier."""

    id: int
    message_id: int
    account_id: int
    part: int
    carrier: str
    bind: str
    fence: int
    started_at: Millis
    outcome: str | None = None
    """None while open; `sent`, `in_doubt`, or the kind of a SendError."""
    carrier_id: str | None = None
    carrier_code: str | None = None
    detail: str | None = None
    answered_at: Millis | None = None
    receipt: str | None = None
    """Status of its final receipt, once there is one."""
    receipt_code: str | None = None


class ReceiptRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A receipt as kept: raw octets, what it matched, and how often it came."""

    id: int
    carrier: str
    bind: str
    carrier_id: str
    sender: str
    state: str
    status: str
    error_code: str
    raw: bytes
    received_at: Millis
    attempt_id: int | None
    message_id: int | None
    tries: int
    retry_at: Millis | None
    """When a parked receipt is matched again; None once matched or an orphan for good."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of messages may be narrowed by."""

    status: str | None = None
    to: str | None = None
    sender: str | None = None
    direction: str | None = None
    client_ref: str | None = None
    tag: str | None = None
    since: Millis | None = None
    until: Millis | None = None


class Page(msgspec.Struct, frozen=True):
    """Messages newest first; `cursor` continues, `complete` is False when the scan stopped early."""

    messages: tuple[Message, ...]
    cursor: int | None
    complete: bool = True


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A new state of one message row, as decided by track."""

    message_id: int
    status: str
    carrier: str | None
    error: MessageError | None
    segments_delivered: int
    sent_at: Millis | None
    finished_at: Millis | None


class Tx(Protocol):
    """One transaction. Reads see its own writes; every method takes and gives batches."""

    # messages
    async def insert_messages(self, messages: Sequence[Message]) -> None: ...
    async def messages(self, ids: Iterable[int]) -> dict[int, Message]: ...
    async def message(self, account_id: int, message_id: int) -> Message | None: ...
    async def page(self, account_id: int, filter: Filter, before: int | None, limit: int) -> Page: ...
    async def change(self, changes: Sequence[Change]) -> None: ...
    async def awaiting_receipt(self, expired_before: Millis, limit: int) -> list[int]: ...
    async def blank_text(self, message_ids: Sequence[int]) -> None: ...
    async def outlived(self, category: str, finished_before: Millis, limit: int) -> list[int]: ...

    # queue
    async def enqueue(self, rows: Sequence[Queued]) -> None: ...
    async def dequeue(self, message_ids: Sequence[int]) -> set[int]: ...
    async def queue_head(self, rank: int, after: int, limit: int) -> list[int]: ...
    async def queue_due(self, now: Millis, limit: int) -> list[int]: ...
    async def queue_next_due(self, after: Millis) -> Millis | None: ...
    async def queue_expired(self, now: Millis, limit: int) -> list[int]: ...
    async def queue_counts(self) -> dict[int, int]: ...
    async def queue_oldest(self) -> Millis | None: ...

    # events
    async def append_events(self, events: Sequence[Event]) -> None: ...
    async def last_sequences(self, message_ids: Iterable[int]) -> dict[int, int]: ...
    async def events(self, message_id: int) -> list[Event]: ...

    # attempts and receipts
    async def open_attempts(self, attempts: Sequence[Attempt]) -> None: ...
    async def answer_attempts(self, attempts: Sequence[Attempt]) -> None: ...
    async def receive_attempts(self, attempts: Sequence[Attempt]) -> None: ...
    async def attempts(self, ids: Iterable[int]) -> dict[int, Attempt]: ...
    async def attempts_of(self, message_ids: Iterable[int]) -> dict[int, list[Attempt]]: ...
    async def attempts_by_carrier_id(self, carrier: str, carrier_ids: Iterable[str]) -> dict[str, list[Attempt]]: ...
    async def attempts_left_open(self, limit: int) -> list[Attempt]: ...
    async def insert_receipts(self, rows: Sequence[ReceiptRow]) -> None: ...
    async def settle_receipts(self, rows: Sequence[ReceiptRow]) -> None: ...
    async def receipts_parked(self, due: Millis, limit: int) -> list[ReceiptRow]: ...
    async def receipts_of(self, message_id: int) -> list[ReceiptRow]: ...
    async def receipts_orphaned(self) -> int: ...

    # consent
    async def suppressed(self, pairs: Iterable[tuple[int, str]]) -> set[tuple[int, str]]: ...
    async def suppress(self, account_id: int, number: str, reason: str, now: Millis) -> bool: ...
    async def unsuppress(self, account_id: int, number: str, reason: str, now: Millis) -> bool: ...

    # inbound
    async def inbound_twin(
        self, carrier: str, sender: str, to: str, digest: bytes, session: str, since: Millis
    ) -> bool: ...
    async def insert_inbound(
        self, rows: Sequence[tuple[int, str, str, str, str, str, bytes, bytes, int, bytes, Millis]]
    ) -> None: ...
    async def keep_part(self, row: tuple[str, str, str, int, int, int, str, str, Millis]) -> None: ...
    async def kept_parts(
        self, carrier: str, sender: str, to: str, reference: int, parts: int
    ) -> list[tuple[int, str, str]]: ...
    async def drop_parts(self, carrier: str, sender: str, to: str, reference: int, parts: int) -> None: ...
    async def stale_parts(self, before: Millis, limit: int) -> list[tuple[str, str, str, int, int]]: ...

    # idempotency
    async def idempotent(self, keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], tuple[bytes, bytes]]: ...
    async def remember(self, rows: Sequence[tuple[int, str, bytes, bytes, Millis]]) -> None: ...
    async def forget(self, expired_before: Millis, limit: int) -> int: ...

    # accounts, keys, ownership
    async def keys(self) -> list[Key]: ...
    async def insert_key(self, key: Key) -> None: ...
    async def take_lease(self, carrier: str) -> int: ...
    async def lease(self, carrier: str) -> int: ...
    async def last_id(self) -> int: ...
