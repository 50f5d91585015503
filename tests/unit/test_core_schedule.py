"""Who goes next: classes, turns, lanes, and a carrier's room and rate."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.core.schedule import Schedule, TokenBucket, Waiting


def waiting(number: int, to: str = "", account: int = 1, rank: int = 2, cost: int = 1) -> Waiting[str]:
    """A message; without `to` it has a lane of its own."""
    return Waiting(number, account, rank, ("TIDINGS", to or str(number)), cost, f"load {number}")


def schedule(*messages: Waiting[str]) -> Schedule[str]:
    made: Schedule[str] = Schedule()
    for message in messages:
        made.add(message)
    return made


def ids(messages: list[Waiting[str]]) -> list[int]:
    return [message.message_id for message in messages]


def drain(line: Schedule[str], room: int = 1) -> list[int]:
    """Everything, `room` at a time, each answered at once."""
    order: list[int] = []
    while messages := line.take(room):
        order += ids(messages)
        for message in messages:
            line.release(message.lane, message.message_id)
    return order


A, B = 1, 2

TAKES: list[tuple[str, list[Waiting[str]], int, list[int]]] = [
    ("nothing waits", [], 5, []),
    ("no room", [waiting(1)], 0, []),
    ("in the order they came", [waiting(1), waiting(2), waiting(3)], 5, [1, 2, 3]),
    ("as many as there is room", [waiting(1), waiting(2), waiting(3)], 2, [1, 2]),
    ("the highest class first", [waiting(1, rank=4), waiting(2, rank=1), waiting(3, rank=2)], 5, [2, 3, 1]),
    ("a lower class takes the room that is left", [waiting(1, rank=4), waiting(2, rank=1)], 2, [2, 1]),
    (
        "accounts take turns",
        [waiting(1, account=A), waiting(2, account=A), waiting(3, account=A), waiting(4, account=B)],
        5,
        [1, 4, 2, 3],
    ),
    ("one of a lane at a time", [waiting(1, "x"), waiting(2, "x"), waiting(3, "y")], 5, [1, 3]),
    ("segments count, not messages", [waiting(1, cost=3), waiting(2, cost=3)], 5, [1]),
    ("one larger than the room goes alone", [waiting(1, cost=9), waiting(2)], 5, [1]),
    ("but not after another", [waiting(1), waiting(2, cost=9), waiting(3)], 5, [1]),
    ("nor does a lower class overtake it", [waiting(1), waiting(2, cost=9), waiting(3, rank=4)], 5, [1]),
]


@pytest.mark.parametrize(("messages", "room", "wanted"), [case[1:] for case in TAKES], ids=[case[0] for case in TAKES])
def test_who_is_taken(messages: list[Waiting[str]], room: int, wanted: list[int]) -> None:
    line = schedule(*messages)
    assert ids(line.take(room)) == wanted
    assert len(line) == len(messages) - len(wanted)
    assert sorted(wanted + drain(line)) == sorted(set(ids(messages)) - _behind(messages, wanted))


def _behind(messages: list[Waiting[str]], taken: list[int]) -> set[int]:
    """Those behind a lane that the first take left unanswered."""
    busy = {message.lane for message in messages if message.message_id in taken}
    return {message.message_id for message in messages if message.lane in busy and message.message_id not in taken}


def test_accounts_keep_their_turn_from_one_take_to_the_next() -> None:
    line = schedule(
        *(waiting(number, account=A) for number in range(1, 6)), waiting(11, account=B), waiting(12, account=B)
    )
    assert drain(line) == [1, 11, 2, 12, 3, 4, 5]


def test_a_successor_goes_once_its_lane_is_answered_ahead_of_its_account() -> None:
    line = schedule(waiting(1, "x"), waiting(2, "x"), waiting(3, "x"), waiting(4), waiting(5))
    assert ids(line.take(2)) == [1, 4]
    line.release(("TIDINGS", "x"), 1)
    assert ids(line.take(2)) == [2, 5]
    assert line.take(2) == []
    line.release(("TIDINGS", "x"), 2)
    assert ids(line.take(2)) == [3]


def test_only_the_message_that_holds_a_lane_can_release_it() -> None:
    """A long message is answered part by part; its later answers must not let go of its successor's lane."""
    line = schedule(waiting(1, "x", cost=2), waiting(2, "x"), waiting(3, "x"))
    line.take(5)
    line.release(("TIDINGS", "x"), 1)
    assert ids(line.take(5)) == [2]
    line.release(("TIDINGS", "x"), 1)
    assert line.take(5) == []
    line.release(("TIDINGS", "nobody"), 1)


