"""Rates that several processes share: as one bucket would have it, whoever draws."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.config import Limits
from tidings.core.account import Account, Key
from tidings.core.limits import Bucket, Draw, Meter
from tidings.core.request import Refused
from tidings.pipeline import rates


def draw(rate: float, count: int, owner: int = 7) -> Draw:
    return Draw(owner, 1, rate, count, "messages")


@settings(max_examples=80, deadline=None)
@given(st.floats(0.2, 1000), st.lists(st.tuples(st.floats(0, 3), st.integers(1, 50)), max_size=40))
def test_a_shared_bucket_lets_go_what_one_in_memory_does(rate: float, calls: list[tuple[float, int]]) -> None:
    bucket, full, now = Bucket(rate, 0.0), {}, 0
    for pause, count in calls:
        now += round(pause * 1000)
        (refused,) = rates.refusals(full, [(draw(rate, count),)], now)
        wait = bucket.wait(count, now / 1000)
        if abs(wait) < 1e-4:
            # So near the edge the two may round apart; what one lets go the other is told of.
            if refused is not None:
                full[7] = draw(rate, count).after(full.get(7, 0), now * 1000)
            refused = None
        assert (refused is None) == (wait < 1e-4)
        if refused is None:
            bucket.take(count)


def test_calls_of_one_commit_count_one_after_the_other() -> None:
    full: rates.Full = {}
    found = rates.refusals(full, [(draw(10, 6),), (draw(10, 6),), (draw(10, 4),), ()], 1_000)
    assert [one is None for one in found] == [True, False, True, True]
    assert isinstance(found[1], Refused)
    assert (found[1].code, found[1].detail, found[1].retry_after_s) == (
        "rate_limited", "At most 10 messages a second may be sent.", 1,
    )  # fmt: skip


def test_a_call_draws_from_all_its_buckets_or_from_none() -> None:
    full: rates.Full = {}
    both = (draw(10, 2, owner=7), draw(1, 2, owner=1))
    assert rates.refusals(full, [both, both], 0) == [None, rates.too_fast(1, "messages", 2.0)]
    assert rates.told(full, both) == (200_000, 2_000_000)
    rates.give_back(full, both)
    assert rates.told(full, both) == (0, 0)


# what left the bucket elsewhere, and what may still go here at the same moment
TOLD: list[tuple[str, int, int, int]] = [
    ("nothing went elsewhere", 0, 4, 6),
    ("some went elsewhere", 5, 4, 1),
    ("all went elsewhere", 20, 4, 0),
]


@pytest.mark.parametrize(("elsewhere", "here", "left"), [case[1:] for case in TOLD], ids=[case[0] for case in TOLD])
def test_what_went_elsewhere_is_not_let_go_here(elsewhere: int, here: int, left: int) -> None:
    meter, account = Meter(Limits(), lambda: True), Account(id=1, name="a", created_at=0)
    key = Key(7, 1, "n", "send", b"", 0, rate=10.0)
    full: rates.Full = {}
    if elsewhere:
        rates.refusals(full, [(draw(10, elsewhere),)], 5_000)
    assert meter.take(key, account, here, 0.0) is None
    draws = meter.draws(key, account, here)
    assert [(one.owner, one.count) for one in draws] == [(7, here)], "an account without a rate draws nothing"
    rates.refusals(full, [draws], 5_000)
    meter.told(draws, rates.told(full, draws), 0.0, 5_000)
    standing = meter.standing(key, account, 0.0, 5_000)
    assert standing is not None
    assert standing.remaining == left
    assert (meter.take(key, account, 1, 0.0) is None) == (left > 0)


def test_one_process_alone_draws_from_nothing_shared() -> None:
    meter = Meter(Limits(rate_per_key=5))
    assert meter.draws(Key(7, 1, "n", "send", b"", 0), None, 1) == ()
