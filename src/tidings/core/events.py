"""What can happen, by type: the names that subscriptions, callbacks and streams are narrowed by."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core import conversation, ids
from tidings.core.status import ENDED, MAY_BECOME

MESSAGE_TYPES = tuple(f"message.{status}" for status in MAY_BECOME)
EVENT_TYPES = (*MESSAGE_TYPES, *conversation.EVENT_TYPES)
"""Every type of event that can be subscribed to."""
FINAL_TYPES = frozenset(f"message.{status}" for status in ENDED if status in MAY_BECOME)
"""What a `callback_url` is called with."""


def event_id(message_id: int, sequence: int) -> str:
    """The id of an event: the same wherever and however often it is told."""
    return f"{ids.show('evt', message_id)}_{sequence}"


def position_id(position: int) -> str:
    """A place in the order of all events, as those who watch are told it."""
    return ids.show("pos", position)


def position_of(text: str) -> int | None:
    """The place behind such an id, or None when it is none."""
    return ids.parse("pos", text)


def parsed_event_id(text: str) -> tuple[int, int] | None:
    """The message and the sequence of an event's id, or None when it is none."""
    shown, _, sequence = text.rpartition("_")
    message_id = ids.parse("evt", shown)
    if message_id is None or not (sequence.isascii() and sequence.isdigit() and len(sequence) < 10):
        return None
    return message_id, int(sequence)


def matches(patterns: Sequence[str], kind: str) -> bool:
    """Whether a type is among these types and patterns; no patterns: all are wanted."""
    return not patterns or any(
        kind.startswith(pattern[:-1]) if pattern.endswith("*") else kind == pattern for pattern in patterns
    )


def types_of(patterns: Sequence[str]) -> frozenset[str]:
    """The types that these patterns stand for."""
    return frozenset(kind for kind in EVENT_TYPES if matches(patterns, kind))
