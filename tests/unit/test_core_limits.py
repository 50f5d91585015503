"""Limits and quotas as rules: buckets by the second, periods of UTC."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.config import Limits
from tidings.core.account import Account, Key
from tidings.core.limits import Bucket, Meter, Standing, oldest_kept, quotas
from tidings.core.request import Refused


def key(**more: object) -> Key:
    return Key(7, 1, "n", "send", b"", 0, **more)  # type: ignore[arg-type]


ACCOUNT = Account(id=1, name="a", created_at=0)

# rate, then steps of (time, messages) and the wait expected before they may go
BUCKETS: list[tuple[str, float, list[tuple[float, int, float]]]] = [
    ("one second's worth goes at once", 10, [(0, 10, 0), (0, 1, 0.1)]),
    ("it fills with time", 10, [(0, 10, 0), (0.5, 5, 0), (0.5, 1, 0.1)]),
    ("it never holds more than a second", 10, [(0, 10, 0), (100, 10, 0), (100, 1, 0.1)]),
    ("slower than one a second holds one", 0.5, [(0, 1, 0), (0, 1, 2.0), (2, 1, 0)]),
    ("a large batch goes when it is full, and owes", 10, [(0, 100, 0), (0, 1, 9.1), (9.1, 1, 0)]),
    ("a large batch waits until it is full", 10, [(0, 1, 0), (0, 100, 0.1), (0.1, 100, 0)]),
    ("a clock that steps back gives nothing", 10, [(5, 10, 0), (1, 1, 0.1)]),
]


@pytest.mark.parametrize(("rate", "steps"), [case[1:] for case in BUCKETS], ids=[case[0] for case in BUCKETS])
def test_a_bucket(rate: float, steps: list[tuple[float, int, float]]) -> None:
    bucket = Bucket(rate, steps[0][0])
    for now, messages, wait in steps:
        assert bucket.wait(messages, now) == pytest.approx(wait, abs=1e-9)
        if wait == 0:
            bucket.take(messages)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.1, 1000), st.lists(st.tuples(st.floats(0, 3), st.integers(1, 50)), max_size=40))
def test_no_more_goes_than_the_rate_allows(rate: float, calls: list[tuple[float, int]]) -> None:
    bucket, now, went, most = Bucket(rate, 0.0), 0.0, 0, 0
    for pause, messages in calls:
        now += pause
        if bucket.wait(messages, now) == 0:
            bucket.take(messages)
            went += messages
            most = max(most, messages)
    assert went <= rate * now + max(rate, 1) + most + 1e-6


def test_without_limits_everything_goes_and_nothing_is_told() -> None:
    meter = Meter(Limits())
    assert not meter.by_default
    assert meter.take(key(), ACCOUNT, 1_000_000, 0.0) is None
    assert meter.standing(key(), ACCOUNT, 0.0, 0) is None


def test_the_settings_hold_where_nothing_else_is_said() -> None:
    meter = Meter(Limits(rate_per_key=5, rate_per_account=100))
    assert meter.by_default
    assert meter.take(key(), ACCOUNT, 5, 0.0) is None
    refused = meter.take(key(), ACCOUNT, 1, 0.0)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retry_after_s) == ("rate_limited", 1)
    assert meter.take(key(rate=0), ACCOUNT, 50, 0.0) is None


def test_a_refusal_draws_from_no_bucket() -> None:
    meter = Meter(Limits())
    mine = key(rate=10)
    tight = Account(id=1, name="a", created_at=0, rate=1)
    assert meter.take(mine, tight, 1, 0.0) is None
    assert meter.take(mine, tight, 1, 0.0) is not None
    assert meter.take(mine, ACCOUNT, 9, 0.0) is None


def test_the_tightest_is_told_and_what_is_given_back_is_there_again() -> None:
    meter = Meter(Limits())
    mine, account = key(rate=10), Account(id=1, name="a", created_at=0, rate=4)
    assert meter.take(mine, account, 3, 0.0) is None
    standing = meter.standing(mine, account, 0.0, 0)
    assert standing is not None
    assert (standing.limit, standing.remaining, standing.reset_s) == (4, 1, 1)
    meter.give_back(mine, account, 3, 0.0)
    assert meter.take(mine, account, 4, 0.0) is None


def test_the_quota_that_leaves_fewest_is_told_until_its_period_ends() -> None:
    meter, day = Meter(Limits()), 86_400_000
    mine, account = key(rate=10, daily_quota=5), Account(id=1, name="a", created_at=0, monthly_quota=100)
    assert meter.standing(mine, account, 0.0, day) == Standing(10, 10, 0)
    meter.count(quotas((mine, account), day), (2, 98))
    assert meter.standing(mine, account, 0.0, day) == Standing(100, 2, 30 * 86_400)
    meter.count(quotas((mine, account), day), (5, 99))
    assert meter.standing(mine, account, 0.0, day + 1) == Standing(5, 0, 86_400)
    meter.count(quotas((mine, account), day), (4, 98))  # of a commit that was told late
    assert meter.standing(mine, account, 0.0, day + 1) == Standing(5, 0, 86_400)
    assert meter.standing(mine, account, 0.0, 2 * day) == Standing(100, 1, 29 * 86_400)
    meter.forget(account.id)
    assert meter.standing(mine, account, 0.0, 2 * day) == Standing(10, 10, 0)


def test_a_new_rate_holds_at_once() -> None:
    meter = Meter(Limits())
    assert meter.take(key(rate=1), None, 1, 0.0) is None
    assert meter.take(key(rate=1), None, 1, 0.0) is not None
    assert meter.take(key(rate=100), None, 50, 0.0) is None


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp() * 1000)


PERIODS = [
    ("2026-11-23T00:00:00+00:00", "2026-11-23", "2026-11-24T00:00:00+00:00", "2026-11", "2026-12-01T00:00:00+00:00"),
    ("2026-12-31T23:59:59+00:00", "2026-12-31", "2027-01-01T00:00:00+00:00", "2026-12", "2027-01-01T00:00:00+00:00"),
    ("2028-02-28T12:00:00+00:00", "2028-02-28", "2028-02-29T00:00:00+00:00", "2028-02", "2028-03-01T00:00:00+00:00"),
    ("2027-01-31T12:00:00+00:00", "2027-01-31", "2027-02-01T00:00:00+00:00", "2027-01", "2027-02-01T00:00:00+00:00"),
]


@pytest.mark.parametrize(("now", "day", "day_ends", "month", "month_ends"), PERIODS)
def test_periods(now: str, day: str, day_ends: str, month: str, month_ends: str) -> None:
    daily, monthly = quotas((key(daily_quota=5, monthly_quota=9), None), at(now))
    assert (daily.owner, daily.period, daily.most, daily.ends) == (7, day, 5, at(day_ends))
    assert (monthly.period, monthly.most, monthly.ends) == (month, 9, at(month_ends))


def test_counts_of_running_periods_are_kept() -> None:
    now = at("2026-11-23T00:00:00+00:00")
    assert oldest_kept(now) < "2026-11" < "2026-11-23"
    assert oldest_kept(now) > "2026-09"
