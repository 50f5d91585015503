"""What follows an answer: again, later, or never; and how long a receipt is tried."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.config import Delivery
from tidings.core.message import CATEGORY_RULES
from tidings.core.retry import RECEIPT_TRIES, Again, GiveUp, backoff, decide, receipt_retry

PATIENCE = Delivery(attempts=3, backoff_first=2.0, backoff_most=10.0)

DECISIONS = [
    ("throttled: at once, and the bind pauses", "throttled", 0, "otp", Again(0, pause_carrier=True)),
    ("throttled for the hundredth time counts no attempt", "throttled", 99, "marketing", Again(0, pause_carrier=True)),
    ("never written: at once", "not_written", 99, "otp", Again(0)),
    ("the bind is not right: at once, elsewhere", "bind", 99, "otp", Again(0, pause_carrier=True)),
    ("temporary: after a pause", "temporary", 0, "otp", Again(2_000)),
    ("temporary again: twice as long", "temporary", 1, "otp", Again(4_000)),
    ("temporary, attempts used up", "temporary", 2, "otp", GiveUp("failed", "code")),
    ("permanent", "permanent", 0, "otp", GiveUp("failed", "code")),
    ("a matter of configuration", "config", 0, "otp", GiveUp("failed", "code")),
    ("a kind nobody knows", "new", 0, "otp", GiveUp("failed", "code")),
    ("otp in doubt: repeated", "in_doubt", 0, "otp", Again(0)),
    ("otp in doubt: once", "in_doubt", 1, "otp", GiveUp("unknown", "outcome_lost")),
    ("transactional in doubt: repeated", "in_doubt", 0, "transactional", Again(0)),
    ("transactional in doubt: once", "in_doubt", 1, "transactional", GiveUp("unknown", "outcome_lost")),
    ("conversation in doubt: repeated", "in_doubt", 0, "conversation", Again(0)),
    ("marketing in doubt: never repeated", "in_doubt", 0, "marketing", GiveUp("unknown", "outcome_lost")),
    ("our own answers in doubt: never repeated", "in_doubt", 0, "system", GiveUp("unknown", "outcome_lost")),
]


@pytest.mark.parametrize(
    ("kind", "earlier", "category", "wanted"), [case[1:] for case in DECISIONS], ids=[case[0] for case in DECISIONS]
)
def test_decisions(kind: str, earlier: int, category: str, wanted: Again | GiveUp) -> None:
    assert decide(kind, "code", earlier, category, 0.5, PATIENCE) == wanted


RULES = """
otp 1 10 1
transactional 2 1440 1
system 2 5 0
conversation 3 1440 1
marketing 4 720 0
"""


@pytest.mark.parametrize("line", RULES.split("\n")[1:-1])
def test_what_a_category_grants(line: str) -> None:
    category, rank, minutes, repeats = line.split()
    rule = CATEGORY_RULES[category]
    assert (rule.rank, rule.validity, rule.repeats_in_doubt) == (int(rank), int(minutes) * 60_000, int(repeats))


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_spread_over_half_to_one_and_a_half_of_itself(earlier: int, jitter: float) -> None:
    whole = min(10_000, 2_000 * 2 ** min(earlier, 30))
    assert 0.5 * whole - 1 <= backoff(earlier, jitter, PATIENCE) <= 1.5 * whole


def test_a_receipt_is_tried_from_a_second_to_an_hour_and_at_last_given_up() -> None:
    waits = [receipt_retry(tries) for tries in range(1, RECEIPT_TRIES)]
    assert waits[:4] == [1_000, 2_000, 4_000, 8_000]
    assert waits[-1] == 3_600_000
    assert None not in waits
    assert sorted(wait or 0 for wait in waits) == waits
    assert receipt_retry(RECEIPT_TRIES) is None


DOUBTS = [
    ("as the category has it", "marketing", "category", 0, GiveUp("unknown", "outcome_lost")),
    ("the carrier's profile repeats what the category does not", "marketing", "repeat", 0, Again(0)),
    ("once", "marketing", "repeat", 1, GiveUp("unknown", "outcome_lost")),
    ("the carrier's profile repeats nothing", "otp", "never", 0, GiveUp("unknown", "outcome_lost")),
    ("our own answers are never repeated", "system", "repeat", 0, GiveUp("unknown", "outcome_lost")),
]


@pytest.mark.parametrize(
    ("category", "in_doubt", "earlier", "wanted"), [case[1:] for case in DOUBTS], ids=[case[0] for case in DOUBTS]
)
def test_doubts_by_carrier(category: str, in_doubt: str, earlier: int, wanted: Again | GiveUp) -> None:
    assert decide("in_doubt", "code", earlier, category, 0.5, PATIENCE, in_doubt) == wanted
