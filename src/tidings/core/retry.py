"""An error and how often it came → wait and try again, put back at once, or give up."""

from __future__ import annotations

import msgspec

from tidings.config import Delivery
from tidings.core.message import CATEGORY_RULES, Category, Millis


class Again(msgspec.Struct, frozen=True):
    """Try again. `wait` 0 puts the message back at the head of its class."""

    wait: Millis
    pause_carrier: bool = False


class GiveUp(msgspec.Struct, frozen=True):
    """No further attempt; the message becomes `status` with error `code`."""

    status: str
    code: str


Decision = Again | GiveUp


REPEATS = {"repeat": 1, "never": 0}
"""How often a part in doubt goes again, where a carrier's profile decides it."""


def decide(
    kind: str, code: str, earlier: int, category: str, jitter: float, patience: Delivery, in_doubt: str = "category"
) -> Decision:
    """What to do about a part that was not taken.

    kind, code: as in SendError; earlier: earlier attempts at this part that ended with the same kind;
    jitter: a number in [0, 1); in_doubt: as in `core.ports.Manners`. Throttling and parts that were never written
    count no attempt. What the house itself answers is never repeated.
    """
    if kind == "throttled":
        return Again(0, pause_carrier=True)
    if kind in ("not_written", "bind"):
        return Again(0, pause_carrier=kind == "bind")
    if kind == "in_doubt":
        repeats = CATEGORY_RULES[category].repeats_in_doubt
        if category != Category.SYSTEM:
            repeats = REPEATS.get(in_doubt, repeats)
        return Again(0) if earlier < repeats else GiveUp("unknown", "outcome_lost")
    if kind == "temporary" and earlier + 1 < patience.attempts:
        return Again(backoff(earlier, jitter, patience))
    return GiveUp("failed", code)


def backoff(earlier: int, jitter: float, patience: Delivery) -> Millis:
    """Doubling from the first wait to the longest, each spread over half to one and a half of itself."""
    seconds = min(patience.backoff_most, patience.backoff_first * 2.0 ** min(earlier, 30))
    return max(1, int(seconds * 1000 * (0.5 + jitter)))


RECEIPT_FIRST: Millis = 1_000
RECEIPT_MOST: Millis = 3_600_000
RECEIPT_TRIES = 16
"""1 s doubling to 1 h, 16 times: about four hours until a receipt is an orphan."""


def receipt_retry(tries: int) -> Millis | None:
    """Wait before a parked receipt is matched again after `tries` attempts; None = an orphan for good."""
    return None if tries >= RECEIPT_TRIES else min(RECEIPT_MOST, RECEIPT_FIRST << (tries - 1))
