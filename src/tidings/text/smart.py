"""Look-alikes in place of characters that GSM-7 lacks, so that a text takes half the segments and reads the same.

All or nothing: look-alikes stand in only where the whole text then fits GSM-7 and takes no more segments. A text that
stays UCS-2 keeps all that can be seen; it merely loses invisible characters that nothing in it needs, and what Unicode
itself calls equal is written shorter (NFC).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, lru_cache

import msgspec

from tidings.data import load
from tidings.text import graphemes, gsm7
from tidings.text.segments import DoesNotFitError, TooManyPartsError, count
from tidings.text.terms import PLAIN, Terms

_WANTED_BY_SCRIPTS = "\u200c\u200d\u200e\u200f\u202a\u202c\u2066\u2068\u2069\u180e\ufe0e\ufe0f"
"""Invisible, but letters outside GSM-7 and emoji are shaped and ordered by them."""
_LEFT_BEHIND = "\u00ad\u200b\u2060\u2061\u2062\u2063\u2064\ufeff\ufff9\ufffa\ufffb"
"""Invisible, and of use to nobody who reads a text on a handset."""
_INVISIBLE = re.compile(f"[{_LEFT_BEHIND}{_WANTED_BY_SCRIPTS}]")
_LACKING = re.compile(f"[^{''.join(map(re.escape, sorted(gsm7.KNOWN)))}]")
"""What GSM-7 has no code for."""
_GREEK = "ΓΔΘΛΞΠΣΦΨΩ"
_FAMILIAR = gsm7.KNOWN - set(_GREEK)
_NOT_LATIN = re.compile(f"{_LACKING.pattern}|[{_GREEK}]")
"""The same, and the Greek capitals that GSM-7 has: a word in two scripts helps nobody."""
_UNSPOKEN = {"\u0627": "a", "\u0640": "", "\u0787": "a", "\u0e45": "", "\u0ead": "o", "\u30fc": ""}
"""Letters of living scripts that anyascii has nothing for: alefs and a Lao vowel carrier; the rest is length."""
_PICTURES = "\U0001f000"
"""From here on transliteration would have to name pictures, which is not writing."""


class Replaced(msgspec.Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """A character, or what a reader sees as one, that another took the place of."""

    at: int
    """Position in the text as it came, in Unicode characters from 0."""
    before: str
    after: str
    """Empty where it is gone."""


class Smart(msgspec.Struct, frozen=True, gc=False):
    """A text as it is to be sent, and what was replaced for that, in order; nothing where it is as it came."""

    text: str
    replaced: tuple[Replaced, ...] = ()
    transliterated: bool = False
    """Whether letters of other scripts were written in Latin ones."""


_Swap = Callable[[str, str, str], str | None]
"""Before, what stands there, after → what shall stand there; None: there is nothing, and all stays as it came."""


def smart(text: str, *, transliterate: bool = False, terms: Terms = PLAIN) -> Smart:
    """The text with look-alikes where that makes all of it GSM-7; `transliterate` also writes other scripts in Latin.

    `terms`: of the carrier, whose alphabet may be a smaller one.

    What GSM-7 can carry is returned as it came, at the cost of one encoding.
    """
    if gsm7.fits(text):
        return Smart(text)
    if gsm7.fits(unicodedata.normalize("NFC", text).translate(look_alikes())) and (
        found := _swapped(text, _look_alike, _LACKING)
    ):
        if not _no_dearer(found[0], text):
            return Smart(text)
        if terms.takes(found[0]):
            return Smart(*found)
    found = _swapped(text, _latin, _NOT_LATIN) if transliterate else None
    if found and _no_dearer(found[0], text) and terms.takes(found[0]):
        return Smart(*found, transliterated=True)
    found = _tidied(text)
    return Smart(*found) if found and found[0] else Smart(text)


def _no_dearer(swapped: str, text: str) -> bool:
    """Three dots for one may fill a segment that UCS-2 did not: then nobody is served. Nor by nothing at all."""
    if not swapped:
        return False
    try:
        return len(swapped) <= len(text) or count(swapped)[1] <= count(text)[1]
    except (DoesNotFitError, TooManyPartsError):
        return False


@cache
def look_alikes() -> dict[int, str]:
    """What stands for a character, by its code point; an empty string: it goes. Own data file, read once."""
    return {int(point[2:], 16): alike for point, alike in load("smart_encoding")["map"].items()}


def _look_alike(before: str, atom: str, after: str) -> str | None:
    return _alike(atom)


@lru_cache(maxsize=4096)
def _alike(atom: str) -> str | None:
    swapped = unicodedata.normalize("NFC", atom).translate(look_alikes())
    return swapped if gsm7.fits(swapped) else None


def _latin(before: str, atom: str, after: str) -> str | None:
    return _spelled(atom)


@lru_cache(maxsize=4096)
def _spelled(atom: str) -> str | None:
    """Letter by letter; a picture, or a letter that nobody knows how to write, leaves the whole text alone."""
    letters = [_letter(one) for one in unicodedata.normalize("NFC", atom)]
    return None if None in letters else "".join(one for one in letters if one is not None)


def _letter(character: str) -> str | None:
    kind = unicodedata.category(character)
    foreign = kind[0] == "L" and character not in _FAMILIAR
    if not foreign and character in gsm7.KNOWN:
        return character
    if not foreign and (alike := _alike(character)) is not None:
        return alike
    if character in _UNSPOKEN:
        return _UNSPOKEN[character]
    if character >= _PICTURES or kind in ("So", "Cn", "Co", "Cs"):
        return None
    from anyascii import anyascii  # 4 MB that only those who transliterate need

    plain = anyascii(character).translate(look_alikes())
    return plain if gsm7.fits(plain) and (plain or kind in ("Mn", "Me", "Cf")) else None


def _tidied(text: str) -> tuple[str, tuple[Replaced, ...]] | None:
    """What can be done for a text that stays UCS-2 without a reader noticing."""
    return _swapped(text, _shorter, _INVISIBLE) if _INVISIBLE.search(text) or _composes(text) else None


def _shorter(before: str, atom: str, after: str) -> str:
    if len(atom) > 1:
        composed = unicodedata.normalize("NFC", atom)
        return composed if len(composed) < len(atom) else atom
    if atom in _LEFT_BEHIND:
        return ""
    # Between characters of GSM-7 there is no script and no picture that would need it.
    return "" if atom in _WANTED_BY_SCRIPTS and _plain(before) and _plain(after) else atom


def _plain(neighbour: str) -> bool:
    return not neighbour or neighbour in gsm7.KNOWN


def _swapped(text: str, swap: _Swap, where: re.Pattern[str]) -> tuple[str, tuple[Replaced, ...]] | None:
    """The text after all its swaps, with those that changed something; None where one of them had nothing to offer."""
    pieces: list[str] = []
    changes: list[Replaced] = []
    done = 0
    for at, atom in _atoms(text, where):
        end = at + len(atom)
        swapped = swap(text[at - 1 : at], atom, text[end : end + 1])
        if swapped is None:
            return None
        if swapped != atom:
            pieces += (text[done:at], swapped)
            changes.append(Replaced(at, atom, swapped))
            done = end
    pieces.append(text[done:])
    return "".join(pieces), tuple(changes)


def _atoms(text: str, where: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """What may have to be swapped, by its position: single characters, and clusters that compose."""
    if not _composes(text):
        return ((found.start(), found.group()) for found in where.finditer(text))
    return _clusters(text, where)


def _clusters(text: str, where: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    start = 0
    for cluster in graphemes.clusters(text):
        if len(cluster) > 1 and len(unicodedata.normalize("NFC", cluster)) < len(cluster):
            yield start, cluster
        else:
            yield from ((start + i, one) for i, one in enumerate(cluster) if where.match(one))
        start += len(cluster)


def _composes(text: str) -> bool:
    """Whether some characters may be written shorter; the quick answer is the usual one."""
    if unicodedata.is_normalized("NFC", text):
        return False
    return len(unicodedata.normalize("NFC", text)) < len(text)
