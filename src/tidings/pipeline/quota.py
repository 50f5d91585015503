"""Quotas, counted in the transaction that stores the messages: a crash neither loses nor doubles a count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tidings.core.limits import Quota
from tidings.core.message import Millis
from tidings.core.questions import Tx
from tidings.core.request import Refused

Wanted = tuple[tuple[Quota, ...], int]
"""The quotas a call falls under, and how many messages it brings."""


Used = Counter[tuple[int, str]]
"""Messages by (owner, period)."""


async def used(tx: Tx, quotas: Iterable[Quota]) -> Used:
    """What was counted up to now."""
    return Counter(await tx.accounts.usage([(q.owner, q.period) for q in quotas]))


def refusals(used: Used, calls: Sequence[Wanted], now: Millis) -> list[Refused | None]:
    """For each call why it may not be stored, or None; calls before it count."""
    then = used.copy()
    found: list[Refused | None] = []
    for quotas, messages in calls:
        refused = next((_refused(q, now) for q in quotas if then[q.owner, q.period] + messages > q.most), None)
        found.append(refused)
        if refused is None:
            then.update({(q.owner, q.period): messages for q in quotas})
    return found


async def count(tx: Tx, calls: Sequence[Wanted]) -> Used:
    """Add what was stored to the counts; returns what was added."""
    added: Used = Counter()
    for quotas, messages in calls:
        added.update({(q.owner, q.period): messages for q in quotas})
    await tx.accounts.count_usage([(*place, messages) for place, messages in added.items() if messages])
    return added


def spent(quotas: Sequence[Quota], used: Used) -> tuple[int, ...]:
    """Messages counted against each of the quotas."""
    return tuple(used[q.owner, q.period] for q in quotas)


def _refused(quota: Quota, now: Millis) -> Refused:
    span = "month" if quota.monthly else "day"
    detail = f"The quota of {quota.most} messages a {span} leaves no room; it starts anew with the next {span} of UTC."
    return Refused("quota_used_up", detail, (quota.ends - now + 999) // 1000)
