"""Which key a caller holds, and what its account may do: looked up in memory, tokens compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence

import msgspec

from tidings.core.account import DEFAULT_ACCOUNT, Account, Caller, Key
from tidings.core.ids import parse, show
from tidings.core.message import Millis
from tidings.core.people import kind_of
from tidings.core.request import Fault, Invalid, Request
from tidings.text.number import Unusable, sender_of

_SECRET_OCTETS = 32


class Keyring:
    """All keys that open something, and all accounts, by id.

    A secret is 256 random bits, so a plain SHA-256 of it cannot be reversed by guessing.
    """

    __slots__ = ("_accounts", "_gone", "_keys", "_owners", "binding", "metered", "used")

    def __init__(self, keys: Iterable[Key] = (), accounts: Iterable[Account] = ()) -> None:
        self._keys = {key.id: key for key in keys if key.revoked_at is None}
        self._accounts = {account.id: account for account in accounts}
        self._gone: set[int] = set()
        self._owners: dict[str, int] = {}
        self.used: set[int] = set()
        """Keys that opened something since somebody last looked."""
        self.binding = False
        """Whether any key or account is bound to senders; most houses have none, and pay nothing."""
        self.metered = False
        """Whether any key or account has a limit or a quota of its own."""
        self._survey()

    def renew(self, keys: Iterable[Key], accounts: Iterable[Account]) -> set[int]:
        """Know these and no others, as they stand in the store now; the ids of keys that open nothing any more."""
        told = {key.id: key for key in keys}
        self._gone |= {key.id for key in told.values() if key.revoked_at is not None}
        before, self._keys = self._keys, {number: key for number, key in told.items() if number not in self._gone}
        self._accounts = {account.id: account for account in accounts}
        self._survey()
        return before.keys() - self._keys.keys()

    def add(self, key: Key) -> None:
        """Know a key as it is now; one that is revoked opens nothing from here on, whatever is told of it later."""
        if key.revoked_at is not None:
            self._gone.add(key.id)
            self._keys.pop(key.id, None)
        elif key.id not in self._gone:
            self._keys[key.id] = key
        self._survey()

    def know(self, account: Account) -> None:
        """Know an account as it is now."""
        self._accounts[account.id] = account
        self._survey()

    def account(self, account_id: int) -> Account | None:
        """The account, as it is now."""
        return self._accounts.get(account_id)

    def find(self, token: str, now: Callable[[], Millis]) -> Key | None:
        """The key behind `tk_<id>_<secret>`, or None. None too for expired keys and those of closed accounts."""
        head, mark, secret = _cut(token)
        number = parse("tk", head)
        key = self._keys.get(number) if number is not None and mark == "_" else None
        if key is None:
            return None
        given = digest(secret)
        if not hmac.compare_digest(given, key.digest) and not _before_rotation(key, given, now):
            return None
        if key.expires_at is not None and key.expires_at <= now():
            return None
        account = self._accounts.get(key.account_id)
        if account is not None and account.closed_at is not None:
            return None
        return key

    def bound(
        self, key: Caller, requests: Sequence[Request | Invalid], region: str = "", *, answering: bool = False
    ) -> Sequence[Request | Invalid]:
        """The requests with the sender this key gives them; those it may not send from as Invalid.

        `region`: where national numbers are at home, unless the account says otherwise. `answering`: in a conversation
        of the account, so an address that nobody owns is the one that its texts came to.
        """
        account = self._accounts.get(key.account_id)
        own = account.senders if account is not None else ()
        region = (account.default_region if account is not None else None) or region
        return [one if isinstance(one, Invalid) else self._from(key, own, one, region, answering) for one in requests]

    def owns(self, account_id: int, sender: str) -> bool:
        """Whether the account may send from this address; what nobody owns is the default account's."""
        return self._owners.get(sender, DEFAULT_ACCOUNT) == account_id

    def _from(
        self, key: Caller, own: tuple[str, ...], request: Request, region: str, answering: bool
    ) -> Request | Invalid:
        written = request.sender and sender_of(request.sender, region)
        if isinstance(written, Unusable):
            return request  # to be refused with the reason
        sender = written or next(iter(key.senders or (own if key.account_id != DEFAULT_ACCOUNT else ())), None)
        if sender is None:
            return request if key.account_id == DEFAULT_ACCOUNT else Invalid((Fault("/from", _NO_SENDERS),))
        if key.senders and sender not in key.senders:
            return Invalid((Fault("/from", f"this {_SHOWN[kind_of(key)]} may not send from this address"),))
        if not self.owns(key.account_id, sender) and not (answering and sender not in self._owners):
            return Invalid((Fault("/from", "does not belong to this account"),))
        return request if sender == request.sender else msgspec.structs.replace(request, sender=sender)

    def _survey(self) -> None:
        keys, accounts = self._keys.values(), self._accounts.values()
        self._owners = {sender: one.id for one in accounts for sender in one.senders}
        self.binding = any(one.id != DEFAULT_ACCOUNT for one in accounts) or any(key.senders for key in keys)
        self.metered = any(_limited(one) for one in accounts) or any(_limited(key) for key in keys)


_SHOWN = {"key": "key", "user": "user", "esme": "ESME"}
_NO_SENDERS = "is required: this account has no senders yet; its operator adds them"


def _limited(owner: Key | Account) -> bool:
    return bool(owner.rate) or owner.daily_quota is not None or owner.monthly_quota is not None


def _before_rotation(key: Key, given: bytes, now: Callable[[], Millis]) -> bool:
    """Whether this is the secret before the last rotation, while that is still taken."""
    if key.old_digest is None or key.old_until is None or not hmac.compare_digest(given, key.old_digest):
        return False
    return now() < key.old_until


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
