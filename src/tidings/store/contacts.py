"""Questions about people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from tidings.core.conversation import Contact
from tidings.store.engine import Engine, as_list, statements
from tidings.store.messages import clauses

SQL = statements("contacts")
SCAN_MOST = 20_000
"""Rows a filtered page looks at before it stops early."""
_encode = msgspec.json.Encoder().encode


def _json(value: object) -> str:
    return _encode(value).decode()


class Contacts:
    """See `core.questions.Contacts`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def of_numbers(self, pairs: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
        """Whose numbers these are, by account and number."""
        wanted = set(pairs)
        if not wanted:
            return {}
        accounts, numbers = as_list(account for account, _ in wanted), as_list(number for _, number in wanted)
        rows = await self._engine.fetch(SQL["of_numbers"], accounts, numbers)
        return {(account, number): contact for account, number, contact in rows if (account, number) in wanted}

    async def insert(self, contacts: Sequence[Contact]) -> None:
        """Keep new ones, with their numbers."""
        await self._engine.many(
            SQL["insert"],
            [
                (c.id, c.account_id, c.name, _json(c.fields), _json(c.tags), c.notes, c.created_at, c.changed_at)
                for c in contacts
            ],
        )
        await self._own(contacts)

    async def change(self, contact: Contact) -> None:
        """Everything but whose it is, its numbers included."""
        c = contact
        row = (c.id, c.name, _json(c.fields), _json(c.tags), c.notes, c.changed_at)
        await self._engine.many(SQL["change"], [row])
        await self._engine.fetch(SQL["drop_numbers"], [c.id])
        await self._own([c])

    async def delete(self, contact_ids: Sequence[int]) -> None:
        await self._engine.fetch(SQL["drop_numbers"], as_list(contact_ids))
        await self._engine.fetch(SQL["delete"], as_list(contact_ids))

    async def some(self, account_id: int, contact_ids: Iterable[int]) -> dict[int, Contact]:
        found = await self._engine.fetch_as(_Row, SQL["some"], account_id, as_list(contact_ids))
        numbers: dict[int, list[str]] = {one.id: [] for one in found}
        for contact_id, number in await self._engine.fetch(SQL["numbers"], list(numbers)) if found else ():
            numbers[contact_id].append(number)
        return {
            one.id: Contact(**msgspec.structs.asdict(one), numbers=tuple(numbers[one.id])) for one in found
        }  # fmt: skip

    async def page(
        self, account_id: int, tag: str | None, name: str | None, before: int | None, limit: int
    ) -> tuple[list[Contact], int | None, bool]:
        """Newest first; with the id to go on before, and whether the scan came as far as it was to.

        `name`: what a name begins with.
        """
        narrow, values = clauses(("account_id = ?{}", account_id), ("id < ?{}", before))
        rest, rest_values = clauses(
            ("holds(tags, ?{})", tag and _json(tag)),
            ("lower(substr(name, 1, length(?{0}))) = lower(?{0})", name),
            taken=len(values),
        )
        scan = SQL["scan"].format(where=" and ".join(narrow), most=SCAN_MOST if rest else limit + 1)
        found = SQL["chosen"].format(scan=scan, where=" and ".join(rest) or "true", most=limit + 1)
        ids = [row[0] for row in await self._engine.fetch(found, *values, *rest_values)]
        contacts = await self.some(account_id, ids[:limit])
        page = [contacts[number] for number in ids[:limit]]
        if len(ids) > limit:
            return page, ids[limit - 1], True
        floor, scanned = (await self._engine.fetch(SQL["floor"].format(scan=scan), *values))[0]
        early = bool(rest) and scanned == SCAN_MOST
        return page, floor if early else None, not early

    async def _own(self, contacts: Sequence[Contact]) -> None:
        rows = [(c.account_id, number, c.id) for c in contacts for number in c.numbers]
        await self._engine.many(SQL["insert_number"], rows)


class _Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    id: int
    account_id: int
    name: str
    fields: dict[str, object]
    tags: tuple[str, ...]
    notes: str
    created_at: int
    changed_at: int
