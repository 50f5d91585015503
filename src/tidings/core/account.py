"""Accounts and the keys that speak for them."""

from __future__ import annotations

import msgspec

from tidings.core.message import Millis

DEFAULT_ACCOUNT = 1
"""The account that exists from the first start."""
DEFAULT_BRAND = 1


class Key(msgspec.Struct, frozen=True):
    """An API key as stored: the secret's SHA-256, never the secret."""

    id: int
    account_id: int
    name: str
    scope: str
    """`admin` (everything), `send` (send, read and cancel) or `read`."""
    digest: bytes
    created_at: Millis


SCOPES: dict[str, frozenset[str]] = {
    "admin": frozenset({"admin", "send", "read"}),
    "send": frozenset({"send", "read"}),
    "read": frozenset({"read"}),
}
"""What a key of each scope may do."""
