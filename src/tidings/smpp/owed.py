"""The requests of the other end that we still owe an answer, bounded in number and in octets."""

from __future__ import annotations

SMALL = 2_048
"""A PDU up to here counts as one; what is bigger counts by its octets too."""


class Owed:
    """A count; only big PDUs are remembered one by one, because they are few."""

    def __init__(self, most: int, octets_most: int) -> None:
        self.count = 0
        self.octets = 0
        """Of the big ones."""
        self._most = most
        self._octets_most = octets_most
        self._big: dict[int, list[int]] = {}
        """Sizes by sequence_number, which the other end may use more than once."""

    def take(self, sequence: int, size: int) -> bool:
        """One more came; False where that is more than may be owed."""
        if self.count >= self._most:
            return False
        if size > SMALL:
            if self.octets + size > self._octets_most:
                return False
            self.octets += size
            self._big.setdefault(sequence, []).append(size)
        self.count += 1
        return True

    def settle(self, sequence: int) -> None:
        """It is answered, or never will be."""
        if self.count:
            self.count -= 1
        if self._big and (sizes := self._big.get(sequence)):
            self.octets -= sizes.pop()
            if not sizes:
                del self._big[sequence]
