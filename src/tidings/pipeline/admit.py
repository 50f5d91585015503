"""Let callers in: accounts and their API keys, made, changed, rotated and taken away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tidings.core.account import DEFAULT_ACCOUNT, Account, Key, Maker, beyond
from tidings.core.audit import OPERATOR, Actor, Entry
from tidings.core.limits import oldest_kept
from tidings.core.message import DAY, SECOND, Millis
from tidings.core.network import is_range
from tidings.core.ports import StoreUnavailable, stage
from tidings.core.questions import Remembered, Tx
from tidings.core.request import MISMATCH, Fault, Idempotency, Invalid, Refused
from tidings.pipeline import keyring
from tidings.pipeline.audit import entry
from tidings.pipeline.house import House
from tidings.text.number import is_region, is_sender


class NewKey(msgspec.Struct, frozen=True):
    """A key to be kept, and the line of the audit log about it."""

    key: Key
    entry: Entry


class KeyChange(msgspec.Struct, frozen=True):
    """A key of an account, and what it shall become."""

    account_id: int
    key_id: int
    how: Callable[[Key], Key]
    entry: Entry
    """The line of the audit log about it."""
    revoked_too: bool = False
    maker: Maker | None = None
    """Who asks, beyond which the changed one may not reach; None for what cannot widen anything."""


class AccountChange(msgspec.Struct, frozen=True):
    """A new account, or one that is there and what it shall become."""

    account_id: int
    how: Callable[[Account], Account]
    new: Account | None = None
    idempotency: Idempotency | None = None
    """Under which a new one is asked for."""


class Reopened(msgspec.Struct, frozen=True):
    """An account that was opened under this Idempotency-Key before, as it was told then."""

    account: Account


_NO_KEY = Refused("not_found", "There is no key with this id.")
_NO_ACCOUNT = Refused("not_found", "There is no account with this id.")


Outcome = Account | Reopened | Refused | Invalid


@stage(order=5)
async def store_keys(tx: Tx, made: Sequence[NewKey], now: Millis) -> list[Key]:
    """Keep new keys; only their digests."""
    for one in made:
        await tx.accounts.insert_key(one.key)
        await tx.audit.insert([_about(one.entry, one.key)])
    return [one.key for one in made]


@stage(order=5)
async def change_keys(tx: Tx, changes: Sequence[KeyChange], now: Millis) -> list[Key | Refused]:
    """Change keys as they stand in the store, so that two changes at once do not undo each other."""
    results: list[Key | Refused] = []
    for change in changes:
        key = await tx.accounts.key(change.account_id, change.key_id)
        if key is None:
            results.append(_NO_KEY)
        elif key.revoked_at is not None:
            results.append(key if change.revoked_too else Refused("key_revoked", "The key is revoked."))
        else:
            changed = change.how(key)
            stronger = _stronger(changed, change.maker)
            if stronger is None:
                await tx.accounts.change_key(changed)
                await tx.audit.insert([_about(change.entry, changed)])
            results.append(stronger or changed)
    return results


def _about(entry: Entry, key: Key) -> Entry:
    detail = {"scope": key.scope} | (entry.detail or {})
    return msgspec.structs.replace(
        entry, account_id=key.account_id, subject_kind="key", subject_id=key.id, subject_name=key.name, detail=detail
    )


@stage(order=5)
async def change_accounts(tx: Tx, changes: Sequence[AccountChange], now: Millis) -> list[Outcome]:
    """Open or change accounts, unless another owns one of their senders."""
    results: list[Outcome] = []
    for change in changes:
        if change.idempotency and (earlier := await _opened_before(tx, change.idempotency)):
            results.append(earlier)
            continue
        account = change.new or await tx.accounts.account(change.account_id)
        if account is None:
            results.append(_NO_ACCOUNT)
            continue
        changed = change.how(account)
        if taken := await _taken(tx, changed):
            results.append(taken)
            continue
        if change.new is None:
            await tx.accounts.change_account(changed)
        else:
            await tx.accounts.insert_account(changed)
        if change.new is not None or changed.senders != account.senders:
            await tx.accounts.own_senders(changed.id, changed.senders)
        if change.idempotency:
            key, answer = change.idempotency, msgspec.json.encode(changed)
            await tx.idempotencies.insert([Remembered(DEFAULT_ACCOUNT, key.key, key.digest, answer, now + DAY)])
        results.append(changed)
    return results


async def _opened_before(tx: Tx, asked: Idempotency) -> Reopened | Refused | None:
    found = await tx.idempotencies.find(DEFAULT_ACCOUNT, asked.key)
    if found is None:
        return None
    if found.digest != asked.digest:
        return MISMATCH
    return Reopened(msgspec.json.decode(found.answer, type=Account))


async def _taken(tx: Tx, account: Account) -> Invalid | None:
    faults = []
    for at, sender in enumerate(account.senders):
        owner = await tx.accounts.owner_of(sender)
        if owner is not None and owner != account.id:
            faults.append(Fault(f"/senders/{at}", "belongs to another account"))
    return Invalid(tuple(faults)) if faults else None


@stage(order=6)
async def know_sender(tx: Tx, senders: Sequence[tuple[int, str]], now: Millis) -> list[None]:
    """Remember which account a sender address belongs to, so that answers to it find their owner."""
    for account_id, address in senders:
        if await tx.accounts.owner_of(address) is None:
            await tx.accounts.claim_sender(account_id, address)
    return [None] * len(senders)


@stage(order=7)
async def probe(tx: Tx, items: Sequence[None], now: Millis) -> list[None]:
    """Write a row and take it away again: whether the store commits shows only where pages change."""
    await tx.idempotencies.insert([Remembered(DEFAULT_ACCOUNT, "", b"", b"", 0)])
    await tx.idempotencies.forget(0, 1)
    return list(items)


@stage(order=90)
async def note_uses(tx: Tx, key_ids: Sequence[int], now: Millis) -> list[None]:
    """Write down that these keys were used, and drop counts of quotas and rates long over."""
    await tx.accounts.touch_keys(key_ids, now // (60 * SECOND) * (60 * SECOND))
    await tx.accounts.forget_usage(oldest_kept(now))
    await tx.accounts.forget_rates((now - DAY) * 1000)
    return [None] * len(key_ids)


def _stronger(key: Key, maker: Maker | None) -> Refused | None:
    """Whoever holds a key must not come by one that may do more."""
    bound = "" if maker is None else beyond(key, maker)
    if not bound:
        return None
    return Refused("forbidden", f"The caller is bound by `{bound}` and cannot make or change keys beyond that.")


def too_strong(maker: Maker, scope: str, **bounds: Any) -> Refused | None:
    """Why `maker` may not make a key of such a scope and bounds."""
    return _stronger(Key(0, maker.account_id, "", scope, b"", 0, **bounds), maker)


async def issue(
    house: House, account_id: int, name: str, scope: str, by: Actor = OPERATOR, **bounds: Any
) -> tuple[Key, str]:
    """Make a key; returns it with its token, which is not kept and cannot be shown again.

    `bounds`: the fields of Key that narrow what it may do. `by`: who is noted as its maker.
    """
    key_id = house.new_id()
    shown, digest = keyring.token(key_id, house.clock.token(32))
    key = Key(key_id, account_id, name, scope, digest, house.clock.now(), **bounds)
    await house.store.write(store_keys, [NewKey(key, entry(house, "key.created", by))])
    house.keyring.add(key)
    return key, shown


async def change(
    house: House, account_id: int, key_id: int, changes: dict[str, Any], maker: Maker | None = None,
    by: Actor = OPERATOR,
) -> Key | Refused:  # fmt: skip
    """Set fields of a key, as far as the key `maker` that asks may."""

    def how(key: Key) -> Key:
        return msgspec.structs.replace(key, **changes)

    line = entry(house, "key.changed", by, detail={"fields": sorted(changes)})
    return await _change(house, KeyChange(account_id, key_id, how, line, maker=maker))


async def rotate(
    house: House, account_id: int, key_id: int, overlap: Millis, maker: Maker | None = None, by: Actor = OPERATOR
) -> tuple[Key, str] | Refused:
    """Give a key a new secret; the one before is taken for `overlap` more, any older one no longer."""
    shown, digest = keyring.token(key_id, house.clock.token(32))
    until = house.clock.now() + overlap

    def how(key: Key) -> Key:
        old = (key.digest, until) if overlap else (None, None)
        return msgspec.structs.replace(key, digest=digest, old_digest=old[0], old_until=old[1])

    line = entry(house, "key.rotated", by)
    changed = await _change(house, KeyChange(account_id, key_id, how, line, maker=maker))
    return changed if isinstance(changed, Refused) else (changed, shown)


async def revoke(
    house: House, account_id: int, key_id: int, maker: Maker | None = None, by: Actor = OPERATOR
) -> Key | Refused:
    """Take a key away: from the return on it opens nothing. Whoever has no power over all keys takes none of a scope
    beyond their own.
    """
    weaker = maker is not None and "admin" not in maker.powers
    now = house.clock.now()

    def how(key: Key) -> Key:
        return msgspec.structs.replace(key, revoked_at=now, old_digest=None, old_until=None)

    return await _change(
        house,
        KeyChange(
            account_id, key_id, how, entry(house, "key.revoked", by), revoked_too=True, maker=maker if weaker else None
        ),
    )


async def _change(house: House, change: KeyChange) -> Key | Refused:
    changed = (await house.store.write(change_keys, [change]))[0]
    if isinstance(changed, Key):
        house.keyring.add(changed)
        if changed.revoked_at is not None:
            house.meter.forget(changed.id)
        if house.streams is not None:
            house.streams.ask()
    return changed


async def open_account(house: House, name: str, idempotency: Idempotency | None = None, **more: Any) -> Outcome:
    """Open an account; `more`: further fields of Account. Asked again under the same key, it is Reopened."""
    new = Account(id=house.new_id(), name=name, created_at=house.clock.now(), **more)
    return await _account(house, AccountChange(new.id, lambda account: account, new, idempotency))


async def change_account(house: House, account_id: int, changes: dict[str, Any]) -> Outcome:
    """Set fields of an account."""
    return await _account(house, AccountChange(account_id, lambda account: msgspec.structs.replace(account, **changes)))


async def close_account(house: House, account_id: int) -> Outcome:
    """From the return on the keys of the account open nothing; what it sent already goes its way."""
    if account_id == DEFAULT_ACCOUNT:
        return Refused("forbidden", "The default account cannot be closed.")
    now = house.clock.now()

    def how(account: Account) -> Account:
        return account if account.closed_at is not None else msgspec.structs.replace(account, closed_at=now)

    return await _account(house, AccountChange(account_id, how))


async def _account(house: House, change: AccountChange) -> Outcome:
    changed = (await house.store.write(change_accounts, [change]))[0]
    if isinstance(changed, Account):
        house.keyring.know(changed)
        if changed.closed_at is not None:
            house.meter.forget(changed.id)
    return changed


async def write_uses(house: House) -> None:
    """Write down which keys were used since the last time."""
    used, house.keyring.used = house.keyring.used, set()
    if not used:
        return
    try:
        await house.store.write(note_uses, sorted(used))
    except StoreUnavailable:
        house.keyring.used |= used  # to be written the next time
        raise


def faults_of(
    senders: Sequence[str] = (),
    networks: Sequence[str] = (),
    expires_at: Millis | None = None,
    now: Millis = 0,
    region: str | None = None,
) -> list[Fault]:
    """What stands against such bounds of a key or senders of an account."""
    faults = [
        Fault(f"/senders/{at}", "must be E.164, a short code, or up to 11 letters, digits and blanks with one letter")
        for at, sender in enumerate(senders)
        if not is_sender(sender)
    ]
    faults += [
        Fault(f"/networks/{at}", "must be an address or a range like 192.0.2.0/24, without host bits")
        for at, network in enumerate(networks)
        if not is_range(network)
    ]
    if expires_at is not None and expires_at <= now:
        faults.append(Fault("/expires_at", "must lie ahead"))
    if region and not is_region(region):
        faults.append(Fault("/default_region", "is no country: write its two letters of ISO 3166, like US"))
    return faults
