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


class PersonalityRow(msgspec.Struct, frozen=True, kw_only=True):
    """One way to behave badly."""

    name: str
    meaning: Annotated[str, Meta(description="what the network does")]
    esme: Annotated[str, Meta(description="what an ESME has to do")]
    ends: Annotated[str, Meta(description="how messages end with an ESME that does")]
    repeats: Annotated[str, Meta(description="how often a message may reach a handset again")]
    passes: Annotated[bool, Meta(description="whether messages get through while it is in force")]


class ChosenPersonality(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to be shown which personality."""

    personality: Annotated[str, Meta(min_length=1, max_length=64, description="its name, or `none` for good behaviour")]
    system_id: Annotated[
        Annotated[str, Meta(min_length=1, max_length=255)] | None,
        Meta(description="of the ESME that is to be shown it; null: all that nothing else is chosen for"),
    ] = None


class PersonalityInForce(msgspec.Struct, frozen=True, kw_only=True):
    """Who is shown which personality, and how often it has shown."""

    personality: str
    system_id: str | None
    meaning: str
    acts: Annotated[int, Meta(description="how often it has shown since it was chosen")]
    most_in_flight: Annotated[int, Meta(description="most texts that waited for their response at once, on one link")]


class Personalities(msgspec.Struct, frozen=True):
    """What is in force, the choice for all first, and all that there is."""

    in_force: list[PersonalityInForce]
    data: list[PersonalityRow]


def moment(at: Millis) -> str:
    """RFC 3339, UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
