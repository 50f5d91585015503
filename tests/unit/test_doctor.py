"""Advice, as tables: from figures to what is said, and from a message to what it means."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kit import NOW, FakeHouse
from tidings.core.carrier import BindState, CarrierState, StateOfBind, Traffic
from tidings.core.health import (
    DatabaseState,
    DaysState,
    DoorState,
    EsmeState,
    SlotState,
    Snapshot,
    StandbyState,
    TableState,
)
from tidings.core.message import MessageError
from tidings.core.questions import Attempt, ReceiptRow
from tidings.doctor import advise, explain
from tidings.errors import MESSAGE_ERRORS


def carrier(**changes: Any) -> CarrierState:
    plain: dict[str, Any] = {"name": "north", "type": "smpp", "address": "h:2775", "binds_up": 1, "binds_total": 1}
    return CarrierState(**{**plain, **changes})


def bind(number: str, state: StateOfBind = "up") -> BindState:
    return BindState(
        name=f"north/{number}", kind="transceiver", state=state, since="2026", paused=False, bound=state == "up",
        error="refused", traffic=Traffic(drops=4),
    )  # fmt: skip


def snapshot(**changes: Any) -> Snapshot:
    return Snapshot(**{"carriers": (carrier(),), "disk_free_mb": 50_000, **changes})


def door(**changes: Any) -> Snapshot:
    plain: dict[str, Any] = {
        "addresses": ("h:2775",), "connections": 3, "connections_most": 10, "turned_away": 0, "binds": 2, "esmes": 1,
    }  # fmt: skip
    return snapshot(door=DoorState(**{**plain, **changes}))


def database(**changes: Any) -> Snapshot:
    plain: dict[str, Any] = {
        "engine": "postgresql", "version": "PostgreSQL 17.2", "supported_until": "2029-11-08", "size_mb": 3_000,
        "wal_mb": 512, "tables": (table(),), "oldest_transaction_s": 2.0, "oldest_transaction_by": "psql",
        "oldest_ids": 90_000_000, "connections": 12, "connections_most": 97, "synchronous_commit": "on",
        "settings": {"fsync": "on", "full_page_writes": "on", "autovacuum": "on", "zero_damaged_pages": "off"},
    }  # fmt: skip
    return snapshot(database=DatabaseState(**{**plain, **changes}))


def table(**changes: Any) -> TableState:
    return TableState(**{"name": "queue", "rows": 1_000, "dead": 5_000, "mb": 40, **changes})


def day(**changes: Any) -> DaysState:
    return DaysState(**{"name": "message_event", "first": "2025-10-25", "age": 401, "ahead": 3, **changes})


def standby(**changes: Any) -> StandbyState:
    return StandbyState(**{"name": "two", "mode": "sync", "lag_s": 0.01, "behind_mb": 0, **changes})


def file(**changes: Any) -> Snapshot:
    plain: dict[str, Any] = {"engine": "sqlite", "version": "SQLite 3.54.1", "size_mb": 2_000, "wal_mb": 4}
    return snapshot(database=DatabaseState(**{**plain, **changes}))


def kept(one: DaysState) -> Snapshot:
    return msgspec.structs.replace(database(days=(one,)), kept_days={"message_event": 400})


PAIR: dict[str, Any] = {"servers": 2, "waits_for": "two", "standbys": (standby(),)}

WELL: list[tuple[str, Snapshot]] = [
    ("nothing special", snapshot()),
    ("a short queue", snapshot(queued=500, oldest_s=59)),
    ("few answers say nothing", snapshot(carriers=(carrier(answers={"throttled": 10}),))),
    ("a throttle now and then", snapshot(carriers=(carrier(answers={"sent": 95, "throttled": 5}),))),
    ("the disk cannot be read", snapshot(disk_free_mb=None)),
    ("an SMPP door with guests", door()),
    ("a database server", database()),
    ("a pair of servers", database(**PAIR)),
    (
        "a standby that is waited for, as far as it may be seen",
        database(servers=1, waits_for="two", standbys=(standby(mode="quorum"),)),
    ),
    ("a small table that is mostly dead rows", database(tables=(table(rows=0, dead=9_000),))),
    ("a large table with its share of dead rows", database(tables=(table(rows=900_000, dead=150_000),))),
    ("a table by the day", kept(day())),
    ("and one that is kept for ever", kept(day(name="other", age=9_000))),
    ("a slot that is read", database(slots=(SlotState(name="two", active=True, held_mb=5_000),))),
    ("a file", file()),
    ("a file with room", file(unused_mb=400)),
]


@pytest.mark.parametrize("figures", [w[1] for w in WELL], ids=[w[0] for w in WELL])
def test_all_is_well(figures: Snapshot) -> None:
    assert advise(figures) == []


def shop(**changes: Any) -> Snapshot:
    plain: dict[str, Any] = {
        "id": "esme_1", "system_id": "shop", "receivers": 1, "waiting": 5, "most": 100, "oldest_s": 5.0, "dead": 0,
        "failures": 0,
    }  # fmt: skip
    return snapshot(esmes=(EsmeState(**{**plain, **changes}),))


def answered(**answers: int) -> Snapshot:
    return snapshot(carriers=(carrier(answers=answers),))


ILL: list[tuple[str, Snapshot, str, str, str]] = [
    ("the store cannot commit", snapshot(store_fault="disk I/O error"), "error", "disk I/O error", "disk"),
    ("the server is away", snapshot(store="PostgreSQL 15 at db/x", store_fault="Away"), "error", "Away", "by itself"),
    ("no day ahead", kept(day(ahead=0)), "warning", "no partition for tomorrow", "stay open"),
    ("not even today", kept(day(ahead=-1)), "warning", "no partition for today", "stay open"),
    ("rows that belong to a day", kept(day(strays=7)), "warning", "(7)", "place_strays('message_event')"),
    ("many of them", kept(day(strays=1_000)), "warning", "1,000 or more", "place_strays"),
    ("a day that should be gone", kept(day(age=406)), "warning", "2025-10-25, though it is kept for 400", "stays open"),
    (
        "a version without support", database(supported=False, supported_until="2027-11-11"),
        "warning", "2027-11-11", "pg_upgrade",
    ),
    ("fsync is off", database(settings={"fsync": "off"}), "error", "fsync = off", "alter system reset fsync"),
    ("full_page_writes is off", database(settings={"full_page_writes": "off"}), "error", "full_page_writes", "reset"),
    ("autovacuum is off", database(settings={"autovacuum": "off"}), "error", "autovacuum = off", "reset"),
    ("damaged pages are hidden", database(settings={"zero_damaged_pages": "on"}), "error", "damaged pages", "reset"),
    ("a transaction is open", database(oldest_transaction_s=600), "warning", "10 min in the database (psql)", "PID"),
    ("a transaction is open for hours", database(oldest_transaction_s=7_200), "error", "120 min", "PID"),
    ("rows are old", database(oldest_ids=1_500_000_000), "error", "1500 million", "vacuum freeze"),
    ("nothing may be seen", database(hidden=True, waits_for="two"), "note", "does not tell", "pg_monitor"),
    ("dead rows", database(tables=(table(dead=200_000),)), "warning", "queue holds 200000 dead rows", "autovacuum"),
    (
        "the standby is gone", database(servers=2, waits_for="two"),
        "error", "none is there", "synchronous_standby_names = ''",
    ),
    ("no standby", database(servers=2), "warning", "`database` names 2 servers, but no standby", "Attach"),
    (
        "a standby nobody waits for", database(servers=2, standbys=(standby(mode="async"),)),
        "warning", "none is synchronous", "name it",
    ),
    (
        "remote_apply alone", database(synchronous_commit="remote_apply"),
        "warning", "remote_apply asks for a standby", "Attach",
    ),
    (
        "a standby is late", database(**PAIR | {"standbys": (standby(lag_s=90),)}),
        "warning", "two (sync) is 90 s", "line",
    ),
    (
        "a standby is far behind", database(**PAIR | {"standbys": (standby(behind_mb=999),)}),
        "warning", "999 MB behind", "disk",
    ),
    ("the log grows", database(wal_mb=30_000), "warning", "30000 MB", "archive_command"),
    (
        "a slot is not read", database(slots=(SlotState(name="two", active=False, held_mb=5_000),)), "error",
        "keeps 5000 MB", "pg_drop_replication_slot('two')",
    ),
    ("connections run out", database(connections=90), "warning", "90 of 97", "max_connections"),
    ("a file's log grows", file(wal_mb=2_000), "warning", "2000 MB", "backup"),
    ("a file is mostly empty", file(unused_mb=1_500), "note", "1500 of the 2000 MB", "vacuum"),
    ("the disk is full", snapshot(disk_free_mb=10), "error", "10 MB", "--data"),
    ("the disk fills up", snapshot(disk_free_mb=900), "warning", "900 MB", "soon"),
    ("commits are slow", snapshot(commit_lag_ms=900), "warning", "900 ms", "faster"),
    ("an ESME is not bound", shop(receivers=0, oldest_s=1_200), "warning", "oldest for 20 min", "bind as receiver"),
    ("an ESME does not answer", shop(failures=3, oldest_s=1_200), "warning", "5 receipts", "deliver_sm_resp"),
    ("an ESME is slow", shop(oldest_s=1_200), "warning", "shop", "smpp.window"),
    ("an ESME's queue is full", shop(receivers=0, waiting=95), "error", "Beyond 100", "bind as receiver"),
    ("deliveries to an ESME were given up", shop(dead=3), "note", "3 receipts", "/v1/esmes/esme_1/replay"),
    ("an SMPP door without ESMEs", door(esmes=0), "note", "h:2775", "tidings esmes create"),
    ("connections found no room", door(turned_away=7), "warning", "7 connections", "smpp.connections"),
    ("binds were refused", door(refused={"ESME_RINVPASWD": 4}), "note", "4 with ESME_RINVPASWD", "The log"),
    ("no carrier", snapshot(carriers=()), "error", "No carrier", "[[carriers]]"),
    (
        "a carrier is down",
        snapshot(carriers=(carrier(binds_up=0, down_reason="connection refused"),)),
        "error",
        "north (smpp, h:2775) is down. connection refused.",
        "h:2775",
    ),
    (
        "a carrier refuses the password",
        snapshot(carriers=(carrier(binds_up=0, down_reason="wrong password.", permanent=True),)),
        "error",
        "wrong password.",
        "Trying again will not help",
    ),
    ("some binds are down", snapshot(carriers=(carrier(binds_total=4),)), "warning", "1 of 4", "`binds`"),
    (
        "a bind is down",
        snapshot(carriers=(carrier(binds_total=3, binds=(bind("1"), bind("2", "down"), bind("3", "down"))),)),
        "warning",
        "north/2, north/3, since 2026: refused.",
        "`binds`",
    ),
    (
        "a carrier is down and messages wait",
        snapshot(carriers=(carrier(binds_up=0, waiting=17, binds=(bind("1", "down"),)),)),
        "error",
        "north/1, since 2026: refused. 17 messages wait for it.",
        "h:2775",
    ),
    (
        "a bind flaps",
        snapshot(carriers=(carrier(binds_total=2, binds=(bind("1", "flapping"), bind("2"))),)),
        "warning",
        "north/1 came up and fell again, 4 times by now",
        "another program",
    ),
    (
        "paused",
        snapshot(carriers=(carrier(state="paused", paused_at="2026-11-23T09:30:00.000Z", waiting=3),)),
        "warning",
        "paused since 2026-11-23T09:30:00.000Z; 3 messages wait",
        "`tidings carriers resume north`",
    ),
    ("throttled", answered(sent=80, throttled=20), "warning", "20 of the last 100", "`rate`"),
    ("refused for good", answered(sent=50, permanent=50), "warning", "for good", "trace"),
    ("our settings", answered(config=3), "error", "3 of the last 3", "tidings.toml"),
    ("no answers", answered(sent=95, in_doubt=5), "warning", "without an answer", "window"),
    ("the queue grows", snapshot(queued=9, oldest_s=120), "warning", "9 messages wait", "`rate`"),
    ("the queue stands", snapshot(queued=9, oldest_s=7200), "error", "2 h ago", "`rate`"),
    ("orphans", snapshot(orphans=3), "note", "3 receipts", "ids"),
    (
        "messages stay", snapshot(messages_kept_days=90, retention_behind_s=4 * 86_400), "warning",
        "kept 90 days after their end", "sweeper",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("figures", "severity", "what", "do"), [i[1:] for i in ILL], ids=[i[0] for i in ILL])
def test_something_is_wrong(figures: Snapshot, severity: str, what: str, do: str) -> None:
    found = advise(figures)
    assert [advice.severity for advice in found] == [severity]
    assert what in found[0].what
    assert do in found[0].do


def test_a_queue_behind_a_carrier_that_is_down_is_not_blamed_on_its_rate() -> None:
    found = advise(snapshot(carriers=(carrier(binds_up=0),), queued=9, oldest_s=120))
    assert [advice.do for advice in found if "wait" in advice.what] == ["They leave when a carrier is up again."]


def test_a_queue_behind_a_paused_carrier_is_not_blamed_on_its_rate() -> None:
    found = advise(snapshot(carriers=(carrier(state="paused"),), queued=9, oldest_s=120))
    assert [advice.do for advice in found if "oldest" in advice.what] == ["They leave when the carrier is resumed."]


def test_the_worst_comes_first() -> None:
    found = advise(snapshot(orphans=1, commit_lag_ms=900, store_fault="x"))
    assert [advice.severity for advice in found] == ["error", "warning", "note"]


def attempt(**changes: Any) -> Attempt:
    plain: dict[str, Any] = {
        "id": 1, "message_id": 1, "account_id": 1, "part": 1, "carrier": "north", "bind": "1", "fence": 1,
        "started_at": NOW,
    }  # fmt: skip
    return Attempt(**{**plain, **changes})


RECEIPT = ReceiptRow(
    id=1, carrier="north", bind="1", carrier_id="1", sender="1", state="EXPIRED", status="expired", error_code="",
    raw=b"", received_at=NOW, attempt_id=1, message_id=1, tries=0, retry_at=None,
)  # fmt: skip

STORIES: list[tuple[str, dict[str, Any], list[Attempt], list[ReceiptRow], str]] = [
    ("waits", {"status": "queued"}, [], [], "It waits for a carrier"),
    ("waits for an answer", {"status": "queued"}, [attempt()], [], "has not answered yet"),
    (
        "is tried again",
        {"status": "queued"},
        [attempt(), attempt(id=2, outcome="throttled", carrier_code="0x00000058")],
        [],
        "with north, ended as throttled, code 0x00000058; it is tried again",
    ),
    ("waits for its time", {"status": "scheduled"}, [], [], "waits for its time"),
    ("waits for its receipt", {"status": "sent", "carrier": "north", "sent_at": NOW - 300_000}, [], [], "5 min ago"),
    ("arrived", {"status": "delivered", "carrier": "north"}, [], [], "north reports that the handset has it"),
    ("came in", {"status": "received", "direction": "mo"}, [], [], "A handset sent this"),
    ("was canceled", {"status": "canceled"}, [], [], "before any part"),
    ("expired at the carrier", {"status": "expired"}, [], [RECEIPT], "probably off"),
    ("expired here", {"status": "expired"}, [], [], "never handed over in time"),
    (
        "refused by the carrier",
        {"status": "failed", "error": MessageError("filtered", "content", True, "", "0x0000000b", "carrier")},
        [],
        [],
        "A filter took the text for spam (carrier's code 0x0000000b). Change the text or its links",
    ),
    (
        "refused by the rules",
        {"status": "rejected", "error": MessageError("opted_out", "recipient", True, "STOP came on Monday")},
        [],
        [],
        "The person opted out; only their START lifts it. STOP came on Monday. Do not text this person",
    ),
    (
        "lost",
        {"status": "unknown", "error": MessageError("no_receipt", "route", False, "")},
        [],
        [],
        "Nobody knows whether it arrived. The carrier took the text and never reported its outcome.",
    ),
    ("failed without a reason", {"status": "failed"}, [], [], "without a reason"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "attempts", "receipts", "said"), [s[1:] for s in STORIES], ids=[s[0] for s in STORIES]
)
def test_what_a_message_means(
    fields: dict[str, Any], attempts: list[Attempt], receipts: list[ReceiptRow], said: str
) -> None:
    assert said in explain(FakeHouse().put(**fields), attempts, receipts, NOW)


@pytest.mark.parametrize("code", [*MESSAGE_ERRORS, "never_heard_of"])
def test_every_error_has_advice(code: str) -> None:
    message = FakeHouse().put(status="undelivered", error=MessageError(code, "route", True, ""))
    told = explain(message, [], [], NOW)
    known = MESSAGE_ERRORS.get(code, MESSAGE_ERRORS["unknown"])
    assert told == f"{known.sentence} {known.advice} Decided by the carrier."
