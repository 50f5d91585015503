"""Sign in: the password and the second factor looked at, and a session opened."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.core import patience
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.audit import Actor, Entry
from tidings.core.message import Millis
from tidings.core.password import prepared
from tidings.core.people import User, UserSession
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.core.request import Refused
from tidings.core.totp import taken
from tidings.pipeline import hashes
from tidings.pipeline.audit import entry, note
from tidings.pipeline.house import House
from tidings.pipeline.keyring import digest
from tidings.pipeline.signed_in import Visitor, enter, new_session, opened_line
from tidings.pipeline.tries import give_back, slow_down, too_many
from tidings.text.token import as_typed

FAILED = Refused("sign_in_failed", "")
DISABLED = Refused("forbidden", "You are disabled here; an admin can enable you again.")


class Opened(msgspec.Struct, frozen=True):
    """Somebody is signed in; `secret` goes into the cookie and is not kept."""

    user: User
    session: UserSession
    secret: str


class Opening(msgspec.Struct, frozen=True):
    """A session to be opened for somebody whose password was found right, or for whom somebody else vouches."""

    session: UserSession
    opened: Entry
    refused: Entry
    names: tuple[str, ...] = ()
    """Under which the try was counted."""
    sealed: str | None = None
    """The password that was found right, as it was stored then."""
    resealed: str | None = None
    """The same as it shall be stored, where that has changed."""
    code: str | None = None
    """Of the second factor, or a recovery code."""
    vouched: bool = False
    """Somebody else looked at who it is: no second factor is asked for."""
    replaces: bytes | None = None
    """Digest of the cookie that this browser has: whoever was signed in there is not any more."""


@stage(order=6)
async def open_sessions(tx: Tx, openings: Sequence[Opening], now: Millis) -> list[User | Refused]:
    """Open sessions, unless their users have changed meanwhile or their second factor is not right."""
    return [await _open(tx, one, now) for one in openings]


async def _open(tx: Tx, one: Opening, now: Millis) -> User | Refused:
    user = await tx.people.user(one.session.account_id, one.session.user_id)
    if user is None or (not one.vouched and user.password != one.sealed):
        return FAILED
    if user.disabled_at is not None:
        await tx.audit.insert([msgspec.structs.replace(one.refused, detail={"why": "disabled"})])
        return DISABLED
    proven = user if one.vouched or user.factor is None else await _second_factor(tx, one, user, user.factor, now)
    if isinstance(proven, Refused):
        return proven
    after = msgspec.structs.replace(proven, seen_at=now, password=one.resealed or user.password)
    await tx.people.change(after)
    await give_back(tx, one.names)
    for name in one.names:
        if not name.startswith("address "):
            await tx.people.drop_wait(name)
    if one.replaces is not None and (before := await tx.people.session(one.replaces)) is not None:
        await tx.people.end_sessions([before[0].id])
    await enter(tx, one.session, one.opened)
    return after


async def _second_factor(tx: Tx, one: Opening, user: User, secret: bytes, now: Millis) -> User | Refused:
    """The user whose code this is, used up, or why they are not let in.

    Codes have a pace of their own, slower than that of passwords: six digits are few, and who guesses at them knows the
    password, so nobody else can be kept out by it.
    """
    if one.code is None:
        await give_back(tx, one.names)
        return Refused("second_factor_needed", "")
    name = patience.of_factor(user.id)
    wait = (await tx.people.waits([name])).get(name)
    if wait is not None and wait.free_at > now:
        return too_many(wait.free_at - now)
    step = taken(secret, one.code.replace(" ", ""), now, user.factor_step)  # apps show 123 456
    if step is None and not await _recovered(tx, one, user):
        await tx.people.put_wait(name, patience.failed(name, wait, now))
        await tx.audit.insert([msgspec.structs.replace(one.refused, detail={"why": "code"})])
        return FAILED
    await tx.people.drop_wait(name)
    return user if step is None else msgspec.structs.replace(user, factor_step=step)


async def _recovered(tx: Tx, one: Opening, user: User) -> bool:
    """Whether the code was a recovery code; then it is used up, and the log says so."""
    if not await tx.people.use_code(user.id, digest(as_typed(one.code or ""))):
        return False
    left = await tx.people.codes_left(user.id)
    used = msgspec.structs.replace(
        one.refused, action="user.recovery_code_used", subject_kind="user", detail={"left": left}
    )
    await tx.audit.insert([used])
    return True


async def sign_in(house: House, email: str, password: str, code: str | None, visitor: Visitor) -> Opened | Refused:
    """Open a session for whoever knows the password and, where there is one, has the second factor."""
    with house.hashes.turns.one() as crowded:
        return crowded or await _sign_in(house, email, password, code, visitor)


async def _sign_in(house: House, email: str, password: str, code: str | None, visitor: Visitor) -> Opened | Refused:
    held = None if visitor.cookie is None else digest(visitor.cookie)
    names = (await _counted_as(house, email, held), patience.of_address(visitor.address))
    slowed = await slow_down(house, names)
    if slowed is not None:
        return slowed
    user = await house.store.read(lambda tx: tx.people.by_email(email))
    sealed = None if user is None else user.password
    right = await house.hashes.fits(prepared(password), sealed)
    if user is None or sealed is None or not right:
        await house.store.write(note, [_refused(house, user, visitor)])
        return FAILED
    account = house.keyring.account(user.account_id)
    if account is not None and account.closed_at is not None:
        return Refused("forbidden", "Your account is closed.")
    again = await house.hashes.seal(prepared(password)) if hashes.outdated(sealed) else None
    secret, session = new_session(house, user, visitor, "password")
    opening = Opening(
        session, opened_line(house, "session.opened", user, visitor, session), _refused(house, user, visitor), names,
        sealed, again, code, replaces=held,
    )  # fmt: skip
    opened = (await house.store.write(open_sessions, [opening]))[0]
    return opened if isinstance(opened, Refused) else Opened(opened, session, secret)


async def _counted_as(house: House, email: str, held: bytes | None) -> str:
    """The name that a try is counted under beside its address: that of the user, but of a browser where this user was
    signed in before, its own. So whoever fails on purpose, from however many places, does not keep the right one out.
    """
    found = None if held is None else await house.store.read(lambda tx: tx.people.session(held))
    if found is not None and found[1].email == email:
        return patience.of_browser(found[0].id)
    return patience.of_user(email)


def _refused(house: House, user: User | None, visitor: Visitor) -> Entry:
    """A line about a sign-in that failed; an address nobody has is not kept: it may be a password typed there."""
    account_id = DEFAULT_ACCOUNT if user is None else user.account_id
    return entry(
        house, "session.refused", Actor("nobody", 0, "", visitor.address), account_id,
        subject_kind="" if user is None else "user", subject_id=0 if user is None else user.id,
        subject_name="" if user is None else user.email,
        detail={"why": "no such user" if user is None else "password"},
    )  # fmt: skip
