"""The words of texts, and what is looked for: found again whatever their case, accents and script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core.words import LONGEST, MOST, SOUGHT_MOST, of_account, sought, words

TEXTS: list[tuple[str, str, list[str]]] = [
    ("nothing", "", []),
    ("marks only", "?! … 🙂", []),
    ("case and marks", "Could we come AT nine, Ada?", ["could", "we", "come", "at", "nine", "ada"]),
    ("each once", "no no NO", ["no"]),
    ("digits", "Table 12 at 9:30", ["table", "12", "at", "9", "30"]),
    ("accents", "Grüße, José", ["grusse", "jose"]),
    ("Greek and Cyrillic", "Καλημέρα мир", ["καλημερα", "мир"]),
    ("scripts without blanks", "今日は9時", ["今", "日", "は", "9", "時"]),
    ("syllables of Korean", "안녕", ["안", "녕"]),
    ("a word that is too long", "x" * 100, ["x" * LONGEST]),
]


@pytest.mark.parametrize(("text", "found"), [case[1:] for case in TEXTS], ids=[case[0] for case in TEXTS])
def test_the_words_of_a_text(text: str, found: list[str]) -> None:
    assert words(text) == found


SEARCHES: list[tuple[str, str, str | None]] = [
    ("one word", "Nine", "¤7 nine"),
    ("several", "table  NINE", "¤7 table nine"),
    ("the beginning of a word", "res* nine", "¤7 res* nine"),
    ("a star after two words", "a-be*", "¤7 a be*"),
    ("a star alone", "*", None),
    ("marks only", "?!", None),
    ("as many as may be", " ".join(f"w{n}" for n in range(SOUGHT_MOST)), "¤7 " + " ".join(f"w{n}" for n in range(10))),
    ("too many", " ".join(f"w{n}" for n in range(SOUGHT_MOST + 1)), None),
    ("what looks like an operator", "AND (x OR y) NOT z", "¤7 and x or y not z"),
]


@pytest.mark.parametrize(("text", "asked"), [case[1:] for case in SEARCHES], ids=[case[0] for case in SEARCHES])
def test_what_is_looked_for(text: str, asked: str | None) -> None:
    assert sought(7, text) == asked


def test_what_is_kept_names_its_account_which_no_text_can() -> None:
    assert of_account(7, "¤8 hello") == "¤7 8 hello"
    assert of_account(7, "!") == ""


@given(st.text(max_size=300))
def test_words_are_few_plain_and_found_in_what_they_came_from(text: str) -> None:
    found = words(text)
    assert len(found) == len(set(found)) <= MOST + 1
    for word in found:
        assert 1 <= len(word) <= LONGEST
        assert all(letter.isalnum() for letter in word)
        assert " " not in word
    for word in found[:5]:
        assert word in words(word) or len(words(word)) >= 1
