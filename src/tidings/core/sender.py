"""Addresses that belong to accounts, and what is done with the texts that handsets send to them."""

from __future__ import annotations

import msgspec

CATCH_ALL = "*"
"""Stands for every address that nobody owns. Without it they are the default account's."""

REPLY_FORMS = ("json", "text", "twiml", "none")
"""How the answer of an inbox may hold replies; see `core.replies`."""


class Sender(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A number, short code or name that an account sends from and is texted at."""

    account_id: int
    address: str
    label: str = ""
    inbox_url: str | None = None
    """Called with every text that comes to it."""
    inbox_replies: str = "json"
    """One of `REPLY_FORMS`."""
    unknown_reply: str | None = None
    """What a text gets that no code knows; None: nothing."""
