"""What people prove themselves by: choose a password, by a link too, and get, use and give up a second factor."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from tidings.core import patience
from tidings.core.audit import Actor
from tidings.core.password import fault, prepared
from tidings.core.people import SignedIn, User
from tidings.core.request import Fault, Invalid, Refused
from tidings.core.totp import SECRET_OCTETS, taken
from tidings.pipeline.audit import entry
from tidings.pipeline.house import House
from tidings.pipeline.keyring import digest
from tidings.pipeline.people import UserChange, write
from tidings.pipeline.signed_in import Visitor
from tidings.pipeline.signin import FAILED
from tidings.pipeline.tries import forgive, slow_down
from tidings.text.token import typed

RECOVERY_CODES = 10
_CODE_OCTETS = 16
"""79 bits a code: a plain hash of it cannot be reversed by guessing."""
_OVER = Refused("link_over", "")
_NO_PASSWORD = Refused(
    "forbidden", "You have no password here: you sign in by your issuer. An admin can make you a link to choose one."
)
_NO_FACTOR = Refused("not_found", "There is no second factor, and none was begun.")
_WRONG_CODE = Refused("sign_in_failed", "This is not the code of this moment; is the clock of the phone right?")


async def change_password(
    house: House, one: SignedIn, user: User, current: str, wanted: str, actor: Actor
) -> User | Refused | Invalid:
    """Choose another password; all other sessions end.

    Who has none gets none by being signed in: it would go on after the issuer let them in no more.
    """
    if user.password is None:
        return _NO_PASSWORD
    wrong = await _wrong_password(house, user, current, actor.address)
    if wrong is not None:
        return wrong
    sealed = await house.hashes.seal(prepared(wanted))

    def how(now: User) -> User | Refused:
        return _with_password(now, sealed) if now.password == user.password else FAILED

    return await _write(house, one, how, "user.password_set", actor, ends=True)


async def password_by_link(house: House, token: str, wanted: str, visitor: Visitor) -> User | Refused | Invalid:
    """Choose a password by a link, once: it is over then, and so are all sessions."""
    with house.hashes.turns.one() as crowded:
        return crowded or await _by_link(house, token, wanted, visitor)


async def _by_link(house: House, token: str, wanted: str, visitor: Visitor) -> User | Refused | Invalid:
    names = (patience.of_address(visitor.address),)
    slowed = await slow_down(house, names)
    if slowed is not None:
        return slowed
    key = digest(token)
    user = await house.store.read(lambda tx: tx.people.by_link(key))
    if user is None or not _good(user, key, house.clock.now()):
        return _OVER
    await house.store.write(forgive, [names])
    why = fault(prepared(wanted), user.email, user.name)
    if why is not None:
        return Invalid((Fault("/password", why),))
    sealed = await house.hashes.seal(prepared(wanted))

    def how(now: User) -> User | Refused:
        return _with_password(now, sealed) if _good(now, key, house.clock.now()) else _OVER

    actor = Actor("user", user.id, user.email, visitor.address)
    note = entry(house, "user.password_set", actor, detail={"by": "link"})
    return await write(
        house, UserChange(user.account_id, user.id, how, note, ends=lambda before, after: True)
    )  # fmt: skip


def _good(user: User, key: bytes, now: int) -> bool:
    return user.link == key and user.disabled_at is None and user.link_until is not None and now < user.link_until


def _with_password(user: User, sealed: str) -> User:
    return msgspec.structs.replace(user, password=sealed, link=None, link_until=None)


# the second factor


async def begin_factor(house: House, one: SignedIn, user: User, password: str | None, actor: Actor) -> bytes | Refused:
    """The secret of a new second factor, which holds once a code of it was shown."""
    wrong = await _wrong_password(house, user, password, actor.address)
    if wrong is not None:
        return wrong
    secret = house.clock.token(SECRET_OCTETS)
    begun = await _write(house, one, lambda now: msgspec.structs.replace(now, factor_wanted=secret), None, actor)
    return begun if isinstance(begun, Refused) else secret


async def confirm_factor(house: House, one: SignedIn, code: str, actor: Actor) -> tuple[User, list[str]] | Refused:
    """The second factor holds from here on; the recovery codes are shown this once. All other sessions end."""
    slowed = await slow_down(house, (patience.of_user(one.name),))
    if slowed is not None:
        return slowed
    codes, now = new_codes(house), house.clock.now()

    def how(user: User) -> User | Refused:
        if user.factor_wanted is None:
            return _NO_FACTOR
        step = taken(user.factor_wanted, code, now, 0)
        if step is None:
            return _WRONG_CODE
        return msgspec.structs.replace(user, factor=user.factor_wanted, factor_wanted=None, factor_step=step)

    made = await _write(house, one, how, "user.factor_added", actor, ends=True, codes=_digests(codes))
    if isinstance(made, Refused):
        return made
    await house.store.write(forgive, [(patience.of_user(one.name),)])
    return made, codes


async def drop_factor(house: House, one: SignedIn, user: User, password: str | None, actor: Actor) -> User | Refused:
    """Give it up; the recovery codes go with it."""
    wrong = await _wrong_password(house, user, password, actor.address)
    if wrong is not None:
        return wrong

    def how(now: User) -> User | Refused:
        if now.factor is None:
            return _NO_FACTOR
        return msgspec.structs.replace(now, factor=None, factor_wanted=None, factor_step=0)

    return await _write(house, one, how, "user.factor_removed", actor, codes=())


async def renew_codes(
    house: House, one: SignedIn, user: User, password: str | None, actor: Actor
) -> list[str] | Refused:  # fmt: skip
    """New recovery codes; those before hold no longer."""
    wrong = await _wrong_password(house, user, password, actor.address)
    if wrong is not None:
        return wrong
    codes = new_codes(house)

    def how(now: User) -> User | Refused:
        return _NO_FACTOR if now.factor is None else now

    made = await _write(house, one, how, "user.recovery_codes_made", actor, codes=_digests(codes))
    return made if isinstance(made, Refused) else codes


def new_codes(house: House) -> list[str]:
    """Recovery codes, each good for one sign-in."""
    return [typed(house.clock.token(_CODE_OCTETS)) for _ in range(RECOVERY_CODES)]


def _digests(codes: Sequence[str]) -> list[bytes]:
    return [digest(one) for one in codes]


async def _wrong_password(house: House, user: User, password: str | None, address: str) -> Refused | None:
    """Why somebody signed in does not prove anew that it is them. Who has no password here proved it elsewhere."""
    if user.password is None:
        return None
    with house.hashes.turns.one() as crowded:
        return crowded or await _compared(house, user, password, address)


async def _compared(house: House, user: User, password: str | None, address: str) -> Refused | None:
    names = (patience.of_user(user.email), patience.of_address(address))
    slowed = await slow_down(house, names)
    if slowed is not None:
        return slowed
    if password is None or not await house.hashes.fits(prepared(password), user.password):
        return Refused("sign_in_failed", "The password of now is not right.")
    await house.store.write(forgive, [names])
    return None


async def _write(
    house: House, one: SignedIn, how: Callable[[User], User | Refused | None], action: str | None, actor: Actor,
    *, ends: bool = False, codes: Sequence[bytes] | None = None,
) -> User | Refused:  # fmt: skip
    note = None if action is None else entry(house, action, actor)
    change = UserChange(
        one.account_id, one.id, how, note, ends=lambda before, after: ends, codes=codes, kept=one.session_id
    )
    return await write(house, change)
