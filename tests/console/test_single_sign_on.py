"""Sign-in through an issuer on another site: there and back in a real browser, refused, and after a session ended."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from processes import Tidings

from console_kit import Seat, ensure_owner
from oidc_kit import SECRET, Issuer

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("what a browser does between two sites")]

Sit = Callable[..., Seat]


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    server = Issuer()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def tidings(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Tidings]:
    folder = tmp_path_factory.mktemp("console")
    told = f'[oidc]\nissuer = "{issuer.url}"\nname = "Acme ID"\nclient_id = "tidings"\nclient_secret = "{SECRET}"\n'
    one = Tidings(folder / "data", folder / "tidings.log", f"[limits]\nfree_disk_mb = 0\n{told}allow_private = true\n")
    one.start()
    ensure_owner(one)
    kim = {"email": "kim@example.com", "name": "Kim Lee", "role": "developer"}
    assert one.call("POST", "/v1/users", kim).status == 201
    yield one
    one.kill()


def title(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def enter(page: Page) -> None:
    page.get_by_role("button", name="Sign in with Acme ID").click()


def test_there_and_back_to_where_one_wanted_to_go(sit: Sit, issuer: Issuer) -> None:
    seat = sit(signed_in=False)
    page = seat.page
    page.goto("/console/messages?status=failed")
    title(page, "Sign in")
    expect(page.get_by_role("button", name="Sign in with Acme ID")).to_be_visible()
    assert not seat.grave()
    enter(page)
    title(page, "Messages")
    assert page.url.endswith("/console/messages?status=failed")
    assert issuer.visited, "the browser was at the issuer"
    assert page.evaluate("sessionStorage.getItem('tidings.wanted')") is None
    page.get_by_role("link", name="My account").click()
    expect(page.get_by_text("by single sign-on")).to_be_visible()
    expect(page.get_by_text("kim@example.com")).to_be_visible()
    page.reload()
    title(page, "My account")


def test_who_is_not_let_in_reads_why(sit: Sit, issuer: Issuer) -> None:
    seat = sit(signed_in=False)
    page = seat.page
    page.goto("/")
    issuer.denies = "access_denied"
    enter(page)
    expect(page.get_by_role("alert")).to_contain_text("You were not signed in")
    assert "error" not in page.url
    issuer.denies = ""
    page.get_by_role("link", name="Back to signing in").click()
    issuer.claims = {"sub": "f:99", "email": "stranger@example.com"}
    seat.expected.add(403)
    enter(page)
    expect(page.get_by_role("alert")).to_contain_text("You are not known here")
    assert not seat.grave()
    issuer.claims = {}
    page.get_by_role("link", name="Back to signing in").click()
    enter(page)
    title(page, "Inbox")


def test_nobody_is_signed_in_by_somebody_elses_link(sit: Sit) -> None:
    """A code and a state that another browser set out with."""
    seat = sit(signed_in=False)
    seat.page.goto("/console/oidc?code=c0de&state=theirs")
    expect(seat.page.get_by_role("alert")).to_contain_text("begun in another browser")
    assert "c0de" not in seat.page.url


def test_what_is_typed_outlives_a_session(sit: Sit, issuer: Issuer) -> None:
    """The session ends; one signs in again in another tab; what was typed in the first still stands there."""
    seat = sit(signed_in=False)
    page = seat.page
    page.goto("/console/compose")
    enter(page)
    title(page, "New message")
    page.get_by_label("Text", exact=True).fill("Half a sentence")
    seat.context.clear_cookies(name=re.compile("^tidings_session"))
    page.get_by_label("To", exact=True).fill("+15551230100")
    expect(page.get_by_role("dialog")).to_contain_text("Please sign in again")
    with seat.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in with Acme ID in another tab").click()
    enter(opened.value)
    title(opened.value, "Inbox")
    opened.value.close()
    page.evaluate("dispatchEvent(new Event('focus'))")  # a browser without a window gives none by itself
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label("Text", exact=True)).to_have_value("Half a sentence")
    page.reload()
    expect(page.get_by_label("Text", exact=True)).to_have_value("Half a sentence")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("menuitem", name="Sign out").click()
    title(page, "Sign in")
    assert page.evaluate("sessionStorage.getItem('tidings.drafts')") is None
    enter(page)
    title(page, "Inbox")
