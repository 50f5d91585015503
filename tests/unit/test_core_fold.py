"""What is the same word, where words end, and how far apart two are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core import fold

SAME = [
    ("case", "Price", "PRICE"),
    ("accents of Latin letters", "Préis", "preis"),
    ("composed or not", "Pre\u0301is", "Préis"),
    ("full width", "ＰＲＩＣＥ", "price"),
    ("sharp s", "Straße", "STRASSE"),
    ("Turkish i with and without its dot", "İPTAL", "ıptal"),
    ("Greek final sigma", "ΛΟΓΟΣ", "λόγος"),
    ("Cyrillic case", "ПРИВЕТ", "привет"),
    ("ligatures", "oﬃce", "office"),
    ("quotes and signs around", "«#PRICE!»", "price"),
    ("what is not seen", "PRI\u200bCE\ufeff", "price"),
]
OTHER = [
    ("another Cyrillic letter", "мой", "мои"),
    ("a vowel sign of Devanagari", "कि", "क"),
    ("a sign within", "A-B", "AB"),
]


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_the_same(one: str, other: str) -> None:
    assert fold.folded(one) == fold.folded(other)


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in OTHER], ids=[row[0] for row in OTHER])
def test_not_the_same(one: str, other: str) -> None:
    assert fold.folded(one) != fold.folded(other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b", ["a", "b"]),
        ("  a\u00a0\n b;c ", ["a", "b", "c"]),
        ("a,b, c ,d", ["a", "b", "c", "d"]),
        ("1,5 1, 5", ["1,5", "1", "5"]),
        ("", []),
        (" , ", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert [one.text for one in fold.words(text)] == words
    assert all(text[one.at :].startswith(one.text) for one in fold.words(text))


@pytest.mark.parametrize(
    ("one", "other", "away"),
    [("price", "price", 0), ("pirce", "price", 1), ("prce", "price", 1), ("pricee", "price", 1), ("prize", "price", 1),
     ("rpcie", "price", 2), ("vote", "price", 3), ("", "price", 3)],
)  # fmt: skip
def test_distance(one: str, other: str, away: int) -> None:
    assert fold.distance(one, other, 2) == away == fold.distance(other, one, 2)


near = st.text("abc", max_size=8)


@given(near, near)
def test_words_within_a_distance_share_a_form(one: str, other: str) -> None:
    for most in (0, 1, 2):
        if fold.distance(one, other, most) <= most:
            assert fold.lacking(one, most) & fold.lacking(other, most)


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold.folded(text)
    assert fold.folded(once.strip()) == once.strip() or fold.folded(fold.folded(once)) == fold.folded(once)
