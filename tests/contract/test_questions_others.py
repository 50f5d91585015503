"""Questions about attempts, receipts, consent, texts from handsets, keys and ownership, with what they mean."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contract_kit import ONE, TWO, Desk, attempt, inbound, message, receipt, remembered
from tidings.config import CarrierSettings
from tidings.core.account import Account, Key
from tidings.core.carrier import CarrierState, Report
from tidings.core.esme import Esme
from tidings.core.id_form import key
from tidings.core.questions import Attempt, Habit, InboundRow, Pause, Piece, ReceiptRow, Tx
from tidings.core.sender import Sender
from tidings.store import migrate
from tidings.store.copy.tables import Table, schema
from tidings.store.inbounds import SIBLING_WAIT


def ids(rows: Any) -> list[int]:
    return [row.id for row in rows]


# what operators decided of carriers


async def test_pauses_stay_until_they_are_lifted(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.carriers.pauses()) == []
    for carrier, bind, at in [("south", None, 7), ("north", "north/2", 8), ("north", None, 9), ("south", None, 10)]:
        await desk.do(lambda tx, c=carrier, b=bind, t=at: tx.carriers.pause(c, b, t))
    found = [Pause("north", None, 9), Pause("north", "north/2", 8), Pause("south", None, 7)]
    assert await desk.see(lambda tx: tx.carriers.pauses()) == found, "what is paused stays so since it was"
    await desk.do(lambda tx: tx.carriers.resume("north", "north/2"))
    await desk.do(lambda tx: tx.carriers.resume("north", "north/2"))
    assert await desk.see(lambda tx: tx.carriers.pauses()) == [found[0], found[2]]
    await desk.do(lambda tx: tx.carriers.pause("north", "north/1", 11))
    await desk.do(lambda tx: tx.carriers.resume("north", None))
    assert await desk.see(lambda tx: tx.carriers.pauses()) == [found[2]], "with a carrier, its binds go on"


# attempts


async def opened(desk: Desk, *rows: Attempt) -> None:
    """Attempts as they are claimed, and answered where the rows say so."""
    await desk.do(lambda tx: tx.attempts.open(rows))
    await desk.do(lambda tx: tx.attempts.answer([row for row in rows if row.outcome]))


TAKEN = {"outcome": "sent", "answered_at": 90}


async def test_an_attempt_is_opened_then_answered_then_reported(desk: Desk) -> None:
    first = attempt(10, 1, part=2, bind="north/2")
    await desk.do(lambda tx: tx.attempts.open([first]))
    assert await desk.see(lambda tx: tx.attempts.of([1])) == {1: [first]}
    answered = msgspec.structs.replace(
        first, outcome="temporary", carrier_id="x", carrier_code="0x58", detail="throttled: slow", answered_at=99,
        bind="north/3",
    )  # fmt: skip
    await desk.do(lambda tx: tx.attempts.answer([answered]))
    assert await desk.see(lambda tx: tx.attempts.of([1])) == {1: [answered]}
    reported = msgspec.structs.replace(
        answered, receipt="undelivered", receipt_code="UNDELIV 001", receipt_error="blocked"
    )
    await desk.do(lambda tx: tx.attempts.receive([reported]))
    assert await desk.see(lambda tx: tx.attempts.of([1])) == {1: [reported]}


async def test_attempts_of_messages_oldest_first(desk: Desk) -> None:
    await opened(desk, attempt(12, 1), attempt(11, 2), attempt(10, 1), attempt(13, 3))
    found = await desk.see(lambda tx: tx.attempts.of([1, 2, 99]))
    assert {number: ids(rows) for number, rows in found.items()} == {1: [10, 12], 2: [11]}


async def test_an_attempt_is_found_with_all_of_its_message(desk: Desk) -> None:
    await opened(desk, attempt(10, 1), attempt(11, 2), attempt(12, 1), attempt(13, 3))
    found = await desk.see(lambda tx: tx.attempts.with_siblings([12, 13, 99]))
    assert {number: ids(rows) for number, rows in found.items()} == {1: [10, 12], 3: [13]}
    assert await desk.see(lambda tx: tx.attempts.with_siblings([])) == {}


async def test_many_attempts_at_once(desk: Desk) -> None:
    rows = [attempt(number, number // 2, carrier_id=f"c{number}", **TAKEN) for number in range(2, 202)]
    await opened(desk, *rows)
    found = await desk.see(lambda tx: tx.attempts.of(range(1, 101)))
    assert [row for number in sorted(found) for row in found[number]] == rows


async def test_by_the_carriers_id_newest_first(desk: Desk) -> None:
    """Without what carriers change of it by the way: letters' case, leading zeros, blanks around it."""
    await opened(
        desk,
        attempt(10, 1, carrier_id="a", **TAKEN),
        attempt(11, 2, carrier_id="b", **TAKEN),
        attempt(12, 3, carrier_id="a", **TAKEN),
        attempt(13, 4, carrier_id="a", carrier="south", **TAKEN),
        attempt(14, 5),
        attempt(15, 6, carrier_id=" 00A ", **TAKEN),
        attempt(16, 7, carrier_id="000", **TAKEN),
        attempt(17, 8, carrier_id="ÀB", **TAKEN),
    )
    found = await desk.see(lambda tx: tx.attempts.by_carrier_key("north", ["a", "b", "c", "a", "", key("ÀB")]))
    assert {key: ids(rows) for key, rows in found.items()} == {"a": [15, 12, 10], "b": [11], "": [16], "Àb": [17]}


