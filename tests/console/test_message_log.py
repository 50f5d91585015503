"""The message log: finding a message, and reading why it did not arrive."""

from __future__ import annotations

import json
import time

import pytest
from playwright.sync_api import expect

from console_kit import Seat

pytestmark = pytest.mark.slow

LONG = "Your parcel waits at the corner shop until Friday. " * 4


def test_a_developer_finds_out_why(seat: Seat) -> None:
    """Search the log for a number, open the failed message, read its story with advice, copy it as link and as JSON."""
    tidings = seat.tidings
    other = tidings.send("+15552220100", "arrives")
    failed = tidings.send("+15552220001", LONG)
    assert tidings.ended(failed)["status"] == "undelivered"
    tidings.ended(other)
    seat.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page = seat.open("/messages")
    page.keyboard.press("/")
    page.keyboard.type("+15552220001")
    rows = page.get_by_role("table").get_by_role("row").filter(has=page.get_by_role("cell"))
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Undelivered")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("To +1 555 222 0001")
    story = page.get_by_role("listitem")
    for step in ("Accepted", "Queued", "may go", "Part 2 handed to simulator/1", "Sent", "Receipt UNDELIV"):
        expect(story.filter(has_text=step).first).to_be_visible()
    expect(page.get_by_text("Ask the carrier what its code means")).to_be_visible()
    story.filter(has_text="Receipt UNDELIV").first.get_by_role("button", name="Show details").click()
    expect(page.get_by_text("stat:UNDELIV").first).to_be_visible()

    page.get_by_role("button", name="Copy JSON").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert json.loads(page.evaluate("navigator.clipboard.readText()"))["message"]["id"] == failed
    page.get_by_role("button", name="Copy link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("To +1 555 222 0001")


def test_what_comes_shows_at_once_and_ticks_go_on(seat: Seat) -> None:
    page = seat.open("/messages?to=%2B15553330005")  # its receipt comes late
    expect(page.get_by_text("No message fits")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Live").first).to_be_visible()
    seat.tidings.send("+15553330005", "it comes by itself")
    expect(page.get_by_text("it comes by itself")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="it comes by itself")).to_contain_text("Sent")


def test_text_is_never_markup(seat: Seat) -> None:
    hostile = '<img src=x onerror="document.title=1"><script>alert(1)</script><b>bold</b>'
    message = seat.tidings.send("+15554440100", hostile)
    page = seat.open("/messages?to=%2B15554440100")
    expect(page.get_by_text(hostile)).to_be_visible()
    seat.open(f"/messages/{message}")
    expect(page.get_by_text(hostile)).to_be_visible()
    assert page.locator("main img, main script, main b").count() == 0


def test_a_scheduled_message_is_canceled_after_asking(seat: Seat) -> None:
    message = seat.tidings.send("+15554440101", "later", send_at="2027-03-01T09:00:00Z")
    page = seat.open(f"/messages/{message}")
    page.get_by_role("button", name="Cancel message").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel", exact=True).click()
    assert seat.tidings.message(message)["status"] == "scheduled"
    page.get_by_role("button", name="Cancel message").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel message").click()
    expect(page.get_by_role("heading", level=1).locator("xpath=..")).to_contain_text("Canceled")
    assert seat.tidings.message(message)["status"] == "canceled"


def test_a_message_that_is_not_there(seat: Seat) -> None:
    seat.expected.add(404)
    seat.open("/messages/msg_0000000000009")
    expect(seat.page.get_by_role("alert")).to_be_visible()


def test_a_long_list_scrolls_over_its_pages_and_is_quick(seat: Seat) -> None:
    """Figures are printed; the bounds are those of a loaded machine."""
    texts = [{"to": f"+1555666{n:04}", "text": f"row {n}"} for n in range(700) if f"{n:04}" > "0016"]
    seat.tidings.client.post_batch({"messages": texts[:500]})  # type: ignore[typeddict-item]
    seat.tidings.client.post_batch({"messages": texts[500:]})  # type: ignore[typeddict-item]
    page = seat.open("/messages")
    page.get_by_text("row 699").wait_for()
    paints = page.evaluate("performance.getEntriesByType('paint').map((one) => one.startTime)")
    resources = page.evaluate(
        "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
        ".filter((one) => one.name.includes('/console')).map((one) => [one.name.split('/').pop(), one.encodedBodySize])"
    )
    # The rules of how countries write their numbers come once the screen stands: numbers are shown without them before.
    later = sum(size for name, size in resources if name.startswith("min-"))
    first = sum(size for _, size in resources) - later
    page.get_by_role("link", name="Compose").click()
    page.get_by_label("Text", exact=True).wait_for()
    began = time.monotonic()
    page.get_by_role("link", name="Messages").first.click()
    page.get_by_text("row 699").wait_for()
    opened = time.monotonic() - began
    began = time.monotonic()
    list_ = page.get_by_role("rowgroup")
    while not page.get_by_text("row 20", exact=True).is_visible():
        list_.evaluate("(one) => one.scrollBy(0, 4000)")
        assert time.monotonic() - began < 60, "the end of the list never came"
    scrolled = time.monotonic() - began
    drawn = page.get_by_role("row").count()
    print(f"first paint {paints[-1]:.0f} ms; first load {first / 1e3:.0f} kB, then {later / 1e3:.0f}; "
        f"opens in {opened * 1e3:.0f} ms; "
          f"680 rows passed in {scrolled:.1f} s; rows drawn {drawn}")  # fmt: skip
    assert 100_000 < first <= 250_000
    assert drawn < 80
    assert opened < 3


def test_a_hundred_events_a_second_do_not_freeze_it(seat: Seat) -> None:
    page = seat.open("/messages")
    expect(page.get_by_role("status").filter(has_text="Live").first).to_be_visible()
    page.evaluate(
        "() => { window.worst = 0; let last = performance.now(); const tick = () => { const now = performance.now();"
        " window.worst = Math.max(window.worst, now - last); last = now; requestAnimationFrame(tick) }; tick() }"
    )
    for _ in range(6):  # each message is four events
        texts = [{"to": f"+1555888{n:04}", "text": "flood"} for n in range(100, 150)]
        seat.tidings.client.post_batch({"messages": texts})  # type: ignore[typeddict-item]
        page.wait_for_timeout(300)
    began = time.monotonic()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="A screen, a number").wait_for()
    waited = time.monotonic() - began
    worst = page.evaluate("window.worst")
    print(f"600 events a second: longest frame {worst:.0f} ms, palette open after {waited * 1e3:.0f} ms")
    assert worst < 1_500
    assert waited < 3
