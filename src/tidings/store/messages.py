"""Questions about messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from tidings.core.message import Message, MessageError, Millis
from tidings.core.questions import Filter, Page, State
from tidings.store.engine import Engine, Row, as_list, statements

SQL = statements("messages")
SCAN_MOST = 20_000
"""Rows a filtered page looks at before it stops early."""

TAGGED = "exists (select 1 from json_each(tags) as tag where tag.value = ?{})"

_encode = msgspec.json.Encoder().encode
_error = msgspec.json.Decoder(MessageError).decode
_tags = msgspec.json.Decoder(tuple[str, ...]).decode
_metadata = msgspec.json.Decoder(dict[str, Any]).decode


def _text(value: Any) -> str | None:
    return _encode(value).decode() if value else None


def _row(m: Message) -> Row:
    return (
        m.id, m.account_id, m.direction, m.status, m.category, m.to, m.sender, m.text, m.encoding, m.segments,
        m.reference, m.created_at, m.expires_at, m.send_at, m.carrier, m.client_ref, _text(m.tags), _text(m.metadata),
        _text(m.error), m.segments_delivered, m.sent_at, m.finished_at, m.event_count,
    )  # fmt: skip


def _message(row: Row) -> Message:
    return Message(
        id=row[0], account_id=row[1], direction=row[2], status=row[3], category=row[4], to=row[5], sender=row[6],
        text=row[7], encoding=row[8], segments=row[9], reference=row[10], created_at=row[11], expires_at=row[12],
        send_at=row[13], carrier=row[14], client_ref=row[15], tags=_tags(row[16]) if row[16] else (),
        metadata=_metadata(row[17]) if row[17] else None, error=_error(row[18]) if row[18] else None,
        segments_delivered=row[19], sent_at=row[20], finished_at=row[21], event_count=row[22],
    )  # fmt: skip


class Messages:
    """See `core.questions.Messages`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def insert(self, messages: Sequence[Message]) -> None:
        await self._engine.many(SQL["insert"], [_row(message) for message in messages])

    async def by_id(self, ids: Iterable[int]) -> dict[int, Message]:
        rows = await self._engine.fetch(SQL["by_id"], as_list(ids))
        return {row[0]: _message(row) for row in rows}

    async def states(self, ids: Iterable[int]) -> dict[int, State]:
        states = await self._engine.fetch_as(State, SQL["states"], as_list(ids))
        return {state.id: state for state in states}

    async def one(self, account_id: int, message_id: int) -> Message | None:
        rows = await self._engine.fetch(SQL["one"], account_id, message_id)
        return _message(rows[0]) if rows else None

    async def page(self, account_id: int, filter: Filter, before: int | None, limit: int) -> Page:
        """Newest first; by recipient or client_ref through an index, other filters over a bounded scan."""
        where = ["account_id = ?1"]
        values: list[Any] = [account_id]
        window, window_values = _window(filter, before)
        where += [clause.format(len(values) + at + 1) for at, clause in enumerate(window)]
        values += window_values
        indexed, indexed_values = _equal({"recipient": filter.to, "client_ref": filter.client_ref}, len(values))
        where, values = where + indexed, values + indexed_values
        scan = f"select {SQL['columns']} from message where {' and '.join(where)} order by id desc limit {SCAN_MOST}"  # noqa: S608 - clauses are ours, values are bound
        rest, rest_values = _equal(
            {"status": filter.status, "sender": filter.sender, "direction": filter.direction}, len(values)
        )
        values = values + rest_values
        if filter.tag is not None:
            values.append(filter.tag)
            rest.append(TAGGED.format(len(values)))
        if not rest:
            rows = await self._engine.fetch(scan.replace(f"limit {SCAN_MOST}", f"limit {limit + 1}"), *values)
            return _page(rows, limit, None)
        chosen = f"select * from ({scan}) as scanned where {' and '.join(rest)} order by id desc limit {limit + 1}"  # noqa: S608
        rows = await self._engine.fetch(chosen, *values)
        floor = f"select min(id), count(*) from ({scan}) as scanned"  # noqa: S608
        scanned = (await self._engine.fetch(floor, *values[: len(values) - len(rest)]))[0]
        return _page(rows, limit, scanned[0] if scanned[1] == SCAN_MOST else None)

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

    async def awaiting_receipt(self, expired_before: Millis, limit: int) -> list[int]:
        return [row[0] for row in await self._engine.fetch(SQL["awaiting_receipt"], expired_before, limit)]

    async def blank(self, message_ids: Sequence[int]) -> None:
        await self._engine.many(SQL["blank"], [(message_id,) for message_id in message_ids])

    async def outlived(self, category: str, after: int, finished_before: Millis, limit: int) -> list[int]:
        rows = await self._engine.fetch(SQL["outlived"], after, category, finished_before, limit)
        return [row[0] for row in rows]


def _window(filter: Filter, before: int | None) -> tuple[list[str], list[Any]]:
    bounds = (("id < ?{}", before), ("created_at >= ?{}", filter.since), ("created_at <= ?{}", filter.until))
    given = [(clause, value) for clause, value in bounds if value is not None]
    return [clause for clause, _ in given], [value for _, value in given]


def _equal(columns: dict[str, Any], taken: int) -> tuple[list[str], list[Any]]:
    given = [(column, value) for column, value in columns.items() if value is not None]
    return [f"{column} = ?{taken + at + 1}" for at, (column, _) in enumerate(given)], [value for _, value in given]


def _page(rows: list[Row], limit: int, floor: int | None) -> Page:
    messages = tuple(_message(row) for row in rows[:limit])
    if len(rows) > limit:
        return Page(messages, messages[-1].id)
    return Page(messages, floor, complete=floor is None)
