"""What happened → those who watch it live: events behind a position, written out once for all who want them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.core import telling
from tidings.core.conversation import of_conversation
from tidings.core.events import position_id
from tidings.core.message import Message, Millis
from tidings.core.questions import Event, Tx
from tidings.core.request import Refused
from tidings.core.stream import Batch, Told, Wanted

TAIL_MOST = 1_000
"""Events looked at in one reading for all watchers."""
TAIL_OCTETS = 512 * 1024
"""Octets after which such a reading stops early."""
PAST_MOST = 200
PAST_SCAN = 20_000
"""Events that one reading of the past, for one watcher, looks at."""
PAST_OCTETS = 64 * 1024
STEP = 32
"""Messages held at a time beyond those bounds; one of them, written out, has at most some 200 KB."""


class Begun(msgspec.Struct, frozen=True):
    """Where a watcher begins: behind `position`; `newest` is where all readers stand at this moment."""

    position: int
    newest: int


async def begin(tx: Tx, wanted: Wanted, position: int | None, oldest: Millis) -> Begun | Refused:
    """Where to begin behind `position`, or with None at this moment. Refused where events would be left out.

    `oldest`: events from before this moment are not told again.
    """
    newest = await tx.events.newest()
    if wanted.message_id is not None and await tx.messages.one(wanted.account_id, wanted.message_id) is None:
        return Refused("not_found", "There is no message with this id.")
    if position is None:
        return Begun(newest, newest)
    if position > newest and not await tx.events.after(position - 1, 1, position):
        return Refused("cannot_resume", f"Last-Event-ID lies ahead of all that has happened here. {_ANEW}")
    newest = max(newest, position)
    behind = await tx.events.after(position, 1)
    kept = await tx.events.after(0, 1)
    dropped = kept and 0 < position < kept[0][0] - 1
    if dropped or (behind and behind[0][1].occurred_at < oldest):
        return Refused("cannot_resume", f"Last-Event-ID is too old: `stream.history` ends later. {_ANEW}")
    return Begun(position, newest)


_ANEW = "Open the stream without it, and read what happened meanwhile from `GET /v1/messages`."


async def tail(tx: Tx, position: int, covered: dict[int, frozenset[str]]) -> Batch:
    """What happened since, for all who watch: read once."""
    newest = await tx.events.newest(position)
    events = await tx.events.after(position, TAIL_MOST, newest)
    nothing: frozenset[str] = frozenset()
    wanted = [(place, event) for place, event in events if event.type in covered.get(event.account_id, nothing)]
    told, octets, broke_off = await _told(tx, wanted, None, TAIL_OCTETS)
    by_account: dict[int, list[Told]] = {}
    for one in told:
        by_account.setdefault(one.account_id, []).append(one)
    end = told[-1].position if broke_off else events[-1][0] if events else position
    return Batch(
        position, end, covered, {account: tuple(found) for account, found in by_account.items()}, octets,
        broke_off or len(events) == TAIL_MOST, tx.events.held_back,
    )  # fmt: skip


async def past(tx: Tx, wanted: Wanted, position: int, until: int) -> tuple[int, list[Told]]:
    """What one watcher wants of what happened behind a position, up to another at the most; and how far that came."""
    end = await tx.events.reach(position, until, PAST_SCAN)
    events = await tx.events.sought(wanted.account_id, wanted.types, position, end, PAST_MOST)
    if len(events) == PAST_MOST:
        end = events[-1][0]
    if wanted.message_id is not None:
        events = [(place, event) for place, event in events if event.message_id == wanted.message_id]
    told, _, broke_off = await _told(tx, events, wanted, PAST_OCTETS)
    return (told[-1].position if broke_off else end), told


async def _told(
    tx: Tx, events: Sequence[tuple[int, Event]], wanted: Wanted | None, most: int
) -> tuple[list[Told], int, bool]:
    """The events written out as far as `most` octets go, how many there are, and whether it broke off after them."""
    told: list[Told] = []
    octets = 0
    for at in range(0, len(events), STEP):
        step = events[at : at + STEP]
        messages = await tx.messages.by_id(event.message_id for _, event in step)
        for place, event in step:
            message = messages.get(event.message_id)
            if message is None and not of_conversation(event.type):
                continue
            if wanted is not None and not wanted.fits(event.type, message):
                continue
            if octets >= most:
                return told, octets, True
            told.append(Told(place, event.type, event.account_id, message, block(place, event, message)))
            octets += len(told[-1].block)
    return told, octets, False


def block(position: int, event: Event, message: Message | None) -> bytes:
    """An event as one block of an event stream: its data is the body of the webhook that tells of it.

    Source: HTML Living Standard, 9.2 server-sent events. JSON holds no line breaks.
    """
    data = telling.alone(event, message)
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (position_id(position).encode(), event.type.encode(), data)
