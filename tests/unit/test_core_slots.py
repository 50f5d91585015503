"""Places for requests: what each kind of endpoint may take, and that slow ones give theirs back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tidings.core.breaker import Standing
from tidings.core.slots import ROOMS, Slots

SMALL: dict[Standing, int] = {"healthy": 2, "unknown": 1, "failing": 1}


def test_each_kind_of_endpoint_has_room_of_its_own() -> None:
    slots: Slots[str] = Slots(SMALL)
    places = [slots.begin("unknown", 0.0), slots.begin("failing", 0.0)]
    assert [slots.free(one) for one in ROOMS] == [True, False, False]
    slots.begin("healthy", 0.0)
    assert slots.free("healthy")
    slots.begin("healthy", 0.0)
    assert not slots.free("healthy")
    for place in places:
        slots.end(place)
    assert [slots.free(one) for one in ROOMS] == [False, True, True]
    slots.end(places[0])
    assert slots.under_way == 2


def test_what_is_not_answered_soon_gives_its_place_back_while_few_are_slow() -> None:
    slots: Slots[str] = Slots(SMALL, slow_most=1, slow_after=1.0)
    first, second = slots.begin("healthy", 0.0), slots.begin("healthy", 0.5)
    slots.age(0.9)
    assert not slots.free("healthy")
    slots.age(1.0)
    assert slots.free("healthy")
    third = slots.begin("healthy", 1.0)
    slots.age(9.0)
    assert not slots.free("healthy")
    slots.end(first)
    slots.age(9.0)
    assert slots.free("healthy")
    slots.end(second)
    slots.end(third)
    assert slots.under_way == 0


def test_those_who_wait_come_in_turn_and_only_where_there_is_room() -> None:
    slots: Slots[str] = Slots(SMALL, slow_after=1.0)
    unknown = slots.begin("unknown", 0.0)
    for who in ("a", "b"):
        slots.wait("unknown", who)
    slots.wait("healthy", "c")
    assert slots.crowded("unknown")
    assert slots.next() == "c"
    assert slots.next() is None
    assert slots.ages_at() == 1.0
    slots.end(unknown)
    assert [slots.next(), slots.next(), slots.next()] == ["a", "b", None]
    assert not slots.crowded("unknown")
    assert slots.ages_at() is None


@given(st.lists(st.tuples(st.sampled_from(list(ROOMS)), st.floats(0, 3), st.booleans())))
def test_no_place_is_lost_and_none_given_twice(moves: list[tuple[Standing, float, bool]]) -> None:
    slots: Slots[str] = Slots(SMALL, slow_most=3)
    now, places = 0.0, []
    for standing, passed, ends in moves:
        now += passed
        slots.age(now)
        if ends and places:
            slots.end(places.pop(0))
        elif slots.free(standing):
            places.append(slots.begin(standing, now))
        assert slots.under_way == len(places) <= sum(SMALL.values()) + 3
    for place in places:
        slots.end(place)
    assert all(slots.free(standing) for standing in SMALL)
