"""The frame of the console: how it is reached, what surrounds every screen, and what it never does."""

from __future__ import annotations

from playwright.sync_api import expect

from console_kit import Seat


def test_the_printed_address_opens_the_console(seat: Seat) -> None:
    seat.page.goto("/")
    expect(seat.page.get_by_role("heading", level=1)).to_have_text("Messages")
    assert seat.page.url == f"{seat.tidings.url}/console/messages"
    expect(seat.page.get_by_role("status").filter(has_text="Live").first).to_be_visible()
