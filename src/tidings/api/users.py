"""People of an account: invited, given roles, disabled, taken away, and given links for a new password."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tidings.api import origin, views
from tidings.api.auth import actor
from tidings.api.call import Call, Reply
from tidings.api.keys import PageQuery, before_of, cut
from tidings.api.moments import Time, show
from tidings.api.problems import Abort, problem, refusal
from tidings.api.session import Email, PersonName, UserView, fit_email, user_view
from tidings.api.webhooks import Gone
from tidings.core import ids
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.people import User
from tidings.core.questions import Tx
from tidings.core.request import Fault, Refused
from tidings.pipeline import people

Role = Annotated[
    Literal["owner", "admin", "agent", "analyst", "developer"],
    Meta(
        description="`owner` and `admin`: everything; owners alone make and unmake owners. `agent`: conversations and "
        "contacts. `analyst`: reads. `developer`: sends, reads, keys and webhooks"
    ),
]
AccountId = Annotated[str, Meta(pattern="^acc_[0-9a-z]{13}$")]


class UserRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to be invited."""

    email: Email
    name: PersonName
    role: Role
    account_id: Annotated[
        AccountId | None, Meta(description="whose they are; for who looks after all accounts. Else one's own")
    ] = None
    second_factor_required: Annotated[bool, Meta(description="whether they must have one before anything else")] = False


class UserChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about somebody; what is not named stays."""

    name: PersonName | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    disabled: Annotated[bool, Meta(description="true: they cannot sign in, and are signed out")] | UnsetType = UNSET
    second_factor_required: bool | UnsetType = UNSET


class UserQuery(PageQuery, frozen=True, kw_only=True):
    """Which page of whose people."""

    account: Annotated[AccountId, Meta(description="for who looks after all accounts; else one's own")] | None = None


class LinkView(msgspec.Struct, frozen=True, kw_only=True):
    """A link by which somebody chooses a password, once. It is shown this once; hand it over safely."""

    url: Annotated[str, Meta(description="what they open")]
    token: Annotated[str, Meta(description="what `POST /v1/password/link` takes")]
    expires_at: Time


class UserInvited(UserView, frozen=True, kw_only=True):
    """Somebody new, with their link."""

    link: LinkView


class UserPage(msgspec.Struct, frozen=True):
    """People of an account, newest first."""

    data: list[UserView]
    next_cursor: Annotated[str | None, Meta(description="null on the last page")]


async def post(call: Call) -> Reply:
    """Somebody new, with a link to hand over."""
    body: UserRequest = call.body
    email, account_id = fit_email(body.email), account_of(call, body.account_id, "/account_id")
    made = await people.invite(
        call.house, call.caller, actor(call), account_id, email, body.name, body.role, body.second_factor_required
    )
    if isinstance(made, Refused):
        return refusal(made)
    user, secret = made
    shown = msgspec.structs.asdict(user_view(call, user))
    return Reply(201, views.encode(UserInvited(**shown, link=link_view(call, user, secret))))


async def page(call: Call) -> Reply:
    """People of an account."""
    query: UserQuery = call.query
    account_id, before = account_of(call, query.account, "?account"), before_of(query.cursor)
    found = await call.house.store.read(lambda tx: tx.people.page(account_id, before, query.limit + 1))
    users, cursor = cut(found, query.limit)
    return Reply(200, views.encode(UserPage([user_view(call, one) for one in users], cursor)))


async def read(call: Call) -> Reply:
    """One of them."""
    account_id, number = await owner(call)
    found = await call.house.store.read(lambda tx: tx.people.user(account_id, number))
    return _shown(call, found or people.NOBODY)


async def patch(call: Call) -> Reply:
    """Change what is named."""
    given = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    changes: dict[str, Any] = {name: given[name] for name in ("name", "role") if name in given}
    if "second_factor_required" in given:
        changes["factor_required"] = given["second_factor_required"]
    if "disabled" in given:
        changes["disabled_at"] = call.house.clock.now() if given["disabled"] else None
    return _shown(call, await people.change(call.house, call.caller, actor(call), *await owner(call), changes))


async def delete(call: Call) -> Reply:
    """Take them away."""
    return _gone(await people.remove(call.house, call.caller, actor(call), *await owner(call)))


async def make_link(call: Call) -> Reply:
    """A new link."""
    made = await people.make_link(call.house, call.caller, actor(call), *await owner(call))
    if isinstance(made, Refused):
        return refusal(made)
    return Reply(201, views.encode(link_view(call, *made)))


async def reset_factor(call: Call) -> Reply:
    """Without a second factor from here on."""
    return _shown(call, await people.reset_factor(call.house, call.caller, actor(call), *await owner(call)))


async def end_sessions(call: Call) -> Reply:
    """Signed out everywhere."""
    return _shown(call, await people.end_sessions(call.house, call.caller, actor(call), *await owner(call)))


def link_view(call: Call, user: User, secret: str) -> LinkView:
    """A link as answered: the secret stands behind the `#`, which browsers send to nobody."""
    place = origin.address(call.house, call.scope, call.headers)
    return LinkView(url=f"{place}/console/join#{secret}", token=secret, expires_at=show(user.link_until or 0))


def account_of(call: Call, wanted: str | None, place: str) -> int:
    """Whose people a call is about: one's own, or those of another account for who looks after all."""
    if wanted is None:
        return call.account_id
    number = ids.parse("acc", wanted) or 0
    if number == call.account_id:
        return number
    known = number == DEFAULT_ACCOUNT or call.house.keyring.account(number) is not None
    if not call.over_all or not known:
        raise Abort("validation_failed", errors=[Fault(place, "there is no such account, or it is not yours")])
    return number


async def owner(call: Call) -> tuple[int, int]:
    """The account of the person whom the path names, and their number; aborts with 404 when they are not for this
    caller to see.
    """
    number = ids.parse("user", call.params["id"])
    if number is None:
        raise Abort("not_found", people.NOBODY.detail)
    if not call.over_all:
        return call.account_id, number

    async def ask(tx: Tx) -> int | None:
        return await tx.people.account_of(number)

    return await call.house.store.read(ask) or call.account_id, number


def _shown(call: Call, outcome: User | Refused) -> Reply:
    if isinstance(outcome, Refused):
        return refusal(outcome)
    return Reply(200, views.encode(user_view(call, outcome)))


def _gone(outcome: User | Refused) -> Reply:
    if isinstance(outcome, Refused):
        return problem(outcome.code, outcome.detail)
    return Reply(200, views.encode(Gone()))
