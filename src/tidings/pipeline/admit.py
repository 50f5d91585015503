"""Let callers in: make API keys and remember them."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.account import Key
from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.pipeline import keyring
from tidings.pipeline.house import House


@stage(order=5)
async def store_keys(tx: Tx, keys: Sequence[Key], now: Millis) -> list[Key]:
    """Keep new keys; only their digests."""
    for key in keys:
        await tx.accounts.insert_key(key)
    return list(keys)


async def issue(house: House, account_id: int, name: str, scope: str) -> tuple[Key, str]:
    """Make a key; returns it with its token, which is not kept and cannot be shown again."""
    key_id = house.new_id()
    shown, digest = keyring.token(key_id, house.clock.token(32))
    key = Key(key_id, account_id, name, scope, digest, house.clock.now())
    await house.store.write(store_keys, [key])
    house.keyring.add(key)
    return key, shown