async def test_those_whose_answer_has_not_come_or_never_came(desk: Desk) -> None:
    lost: dict[str, Any] = {**TAKEN, "outcome": "in_doubt"}
    await opened(
        desk, attempt(10, 1), attempt(11, 2, **TAKEN), attempt(12, 3, **lost), attempt(13, 4, carrier="south"),
        attempt(14, 5, carrier="south", **lost), attempt(15, 6, **{**TAKEN, "outcome": "permanent"}),
    )  # fmt: skip
    assert ids(await desk.see(lambda tx: tx.attempts.unanswered("north", 10))) == [10, 12]
    assert len(await desk.see(lambda tx: tx.attempts.unanswered("north", 1))) == 1


async def test_receipts_that_match_nothing_by_carrier(desk: Desk) -> None:
    await kept(
        desk, receipt(1), receipt(2), receipt(3, carrier="south"), receipt(4, attempt_id=5, message_id=6),
        receipt(5, retry_at=None),
    )  # fmt: skip
    assert ids(await desk.see(lambda tx: tx.receipts.unmatched("north", 1, 10))) == [2, 5]
    assert ids(await desk.see(lambda tx: tx.receipts.unmatched("north", 0, 1))) == [1]


async def test_what_carriers_make_of_ids_is_kept(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.receipts.habits()) == {}
    south = Habit("south", "same", fixed=True, loose=False)
    await desk.do(lambda tx: tx.receipts.keep_habits([Habit("north", leaning="hex_to_dec", votes=2), south]))
    north = Habit("north", "hex_to_dec", leaning="hex_to_dec", votes=3)
    await desk.do(lambda tx: tx.receipts.keep_habits([north]))
    assert await desk.see(lambda tx: tx.receipts.habits()) == {"north": north, "south": south}


async def test_those_left_without_an_answer(desk: Desk) -> None:
    await opened(desk, attempt(12, 1), attempt(10, 1), attempt(11, 2, **TAKEN), attempt(13, 3))
    assert ids(await desk.see(lambda tx: tx.attempts.left_open("north", 9, 10))) == [10, 12, 13]
    assert ids(await desk.see(lambda tx: tx.attempts.left_open("north", 9, 2))) == [10, 12]


# receipts


async def kept(desk: Desk, *rows: ReceiptRow) -> None:
    await desk.do(lambda tx: tx.receipts.insert(rows))


