"""A quick typist at a slow machine: keys without a pause, each does what it would have done after one."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from processes import Caller

from console_kit import Seat

pytestmark = pytest.mark.slow

OURS = "+15550009999"
SLOWER = 4


def text(caller: Caller, number: str, words: str) -> None:
    answer = caller("POST", f"/v1/simulator/handsets/{number}/messages", {"to": OURS, "text": words})
    assert answer.status == 202, answer


def slow(page: Page) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def press(page: Page, *keys: str) -> None:
    """Words in quotes are typed, the rest are names of keys; nothing is waited for."""
    for key in keys:
        if key.startswith('"'):
            page.keyboard.type(key.strip('"'))
        else:
            page.keyboard.press(key)


def test_in_a_list(seat: Seat) -> None:
    for n in range(30):
        seat.tidings.send(f"+1555710{n + 100:04}", f"row {n}")
    page = seat.open("/messages")
    page.get_by_text("row 29").wait_for()
    slow(page)
    press(page, "j", "j", "k", "j", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("To +1 555 710 0128")


def test_from_end_to_end_of_a_long_list(seat: Seat) -> None:
    texts = [{"to": f"+1555720{n:04}", "text": f"long {n}"} for n in range(100, 300)]
    seat.tidings.client.post_batch({"messages": texts})  # type: ignore[typeddict-item]
    page = seat.open("/messages")
    page.get_by_text("long 299").wait_for()
    slow(page)
    # Rows far from those on show: they stand, and have the focus, all the same.
    press(page, "j", "PageDown", "PageDown", "PageDown", "PageDown", "ArrowDown", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("To +1 555 720 0238")


def test_a_search_and_what_it_finds(seat: Seat) -> None:
    seat.tidings.send("+15557300100", "found")
    page = seat.open("/messages")
    page.get_by_text("found").wait_for()
    slow(page)
    press(page, "/", '"+15557300100"', "Enter", "Escape")
    expect(page.get_by_role("row")).to_have_count(2)
    press(page, "j", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("To +1 555 730 0100")


def test_in_the_inbox(sit: Callable[..., Seat], caller: Caller) -> None:
    """Open, answer with a canned reply, note, assign, put off: none of the letters is taken for a shortcut."""
    caller("POST", "/v1/canned-replies", {"name": "hours", "text": "We are open from 9 to 5."})
    anna = "+15557400100"
    text(caller, anna, "Are you open?")
    seat = sit()
    page = seat.open("/inbox")
    expect(page.get_by_role("button", name=re.compile("0100"))).to_be_visible()
    slow(page)
    press(page, "j", "Enter", "r", '"Yes! /hou"', "Enter")
    answer = page.get_by_role("textbox", name="Reply")
    expect(answer).to_have_value("Yes! We are open from 9 to 5.")
    press(page, '" Come in."', "Enter", "Escape", "n", '"seems keen, asks a lot"', "Enter")
    said = page.get_by_role("log", name="What was said").get_by_role("listitem")
    expect(said.filter(has_text="Yes! We are open from 9 to 5. Come in.")).to_have_count(1)
    expect(said.filter(has_text="seems keen, asks a lot")).to_have_count(1)
    press(page, "Escape", "a", '"Kim es"', "Enter", "e")
    expect(page.get_by_role("button", name="Looked after by Kim es")).to_be_visible()
    expect(page.get_by_role("button", name="Open again")).to_be_visible()
    press(page, "s", "Enter")
    expect(page.get_by_text("until")).to_be_visible()
    one = caller("GET", "/v1/conversations").json()["data"][0]
    assert (one["status"], one["assignee"]) == ("snoozed", "Kim es")


def test_the_palette_takes_what_is_typed_before_it_is_there(seat: Seat) -> None:
    page = seat.open("/overview")
    slow(page)
    press(page, "Control+k", '"webhooks"', "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Webhooks")
    press(page, "Control+k", '"contacts"', "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Contacts")


def test_a_dialog_takes_what_is_typed_at_once(seat: Seat, caller: Caller) -> None:
    page = seat.open("/contacts")
    slow(page)
    press(page, "n", '"Nia Jones"', "Escape", "n", '"Nia Kent"')
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("Nia Kent")


def test_a_text_is_written_and_sent(seat: Seat) -> None:
    page = seat.open("/compose")
    slow(page)
    press(page, '"+15557500100"', "Tab", '"quick words, ends"', "Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("To +1 555 750 0100")
    expect(page.get_by_text("quick words, ends")).to_be_visible()
