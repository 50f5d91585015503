"""Texts as people type them, folded until what means the same looks the same: case, accents, widths, signs around."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import msgspec

_BLANK = re.compile(r"[^\s;]+")
_NUMERIC = re.compile(r"[^\d,]{0,4}\d[\d.,']*[^\d,]{0,4}\Z")
"""What may have a comma within: a number, with a sign before or behind it."""
_FORMAT = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
"""Characters that are not seen, which keyboards and web pages leave behind."""
_CYRILLIC = range(0x0400, 0x0530)
"""Where a mark makes another letter, as in й: it stays."""
LONGEST_WORD = 64
"""Characters of a word that are looked at for a keyword."""


class Word(msgspec.Struct, frozen=True, gc=False):
    """One word of a text, and where in the text it begins."""

    text: str
    at: int


def folded(text: str) -> str:
    """The same for all that people take for the same word: `Préis`, `PREIS` and `ＰＲＥＩＳ`; `STRASSE` and `Straße`.

    Accents of Latin and Greek letters go, those of other scripts stay. Punctuation around goes, unless that is all.
    """
    plain = text.casefold() if text.isascii() else _plain(_FORMAT.sub("", text))
    return plain.strip(_AROUND) or plain.strip()


_AROUND = " \t\r\n.,:;!?\"'`´()[]{}<>«»„“”‚‘’*#_-–—/\\|¡¿…。、！？：；"


def _plain(text: str) -> str:
    kept: list[str] = []
    base = 0
    for letter in unicodedata.normalize("NFKD", text):
        code = ord(letter)
        if 0x0300 <= code <= 0x036F:
            if base not in _CYRILLIC:
                continue
        else:
            base = code
        kept.append("i" if letter == "ı" else letter)
    return unicodedata.normalize("NFC", "".join(kept).casefold())


def plain_digits(text: str) -> str:
    """Full-width signs as plain ones, and the digits of every script as 0 to 9."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", _FORMAT.sub("", text))
    return "".join([str(unicodedata.digit(one)) if one.isdigit() else one for one in text])


def words(text: str) -> list[Word]:
    """The words of a text, in order. Blanks, semicolons and commas part them, but no comma within a number."""
    found: list[Word] = []
    for piece in _BLANK.finditer(text):
        said, at = piece[0], piece.start()
        if "," not in said:
            found.append(Word(said, at))
            continue
        trimmed = said.strip(",")
        if _NUMERIC.match(trimmed):
            found.append(Word(trimmed, at + said.index(trimmed)))
            continue
        for part in said.split(","):
            if part:
                found.append(Word(part, at))
            at += len(part) + 1
    return found


@lru_cache(maxsize=8192)
def keyword(word: str) -> str:
    """A word folded, to be looked up; what is longer than any keyword is cut."""
    return folded(word[:LONGEST_WORD])


def keywords(phrase: str) -> tuple[str, ...]:
    """The folded words of a keyword, which may be several; none of which nothing is left."""
    return tuple([found for found in [keyword(one.text) for one in words(phrase)] if found])


def distance(one: str, other: str, most: int) -> int:
    """Letters left out, put in, changed, or swapped with their neighbour between two words; `most` + 1 for more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    far = most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        earlier, before, row = before, row, [far] * (len(other) + 1)
        row[0] = at
        # Farther apart than `most` nothing is within reach.
        for to in range(max(1, at - most), min(len(other), at + most) + 1):
            there = other[to - 1]
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != there))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == there:
                cost = min(cost, earlier[to - 2] + 1)
            row[to] = cost
        if min(row) > most:
            return far
    return min(row[-1], far)


def slips(word: str) -> int:
    """How many slips of the finger a keyword of this length may bear and still be told from others."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def lacking(word: str, most: int) -> set[str]:
    """The word with up to `most` letters left out: two words within a distance share one of these."""
    found = {word}
    edge = {word}
    for _ in range(most):
        edge = {one[:at] + one[at + 1 :] for one in edge for at in range(len(one))}
        found |= edge
    return found
