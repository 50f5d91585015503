"""The first owner of an installation, made once by whoever has its code."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.core import patience
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.message import Millis
from tidings.core.password import prepared
from tidings.core.people import User, UserSession
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.core.request import Refused
from tidings.pipeline.house import House
from tidings.pipeline.keyring import digest
from tidings.pipeline.people import Arrival
from tidings.pipeline.signed_in import Visitor, enter, new_session, opened_line
from tidings.pipeline.signin import Opened
from tidings.pipeline.tries import forgive, slow_down
from tidings.text.token import as_typed, typed

_OCTETS = 12
_WRONG_CODE = Refused("sign_in_failed", "This is not the setup code. It stands in `setup.code` in the data folder.")
_DONE = Refused("setup_done", "")


class Founding(msgspec.Struct, frozen=True):
    """The first owner, the session they begin with, and the code that lets them."""

    code: bytes
    arrival: Arrival
    session: UserSession


@stage(order=5)
async def found(tx: Tx, foundings: Sequence[Founding], now: Millis) -> list[User | Refused]:
    """Make the first owner of the default account, once."""
    results: list[User | Refused] = []
    for one in foundings:
        user = one.arrival.user
        refused = await _not_yet(tx, one.code)
        if refused is not None:
            results.append(refused)
        elif await tx.people.by_email(user.email) is not None:
            results.append(Refused("email_taken", ""))
        else:
            await tx.people.drop_setups()
            await tx.people.insert(user)
            await enter(tx, one.session, one.arrival.entry)
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


async def setup(
    house: House, code: str, email: str, name: str, password: str, visitor: Visitor
) -> Opened | Refused:  # fmt: skip
    """The first owner of the installation, signed in."""
    with house.hashes.turns.one() as crowded:
        return crowded or await _setup(house, code, email, name, password, visitor)


async def _setup(house: House, code: str, email: str, name: str, password: str, visitor: Visitor) -> Opened | Refused:
    names = (patience.of_address(visitor.address),)
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
    arrival = Arrival(user, opened_line(house, "setup.completed", user, visitor, session))
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
    """A code by which the first owner is made, and what is kept of it: 59 bits, which nobody guesses at any pace."""
    shown = typed(octets[:_OCTETS])
    return shown, digest(shown)


def setup_digest(code: str) -> bytes:
    """What is kept of such a code."""
    return digest(as_typed(code))
