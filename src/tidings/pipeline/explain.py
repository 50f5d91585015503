"""One message's story, worked out from its rows: origin, gates, route, and the segments as they were handed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tidings.core.ids import parse
from tidings.core.message import AS_SUBMITTED, Category, Message, Part
from tidings.core.questions import Attempt, Event
from tidings.core.story import Origin, Passage
from tidings.pipeline import dispatch, route
from tidings.pipeline.carrier_test import DOOR
from tidings.text.segments import header

_PASSED = "The number had not opted out."
_RULES = {"opted_out": "suppression", "invalid_sender": "sender"}
_ASKED_FOR = "Our answer to a keyword was asked for, and is not held back."


def begun(events: Sequence[Event]) -> Event | None:
    """The first event of a message; None once it is kept no longer."""
    return events[0] if events and events[0].sequence == 1 else None


def dropped(message: Message, events: Sequence[Event]) -> int:
    """How many of its events are kept no longer."""
    return max(0, message.event_count - len(events))


def origin(message: Message, events: Sequence[Event]) -> Origin | None:
    """Who brought an MT, as its first event keeps it; None of an MO."""
    if message.direction != "mt":
        return None
    first = begun(events)
    data = (first.data if first else None) or {}
    return Origin(
        str(data.get("door", "")),
        parse("key", str(data.get("key", ""))),
        parse("esme", str(data.get("esme", ""))),
        parse("user", str(data.get("user", ""))),
    )


def gates(message: Message, events: Sequence[Event], attempts: Sequence[Attempt]) -> Iterator[Passage]:
    """What the consent gate said: asked once at accept, and again in the commit of every hand-over."""
    if message.direction != "mt":
        return
    passed = _ASKED_FOR if message.category == Category.SYSTEM else _PASSED
    if first := begun(events):
        yield from _accepted(first, passed)
    if attempts:
        yield Passage("claim", "suppression", True, passed, attempts[-1].started_at)
    for event in events:
        if event is not first and (later_refusal := _refusal("claim", event)):
            yield later_refusal


def _accepted(first: Event, passed: str) -> Iterator[Passage]:
    refusal = _refusal("accept", first)
    if refusal is None or refusal.rule != "suppression":
        yield Passage("accept", "suppression", True, passed, first.occurred_at)
    if refusal is not None:
        yield refusal
    elif stood_in := (first.data or {}).get("sender"):
        yield Passage("accept", "sender", True, stood_in["detail"], first.occurred_at)


def _refusal(at: str, event: Event) -> Passage | None:
    error = (event.data or {}).get("error") or {}
    rule = _RULES.get(error.get("code", ""))
    if event.type != "message.rejected" or rule is None:
        return None
    return Passage("accept" if at == "accept" else "claim", rule, False, error["detail"], event.occurred_at)


def chosen(message: Message, events: Sequence[Event], carriers: Iterable[str]) -> route.Choice | None:
    """The route that was taken and why; None while there is none, and of an MO."""
    if message.direction != "mt":
        return None
    if message.error is not None and message.error.code == "no_route":
        return route.Choice(None, "No carrier was configured.")
    queued = [event.data["carrier"] for event in events if event.data and event.type == "message.queued"]
    if not queued:
        return None
    first = begun(events)
    if first and (first.data or {}).get("door") == DOOR:
        return route.Choice(queued[-1], f"The test was of {queued[-1]}.")
    now = route.explain(carriers)
    if now.carrier == queued[-1]:
        return now
    return route.Choice(queued[-1], f"{queued[-1]} came first among the carriers configured then.")


def handed(message: Message, attempt: Attempt) -> tuple[Part, bool] | None:
    """The segment of an attempt as its carrier got it; False: without its text, which is blanked by now.

    None of one that came as octets, once those are blanked: nothing else tells how it went.
    """
    if message.reference == AS_SUBMITTED and message.prepared is None:
        return None
    if message.text is not None or message.prepared is not None:
        one = dispatch.Claim(
            message, (attempt.part,), (attempt.id,), attempt.carrier, attempt.bind, attempt.fence
        )  # fmt: skip
        return dispatch.parts(one, attempt.started_at)[0], True
    udh = header(message.encoding, message.reference, message.segments, attempt.part)
    return Part(
        attempt_id=attempt.id, message_id=message.id, part=attempt.part, parts=message.segments, bind=attempt.bind,
        sender=message.sender, to=message.to, encoding=message.encoding, payload=b"", udh=udh,
        validity_s=max(1, (message.expires_at - attempt.started_at) // 1000),
    ), False  # fmt: skip
