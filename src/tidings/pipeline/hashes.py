"""Passwords of people as Argon2id hashes (RFC 9106), worked out beside the loop and never too many at once.

Time and memory are the least that OWASP's Password Storage Cheat Sheet asks for: some 50 ms and 19 MB a look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from argon2 import Type, extract_parameters, low_level
from argon2.exceptions import InvalidHashError, VerificationError

from tidings.core.ports import Clock
from tidings.core.request import Refused
from tidings.pipeline.turns import Turns

T = TypeVar("T")

TIME, MEMORY_KIB, LANES = 2, 19_456, 1
SALT_OCTETS, OCTETS = 16, 32
MOST_AT_ONCE = 50
"""People whose passwords are looked at or wait for it; who comes after them is told to come again."""
_CROWDED = Refused("too_many_tries", "Too many people sign in at this moment.", 2)


class Place(Protocol):
    """What hashing needs of a house."""

    clock: Clock

    async def aside(self, work: Callable[[], T]) -> T:
        """Do slow work without holding up the loop."""
        ...


class Hashes:
    """Where passwords are hashed and compared."""

    __slots__ = ("_house", "turns")

    def __init__(self, house: Place) -> None:
        self._house = house
        self.turns = Turns(MOST_AT_ONCE, _CROWDED)
        """Of whoever wants a password looked at."""

    async def seal(self, password: str) -> str:
        """What is stored of a password."""
        salt = self._house.clock.token(SALT_OCTETS)
        return await self._house.aside(lambda: _seal(password, salt))

    async def fits(self, password: str, sealed: str | None) -> bool:
        """Whether a sealed password is this one. Takes as long where there is none: nobody learns who has one."""
        salt = self._house.clock.token(SALT_OCTETS)
        if sealed is None:
            await self._house.aside(lambda: _seal(password, salt))
            return False
        return await self._house.aside(lambda: _fits(password, sealed))


def outdated(sealed: str) -> bool:
    """Whether a password was sealed in another way than it would be now, so that it should be sealed again."""
    found = extract_parameters(sealed)
    return (found.type, found.time_cost, found.memory_cost, found.parallelism) != (Type.ID, TIME, MEMORY_KIB, LANES)


def _seal(password: str, salt: bytes) -> str:
    return low_level.hash_secret(
        password.encode(), salt, time_cost=TIME, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=OCTETS,
        type=Type.ID,
    ).decode()  # fmt: skip


def _fits(password: str, sealed: str) -> bool:
    try:
        return low_level.verify_secret(sealed.encode(), password.encode(), Type.ID)
    except (VerificationError, InvalidHashError):
        return False
