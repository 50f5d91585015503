"""Who calls: the bearer key, what its scope allows, and where it may be used from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.types import Scope

from tidings.api.problems import Abort
from tidings.core import network
from tidings.core.account import DEFAULT_ACCOUNT, SCOPES, Key

if TYPE_CHECKING:
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
) -> Key:
    """The key behind an Authorization header; aborts with 401 without one and 403 where it may not do this.

    `wire`: the ASGI scope, which tells where the call comes from; without it a key bound to networks is refused.
    `operator`: only keys of the default account may. `own`: a key that sends may too, of what it sent itself; the
    handler looks whose it is.
    """
    key = house.keyring.find(_token(header), house.clock.now)
    if key is None:
        raise Abort("unauthorized", headers=[_CHALLENGE])
    if key.networks and not network.within(_caller(house, wire), key.networks):
        raise Abort("forbidden", "This key may not be used from this address.")
    if scope not in SCOPES[key.scope] and not (own and "send" in SCOPES[key.scope]):
        raise Abort("forbidden", f"This call needs scope `{scope}`; the key has `{key.scope}`.")
    if operator and key.account_id != DEFAULT_ACCOUNT:
        raise Abort("forbidden", "This call needs a key of the default account.")
    house.keyring.used.add(key.id)
    return key


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
