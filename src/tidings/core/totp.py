"""One-time codes of a second factor: TOTP (RFC 6238) over HOTP (RFC 4226), as authenticator apps make them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote

from tidings.core.message import Millis

STEP: Millis = 30_000
"""How long a code lasts; the default of RFC 6238 §5.2, and the only one that all apps know."""
DIGITS = 6
SECRET_OCTETS = 20
"""As long as the hash (RFC 4226 §4, R6)."""
DRIFT = 1
"""Steps that the clock of a phone may be ahead or behind (RFC 6238 §6)."""


def code(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a time step (RFC 4226 §5.3, with the step as counter)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    at = mac[-1] & 0x0F
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_of(now: Millis) -> int:
    """The time step of a moment."""
    return now // STEP


def taken(secret: bytes, given: str, now: Millis, after: int) -> int | None:
    """The step whose code this is, or None. Steps up to `after` are passed: their codes have been used."""
    here = step_of(now)
    found = None
    for step in range(here - DRIFT, here + DRIFT + 1):
        right = hmac.compare_digest(code(secret, step).encode(), given.encode("utf-8", "replace"))
        if right and step > after and found is None:
            found = step
    return found


def written(secret: bytes) -> str:
    """A secret as people type it into an app: Base32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def uri(secret: bytes, issuer: str, name: str) -> str:
    """The address that apps read from a QR code (Key URI Format of Google Authenticator)."""
    label = f"{quote(issuer, safe='')}:{quote(name, safe='@')}"
    return f"otpauth://totp/{label}?secret={written(secret)}&issuer={quote(issuer, safe='')}"
