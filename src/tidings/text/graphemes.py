"""Where a text may be cut without tearing apart what a reader sees as one character.

A close approximation of Unicode's extended grapheme clusters (UAX #29) from what Python's own tables tell: the few
rules that need further property tables (Indic conjuncts, prepended marks) are not applied.
"""

from __future__ import annotations

import unicodedata

_MARKS = frozenset(("Mn", "Mc", "Me"))
_ZWNJ, _ZWJ = "\u200c", "\u200d"


def joined(text: str, at: int, start: int = 0) -> bool:
    """Whether `text[at]` belongs to the same cluster as `text[at - 1]`. `start` is a known boundary before `at`."""
    before, after = text[at - 1], text[at]
    if before == "\r":
        return after == "\n"
    if before < " " or after < " ":
        return False
    if before == _ZWJ or _extends(after):
        return True
    if _is_regional(after):
        return _regionals_before(text, at, start) % 2 == 1
    return _is_hangul_follow_up(before, after)


def _extends(character: str) -> bool:
    if character < "\u0300":
        return False
    return (
        unicodedata.category(character) in _MARKS
        or character in (_ZWJ, _ZWNJ)
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # emoji skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # tags of subdivision flags
        or character in ("\uff9e", "\uff9f")  # halfwidth katakana voice marks
    )


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _regionals_before(text: str, at: int, start: int) -> int:
    n = 0
    while at - n > start and _is_regional(text[at - n - 1]):
        n += 1
    return n


def _is_hangul_follow_up(before: str, after: str) -> bool:
    """A vowel or final jamo after a syllable's beginning."""
    is_vowel = "\u1160" <= after <= "\u11a7" or "\ud7b0" <= after <= "\ud7c6"
    is_final = "\u11a8" <= after <= "\u11ff" or "\ud7cb" <= after <= "\ud7fb"
    if not (is_vowel or is_final):
        return False
    return "\u1100" <= before <= "\u11ff" or "\ua960" <= before <= "\ua97c" or "\uac00" <= before <= "\ud7fb"
