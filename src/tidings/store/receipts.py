"""Questions about receipts."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.message import Millis
from tidings.core.questions import Habit, ReceiptRow
from tidings.store.engine import Engine, Row, statements

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

    async def habits(self) -> dict[str, Habit]:
        """What is known of how carriers write ids, by carrier."""
        rows = await self._engine.fetch(SQL["habits"])
        return {row[0]: Habit(row[0], row[1], bool(row[2]), bool(row[3]), row[4], row[5]) for row in rows}

    async def keep_habits(self, habits: Sequence[Habit]) -> None:
        await self._engine.many(
            SQL["keep_habit"], [(h.carrier, h.form, int(h.fixed), int(h.loose), h.leaning, h.votes) for h in habits]
        )