async def test_a_receipt_is_kept_as_it_came(desk: Desk) -> None:
    row = receipt(1, attempt_id=5, message_id=6, tries=2, retry_at=None, other_id="7", error="blocked", form="data_sm")
    await kept(desk, row, receipt(3, message_id=6), receipt(2))
    assert await desk.see(lambda tx: tx.receipts.of(6)) == [row, receipt(3, message_id=6)]
    assert await desk.see(lambda tx: tx.receipts.of(7)) == []


async def test_parked_receipts_come_when_their_time_has_come(desk: Desk) -> None:
    await kept(
        desk, receipt(1, retry_at=300), receipt(2, retry_at=100), receipt(3, retry_at=None), receipt(4, retry_at=200)
    )
    assert await desk.see(lambda tx: tx.receipts.parked(200, 10)) == [
        receipt(2, retry_at=100),
        receipt(4, retry_at=200),
    ]
    assert ids(await desk.see(lambda tx: tx.receipts.parked(999, 1))) == [2]


async def test_a_parked_receipt_is_settled(desk: Desk) -> None:
    await kept(desk, receipt(1), receipt(2))
    matched = receipt(1, attempt_id=5, message_id=6, tries=3, retry_at=None)
    later = receipt(2, tries=2, retry_at=5_000)
    await desk.do(lambda tx: tx.receipts.settle([matched, later]))
    assert await desk.see(lambda tx: tx.receipts.of(6)) == [matched]
    assert await desk.see(lambda tx: tx.receipts.parked(5_000, 10)) == [later]


async def test_orphans_are_those_that_nobody_waits_for(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.receipts.orphans()) == 0
    await kept(
        desk, receipt(1), receipt(2, retry_at=None), receipt(3, attempt_id=5, message_id=6, retry_at=None),
        receipt(4, retry_at=None),
    )  # fmt: skip
    assert await desk.see(lambda tx: tx.receipts.orphans()) == 2


# consent

NUMBER, OTHER = "+15551230100", "+15551230101"


async def history(tx: Tx) -> list[tuple[Any, ...]]:
    sql = "select account_id, number, action, reason, occurred_at from consent_event order by id"
    return list(await tx.suppressions._engine.fetch(sql))  # type: ignore[attr-defined]


async def test_an_opt_out_holds_for_its_account_and_number(desk: Desk) -> None:
    pairs = {(account, number) for account in (ONE, TWO) for number in (NUMBER, OTHER)}
    assert await desk.see(lambda tx: tx.suppressions.among(pairs)) == set()
    assert await desk.do(lambda tx: tx.suppressions.add(ONE, NUMBER, "keyword STOP", 50)) is True
    assert await desk.see(lambda tx: tx.suppressions.among(pairs)) == {(ONE, NUMBER)}
    many = [(account, f"+1555000{number:04d}") for number in range(40) for account in (ONE, TWO)]
    assert await desk.see(lambda tx: tx.suppressions.among([*many, *pairs])) == {(ONE, NUMBER)}
    assert await desk.see(lambda tx: tx.suppressions.among([(TWO, number) for _, number in many])) == set()
    assert await desk.see(lambda tx: tx.suppressions.among([(TWO, NUMBER)])) == set()


async def test_every_change_of_mind_is_history(desk: Desk) -> None:
    steps = []
    for add, reason, now in (
        (True, "STOP", 1),
        (True, "END", 2),
        (False, "START", 3),
        (False, "UNSTOP", 4),
        (True, "STOP", 5),
    ):

        async def step(tx: Tx, add: bool = add, reason: str = reason, now: int = now) -> bool:
            verb = tx.suppressions.add if add else tx.suppressions.lift
            return await verb(ONE, NUMBER, reason, now)

        steps.append(await desk.do(step))
    assert steps == [True, False, True, False, True]
    assert await desk.see(history) == [
        (ONE, NUMBER, "opt_out", "STOP", 1),
        (ONE, NUMBER, "opt_out", "END", 2),
        (ONE, NUMBER, "opt_in", "START", 3),
        (ONE, NUMBER, "opt_in", "UNSTOP", 4),
        (ONE, NUMBER, "opt_out", "STOP", 5),
    ]
    assert await desk.see(lambda tx: tx.suppressions.among([(ONE, NUMBER)])) == {(ONE, NUMBER)}


