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
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.message import DAY, Millis
from tidings.core.questions import Tx
from tidings.core.report import ResponseReport, Responses
from tidings.core.request import Fault, Moment
from tidings.core.traffic import COUNTED, MINUTES_KEPT, STEPS, Point, filled, total

LONGEST = 366 * DAY
USUAL = 7 * DAY
POINTS_MOST = 1_500
"""Of one answer: a day of minutes, two months of hours, four years of days."""
POINTS_USUAL = {"minute": 60, "hour": 24, "day": 30}


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


class TrafficQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted, and by which steps of time."""

    step: Annotated[Literal["minute", "hour", "day"], Meta(description="days are those of UTC")] = "hour"
    since: Annotated[
        Moment | None,
        Meta(description="the step that holds it is the first; without it 60 minutes, 24 hours or 30 days are shown"),
    ] = None
    until: Annotated[Moment | None, Meta(description="steps that begin before it; without it now")] = None
    carrier: (
        Annotated[str, Meta(max_length=64, description="what was done by it, or was accepted to go by it")] | None
    ) = None
    account: Annotated[
        Annotated[str, Meta(pattern="^(all|acc_[0-9a-z]{13})$")] | None,
        Meta(description="for who looks after all accounts: one of them, or `all`; else one's own"),
    ] = None


class TrafficCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages took which status."""

    accepted: Annotated[int, Meta(description="to be sent; not those that were refused at once")]
    sent: Annotated[int, Meta(description="taken by a carrier, every segment of them")]
    delivered: int
    undelivered: int
    failed: int
    expired: int
    rejected: int
    canceled: int
    unknown: int
    received: Annotated[int, Meta(description="texts from handsets")]


class TrafficPoint(TrafficCounts, frozen=True, kw_only=True):
    """What happened in one step of time."""

    at: Annotated[Time, Meta(description="when it began")]


class TrafficReport(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, step by step, the oldest first; a step in which nothing did holds zeros."""

    step: str
    since: Annotated[Time, Meta(description="when the first step began; later than asked for where `incomplete`")]
    until: Annotated[Time, Meta(description="the last step began before")]
    account: Annotated[str, Meta(description="whose messages these are, or `all`")]
    carrier: str | None
    data: list[TrafficPoint]
    total: TrafficCounts
    incomplete: Annotated[bool, Meta(description="true: counts of the beginning of the time are kept no longer")]


async def traffic(call: Call) -> Reply:
    """How many messages took which status, over time."""
    query: TrafficQuery = call.query
    step, now = STEPS[query.step], call.house.clock.now()
    until = now if query.until is None else millis(query.until)
    last = -(-until // step) * step
    wanted = last - POINTS_USUAL[query.step] * step if query.since is None else millis(query.since)
    first = wanted - wanted % step
    if faults := _unfit(query, first, wanted, until, last, step):
        raise Abort("validation_failed", "A query parameter is not valid; see `errors`.", errors=faults)
    kept = now - _kept(call, query.step)
    since = min(max(first, -(-kept // step) * step), last)
    account_id = _whose(call, query.account)
    points = await call.house.store.read(
        lambda tx: tx.traffic.points(account_id, query.carrier, step, since, last)
    )  # fmt: skip
    shown = TrafficReport(
        step=query.step, since=show(since), until=show(until), carrier=query.carrier,
        account="all" if account_id is None else ids.show("acc", account_id),
        data=[_point(one) for one in filled(points, step, since, last)], total=TrafficCounts(**_named(total(points))),
        incomplete=since > first,
    )  # fmt: skip
    return Reply(200, views.encode(shown))


def _unfit(
    query: TrafficQuery, first: Millis, wanted: Millis, until: Millis, last: Millis, step: Millis
) -> list[Fault]:
    if until < 0:
        return [Fault("?until", "must not lie before 1970")]
    if wanted > until:
        return [Fault("?since", "must not lie behind `until`")]
    count = (last - first) // step
    if count <= POINTS_MOST:
        return []
    longer = {"minute": ", or ask for hours (`step=hour`)", "hour": ", or ask for days (`step=day`)"}.get(
        query.step, ""
    )
    detail = (
        f"leaves {count:,} {query.step}s before `until`; at most {POINTS_MOST:,} are told: ask for less time{longer}"
    )
    return [Fault("?since", detail)]


def _kept(call: Call, step: str) -> Millis:
    """So far back there are counts."""
    if step == "minute":
        return MINUTES_KEPT
    days = call.house.settings.retention.traffic
    return days * DAY if days else call.house.clock.now()


def _whose(call: Call, wanted: str | None) -> int | None:
    """The account that is asked about, None for all; aborts where it is not for this caller to see."""
    if wanted == "all" and call.over_all:
        return None
    number = call.account_id if wanted is None else ids.parse("acc", wanted)
    if number is not None and number == call.account_id:
        return number
    known = number is not None and (number == DEFAULT_ACCOUNT or call.house.keyring.account(number) is not None)
    if number is None or not call.over_all or not known:
        detail = (
            "is for who looks after all accounts" if wanted == "all" else "there is no such account, or it is not yours"
        )
        raise Abort("validation_failed", errors=[Fault("?account", detail)])
    return number


def _point(one: Point) -> TrafficPoint:
    return TrafficPoint(at=show(one.start), **_named(one.counts))


def _named(counts: tuple[int, ...]) -> dict[str, int]:
    return dict(zip(COUNTED, counts, strict=True))
