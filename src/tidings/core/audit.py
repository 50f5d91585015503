"""The audit log: who did what to people, keys and sign-in, when, and from where. Secrets never enter it."""

from __future__ import annotations

from typing import Any

import msgspec

from tidings.core.message import Millis

ACTIONS = (
    "setup.completed", "session.opened", "session.refused", "session.ended", "user.invited", "user.changed",
    "user.deleted", "user.link_made", "user.password_set", "user.factor_added", "user.factor_removed",
    "user.recovery_codes_made", "user.recovery_code_used", "user.linked", "key.created", "key.changed", "key.rotated",
    "key.revoked",
)  # fmt: skip
"""What can be noted."""


class Actor(msgspec.Struct, frozen=True):
    """Who does something: `user`, `key`, `operator` (at the machine itself), or `nobody` who is known."""

    kind: str
    id: int = 0
    name: str = ""
    address: str = ""
    """Where the call came from."""


OPERATOR = Actor("operator")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log."""

    id: int
    account_id: int
    """Whose log it is in."""
    occurred_at: Millis
    action: str
    """One of `ACTIONS`."""
    actor: Actor
    subject_kind: str = ""
    """What it was done to: `user`, `key`, `session` or nothing."""
    subject_id: int = 0
    subject_name: str = ""
    detail: dict[str, Any] | None = None


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines are wanted; what is None or 0 does not narrow."""

    action: str | None = None
    actor_id: int = 0
    subject_id: int = 0
    address: str | None = None
    since: Millis = 0
    until: Millis = 1 << 62
