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


class Attempt(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
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


class State(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What track needs to know of a message to move it."""

    id: int
    account_id: int
    status: str
    category: str
    to: str
    segments: int
    segments_delivered: int
    carrier: str | None
    error: MessageError | None
    sent_at: Millis | None
    finished_at: Millis | None
    expires_at: Millis
    event_count: int


class Messages(Protocol):
    """The messages themselves."""

    async def insert(self, messages: Sequence[Message]) -> None: ...
    async def by_id(self, ids: Iterable[int]) -> dict[int, Message]: ...
    async def states(self, ids: Iterable[int]) -> dict[int, State]: ...
    async def one(self, account_id: int, message_id: int) -> Message | None: ...
    async def page(self, account_id: int, filter: Filter, before: int | None, limit: int) -> Page: ...
    async def change(self, states: Sequence[State]) -> None: ...
    async def awaiting_receipt(self, expired_before: Millis, limit: int) -> list[int]: ...
    async def blank(self, message_ids: Sequence[int]) -> None: ...
    async def outlived(self, category: str, after: int, finished_before: Millis, limit: int) -> list[int]: ...


class Queue(Protocol):
    """What waits for a carrier: narrow rows, gone once claimed."""

    async def insert(self, rows: Sequence[Queued]) -> None: ...
    async def take(self, message_ids: Sequence[int]) -> set[int]: ...
    async def head(self, rank: int, after: int, limit: int) -> list[int]: ...
    async def next_due(self, after: Millis) -> Millis | None: ...
    async def due_in(self, rank: int, now: Millis, limit: int) -> list[int]: ...
    async def expired(self, now: Millis, limit: int) -> list[int]: ...
    async def counts(self) -> dict[int, int]: ...
    async def oldest(self, now: Millis) -> tuple[Millis | None, int]: ...


class Events(Protocol):
    """What happened to messages; append-only."""

    async def append(self, events: Sequence[Event]) -> None: ...
    async def of(self, message_id: int) -> list[Event]: ...


class Attempts(Protocol):
    """Hand-overs of segments to carriers, with their answers."""

    async def open(self, attempts: Sequence[Attempt]) -> None: ...
    async def answer(self, attempts: Sequence[Attempt]) -> None: ...
    async def receive(self, attempts: Sequence[Attempt]) -> None: ...
    async def with_siblings(self, ids: Iterable[int]) -> dict[int, list[Attempt]]: ...
    async def of(self, message_ids: Iterable[int]) -> dict[int, list[Attempt]]: ...
    async def by_carrier_id(self, carrier: str, carrier_ids: Iterable[str]) -> dict[str, list[Attempt]]: ...
    async def left_open(self, limit: int) -> list[Attempt]: ...


class Receipts(Protocol):
    """Delivery receipts as they came, matched, parked or orphaned."""

    async def insert(self, rows: Sequence[ReceiptRow]) -> None: ...
    async def settle(self, rows: Sequence[ReceiptRow]) -> None: ...
    async def parked(self, due: Millis, limit: int) -> list[ReceiptRow]: ...
    async def of(self, message_id: int) -> list[ReceiptRow]: ...
    async def orphans(self) -> int: ...


class Suppressions(Protocol):
    """Who must not be texted, and how that came to be."""

    async def among(self, pairs: Iterable[tuple[int, str]]) -> set[tuple[int, str]]: ...
    async def add(self, account_id: int, number: str, reason: str, now: Millis) -> bool: ...
    async def lift(self, account_id: int, number: str, reason: str, now: Millis) -> bool: ...


class InboundRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The evidence behind one MO part: octets as they came."""

    id: int
    account_id: int
    message_id: int | None
    """None while its siblings are missing."""
    carrier: str
    bind: str
    session: str
    sender: str
    to: str
    digest: str
    octets: bytes
    udh: bytes
    data_coding: int
    text: str
    encoding: str
    reference: int
    part: int
    parts: int
    received_at: Millis


class Inbounds(Protocol):
    """Parts of texts from handsets."""

    async def twins(self, carrier: str, digests: Iterable[str], since: Millis) -> dict[str, str]: ...
    async def insert(self, rows: Sequence[InboundRow]) -> None: ...
    async def siblings(self, row: InboundRow) -> list[InboundRow]: ...
    async def join(self, ids: Sequence[int], message_id: int) -> None: ...
    async def blank(self, message_ids: Sequence[int]) -> None: ...
    async def stale(self, before: Millis, limit: int) -> list[InboundRow]: ...
    async def of(self, message_id: int) -> list[InboundRow]: ...


class Remembered(msgspec.Struct, frozen=True, gc=False):
    """The first answer given under an Idempotency-Key: message ids and codes, never texts."""

    account_id: int
    key: str
    digest: bytes
    answer: bytes
    expires_at: Millis


class Idempotencies(Protocol):
    """Answers kept for their keys."""

    async def find(self, account_id: int, key: str) -> Remembered | None: ...
    async def insert(self, rows: Sequence[Remembered]) -> None: ...
    async def forget(self, expired_before: Millis, limit: int) -> int: ...


class Accounts(Protocol):
    """Accounts, their keys, and which process owns which carrier."""

    async def keys(self) -> list[Key]: ...
    async def insert_key(self, key: Key) -> None: ...
    async def owner_of(self, address: str) -> int | None: ...
    async def claim_sender(self, account_id: int, address: str) -> None: ...
    async def take_lease(self, carrier: str) -> int: ...
    async def fences(self) -> dict[str, int]: ...
    async def last_id(self) -> int: ...


class Tx(Protocol):
    """One transaction. Reads see its own writes; every question takes and gives batches."""

    @property
    def messages(self) -> Messages: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def events(self) -> Events: ...
    @property
    def attempts(self) -> Attempts: ...
    @property
    def receipts(self) -> Receipts: ...
    @property
    def suppressions(self) -> Suppressions: ...
    @property
    def inbounds(self) -> Inbounds: ...
    @property
    def idempotencies(self) -> Idempotencies: ...
    @property
    def accounts(self) -> Accounts: ...
