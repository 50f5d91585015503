"""docs/reference/alphabets.md from the tables in use: `make golden` writes it, a test compares it."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from tidings.data import load
from tidings.text import segments
from tidings.text.gsm7 import DEFAULT, LOCKING, SINGLE
from tidings.text.terms import DESTINATIONS
from tidings.text.udh import Ports

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "alphabets.md"
NAMED = {
    "\n": "LF",
    "\r": "CR",
    "\f": "FF",
    " ": "SP",
    "\u00a0": "NBSP",
    "|": r"\|",
    "`": "&#96;",
    "*": r"\*",
    "_": r"\_",
}
HEADERS = (
    ("none", "gsm7", 1, 0, None),
    ("long text, 8-bit reference", "gsm7", 2, 0, None),
    ("long text, 16-bit reference", "gsm7", 2, 256, None),
    ("one national table", "gsm7+single-tr", 1, 0, None),
    ("two national tables", "gsm7+locking-tr+single-tr", 1, 0, None),
    ("8-bit reference, one national table", "gsm7+single-tr", 2, 0, None),
    ("8-bit reference, two national tables", "gsm7+locking-tr+single-tr", 2, 0, None),
    ("16-bit reference, one national table", "gsm7+single-tr", 2, 256, None),
    ("16-bit reference, two national tables", "gsm7+locking-tr+single-tr", 2, 256, None),
    ("8-bit ports", "gsm7", 1, 0, Ports(240, 240, False)),
    ("8-bit ports, 8-bit reference", "gsm7", 2, 0, Ports(240, 240, False)),
    ("8-bit ports, 16-bit reference", "gsm7", 2, 256, Ports(240, 240, False)),
    ("16-bit ports", "gsm7", 1, 0, Ports(2948, 9200)),
    ("16-bit ports, 8-bit reference", "gsm7", 2, 0, Ports(2948, 9200)),
    ("16-bit ports, 16-bit reference", "gsm7", 2, 256, Ports(2948, 9200)),
    ("16-bit ports, 8-bit reference, two national tables", "gsm7+locking-tr+single-tr", 2, 0, Ports(2948, 9200)),
)
"""What a header may hold, as arguments of `segments.header`."""


def page() -> str:
    """The whole page."""
    tables = load("gsm_tables")
    lines = [TOP.strip(), ""]
    lines += ["## What fits into a segment", "", *_sizes(), ""]
    lines += ["## Languages", "", LANGUAGES.strip(), "", *_languages(tables["languages"]), ""]
    lines += ["## Tables", "", SOURCES.strip(), ""]
    for name, table in tables["languages"].items():
        if name in LOCKING:
            lines += [f"### {table['name']}, {'alphabet' if name == DEFAULT else 'locking'}", "", *_grid(LOCKING[name])]
        behind = "extension" if name == DEFAULT else "single shift"
        lines += [f"### {table['name']}, {behind}", "", *_grid(SINGLE[name])]
    return "\n".join(lines).rstrip() + "\n"


def _sizes() -> list[str]:
    lines = ["| header | its octets | septets | UTF-16 units |", "| --- | --- | --- | --- |"]
    for name, encoding, parts, reference, ports in HEADERS:
        octets = len(segments.header(encoding, reference, parts, 1, ports))
        units = "–" if "+" in encoding else str((140 - octets) // 2)
        lines.append(f"| {name} | {octets} | {(140 - octets) * 8 // 7} | {units} |")
    return lines


def _languages(languages: dict[str, dict[str, object]]) -> list[str]:
    lines = ["| code | language | identifier | tables | numbers that begin with |", "| --- | --- | --- | --- | --- |"]
    for name, table in languages.items():
        if name != DEFAULT:
            kinds = "locking, single shift" if name in LOCKING else "single shift"
            numbers = ", ".join(f"+{one}" for one in DESTINATIONS[name])
            lines.append(f"| `{name}` | {table['name']} | {table['id']} | {kinds} | {numbers} |")
    return lines


def _grid(cells: dict[int, str]) -> list[str]:
    lines = ["| | " + " | ".join(f"{low:X}" for low in range(16)) + " |", "| --- |" + " --- |" * 16]
    for high in range(8):
        row = [_shown(cells.get(high << 4 | low), high << 4 | low) for low in range(16)]
        if any(row):
            lines.append(f"| **{high}** | " + " | ".join(row) + " |")
    return [*lines, ""]


def _shown(character: str | None, code: int) -> str:
    if character is None:
        return "ESC" if code == 0x1B else ""
    if unicodedata.category(character) in ("Mn", "Mc", "Me"):
        return "\u25cc" + character
    return NAMED.get(character, character)


TOP = """
# Alphabets

