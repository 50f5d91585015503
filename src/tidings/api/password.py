"""Choose a password: another one, or the first by a link."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from tidings.api import origin, views
from tidings.api.auth import actor, visitor
from tidings.api.call import Call, Reply
from tidings.api.problems import problem, refusal
from tidings.api.session import NewPassword, Password, fit_password, own, person, user_view
from tidings.core.people import User
from tidings.core.request import Invalid, Refused
from tidings.pipeline import credentials


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another password."""

    current: Password
    password: NewPassword


class PasswordByLink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A password, by the link that an invitation or a reset is."""

    token: Annotated[str, Meta(min_length=1, max_length=100, description="what stands behind the `#` of the link")]
    password: NewPassword


async def post(call: Call) -> Reply:
    """Another one."""
    body: PasswordChange = call.body
    user, _ = await own(call)
    fit_password("/password", body.password, user.email, user.name)
    return _told(
        call,
        await credentials.change_password(
            call.house, person(call), user, body.current, body.password, actor(call)
        ),
    )  # fmt: skip


async def by_link(call: Call) -> Reply:
    """The first, or a new one for who forgot theirs."""
    origin.refuse_others(call.house, call.scope, call.headers, strangers=True)
    body: PasswordByLink = call.body
    return _told(call, await credentials.password_by_link(call.house, body.token, body.password, visitor(call)))


def _told(call: Call, outcome: User | Refused | Invalid) -> Reply:
    if isinstance(outcome, Refused):
        return refusal(outcome)
    if isinstance(outcome, Invalid):
        return problem("validation_failed", errors=outcome.errors)
    return Reply(200, views.encode(user_view(call, outcome)))
