"""The tour of the console in docs: each of its pictures, by name, with what a person does to come to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect
from processes import until
from stage import Stage

from console_kit import ROOT, Seat

PAGE = ROOT / "docs" / "tutorial" / "console.md"
FOLDER = ROOT / "docs" / "tutorial" / "console"
PARCEL = "Your parcel waits at the corner shop ☕ until Friday. Bring something that shows who you are."


@dataclass(frozen=True)
class Sight:
    """What is seen, and how one looks at it."""

    come: Callable[[Seat, Stage], None]
    look: str = "light"
    """One of the looks of `make screens`."""


def compose(seat: Seat, stage: Stage) -> None:
    page = seat.open("/compose")
    page.get_by_label("To", exact=True).fill("+1 555 123 0100")
    page.get_by_label("Text", exact=True).fill(PARCEL)
    page.get_by_text("make it UCS-2").or_(page.get_by_text("makes it UCS-2")).first.wait_for()


def side_by_side(seat: Seat, stage: Stage) -> None:
    page = seat.open(f"/inbox?open={stage.conversation}")
    page.get_by_role("button", name="Phones beside").click()
    page.get_by_role("region", name="Phone").first.wait_for()


def canned(seat: Seat, stage: Stage) -> None:
    page = seat.open(f"/inbox?open={stage.conversation}")
    page.get_by_role("textbox", name="Reply").fill("Of course! ")
    page.get_by_role("button", name="Canned replies").click()
    page.get_by_role("option").first.wait_for()


def inbox(seat: Seat, stage: Stage) -> None:
    seat.open(f"/inbox?open={stage.conversation}")
    seat.page.locator("[role=log] li").first.wait_for()


def handsets(seat: Seat, stage: Stage) -> None:
    page = seat.open("/handset")
    page.get_by_role("region", name="Phone").first.wait_for()


def log(seat: Seat, stage: Stage) -> None:
    seat.open("/messages")


def story(seat: Seat, stage: Stage) -> None:
    seat.open(f"/messages/{stage.failed}")


def key(seat: Seat, stage: Stage) -> None:
    page = seat.open("/keys")
    page.get_by_role("button", name="New key").click()
    form = page.get_by_role("form", name="API key")
    form.get_by_label("Name").fill("Booking system")
    form.get_by_role("button", name="Make the key").click()
    page.get_by_role("tab", name="Python").click()


def delivery(seat: Seat, stage: Stage) -> None:
    page = seat.open(f"/deliveries/{stage.delivery}")
    page.get_by_role("button", name="Show details").first.click()


def webhook(seat: Seat, stage: Stage) -> None:
    seat.open(f"/webhooks/{stage.webhook}")


def code(seat: Seat, stage: Stage) -> None:
    page = seat.open(f"/codes/{stage.code}")
    page.get_by_role("textbox", name="A text").fill("price 4711")
    page.get_by_role("list", name="What would be done").wait_for()


def overview(seat: Seat, stage: Stage) -> None:
    """While texts wait for the carrier that is down."""
    for n in range(3):
        stage.tidings.send(f"+1555123010{n}", "Your order is on its way.")
    seat.open("/overview")


def carrier(seat: Seat, stage: Stage) -> None:
    seat.open("/carriers/north")


def people(seat: Seat, stage: Stage) -> None:
    page = seat.open("/people")
    page.get_by_role("button", name="Invite somebody").click()
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill("Fay Moreau")


def audit(seat: Seat, stage: Stage) -> None:
    seat.open("/audit")


def account(seat: Seat, stage: Stage) -> None:
    seat.open("/account")


def palette(seat: Seat, stage: Stage) -> None:
    page = seat.open("/messages")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="A screen, a number").fill("c")


def settled(page: Page) -> None:
    """Nothing on it is still coming."""
    expect(page.get_by_role("status").filter(has_text="Loading")).to_have_count(0)
    until(lambda: page.evaluate("document.fonts.status") == "loaded", "the letters are there")
    page.wait_for_timeout(500)


TOUR = {
    "compose": Sight(compose), "handsets": Sight(handsets), "inbox": Sight(inbox), "canned": Sight(canned),
    "side-by-side": Sight(side_by_side), "log": Sight(log), "story": Sight(story), "key": Sight(key),
    "webhook": Sight(webhook), "delivery": Sight(delivery), "code": Sight(code), "overview": Sight(overview),
    "carrier": Sight(carrier), "people": Sight(people), "audit": Sight(audit), "account": Sight(account),
    "palette": Sight(palette), "inbox-dark": Sight(side_by_side, "dark"), "inbox-arabic": Sight(inbox, "arabic"),
    "inbox-phone": Sight(inbox, "phone"), "overview-phone": Sight(overview, "phone-dark"),
}  # fmt: skip
"""The pictures of the tour, by name."""
ON_THE_WAY = ("first-owner", "sign-in", "get-factor")
"""Beside these: pages of the way in."""