What a text can be written in on its way to a handset. `make golden` writes this page from the tables in use.

- **GSM-7** is the default alphabet of 3GPP TS 23.038: a septet a character, two (ESC and a code) for those of the
  extension. The `encoding` is `gsm7`.
- **GSM-7 with national tables** puts another table in place of the alphabet (*locking*), of the extension (*single
  shift*), or of both, and says so in a header of each segment. The `encoding` names them: `gsm7+locking-pt`,
  `gsm7+single-tr`, `gsm7+locking-tr+single-tr`.
- **UCS-2**, written as UTF-16 in big-endian order, holds all of Unicode: a unit a character, two beyond U+FFFF, as for
  emoji. The `encoding` is `ucs2`.

With `"encoding": "auto"` a text goes as what takes the fewest segments and carries every character of it. Where several
take the same, the first of this order is taken: GSM-7, UCS-2, one single shift table, one locking table, both. National
tables are tried only where the carrier's profile lists the language in
[`national_languages`](settings.md#carrier-profile), the number belongs to a country where the language's tables are in
use, and the message is due at once. Many handsets and carriers do not know them: the list is empty until you fill it.
`"encoding": "gsm7"` is the default alphabet without national tables, and refuses a text by naming the positions and
code points that do not fit.

Nothing is replaced or lost on the way: a text is carried exactly, or refused. Refused are NUL and halves of surrogate
pairs (U+D800 to U+DFFF alone), with position and code point. A carrier whose profile says `latin1` or `ascii` gets
UCS-2 for what those lack.

A long text is cut so that every segment can be read by itself: never between ESC and its code, never within a
surrogate pair, and never within what a reader sees as one character (a grapheme cluster of UAX #29: letters with their
marks, emoji sequences, flags, CR LF). Only a cluster longer than a whole segment is cut, between code points; it fills
up the segment it begins in. There are at most 255 segments.

Encoding and cut are settled when a message is accepted and stored with it, so that a repeat carries the same octets
([0012](../adr/0012-octets-from-two-words.md)). If it then waits and comes to a carrier that would misread it (another
one, or the same under a changed profile), it is cut anew, and `encoding` and `segments` tell so; `max_segments` is not
asked again. Parts of which some have been handed over keep their octets, and fail with `content_invalid` at a carrier
that would misread them.

Reading texts from handsets never fails. An unassigned code after ESC shows the main table's character, ESC ESC and an
ESC at the end show a space, an empty place of a table does too; a language that nobody knows falls back to the default
tables; octets above 7F show U+FFFD. Where packed septets end in just seven zero bits, these are taken for padding and
not for `@`, since SMPP does not tell the number of septets.
"""
LANGUAGES = """
Which numbers a language's tables may be used for is our judgement, not the standard's: countries where it is official
or widely written.
"""
SOURCES = """
Rows are the high three bits of a code, columns the low four. LF, CR, FF, SP and NBSP are line feed, carriage return,
form feed (page break), space and no-break space; ESC leads to the table behind it. Two codes for one character: the
lower is sent. In Kannada's locking table 24 is U+0CA1, where the printed standard repeats U+0CAA by mistake; in
Telugu's single shift table 65 is the euro sign, as in all its sister tables.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
