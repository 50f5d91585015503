"""People over the API: the first owner, signing in and out, roles and what they open, links, second factor."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from test_api import Place, opened

import postgres_kit
from kit import Heard, ask
from tidings.api.table import ENDPOINTS
from tidings.app import rescue
from tidings.config import Settings, SignInSettings
from tidings.core import totp
from tidings.core.message import DAY, HOUR, MINUTE, SECOND
from tidings.core.people import LINK_LIFE, ROLES, SESSIONS_MOST
from tidings.drivers.clock import SystemClock
from tidings.pipeline import audit, founding, signed_in, signin

CODE = "K7QF-M2XA-9TRV"
ADA = {"email": "ada@example.com", "name": "Ada Obi", "password": "seven herons over the weir"}
OTHER = "eight otters under the quay"
HERE = [("origin", "http://127.0.0.1:8775"), ("host", "127.0.0.1:8775")]


class Ahead(SystemClock):
    """The clock of the machine, and what is added to it."""

    __slots__ = ("more",)

    def __init__(self) -> None:
        self.more = 0

    def now(self) -> int:
        return super().now() + self.more


class Browser:
    """One browser: it keeps the cookie it is given."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.cookie = ""
        self.headers = list(HERE)
        self.client = "192.0.2.7"

    async def ask(self, method: str, path: str, body: Any = None, headers: Any = None, key: str | None = None) -> Heard:
        sent = [*(self.headers if headers is None else headers), ("user-agent", "Firefox")]
        sent += [("cookie", self.cookie)] if self.cookie else []
        heard = await ask(self.town.place.app, method, path, body, key=key, headers=sent, client=self.client)
        if "set-cookie" in heard.headers:
            self.cookie = heard.headers["set-cookie"].partition(";")[0]
        return heard

    async def sign_in(self, email: str = ADA["email"], password: str = ADA["password"], **more: Any) -> Heard:
        return await self.ask("POST", "/v1/session", {"email": email, "password": password, **more})


class Town:
    def __init__(self, place: Place, clock: Ahead) -> None:
        self.place = place
        self.clock = clock

    def browser(self) -> Browser:
        return Browser(self)

    def set(self, **settings: Any) -> None:
        self.place.house.settings = msgspec.structs.replace(self.place.house.settings, **settings)

    async def admin(self, method: str, path: str, body: Any = None) -> Heard:
        return await self.place.ask(method, path, body, scope="admin")

    async def invited(self, role: str, email: str = "ben@example.com", **more: Any) -> Browser:
        """Somebody who was invited and has signed in."""
        made = await self.admin("POST", "/v1/users", {"email": email, "name": "Ben", "role": role, **more})
        assert made.status == 201, made.body
        one = self.browser()
        set_ = await one.ask("POST", "/v1/password/link", {"token": made.json()["link"]["token"], "password": OTHER})
        assert set_.status == 200, set_.body
        assert (await one.sign_in(email, OTHER)).status == 201
        return one

    async def actions(self, query: str = "") -> list[str]:
        return [one["action"] for one in (await self.admin("GET", f"/v1/audit?limit=100{query}")).json()["data"]]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    clock = Ahead()
    async with opened(tmp_path, clock=clock) as place:
        yield Town(place, clock)


@pytest.fixture
async def owner(town: Town) -> Browser:
    """The first owner, signed in."""
    await town.place.house.store.write(founding.add_setups, [founding.setup_digest(CODE)])
    one = town.browser()
    assert (await one.ask("POST", "/v1/setup", {"code": CODE.lower(), **ADA})).status == 201
    return one


def code(heard: Heard) -> tuple[int, str]:
    return heard.status, "" if heard.status < 300 else heard.json()["code"]


# the first owner


async def test_the_first_owner_is_made_once_with_the_code_alone(town: Town) -> None:
    one = town.browser()
    assert (await one.ask("GET", "/v1/setup")).json() == {"owner": False, "oidc": None}
    assert code(await one.ask("POST", "/v1/setup", {"code": CODE, **ADA})) == (401, "sign_in_failed")  # none was made
    await town.place.house.store.write(founding.add_setups, [founding.setup_digest(CODE)])
    assert code(await one.ask("POST", "/v1/setup", {"code": "AAAA-BBBB-CCCC", **ADA})) == (401, "sign_in_failed")
    assert code(await one.ask("POST", "/v1/setup", {"code": CODE, **ADA, "password": "password1234"})) == (
        422, "validation_failed",
    )  # fmt: skip
    made = await asyncio.gather(*(town.browser().ask("POST", "/v1/setup", {"code": CODE, **ADA}) for _ in range(3)))
    assert sorted(one.status for one in made)[0] == 201
    assert sorted(code(one) for one in made)[1:] == [(409, "setup_done")] * 2
    assert (await one.ask("GET", "/v1/setup")).json() == {"owner": True, "oidc": None}
    assert await town.place.house.store.write(founding.add_setups, [b"x" * 32]) == [False]
    assert await town.actions("&action=setup.completed") == ["setup.completed"]


