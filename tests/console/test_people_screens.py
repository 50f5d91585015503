"""An owner manages people, each sees only theirs, and everybody looks after their own way in."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from test_way_in import code_of

from console_kit import OWNER, Seat

pytestmark = pytest.mark.slow

Sit = Callable[..., Seat]
PASSWORD = "another heron on the same weir"


def enter(page: Page, email: str, password: str, code: str = "") -> None:
    """Sign in, and be in."""
    page.goto("/console/account")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    if code:
        page.get_by_label("Code", exact=True).fill(code)
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My account")


def joined(seat: Seat, email: str, role: str) -> str:
    """Somebody with that role and `PASSWORD`; their id."""
    invited = seat.tidings.call("POST", "/v1/users", {"email": email, "name": email.partition("@")[0], "role": role})
    link = invited.json()["link"]["token"]
    assert seat.tidings.call("POST", "/v1/password/link", {"token": link, "password": PASSWORD}).status == 200
    return str(invited.json()["id"])


def test_an_owner_manages_people(sit: Sit) -> None:
    """Invite an agent, who joins and sees only theirs; give them another role; see it all in the log; let them go."""
    owner = sit()
    page = owner.open("/people", "People")
    page.get_by_role("button", name="Invite somebody").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("E-mail address").fill("no address")
    dialog.get_by_label("Name", exact=True).fill("Ben Okafor")
    expect(dialog.get_by_text("Answers: inbox, contacts and canned replies.")).to_be_visible()
    owner.expected.add(422)
    dialog.get_by_role("button", name="Invite somebody").click()
    expect(dialog.get_by_text("is no e-mail address")).to_be_visible()
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("Ben Okafor")
    dialog.get_by_label("E-mail address").fill("ben@example.com")
    dialog.get_by_role("button", name="Invite somebody").click()
    expect(dialog.get_by_role("button", name="Copy the link")).to_be_visible()
    link = dialog.locator("pre").inner_text()
    assert not owner.grave()
    dialog.get_by_role("button", name="I have handed it over").click()
    row = page.get_by_role("row").filter(has_text="ben@example.com")
    expect(row).to_contain_text("Invited")

    agent = sit(signed_in=False)
    agent.page.goto(link)
    agent.page.get_by_label("Password", exact=True).fill(PASSWORD)
    agent.page.get_by_role("button", name="Take this password").click()
    expect(agent.page.get_by_label("E-mail address")).to_have_value("ben@example.com")
    agent.page.get_by_label("Password", exact=True).fill(PASSWORD)
    agent.page.get_by_role("button", name="Sign in").click()
    agent.page.get_by_role("link", name="My account").click()
    agent.page.get_by_label("Name", exact=True).fill("Ben Lind")
    agent.page.get_by_role("button", name="Change name").click()
    expect(agent.page.get_by_text("You are called Ben Lind now.")).to_be_visible()
    for hidden in ("People", "Audit log", "API keys", "Messages"):
        expect(agent.page.get_by_role("link", name=hidden, exact=True)).to_have_count(0)
    agent.open("/people")
    expect(agent.page.get_by_role("heading", name="This is not for your role")).to_be_visible()
    expect(agent.page.get_by_text("You are signed in as: Agent")).to_be_visible()
    assert not agent.grave()

    page.reload()
    expect(row).to_contain_text("Active")
    expect(row).to_contain_text("Ben Lind")
    row.get_by_role("button").click()
    assert not owner.grave()
    dialog.get_by_role("radio", name="Analyst").check()
    expect(dialog.get_by_text("Another role signs them out everywhere.")).to_be_visible()
    dialog.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Analyst")
    agent.page.reload()
    expect(agent.page.get_by_role("heading", level=1)).to_have_text("Sign in")

    dialog.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog", name="Disable Ben Lind?").get_by_role("button", name="Disable").click()
    expect(row).to_contain_text("Disabled")
    dialog.get_by_role("button", name="Enable").click()
    expect(row).to_contain_text("Active")
    dialog.get_by_role("button", name="Make a new link").click()
    page.get_by_role("dialog", name="A link for").get_by_role("button", name="Make a new link").click()
    expect(dialog.locator("pre")).to_contain_text("/console/join#")
    assert dialog.locator("pre").inner_text() != link
    dialog.get_by_role("button", name="I have handed it over").click()

    row.get_by_role("button").click()
    dialog.get_by_role("link", name="What was done to them").click()
    page.get_by_role("heading", level=1, name="Audit log").wait_for()
    changed = page.get_by_role("row").filter(has_text="Person changed").filter(has_text=OWNER["email"])
    expect(changed).to_have_count(3)
    changed.last.get_by_role("button").click()
    expect(dialog).to_contain_text("Their role was Agent and is Analyst now.")
    page.go_back()
    page.get_by_role("heading", level=1, name="People").wait_for()
    row.get_by_role("button").click()
    dialog.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Delete Ben Lind?").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_what_only_owners_may_is_said_before_it_is_tried(sit: Sit) -> None:
    joined(sit(), "dana@example.com", "admin")
    admin = sit(signed_in=False)
    enter(admin.page, "dana@example.com", PASSWORD)
    admin.page.get_by_role("link", name="People", exact=True).click()
    admin.page.get_by_role("button", name="Invite somebody").click()
    expect(admin.page.get_by_role("radio", name="Owner")).to_be_disabled()
    admin.page.keyboard.press("Escape")
    admin.page.get_by_role("row").filter(has_text=OWNER["email"]).get_by_role("button").click()
    expect(admin.page.get_by_text("Only an owner of the account changes owners.")).to_be_visible()
    expect(admin.page.get_by_role("dialog").get_by_role("button", name="Delete")).to_have_count(0)


def test_everybody_looks_after_their_own_way_in(sit: Sit) -> None:
    """Password, second factor with its codes, sessions; an owner resets the factor of who lost it."""
    owner = sit()
    joined(owner, "eve@example.com", "analyst")
    elsewhere, seat = sit(signed_in=False), sit(signed_in=False)
    enter(elsewhere.page, "eve@example.com", PASSWORD)
    enter(seat.page, "eve@example.com", PASSWORD)
    page = seat.page
    expect(page.get_by_text("Reads messages, conversations and reports.")).to_be_visible()
    sessions = page.get_by_role("list", name="Where you are signed in").get_by_role("listitem")
    expect(sessions).to_have_count(2)
    page.get_by_role("button", name="End all others").click()
    expect(sessions).to_have_count(1)
    expect(sessions).to_contain_text("This browser")
    elsewhere.page.reload()
    expect(elsewhere.page.get_by_role("heading", level=1)).to_have_text("Sign in")

    page.get_by_role("button", name="Add a second factor").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="QR code of the secret")).to_be_visible()
    secret = page.locator("code").inner_text()
    assert not seat.grave()
    page.get_by_label("Code", exact=True).fill(code_of(secret, time.time()))
    page.get_by_role("button", name="Confirm", exact=True).click()
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_text("On", exact=True)).to_be_visible()
    page.get_by_role("button", name="New recovery codes").click()
    page.get_by_label("Current password").first.fill(PASSWORD)
    page.get_by_role("button", name="New recovery codes").click()
    page.get_by_role("button", name="I have kept them").wait_for()
    recovery = page.get_by_role("listitem").filter(has_text="-").all_inner_texts()
    page.get_by_role("button", name="I have kept them").click()

    form = page.get_by_role("form", name="Change password")
    form.get_by_label("Current password").fill("not this one, surely")
    form.get_by_label("New password").fill("a third heron, further down")
    seat.expected.add(401)
    form.get_by_role("button", name="Change password").click()
    expect(form.get_by_role("alert")).to_be_visible()
    form.get_by_label("Current password").fill(PASSWORD)
    form.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    enter(elsewhere.page, "eve@example.com", "a third heron, further down", recovery[0])

    people = owner.open("/people", "People")
    people.get_by_role("row").filter(has_text="eve@example.com").get_by_role("button").click()
    people.get_by_role("button", name="Reset second factor").click()
    people.get_by_role("dialog", name="Reset the second").get_by_role("button", name="Reset second factor").click()
    expect(people.get_by_role("row").filter(has_text="eve@example.com")).to_contain_text("None")
    enter(sit(signed_in=False).page, "eve@example.com", "a third heron, further down")


def test_a_long_log_is_read_page_by_page_and_narrowed(sit: Sit) -> None:
    seat = sit()
    for n in range(60):
        key = seat.tidings.client.create_key({"name": f"key {n}", "scope": "read"})
        seat.tidings.client.revoke_key(key["id"])
    page = seat.open("/audit", "Audit log")
    table = page.get_by_role("table", name="Audit log")
    expect(table.get_by_role("row").nth(1)).to_contain_text("key 59")
    table.get_by_role("button").first.focus()
    page.keyboard.press("End")
    expect(table.get_by_text("key 10", exact=True).first).to_be_visible()
    page.get_by_role("combobox", name="What", exact=True).click()
    page.get_by_role("option", name="Key made").click()
    expect(table).to_have_attribute("aria-rowcount", "62")
    assert page.url.endswith("?action=key.created")
    expect(table.get_by_role("row").nth(1)).not_to_contain_text("revoked")
