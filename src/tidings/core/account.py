"""Accounts and the keys that speak for them."""

from __future__ import annotations

from typing import Protocol

import msgspec

from tidings.config import SmartEncoding
from tidings.core.message import Millis
from tidings.core.network import inside

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
    default_region: str | None = None
    """ISO 3166: where its national numbers are at home; None: as the settings say."""
    smart_encoding: SmartEncoding | None = None
    """None: as the settings say."""
    sender_smart_encoding: dict[str, SmartEncoding] = {}
    """What holds for texts from some of its senders instead."""
    senders: tuple[str, ...] = ()
    """Addresses that belong to it; the first is taken for messages that name none."""


class Key(msgspec.Struct, frozen=True):
    """An API key as stored: the secret's SHA-256, never the secret."""

    id: int
    account_id: int
    name: str
    scope: str
    """One of `SCOPES`."""
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

    @property
    def powers(self) -> frozenset[str]:
        """What it may do."""
        return SCOPES[self.scope]


class Caller(Protocol):
    """Who asks accept to send, with the bounds that hold for it: an API key, a person, or a customer's ESME."""

    @property
    def id(self) -> int: ...
    @property
    def account_id(self) -> int: ...
    @property
    def senders(self) -> tuple[str, ...]: ...
    @property
    def rate(self) -> float | None: ...
    @property
    def daily_quota(self) -> int | None: ...
    @property
    def monthly_quota(self) -> int | None: ...


SCOPES: dict[str, frozenset[str]] = {
    "admin": frozenset({"admin", "send", "read"}),
    "send+read": frozenset({"send", "read"}),
    "send": frozenset({"send"}),
    "read": frozenset({"read"}),
}
"""What a key of each scope may do. One that only sends also sees, and cancels, what it sent itself."""


class Maker(Protocol):
    """Who makes or changes keys: a key, or a person."""

    @property
    def account_id(self) -> int: ...
    @property
    def powers(self) -> frozenset[str]: ...
    @property
    def senders(self) -> tuple[str, ...]: ...
    @property
    def networks(self) -> tuple[str, ...]: ...
    @property
    def expires_at(self) -> Millis | None: ...


def beyond(wanted: Key, maker: Maker) -> str:
    """Where a key that `maker` wants to make, change or get the secret of reaches further than `maker` itself.

    The name of the bound, or "" where all is within. A limit or a quota could be passed by keys in any number, so
    whoever has one makes none at all.
    """
    if not wanted.powers <= maker.powers:
        return "scope"
    for name in ("rate", "daily_quota", "monthly_quota"):
        if getattr(maker, name):
            return name
    if maker.senders and not (wanted.senders and set(wanted.senders) <= set(maker.senders)):
        return "senders"
    if maker.networks and not (wanted.networks and inside(wanted.networks, maker.networks)):
        return "networks"
    if maker.expires_at is not None and (wanted.expires_at is None or wanted.expires_at > maker.expires_at):
        return "expires_at"
    return ""
