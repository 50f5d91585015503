"""An operator sees trouble: a carrier that really fails, its page, a test through it, a pause (the sixth journey)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from processes import QUICK, Simulator, Tidings, until

from console_kit import Seat

pytestmark = pytest.mark.slow
TO = "+15551230100"


@pytest.fixture(scope="module")
def tidings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tidings]:
    """One that tries its carriers again soon."""
    folder = tmp_path_factory.mktemp("operators")
    quick = "".join(f"{name} = {value}\n" for name, value in QUICK.items())
    one = Tidings(folder / "data", folder / "tidings.log", f"[limits]\nfree_disk_mb = 0\n[delivery]\n{quick}")
    one.start()
    yield one
    one.kill()


@pytest.fixture
def network(tidings: Tidings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A carrier of its own process, bound to."""
    one = Simulator(tmp_path_factory.mktemp("network"))
    one.start()
    tidings.client.create_carrier(
        {"name": "north", "host": "127.0.0.1", "port": one.smpp_port, "system_id": "shop", "sender_rules": "off"}
    )
    until(lambda: tidings.client.get_carrier("north")["state"] == "up", "the carrier is up")
    yield one
    assert one.program is not None
    one.program.end()


def test_an_operator_sees_trouble(seat: Seat, tidings: Tidings, network: Simulator) -> None:
    page = seat.open("/overview")
    north = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="north"))
    expect(north).to_contain_text("Up")
    its_traffic_is_counted(page, tidings)

    network.kill()
    expect(north).to_contain_text("Down")
    trouble = page.get_by_role("listitem").filter(has_text="Error").filter(has_text="north")
    expect(trouble.first).to_be_visible()
    assert not seat.grave()
    north.get_by_role("link", name="north").click()
    its_page_says_which_since_when_and_why(page)
    a_test_waits_and_arrives_once_it_is_back(page, network)
    it_is_paused_and_resumed(page, tidings)
    assert not seat.grave()


def its_traffic_is_counted(page: Page, tidings: Tidings) -> None:
    chart = page.get_by_role("img", name="Messages of the last")
    what = "1 accepted, 1 delivered, 0 not delivered, 0 received"
    tidings.ended(tidings.send(TO, "Counted"))
    expect(chart).to_have_attribute("aria-label", f"Messages of the last hour: {what}", timeout=20_000)
    expect(page.get_by_text("Messages per minute, over the last hour")).to_be_visible()
    expect(page.get_by_text("This minute so far")).to_be_visible()
    page.get_by_text("30 days", exact=True).click()
    expect(page.get_by_text(f"Today (UTC) so far: {what}.")).to_be_visible(timeout=20_000)
    expect(chart).to_have_attribute("aria-label", f"Messages of the last 30 days: {what}")


def its_page_says_which_since_when_and_why(page: Page) -> None:
    expect(page.get_by_role("heading", name="What to do")).to_be_visible()
    expect(page.get_by_role("heading", name="Bind north/1")).to_be_visible()
    expect(page.get_by_text("connection refused").first).to_be_visible()
    expect(page.get_by_text("It is tried again by itself.")).to_have_count(1)
    expect(page.get_by_text("Since", exact=True)).to_be_visible()


def a_test_waits_and_arrives_once_it_is_back(page: Page, network: Simulator) -> None:
    form = page.get_by_role("form", name="Test send")
    form.get_by_label("To").fill(TO)
    form.get_by_role("button", name="Send the test").click()
    outcome = page.get_by_role("status").filter(has_text="Came of it")
    expect(outcome).to_contain_text("Queued")
    network.start()
    expect(outcome).to_contain_text("Delivered", timeout=40_000)
    expect(page.get_by_role("heading", name="What to do")).to_be_hidden()


def it_is_paused_and_resumed(page: Page, tidings: Tidings) -> None:
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("dialog", name="Pause north?").get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused since")).to_be_visible()
    assert tidings.client.get_carrier("north")["state"] == "paused"
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Paused since")).to_be_hidden()
    page.get_by_role("link", name="Carriers").click()
    expect(page.get_by_role("row").filter(has_text="north")).to_contain_text("1 of 1 up")
