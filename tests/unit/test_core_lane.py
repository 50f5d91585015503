"""What to do next about one endpoint: a table of states, and what it keeps in memory."""

from __future__ import annotations

from typing import Any

import pytest

from tidings.core.lane import LINGER, READ, READ_LEAST, READY_MOST, REST, Lane, Step
from tidings.core.webhook import Subscription

NOW, WALL = 100.0, 1_790_000_000_000


def lane(**asked: Any) -> Lane[int]:
    one: Lane[int] = Lane("wh_x", 1, 7, 4, lambda number: number)
    one.learn(Subscription(id=7, account_id=1, url="https://example.com/", created_at=0, **asked))
    return one


def healthy(**asked: Any) -> Lane[int]:
    one = lane(**asked)
    one.breaker.succeeded()
    return one


def filled(count: int, **asked: Any) -> Lane[int]:
    one = healthy(**asked)
    for number in range(count):
        one.put(number)
    return one


def switched_off(one: Lane[int]) -> None:
    one.learn(None)


def resting(one: Lane[int]) -> None:
    one.breaker.failed(NOW, asked=30.0)


def busy(one: Lane[int]) -> None:
    for _ in range(4):
        one.breaker.begin()


def due(seconds: float) -> Any:
    return lambda one: one.due(WALL + round(seconds * 1000))


def reading(one: Lane[int]) -> None:
    one.due(WALL)
    one.begin_read()


def far(one: Lane[int]) -> None:
    one.due(WALL + 10**9)


STEPS: list[tuple[str, Lane[int], Any, bool, Step]] = [
    ("nothing at all", healthy(), None, False, REST),
    ("one is ready", filled(1), None, False, Step("send", 1)),
    ("more are ready than one request holds", filled(3), None, False, Step("send", 1)),
    ("switched off", filled(1), switched_off, False, REST),
    ("switched off, and the store has some", healthy(), switched_off, False, REST),
    ("the store has some", healthy(), due(0), False, READ),
    ("the store has some, and it is being read", healthy(), reading, False, REST),
    ("the store has some later", healthy(), due(2.5), False, Step("later", wait=2.5)),
    ("the store has some much later", healthy(), far, False, Step("later", wait=3_600.0)),
    ("the store has some, and the endpoint asked for a pause", healthy(), lambda one: (due(0)(one), resting(one)),
     False, Step("later", wait=30.0)),
    ("one is ready, and the endpoint asked for a pause", filled(1), resting, False, Step("later", wait=30.0)),
    ("one is ready, and as many are under way as may be", filled(1), busy, False, REST),
    ("a batch that is full", filled(9, batch=5), None, False, Step("send", 5)),
    ("a batch that is not", filled(3, batch=5), None, False, Step("later", wait=LINGER)),
    ("a batch that is not, and has waited", filled(3, batch=5), None, True, Step("send", 3)),
]  # fmt: skip


@pytest.mark.parametrize(("one", "then", "lingered", "step"), [s[1:] for s in STEPS], ids=[s[0] for s in STEPS])
def test_what_is_done_next(one: Lane[int], then: Any, lingered: bool, step: Step) -> None:
    if then is not None:
        then(one)
    assert one.step(NOW, WALL, lingered) == step


def test_a_batch_waits_for_more_only_once() -> None:
    one = filled(3, batch=5)
    assert one.step(NOW, WALL).do == "later"
    assert one.step(NOW, WALL) == REST


def test_only_an_endpoint_that_answers_well_fills_memory() -> None:
    assert lane().room(full=False) == 1
    assert lane(batch=50).room(full=False) == 50
    assert healthy().room(full=False) == READY_MOST
    assert healthy().room(full=True) == READ_LEAST
    assert healthy(batch=50).room(full=True) == 50
    assert filled(READY_MOST).room(full=False) == 0
    failing = filled(7)
    failing.breaker.failed(NOW)
    assert failing.drop() == 7
    assert (failing.room(full=False), failing.held) == (1, set())


@pytest.mark.parametrize(
    ("one", "then", "takes"),
    [
        (healthy(), None, True),
        (lane(), None, True),
        (healthy(), due(60), True),
        (healthy(), due(0), False),
        (healthy(), reading, False),
        (healthy(ordered=True), None, False),
        (filled(READY_MOST), None, False),
        (healthy(), switched_off, False),
    ],
    ids=["answers well", "is not known", "a retry later", "others are due before", "is being read", "ordered", "full",
         "switched off"],
)  # fmt: skip
def test_what_is_fresh_goes_to_memory_unless_it_would_overtake(one: Lane[int], then: Any, takes: bool) -> None:
    if then is not None:
        then(one)
    assert one.takes(WALL, full=False) is takes
    assert not one.takes(WALL, full=True)


def test_what_was_settled_while_the_store_was_read_is_not_taken_again() -> None:
    one = filled(3)
    assert one.take(2) == [0, 1]
    one.due(WALL)
    one.begin_read()
    one.settle([0])
    one.due(WALL + 5)
    assert one.end_read() == {0, 1, 2}
    assert (one.next_at, one.held) == (WALL + 5, {1, 2})
    one.begin_read()
    assert one.end_read() == {1, 2}


def test_a_lane_is_idle_once_nothing_would_be_lost() -> None:
    one = filled(1)
    assert not one.idle
    one.take(1)
    assert not one.idle
    one.settle([0])
    assert one.idle
    one.due(WALL)
    assert not one.idle
    one.learn(None)
    assert one.idle
    callback: Lane[int] = Lane("1 https://x", 1, None, 4, lambda number: number)
    assert (callback.on, callback.idle) == (True, True)
    callback.breaker.failed(NOW)
    assert not callback.idle