def test_one_put_back_goes_before_the_successors_of_its_lane() -> None:
    line = schedule(waiting(1, "x"), waiting(2, "x"), waiting(3))
    first = line.take(1)[0]
    line.release(first.lane, first.message_id)
    line.add(first, head=True)
    assert ids(line.take(5)) == [1, 3]


def test_a_message_is_known_until_it_is_taken_and_added_once() -> None:
    line = schedule(waiting(1), waiting(1), waiting(1))
    assert 1 in line
    assert (len(line), line.size(2)) == (1, 1)
    assert ids(line.take(5)) == [1]
    assert 1 not in line
    assert (len(line), line.size(2), line.size(9)) == (0, 0, 0)


def test_one_that_was_canceled_is_passed_over() -> None:
    line = schedule(waiting(1, "x"), waiting(2, "x"), waiting(3), waiting(4))
    line.discard(3)
    line.discard(99)
    assert ids(line.take(5)) == [1, 4]
    line.discard(2)
    line.release(("TIDINGS", "x"), 1)
    assert line.take(5) == []
    assert (len(line), line.size(2)) == (0, 0)


def test_one_that_was_canceled_and_put_back_goes_once() -> None:
    line = schedule(waiting(1), waiting(2))
    line.discard(1)
    line.add(waiting(1), head=True)
    assert sorted(drain(line)) == [1, 2]
    assert line.size(2) == 0


def test_what_a_message_hands_over_may_change_while_it_waits() -> None:
    line = schedule(waiting(1), waiting(2, "x", cost=5), waiting(3, "x"))
    line.amend(2, lambda old: msgspec.structs.replace(old, cost=1, load="less"))
    line.amend(99, lambda old: old)
    taken = line.take(2)
    assert [(message.message_id, message.load) for message in taken] == [(1, "load 1"), (2, "less")]
    line.amend(2, lambda old: old)
    assert line.take(5) == [], "it is gone, and its lane is busy"
    line.amend(3, lambda old: msgspec.structs.replace(old, load="new"))
    line.release(("TIDINGS", "x"), 2)
    assert [message.load for message in line.take(5)] == ["new"]


@pytest.mark.parametrize("large_first", [True, False])
def test_a_large_message_never_starves(large_first: bool) -> None:
    """Its account's turn is kept for it, however many small ones of others there are."""
    large = waiting(1_000, account=A, cost=10)
    small = [waiting(number, account=B) for number in range(100)]
    line = schedule(large, *small) if large_first else schedule(*small, large)
    taken: list[int] = []
    for _ in range(3):
        messages = line.take(5)
        taken += ids(messages)
        assert sum(message.cost for message in messages) <= 5 or len(messages) == 1
    assert 1_000 in taken


ADDS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 4), st.sampled_from("abcd"), st.integers(1, 7)), max_size=40
)


