"""How many messages a key and its account may send: token buckets by the second, quotas by the day and month."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from tidings.config import Limits
from tidings.core.account import Account, Caller
from tidings.core.message import Millis
from tidings.core.request import Refused

Micros = int
"""Microseconds since 1970-01-01 UTC: a bucket of a thousand a second is counted in them."""
SECOND_US: Micros = 1_000_000


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

    def told(self, tokens: float, now: float) -> None:
        """No more than this is left, by those who draw from it elsewhere too."""
        self._fill(now)
        self._tokens = min(self._tokens, tokens)

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

    __slots__ = ("_buckets", "_company", "_per_account", "_per_key", "_spent")

    def __init__(self, limits: Limits, company: Callable[[], bool] = lambda: False) -> None:
        """`company`: whether other processes take messages too: what a call draws is then counted in its commit too."""
        self._company = company
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
            return too_fast(min(bucket.rate for bucket, _ in buckets), "messages" if own is None else "segments", wait)
        for bucket, count in buckets:
            bucket.take(count)
        return None

    def give_back(
        self, key: Caller, account: Account | None, messages: int, now: float, own: int | None = None
    ) -> None:
        """What was taken for messages that were not stored."""
        for bucket, count in self._of(key, account, now, messages, messages if own is None else own):
            bucket.take(-count)

    def draws(self, key: Caller, account: Account | None, messages: int, own: int | None = None) -> tuple[Draw, ...]:
        """What such a call draws from the buckets that all processes share; nothing while there is one process."""
        if not self._company():
            return ()
        count, unit = (messages, "messages") if own is None else (own, "segments")
        found = [Draw(key.id, key.account_id, self._rate(key, self._per_key), count, unit)]
        if account is not None:
            found.append(Draw(account.id, account.id, self._rate(account, self._per_account), messages, "messages"))
        return tuple([one for one in found if one.rate])

    def told(self, drawn: Sequence[Draw], full: Sequence[Micros], now: float, today: Millis) -> None:
        """How the shared buckets stood in a commit: what is left there is the most that is left here."""
        for one, full_at in zip(drawn, full, strict=False):
            bucket = self._buckets.get(one.owner)
            if bucket is not None and bucket.rate == one.rate:
                bucket.told(one.left(full_at, today * 1000), now)

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
        rate = self._rate(owner, default)
        if not rate:
            return None
        bucket = self._buckets.get(owner.id)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[owner.id] = Bucket(rate, now)
        return bucket

    @staticmethod
    def _rate(owner: Owner, default: float) -> float:
        return default if owner.rate is None else owner.rate


def too_fast(rate: float, unit: str, wait: float) -> Refused:
    """The refusal of a call that this rate leaves no room for within `wait` seconds."""
    return Refused("rate_limited", f"At most {rate:g} {unit} a second may be sent.", math.ceil(wait))


class Draw(msgspec.Struct, frozen=True):
    """What a call draws from a bucket that all processes share, which is known by the moment at which it is full."""

    owner: int
    account_id: int
    rate: float
    count: int
    unit: str
    """What is counted: `messages` or `segments`."""

    def left(self, full_at: Micros, now: Micros) -> float:
        """What the bucket holds; less than nothing where it owes."""
        return max(1.0, self.rate) - max(0, full_at - now) * self.rate / SECOND_US

    def wait(self, full_at: Micros, now: Micros) -> float:
        """Seconds until this may go; 0: now. As `Bucket.wait`."""
        return max(0.0, (min(self.count, max(1.0, self.rate)) - self.left(full_at, now)) / self.rate)

    def after(self, full_at: Micros, now: Micros) -> Micros:
        """When the bucket is full once this went."""
        return max(full_at, now) + round(self.count / self.rate * SECOND_US)


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
