"""The GSM 7-bit alphabets (3GPP TS 23.038 §6.2.1 and annex A), unpacked: one septet an octet.

`encode` and `decode` are those of the default alphabet; `codec` gives any other pair of a locking and a single shift
table. The fast path is CPython's own charmap trie. It is built only for a table whose slot 0 is U+0000, but code 0
stands for another character; so that one is parked at 0x80 and the characters behind ESC after it, and all are put
right afterwards.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from tidings.data import load

ESC = 0x1B
_ESC_ESC = b"\x1b\x1b"
_NOTHING = "\ufffe"


def _characters(cells: dict[str, str]) -> dict[int, str]:
    return {int(code, 16): chr(int(point.removeprefix("U+"), 16)) for code, point in cells.items()}


_TABLES = load("gsm_tables")["languages"]
DEFAULT = "default"
LANGUAGES: dict[str, int] = {name: table["id"] for name, table in _TABLES.items() if name != DEFAULT}
"""National languages by ISO 639-1 code, each with its National Language Identifier (TS 23.040 §9.2.3.24.15)."""
LOCKING: dict[str, dict[int, str]] = {n: _characters(t["locking"]) for n, t in _TABLES.items() if "locking" in t}
"""Septet code to character, without ESC, by language or `default`."""
SINGLE: dict[str, dict[int, str]] = {n: _characters(t["single"]) for n, t in _TABLES.items()}
"""Code after ESC to character, likewise."""
ALPHABET = LOCKING[DEFAULT]
EXTENSION = SINGLE[DEFAULT]
KNOWN = frozenset(ALPHABET.values()) | frozenset(EXTENSION.values())
"""Every character that has a code in the default alphabet."""

_NOT_SEPTETS = bytes(range(0x80)) + b"\xff" * 0x80
_ESCAPES = re.compile(rb"\x1b(.?)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Codec:
    """One alphabet: a locking shift table and a single shift table."""

    locking: str
    single: str
    name: str
    """`gsm7`, or with what is shifted: `gsm7+locking-pt`, `gsm7+single-tr`, `gsm7+locking-tr+single-tr`."""
    characters: frozenset[str]
    """All that have a code."""
    encode: Callable[[str], bytes | None]
    """The septets of a text, one an octet, characters of the single shift table as ESC and code; None where a
    character has no code. Of two codes the shorter is sent, and then the lower."""
    decode: Callable[[bytes], str]
    """The text of unpacked septets, never raising.

    As TS 23.038 §6.2.1.1 has it: an unassigned code after ESC shows the main table's character, ESC ESC (and an ESC at
    the end) shows a space; so does a code that the main table leaves empty. An octet above 0x7F is no septet and shows
    U+FFFD.
    """


@cache
def codec(locking: str = DEFAULT, single: str = DEFAULT) -> Codec:
    """The alphabet of two tables, made at its first use. Raises KeyError for a language that has no such table."""
    main, behind = LOCKING[locking], SINGLE[single]
    name = "gsm7"
    if locking != DEFAULT:
        name += f"+locking-{locking}"
    if single != DEFAULT:
        name += f"+single-{single}"
    characters = frozenset((*main.values(), *behind.values()))
    return Codec(locking, single, name, characters, _encoder(main, behind), _decoder(main, behind))


def _encoder(main: dict[int, str], behind: dict[int, str]) -> Callable[[str], bytes | None]:
    codes: dict[str, bytes] = {}
    for code, character in sorted(main.items()):
        codes.setdefault(character, bytes((code,)))
    for code, character in sorted(behind.items()):
        codes.setdefault(character, bytes((ESC, code)))
    slots = ["\0", *[_NOTHING] * 0x7F]
    unpark: list[tuple[int, bytes, bytes]] = []
    for character, septets in codes.items():
        if len(septets) == 1 and septets[0]:
            slots[septets[0]] = character
        else:
            unpark.append((len(slots), bytes((len(slots),)), septets))
            slots.append(character)
    table: Any = codecs.charmap_build("".join(slots).ljust(256, _NOTHING))
    charmap_encode = codecs.charmap_encode

    def encode(text: str) -> bytes | None:
        try:
            octets = charmap_encode(text, "strict", table)[0]
        except UnicodeEncodeError:
            return None
        if 0 in octets:
            return None
        if octets.isascii():
            return octets
        for slot, parked, septets in unpark:
            if slot in octets:
                octets = octets.replace(parked, septets)
        return octets

    return encode


def _decoder(main: dict[int, str], behind: dict[int, str]) -> Callable[[bytes], str]:
    slots = [main.get(code, " ") for code in range(0x80)]
    parked_at: dict[int, bytes] = {}
    for code, character in sorted(behind.items()):
        parked_at[code] = bytes((len(slots),))
        slots.append(character)
    table = "".join(slots).ljust(256, "\ufffd")
    pairs = [(bytes((ESC, code)), parked) for code, parked in parked_at.items()]
    charmap_decode = codecs.charmap_decode

    def one(pair: re.Match[bytes]) -> bytes:
        code = pair[1]
        if not code or code[0] == ESC:
            return b" "
        return parked_at.get(code[0], code)

    def decode(octets: bytes) -> str:
        if not octets.isascii():
            octets = octets.translate(_NOT_SEPTETS)
        if ESC in octets:
            if _ESC_ESC in octets or octets[-1] == ESC:
                octets = _ESCAPES.sub(one, octets)
            else:
                for pair, parked in pairs:
                    octets = octets.replace(pair, parked)
                octets = octets.replace(b"\x1b", b"")
        return charmap_decode(octets, "strict", table)[0]

    return decode


encode = codec().encode
decode = codec().decode


def fits(text: str) -> bool:
    """Whether every character of `text` has a code in the default alphabet."""
    return encode(text) is not None


def doubled(text: str, alphabet: Codec | None = None) -> list[tuple[int, str]]:
    """Position and character of each character that takes two septets."""
    one = codec() if alphabet is None else alphabet
    dear = set(SINGLE[one.single].values()) - set(LOCKING[one.locking].values())
    return [(i, character) for i, character in enumerate(text) if character in dear]


@lru_cache(maxsize=512)
def named(name: str) -> Codec | None:
    """The alphabet of a name as in `Codec.name`; None where there is none."""
    base, *shifts = name.split("+")
    tables = dict(shift.partition("-")[::2] for shift in shifts)
    locking, single = tables.get("locking", DEFAULT), tables.get("single", DEFAULT)
    if base != "gsm7" or locking not in LOCKING or single not in SINGLE:
        return None
    found = codec(locking, single)
    return found if found.name == name else None


def allowed(name: str, languages: Sequence[str]) -> bool:
    """Whether the alphabet of a name uses no national tables but those of these languages."""
    alphabet = named(name)
    return alphabet is not None and {alphabet.locking, alphabet.single} <= {DEFAULT, *languages}


_BY_ID = {identifier: name for name, identifier in LANGUAGES.items()}


def shifted(locking_id: int, single_id: int) -> Codec:
    """The alphabet of two National Language Identifiers; an unknown one, or 0, falls back to the default table."""
    locking, single = _BY_ID.get(locking_id, DEFAULT), _BY_ID.get(single_id, DEFAULT)
    return codec(locking if locking in LOCKING else DEFAULT, single)
