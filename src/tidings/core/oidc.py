"""Sign-in by OpenID Connect, as far as it is rules: where a browser is sent, and who an issuer says it is."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import urlencode

import msgspec

from tidings.config import OidcSettings
from tidings.core.people import email_of

SCOPES = "openid email profile"
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
"""Signatures that are taken: none that the client secret could make, and never `none`."""
SUBJECT_MOST = 255
"""Characters of `sub` (OpenID Connect Core 1.0 §2)."""
LEEWAY_S = 60
"""Seconds that the issuer's clock may be ahead or behind."""


class Issuer(msgspec.Struct, frozen=True):
    """What an issuer says of itself (OpenID Connect Discovery 1.0 §3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Claimed(msgspec.Struct, frozen=True):
    """Who somebody is, as an issuer vouches for."""

    subject: str
    email: str
    name: str
    role: str | None
    """What `oidc.roles` or `oidc.domains` makes of them; None where neither says anything."""


class Journey(msgspec.Struct, frozen=True):
    """What one trip to the issuer and back is held together by. All of it follows from the secret in a cookie, so that
    nothing is kept here, and only the browser that set out comes back.
    """

    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        """What the issuer is told of the verifier (RFC 7636 §4.2, S256)."""
        return _text(hashlib.sha256(self.verifier.encode()).digest())


def journey(secret: str) -> Journey:
    """The trip of a cookie."""
    return Journey(*(_text(hashlib.sha256(f"{name} {secret}".encode()).digest()) for name in _PARTS))


_PARTS = ("state", "nonce", "verifier")


def leads_to(issuer: Issuer, settings: OidcSettings, trip: Journey, back: str) -> str:
    """The address a browser is sent to (OpenID Connect Core 1.0 §3.1.2.1)."""
    asked = {
        "response_type": "code", "client_id": settings.client_id, "redirect_uri": back, "scope": SCOPES,
        "state": trip.state, "nonce": trip.nonce, "code_challenge": trip.challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    mark = "&" if "?" in issuer.authorization_endpoint else "?"
    return f"{issuer.authorization_endpoint}{mark}{urlencode(asked)}"


def claimed(claims: dict[str, Any], settings: OidcSettings) -> Claimed | str:
    """Who these claims of a good token speak of, or why nobody is let in by them."""
    subject, email = claims.get("sub"), email_of(str(claims.get("email") or ""))
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_MOST or not subject.isprintable():
        return "The issuer does not say who it is (`sub`)."
    if email is None:
        return "The issuer tells no e-mail address; let it give the claim `email`."
    if claims.get("email_verified") is not True:
        return "The issuer has not verified the e-mail address (`email_verified`)."
    domains = settings.by_domain
    if domains and email.rpartition("@")[2] not in domains:
        return "People of this e-mail domain do not sign in here (`oidc.domains`)."
    return Claimed(subject, email, _name(claims) or email, _role(claims, email, settings))


def _name(claims: dict[str, Any]) -> str:
    """What people call them, without what no name holds."""
    given = claims.get("name")
    return "".join(one for one in given if one.isprintable())[:100].strip() if isinstance(given, str) else ""


def _role(claims: dict[str, Any], email: str, settings: OidcSettings) -> str | None:
    given = claims.get(settings.role_claim) if settings.role_claim else None
    values = [str(one) for one in given] if isinstance(given, list) else [str(given)]
    # In the order of the setting, whatever the order of the claim.
    found = [role for value, role in settings.by_claim.items() if value in values]
    return found[0] if found else settings.by_domain.get(email.rpartition("@")[2]) or None


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
