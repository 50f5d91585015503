"""Questions about suppression; every change leaves a row of consent history."""

from __future__ import annotations

from collections.abc import Iterable

from tidings.core.erasure import MARK, digest
from tidings.core.message import Millis
from tidings.store.engine import Engine, as_list, statements

SQL = statements("suppressions")
MANY = 16
"""From so many numbers on it pays to ask first whether anyone has opted out at all."""


class Suppressions:
    """See `core.questions.Suppressions`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def among(self, pairs: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
        asked = set(pairs)
        accounts = as_list(account_id for account_id, _ in asked)
        if len(asked) >= MANY and not await self._engine.fetch(SQL["any"], accounts):
            return set()
        numbers = [number for _, number in asked]
        rows = await self._engine.fetch(SQL["among"], accounts, numbers)
        found = {(row[0], row[1]) for row in rows} & asked
        if any(row[1].startswith(MARK) for row in rows):
            found |= await self._erased(accounts, asked)
        return found

    async def _erased(self, accounts: list[int], asked: set[tuple[int, str]]) -> set[tuple[int, str]]:
        """Of persons who were erased a digest is left, by which their opt-out holds."""
        digests = {(account_id, digest(account_id, number)): (account_id, number) for account_id, number in asked}
        rows = await self._engine.fetch(SQL["among_digests"], accounts, [one for _, one in digests])
        return {digests[row[0], row[1]] for row in rows if (row[0], row[1]) in digests}

    async def add(self, account_id: int, number: str, reason: str, now: Millis) -> bool:
        added = await self._engine.fetch(SQL["add"], account_id, number, reason, now)
        await self._engine.many(SQL["record"], [(account_id, number, "opt_out", reason, now)])
        return bool(added)

    async def lift(self, account_id: int, number: str, reason: str, now: Millis) -> bool:
        lifted = await self._engine.fetch(SQL["lift"], account_id, number, digest(account_id, number))
        await self._engine.many(SQL["record"], [(account_id, number, "opt_in", reason, now)])
        return bool(lifted)
