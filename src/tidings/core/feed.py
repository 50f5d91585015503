"""Whether a class of traffic is handed over in memory or read from the store, and how far that reading is."""

from __future__ import annotations

import msgspec

from tidings.core.message import SECOND, Message

OVERLAP = (60 * SECOND) << 21
"""Ids of one minute: commits may be that far out of the order of their ids."""


class Load(msgspec.Struct, frozen=True, gc=False):
    """A due message with the parts that are still to be handed over."""

    message: Message
    parts: tuple[int, ...]


class Feed:
    """One class of traffic: handed over in memory, or, after an overflow, read from the store until drained."""

    __slots__ = ("clean", "cursor", "dropped", "highest", "spilled")

    def __init__(self) -> None:
        self.spilled = True
        self.cursor = 0
        self.highest = 0
        self.dropped = 0
        self.clean: int | None = None
        """`dropped` as it was when the present pass began; None once the pass found a message."""

    def spill(self) -> None:
        """Memory is full: from here on the store is read."""
        self.spilled, self.clean = True, None
        self.cursor = max(0, self.highest - OVERLAP)

    def rewind(self) -> None:
        """A pass ended: leave the store if it found nothing and nothing was dropped meanwhile, else pass again."""
        if self.clean == self.dropped:
            self.spilled = False
        self.clean = self.dropped
        self.cursor = max(0, self.cursor - OVERLAP)
