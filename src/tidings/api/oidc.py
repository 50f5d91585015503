"""Sign in by OpenID Connect: the browser is sent to the issuer, and comes back to a page of the console."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from tidings.api import origin, views
from tidings.api.auth import visitor
from tidings.api.call import Call, Reply
from tidings.api.problems import refusal
from tidings.api.session import opened_reply
from tidings.core.request import Refused
from tidings.pipeline import vouch

TRIP_S = 600
"""How long the way to the issuer and back may take."""
BACK = "/console/oidc"
"""The page that a browser returns to; it hands `code` and `state` on."""


class TripView(msgspec.Struct, frozen=True):
    """Where the browser is to go."""

    url: str


class Arrival(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the issuer sent along in the address of the page that the browser returned to."""

    code: Annotated[str, Meta(min_length=1, max_length=4_000)]
    state: Annotated[str, Meta(min_length=1, max_length=200)]


async def set_out(call: Call) -> Reply:
    """Where to go."""
    origin.refuse_others(call.house, call.scope, call.headers, strangers=True)
    told = await vouch.set_out(call.house, _back(call))
    if isinstance(told, Refused):
        return refusal(told)
    url, secret = told
    return Reply(
        201, views.encode(TripView(url)), headers=origin.trip(call.house, call.scope, call.headers, secret, TRIP_S)
    )


async def arrive(call: Call) -> Reply:
    """Signed in, if the issuer says so."""
    origin.refuse_others(call.house, call.scope, call.headers, strangers=True)
    body: Arrival = call.body
    secret = origin.trip_of(call.house, call.scope, call.headers)
    opened = await vouch.arrive(call.house, secret, body.state, body.code, _back(call), visitor(call))
    reply = opened_reply(call, opened)
    reply.headers = [*origin.trip(call.house, call.scope, call.headers, "", 0), *reply.headers]
    return reply


def _back(call: Call) -> str:
    return origin.address(call.house, call.scope, call.headers) + BACK
