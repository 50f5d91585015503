"""Tails that were held back by a commit under way look again by themselves: one that is undone tells nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

import postgres_kit
from spine_kit import request, send
from stream_kit import place
from tidings.door.tail import Tail
from tidings.pipeline import notify
from tidings.store import nodes
from webhook_kit import Endpoint, office

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("SQLite has one writer: nothing is ever held back")]

A_WHILE = 0.3
"""Seconds in which a tail that is not held back has looked."""


@pytest.fixture(autouse=True)
def on_postgres(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """And nobody looks for time alone."""
    monkeypatch.setattr(notify, "KEEP_S", 3_600.0)
    with postgres_kit.chosen_for(True):
        yield


@asynccontextmanager
async def under_way(tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """Somebody is about to commit, and has drawn a position."""
    db = await asyncpg.connect(postgres_kit.url(tmp_path))
    await db.execute(
        f"begin; select pg_advisory_xact_lock_shared({nodes.UNDER_WAY} | last_value) from message_event_position; "
        "select nextval('message_event_position')"
    )
    yield db
    await db.close()


async def test_a_stream_tells_what_was_held_back(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        reader = await here.opened()
        await here.send()
        await reader.count(1)
        async with under_way(tmp_path) as db:
            await here.send()
            await asyncio.sleep(A_WHILE)
            assert len(reader.ids) == 1
            await db.execute("rollback")
            await reader.count(2)


async def test_a_webhook_is_told_what_was_held_back(tmp_path: Path) -> None:
    async with Endpoint().up() as endpoint, office(tmp_path) as here:
        await here.subscribe(endpoint.url, events=("message.accepted", "message.queued"))
        await send(here.house, request())
        await here.settled("delivered")
        async with under_way(tmp_path) as db:
            await send(here.house, request())
            await asyncio.sleep(A_WHILE)
            before = len(await here.deliveries())
            await db.execute("rollback")
            await here.settled("delivered", before + 1)


async def test_who_tells_nobody_looks_on_too(tmp_path: Path) -> None:
    """So that its position is not left behind."""
    async with office(tmp_path) as here:
        here.house.listening = True
        await send(here.house, request())
        await here.until(lambda: here.notifier._position > 0)
        async with under_way(tmp_path) as db:
            position = here.notifier._position
            await send(here.house, request())
            await asyncio.sleep(A_WHILE)
            assert here.notifier._position == position
            await db.execute("rollback")
            await here.until(lambda: here.notifier._position > position)


async def test_what_is_owed_to_esmes_is_looked_for_again(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        tail = Tail(here.house, dict, lambda esme, count: None)
        await tail.take(1)
        following = asyncio.ensure_future(tail.follow_for_ever())
        await send(here.house, request())
        tail._wake.set()
        await here.until(lambda: tail._position > 0)
        async with under_way(tmp_path) as db:
            position = tail._position
            await send(here.house, request())
            tail._wake.set()
            await asyncio.sleep(A_WHILE)
            assert tail._position == position
            await db.execute("rollback")
            await here.until(lambda: tail._position > position)
        tail.stop()
        await following
