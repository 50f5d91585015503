"""Receipts that match nothing, gone through by an operator: all that a filter leaves, a page a commit."""

from __future__ import annotations

import msgspec

from tidings.core.ids import LAST
from tidings.core.ports import Stage
from tidings.core.questions import OrphanFilter, Scan, Tx
from tidings.pipeline import receipt
from tidings.pipeline.house import House

PAGE = 500
"""Receipts of one commit."""
MOST = 10_000
"""Receipts that are looked through in one go."""


class Gone(msgspec.Struct, frozen=True):
    """What became of receipts, and behind which to go on; None where all were looked through."""

    done: int
    left: int
    cursor: int | None


async def match_again(house: House, filter: OrphanFilter, after: int = 0) -> Gone:
    """Match again what the filter leaves, the oldest first."""
    return await _through(house, receipt.match_again, filter, after)


async def drop(house: House, filter: OrphanFilter, after: int = 0) -> Gone:
    """Drop what the filter leaves, the oldest first."""
    return await _through(house, receipt.drop, filter, after)


async def _through(house: House, stage: Stage[int, bool], filter: OrphanFilter, after: int) -> Gone:
    done, left, cursor = 0, 0, after
    for _ in range(MOST // PAGE):
        seen = await _page(house, filter, cursor)
        if seen.ids:
            outcomes = await house.store.write(stage, seen.ids)
            done += sum(outcomes)
            left += len(outcomes) - sum(outcomes)
        if seen.cursor is None:
            return Gone(done, left, None)
        cursor = seen.cursor
    return Gone(done, left, cursor)


async def _page(house: House, filter: OrphanFilter, after: int) -> Scan:
    async def ask(tx: Tx) -> Scan:
        return await tx.receipts.unmatched_ids(filter, after, LAST, PAGE)

    return await house.store.read(ask)
