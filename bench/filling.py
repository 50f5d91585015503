"""Delivered messages as earlier sendings would have left them, written straight into a database of either engine."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import apsw
import asyncpg

from tidings.core.ids import EPOCH

PAGE = 250_000
"""Messages a transaction."""

# One message a millisecond, the last of them a minute ago. {i} is its number from 1 on, {id} its id, {at} its time.
_ID = "(({i} + {first}) << 21)"
_AT = "({i} + {began})"
_MESSAGE = """insert into message (id, account_id, direction, status, category, recipient, sender, text, encoding,
  segments, reference, created_at, expires_at, carrier, client_ref, tags, segments_delivered, sent_at, finished_at,
  event_count)
select {id}, 1, 'mt', 'delivered', 'transactional', '+1555' || substr('0000000' || (n.i * 7919 % 10000000), {last7}),
  'TIDINGS', 'Your order ' || n.i || ' is on its way and arrives today between 3 and 5 pm. Reply HELP for help.',
  'gsm7', 1, 0, {at}, {at} + 86400000, 'network', 'order-' || n.i, '["bench"]', 1, {at}, {at}, 4 from {numbers}"""
_EVENT = """insert into message_event (message_id, sequence, account_id, type, occurred_at)
select {id}, {sequence}, 1, 'message.{kind}', {at} from {numbers}"""
_ATTEMPT = """insert into attempt (id, message_id, account_id, part, carrier, bind, fence, started_at, outcome,
  carrier_id, answered_at, receipt, receipt_code)
select {id} + 1, {id}, 1, 1, 'network', 'network/1', 1, {at}, 'sent', {hex}, {at}, 'delivered', 'DELIVRD 000'
from {numbers}"""
_RECEIPT = """insert into receipt (id, carrier, bind, carrier_id, sender, state, status, error_code, raw, received_at,
  attempt_id, message_id, tries)
select {id} + 2, 'network', 'network/1', {hex}, '+15550000000', 'DELIVRD', 'delivered', '000', {octets}, {at},
  {id} + 1, {id}, 1 from {numbers}"""
_SQLITE = {
    "numbers": "(with recursive m(i) as (select {low} union all select i + 1 from m where i < {high}) "
    "select * from m) as n",
    "hex": "printf('%013x', {id})", "octets": "zeroblob(100)", "last7": "-7",
}  # fmt: skip
_POSTGRES = {
    "numbers": "generate_series({low}::bigint, {high}) as n (i)", "hex": "lpad(to_hex({id}), 13, '0')",
    "octets": "decode(repeat('00', 100), 'hex')", "last7": "length('0000000' || (n.i * 7919 % 10000000)) - 6",
}  # fmt: skip


def _pages(stored: int, words: dict[str, str]) -> list[list[str]]:
    """The statements, a list for each transaction."""
    began = int(time.time() * 1000) - stored - 60_000
    pages = []
    for low in range(1, stored + 1, PAGE):
        high = min(stored, low + PAGE - 1)
        known = {"id": _ID.format(i="n.i", first=began - EPOCH), "at": _AT.format(i="n.i", began=began)}
        told = known | {name: word.format(low=low, high=high, **known) for name, word in words.items()}
        events = [
            _EVENT.format(sequence=sequence, kind=kind, **told)
            for sequence, kind in enumerate(("accepted", "queued", "sent", "delivered"), 1)
        ]
        pages.append([_MESSAGE.format(**told), *events, _ATTEMPT.format(**told), _RECEIPT.format(**told)])
    return pages


def fill_sqlite(file: Path, stored: int) -> None:
    """So many messages, into the file of an installation that does not run."""
    db = apsw.Connection(str(file))
    db.execute("pragma synchronous = off; pragma cache_size = -400000")
    for statements in _pages(stored, _SQLITE):
        with db:
            for statement in statements:
                db.execute(statement)
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()


def fill_postgres(url: str, stored: int) -> None:
    """So many messages, into a database whose schema is there."""

    async def fill() -> None:
        db = await asyncpg.connect(url, command_timeout=3_600)
        await db.execute("set synchronous_commit = off")
        for statements in _pages(stored, _POSTGRES):
            async with db.transaction():
                for statement in statements:
                    await db.execute(statement)
        await db.execute("vacuum analyze")
        await db.close()

    asyncio.run(fill())
