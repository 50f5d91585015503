"""Webhooks as nouns: who wants which events, what is on its way to whom, and what came of each attempt."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from tidings.core import ids
from tidings.core.message import Millis

MOST_URL = 2_000
BATCH_MOST = 100
SECRETS_MOST = 3
"""Secrets of one subscription that are valid at a time."""
SECRET_OCTETS = 32


class Subscription(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """An address of an account's that wants to hear of events."""

    id: int
    account_id: int
    url: str
    events: tuple[str, ...] = ()
    """Types or patterns that end in `*`; none means all."""
    ordered: bool = False
    """The events of one message one after the other, each only once the one before has arrived or is given up."""
    batch: int = 1
    """Most events in one request."""
    enabled: bool = True
    disabled_reason: str | None = None
    description: str = ""
    created_at: Millis
    since: int = 0
    """Position of the newest event there was when it was made: it hears of later ones only."""
    replies: str = "json"
    """How its answer to a text may hold replies: one of `core.sender.REPLY_FORMS`."""


class Secret(msgspec.Struct, frozen=True, array_like=True):
    """One key that requests are signed with. `webhook_id` 0: the account's default, for `callback_url`."""

    account_id: int
    webhook_id: int
    octets: bytes
    created_at: Millis
    ends_at: Millis | None = None
    """None: the present one; else it signs beside its successor until then."""


class Callback(msgspec.Struct, frozen=True, array_like=True):
    """What one message's `callback_url` asked for."""

    message_id: int
    account_id: int
    url: str
    events: tuple[str, ...] = ()
    """Beyond the final statuses."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One event on its way to one endpoint: a row of the outbox."""

    id: int
    account_id: int
    webhook_id: int | None
    """None for a `callback_url`."""
    endpoint: str
    """What shares a breaker and a window: the subscription, or the account and origin of a callback."""
    url: str | None
    """Of a callback; a subscription's own address is looked up when it is sent."""
    message_id: int
    sequence: int
    type: str
    occurred_at: Millis
    status: str
    """`waiting`, `delivered`, `dead` (given up; may be replayed) or `canceled` (its subscription is gone)."""
    attempts: int
    created_at: Millis
    began_at: Millis
    """When its schedule began: when it was made or last replayed."""
    next_at: Millis | None
    finished_at: Millis | None = None
    reply_id: int | None = None
    """The message sent because the answer asked for it."""


class Try(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One attempt at a delivery, as the log keeps it: a digest of what was sent, never the text."""

    delivery_id: int
    number: int
    at: Millis
    took_ms: int
    outcome: str
    """`delivered`, `refused` (an answer other than 2xx), or the kind of a `NotPosted`."""
    status_code: int | None
    digest: str
    """SHA-256 of the body, hexadecimal."""
    octets: int
    """Length of the body."""
    answer: str
    """Beginning of the answer, texts and numbers of the messages taken out."""
    detail: str


def endpoint_of(webhook_id: int | None, account_id: int, url: str | None) -> str:
    """What shares a breaker: a subscription, or all callbacks of an account to one origin."""
    if webhook_id is not None:
        return ids.show("wh", webhook_id)
    parts = urlsplit(url or "")
    return f"{account_id} {parts.scheme}://{parts.netloc}".lower()


def url_fault(url: str) -> str | None:
    """Why an address cannot be called; None when it can. Where its name leads is looked at when it is called."""
    if len(url) > MOST_URL:
        return f"must be at most {MOST_URL} characters"
    if not url.isascii() or any(letter <= " " or letter in '"<>\\^`{|}\x7f' for letter in url):
        return "must be a URL of printable ASCII; write other letters percent-encoded"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "must be a URL like https://example.com/hook"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "must be an http or https URL with a host"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user name or password; requests are signed instead"
    if port == 0:
        return "must not name port 0"
    return None
