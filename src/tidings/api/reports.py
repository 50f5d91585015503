"""Reports: what came of messages, counted."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.moments import Time, millis, show
from tidings.api.problems import Abort
from tidings.core import ids
from tidings.core.message import DAY, Millis
from tidings.core.questions import Tx
from tidings.core.report import ResponseReport, Responses
from tidings.core.request import Fault, Moment

LONGEST = 366 * DAY
USUAL = 7 * DAY


class ResponseQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages are counted, and how they are grouped."""

    by: Annotated[Literal["message", "tag", "sender"], Meta(description="`message`: those that were answered only")] = (
        "sender"
    )
    since: Annotated[Moment | None, Meta(description="created at or after; without it a week before `until`")] = None
    until: Annotated[Moment | None, Meta(description="created at or before; without it now")] = None
    limit: Annotated[int, Meta(ge=1, le=1_000, description="most groups, those with most messages first")] = 100


class ResponseRow(msgspec.Struct, frozen=True, kw_only=True):
    """One group of messages and its answers."""

    key: Annotated[str, Meta(description="the tag, the sender, or the id of the message")]
    sent: Annotated[int, Meta(description="messages that a carrier took")]
    answered: Annotated[int, Meta(description="those of them that a handset answered")]
    replies: Annotated[int, Meta(description="texts that answer them")]
    rate: Annotated[float, Meta(description="answered of sent")]


class ResponseView(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages were answered."""

    by: str
    since: Annotated[Time, Meta(description="later than asked for where `incomplete`")]
    until: Time
    data: list[ResponseRow]
    total: ResponseRow
    incomplete: Annotated[bool, Meta(description="true: only the newest 200,000 messages were counted")]


async def responses(call: Call) -> Reply:
    """How many messages of a time were answered."""
    query: ResponseQuery = call.query
    until = call.house.clock.now() if query.until is None else millis(query.until)
    since = until - USUAL if query.since is None else millis(query.since)
    if faults := _faults(since, until):
        raise Abort("validation_failed", "A query parameter is not valid; see `errors`.", errors=faults)

    async def ask(tx: Tx) -> ResponseReport:
        return await tx.reports.responses(
            call.account_id, query.by, ids.highest(since - 1), ids.highest(until), query.limit
        )

    found = await call.house.store.read(ask)
    shown = ResponseView(
        by=query.by, since=show(since if found.floor is None else ids.moment(found.floor)), until=show(until),
        data=[_row(one, query.by) for one in found.rows], total=_row(found.total, ""),
        incomplete=found.floor is not None,
    )  # fmt: skip
    return Reply(200, views.encode(shown))


def _faults(since: Millis, until: Millis) -> list[Fault]:
    if until < 0:
        return [Fault("?until", "must not lie before 1970")]
    if since > until:
        return [Fault("?since", "must not lie behind `until`")]
    return [Fault("?since", "must lie within 366 days before `until`")] if until - since > LONGEST else []


def _row(one: Responses, by: str) -> ResponseRow:
    key = ids.show("msg", int(one.key)) if by == "message" else one.key
    rate = round(one.answered / one.sent, 4) if one.sent else 0.0
    return ResponseRow(key=key, sent=one.sent, answered=one.answered, replies=one.replies, rate=rate)
