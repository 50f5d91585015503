"""Who calls: the bearer key and what its scope allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidings.api.problems import Abort
from tidings.core.account import SCOPES, Key

if TYPE_CHECKING:
    from tidings.pipeline.house import House

_CHALLENGE = (b"www-authenticate", b'Bearer realm="tidings"')


def authorize(house: House, header: bytes | None, scope: str) -> Key:
    """The key behind an Authorization header; aborts with 401 without one and 403 where its scope is too small."""
    key = house.keyring.find(_token(header))
    if key is None:
        raise Abort("unauthorized", headers=[_CHALLENGE])
    if scope not in SCOPES[key.scope]:
        raise Abort("forbidden", f"This call needs scope `{scope}`; the key has `{key.scope}`.")
    return key


def _token(header: bytes | None) -> str:
    """The token, or "" (which no key has) when the header is missing or of another scheme."""
    if header is None:
        return ""
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"bearer":
        return ""
    return token.strip().decode("ascii", "replace")
