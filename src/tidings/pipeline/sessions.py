"""The binds of customers' ESMEs, counted over the doors of all processes."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.esme import Session
from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Tx


@stage(order=5)
async def close(tx: Tx, ids: Sequence[int], now: Millis) -> list[None]:
    """These are gone. Before others are opened in the same commit: one that comes again finds its place free."""
    await tx.esmes.close_sessions(ids)
    return [None] * len(ids)


@stage(order=6)
async def open(tx: Tx, wanted: Sequence[Session], now: Millis) -> list[bool]:
    """One more bind each, as far as its ESME may have that many (`max_binds`); those of ended processes are none."""
    results = []
    for session in wanted:
        await tx.esmes.forget_sessions()
        esme = await tx.esmes.one(session.account_id, session.esme_id)
        room = esme is not None and len(await tx.esmes.sessions([esme.id])) < esme.max_binds
        if room:
            await tx.esmes.open_session(session)
        results.append(room)
    return results


@stage(order=5)
async def restore(tx: Tx, stand: Sequence[tuple[int, tuple[Session, ...]]], now: Millis) -> list[None]:
    """What stands at the door of a holder, and nothing else of it: at its start, and where it may be forgotten."""
    for holder, there in stand:
        await tx.esmes.end_sessions(holder)
        for session in there:
            await tx.esmes.open_session(session)
    return [None] * len(stand)


def surplus(sessions: Sequence[Session], most: int, holder: int) -> set[int]:
    """Ids of this holder's among those that an ESME has more than it may: the oldest stay."""
    return {one.id for one in sessions[most:] if one.holder == holder}
