"""How fast a carrier is fed, and how long it is left alone after it throttled."""

from __future__ import annotations

import pytest

from tidings.core.pace import Pace

ROOM = {"north/1": 10, "north/2": 0, "north/3": 5}


def test_only_binds_with_room_are_open() -> None:
    assert Pace(0).open(ROOM, 0.0) == {"north/1": 10, "north/3": 5}


@pytest.mark.parametrize(("throttled", "held"), [(1, 1.0), (2, 2.0), (3, 4.0), (7, 60.0), (30, 60.0)])
def test_pauses_in_a_row_double_up_to_sixty_times_the_first(throttled: int, held: float) -> None:
    pace, now = Pace(0), 100.0
    for _ in range(throttled):
        now = max(now, pace.until.get("north/1", 0.0))
        pace.pause("north/1", now, 1.0)
    assert pace.until["north/1"] - now == held
    assert "north/1" not in pace.open(ROOM, now + held - 0.01)
    assert "north/1" in pace.open(ROOM, now + held)
    assert "north/3" in pace.open(ROOM, now)


def test_many_answers_of_one_throttling_are_one_pause() -> None:
    pace = Pace(0)
    for at in range(50):
        pace.pause("north/1", at / 100, 1.0)
    assert pace.until == {"north/1": 1.0}


def test_a_part_that_was_taken_ends_the_row() -> None:
    pace = Pace(0)
    pace.pause("north/1", 0.0, 1.0)
    pace.pause("north/1", 1.0, 1.0)
    pace.went_well("north/1")
    pace.pause("north/1", 5.0, 1.0)
    assert pace.until["north/1"] == 6.0


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