async def test_guessing_the_code_is_slowed_for_who_guesses(town: Town) -> None:
    await town.place.house.store.write(founding.add_setups, [founding.setup_digest(CODE)])
    one = town.browser()
    heard = [code(await one.ask("POST", "/v1/setup", {"code": "AAAA-BBBB-CCCC", **ADA})) for _ in range(22)]
    assert heard == [(401, "sign_in_failed")] * 21 + [(429, "too_many_tries")]
    one.client = "192.0.2.8"
    assert (await one.ask("POST", "/v1/setup", {"code": CODE, **ADA})).status == 201, "nobody else is kept out"


# sessions


async def test_who_signed_in_is_told_who_they_are_and_may_do_what_their_role_may(owner: Browser) -> None:
    told = (await owner.ask("GET", "/v1/session")).json()
    assert told["user"]["email"] == ADA["email"]
    assert told["user"]["role"] == "owner"
    assert told["scopes"] == ["admin", "read", "self", "send"]
    assert (told["all_accounts"], told["needs"], told["account"]) == (True, None, "default")
    assert told["session"]["address"] == "192.0.2.7"
    assert told["session"]["agent"] == "Firefox"
    posted = await owner.ask("POST", "/v1/messages", {"to": "+15551230100", "text": "Hello"})
    assert posted.status == 202
    story = await owner.ask("GET", f"/v1/messages/{posted.json()['id']}/explain")
    assert story.json()["origin"] == {"door": "rest", "key": None, "esme": None, "user": told["user"]["id"]}


async def test_a_session_ends_by_signing_out_by_time_and_by_others(town: Town, owner: Browser) -> None:
    second, third = town.browser(), town.browser()
    assert [(await one.sign_in()).status for one in (second, third)] == [201, 201]
    kept = second.cookie
    assert (await second.ask("DELETE", "/v1/session")).status == 200
    assert second.cookie.endswith("=")
    second.cookie = kept
    assert code(await second.ask("GET", "/v1/session")) == (401, "unauthorized")
    listed = (await owner.ask("GET", "/v1/sessions")).json()["data"]
    assert [one["current"] for one in listed] == [False, True]
    assert (await owner.ask("DELETE", f"/v1/sessions/{listed[0]['id']}")).status == 200
    assert code(await owner.ask("DELETE", f"/v1/sessions/{listed[0]['id']}")) == (404, "not_found")
    assert code(await third.ask("GET", "/v1/session")) == (401, "unauthorized")
    await third.sign_in()
    assert (await owner.ask("DELETE", "/v1/sessions")).json() == {"ended": 1}
    assert code(await third.ask("GET", "/v1/session")) == (401, "unauthorized")
    town.clock.more += 11 * HOUR
    assert (await owner.ask("GET", "/v1/session")).status == 200
    await signed_in.write_seen(town.place.house)
    town.clock.more += 11 * HOUR  # used meanwhile
    assert (await owner.ask("GET", "/v1/session")).status == 200
    town.clock.more += 13 * HOUR
    assert code(await owner.ask("GET", "/v1/session")) == (401, "unauthorized")


async def test_signing_in_again_ends_what_the_browser_had_and_lists_tell_what_lives(town: Town, owner: Browser) -> None:
    before = owner.cookie
    assert (await owner.sign_in()).status == 201
    assert len((await owner.ask("GET", "/v1/sessions")).json()["data"]) == 1
    owner.cookie, now = before, owner.cookie
    assert code(await owner.ask("GET", "/v1/session")) == (401, "unauthorized")
    owner.cookie = now
    town.clock.more += 13 * HOUR
    await town.place.house.store.write(signed_in.tidy, [None])
    other = town.browser()
    assert (await other.sign_in()).status == 201
    assert [one["current"] for one in (await other.ask("GET", "/v1/sessions")).json()["data"]] == [True]
    assert (await other.ask("DELETE", "/v1/sessions")).json() == {"ended": 0}


async def test_a_session_ends_at_the_longest_however_much_it_is_used(town: Town, owner: Browser) -> None:
    for _ in range(28):
        town.clock.more += 6 * HOUR - MINUTE
        assert (await owner.ask("GET", "/v1/session")).status == 200
        await signed_in.write_seen(town.place.house)
    town.clock.more += HOUR
    assert code(await owner.ask("GET", "/v1/session")) == (401, "unauthorized")
    await town.place.house.store.write(signed_in.tidy, [None])
    assert await town.place.house.store.read(lambda tx: tx.people.sessions_of(1)) == []


async def test_too_many_sessions_end_the_oldest(town: Town, owner: Browser) -> None:
    user = (await owner.ask("GET", "/v1/session")).json()["user"]["id"]
    found = await town.place.house.store.read(lambda tx: tx.people.by_email(ADA["email"]))
    assert found is not None
    for _ in range(SESSIONS_MOST):
        _, session = signed_in.new_session(town.place.house, found, signed_in.Visitor("::1", ""), "oidc")
        line = audit.entry(town.place.house, "session.opened", audit.Actor("user"))
        opening = signin.Opening(session, line, line, vouched=True)
        assert not isinstance((await town.place.house.store.write(signin.open_sessions, [opening]))[0], signin.Refused)
    assert code(await owner.ask("GET", "/v1/session")) == (401, "unauthorized"), user


