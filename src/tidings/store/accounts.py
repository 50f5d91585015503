"""Questions about accounts, keys and quotas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import msgspec

from tidings.core.account import Account, Key
from tidings.core.message import Millis
from tidings.store.engine import Engine, Row, as_list, statements

SQL = statements("accounts")
_NEWEST = (1 << 63) - 1


class Accounts:
    """See `core.questions.Accounts`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # keys

    async def keys(self) -> list[Key]:
        return [_key(row) for row in await self._engine.fetch(SQL["keys"])]

    async def key(self, account_id: int, key_id: int) -> Key | None:
        rows = await self._engine.fetch(SQL["key"], account_id, key_id)
        return _key(rows[0]) if rows else None

    async def account_of_key(self, key_id: int) -> int | None:
        rows = await self._engine.fetch(SQL["account_of_key"], key_id)
        return rows[0][0] if rows else None

    async def page_of_keys(self, account_id: int, before: int | None, limit: int) -> list[Key]:
        rows = await self._engine.fetch(SQL["page_of_keys"], account_id, before or _NEWEST, limit)
        return [_key(row) for row in rows]

    async def insert_key(self, key: Key) -> None:
        row = msgspec.structs.astuple(key)
        await self._engine.many(SQL["insert_key"], [(*row[:6], _text(key.senders), _text(key.networks), *row[8:])])

    async def change_key(self, key: Key) -> None:
        """Everything of a key but its id, account, scope and last use."""
        await self._engine.many(
            SQL["change_key"],
            [
                (
                    key.id, key.name, key.digest, _text(key.senders), _text(key.networks), key.expires_at,
                    key.revoked_at, key.old_digest, key.old_until, key.rate, key.daily_quota, key.monthly_quota,
                )
            ],
        )  # fmt: skip

    async def touch_keys(self, key_ids: Sequence[int], used_at: Millis) -> None:
        await self._engine.many(SQL["touch_key"], [(key_id, used_at) for key_id in key_ids])

    # accounts

    async def accounts(self) -> list[Account]:
        return await self._with_senders(await self._engine.fetch(SQL["accounts"]))

    async def account(self, account_id: int) -> Account | None:
        found = await self._with_senders(await self._engine.fetch(SQL["account"], account_id))
        return found[0] if found else None

    async def page_of_accounts(self, before: int | None, limit: int) -> list[Account]:
        return await self._with_senders(await self._engine.fetch(SQL["page_of_accounts"], before or _NEWEST, limit))

    async def insert_account(self, account: Account) -> None:
        await self._engine.many(SQL["insert_account"], [(*msgspec.structs.astuple(account)[:8], *_smart(account))])

    async def change_account(self, account: Account) -> None:
        """Name, limits and closing; its senders by `own_senders`."""
        limits = (account.rate, account.daily_quota, account.monthly_quota)
        row = (account.id, account.name, account.closed_at, *limits, account.default_region, *_smart(account))
        await self._engine.many(SQL["change_account"], [row])

    async def own_senders(self, account_id: int, senders: Sequence[str]) -> None:
        """These addresses and no others belong to the account; the first is its default."""
        await self._engine.fetch(SQL["disown_senders"], account_id, as_list(senders))
        rows = [(account_id, address, int(at == 0)) for at, address in enumerate(senders)]
        await self._engine.many(SQL["own_sender"], rows)

    async def owner_of(self, address: str) -> int | None:
        rows = await self._engine.fetch(SQL["owner_of"], address)
        return rows[0][0] if rows else None

    async def claim_sender(self, account_id: int, address: str) -> None:
        await self._engine.many(SQL["claim_sender"], [(account_id, address)])

    async def _with_senders(self, rows: Sequence[Row]) -> list[Account]:
        if not rows:
            return []
        senders: dict[int, list[str]] = {}
        for owner, address in await self._engine.fetch(SQL["senders"], as_list(row[0] for row in rows)):
            senders.setdefault(owner, []).append(address)
        return [_account(row, tuple(senders.get(row[0], ()))) for row in rows]

    # quotas

    async def usage(self, wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
        """Messages counted by (owner, period); what was never counted is left out."""
        pairs = as_list(wanted)
        owners, periods = as_list(owner for owner, _ in pairs), as_list(period for _, period in pairs)
        rows = await self._engine.fetch(SQL["usage"], owners, periods)
        return {(owner, period): messages for owner, period, messages in rows if (owner, period) in pairs}

    async def count_usage(self, counts: Sequence[tuple[int, str, int]]) -> None:
        """Add messages to counts; each (owner, period) once."""
        await self._engine.many(SQL["count_usage"], counts)

    async def forget_usage(self, before: str) -> None:
        await self._engine.fetch(SQL["forget_usage"], before)

    async def rates_used(self, owners: Iterable[int]) -> dict[int, int]:
        """Microseconds since 1970 at which the bucket of each owner is full; without those that never drew."""
        rows = await self._engine.fetch(SQL["rates_used"], as_list(owners))
        return dict(rows)

    async def use_rates(self, rows: Sequence[tuple[int, int, int]]) -> None:
        """Owner, account and when its bucket is full; each owner once."""
        await self._engine.many(SQL["use_rates"], rows)

    async def forget_rates(self, full_before: int) -> None:
        """Buckets that have been full since before a moment are as good as none."""
        await self._engine.fetch(SQL["forget_rates"], full_before)

    async def last_id(self) -> int:
        return int((await self._engine.fetch(SQL["last_id"]))[0][0] or 0)


def _account(row: Row, senders: tuple[str, ...]) -> Account:
    plain = dict(zip(Account.__struct_fields__, row[:8], strict=False))
    smart, by_sender = (None if text is None else json.loads(text) for text in row[8:])
    return Account(**plain, smart_encoding=smart, sender_smart_encoding=by_sender or {}, senders=senders)


def _smart(account: Account) -> tuple[str | None, str | None]:
    """Both columns of smart encoding, as JSON."""
    own, by_sender = account.smart_encoding, account.sender_smart_encoding
    return None if own is None else json.dumps(own), json.dumps(by_sender) if by_sender else None


def _key(row: Row) -> Key:
    return Key(*(*row[:6], _list(row[6]), _list(row[7]), *row[8:]))


def _text(values: tuple[str, ...]) -> str | None:
    return json.dumps(values) if values else None


def _list(text: str | None) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()
