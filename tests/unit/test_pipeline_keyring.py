"""Keys: shown once, kept as digests, found again."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from tidings.core.account import Account, Key
from tidings.core.ids import show
from tidings.core.request import Request
from tidings.pipeline.keyring import Keyring, token

SECRETS = [bytes(32), bytes(range(32)), b"\xff" * 32, b"\xfb\xef\xbe" * 11, b"\xff\xbf" * 16]
"""Among them some whose letters hold `_` and `-`."""


def known(key_id: int, octets: bytes) -> tuple[Keyring, str, Key]:
    shown, digest = token(key_id, octets)
    key = Key(key_id, 1, "one", "send", digest, 0)
    return Keyring([key]), shown, key


def find(ring: Keyring, shown: str, now: int = 0) -> Key | None:
    return ring.find(shown, lambda: now)


@pytest.mark.parametrize("octets", SECRETS)
def test_a_token_finds_its_key(octets: bytes) -> None:
    ring, shown, key = known(123_456, octets)
    assert find(ring, shown) == key
    assert shown.startswith(show("tk", 123_456) + "_")


@pytest.mark.parametrize("octets", SECRETS)
def test_only_a_digest_is_kept(octets: bytes) -> None:
    _, shown, key = known(1, octets)
    secret = shown[len(show("tk", 1)) + 1 :]
    assert len(secret) == 43
    assert key.digest == hashlib.sha256(secret.encode()).digest()


def test_a_key_that_is_added_is_known_and_others_stay() -> None:
    ring, first, key = known(1, SECRETS[1])
    second, digest = token(2, SECRETS[2])
    assert find(ring, second) is None
    ring.add(Key(2, 1, "two", "read", digest, 0))
    found = find(ring, second)
    assert found is not None
    assert found.name == "two"
    assert find(ring, first) == key


def test_what_is_no_token_of_ours() -> None:
    ring, shown, _ = known(5, SECRETS[1])
    head, secret = shown[:16], shown[17:]
    wrong = [
        "", "tk", "tk_", "_", "__", "___", head, head + "_", f"{head}_{secret}x", f"{head}_{secret[:-1]}",
        f"{head}_{secret.swapcase()}", f"{show('tk', 6)}_{secret}", f"{show('msg', 5)}_{secret}", f"{head}-{secret}",
        shown.upper(), f" {shown}", f"{shown} ", "é" * 60, "tk_é_é", "\ud800", f"{head}_\ud800",
        "tk_" + "z" * 13 + "_x",
    ]  # fmt: skip
    assert [text for text in wrong if find(ring, text) is not None] == []


def held(**more: object) -> tuple[Keyring, str, Key]:
    shown, digest = token(9, SECRETS[1])
    key = Key(9, 1, "one", "send", digest, 0, **more)  # type: ignore[arg-type]
    return Keyring([key]), shown, key


def test_a_key_ends_when_it_expires() -> None:
    ring, shown, _ = held(expires_at=100)
    assert find(ring, shown, 99) is not None
    assert find(ring, shown, 100) is None


def test_a_revoked_key_opens_nothing_from_the_start_or_from_then_on() -> None:
    ring, shown, key = held()
    assert find(ring, shown) is not None
    ring.add(msgspec.structs.replace(key, revoked_at=5))
    assert find(ring, shown) is None
    assert find(held(revoked_at=5)[0], shown) is None


def test_what_is_told_late_brings_no_revoked_key_back() -> None:
    ring, shown, key = held()
    ring.add(msgspec.structs.replace(key, revoked_at=5))
    ring.add(msgspec.structs.replace(key, name="changed before, told after"))
    assert find(ring, shown) is None


def test_the_token_before_a_rotation_is_good_for_the_overlap() -> None:
    old, old_digest = token(9, SECRETS[1])
    new, new_digest = token(9, SECRETS[2])
    ring = Keyring([Key(9, 1, "one", "send", new_digest, 0, old_digest=old_digest, old_until=100)])
    assert find(ring, new, 500) is not None
    assert find(ring, old, 99) is not None
    assert find(ring, old, 100) is None


def test_keys_of_a_closed_account_open_nothing() -> None:
    ring, shown, _ = held()
    ring.know(Account(id=1, name="a", created_at=0, closed_at=5))
    assert find(ring, shown) is None


TENANT = Account(id=2, name="t", created_at=0, senders=("Berlin", "Munich"))
EMPTY = Account(id=3, name="e", created_at=0)
FIRST = Account(id=1, name="default", created_at=0, senders=("TIDINGS",))

# whose key, its senders, the `from` that is posted, the one that is taken ("!": refused)
FROM: list[tuple[str, int, tuple[str, ...], str | None, str | None]] = [
    ("the default account, nothing given", 1, (), None, None),
    ("the default account, its own", 1, (), "TIDINGS", "TIDINGS"),
    ("the default account, nobody's", 1, (), "ACME", "ACME"),
    ("the default account, another's", 1, (), "Berlin", "!"),
    ("a bound key, its first", 1, ("ACME", "SHOP"), None, "ACME"),
    ("a bound key, its second", 1, ("ACME", "SHOP"), "SHOP", "SHOP"),
    ("a bound key, another", 1, ("ACME",), "TIDINGS", "!"),
    ("another account, its first", 2, (), None, "Berlin"),
    ("another account, its second", 2, (), "Munich", "Munich"),
    ("another account, the default one's", 2, (), "TIDINGS", "!"),
    ("another account, nobody's", 2, (), "ACME", "!"),
    ("a bound key of another account", 2, ("Munich",), None, "Munich"),
    ("bound to what its account does not own", 2, ("TIDINGS",), None, "!"),
    ("an account without senders", 3, (), None, "!"),
    ("an account without senders, nobody's", 3, (), "ACME", "!"),
]


@pytest.mark.parametrize(
    ("account", "senders", "given", "taken"), [case[1:] for case in FROM], ids=[case[0] for case in FROM]
)
def test_what_a_key_may_send_from(account: int, senders: tuple[str, ...], given: str | None, taken: str | None) -> None:
    ring = Keyring([], [FIRST, TENANT, EMPTY])
    key = Key(9, account, "one", "send", b"", 0, senders=senders)
    bound = ring.bound(key, [Request(to="+15551230100", text="x", sender=given)])[0]
    assert (bound.sender if isinstance(bound, Request) else "!") == taken


def test_senders_are_compared_as_they_are_stored() -> None:
    ring = Keyring([], [FIRST, msgspec.structs.replace(TENANT, senders=("+14155550100",), default_region="US")])
    first, tenant = Key(8, 1, "one", "send", b"", 0), Key(9, 2, "two", "send", b"", 0)

    def taken(key: Key, written: str, region: str = "") -> str | None:
        bound = ring.bound(key, [Request(to="+15551230100", text="x", sender=written)], region)[0]
        return bound.sender if isinstance(bound, Request) else "!"

    assert taken(tenant, "+1 415 555-0100") == "+14155550100"
    assert taken(tenant, "(415) 555-0100") == "+14155550100"
    assert taken(first, "+1 415 555-0100") == taken(first, "(415) 555-0100", "US") == "!", "it is the tenant's"
    assert taken(first, "(415) 555-0100") == "(415) 555-0100", "left to be refused with its reason"


def test_a_house_of_one_account_and_plain_keys_pays_nothing() -> None:
    ring, _, key = held()
    ring.know(FIRST)
    assert (ring.binding, ring.metered) == (False, False)
    ring.add(msgspec.structs.replace(key, senders=("ACME",), daily_quota=1))
    assert (ring.binding, ring.metered) == (True, True)
    ring.add(msgspec.structs.replace(key, revoked_at=1))
    assert (ring.binding, ring.metered) == (False, False)
    ring.know(TENANT)
    assert ring.binding
