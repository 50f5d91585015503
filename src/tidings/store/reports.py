"""Questions about what came of messages, counted over a bounded number of them."""

from __future__ import annotations

from tidings.core.report import ResponseReport, Responses
from tidings.store.engine import Engine, statements

SQL = statements("reports")
SCAN_MOST = 200_000
"""Newest messages of the time asked for that are counted."""


class Reports:
    """See `core.questions.Reports`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def responses(self, account_id: int, by: str, after: int, upto: int, limit: int) -> ResponseReport:
        """Answers to messages with ids behind one and up to another, by `message`, `tag` or `sender`."""
        floor, scanned = (await self._engine.fetch(SQL["floor"], account_id, after, upto, SCAN_MOST))[0]
        start = after if scanned < SCAN_MOST else floor - 1
        rows = await self._engine.fetch(SQL[f"by_{by}"], account_id, start, upto, limit)
        total = (await self._engine.fetch(SQL["total"], account_id, start, upto))[0]
        return ResponseReport(
            tuple([Responses(str(key), sent, answered, int(replies)) for key, sent, answered, replies in rows]),
            Responses("", total[0], total[1], int(total[2])), None if scanned < SCAN_MOST else floor,
        )  # fmt: skip
