"""Questions about customers' ESMEs and what they submitted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import msgspec

from tidings.core.esme import Esme, Session, Submission
from tidings.core.message import Millis
from tidings.store.engine import Engine, Row, as_list, statements

SQL = statements("esmes")
_NEWEST = (1 << 63) - 1
_FIELDS = Esme.__struct_fields__
_SESSION = Session.__struct_fields__
_LISTS = frozenset({"networks", "bind_types", "senders", "inbound"})
_FLAGS = frozenset({"tls", "receipt_seconds", "receipt_text"})
_CHANGED = tuple(name for name in _FIELDS if name not in ("account_id", "created_at", "last_bound_at"))
"""In the order of the statement `change`, whose first parameter is the id."""


class Esmes:
    """See `core.questions.Esmes`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def open(self) -> list[Esme]:
        return [_esme(row) for row in await self._engine.fetch(SQL["open"])]

    async def one(self, account_id: int, esme_id: int) -> Esme | None:
        rows = await self._engine.fetch(SQL["one"], account_id, esme_id)
        return _esme(rows[0]) if rows else None

    async def account_of(self, esme_id: int) -> int | None:
        rows = await self._engine.fetch(SQL["account_of"], esme_id)
        return rows[0][0] if rows else None

    async def by_system_id(self, system_id: str) -> Esme | None:
        rows = await self._engine.fetch(SQL["by_system_id"], system_id)
        return _esme(rows[0]) if rows else None

    async def page(self, account_id: int | None, before: int | None, limit: int) -> list[Esme]:
        """Newest first; without an account, of all accounts."""
        before = before or _NEWEST
        if account_id is None:
            rows = await self._engine.fetch(SQL["page_of_all"], before, limit)
        else:
            rows = await self._engine.fetch(SQL["page"], account_id, before, limit)
        return [_esme(row) for row in rows]

    async def insert(self, esme: Esme) -> None:
        await self._engine.many(SQL["insert"], [tuple(_value(esme, name) for name in _FIELDS)])

    async def change(self, esme: Esme) -> None:
        """Everything of an ESME but its id, account and last bind."""
        await self._engine.many(SQL["change"], [tuple(_value(esme, name) for name in _CHANGED)])

    async def touch(self, esme_ids: Sequence[int], bound_at: Millis) -> None:
        await self._engine.many(SQL["touch"], [(esme_id, bound_at) for esme_id in esme_ids])

    async def short_ids(self, esme_id: int, count: int) -> int:
        """Reserve so many numbers for this ESME alone: the last of them; the others come before it."""
        return int((await self._engine.fetch(SQL["short_ids"], esme_id, count))[0][0])

    # what they submitted

    async def submit(self, submissions: Sequence[Submission]) -> None:
        await self._engine.many(SQL["submit"], [msgspec.structs.astuple(one) for one in submissions])

    async def submissions(self, message_ids: Iterable[int]) -> dict[int, Submission]:
        rows = await self._engine.fetch(SQL["of"], as_list(message_ids))
        return {row[0]: _submission(row) for row in rows}

    async def answered(self, esme_id: int, response_ids: Iterable[str]) -> list[Submission]:
        """What was answered with these ids, oldest first; one submit_multi stands for many."""
        rows = await self._engine.fetch(SQL["answered"], esme_id, as_list(response_ids))
        return [_submission(row) for row in rows]

    async def drop_submission(self, message_id: int) -> None:
        """It is not known by its answer's id any more."""
        await self._engine.fetch(SQL["drop_submission"], message_id)

    async def pending(
        self, esme_id: int, account_id: int, to: str, source_addr: str, destination_addr: str, service_type: str,
        before: int, limit: int,
    ) -> list[int]:  # fmt: skip
        """Messages of an ESME that no carrier has, below an id, oldest first."""
        values = (account_id, to, before, esme_id, source_addr, destination_addr, service_type, limit)
        return [row[0] for row in await self._engine.fetch(SQL["pending"], *values)]

    # their binds that stand

    async def open_session(self, session: Session) -> None:
        """It may stand there already."""
        row = msgspec.structs.astuple(session)
        await self._engine.many(SQL["open_session"], [(*row[:8], int(session.secure), session.bound_at)])

    async def sessions(self, esme_ids: Iterable[int]) -> list[Session]:
        """At the doors of all processes that live, the oldest first; 0 is the holder that is alone, and lives."""
        rows = await self._engine.fetch(SQL["sessions"], as_list(esme_ids))
        return [Session(**dict(zip(_SESSION, row, strict=True)) | {"secure": bool(row[8])}) for row in rows]

    async def close_sessions(self, ids: Iterable[int]) -> None:
        await self._engine.fetch(SQL["close_sessions"], as_list(ids))

    async def end_sessions(self, holder: int) -> None:
        """All of a process."""
        await self._engine.fetch(SQL["end_sessions"], holder)

    async def forget_sessions(self) -> None:
        """Those of processes that have ended, or were not heard of for a while."""
        await self._engine.fetch(SQL["forget_sessions"])


def _esme(row: Row) -> Esme:
    given = dict(zip(_FIELDS, row, strict=True))
    for name in _LISTS:
        given[name] = tuple(json.loads(given[name])) if given[name] else ()
    for name in _FLAGS:
        given[name] = bool(given[name])
    return Esme(**given)


def _value(esme: Esme, name: str) -> object:
    value = getattr(esme, name)
    if name in _LISTS:
        return json.dumps(value) if value else None
    return int(value) if name in _FLAGS else value


def _submission(row: Row) -> Submission:
    return Submission(**dict(zip(Submission.__struct_fields__, row, strict=True)))
