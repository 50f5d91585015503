"""Let customers' ESMEs in: enrolled, changed, given new passwords, and closed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tidings.core.account import Maker
from tidings.core.esme import ALL_NUMBERS, LONGEST_SYSTEM_ID, Esme
from tidings.core.message import SECOND, Millis
from tidings.core.ports import StoreUnavailable, stage
from tidings.core.questions import Tx
from tidings.core.request import Fault, Invalid, Refused
from tidings.pipeline import passwords
from tidings.pipeline.admit import faults_of, too_strong
from tidings.pipeline.house import House
from tidings.text.number import E164, SHORT_CODE

_SYSTEM_ID = re.compile(rf"[!-~]{{1,{LONGEST_SYSTEM_ID}}}\Z")
_PASSWORD = re.compile(r"[!-~]{6,64}\Z")
_CERTIFICATE = re.compile(r"[0-9a-f]{64}\Z")
_MINUTE: Millis = 60 * SECOND

_NO_ESME = Refused("not_found", "There is no ESME with this id.")
_CLOSED = Refused("esme_closed", "The ESME is closed.")
_TAKEN = Invalid((Fault("/system_id", "is in use by another ESME of this installation"),))


class EsmeChange(msgspec.Struct, frozen=True):
    """An ESME of an account, and what it shall become."""

    account_id: int
    esme_id: int
    how: Callable[[Esme], Esme]
    closed_too: bool = False
    maker: Maker | None = None
    """The key that asks, beyond which the changed one may not reach; None for what cannot widen anything."""


Outcome = Esme | Refused | Invalid


@stage(order=5)
async def store_esmes(tx: Tx, esmes: Sequence[Esme], now: Millis) -> list[Outcome]:
    """Keep new ones, unless another has the system_id."""
    results: list[Outcome] = []
    for esme in esmes:
        taken = await tx.esmes.by_system_id(esme.system_id) is not None
        if not taken:
            await tx.outbox.skip()
            await tx.esmes.insert(esme)
        results.append(_TAKEN if taken else esme)
    return results


@stage(order=5)
async def change_esmes(tx: Tx, changes: Sequence[EsmeChange], now: Millis) -> list[Outcome]:
    """Change them as they stand in the store, so that two changes at once do not undo each other."""
    results: list[Outcome] = []
    for change in changes:
        esme = await tx.esmes.one(change.account_id, change.esme_id)
        if esme is None:
            results.append(_NO_ESME)
        elif esme.closed_at is not None:
            results.append(esme if change.closed_too else _CLOSED)
        else:
            changed = change.how(esme)
            results.append(_stronger(changed, change.maker) or await _changed(tx, esme, changed))
    return results


def _stronger(esme: Esme, maker: Maker | None) -> Refused | None:
    """Whoever holds a key must not come by an ESME that may do more."""
    return None if maker is None else too_strong(maker, "send", senders=esme.senders, networks=esme.networks)


async def _changed(tx: Tx, esme: Esme, changed: Esme) -> Outcome:
    if changed.system_id != esme.system_id and await tx.esmes.by_system_id(changed.system_id) is not None:
        return _TAKEN
    await tx.esmes.change(changed)
    return changed


@stage(order=90)
async def note_binds(tx: Tx, esme_ids: Sequence[int], now: Millis) -> list[None]:
    """Write down that these bound."""
    await tx.esmes.touch(esme_ids, now // _MINUTE * _MINUTE)
    return [None] * len(esme_ids)


@stage(order=5)
async def reserve_short_ids(tx: Tx, wanted: Sequence[tuple[int, int]], now: Millis) -> list[int]:
    """Numbers that an ESME's messages are known by where the id of the message is too long; the last of each lot."""
    return [await tx.esmes.short_ids(esme_id, count) for esme_id, count in wanted]


