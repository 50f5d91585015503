"""Sign-in by OpenID Connect against an issuer that says whatever a test wants, over the REST door and real HTTP."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from joserfc.jwk import OctKey
from test_api import opened
from test_people import Ahead, Browser, Town, code

from oidc_kit import KEYS, SECRET, Issuer
from tidings.config import ConfigError, OidcSettings, load
from tidings.core.message import HOUR, SECOND
from tidings.drivers.http_client import HttpPost
from tidings.pipeline import vouch

pytestmark = pytest.mark.one_engine("what issuers say; what is kept of users and sessions, test_people.py asks on both")


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    server = Issuer()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
async def town(tmp_path: Path, issuer: Issuer) -> AsyncIterator[Town]:
    clock = Ahead()
    async with opened(tmp_path, clock=clock) as place:
        found = Town(place, clock)
        place.house.abroad = post = HttpPost(clock, allow_private=True)
        settle(found, issuer)
        yield found
        post.close()


def settle(town: Town, issuer: Issuer, **more: Any) -> None:
    fields = {"issuer": issuer.url, "client_id": "tidings", "client_secret": SECRET, "name": "Acme ID", **more}
    town.set(oidc=OidcSettings(**fields))


class Traveller(Browser):
    """A browser on its way to the issuer and back."""

    async def set_out(self) -> dict[str, str]:
        begun = await self.ask("POST", "/v1/session/oidc")
        assert begun.status == 201, begun.body
        return {name: values[0] for name, values in parse_qs(urlsplit(begun.json()["url"]).query).items()}

    async def go(self, issuer: Issuer, **claims: Any) -> Any:
        asked = await self.set_out()
        issuer.claims = {"nonce": asked["nonce"], **claims}
        return await self.ask("POST", "/v1/session/oidc/callback", {"code": "c0de", "state": asked["state"]})


async def test_who_was_invited_is_let_in_and_linked(town: Town, issuer: Issuer) -> None:
    made = await town.admin("POST", "/v1/users", {"email": "kim@example.com", "name": "Kim", "role": "agent"})
    one = Traveller(town)
    asked = await one.set_out()
    assert asked["redirect_uri"] == "http://127.0.0.1:8775/console/oidc"
    assert (asked["scope"], asked["response_type"], asked["code_challenge_method"]) == (
        "openid email profile", "code", "S256",
    )  # fmt: skip
    issuer.claims = {"nonce": asked["nonce"]}
    heard = await one.ask("POST", "/v1/session/oidc/callback", {"code": "c0de", "state": asked["state"]})
    assert heard.status == 201, heard.body
    told = heard.json()
    assert (told["user"]["id"], told["user"]["status"], told["session"]["method"]) == (
        made.json()["id"], "active", "oidc",
    )  # fmt: skip
    digest = hashlib.sha256(issuer.sent["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    pair = base64.b64decode(issuer.sent["authorization"].removeprefix("Basic ")).decode()
    assert pair == "tidings:s3cret%3Awith%2Fodd"
    assert (issuer.sent["code"], issuer.sent["redirect_uri"]) == ("c0de", asked["redirect_uri"])
    assert issuer.sent["grant_type"] == "authorization_code"
    # From here on the issuer's name for them counts, whatever their address becomes.
    assert (await Traveller(town).go(issuer, email="kim.lee@example.com")).json()["user"]["id"] == told["user"]["id"]
    assert code(await Traveller(town).go(issuer, sub="f:18")) == (403, "forbidden"), "another with the same address"


WRONG = [
    ("another nonce", {"nonce": "other"}, {}, 401),
    ("no nonce", {"nonce": None}, {}, 401),
    ("another audience", {"aud": "shop"}, {}, 401),
    ("several audiences without azp", {"aud": ["tidings", "shop"]}, {}, 401),
    ("authorised for another", {"aud": ["tidings", "shop"], "azp": "shop"}, {}, 401),
    ("another issuer", {"iss": "https://id.example.net"}, {}, 401),
    ("expired", {"exp": 1_000_000_000}, {}, 401),
    ("without an end", {"exp": None}, {}, 401),
    ("made in the future", {"iat": 10_000_000_000}, {}, 401),
    ("alg none", {}, {"head": {"alg": "none"}, "key": None}, 401),
    ("signed by the client secret", {}, {"head": {"alg": "HS256"}, "key": "secret"}, 401),
    ("signed by a key that is not shown", {}, {"head": {"alg": "RS256", "kid": "k1"}, "key": KEYS[1]}, 401),
    ("changed on the way", {}, {"token": lambda token: token[:-8] + "AAAAAAAA"}, 401),
    ("no token at all", {}, {"token": lambda token: "nonsense"}, 401),
    ("the code is not taken", {}, {"status": 400}, 401),
    ("e-mail address not verified", {"email_verified": False}, {}, 403),
    ("nothing said of verifying", {"email_verified": None}, {}, 403),
    ("said in words", {"email_verified": "true"}, {}, 403),
    ("no e-mail address", {"email": None}, {}, 403),
    ("no subject", {"sub": None}, {}, 403),
    ("a subject that is no text", {"sub": 17}, {}, 401),
    ("a subject longer than the standard has", {"sub": "x" * 256}, {}, 403),
    ("a subject that no store can hold", {"sub": "f:\x0017"}, {}, 403),
    ("an address that no store can hold", {"email": "kim\ud800@example.com"}, {}, 403),
    ("an address with what nobody sees", {"email": "kim\u202e@example.com"}, {}, 403),
    ("claims that are no object", {}, {"claims_as": [1]}, 401),
    ("a key id that is no text", {}, {"head": {"alg": "RS256", "kid": ["k0"]}}, 401),
    ("a header that nobody understands", {}, {"head": {"alg": "RS256", "kid": "k0", "crit": ["x"], "x": 1}}, 401),
]  # fmt: skip


@pytest.mark.parametrize(("why", "claims", "more", "status"), WRONG, ids=[one[0] for one in WRONG])
async def test_what_does_not_hold_lets_nobody_in(
    town: Town, issuer: Issuer, why: str, claims: Any, more: Any, status: int
) -> None:
    settle(town, issuer, create=True, domains="example.com=owner")
    for name, value in more.items():
        made = value
        if value == "secret":
            made = OctKey.import_key(SECRET)
        elif name == "key" and value is None:
            made = KEYS[0]
        setattr(issuer, name, made)
    if issuer.head["alg"] == "none":
        body = {"nonce": "x", "iss": issuer.url, "aud": "tidings", "exp": 10_000_000_000, "iat": 1, "sub": "f:17"}
        parts = [json.dumps(one).encode() for one in ({"alg": "none"}, body)]
        issuer.head = {"alg": "RS256", "kid": "k0"}
        issuer.token = lambda token: (
            ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts) + "."
        )
    heard = await Traveller(town).go(issuer, **claims)
    assert code(heard) == (status, "sign_in_failed" if status == 401 else "forbidden"), heard.body
    assert (await town.admin("GET", "/v1/users")).json()["data"] == []


async def test_a_trip_belongs_to_the_browser_that_set_out(town: Town, issuer: Issuer) -> None:
    settle(town, issuer, create=True, domains="example.com=agent")
    one, other = Traveller(town), Traveller(town)
    asked, _ = await one.set_out(), await other.set_out()
    issuer.claims = {"nonce": asked["nonce"]}
    body = {"code": "c0de", "state": asked["state"]}
    assert code(await other.ask("POST", "/v1/session/oidc/callback", body)) == (401, "sign_in_failed")
    assert code(await Traveller(town).ask("POST", "/v1/session/oidc/callback", body)) == (401, "sign_in_failed")
    assert code(await one.ask("POST", "/v1/session/oidc/callback", {**body, "state": "x"})) == (401, "sign_in_failed")
    again = Traveller(town)
    assert (await again.go(issuer)).status == 201
    gone = {"code": "c0de", "state": asked["state"]}
    assert code(await again.ask("POST", "/v1/session/oidc/callback", gone)) == (401, "sign_in_failed"), "once"
    again.headers = [("sec-fetch-site", "cross-site")]
    assert code(await again.ask("POST", "/v1/session/oidc")) == (403, "cross_site")


ROLES = [
    ("nobody new is let in", {}, {}, None),
    ("new ones, but no role for them", {"create": True}, {}, None),
    ("by domain", {"create": True, "domains": "example.org=admin, Example.com=agent"}, {}, "agent"),
    ("another domain", {"create": True, "domains": "example.org=admin"}, {}, None),
    ("by claim", {"create": True, "role_claim": "groups", "roles": "boss=owner,desk=agent"},
     {"groups": ["desk", "boss"]}, "owner"),
    ("a claim that is one word", {"create": True, "role_claim": "groups", "roles": "desk=agent"},
     {"groups": "desk"}, "agent"),
    ("a claim that says nothing of us", {"create": True, "role_claim": "groups", "roles": "desk=agent"},
     {"groups": ["x"]}, None),
    ("the claim goes before the domain",
     {"create": True, "role_claim": "groups", "roles": "boss=admin", "domains": "example.com=agent"},
     {"groups": ["boss"]}, "admin"),
    ("a domain that is let in and brings no role", {"create": True, "domains": "example.com"}, {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("why", "settings", "claims", "role"), ROLES, ids=[one[0] for one in ROLES])
async def test_who_is_new_gets_a_role_or_is_not_let_in(
    town: Town, issuer: Issuer, why: str, settings: Any, claims: Any, role: str | None
) -> None:
    settle(town, issuer, **settings)
    heard = await Traveller(town).go(issuer, **claims)
    if role is None:
        assert code(heard) == (403, "forbidden")
        return
    assert (heard.status, heard.json()["user"]["role"]) == (201, role), heard.body
    assert (await town.actions())[:2] == ["session.opened", "user.linked"]


async def test_what_an_issuer_calls_people_is_kept_as_far_as_it_is_a_name(town: Town, issuer: Issuer) -> None:
    settle(town, issuer, create=True, domains="example.com=agent")
    heard = await Traveller(town).go(issuer, name="Kim\x00\ud800\n\u202e Lee" + "e" * 200)
    assert heard.status == 201, heard.body
    assert heard.json()["user"]["name"] == ("Kim Lee" + "e" * 200)[:100]


async def test_linking_is_noted_and_takes_the_place_of_the_invitation(town: Town, issuer: Issuer) -> None:
    wanted = {"email": "kim@example.com", "name": "Kim", "role": "agent"}
    made = (await town.admin("POST", "/v1/users", wanted)).json()
    await town.admin("PATCH", f"/v1/users/{made['id']}", {"disabled": True})
    assert code(await Traveller(town).go(issuer)) == (403, "forbidden")
    assert "user.linked" not in await town.actions(), "nobody who is disabled is linked"
    await town.admin("PATCH", f"/v1/users/{made['id']}", {"disabled": False})
    kim = Traveller(town)
    assert (await kim.go(issuer)).status == 201
    line = (await town.admin("GET", f"/v1/audit?action=user.linked&subject={made['id']}")).json()["data"][0]
    assert (line["actor"]["id"], line["detail"]) == (made["id"], {"issuer": issuer.url})
    by_link = {"token": made["link"]["token"], "password": "eight otters under the quay"}
    assert code(await town.browser().ask("POST", "/v1/password/link", by_link)) == (409, "link_over")
    # A password would let them in after the issuer does not any more: that is for an admin to give.
    choice = {"current": "", "password": "eight otters under the quay"}
    assert code(await kim.ask("POST", "/v1/password", choice)) == (403, "forbidden")
    link = (await town.admin("POST", f"/v1/users/{made['id']}/link")).json()["token"]
    assert (await kim.ask("POST", "/v1/password/link", {**by_link, "token": link})).status == 200


async def test_an_issuer_that_is_away_is_not_a_failure_of_who_comes_back(town: Town, issuer: Issuer) -> None:
    for _ in range(25):
        one = Traveller(town)
        asked = await one.set_out()
        town.place.house.abroad, there = HttpPost(town.clock), town.place.house.abroad
        body = {"code": "c0de", "state": asked["state"]}
        assert code(await one.ask("POST", "/v1/session/oidc/callback", body)) == (503, "issuer_away")
        town.place.house.abroad = there


async def test_of_many_who_wait_for_a_slow_issuer_the_last_need_not(town: Town, issuer: Issuer) -> None:
    issuer.slow_s = 0.5
    heard = await asyncio.gather(*(Traveller(town).ask("POST", "/v1/session/oidc") for _ in range(30)))
    assert sorted(code(one) for one in heard) == [(201, "")] * 20 + [(503, "issuer_away")] * 10


UNSAFE = ["http://id.example.com/token", "javascript:alert(1)", "ftp://id.example.com/", ""]


@pytest.mark.parametrize("url", UNSAFE)
@pytest.mark.parametrize("of", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_addresses_that_an_issuer_names_are_as_safe_as_its_own(of: str, url: str) -> None:
    here = "https://id.example.com"
    told = vouch.Issuer(here, f"{here}/auth", f"{here}/token", f"{here}/keys")
    assert vouch.sound(told)
    assert not vouch.sound(msgspec.structs.replace(told, **{of: url}))


async def test_who_is_disabled_is_not_let_in_by_anybody(town: Town, issuer: Issuer) -> None:
    settle(town, issuer, create=True, domains="example.com=agent")
    one = Traveller(town)
    number = (await one.go(issuer)).json()["user"]["id"]
    await town.admin("PATCH", f"/v1/users/{number}", {"disabled": True})
    assert code(await Traveller(town).go(issuer)) == (403, "forbidden")


async def test_new_keys_of_the_issuer_are_found(town: Town, issuer: Issuer) -> None:
    settle(town, issuer, create=True, domains="example.com=agent")
    assert (await Traveller(town).go(issuer)).status == 201
    issuer.key, issuer.shown, issuer.head = KEYS[1], [KEYS[1]], {"alg": "RS256", "kid": "k1"}
    assert (await Traveller(town).go(issuer)).status == 201


async def test_an_issuer_that_is_away_or_another_is_told(town: Town, issuer: Issuer) -> None:
    assert (await town.browser().ask("GET", "/v1/setup")).json() == {"owner": False, "oidc": "Acme ID"}
    issuer.named = "https://id.example.net"
    heard = await Traveller(town).ask("POST", "/v1/session/oidc")
    assert code(heard) == (503, "issuer_away")
    assert "calls itself https://id.example.net" in heard.json()["detail"]
    issuer.named = issuer.url
    assert code(await Traveller(town).ask("POST", "/v1/session/oidc")) == (503, "issuer_away"), "not asked each time"
    town.clock.more += 6 * SECOND
    await Traveller(town).set_out()
    issuer.named = "https://id.example.net"
    await Traveller(town).set_out()  # it is known for a while
    town.clock.more += 2 * HOUR
    asked = issuer.asked
    for _ in range(2):
        await Traveller(town).set_out()  # and longer, while it cannot be asked
    assert issuer.asked == asked + 1, "nor then"
    town.place.house.issuer = None
    assert code(await Traveller(town).ask("POST", "/v1/session/oidc")) == (503, "issuer_away")


async def test_inner_addresses_are_asked_only_where_that_is_allowed(town: Town, issuer: Issuer) -> None:
    town.place.house.abroad = HttpPost(town.clock, setting="oidc.allow_private")
    heard = await Traveller(town).ask("POST", "/v1/session/oidc")
    assert code(heard) == (503, "issuer_away")
    assert "oidc.allow_private" in heard.json()["detail"]


async def test_without_an_issuer_nobody_sets_out(town: Town) -> None:
    town.set(oidc=OidcSettings())
    assert code(await Traveller(town).ask("POST", "/v1/session/oidc")) == (404, "not_found")
    assert (await town.browser().ask("GET", "/v1/setup")).json()["oidc"] is None


UNFIT = [
    ({"issuer": "id.example.com"}, "must be the address"),
    ({"issuer": "https://id.example.com"}, "needs oidc.client_id"),
    ({"roles": "a=owner"}, "needs oidc.role_claim"),
    ({"role_claim": "g", "roles": "a=boss"}, "which is no role"),
    ({"domains": "example.com=boss"}, "which is no role"),
    ({"client_secret_file": "nowhere"}, "client_secret_file cannot be read"),
]


@pytest.mark.parametrize(("given", "why"), UNFIT)
def test_settings_that_do_not_fit_are_told(tmp_path: Path, given: dict[str, str], why: str) -> None:
    flags = {"data": str(tmp_path), **{f"oidc.{name}": value for name, value in given.items()}}
    with pytest.raises(ConfigError, match=why):
        load(flags, {})


def test_the_client_secret_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "tidings.toml").write_text('[oidc]\nclient_secret_file = "secret"\n')
    assert load({"data": str(tmp_path)}, {}).oidc.client_secret == "s3cret"
