"""Questions about messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from tidings.core.ids import highest
from tidings.core.message import HOUR, Message, Millis
from tidings.core.questions import Filter, Form, Page, State
from tidings.store.engine import Engine, Row, as_list, statements

SQL = statements("messages")
SCAN_MOST = 50_000
"""Rows a filtered page looks at before it stops early."""
INDEXED = frozenset({"scheduled", "undelivered", "failed", "expired", "rejected", "canceled", "unknown"})
"""Statuses that few messages come to: found through an index."""

_encode = msgspec.json.Encoder().encode


def _text(value: Any) -> str | None:
    return _encode(value).decode() if value else None


def _row(m: Message) -> Row:
    return (
        m.id, m.account_id, m.direction, m.status, m.category, m.to, m.sender, m.text, m.encoding, m.segments,
        m.reference, m.created_at, m.expires_at, m.send_at, m.carrier, m.client_ref, _text(m.tags), _text(m.metadata),
        _text(m.error), m.segments_delivered, m.sent_at, m.finished_at, m.event_count,
        _text(m.prepared), m.in_reply_to,
    )  # fmt: skip


class Messages:
    """See `core.questions.Messages`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def insert(self, messages: Sequence[Message]) -> None:
        await self._engine.many(SQL["insert"], [_row(message) for message in messages])

    async def by_id(self, ids: Iterable[int]) -> dict[int, Message]:
        messages = await self._engine.fetch_as(Message, SQL["by_id"], as_list(ids))
        return {message.id: message for message in messages}

    async def states(self, ids: Iterable[int]) -> dict[int, State]:
        states = await self._engine.fetch_as(State, SQL["states"], as_list(ids))
        return {state.id: state for state in states}

    async def one(self, account_id: int, message_id: int) -> Message | None:
        messages = await self._engine.fetch_as(Message, SQL["one"], account_id, message_id)
        return messages[0] if messages else None

    async def page(self, account_id: int, filter: Filter, before: int | None, limit: int) -> Page:
        """Newest first. By recipient, client_ref, time, direction `mo` and the rarer statuses through an index, by
        others over a bounded scan.
        """
        narrow, narrow_values = clauses(
            ("account_id = ?{}", account_id), ("id < ?{}", before), ("recipient = ?{}", filter.to),
            ("client_ref = ?{}", filter.client_ref), ("in_reply_to = ?{}", filter.in_reply_to),
            ("created_at >= ?{}", filter.since),
            ("created_at <= ?{}", filter.until), ("id > ?{}", _id_of(filter.since, -HOUR)),
            ("id <= ?{}", _id_of(filter.until, HOUR)),
        )  # fmt: skip
        # Written out, for only then is it known of a partial index that it holds them all.
        if filter.status in INDEXED:
            narrow.append(f"status = '{filter.status}'")
        if filter.direction == "mo" or filter.status == "received":
            narrow.append("direction = 'mo'")
        rest, rest_values = clauses(
            ("status = ?{}", None if filter.status in INDEXED else filter.status), ("sender = ?{}", filter.sender),
            ("direction = ?{}", None if filter.direction == "mo" else filter.direction),
            ("holds(tags, ?{})", filter.tag and _encode(filter.tag).decode()),
            taken=len(narrow_values),
        )  # fmt: skip
        scan = SQL["scan"].format(where=" and ".join(narrow), most=SCAN_MOST if rest else limit + 1)
        found = SQL["chosen"].format(scan=scan, where=" and ".join(rest) or "true", most=limit + 1)
        ids = [row[0] for row in await self._engine.fetch(found, *narrow_values, *rest_values)]
        messages = await self.by_id(ids[:limit])
        page = tuple(messages[message_id] for message_id in ids[:limit])
        if len(ids) > limit:
            return Page(page, ids[limit - 1])
        if not rest:
            return Page(page, None)
        floor = SQL["floor"].format(where=" and ".join(narrow), passed=SCAN_MOST - 1)
        early = [row[0] for row in await self._engine.fetch(floor, *narrow_values)]
        return Page(page, early[0] if early else None, complete=not early)

    async def change(self, states: Sequence[State]) -> None:
        await self._engine.many(
            SQL["change"],
            [
                (
                    s.id,
                    s.status,
                    s.carrier,
                    _text(s.error),
                    s.segments_delivered,
                    s.sent_at,
                    s.finished_at,
                    s.event_count,
                )
                for s in states
            ],
        )

    async def mend(self, messages: Sequence[Message]) -> None:
        await self._engine.many(
            SQL["mend"], [(m.id, m.text, m.encoding, m.segments, _text(m.error), m.event_count) for m in messages]
        )

    async def answered(self, pairs: Sequence[tuple[int, str, str]], since: Millis) -> dict[tuple[int, str, str], int]:
        """The newest MT that a handset got, by (account, handset, our number); looks at the newest 100 of a handset."""
        wanted = [_encode(pair).decode() for pair in dict.fromkeys(pairs)]
        rows = await self._engine.fetch(SQL["answered"], wanted, highest(since)) if wanted else []
        return {(account, handset, number): found for account, handset, number, found in rows if found is not None}

    async def sent_to(self, account_id: int, handset: str, number: str, since: Millis, limit: int) -> list[int]:
        """The MTs that a handset got from a number of ours, newest first."""
        rows = await self._engine.fetch(SQL["sent_to"], account_id, handset, number, highest(since), limit)
        return [row[0] for row in rows]

    async def reform(self, forms: Sequence[Form]) -> None:
        await self._engine.many(SQL["reform"], [(f.id, f.encoding, f.segments, f.reference) for f in forms])

    async def awaiting_receipt(self, expired_before: Millis, limit: int) -> list[int]:
        return [row[0] for row in await self._engine.fetch(SQL["awaiting_receipt"], expired_before, limit)]

    async def blank(self, message_ids: Sequence[int]) -> None:
        await self._engine.many(SQL["blank"], [(message_id,) for message_id in message_ids])

    async def outlived(self, category: str, after: int, finished_before: Millis, limit: int) -> list[int]:
        newest = highest(finished_before)
        rows = await self._engine.fetch(SQL["outlived"], after, category, finished_before, limit, newest)
        return [row[0] for row in rows]


def _id_of(moment: Millis | None, slack: Millis) -> int | None:
    """The id at a moment, so that times too are looked up by the key; an id may be an hour off its message's time."""
    return highest(moment + slack) or None if moment is not None else None


def clauses(*conditions: tuple[str, Any], taken: int = 0) -> tuple[list[str], list[Any]]:
    """The conditions that are asked for, with numbered parameters after the `taken` ones, and their values."""
    given = [(clause, value) for clause, value in conditions if value is not None]
    return [clause.format(taken + at) for at, (clause, _) in enumerate(given, 1)], [value for _, value in given]
