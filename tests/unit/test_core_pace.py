"""How fast a carrier is fed, and how long it is left alone after it throttled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core.pace import Pace

ROOM = {"north/1": 10, "north/2": 0, "north/3": 5}


def test_only_binds_with_room_are_open() -> None:
    assert Pace(0).open(ROOM, 0.0) == {"north/1": 10, "north/3": 5}


@pytest.mark.parametrize(("throttled", "held"), [(1, 1.0), (2, 2.0), (3, 4.0), (7, 60.0), (30, 60.0)])
def test_pauses_in_a_row_double_up_to_sixty_times_the_first(throttled: int, held: float) -> None:
    pace, now = Pace(0), 100.0
    for _ in range(throttled):
        while "north/1" not in pace.open(ROOM, now):
            now += pace.wait(now)
        pace.pause("north/1", now, 1.0)
    assert "north/1" not in pace.open(ROOM, now + held - 0.01)
    assert "north/1" in pace.open(ROOM, now + held)
    assert "north/3" in pace.open(ROOM, now)


def test_many_answers_of_one_throttling_are_one_pause() -> None:
    pace = Pace(0)
    for at in range(50):
        pace.pause("north/1", at / 100, 1.0)
    assert (pace.open({"north/1": 1}, 0.99), pace.open({"north/1": 1}, 1.0)) == ({}, {"north/1": 1})


def test_a_part_that_was_taken_ends_the_row() -> None:
    pace = Pace(0)
    pace.pause("north/1", 0.0, 1.0)
    pace.pause("north/1", 1.0, 1.0)
    pace.went_well("north/1", 4.0)
    pace.pause("north/1", 5.0, 1.0)
    assert (pace.open({"north/1": 1}, 5.9), pace.open({"north/1": 1}, 6.0)) == ({}, {"north/1": 1})


def test_the_wait_is_until_the_first_bind_is_open_and_never_long() -> None:
    pace = Pace(0)
    assert pace.wait(0.0) == 0.5
    pace.pause("north/1", 0.0, 0.2)
    assert pace.wait(0.1) == pytest.approx(0.1)
    assert pace.wait(0.2) == 0.5


def test_a_rate_asks_to_wait_for_its_next_segment() -> None:
    pace = Pace(10)
    pace.bucket.take(pace.bucket.room(0.0))
    assert pace.bucket.room(0.0) == 0
    assert 0.001 <= pace.wait(0.0) <= 0.1


def feed(
    pace: Pace, grants: int, window: int, by_the_second: bool, begin: float, seconds: float
) -> tuple[float, float]:
    """Feed an endless queue over one bind that answers after 50 ms; segments taken and throttled per second."""
    now, flying, left, last = begin, [], float(grants), begin
    taken = throttled = 0
    while now < begin + seconds:
        answered = [answer for at, answer in flying if at <= now]
        flying = [(at, answer) for at, answer in flying if at > now]
        for well in answered:
            pace.went_well(BIND, now) if well else pace.pause(BIND, now, 0.5)
            taken, throttled = taken + well, throttled + (not well)
        for _ in range(pace.open({BIND: window - len(flying)}, now).get(BIND, 0)):
            left = _grant(left, grants, by_the_second, last, now)
            last, well = now, left >= 1
            left -= well
            flying.append((now + 0.05, well))
            pace.gave(BIND, 1)
        now += min(pace.wait(now), 0.01)
    return taken / seconds, throttled / seconds


def _grant(left: float, grants: int, by_the_second: bool, last: float, now: float) -> float:
    if by_the_second:
        return float(grants) if int(now) > int(last) else left
    return min(float(grants), left + (now - last) * grants)


BIND = "north/1"


@pytest.mark.parametrize("by_the_second", [True, False], ids=["counted by the second", "a bucket"])
@pytest.mark.parametrize(("grants", "window"), [(5, 50), (10, 10), (30, 50), (100, 50), (300, 50)])
def test_what_a_carrier_grants_is_found_out(grants: int, window: int, by_the_second: bool) -> None:
    """Without a rate in the settings: most of what is granted is used, and few segments are throttled."""
    pace = Pace(0)
    taken, throttled = feed(pace, grants, window, by_the_second, 0.0, 90.0)
    assert taken > 0.8 * grants
    first_burst = window / 90
    assert throttled < first_burst + max(0.25, 0.03 * grants), "after the first burst a few now and then"
    learned = pace.learned(BIND)
    assert learned is not None
    assert 0.8 * grants < learned < 1.4 * grants


def test_a_carrier_that_grants_more_again_gets_more_again() -> None:
    pace = Pace(0)
    feed(pace, 10, 50, True, 0.0, 60.0)
    taken, _ = feed(pace, 200, 50, True, 60.0, 90.0)
    assert taken > 100
    feed(pace, 10_000, 50, True, 150.0, 660.0)
    assert pace.learned(BIND) is None, "after ten minutes without a throttling nothing is held back"


def test_a_bind_that_is_refused_for_another_reason_learns_nothing() -> None:
    pace = Pace(0)
    pace.pause(BIND, 0.0, 1.0, throttled=False)
    assert pace.open({BIND: 50}, 0.5) == {}
    assert (pace.open({BIND: 50}, 1.0), pace.learned(BIND)) == ({BIND: 50}, None)


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.sampled_from(["throttled", "well", "look", "gave", "refused"])), max_size=200
    )
)
def test_no_bind_is_starved(steps: list[tuple[float, str]]) -> None:
    """Whatever happened: a minute later, and a second more, a bind with room may be given something."""
    pace, now = Pace(0), 0.0
    for wait, what in steps:
        now += wait
        match what:
            case "throttled" | "refused":
                pace.pause(BIND, now, 1.0, throttled=what == "throttled")
            case "well":
                pace.went_well(BIND, now)
            case "gave":
                pace.gave(BIND, pace.open({BIND: 10}, now).get(BIND, 0))
            case _:
                assert all(0 < room <= 10 for room in pace.open({BIND: 10}, now).values())
        assert 0.001 <= pace.wait(now) <= 0.5
    pace.open({BIND: 10}, now + 60)
    assert pace.open({BIND: 10}, now + 62)
