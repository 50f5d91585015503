"""How much waits, per account and in all, and when acceptance pushes back."""

from __future__ import annotations

from collections.abc import Mapping

from tidings.config import Limits
from tidings.core.request import Refused


class Backlog:
    """Counts of queued messages, kept beside the queue by those who fill and empty it."""

    __slots__ = ("_counts", "_limits", "_total")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._counts: dict[int, int] = {}
        self._total = 0

    @property
    def total(self) -> int:
        """Messages queued in all accounts."""
        return self._total

    def load(self, account_id: int) -> float:
        """How full it is for an account, as a share of what may wait: 1.0 and more is full."""
        limits = self._limits
        return max(self._total / limits.queued_total, self._counts.get(account_id, 0) / limits.queued_per_account)

    def reset(self, counts: Mapping[int, int]) -> None:
        """Start from what the store counted."""
        self._counts = dict(counts)
        self._total = sum(self._counts.values())

    def add(self, account_id: int, messages: int) -> None:
        """Messages entered (or, negative, left) the queue."""
        self._counts[account_id] = max(0, self._counts.get(account_id, 0) + messages)
        self._total = max(0, self._total + messages)

    def refuse(self, account_id: int, messages: int, otp: bool, free_disk_mb: int) -> Refused | None:
        """Why these messages cannot be taken now, or None. One-time codes may use a reserve beyond the limits."""
        limits = self._limits
        reserve = limits.otp_reserve if otp else 0
        if free_disk_mb < limits.free_disk_mb:
            detail = f"The disk has {free_disk_mb} MB free; at least {limits.free_disk_mb} MB are kept."
            return Refused("unavailable", detail, 30)
        if self._total + messages > limits.queued_total + reserve:
            return Refused("unavailable", "Too many messages wait for their carriers.", 10)
        if self._counts.get(account_id, 0) + messages > limits.queued_per_account + reserve:
            return Refused("too_many_queued", f"At most {limits.queued_per_account} messages may wait.", 10)
        return None
