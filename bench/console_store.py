"""The store that the console is measured on: a million messages, some of each kind, and ten thousand conversations.

What a person narrows the log by is there in three ways: everywhere (`delivered`, the tag `bench`), here and there (one
text in a hundred came from a handset, one in a thousand failed, was tagged `vip` or has a sender of its own), and only
at the far end (`rejected`, the tag `first`), where a search through the newest rows finds nothing for long.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import apsw
import asyncpg

import filling
from tidings.core.conversation import Contact, Conversation
from tidings.core.ports import stage
from tidings.drivers.clock import SystemClock
from tidings.store.group_commit import GroupStore
from tidings.store.postgres import Postgres
from tidings.store.sqlite import Sqlite

OURS = "+15550009999"
CONVERSATIONS = 10_000
EVERY = 97
"""One message in so many is a text from a handset."""

# The ids of the filling leave 21 bits below the millisecond, and it writes one message a millisecond.
_NUMBER = "((id >> 21) % {every})"
_KINDS = (
    f"update message set direction = 'mo', status = 'received', category = 'conversation', sender = recipient, "
    f"recipient = '{OURS}', client_ref = null, tags = '[]' where {_NUMBER.format(every=EVERY)} = 1",
    f"update message set status = 'failed', segments_delivered = 0, finished_at = created_at + 900 "
    f"where {_NUMBER.format(every=1_000)} = 2",
    f'update message set tags = \'["bench","vip"]\' where {_NUMBER.format(every=1_000)} = 3',
    f"update message set sender = 'SHOP' where {_NUMBER.format(every=1_000)} = 4",
    "update message set status = 'rejected', segments_delivered = 0, sent_at = null, tags = '[\"bench\",\"first\"]' "
    "where id in (select id from message where direction = 'mt' order by id limit 50)",
)
_HEARD = "select id, sender, created_at from message where direction = 'mo' order by id desc limit {most}"


def fill_sqlite(folder: Path, messages: int) -> None:
    """Into the file of an installation that is migrated and does not run."""
    filling.fill_sqlite(folder / "tidings.db", messages)
    db = apsw.Connection(str(folder / "tidings.db"))
    db.execute("pragma synchronous = off; pragma cache_size = -400000")
    with db:
        for statement in _KINDS:
            db.execute(statement)
    heard = db.execute(_HEARD.format(most=CONVERSATIONS)).fetchall()
    db.close()
    asyncio.run(_talk(Sqlite(folder, SystemClock()), heard))


def fill_postgres(url: str, folder: Path, messages: int) -> None:
    """Into a database that is migrated."""
    filling.fill_postgres(url, messages)

    async def kinds() -> list[Any]:
        db = await asyncpg.connect(url, command_timeout=3_600)
        for statement in _KINDS:
            await db.execute(statement)
        heard = await db.fetch(_HEARD.format(most=CONVERSATIONS))
        await db.execute("vacuum analyze")
        await db.close()
        return heard

    heard = asyncio.run(kinds())
    asyncio.run(_talk(Postgres(url, folder, SystemClock()), heard))


@stage(order=0)
async def _keep(tx: Any, heard: Any, now: int) -> list[None]:
    """A contact and a conversation for each who was heard."""
    numbers = range(len(heard))
    await tx.contacts.insert(
        [
            Contact(id=heard[n][0] + 3, account_id=1, name=f"Person {heard[n][1][-5:]}" if n % 3 else "",
                    created_at=heard[n][2], changed_at=heard[n][2], numbers=(heard[n][1],))
            for n in numbers
        ]
    )  # fmt: skip
    await tx.conversations.insert(
        [
            Conversation(id=heard[n][0] + 4, account_id=1, sender=OURS, contact_id=heard[n][0] + 3, number=heard[n][1],
                         unread=1 if n < 30 else 0, last_id=heard[n][0], created_at=heard[n][2])
            for n in numbers
        ]
    )  # fmt: skip
    return [None] * len(heard)


async def _talk(driver: Any, heard: list[Any]) -> None:
    """Everybody who wrote is a contact, with a conversation that is open."""
    once = {row[1]: tuple(row) for row in reversed(heard)}
    people = sorted(once.values())
    store = GroupStore(driver, SystemClock())
    store.open()
    store.start(asyncio.get_running_loop())
    try:
        for at in range(0, len(people), 1_000):
            await store.write(_keep, people[at : at + 1_000])
    finally:
        store.stop()
