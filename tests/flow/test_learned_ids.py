"""What a carrier makes of its ids is learned from receipts, and none of them reaches another message than its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_kit import attempt, message
from spine_kit import NORTH, finish, memory, receipt
from tidings.core import id_form
from tidings.core.id_form import DEC_TO_HEX, ENOUGH, FORMS, HEX_TO_DEC, SAME, key, keys
from tidings.core.questions import Attempt, Habit, ReceiptRow
from tidings.pipeline import receipt as receipts

pytestmark = pytest.mark.one_engine("thousands of transactions in a database in memory")

NUMBERS = ["+15551230100", "+15551230101"]
SMALL = 60
"""Ids up to here: as hexadecimal and as decimal they collide all the time."""


class Network:
    """A carrier with one way of writing ids, and our store behind it."""

    def __init__(self, form: str, chance: random.Random, *, numbers: list[str], most: int = SMALL) -> None:
        self.tx, self.db = memory()
        self.form, self.chance, self.numbers = form, chance, numbers
        self.base = {SAME: chance.choice("xd"), HEX_TO_DEC: "x", DEC_TO_HEX: "d"}[form]
        self.width = chance.choice([0, 0, 4])
        self.upper = chance.random() < 0.3
        self.ids = chance.sample(range(1, most), most - 1)
        self.now = 1_000
        self.last = 100
        self.sent: dict[int, tuple[Attempt, int, str]] = {}
        """By message: its attempt, the carrier's number for it, and where it went."""
        self.unanswered: list[int] = []
        self.truth: dict[int, int] = {}
        """By receipt, the message that it speaks of."""

    def new_id(self) -> int:
        self.last += 1
        return self.last

    # what happens

    def submit(self) -> None:
        if not self.ids:
            return
        number, to = self.new_id(), self.chance.choice(self.numbers)
        made = attempt(self.new_id(), number, started_at=self.now, carrier=NORTH)
        finish(self.tx.messages.insert([message(number, to=to, status="queued", event_count=2)]))
        finish(self.tx.attempts.open([made]))
        self.sent[number] = (made, self.ids.pop(), to)
        self.unanswered.append(number)

    def respond(self) -> None:
        if self.unanswered:
            number = self.unanswered.pop(self.chance.randrange(len(self.unanswered)))
            made, name, _ = self.sent[number]
            self.answer(made, outcome="sent", carrier_id=f"{name:0{self.width}{self.base}}", answered_at=self.now)

    def lose(self) -> None:
        """The response never comes; the carrier has the text all the same."""
        if self.unanswered:
            number = self.unanswered.pop(self.chance.randrange(len(self.unanswered)))
            self.answer(self.sent[number][0], outcome="in_doubt", answered_at=self.now)

    def answer(self, made: Attempt, **fields: Any) -> None:
        finish(self.tx.attempts.answer([Attempt(**{**_fields(made), **fields})]))

    def report(self) -> None:
        """A receipt for anything that went out: before its response, twice, late, for a lost one."""
        if not self.sent:
            return
        number = self.chance.choice(list(self.sent))
        _, name, to = self.sent[number]
        told = f"{name:{self.base if self.form == SAME else {'x': 'd', 'd': 'x'}[self.base]}}"
        arrived = receipts.Arrived(self.new_id(), receipt(told.upper() if self.upper else told, to=to))
        self.truth[arrived.id] = number
        finish(receipts.take_receipts.run(self.tx, [arrived], self.now))

    def rematch(self) -> None:
        self.now += 4_000_000
        rows = finish(self.tx.receipts.parked(self.now, 100))
        finish(receipts.rematch.run(self.tx, rows, self.now))

    def pass_time(self) -> None:
        self.now += 1

    def step(self) -> None:
        steps: dict[Callable[[], None], int] = {
            self.submit: 8, self.respond: 8, self.lose: 1, self.report: 8, self.rematch: 2, self.pass_time: 2,
        }  # fmt: skip
        self.chance.choices(list(steps), list(steps.values()))[0]()

    # what came of it

    def rows(self) -> list[ReceiptRow]:
        return [row for number in self.sent for row in finish(self.tx.receipts.of(number))]

    def habit(self) -> Habit:
        return finish(self.tx.receipts.habits()).get(NORTH) or Habit(NORTH)

    def check(self) -> None:
        wrong = [row for row in self.rows() if row.message_id != self.truth[row.id]]
        assert wrong == [], (self.form, self.base, self.habit())
        assert self.habit().form in ("", self.form)


