"""The way in: the first owner, signing in with and without a second factor, an invitation, and out again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from console_kit import OWNER, Seat, ensure_owner

pytestmark = pytest.mark.slow

Sit = Callable[..., Seat]
PASSWORD = "another heron on the same weir"


def title(page: Page) -> Any:
    return expect(page.get_by_role("heading", level=1))


def code_of(secret: str, moment: float) -> str:
    """RFC 6238, by hand."""
    key = base64.b32decode(secret.replace(" ", ""))
    digest = hmac.digest(key, struct.pack(">Q", int(moment) // 30), hashlib.sha1)
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def test_first_run_to_a_text_on_the_phone(sit: Sit) -> None:
    """Open the printed address, become the owner, send a first text to a simulated handset."""
    seat = sit(signed_in=False)
    page = seat.page
    code = (seat.tidings.data / "setup.code").read_text().strip()
    page.goto(f"/console/setup#{code}")
    title(page).to_have_text("Welcome to tidings")
    page.get_by_label("Your name").fill(OWNER["name"])
    page.get_by_label("E-mail address").fill(OWNER["email"])
    page.get_by_label("Password", exact=True).fill("short")
    seat.expected.add(422)
    page.get_by_role("button", name="Make me the owner").click()
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("data-invalid", "true")
    page.get_by_label("Password", exact=True).fill(OWNER["password"])
    assert not seat.grave()
    page.get_by_role("button", name="Make me the owner").click()
    title(page).to_have_text("Inbox")
    assert code not in page.url
    page.get_by_role("navigation").get_by_role("link", name="Compose").click()
    page.get_by_label("To", exact=True).fill("+15551230100")
    page.get_by_label("Text", exact=True).fill("My first text")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Delivered").first).to_be_visible()
    shown = seat.tidings.get("/v1/simulator/handsets/+15551230100")["messages"]
    assert [one["text"] for one in shown] == ["My first text"]


def test_signing_in_where_one_wanted_to_go_and_out_again(sit: Sit) -> None:
    seat = sit(signed_in=False)
    ensure_owner(seat.tidings)
    page = seat.page
    page.goto("/console/compose")
    title(page).to_have_text("Sign in")
    page.get_by_label("E-mail address").fill(OWNER["email"])
    page.get_by_label("Password", exact=True).fill("not this one, surely")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("is not right")
    page.get_by_label("Password", exact=True).fill(OWNER["password"])
    page.get_by_role("button", name="Sign in").click()
    title(page).to_have_text("New message")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("menuitem", name="Sign out").click()
    title(page).to_have_text("Sign in")
    page.reload()
    title(page).to_have_text("Sign in")


def test_an_invitation_a_second_factor_that_is_wanted_and_a_role_that_sees_its_own(sit: Sit) -> None:
    seat = sit(signed_in=False)
    page = seat.page
    ben = {"email": "ben@example.com", "name": "Ben Okafor", "role": "developer"}
    invited = seat.tidings.call("POST", "/v1/users", ben).json()
    user = invited["id"]
    assert seat.tidings.call("PATCH", f"/v1/users/{user}", {"second_factor_required": True}).status == 200
    page.goto(invited["link"]["url"])
    title(page).to_have_text("Choose a password")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Take this password").click()
    expect(page.get_by_label("E-mail address")).to_have_value("ben@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    title(page).to_have_text("Second factor")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="QR code of the secret")).to_be_visible()
    secret = page.locator("code").inner_text()
    assert not seat.grave()
    page.get_by_label("Code", exact=True).fill(code_of(secret, time.time()))
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="I have kept them").wait_for()
    recovery = page.get_by_role("listitem").all_inner_texts()
    assert len(recovery) == 10
    page.get_by_role("button", name="I have kept them").click()
    title(page).to_have_text("Inbox")

    other = sit(signed_in=False).page
    other.goto("/")
    other.get_by_label("E-mail address").fill("ben@example.com")
    other.get_by_label("Password", exact=True).fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    other.get_by_label("Code", exact=True).fill(recovery[0])
    other.get_by_role("button", name="Sign in").click()
    title(other).to_have_text("Inbox")


def test_an_agent_sees_no_log(sit: Sit) -> None:
    seat = sit(signed_in=False)
    invited = seat.tidings.call(
        "POST", "/v1/users", {"email": "cyd@example.com", "name": "Cyd", "role": "agent"}
    ).json()
    page = seat.page
    page.goto(invited["link"]["url"])
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Take this password").click()
    expect(page.get_by_label("E-mail address")).to_have_value("cyd@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    title(page).to_have_text("Inbox")
    expect(page.get_by_role("link", name="Messages")).to_have_count(0)
    expect(page.get_by_role("link", name="Compose")).to_have_count(0)


def test_a_link_that_is_over_says_so(sit: Sit) -> None:
    seat = sit(signed_in=False)
    seat.expected.add(409)
    seat.page.goto("/console/join#0000000000000000000000000000000000000000000")
    seat.page.get_by_label("Password", exact=True).fill(PASSWORD)
    seat.page.get_by_role("button", name="Take this password").click()
    expect(seat.page.get_by_role("alert")).to_contain_text("used already")
