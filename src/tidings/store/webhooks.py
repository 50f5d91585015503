"""Questions about webhooks: subscriptions, secrets, the outbox and its log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter

import msgspec

from tidings.core.message import DAY, Millis
from tidings.core.questions import DeliveryFilter, DeliveryPage, Scan, Waiting
from tidings.core.webhook import Callback, Delivery, Secret, Subscription, Try
from tidings.store.engine import Engine, as_list, statements
from tidings.store.events import settled
from tidings.store.messages import SCAN_MOST, clauses

SQL = statements("webhooks")
LOG_LONGER = 3 * DAY
"""By so much the first attempt of a delivery is older than its end, at most, unless it was replayed."""
_encode = msgspec.json.Encoder().encode
_id = attrgetter("id")
_by_due = attrgetter("next_at", "id")


def _events(events: tuple[str, ...]) -> str:
    return _encode(events).decode()


class Webhooks:
    """See `core.questions.Webhooks`."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # the tail

    async def cursor(self) -> tuple[int, int]:
        """How far events have been read, and the version of who listens."""
        row = (await self._engine.fetch(SQL["cursor"]))[0]
        return row[0], row[1]

    async def advance(self, position: int, last_delivery: int) -> None:
        """How far events have been read, and the highest id of a delivery that was made of them."""
        await self._engine.many(SQL["advance"], [(1, position, last_delivery)])

    async def skip(self) -> None:
        """While nobody listens, what happened concerns none."""
        await self._engine.fetch(SQL["skip"], await settled(self._engine))

    async def changed(self) -> None:
        """Who listens changes now: what the tail knows of it is out of date. Past events nobody heard are skipped."""
        await self.skip()
        await self._engine.fetch(SQL["bump"])

    # subscriptions

    async def enabled(self) -> list[Subscription]:
        return sorted(await self._engine.fetch_as(Subscription, SQL["enabled"]), key=_id)

    async def page(self, account_id: int, before: int | None, limit: int) -> list[Subscription]:
        first = before if before is not None else (1 << 63) - 1
        found = await self._engine.fetch_as(Subscription, SQL["of_account"], account_id, first, limit)
        return sorted(found, key=_id, reverse=True)

    async def one(self, account_id: int, webhook_id: int) -> Subscription | None:
        found = await self._engine.fetch_as(Subscription, SQL["one"], account_id, webhook_id)
        return found[0] if found else None

    async def count(self, account_id: int) -> int:
        return int((await self._engine.fetch(SQL["count"], account_id))[0][0])

    async def insert(self, subscription: Subscription) -> None:
        s = subscription
        await self._engine.many(
            SQL["insert"],
            [(s.id, s.account_id, s.url, _events(s.events), int(s.ordered), s.batch, int(s.enabled),
              s.disabled_reason, s.description, s.created_at, s.since, s.replies)],
        )  # fmt: skip

    async def change(self, subscription: Subscription) -> None:
        s = subscription
        await self._engine.many(
            SQL["change"],
            [(s.id, s.url, _events(s.events), int(s.ordered), s.batch, int(s.enabled), s.disabled_reason,
              s.description, s.since, s.replies)],
        )  # fmt: skip

    async def delete(self, account_id: int, webhook_id: int) -> bool:
        """Its secrets go with it; what waited for it is the caller's to withdraw."""
        gone = await self._engine.fetch(SQL["delete"], account_id, webhook_id)
        if gone:
            await self._engine.fetch(SQL["delete_secrets"], account_id, webhook_id)
        return bool(gone)

    async def secrets(self, account_id: int, webhook_id: int) -> list[Secret]:
        return [Secret(*row) for row in await self._engine.fetch(SQL["secrets"], account_id, webhook_id)]

    async def keep_secrets(self, account_id: int, webhook_id: int, secrets: Sequence[Secret]) -> None:
        """These, newest first, are all it has from now on."""
        await self._engine.fetch(SQL["delete_secrets"], account_id, webhook_id)
        rows = [(s.account_id, s.webhook_id, s.octets, s.created_at, s.ends_at) for s in reversed(secrets)]
        await self._engine.many(SQL["insert_secret"], rows)

    # callbacks

    async def has_callbacks(self) -> tuple[bool, bool]:
        """Whether any message asked to be told of, and whether any asked for more than how it ended."""
        row = (await self._engine.fetch(SQL["has_callbacks"]))[0]
        return bool(row[0]), bool(row[1])

    async def insert_callbacks(self, callbacks: Sequence[Callback]) -> None:
        await self._engine.many(
            SQL["insert_callback"], [(c.message_id, c.account_id, c.url, _events(c.events)) for c in callbacks]
        )

    async def callbacks(self, message_ids: Iterable[int]) -> dict[int, Callback]:
        found = await self._engine.fetch_as(Callback, SQL["callbacks"], as_list(message_ids))
        return {callback.message_id: callback for callback in found}

    async def past_callbacks(self, after: int, finished_before: Millis, most: int) -> Scan:
        """Messages with a callback that ended before a moment, or are there no more, among the next so many."""
        return _scan(await self._engine.fetch_as(_Scanned, SQL["past_callbacks"], after, most, finished_before), most)

    async def forget_callbacks(self, message_ids: Sequence[int]) -> None:
        await self._engine.fetch(SQL["forget_callbacks"], as_list(message_ids))

    # the outbox

    async def last_delivery(self) -> int:
        return int((await self._engine.fetch(SQL["last_delivery"]))[0][0])

    async def insert_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        await self._engine.many(SQL["insert_delivery"], [msgspec.structs.astuple(one) for one in deliveries])

    async def settle(self, deliveries: Sequence[Delivery]) -> None:
        """What became of deliveries that wait."""
        await self._engine.many(
            SQL["settle_delivery"],
            [(d.id, d.status, d.attempts, d.next_at, d.finished_at, d.reply_id) for d in deliveries],
        )

    async def note(self, deliveries: Sequence[Delivery]) -> None:
        """One more attempt of deliveries that have ended."""
        await self._engine.many(SQL["note_delivery"], [(d.id, d.attempts, d.reply_id) for d in deliveries])

    async def deliveries(self, ids: Iterable[int]) -> dict[int, Delivery]:
        found = await self._engine.fetch_as(Delivery, SQL["deliveries"], as_list(ids))
        return {one.id: one for one in found}

    async def ended(self, ids: Iterable[int]) -> list[int]:
        """Those of these that wait no more, whoever ended that."""
        asked = as_list(ids)
        waiting = {row[0] for row in await self._engine.fetch(SQL["still_waiting"], asked)}
        return [one for one in asked if one not in waiting]

    async def waiting(self, endpoint: str, ordered: bool, limit: int) -> list[Delivery]:
        """What waits for an endpoint, the first due first; where order counts, of each message the earliest only."""
        found = await self._engine.fetch_as(
            Delivery, SQL["waiting_in_order" if ordered else "waiting"], endpoint, limit
        )
        return sorted(found, key=_by_due)

    async def endpoints(self, limit: int) -> list[Waiting]:
        return [Waiting(*row) for row in await self._engine.fetch(SQL["endpoints"], limit)]

    async def delivery_page(
        self, account_id: int, filter: DeliveryFilter, before: int | None, limit: int
    ) -> DeliveryPage:
        """Newest first, over a bounded scan."""
        narrow, narrow_values = clauses(
            ("account_id = ?{}", account_id), ("id < ?{}", before), ("webhook_id = ?{}", filter.webhook_id),
            ("message_id = ?{}", filter.message_id), ("created_at >= ?{}", filter.since),
            ("created_at <= ?{}", filter.until),
        )  # fmt: skip
        rest, rest_values = clauses(
            ("status = ?{}", filter.status), ("type = ?{}", filter.type), taken=len(narrow_values)
        )  # fmt: skip
        scan = SQL["scan"].format(where=" and ".join(narrow), most=SCAN_MOST if rest else limit + 1)
        chosen = SQL["chosen"].format(scan=scan, where=" and ".join(rest) or "true", most=limit + 1)
        rows = await self._engine.fetch_as(Delivery, chosen, *narrow_values, *rest_values)
        found = sorted(rows, key=_id, reverse=True)
        if len(found) > limit:
            return DeliveryPage(tuple(found[:limit]), found[limit - 1].id)
        floor, scanned = (await self._engine.fetch(SQL["floor"].format(scan=scan), *narrow_values))[0]
        early = bool(rest) and scanned == SCAN_MOST
        return DeliveryPage(tuple(found), floor if early else None, complete=not early)

    async def of_message(self, message_id: int, most: int) -> list[Delivery]:
        """The newest ones, in the order they were made."""
        return sorted(await self._engine.fetch_as(Delivery, SQL["of_message"], message_id, most), key=_id)

    async def replayable(self, account_id: int, filter: DeliveryFilter, after: int, most: int) -> Scan:
        """Deliveries that have ended and may go out again, among the next so many of the account."""
        found = await self._engine.fetch_as(
            _Scanned, SQL["replayable"], account_id, after, most, filter.since or 0, filter.until or (1 << 62),
            filter.webhook_id, filter.type, filter.status,
        )  # fmt: skip
        return _scan(found, most)

    async def replay(self, rows: Sequence[tuple[int, Millis, Millis]]) -> None:
        """(id, when its schedule begins, when it goes out): settled deliveries wait again."""
        await self._engine.many(SQL["replay"], rows)

    async def bury(self, endpoint: str, due_before: Millis, limit: int, now: Millis) -> list[int]:
        """Give up what has been due at an endpoint since before a moment; returns which."""
        return [row[0] for row in await self._engine.fetch(SQL["bury"], endpoint, due_before, limit, now)]

    async def withdraw(self, endpoint: str, limit: int, now: Millis) -> int:
        return len(await self._engine.fetch(SQL["withdraw"], endpoint, limit, now))

    # the log

    async def log(self, tries: Sequence[Try]) -> None:
        await self._engine.many(SQL["insert_try"], [msgspec.structs.astuple(one) for one in tries])

    async def forget_tries(self, delivery_id: int, up_to: int) -> None:
        await self._engine.fetch(SQL["forget_tries"], delivery_id, up_to)

    async def tries(self, delivery_id: int) -> list[Try]:
        found = await self._engine.fetch_as(Try, SQL["tries"], delivery_id)
        return sorted(found, key=attrgetter("number"))

    async def last_tries(self, delivery_ids: Iterable[int]) -> dict[int, Try]:
        """The latest attempt of each delivery that has one."""
        found = await self._engine.fetch_as(Try, SQL["last_tries"], as_list(delivery_ids))
        return {one.delivery_id: one for one in found}

    async def drop_day(self, before: Millis) -> bool:
        """Drop a day of deliveries that ended before a moment, where they are kept by the day. True: there may be more.

        The log of attempts is kept a little longer, since attempts come before the end.
        """
        if not self._engine.by_day:
            return False
        dropped = (await self._engine.fetch(SQL["drop_day"], before, before - LOG_LONGER))[0]
        return any(one is not None for one in dropped)

    async def aged(self, after: int, ended_before: Millis, most: int) -> Scan:
        """Deliveries that ended before a moment, among the next so many; none where they are dropped by the day."""
        if self._engine.by_day:
            return Scan((), None)
        return _scan(await self._engine.fetch_as(_Scanned, SQL["aged"], after, most, ended_before), most)

    async def forget(self, ids: Sequence[int]) -> None:
        await self._engine.fetch(SQL["forget_their_tries"], as_list(ids))
        await self._engine.fetch(SQL["forget_deliveries"], as_list(ids))


class _Scanned(msgspec.Struct, frozen=True, array_like=True):
    id: int
    wanted: bool


def _scan(rows: list[_Scanned], most: int) -> Scan:
    rows.sort(key=_id)
    return Scan(tuple([row.id for row in rows if row.wanted]), rows[-1].id if len(rows) == most else None)
