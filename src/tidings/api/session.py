"""Sign in and out, who one is, and where else one is signed in."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tidings.api import origin, views
from tidings.api.auth import actor, visitor
from tidings.api.call import Call, Reply
from tidings.api.moments import Time, show, show_or_none
from tidings.api.problems import Abort, refusal
from tidings.api.webhooks import Gone
from tidings.core import ids, password
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.people import OWN, SignedIn, User, UserSession, caller_of, email_of, lives
from tidings.core.questions import Tx
from tidings.core.request import Fault, Refused
from tidings.pipeline import founding, people, signed_in, signin
from tidings.pipeline.signin import Opened

Email = Annotated[str, Meta(min_length=3, max_length=254, examples=["ada@example.com"])]
PersonName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$(?!\n)")]
Password = Annotated[str, Meta(max_length=1_000)]
"""Longer than any that is taken, so that the answer says what is."""
NewPassword = Annotated[
    Password, Meta(description=f"{password.LEAST} to {password.MOST} characters; the commonest are refused")
]
FactorCode = Annotated[
    str, Meta(min_length=6, max_length=32, description="of the authenticator app, or a recovery code")
]


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may sign in."""

    id: str
    account_id: str
    email: str
    name: str
    role: str
    status: Annotated[str, Meta(description="`invited` (cannot sign in yet), `active` or `disabled`")]
    second_factor: Annotated[bool, Meta(description="whether they have one")]
    second_factor_required: Annotated[bool, Meta(description="whether they must have one")]
    created_at: Time
    seen_at: Annotated[Time | None, Meta(description="when they last signed in")]


class UserSessionView(msgspec.Struct, frozen=True, kw_only=True):
    """One browser in which somebody is signed in."""

    id: str
    created_at: Time
    seen_at: Annotated[Time, Meta(description="to the minute, and up to two minutes late")]
    ends_at: Annotated[Time, Meta(description="at the latest; sooner when it goes unused")]
    address: Annotated[str, Meta(description="where it was opened from")]
    agent: Annotated[str, Meta(description="what the browser calls itself")]
    method: Annotated[str, Meta(description="`password` or `oidc`")]
    current: Annotated[bool, Meta(description="whether it is the one that asks")]


class UserSessionList(msgspec.Struct, frozen=True):
    """Where somebody is signed in, newest first."""

    data: list[UserSessionView]


