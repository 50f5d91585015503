"""2  Which carrier for this message. One carrier for now: the first that is configured, or the simulator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from tidings.core.message import AS_SUBMITTED, Message, Millis
from tidings.core.ports import stage
from tidings.core.questions import Form, State, Tx
from tidings.core.status import QUEUED, REJECTED
from tidings.pipeline import expire, track
from tidings.text.segments import AUTO, ENCODINGS, WHOLE, DoesNotFitError, TooManyPartsError, count, suits
from tidings.text.terms import PLAIN, Terms


class Routed(msgspec.Struct, frozen=True, gc=False):
    """A due message and the carrier it shall go to; no carrier when there is no route."""

    message_id: int
    carrier: str | None


class Choice(msgspec.Struct, frozen=True):
    """The carrier a message would go to, or none, and why."""

    carrier: str | None
    why: str


def explain(carriers: Iterable[str]) -> Choice:
    """What `choose` would choose, with its reason in a plain sentence."""
    names = list(carriers)
    carrier = choose(names)
    if carrier is None:
        return Choice(None, "No carrier is configured: it would be accepted, and then rejected with no_route.")
    if len(names) == 1:
        return Choice(carrier, f"{carrier} is the only carrier.")
    return Choice(carrier, f"{carrier} is the first of {len(names)} carriers in the configuration.")


def choose(carriers: Iterable[str]) -> str | None:
    """The carrier for a message, or None."""
    return next(iter(carriers), None)


def refit(message: Message, terms: Terms) -> Form | None:
    """Another form for a text that was cut for another carrier, or before the profile changed.

    None where it may stay as it is, and where there is no other: then the carrier refuses it.
    """
    if message.text is None or message.reference == AS_SUBMITTED:
        return None
    plain = terms is PLAIN and message.encoding in ENCODINGS and message.reference != WHOLE
    if plain or suits(message.text, message.encoding, message.reference, terms):
        return None
    reference = terms.reference(message.id)
    try:
        encoding, segments = count(message.text, AUTO, reference, terms.towards(message.to))
    except (DoesNotFitError, TooManyPartsError):
        return None
    return Form(message.id, encoding, 1 if reference == WHOLE else segments, reference)


@stage(order=19)
async def reform(tx: Tx, forms: Sequence[Form], now: Millis) -> list[bool]:
    """Cut texts anew; False for one that parts have been handed over of: a repeat has to fit what has arrived."""
    begun = await tx.attempts.of([form.id for form in forms])
    await tx.messages.reform([form for form in forms if not begun.get(form.id)])
    return [not begun.get(form.id) for form in forms]


@stage(order=20)
async def store_routes(tx: Tx, routed: Sequence[Routed], now: Millis) -> list[bool]:
    """Make due messages queued for their carrier; False for one that is no longer waiting.

    Without a carrier they are rejected; one whose earlier hand-over is in doubt becomes unknown: it may have arrived.
    """
    homeless = [route.message_id for route in routed if route.carrier is None]
    lost = await expire.in_doubt(tx, await tx.queue.take(homeless)) if homeless else {}
    states = await track.advance(tx, [lost.get(route.message_id) or _move(route) for route in routed], now)
    homes = {route.message_id: route.carrier for route in routed if route.carrier}
    await track.rehome(tx, states, homes)
    for carrier in set(homes.values()):
        await tx.queue.assign(carrier, [message_id for message_id, home in homes.items() if home == carrier])
    return [_waits(states.get(route.message_id)) for route in routed]


def _move(route: Routed) -> track.Move:
    if route.carrier is None:
        return track.Move(message_id=route.message_id, status=REJECTED, error=track.our_error("no_route"))
    return track.Move(message_id=route.message_id, status=QUEUED, carrier=route.carrier)


def _waits(state: State | None) -> bool:
    return state is not None and state.status == QUEUED
