"""What a status is called in a receipt to an ESME: the word, and the number behind `err:`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidings.core.status import CANCELED, DELIVERED, EXPIRED, FAILED, REJECTED, SENT, UNDELIVERED, UNKNOWN

WORDS: dict[str, str] = {
    DELIVERED: "DELIVRD",
    UNDELIVERED: "UNDELIV",
    FAILED: "UNDELIV",
    EXPIRED: "EXPIRED",
    REJECTED: "REJECTD",
    CANCELED: "DELETED",
    UNKNOWN: "UNKNOWN",
    SENT: "ENROUTE",
}
"""The state (SMPP 3.4 section 5.2.28 and Appendix B) of every status that an ESME is told of."""

INTERMEDIATE = frozenset({SENT})
"""Told only where intermediate notifications were asked for."""

ERRORS: dict[str, int] = {
    "invalid_destination": 1,
    "not_mobile": 2,
    "unreachable": 3,
    "handset_error": 4,
    "opted_out": 5,
    "blocked": 6,
    "filtered": 10,
    "content_invalid": 11,
    "incomplete": 12,
    "undecodable": 13,
    "invalid_sender": 20,
    "not_registered": 21,
    "not_permitted": 22,
    "account": 23,
    "throttled": 30,
    "quota_exceeded": 31,
    "carrier_error": 32,
    "carrier_outage": 33,
    "no_route": 34,
    "provider_auth": 35,
    "outcome_lost": 36,
    "no_receipt": 37,
    "expired": 40,
    "canceled": 41,
    "duplicate": 42,
    "rejected": 90,
    "internal_error": 91,
    "unknown": 99,
}
"""The number of every error of a message: one meaning whatever carrier it came from, whose own code the API tells."""

_BY_STATUS = {EXPIRED: "expired", CANCELED: "canceled", REJECTED: "rejected", UNDELIVERED: "unreachable"}

WANTS = 0x03
"""Bits of registered_delivery (section 5.2.17) that ask for a receipt: none, any, of failures, of successes (5.0)."""
WANTS_INTERMEDIATE = 0x10


def wanted(registered_delivery: int, status: str) -> bool:
    """Whether a message's registered_delivery asks to be told of a status."""
    if status in INTERMEDIATE:
        return bool(registered_delivery & WANTS_INTERMEDIATE)
    match registered_delivery & WANTS:
        case 0:
            return False
        case 1:
            return True
        case 2:
            return status != DELIVERED
    return status == DELIVERED


def error_number(status: str, error: Mapping[str, Any] | None) -> int:
    """The number behind `err:`: 0 of what goes well, else that of the error which the event tells."""
    if status in (DELIVERED, SENT):
        return 0
    code = str(error["code"]) if error else _BY_STATUS.get(status, "unknown")
    return ERRORS.get(code, ERRORS["unknown"])
