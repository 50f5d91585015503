"""The second factor of whoever is signed in: begun, confirmed by a code, given up; and recovery codes."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from tidings.api import views
from tidings.api.auth import actor
from tidings.api.call import Call, Reply
from tidings.api.problems import refusal
from tidings.api.session import Password, UserView, own, person, user_view
from tidings.core import totp
from tidings.core.request import Refused
from tidings.pipeline import credentials

_ISSUER = "tidings"


class Proof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That it is still the same person who sits there."""

    password: Annotated[Password, Meta(description="the one of now; null for who has none here")] | None = None


class FactorProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That the app has the secret."""

    code: Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)")]


class FactorBegun(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator app needs (RFC 6238: SHA-1, 6 digits, 30 seconds). It holds once a code was shown."""

    secret: Annotated[str, Meta(description="to be typed, in Base32")]
    uri: Annotated[str, Meta(description="to be shown as a QR code")]


class FactorAdded(msgspec.Struct, frozen=True, kw_only=True):
    """The second factor holds."""

    user: UserView
    recovery_codes: Annotated[list[str], Meta(description="each good for one sign-in; shown this once")]


class RecoveryCodes(msgspec.Struct, frozen=True):
    """New ones, shown this once; those before hold no longer."""

    recovery_codes: list[str]


async def begin(call: Call) -> Reply:
    """A secret for the app."""
    user, _ = await own(call)
    begun = await credentials.begin_factor(call.house, person(call), user, _password(call), actor(call))
    if isinstance(begun, Refused):
        return refusal(begun)
    shown = FactorBegun(secret=totp.written(begun), uri=totp.uri(begun, _ISSUER, user.email))
    return Reply(201, views.encode(shown))


async def confirm(call: Call) -> Reply:
    """It holds from here on."""
    added = await credentials.confirm_factor(call.house, person(call), call.body.code, actor(call))
    if isinstance(added, Refused):
        return refusal(added)
    user, codes = added
    return Reply(200, views.encode(FactorAdded(user=user_view(call, user), recovery_codes=codes)))


async def remove(call: Call) -> Reply:
    """Without one from here on."""
    user, _ = await own(call)
    gone = await credentials.drop_factor(call.house, person(call), user, _password(call), actor(call))
    return refusal(gone) if isinstance(gone, Refused) else Reply(200, views.encode(user_view(call, gone)))


async def renew_codes(call: Call) -> Reply:
    """Other recovery codes."""
    user, _ = await own(call)
    codes = await credentials.renew_codes(call.house, person(call), user, _password(call), actor(call))
    return refusal(codes) if isinstance(codes, Refused) else Reply(200, views.encode(RecoveryCodes(codes)))


def _password(call: Call) -> str | None:
    body: Proof | None = call.body
    return None if body is None else body.password
