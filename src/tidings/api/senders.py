"""Addresses of accounts: whose they are, and what is done with the texts that come to them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.problems import Abort, problem, refusal
from tidings.api.webhooks import Gone, ReplyForm, Url
from tidings.core import ids
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.questions import Tx
from tidings.core.request import Fault, Invalid, Refused
from tidings.core.sender import CATCH_ALL, Sender
from tidings.core.webhook import url_fault
from tidings.pipeline import own
from tidings.text.number import is_sender

Address = Annotated[
    str, Meta(min_length=1, max_length=32, description="number, short code or name; `*`: all that nobody owns")
]
Label = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$(?!\n)", description="what it is for")]
Inbox = Annotated[Url, Meta(description="called with every text that comes to it; signed with the account's secret")]
Unknown = Annotated[
    str, Meta(min_length=1, max_length=1_600, description="what a text gets that no code knows; null: nothing")
]
_Account = Annotated[str, Meta(pattern="^acc_[0-9a-z]{13}$", description="whose it is")]


class SenderRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address that shall belong to an account; without `account` to the caller's."""

    address: Address
    account: _Account | None = None
    label: Label = ""
    inbox_url: Inbox | None = None
    inbox_replies: ReplyForm = "json"
    unknown_reply: Unknown | None = None


class SenderChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about an address; what is not named stays."""

    account: _Account | UnsetType = UNSET
    label: Label | UnsetType = UNSET
    inbox_url: Inbox | UnsetType | None = UNSET
    inbox_replies: ReplyForm | UnsetType = UNSET
    unknown_reply: Unknown | UnsetType | None = UNSET


class SenderQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of the addresses, and whose."""

    account: _Account | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, Meta(min_length=1, max_length=32, description="next_cursor of the page before")] | None = (
        None
    )


class SenderView(msgspec.Struct, frozen=True, kw_only=True):
    """An address of an account."""

    address: str
    account_id: str
    label: str
    inbox_url: Annotated[str | None, Meta(description="called with every text that comes to it")]
    inbox_replies: Annotated[str, Meta(description="how its answer may hold replies")]
    unknown_reply: Annotated[str | None, Meta(description="what a text gets that no code knows")]


class SenderPage(msgspec.Struct, frozen=True):
    """Addresses in their order."""

    data: list[SenderView]
    next_cursor: Annotated[str | None, Meta(description="null on the last page")]


async def post(call: Call) -> Reply:
    """An address gets an owner."""
    body: SenderRequest = call.body
    faults = [] if body.address == CATCH_ALL or is_sender(body.address) else [Fault("/address", _NO_ADDRESS)]
    faults += _faults(body.inbox_url)
    if faults:
        raise Abort("validation_failed", errors=faults)
    fields = msgspec.structs.asdict(body)
    account = fields.pop("account")
    sender = Sender(account_id=call.account_id if account is None else _account(account), **fields)
    return _shown(await own.own(call.house, sender), 201)


async def page(call: Call) -> Reply:
    """Addresses in their order; a key of another than the default account sees its own only."""
    query: SenderQuery = call.query
    account = None if call.over_all else call.account_id
    if query.account is not None:
        wanted = ids.parse("acc", query.account) or 0
        account = wanted if account in (None, wanted) else 0

    async def ask(tx: Tx) -> list[Sender]:
        return await tx.senders.page(account, query.cursor or "", query.limit + 1)

    found = await call.house.store.read(ask)
    cursor = found[query.limit - 1].address if len(found) > query.limit else None
    return Reply(200, views.encode(SenderPage([_view(one) for one in found[: query.limit]], cursor)))


async def read(call: Call) -> Reply:
    """One address."""
    address = call.params["address"]

    async def ask(tx: Tx) -> Sender | None:
        return (await tx.senders.of([address])).get(address)

    found = await call.house.store.read(ask)
    if found is None or not (call.over_all or call.account_id == found.account_id):
        return refusal(own.NOBODYS)
    return Reply(200, views.encode(_view(found)))


async def patch(call: Call) -> Reply:
    """Change what is named."""
    changes = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    if faults := _faults(changes.get("inbox_url")):
        raise Abort("validation_failed", errors=faults)
    operator = call.account_id == DEFAULT_ACCOUNT
    if "account" in changes:
        if not operator:
            raise Abort("forbidden", "Only keys of the default account give addresses to other accounts.")
        changes["account_id"] = _account(changes.pop("account"))
    only = None if operator else call.account_id
    return _shown(await own.change(call.house, only, call.params["address"], changes))


async def delete(call: Call) -> Reply:
    """Make it nobody's."""
    outcome = await own.disown(call.house, call.params["address"])
    return refusal(outcome) if isinstance(outcome, Refused) else Reply(200, views.encode(Gone()))


_NO_ADDRESS = "must be E.164, a short code, up to 11 letters, digits and blanks with one letter, or `*`"


def _account(text: str) -> int:
    number = ids.parse("acc", text)
    if number is None:
        raise Abort("validation_failed", errors=[Fault("/account", "there is no account with this id")])
    return number


def _faults(url: Any) -> list[Fault]:
    why = url_fault(url) if isinstance(url, str) else None
    return [] if why is None else [Fault("/inbox_url", why)]


def _shown(outcome: own.Outcome, status: int = 200) -> Reply:
    if isinstance(outcome, Refused):
        return refusal(outcome)
    if isinstance(outcome, Invalid):
        return problem("validation_failed", errors=outcome.errors)
    if outcome.sender is None:
        raise RuntimeError("a sender that was kept is gone")
    return Reply(status, views.encode(_view(outcome.sender)))


def _view(sender: Sender) -> SenderView:
    return SenderView(
        address=sender.address, account_id=ids.show("acc", sender.account_id), label=sender.label,
        inbox_url=sender.inbox_url, inbox_replies=sender.inbox_replies, unknown_reply=sender.unknown_reply,
    )  # fmt: skip
