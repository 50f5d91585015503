"""Every code of every table, both ways; and the page that shows the tables."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from golden import alphabets
from tidings.text import data_coding, gsm7
from tidings.text.gsm7 import DEFAULT, ESC, LANGUAGES, LOCKING, SINGLE

PAIRS = [(main, behind) for main in LOCKING for behind in SINGLE]
NAMES = [gsm7.codec(*pair).name for pair in PAIRS]
SIZES = {
    "default": (127, 10), "tr": (127, 17), "es": (None, 19), "pt": (127, 37), "bn": (114, 82), "gu": (120, 70),
    "hi": (127, 88), "kn": (120, 73), "ml": (120, 82), "or": (116, 75), "pa": (110, 76), "ta": (102, 77),
    "te": (120, 78), "ur": (127, 90),
}  # fmt: skip
"""Characters of the locking and the single shift table of each language (TS 23.038 annex A)."""


def test_thirteen_languages() -> None:
    sizes = {name: (len(LOCKING[name]) if name in LOCKING else None, len(SINGLE[name])) for name in SINGLE}
    assert sizes == SIZES
    assert sorted(LANGUAGES.values()) == list(range(1, 14))
    assert len(PAIRS) == 13 * 14


@pytest.mark.parametrize(("main", "behind"), PAIRS, ids=NAMES)
def test_every_code_both_ways(main: str, behind: str) -> None:
    one = gsm7.codec(main, behind)
    codes: dict[str, bytes] = {}
    for code in range(0x80):
        if code != ESC:
            character = LOCKING[main].get(code, " ")
            assert one.decode(bytes((code,))) == character
            if code in LOCKING[main]:
                codes.setdefault(character, bytes((code,)))
    for code in range(0x80):
        shown = SINGLE[behind].get(code) or LOCKING[main].get(code, " ")
        assert one.decode(bytes((ESC, code))) == shown
        if code in SINGLE[behind]:
            codes.setdefault(shown, bytes((ESC, code)))
    # The shortest code is sent, and of two the lower.
    for character, septets in codes.items():
        assert one.encode(character) == septets
        assert one.decode(septets) == character
    everything = "".join(codes)
    assert one.encode(everything) == b"".join(codes.values())
    assert one.decode(b"".join(codes.values())) == everything


@pytest.mark.parametrize("pair", [(DEFAULT, DEFAULT), ("tr", "tr"), ("hi", "ur"), ("bn", "kn")])
def test_all_of_unicode_is_carried_or_refused(pair: tuple[str, str]) -> None:
    """Unassigned, private use, NUL, controls and lone surrogates included: exactly, or not at all."""
    one = gsm7.codec(*pair)
    known = {*LOCKING[pair[0]].values(), *SINGLE[pair[1]].values()}
    taken = {character for character in map(chr, range(0x110000)) if one.encode(character) is not None}
    assert taken == known


CELLS = [
    ("kn", LOCKING, 0x24, "\u0ca1", "the printed table repeats 3D's"),
    ("te", SINGLE, 0x65, "€", "as in every sister table"),
    ("hi", LOCKING, 0x00, "\u0901", "a Go library has Bengali signs there"),
    ("bn", LOCKING, 0x2C, ",", "a Python library has an apostrophe in ten tables"),
    ("ml", LOCKING, 0x2E, ".", "oFono has a comma"),
    ("bn", LOCKING, 0x28, ")", "Indian tables have the brackets the other way round"),
    ("bn", SINGLE, 0x19, "\u09e6", "oFono lacks a row of digits"),
    ("ta", SINGLE, 0x24, "\u0bee", "a misprint that all correct"),
    ("or", SINGLE, 0x20, "\u0b6a", "likewise"),
    ("tr", LOCKING, 0x04, "€", "at the place of é"),
    ("tr", SINGLE, 0x67, "ğ", "where Turkish letters stand"),
    ("pt", SINGLE, 0x09, "ç", "Ç of the alphabet in small"),
]


@pytest.mark.parametrize(("language", "tables", "code", "character", "why"), CELLS)
def test_cells_where_others_err(language: str, tables: Any, code: int, character: str, why: str) -> None:
    assert tables[language][code] == character, why


@pytest.mark.parametrize("name", NAMES)
def test_names_are_read_back(name: str) -> None:
    found = gsm7.named(name)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "name", ["", "ucs2", "GSM7", "gsm7+", "gsm7+tr", "gsm7+locking-es", "gsm7+single-xx", "gsm7+single-tr+locking-tr"]
)
def test_other_names_are_none(name: str) -> None:
    assert gsm7.named(name) is None


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("", "gsm7"),
        ("03240101", "gsm7+single-tr"),
        ("03250103", "gsm7+locking-pt"),
        ("06250101240102", "gsm7+locking-tr+single-es"),
        ("06240101250101", "gsm7+locking-tr+single-tr"),
        ("080003010201240106", "gsm7+single-hi"),
        ("032401ff", "gsm7"),
        ("03250102", "gsm7"),
        ("0424020101", "gsm7"),
        ("06240101240103", "gsm7+single-pt"),
        ("0324", "gsm7"),
    ],
    ids=["none", "single", "locking", "both", "other order", "in a part", "unknown language", "no such table",
         "wrong length", "the last one counts", "a broken header"],
)  # fmt: skip
def test_headers_choose_the_tables(header: str, name: str) -> None:
    assert data_coding.alphabet(bytes.fromhex(header)).name == name


def test_texts_are_read_by_their_header() -> None:
    assert data_coding.decode(b"\x1b\x67\x1b\x20\x41", 0, b"\x03\x24\x01\x01") == "ğ A"
    assert data_coding.decode(b"\x04\x1b\x40", 0xF0, b"\x03\x25\x01\x01") == "€|"
    assert data_coding.decode(b"\x04\x1f", 8, b"\x03\x25\x01\x01") == "П"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PAIRS), st.binary(max_size=200))
def test_decode_never_raises(pair: tuple[str, str], octets: bytes) -> None:
    text = gsm7.codec(*pair).decode(octets)
    assert len(text) <= len(octets)
    assert octets.count(b"\x1b") + len(text) >= len(octets)


@settings(max_examples=500, deadline=None)
@given(st.data(), st.sampled_from(PAIRS))
def test_decode_undoes_encode(data: st.DataObject, pair: tuple[str, str]) -> None:
    one = gsm7.codec(*pair)
    letters = [*LOCKING[pair[0]].values(), *SINGLE[pair[1]].values()]
    text = data.draw(st.text(st.sampled_from(letters), max_size=200))
    septets = one.encode(text)
    assert septets is not None
    assert septets.isascii()
    assert one.decode(septets) == text


def test_what_takes_two_septets_is_named() -> None:
    assert gsm7.doubled("a€b{") == [(1, "€"), (3, "{")]
    assert gsm7.doubled("a€ğ", gsm7.codec("tr", "tr")) == []


def test_the_page_shows_the_tables_in_use() -> None:
    """Run `make golden` when this fails."""
    assert alphabets.PAGE.read_text(encoding="utf-8") == alphabets.page()
