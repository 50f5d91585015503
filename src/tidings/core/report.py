"""What came of messages, counted."""

from __future__ import annotations

import msgspec

BY = ("message", "tag", "sender")


class Responses(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How many messages of a kind were answered."""

    key: str
    """The tag or sender, or the number of the message in digits."""
    sent: int
    """Messages that a carrier took."""
    answered: int
    """Those among them that somebody answered."""
    replies: int
    """Texts that answer them."""


class ResponseReport(msgspec.Struct, frozen=True):
    """Responses by key, those with most messages first; `floor`: the oldest id counted, where that stopped early."""

    rows: tuple[Responses, ...]
    total: Responses
    floor: int | None = None
