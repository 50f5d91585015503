"""Composing: what a text becomes is seen while it is written; then it goes to one, to many, or later."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from console_kit import Seat

pytestmark = pytest.mark.slow


def test_segments_and_what_forces_ucs2_show_while_writing(seat: Seat) -> None:
    page = seat.open("/compose")
    page.get_by_label("To", exact=True).fill("+1 555 123 0100")
    page.get_by_label("Text", exact=True).fill("Your table is ready.")
    shown = page.locator("section").filter(has_text="What it becomes")
    expect(shown).to_contain_text("1 segment")
    expect(shown).to_contain_text("GSM-7")
    expect(shown).to_contain_text("has not opted out")
    page.get_by_label("Text", exact=True).fill("Your table ☕ is ready. " * 4)
    expect(shown).to_contain_text("2 segments")
    expect(shown).to_contain_text("4 characters make it UCS-2")
    expect(shown.locator("mark")).to_have_count(4)
    expect(shown.locator("mark").first).to_have_text("☕")
    expect(shown.locator("ol > li")).to_have_count(2)


def test_a_text_to_one_is_sent_and_its_story_opens(seat: Seat) -> None:
    page = seat.open("/compose")
    page.get_by_label("To", exact=True).fill("+15551239100")
    page.get_by_label("Text", exact=True).fill("Hello from the console")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("To +1 555 123 9100")
    expect(page.get_by_text("Delivered").first).to_be_visible()
    (sent,) = seat.tidings.messages(to="+15551239100")
    assert sent["text"] == "Hello from the console"
    shown = seat.tidings.get("/v1/simulator/handsets/+15551239100")["messages"]
    assert [one["text"] for one in shown] == ["Hello from the console"]
    seat.open("/compose")
    expect(page.get_by_label("Text", exact=True)).to_have_value("")


def test_pressing_send_again_after_no_answer_sends_once(seat: Seat) -> None:
    page = seat.open("/compose")
    lost = []

    def lose_the_first(route: Route) -> None:
        if not lost:
            lost.append(route.fetch())
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/v1/messages", lose_the_first)
    page.get_by_label("To", exact=True).fill("+15551239101")
    page.get_by_label("Text", exact=True).fill("once")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(page.get_by_label("Text", exact=True)).to_have_value("once")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("To +1 555 123 9101")
    assert len(seat.tidings.messages(to="+15551239101")) == 1


def test_what_is_refused_is_said_at_its_field_and_nothing_is_lost(seat: Seat) -> None:
    seat.expected.add(422)
    page = seat.open("/compose")
    page.get_by_label("To", exact=True).fill("+15551239102")
    page.get_by_label("From", exact=True).fill("far too long a name")
    page.get_by_label("Text", exact=True).fill("kept")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_label("From", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Text", exact=True)).to_have_value("kept")
    page.get_by_role("link", name="Messages").first.click()
    page.get_by_role("link", name="Compose").click()
    expect(page.get_by_label("Text", exact=True)).to_have_value("kept")


def test_a_limit_says_when_to_try_again(seat: Seat) -> None:
    seat.expected.add(429)
    page = seat.open("/compose")
    told = {
        "code": "rate_limited",
        "title": "Too many requests",
        "detail": "The key's limit is used up.",
        "status": 429,
    }
    page.route("**/v1/messages", lambda route: route.fulfill(status=429, headers={"Retry-After": "7"}, json=told))
    page.get_by_label("To", exact=True).fill("+15551239103")
    page.get_by_label("Text", exact=True).fill("soon")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Try again in 7 seconds.")


def test_many_by_paste_with_an_outcome_each(seat: Seat) -> None:
    page = seat.open("/compose")
    page.get_by_label("To", exact=True).fill("+15551239110\n+1 (555) 123-9111;+15551239110,+999")
    expect(page.get_by_text("3 recipients")).to_be_visible()
    page.get_by_label("Text", exact=True).fill("to all of you")
    page.get_by_role("button", name="Send to 3").click()
    expect(page.get_by_role("heading", name="2 messages are on their way")).to_be_visible()
    expect(page.get_by_text("1 refused")).to_be_visible()
    page.get_by_role("link", name="+1 555 123 9111").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("To +1 555 123 9111")


def test_a_text_for_later_is_scheduled_in_the_writers_own_time(seat: Seat) -> None:
    page = seat.open("/compose")
    page.get_by_label("To", exact=True).fill("+15551239120")
    page.get_by_label("Text", exact=True).fill("Happy new year")
    page.get_by_label("Send later").fill("2027-01-01T00:00")
    expect(page.locator("section").filter(has_text="What it becomes")).to_contain_text("Goes")
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_text("Scheduled").first).to_be_visible()
    (sent,) = seat.tidings.messages(to="+15551239120")
    assert (sent["status"], sent["send_at"]) == ("scheduled", "2027-01-01T00:00:00.000Z")
