"""The frame of the console: how it is reached, what surrounds every screen, and what happens when things go wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from console_kit import OWNER, Seat

pytestmark = pytest.mark.slow

Sit = Callable[..., Seat]


def title(page: Page) -> Any:
    return expect(page.get_by_role("heading", level=1))


def test_the_printed_address_opens_the_console_and_it_is_live(seat: Seat) -> None:
    seat.page.goto("/")
    title(seat.page).to_have_text("Inbox")
    assert seat.page.url.startswith(f"{seat.tidings.url}/console/inbox")
    expect(seat.page.get_by_role("status").filter(has_text="Live").first).to_be_visible()


def test_deep_links_the_back_button_and_addresses_that_lead_nowhere(seat: Seat) -> None:
    page = seat.open("/messages?status=failed&to=%2B15550000000", "Messages")
    expect(page.get_by_label("To number")).to_have_value("+15550000000")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_label("To number")).to_have_value("")
    page.get_by_role("link", name="Compose").click()
    title(page).to_have_text("New message")
    page.go_back()
    title(page).to_have_text("Messages")
    seat.open("/nowhere/at/all", "There is nothing here")


def test_the_keyboard_reaches_everything(seat: Seat) -> None:
    page = seat.open("/messages")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="A screen, a number").fill("new mess")
    page.keyboard.press("Enter")
    title(page).to_have_text("New message")
    expect(page.locator("[role=dialog]")).to_have_count(0)
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("g")
    page.keyboard.press("l")
    title(page).to_have_text("Messages")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Go to Messages")
    page.keyboard.press("Escape")
    expect(page.locator("[role=dialog]")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("To number")).to_be_focused()
    page.keyboard.type("g l ? j")  # in a field, keys are letters
    expect(page.get_by_label("To number")).to_have_value("g l ? j")


def test_the_palette_finds_a_number(seat: Seat) -> None:
    page = seat.open("/compose")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="A screen, a number").fill("+1 555 900 0001")
    page.keyboard.press("Enter")
    title(page).to_have_text("Messages")
    expect(page.get_by_label("To number")).to_have_value("+15559000001")
    expect(page.get_by_text("No message fits")).to_be_visible()


def test_language_and_look_are_chosen_and_kept(seat: Seat) -> None:
    page = seat.open("/messages")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("menuitem", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("menuitem", name="العربية").click()
    title(page).to_have_text("الرسائل")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.reload()
    title(page).to_have_text("الرسائل")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    side, main = page.locator("aside").bounding_box(), page.locator("main").bounding_box()
    assert side is not None
    assert main is not None
    assert side["x"] > main["x"]


def test_on_a_phone_everything_is_within_reach(sit: Sit) -> None:
    page = sit(phone=True).open("/messages")
    page.get_by_role("navigation", name="Screens").get_by_role("link", name="Compose").click()
    title(page).to_have_text("New message")
    page.get_by_role("button", name="More").click()
    page.get_by_role("dialog").get_by_role("link", name="Messages").click()
    title(page).to_have_text("Messages")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_server_that_is_away_is_told_and_found_again(seat: Seat) -> None:
    page = seat.open("/messages")
    away = True

    def answer(route: Route) -> None:
        if away:
            route.abort("connectionrefused")
        else:
            route.continue_()

    page.route("**/v1/messages?**", answer)
    page.get_by_label("From", exact=True).fill("NOBODY")
    page.get_by_label("From", exact=True).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("tidings cannot be reached", timeout=30_000)
    away = False
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("No message fits")).to_be_visible()


BAD_ANSWERS = [
    (403, {"title": "Forbidden", "detail": "This call needs scope `read`."}, "needs scope"),
    (409, {"title": "Changed meanwhile", "detail": "Somebody else changed it."}, "Somebody else"),
    (500, {"title": "Internal error", "detail": "It is in the log."}, "It is in the log."),
]


@pytest.mark.parametrize(("status", "told", "shown"), BAD_ANSWERS, ids=[str(row[0]) for row in BAD_ANSWERS])
def test_what_the_api_refuses_is_said_where_it_belongs(
    seat: Seat, status: int, told: dict[str, str], shown: str
) -> None:
    seat.expected.add(status)
    body = {"code": "x", "status": status, **told}
    seat.page.route("**/v1/messages?**", lambda route: route.fulfill(status=status, json=body))
    seat.open("/messages")
    expect(seat.page.get_by_role("alert")).to_contain_text(shown)


def test_a_session_that_ends_loses_nothing_that_was_typed(sit: Sit) -> None:
    seat = sit()
    seat.expected.add(401)
    page = seat.open("/compose")
    page.get_by_label("Text", exact=True).fill("A long letter that took an hour to write")
    seat.context.clear_cookies()
    page.get_by_label("To", exact=True).fill("+15551230100")
    dialog = page.get_by_role("dialog", name="Please sign in again")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_label("E-mail address")).to_have_value(OWNER["email"])
    dialog.get_by_label("Password", exact=True).fill("not this one, surely")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("is not right")
    dialog.get_by_label("Password", exact=True).fill(OWNER["password"])
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_label("Text", exact=True)).to_have_value("A long letter that took an hour to write")
    expect(page.get_by_text("1 segment")).to_be_visible()


def test_two_tabs_share_one_stream_and_the_second_goes_on_when_the_first_closes(sit: Sit) -> None:
    seat = sit()
    streams: list[str] = []
    seat.context.on("request", lambda asked: streams.append(asked.url) if asked.url.endswith("/v1/stream") else None)
    first = seat.open("/messages")
    expect(first.get_by_role("status").filter(has_text="Live").first).to_be_visible()
    second = seat.context.new_page()
    second.goto("/console/messages?to=%2B15557770001")
    expect(second.get_by_role("status").filter(has_text="Live").first).to_be_visible()
    seat.tidings.send("+15557770001", "for both tabs")
    expect(second.get_by_text("for both tabs")).to_be_visible()
    expect(first.get_by_text("for both tabs")).to_be_visible()
    assert len(streams) == 1
    first.close()
    seat.tidings.send("+15557770001", "for the tab that is left")
    expect(second.get_by_text("for the tab that is left")).to_be_visible()
