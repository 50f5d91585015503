"""Sign in and out: passwords and second factors looked at, sessions opened and ended, and the first owner made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tidings.core import patience
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.audit import Actor, Entry
from tidings.core.ids import highest
from tidings.core.message import DAY, Millis
from tidings.core.password import prepared
from tidings.core.people import NOTED_EVERY, SESSIONS_MOST, SignedIn, User, UserSession, lives, signed_in
from tidings.core.ports import StoreUnavailable, stage
from tidings.core.questions import Tx
from tidings.core.request import Refused
from tidings.core.totp import taken
from tidings.pipeline import hashes
from tidings.pipeline.expire import ROWS_MOST
from tidings.pipeline.house import House
from tidings.pipeline.keyring import digest
from tidings.pipeline.people import Arrival, entry
from tidings.text.token import as_typed, text_of, typed

FAILED = Refused("sign_in_failed", "")
_SETUP_OCTETS = 12
_WRONG_CODE = Refused("sign_in_failed", "This is not the setup code. It stands in `setup.code` in the data folder.")
_DONE = Refused("setup_done", "")


class Visitor(NamedTuple):
    """Where a sign-in comes from."""

    address: str
    agent: str


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
    names: tuple[str, ...]
    """Under which the try was counted."""
    sealed: str | None
    """The password that was found right, as it was stored then."""
    resealed: str | None
    """The same as it shall be stored, where that has changed."""
    code: str | None
    """Of the second factor, or a recovery code."""
    vouched: bool = False
    """Somebody else looked at who it is: no second factor is asked for."""


class Founding(msgspec.Struct, frozen=True):
    """The first owner, the session they begin with, and the code that lets them."""

    code: bytes
    arrival: Arrival
    session: UserSession


@stage(order=5)
async def count_tries(tx: Tx, tries: Sequence[tuple[str, ...]], now: Millis) -> list[Millis]:
    """Count each try as failed before it is looked at, under all of its names; how long it has to wait instead, else 0.

    What turns out right is given back, so that many tries at once cannot run past the count.
    """
    results = []
    for names in tries:
        waits = await tx.people.waits(names)
        longest = max((one.free_at - now for one in waits.values()), default=0)
        if longest <= 0:
            for name in names:
                await tx.people.put_wait(name, patience.failed(name, waits.get(name), now))
        results.append(max(0, longest))
    return results


@stage(order=6)
async def forgive(tx: Tx, tries: Sequence[tuple[str, ...]], now: Millis) -> list[None]:
    """These were no failures."""
    for names in tries:
        await _give_back(tx, names)
    return [None] * len(tries)


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
        return Refused("forbidden", "You are disabled here; an admin can enable you again.")
    after = msgspec.structs.replace(user, seen_at=now, password=one.resealed or user.password)
    if user.factor is not None and not one.vouched:
        if one.code is None:
            await _give_back(tx, one.names)
            return Refused("second_factor_needed", "")
        step = taken(user.factor, one.code, now, user.factor_step)
        if step is not None:
            after = msgspec.structs.replace(after, factor_step=step)
        elif not await _recovered(tx, one, user):
            await tx.audit.insert([msgspec.structs.replace(one.refused, detail={"why": "code"})])
            return FAILED
    await tx.people.change(after)
    await _give_back(tx, one.names)
    for name in one.names:
        if name.startswith("user "):
            await tx.people.drop_wait(name)
    await _enter(tx, one.session, one.opened)
    return after


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


async def _enter(tx: Tx, session: UserSession, note: Entry) -> None:
    """A session begins; of too many the oldest end."""
    others = await tx.people.sessions_of(session.user_id)
    await tx.people.end_sessions(one.id for one in others[SESSIONS_MOST - 1 :])
    await tx.people.open_session(session)
    await tx.audit.insert([note])


async def _give_back(tx: Tx, names: Sequence[str]) -> None:
    for name, wait in (await tx.people.waits(names)).items():
        before = patience.given_back(wait)
        if before is None:
            await tx.people.drop_wait(name)
        else:
            await tx.people.put_wait(name, before)


@stage(order=5)
async def note(tx: Tx, entries: Sequence[Entry], now: Millis) -> list[None]:
    """Write lines into the log."""
    await tx.audit.insert(entries)
    return [None] * len(entries)


@stage(order=5)
async def found(tx: Tx, foundings: Sequence[Founding], now: Millis) -> list[User | Refused]:
    """Make the first owner of the default account, once."""
    results: list[User | Refused] = []
    for one in foundings:
        user = one.arrival.user
        if (await tx.people.counts(DEFAULT_ACCOUNT))[1]:
            results.append(_DONE)
        elif not await tx.people.is_setup(one.code):
            results.append(_WRONG_CODE)
        elif await tx.people.by_email(user.email) is not None:
            results.append(Refused("email_taken", ""))
        else:
            await tx.people.drop_setups()
            await tx.people.insert(user)
            await _enter(tx, one.session, one.arrival.entry)
            results.append(user)
    return results


@stage(order=5)
async def add_setups(tx: Tx, digests: Sequence[bytes], now: Millis) -> list[bool]:
    """Take codes by which the first owner may be made; False where there is one already."""
    results = []
    for one in digests:
        done = (await tx.people.counts(DEFAULT_ACCOUNT))[1] > 0
        if not done:
            await tx.people.add_setup(one, now)
        results.append(not done)
    return results


@stage(order=5)
async def end_sessions(tx: Tx, ends: Sequence[tuple[int, tuple[int, ...], Entry]], now: Millis) -> list[int]:
    """End these sessions of a user, as far as they are theirs; how many ended."""
    results = []
    for user_id, session_ids, line in ends:
        own = [one.id for one in await tx.people.sessions_of(user_id) if one.id in session_ids]
        await tx.people.end_sessions(own)
        if own:
            await tx.audit.insert([line])
        results.append(len(own))
    return results


@stage(order=90)
async def note_seen(tx: Tx, seen: Sequence[tuple[int, Millis]], now: Millis) -> list[None]:
    """Write down when sessions were last used."""
    await tx.people.touch_sessions(seen)
    return [None] * len(seen)


@stage(order=94)
async def tidy(tx: Tx, idles: Sequence[Millis], now: Millis) -> list[None]:
    """Drop sessions that are over, and failures that do not count any more."""
    for idle in idles:
        await tx.people.forget_sessions(now, now - idle - DAY)
        await tx.people.forget_waits(now - patience.FORGOTTEN)
    return [None] * len(idles)


@stage(order=94)
async def forget_audit(tx: Tx, befores: Sequence[Millis], now: Millis) -> list[int]:
    """Drop lines of the log older than a moment, some at a time; how many."""
    return [await tx.audit.forget(highest(before), ROWS_MOST) for before in befores]


# verbs


async def sign_in(house: House, email: str, password: str, code: str | None, visitor: Visitor) -> Opened | Refused:
    """Open a session for whoever knows the password and, where there is one, has the second factor."""
    names = (patience.of_user(email), patience.of_address(visitor.address))
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
        session, _line(house, "session.opened", user, visitor, session), _refused(house, user, visitor), names, sealed,
        again, code,
    )  # fmt: skip
    opened = (await house.store.write(open_sessions, [opening]))[0]
    return opened if isinstance(opened, Refused) else Opened(opened, session, secret)


async def slow_down(house: House, names: tuple[str, ...]) -> Refused | None:
    """Count a try under these names; Refused where it has to wait."""
    if house.hashes.full:
        return Refused("too_many_tries", "Too many people sign in at this moment.", 2)
    wait = (await house.store.write(count_tries, [names]))[0]
    return None if wait == 0 else Refused("too_many_tries", "", -(-wait // 1000))


async def setup(
    house: House, code: str, email: str, name: str, password: str, visitor: Visitor
) -> Opened | Refused:  # fmt: skip
    """The first owner of the installation, signed in."""
    names = ("setup", patience.of_address(visitor.address))
    slowed = await slow_down(house, names)
    if slowed is not None:
        return slowed
    key = setup_digest(code)
    refused = await house.store.read(lambda tx: _not_yet(tx, key))
    if refused is not None:
        return refused
    sealed, now = await house.hashes.seal(prepared(password)), house.clock.now()
    user = User(
        id=house.new_id(), account_id=DEFAULT_ACCOUNT, email=email, name=name, role="owner", created_at=now,
        password=sealed, seen_at=now,
    )  # fmt: skip
    secret, session = new_session(house, user, visitor, "password")
    arrival = Arrival(user, _line(house, "setup.completed", user, visitor, session))
    made = (await house.store.write(found, [Founding(key, arrival, session)]))[0]
    if isinstance(made, Refused):
        return made
    await house.store.write(forgive, [names])
    return Opened(made, session, secret)


async def _not_yet(tx: Tx, code: bytes) -> Refused | None:
    if (await tx.people.counts(DEFAULT_ACCOUNT))[1]:
        return _DONE
    return None if await tx.people.is_setup(code) else _WRONG_CODE


def setup_code(octets: bytes) -> tuple[str, bytes]:
    """A code by which the first owner is made, and what is kept of it: 59 bits, as a guess takes its time."""
    shown = typed(octets[:_SETUP_OCTETS])
    return shown, digest(shown)


def setup_digest(code: str) -> bytes:
    """What is kept of such a code."""
    return digest(as_typed(code))


async def session_of(house: House, secret: str) -> SignedIn | None:
    """Who a cookie stands for; None where its session is over."""
    key, now = digest(secret), house.clock.now()
    found = await house.store.read(lambda tx: tx.people.session(key))
    if found is None:
        return None
    session, user = found
    settings = house.settings.sign_in
    if not lives(user, session, int(settings.idle * 1000), now):
        return None
    account = house.keyring.account(user.account_id)
    if account is not None and account.closed_at is not None:
        return None
    if now - session.seen_at >= NOTED_EVERY:
        house.seen[session.id] = now
    return signed_in(user, session, user.role in settings.factor_roles)


async def sign_out(house: House, user_id: int, session_ids: Sequence[int], actor: Actor, account_id: int) -> int:
    """End sessions of somebody; how many there were."""
    line = entry(
        house, "session.ended", actor, account_id, subject_kind="user", subject_id=user_id, subject_name=actor.name,
        detail={"sessions": len(session_ids)},
    )  # fmt: skip
    ended = (await house.store.write(end_sessions, [(user_id, tuple(session_ids), line)]))[0]
    if house.streams is not None and ended:
        house.streams.ask()
    return ended


async def write_seen(house: House) -> None:
    """Write down which sessions were used since the last time."""
    seen, house.seen = house.seen, {}
    if not seen:
        return
    try:
        await house.store.write(note_seen, sorted(seen.items()))
    except StoreUnavailable:
        house.seen = seen | house.seen  # to be written the next time
        raise


def new_session(house: House, user: User, visitor: Visitor, method: str) -> tuple[str, UserSession]:
    """What goes into the cookie, and the session it stands for."""
    secret, now = text_of(house.clock.token(32)), house.clock.now()
    session = UserSession(
        id=house.new_id(), account_id=user.account_id, user_id=user.id, digest=digest(secret), created_at=now,
        seen_at=now, ends_at=now + int(house.settings.sign_in.longest * 1000), address=visitor.address,
        agent=visitor.agent, method=method,
    )  # fmt: skip
    return secret, session


def _line(house: House, action: str, user: User, visitor: Visitor, session: UserSession) -> Entry:
    return entry(
        house, action, Actor("user", user.id, user.email, visitor.address), user.account_id, subject_kind="session",
        subject_id=session.id, detail={"agent": visitor.agent, "method": session.method},
    )  # fmt: skip


def _refused(house: House, user: User | None, visitor: Visitor) -> Entry:
    """A line about a sign-in that failed; an address nobody has is not kept: it may be a password typed there."""
    account_id = DEFAULT_ACCOUNT if user is None else user.account_id
    return entry(
        house, "session.refused", Actor("nobody", 0, "", visitor.address), account_id,
        subject_kind="" if user is None else "user", subject_id=0 if user is None else user.id,
        subject_name="" if user is None else user.email,
        detail={"why": "no such user" if user is None else "password"},
    )  # fmt: skip
