"""Questions about customers' ESMEs and what they submitted, with what they mean."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contract_kit import ONE, TWO, Desk, message
from tidings.core.esme import Esme, Session, Submission
from tidings.core.message import Prepared


def esme(number: int, **changes: Any) -> Esme:
    fields: dict[str, Any] = {
        "id": number, "account_id": ONE, "name": "shop", "system_id": f"shop{number}", "password": b"\x00" * 4,
        "created_at": 5,
    }  # fmt: skip
    return Esme(**{**fields, **changes})


ALL: dict[str, Any] = {
    "name": "new", "system_id": "other", "password": b"\x01", "closed_at": 7, "old_password": b"\x02", "old_until": 8,
    "networks": ("::/0", "192.0.2.1"), "bind_types": ("receiver",), "max_binds": 9, "window": 11, "rate": 2.5,
    "daily_quota": 12, "monthly_quota": 13, "tls": True, "certificate": "ab" * 32, "alphabet": "latin1",
    "category": "otp", "senders": ("ACME", "Ä"), "interface_version": "3.3", "message_id_form": "decimal",
    "receipt_format": "other", "receipt_id_form": "decimal", "inbound": ("*",),
    "receipt_pdu": "data_sm", "receipt_seconds": True, "receipt_text": False, "concatenation": "sar",
    "queue_most": 14, "queue_hours": 15,
}  # fmt: skip


def submission(message_id: int, response_id: str = "1F", **changes: Any) -> Submission:
    fields: dict[str, Any] = {
        "message_id": message_id, "account_id": ONE, "esme_id": 70, "response_id": response_id, "service_type": "WAP",
        "source_addr_ton": 5, "source_addr_npi": 0, "source_addr": "Ä", "dest_addr_ton": 1, "dest_addr_npi": 1,
        "destination_addr": "15551230100", "registered_delivery": 1, "data_coding": 8, "user_message_reference": 9,
    }  # fmt: skip
    return Submission(**{**fields, **changes})


async def kept(desk: Desk, *rows: Esme) -> None:
    for row in rows:
        await desk.do(lambda tx, row=row: tx.esmes.insert(row))


def ids(rows: Any) -> list[int]:
    return [row.id for row in rows]


async def test_an_esme_is_kept_as_it_is_with_and_without_all_that_may_be_set(desk: Desk) -> None:
    plain, full = esme(70), msgspec.structs.replace(esme(71), **ALL, last_bound_at=6)
    await kept(desk, plain, full)
    assert await desk.see(lambda tx: tx.esmes.one(ONE, 70)) == plain
    assert await desk.see(lambda tx: tx.esmes.one(ONE, 71)) == full
    assert await desk.see(lambda tx: tx.esmes.one(TWO, 70)) is None
    assert await desk.see(lambda tx: tx.esmes.one(ONE, 72)) is None


async def test_an_esme_is_changed_but_for_its_account_its_birth_and_its_last_bind(desk: Desk) -> None:
    await kept(desk, esme(70))
    changed = msgspec.structs.replace(esme(70), **ALL)
    moved = msgspec.structs.replace(changed, account_id=TWO, created_at=99, last_bound_at=99)
    await desk.do(lambda tx: tx.esmes.change(moved))
    assert await desk.see(lambda tx: tx.esmes.one(ONE, 70)) == changed


async def test_a_system_id_belongs_to_one_that_is_open(desk: Desk) -> None:
    await kept(desk, esme(70, system_id="shop"), esme(71, system_id="Shop"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await kept(desk, esme(72, system_id="shop", account_id=TWO))
    assert await desk.see(lambda tx: tx.esmes.by_system_id("shop")) == esme(70, system_id="shop")
    await desk.do(lambda tx: tx.esmes.change(esme(70, system_id="shop", closed_at=9)))
    assert await desk.see(lambda tx: tx.esmes.by_system_id("shop")) is None
    await kept(desk, esme(72, system_id="shop", account_id=TWO))
    assert ids(await desk.see(lambda tx: tx.esmes.open())) == [71, 72]


async def test_those_of_one_account_newest_first_closed_ones_too(desk: Desk) -> None:
    await kept(desk, esme(1), esme(2, account_id=TWO), esme(3, closed_at=9), esme(4))
    assert ids(await desk.see(lambda tx: tx.esmes.page(ONE, None, 2))) == [4, 3]
    assert ids(await desk.see(lambda tx: tx.esmes.page(ONE, 3, 2))) == [1]
    assert ids(await desk.see(lambda tx: tx.esmes.page(None, None, 3))) == [4, 3, 2]
    assert ids(await desk.see(lambda tx: tx.esmes.page(None, 3, 3))) == [2, 1]
    owners = [await desk.see(lambda tx, number=number: tx.esmes.account_of(number)) for number in (2, 3, 9)]
    assert owners == [TWO, ONE, None]


async def test_binds_are_noted_together(desk: Desk) -> None:
    await kept(desk, esme(1), esme(2), esme(3))
    await desk.do(lambda tx: tx.esmes.touch([1, 3, 99], 60_000))
    assert [one.last_bound_at for one in await desk.see(lambda tx: tx.esmes.open())] == [60_000, None, 60_000]


async def test_numbers_are_reserved_for_each_without_a_gap(desk: Desk) -> None:
    await kept(desk, esme(1), esme(2))
    assert [await desk.do(lambda tx: tx.esmes.short_ids(1, 100)) for _ in range(2)] == [100, 200]
    assert await desk.do(lambda tx: tx.esmes.short_ids(2, 5)) == 5


async def test_a_submission_is_kept_as_it_came(desk: Desk) -> None:
    rows = [submission(1), submission(2, user_message_reference=None)]
    await desk.do(lambda tx: tx.esmes.submit(rows))
    assert await desk.see(lambda tx: tx.esmes.submissions([1, 2, 3])) == {1: rows[0], 2: rows[1]}


async def test_submissions_are_found_by_the_id_that_was_answered(desk: Desk) -> None:
    rows = [
        submission(3, "B"), submission(1, "A"), submission(2, "A"), submission(4, "A", esme_id=71), submission(5, "a"),
    ]  # fmt: skip
    await desk.do(lambda tx: tx.esmes.submit(rows))
    found = await desk.see(lambda tx: tx.esmes.answered(70, ["A", "B", "C"]))
    assert [one.message_id for one in found] == [1, 2, 3]


async def test_what_waits_between_two_addresses(desk: Desk) -> None:
    rows = [
        message(1, status="queued"), message(2, status="scheduled"), message(3, status="sent"), message(4),
        message(5, to="+15550000001"), message(6), message(7), message(8), message(9), message(10, account_id=TWO),
    ]  # fmt: skip
    await desk.do(lambda tx: tx.messages.insert(rows))
    kept = [submission(number) for number in (1, 2, 3, 4, 5, 10)]
    others: list[dict[str, Any]] = [
        {"source_addr": "X"}, {"destination_addr": "X"}, {"service_type": ""}, {"esme_id": 71},
    ]  # fmt: skip
    kept += [submission(number, **changes) for number, changes in enumerate(others, 6)]
    await desk.do(lambda tx: tx.esmes.submit(kept))

    async def ask(tx: Any, before: int = 99, limit: int = 9) -> list[int]:
        wanted = (70, ONE, "+15551230100", "Ä", "15551230100", "WAP", before, limit)
        found: list[int] = await tx.esmes.pending(*wanted)
        return found

    assert await desk.see(ask) == [1, 2, 4]
    assert await desk.see(lambda tx: ask(tx, before=4)) == [1, 2]
    assert await desk.see(lambda tx: ask(tx, limit=1)) == [1]


async def test_a_submission_that_is_dropped_is_known_by_its_id_no_more(desk: Desk) -> None:
    await desk.do(lambda tx: tx.esmes.submit([submission(1, "A"), submission(2, "A")]))
    await desk.do(lambda tx: tx.esmes.drop_submission(1))
    assert [one.message_id for one in await desk.see(lambda tx: tx.esmes.answered(70, ["A"]))] == [2]


async def test_a_message_that_came_as_octets_is_kept_as_it_came_and_blanked_whole(desk: Desk) -> None:
    made = Prepared("binary", b"\x00\xff", b"\x06\x05\x04\x00\x01\x00\x02", 4, 0x7F, True)
    rows = [
        message(1, text=None, prepared=made),
        message(2, status="delivered", text=None, prepared=made, finished_at=5),
    ]
    await desk.do(lambda tx: tx.messages.insert(rows))
    assert await desk.see(lambda tx: tx.messages.one(ONE, 1)) == rows[0]
    old = await desk.see(lambda tx: tx.messages.outlived("transactional", 0, 1_800_000_000_000, 9))
    assert old == [2]
    await desk.do(lambda tx: tx.messages.blank([2]))
    gone = await desk.see(lambda tx: tx.messages.one(ONE, 2))
    assert gone is not None
    assert (gone.text, gone.prepared) == (None, None)
    assert await desk.see(lambda tx: tx.messages.outlived("transactional", 0, 1_800_000_000_000, 9)) == []


def session(number: int, esme_id: int = 70, holder: int = 0, **more: Any) -> Session:
    fields: dict[str, Any] = {
        "id": number, "account_id": 1, "esme_id": esme_id, "holder": holder, "place": "gw1 4127",
        "bind_type": "receiver", "address": "192.0.2.7", "interface_version": 0x34, "secure": True, "bound_at": 9,
    }  # fmt: skip
    return Session(**{**fields, **more})


async def test_binds_that_stand_are_seen_oldest_first_and_go_with_their_process(desk: Desk) -> None:
    for one in (session(3), session(2, secure=False), session(4, esme_id=71), session(5, holder=6)):
        await desk.do(lambda tx, one=one: tx.esmes.open_session(one))  # type: ignore[misc]
    assert await desk.see(lambda tx: tx.esmes.sessions([70])) == [
        session(2, secure=False), session(3),
    ], "of a process that is not there none stands"  # fmt: skip
    await desk.do(lambda tx: tx.esmes.open_session(session(3)))
    await desk.do(lambda tx: tx.esmes.close_sessions([2, 99]))
    await desk.do(lambda tx: tx.esmes.forget_sessions())
    assert [one.id for one in await desk.see(lambda tx: tx.esmes.sessions([70, 71]))] == [3, 4]
    await desk.do(lambda tx: tx.esmes.end_sessions(0))
    assert await desk.see(lambda tx: tx.esmes.sessions([70, 71])) == []
