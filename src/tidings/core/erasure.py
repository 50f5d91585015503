"""What is left of a person who was erased: a digest, by which an opt-out still holds."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

ERASED = "erased"
"""Stands where the number of an erased person stood."""
MARK = "#"
"""How digests begin, which no number does."""


def digest(account_id: int, number: str) -> str:
    """Stands for a number in the evidence of an account.

    Whoever has it can find out by trying all numbers; it keeps the number from being read or searched for.
    """
    return MARK + blake2b(f"{account_id} {number}".encode(), digest_size=16, person=b"tidings erasure").hexdigest()


class Person(msgspec.Struct, frozen=True):
    """Whom to erase from the data of an account."""

    account_id: int
    number: str
    """E.164."""

    @property
    def digest(self) -> str:
        """What stands for the number afterwards."""
        return digest(self.account_id, self.number)


class Erased(msgspec.Struct, frozen=True):
    """What was erased: so many messages, receipts that belong to none, and rows of evidence that hold a digest now."""

    messages: int = 0
    receipts: int = 0
    evidence: int = 0
    left: int = 0
    """Messages that are on their way and cannot be canceled: they can be erased once they have ended."""
    complete: bool = True
    """Whether all was looked through; else call again."""
