"""Write the table of personalities into the page on the simulated network, from the table that tests run."""

from __future__ import annotations

from pathlib import Path

from tidings.simulator.personalities import GROUPS
from tidings.simulator.personality import ENDS, REPEATS, Personality

FILE = Path(__file__).parents[2] / "docs/reference/simulator.md"
FIRST, LAST = "<!-- personalities: written by `make golden` -->\n", "<!-- /personalities -->\n"


def table() -> str:
    """The rows of every group, as they stand in the page."""
    return "\n".join(_group(name, rows) for name, rows in GROUPS.items())


def _group(name: str, rows: tuple[Personality, ...]) -> str:
    head = f"### {name}\n\n| personality | what the network does | what an ESME has to do | ends | repeats |\n"
    return head + "| --- | --- | --- | --- | --- |\n" + "".join(_line(row) for row in rows)


def _line(row: Personality) -> str:
    waits = "" if row.passes else ", once it is over"
    return f"| `{row.name}` | {row.meaning} | {row.esme} | {ENDS[row.ends]}{waits} | {REPEATS[row.repeats]} |\n"


def fresh() -> str:
    """The page as it should be."""
    page = FILE.read_text(encoding="utf-8")
    before, rest = page.split(FIRST)
    return before + FIRST + "\n" + table() + "\n" + LAST + rest.split(LAST)[1]


if __name__ == "__main__":
    FILE.write_text(fresh(), encoding="utf-8")
