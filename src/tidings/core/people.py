"""People who sign in, the roles they have, and their sessions."""

from __future__ import annotations

import re
import unicodedata

import msgspec

from tidings.core.account import DEFAULT_ACCOUNT, Caller, Key
from tidings.core.message import DAY, MINUTE, Millis

ROLES: dict[str, frozenset[str]] = {
    "owner": frozenset({"admin", "send", "read"}),
    "admin": frozenset({"admin", "send", "read"}),
    "agent": frozenset({"inbox"}),
    "analyst": frozenset({"read"}),
    "developer": frozenset({"send", "read", "develop"}),
}
"""What a person of each role may do, in the words of the scopes of keys. Two are narrower than any key's: `inbox`
(conversations, contacts, canned replies) and `develop` (keys and webhooks). What sets owners apart: `may_manage`."""
OWN = "self"
"""What all who are signed in may do: see to their own session, password and second factor. No key may."""
LINK_LIFE: Millis = 3 * DAY
"""How long an invitation, or a link for a new password, is good."""
SESSIONS_MOST = 20
"""Sessions of one person; a further one ends the oldest."""
NOTED_EVERY: Millis = MINUTE
"""How exactly it is written down when a session was last used."""

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\Z")


class User(msgspec.Struct, frozen=True, kw_only=True):
    """One person of an account, as stored. The e-mail address is how they are known, in lower case."""

    id: int
    account_id: int
    email: str
    name: str
    role: str
    """One of `ROLES`."""
    created_at: Millis
    password: str | None = None
    """Its Argon2id hash; None of those who have none yet, or sign in elsewhere."""
    disabled_at: Millis | None = None
    seen_at: Millis | None = None
    """When they last signed in."""
    link: bytes | None = None
    """SHA-256 of the secret in the one-time link by which they may set a password."""
    link_until: Millis | None = None
    factor: bytes | None = None
    """The secret of their second factor (RFC 6238); None: they have none."""
    factor_wanted: bytes | None = None
    """One that is not confirmed by a code yet."""
    factor_step: int = 0
    """The time step of the last code that was taken: none is taken twice."""
    factor_required: bool = False
    """Whether an admin wants them to have one."""
    issuer: str | None = None
    """Who vouches for them, where they sign in by OpenID Connect …"""
    subject: str | None = None
    """… and how they are called there."""

    @property
    def status(self) -> str:
        """`invited` (cannot sign in yet), `active` or `disabled`."""
        if self.disabled_at is not None:
            return "disabled"
        return "invited" if self.password is None and self.subject is None else "active"


class UserSession(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is signed in: one browser, until it ends."""

    id: int
    account_id: int
    user_id: int
    digest: bytes
    """SHA-256 of what the cookie holds."""
    created_at: Millis
    seen_at: Millis
    """When it was last used, to the minute and up to a minute late."""
    ends_at: Millis
    """It ends then, however much it is used."""
    address: str
    agent: str
    """What the browser calls itself."""
    method: str
    """How they signed in: `password` or `oidc`."""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody signed in, as the caller of the API: the same to all that asks as a key."""

    id: int
    account_id: int
    name: str
    role: str
    powers: frozenset[str]
    session_id: int
    senders: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    expires_at: Millis | None = None
    rate: float | None = None
    daily_quota: int | None = None
    monthly_quota: int | None = None


Principal = Key | SignedIn
"""Who calls the API."""


def kind_of(caller: Caller) -> str:
    """What a caller is: `key`, `user` or `esme`."""
    return "key" if isinstance(caller, Key) else "user" if isinstance(caller, SignedIn) else "esme"


def caller_of(user: User, session: UserSession, required: bool) -> SignedIn:
    """The caller that a session stands for. `required`: whether their role must have a second factor.

    Whoever must have one and has none may do nothing but get one.
    """
    kept_out = user.factor is None and (required or user.factor_required) and session.method == "password"
    powers = frozenset({OWN}) if kept_out else ROLES.get(user.role, frozenset()) | {OWN}
    return SignedIn(
        id=user.id, account_id=user.account_id, name=user.email, role=user.role, powers=powers, session_id=session.id
    )


def lives(session: UserSession, idle: Millis, now: Millis) -> bool:
    """Whether a session is not over; `idle`: how long it may go unused."""
    return now < session.ends_at and now - session.seen_at < idle


def over_all(principal: Principal) -> bool:
    """Whether the caller looks after other accounts too: keys of the default one, and its owners and admins."""
    whole = isinstance(principal, Key) or "admin" in principal.powers
    return principal.account_id == DEFAULT_ACCOUNT and whole


def may_manage(maker: Principal, account_id: int, roles: set[str]) -> bool:
    """Whether the caller, who may do all that an admin may, may also make, change or take away people of these roles.

    Owners are made and unmade by owners alone, so that no admin, and nobody with a key that an admin could make, comes
    to more than was given to them; those of other accounts also by whoever looks after these.
    """
    if "owner" not in roles:
        return True
    if account_id != DEFAULT_ACCOUNT and over_all(maker):
        return True
    return isinstance(maker, SignedIn) and maker.role == "owner" and maker.account_id == account_id


def email_of(text: str) -> str | None:
    """An e-mail address as it is kept, or None where the text is none.

    One way to write it is one person; what nobody can see, as marks that turn the direction of writing, is in none.
    """
    found = unicodedata.normalize("NFC", text.strip().lower())
    return found if _EMAIL.match(found) and found.isprintable() else None