COOKIES = [
    ("plain HTTP", {}, [], "tidings_session_8775", False),
    ("public_url says HTTPS", {"public_url": "https://sms.example.com"}, [], "__Host-tidings_session", True),
    ("a trusted proxy says so", {"trusted_proxies": "192.0.2.7"}, [("x-forwarded-proto", "https")],
     "__Host-tidings_session_8775", True),
    ("somebody else says so", {}, [("x-forwarded-proto", "https")], "tidings_session_8775", False),
]  # fmt: skip


@pytest.mark.parametrize(("why", "settings", "headers", "name", "secure"), COOKIES, ids=[one[0] for one in COOKIES])
async def test_the_cookie(
    town: Town, owner: Browser, why: str, settings: Any, headers: Any, name: str, secure: bool
) -> None:
    town.set(**settings)
    one = town.browser()
    one.headers += headers
    told = (await one.sign_in()).headers["set-cookie"]
    assert told.startswith(f"{name}=")
    assert re.fullmatch(
        r"[\w-]+=[\w-]{43}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict" + ("; Secure" if secure else ""), told
    )
    assert (await one.ask("GET", "/v1/session")).status == 200
    if secure:  # a plain page may have set it
        one.cookie = one.cookie.replace(name, name.removeprefix("__Host-"))
        assert code(await one.ask("GET", "/v1/session")) == (401, "unauthorized")


SITES = [
    ("a page of ours", [("sec-fetch-site", "same-origin"), HERE[1]], True, True),
    ("a page of another site", [("sec-fetch-site", "cross-site"), HERE[1]], False, False),
    ("of another host of the same site", [("sec-fetch-site", "same-site"), HERE[1]], False, False),
    ("what is said of the site goes before the origin", [("sec-fetch-site", "cross-site"), *HERE], False, False),
    ("our origin over plain HTTP", HERE, True, True),
    ("another origin", [("origin", "http://evil.example"), HERE[1]], False, False),
    ("another port", [("origin", "http://127.0.0.1:9"), HERE[1]], False, False),
    ("an origin that begins like ours", [("origin", "http://127.0.0.1:8775.evil.example"), HERE[1]], False, False),
    ("a file, or a frame without an origin", [("origin", "null"), HERE[1]], False, False),
    ("neither is said, as browsers do of reads over plain HTTP", [HERE[1]], False, True),
]


@pytest.mark.parametrize(("why", "headers", "good", "read"), SITES, ids=[one[0] for one in SITES])
async def test_calls_with_a_cookie_come_from_our_pages(
    owner: Browser, why: str, headers: Any, good: bool, read: bool
) -> None:
    body = {"to": "+15551230100", "text": "Hello"}
    heard = await owner.ask("POST", "/v1/messages", body, headers=headers)
    assert code(heard) == ((202, "") if good else (403, "cross_site"))
    assert code(await owner.ask("GET", "/v1/messages", headers=headers)) == ((200, "") if read else (403, "cross_site"))


async def test_a_key_goes_before_a_cookie_and_needs_no_page(town: Town, owner: Browser) -> None:
    heard = await owner.ask(
        "POST", "/v1/keys", {"name": "x", "scope": "read"}, headers=[], key=town.place.tokens["read"]
    )
    assert code(heard) == (403, "forbidden")
    assert code(await owner.ask("GET", "/v1/session", key=town.place.tokens["admin"])) == (403, "forbidden")
    assert code(await owner.ask("GET", "/v1/messages", key="tk_nobody")) == (401, "unauthorized")


async def test_nobody_is_signed_in_by_a_page_of_another_site(town: Town, owner: Browser) -> None:
    one = town.browser()
    one.headers = [("sec-fetch-site", "cross-site")]
    assert code(await one.sign_in()) == (403, "cross_site")
    one.headers = []  # no browser
    assert (await one.sign_in()).status == 201


# guessing


async def test_a_user_who_is_guessed_at_waits_longer_and_longer_and_never_long(town: Town, owner: Browser) -> None:
    heard = []
    for at in range(8):
        one = town.browser()
        one.client = f"192.0.2.{at}"
        told = await one.sign_in(password="wrong horse battery")
        heard.append((told.status, int(told.headers.get("retry-after", 0))))
    assert heard == [(401, 0)] * 6 + [(429, 2)] * 2
    one = town.browser()
    assert code(await one.sign_in()) == (429, "too_many_tries")
    assert (await owner.ask("GET", "/v1/session")).status == 200, "whoever is signed in notices nothing"
    for _ in range(10):
        town.clock.more += 5 * MINUTE
        await one.sign_in(password="wrong horse battery")
    told = await one.sign_in()
    assert (told.status, 0 < int(told.headers["retry-after"]) <= 300) == (429, True)
    town.clock.more += 5 * MINUTE
    assert (await one.sign_in()).status == 201
    assert code(await one.sign_in(password="wrong horse battery")) == (401, "sign_in_failed"), "counted anew"


