"""Accounts and the keys that speak for them."""

from __future__ import annotations

import msgspec

from tidings.core.message import Millis

DEFAULT_ACCOUNT = 1
"""The account that exists from the first start; its admin keys may open and close others."""
DEFAULT_BRAND = 1


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One tenant: its messages, keys and senders are seen by nobody else."""

    id: int
    name: str
    created_at: Millis
    closed_at: Millis | None = None
    """Since when its keys open nothing."""
    rate: float | None = None
    """Messages per second, over all its keys; 0: no limit; None: as the settings say."""
    daily_quota: int | None = None
    """Messages of one UTC day; None: no quota."""
    monthly_quota: int | None = None
    """Messages of one UTC month; None: no quota."""
    senders: tuple[str, ...] = ()
    """Addresses that belong to it; the first is taken for messages that name none."""


class Key(msgspec.Struct, frozen=True):
    """An API key as stored: the secret's SHA-256, never the secret."""

    id: int
    account_id: int
    name: str
    scope: str
    """`admin` (everything), `send` (send, read and cancel) or `read`."""
    digest: bytes
    created_at: Millis
    senders: tuple[str, ...] = ()
    """Addresses it may send from; empty: all of its account."""
    networks: tuple[str, ...] = ()
    """Address ranges (CIDR) it may be used from; empty: anywhere."""
    expires_at: Millis | None = None
    revoked_at: Millis | None = None
    last_used_at: Millis | None = None
    """To the minute, and up to a minute late."""
    old_digest: bytes | None = None
    """Of the secret before the last rotation."""
    old_until: Millis | None = None
    rate: float | None = None
    """Messages per second; 0: no limit; None: as the settings say."""
    daily_quota: int | None = None
    monthly_quota: int | None = None


SCOPES: dict[str, frozenset[str]] = {
    "admin": frozenset({"admin", "send", "read"}),
    "send": frozenset({"send", "read"}),
    "read": frozenset({"read"}),
}
"""What a key of each scope may do."""