@settings(max_examples=25)
@given(ADDS, st.randoms(use_true_random=False))
def test_every_message_is_taken_once_in_the_order_of_its_lane(
    adds: list[tuple[int, int, str, int]], chance: random.Random
) -> None:
    """Whatever the order of adding, taking, answering, putting back and canceling."""
    line: Schedule[str] = Schedule()
    coming = [waiting(n, to, account, rank, cost) for n, (account, rank, to, cost) in enumerate(adds)]
    fixed = {message.message_id: message for message in coming}
    flying: dict[int, Waiting[str]] = {}
    done: list[int] = []
    canceled: set[int] = set()
    while coming or flying or len(line):
        step = chance.random()
        if step < 0.4 and coming:
            line.add(coming.pop(0))
        elif step < 0.7:
            room = chance.randint(0, 8)
            messages = line.take(room)
            assert sum(message.cost for message in messages) <= room or len(messages) == 1
            for message in messages:
                assert message.lane not in {other.lane for other in flying.values()}
                assert message.message_id not in flying
                flying[message.message_id] = message
        elif step < 0.95 and flying:
            message = flying.pop(chance.choice(list(flying)))
            line.release(message.lane, message.message_id)
            if chance.random() < 0.3:
                line.add(message, head=True)
            else:
                done.append(message.message_id)
        elif step > 0.98 and len(line):
            victim = chance.choice([number for number in fixed if number in line])
            line.discard(victim)
            canceled.add(victim)
    assert sorted([*done, *canceled]) == sorted(fixed)
    assert [line.size(rank) for rank in range(1, 5) if line.take(100)] == []
    by_lane: dict[tuple[object, ...], list[int]] = {}
    for number in done:
        message = fixed[number]
        by_lane.setdefault((message.account_id, message.rank, message.lane), []).append(number)
    assert all(numbers == sorted(numbers) for numbers in by_lane.values())


@given(st.integers(2, 6), st.integers(2, 30))
def test_an_account_with_much_waits_no_shorter(accounts: int, many: int) -> None:
    """With n accounts a lone message goes among the first n."""
    line = schedule(
        *(waiting(account * 1_000 + n, account=account) for account in range(1, accounts) for n in range(many))
    )
    line.add(waiting(1, account=accounts))
    assert 1 in ids(line.take(accounts))


# the rate


def test_without_a_rate_there_is_always_room() -> None:
    bucket = TokenBucket(0)
    bucket.take(1_000_000)
    assert bucket.room(0.0) > 1_000_000
    assert bucket.wait() == 0


def test_a_bucket_fills_with_time_up_to_one_second() -> None:
    bucket = TokenBucket(10)
    assert bucket.room(100.0) == 1
    assert bucket.room(100.5) == 6
    assert bucket.room(200.0) == 10
    bucket.take(10)
    assert bucket.room(200.0) == 0
    assert bucket.wait() == pytest.approx(0.1)
    assert bucket.room(200.15) == 1
    assert bucket.wait() == 0


def test_a_long_message_overdraws_and_is_paid_back_by_waiting() -> None:
    bucket = TokenBucket(2)
    bucket.room(0.0)
    bucket.take(5)
    assert bucket.room(0.0) <= 0
    assert bucket.wait() == pytest.approx(2.5)
    assert bucket.room(2.4) <= 0
    assert bucket.room(2.5) == 1


def test_a_rate_below_one_a_second_works() -> None:
    bucket = TokenBucket(0.1)
    assert bucket.room(0.0) == 1
    bucket.take(1)
    assert bucket.wait() == pytest.approx(10)
    assert bucket.room(9.9) == 0
    assert bucket.room(10.0) == 1


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    bucket = TokenBucket(10)
    bucket.room(100.0)
    bucket.take(1)
    assert bucket.room(90.0) == 0


@given(
    st.floats(0.5, 500),
    st.lists(st.tuples(st.floats(0.001, 2), st.integers(1, 50)), min_size=1, max_size=60),
)
def test_the_rate_is_obeyed(rate: float, steps: list[tuple[float, int]]) -> None:
    """Over any time at most rate * time go, and one second's burst; a step takes no more than there is room."""
    bucket = TokenBucket(rate)
    now, gone = 0.0, 0
    for pause, wish in steps:
        now += pause
        segments = min(wish, bucket.room(now))
        bucket.take(segments)
        gone += segments
        assert gone <= rate * now + max(1.0, rate) + 1e-6
