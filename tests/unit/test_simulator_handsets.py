"""What a phone shows: long texts put together, repeats, broken and foreign parts."""

import pytest

from tidings.simulator.handsets import completed, outgoing, screen
from tidings.simulator.records import Address, Submission
from tidings.text import segments
from tidings.text.udh import build_concat

PHONE = Address(1, 1, "12025550100")
SHOP = Address(5, 0, "Shop")
RIVAL = Address(1, 1, "12025550199")


def arrived(
    number: int,
    payload: bytes,
    udh: bytes = b"",
    *,
    coding: int = 0,
    source: Address = SHOP,
    status: int = 0,
    to: Address = PHONE,
) -> Submission:
    return Submission(number, 1_000 + number, "esme", source, to, coding, 1, udh, payload, status)


def part(number: int, payload: bytes, of: int, seq: int, ref: int = 7, **more: object) -> Submission:
    return arrived(number, payload, build_concat(ref, of, seq), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("case", "submissions", "texts", "incomplete"),
    [
        ("nothing", [], [], 0),
        ("one part", [arrived(1, b"Hello")], ["Hello"], 0),
        ("UCS-2", [arrived(1, "я😀".encode("utf-16-be"), coding=8)], ["я😀"], 0),
        ("in order", [arrived(1, b"a"), arrived(2, b"b")], ["a", "b"], 0),
        ("two parts", [part(1, b"Hel", 2, 1), part(2, b"lo", 2, 2)], ["Hello"], 0),
        ("parts out of order", [part(1, b"lo", 2, 2), part(2, b"Hel", 2, 1)], ["Hello"], 0),
        ("a part is missing", [part(1, b"Hel", 3, 1), part(2, b"lo", 3, 3)], [], 1),
        ("a part comes twice", [part(1, b"Hel", 2, 1), part(2, b"Hel", 2, 1), part(3, b"lo", 2, 2)], ["Hello"], 0),
        (
            "the reference is used anew before the first text was whole",
            [part(1, b"old", 2, 1), part(2, b"new", 2, 1), part(3, b"er", 2, 2)],
            ["newer"],
            0,
        ),
        (
            "the reference is used anew afterwards",
            [part(1, b"a", 2, 1), part(2, b"b", 2, 2), part(3, b"c", 2, 1), part(4, b"d", 2, 2)],
            ["ab", "cd"],
            0,
        ),
        (
            "two senders with one reference",
            [part(1, b"a", 2, 1), part(2, b"x", 2, 1, source=RIVAL), part(3, b"b", 2, 2)],
            ["ab"],
            1,
        ),
        ("refused by the network", [arrived(1, b"a", status=0x58), arrived(2, b"b", status=-1)], [], 0),
        ("a number that is never reached", [arrived(1, b"a", to=Address(1, 1, "12025550001"))], [], 0),
        (
            "an escape pair cut by the sender comes whole again",
            [part(1, b"5\x1b", 2, 1), part(2, b"\x65", 2, 2)],
            ["5€"],
            0,
        ),
        (
            "parts of different alphabets",
            [part(1, b"a", 2, 1), part(2, "я".encode("utf-16-be"), 2, 2, coding=8)],
            ["aя"],
            0,
        ),
        ("a header of one part", [part(1, b"a", 1, 1)], ["a"], 0),
        ("binary", [arrived(1, b"\xbe\xef", coding=4)], ["beef"], 0),
    ],
)
def test_screen(case: str, submissions: list[Submission], texts: list[str], incomplete: int) -> None:
    shown = screen(submissions)
    assert [m.text for m in shown.messages] == texts, case
    assert shown.incomplete == incomplete, case


def test_a_text_says_where_it_came_from() -> None:
    (received,) = screen([part(0x1F, b"lo", 2, 2), part(0x20, b"Hel", 2, 1)]).messages
    assert (received.sender, received.parts, received.received_at) == ("Shop", 2, 1_000 + 0x20)
    assert received.message_ids == ("20", "1f")
    assert received.encoding == "gsm7"


def test_completed_is_what_the_last_part_made_whole() -> None:
    first, second, other = part(1, b"Hel", 2, 1), part(2, b"lo", 2, 2), arrived(3, b"x")
    assert completed([]) is None
    assert completed([first]) is None
    assert completed([first, other, second]).text == "Hello"  # type: ignore[union-attr]
    assert completed([first, second, other]).text == "x"  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["Hello", "я", "a" * 400, "😀" * 200, "€" * 161])
def test_what_one_phone_sends_another_can_show(text: str) -> None:
    parts = outgoing(text, 5)
    assert len(parts) == segments.count(text)[1]
    shown = screen(arrived(n, payload, udh, coding=coding) for n, (coding, udh, payload) in enumerate(parts, 1))
    assert [m.text for m in shown.messages] == [text]
