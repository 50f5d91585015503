"""The tour of the console in docs names every screen, and its pictures are there."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial" / "console.md"
PICTURES = ROOT / "docs" / "tutorial" / "console"
SOURCES = ROOT / "console" / "src"
OCTETS_MOST = 1_500_000


def shown() -> list[str]:
    return re.findall(r"!\[[^\]]+\]\(console/([^)]+)\)", PAGE.read_text(encoding="utf-8"))


def test_every_picture_is_there_and_none_is_left_over() -> None:
    assert sorted(shown()) == sorted(one.name for one in PICTURES.iterdir()), "`make screens ARGS=tour/` makes them"


def test_every_picture_is_made_by_make_screens() -> None:
    source = (ROOT / "tests" / "console" / "tour.py").read_text(encoding="utf-8")
    made = re.findall(r'"([\w-]+)": Sight\(', source)
    on_the_way = re.findall(r'"([\w-]+)"', source[source.index("ON_THE_WAY =") :])
    assert sorted(shown()) == sorted(f"{name}.webp" for name in [*made, *on_the_way])


def test_they_are_small_webp() -> None:
    octets = {one.name: one.read_bytes() for one in PICTURES.iterdir()}
    assert [name for name, data in octets.items() if (data[:4], data[8:12]) != (b"RIFF", b"WEBP")] == []
    assert sum(map(len, octets.values())) < OCTETS_MOST


def test_every_screen_is_named() -> None:
    page = PAGE.read_text(encoding="utf-8")
    names = set(re.findall(r'name: "([\w-]+)"', (SOURCES / "screens.ts").read_text(encoding="utf-8")))
    assert len(names) > 15
    words = {
        name: json.loads((SOURCES / "words" / "en" / f"{name}.json").read_text(encoding="utf-8")) for name in names
    }
    missing = {
        name: one.get("nav", one["title"]) for name, one in words.items()
        if name not in DETAILS and f"**{one.get('nav', one['title'])}**" not in page
    }  # fmt: skip
    assert not missing, "docs/tutorial/console.md is to name each screen in bold, as the navigation does"


DETAILS = {"story"}
"""Screens that others lead to, and that the tour shows without their name."""
