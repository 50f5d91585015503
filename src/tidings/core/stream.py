"""What is told live: which events one watcher wants to see, and an event as all of them are told it."""

from __future__ import annotations

import msgspec

from tidings.core.message import Category, Message


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The events that one watcher wants: those of its account, narrowed by whatever is not None."""

    account_id: int
    types: frozenset[str]
    message_id: int | None = None
    direction: str | None = None
    to: str | None = None
    sender: str | None = None
    tag: str | None = None
    client_ref: str | None = None
    inbox: bool = False
    """Only what belongs to conversations: texts from handsets, and what is said in answer."""

    def fits(self, kind: str, message: Message | None) -> bool:
        """Whether an event of this type, of this message (which is of the account), is among them.

        None: of a conversation, which is there for whoever did not ask for some messages only.
        """
        if message is None:
            narrowed = (self.message_id, self.direction, self.to, self.sender, self.tag, self.client_ref)
            return kind in self.types and all(one is None for one in narrowed)
        return (
            kind in self.types
            and (not self.inbox or message.direction == "mo" or message.category == Category.CONVERSATION)
            and (self.message_id is None or message.id == self.message_id)
            and (self.direction is None or message.direction == self.direction)
            and (self.to is None or message.to == self.to)
            and (self.sender is None or message.sender == self.sender)
            and (self.tag is None or self.tag in message.tags)
            and (self.client_ref is None or message.client_ref == self.client_ref)
        )


class Told(msgspec.Struct, frozen=True, gc=False):
    """An event, written out once for everybody who watches."""

    position: int
    type: str
    account_id: int
    message: Message | None
    """None of an event of a conversation."""
    block: bytes
    """As it goes out."""


class Batch(msgspec.Struct, frozen=True):
    """What happened between two positions, by account."""

    start: int
    end: int
    covered: dict[int, frozenset[str]]
    """The types of each account that were looked for; of what is not in here it says nothing."""
    by_account: dict[int, tuple[Told, ...]]
    octets: int
    more: bool
    """Whether more has happened since."""
    held_back: bool = False
    """A commit under way may bring more soon, or make seen what others brought, without a word."""

    def covers(self, wanted: Wanted) -> bool:
        """Whether all that this watcher wants of the time in between is in here."""
        return wanted.types <= self.covered.get(wanted.account_id, frozenset())
