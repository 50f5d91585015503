"""Phones of the simulated network, beside the inbox and side by side."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from console_kit import Seat


def test_two_phones_beside_the_inbox(seat: Seat) -> None:
    page = seat.open("/inbox")
    page.get_by_role("button", name="Phones beside").click()
    phone = page.get_by_role("region", name="Phone +1 555 123 0100")
    phone.get_by_role("textbox", name="Text", exact=True).fill("Do you deliver?")
    page.keyboard.press("Enter")
    row = page.get_by_role("button", name=re.compile("0100")).and_(page.locator("[data-at]"))
    expect(row).to_be_visible()
    row.click()
    expect(page.get_by_role("log", name="What was said").get_by_text("Do you deliver?")).to_be_visible()
    page.get_by_role("textbox", name="Reply").fill("We do, until nine.")
    page.keyboard.press("Enter")
    glass = phone.get_by_role("log")
    expect(glass.get_by_text("We do, until nine.")).to_be_visible()
    expect(glass.get_by_role("listitem")).to_have_count(2)
    assert not seat.grave()
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    expect(phone).to_have_count(0)


def test_a_phone_that_gets_nothing_and_a_network_in_trouble(seat: Seat) -> None:
    page = seat.open("/handset")
    page.get_by_role("button", name="Add a phone").click()
    page.get_by_role("combobox", name="What becomes of texts to it").click()
    page.get_by_role("option", name="0001 · undeliverable").click()
    expect(page.get_by_role("textbox", name="Number", exact=True)).to_have_value("+15551230001")
    page.get_by_role("dialog").get_by_role("button", name="Add a phone").click()
    expect(page.get_by_role("region", name="Phone +1 555 123 0001").get_by_text("undeliverable")).to_be_visible()
    assert not seat.grave()
    page.get_by_role("combobox", name="Trouble of the network").click()
    page.get_by_role("option", name="Slow").click()
    expect(page.locator("main header").get_by_text("Slow: answers after 3 s")).to_be_visible()
    page.get_by_role("combobox", name="Trouble of the network").click()
    page.get_by_role("option", name="The network is well").click()
    expect(page.locator("main header").get_by_text("Slow: answers after 3 s")).to_have_count(0)