async def enrol(
    house: House, account_id: int, password: str | None = None, maker: Maker | None = None, **fields: Any
) -> tuple[Esme, str] | Refused | Invalid:
    """Enrol an ESME; returns it with its password, which is not kept and cannot be shown again.

    `password`: one is made where none is given. `maker`: the key that asks, beyond which it may not reach. `fields`:
    those of Esme, as `faults` found nothing against them.
    """
    shown, sealed = await _sealed(house, password)
    new = Esme(
        id=house.new_id(), account_id=account_id, password=sealed, created_at=house.clock.now(), **fields
    )  # fmt: skip
    if refused := _stronger(new, maker):
        return refused
    stored = (await house.store.write(store_esmes, [new]))[0]
    if not isinstance(stored, Esme):
        return stored
    house.roster.know(stored)
    return stored, shown


async def change(
    house: House, account_id: int, esme_id: int, changes: dict[str, Any], maker: Maker | None = None
) -> Outcome:
    """Set fields of an ESME, as far as the key `maker` that asks may; sessions that it no longer allows end."""

    def how(esme: Esme) -> Esme:
        return msgspec.structs.replace(esme, **changes)

    return await _change(house, EsmeChange(account_id, esme_id, how, maker=maker))


async def rotate(
    house: House,
    account_id: int,
    esme_id: int,
    overlap: Millis = 0,
    password: str | None = None,
    maker: Maker | None = None,
) -> tuple[Esme, str] | Refused | Invalid:
    """A new password, shown once; the old one opens for the overlap."""
    shown, sealed = await _sealed(house, password)
    until = house.clock.now() + overlap

    def how(esme: Esme) -> Esme:
        old = (esme.password, until) if overlap else (None, None)
        return msgspec.structs.replace(esme, password=sealed, old_password=old[0], old_until=old[1])

    changed = await _change(house, EsmeChange(account_id, esme_id, how, maker=maker))
    return (changed, shown) if isinstance(changed, Esme) else changed


async def close(house: House, account_id: int, esme_id: int) -> Outcome:
    """From the return on nothing binds with it; what it submitted already goes its way."""
    now = house.clock.now()

    def how(esme: Esme) -> Esme:
        return msgspec.structs.replace(esme, closed_at=now, old_password=None, old_until=None)

    return await _change(house, EsmeChange(account_id, esme_id, how, closed_too=True))


async def _change(house: House, change: EsmeChange) -> Outcome:
    changed = (await house.store.write(change_esmes, [change]))[0]
    if isinstance(changed, Esme):
        house.roster.know(changed)
        if changed.closed_at is not None:
            house.meter.forget(changed.id)
    return changed


async def _sealed(house: House, password: str | None) -> tuple[str, bytes]:
    shown = passwords.make(house.clock.token(passwords.LENGTH)) if password is None else password
    salt = house.clock.token(passwords.SALT_OCTETS)
    return shown, await house.aside(lambda: passwords.seal(shown, salt))


async def write_binds(house: House) -> None:
    """Write down which ESMEs bound since the last time."""
    bound, house.roster.bound = house.roster.bound, set()
    if not bound:
        return
    try:
        await house.store.write(note_binds, sorted(bound))
    except StoreUnavailable:
        house.roster.bound |= bound  # to be written the next time
        raise


def faults(fields: dict[str, Any], password: str | None = None) -> list[Fault]:
    """What stands against such fields of an ESME and a password given for it."""
    found = faults_of(fields.get("senders", ()), fields.get("networks", ()))
    if "system_id" in fields and not _SYSTEM_ID.match(fields["system_id"]):
        found.append(Fault("/system_id", f"must be 1 to {LONGEST_SYSTEM_ID} printable ASCII characters without blanks"))
    if password is not None and not _PASSWORD.match(password):
        found.append(Fault("/password", "must be 6 to 64 printable ASCII characters without blanks"))
    if fields.get("certificate") is not None and not _CERTIFICATE.match(fields["certificate"]):
        found.append(Fault("/certificate", "must be the SHA-256 of the certificate: 64 hexadecimal digits"))
    found += [
        Fault(f"/inbound/{at}", "must be a number of yours as E.164, a short code, or `*` for all")
        for at, number in enumerate(fields.get("inbound", ()))
        if number != ALL_NUMBERS and not (E164.match(number) or SHORT_CODE.match(number))
    ]
    return found
