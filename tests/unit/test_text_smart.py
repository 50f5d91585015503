"""Smart encoding: look-alikes where all then fits, never a doubled blank, never a torn emoji."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.data import load
from tidings.text import gsm7
from tidings.text.segments import count
from tidings.text.smart import Replaced, look_alikes, smart
from tidings.text.terms import Terms

FAMILY = "👨\u200d👩\u200d👧\u200d👦"

TABLE: list[tuple[str, str, str]] = [
    ("quotes and dashes", "“It’s” – she said — „yes‟…", '"It\'s" - she said - "yes"...'),
    ("one blank for one blank", "a\u00a0b\u2003c\u202fd\u3000e\tf\u2028g", "a b c d e f g"),
    ("angle quotes keep their direction", "‹a› «b»", '<a> "b"'),
    ("fullwidth letters", "ＡＢＣ ａｂｃ １２３！", "ABC abc 123!"),
    ("invisible characters go", "\ufeffa\u200bb\u00adc\u2060d\u200de\u200ef\ufe0f", "abcdef"),
    ("controls go, line ends stay", "a\x07b\x1bc\nd\r\ne\x7f\u0085f", "abc\nd\r\ne\nf"),
    ("an accent that composes", "cafe\u0301 “x”", 'café "x"'),
    ("Greek capitals", "ΚΑΛΗΜΕΡΑ ΑΘΗΝΑ", "KAΛHMEPA AΘHNA"),
    ("Cyrillic letters in a Latin word", "расеmаkеr", "pacemaker"),
    ("ligatures and fractions", "ﬁne ½ №5 ×2", "fine 1/2 No.5 x2"),
    ("one letter too many: nothing is replaced", "“Ł”", "“Ł”"),
    ("one picture: nothing is replaced", "“Hi” 🙂", "“Hi” 🙂"),
    ("three dots for one, but no segment more", "…" * 53, "..." * 53),
    ("one segment more: nothing is replaced", "…" * 54, "…" * 54),
    ("a picture: what nobody sees goes", "Hi\u200b 🙂\ufeff", "Hi 🙂"),
    ("a family stays together", f"{FAMILY} “hi”\u200b", f"{FAMILY} “hi”"),
    ("a keycap keeps its selector", "1\ufe0f\u20e3 ❤\ufe0f 漢", "1\ufe0f\u20e3 ❤\ufe0f 漢"),
    ("a joiner that joins nothing", "a\u200db 漢", "ab 漢"),
    ("Persian keeps its non-joiner", "می\u200cخواهم", "می\u200cخواهم"),
    ("Hindi keeps its joiner", "क्\u200dष", "क्\u200dष"),
    ("marks of direction in Hebrew stay", "שלום\u200f!", "שלום\u200f!"),
    ("what reorders a text is not dropped", "a\u202eb", "a\u202eb"),
    ("shorter by Unicode's own rules", "Vie\u0302\u0323t", "Việt"),
    ("what would get longer is left", "\u0958", "\u0958"),
]


@pytest.mark.parametrize(("text", "sent"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_table(text: str, sent: str) -> None:
    assert smart(text).text == sent


BY_CARRIER = [
    ("latin-1", False, "“10 €”", "“10 €”"),
    ("latin-1", False, "“10 £”", '"10 £"'),
    ("latin-1", True, "Привет Ω", "Privet O"),
    ("ascii", False, "“é”\u200b", "“é”"),
    ("ascii", True, "Привет é", "Привет é"),
    ("ascii", True, "Привет e", "Privet e"),
]


@pytest.mark.parametrize(("repertoire", "transliterate", "text", "sent"), BY_CARRIER)
def test_a_carriers_own_alphabet_has_to_hold_it_all(repertoire: str, transliterate: bool, text: str, sent: str) -> None:
    terms = Terms(repertoire=repertoire)
    found = smart(text, transliterate=transliterate, terms=terms)
    assert found.text == sent
    assert found.transliterated == (transliterate and sent != text)
    if any(one.after for one in found.replaced):
        assert count(sent, terms=terms)[0] == "gsm7"


LATIN = [
    ("Привет, мир — «ёж»", 'Privet, mir - "ezh"'),
    ("Łódź, straße, Ünal", "Lodz, straße, Ünal"),
    ("ΚΑΛΗΜΕΡΑ Λάμδα", "KALIMERA Lamda"),
    ("İyi günler şimdi", "Iyi günler simdi"),
    ("سلام", "slam"),
    ("“Hi” 🙂", "“Hi” 🙂"),
    ("Привет ☺", "Привет ☺"),
    ("plain", "plain"),
]


@pytest.mark.parametrize(("text", "sent"), LATIN)
def test_transliteration(text: str, sent: str) -> None:
    found = smart(text, transliterate=True)
    assert found.text == sent
    assert found.transliterated == (found.text != text)


def test_what_was_replaced_is_told_with_its_place() -> None:
    assert smart("“e\u0301”\u200b") .replaced == (
        Replaced(0, "“", '"'), Replaced(1, "e\u0301", "é"), Replaced(3, "”", '"'), Replaced(4, "\u200b", ""),
    )  # fmt: skip
    assert smart("as it is").replaced == ()
    assert smart("как есть").replaced == ()


def rebuilt(text: str, replaced: tuple[Replaced, ...]) -> str:
    """The text with just those replacements made."""
    for one in reversed(replaced):
        assert text[one.at : one.at + len(one.before)] == one.before
        text = text[: one.at] + one.after + text[one.at + len(one.before) :]
    return text


mixed = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cs",)), st.sampled_from("ae“’…\u0301\u200b\u200d\ufe0f\u20e3🙂👩漢ж1 ")
    ),
    max_size=60,
)


@given(mixed, st.booleans())
def test_what_is_told_is_what_was_done(text: str, transliterate: bool) -> None:
    found = smart(text, transliterate=transliterate)
    assert rebuilt(text, found.replaced) == found.text
    assert gsm7.fits(found.text) or not found.transliterated
    assert smart(found.text, transliterate=transliterate).text == found.text


@given(mixed)
def test_what_gsm7_carries_is_left_alone_and_what_stays_ucs2_looks_the_same(text: str) -> None:
    found = smart(text).text
    if gsm7.fits(text):
        assert found is text
    elif not gsm7.fits(found):
        kept = unicodedata.normalize("NFC", found)
        seen = [c for c in unicodedata.normalize("NFC", text) if c not in kept]
        assert all(unicodedata.category(c) in ("Cf", "Mn") or unicodedata.combining(c) for c in seen), seen
        assert len(found) <= len(text)


@given(st.text(st.sampled_from("…½ﬁ€‟щ漢x"), min_size=1, max_size=200), st.booleans())
def test_it_never_costs_more_segments(text: str, transliterate: bool) -> None:
    assert count(smart(text, transliterate=transliterate).text)[1] <= count(text)[1]


PAGE = Path(__file__).parents[2] / "docs/reference/smart-encoding.md"
SHOWN = re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), flags=re.M)


@pytest.mark.parametrize(("posted", "alike", "latin"), SHOWN)
def test_what_the_page_says(posted: str, alike: str, latin: str) -> None:
    for transliterate, cell in ((False, alike), (True, latin)):
        assert smart(posted, transliterate=transliterate).text == (posted if cell == "as posted" else cell.strip("`"))


def test_the_page_shows_something_and_counts_right() -> None:
    assert len(SHOWN) >= 7
    assert f"The {len(look_alikes())} look-alikes" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["\u200b", "\ufeff\u00ad", "\u200d", "\u0007"])
def test_a_text_of_nothing_visible_is_left_alone(text: str) -> None:
    assert smart(text).text == smart(text, transliterate=True).text == text


def test_the_table_holds_what_gsm7_lacks_and_gives_what_it_has() -> None:
    assert [hex(point) for point in look_alikes() if gsm7.fits(chr(point))] == []
    assert [alike for alike in look_alikes().values() if not gsm7.fits(alike)] == []
    assert len(load("smart_encoding")["map"]) == len(look_alikes()) >= 470


def test_every_blank_becomes_one_blank() -> None:
    blanks = [chr(point) for point in range(0x10000) if unicodedata.category(chr(point)) == "Zs" and point != 0x20]
    assert {look_alikes()[ord(blank)] for blank in blanks} == {" "}


def test_transliteration_is_loaded_when_it_is_first_wanted() -> None:
    seen = subprocess.run(
        [
            sys.executable, "-c",
            "import sys, tidings.app; from tidings.text.smart import smart; smart('“ж”');"
            "print('anyascii' in sys.modules);"
            "smart('ж', transliterate=True); print('anyascii' in sys.modules)",
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert seen.stdout.split() == ["False", "True"]
