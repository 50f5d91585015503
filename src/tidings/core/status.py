"""The life of a message as one table, and how the answers of its segments fold into it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.core.message import MessageError
from tidings.core.questions import Attempt

ACCEPTED = "accepted"
SCHEDULED = "scheduled"
QUEUED = "queued"
SENT = "sent"
DELIVERED = "delivered"
UNDELIVERED = "undelivered"
FAILED = "failed"
REJECTED = "rejected"
EXPIRED = "expired"
CANCELED = "canceled"
UNKNOWN = "unknown"
RECEIVED = "received"

MAY_BECOME: dict[str, frozenset[str]] = {
    ACCEPTED: frozenset(
        {SCHEDULED, QUEUED, SENT, DELIVERED, UNDELIVERED, FAILED, REJECTED, EXPIRED, CANCELED, UNKNOWN}
    ),
    SCHEDULED: frozenset({QUEUED, CANCELED, REJECTED, EXPIRED}),
    QUEUED: frozenset({SENT, FAILED, REJECTED, EXPIRED, CANCELED, UNKNOWN}),
    SENT: frozenset({DELIVERED, UNDELIVERED, EXPIRED, UNKNOWN}),
    DELIVERED: frozenset(),
    UNDELIVERED: frozenset(),
    FAILED: frozenset({DELIVERED}),
    REJECTED: frozenset(),
    EXPIRED: frozenset({DELIVERED}),
    CANCELED: frozenset(),
    UNKNOWN: frozenset({DELIVERED, UNDELIVERED, EXPIRED}),
    RECEIVED: frozenset(),
}
"""What each status may become. FAILED and EXPIRED may become DELIVERED only where we decided them."""

ENDED = frozenset({DELIVERED, UNDELIVERED, FAILED, REJECTED, EXPIRED, CANCELED, UNKNOWN, RECEIVED})
"""Statuses with a finish time; UNKNOWN among them, though a late receipt may still lift it."""

CANCELABLE = frozenset({ACCEPTED, SCHEDULED, QUEUED})


def may_become(status: str, wanted: str, error: MessageError | None) -> bool:
    """Whether the table allows the step; `error` says who decided the present status."""
    if wanted not in MAY_BECOME.get(status, frozenset()):
        return False
    ours = error is None or error.decided_by == "tidings"
    return ours or status not in {FAILED, EXPIRED}


class Fold(msgspec.Struct, frozen=True):
    """What all attempts of a message say together."""

    missing: tuple[int, ...]
    """Parts no carrier has taken."""
    open: bool
    """Whether an attempt still waits for its answer."""
    delivered: int
    """Parts reported delivered."""
    outcome: str | None
    """`delivered`, `undelivered`, `expired` or `unknown` once receipts decide, else None."""
    blame: Attempt | None
    """The attempt whose receipt decided against delivery."""


def fold(segments: int, attempts: Sequence[Attempt]) -> Fold:
    """Fold attempts (oldest first) by part: one delivered attempt delivers its part, whatever its twins say."""
    by_part: dict[int, list[Attempt]] = {}
    is_open = False
    # The common case: one segment, tried once.
    if segments == 1 and len(attempts) == 1:
        return _only(attempts[0])
    for attempt in attempts:
        is_open = is_open or attempt.outcome is None
        if attempt.outcome == "sent":
            by_part.setdefault(attempt.part, []).append(attempt)
    missing = tuple(part for part in range(1, segments + 1) if part not in by_part)
    verdicts = [_part(taken) for taken in by_part.values()]
    delivered = sum(1 for status, _ in verdicts if status == DELIVERED)
    outcome, blame = _worst(verdicts)
    if outcome is None and delivered == segments:
        outcome = DELIVERED
    return Fold(missing, is_open, delivered, outcome, blame)


_WAITING = Fold((1,), True, 0, None, None)
_REFUSED = Fold((1,), False, 0, None, None)
_TAKEN = Fold((), False, 0, None, None)
_ARRIVED = Fold((), False, 1, DELIVERED, None)


def _only(attempt: Attempt) -> Fold:
    if attempt.outcome is None:
        return _WAITING
    if attempt.outcome != "sent":
        return _REFUSED
    if attempt.receipt is None:
        return _TAKEN
    return _ARRIVED if attempt.receipt == DELIVERED else Fold((), False, 0, attempt.receipt, attempt)


def _part(taken: Sequence[Attempt]) -> tuple[str | None, Attempt]:
    """Status of one part: delivered wins; else it is undecided while a taken attempt has no final receipt."""
    for attempt in taken:
        if attempt.receipt == DELIVERED:
            return DELIVERED, attempt
    for attempt in taken:
        if attempt.receipt is None:
            return None, attempt
    return taken[-1].receipt, taken[-1]


_GRAVITY = (UNDELIVERED, EXPIRED, UNKNOWN)


def _worst(verdicts: Sequence[tuple[str | None, Attempt]]) -> tuple[str | None, Attempt | None]:
    for status in _GRAVITY:
        for found, attempt in verdicts:
            if found == status:
                return status, attempt
    return None, None
