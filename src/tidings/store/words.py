"""Questions about the words of what is said in conversations."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core import words
from tidings.core.message import Message
from tidings.store.engine import Engine, as_list, statements

SQL = statements("words")
_LAST = (1 << 63) - 1


class Words:
    """See `core.questions.Words`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def insert(self, messages: Sequence[Message]) -> None:
        rows = [(m.id, m.account_id, words.of_account(m.account_id, m.text)) for m in messages if m.text]
        await self._engine.many(SQL["insert"], [row for row in rows if row[2]])

    async def forget(self, message_ids: Sequence[int]) -> None:
        await self._engine.fetch(SQL["forget"], as_list(message_ids))

    async def find(self, account_id: int, sought: str, before: int | None, limit: int) -> list[int]:
        """Messages that hold all that `core.words.sought` names, newest first."""
        rows = await self._engine.fetch(SQL["find"], account_id, sought, before or _LAST, limit)
        return [row[0] for row in rows]
