"""Passwords of ESMEs: made, kept as slow hashes, and checked in constant time.

They are short (SMPP 3.4 section 4.1.1 has room for eight octets), so that a leaked hash must be slow to guess by.
"""

from __future__ import annotations

import hashlib
import hmac

from tidings.core.esme import Esme
from tidings.core.message import Millis

SALT_OCTETS = 16
LENGTH = 8
"""Characters of a password that is made here: all that SMPP 3.4 has room for."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_COST, _BLOCK = 1 << 14, 8
"""scrypt's n and r: 16 MB and some 50 ms a look."""


def make(octets: bytes) -> str:
    """A password of six random bits a character."""
    return "".join(_LETTERS[octet & 63] for octet in octets[:LENGTH])


def seal(password: str, salt: bytes) -> bytes:
    """What is stored of a password: salt and hash. Slow on purpose: not for the event loop."""
    return salt + hashlib.scrypt(password.encode("latin-1", "replace"), salt=salt, n=_COST, r=_BLOCK, p=1, dklen=32)


def fits(password: str, sealed: bytes) -> bool:
    """Whether a sealed password is this one; takes as long as `seal`."""
    return hmac.compare_digest(seal(password, sealed[:SALT_OCTETS]), sealed)


def valid(esme: Esme, now: Millis) -> tuple[bytes, ...]:
    """The sealed passwords that open now: the present one, and that before the last rotation during its overlap."""
    if esme.old_password is not None and esme.old_until is not None and now < esme.old_until:
        return esme.password, esme.old_password
    return (esme.password,)


STRANGER = seal("", bytes(SALT_OCTETS))
"""Compared with where there is no such system_id, so that the answer takes its time all the same."""


class Known:
    """Passwords that were found right, as keyed digests, so that a customer who reconnects costs no slow hash."""

    __slots__ = ("_key", "_right")

    def __init__(self, key: bytes) -> None:
        """`key`: random octets of this process alone; without them the digests say nothing."""
        self._key = key
        self._right: dict[bytes, bytes] = {}

    def recall(self, password: str, sealed: tuple[bytes, ...]) -> bytes | None:
        """The one of these sealed passwords that it was found to be before."""
        given = self._digest(password)
        return next((one for one in sealed if hmac.compare_digest(self._right.get(one, b""), given)), None)

    def keep(self, password: str, sealed: bytes) -> None:
        """It was found to be this one."""
        while len(self._right) >= _MOST_KNOWN:
            del self._right[next(iter(self._right))]
        self._right[sealed] = self._digest(password)

    def _digest(self, password: str) -> bytes:
        return hashlib.blake2b(password.encode("latin-1", "replace"), key=self._key, digest_size=32).digest()


_MOST_KNOWN = 10_000
