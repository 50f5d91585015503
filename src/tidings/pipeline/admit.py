"""Let callers in: make API keys and remember them."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.account import DEFAULT_ACCOUNT, Key
from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Remembered, Tx
from tidings.pipeline import keyring
from tidings.pipeline.house import House


@stage(order=5)
async def store_keys(tx: Tx, keys: Sequence[Key], now: Millis) -> list[Key]:
    """Keep new keys; only their digests."""
    for key in keys:
        await tx.accounts.insert_key(key)
    return list(keys)


@stage(order=6)
async def know_sender(tx: Tx, senders: Sequence[tuple[int, str]], now: Millis) -> list[None]:
    """Remember which account a sender address belongs to, so that answers to it find their owner."""
    for account_id, address in senders:
        await tx.accounts.claim_sender(account_id, address)
    return [None] * len(senders)


@stage(order=7)
async def probe(tx: Tx, items: Sequence[None], now: Millis) -> list[None]:
    """Write a row and take it away again: whether the store commits shows only where pages change."""
    await tx.idempotencies.insert([Remembered(DEFAULT_ACCOUNT, "", b"", b"", 0)])
    await tx.idempotencies.forget(0, 1)
    return list(items)


async def issue(house: House, account_id: int, name: str, scope: str) -> tuple[Key, str]:
    """Make a key; returns it with its token, which is not kept and cannot be shown again."""
    key_id = house.new_id()
    shown, digest = keyring.token(key_id, house.clock.token(32))
    key = Key(key_id, account_id, name, scope, digest, house.clock.now())
    await house.store.write(store_keys, [key])
    house.keyring.add(key)
    return key, shown
