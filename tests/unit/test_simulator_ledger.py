"""What the network remembers and owes, and that a replay of its journal leads to the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.simulator import records
from tidings.simulator.fates import fate_of
from tidings.simulator.ledger import Ledger, address, wants_receipt
from tidings.simulator.outbox import Outbox
from tidings.simulator.records import Address, HandsetText, Submission

SHOP = Address(5, 0, "Shop")


def submission(ledger: Ledger, digits: str = "12025550100", status: int = 0, registered: int = 1) -> Submission:
    to = Address(1, 1, digits)
    return Submission(ledger.last_id + 1, 5, "esme", SHOP, to, 0, registered, b"\5\0\3\1\2\1", b"hi\0\xff", status)


def text(ledger: Ledger, esme: str = "") -> HandsetText:
    return HandsetText(ledger.next_text_key(), 5, esme, Address(1, 1, "1"), SHOP, 8, b"", b"\0a")


@pytest.mark.parametrize(
    ("digits", "registered", "owed"),
    [
        ("12025550100", 0x01, 1),
        ("12025550100", 0x00, 0),
        ("12025550100", 0x02, 0),
        ("12025550100", 0x03, 1),
        ("12025550100", 0x11, 1),
        ("12025550001", 0x01, 1),
        ("12025550001", 0x02, 1),
        ("12025550001", 0x03, 0),
        ("12025550004", 0x01, 0),
        ("12025550006", 0x01, 2),
        ("12025550003", 0x01, 1),  # the fate's response refuses it first: see the next test
    ],
)
def test_receipts_owed(digits: str, registered: int, owed: int) -> None:
    ledger = Ledger()
    ledger.take(submission(ledger, digits, registered=registered))
    assert len(ledger.owed) == owed
    assert wants_receipt(fate_of(digits), registered) == bool(owed)


@pytest.mark.parametrize("status", [0x0B, 0x58, -1, -2])
def test_nothing_is_owed_for_what_was_not_taken(status: int) -> None:
    ledger = Ledger()
    assert ledger.take(submission(ledger, status=status))[1] == []
    assert ledger.owed == {}
    assert ledger.count_to("12025550100") == 1, "but it is remembered"


def test_questions() -> None:
    ledger = Ledger()
    for digits in ("1", "2", "1", "3"):
        ledger.take(submission(ledger, digits))
    assert [s.id for s in ledger.newest()] == [4, 3, 2, 1]
    assert [s.id for s in ledger.newest(before=3)] == [2, 1]
    assert [s.id for s in ledger.newest_to("1")] == [3, 1]
    assert [s.id for s in ledger.newest_to("1", before=3)] == [1]
    assert [s.id for s in ledger.newest_to("4")] == []
    assert list(ledger.numbers()) == [("3", 4), ("1", 3), ("2", 2)]
    assert list(ledger.numbers(before=3)) == [("2", 2)]
    assert ledger.count_to("1") == 2
    assert ledger.submission(2).to.digits == "2"  # type: ignore[union-attr]
    assert ledger.submission(5) is None
    assert (ledger.esme_of("Shop"), ledger.esme_of("other")) == ("esme", "")


def test_memory_is_bounded() -> None:
    ledger = Ledger(keep=3, most_owed=4)
    for digits in ("1", "2", "1", "3", "1"):
        assert not ledger.full or ledger.last_id == 4
        ledger.take(submission(ledger, digits))
    assert [s.id for s in ledger.newest()] == [5, 4, 3]
    assert [s.id for s in ledger.newest_to("1")] == [5, 3]
    assert ledger.count_to("1") == 3
    assert ledger.count_to("2") == 0
    assert [n for n, _ in ledger.numbers()] == ["1", "3"]
    assert ledger.full


def test_memory_is_bounded_by_octets_too() -> None:
    ledger = Ledger(keep_octets=400, most_owed_octets=9)
    for owed in (4, 8, 12):
        assert not ledger.full, owed
        ledger.take(submission(ledger))
    assert ledger.full
    assert 1 <= len(list(ledger.newest())) <= 400 // 80
    ledger.answered(list(ledger.owed))
    assert not ledger.full


@pytest.mark.parametrize(
    ("written", "shown", "ton"),
    [
        ("+12025550100", "+12025550100", 1),
        ("12025550100", "+12025550100", 1),
        ("12345", "12345", 0),
        ("+12345", "+12345", 1),
        ("Shop", "Shop", 5),
    ],
)
def test_addresses(written: str, shown: str, ton: int) -> None:
    assert (address(written).shown, address(written).ton) == (shown, ton)


def alike(one: Ledger, other: Ledger) -> bool:
    return (
        one.owed == other.owed
        and list(one.newest()) == list(other.newest())
        and list(one.numbers()) == list(other.numbers())
        and one.last_id == other.last_id
        and one.next_text_key() == other.next_text_key()
    )


DOINGS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.sampled_from(["12025550100", "12025550006", "12025550001", "12025550003"])),
        st.tuples(st.just("refuse"), st.just("12025550100")),
        st.tuples(st.just("text"), st.sampled_from(["", "esme"])),
        st.tuples(st.just("answered"), st.integers(0, 5)),
        st.tuples(st.just("tidy"), st.just("")),
    ),
    max_size=40,
)


@settings(max_examples=100)
@given(DOINGS)
def test_a_replay_leads_to_the_same(doings: list[tuple[str, object]]) -> None:
    ledger, journal = Ledger(keep=8), list[bytes]()
    for doing, what in doings:
        if doing == "tidy":
            journal = list(ledger.snapshot())
        elif doing == "text":
            journal.append(ledger.text(text(ledger, str(what))))
        elif doing == "answered":
            journal.append(ledger.answered(list(ledger.owed)[: int(str(what))]))
        else:
            journal.append(ledger.take(submission(ledger, str(what), 0x58 if doing == "refuse" else 0))[0])
    again = Ledger(keep=8)
    for record in journal:
        again.replay(record)
    assert alike(ledger, again)
    tidied = Ledger(keep=8)
    for record in ledger.snapshot():
        tidied.replay(record)
    assert alike(ledger, tidied)


def test_a_record_is_one_line() -> None:
    ledger = Ledger()
    record, _ = ledger.take(submission(ledger))
    assert b"\n" not in record
    assert records.decode(record) == next(ledger.newest())


def test_outbox_hands_out_in_order_and_in_time() -> None:
    ledger, outbox = Ledger(), Outbox()
    _, (early,) = ledger.take(submission(ledger))
    _, (late,) = ledger.take(submission(ledger))
    anyone = text(ledger)
    outbox.put(late, due=20, now=10)
    outbox.put(early, due=10, now=10)
    outbox.put(anyone, due=10, now=10)
    assert outbox.next_due == 20
    assert [outbox.take("esme"), outbox.take("esme"), outbox.take("esme")] == [early, anyone, None]
    outbox.ripen(19)
    assert outbox.take("esme") is None
    outbox.ripen(20)
    outbox.back([early])
    assert [outbox.take("other"), outbox.take("esme"), outbox.take("esme")] == [None, early, late]
    assert outbox.next_due is None
