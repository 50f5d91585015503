"""What is on its way to one ESME: order, memory and what is read again, against a store of a few lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.core.line import LANE_PAGE, PAGE, Line
from tidings.core.owed import Load, Owed


def owed(number: int, lane: int = 0, **changes: Any) -> Owed:
    fields: dict[str, Any] = {
        "id": number, "account_id": 1, "esme_id": 7, "kind": "receipt", "message_id": number, "sequence": 1, "part": 1,
        "parts": 1, "form": "", "lane": lane, "status": "waiting", "attempts": 0, "created_at": 0, "began_at": 0,
        "next_at": 0,
    }  # fmt: skip
    return Owed(**{**fields, **changes})


class Model:
    """A line with a store beside it, in which rows are settled one after the other."""

    def __init__(self) -> None:
        self.line = Line(7)
        self.rows: dict[int, Owed] = {}
        self.now = 0
        self.flying: list[Load] = []
        self.unwritten: list[tuple[Load, Owed | None]] = []
        self.taken: list[Owed] = []
        self.page: tuple[list[Owed], int] | None = None
        """What the store has answered and the line has not been given yet; so with `pages` of lanes."""
        self.pages: tuple[list[int], list[list[Owed]]] | None = None

    def owe(self, lane: int) -> None:
        number = len(self.rows) + 1
        self.rows[number] = owed(number, lane)
        self.line.owes(1)

    def _waiting(self) -> list[Owed]:
        return [row for row in self.rows.values() if row.next_at is not None]

    def ask_page(self) -> None:
        if limit := self.line.page(False):
            after = self.line.begin_page()
            self.page = [row for row in self._waiting() if row.id > after][:limit], limit

    def bring_page(self) -> None:
        if self.page is not None:
            (rows, limit), self.page = self.page, None
            self.line.take_page([Load(row, None) for row in rows], limit, self.now)

    def ask_lanes(self) -> None:
        if lanes := self.line.due_lanes(self.now):
            up_to = self.line.position
            self.pages = (
                lanes,
                [[r for r in self._waiting() if r.lane == lane and r.id <= up_to][:LANE_PAGE] for lane in lanes],
            )

    def bring_lanes(self) -> None:
        if self.pages is not None:
            (lanes, pages), self.pages = self.pages, None
            self.line.take_lanes(lanes, [[Load(r, None) for r in page] for page in pages], LANE_PAGE, self.now)

    def read(self) -> None:
        self.ask_page()
        self.bring_page()
        self.ask_lanes()
        self.bring_lanes()

    def send(self) -> None:
        load = self.line.next()
        if load is None:
            return
        others = [one.owed.lane for one in self.flying]
        assert load.owed.lane not in others, "two of a lane under way"
        before = [row for row in self._waiting() if row.lane == load.owed.lane and row.id < load.owed.id]
        written = {one.owed.id for one, _ in self.unwritten}
        assert all(row.id in written for row in before), "one overtakes another"
        assert self.rows[load.owed.id].next_at is not None
        self.flying.append(load)

    def answer(self, at: int, kind: str) -> None:
        if not self.flying:
            return
        load = self.flying.pop(at % len(self.flying))
        if kind == "lost":
            self.line.back(load)
            return
        number = load.owed.id
        self.line.writes(load)
        if kind == "taken":
            self.taken.append(load.owed)
            self.unwritten.append((load, owed(number, load.owed.lane, next_at=None, status="delivered")))
            self.line.ended(load)
        else:
            self.unwritten.append((load, owed(number, load.owed.lane, next_at=self.now + 10)))
            self.line.later(load, self.now + 10)

    def write(self) -> None:
        if self.unwritten:
            load, row = self.unwritten.pop(0)
            assert row is not None
            self.rows[row.id] = row
            self.line.waiting -= row.next_at is None
            self.line.wrote(load)

    def gone(self) -> None:
        while self.flying:
            self.line.back(self.flying.pop())
        self.line.shed()


ACTIONS = st.one_of(
    st.tuples(st.just("owe"), st.integers(0, 3)),
    st.tuples(st.just("answer"), st.integers(0, 5), st.sampled_from(("taken", "taken", "taken", "refused", "lost"))),
    st.sampled_from((("read",), ("send",), ("send",), ("write",), ("later",), ("gone",))),
    st.sampled_from((("ask_page",), ("bring_page",), ("ask_lanes",), ("bring_lanes",))),
)


@settings(max_examples=300)
@given(actions=st.lists(ACTIONS, max_size=120))
def test_whatever_happens_nothing_is_lost_overtaken_or_sent_after_it_was_taken(actions: list[tuple[Any, ...]]) -> None:
    model = Model()
    for name, *rest in actions:
        if name == "later":
            model.now += 7
        else:
            getattr(model, name)(*rest)
    for _ in range(20 * len(model.rows) + 20):
        model.now += 10
        model.read()
        model.send()
        model.answer(0, "taken")
        model.write()
    assert not model._waiting(), "something was forgotten"
    assert [one.id for one in model.taken] == list(dict.fromkeys(one.id for one in model.taken)), "taken twice"
    for lane in range(4):
        order = [one.id for one in model.taken if one.lane == lane]
        assert order == sorted(order)
    assert (model.line.waiting, model.line.held) == (0, 0)
    assert model.line.shed()


def test_memory_is_bounded_and_read_on_when_it_is_half_empty() -> None:
    line = Line(7, waiting=10_000)
    assert line.page(False) == PAGE
    assert line.page(True) == PAGE // 10
    assert line.begin_page() == 0
    assert line.page(False) == 0, "one page at a time"
    line.take_page([Load(owed(number, number), None) for number in range(1, PAGE + 1)], PAGE, 0)
    assert (line.held, line.page(False)) == (PAGE, 0)
    for _ in range(PAGE // 2):
        load = line.next()
        assert load is not None
        line.ended(load)
    assert line.page(False) == PAGE
    assert line.begin_page() == PAGE


def test_a_lane_that_waits_gives_its_memory_back_and_holds_up_no_other() -> None:
    line = Line(7, waiting=4)
    line.begin_page()
    line.take_page([Load(owed(n, lane), None) for n, lane in ((1, 5), (2, 5), (3, 6), (4, 5))], PAGE, 0)
    first = line.next()
    assert first is not None
    assert first.owed.id == 1
    line.later(first, 50)
    assert line.held == 1
    other = line.next()
    assert other is not None
    assert other.owed.id == 3
    assert (line.next(), line.next_due(), line.due_lanes(49)) == (None, 50, [])
    assert line.due_lanes(50) == [5]
    assert line.due_lanes(50) == [], "it is being read"


def test_what_a_page_brings_while_its_lane_is_read_is_read_with_the_lane_again() -> None:
    line = Line(7, waiting=1)
    line.begin_page()
    line.take_page([Load(owed(1, 5, next_at=50), None)], PAGE, 0)
    assert line.due_lanes(50) == [5]
    line.owes(1)
    line.begin_page()
    line.take_page([Load(owed(2, 5), None)], PAGE, 50)
    line.take_lanes([5], [[Load(owed(1, 5), None)]], LANE_PAGE, 50)
    first = line.next()
    assert first is not None
    assert first.owed.id == 1
    line.ended(first)
    assert (line.next(), line.due_lanes(50)) == (None, [5])


def test_what_could_not_be_read_is_read_again() -> None:
    line = Line(7, waiting=1)
    line.begin_page()
    line.broke_off()
    assert line.page(False) == PAGE
    line.begin_page()
    line.take_page([Load(owed(1, 5, next_at=50), None)], PAGE, 0)
    assert (line.held, line.due_lanes(50)) == (0, [5])
    line.lanes_not_read([5])
    assert line.due_lanes(50) == [5]


def test_a_late_answer_takes_it_off_the_lane() -> None:
    line = Line(7, waiting=2)
    line.begin_page()
    line.take_page([Load(owed(1, 5), None), Load(owed(2, 5), None)], PAGE, 0)
    first = line.next()
    assert first is not None
    line.back(first)
    line.ended(first)
    second = line.next()
    assert second is not None
    assert second.owed.id == 2


@pytest.mark.parametrize("under_way", ["flying", "unwritten", "reading"])
def test_memory_is_not_given_back_while_something_is_under_way(under_way: str) -> None:
    line = Line(7, waiting=1)
    line.begin_page()
    if under_way != "reading":
        line.take_page([Load(owed(1), None)], PAGE, 0)
        load = line.next()
        assert load is not None
        if under_way == "unwritten":
            line.writes(load)
            line.ended(load)
    assert not line.shed()
