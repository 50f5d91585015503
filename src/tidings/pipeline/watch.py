"""Captures of traffic that goes over links of other processes: asked for, told in pieces, and ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tidings.core.message import Millis
from tidings.core.ports import Store, stage
from tidings.core.questions import Piece, Tx


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """A capture that is wanted, of `carriers/north` or `esmes/esm_…`."""

    capture_id: int
    name: str
    seconds: float
    whole: bool


@stage(order=96)
async def ask(tx: Tx, wanted: Sequence[Asked], now: Millis) -> list[None]:
    """Nothing is stored: the processes that have the links hear of it."""
    return [None] * len(wanted)


@stage(order=96, patient=True)
async def tell(tx: Tx, pieces: Sequence[Piece], now: Millis) -> list[int]:
    """Keep pieces until they are taken; how many of its capture wait by then."""
    await tx.captures.keep(pieces)
    return [await tx.captures.waiting(one.capture_id) for one in pieces]


@stage(order=97)
async def take(tx: Tx, capture_ids: Sequence[int], now: Millis) -> list[list[Piece]]:
    """What was told of each capture since the last time."""
    return [await tx.captures.take(one) for one in capture_ids]


@stage(order=98)
async def end(tx: Tx, capture_ids: Sequence[int], now: Millis) -> list[None]:
    """Nobody wants to hear of them any more."""
    for one in capture_ids:
        await tx.captures.take(one)
    return [None] * len(capture_ids)


def announce(store: Store) -> None:
    """Tell other processes what is asked for, where pieces wait, and what has ended."""
    store.announce(ask, lambda items, _: [msgspec.to_builtins(one) for one in items])
    store.announce(tell, _told)
    store.announce(end, lambda items, _: list(items))


def _told(pieces: Sequence[Piece], _: Sequence[int]) -> list[Any]:
    return list({one.capture_id for one in pieces})
