"""Questions about accounts, keys and ownership."""

from __future__ import annotations

from tidings.core.account import Key
from tidings.store.engine import Engine, statements

SQL = statements("accounts")


class Accounts:
    """See `core.questions.Accounts`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def keys(self) -> list[Key]:
        return [Key(*row) for row in await self._engine.fetch(SQL["keys"])]

    async def insert_key(self, key: Key) -> None:
        await self._engine.many(
            SQL["insert_key"], [(key.id, key.account_id, key.name, key.scope, key.digest, key.created_at)]
        )

    async def owner_of(self, address: str) -> int | None:
        rows = await self._engine.fetch(SQL["owner_of"], address)
        return rows[0][0] if rows else None

    async def claim_sender(self, account_id: int, address: str) -> None:
        await self._engine.many(SQL["claim_sender"], [(account_id, address)])

    async def take_lease(self, carrier: str) -> int:
        """Own the carrier under a new, higher fence; whoever held it before may claim no more."""
        return int((await self._engine.fetch(SQL["take_lease"], carrier))[0][0])

    async def fences(self) -> dict[str, int]:
        return dict(await self._engine.fetch(SQL["fences"]))

    async def last_id(self) -> int:
        return int((await self._engine.fetch(SQL["last_id"]))[0][0] or 0)
