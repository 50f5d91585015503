"""Keys: shown once, kept as digests, found again."""

from __future__ import annotations

import hashlib

import pytest

from tidings.core.account import Key
from tidings.core.ids import show
from tidings.pipeline.keyring import Keyring, token

SECRETS = [bytes(32), bytes(range(32)), b"\xff" * 32, b"\xfb\xef\xbe" * 11, b"\xff\xbf" * 16]
"""Among them some whose letters hold `_` and `-`."""


def known(key_id: int, octets: bytes) -> tuple[Keyring, str, Key]:
    shown, digest = token(key_id, octets)
    key = Key(key_id, 1, "one", "send", digest, 0)
    return Keyring([key]), shown, key


@pytest.mark.parametrize("octets", SECRETS)
def test_a_token_finds_its_key(octets: bytes) -> None:
    ring, shown, key = known(123_456, octets)
    assert ring.find(shown) == key
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
    assert ring.find(second) is None
    ring.add(Key(2, 1, "two", "read", digest, 0))
    found = ring.find(second)
    assert found is not None
    assert found.name == "two"
    assert ring.find(first) == key


def test_what_is_no_token_of_ours() -> None:
    ring, shown, _ = known(5, SECRETS[1])
    head, secret = shown[:16], shown[17:]
    wrong = [
        "", "tk", "tk_", "_", "__", "___", head, head + "_", f"{head}_{secret}x", f"{head}_{secret[:-1]}",
        f"{head}_{secret.swapcase()}", f"{show('tk', 6)}_{secret}", f"{show('msg', 5)}_{secret}", f"{head}-{secret}",
        shown.upper(), f" {shown}", f"{shown} ", "é" * 60, "tk_é_é", "\ud800", f"{head}_\ud800",
        "tk_" + "z" * 13 + "_x",
    ]  # fmt: skip
    assert [text for text in wrong if ring.find(text) is not None] == []