def _fields(made: Attempt) -> dict[str, Any]:
    return {name: getattr(made, name) for name in made.__struct_fields__}


@pytest.mark.parametrize("habit", [Habit(NORTH), Habit(NORTH, SAME, leaning=SAME, votes=ENOUGH)], ids=["new", "known"])
def test_ids_that_differ_in_zeros_or_case_alone_are_told_apart_or_not_at_all(habit: Habit) -> None:
    one, other = (
        attempt(number, number, carrier=NORTH, outcome="sent", carrier_id=name)
        for number, name in ((1, "00xy"), (2, "XY"))
    )
    fitting = {"xy": [other, one]}

    def found(told: str) -> Attempt | None:
        wanted = id_form.Wanted((told,), 2_000)
        hit = id_form.by_habit(wanted, habit, fitting, set()) or id_form.by_exclusion(wanted, habit, fitting, set(), [])
        return None if hit is None else hit.attempt

    assert (found("00xy"), found("XY")) == (one, other)
    assert found("0xy") is None
    assert found("xy") is None


@settings(max_examples=150)
@given(st.sampled_from(FORMS), st.integers(0, 1 << 32))
def test_no_receipt_reaches_another_message_however_its_ids_collide(form: str, seed: int) -> None:
    network = Network(form, random.Random(seed), numbers=NUMBERS)
    try:
        for _ in range(80):
            network.step()
        network.check()
    finally:
        network.db.close()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("form", FORMS)
def test_in_quiet_traffic_all_receipts_find_their_messages_and_the_form_is_learned(form: str, seed: int) -> None:
    """Ids as large as carriers have, one number: nothing has to wait once its response is there."""
    network = Network(form, random.Random(seed), numbers=NUMBERS[:1], most=200)
    network.ids = [100_000_000 + 7 * one for one in network.ids]
    try:
        for _ in range(20):
            network.submit()
            network.respond()
        for _ in range(40):
            network.report()
        assert len(network.rows()) == len(network.truth) == 40
        network.check()
        assert network.habit() == Habit(NORTH, form, leaning=form, votes=ENOUGH)
    finally:
        network.db.close()


def test_a_collision_waits_until_the_form_is_known() -> None:
    """`16` may be the 16 of the response, or its 10 in hexadecimal: the receipt waits, and is not guessed."""
    network = Network(HEX_TO_DEC, random.Random(1), numbers=NUMBERS[:1])
    network.ids, network.width = [0x1A, 0x1B, 0x1C, 0x16, 0x10], 0
    try:
        for _ in range(2):
            network.submit()
            network.respond()
        collided, other = network.sent
        network.chance = _Always(collided)
        network.report()
        assert network.rows() == []
        for _ in range(3):
            network.submit()
            network.respond()
            network.chance = _Always(max(network.sent))
            network.report()
        assert network.habit().form == HEX_TO_DEC
        network.rematch()
        assert {row.message_id for row in network.rows()} == set(network.sent) - {other}
        network.check()
    finally:
        network.db.close()


class _Always(random.Random):
    """Chooses the same message each time."""

    def __init__(self, one: int) -> None:
        super().__init__(0)
        self.one = one

    def choice(self, seq: Any) -> Any:
        return self.one if self.one in seq else seq[0]


KEYS = [
    ("a UUID has one form", "6F1C0A52-9d0e", {SAME: "6f1c0a52-9d0e"}),
    ("digits have three", "0016", {SAME: "16", HEX_TO_DEC: "10", DEC_TO_HEX: "22"}),
    ("letters of hexadecimal have two", "00AB", {SAME: "ab", DEC_TO_HEX: "171"}),
    ("more than 64 bits have one", "1234567890abcdef0", {SAME: "1234567890abcdef0"}),
    ("nought", "0", {SAME: ""}),
    ("blanks around it", " ab-c ", {SAME: "ab-c"}),
]


@pytest.mark.parametrize(("sentence", "told", "expected"), KEYS, ids=[case[0] for case in KEYS])
def test_keys(sentence: str, told: str, expected: dict[str, str]) -> None:
    assert keys(told) == expected


@given(st.text(max_size=40))
def test_keys_of_anything(told: str) -> None:
    found = keys(told)
    assert found[SAME] == key(told)
    assert set(found) <= set(FORMS)