# texts from handsets


async def came(desk: Desk, *rows: InboundRow) -> None:
    await desk.do(lambda tx: tx.inbounds.insert(rows))


async def test_a_part_is_kept_as_it_came(desk: Desk) -> None:
    row = inbound(1, message_id=7, text="Grüße\n🙂")
    await came(desk, row)
    assert await desk.see(lambda tx: tx.inbounds.of(7)) == [row]


async def test_twins_are_told_with_the_newest_session(desk: Desk) -> None:
    await came(
        desk,
        inbound(1, digest="a", session="s1", received_at=100),
        inbound(2, digest="a", session="s2", received_at=90),
        inbound(3, digest="b", session="s3", received_at=99),
        inbound(4, digest="c", session="s4", carrier="south", received_at=100),
        inbound(5, digest="d", session="s5", received_at=100),
    )
    assert await desk.see(lambda tx: tx.inbounds.twins("north", ["a", "b", "c", "x"], 90)) == {"a": "s2", "b": "s3"}
    assert await desk.see(lambda tx: tx.inbounds.twins("north", ["a", "b"], 100)) == {"a": "s1"}


STRANGERS: list[dict[str, Any]] = [
    {"sender": "+49151"}, {"to": "999"}, {"reference": 10}, {"parts": 3}, {"carrier": "south"}, {"account_id": TWO},
    {"message_id": 7}, {"received_at": 1_000 - SIBLING_WAIT - 1},
]  # fmt: skip


async def test_siblings_are_what_belongs_to_the_same_text(desk: Desk) -> None:
    first, second, twin = inbound(1, part=2), inbound(2, part=1, bind="north/2", session="s9"), inbound(3, part=2)
    strangers = [inbound(number, **changes) for number, changes in enumerate(STRANGERS, 10)]
    await came(desk, first, second, twin, *strangers)
    assert await desk.see(lambda tx: tx.inbounds.siblings(first)) == [second, first, twin]


async def test_parts_join_a_message_and_wait_no_more(desk: Desk) -> None:
    await came(desk, inbound(1, part=2), inbound(2, part=1), inbound(3, reference=1))
    await desk.do(lambda tx: tx.inbounds.join([1, 2], 7))
    assert ids(await desk.see(lambda tx: tx.inbounds.of(7))) == [2, 1]
    assert await desk.see(lambda tx: tx.inbounds.siblings(inbound(9))) == []
    assert ids(await desk.see(lambda tx: tx.inbounds.stale(1_000, 10))) == [3]


async def test_the_words_of_a_text_are_erased_and_its_traces_stay(desk: Desk) -> None:
    await came(desk, inbound(1, message_id=7), inbound(2, message_id=8))
    await desk.do(lambda tx: tx.inbounds.blank([7, 99]))
    assert await desk.see(lambda tx: tx.inbounds.of(7)) == [inbound(1, message_id=7, octets=b"", text="")]
    assert await desk.see(lambda tx: tx.inbounds.of(8)) == [inbound(2, message_id=8)]


async def test_which_parts_have_waited_long(desk: Desk) -> None:
    await came(
        desk, inbound(3, received_at=5), inbound(1, received_at=6), inbound(2, received_at=4), inbound(4, message_id=7)
    )
    assert ids(await desk.see(lambda tx: tx.inbounds.stale(5, 10))) == [2, 3]
    assert ids(await desk.see(lambda tx: tx.inbounds.stale(999, 2))) == [1, 2]


# idempotency


async def test_an_answer_is_kept_under_its_key(desk: Desk) -> None:
    row = remembered("k")
    await desk.do(lambda tx: tx.idempotencies.insert([row]))
    assert await desk.see(lambda tx: tx.idempotencies.find(ONE, "k")) == row
    assert await desk.see(lambda tx: tx.idempotencies.find(TWO, "k")) is None
    assert await desk.see(lambda tx: tx.idempotencies.find(ONE, "K")) is None


