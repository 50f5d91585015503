"""Who is no person, and how often codes may answer between two numbers."""

from __future__ import annotations

import pytest

from codes_kit import NOW
from tidings.core.codes import Pace
from tidings.core.guard import auto_reply, counted, judge, room
from tidings.core.message import DAY, MINUTE

ME, OURS = "+15551230100", "12345"

MACHINES = [
    "Automatic reply: I will be back on Monday",
    "AUTO-REPLY: got your message",
    "I'm driving right now and will get back to you",
    "I’m currently out of the office.",
    "Please do not reply to this number",
    "This mailbox is not monitored",
    "Abwesenheitsnotiz: ich bin im Urlaub",
    "Réponse automatique : je suis absente",
]
PEOPLE = ["VOTE A", "reply", "office hours?", "do you reply to this?", "automatic doors are broken", "STOPP", "", "out"]


@pytest.mark.parametrize("text", MACHINES)
def test_a_machine(text: str) -> None:
    assert auto_reply(text)


@pytest.mark.parametrize("text", PEOPLE)
def test_a_person(text: str) -> None:
    assert auto_reply(text) is None


def asked(pace: Pace | None, text: str = "VOTE A", number: str = ME, now: int = NOW) -> tuple[str, bool]:
    told = judge(pace, text, number, OURS, now, a_minute=3, a_day=5)
    assert told.detail.endswith(".")
    return told.rule, told.allowed


def test_a_minute_and_a_day_have_their_most() -> None:
    pace = None
    for _ in range(3):
        assert asked(pace) == ("reply_pace", True)
        pace = counted(pace, 1, ME, OURS, 1, "thanks", NOW)
    assert asked(pace) == ("reply_pace", False)
    assert asked(pace, now=NOW + MINUTE - 1) == ("reply_pace", False)
    later = NOW + MINUTE
    for _ in range(2):
        assert asked(pace, now=later) == ("reply_pace", True)
        pace = counted(pace, 1, ME, OURS, 1, "thanks", later)
    assert asked(pace, now=later + MINUTE) == ("reply_pace", False)
    assert asked(pace, now=NOW + DAY) == ("reply_pace", True)


def test_there_is_room_for_what_is_left_of_a_minute_and_of_a_day() -> None:
    def left(pace: Pace | None, now: int = NOW) -> int:
        return room(pace, now, a_minute=3, a_day=5)

    pace = counted(None, 1, ME, OURS, 2, "", NOW)
    assert (left(None), left(pace), left(pace, NOW + MINUTE)) == (3, 1, 3)
    pace = counted(pace, 1, ME, OURS, 4, "", NOW)
    assert (left(pace), left(pace, NOW + MINUTE), left(pace, NOW + DAY)) == (0, 0, 3)


def test_an_echo_is_no_person() -> None:
    pace = counted(None, 1, ME, OURS, 1, "Thanks for voting!", NOW)
    assert asked(pace, " Thanks for voting!\n") == ("echo", False)
    assert asked(pace, "thanks for voting") == ("reply_pace", True), "people do not type it letter by letter"
    assert asked(pace, "Thanks for voting! for me") == ("reply_pace", True)


def test_names_and_our_own_number_get_no_answer() -> None:
    assert asked(None, number="ACME") == ("no_number", False)
    assert asked(None, number=OURS) == ("own_number", False)
    assert asked(None, "out of office") == ("auto_reply", False)
