"""Questions about addresses that belong to accounts."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tidings.core.sender import Sender
from tidings.store.engine import Engine, as_list, statements

SQL = statements("senders")


class Senders:
    """See `core.questions.Senders`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def of(self, addresses: Iterable[str]) -> dict[str, Sender]:
        """Those among these addresses that somebody owns."""
        found = await self._engine.fetch_as(Sender, SQL["of"], as_list(addresses))
        return {one.address: one for one in found}

    async def page(self, account_id: int | None, after: str, limit: int) -> list[Sender]:
        """Addresses of an account, or with None of all, in their order."""
        return await self._engine.fetch_as(Sender, SQL["page"], account_id, after, limit)

    async def insert(self, sender: Sender) -> None:
        await self._engine.many(SQL["insert"], [msgspec.structs.astuple(sender)])

    async def change(self, sender: Sender) -> None:
        """Everything but whose it is."""
        await self._engine.fetch(SQL["change"], *msgspec.structs.astuple(sender))

    async def delete(self, account_id: int, address: str) -> None:
        await self._engine.fetch(SQL["delete"], account_id, address)

    async def any_inbox(self) -> bool:
        """Whether anybody wants to be called with texts to an address."""
        return bool((await self._engine.fetch(SQL["any_inbox"]))[0][0])