async def test_a_key_is_used_once_in_an_account(desk: Desk) -> None:
    await desk.do(lambda tx: tx.idempotencies.insert([remembered("k"), remembered("k", account=TWO)]))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await desk.do(lambda tx: tx.idempotencies.insert([remembered("k")]))


async def test_answers_are_forgotten_the_oldest_first(desk: Desk) -> None:
    rows = [
        remembered("a", 300),
        remembered("b", 100),
        remembered("c", 200),
        remembered("b", 150, TWO),
        remembered("d", 301),
    ]
    await desk.do(lambda tx: tx.idempotencies.insert(rows))
    assert await desk.do(lambda tx: tx.idempotencies.forget(300, 2)) == 2
    assert await desk.see(lambda tx: tx.idempotencies.find(ONE, "b")) is None
    assert await desk.see(lambda tx: tx.idempotencies.find(TWO, "b")) is None
    assert await desk.do(lambda tx: tx.idempotencies.forget(300, 10)) == 2
    assert await desk.do(lambda tx: tx.idempotencies.forget(300, 10)) == 0
    assert await desk.see(lambda tx: tx.idempotencies.find(ONE, "d")) == rows[4]


# accounts


async def test_keys_are_kept(desk: Desk) -> None:
    key = Key(77, ONE, "shop", "send", b"\x00" * 32, 5)
    assert await desk.see(lambda tx: tx.accounts.keys()) == []
    await desk.do(lambda tx: tx.accounts.insert_key(key))
    assert await desk.see(lambda tx: tx.accounts.keys()) == [key]


async def test_a_key_is_changed_but_for_its_account_scope_and_last_use(desk: Desk) -> None:
    key = Key(77, ONE, "shop", "send", b"\x00" * 32, 5)
    await desk.do(lambda tx: tx.accounts.insert_key(key))
    bounds: dict[str, Any] = {
        "name": "new", "digest": b"\x01" * 32, "senders": ("ACME", "Ä"), "networks": ("::/0",), "expires_at": 6,
        "revoked_at": 7, "old_digest": b"\x02", "old_until": 8, "rate": 0.5, "daily_quota": 9, "monthly_quota": 10,
    }  # fmt: skip
    changed = msgspec.structs.replace(key, **bounds, scope="admin", last_used_at=3)
    await desk.do(lambda tx: tx.accounts.change_key(changed))
    found = await desk.see(lambda tx: tx.accounts.key(ONE, 77))
    assert found == msgspec.structs.replace(key, **bounds)
    await desk.do(lambda tx: tx.accounts.insert_key(msgspec.structs.replace(changed, id=78)))
    assert await desk.see(lambda tx: tx.accounts.key(ONE, 78)) == msgspec.structs.replace(changed, id=78)


async def test_the_use_of_keys_is_noted_together(desk: Desk) -> None:
    for number in (1, 2, 3):
        await desk.do(lambda tx, number=number: tx.accounts.insert_key(Key(number, ONE, "n", "read", b"", 1)))
    await desk.do(lambda tx: tx.accounts.touch_keys([1, 3, 99], 60_000))
    assert [key.last_used_at for key in await desk.see(lambda tx: tx.accounts.keys())] == [60_000, None, 60_000]


async def test_keys_of_one_account_newest_first(desk: Desk) -> None:
    for number, owner in ((1, ONE), (2, TWO), (3, ONE), (4, ONE)):
        key = Key(number, owner, "n", "read", b"", 1)
        await desk.do(lambda tx, key=key: tx.accounts.insert_key(key))
    assert ids(await desk.see(lambda tx: tx.accounts.page_of_keys(ONE, None, 2))) == [4, 3]
    assert ids(await desk.see(lambda tx: tx.accounts.page_of_keys(ONE, 3, 2))) == [1]
    assert await desk.see(lambda tx: tx.accounts.key(TWO, 1)) is None
    assert await desk.see(lambda tx: tx.accounts.key(TWO, 99)) is None


