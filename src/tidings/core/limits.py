"""How many messages a key and its account may send: token buckets by the second, quotas by the day and month."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Protocol

import msgspec

from tidings.config import Limits
from tidings.core.account import Account, Caller
from tidings.core.message import Millis
from tidings.core.request import Refused


class Owner(Protocol):
    """A key or an account."""

    @property
    def id(self) -> int: ...
    @property
    def rate(self) -> float | None: ...
    @property
    def daily_quota(self) -> int | None: ...
    @property
    def monthly_quota(self) -> int | None: ...


class Standing(msgspec.Struct, frozen=True):
    """How a caller stands with the tightest of its limits and quotas, for the RateLimit headers."""

    limit: int
    remaining: int
    reset_s: int
    """Until all of it is there again."""


class Bucket:
    """Holds one second's worth of messages, at least one. More than it holds may go when it is full: it then owes."""

    __slots__ = ("_at", "_rate", "_tokens", "size")

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self.size = max(1.0, rate)
        self._tokens = self.size
        self._at = now

    @property
    def rate(self) -> float:
        """Messages per second."""
        return self._rate

    def wait(self, messages: int, now: float) -> float:
        """Seconds until so many may go; 0: now."""
        self._fill(now)
        return max(0.0, (min(messages, self.size) - self._tokens) / self._rate)

    def take(self, messages: int) -> None:
        """They went (or, negative, did not after all)."""
        self._tokens = min(self.size, self._tokens - messages)

    def standing(self, now: float) -> Standing:
        """What is left, and when it is full again."""
        self._fill(now)
        reset = math.ceil((self.size - self._tokens) / self._rate)
        return Standing(int(self.size), max(0, int(self._tokens)), reset)

    def _fill(self, now: float) -> None:
        self._tokens = min(self.size, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now


class Meter:
    """The buckets of this process, by the id of their key or account; and how their quotas stood when last counted."""

    __slots__ = ("_buckets", "_per_account", "_per_key", "_spent")

    def __init__(self, limits: Limits) -> None:
        self._per_key = limits.rate_per_key
        self._per_account = limits.rate_per_account
        self._buckets: dict[int, Bucket] = {}
        self._spent: dict[tuple[int, bool], tuple[str, int]] = {}

    @property
    def by_default(self) -> bool:
        """Whether the settings limit those who have no limit of their own."""
        return bool(self._per_key or self._per_account)

    def take(
        self, key: Caller, account: Account | None, messages: int, now: float, own: int | None = None
    ) -> Refused | None:
        """Let so many messages go, or say when they may; all buckets or none are drawn from.

        `own`: what the caller's own bucket counts instead, such as segments.
        """
        buckets = self._of(key, account, now, messages, messages if own is None else own)
        wait = max((bucket.wait(count, now) for bucket, count in buckets), default=0.0)
        if wait > 0:
            slowest = min(bucket.rate for bucket, _ in buckets)
            what = "messages" if own is None else "segments"
            return Refused("rate_limited", f"At most {slowest:g} {what} a second may be sent.", math.ceil(wait))
        for bucket, count in buckets:
            bucket.take(count)
        return None

    def give_back(
        self, key: Caller, account: Account | None, messages: int, now: float, own: int | None = None
    ) -> None:
        """What was taken for messages that were not stored."""
        for bucket, count in self._of(key, account, now, messages, messages if own is None else own):
            bucket.take(-count)

    def count(self, allowed: Sequence[Quota], spent: Sequence[int]) -> None:
        """So much is counted against these quotas."""
        for quota, messages in zip(allowed, spent, strict=False):
            place = (quota.owner, quota.monthly)
            period, before = self._spent.get(place, ("", 0))
            self._spent[place] = (quota.period, max(messages, before) if period == quota.period else messages)

    def standing(self, key: Caller, account: Account | None, now: float, today: Millis) -> Standing | None:
        """How the caller stands; None without a limit, and of a quota that was not counted since the start."""
        standings = [bucket.standing(now) for bucket, _ in self._of(key, account, now, 0, 0)]
        for quota in quotas((key, account), today):
            period, spent = self._spent.get((quota.owner, quota.monthly), ("", 0))
            if period == quota.period:
                left = max(0, quota.most - spent)
                standings.append(Standing(quota.most, left, math.ceil((quota.ends - today) / 1000)))
        return min(standings, key=lambda one: (one.remaining, -one.reset_s), default=None)

    def forget(self, owner: int) -> None:
        """A key or account is gone."""
        self._buckets.pop(owner, None)
        for monthly in (False, True):
            self._spent.pop((owner, monthly), None)

    def _of(
        self, key: Caller, account: Account | None, now: float, messages: int, own: int
    ) -> list[tuple[Bucket, int]]:
        """The buckets that hold for a caller, each with how much it counts."""
        found = [(self._bucket(key, self._per_key, now), own)]
        if account is not None:
            found.append((self._bucket(account, self._per_account, now), messages))
        return [(bucket, count) for bucket, count in found if bucket is not None]

    def _bucket(self, owner: Owner, default: float, now: float) -> Bucket | None:
        rate = default if owner.rate is None else owner.rate
        if not rate:
            return None
        bucket = self._buckets.get(owner.id)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[owner.id] = Bucket(rate, now)
        return bucket


class Quota(msgspec.Struct, frozen=True):
    """What a key or an account may send in one period."""

    owner: int
    period: str
    """`2026-11-23` or `2026-11`, of UTC."""
    most: int
    ends: Millis

    @property
    def monthly(self) -> bool:
        """Whether it is of a month, not of a day."""
        return len(self.period) == 7


def quotas(owners: tuple[Owner | None, ...], now: Millis) -> tuple[Quota, ...]:
    """Every quota that stands at this moment."""
    found: list[Quota] = []
    for owner in owners:
        if owner is None:
            continue
        if owner.daily_quota is not None:
            found.append(_daily(owner.id, owner.daily_quota, now))
        if owner.monthly_quota is not None:
            found.append(_monthly(owner.id, owner.monthly_quota, now))
    return tuple(found)


def _daily(owner: int, most: int, now: Millis) -> Quota:
    day = _day(now)
    return Quota(owner, day.isoformat(), most, _begin(day + dt.timedelta(days=1)))


def _monthly(owner: int, most: int, now: Millis) -> Quota:
    first = _day(now).replace(day=1)
    return Quota(owner, f"{first:%Y-%m}", most, _begin((first + dt.timedelta(days=32)).replace(day=1)))


_EPOCH = dt.date(1970, 1, 1)


def _day(now: Millis) -> dt.date:
    return _EPOCH + dt.timedelta(days=now // 86_400_000)


def _begin(day: dt.date) -> Millis:
    return (day - _EPOCH).days * 86_400_000


def oldest_kept(now: Millis) -> str:
    """Counts of periods before this one are not needed any more."""
    return (_day(now) - dt.timedelta(days=62)).isoformat()
