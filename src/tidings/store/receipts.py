"""Questions about receipts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidings.core.ids import highest
from tidings.core.message import HOUR, Millis
from tidings.core.questions import Habit, OrphanFilter, OrphanPage, ReceiptRow, Scan
from tidings.store.engine import Engine, Row, as_list, statements
from tidings.store.messages import SCAN_MOST, clauses

SQL = statements("receipts")


def _receipt(row: Row) -> ReceiptRow:
    return ReceiptRow(
        id=row[0], carrier=row[1], bind=row[2], carrier_id=row[3], sender=row[4], state=row[5], status=row[6],
        error_code=row[7], raw=row[8], received_at=row[9], attempt_id=row[10], message_id=row[11], tries=row[12],
        retry_at=row[13], other_id=row[14], error=row[15], form=row[16],
    )  # fmt: skip


class Receipts:
    """See `core.questions.Receipts`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def insert(self, rows: Sequence[ReceiptRow]) -> None:
        await self._engine.many(
            SQL["insert"],
            [
                (r.id, r.carrier, r.bind, r.carrier_id, r.sender, r.state, r.status, r.error_code, r.raw, r.received_at,
                 r.attempt_id, r.message_id, r.tries, r.retry_at, r.other_id, r.error, r.form)
                for r in rows
            ],
        )  # fmt: skip

    async def settle(self, rows: Sequence[ReceiptRow]) -> None:
        await self._engine.many(SQL["settle"], [(r.id, r.attempt_id, r.message_id, r.tries, r.retry_at) for r in rows])

    async def parked(self, due: Millis, limit: int) -> list[ReceiptRow]:
        return [_receipt(row) for row in await self._engine.fetch(SQL["parked"], due, limit)]

    async def of(self, message_id: int) -> list[ReceiptRow]:
        return [_receipt(row) for row in await self._engine.fetch(SQL["of"], message_id)]

    async def orphans(self) -> int:
        return int((await self._engine.fetch(SQL["orphans"]))[0][0])

    async def unmatched(self, carrier: str, after: int, limit: int) -> list[ReceiptRow]:
        """Receipts of a carrier that match nothing, newer than an id, oldest first."""
        return [_receipt(row) for row in await self._engine.fetch(SQL["unmatched"], carrier, after, limit)]

    async def unmatched_page(self, filter: OrphanFilter, before: int | None, limit: int) -> OrphanPage:
        """Newest first, over a bounded scan."""
        narrow, narrow_values = _narrow(filter, ("id < ?{}", before))
        rest, rest_values = _rest(filter, len(narrow_values))
        scan = SQL["scan"].format(where=" and ".join(narrow), way="desc", most=SCAN_MOST if rest else limit + 1)
        chosen = SQL["chosen"].format(scan=scan, where=" and ".join(rest) or "true", way="desc", most=limit + 1)
        found = [_receipt(row) for row in await self._engine.fetch(chosen, *narrow_values, *rest_values)]
        if len(found) > limit:
            return OrphanPage(tuple(found[:limit]), found[limit - 1].id)
        floor, _, scanned = (await self._engine.fetch(SQL["reach"].format(scan=scan), *narrow_values))[0]
        early = bool(rest) and scanned == SCAN_MOST
        return OrphanPage(tuple(found), floor if early else None, complete=not early)

    async def unmatched_ids(self, filter: OrphanFilter, after: int, up_to: int, most: int) -> Scan:
        """Those that the filter leaves of the next so many behind an id and up to another, oldest first."""
        narrow, values = _narrow(filter, ("id > ?{}", after), ("id <= ?{}", up_to))
        rest, rest_values = _rest(filter, len(values))
        scan = SQL["scan"].format(where=" and ".join(narrow), way="asc", most=most)
        chosen = SQL["chosen"].format(scan=scan, where=" and ".join(rest) or "true", way="asc", most=most)
        found = await self._engine.fetch(chosen, *values, *rest_values)
        _, last, scanned = (await self._engine.fetch(SQL["reach"].format(scan=scan), *values))[0]
        return Scan(tuple([row[0] for row in found]), last if scanned == most else None)

    async def unmatched_among(self, ids: Sequence[int]) -> list[ReceiptRow]:
        return [_receipt(row) for row in await self._engine.fetch(SQL["unmatched_among"], as_list(ids))]

    async def drop_unmatched(self, ids: Sequence[int]) -> set[int]:
        return {row[0] for row in await self._engine.fetch(SQL["drop_unmatched"], as_list(ids))}

    async def habits(self) -> dict[str, Habit]:
        """What is known of how carriers write ids, by carrier."""
        rows = await self._engine.fetch(SQL["habits"])
        return {row[0]: Habit(row[0], row[1], bool(row[2]), bool(row[3]), row[4], row[5]) for row in rows}

    async def keep_habits(self, habits: Sequence[Habit]) -> None:
        await self._engine.many(
            SQL["keep_habit"], [(h.carrier, h.form, int(h.fixed), int(h.loose), h.leaning, h.votes) for h in habits]
        )


def _narrow(filter: OrphanFilter, *more: tuple[str, Any]) -> tuple[list[str], list[Any]]:
    """What an index answers. Ids borrow from the future, and clocks differ: by no more than an hour."""
    since = None if filter.since is None else highest(filter.since - HOUR)
    until = None if filter.until is None else highest(filter.until + HOUR)
    found, values = clauses(*more, ("id > ?{}", since), ("id <= ?{}", until))
    return ["attempt_id is null", *found], values


def _rest(filter: OrphanFilter, taken: int) -> tuple[list[str], list[Any]]:
    number = None if filter.sender is None else filter.sender.lstrip("+")
    found, values = clauses(
        ("carrier = ?{}", filter.carrier), ("ltrim(sender, '+') = ?{}", number), ("received_at >= ?{}", filter.since),
        ("received_at <= ?{}", filter.until), taken=taken,
    )  # fmt: skip
    if filter.parked is not None:
        found.append("retry_at is not null" if filter.parked else "retry_at is null")
    return found, values
