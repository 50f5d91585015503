"""What the console lists by itself is what the program has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tidings.core.audit import ACTIONS
from tidings.core.people import ROLES

SCREENS = Path(__file__).parents[2] / "console" / "src" / "screens"


@pytest.mark.parametrize(
    ("file", "name", "there"), [("people/roles.ts", "ROLES", set(ROLES)), ("audit/actions.ts", "ACTIONS", set(ACTIONS))]
)
def test_lists_of_the_console(file: str, name: str, there: set[str]) -> None:
    found = re.search(rf"{name} = \[(.*?)\] as const", (SCREENS / file).read_text(encoding="utf-8"), flags=re.S)
    assert found is not None
    assert set(re.findall(r'"([a-z._]+)"', found[1])) == there


def test_each_screen_has_a_key_of_its_own() -> None:
    keys = re.findall(r'key: "(\w)"', (SCREENS.parent / "screens.ts").read_text(encoding="utf-8"))
    assert keys, "the table of screens is not read"
    assert sorted(keys) == sorted(set(keys))
