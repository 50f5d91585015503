"""Quotas, counted in the transaction that stores the messages: a crash neither loses nor doubles a count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tidings.core.limits import Quota
from tidings.core.message import Millis
from tidings.core.questions import Tx
from tidings.core.request import Refused

Wanted = tuple[tuple[Quota, ...], int]
"""The quotas a call falls under, and how many messages it brings."""


async def refusals(tx: Tx, calls: Sequence[Wanted], now: Millis) -> list[Refused | None]:
    """For each call why it may not be stored, or None; calls before it in the same transaction count."""
    used = Counter(await tx.accounts.usage([(q.owner, q.period) for quotas, _ in calls for q in quotas]))
    found: list[Refused | None] = []
    for quotas, messages in calls:
        refused = next((_refused(q, now) for q in quotas if used[q.owner, q.period] + messages > q.most), None)
        found.append(refused)
        if refused is None:
            used.update({(q.owner, q.period): messages for q in quotas})
    return found


async def count(tx: Tx, calls: Sequence[Wanted]) -> None:
    """Add what was stored to the counts."""
    used: Counter[tuple[int, str]] = Counter()
    for quotas, messages in calls:
        used.update({(q.owner, q.period): messages for q in quotas})
    await tx.accounts.count_usage([(owner, period, messages) for (owner, period), messages in used.items() if messages])


def _refused(quota: Quota, now: Millis) -> Refused:
    span = "day" if len(quota.period) > 7 else "month"
    detail = f"The quota of {quota.most} messages a {span} leaves no room; it starts anew with the next {span} of UTC."
    return Refused("quota_used_up", detail, (quota.ends - now + 999) // 1000)
