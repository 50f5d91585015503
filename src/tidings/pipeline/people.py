"""Look after people: invite them, change what they may do, give them links for new passwords, take them away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tidings.core.account import Key
from tidings.core.audit import OPERATOR, Actor, Entry
from tidings.core.message import Millis
from tidings.core.people import LINK_LIFE, Principal, User, may_manage
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.core.request import Refused
from tidings.pipeline.audit import entry
from tidings.pipeline.house import House
from tidings.pipeline.keyring import digest
from tidings.text.token import text_of

USERS_MOST = 1_000
"""People of one account."""
NOBODY = Refused("not_found", "There is no user with this id.")
_OWNERS = Refused("forbidden", "Only an owner of the account makes, changes and removes owners.")
_BOUND = Refused(
    "forbidden",
    "This key is bound to senders, networks or a time, which people are not: it lets nobody in, and gives nobody more.",
)
_NOT_ACTIVE = Refused("forbidden", "The user is disabled; enable them first.")


class Arrival(msgspec.Struct, frozen=True):
    """Somebody new, and the line about it."""

    user: User
    entry: Entry


class UserChange(msgspec.Struct, frozen=True):
    """Somebody of an account, and what shall become of them."""

    account_id: int
    user_id: int
    how: Callable[[User], User | Refused | None]
    """None: they are taken away."""
    entry: Entry | None
    """The line about it; None where it is not worth one."""
    maker: Principal | None = None
    """Who asks; None for what people do to themselves."""
    ends: Callable[[User, User], bool] = lambda before, after: False
    """Whether all their sessions end by it."""
    codes: Sequence[bytes] | None = None
    """Digests of the recovery codes they have from here on."""
    kept: int = 0
    """The session that stays when the others end."""


class Changed(msgspec.Struct, frozen=True):
    """How somebody is now, or was before they were taken away."""

    user: User
    ended: tuple[int, ...] = ()
    """Sessions that ended by it."""


@stage(order=5)
async def add_users(tx: Tx, arrivals: Sequence[Arrival], now: Millis) -> list[User | Refused]:
    """Keep new people, each with an e-mail address that nobody has."""
    results: list[User | Refused] = []
    for one in arrivals:
        user = one.user
        if await tx.people.by_email(user.email) is not None:
            results.append(Refused("email_taken", ""))
        elif (await tx.people.counts(user.account_id))[0] >= USERS_MOST:
            results.append(Refused("too_many_users", f"An account has at most {USERS_MOST} users."))
        else:
            await tx.people.insert(user)
            await tx.audit.insert([one.entry])
            results.append(user)
    return results


@stage(order=5)
async def change_users(tx: Tx, changes: Sequence[UserChange], now: Millis) -> list[Changed | Refused]:
    """Change people as they stand in the store; an account that has an owner keeps one."""
    return [await _change(tx, change) for change in changes]


async def _change(tx: Tx, change: UserChange) -> Changed | Refused:
    user = await tx.people.user(change.account_id, change.user_id)
    if user is None:
        return NOBODY
    after = change.how(user)
    if isinstance(after, Refused):
        return after
    roles = {user.role} if after is None else {user.role, after.role}
    if change.maker is not None and not may_manage(change.maker, user.account_id, roles):
        return _OWNERS
    if _rules(user) and not (after is not None and _rules(after)) and (await tx.people.counts(user.account_id))[1] < 2:
        return Refused("last_owner", "")
    ended: tuple[int, ...] = ()
    if after is None or change.ends(user, after):
        ended = tuple(one.id for one in await tx.people.sessions_of(user.id) if one.id != change.kept)
        await tx.people.end_sessions(ended)
    if after is None:
        await tx.people.delete(user.id)
    else:
        if after != user:
            await tx.people.change(after)
        if after.name != user.name:
            await tx.conversations.reassign(user.account_id, user.name, after.name)
        if change.codes is not None:
            await tx.people.keep_codes(after, change.codes)
    if change.entry is not None:
        await tx.audit.insert([_about(change.entry, user, after)])
    return Changed(after or user, ended)


def _rules(user: User) -> bool:
    return user.role == "owner" and user.status == "active"


def _about(entry: Entry, before: User, after: User | None) -> Entry:
    """The line, with who it is about and what is different."""
    detail = dict(entry.detail or {})
    if after is not None:
        for name in ("name", "role", "status", "factor_required"):
            if getattr(before, name) != getattr(after, name):
                detail[name] = [getattr(before, name), getattr(after, name)]
    return msgspec.structs.replace(
        entry, account_id=before.account_id, subject_kind="user", subject_id=before.id, subject_name=before.email,
        detail=detail or None,
    )  # fmt: skip


async def invite(
    house: House, maker: Principal, actor: Actor, account_id: int, email: str, name: str, role: str, required: bool
) -> tuple[User, str] | Refused:
    """Somebody new, with the secret of the link by which they choose their password."""
    refused = _bound(maker) or (None if may_manage(maker, account_id, {role}) else _OWNERS)
    if refused is not None:
        return refused
    secret = text_of(house.clock.token(32))
    now = house.clock.now()
    user = User(
        id=house.new_id(), account_id=account_id, email=email, name=name, role=role, created_at=now,
        link=digest(secret), link_until=now + LINK_LIFE, factor_required=required,
    )  # fmt: skip
    note = entry(
        house, "user.invited", actor, account_id, subject_kind="user", subject_id=user.id, subject_name=email,
        detail={"role": role},
    )  # fmt: skip
    kept = (await house.store.write(add_users, [Arrival(user, note)]))[0]
    return kept if isinstance(kept, Refused) else (kept, secret)


async def change(
    house: House, maker: Principal, actor: Actor, account_id: int, user_id: int, changes: dict[str, Any]
) -> User | Refused:
    """Set fields of somebody. Who gets another role, or is disabled, is signed out everywhere."""
    gives = "role" in changes or changes.get("disabled_at", 0) is None or changes.get("factor_required") is False
    refused = _bound(maker) if gives else None
    if refused is not None:
        return refused

    def how(user: User) -> User:
        return msgspec.structs.replace(user, **changes)

    def ends(before: User, after: User) -> bool:
        return before.role != after.role or (before.disabled_at is None and after.disabled_at is not None)

    wanted = UserChange(account_id, user_id, how, entry(house, "user.changed", actor), maker, ends)
    return await write(house, wanted)


async def rename(house: House, actor: Actor, user: User, name: str) -> User | Refused:
    """Let somebody be called as they wish."""

    def how(user: User) -> User:
        return msgspec.structs.replace(user, name=name)

    return await write(house, UserChange(user.account_id, user.id, how, entry(house, "user.changed", actor)))


async def remove(house: House, maker: Principal, actor: Actor, account_id: int, user_id: int) -> User | Refused:
    """Take somebody away, with their sessions; what they did stays in the log."""
    return await write(
        house, UserChange(account_id, user_id, lambda user: None, entry(house, "user.deleted", actor), maker)
    )


async def make_link(
    house: House, maker: Principal, actor: Actor, account_id: int, user_id: int
) -> tuple[User, str] | Refused:
    """A new link by which somebody chooses a password; the one before is over. The password goes on until then."""
    refused = _bound(maker)
    if refused is not None:
        return refused
    secret = text_of(house.clock.token(32))
    until = house.clock.now() + LINK_LIFE

    def how(user: User) -> User | Refused:
        if user.disabled_at is not None:
            return _NOT_ACTIVE
        return msgspec.structs.replace(user, link=digest(secret), link_until=until)

    made = await write(house, UserChange(account_id, user_id, how, entry(house, "user.link_made", actor), maker))
    return made if isinstance(made, Refused) else (made, secret)


async def reset_factor(house: House, maker: Principal, actor: Actor, account_id: int, user_id: int) -> User | Refused:
    """Take away the second factor of somebody who lost it, and sign them out."""
    refused = _bound(maker)
    if refused is not None:
        return refused

    def how(user: User) -> User:
        return msgspec.structs.replace(user, factor=None, factor_wanted=None, factor_step=0)

    note = entry(house, "user.factor_removed", actor)
    return await write(
        house, UserChange(account_id, user_id, how, note, maker, lambda before, after: True, codes=())
    )  # fmt: skip


def _bound(maker: Principal) -> Refused | None:
    """Why a key may not let people in: they may do what it may, but from anywhere and for ever."""
    bound = isinstance(maker, Key) and (maker.senders or maker.networks or maker.expires_at is not None)
    return _BOUND if bound else None


async def end_sessions(house: House, maker: Principal, actor: Actor, account_id: int, user_id: int) -> User | Refused:
    """Sign somebody out everywhere."""
    note = entry(house, "session.ended", actor)
    return await write(
        house, UserChange(account_id, user_id, lambda user: user, note, maker, lambda before, after: True)
    )


async def rescue(house: House, email: str, without_factor: bool) -> str | None:
    """The secret of a new link for somebody whom nobody else can let in; None where nobody has this address.

    `without_factor`: their second factor is taken away, and they are enabled.
    """
    user = await house.store.read(lambda tx: tx.people.by_email(email))
    if user is None:
        return None
    secret, until = text_of(house.clock.token(32)), house.clock.now() + LINK_LIFE

    def how(now: User) -> User:
        linked = msgspec.structs.replace(now, link=digest(secret), link_until=until)
        if not without_factor:
            return linked
        return msgspec.structs.replace(linked, factor=None, factor_wanted=None, factor_step=0, disabled_at=None)

    note = entry(house, "user.link_made", OPERATOR, detail={"without_factor": True} if without_factor else None)
    codes = () if without_factor else None
    rescued = await write(house, UserChange(user.account_id, user.id, how, note, codes=codes))
    return None if isinstance(rescued, Refused) else secret


async def write(house: House, change: UserChange) -> User | Refused:
    """Change somebody; streams of sessions that ended by it end too."""
    changed = (await house.store.write(change_users, [change]))[0]
    if isinstance(changed, Refused):
        return changed
    if house.streams is not None and changed.ended:
        house.streams.ask()
    return changed.user
