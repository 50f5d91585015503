"""A person who was erased is found in no table; what they opted out of holds, and everybody else stays."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import postgres_kit
from contract_kit import ONE, TWO, Desk, attempt, event, inbound, message, receipt
from copy_kit import contents
from spine_kit import HandClock, build
from tidings.core.codes import Call, Pace
from tidings.core.erasure import ERASED, Erased, digest
from tidings.core.questions import Queued, Tx
from tidings.pipeline import erase

THEM = "+15551230188"
DIGITS = "15551230188"
OTHER = "+15551230199"


async def traces(folder: Path, engine: str, digits: str) -> list[str]:
    """Tables that know these digits, in a text or in octets."""
    where = postgres_kit.url(folder) if engine == "postgres" else str(folder)
    return [
        name
        for name, rows in (await asyncio.to_thread(contents, where)).items()
        if any(digits.encode() in octets(value) for row in rows for value in row)
    ]


def octets(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture
def engine_of(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["store"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def house(store: Any) -> Any:
    return build(store, HandClock())


async def plant(tx: Tx, number: str, first: int, account: int = ONE) -> None:
    """A life with somebody: delivered, failed, answered, with all that is stored beside it."""
    digits = number.removeprefix("+")
    about: dict[str, Any] = {"client_ref": f"ref {digits}", "tags": [f"t{digits}"], "metadata": {"phone": number}}
    about |= {"account_id": account, "to": number, "text": f"Dear {number}", "status": "delivered", "finished_at": 5}
    out = [message(first + at, **about) for at in range(3)]
    mo = message(
        first + 3, account_id=account, direction="mo", sender=number, to="12345", text=f"I am {digits}",
        status="received", finished_at=5,
    )  # fmt: skip
    await tx.messages.insert([*out, mo])
    await tx.events.append([event(first, 1, data={"to": number}), event(first, 2, data={"carrier": "north"})])
    await tx.attempts.open([attempt(first + 10, first)])
    await tx.attempts.answer([attempt(first + 10, first, outcome="failed", detail=f"no route to {digits}")])
    matched = {"message_id": first, "attempt_id": first + 10, "retry_at": None}
    await tx.receipts.insert(
        [
            receipt(first + 20, sender=digits, raw=digits.encode(), **matched),
            receipt(first + 21, sender=digits, raw=f"id:1 text:{digits}".encode()),
        ]
    )  # fmt: skip
    came: dict[str, Any] = {"account_id": account, "sender": number, "text": digits, "octets": digits.encode()}
    whole = inbound(first + 30, message_id=first + 3, digest=f"d{digits}", **came)
    await tx.inbounds.insert([whole, inbound(first + 31, digest=f"e{digits}", **came)])
    fetch = tx.engine.fetch  # type: ignore[attr-defined]
    await fetch(
        "insert into submission (message_id, account_id, esme_id, response_id, service_type, source_addr_ton, "
        "source_addr_npi, source_addr, dest_addr_ton, dest_addr_npi, destination_addr, registered_delivery, "
        "data_coding) values (?1, ?2, 1, 'x', '', 0, 0, 'US', 1, 1, ?3, 0, 0)", first, account, digits,
    )  # fmt: skip
    await fetch(
        "insert into message_callback (message_id, account_id, url, events) values (?1, ?2, ?3, '[]')",
        first, account, f"https://example.com/{digits}",
    )  # fmt: skip
    await fetch(
        "insert into webhook_delivery (id, account_id, endpoint, message_id, sequence, type, occurred_at, status, "
        "attempts, created_at, began_at) values (?1, ?2, 'e', ?3, 1, 'message.sent', 1, 'delivered', 1, 1, 1)",
        first, account, first,
    )  # fmt: skip
    for at, (status, finished_at) in enumerate([("delivered", 2), ("waiting", None)], 1):
        await fetch(
            "insert into webhook_delivery (id, account_id, endpoint, url, message_id, sequence, type, occurred_at, "
            "status, attempts, created_at, began_at, finished_at) "
            "values (?1, ?2, 'e', ?3, ?4, 1, 'message.sent', 1, ?5, 1, 1, 1, ?6)",
            first + at, account, f"https://example.com/{digits}", first, status, finished_at,
        )  # fmt: skip
    await fetch(
        "insert into webhook_attempt (delivery_id, number, at, took_ms, outcome, digest, octets, answer, detail) "
        "values (?1, 1, 1, 1, 'ok', 'd', 1, ?2, ?2)", first, f"thanks for {number}",
    )  # fmt: skip
    await fetch(
        "insert into contact (id, account_id, name, fields, tags, notes, created_at, changed_at) "
        "values (?1, ?2, 'Ann', '{}', '[]', ?3, 1, 1)", first + 40, account, f"also {digits}",
    )  # fmt: skip
    await fetch(
        "insert into contact_number (account_id, number, contact_id) values (?1, ?2, ?3)", account, number, first + 40
    )
    await fetch(
        "insert into conversation (id, account_id, sender, contact_id, number, status, labels, unread, last_id, "
        "created_at, event_count) values (?1, ?2, 'US', ?3, ?4, 'open', '[]', 0, 1, 1, 1)",
        first + 41, account, first + 40, number,
    )  # fmt: skip
    await fetch(
        "insert into conversation_note (id, account_id, conversation_id, author, text, created_at) "
        "values (?1, ?2, ?3, 'me', ?4, 1)", first + 42, account, first + 41, f"call {digits}",
    )  # fmt: skip
    await tx.events.append([event(first + 41, 1, "conversation.opened", {"number": number})])
    await tx.words.insert([*out, mo])
    await tx.codes.keep_paces([
        Pace(account_id=account, number=number, sender="12345", minute_at=0, minute=1, day_at=0, day=1)
    ])  # fmt: skip
    await tx.codes.insert_calls([
        Call(id=first + 50, account_id=account, message_id=mo.id, code_id=1, url="https://a.example/", replies="json",
             status="waiting", attempts=0, created_at=0, next_at=0, said=f'{{"parameters": {{"of": "{digits}"}}}}')
    ])  # fmt: skip
    await tx.suppressions.add(account, number, "stop", 1)


async def test_nothing_is_found_of_them_and_all_of_others(desk: Desk, folder: Path, engine_of: str) -> None:
    await desk.do(lambda tx: plant(tx, THEM, 100))
    await desk.do(lambda tx: plant(tx, OTHER, 200))
    assert len(await traces(folder, engine_of, DIGITS)) == 18
    others = await traces(folder, engine_of, OTHER[1:])
    done = await erase.erase(house(desk.store), ONE, THEM)
    assert (done.messages, done.receipts, done.evidence, done.left, done.complete) == (4, 2, 2, 0, True)
    assert await traces(folder, engine_of, DIGITS) == []
    assert await traces(folder, engine_of, OTHER[1:]) == others
    kept = await desk.see(lambda tx: tx.messages.by_id([100, 103]))
    assert (kept[100].to, kept[100].text, kept[100].status, kept[100].sender) == (ERASED, None, "delivered", "TIDINGS")
    assert (kept[103].to, kept[103].sender) == ("12345", ERASED)
    assert [one.data for one in await desk.see(lambda tx: tx.events.of(100))] == [None, {"carrier": "north"}]


async def test_once_more_finds_nothing(desk: Desk) -> None:
    await desk.do(lambda tx: plant(tx, THEM, 100))
    await erase.erase(house(desk.store), ONE, THEM)
    again = await erase.erase(house(desk.store), ONE, THEM)
    assert again == Erased()


async def test_an_opt_out_holds_by_its_digest_and_can_be_lifted(desk: Desk) -> None:
    await desk.do(lambda tx: plant(tx, THEM, 100))
    await erase.erase(house(desk.store), ONE, THEM)
    many = [(ONE, f"+1555123{number:04d}") for number in range(30)]
    for asked in ([(ONE, THEM)], [(ONE, THEM), (ONE, OTHER)], [*many, (ONE, THEM)]):
        assert await desk.see(lambda tx, asked=asked: tx.suppressions.among(asked)) == {(ONE, THEM)}
    assert await desk.see(lambda tx: tx.suppressions.among([(TWO, THEM)])) == set()
    assert await desk.do(lambda tx: tx.suppressions.lift(ONE, THEM, "start", 9))
    assert await desk.see(lambda tx: tx.suppressions.among([(ONE, THEM)])) == set()


async def test_an_account_erases_its_own_and_the_default_account_all(desk: Desk, folder: Path, engine_of: str) -> None:
    async def accounts(tx: Tx) -> None:
        await tx.engine.fetch("insert into account (id, name, created_at) values (2, 'two', 0)")  # type: ignore[attr-defined]
        await plant(tx, THEM, 100)
        await plant(tx, THEM, 200, TWO)

    await desk.do(accounts)
    done = await erase.erase(house(desk.store), TWO, THEM)
    assert (done.messages, done.evidence) == (4, 2)
    kept = await desk.see(lambda tx: tx.messages.by_id([100, 200]))
    assert [kept[at].to for at in (100, 200)] == [THEM, ERASED]
    assert (await erase.erase(house(desk.store), ONE, THEM)).messages == 4
    assert await traces(folder, engine_of, DIGITS) == []


async def test_what_waits_is_canceled_and_what_is_on_its_way_is_left(desk: Desk) -> None:
    async def begin(tx: Tx) -> None:
        await tx.messages.insert(
            [message(1, to=THEM, status="queued"), message(2, to=THEM, status="sent", sent_at=5), message(3, to=THEM)]
        )
        await tx.queue.insert([Queued(1, ONE, 2, 0, 1_000_000)])

    await desk.do(begin)
    done = await erase.erase(house(desk.store), ONE, THEM)
    assert (done.messages, done.left, done.complete) == (1, 2, True)
    kept = await desk.see(lambda tx: tx.messages.by_id([1, 2]))
    assert (kept[1].status, kept[1].to, kept[1].text) == ("canceled", ERASED, None)
    assert (kept[2].status, kept[2].to, kept[2].text) == ("sent", THEM, "Hello")


async def test_it_goes_in_pages_and_says_when_there_is_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "PAGE", 3)
    monkeypatch.setattr(erase, "PAGES", 2)
    out = [message(at, to=THEM, status="delivered", finished_at=5) for at in range(1, 20, 2)]
    out += [message(at, to=THEM, status="sent") for at in range(2, 21, 2)]
    await desk.do(lambda tx: tx.messages.insert(out))
    calls = messages = 0
    while True:
        done = await erase.erase(house(desk.store), ONE, THEM)
        calls, messages = calls + 1, messages + done.messages
        if done.complete or calls > 20:
            break
    assert (done.complete, messages, done.left) == (True, 10, 10)
    assert calls > 1


async def test_receipts_of_no_message_are_no_accounts_and_are_looked_for_in_pages(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erase, "PAGE", 2)
    monkeypatch.setattr(erase, "LOOK", 3)
    senders = [DIGITS, OTHER, THEM, DIGITS, OTHER, DIGITS, DIGITS, OTHER]
    rows = [receipt(at, sender=sender) for at, sender in enumerate(senders, 1)]
    rows.append(receipt(20, sender=DIGITS, attempt_id=1, message_id=2))

    async def begin(tx: Tx) -> None:
        await tx.engine.fetch("insert into account (id, name, created_at) values (2, 'two', 0)")  # type: ignore[attr-defined]
        await tx.receipts.insert(rows)

    await desk.do(begin)

    async def left() -> list[int]:
        found = await desk.see(lambda tx: tx.receipts.unmatched("north", 0, 99))
        return [one.id for one in found if one.sender.removeprefix("+") == DIGITS and one.raw]

    assert (await erase.erase(house(desk.store), TWO, THEM)).receipts == 0
    assert await left() == [1, 3, 4, 6, 7]
    assert (await erase.erase(house(desk.store), ONE, THEM)).receipts == 5
    assert await left() == []
    found = await desk.see(lambda tx: tx.receipts.unmatched("north", 0, 99))
    assert [one.id for one in found if one.sender == OTHER] == [2, 5, 8]
    assert [one.sender for one in await desk.see(lambda tx: tx.receipts.of(2))] == [DIGITS], "it goes with its message"
    assert (await erase.erase(house(desk.store), ONE, THEM)).receipts == 0


def test_a_digest_is_of_the_account_and_the_number() -> None:
    assert digest(ONE, THEM) != digest(TWO, THEM)
    assert digest(ONE, THEM) != digest(ONE, OTHER)
    assert digest(ONE, THEM).startswith("#")
    assert len(digest(ONE, THEM)) == 33
