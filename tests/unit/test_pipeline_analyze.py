"""What a text costs and why, told of the text that would be sent and never wrong about the segments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.pipeline.analyze import SHOWN_MOST, Analysis, look, room
from tidings.text.segments import count, split, unfit
from tidings.text.terms import Terms

TWO_SEGMENTS = "Don’t miss it – your parcel is at the corner shop until 8 pm, bring your ID and the code 4711."


def test_what_forces_ucs2_is_named_with_its_price() -> None:
    told = look(TWO_SEGMENTS)
    assert (told.encoding, len(told.cuts), told.why_not) == ("ucs2", 2, None)
    assert [(one.character, one.codepoint, one.count, one.at, one.instead) for one in told.forcing.characters] == [
        ("’", "U+2019", 1, 3, "'"),
        ("–", "U+2013", 1, 14, "-"),
    ]
    assert (told.forcing.distinct, told.forcing.count, told.forcing.extra_segments) == (2, 2, 1)
    assert told.smarter is not None
    assert (told.smarter.encoding, told.smarter.segments, told.smarter.replaced_count) == ("gsm7", 1, 2)
    assert room(told.cuts) == (94, 40)


def test_what_takes_two_septets_is_named_with_its_price() -> None:
    told = look("x" * 150 + "€" * 5 + "[")
    assert (told.encoding, len(told.cuts)) == ("gsm7", 2)
    assert [(one.character, one.count, one.at) for one in told.doubled.characters] == [("€", 5, 150), ("[", 1, 155)]
    assert told.doubled.extra_segments == 1
    assert look("x" * 150 + "€").doubled.extra_segments == 0
    assert look("€ ☕").doubled.count == 0
    assert told.forcing.count == 0


def test_the_most_frequent_come_first_and_not_all_of_many() -> None:
    told = look("ab" + "ж" * 3 + "щ" * 5 + "ж")
    assert [(one.character, one.count, one.at) for one in told.forcing.characters] == [("щ", 5, 5), ("ж", 4, 2)]
    many = look("".join(map(chr, range(0x4E00, 0x4E00 + 150))))
    assert (len(many.forcing.characters), many.forcing.distinct, many.forcing.count) == (SHOWN_MOST, 150, 150)


def test_who_wants_ucs2_is_told_that_nothing_forces_it_dearer() -> None:
    told = look("x" * 100 + "ж", "ucs2")
    assert (told.encoding, len(told.cuts), told.forcing.extra_segments, told.smarter) == ("ucs2", 2, 0, None)


def test_national_tables_count_as_gsm7() -> None:
    told = look("ş" * 100, terms=Terms(languages=("tr",)))
    assert told.forcing.count == 0
    assert told.encoding is not None
    assert told.encoding.startswith("gsm7")
    assert look("ş" * 100).encoding == "ucs2"


def test_what_the_carriers_own_alphabet_lacks_is_named_too() -> None:
    told = look("“10 €”", terms=Terms(repertoire="latin-1"))
    assert [(one.character, one.at) for one in told.forcing.characters] == [("“", 0), ("€", 4), ("”", 5)]
    assert (told.encoding, told.smarter) == ("ucs2", None)
    assert look("é", terms=Terms(repertoire="latin-1")).forcing.count == 0


UNSENDABLE: list[tuple[str, str, str, str]] = [
    ("NUL", "ab\0c", "auto", "U+0000, which no text may hold, at position 2"),
    ("half a pair", "ab\ud83d", "auto", "U+D83D at 2"),
    ("what GSM-7 lacks", "aжb", "gsm7", "U+0436 at 1"),
    ("a million characters", "x" * 1_000_000, "auto", "255 segments"),
    ("a million different ones", "".join(map(chr, range(0x10000, 0x10FFFF))), "auto", "255 segments"),
]


@pytest.mark.parametrize(("text", "encoding", "why"), [u[1:] for u in UNSENDABLE], ids=[u[0] for u in UNSENDABLE])
def test_what_cannot_be_sent_is_looked_at_all_the_same(text: str, encoding: str, why: str) -> None:
    told = look(text, encoding)
    assert (told.encoding, told.cuts) == (None, ())
    assert told.why_not is not None
    assert why in told.why_not
    assert told.forcing.extra_segments in (None, 0)
    assert look(text, encoding, transliterate=True).encoding is None


def test_a_text_too_long_as_it_is_may_be_sent_smartly() -> None:
    told = look("’" + "x" * 20_000)
    assert (told.encoding, told.forcing.count) == (None, 1)
    assert told.smarter is not None
    assert (told.smarter.encoding, told.smarter.segments) == ("gsm7", 131)


def test_other_scripts_are_transliterated_only_where_asked_for() -> None:
    assert look("Привет").smarter is None
    told = look("Привет", transliterate=True).smarter
    assert told is not None
    assert (told.transliterated, told.encoding) == (True, "gsm7")


LETTERS = st.text(st.one_of(st.sampled_from("ab€[’–é☕👍\u0301\u200dжα"), st.characters(exclude_categories=("Cs",))))


@given(LETTERS.filter(lambda text: text and "\0" not in text))
def test_it_agrees_with_what_would_be_sent(text: str) -> None:
    told: Analysis = look(text)
    cut = split(text)
    assert (told.encoding, [one.text for one in told.cuts]) == (cut.encoding, [one.text for one in cut.segments])
    assert told.forcing.count == (0 if cut.encoding == "gsm7" else len(unfit(text)))
    if told.smarter is not None:
        assert count(told.smarter.text) == (told.smarter.encoding, told.smarter.segments)
        assert told.smarter.segments <= cut.count


def test_what_the_carrier_cuts_is_shown_cut() -> None:
    told = look("a" * 400, terms=Terms(whole=True))
    assert [(cut.units, cut.room) for cut in told.cuts] == [(153, 153), (153, 153), (94, 153)]
