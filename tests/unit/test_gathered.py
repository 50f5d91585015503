"""What may wait to be written together, what is written before a question, and how several statements are one."""

from __future__ import annotations

import pytest

from tidings.store.engine import statements
from tidings.store.gathered import Gathered, joint, table
from tidings.store.postgres import translate

MESSAGES, EVENTS, QUEUE, ATTEMPTS, RECEIPTS, WEBHOOKS = (
    statements(noun) for noun in ("messages", "events", "queue", "attempts", "receipts", "webhooks")
)

TOGETHER = [
    ("rows for different tables go together", [MESSAGES["insert"], EVENTS["append"], QUEUE["insert"]], True),
    ("more rows of an insert are added to it", [EVENTS["append"], EVENTS["append"]], True),
    ("an update twice could meet the same row twice", [MESSAGES["change"], MESSAGES["change"]], False),
    ("so could an insert that changes what is there", [QUEUE["insert"], QUEUE["insert"]], False),
    ("an update of what was just inserted would not find it", [MESSAGES["insert"], MESSAGES["change"]], False),
    ("nor would one update see the other", [ATTEMPTS["answer"], ATTEMPTS["receive"]], False),
]


@pytest.mark.parametrize(("why", "given", "together"), TOGETHER, ids=[case[0] for case in TOGETHER])
def test_what_may_wait_together(why: str, given: list[str], together: bool) -> None:
    gathered = Gathered()
    for sql in given[:-1]:
        gathered.add(sql, translate(sql), [(1,)])
    assert gathered.takes(given[-1], translate(given[-1])) == together, why


def test_parameters_may_stand_behind_others() -> None:
    whole = joint([("insert into a select * from unnest($1, $2)", 2), ("insert into b select $1", 1)], behind=2)
    assert whole == "with w0 as (insert into a select * from unnest($3, $4)) insert into b select $5"


QUESTIONS = [
    ("a question about the same table", [MESSAGES["change"]], MESSAGES["states"], True),
    ("one that merely has the name within another", [MESSAGES["change"]], QUEUE["take"], True),
    ("one whose tables are all others", [EVENTS["append"], QUEUE["insert"]], RECEIPTS["habits"], False),
    ("a table that is read under further names too", [WEBHOOKS["insert_delivery"]], RECEIPTS["habits"], True),
    ("nothing waits", [], MESSAGES["states"], False),
]


@pytest.mark.parametrize(("why", "waiting", "question", "concerned"), QUESTIONS, ids=[case[0] for case in QUESTIONS])
def test_what_is_written_before_a_question(why: str, waiting: list[str], question: str, concerned: bool) -> None:
    gathered = Gathered()
    for sql in waiting:
        gathered.add(sql, translate(sql), [(1,)])
    assert gathered.concerns(translate(question)) == concerned, why


def test_what_was_taken_waits_no_more() -> None:
    gathered = Gathered()
    gathered.add(EVENTS["append"], translate(EVENTS["append"]), [(1,)])
    gathered.add(EVENTS["append"], translate(EVENTS["append"]), [(2,), (3,)])
    assert gathered.take() == {EVENTS["append"]: [(1,), (2,), (3,)]}
    assert not gathered.take()
    assert gathered.takes(EVENTS["append"], "")


JOINT = [
    ("one stays as it is", [("insert into a select $1", 1)], "insert into a select $1"),
    (
        "the last is the main one, and parameters are numbered on",
        [("insert into a select $1, $2", 2), ("insert into b select $2, $1", 2)],
        "with w0 as (insert into a select $1, $2) insert into b select $4, $3",
    ),
    (
        "one with parts of its own is the main one wherever it stands",
        [("insert into a select $1", 1), ("with x as (select $1) delete from b", 1), ("insert into c select $1", 1)],
        "with w0 as (insert into a select $1), w2 as (insert into c select $3), x as (select $2) delete from b",
    ),
    ("such a one alone", [("with x as (select $1) delete from b", 1)], "with x as (select $1) delete from b"),
    ("with two digits", [("insert into a select $1", 12), ("insert into b select $10", 10)],
     "with w0 as (insert into a select $1) insert into b select $22"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "given", "whole"), JOINT, ids=[case[0] for case in JOINT])
def test_several_statements_are_one(why: str, given: list[tuple[str, int]], whole: str) -> None:
    assert joint(given) == whole, why


def test_what_writes_to_nothing_is_no_such_statement() -> None:
    with pytest.raises(ValueError, match="neither an insert nor an update"):
        table("select 1")
