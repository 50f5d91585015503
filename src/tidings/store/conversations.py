"""Questions about conversations, notes beside them, and replies that are kept ready."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

import msgspec

from tidings.core.conversation import CannedReply, Conversation, ConversationFilter, ConversationPage, Note
from tidings.core.message import Millis
from tidings.store.engine import Engine, as_list, statements
from tidings.store.messages import clauses

SQL = statements("conversations")
SCAN_MOST = 20_000
"""Rows a filtered page looks at before it stops early."""
_LAST = (1 << 63) - 1
_encode = msgspec.json.Encoder().encode


def _json(value: object) -> str:
    return _encode(value).decode()


class Conversations:
    """See `core.questions.Conversations`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def of_contacts(self, pairs: Iterable[tuple[int, int]], *, hold: bool = False) -> list[Conversation]:
        """All conversations of contacts, given by account and contact. `hold`: they are about to be changed."""
        wanted = set(pairs)
        if not wanted:
            return []
        accounts, contacts = as_list(account for account, _ in wanted), as_list(contact for _, contact in wanted)
        found = await self._engine.fetch_as(Conversation, SQL["hold" if hold else "of_contacts"], accounts, contacts)
        return [one for one in found if (one.account_id, one.contact_id) in wanted]

    async def one(self, account_id: int, conversation_id: int, *, hold: bool = False) -> Conversation | None:
        """One of an account. `hold`: it is about to be changed."""
        found = await self._engine.fetch_as(
            Conversation, SQL["hold_one" if hold else "one"], account_id, conversation_id
        )
        return found[0] if found else None

    async def insert(self, conversations: Sequence[Conversation]) -> None:
        await self._engine.many(
            SQL["insert"],
            [
                (c.id, c.account_id, c.sender, c.contact_id, c.number, c.status, c.snoozed_until, c.assignee,
                 _json(c.labels), c.unread, c.last_id, c.created_at, c.event_count)
                for c in conversations
            ],
        )  # fmt: skip

    async def change(self, conversations: Sequence[Conversation]) -> None:
        await self._engine.many(
            SQL["change"],
            [
                (c.id, c.contact_id, c.number, c.status, c.snoozed_until, c.assignee, _json(c.labels), c.unread,
                 c.last_id, c.event_count)
                for c in conversations
            ],
        )  # fmt: skip

    async def delete(self, conversation_ids: Sequence[int]) -> None:
        """With the notes beside them; the messages stay."""
        await self._engine.fetch(SQL["drop_notes"], as_list(conversation_ids))
        await self._engine.fetch(SQL["delete"], as_list(conversation_ids))

    async def due(self, now: Millis, limit: int) -> list[Conversation]:
        """Those that were snoozed until a moment that has come."""
        return await self._engine.fetch_as(Conversation, SQL["due"], now, limit)

    async def page(
        self, account_id: int, filter: ConversationFilter, before: int | None, limit: int
    ) -> ConversationPage:
        """Those with the newest message first; by status, assignee or contact through an index, else a bounded scan."""
        narrow, values = clauses(
            ("account_id = ?{}", account_id), ("last_id < ?{}", before), ("status = ?{}", filter.status),
            ("assignee = ?{}", filter.assignee), ("contact_id = ?{}", filter.contact_id),
        )  # fmt: skip
        rest, rest_values = clauses(
            ("holds(labels, ?{})", filter.label and _json(filter.label)), ("sender = ?{}", filter.sender),
            ("(unread > 0) = (?{} > 0)", None if filter.unread is None else int(filter.unread)),
            ("(assignee is not null) = (?{} > 0)", None if filter.assigned is None else int(filter.assigned)),
            taken=len(values),
        )  # fmt: skip
        scan = SQL["scan"].format(where=" and ".join(narrow), most=SCAN_MOST if rest else limit + 1)
        found = SQL["chosen"].format(scan=scan, where=" and ".join(rest) or "true", most=limit + 1)
        ids = [row[0] for row in await self._engine.fetch(found, *values, *rest_values)]
        known = {one.id: one for one in await self._engine.fetch_as(Conversation, SQL["some"], ids[:limit])}
        page = tuple(known[number] for number in ids[:limit])
        if len(ids) > limit:
            return ConversationPage(page, page[-1].last_id)
        floor, scanned = (await self._engine.fetch(SQL["floor"].format(scan=scan), *values))[0]
        early = bool(rest) and scanned == SCAN_MOST
        return ConversationPage(page, floor if early else None, complete=not early)

    async def thread(
        self, account_id: int, sender: str, numbers: Sequence[str], before: int | None, limit: int
    ) -> list[int]:
        """The messages between a sender of ours and the numbers of a contact, newest first."""
        found: list[int] = []
        for number in numbers:
            for name in ("said_to", "heard_from"):
                rows = await self._engine.fetch(SQL[name], account_id, number, sender, before or _LAST, limit)
                found += [row[0] for row in rows]
        return heapq.nlargest(limit, found)

    # notes

    async def insert_note(self, note: Note) -> None:
        await self._engine.many(SQL["insert_note"], [msgspec.structs.astuple(note)])

    async def one_note(self, account_id: int, note_id: int) -> Note | None:
        found = await self._engine.fetch_as(Note, SQL["one_note"], account_id, note_id)
        return found[0] if found else None

    async def change_note(self, note: Note) -> None:
        await self._engine.many(SQL["change_note"], [(note.id, note.author, note.text, note.changed_at)])

    async def delete_note(self, account_id: int, note_id: int) -> bool:
        return bool(await self._engine.fetch(SQL["delete_note"], account_id, note_id))

    async def notes(self, conversation_id: int, before: int | None, limit: int) -> list[Note]:
        found = await self._engine.fetch_as(Note, SQL["notes"], conversation_id, before or _LAST, limit)
        return sorted(found, key=lambda one: -one.id)

    async def reassign(self, account_id: int, before: str, after: str) -> None:
        """To somebody's new name, unless another is still called by the one before."""
        await self._engine.fetch(SQL["reassign"], account_id, before, after)

    async def move_notes(self, from_id: int, to_id: int) -> None:
        await self._engine.fetch(SQL["move_notes"], from_id, to_id)

    # replies that are kept ready

    async def canned(self, account_id: int, before: int | None, limit: int) -> list[CannedReply]:
        found = await self._engine.fetch_as(CannedReply, SQL["canned"], account_id, before or _LAST, limit)
        return sorted(found, key=lambda one: -one.id)

    async def one_canned(self, account_id: int, canned_id: int) -> CannedReply | None:
        found = await self._engine.fetch_as(CannedReply, SQL["one_canned"], account_id, canned_id)
        return found[0] if found else None

    async def canned_named(self, account_id: int, name: str) -> int | None:
        rows = await self._engine.fetch(SQL["canned_named"], account_id, name)
        return rows[0][0] if rows else None

    async def count_canned(self, account_id: int) -> int:
        return int((await self._engine.fetch(SQL["count_canned"], account_id))[0][0])

    async def insert_canned(self, canned: CannedReply) -> None:
        await self._engine.many(SQL["insert_canned"], [msgspec.structs.astuple(canned)])

    async def change_canned(self, canned: CannedReply) -> None:
        await self._engine.many(SQL["change_canned"], [(canned.id, canned.name, canned.text)])

    async def delete_canned(self, account_id: int, canned_id: int) -> bool:
        return bool(await self._engine.fetch(SQL["delete_canned"], account_id, canned_id))
