"""Every screen of the table, light and dark, wide and on a phone: axe finds nothing serious, and nothing sticks out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from processes import Tidings
from stage import AFTER, OPENED, Stage, set_up, table
from ways import WAYS

from console_kit import Seat, ensure_owner

pytestmark = pytest.mark.slow

LOOKS = {"light": {}, "dark on a phone": {"dark": True, "phone": True}, "arabic": {"language": "ar", "dark": True}}


@pytest.fixture(scope="module")
def stage(tidings: Tidings) -> Stage:
    return set_up(tidings)


def test_the_table_is_read() -> None:
    assert set(table()) == set(OPENED), "tests/console/stage.py says how each screen of screens.ts is opened"


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("path", OPENED)
def test_everybody_can_use_it(sit: Callable[..., Seat], stage: Stage, path: str, look: str) -> None:
    seat = sit(**LOOKS[look])
    page = seat.open(OPENED[path](stage))
    expect(page.get_by_role("status").filter(has_text="Loading")).to_have_count(0)
    if path in AFTER:
        AFTER[path](stage)
    page.wait_for_timeout(300)
    assert not seat.grave()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it is wider than the window"


def test_so_are_the_palette_and_the_way_in(sit: Callable[..., Seat], stage: Stage) -> None:
    seat = sit()
    page = seat.open("/messages")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="A screen, a number").wait_for()
    assert not seat.grave()
    out = sit(signed_in=False, dark=True)
    out.page.goto("/")
    out.page.get_by_role("heading", level=1).wait_for()
    assert not out.grave()


@pytest.mark.parametrize("way", WAYS)
def test_so_is_every_page_of_the_way_in(sit: Callable[..., Seat], stage: Stage, way: str) -> None:
    ensure_owner(stage.tidings)
    seat = sit(signed_in=False, phone=True)
    WAYS[way](seat)
    assert not seat.grave()
    assert seat.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it is wider than the window"
