"""Keys and senders over a real store, and the look whether it commits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from spine_kit import Rig, rigged
from tidings.pipeline import admit
from tidings.pipeline.keyring import Keyring


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path) as one:
        yield one


async def test_a_key_is_known_at_once_and_after_a_restart(rig: Rig) -> None:
    key, token = await admit.issue(rig.house, 7, "shop", "send")
    assert (key.account_id, key.name, key.scope, key.created_at) == (7, "shop", "send", rig.clock.now())
    assert rig.house.keyring.find(token, rig.clock.now) == key
    kept = await rig.store.read(lambda tx: tx.accounts.keys())
    assert kept == [key]
    assert Keyring(kept).find(token, rig.clock.now) == key


@pytest.mark.one_engine("it looks into SQLite's file")
async def test_a_key_itself_is_kept_nowhere(rig: Rig) -> None:
    key, token = await admit.issue(rig.house, 7, "shop", "send")
    kept = b"".join(file.read_bytes() for file in rig.folder.glob("tidings.db*"))
    assert key.name.encode() in kept
    assert token.rpartition("_")[2].encode() not in kept


async def test_a_sender_is_remembered(rig: Rig) -> None:
    assert await rig.store.write(admit.know_sender, [(7, "12345"), (8, "777")]) == [None, None]
    assert await rig.store.read(lambda tx: tx.accounts.owner_of("777")) == 8


async def test_a_look_whether_it_commits_leaves_nothing_behind(rig: Rig) -> None:
    assert await rig.store.write(admit.probe, [None]) == [None]
    assert await rig.store.write(admit.probe, [None]) == [None]
    assert await rig.store.read(lambda tx: tx.idempotencies.find(1, "")) is None
