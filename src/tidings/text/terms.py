"""What a carrier and the destination's country allow a text to be sent as."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from tidings.data import load
from tidings.text.gsm7 import DEFAULT, LOCKING, SINGLE, Codec, codec
from tidings.text.udh import Ports

DESTINATIONS: dict[str, tuple[str, ...]] = {
    name: tuple(table["destinations"]) for name, table in load("gsm_tables")["languages"].items() if name != DEFAULT
}
"""Digits that numbers begin with where a language's tables may be used; our judgement, no part of the standard."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """By default what every carrier takes."""

    languages: tuple[str, ...] = ()
    """ISO 639-1 codes of the national tables that may be used, the preferred one first."""
    repertoire: str | None = None
    """Name of the codec (`latin-1`, `ascii`) that the carrier takes in place of GSM-7: what it lacks goes as UCS-2."""
    wide: bool = False
    """Long texts carry references of 16 bits."""
    whole: bool = False
    """The carrier cuts long texts itself."""
    ports: Ports | None = None
    """In every header."""

    @property
    def alphabets(self) -> tuple[Codec, ...]:
        """The national alphabets to be tried, those with the shortest header first."""
        return _alphabets(self.languages)

    def takes(self, text: str) -> bool:
        """Whether the carrier's alphabet in place of GSM-7 has all of a text that GSM-7 has."""
        if self.repertoire is None:
            return True
        try:
            text.encode(self.repertoire)
        except UnicodeEncodeError:
            return False
        return True

    def towards(self, number: str) -> Terms:
        """The same, without the languages whose tables are not in use where `number` (E.164) belongs."""
        return _towards(self, number[1:5]) if number[:1] == "+" and self.languages else self

    def later(self) -> Terms:
        """What may be relied on for a text that goes out later, perhaps by another carrier."""
        return Terms(repertoire=self.repertoire) if self.repertoire else PLAIN

    def reference(self, seed: int) -> int:
        """A reference for `segments.split`, made of a message's id."""
        if self.whole:
            return -1
        mixed = seed >> 21 ^ seed
        return mixed & 0xFFFF | 0x100 if self.wide else mixed & 0xFF


PLAIN = Terms()


@lru_cache(maxsize=256)
def _alphabets(languages: tuple[str, ...]) -> tuple[Codec, ...]:
    locking = [name for name in languages if name in LOCKING]
    return (
        *(codec(single=name) for name in languages if name in SINGLE),
        *(codec(locking=name) for name in locking),
        *(codec(main, behind) for main in locking for behind in languages),
    )


@lru_cache(maxsize=4096)
def _towards(terms: Terms, beginning: str) -> Terms:
    kept = tuple(name for name in terms.languages if beginning.startswith(DESTINATIONS[name]))
    return terms if kept == terms.languages else msgspec.structs.replace(terms, languages=kept)
