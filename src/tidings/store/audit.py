"""Questions about the audit log."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tidings.core.audit import Actor, AuditFilter, Entry
from tidings.store.engine import Engine, Row, statements

SQL = statements("audit")
_NEWEST = (1 << 63) - 1


class Audit:
    """See `core.questions.Audit`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def insert(self, entries: Sequence[Entry]) -> None:
        await self._engine.many(SQL["insert"], [_row(one) for one in entries])

    async def page(self, account_id: int, wanted: AuditFilter, before: int | None, limit: int) -> list[Entry]:
        """Newest first."""
        rows = await self._engine.fetch(
            SQL["page"], account_id, before or _NEWEST, wanted.since, wanted.until, wanted.action or "",
            wanted.actor_id, wanted.subject_id, wanted.address or "", limit,
        )  # fmt: skip
        return [_entry(row) for row in rows]

    async def forget(self, before_id: int, limit: int) -> int:
        """Drop the oldest lines below an id; how many there were."""
        return len(await self._engine.fetch(SQL["forget"], before_id, limit))


def _row(one: Entry) -> Row:
    actor = one.actor
    return (
        one.id, one.account_id, one.occurred_at, one.action, actor.kind, actor.id, actor.name, actor.address,
        one.subject_kind, one.subject_id, one.subject_name, json.dumps(one.detail) if one.detail else None,
    )  # fmt: skip


def _entry(row: Row) -> Entry:
    return Entry(
        id=row[0], account_id=row[1], occurred_at=row[2], action=row[3], actor=Actor(*row[4:8]), subject_kind=row[8],
        subject_id=row[9], subject_name=row[10], detail=None if row[11] is None else json.loads(row[11]),
    )  # fmt: skip
