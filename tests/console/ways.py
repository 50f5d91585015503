"""The way in, page by page: how somebody who is not signed in comes to each."""

from __future__ import annotations

import time
from collections.abc import Callable

from processes import Caller, Tidings
from test_way_in import code_of

from console_kit import OWNER, Seat

PASSWORD = "another heron on the same weir"
OIDC = '[oidc]\nissuer = "https://id.example.com"\nname = "Acme ID"\nclient_id = "tidings"\nclient_secret = "kept"\n'
"""Settings of one whose sign-in has the button of an issuer, who is never asked."""


def first_owner(seat: Seat) -> None:
    """While there is none."""
    code = (seat.tidings.data / "setup.code").read_text().strip()
    seat.page.goto(f"/console/setup#{code}")
    seat.page.locator("input[autocomplete=name]").fill(OWNER["name"])


def sign_in(seat: Seat) -> None:
    seat.page.goto("/")
    seat.page.locator("input[type=email]").wait_for()


def second_factor(seat: Seat) -> None:
    """Of somebody who has one."""
    _enter(seat, _with_factor(seat.tidings))
    seat.page.locator("input[autocomplete=one-time-code]").wait_for()


def get_factor(seat: Seat) -> None:
    """By somebody who has none and needs one."""
    email = _joined(seat.tidings, "must")
    _enter(seat, email)
    seat.page.locator("input[type=email]").wait_for(state="detached")
    seat.page.locator("input[autocomplete=current-password]").fill(PASSWORD)
    seat.page.locator("button[type=submit]").click()
    seat.page.locator("svg[role=img]").wait_for()


def invited(seat: Seat) -> None:
    """By the link of an invitation."""
    seat.page.goto(_invite(seat.tidings, "invited")["link"]["url"])
    seat.page.locator("input[autocomplete=new-password]").wait_for()


def refused(seat: Seat) -> None:
    """Back from an issuer that let nobody in."""
    seat.page.goto("/console/oidc?error=access_denied&state=none")
    seat.page.get_by_role("alert").wait_for()


WAYS: dict[str, Callable[[Seat], None]] = {
    "sign-in": sign_in, "second-factor": second_factor, "get-factor": get_factor, "invited": invited,
    "not-let-in": refused,
}  # fmt: skip
"""All but the first owner's, who comes but once."""

_made = 0


def _invite(tidings: Tidings, name: str) -> dict[str, dict[str, str]]:
    global _made
    _made += 1
    asked = {"email": f"{name}{_made}@example.com", "name": name.title(), "role": "agent"}
    answer = tidings.call("POST", "/v1/users", asked)
    assert answer.status == 201, answer
    return dict(answer.json())


def _joined(tidings: Tidings, name: str) -> str:
    """The e-mail address of somebody who has a password and must have a second factor."""
    user = _invite(tidings, name)
    token = user["link"]["token"]
    assert tidings.call("POST", "/v1/password/link", {"token": token, "password": PASSWORD}).status == 200
    assert tidings.call("PATCH", f"/v1/users/{user['id']}", {"second_factor_required": True}).status == 200
    return str(user["email"])


def _with_factor(tidings: Tidings) -> str:
    """The same of one who has it."""
    email = _joined(tidings, "has")
    theirs = Caller(tidings.url)
    opened = theirs("POST", "/v1/session", {"email": email, "password": PASSWORD}, Origin=tidings.url)
    by = {"Cookie": opened.headers["Set-Cookie"].partition(";")[0], "Origin": tidings.url}
    begun = theirs("POST", "/v1/second-factor", {"password": PASSWORD}, **by)
    code = code_of(begun.json()["secret"], time.time())
    assert theirs("POST", "/v1/second-factor/confirm", {"code": code}, **by).status == 200
    return email


def _enter(seat: Seat, email: str) -> None:
    seat.page.goto("/")
    seat.page.locator("input[type=email]").fill(email)
    seat.page.locator("input[autocomplete=current-password]").fill(PASSWORD)
    seat.page.locator("button[type=submit]").click()
