"""Questions about idempotency keys."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.message import Millis
from tidings.core.questions import Remembered
from tidings.store.engine import Engine, statements

SQL = statements("idempotencies")


class Idempotencies:
    """See `core.questions.Idempotencies`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def find(self, account_id: int, key: str) -> Remembered | None:
        rows = await self._engine.fetch(SQL["find"], account_id, key)
        return Remembered(*rows[0]) if rows else None

    async def insert(self, rows: Sequence[Remembered]) -> None:
        await self._engine.many(SQL["insert"], [(r.account_id, r.key, r.digest, r.answer, r.expires_at) for r in rows])

    async def forget(self, expired_before: Millis, limit: int) -> int:
        return len(await self._engine.fetch(SQL["forget"], expired_before, limit))
