"""Which sender a message may go out from where it goes: some countries take no alphanumeric ones."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tidings.core.account import DEFAULT_ACCOUNT, Account, Caller
from tidings.core.message import Message, MessageError
from tidings.core.request import Verdict
from tidings.pipeline.house import House
from tidings.text.country import country, refuses_names, registers_names
from tidings.text.number import is_name, likely

REPLACE = "replace"
"""A carrier's `sender_rules` that have a number stand in by themselves."""


class Judged(msgspec.Struct, frozen=True):
    """The message as it may go, and what was said of its sender."""

    message: Message
    verdict: Verdict


def judge(
    house: House, message: Message, carrier: str | None, replace: bool | None, caller: Caller | None
) -> Judged | None:
    """What the rules of the destination's country say; None where they say nothing, or the carrier is not held to them.

    `replace`: whether a number of the account may stand in; None leaves it to the carrier's settings.
    """
    rules = house.sender_rules.get(carrier or "")
    if rules is None or not is_name(message.sender):
        return None
    region = country(message.to)
    name = refuses_names(region)
    if name is None:
        return None
    refusal = f"{name} takes no alphanumeric senders"
    if rules == REPLACE if replace is None else replace:
        numbers = list(_numbers(house, message.account_id, caller))
        found = next((one for one in numbers if country(one) == region), next(iter(numbers), None))
        if found is not None:
            why = f"{refusal}: {found} stands in place of {message.sender}."
            return Judged(msgspec.structs.replace(message, sender=found), Verdict("sender", True, why))
        refusal += ", and there is no number to stand in"
    return Judged(message, Verdict("sender", False, f"{refusal}: send from a number instead of {message.sender}."))


def remarks(message: Message) -> Iterator[Verdict]:
    """What may come of a message where it goes, though nothing here stands against it."""
    name = registers_names(country(message.to)) if is_name(message.sender) else None
    if name is not None:
        yield Verdict("sender", True, f"{name} wants alphanumeric senders registered first: ask the carrier.")
    if message.to[0] == "+" and not likely(message.to):
        why = "The number lies in no range that is known to be in use; it would be sent all the same."
        yield Verdict("destination", True, why)


def refused(verdict: Verdict) -> MessageError:
    """The verdict as the error a message keeps."""
    return MessageError("invalid_sender", "sender", True, verdict.detail)


def _numbers(house: House, account_id: int, caller: Caller | None) -> Iterator[str]:
    """The numbers that the caller may send from, the default ones first."""
    account: Account | None = house.keyring.account(account_id)
    own = account.senders if account is not None else ()
    if caller is not None and caller.senders:
        own = tuple(one for one in caller.senders if house.keyring.owns(account_id, one))
    elif account_id == DEFAULT_ACCOUNT:
        own = (house.settings.default_sender, *own)
    yield from (one for one in own if not is_name(one))
