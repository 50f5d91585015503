"""The life of a message: the table step by step, and how the answers of its segments fold."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.core.message import MessageError
from tidings.core.questions import Attempt
from tidings.core.status import CANCELABLE, ENDED, MAY_BECOME, fold, may_become

TABLE = """
accepted: scheduled queued sent delivered undelivered failed rejected expired canceled unknown
scheduled: queued canceled rejected expired
queued: sent failed rejected expired canceled unknown
sent: delivered undelivered expired unknown
delivered:
undelivered:
failed: delivered
rejected:
expired: delivered
canceled:
unknown: delivered undelivered expired
received:
"""
STEPS = {name: frozenset(rest.split()) for name, _, rest in (line.partition(":") for line in TABLE.split("\n")[1:-1])}
WORDS = sorted(STEPS)


def error(decided_by: str) -> MessageError:
    return MessageError("expired", "lifecycle", True, "", None, decided_by)


def test_the_table_is_the_one_that_is_promised() -> None:
    assert MAY_BECOME == STEPS


@pytest.mark.parametrize("status", WORDS)
def test_a_step_is_allowed_or_not(status: str) -> None:
    theirs = set() if status in {"failed", "expired"} else STEPS[status]
    for why, allowed in ((None, STEPS[status]), (error("tidings"), STEPS[status]), (error("carrier"), theirs)):
        assert {wanted for wanted in WORDS if may_become(status, wanted, why)} == allowed


def test_words_that_are_no_status_lead_nowhere() -> None:
    assert not may_become("wired", "sent", None)
    assert not may_become("queued", "wired", None)


def test_what_has_ended_and_what_may_be_canceled() -> None:
    assert set(WORDS) - ENDED == {"accepted", "scheduled", "queued", "sent"}
    assert {status for status in WORDS if "canceled" in STEPS[status]} == CANCELABLE


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(["tidings", "carrier"])), max_size=30))
def test_no_walk_leaves_an_end_or_comes_back(wishes: list[tuple[str, str]]) -> None:
    """Every walk is short: nothing comes round again, and what a carrier decided stays."""
    status, why, walk = "accepted", None, ["accepted"]
    for wanted, decided_by in wishes:
        if may_become(status, wanted, why):
            assert status not in {"delivered", "undelivered", "rejected", "canceled"}
            status, why = wanted, error(decided_by)
            walk.append(status)
    assert len(walk) == len(set(walk))


# folding


def attempts(*lines: str) -> list[Attempt]:
    """`"2 sent delivered"`: part 2, taken, with that receipt; `-` stands for none."""
    made = []
    for number, line in enumerate(lines, 1):
        part, outcome, receipt = [None if word == "-" else word for word in line.split()]
        made.append(
            Attempt(
                id=number, message_id=1, account_id=1, part=int(part or 0), carrier="north", bind="north/1", fence=1,
                started_at=0, outcome=outcome, receipt=receipt,
            )
        )  # fmt: skip
    return made


FOLDS: list[tuple[str, int, list[str], tuple[tuple[int, ...], bool, int, str | None]]] = [
    ("nothing was handed over", 2, [], ((1, 2), False, 0, None)),
    ("it waits for its answer", 1, ["1 - -"], ((1,), True, 0, None)),
    ("it is taken", 1, ["1 sent -"], ((), False, 0, None)),
    ("it is delivered", 1, ["1 sent delivered"], ((), False, 1, "delivered")),
    ("half of it is delivered", 2, ["1 sent delivered", "2 sent -"], ((), False, 1, None)),
    ("one segment fails", 2, ["1 sent delivered", "2 sent undelivered"], ((), False, 1, "undelivered")),
    ("one fails while one is open", 2, ["1 sent undelivered", "2 sent -"], ((), False, 0, "undelivered")),
    ("failed weighs more than expired", 2, ["1 sent expired", "2 sent undelivered"], ((), False, 0, "undelivered")),
    ("expired weighs more than unknown", 2, ["1 sent unknown", "2 sent expired"], ((), False, 0, "expired")),
    ("unknown weighs more than delivered", 2, ["1 sent unknown", "2 sent delivered"], ((), False, 1, "unknown")),
    ("a refusal is not a hand-over", 1, ["1 temporary -", "1 throttled -"], ((1,), False, 0, None)),
    ("refused, then taken", 1, ["1 temporary -", "1 sent -"], ((), False, 0, None)),
    ("in doubt", 1, ["1 in_doubt -"], ((1,), False, 0, None)),
    ("in doubt and repeated", 1, ["1 in_doubt -", "1 - -"], ((1,), True, 0, None)),
    ("the repeat is delivered", 1, ["1 in_doubt -", "1 sent delivered"], ((), False, 1, "delivered")),
    ("taken twice, one twin delivered", 1, ["1 sent undelivered", "1 sent delivered"], ((), False, 1, "delivered")),
    ("taken twice, one twin undecided", 1, ["1 sent undelivered", "1 sent -"], ((), False, 0, None)),
    ("taken twice, both failed", 1, ["1 sent expired", "1 sent undelivered"], ((), False, 0, "undelivered")),
    ("twins do not count twice", 2, ["1 sent delivered", "1 sent delivered", "2 sent -"], ((), False, 1, None)),
    ("a missing part hides no failure", 2, ["1 sent undelivered"], ((2,), False, 0, "undelivered")),
    ("a missing part is not delivered", 2, ["1 sent delivered"], ((2,), False, 1, None)),
]


@pytest.mark.parametrize(("segments", "lines", "wanted"), [case[1:] for case in FOLDS], ids=[c[0] for c in FOLDS])
def test_folding(segments: int, lines: list[str], wanted: tuple[tuple[int, ...], bool, int, str | None]) -> None:
    folded = fold(segments, attempts(*lines))
    assert (folded.missing, folded.open, folded.delivered, folded.outcome) == wanted
    assert (folded.blame is None) == (folded.outcome in (None, "delivered"))


def test_the_blame_is_on_the_attempt_that_failed() -> None:
    blame = fold(3, attempts("1 sent delivered", "2 sent expired", "3 sent undelivered")).blame
    assert blame is not None
    assert blame.part == 3


RECEIPTS = st.sampled_from([None, "delivered", "undelivered", "expired", "unknown"])
TAKEN = st.tuples(st.integers(1, 4), st.just("sent"), RECEIPTS)
LOST = st.tuples(st.integers(1, 4), st.sampled_from([None, "in_doubt", "temporary", "throttled"]), st.none())


def of(rows: list[tuple[int, str | None, str | None]]) -> list[Attempt]:
    return attempts(*(f"{part} {outcome or '-'} {receipt or '-'}" for part, outcome, receipt in rows))


@settings(max_examples=50)
@given(st.lists(st.one_of(TAKEN, LOST), max_size=12), st.randoms(use_true_random=False))
def test_parts_may_be_answered_in_any_order(
    rows: list[tuple[int, str | None, str | None]], chance: random.Random
) -> None:
    """Attempts of different parts may be mixed as they please; those of one part keep their order."""
    lines = {part: [row for row in rows if row[0] == part] for part in range(1, 5)}
    mixed = []
    while any(lines.values()):
        mixed.append(lines[chance.choice([part for part in lines if lines[part]])].pop(0))
    straight, shuffled = fold(4, of(rows)), fold(4, of(mixed))
    for name in ("missing", "open", "delivered", "outcome"):
        assert getattr(straight, name) == getattr(shuffled, name)


@settings(max_examples=50)
@given(st.lists(st.one_of(TAKEN, LOST), max_size=8))
def test_a_fold_never_claims_more_than_it_knows(rows: list[tuple[int, str | None, str | None]]) -> None:
    folded = fold(4, of(rows))
    assert set(folded.missing) == set(range(1, 5)) - {part for part, outcome, _ in rows if outcome == "sent"}
    assert folded.delivered == len({part for part, _, receipt in rows if receipt == "delivered"})
    assert (folded.outcome == "delivered") == (folded.delivered == 4)
    assert folded.open == any(outcome is None for _, outcome, _ in rows)
    assert folded.outcome in {None, "delivered"} | {receipt for _, _, receipt in rows}


@settings(max_examples=50)
@given(st.lists(st.one_of(TAKEN, LOST), max_size=8), st.lists(LOST, max_size=4))
def test_attempts_that_were_refused_change_no_outcome(
    rows: list[tuple[int, str | None, str | None]], more: list[tuple[int, str | None, str | None]]
) -> None:
    before, after = fold(4, of(rows)), fold(4, of(rows + more))
    assert (before.missing, before.delivered, before.outcome) == (after.missing, after.delivered, after.outcome)
