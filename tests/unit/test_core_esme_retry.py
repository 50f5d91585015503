"""What an ESME's answers mean: as a table."""

from __future__ import annotations

import pytest

from tidings.core.esme_retry import Verdict, judge

S = 1_000
CASES = [
    ("taken", 0x00, 1, 0, Verdict("delivered", 0)),
    ("queue full: all of it waits", 0x14, 1, 0, Verdict("refused", S, True, False)),
    ("throttled in a row: twice as long each time", 0x58, 1, 3, Verdict("refused", 8 * S, True, False)),
    ("throttled for long: a minute at most", 0x58, 1, 40, Verdict("refused", 60 * S, True, False)),
    ("temporary: this one waits", 0x64, 1, 0, Verdict("refused", 5 * S, False, False)),
    ("a system error is temporary", 0x08, 3, 9, Verdict("refused", 20 * S, False, False)),
    ("temporary for long: ten minutes at most", 0x64, 90, 0, Verdict("refused", 600 * S, False, False)),
    ("a vendor's own code is temporary", 0x4FF, 1, 0, Verdict("refused", 5 * S, False, False)),
    ("refused for good: once more, and once more", 0x65, 2, 0, Verdict("refused", 10 * S)),
    ("refused for good for the third time: given up", 0x65, 3, 0, Verdict("refused", None)),
    ("rejected: the same", 0x66, 3, 0, Verdict("refused", None)),
    ("it does not know the command: the same", 0x03, 3, 0, Verdict("refused", None)),
]


@pytest.mark.parametrize(
    ("status", "attempt", "failures", "verdict"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_an_answer_means(status: int, attempt: int, failures: int, verdict: Verdict) -> None:
    assert judge(status, attempt, failures, 0.0) == verdict


def test_chance_stretches_a_wait_and_never_cuts_it() -> None:
    assert 5 * S <= (judge(0x64, 1, 0, 0.999).wait or 0) <= 5.5 * S
