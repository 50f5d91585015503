"""People, and what they and an account say to each other."""

from __future__ import annotations

from typing import Any

import msgspec

from tidings.core import ids
from tidings.core.message import Millis
from tidings.core.moments import written

OPEN, SNOOZED, CLOSED = "open", "snoozed", "closed"
FIELDS_MOST, NUMBERS_MOST, TAGS_MOST, NOTES_MOST, FIELD_MOST = 50, 20, 50, 10_000, 1_000
"""What a contact may hold, however it came together; of notes and of each field characters."""
CREATED, CHANGED = "conversation.created", "conversation.changed"
EVENT_TYPES = (CREATED, CHANGED)


class Contact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A person with a number, or several."""

    id: int
    account_id: int
    name: str = ""
    fields: dict[str, Any] = {}
    tags: tuple[str, ...] = ()
    notes: str = ""
    created_at: Millis
    changed_at: Millis
    numbers: tuple[str, ...] = ()
    """Which no other contact of the account has."""


class Conversation(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One thread: all that passes between a sender of an account and a contact."""

    id: int
    account_id: int
    sender: str
    contact_id: int
    number: str
    """The number of the contact that was heard from last: replies go there."""
    status: str = OPEN
    snoozed_until: Millis | None = None
    assignee: str | None = None
    labels: tuple[str, ...] = ()
    unread: int = 0
    """Texts that came since somebody read it."""
    last_id: int
    """The newest message that was said in it; its own id before that. It orders the inbox."""
    created_at: Millis
    event_count: int = 0


class ConversationFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of conversations may be narrowed by."""

    status: str | None = None
    assignee: str | None = None
    label: str | None = None
    sender: str | None = None
    contact_id: int | None = None
    unread: bool | None = None
    assigned: bool | None = None


class ConversationPage(msgspec.Struct, frozen=True):
    """Conversations, those with the newest message first; `complete` is False when the scan stopped early."""

    conversations: tuple[Conversation, ...]
    cursor: int | None
    complete: bool = True


class Note(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What somebody wrote down beside a conversation; the handset never sees it."""

    id: int
    account_id: int
    conversation_id: int
    author: str
    text: str
    created_at: Millis
    changed_at: Millis | None = None


class CannedReply(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A text that is kept ready to be sent."""

    id: int
    account_id: int
    name: str
    text: str
    created_at: Millis


def of_conversation(kind: str) -> bool:
    """Whether a type of event speaks of a conversation, and not of a message."""
    return kind in EVENT_TYPES


def snapshot(one: Conversation) -> dict[str, Any]:
    """A conversation as its event tells it: without numbers, which stand in one place."""
    return {
        "id": ids.show("conv", one.id), "from": one.sender, "contact": ids.show("con", one.contact_id),
        "status": one.status, "snoozed_until": None if one.snoozed_until is None else written(one.snoozed_until),
        "assignee": one.assignee, "labels": list(one.labels), "unread": one.unread,
        "last_message": None if one.last_id == one.id else ids.show("msg", one.last_id),
    }  # fmt: skip
