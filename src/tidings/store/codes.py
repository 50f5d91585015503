"""Questions about codes, how often they answered, and what they call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from tidings.core.codes import Call, Code, Pace, Rule
from tidings.core.message import Millis
from tidings.core.webhook import endpoint_of
from tidings.store.engine import Engine, Row, as_list, statements

SQL = statements("codes")
_NEWEST = (1 << 63) - 1

_write = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(Rule).decode


class Codes:
    """See `core.questions.Codes`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def version(self, account_id: int) -> int:
        rows = await self._engine.fetch(SQL["version"], account_id)
        return int(rows[0][0]) if rows else 0

    async def changed(self, account_id: int) -> None:
        """Whoever holds the codes of this account is to read them again."""
        await self._engine.many(SQL["changed"], [(account_id,)])

    async def all(self, account_id: int) -> list[Code]:
        """Oldest first."""
        return [_code(row) for row in await self._engine.fetch(SQL["all"], account_id)]

    async def page(self, account_id: int, before: int | None, limit: int) -> list[Code]:
        return [_code(row) for row in await self._engine.fetch(SQL["page"], account_id, before or _NEWEST, limit)]

    async def one(self, account_id: int, code_id: int) -> Code | None:
        rows = await self._engine.fetch(SQL["one"], account_id, code_id)
        return _code(rows[0]) if rows else None

    async def named(self, account_id: int, name: str) -> Code | None:
        rows = await self._engine.fetch(SQL["named"], account_id, name)
        return _code(rows[0]) if rows else None

    async def count(self, account_id: int) -> int:
        return int((await self._engine.fetch(SQL["count"], account_id))[0][0])

    async def insert(self, code: Code) -> None:
        row = (code.id, code.account_id, code.rule.name, _text(code.rule), code.created_at, code.changed_at)
        await self._engine.many(SQL["insert"], [row])

    async def change(self, code: Code) -> None:
        row = (code.account_id, code.id, code.rule.name, _text(code.rule), code.changed_at)
        await self._engine.fetch(SQL["change"], *row)

    async def delete(self, account_id: int, code_id: int) -> bool:
        return bool(await self._engine.fetch(SQL["delete"], account_id, code_id))

    # how often

    async def paces(self, pairs: Iterable[tuple[int, str, str]]) -> dict[tuple[int, str, str], Pace]:
        """By account, number and sender; who was not answered of late is left out."""
        asked = set(pairs)
        rows = await self._engine.fetch(SQL["paces"], *[as_list(column) for column in zip(*asked, strict=True)])
        found = [Pace(**dict(zip(Pace.__struct_fields__, row, strict=True))) for row in rows]
        return {key: one for one in found if (key := (one.account_id, one.number, one.sender)) in asked}

    async def keep_paces(self, paces: Sequence[Pace]) -> None:
        await self._engine.many(SQL["keep_pace"], [msgspec.structs.astuple(one) for one in paces])

    async def forget_paces(self, before: Millis, limit: int) -> int:
        return len(await self._engine.fetch(SQL["forget_paces"], before, limit))

    async def mails_of(self, account_id: int, day: int) -> int:
        """E-mails that an account left to be sent on a day."""
        rows = await self._engine.fetch(SQL["mails_of"], account_id, day)
        return int(rows[0][0]) if rows else 0

    async def count_mails(self, sent: Sequence[tuple[int, int]], day: int) -> None:
        """Count e-mails, by account: added up by the database, as several processes may count for one at a time."""
        await self._engine.many(SQL["count_mails"], [(account_id, day, count) for account_id, count in sent])

    # calls

    async def insert_calls(self, calls: Sequence[Call]) -> None:
        rows = []
        for one in calls:
            endpoint = endpoint_of(None, one.account_id, one.url)
            row = msgspec.structs.astuple(one)
            rows.append((*row[:5], endpoint, *row[5:]))
        await self._engine.many(SQL["insert_call"], rows)

    async def endpoints_due(self, limit: int) -> list[tuple[str, Millis]]:
        """Endpoints that calls wait for, and when the first of each is due; the soonest first."""
        return [(row[0], row[1]) for row in await self._engine.fetch(SQL["endpoints_due"], limit)]

    async def due(self, endpoint: str, now: Millis, limit: int) -> list[Call]:
        return [_call(row) for row in await self._engine.fetch(SQL["due"], endpoint, now, limit)]

    async def settle_calls(self, calls: Sequence[Call]) -> None:
        await self._engine.many(
            SQL["settle_call"],
            [(one.id, one.status, one.attempts, one.next_at, one.said, one.finished_at, one.note) for one in calls],
        )

    async def calls_of(self, message_id: int) -> list[Call]:
        return [_call(row) for row in await self._engine.fetch(SQL["calls_of"], message_id)]

    async def forget_calls(self, finished_before: Millis, limit: int) -> int:
        return len(await self._engine.fetch(SQL["forget_calls"], finished_before, limit))


def _text(rule: Rule) -> str:
    return _write(rule).decode()


def _code(row: Row) -> Code:
    return Code(id=row[0], account_id=row[1], rule=_read(row[2]), created_at=row[3], changed_at=row[4])


def _call(row: Row) -> Call:
    return Call(**dict(zip(Call.__struct_fields__, row, strict=True)))