async def test_an_account_is_opened_changed_and_listed(desk: Desk) -> None:
    new = Account(
        id=50, name="Berlin", created_at=5, rate=2.5, default_region="DE", smart_encoding=False,
        sender_smart_encoding={"A": True, "B": "transliterate"}, senders=("B", "A"),
    )  # fmt: skip
    await desk.do(lambda tx: tx.accounts.insert_account(new))
    await desk.do(lambda tx: tx.accounts.own_senders(50, new.senders))
    assert await desk.see(lambda tx: tx.accounts.account(50)) == new
    changed = msgspec.structs.replace(
        new, name="X", closed_at=9, rate=None, daily_quota=1, monthly_quota=2, default_region="GB",
        smart_encoding="transliterate", sender_smart_encoding={},
    )  # fmt: skip
    await desk.do(lambda tx: tx.accounts.change_account(changed))
    await desk.do(lambda tx: tx.accounts.own_senders(50, ()))
    changed = msgspec.structs.replace(changed, senders=())
    assert await desk.see(lambda tx: tx.accounts.account(50)) == changed
    assert ids(await desk.see(lambda tx: tx.accounts.accounts())) == [1, 50]
    assert await desk.see(lambda tx: tx.accounts.page_of_accounts(None, 1)) == [changed]
    assert ids(await desk.see(lambda tx: tx.accounts.page_of_accounts(50, 9))) == [1]
    assert await desk.see(lambda tx: tx.accounts.account(51)) is None


async def test_the_senders_of_an_account_take_the_place_of_those_before(desk: Desk) -> None:
    await desk.do(lambda tx: tx.accounts.own_senders(TWO, ("B", "A")))
    await desk.do(lambda tx: tx.accounts.own_senders(TWO, ("C", "A")))
    owners = [await desk.see(lambda tx, name=name: tx.accounts.owner_of(name)) for name in "ABC"]
    assert owners == [TWO, None, TWO]


async def test_messages_are_counted_by_owner_and_period(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.accounts.usage([(1, "2026-11")])) == {}
    await desk.do(lambda tx: tx.accounts.count_usage([(1, "2026-11", 3), (2, "2026-11", 5), (1, "2026-11-23", 1)]))
    await desk.do(lambda tx: tx.accounts.count_usage([(1, "2026-11", 4)]))
    wanted = [(1, "2026-11"), (2, "2026-11-23"), (1, "2026-12")]
    assert await desk.see(lambda tx: tx.accounts.usage(wanted)) == {(1, "2026-11"): 7}
    await desk.do(lambda tx: tx.accounts.forget_usage("2026-11-01"))
    assert await desk.see(lambda tx: tx.accounts.usage([(1, "2026-11"), (1, "2026-11-23")])) == {(1, "2026-11-23"): 1}


async def test_a_bucket_that_several_processes_share_is_known_by_when_it_is_full(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.accounts.rates_used([1])) == {}
    await desk.do(lambda tx: tx.accounts.use_rates([(1, 1, 1_790_000_000_000_000), (70, TWO, 5)]))
    await desk.do(lambda tx: tx.accounts.use_rates([(70, TWO, 9)]))
    assert await desk.see(lambda tx: tx.accounts.rates_used([1, 70, 71])) == {1: 1_790_000_000_000_000, 70: 9}
    await desk.do(lambda tx: tx.accounts.forget_rates(10))
    assert await desk.see(lambda tx: tx.accounts.rates_used([1, 70])) == {1: 1_790_000_000_000_000}


async def test_a_key_has_an_account_also_when_it_is_revoked(desk: Desk) -> None:
    key = Key(70, TWO, "n", "send", b"d", 0)
    await desk.do(lambda tx: tx.accounts.insert_key(key))
    await desk.do(lambda tx: tx.accounts.change_key(msgspec.structs.replace(key, revoked_at=5)))
    found = [await desk.see(lambda tx, number=number: tx.accounts.account_of_key(number)) for number in (70, 71)]
    assert found == [TWO, None]


