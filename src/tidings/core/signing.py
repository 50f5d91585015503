"""Signed requests, as https://www.standardwebhooks.com has them: sign one, check one, say what is wrong with one."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tidings.core.message import MINUTE, SECOND, Millis

TOLERANCE: Millis = 5 * MINUTE
"""How far a timestamp may lie from the receiver's clock, as the specification's libraries have it."""


def shown_secret(octets: bytes) -> str:
    """A secret as callers see it: `whsec_` and base64."""
    return "whsec_" + base64.b64encode(octets).decode()


def parsed_secret(text: str) -> bytes | None:
    """The octets of a secret as it is shown, or None when it is none."""
    try:
        octets = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return octets or None


def signature(octets: bytes, webhook_id: str, timestamp: str, body: bytes) -> str:
    """One signature: `v1,` and base64 of HMAC-SHA256 over id, timestamp and body, joined by dots."""
    signing = _keyed(octets).copy()
    signing.update(f"{webhook_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body)
    return "v1," + binascii.b2a_base64(signing.digest(), newline=False).decode()


@functools.lru_cache(maxsize=1_024)
def _keyed(octets: bytes) -> hmac.HMAC:
    """An HMAC that has taken in the key, to be copied. `hmac.digest` would give the interpreter away, however short the
    body, and the loop would wait for the writer thread to have it back.
    """
    return hmac.new(octets, digestmod="sha256")


def headers(secrets: Iterable[bytes], webhook_id: str, now: Millis, body: bytes) -> dict[str, str]:
    """The three headers of a request, signed with every secret that is valid."""
    timestamp = str(now // SECOND)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signature(one, webhook_id, timestamp, body) for one in secrets),
    }


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of a signed request found, for people who write their own verification."""

    valid: bool
    problem: str | None
    """The first thing that is wrong, in a sentence; None when all is well."""
    signed: str
    """The exact string that is signed; octets that are not UTF-8 are escaped."""
    signed_octets: int
    expected: str
    """The signature that the secret makes of it."""
    got: tuple[str, ...]
    """The signatures that came."""
    difference: str | None = None
    """Where the nearest signature, or a body that differs from the one expected, first departs from it."""


def verify(given: Mapping[str, str], body: bytes, octets: bytes, now: Millis, sent: bytes | None = None) -> Checked:
    """Check a request as a receiver would, and say what stands in the way.

    `sent`: the body as it would be sent for this id, where that is known. Where a signature that came fits it, the
    body that came is what differs, and its first difference is told.
    """
    lower = {name.lower(): value.strip() for name, value in given.items()}
    webhook_id, timestamp = lower.get("webhook-id", ""), lower.get("webhook-timestamp", "")
    got = tuple(lower.get("webhook-signature", "").split())
    signed = f"{webhook_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    expected = signature(octets, webhook_id, timestamp, body)
    problem = _header_problem(lower, got, timestamp, now)
    difference = None
    if not _any_equal(got, expected):
        wrong, difference = _mismatch(
            got, expected, body, sent, lambda it: signature(octets, webhook_id, timestamp, it)
        )
        problem = problem or wrong
    return Checked(
        valid=problem is None, problem=problem, signed=signed.decode("utf-8", "backslashreplace"),
        signed_octets=len(signed), expected=expected, got=got, difference=difference,
    )  # fmt: skip


def _mismatch(
    got: Sequence[str], expected: str, body: bytes, sent: bytes | None, signed: Callable[[bytes], str]
) -> tuple[str, str | None]:
    """Why no signature matches, as far as that can be known, and the first difference."""
    if sent is not None and sent != body and _any_equal(got, signed(sent)):
        return "The body is not as it was sent: sign the octets as they came", _difference(sent, body)
    if sent == body:
        return "The body is as it was sent: the secret, the id or the timestamp is another", _nearest(expected, got)
    return "No signature matches: the secret, the id, the timestamp or the body is not as it was sent", _nearest(
        expected, got
    )


def _any_equal(got: Sequence[str], expected: str) -> bool:
    """Every signature is compared, each in constant time, as a receiver must."""
    found = False
    for one in got:
        found |= hmac.compare_digest(one.encode("utf-8", "surrogatepass"), expected.encode())
    return found


def _header_problem(lower: Mapping[str, str], got: Sequence[str], timestamp: str, now: Millis) -> str | None:
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        if not lower.get(name):
            return f"The header {name} is missing"
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 15:
        return "webhook-timestamp is not a number of seconds since 1970"
    if not any(one.startswith("v1,") for one in got):
        return "webhook-signature holds no signature of version v1"
    apart = int(timestamp) * SECOND - now
    if abs(apart) > TOLERANCE:
        when = "ahead of" if apart > 0 else "behind"
        return f"webhook-timestamp lies {abs(apart) // SECOND} s {when} the clock here; 300 s are allowed"
    return None


def _nearest(expected: str, got: Sequence[str]) -> str | None:
    """Where the likeliest of the signatures departs from the one expected."""
    if not got:
        return None
    best = max(got, key=lambda one: _alike(one, expected))
    at = _alike(best, expected)
    return f"signature, character {at + 1}: expected {expected[at : at + 12]!r}, got {best[at : at + 12]!r}"


def _difference(sent: bytes, body: bytes) -> str:
    at = _alike(sent, body)
    return f"body, octet {at + 1} of {len(sent)}: sent {sent[at : at + 24]!r}, got {body[at : at + 24]!r}"


def _alike(one: Any, other: Any) -> int:
    """How many leading elements two sequences share."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def digest(body: bytes) -> str:
    """What the log keeps of a body."""
    return hashlib.sha256(body).hexdigest()
