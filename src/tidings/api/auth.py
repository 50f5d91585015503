"""Who calls: the bearer key, what its scope allows, and where it may be used from; or the cookie of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.types import Scope

from tidings.api import origin
from tidings.api.problems import Abort
from tidings.core import network
from tidings.core.account import DEFAULT_ACCOUNT, Key
from tidings.core.audit import Actor
from tidings.core.people import OWN, Principal, SignedIn
from tidings.pipeline.signed_in import Visitor, session_of

if TYPE_CHECKING:
    from tidings.api.call import Call, Endpoint
    from tidings.pipeline.house import House

_CHALLENGE = (b"www-authenticate", b'Bearer realm="tidings"')


def authorize(
    house: House,
    header: bytes | None,
    scope: str,
    wire: Scope | None = None,
    *,
    operator: bool = False,
    own: bool = False,
    also: str | None = None,
) -> Key:
    """The key behind an Authorization header; aborts with 401 without one and 403 where it may not do this.

    `wire`: the ASGI scope, which tells where the call comes from; without it a key bound to networks is refused.
    `operator`: only keys of the default account may. `own`: a key that sends may too, of what it sent itself; the
    handler looks whose it is. `also`: a narrower scope that does, too.
    """
    key = house.keyring.find(_token(header), house.clock.now)
    if key is None:
        raise Abort("unauthorized", headers=[_CHALLENGE])
    if key.networks and not network.within(_caller(house, wire), key.networks):
        raise Abort("forbidden", "This key may not be used from this address.")
    if scope == OWN:
        raise Abort("forbidden", "This call is for people who signed in, about themselves; keys have nothing to ask.")
    if not _may(key, scope, own, also):
        raise Abort("forbidden", f"This call needs scope `{scope}`; the key has `{key.scope}`.")
    if operator and key.account_id != DEFAULT_ACCOUNT:
        raise Abort("forbidden", "This call needs a key of the default account.")
    house.keyring.used.add(key.id)
    return key


def _may(who: Principal, scope: str, own: bool, also: str | None) -> bool:
    return scope in who.powers or (own and "send" in who.powers) or (also is not None and also in who.powers)


async def admit(house: House, endpoint: Endpoint, wire: Scope, headers: dict[bytes, bytes]) -> Principal:
    """Whoever calls an endpoint that is not open to all. Aborts as `authorize` does.

    A key goes before a cookie: who sends one means it, and no page can be made to.
    """
    given = headers.get(b"authorization")
    secret = None if given is not None else origin.cookie(house, wire, headers)
    if secret is None:
        return authorize(
            house, given, endpoint.scope or "", wire, operator=endpoint.operator, own=endpoint.own, also=endpoint.also
        )
    return await signed_in(house, endpoint, wire, headers, secret)


async def signed_in(
    house: House, endpoint: Endpoint, wire: Scope, headers: dict[bytes, bytes], secret: str
) -> SignedIn:
    """The person behind a cookie, if this endpoint is for them."""
    who = await session_of(house, secret)
    if who is None:
        raise Abort("unauthorized", "The session is over; sign in again.", headers=[_CHALLENGE])
    # Nothing is lost by answering a read of who says nothing of itself: no page of another site can look at it.
    origin.refuse_others(house, wire, headers, strangers=wire["method"] in ("GET", "HEAD"))
    if not _may(who, endpoint.scope or "", endpoint.own, endpoint.also):
        if who.powers == {OWN}:
            raise Abort("forbidden", "You need a second factor first: `POST /v1/second-factor`.")
        raise Abort("forbidden", f"This call needs scope `{endpoint.scope}`, which the role `{who.role}` has not.")
    if endpoint.operator and who.account_id != DEFAULT_ACCOUNT:
        raise Abort("forbidden", "This call is for people of the default account.")
    return who


async def still(call: Call) -> bool:
    """Whether the call would still be let in, with what it brought, from the same address."""
    try:
        await admit(call.house, call.endpoint, call.scope, call.headers)
    except Abort:
        return False
    return True


def visitor(call: Call) -> Visitor:
    """Where a call comes from."""
    agent = "".join(one for one in call.headers.get(b"user-agent", b"").decode("latin-1") if one.isprintable())
    held = origin.cookie(call.house, call.scope, call.headers)
    return Visitor(_caller(call.house, call.scope), agent[:_AGENT_MOST], held)


def actor(call: Call) -> Actor:
    """Who calls, for the log."""
    who, address = call.caller, _caller(call.house, call.scope)
    return Actor("user" if isinstance(who, SignedIn) else "key", who.id, who.name, address)


_AGENT_MOST = 200


def _caller(house: House, wire: Scope | None) -> str:
    if wire is None or not wire.get("client"):
        return ""
    forwarded = [value.decode("latin-1") for name, value in wire["headers"] if name == b"x-forwarded-for"]
    return network.caller(wire["client"][0], forwarded, house.settings.proxies)


def _token(header: bytes | None) -> str:
    """The token, or "" (which no key has) when the header is missing or of another scheme."""
    if header is None:
        return ""
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"bearer":
        return ""
    return token.strip().decode("ascii", "replace")
