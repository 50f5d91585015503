"""What operators do all day: customers who bind by SMPP, carriers of their own making, events as they come."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect
from processes import Tidings, until
from stage import overflow, stray

from console_kit import Seat
from tidings.smpp import codec, pdus

pytestmark = pytest.mark.slow


def door(tidings: Tidings) -> tuple[str, int]:
    """Where the SMPP door of this tidings listens."""
    (address,) = tidings.client.diagnose()["snapshot"]["door"]["addresses"]
    host, _, port = address.rpartition(":")
    return host, int(port)


@contextmanager
def bound(tidings: Tidings, system_id: str, password: str) -> Iterator[socket.socket]:
    """A bind as transceiver that acknowledges nothing."""
    with socket.create_connection(door(tidings), timeout=20) as link:
        link.sendall(codec.encode(pdus.Bind(sequence_number=1, system_id=system_id, password=password)))
        assert command(link) == 0x80000009
        yield link


def command(link: socket.socket) -> int:
    """The command_id of the next PDU, which is no error."""
    with link.makefile("rb") as wire:
        length = int.from_bytes(wire.read(4), "big")
        body = wire.read(length - 4)
    assert body[4:8] == bytes(4), body.hex()
    return int.from_bytes(body[:4], "big")


def test_a_customer_is_enrolled_binds_changes_its_password_and_is_closed(seat: Seat, tidings: Tidings) -> None:
    page = seat.open("/customers")
    expect(page.get_by_text("No SMPP customers")).to_be_visible()
    page.keyboard.press("n")
    form = page.get_by_role("dialog", name="New customer")
    form.get_by_label("Name").fill("Corner shop")
    form.get_by_label("system_id").fill("corner")
    form.get_by_label("Binds at a time").fill("0")
    seat.expected.add(422)
    form.get_by_role("button", name="Enrol the customer").click()
    expect(form.get_by_label("Binds at a time")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("Name")).to_have_value("Corner shop")
    form.get_by_label("Binds at a time").fill("2")
    form.get_by_role("button", name="Enrol the customer").click()
    dialog = page.get_by_role("dialog", name="Corner shop")
    password = shown(dialog, "Password")
    assert not seat.grave()
    dialog.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_role("heading", level=1, name="Corner shop")).to_be_visible()
    expect(page.get_by_text("Never bound").first).to_be_visible()

    with bound(tidings, "corner", password) as link:
        expect(page.get_by_text("1 bind", exact=True)).to_be_visible()
        expect(page.get_by_text("transceiver", exact=True)).to_be_visible()
        page.get_by_role("button", name="New password").click()
        rotation = page.get_by_role("dialog", name="New password")
        rotation.get_by_role("combobox", name="The old password goes on").click()
        page.get_by_role("option", name="not at all").click()
        rotation.get_by_role("button", name="Make the new password").click()
        assert shown(rotation, "Password") != password
        rotation.get_by_role("button", name="I have kept it").click()
        assert command(link) == 0x00000006, "it is unbound"
    expect(page.get_by_text("It is not bound.")).to_be_visible()

    page.get_by_role("button", name="Close it").click()
    page.get_by_role("dialog", name="Close Corner shop?").get_by_role("button", name="Close it").click()
    expect(page.get_by_text("Closed", exact=True).first).to_be_visible()
    expect(page.get_by_role("button", name="Change")).to_be_hidden()
    page.get_by_role("link", name="SMPP customers").click()
    expect(page.get_by_role("row").filter(has_text="Corner shop")).to_contain_text("Closed")


def shown(dialog: object, name: str) -> str:
    """What stands beside a name."""
    found = dialog.locator("dl > div").filter(has=dialog.page.locator("dt", has_text=name)).locator("dd code")  # type: ignore[attr-defined]
    expect(found.first).to_be_visible()
    return str(found.first.inner_text())


def test_what_a_full_queue_gave_up_goes_out_again(seat: Seat, tidings: Tidings) -> None:
    client = tidings.client
    one = client.enrol_esme({"name": "Ferries", "system_id": "ferries", "inbound": ["+15550009977"], "queue_most": 1})[
        "id"
    ]
    overflow(tidings, one, "+15550009977", 2)
    waiting = len(client.list_esme_deliveries(one)["data"])
    page = seat.open(f"/customers/{one}", "Ferries")
    expect(page.get_by_text("Nothing can be delivered to it")).to_be_visible()
    page.get_by_text("Given up: 2").click()
    expect(page.get_by_text("its queue was full")).to_have_count(2)
    assert not seat.grave()

    seat.expected.add(404)
    page.get_by_role("button", name="Send again", exact=True).first.click()
    expect(page.get_by_text("the queue has no room for it")).to_be_visible()
    page.get_by_role("button", name="Change").click()
    form = page.get_by_role("dialog", name="Change")
    form.get_by_role("button", name="How it is spoken to").click()
    form.get_by_label("May wait at most").fill("50")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    assert client.get_esme(one)["queue_most"] == 50
    page.get_by_role("button", name="Send all again").click()
    page.get_by_role("dialog").get_by_role("button", name="Send again").click()
    expect(page.get_by_text("2 go out again.")).to_be_visible()
    expect(page.get_by_text("Nothing was given up.")).to_be_visible()
    assert len(client.list_esme_deliveries(one, status="waiting")["data"]) == waiting + 2


def test_a_carrier_is_made_paused_by_the_bind_tested_changed_and_taken_away(seat: Seat, tidings: Tidings) -> None:
    client = tidings.client
    host, _, port = client.get_carrier("simulator")["address"].rpartition(":")
    page = seat.open("/carriers")
    page.keyboard.press("n")
    form = page.get_by_role("dialog", name="New carrier")
    form.get_by_label("Name").fill("north")
    form.get_by_label("Host").fill(host)
    form.get_by_label("Port").fill(port)
    form.get_by_label("system_id", exact=True).fill("shop")
    form.get_by_label("Binds", exact=True).fill("2")
    form.get_by_role("button", name="Habits and patience").click()
    form.get_by_label("Profile").fill("receipt_id = same")
    form.get_by_role("button", name="Make the carrier").click()
    expect(form.get_by_text("This is no JSON object")).to_be_visible()
    form.get_by_label("Profile").fill('{"receipt_idd": "same"}')
    seat.expected.add(422)
    form.get_by_role("button", name="Make the carrier").click()
    expect(form.get_by_text("receipt_idd").last).to_be_visible()
    expect(form.get_by_label("Host")).to_have_value(host)
    assert not seat.grave()
    form.get_by_label("Profile").fill("")
    form.get_by_role("combobox", name="Senders against the rules").click()
    page.get_by_role("option", name="let through").click()
    form.get_by_role("button", name="Make the carrier").click()

    expect(page.get_by_role("heading", level=1, name="north")).to_be_visible()
    expect(page.get_by_role("heading", name="Bind north/2")).to_be_visible()
    until(lambda: client.get_carrier("north")["state"] == "up", "the carrier is up")
    page.get_by_role("button", name="Pause north/2").click()
    page.get_by_role("dialog", name="Pause north/2?").get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume north/2")).to_be_visible()
    assert [one["paused"] for one in client.get_carrier("north")["binds"]] == [False, True]
    page.get_by_role("button", name="Resume north/2").click()
    expect(page.get_by_role("button", name="Pause north/2")).to_be_visible()

    what_a_test_teaches_is_taken_over(page, tidings)
    page.get_by_role("button", name="Change").click()
    edit = page.get_by_role("dialog", name="Change")
    edit.get_by_label("Window of each").fill("7")
    edit.get_by_role("button", name="Save").click()
    expect(edit).to_be_hidden()
    settings = client.get_carrier("north")["settings"]
    assert (settings["window"], settings["binds"], settings["profile"]) == (7, 2, {"receipt_id": "hex_to_dec"})
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Delete north?").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1, name="Carriers")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="north")).to_have_count(0)
    until(lambda: [one["name"] for one in client.list_carriers()["data"]] == ["simulator"], "it is gone")


def what_a_test_teaches_is_taken_over(page: Page, tidings: Tidings) -> None:
    """A number whose receipts write the id in decimal, which the response gave in hexadecimal."""
    test = page.get_by_role("form", name="Test send")
    test.get_by_label("To").fill("+15551230012")
    test.get_by_role("button", name="Send the test").click()
    page.get_by_role("button", name="Take it over").click(timeout=60_000)
    expect(page.get_by_text("Its profile fits as it is.")).to_be_visible()
    assert tidings.client.get_carrier("north")["settings"]["profile"] == {"receipt_id": "hex_to_dec"}


def test_receipts_that_match_nothing_are_told_why_matched_again_and_dropped(seat: Seat, tidings: Tidings) -> None:
    page = seat.open("/orphans")
    expect(page.get_by_text("No orphan receipts")).to_be_visible()
    for number in ("+15551230151", "+15551230152", "+15551230153"):
        stray(tidings, number)
    page.reload()
    row = page.get_by_role("row").filter(has_text="+1 555 123 0151")
    expect(row).to_contain_text("Its id is unknown")
    expect(page.get_by_role("button", name="Drop these")).to_be_disabled()
    page.get_by_role("button", name="Match these again").click()
    expect(page.get_by_text("0 matched, 3 did not.")).to_be_visible()
    row.get_by_role("button").click()
    dialog = page.get_by_role("dialog", name="Orphan receipt")
    expect(dialog.get_by_text("stat:DELIVRD")).to_be_visible()
    dialog.get_by_role("button", name="Match again").click()
    expect(dialog.get_by_text("It still matches nothing.")).to_be_visible()
    assert not seat.grave()
    dialog.get_by_role("button", name="Drop").click()
    page.get_by_role("dialog", name="Drop this receipt?").get_by_role("button", name="Drop").click()
    expect(row).to_have_count(0)

    page.get_by_label("Carrier", exact=True).fill("simulator")
    page.get_by_role("button", name="Drop these").click()
    page.get_by_role("dialog", name="Drop all that the filters leave?").get_by_role("button", name="Drop").click()
    expect(page.get_by_text("2 are gone.")).to_be_visible()
    assert tidings.client.list_orphans()["data"] == []


def test_events_come_in_narrowed_paused_and_at_speed(seat: Seat, tidings: Tidings) -> None:
    page = seat.open("/events")
    expect(page.get_by_text("Nothing yet")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    tidings.ended(tidings.send("+15551230100", "Look at me"))
    table = page.get_by_role("table", name="Live events")
    first = table.get_by_role("row").filter(has_text="message.delivered")
    expect(first).to_contain_text("Look at me")
    first.get_by_role("button").click()
    dialog = page.get_by_role("dialog", name="message.delivered")
    expect(dialog.get_by_role("link")).to_have_attribute("href", re.compile(r"/console/messages/msg_"))
    assert not seat.grave()
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Pause").click()
    tidings.ended(tidings.send("+15551230001", "Lost"))
    more = page.get_by_role("button", name="more came")
    expect(more).to_be_visible()
    expect(table.get_by_text("Lost")).to_have_count(0)
    more.click()
    expect(table.get_by_text("Lost").first).to_be_visible()
    page.get_by_label("Number, id, text").fill("lost")
    expect(table.get_by_text("Look at me")).to_have_count(0)
    expect(table.get_by_role("row").filter(has_text="message.undelivered")).to_have_count(1)
    page.get_by_label("Number, id, text").fill("")
    a_hundred_a_second_do_not_freeze_it(page, tidings)


SECONDS, EACH = 6, 40
"""Of a load: so long, and so many messages a second, each of three events or more."""


def a_hundred_a_second_do_not_freeze_it(page: Page, tidings: Tidings) -> None:
    page.evaluate(
        """() => { window.long = [];
        new PerformanceObserver((list) => window.long.push(...list.getEntries().map((one) => one.duration)))
          .observe({ type: "longtask" }); }"""
    )
    began = time.monotonic()
    for second in range(SECONDS):
        tidings.client.post_batch(
            {"messages": [{"to": f"+1555123{100 + n:04}", "text": f"Load {second}"} for n in range(EACH)]}
        )
        time.sleep(max(0.0, began + second + 1 - time.monotonic()))
    took = time.monotonic() - began
    expect(page.get_by_text(f"Load {SECONDS - 1}").first).to_be_visible()
    events = int(page.get_by_text("of the last").inner_text().split()[0].replace(",", ""))
    long = page.evaluate("window.long")
    print(f"{events / took:.0f} events/s for {took:.1f} s: {len(long)} long tasks of {sum(long):.0f} ms, "
        f"the longest {max(long, default=0):.0f} ms")  # fmt: skip
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
