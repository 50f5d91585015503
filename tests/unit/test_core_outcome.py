"""What statuses are called in receipts, and who is told of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidings.core.outcome import ERRORS, WORDS, error_number, wanted
from tidings.core.status import ENDED, RECEIVED
from tidings.errors import MESSAGE_ERRORS
from tidings.smpp import receipt

TOLD = [
    ("delivered", "DELIVRD", "delivered"), ("undelivered", "UNDELIV", "undelivered"),
    ("failed", "UNDELIV", "undelivered"), ("expired", "EXPIRED", "expired"), ("rejected", "REJECTD", "undelivered"),
    ("canceled", "DELETED", "undelivered"), ("unknown", "UNKNOWN", "unknown"), ("sent", "ENROUTE", "in_transit"),
]  # fmt: skip


def test_every_final_status_has_a_word_that_carriers_know() -> None:
    assert {status for status, _, _ in TOLD} == set(WORDS) == (ENDED - {RECEIVED}) | {"sent"}
    for status, word, read_as in TOLD:
        assert WORDS[status] == word
        assert receipt.status_of(word) == read_as


ASKED = [
    ("nothing asked for", 0x00, set()),
    ("any end", 0x01, {"delivered", "undelivered", "expired", "unknown"}),
    ("failures only", 0x02, {"undelivered", "expired", "unknown"}),
    ("successes only (5.0)", 0x03, {"delivered"}),
    ("intermediate alone", 0x10, {"sent"}),
    ("any end, and what comes before", 0x11, {"sent", "delivered", "undelivered", "expired", "unknown"}),
    ("bits for acknowledgements of handsets ask for none of ours", 0x0C, set()),
    ("failures, with stray bits", 0xE2, {"undelivered", "expired", "unknown"}),
]


@pytest.mark.parametrize(("bits", "told"), [case[1:] for case in ASKED], ids=[case[0] for case in ASKED])
def test_registered_delivery_says_who_is_told_of_what(bits: int, told: set[str]) -> None:
    assert {s for s in ("sent", "delivered", "undelivered", "expired", "unknown") if wanted(bits, s)} == told


def test_every_error_of_a_message_has_a_number_of_its_own() -> None:
    assert set(ERRORS) == set(MESSAGE_ERRORS)
    assert len(set(ERRORS.values())) == len(ERRORS)
    assert all(0 < number < 1_000 for number in ERRORS.values())


NUMBERS = [
    ("delivered", None, 0), ("sent", None, 0), ("undelivered", {"code": "unreachable"}, 3), ("undelivered", None, 3),
    ("canceled", None, 41), ("rejected", {"code": "opted_out"}, 5), ("unknown", {"code": "no_receipt"}, 37),
    ("failed", {"code": "not in our list"}, 99), ("failed", None, 99),
]  # fmt: skip


@pytest.mark.parametrize(("status", "error", "number"), NUMBERS)
def test_the_number_is_that_of_the_error(status: str, error: dict[str, str] | None, number: int) -> None:
    assert error_number(status, error) == number


def test_every_number_and_word_stands_in_the_document() -> None:
    page = (Path(__file__).parents[2] / "docs/concepts/back-to-esmes.md").read_text()
    assert [code for code, number in ERRORS.items() if f"| {number:03d} | `{code}` |" not in page] == []
    assert [word for word in WORDS.values() if f"| `{word}` | {_state(word)} |" not in page] == []


def _state(word: str) -> int:
    return next(number for number, name in receipt.STATES.items() if name == word)
