"""How a carrier stands by its binds, and how long a bind rests after its falls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core.carrier import BindState, StateOfBind, StateOfCarrier, fold
from tidings.core.damping import Damping


def bind(state: StateOfBind, paused: bool = False) -> BindState:
    return BindState(name="north/1", kind="transceiver", state=state, since="", paused=paused, bound=state == "up")


FOLDS: list[tuple[str, list[BindState], bool, StateOfCarrier]] = [
    ("all stand", [bind("up"), bind("up")], False, "up"),
    ("one has to come up yet", [bind("up"), bind("connecting")], False, "degraded"),
    ("one is down", [bind("up"), bind("down")], False, "degraded"),
    ("one flaps", [bind("up"), bind("flapping")], False, "flapping"),
    ("none stands", [bind("down"), bind("connecting")], False, "down"),
    ("it begins", [bind("connecting")], False, "connecting"),
    ("paused, whatever its binds do", [bind("down"), bind("up")], True, "paused"),
    ("each bind is paused", [bind("up", True), bind("down", True)], False, "paused"),
    ("one of two binds is paused", [bind("up", True), bind("up")], False, "up"),
]


@pytest.mark.parametrize(("binds", "paused", "state"), [f[1:] for f in FOLDS], ids=[f[0] for f in FOLDS])
def test_the_state_of_a_carrier(binds: list[BindState], paused: bool, state: StateOfCarrier) -> None:
    assert fold(binds, paused) == state


def damping() -> Damping:
    return Damping(0.5, 30.0)


def test_pauses_double_while_it_does_not_come_up() -> None:
    one = damping()
    pauses = []
    for _ in range(9):
        one.failed()
        pauses.append(one.pause(0.999))
    assert [round(pause, 1) for pause in pauses] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert not one.flapping(), "it never stood"


STOOD: list[tuple[str, list[float], bool, float]] = [
    ("a first fall", [3600], False, 0.5),
    ("two falls within seconds", [3600, 5], False, 1.0),
    ("three falls within seconds", [3600, 5, 5], True, 2.0),
    ("ten falls within seconds", [5] * 10, True, 30.0),
    ("a fall every minute", [60] * 20, True, 2.6),
    ("a fall every ten minutes", [600] * 20, False, 0.5),
    ("falls long ago", [5] * 10 + [3600], False, 0.5),
]


@pytest.mark.parametrize(("stood", "flapping", "pause"), [s[1:] for s in STOOD], ids=[s[0] for s in STOOD])
def test_falls(stood: list[float], flapping: bool, pause: float) -> None:
    """Each time it stood for so many seconds and fell."""
    one = damping()
    for seconds in stood:
        one.fell(seconds)
    assert one.flapping() is flapping
    assert one.pause(0.9999) == pytest.approx(pause, rel=0.1)


def test_standing_ends_flapping_and_coming_up_ends_failing() -> None:
    one = damping()
    for _ in range(3):
        one.fell(1)
    assert one.flapping()
    assert one.flapping(20)
    assert not one.flapping(120)
    for _ in range(8):
        one.failed()
    one.fell(3600)
    assert one.pause(0.999) == pytest.approx(0.5, rel=0.1)


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1e7)), max_size=300),
    st.floats(0, 1, exclude_max=True),
)
def test_a_pause_is_bounded_whatever_happened(events: list[float | None], chance: float) -> None:
    """None: an attempt failed; a number: it stood for so long and fell."""
    one = damping()
    for event in events:
        one.failed() if event is None else one.fell(event)
        assert 0.25 <= one.pause(chance) <= 30.0
