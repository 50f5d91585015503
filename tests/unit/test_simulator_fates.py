"""The table of fates: digits, answers in order, receipt."""

import pytest

from tidings.simulator.fates import DELIVERED, FATES, LINK_DROPS, UNANSWERED, Tries, fate_of

# digits, answers to repeated submits of one message, receipt word, copies, reaches the handset
TABLE = [
    ("0001", [0], "UNDELIV", 1, False),
    ("0002", [0], "EXPIRED", 1, False),
    ("0003", [0x0B, 0x0B], "DELIVRD", 1, False),
    ("0004", [0], None, 1, True),
    ("0005", [0], "DELIVRD", 1, True),
    ("0006", [0], "DELIVRD", 2, True),
    ("0007", [0], "DELIVRD", 1, True),
    ("0008", [0x58, 0x58, 0x58, 0], "DELIVRD", 1, True),
    ("0009", [0x14, 0x14, 0x14, 0], "DELIVRD", 1, True),
    ("0010", [UNANSWERED, UNANSWERED, UNANSWERED], "DELIVRD", 1, False),
    ("0011", [LINK_DROPS, 0], "DELIVRD", 1, True),
    ("0012", [0], "DELIVRD", 1, True),
    ("0013", [0], "DELETED", 1, False),
    ("0014", [0], "UNKNOWN", 1, False),
    ("0015", [0x08, 0], "DELIVRD", 1, True),
    ("0016", [0], "DELIVRD", 1, True),
    ("0017", [0], "DELIVRD", 1, True),
    ("0000", [0], "DELIVRD", 1, True),
]


@pytest.mark.parametrize(("digits", "answers", "state", "copies", "reaches"), TABLE)
def test_fates(digits: str, answers: list[int], state: str | None, copies: int, reaches: bool) -> None:
    fate = fate_of(f"1202555{digits}")
    tries = Tries()
    for _ in range(2):  # the second message of the same octets meets the same
        assert [tries.answer(fate, "key") for _ in answers] == answers
    assert (fate.state, fate.copies, fate.reaches_handset) == (state, copies, reaches)


@pytest.mark.parametrize(
    ("digits", "what"),
    [
        ("0005", {"late": 30_000}),
        ("0007", {"receipt_first": True}),
        ("0012", {"decimal_in_receipt": True}),
        ("0016", {"echo": True}),
    ],
)
def test_what_only_one_fate_does(digits: str, what: dict[str, object]) -> None:
    for name, value in what.items():
        assert getattr(fate_of(f"+1202555{digits}"), name) == value
        assert {d for d, fate in FATES.items() if getattr(fate, name)} == {digits}


def test_the_table_is_as_long_as_the_network() -> None:
    assert sorted(FATES) == [f"{n:04}" for n in range(1, 17)]


@pytest.mark.parametrize("destination", ["", "1", "001", "12025550100", "10001x", "100110"])
def test_all_else_is_delivered(destination: str) -> None:
    assert fate_of(destination) is DELIVERED


def test_parts_share_the_passing_answers() -> None:
    fate, tries = fate_of("0008"), Tries()
    assert [tries.answer(fate, "long", 3, part) for part in (1, 2, 3, 1, 2, 3)] == [0x58, 0x58, 0x58, 0, 0, 0]
    assert tries.answer(fate, "long", 3, 1) == 0x58


def test_a_repeated_part_does_not_end_the_message() -> None:
    fate, tries = fate_of("0015"), Tries()
    assert [tries.answer(fate, "long", 2, part) for part in (1, 1, 1, 2, 1)] == [0x08, 0, 0, 0, 0x08]


def test_messages_do_not_share_them() -> None:
    fate, tries = fate_of("0015"), Tries()
    assert [tries.answer(fate, key) for key in ("a", "b", "a", "b")] == [0x08, 0x08, 0, 0]


def test_only_the_newest_messages_are_remembered() -> None:
    fate, tries = fate_of("0015"), Tries(keep=2)
    for key in ("a", "b", "c"):
        assert tries.answer(fate, key) == 0x08
    assert tries.answer(fate, "a") == 0x08, "forgotten, so it begins anew"
    assert tries.answer(fate, "c") == 0
