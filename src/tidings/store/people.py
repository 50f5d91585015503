"""Questions about people who sign in, their sessions, and what slows guessing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from tidings.core.message import Millis
from tidings.core.patience import Wait
from tidings.core.people import User, UserSession
from tidings.store.engine import Engine, Row, statements

SQL = statements("people")
_NEWEST = (1 << 63) - 1
_SETUPS_MOST = 64
"""Setup codes that hold at once: one of each process that has a folder of its own."""


class People:
    """See `core.questions.People`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # users

    async def user(self, account_id: int, user_id: int) -> User | None:
        return await self._one("user", account_id, user_id)

    async def account_of(self, user_id: int) -> int | None:
        rows = await self._engine.fetch(SQL["account_of"], user_id)
        return rows[0][0] if rows else None

    async def by_email(self, email: str) -> User | None:
        return await self._one("by_email", email)

    async def by_link(self, digest: bytes) -> User | None:
        return await self._one("by_link", digest)

    async def by_subject(self, issuer: str, subject: str) -> User | None:
        return await self._one("by_subject", issuer, subject)

    async def page(self, account_id: int, before: int | None, limit: int) -> list[User]:
        """Newest first."""
        rows = await self._engine.fetch(SQL["page"], account_id, before or _NEWEST, limit)
        return [_user(row) for row in rows]

    async def counts(self, account_id: int) -> tuple[int, int]:
        """How many an account has, and how many owners who can sign in."""
        people, owners = (await self._engine.fetch(SQL["counts"], account_id))[0]
        return people, owners

    async def insert(self, user: User) -> None:
        await self._engine.many(SQL["insert"], [_row(user)])

    async def change(self, user: User) -> None:
        """Everything but id, account and when they came."""
        row = _row(user)
        await self._engine.many(SQL["change"], [(row[0], *row[2:5], *row[6:])])

    async def delete(self, user_id: int) -> None:
        """With their recovery codes; their sessions by `end_sessions`."""
        await self._engine.fetch(SQL["drop_codes"], user_id)
        await self._engine.fetch(SQL["delete"], user_id)

    async def _one(self, name: str, *values: object) -> User | None:
        rows = await self._engine.fetch(SQL[name], *values)
        return _user(rows[0]) if rows else None

    # sessions

    async def session(self, digest: bytes) -> tuple[UserSession, User] | None:
        """The session whose cookie has this digest, and whose it is."""
        rows = await self._engine.fetch(SQL["session"], digest)
        if not rows:
            return None
        session = _session(rows[0])
        user = await self.user(session.account_id, session.user_id)
        return None if user is None else (session, user)

    async def sessions_of(self, user_id: int) -> list[UserSession]:
        """Newest first."""
        return [_session(row) for row in await self._engine.fetch(SQL["sessions_of"], user_id)]

    async def open_session(self, session: UserSession) -> None:
        await self._engine.many(SQL["open_session"], [msgspec.structs.astuple(session)])

    async def touch_sessions(self, seen: Sequence[tuple[int, Millis]]) -> None:
        """When sessions were last used."""
        await self._engine.many(SQL["touch_session"], seen)

    async def end_sessions(self, session_ids: Iterable[int]) -> None:
        for session_id in session_ids:
            await self._engine.fetch(SQL["end_session"], session_id)

    async def forget_sessions(self, ended: Millis) -> int:
        """Those that ended by a moment at the latest."""
        return len(await self._engine.fetch(SQL["over_sessions"], ended))

    # recovery codes

    async def keep_codes(self, user: User, digests: Sequence[bytes]) -> None:
        """These and no others."""
        await self._engine.fetch(SQL["drop_codes"], user.id)
        await self._engine.many(SQL["add_code"], [(user.id, user.account_id, one.hex()) for one in digests])

    async def use_code(self, user_id: int, digest: bytes) -> bool:
        """Whether it was one of theirs; it is none any more."""
        return bool(await self._engine.fetch(SQL["use_code"], user_id, digest.hex()))

    async def codes_left(self, user_id: int) -> int:
        return int((await self._engine.fetch(SQL["codes_left"], user_id))[0][0])

    # the first owner

    async def add_setup(self, digest: bytes, now: Millis) -> None:
        """One more code by which the first owner may be made; beyond some, the oldest goes."""
        await self._engine.fetch(SQL["add_setup"], digest.hex(), now)
        await self._engine.fetch(SQL["old_setups"], _SETUPS_MOST)

    async def is_setup(self, digest: bytes) -> bool:
        return bool(await self._engine.fetch(SQL["setup"], digest.hex()))

    async def drop_setups(self) -> None:
        await self._engine.fetch(SQL["drop_setups"])

    # what slows guessing

    async def waits(self, names: Sequence[str]) -> dict[str, Wait]:
        found = {name: await self._engine.fetch(SQL["wait"], name) for name in names}
        return {name: Wait(*rows[0]) for name, rows in found.items() if rows}

    async def put_wait(self, name: str, wait: Wait) -> None:
        await self._engine.many(SQL["put_wait"], [(name, wait.failures, wait.failed_at, wait.free_at)])

    async def drop_wait(self, name: str) -> None:
        await self._engine.fetch(SQL["drop_wait"], name)

    async def forget_waits(self, free: Millis, begun: Millis, factors_begun: Millis) -> int:
        """Those that hold nobody up at a moment, and began before another; of second factors before a third."""
        return len(await self._engine.fetch(SQL["old_waits"], free, begun, factors_begun))


def _user(row: Row) -> User:
    fields = dict(zip(User.__struct_fields__, row, strict=True))
    return User(**{**fields, "factor_required": bool(fields["factor_required"])})


def _row(user: User) -> Row:
    return tuple(int(value) if isinstance(value, bool) else value for value in msgspec.structs.astuple(user))


def _session(row: Row) -> UserSession:
    return UserSession(**dict(zip(UserSession.__struct_fields__, row, strict=True)))
