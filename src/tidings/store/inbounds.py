"""Questions about texts from handsets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tidings.core.message import Millis
from tidings.core.questions import InboundRow
from tidings.store.engine import Engine, Row, as_list, statements

SQL = statements("inbounds")
SIBLING_WAIT: Millis = 24 * 3_600_000
"""How far apart the parts of one text may come."""
SIBLINGS_MOST = 1_000
"""Parts under one reference that are looked at, the newest: four times as many as a text can have."""


def _row(row: Row) -> InboundRow:
    return InboundRow(
        id=row[0], account_id=row[1], message_id=row[2], carrier=row[3], bind=row[4], session=row[5], sender=row[6],
        to=row[7], digest=row[8], octets=row[9], udh=row[10], data_coding=row[11], text=row[12], encoding=row[13],
        reference=row[14], part=row[15], parts=row[16], received_at=row[17],
    )  # fmt: skip


class Inbounds:
    """See `core.questions.Inbounds`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def twins(self, carrier: str, digests: Iterable[str], since: Millis) -> dict[str, str]:
        return dict(await self._engine.fetch(SQL["twins"], carrier, as_list(digests), since))

    async def insert(self, rows: Sequence[InboundRow]) -> None:
        await self._engine.many(
            SQL["insert"],
            [
                (r.id, r.account_id, r.message_id, r.carrier, r.bind, r.session, r.sender, r.to, r.digest, r.octets,
                 r.udh, r.data_coding, r.text, r.encoding, r.reference, r.part, r.parts, r.received_at)
                for r in rows
            ],
        )  # fmt: skip

    async def siblings(self, row: InboundRow) -> list[InboundRow]:
        return await self._under_one_reference(SQL["siblings"], row)

    async def joined(self, row: InboundRow) -> list[InboundRow]:
        """The parts of the newest text under the same reference that has become a message, a while ago at the most."""
        return await self._under_one_reference(SQL["joined"], row)

    async def _under_one_reference(self, sql: str, row: InboundRow) -> list[InboundRow]:
        rows = await self._engine.fetch(
            sql, row.sender, row.to, row.reference, row.parts, row.carrier, row.account_id,
            row.received_at - SIBLING_WAIT, SIBLINGS_MOST,
        )  # fmt: skip
        return [_row(found) for found in rows]

    async def join(self, ids: Sequence[int], message_id: int) -> None:
        await self._engine.many(SQL["join"], [(id, message_id) for id in ids])

    async def blank(self, message_ids: Sequence[int]) -> None:
        await self._engine.fetch(SQL["blank"], as_list(message_ids), b"")

    async def stale(self, before: Millis, limit: int) -> list[InboundRow]:
        return [_row(row) for row in await self._engine.fetch(SQL["stale"], before, limit)]

    async def of(self, message_id: int) -> list[InboundRow]:
        return [_row(row) for row in await self._engine.fetch(SQL["of"], message_id)]
