"""ID tokens of OpenID Connect: their signature and what has to hold of them.

Imported at the first sign-in by an issuer: what it stands on took a third of a second of every start.
"""

from __future__ import annotations

from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tidings.core.oidc import ALGORITHMS, LEEWAY_S


def keys_of(raw: Any) -> KeySet | None:
    """The keys that an issuer shows (RFC 7517), but for those that nobody here can read; None where none is left."""
    shown = raw.get("keys") if isinstance(raw, dict) else None
    keys = [key for one in (shown if isinstance(shown, list) else ()) if (key := _key_of(one)) is not None]
    return KeySet(keys) if keys else None


def _key_of(raw: Any) -> Any:
    try:
        return KeySet.import_key_set({"keys": [raw]}).keys[0]
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        return None


def signed(token: str, keys: KeySet) -> dict[str, Any] | None:
    """The claims of a token that one of these keys signed; None of any other."""
    try:
        return jwt.decode(token, keys, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError):
        return None


def fault(claims: dict[str, Any], issuer: str, client_id: str, nonce: str, now_s: int) -> str | None:
    """Why these claims do not hold (OpenID Connect Core 1.0 §3.1.3.7), or None."""
    wanted = jwt.JWTClaimsRegistry(
        now=now_s, leeway=LEEWAY_S, iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id}, exp={"essential": True}, iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )  # fmt: skip
    try:
        wanted.validate(claims)
    except (JoseError, ValueError) as wrong:
        return f"The answer of the issuer does not hold: {getattr(wrong, 'description', '') or 'a claim'}"
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        return "The answer of the issuer is for somebody else (`azp`)."
    return None