async def test_a_sender_has_an_owner(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.accounts.owner_of("12345")) is None
    await desk.do(lambda tx: tx.accounts.claim_sender(TWO, "12345"))
    await desk.do(lambda tx: tx.accounts.claim_sender(TWO, "12345"))
    assert await desk.see(lambda tx: tx.accounts.owner_of("12345")) == TWO
    assert await desk.see(lambda tx: tx.accounts.owner_of("1234")) is None


HIGHEST: list[tuple[str, Any]] = [
    ("nothing stored", None),
    ("a message", lambda tx: tx.messages.insert([message(500)])),
    ("an attempt", lambda tx: tx.attempts.open([attempt(500, 1)])),
    ("a receipt", lambda tx: tx.receipts.insert([receipt(500)])),
    ("a text from a handset", lambda tx: tx.inbounds.insert([inbound(500)])),
    ("a key", lambda tx: tx.accounts.insert_key(Key(500, ONE, "n", "read", b"", 1))),
    ("an account", lambda tx: tx.accounts.insert_account(Account(id=500, name="n", created_at=1))),
    (
        "an ESME",
        lambda tx: tx.esmes.insert(Esme(id=500, account_id=ONE, name="n", system_id="n", password=b"", created_at=1)),
    ),
]


@pytest.mark.parametrize("question", [case[1] for case in HIGHEST], ids=[case[0] for case in HIGHEST])
async def test_the_highest_id_of_all(desk: Desk, question: Any) -> None:
    await desk.do(lambda tx: tx.messages.insert([message(3)]))
    if question is not None:
        await desk.do(question)
    assert await desk.see(lambda tx: tx.accounts.last_id()) == (500 if question else 3)


async def test_an_empty_store_has_no_highest_id(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.accounts.last_id()) == 0


async def test_the_parts_of_the_newest_text_that_has_become_a_message(desk: Desk) -> None:
    old, new, late = inbound(1, message_id=50), inbound(2, message_id=60), inbound(3, part=2)
    others = [inbound(4, message_id=70, sender="x"), inbound(5, message_id=80, parts=3), inbound(6)]
    await desk.do(lambda tx: tx.inbounds.insert([old, new, *others]))
    assert await desk.see(lambda tx: tx.inbounds.joined(late)) == [new]
    after = msgspec.structs.replace(late, received_at=late.received_at + SIBLING_WAIT + 1)
    assert await desk.see(lambda tx: tx.inbounds.joined(after)) == []


async def test_addresses_belong_to_accounts(desk: Desk) -> None:
    shop = Sender(
        account_id=TWO, address="+15550009999", label="Shop", inbox_url="https://example.com/in", inbox_replies="twiml",
        unknown_reply="Text HOURS.",
    )  # fmt: skip
    everything = Sender(account_id=ONE, address="*")
    assert await desk.see(lambda tx: tx.senders.any_inbox()) is False
    await desk.do(lambda tx: tx.accounts.claim_sender(ONE, "777"))
    for one in (shop, everything):
        await desk.do(lambda tx, one=one: tx.senders.insert(one))
    plain = Sender(account_id=ONE, address="777")
    found = await desk.see(lambda tx: tx.senders.of(["777", "+15550009999", "*", "9"]))
    assert found == {"777": plain, "+15550009999": shop, "*": everything}
    assert await desk.see(lambda tx: tx.senders.of([])) == {}
    assert await desk.see(lambda tx: tx.senders.any_inbox()) is True
    assert await desk.see(lambda tx: tx.senders.page(None, "", 2)) == [everything, shop]
    assert await desk.see(lambda tx: tx.senders.page(None, "+15550009999", 2)) == [plain]
    assert await desk.see(lambda tx: tx.senders.page(TWO, "", 9)) == [shop]
    changed = msgspec.structs.replace(shop, label="", inbox_url=None, inbox_replies="none", unknown_reply=None)
    await desk.do(lambda tx: tx.senders.change(changed))
    assert await desk.see(lambda tx: tx.senders.of([shop.address])) == {shop.address: changed}
    await desk.do(lambda tx: tx.senders.delete(TWO, shop.address))
    assert await desk.see(lambda tx: tx.senders.of([shop.address])) == {}


