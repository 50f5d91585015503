"""Give addresses their owners, and say what is done with texts to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tidings.core.account import Account
from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.core.request import Fault, Invalid, Refused
from tidings.core.sender import Sender
from tidings.pipeline.house import House


class SenderChange(msgspec.Struct, frozen=True):
    """An address, and what shall become of it."""

    address: str
    how: Callable[[Sender | None], Sender | Refused | None]
    """What it shall be, given what it is; None stands for nobody's."""


class Owned(msgspec.Struct, frozen=True):
    """What became of an address, and the accounts that it came to or went from."""

    sender: Sender | None
    accounts: tuple[Account, ...] = ()


Outcome = Owned | Refused | Invalid
_NO_ACCOUNT = Invalid((Fault("/account", "there is no account with this id"),))


@stage(order=5)
async def change_senders(tx: Tx, changes: Sequence[SenderChange], now: Millis) -> list[Outcome]:
    """Change addresses as they stand in the store, so that two changes at once do not undo each other."""
    return [await _change(tx, change) for change in changes]


async def _change(tx: Tx, change: SenderChange) -> Outcome:
    before = (await tx.senders.of([change.address])).get(change.address)
    after = change.how(before)
    if isinstance(after, Refused):
        return after
    if after is not None and await tx.accounts.account(after.account_id) is None:
        return _NO_ACCOUNT
    if after is not None and before is not None and after.account_id == before.account_id:
        await tx.senders.change(after)
    else:
        if before is not None:
            await tx.senders.delete(before.account_id, before.address)
        if after is not None:
            await tx.senders.insert(after)
    if after is not None and after.inbox_url is not None:
        await tx.webhooks.changed()
    owners = dict.fromkeys(one.account_id for one in (before, after) if one is not None)
    accounts = [await tx.accounts.account(account_id) for account_id in owners]
    return Owned(after, tuple(one for one in accounts if one is not None))


async def _write(house: House, change: SenderChange) -> Outcome:
    outcome = (await house.store.write(change_senders, [change]))[0]
    if isinstance(outcome, Owned):
        for account in outcome.accounts:
            house.keyring.know(account)
        if outcome.sender is not None and outcome.sender.inbox_url is not None:
            house.listening = True
    return outcome


async def own(house: House, sender: Sender) -> Outcome:
    """Give an address that nobody owns to an account."""

    def how(before: Sender | None) -> Sender | Refused:
        return sender if before is None else Refused("sender_taken", "The address belongs to an account already.")

    return await _write(house, SenderChange(sender.address, how))


async def change(house: House, account_id: int | None, address: str, changes: dict[str, Any]) -> Outcome:
    """Set fields of an address; `account_id`: only where it is this account's."""

    def how(before: Sender | None) -> Sender | Refused:
        if before is None or account_id not in (None, before.account_id):
            return NOBODYS
        return msgspec.structs.replace(before, **changes)

    return await _write(house, SenderChange(address, how))


async def disown(house: House, address: str) -> Outcome:
    """Make an address nobody's: texts to it go where those to unknown ones go."""

    def how(before: Sender | None) -> Refused | None:
        return NOBODYS if before is None else None

    return await _write(house, SenderChange(address, how))


NOBODYS = Refused("not_found", "There is no sender of this address.")
