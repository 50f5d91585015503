"""Answering people: a text comes in and is answered, noted, assigned, put off and closed (the second journey)."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from processes import Caller

from console_kit import Seat

OURS = "+15550009999"
NEVER_MARKUP = "<img src=x onerror=alert(1)> & <b>bold</b>"


def text(caller: Caller, number: str, words: str) -> None:
    answer = caller("POST", f"/v1/simulator/handsets/{number}/messages", {"to": OURS, "text": words})
    assert answer.status == 202, answer


def rows(page: Page) -> object:
    return page.get_by_role("table", name="Conversations").get_by_role("row")


def test_an_agent_answers(seat: Seat, caller: Caller) -> None:
    anna = "+15551230101"
    caller("POST", "/v1/canned-replies", {"name": "hours", "text": "We are open from 9 to 5."})
    page = seat.open("/inbox")
    expect(page.get_by_role("heading", name="No open conversations")).to_be_visible()

    text(caller, anna, f"Are you open? {NEVER_MARKUP}")
    row = page.get_by_role("button", name=re.compile("555-123-0101|555 123 0101"))
    expect(row).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    said = page.get_by_role("log", name="What was said")
    expect(said.get_by_text(NEVER_MARKUP)).to_be_visible()
    expect(page).not_to_have_title(re.compile(r"^\("))

    page.keyboard.press("r")
    answer = page.get_by_role("textbox", name="Reply")
    page.keyboard.type("Yes! /hou")
    expect(page.get_by_role("option", name=re.compile("hours"))).to_be_visible()
    page.keyboard.press("Enter")
    expect(answer).to_have_value("Yes! We are open from 9 to 5.")
    expect(page.get_by_text(re.compile("1 segment · GSM-7|1 segment"))).to_be_visible()
    page.keyboard.press("Enter")
    ours = said.get_by_role("listitem").filter(has_text="Yes! We are open")
    expect(ours.get_by_role("link", name="Delivered")).to_be_visible()
    expect(answer).to_have_value("")
    assert [one["text"] for one in caller("GET", f"/v1/simulator/handsets/{anna}").json()["messages"]] == [
        "Yes! We are open from 9 to 5."
    ]

    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("Asked about opening hours")
    page.keyboard.press("Enter")
    expect(said.get_by_role("listitem").filter(has_text="Asked about opening hours")).to_be_visible()
    page.keyboard.press("Escape")

    page.keyboard.press("a")
    page.get_by_role("textbox", name="Who looks after it").fill("Kim")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Looked after by Kim")).to_be_visible()
    assert not seat.grave()

    page.keyboard.press("s")
    page.get_by_role("button", name=re.compile("^Tomorrow")).click()
    expect(page.get_by_text("until")).to_be_visible()
    expect(page.get_by_role("heading", name="No open conversations")).to_be_visible()

    text(caller, anna, "Thanks")
    expect(said.get_by_text("Thanks")).to_be_visible()
    expect(row).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Open again")).to_be_visible()
    expect(page.get_by_role("heading", name="No open conversations")).to_be_visible()
    one = caller("GET", "/v1/conversations").json()["data"][0]
    assert (one["status"], one["assignee"], one["unread"]) == ("closed", "Kim", 0)


def test_what_is_typed_is_kept(seat: Seat, caller: Caller) -> None:
    bea, carl = "+15551230102", "+15551230103"
    text(caller, bea, "Hello from Bea")
    text(caller, carl, "Hello from Carl")
    page = seat.open("/inbox")
    page.get_by_role("button", name=re.compile("0102")).click()
    answer = page.get_by_role("textbox", name="Reply")
    answer.fill("Half a thou")
    page.get_by_role("button", name=re.compile("0103")).click()
    expect(page.get_by_role("log", name="What was said").get_by_text("Hello from Carl")).to_be_visible()
    expect(answer).to_have_value("")
    page.get_by_role("button", name=re.compile("0102")).click()
    expect(answer).to_have_value("Half a thou")

    answer.fill("Half a thought more")
    page.route("**/v1/conversations/*/messages", lambda route: route.abort())
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(answer).to_have_value("Half a thought more")
    page.unroute("**/v1/conversations/*/messages")
    page.get_by_role("button", name="Send").click()
    expect(answer).to_have_value("")
    said = page.get_by_role("log", name="What was said")
    expect(said.get_by_role("listitem").filter(has_text="Half a thought more")).to_have_count(1)


def test_on_a_phone_it_is_the_list_or_the_thread(sit: Callable[..., Seat], caller: Caller) -> None:
    text(caller, "+15551230104", "Hello from Dora")
    seat = sit(phone=True)
    page = seat.open("/inbox")
    row = page.get_by_role("button", name=re.compile("0104"))
    row.click()
    expect(page.get_by_role("log", name="What was said")).to_be_visible()
    expect(row).to_be_hidden()
    assert not seat.grave()
    page.go_back()
    expect(row).to_be_visible()


def test_a_person_is_named_from_the_thread(seat: Seat, caller: Caller) -> None:
    text(caller, "+15551230105", "Who am I?")
    page = seat.open("/inbox")
    page.get_by_role("button", name=re.compile("0105")).click()
    page.get_by_role("button", name="About the person").click()
    person = page.get_by_role("form", name="Contact")
    person.get_by_role("textbox", name="Name", exact=True).fill("Emil")
    person.get_by_role("button", name="Add a field").click()
    person.get_by_role("textbox", name="Name of the field").fill("city")
    person.get_by_role("textbox", name="city").fill("Lyon")
    person.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Emil")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Emil"))).to_be_visible()
    assert not seat.grave()
    contact = caller("GET", "/v1/contacts?number=%2B15551230105").json()["data"][0]
    assert (contact["name"], contact["fields"]) == ("Emil", {"city": "Lyon"})


def test_who_answers_needs_no_more_than_the_role_for_it(sit: Callable[..., Seat], caller: Caller) -> None:
    text(caller, "+15551230106", "Hello from Fay")
    ben = {"email": "ben@example.com", "name": "Ben Okafor", "role": "agent"}
    link = caller("POST", "/v1/users", ben).json()["link"]["token"]
    seat = sit(signed_in=False)
    secret = {"password": "nine otters under the bridge"}
    request = seat.context.request
    assert request.post("/v1/password/link", data={"token": link} | secret).ok
    assert request.post("/v1/session", data={"email": ben["email"]} | secret).ok
    page = seat.open("/inbox")
    page.get_by_role("button", name=re.compile("0106")).click()
    page.get_by_role("textbox", name="Reply").fill("Hello Fay")
    expect(page.get_by_text(re.compile("^1 segment"))).to_be_visible()
    page.get_by_role("button", name="Send").click()
    ours = page.get_by_role("log", name="What was said").get_by_role("listitem").filter(has_text="Hello Fay")
    expect(ours.get_by_text("Delivered")).to_be_attached()
    page.get_by_role("button", name="Assign").click()
    page.get_by_role("button", name="To me (Ben Okafor)").click()
    expect(page.get_by_role("button", name="Looked after by Ben Okafor")).to_be_visible()
