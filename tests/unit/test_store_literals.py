"""Columns as PostgreSQL's array literals."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.store.literals import held, of_numbers, of_texts, told, told_json

HARD = [
    "",
    "null",
    "NULL",
    "{}",
    "a,b",
    'say "hi"',
    "back\\slash",
    "\\n",
    "line\nbreak",
    "\t",
    "\0",
    "\ufdd0",
    "\x7f",
    "é😀",
]


def read(literal: str) -> list[str | None]:
    """By the rules of the manual, apart from how it is written: elements, quoted or not, between braces."""
    assert literal[0] == "{"
    assert literal[-1] == "}"
    found: list[str | None] = []
    rest = literal[1:-1]
    while rest:
        if rest[0] == '"':
            at, element = 1, ""
            while rest[at] != '"':
                at += rest[at] == "\\"
                element += rest[at]
                at += 1
            found.append(element)
            at += 1
        else:
            at = len(rest.partition(",")[0])
            found.append(None if rest[:at].lower() == "null" else rest[:at])
        assert rest[at : at + 1] in ("", ",")
        rest = rest[at + 1 :]
    return found


@pytest.mark.parametrize("text", HARD)
def test_every_text_comes_through(text: str) -> None:
    assert read(of_texts([text, None, "plain"])) == [held(text), None, "plain"]
    assert told(held(text)) == text


@given(st.lists(st.none() | st.text(st.characters(codec="utf-8"))))
def test_any_column_of_texts_comes_through(values: list[str | None]) -> None:
    assert read(of_texts(values)) == [None if one is None else held(one) for one in values]


@given(st.lists(st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1)))
def test_any_column_of_numbers_comes_through(values: list[int | None]) -> None:
    assert read(of_numbers(values)) == [None if one is None else str(int(one)) for one in values]


def test_json_that_was_held_says_what_it_said() -> None:
    assert told_json(held('["\0"]')) == '["\\u0000"]'


@pytest.mark.parametrize("wrong", [["a"], b"a", 7, 1.5, float("nan"), {"a": 1}, object()])
def test_what_is_no_text_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError):
        of_texts(["a", wrong, "b"])


@pytest.mark.parametrize("wrong", ["7", [7, 8], b"a", float("nan"), float("inf"), {"a": 1}, object()])
def test_what_is_no_number_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError):
        of_numbers((1, None, wrong, 2))
