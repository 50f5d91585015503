"""Which key a caller holds: tokens looked up in memory and compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable

from tidings.core.account import Key
from tidings.core.ids import parse, show

_SECRET_OCTETS = 32


class Keyring:
    """All keys by id. The secret is 256 random bits, so a plain SHA-256 of it cannot be reversed by guessing."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self._keys = {key.id: key for key in keys}

    def add(self, key: Key) -> None:
        """Know one more key."""
        self._keys[key.id] = key

    def find(self, token: str) -> Key | None:
        """The key behind `tk_<id>_<secret>`, or None."""
        head, mark, secret = _cut(token)
        number = parse("tk", head)
        key = self._keys.get(number) if number is not None and mark == "_" else None
        if key is None or not hmac.compare_digest(digest(secret), key.digest):
            return None
        return key


def digest(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def token(key_id: int, octets: bytes) -> tuple[str, bytes]:
    """The token a caller is shown once, and the digest that is kept."""
    secret = urlsafe_b64encode(octets[:_SECRET_OCTETS]).rstrip(b"=").decode()
    return f"{show('tk', key_id)}_{secret}", digest(secret)


def _cut(text: str) -> tuple[str, str, str]:
    """Split after the id, whose length is known: the secret itself may hold underscores."""
    at = len("tk_") + 13
    return text[:at], text[at : at + 1], text[at + 1 :]