async def test_whoever_fails_on_purpose_keeps_nobody_out_of_a_browser_they_know(town: Town, owner: Browser) -> None:
    town.clock.more += 13 * HOUR  # the session is over, and its cookie still there
    assert code(await owner.ask("GET", "/v1/session")) == (401, "unauthorized")
    for at in range(12):
        town.clock.more += 2 * MINUTE
        elsewhere = town.browser()
        elsewhere.client = f"198.51.100.{at}"
        await elsewhere.sign_in(password="wrong horse battery")
    assert code(await town.browser().sign_in()) == (429, "too_many_tries")
    assert (await owner.sign_in()).status == 201
    assert code(await town.browser().sign_in()) == (429, "too_many_tries"), "elsewhere the wait goes on"
    heard = await asyncio.gather(*(owner.sign_in(password="wrong horse battery") for _ in range(7)))
    assert sorted(one.status for one in heard) == [401] * 6 + [429], "the browser has a count of its own"
    ben = await town.invited("agent")
    ben.client = "198.51.100.9"
    assert code(await ben.sign_in()) == (429, "too_many_tries"), "and is known for its own user alone"


async def test_failures_of_an_office_do_not_count_for_ever_because_others_are_right(town: Town, owner: Browser) -> None:
    for _ in range(5):  # hours
        for at in range(6):
            assert code(await town.browser().sign_in(f"u{at}@example.com")) == (401, "sign_in_failed")
            town.clock.more += 10 * MINUTE
            assert (await owner.sign_in()).status == 201


async def test_an_address_that_guesses_at_many_waits_too(town: Town, owner: Browser) -> None:
    heard = []
    for at in range(22):
        one = town.browser()
        one.client = f"2001:db8:1:2::{at:x}"  # one of theirs after the other
        heard.append(code(await one.sign_in(f"user{at}@example.com", "wrong horse battery")))
    assert heard == [(401, "sign_in_failed")] * 21 + [(429, "too_many_tries")]
    assert (await town.browser().sign_in()).status == 201


async def test_many_tries_at_once_do_not_run_past_the_count(town: Town, owner: Browser) -> None:
    tries = await asyncio.gather(*(town.browser().sign_in(password="wrong horse battery") for _ in range(12)))
    assert sorted(one.status for one in tries) == [401] * 6 + [429] * 6


async def test_beyond_so_many_hashes_nobody_more_is_taken(town: Town, owner: Browser) -> None:
    crowd = [town.browser() for _ in range(60)]
    for at, one in enumerate(crowd):
        one.client = f"192.0.2.{at}"
    heard = await asyncio.gather(*(one.sign_in(f"u{at}@example.com") for at, one in enumerate(crowd)))
    assert sorted(code(one) for one in heard) == [(401, "sign_in_failed")] * 50 + [(429, "too_many_tries")] * 10
    assert town.place.house.hashes.turns.taken == 0


