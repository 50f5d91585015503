"""Which passwords people may choose: long enough, and none that everybody tries first (NIST SP 800-63B §3.1.1.2)."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from tidings import data

LEAST, MOST = 12, 256
"""Characters."""
_LOOKS = str.maketrans("0134578@$!", "oieasvbasi")
"""Digits and signs that stand for letters."""
_TAIL = re.compile(r"[\W\d_]+\Z")
_HEAD = re.compile(r"\A[\W\d_]+")


def prepared(text: str) -> str:
    """A password as it is hashed: one keyboard may write `é` as one character, another as two."""
    return unicodedata.normalize("NFC", text)


def fault(password: str, *known: str) -> str | None:
    """Why a password is not taken, or None. `known`: what others know of its owner, like the e-mail address."""
    if not LEAST <= len(password) <= MOST:
        return f"must have {LEAST} to {MOST} characters; a few words in a row do well"
    folded = password.casefold()
    if len(set(folded)) < 5:
        return "repeats too few characters"
    if _steps(folded):
        return "is one row of the keyboard or the alphabet"
    core = _core(folded)
    if folded in _commonest() or core in _commonest() or _TAIL.sub("", folded) in _commonest():
        return "is among the first that anybody tries, however it is dressed up"
    for word in known:
        for piece in {word.casefold(), word.casefold().partition("@")[0]}:
            if len(piece) >= 4 and (core == piece or _TAIL.sub("", folded) == piece or folded == piece):
                return "is what everybody knows of you"
    return None


def _core(folded: str) -> str:
    """What is left without digits and signs around, and with letters for those within: `P4ssw0rd!2024` → `password`."""
    return _HEAD.sub("", _TAIL.sub("", folded)).translate(_LOOKS)


def _steps(folded: str) -> bool:
    """Whether it runs along one of the rows that fingers know, in either direction."""
    return any(folded in row or folded in row[::-1] for row in _ROWS)


_ROWS = tuple(
    2 * row
    for row in ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb")
)


@cache
def _commonest() -> frozenset[str]:
    return frozenset(data.load("common_passwords")["words"])
