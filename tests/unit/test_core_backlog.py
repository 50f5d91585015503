"""When acceptance pushes back, by numbers."""

from __future__ import annotations

import pytest

from tidings.config import Limits
from tidings.core.backlog import Backlog

LIMITS = Limits(queued_per_account=10, queued_total=15, otp_reserve=3, free_disk_mb=200)

CASES: list[tuple[str, dict[int, int], int, int, bool, int, str | None]] = [
    # what, queued by account, account, messages, otp, free disk, refusal
    ("nothing waits", {}, 1, 1, False, 1000, None),
    ("the account's last place", {1: 9}, 1, 1, False, 1000, None),
    ("the account is full", {1: 10}, 1, 1, False, 1000, "too_many_queued"),
    ("a batch that does not fit whole", {1: 5}, 1, 6, False, 1000, "too_many_queued"),
    ("another account is full", {2: 10}, 1, 5, False, 1000, None),
    ("all together are too many", {1: 8, 2: 7}, 3, 1, False, 1000, "unavailable"),
    ("one-time codes have a reserve", {1: 10}, 1, 3, True, 1000, None),
    ("the reserve has an end", {1: 10}, 1, 4, True, 1000, "too_many_queued"),
    ("the reserve is beyond the total too", {1: 8, 2: 7}, 3, 3, True, 1000, None),
    ("and has an end there", {1: 8, 2: 7}, 3, 4, True, 1000, "unavailable"),
    ("the disk is just free enough", {}, 1, 1, False, 200, None),
    ("the disk is full, even for codes", {}, 1, 1, True, 199, "unavailable"),
]


@pytest.mark.parametrize(
    ("queued", "account", "messages", "otp", "disk", "code"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_refusals(queued: dict[int, int], account: int, messages: int, otp: bool, disk: int, code: str | None) -> None:
    backlog = Backlog(LIMITS)
    backlog.reset(queued)
    refused = backlog.refuse(account, messages, otp, disk)
    assert (refused.code if refused else None) == code
    if refused:
        assert refused.retry_after_s > 0
        assert refused.detail


def test_counts_follow_what_comes_and_goes() -> None:
    backlog = Backlog(LIMITS)
    backlog.add(1, 4)
    backlog.add(2, 3)
    assert backlog.total == 7
    backlog.add(1, -4)
    assert backlog.total == 3
    backlog.add(1, -1)
    assert backlog.refuse(1, 10, False, 1000) is None, "a count never falls below nothing"
    backlog.reset({5: 15})
    assert backlog.total == 15
    assert backlog.refuse(2, 1, False, 1000) is not None


LOADS = [
    ("nothing waits", {}, 0.0),
    ("half of what the account may", {1: 5}, 0.5),
    ("all together are nearer to their limit", {1: 3, 2: 9}, 0.8),
    ("beyond it, by the reserve", {1: 12}, 1.2),
]


@pytest.mark.parametrize(("queued", "load"), [case[1:] for case in LOADS], ids=[case[0] for case in LOADS])
def test_how_full_it_is_for_an_account(queued: dict[int, int], load: float) -> None:
    backlog = Backlog(LIMITS)
    backlog.reset(queued)
    assert backlog.load(1) == load
