"""Questions about captured traffic on its way from one process to another."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.questions import Piece
from tidings.store.engine import Engine, statements

SQL = statements("captures")


class CaptureQuestions:
    """See `core.questions.Captures`. Captures are the operator's, and so of the default account."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def keep(self, pieces: Sequence[Piece]) -> None:
        rows = [(p.id, DEFAULT_ACCOUNT, p.capture_id, p.place, p.lines) for p in pieces]
        await self._engine.many(SQL["keep"], rows)

    async def waiting(self, capture_id: int) -> int:
        """Pieces that nobody has taken."""
        return int((await self._engine.fetch(SQL["waiting"], capture_id))[0][0])

    async def take(self, capture_id: int) -> list[Piece]:
        """All that are there, oldest first; they are gone then."""
        rows = await self._engine.fetch(SQL["of"], capture_id)
        await self._engine.fetch(SQL["drop"], capture_id)
        return [Piece(number, capture_id, place, lines) for number, place, lines in rows]
