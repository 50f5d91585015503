"""The words of a text, as they are found again: the same for every engine, and pure."""

from __future__ import annotations

import unicodedata

MOST = 1_000
"""Distinct words of one text that can be found."""
LONGEST = 40
"""Characters of a word that count."""
SOUGHT_MOST = 10
"""Words that one search may name."""
_MARK = "\u00a4"
"""Begins the word that stands for an account; no word of a text holds it."""


def words(text: str) -> list[str]:
    """The distinct words of a text, in their order: letters and digits, without case and accents.

    Scripts without blanks between words (Chinese, Japanese, Korean) are found by their single characters.
    """
    found: dict[str, None] = {}
    word: list[str] = []
    for letter in _folded(text):
        if letter.isalnum() and not _alone(letter):
            word.append(letter)
            continue
        if word:
            found["".join(word)[:LONGEST]] = None
            word = []
        if letter.isalnum():
            found[letter] = None
        if len(found) >= MOST:
            return list(found)
    if word:
        found["".join(word)[:LONGEST]] = None
    return list(found)


def of_account(account_id: int, text: str) -> str:
    """What is kept of a text to be found by: its words, and which account it belongs to; "" where there are none."""
    found = words(text)
    return " ".join((f"{_MARK}{account_id}", *found)) if found else ""


def sought(account_id: int, text: str) -> str | None:
    """What to look for: all of the words, of which those that end in `*` stand for every word that begins so.

    None where there is no word in it, or there are too many.
    """
    wanted: dict[str, None] = {}
    for piece in text.split():
        found = words(piece)
        for at, word in enumerate(found):
            wanted[f"{word}*" if piece.endswith("*") and at == len(found) - 1 else word] = None
    if not wanted or len(wanted) > SOUGHT_MOST:
        return None
    return " ".join((f"{_MARK}{account_id}", *wanted))


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(one for one in plain if unicodedata.category(one) != "Mn"))


def _alone(letter: str) -> bool:
    """Whether a character is a word by itself."""
    return (
        "\u3040" <= letter <= "\u30ff" or "\u3400" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7a3"
        or "\uf900" <= letter <= "\ufaff" or "\U00020000" <= letter <= "\U0003ffff"
    )  # fmt: skip
