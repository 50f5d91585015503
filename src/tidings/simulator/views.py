"""What goes over the simulator's HTTP side: queries, bodies and answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from tidings.core.message import Millis
from tidings.simulator.exchange import Counters
from tidings.simulator.faults import Mode

MOST_ROWS = 10_000
ANY_ID = 10**18 - 1

Limit = Annotated[int, Meta(ge=1, le=MOST_ROWS)]
Cursor = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,17}$(?!\n)", description="`next_cursor` of the page before")]


class NewText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a handset sends."""

    to: Annotated[str, Meta(pattern=r"^(\+?[0-9]{1,20}|[A-Za-z0-9 ]{1,11})$(?!\n)")]
    text: Annotated[str, Meta(min_length=1, max_length=40_000)]


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of a list."""

    limit: Limit = 100
    cursor: Cursor | None = None


class SubmissionQuery(PageQuery, frozen=True, kw_only=True):
    """Which submissions."""

    to: Annotated[str, Meta(pattern=r"^\+?[0-9]{1,20}$(?!\n)", description="to this number only")] | None = None


class HandsetRow(msgspec.Struct, frozen=True):
    """A number that was sent something."""

    number: str
    submissions: int


class HandsetPage(msgspec.Struct, frozen=True):
    """Handsets, the one that was sent something last first."""

    data: list[HandsetRow]
    next_cursor: str | None


class HandsetText(msgspec.Struct, frozen=True, kw_only=True):
    """A text on a phone's screen, all parts of it."""

    sender: str = msgspec.field(name="from")
    text: str
    parts: int
    encoding: str
    received_at: str
    message_ids: tuple[str, ...]


class Handset(msgspec.Struct, frozen=True):
    """What one phone shows, in the order it came."""

    number: str
    messages: list[HandsetText]
    incomplete: Annotated[int, Meta(description="long texts that lack parts")]
    submissions: Annotated[int, Meta(description="every submit_sm for this number, refused ones and repeats included")]


class TextTaken(msgspec.Struct, frozen=True, kw_only=True):
    """A text of a handset, on its way."""

    sender: str = msgspec.field(name="from")
    to: str
    text: str
    parts: int


class SubmissionView(msgspec.Struct, frozen=True, kw_only=True):
    """One submit_sm, with the answer it got; `status` is null where there was none."""

    message_id: str | None
    status: str | None
    to: str
    sender: str = msgspec.field(name="from")
    text: str
    part: int
    parts: int
    received_at: str


class SubmissionPage(msgspec.Struct, frozen=True):
    """submit_sm as they came, the latest first."""

    data: list[SubmissionView]
    next_cursor: str | None


class NetworkStats(Counters, frozen=False, kw_only=True):
    """Counters since the start, and how things stand."""

    receipts_owed: int
    texts_owed: int
    links: int
    bound: int
    smpp_port: int
    fault: Mode


class FaultInForce(msgspec.Struct, frozen=True):
    """The trouble there is, and what it means."""

    mode: Mode
    delay_ms: int
    after: int
    meaning: str


def moment(at: Millis) -> str:
    """RFC 3339, UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
