"""Who is signed in: sessions begun, asked for at every call, written down as used, and ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tidings.core import patience
from tidings.core.audit import Actor, Entry
from tidings.core.message import Millis
from tidings.core.people import NOTED_EVERY, SESSIONS_MOST, SignedIn, User, UserSession, caller_of, lives
from tidings.core.ports import StoreUnavailable, stage
from tidings.core.questions import Tx
from tidings.pipeline.audit import entry
from tidings.pipeline.house import House
from tidings.pipeline.keyring import digest
from tidings.text.token import text_of


class Visitor(NamedTuple):
    """Where a sign-in comes from."""

    address: str
    agent: str
    cookie: str | None = None
    """Of the session that this browser was given last, over or not."""


async def enter(tx: Tx, session: UserSession, note: Entry) -> None:
    """A session begins; of too many the oldest end."""
    others = await tx.people.sessions_of(session.user_id)
    await tx.people.end_sessions(one.id for one in others[SESSIONS_MOST - 1 :])
    await tx.people.open_session(session)
    await tx.audit.insert([note])


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
async def tidy(tx: Tx, times: Sequence[None], now: Millis) -> list[None]:
    """Drop sessions at their longest, and failures that do not count any more.

    Those that only went unused stay until then: by them a browser is known when its user signs in again.
    """
    for _ in times:
        await tx.people.forget_sessions(now)
        await tx.people.forget_waits(now, now - patience.FORGOTTEN, now - patience.LONGEST)
    return [None] * len(times)


async def session_of(house: House, secret: str) -> SignedIn | None:
    """Who a cookie stands for; None where its session is over."""
    key, now = digest(secret), house.clock.now()
    found = await house.store.read(lambda tx: tx.people.session(key))
    if found is None:
        return None
    session, user = found
    settings = house.settings.sign_in
    if user.disabled_at is not None or not lives(session, idle(house), now):
        return None
    account = house.keyring.account(user.account_id)
    if account is not None and account.closed_at is not None:
        return None
    if now - session.seen_at >= NOTED_EVERY:
        house.seen[session.id] = now
    return caller_of(user, session, user.role in settings.factor_roles)


def idle(house: House) -> Millis:
    """How long a session may go unused."""
    return int(house.settings.sign_in.idle * 1000)


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


def opened_line(house: House, action: str, user: User, visitor: Visitor, session: UserSession) -> Entry:
    """A line about somebody who is signed in by it."""
    return entry(
        house, action, Actor("user", user.id, user.email, visitor.address), user.account_id, subject_kind="session",
        subject_id=session.id, detail={"agent": visitor.agent, "method": session.method},
    )  # fmt: skip