async def test_a_password_stored_in_another_way_is_stored_anew(
    town: Town, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sealed() -> str:
        found = await town.place.house.store.read(lambda tx: tx.people.by_email(ADA["email"]))
        assert found is not None
        assert found.password is not None
        return found.password

    before = await sealed()
    assert before.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    await town.browser().sign_in()
    assert await sealed() == before
    monkeypatch.setattr("tidings.pipeline.hashes.TIME", 3)
    assert (await town.browser().sign_in()).status == 201
    assert (await sealed()).startswith("$argon2id$v=19$m=19456,t=3,p=1$")


# roles

CALLS = {
    "messages": ("GET", "/v1/messages", None),
    "send": ("POST", "/v1/messages", {"to": "+15551230100", "text": "Hello"}),
    "inbox": ("GET", "/v1/conversations", None),
    "contact": ("POST", "/v1/contacts", {"numbers": ["+15551230177"]}),
    "analyze": ("POST", "/v1/text/analyze", {"text": "Hello"}),
    "preview": ("POST", "/v1/messages/preview", {"to": "+15551230100", "text": "Hello"}),
    "reports": ("GET", "/v1/reports/responses?by=sender", None),
    "webhooks": ("GET", "/v1/webhooks", None),
    "hook": ("POST", "/v1/webhooks", {"url": "https://example.com/"}),
    "keys": ("GET", "/v1/keys", None),
    "weak key": ("POST", "/v1/keys", {"name": "weak", "scope": "send+read"}),
    "strong key": ("POST", "/v1/keys", {"name": "strong", "scope": "admin"}),
    "accounts": ("GET", "/v1/accounts", None),
    "users": ("GET", "/v1/users", None),
    "audit": ("GET", "/v1/audit", None),
    "doctor": ("GET", "/v1/doctor", None),
}
OPENS = {
    "owner": set(CALLS),
    "admin": set(CALLS),
    "agent": {"inbox", "contact", "analyze", "preview"},
    "analyst": {"messages", "inbox", "analyze", "reports", "webhooks"},
    "developer": {
        "messages",
        "send",
        "inbox",
        "contact",
        "analyze",
        "preview",
        "reports",
        "webhooks",
        "hook",
        "keys",
        "weak key",
    },
}


@pytest.mark.parametrize("role", [one for one in ROLES if one != "owner"])
async def test_what_a_role_opens_and_what_not(town: Town, owner: Browser, role: str) -> None:
    one = await town.invited(role)
    heard = {name: (await one.ask(*call)).status for name, call in CALLS.items()}
    assert {name for name, status in heard.items() if status < 300} == OPENS[role], heard
    assert {status for name, status in heard.items() if name not in OPENS[role]} <= {403}


@pytest.mark.one_engine("no store is asked")
def test_every_call_for_people_alone_is_open_to_everybody_who_signed_in() -> None:
    assert {one.path for one in ENDPOINTS if one.scope == "self"} >= {"/v1/session", "/v1/password"}
    assert not any(one.also or one.own or one.operator for one in ENDPOINTS if one.scope == "self")


async def test_a_developer_comes_to_no_key_that_may_more(town: Town, owner: Browser) -> None:
    dev = await town.invited("developer")
    admin = next(
        one["id"] for one in (await owner.ask("GET", "/v1/keys")).json()["data"] if one["scope"] == "admin"
    )  # fmt: skip
    for call in (("POST", f"/v1/keys/{admin}/rotate", {}), ("DELETE", f"/v1/keys/{admin}"),
                 ("PATCH", f"/v1/keys/{admin}", {"name": "mine"})):  # fmt: skip
        assert code(await dev.ask(*call)) == (403, "forbidden"), call
    tenant = (await owner.ask("POST", "/v1/accounts", {"name": "tenant"})).json()["id"]
    weak = (await owner.ask("POST", f"/v1/accounts/{tenant}/keys", {"name": "k", "scope": "read"})).json()["id"]
    assert code(await dev.ask("GET", f"/v1/keys/{weak}")) == (404, "not_found")
    assert code(await dev.ask("DELETE", f"/v1/keys/{weak}")) == (404, "not_found")
    assert (await owner.ask("GET", f"/v1/keys/{weak}")).status == 200


async def test_owners_are_made_and_unmade_by_owners_alone(town: Town, owner: Browser) -> None:
    me = (await owner.ask("GET", "/v1/session")).json()["user"]["id"]
    admin = await town.invited("admin")
    wanted = {"email": "eve@example.com", "name": "Eve", "role": "owner"}
    for who in (admin.ask, lambda *call: town.admin(*call)):
        assert code(await who("POST", "/v1/users", wanted)) == (403, "forbidden")
        assert code(await who("PATCH", f"/v1/users/{me}", {"role": "agent"})) == (403, "forbidden")
        assert code(await who("DELETE", f"/v1/users/{me}")) == (403, "forbidden")
        assert code(await who("POST", f"/v1/users/{me}/link")) == (403, "forbidden")
        assert code(await who("DELETE", f"/v1/users/{me}/second-factor")) == (403, "forbidden")
    ben = (await admin.ask("GET", "/v1/session")).json()["user"]["id"]
    assert code(await admin.ask("PATCH", f"/v1/users/{ben}", {"role": "owner"})) == (403, "forbidden")
    for change in ({"role": "admin"}, {"disabled": True}):
        assert code(await owner.ask("PATCH", f"/v1/users/{me}", change)) == (409, "last_owner")
    assert code(await owner.ask("DELETE", f"/v1/users/{me}")) == (409, "last_owner")
    assert (await owner.ask("PATCH", f"/v1/users/{ben}", {"role": "owner"})).status == 200
    assert (await owner.ask("PATCH", f"/v1/users/{me}", {"role": "admin"})).status == 200


BOUNDS: list[dict[str, Any]] = [
    {"senders": ["TIDINGS"]}, {"networks": ["127.0.0.1"]}, {"expires_at": "2099-01-01T00:00:00Z"},
]  # fmt: skip


@pytest.mark.parametrize("bounds", BOUNDS, ids=[next(iter(one)) for one in BOUNDS])
async def test_a_key_that_is_bound_lets_nobody_in_who_is_not(town: Town, owner: Browser, bounds: Any) -> None:
    ben = await town.invited("analyst")
    number = (await ben.ask("GET", "/v1/session")).json()["user"]["id"]
    made = (await owner.ask("POST", "/v1/keys", {"name": "k", "scope": "admin", **bounds})).json()["token"]

    async def by_key(method: str, path: str, body: Any = None) -> tuple[int, str]:
        return code(await ask(town.place.app, method, path, body, key=made))

    wanted = {"email": "eve@example.com", "name": "Eve", "role": "admin"}
    assert await by_key("POST", "/v1/users", wanted) == (403, "forbidden")
    assert await by_key("POST", f"/v1/users/{number}/link") == (403, "forbidden")
    assert await by_key("DELETE", f"/v1/users/{number}/second-factor") == (403, "forbidden")
    for change in ({"role": "admin"}, {"disabled": False}, {"second_factor_required": False}):
        assert await by_key("PATCH", f"/v1/users/{number}", change) == (403, "forbidden")
    for change in ({"name": "Benjamin"}, {"second_factor_required": True}, {"disabled": True}):
        assert await by_key("PATCH", f"/v1/users/{number}", change) == (200, "")
    assert await by_key("DELETE", f"/v1/users/{number}/sessions") == (200, "")
    assert await by_key("DELETE", f"/v1/users/{number}") == (200, "")


async def test_each_sees_only_theirs(town: Town, owner: Browser) -> None:
    tenant = (await town.admin("POST", "/v1/accounts", {"name": "tenant"})).json()["id"]
    theirs = await town.invited("owner", "kim@example.com", account_id=tenant)
    told = (await theirs.ask("GET", "/v1/session")).json()
    assert (told["account"], told["all_accounts"]) == ("tenant", False)
    assert [one["email"] for one in (await theirs.ask("GET", "/v1/users")).json()["data"]] == ["kim@example.com"]
    mine = (await owner.ask("GET", "/v1/users")).json()["data"]
    assert [one["email"] for one in mine] == [ADA["email"]]
    listed = (await owner.ask("GET", f"/v1/users?account={tenant}")).json()["data"]
    assert [one["email"] for one in listed] == ["kim@example.com"]
    assert code(await theirs.ask("GET", f"/v1/users/{mine[0]['id']}")) == (404, "not_found")
    assert code(await theirs.ask("GET", "/v1/users?account=acc_0000000000001")) == (422, "validation_failed")
    wanted = {"email": "x@example.com", "name": "x", "role": "agent", "account_id": "acc_0000000000001"}
    assert code(await theirs.ask("POST", "/v1/users", wanted)) == (422, "validation_failed")
    assert code(await theirs.ask("POST", "/v1/users", {**wanted, "email": ADA["email"], "account_id": None})) == (
        409, "email_taken",
    )  # fmt: skip
    log = (await theirs.ask("GET", "/v1/audit")).json()["data"]
    assert {one["subject"]["name"] for one in log if one["subject"]["kind"] == "user"} == {"kim@example.com"}
    assert (await town.admin("DELETE", f"/v1/accounts/{tenant}")).status == 200
    assert code(await theirs.ask("GET", "/v1/session")) == (401, "unauthorized")
    assert code(await theirs.sign_in("kim@example.com", OTHER)) == (403, "forbidden")


# looking after people


async def test_a_link_is_good_once_and_not_for_ever(town: Town, owner: Browser) -> None:
    wanted = {"email": " Ben@Example.com", "name": "Ben", "role": "agent"}
    made = (await owner.ask("POST", "/v1/users", wanted)).json()
    assert (made["email"], made["status"]) == ("ben@example.com", "invited")
    assert made["link"]["url"] == f"http://127.0.0.1:8775/console/join#{made['link']['token']}"
    one = town.browser()
    assert code(await one.sign_in("ben@example.com", OTHER)) == (401, "sign_in_failed")

    async def choose(token: str, password: str = OTHER) -> tuple[int, str]:
        return code(await one.ask("POST", "/v1/password/link", {"token": token, "password": password}))

    again = (await owner.ask("POST", f"/v1/users/{made['id']}/link")).json()
    assert await choose(made["link"]["token"]) == (409, "link_over"), "replaced"
    assert await choose(again["token"], "ben@example.com") == (422, "validation_failed")
    town.clock.more += LINK_LIFE
    assert await choose(again["token"]) == (409, "link_over"), "too old"
    await owner.sign_in()
    third = (await owner.ask("POST", f"/v1/users/{made['id']}/link")).json()
    assert await choose(third["token"]) == (200, "")
    assert await choose(third["token"]) == (409, "link_over"), "used"
    assert (await one.sign_in("ben@example.com", OTHER)).status == 201
    fourth = (await owner.ask("POST", f"/v1/users/{made['id']}/link")).json()
    assert (await one.ask("GET", "/v1/session")).status == 200, "the password goes on until the link is used"
    assert await choose(fourth["token"], ADA["password"]) == (200, "")
    assert code(await one.ask("GET", "/v1/session")) == (401, "unauthorized")


async def test_what_one_looks_after_follows_a_new_name(town: Town, owner: Browser) -> None:
    ben = await town.invited("agent")
    before = (await ben.ask("GET", "/v1/session")).json()["user"]["name"]
    opened = (await ben.ask("POST", "/v1/conversations", {"to": "+15551230100", "from": "+15550009999"})).json()
    path = f"/v1/conversations/{opened['id']}"
    assert (await ben.ask("PATCH", path, {"assignee": before})).json()["assignee"] == before
    told = await ben.ask("PATCH", "/v1/session", {"name": "Benjamin"})
    assert (told.status, told.json()["user"]["name"]) == (200, "Benjamin")
    assert (await ben.ask("GET", path)).json()["assignee"] == "Benjamin"
    number = told.json()["user"]["id"]
    await owner.ask("PATCH", f"/v1/users/{number}", {"name": "Benno"})
    assert (await ben.ask("GET", path)).json()["assignee"] == "Benno"


async def test_who_is_disabled_demoted_or_deleted_is_out_at_once(town: Town, owner: Browser) -> None:
    ben = await town.invited("admin")
    number = (await ben.ask("GET", "/v1/session")).json()["user"]["id"]
    assert (await owner.ask("PATCH", f"/v1/users/{number}", {"name": "Benjamin"})).json()["name"] == "Benjamin"
    assert (await ben.ask("GET", "/v1/session")).status == 200
    for change, back in (({"role": "agent"}, {}), ({"disabled": True}, {"disabled": False})):
        assert (await owner.ask("PATCH", f"/v1/users/{number}", change)).status == 200
        assert code(await ben.ask("GET", "/v1/session")) == (401, "unauthorized")
        if back:
            assert code(await ben.sign_in("ben@example.com", OTHER)) == (403, "forbidden")
            assert code(await owner.ask("POST", f"/v1/users/{number}/link")) == (403, "forbidden")
            await owner.ask("PATCH", f"/v1/users/{number}", back)
        assert (await ben.sign_in("ben@example.com", OTHER)).status == 201
    assert (await owner.ask("DELETE", f"/v1/users/{number}/sessions")).status == 200
    assert code(await ben.ask("GET", "/v1/session")) == (401, "unauthorized")
    await ben.sign_in("ben@example.com", OTHER)
    assert (await owner.ask("DELETE", f"/v1/users/{number}")).status == 200
    assert code(await ben.ask("GET", "/v1/session")) == (401, "unauthorized")
    assert code(await ben.sign_in("ben@example.com", OTHER)) == (401, "sign_in_failed")
    assert code(await owner.ask("GET", f"/v1/users/{number}")) == (404, "not_found")


async def test_another_password_ends_the_other_sessions(town: Town, owner: Browser) -> None:
    other = town.browser()
    await other.sign_in()

    async def choose(current: str, password: str) -> tuple[int, str]:
        return code(await owner.ask("POST", "/v1/password", {"current": current, "password": password}))

    assert await choose("wrong horse battery", OTHER) == (401, "sign_in_failed")
    assert await choose(ADA["password"], "short") == (422, "validation_failed")
    assert await choose(ADA["password"], OTHER) == (200, "")
    assert (await owner.ask("GET", "/v1/session")).status == 200
    assert code(await other.ask("GET", "/v1/session")) == (401, "unauthorized")
    assert code(await other.sign_in()) == (401, "sign_in_failed")
    assert (await other.sign_in(password=OTHER)).status == 201


# second factor


async def enrolled(owner: Browser, password: str = ADA["password"]) -> tuple[bytes, list[str]]:
    begun = (await owner.ask("POST", "/v1/second-factor", {"password": password})).json()
    secret = base64.b32decode(begun["secret"])
    assert f"secret={begun['secret']}" in begun["uri"]
    now = owner.town.clock.now()
    assert code(await owner.ask("POST", "/v1/second-factor/confirm", {"code": "000000"}))[0] == 401
    held = await owner.ask("POST", "/v1/second-factor/confirm", {"code": totp.code(secret, totp.step_of(now))})
    assert held.status == 200, held.body
    assert held.json()["user"]["second_factor"] is True
    return secret, held.json()["recovery_codes"]


async def test_a_second_factor_is_asked_for_and_no_code_is_taken_twice(town: Town, owner: Browser) -> None:
    assert code(await owner.ask("POST", "/v1/second-factor", {"password": "wrong"})) == (401, "sign_in_failed")
    secret, recovery = await enrolled(owner)
    one = town.browser()
    assert code(await one.sign_in()) == (401, "second_factor_needed")
    assert code(await one.sign_in(password="wrong horse battery")) == (401, "sign_in_failed"), "nobody is told"
    used = totp.code(secret, totp.step_of(town.clock.now()))
    assert code(await one.sign_in(code=used)) == (401, "sign_in_failed"), "that one confirmed it"
    town.clock.more += 60 * SECOND
    fresh = totp.code(secret, totp.step_of(town.clock.now()))
    fresh = f"{fresh[:3]} {fresh[3:]}"  # as apps show it
    both = await asyncio.gather(one.sign_in(code=fresh), town.browser().sign_in(code=fresh))
    assert sorted(each.status for each in both) == [201, 401]
    assert (await town.browser().sign_in(code=recovery[0].lower().replace("-", " "))).status == 201
    assert code(await town.browser().sign_in(code=recovery[0])) == (401, "sign_in_failed")
    assert "user.recovery_code_used" in await town.actions()


async def test_guessing_codes_is_slowed(town: Town, owner: Browser) -> None:
    await enrolled(owner)
    heard = [code(await town.browser().sign_in(code="000000")) for _ in range(7)]
    assert heard == [(401, "sign_in_failed")] * 5 + [(429, "too_many_tries")] * 2, "one failed before"


async def test_codes_have_a_pace_of_their_own_that_others_cannot_use_up(town: Town, owner: Browser) -> None:
    _, recovery = await enrolled(owner)
    waits = []
    for _ in range(20):
        town.clock.more += 5 * MINUTE + SECOND  # as long as the wait of a user may become
        told = await town.browser().sign_in(code="000000")
        waits.append(int(told.headers.get("retry-after", 0)))
    assert waits[:13] == [0] * 13
    assert max(waits) > 300, "a password that is known does not open the way to a code every five minutes"
    assert code(await town.browser().sign_in(code=recovery[0])) == (429, "too_many_tries")
    town.clock.more += HOUR
    assert (await town.browser().sign_in(code=recovery[0])).status == 201
    assert code(await town.browser().sign_in(code="000000")) == (401, "sign_in_failed"), "counted anew"


async def test_recovery_codes_are_renewed_and_the_factor_given_up_or_taken_away(town: Town, owner: Browser) -> None:
    ben = await town.invited("agent")
    assert code(await ben.ask("POST", "/v1/second-factor/remove", {"password": OTHER})) == (404, "not_found")
    _, old = await enrolled(ben, OTHER)
    fresh = (await ben.ask("POST", "/v1/second-factor/recovery-codes", {"password": OTHER})).json()["recovery_codes"]
    assert len({*old, *fresh}) == 20
    assert code(await ben.sign_in("ben@example.com", OTHER, code=old[0])) == (401, "sign_in_failed")
    assert (await ben.sign_in("ben@example.com", OTHER, code=fresh[0])).status == 201
    assert code(await ben.ask("POST", "/v1/second-factor/remove", {})) == (401, "sign_in_failed")
    assert (await ben.ask("POST", "/v1/second-factor/remove", {"password": OTHER})).status == 200
    assert (await ben.sign_in("ben@example.com", OTHER)).status == 201
    await enrolled(ben, OTHER)
    number = (await ben.ask("GET", "/v1/session")).json()["user"]["id"]
    assert (await owner.ask("DELETE", f"/v1/users/{number}/second-factor")).json()["second_factor"] is False
    assert code(await ben.ask("GET", "/v1/session")) == (401, "unauthorized")
    assert (await ben.sign_in("ben@example.com", OTHER)).status == 201


DEMANDS = [("of somebody", {"second_factor_required": True}, {}), ("of a role", {}, {"second_factor": "agent"})]


@pytest.mark.parametrize(("why", "of_user", "of_role"), DEMANDS, ids=[one[0] for one in DEMANDS])
async def test_who_must_have_a_second_factor_can_do_nothing_but_get_one(
    town: Town, owner: Browser, why: str, of_user: Any, of_role: Any
) -> None:
    town.set(sign_in=SignInSettings(**of_role))
    ben = await town.invited("agent", **of_user)
    told = (await ben.ask("GET", "/v1/session")).json()
    assert (told["needs"], told["scopes"], told["user"]["second_factor_required"]) == ("second_factor", ["self"], True)
    assert code(await ben.ask("GET", "/v1/conversations")) == (403, "forbidden")
    await enrolled(ben, OTHER)
    assert (await ben.ask("GET", "/v1/conversations")).status == 200
    assert (await ben.ask("GET", "/v1/session")).json()["needs"] is None


# the log


async def test_the_log_tells_what_was_done_and_no_secret(town: Town, owner: Browser) -> None:
    ben = await town.invited("agent")
    number = (await ben.ask("GET", "/v1/session")).json()["user"]["id"]
    await owner.ask("PATCH", f"/v1/users/{number}", {"role": "analyst"})
    key = (await owner.ask("POST", "/v1/keys", {"name": "shop", "scope": "send"})).json()
    await owner.ask("PATCH", f"/v1/keys/{key['id']}", {"name": "shop 2"})
    await owner.ask("POST", f"/v1/keys/{key['id']}/rotate", {})
    await owner.ask("DELETE", f"/v1/keys/{key['id']}")
    await town.browser().sign_in(password="wrong horse battery")
    await town.browser().sign_in("correct-horse-battery@example.com", "wrong horse battery")
    assert (await town.actions())[:11] == [
        "session.refused", "session.refused", "key.revoked", "key.rotated", "key.changed", "key.created",
        "user.changed", "session.opened", "user.password_set", "user.invited", "setup.completed",
    ]  # fmt: skip
    changed = (await owner.ask("GET", f"/v1/audit?subject={number}&action=user.changed")).json()["data"][0]
    assert changed["detail"] == {"role": ["agent", "analyst"]}
    assert (changed["actor"]["name"], changed["address"]) == (ADA["email"], "192.0.2.7")
    assert changed["subject"] == {"kind": "user", "id": number, "name": "ben@example.com"}
    whole = (await town.admin("GET", "/v1/audit?limit=100")).body.decode()
    shown = (key["token"].rpartition("_")[2], owner.cookie[-43:])
    for secret in (ADA["password"], OTHER, "horse battery", "horse-battery", *shown):
        assert secret not in whole
    assert await town.actions(f"&actor={number}") == ["session.opened", "user.password_set"]
    assert code(await town.admin("GET", "/v1/audit?action=nothing")) == (422, "validation_failed")
    at = town.clock.now() + DAY
    assert await town.place.house.store.write(audit.forget_audit, [at]) != [0]
    assert await town.actions() == []


@pytest.mark.one_engine("no store is asked")
async def test_settings_that_are_none_are_told(tmp_path: Path) -> None:
    assert Settings().sign_in.factor_roles == frozenset()
    assert SignInSettings(second_factor=" owner, admin").factor_roles == {"owner", "admin"}


async def test_who_is_locked_out_gets_a_link_from_the_store_itself(tmp_path: Path) -> None:
    clock = Ahead()
    settings = Settings(data=str(tmp_path), **postgres_kit.database(tmp_path), public_url="https://sms.example.com")
    async with opened(tmp_path, clock=clock) as place:
        town = Town(place, clock)
        await place.house.store.write(founding.add_setups, [founding.setup_digest(CODE)])
        owner = town.browser()
        await owner.ask("POST", "/v1/setup", {"code": CODE, **ADA})
        await enrolled(owner)
    assert await asyncio.to_thread(rescue, settings, "nobody@example.com", False) is None
    told = await asyncio.to_thread(rescue, settings, " Ada@example.com", True)
    assert told is not None
    place_, _, token = told.partition("#")
    assert place_ == "https://sms.example.com/console/join"
    async with opened(tmp_path, clock=clock) as place:
        town = Town(place, clock)
        one = town.browser()
        assert code(await one.ask("POST", "/v1/password/link", {"token": token, "password": OTHER})) == (200, "")
        assert (await one.sign_in(password=OTHER)).status == 201
        entry = (await one.ask("GET", "/v1/audit?action=user.link_made")).json()["data"][0]
        assert entry["actor"] == {"kind": "operator", "id": None, "name": ""}
