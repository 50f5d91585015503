"""Identifiers: 63-bit integers in time order inside, a prefix and 13 letters outside (`msg_…`)."""

from __future__ import annotations

from tidings.core.message import Millis

EPOCH: Millis = 1_704_067_200_000
"""2024-01-01 UTC: 42 bits of milliseconds from here last until 2163."""

LAST = (1 << 63) - 1
"""No id is higher."""
_NODE_BITS = 9
_COUNT_BITS = 12
_MOST = (1 << _COUNT_BITS) - 1
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 13


class Ids:
    """Hands out increasing ids for one node; a burst or a clock that steps back borrows from the future."""

    __slots__ = ("_base", "_count", "_moment", "_node")

    def __init__(self, node: int = 0, last: int = 0) -> None:
        """`node`: 0 to 511, unique among running processes. `last`: the highest id already stored."""
        self._node = node << _COUNT_BITS
        self._moment: Millis = EPOCH
        self._base = self._node
        self._count = _MOST
        if last:
            self._begin(moment(last))
            self._count = _MOST

    def next(self, now: Millis) -> int:
        """A new id, higher than every id before."""
        if now > self._moment:
            self._begin(now)
        elif self._count == _MOST:
            self._begin(self._moment + 1)
        else:
            self._count += 1
        return self._base | self._count

    def _begin(self, moment: Millis) -> None:
        self._moment, self._count = moment, 0
        self._base = (moment - EPOCH) << (_NODE_BITS + _COUNT_BITS) | self._node


def highest(moment: Millis) -> int:
    """The highest id of a moment: ids are in the order of time, so rows of a time are found by their key.

    Of a moment behind all ids it is the last that there may be: an integer column holds no more.
    """
    return min(max(0, moment - EPOCH + 1) << (_NODE_BITS + _COUNT_BITS), LAST)


def moment(number: int) -> Millis:
    """When an id was made."""
    return (number >> (_NODE_BITS + _COUNT_BITS)) + EPOCH


_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)


def show(prefix: str, number: int) -> str:
    """`show("msg", n)` → `msg_` and 13 letters that sort like the numbers."""
    high, low = divmod(number, 1 << 30)
    return (
        f"{prefix}_{_ALPHABET[high >> 30]}{_PAIRS[high >> 20 & 1023]}{_PAIRS[high >> 10 & 1023]}{_PAIRS[high & 1023]}"
        f"{_PAIRS[low >> 20]}{_PAIRS[low >> 10 & 1023]}{_PAIRS[low & 1023]}"
    )


def parse(prefix: str, text: str) -> int | None:
    """The number behind an id, or None when it is not one of this kind."""
    head, _, letters = text.partition("_")
    if head != prefix or len(letters) != _LENGTH:
        return None
    number = 0
    for letter in letters:
        value = _VALUES.get(letter)
        if value is None:
            return None
        number = number << 5 | value
    return number if number <= LAST else None
