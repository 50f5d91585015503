"""Ids: in time order, never twice, and the same there and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.core.ids import EPOCH, Ids, parse, show

MOMENTS = st.lists(st.integers(EPOCH, EPOCH + 10_000), min_size=1, max_size=60)


@settings(max_examples=50)
@given(MOMENTS, st.integers(0, 511))
def test_ids_only_go_up_whatever_the_clock_does(moments: list[int], node: int) -> None:
    ids = Ids(node)
    made = [ids.next(now) for now in moments]
    assert made == sorted(set(made))
    assert all(0 <= one < 1 << 63 for one in made)


def test_a_burst_borrows_from_the_future() -> None:
    ids = Ids()
    made = [ids.next(EPOCH + 5) for _ in range(10_000)]
    assert len(set(made)) == 10_000
    assert made[-1] >> 21 == 7


def test_an_id_tells_its_millisecond_and_its_node() -> None:
    now = EPOCH + 123_456_789
    one = Ids(77).next(now)
    assert one >> 21 == now - EPOCH
    assert one >> 12 & 511 == 77


@settings(max_examples=50)
@given(st.integers(EPOCH + 1, EPOCH + 1_000_000), st.integers(0, 1 << 21), st.integers(0, 511))
def test_ids_go_on_above_what_is_stored_though_the_clock_is_behind(now: int, back: int, node: int) -> None:
    last = Ids(3).next(now)
    assert Ids(node, last).next(now - back) > last


def test_nodes_never_meet() -> None:
    one, other = Ids(1), Ids(2)
    assert not {one.next(EPOCH) for _ in range(100)} & {other.next(EPOCH) for _ in range(100)}


def test_a_clock_before_the_epoch_does_no_harm() -> None:
    ids = Ids()
    assert 0 < ids.next(0) < ids.next(-5) < ids.next(EPOCH)


@settings(max_examples=50)
@given(st.integers(0, (1 << 63) - 1))
def test_shown_and_parsed(number: int) -> None:
    text = show("msg", number)
    assert len(text) == len("msg_") + 13
    assert parse("msg", text) == number
    assert parse("key", text) is None


@settings(max_examples=50)
@given(st.lists(st.integers(0, (1 << 63) - 1), max_size=20))
def test_shown_ids_sort_like_the_numbers(numbers: list[int]) -> None:
    assert sorted(show("msg", number) for number in numbers) == [show("msg", number) for number in sorted(numbers)]


@pytest.mark.parametrize(
    "text",
    [
        "", "msg", "msg_", "msg_000000000000", "msg_00000000000000", "msg_000000000000i", "msg_000000000000L",
        "msg_000000000000A", "msg_zzzzzzzzzzzzz", "MSG_0000000000000", "msg-0000000000000", "msg__000000000000",
        " msg_0000000000000", "msg_000000000000é", "msg_0000000000000_",
    ],
)  # fmt: skip
def test_what_is_no_id(text: str) -> None:
    assert parse("msg", text) is None