async def test_new_senders_of_an_account_leave_what_is_known_of_those_that_stay(desk: Desk) -> None:
    shop, everything = Sender(account_id=TWO, address="777", label="Shop"), Sender(account_id=TWO, address="*")
    await desk.do(lambda tx: tx.senders.insert(shop))
    await desk.do(lambda tx: tx.senders.insert(everything))
    await desk.do(lambda tx: tx.accounts.insert_account(Account(id=TWO, name="x", created_at=1)))
    await desk.do(lambda tx: tx.accounts.own_senders(TWO, ("A", "777")))
    assert await desk.see(lambda tx: tx.senders.of(["777", "*"])) == {"777": shop, "*": everything}
    account = await desk.see(lambda tx: tx.accounts.account(TWO))
    assert account is not None
    assert account.senders == ("A", "777"), "which do not hold what stands for all others"


async def test_captured_lines_are_taken_once_and_in_order(desk: Desk) -> None:
    pieces = [Piece(3, 70, "gw1 5", '{"a":"ä"}\n'), Piece(2, 70, "gw1 5", ""), Piece(4, 71, "gw2 5", "x")]
    await desk.do(lambda tx: tx.captures.keep(pieces))
    assert await desk.see(lambda tx: tx.captures.waiting(70)) == 2
    assert await desk.do(lambda tx: tx.captures.take(70)) == [pieces[1], pieces[0]]
    assert await desk.do(lambda tx: tx.captures.take(70)) == []
    assert await desk.see(lambda tx: tx.captures.waiting(71)) == 1


async def test_the_last_report_of_a_carrier_goes_with_the_carrier(desk: Desk) -> None:
    def report(name: str, holder: int, **state: Any) -> Report:
        told = CarrierState(name=name, type="smpp", address="h:1", binds_up=0, binds_total=1, **state)
        return Report(carrier=name, holder=holder, heeded=(f"{name}/1",), digest="ab", state=told)

    await desk.do(lambda tx: tx.carriers.report([report("north", 5), report("east", 6)]))
    await desk.do(lambda tx: tx.carriers.report([report("north", 1 << 61, state="up")]))
    assert await desk.see(lambda tx: tx.carriers.reports()) == [report("east", 6), report("north", 1 << 61, state="up")]
    await desk.do(lambda tx: tx.carriers.drop("north"))
    assert await desk.see(lambda tx: tx.carriers.reports()) == [report("east", 6)]
    north = CarrierSettings(name="north", host="h", profile={"b": 1, "a": 2})
    await desk.do(lambda tx: tx.carriers.keep(north, 5))
    assert await desk.see(lambda tx: tx.carriers.one("north")) == north
    assert await desk.see(lambda tx: tx.carriers.one("south")) is None


# ids


COUNTED = {"brand", "consent_event", "esme_cursor", "esme_outbox", "webhook_cursor", "webhook_delivery"}
"""Their ids are counted, and not drawn with those that tell the time."""


def with_ids() -> list[Table]:
    tables = schema([name for name, _ in migrate.available()]).tables
    return [one for one in tables if one.key == ("id",) and one.name not in COUNTED]


async def test_ids_go_on_after_the_highest_of_any_table(desk: Desk) -> None:
    """Whichever it is in: a clock that was set back must not give an id twice."""
    values: dict[str, Any] = {"integer": 1, "text": "[]", "blob": b"x", "real": 1.0}
    for number, table in enumerate(with_ids(), 1_000):
        row = {one: values[kind] for one, kind in zip(table.columns, table.kinds, strict=True)} | {"id": number}
        named = ", ".join(f'"{one}"' for one in row)
        places = ", ".join(f"?{at}" for at in range(1, len(row) + 1))
        fill = f"insert into {table.name} ({named}) values ({places})"
        await desk.do(lambda tx, fill=fill, row=row: tx.engine.fetch(fill, *row.values()))
        assert await desk.see(lambda tx: tx.accounts.last_id()) == number, table.name
