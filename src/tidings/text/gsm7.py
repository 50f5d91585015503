"""The GSM 7-bit default alphabet and its extension (3GPP TS 23.038 §6.2.1), unpacked: one septet an octet.

The fast path is CPython's own charmap trie. It is built only for a table whose slot 0 is U+0000, but code 0 of the
alphabet is "@"; so "@" is parked at 0x80 and the extension characters after it, and both are put right afterwards.
National shift tables (`languages` of the data file) would each become one more pair of such tables.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

from tidings.data import load

ESC = 0x1B
_PARKED_AT = 0x80
_NOTHING = "\ufffe"


def _characters(cells: dict[str, str]) -> dict[int, str]:
    return {int(code, 16): chr(int(point.removeprefix("U+"), 16)) for code, point in cells.items()}


_TABLES = load("gsm_tables")["languages"]["default"]
ALPHABET: dict[int, str] = _characters(_TABLES["locking"])
"""Septet code to character, without ESC."""
EXTENSION: dict[int, str] = _characters(_TABLES["single"])
"""Code after ESC to character."""
KNOWN = frozenset(ALPHABET.values()) | frozenset(EXTENSION.values())
"""Every character that has a code."""

# What stands at each octet from 0x80 on while a text is being worked on, and the septets it stands for.
_PARKED: tuple[tuple[str, bytes], ...] = (
    (ALPHABET[0], b"\x00"),
    *((character, bytes((ESC, code))) for code, character in sorted(EXTENSION.items())),
)
_UNPARK: tuple[tuple[bytes, bytes], ...] = tuple(
    (bytes((_PARKED_AT + i,)), septets) for i, (_, septets) in enumerate(_PARKED)
)
_ESCAPED = {septets[1]: _PARKED_AT + i for i, (_, septets) in enumerate(_PARKED) if i}


def _encoding_map() -> Any:
    slots = ["\x00", *(ALPHABET.get(code, _NOTHING) for code in range(1, 0x80)), *(c for c, _ in _PARKED)]
    return codecs.charmap_build("".join(slots).ljust(256, _NOTHING))


def _decoding_table() -> str:
    slots = [*(ALPHABET.get(code, " ") for code in range(0x80)), *(c for c, _ in _PARKED)]
    return "".join(slots).ljust(256, "\ufffd")


_ENCODE = _encoding_map()
_DECODE = _decoding_table()
_NOT_SEPTETS = bytes(range(0x80)) + b"\xff" * 0x80
_ESCAPES = re.compile(rb"\x1b([\x00-\xff]?)")


def encode(text: str) -> bytes | None:
    """The septets of `text`, one an octet, extension characters as ESC and code; None where a character has no code."""
    try:
        octets = codecs.charmap_encode(text, "strict", _ENCODE)[0]
    except UnicodeEncodeError:
        return None
    if octets.isascii():
        return None if 0 in octets else octets
    if 0 in octets:
        return None
    for parked, septets in _UNPARK:
        octets = octets.replace(parked, septets)
    return octets


def decode(octets: bytes) -> str:
    """The text of unpacked septets, never raising.

    As TS 23.038 §6.2.1.1 has it: an unassigned code after ESC shows the default alphabet's character, ESC ESC (and an
    ESC at the end) shows a space. An octet above 0x7F is no septet and shows U+FFFD.
    """
    if not octets.isascii():
        octets = octets.translate(_NOT_SEPTETS)
    if ESC in octets:
        octets = _ESCAPES.sub(_unescape, octets)
    return codecs.charmap_decode(octets, "strict", _DECODE)[0]


def _unescape(pair: re.Match[bytes]) -> bytes:
    code = pair[1]
    if not code or code[0] == ESC:
        return b" "
    return bytes((_ESCAPED.get(code[0], code[0]),))


def fits(text: str) -> bool:
    """Whether every character of `text` has a code."""
    return encode(text) is not None


def unfit(text: str) -> list[tuple[int, str]]:
    """Position and character of each character of `text` that has no code."""
    return [(i, character) for i, character in enumerate(text) if character not in KNOWN]
