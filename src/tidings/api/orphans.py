"""Receipts that match no message: look at them, match them again, drop them. For the operator: they are nobody's."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.keys import PageQuery, before_of
from tidings.api.moments import Time, millis, show_or_none
from tidings.api.problems import Abort
from tidings.api.webhooks import Gone
from tidings.core import ids
from tidings.core.orphan import REASONS
from tidings.core.questions import OrphanFilter, OrphanPage, ReceiptRow, Tx
from tidings.core.request import Fault, Moment
from tidings.pipeline import orphans, receipt

_FILTERS = ("carrier", "sender", "parked", "since", "until")
_Carrier = Annotated[str, Meta(min_length=1, max_length=64, description="that sent them")]
_Number = Annotated[str, Meta(pattern=r"^\+?[0-9]{1,20}$(?!\n)", description="of the handset, as the receipt names it")]
_PARKED = Meta(description="true: those that are still tried by themselves; false: those that are not")
_Since = Annotated[Moment, Meta(description="came at or after")]
_Until = Annotated[Moment, Meta(description="came at or before")]


class OrphanQuery(PageQuery, frozen=True, kw_only=True, rename={"sender": "from"}):
    """Which page of which receipts that match nothing."""

    carrier: _Carrier | None = None
    sender: _Number | None = None
    parked: Annotated[Literal["true", "false"], _PARKED] | None = None
    since: _Since | None = None
    until: _Until | None = None


class OrphanChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sender": "from"}):
    """Which receipts that match nothing: one by `orphan`, or all that the other fields leave."""

    orphan: Annotated[str, Meta(pattern="^rcp_[0-9a-z]{13}$")] | None = None
    carrier: _Carrier | None = None
    sender: _Number | None = None
    parked: Annotated[bool, _PARKED] | None = None
    since: _Since | None = None
    until: _Until | None = None
    cursor: Annotated[
        Annotated[str, Meta(pattern="^cur_[0-9a-z]{13}$")] | None,
        Meta(description="`next_cursor` of the answer before"),
    ] = None


class OrphanView(views.ReceiptView, frozen=True, kw_only=True, rename={"sender": "from"}):
    """A receipt that matches nothing, and why."""

    id: str
    sender: Annotated[str, Meta(description="number of the handset as the receipt names it; empty where it does not")]
    other_id: Annotated[str, Meta(description="what else the receipt calls the message")]
    error: Annotated[str | None, Meta(description="what it says went wrong; null where it was delivered")]
    parked: Annotated[bool, Meta(description="true: it is tried again by itself, at `next_at`")]
    tries: int
    next_at: Time | None
    reason: Annotated[
        str,
        Meta(
            description="`no_id`, `unknown_id` (no segment of the carrier has it), `other_number` (one has, but went "
            "to another number), `unsure` (several may be meant), or `matches`: it would by now"
        ),
    ]
    detail: Annotated[str, Meta(description="the reason in words")]


class Orphans(msgspec.Struct, frozen=True, omit_defaults=True):
    """Receipts that match nothing, newest first."""

    data: list[OrphanView]
    next_cursor: str | None
    incomplete: Annotated[
        bool, Meta(description="true: the scan stopped early; go on with next_cursor even if data is short")
    ] = False


class OrphansMatched(msgspec.Struct, frozen=True, kw_only=True):
    """What came of matching again."""

    matched: int
    unmatched: Annotated[int, Meta(description="tried, and left as they were")]
    next_cursor: Annotated[
        str | None, Meta(description="as `cursor` of the next call it goes on; null: all were tried")
    ]


class OrphansDropped(msgspec.Struct, frozen=True, kw_only=True):
    """How many are gone."""

    dropped: int
    next_cursor: Annotated[str | None, Meta(description="as `cursor` of the next call it goes on; null: all are gone")]


async def page(call: Call) -> Reply:
    """What matches nothing, newest first."""
    query: OrphanQuery = call.query
    before, sought = before_of(query.cursor), _filter(query)

    async def ask(tx: Tx) -> tuple[OrphanPage, dict[int, str]]:
        found = await tx.receipts.unmatched_page(sought, before, query.limit)
        return found, await receipt.reasons(tx, found.receipts)

    found, reasons = await call.house.store.read(ask)
    cursor = None if found.cursor is None else ids.show("cur", found.cursor)
    data = [_shown(row, reasons[row.id]) for row in found.receipts]
    return Reply(200, views.encode(Orphans(data, cursor, not found.complete)))


async def read(call: Call) -> Reply:
    """One of them."""
    number = ids.parse("rcp", call.params["id"])

    async def ask(tx: Tx) -> list[OrphanView]:
        rows = [] if number is None else await tx.receipts.unmatched_among([number])
        reasons = await receipt.reasons(tx, rows)
        return [_shown(row, reasons[row.id]) for row in rows]

    found = await call.house.store.read(ask)
    if not found:
        raise _nobody()
    return Reply(200, views.encode(found[0]))


async def match(call: Call) -> Reply:
    """Match again one, or all that a filter leaves."""
    wanted: OrphanChoice = call.body or OrphanChoice()
    if (number := _one(wanted)) is not None:
        if not await call.house.store.read(lambda tx: tx.receipts.unmatched_among([number])):
            raise _nobody()
        done = (await call.house.store.write(receipt.match_again, [number]))[0]
        return Reply(200, views.encode(OrphansMatched(matched=int(done), unmatched=int(not done), next_cursor=None)))
    outcome = await orphans.match_again(call.house, _filter(wanted), _after(wanted))
    shown = OrphansMatched(matched=outcome.done, unmatched=outcome.left, next_cursor=_cursor(outcome))
    return Reply(200, views.encode(shown))


async def drop(call: Call) -> Reply:
    """Drop one, or all that a filter leaves."""
    wanted: OrphanChoice = call.body
    if (number := _one(wanted)) is not None:
        await _drop_one(call, number)
        return Reply(200, views.encode(OrphansDropped(dropped=1, next_cursor=None)))
    if all(getattr(wanted, name) is None for name in _FILTERS):
        detail = (
            "name what is to be dropped: `orphan`, or at least one of `carrier`, `from`, `parked`, `since`, `until`"
        )
        raise Abort("validation_failed", errors=[Fault("", detail)])
    outcome = await orphans.drop(call.house, _filter(wanted), _after(wanted))
    return Reply(200, views.encode(OrphansDropped(dropped=outcome.done, next_cursor=_cursor(outcome))))


async def delete(call: Call) -> Reply:
    """Drop one."""
    number = ids.parse("rcp", call.params["id"])
    if number is None:
        raise _nobody()
    await _drop_one(call, number)
    return Reply(200, views.encode(Gone()))


async def _drop_one(call: Call, number: int) -> None:
    if not (await call.house.store.write(receipt.drop, [number]))[0]:
        raise _nobody()


def _nobody() -> Abort:
    return Abort("not_found", "No receipt with this id matches nothing: it was dropped, or matches by now.")


def _one(wanted: OrphanChoice) -> int | None:
    """The one receipt that is meant, None where a filter is."""
    if wanted.orphan is None:
        return None
    for name in (*_FILTERS, "cursor"):
        if getattr(wanted, name) is not None:
            pointer = "from" if name == "sender" else name
            raise Abort("validation_failed", errors=[Fault(f"/{pointer}", "does not go with `orphan`")])
    return ids.parse("rcp", wanted.orphan) or 0


def _filter(asked: Any) -> OrphanFilter:
    return OrphanFilter(
        carrier=asked.carrier, sender=asked.sender,
        parked=None if asked.parked is None else asked.parked in (True, "true"),
        since=None if asked.since is None else millis(asked.since),
        until=None if asked.until is None else millis(asked.until),
    )  # fmt: skip


def _after(wanted: OrphanChoice) -> int:
    number = 0 if wanted.cursor is None else ids.parse("cur", wanted.cursor)
    if number is None:
        raise Abort("validation_failed", errors=[Fault("/cursor", "is no `next_cursor` that was given")])
    return number


def _cursor(outcome: orphans.Gone) -> str | None:
    return None if outcome.cursor is None else ids.show("cur", outcome.cursor)


def _shown(row: ReceiptRow, reason: str) -> OrphanView:
    return OrphanView(
        **msgspec.structs.asdict(views.receipt(row)), id=ids.show("rcp", row.id), sender=row.sender,
        other_id=row.other_id, error=row.error or None, parked=row.retry_at is not None, tries=row.tries,
        next_at=show_or_none(row.retry_at), reason=reason, detail=REASONS[reason],
    )  # fmt: skip
