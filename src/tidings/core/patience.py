"""What slows those who guess passwords, codes and links: after some failures each further one costs a longer wait."""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address, ip_address, ip_network

import msgspec

from tidings.core.message import DAY, HOUR, MINUTE, SECOND, Millis

FORGOTTEN: Millis = HOUR
"""How long failures count, from the first of them on: then it begins anew."""
LONGEST: Millis = DAY
"""How long those of a second factor do."""


class Wait(msgspec.Struct, frozen=True):
    """How often something failed of late, under one name: that of a user, or of an address."""

    failures: int
    failed_at: Millis
    """When the first of them was. Not the last: what was right and is given back would make them count for ever."""
    free_at: Millis
    """When the next may be tried."""


class Rule(msgspec.Struct, frozen=True):
    """How many failures are free, and how long a wait may become."""

    free: int
    most: Millis
    counts: Millis = FORGOTTEN
    """For how long."""


RULES = {
    "user": Rule(5, 5 * MINUTE),
    "browser": Rule(5, 5 * MINUTE),
    "address": Rule(20, 15 * MINUTE),
    "factor": Rule(5, HOUR, LONGEST),
}
"""A user's wait stays short: whoever fails on purpose must not keep the right one out for long. That of a second factor
does not: at three codes of a million that are right, some forty tries a day find one in twenty years."""


def of_user(email: str) -> str:
    """The name that tries of one user are counted under, whether or not there is such a user."""
    return "user " + hashlib.sha256(email.encode("utf-8", "replace")).hexdigest()[:32]


def of_browser(session_id: int) -> str:
    """The name for a browser in which this user was signed in before, by that session."""
    return f"browser {session_id}"


def of_factor(user_id: int) -> str:
    """The name that codes of a user's second factor are counted under."""
    return f"factor {user_id}"


def of_address(address: str) -> str:
    """The name for whoever calls from there. One person may have a whole /64 of IPv6 (RFC 6177)."""
    try:
        found = ip_address(address)
    except ValueError:
        return "address ?"
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return f"address {ip_network((found, 64), strict=False)}"
    return f"address {getattr(found, 'ipv4_mapped', None) or found}"


def failed(name: str, before: Wait | None, now: Millis) -> Wait:
    """How it stands after one more failure."""
    rule = RULES[name.partition(" ")[0]]
    if before is None or now - before.failed_at >= rule.counts:
        before = Wait(0, now, 0)
    over = min(before.failures + 1 - rule.free, 20)
    return Wait(before.failures + 1, before.failed_at, now + (min(rule.most, SECOND << over) if over > 0 else 0))


def given_back(before: Wait) -> Wait | None:
    """How it stood before the last one, which was no failure; None where that was nothing."""
    return Wait(before.failures - 1, before.failed_at, 0) if before.failures > 1 else None
