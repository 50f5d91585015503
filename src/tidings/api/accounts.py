"""Accounts: opened, changed and closed by the default one; the others see themselves."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.keys import Name, Quota, Rate, Senders, before_of, cut, issued, page_of
from tidings.api.messages import idempotency, replayed
from tidings.api.problems import Abort, problem, refusal
from tidings.config import SmartEncoding
from tidings.core import ids
from tidings.core.account import DEFAULT_ACCOUNT, Account
from tidings.core.questions import Tx
from tidings.core.request import Fault, Invalid, Refused
from tidings.pipeline.admit import Outcome, Reopened, change_account, close_account, faults_of, open_account
from tidings.text.number import is_sender

Region = Annotated[
    str,
    Meta(
        pattern="^[A-Z]{2}$(?!\\n)", examples=["US"],
        description="ISO 3166: where national numbers are at home; null: as the settings say",
    ),
]  # fmt: skip
Smart = Annotated[SmartEncoding, Meta(description="look-alikes for what GSM-7 lacks; null: as the settings say")]
BySender = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=32)], SmartEncoding],
    Meta(max_length=100, description="by sender, what holds for its texts instead of `smart_encoding`"),
]
_SENDERS = Meta(description="addresses that are its own; the first is taken when a message has no `from`")


class AccountRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account to be opened."""

    name: Name
    senders: Annotated[Senders, _SENDERS] = ()
    rate: Rate | None = None
    daily_quota: Quota | None = None
    monthly_quota: Quota | None = None
    default_region: Region | None = None
    smart_encoding: Smart | None = None
    sender_smart_encoding: BySender = {}


class AccountChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about an account; what is not named stays."""

    name: Name | UnsetType = UNSET
    senders: Senders | UnsetType = UNSET
    rate: Rate | UnsetType | None = UNSET
    daily_quota: Quota | UnsetType | None = UNSET
    monthly_quota: Quota | UnsetType | None = UNSET
    default_region: Region | UnsetType | None = UNSET
    smart_encoding: Smart | UnsetType | None = UNSET
    sender_smart_encoding: BySender | UnsetType = UNSET


async def post(call: Call) -> Reply:
    """A new account; it needs a key next."""
    wanted = _fit(msgspec.structs.asdict(call.body))
    return _shown(await open_account(call.house, idempotency=idempotency(call), **wanted), 201)


async def page(call: Call) -> Reply:
    """All accounts, newest first; a key of another than the default one sees its own."""
    before, limit = before_of(call.query.cursor), call.query.limit

    async def ask(tx: Tx) -> list[Account]:
        if call.account_id == DEFAULT_ACCOUNT:
            return await tx.accounts.page_of_accounts(before, limit + 1)
        own = await tx.accounts.account(call.account_id)
        return [own] if own is not None and (before is None or own.id < before) else []

    accounts, cursor = cut(await call.house.store.read(ask), limit)
    return Reply(200, views.encode(views.AccountPage([views.account(one) for one in accounts], cursor)))


async def read(call: Call) -> Reply:
    """One account."""
    number = account_id(call)

    async def ask(tx: Tx) -> Account | None:
        return await tx.accounts.account(number)

    found = await call.house.store.read(ask)
    if found is None:
        raise _nothing()
    return Reply(200, views.encode(views.account(found)))


async def patch(call: Call) -> Reply:
    """Change what is named."""
    changes = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    return _shown(await change_account(call.house, account_id(call), _fit(changes)))


async def close(call: Call) -> Reply:
    """Its keys open nothing any more."""
    return _shown(await close_account(call.house, account_id(call)))


async def page_keys(call: Call) -> Reply:
    """The keys of an account."""
    number = account_id(call)
    if number != DEFAULT_ACCOUNT and call.house.keyring.account(number) is None:
        raise _nothing()
    return await page_of(call, number)


async def post_key(call: Call) -> Reply:
    """A key for an account, its first for instance."""
    number = account_id(call)
    account = call.house.keyring.account(number)
    if account is None and number != DEFAULT_ACCOUNT:
        raise _nothing()
    return await issued(call, number)


def account_id(call: Call) -> int:
    """The id of the path; aborts with 404 when it is none, or not for this key to see."""
    number = ids.parse("acc", call.params["id"])
    if number is None or call.account_id not in (DEFAULT_ACCOUNT, number):
        raise _nothing()
    return number


def _nothing() -> Abort:
    return Abort("not_found", "There is no account with this id.")


def _fit(given: dict[str, Any]) -> dict[str, Any]:
    faults = faults_of(given.get("senders", ()), region=given.get("default_region"))
    faults += [
        Fault("/sender_smart_encoding", f"`{sender}` is no sender: write it as messages show it in `from`")
        for sender in given.get("sender_smart_encoding", ())
        if not is_sender(sender)
    ]
    if faults:
        raise Abort("validation_failed", errors=faults)
    if "senders" in given:
        given["senders"] = tuple(dict.fromkeys(given["senders"]))
    return given


def _shown(outcome: Outcome, status: int = 200) -> Reply:
    if isinstance(outcome, Refused):
        return refusal(outcome)
    if isinstance(outcome, Invalid):
        return problem("validation_failed", errors=outcome.errors)
    again = isinstance(outcome, Reopened)
    account = outcome.account if isinstance(outcome, Reopened) else outcome
    return Reply(status, views.encode(views.account(account)), headers=replayed(again))
