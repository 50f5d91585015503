"""Where questions are put to a store, and plain rows to ask about."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from spine_kit import ask
from tidings.core.message import Message
from tidings.core.ports import Stage
from tidings.core.questions import Attempt, Event, InboundRow, Queued, ReceiptRow, Remembered, Tx

R = TypeVar("R")

ONE, TWO = 1, 2
"""Accounts."""
PATIENCE = 30.0
"""Seconds after which a test gives up; nothing here takes a tenth of it."""


class Desk:
    """Where questions are put: each in a transaction of its own."""

    def __init__(self, store: Any) -> None:
        self.store = store

    async def do(self, question: Callable[[Tx], Awaitable[R]]) -> R:
        """Ask, and keep what it changed."""
        answers: list[R] = await self.store.write(ask, [question])
        return answers[0]

    async def see(self, question: Callable[[Tx], Awaitable[R]]) -> R:
        """Ask what is committed."""
        found: R = await self.store.read(question, tail=True)
        return found


@asynccontextmanager
async def held(store: Any) -> AsyncIterator[None]:
    """Each writer is busy with one commit until the block ends: what is submitted meanwhile waits together."""
    go_on = threading.Event()

    async def hold(tx: Tx, items: Sequence[threading.Event], now: int) -> list[None]:
        items[0].set()
        assert go_on.wait(PATIENCE)
        return [None]

    kinds = [Stage(hold, 0, False), *([Stage(hold, 0, False, beside=bool)] if store.driver.beside else [])]
    holding = []
    try:
        for kind in kinds:
            began = threading.Event()
            holding.append(asyncio.ensure_future(store.write(kind, [began])))
            assert await asyncio.to_thread(began.wait, PATIENCE)
        yield
    finally:
        go_on.set()
        await asyncio.gather(*holding)


async def settled() -> None:
    """Everybody who could run has run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def submitted(*writes: Awaitable[Any]) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.ensure_future(write) for write in writes]
    await settled()
    return tasks


async def store_messages(store: Any, *numbers: int, **changes: Any) -> None:
    await store.write(ask, [lambda tx: tx.messages.insert([message(number, **changes) for number in numbers])])


async def present(store: Any, *numbers: int) -> list[int]:
    """Which of these messages are there."""
    return sorted(await store.read(lambda tx: tx.messages.by_id(numbers)))


# rows


def message(number: int, **changes: Any) -> Message:
    fields: dict[str, Any] = {
        "id": number, "account_id": ONE, "direction": "mt", "status": "accepted", "category": "transactional",
        "to": "+15551230100", "sender": "TIDINGS", "text": "Hello", "encoding": "gsm7", "segments": 1, "reference": 7,
        "created_at": number * 10, "expires_at": 1_000_000, "event_count": 1,
    }  # fmt: skip
    return Message(**{**fields, **changes})


def queued(number: int, due_at: int = 0, **changes: Any) -> Queued:
    fields: dict[str, Any] = {"account": ONE, "rank": 2, "expires_at": 1_000_000, "carrier": "", **changes}
    return Queued(number, fields["account"], fields["rank"], due_at, fields["expires_at"], fields["carrier"])


def event(number: int, sequence: int, kind: str = "message.queued", data: dict[str, Any] | None = None) -> Event:
    return Event(number, ONE, sequence, kind, sequence * 100, data)


def attempt(number: int, message_id: int, **changes: Any) -> Attempt:
    fields: dict[str, Any] = {
        "id": number, "message_id": message_id, "account_id": ONE, "part": 1, "carrier": "north", "bind": "north/1",
        "fence": 3, "started_at": number,
    }  # fmt: skip
    return Attempt(**{**fields, **changes})


def receipt(number: int, **changes: Any) -> ReceiptRow:
    fields: dict[str, Any] = {
        "id": number, "carrier": "north", "bind": "north/1", "carrier_id": "abc", "sender": "15551230100",
        "state": "DELIVRD", "status": "delivered", "error_code": "000", "raw": b"id:abc\x00\xff", "received_at": 50,
        "attempt_id": None, "message_id": None, "tries": 1, "retry_at": 100,
    }  # fmt: skip
    return ReceiptRow(**{**fields, **changes})


def inbound(number: int, **changes: Any) -> InboundRow:
    fields: dict[str, Any] = {
        "id": number, "account_id": ONE, "message_id": None, "carrier": "north", "bind": "north/1", "session": "s1",
        "sender": "+15551230100", "to": "12345", "digest": f"d{number}", "octets": b"\x00\xff", "udh": b"\x05\x00",
        "data_coding": 8, "text": "Hello", "encoding": "ucs2", "reference": 9, "part": 1, "parts": 2,
        "received_at": 1_000,
    }  # fmt: skip
    return InboundRow(**{**fields, **changes})


def remembered(key: str, expires_at: int = 100, account: int = ONE) -> Remembered:
    return Remembered(account, key, b"\x00digest", b'["answer"]', expires_at)