class WhoView(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in, and what they may do."""

    user: UserView
    account: Annotated[str, Meta(description="name of the account")]
    scopes: Annotated[
        list[str],
        Meta(
            description="what they may do, in the words of `x-scope` and `x-scope-also`; `self` alone until they have "
            "a second factor that they must have"
        ),
    ]
    all_accounts: Annotated[bool, Meta(description="whether they look after other accounts too")]
    needs: Annotated[str | None, Meta(description="`second_factor`: nothing else may be done before there is one")]
    session: UserSessionView


class SignInRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody shows to be let in."""

    email: Email
    password: Annotated[Password, Meta(min_length=1)]
    code: FactorCode | None = None


class OwnChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about oneself; what is not named stays."""

    name: PersonName | UnsetType = UNSET


class SetupRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first owner."""

    code: Annotated[
        str, Meta(min_length=1, max_length=64, description="what `tidings up` shows, and `setup.code` holds")
    ]
    email: Email
    name: PersonName
    password: NewPassword


class SetupView(msgspec.Struct, frozen=True, kw_only=True):
    """How far the installation is, and how one signs in."""

    owner: Annotated[bool, Meta(description="whether there is an owner; without one, make them by `POST /v1/setup`")]
    oidc: Annotated[
        str | None, Meta(description="what sign-in by OpenID Connect is called here; null where there is none")
    ]


class SessionsEnded(msgspec.Struct, frozen=True):
    """How many sessions ended."""

    ended: int


async def how_far(call: Call) -> Reply:
    """Whether there is an owner."""

    async def ask(tx: Tx) -> bool:
        return (await tx.people.counts(DEFAULT_ACCOUNT))[1] > 0

    oidc = call.house.settings.oidc
    return Reply(
        200, views.encode(SetupView(owner=await call.house.store.read(ask), oidc=oidc.name if oidc.issuer else None))
    )


async def setup(call: Call) -> Reply:
    """Make the first owner, who is signed in by it."""
    origin.refuse_others(call.house, call.scope, call.headers, strangers=True)
    body: SetupRequest = call.body
    email = fit_email(body.email)
    fit_password("/password", body.password, email, body.name)
    return opened_reply(
        call, await founding.setup(call.house, body.code, email, body.name, body.password, visitor(call))
    )


async def post(call: Call) -> Reply:
    """Sign in."""
    origin.refuse_others(call.house, call.scope, call.headers, strangers=True)
    body: SignInRequest = call.body
    email = email_of(body.email)
    if email is None:
        raise Abort("validation_failed", errors=[_NO_EMAIL])
    return opened_reply(call, await signin.sign_in(call.house, email, body.password, body.code, visitor(call)))


async def read(call: Call) -> Reply:
    """Who is signed in."""
    user, session = await own(call)
    return Reply(200, views.encode(who(call, user, session)))


async def patch(call: Call) -> Reply:
    """Change one's own name."""
    body: OwnChange = call.body
    user, session = await own(call)
    if body.name is not UNSET and body.name != user.name:
        outcome = await people.rename(call.house, actor(call), user, body.name)
        if isinstance(outcome, Refused):
            return refusal(outcome)
        user = outcome
    return Reply(200, views.encode(who(call, user, session)))


async def delete(call: Call) -> Reply:
    """Sign out here."""
    one = person(call)
    await signed_in.sign_out(call.house, one.id, [one.session_id], actor(call), one.account_id)
    return Reply(200, views.encode(Gone()), headers=origin.dropped(call.house, call.scope, call.headers))


async def page(call: Call) -> Reply:
    """Where else."""
    one = person(call)
    return Reply(
        200, views.encode(UserSessionList([session_view(each, one.session_id) for each in await living(call)]))
    )


async def end_others(call: Call) -> Reply:
    """Sign out everywhere else."""
    one = person(call)
    others = [each.id for each in await living(call) if each.id != one.session_id]
    ended = await signed_in.sign_out(call.house, one.id, others, actor(call), one.account_id) if others else 0
    return Reply(200, views.encode(SessionsEnded(ended)))


async def end_one(call: Call) -> Reply:
    """Sign out in one place."""
    one, number = person(call), ids.parse("ses", call.params["id"])
    ended = 0
    if number is not None:
        ended = await signed_in.sign_out(call.house, one.id, [number], actor(call), one.account_id)
    if not ended:
        raise Abort("not_found", "You have no session with this id.")
    return Reply(200, views.encode(Gone()))


async def living(call: Call) -> list[UserSession]:
    """Sessions of whoever calls that are not over."""
    found, now = await call.house.store.read(lambda tx: tx.people.sessions_of(call.caller.id)), call.house.clock.now()
    return [each for each in found if lives(each, signed_in.idle(call.house), now)]


def person(call: Call) -> SignedIn:
    """Whoever calls about themselves."""
    one = call.caller
    if not isinstance(one, SignedIn):
        raise TypeError("an endpoint of scope `self` is for people alone")
    return one


async def own(call: Call) -> tuple[User, UserSession]:
    """Who calls, as stored."""
    one = person(call)

    async def ask(tx: Tx) -> tuple[User | None, list[UserSession]]:
        return await tx.people.user(one.account_id, one.id), await tx.people.sessions_of(one.id)

    user, sessions = await call.house.store.read(ask)
    session = next((each for each in sessions if each.id == one.session_id), None)
    if user is None or session is None:
        raise Abort("unauthorized", "The session is over; sign in again.")
    return user, session


def fit_email(text: str) -> str:
    """The address as it is kept; aborts with 422 where it is none."""
    email = email_of(text)
    if email is None:
        raise Abort("validation_failed", errors=[_NO_EMAIL])
    return email


_NO_EMAIL = Fault("/email", "is no e-mail address, like ada@example.com")


def fit_password(pointer: str, text: str, *known: str) -> None:
    """Aborts with 422 where the password is not to be taken."""
    why = password.fault(password.prepared(text), *known)
    if why is not None:
        raise Abort("validation_failed", errors=[Fault(pointer, why)])


def opened_reply(call: Call, opened: Opened | Refused) -> Reply:
    """Somebody is signed in, with the cookie; or why not."""
    if isinstance(opened, Refused):
        return refusal(opened)
    headers = origin.kept(call.house, call.scope, call.headers, opened.secret)
    return Reply(201, views.encode(who(call, opened.user, opened.session)), headers=headers)


def who(call: Call, user: User, session: UserSession) -> WhoView:
    """Somebody signed in, as answered."""
    required = user.role in call.house.settings.sign_in.factor_roles
    one = caller_of(user, session, required)
    account = call.house.keyring.account(user.account_id)
    return WhoView(
        user=user_view(call, user), account="" if account is None else account.name, scopes=sorted(one.powers),
        all_accounts=user.account_id == DEFAULT_ACCOUNT and "admin" in one.powers,
        needs="second_factor" if one.powers == {OWN} else None, session=session_view(session, session.id),
    )  # fmt: skip


def user_view(call: Call, user: User) -> UserView:
    """Somebody as answered."""
    return UserView(
        id=ids.show("user", user.id), account_id=ids.show("acc", user.account_id), email=user.email, name=user.name,
        role=user.role, status=user.status, second_factor=user.factor is not None,
        second_factor_required=user.factor_required or user.role in call.house.settings.sign_in.factor_roles,
        created_at=show(user.created_at), seen_at=show_or_none(user.seen_at),
    )  # fmt: skip


def session_view(one: UserSession, current: int) -> UserSessionView:
    """A session as answered."""
    fields: dict[str, Any] = {name: getattr(one, name) for name in ("address", "agent", "method")}
    return UserSessionView(
        id=ids.show("ses", one.id), created_at=show(one.created_at), seen_at=show(one.seen_at),
        ends_at=show(one.ends_at), current=one.id == current, **fields,
    )  # fmt: skip
