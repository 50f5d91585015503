"""Accounts and keys over the real store: nobody sees another's, bounds hold, limits and quotas count."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from test_api import GOOD, Place, opened, suppress

from contract_kit import receipt
from kit import Heard, ask
from spine_kit import ask as question
from tidings.api.table import ENDPOINTS
from tidings.config import Limits, Settings
from tidings.core import ids
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.people import OWN
from tidings.core.ports import StoreUnavailable
from tidings.pipeline import admit, notify


class Town(Place):
    """A house with a second account, `tenant`, and what belongs to the first."""

    tenant: str
    tenant_id: str
    made: dict[str, str]


async def settle(place: Place) -> Town:
    town = Town(place.house, place.store)
    town.tokens = place.tokens
    account = await admin(town, "POST", "/v1/accounts", {"name": "tenant", "senders": ["Berlin", "Munich"]})
    assert account.status == 201, account.body
    town.tenant_id = account.json()["id"]
    key = await admin(town, "POST", f"/v1/accounts/{town.tenant_id}/keys", {"name": "first", "scope": "admin"})
    town.tenant = key.json()["token"]
    own = (await admin(town, "GET", "/v1/keys")).json()["data"][0]["id"]
    esme = await admin(town, "POST", "/v1/esmes", {"name": "ours", "system_id": "ours"})
    hook = await admin(town, "POST", "/v1/webhooks", {"url": "https://example.com/"})
    thread = await admin(town, "POST", "/v1/conversations", {"to": "+15551230155", "from": "12345"})
    beside = f"/v1/conversations/{thread.json()['id']}/notes"
    note = await admin(town, "POST", beside, {"text": "Quiet table"})
    canned = await admin(town, "POST", "/v1/canned-replies", {"name": "hours", "text": "From nine."})
    code = await admin(town, "POST", "/v1/codes", {"name": "hi", "keywords": ["HI"], "actions": [{"type": "inbox"}]})
    user = await admin(town, "POST", "/v1/users", {"email": "ben@example.com", "name": "Ben", "role": "agent"})
    town.made = {
        "users": user.json()["id"],
        "codes": code.json()["id"],
        "conversations": thread.json()["id"],
        "contacts": thread.json()["contact"]["id"],
        "canned-replies": canned.json()["id"],
        "notes": note.json()["id"],
        "webhooks": hook.json()["id"],
        "messages": (await place.post()).json()["id"],
        "keys": own,
        "esmes": esme.json()["id"],
        "accounts": ids.show("acc", DEFAULT_ACCOUNT),
    }
    listeners = await place.house.store.read(notify.directory)
    orphan = receipt(town.house.new_id())
    await town.house.store.write(question, [lambda tx: tx.receipts.insert([orphan])])
    town.made["orphans"] = ids.show("rcp", orphan.id)
    fanned = await place.house.store.write(notify.fan_out, [notify.Tail(0, listeners)])
    town.made["webhooks/deliveries"] = ids.show("whd", fanned[0].loads[0].delivery.id)
    return town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with opened(tmp_path) as place:
        yield await settle(place)


async def admin(town: Place, method: str, path: str, body: Any = None) -> Heard:
    return await town.ask(method, path, body, scope="admin")


async def tenant(town: Town, method: str, path: str, body: Any = None, **more: Any) -> Heard:
    return await ask(town.app, method, path, body, key=town.tenant, **more)


async def key_of(town: Town, **bounds: Any) -> tuple[str, str]:
    """The id and token of a new key of the default account."""
    made = await admin(town, "POST", "/v1/keys", {"name": "k", "scope": "send", **bounds})
    assert made.status == 201, made.body
    return made.json()["id"], made.json()["token"]


async def post(town: Town, token: str, **more: Any) -> Heard:
    return await ask(town.app, "POST", "/v1/messages", {**GOOD, **more}, key=token)


# isolation

OF_ONE = [
    endpoint
    for endpoint in ENDPOINTS
    if "{id}" in endpoint.path and "{name}" not in endpoint.path and endpoint.scope != OWN
]
"""What people do about themselves: tests/flow/test_people.py."""


@pytest.mark.parametrize("endpoint", OF_ONE, ids=[endpoint.name for endpoint in OF_ONE])
async def test_what_belongs_to_another_account_is_not_there(town: Town, endpoint: Any) -> None:
    noun = endpoint.path.removeprefix("/v1/").partition("/{id}")[0]
    assert noun in town.made, f"make a {noun} of the default account in `settle`, so that this can be asked"
    path = endpoint.path.replace("{id}", town.made[noun])
    before = (await admin(town, "GET", f"/v1/{noun}/{town.made[noun]}")).json()
    heard = await tenant(town, endpoint.method, path, endpoint.example)
    assert heard.status == (403 if endpoint.operator else 404), heard.body
    assert (await admin(town, "GET", f"/v1/{noun}/{town.made[noun]}")).json() == before


async def test_lists_show_what_is_ones_own(town: Town) -> None:
    own = (await tenant(town, "POST", "/v1/messages", GOOD)).json()
    assert own["from"] == "Berlin"
    assert [one["id"] for one in (await tenant(town, "GET", "/v1/messages")).json()["data"]] == [own["id"]]
    assert [one["name"] for one in (await tenant(town, "GET", "/v1/keys")).json()["data"]] == ["first"]
    assert [one["id"] for one in (await tenant(town, "GET", "/v1/accounts")).json()["data"]] == [town.tenant_id]
    assert (await tenant(town, "GET", f"/v1/accounts/{town.tenant_id}")).status == 200
    first = (await town.ask("GET", "/v1/messages")).json()["data"]
    assert own["id"] not in [one["id"] for one in first]


OPERATORS = [("GET", "/v1/doctor", None), ("POST", "/v1/accounts", {"name": "x"})]


@pytest.mark.parametrize(("method", "path", "body"), OPERATORS)
async def test_some_calls_are_for_the_default_account(town: Town, method: str, path: str, body: Any) -> None:
    assert (await tenant(town, method, path, body)).status == 403
    assert (await admin(town, method, path, body)).status < 300


async def test_an_idempotency_key_is_of_its_account(town: Town) -> None:
    mine = await town.post(key="same")
    theirs = await tenant(town, "POST", "/v1/messages", GOOD, headers=[("idempotency-key", "same")])
    assert (mine.status, theirs.status) == (202, 202)
    assert mine.json()["id"] != theirs.json()["id"]


async def test_a_sender_has_one_owner(town: Town) -> None:
    taken = await admin(town, "POST", "/v1/accounts", {"name": "late", "senders": ["New", "Munich"]})
    assert (taken.status, taken.json()["errors"][0]["pointer"]) == (422, "/senders/1")
    assert (await tenant(town, "POST", "/v1/messages", {**GOOD, "from": "TIDINGS"})).status == 422
    assert (await town.post(**{"from": "Berlin"})).json()["errors"][0]["pointer"] == "/from"
    given_up = await admin(town, "PATCH", f"/v1/accounts/{town.tenant_id}", {"senders": ["Berlin"]})
    assert given_up.json()["senders"] == ["Berlin"]
    assert (await admin(town, "POST", "/v1/accounts", {"name": "late", "senders": ["Munich"]})).status == 201


async def test_the_preview_knows_the_same_bounds(town: Town) -> None:
    assert (await tenant(town, "POST", "/v1/messages/preview", {**GOOD, "from": "TIDINGS"})).status == 422
    assert (await tenant(town, "POST", "/v1/messages/preview", GOOD)).json()["from"] == "Berlin"


async def test_a_closed_account_is_closed_at_once_and_stays_closed(town: Town, tmp_path: Path) -> None:
    closed = await admin(town, "DELETE", f"/v1/accounts/{town.tenant_id}")
    assert (closed.status, closed.json()["closed_at"] is None) == (200, False)
    assert (await tenant(town, "GET", "/v1/messages")).status == 401
    assert (await admin(town, "DELETE", f"/v1/accounts/{town.tenant_id}")).json() == closed.json()
    assert (await admin(town, "DELETE", f"/v1/accounts/{ids.show('acc', DEFAULT_ACCOUNT)}")).status == 403
    again = await town.store.read(lambda tx: tx.accounts.accounts())
    assert [one.closed_at is None for one in again] == [True, False]


# keys


async def test_a_revoked_key_opens_nothing_from_the_answer_on(town: Town) -> None:
    number, token = await key_of(town)
    assert (await post(town, token)).status == 202
    gone = await admin(town, "DELETE", f"/v1/keys/{number}")
    assert gone.json()["revoked_at"]
    assert (await post(town, token)).status == 401
    assert (await admin(town, "DELETE", f"/v1/keys/{number}")).json() == gone.json()
    for method, path in (("PATCH", ""), ("POST", "/rotate")):
        refused = await admin(town, method, f"/v1/keys/{number}{path}", {})
        assert (refused.status, refused.json()["code"]) == (409, "key_revoked")


@pytest.mark.parametrize(("overlap", "old"), [(0, 401), (3600, 202)])
async def test_a_rotated_key(town: Town, overlap: int, old: int) -> None:
    number, token = await key_of(town)
    made = (await admin(town, "POST", f"/v1/keys/{number}/rotate", {"overlap_s": overlap})).json()
    assert (made["id"], bool(made["rotating_until"])) == (number, overlap > 0)
    assert (await post(town, made["token"])).status == 202
    assert (await post(town, token)).status == old
    third = (await admin(town, "POST", f"/v1/keys/{number}/rotate", {"overlap_s": 3600})).json()
    assert (await post(town, token)).status == 401
    assert [(await post(town, one)).status for one in (made["token"], third["token"])] == [202, 202]


async def test_rotations_and_changes_at_once_keep_each_other(town: Town) -> None:
    number, _ = await key_of(town)
    path = f"/v1/keys/{number}"
    heard = await asyncio.gather(
        admin(town, "POST", f"{path}/rotate"), admin(town, "PATCH", path, {"name": "new"}),
        admin(town, "PATCH", path, {"daily_quota": 5}),
    )  # fmt: skip
    assert [one.status for one in heard] == [200, 200, 200]
    found = (await admin(town, "GET", path)).json()
    assert (found["name"], found["daily_quota"]) == ("new", 5)
    assert (await post(town, heard[0].json()["token"])).status == 202


BAD = [
    ({"networks": ["192.0.2.1/24"]}, "/networks/0"),
    ({"networks": ["::/0", "office"]}, "/networks/1"),
    ({"senders": ["Far too long a name"]}, "/senders/0"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
    ({"rate": -1}, "/rate"),
    ({"daily_quota": 0}, "/daily_quota"),
    ({"scopes": ["send"]}, "/scopes"),
]


@pytest.mark.parametrize(("bounds", "pointer"), BAD)
async def test_bounds_that_make_no_sense(town: Town, bounds: dict[str, Any], pointer: str) -> None:
    refused = await admin(town, "POST", "/v1/keys", {"name": "k", "scope": "send", **bounds})
    assert (refused.status, [one["pointer"] for one in refused.json()["errors"]]) == (422, [pointer])


async def test_a_key_ends_when_it_expires(town: Town) -> None:
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(milliseconds=60)
    _, token = await key_of(town, expires_at=soon.isoformat())
    assert (await post(town, token)).status == 202
    await asyncio.sleep(0.07)
    assert (await post(town, token)).status == 401


async def test_a_key_bound_to_networks_and_a_header_anyone_can_write(town: Town) -> None:
    """The kit calls from 127.0.0.1."""
    _, near = await key_of(town, networks=["127.0.0.0/8"])
    _, far = await key_of(town, networks=["192.0.2.0/24"])
    forged = [("x-forwarded-for", "192.0.2.1")]
    assert (await post(town, near)).status == 202
    assert (await post(town, far)).status == 403
    assert (await ask(town.app, "POST", "/v1/messages", GOOD, key=far, headers=forged)).status == 403


async def test_a_trusted_proxy_tells_who_called(tmp_path: Path) -> None:
    async with opened(tmp_path) as place:
        place.house.settings = Settings(data=str(tmp_path), trusted_proxies="127.0.0.1, 10.0.0.0/8")
        town = await settle(place)
        _, far = await key_of(town, networks=["192.0.2.0/24"])
        for forwarded, status in (("192.0.2.1", 202), ("192.0.2.1, 10.1.1.1", 202), ("192.0.2.1, 198.51.100.1", 403)):
            headers = [("x-forwarded-for", forwarded)]
            assert (await ask(town.app, "POST", "/v1/messages", GOOD, key=far, headers=headers)).status == status


async def test_a_key_bound_to_senders(town: Town) -> None:
    _, token = await key_of(town, senders=["ACME", "SHOP"])
    assert (await post(town, token)).json()["from"] == "ACME"
    assert (await post(town, token, **{"from": "SHOP"})).json()["from"] == "SHOP"
    refused = await post(town, token, **{"from": "TIDINGS"})
    assert (refused.status, refused.json()["errors"][0]["pointer"]) == (422, "/from")
    items = [GOOD, {**GOOD, "from": "TIDINGS"}]
    batch = (await ask(town.app, "POST", "/v1/messages/batch", {"messages": items}, key=token)).json()
    assert [("error" in one) for one in batch["data"]] == [False, True]
    assert batch["data"][1]["error"]["errors"][0]["pointer"] == "/messages/1/from"


# the operator and the keys of others


async def test_the_operator_looks_after_the_keys_of_others(town: Town) -> None:
    made = (await tenant(town, "POST", "/v1/keys", {"name": "leaked", "scope": "send"})).json()
    listed = (await admin(town, "GET", f"/v1/accounts/{town.tenant_id}/keys?limit=1")).json()
    assert ([one["id"] for one in listed["data"]], listed["next_cursor"] is None) == ([made["id"]], False)
    assert listed == (await tenant(town, "GET", f"/v1/accounts/{town.tenant_id}/keys?limit=1")).json()
    path = f"/v1/keys/{made['id']}"
    assert (await admin(town, "GET", path)).json()["account_id"] == town.tenant_id
    assert (await admin(town, "PATCH", path, {"rate": 3})).json()["rate"] == 3
    fresh = (await admin(town, "POST", f"{path}/rotate", {"overlap_s": 60})).json()["token"]
    assert [(await post(town, token)).status for token in (made["token"], fresh)] == [202, 202]
    for _ in range(2):
        assert (await admin(town, "DELETE", path)).json()["revoked_at"] is not None
    assert [(await post(town, token)).status for token in (made["token"], fresh)] == [401, 401]
    assert (await admin(town, "GET", "/v1/accounts/acc_0000000000009/keys")).status == 404


async def test_an_account_asked_for_twice_is_opened_once(town: Town) -> None:
    async def open_(name: str) -> Heard:
        once = [("idempotency-key", "once")]
        return await town.ask("POST", "/v1/accounts", {"name": name}, scope="admin", headers=once)

    first, same = await asyncio.gather(open_("a"), open_("a"))
    assert (first.status, same.status, first.body) == (201, 201, same.body)
    assert sorted([first.headers.get("idempotent-replayed"), same.headers.get("idempotent-replayed")], key=str) == [
        None, "true",
    ]  # fmt: skip
    number = first.json()["id"]
    key = await admin(town, "POST", f"/v1/accounts/{number}/keys", {"name": "k", "scope": "read"})
    await admin(town, "DELETE", f"/v1/accounts/{number}")
    assert (await open_("a")).body == first.body
    assert (await ask(town.app, "GET", "/v1/messages", key=key.json()["token"])).status == 401
    assert (await open_("b")).json()["code"] == "idempotency_mismatch"
    other = await town.ask("POST", "/v1/messages", GOOD, headers=[("idempotency-key", "once")])
    assert other.json()["code"] == "idempotency_mismatch"


# what a key may not come by


BEYOND: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("an end", {"expires_at": "2099-11-24T00:00:00Z"}, {}),
    ("a later end", {"expires_at": "2099-11-24T00:00:00Z"}, {"expires_at": "2099-11-24T00:00:01Z"}),
    ("networks", {"networks": ["192.0.2.0/24", "2001:db8::/32"]}, {}),
    ("a wider network", {"networks": ["192.0.2.0/24"]}, {"networks": ["192.0.2.0/25", "192.0.0.0/16"]}),
    ("the other kind of network", {"networks": ["192.0.2.0/24"]}, {"networks": ["::/0"]}),
    ("senders", {"senders": ["ACME"]}, {}),
    ("another sender", {"senders": ["ACME"]}, {"senders": ["ACME", "Shop"]}),
    ("a rate, passed by number", {"rate": 1}, {"rate": 1}),
    ("a quota, passed by number", {"daily_quota": 5}, {"daily_quota": 1}),
    ("a quota of the month", {"monthly_quota": 5}, {"monthly_quota": 1}),
]


@pytest.mark.parametrize(("own", "wanted"), [b[1:] for b in BEYOND], ids=[b[0] for b in BEYOND])
async def test_no_key_makes_or_takes_a_stronger_one(town: Town, own: dict[str, Any], wanted: dict[str, Any]) -> None:
    client = "192.0.2.7"
    me, token = await key_of(town, scope="admin", **own)
    other, _ = await key_of(town, scope="admin", **wanted)
    made = {"name": "k", "scope": "read", **wanted}
    tried = [
        await ask(town.app, "POST", "/v1/keys", made, key=token, client=client),
        await ask(town.app, "POST", f"/v1/accounts/{town.tenant_id}/keys", made, key=token, client=client),
        await ask(town.app, "POST", f"/v1/keys/{other}/rotate", {}, key=token, client=client),
        await ask(town.app, "PATCH", f"/v1/keys/{other}", {"name": "mine"}, key=token, client=client),
        await ask(town.app, "PATCH", f"/v1/keys/{me}", {name: None if name in ("rate", "daily_quota", "monthly_quota",
            "expires_at") else [] for name in own}, key=token, client=client),
    ]  # fmt: skip
    assert [one.status for one in tried] == [403] * 5, [one.body for one in tried]
    assert (await ask(town.app, "DELETE", f"/v1/keys/{other}", key=token, client=client)).status == 200


async def test_within_its_bounds_a_key_makes_others(town: Town) -> None:
    bounds = {"senders": ["ACME", "Shop"], "networks": ["192.0.2.0/24"], "expires_at": "2099-11-24T00:00:00Z"}
    me, token = await key_of(town, scope="admin", **bounds)
    within = {"senders": ["Shop"], "networks": ["192.0.2.8/29"], "expires_at": "2099-11-23T20:00:00Z"}
    made = await ask(
        town.app, "POST", "/v1/keys", {"name": "k", "scope": "admin", **within}, key=token, client="192.0.2.7"
    )
    assert made.status == 201, made.body
    assert (await ask(town.app, "POST", f"/v1/keys/{me}/rotate", {}, key=token, client="192.0.2.7")).status == 200


async def test_a_key_that_sends_sees_and_cancels_only_what_it_sent(town: Town) -> None:
    _, token = await key_of(town)
    own, other = (await post(town, token)).json()["id"], town.made["messages"]
    for path in ("", "/events", "/explain"):
        assert (await ask(town.app, "GET", f"/v1/messages/{own}{path}", key=token)).status == 200
        assert (await ask(town.app, "GET", f"/v1/messages/{other}{path}", key=token)).status == 404
    assert (await ask(town.app, "POST", f"/v1/messages/{other}/cancel", key=token)).status == 404
    assert (await ask(town.app, "POST", f"/v1/messages/{own}/cancel", key=token)).json()["status"] == "canceled"
    _, fresh = await key_of(town)
    assert (await ask(town.app, "GET", f"/v1/messages/{own}", key=fresh)).status == 404


ALONE = [one for one in ENDPOINTS if one.scope not in (None, "send") and not one.own and one.name != "metrics"]


@pytest.mark.parametrize("endpoint", ALONE, ids=[one.name for one in ALONE])
async def test_a_key_that_sends_does_nothing_else(town: Town, endpoint: Any) -> None:
    path = endpoint.path.replace("{id}", "any")
    heard = await ask(town.app, endpoint.method, path, endpoint.example, key=town.tokens["only"])
    assert (heard.status, heard.json()["code"]) == (403, "forbidden")


async def test_only_a_key_that_opened_something_counts_as_used(town: Town) -> None:
    bound, token = await key_of(town, networks=["192.0.2.0/24"])
    assert (await post(town, token)).status == 403
    assert (await ask(town.app, "GET", "/v1/keys", key=token, client="192.0.2.7")).status == 403
    assert ids.parse("key", bound) not in town.house.keyring.used
    assert (await ask(town.app, "POST", "/v1/messages", GOOD, key=token, client="192.0.2.7")).status == 202
    assert ids.parse("key", bound) in town.house.keyring.used


async def test_last_use_is_not_forgotten_while_the_store_is_down(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    used = set(town.house.keyring.used)

    async def down(*_: Any) -> Any:
        raise StoreUnavailable

    with monkeypatch.context() as broken:
        broken.setattr(type(town.store), "write", down)
        with pytest.raises(StoreUnavailable):
            await admit.write_uses(town.house)
    assert town.house.keyring.used == used != set()


async def test_last_use_is_written_together_and_to_the_minute(town: Town) -> None:
    number, token = await key_of(town)
    await post(town, token)
    assert (await admin(town, "GET", f"/v1/keys/{number}")).json()["last_used_at"] is None
    await admit.write_uses(town.house)
    assert (await admin(town, "GET", f"/v1/keys/{number}")).json()["last_used_at"].endswith(":00.000Z")


async def test_pages_of_keys(town: Town) -> None:
    made = [(await key_of(town))[0] for _ in range(5)]
    seen, cursor = [], ""
    for _ in range(20):
        page = (await admin(town, "GET", f"/v1/keys?limit=2{cursor}")).json()
        seen += [one["id"] for one in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen[:5] == made[::-1]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 9


# limits and quotas


DOORS: list[tuple[str, str, Any, int]] = [
    ("one", "/v1/messages", GOOD, 1),
    ("a batch", "/v1/messages/batch", {"messages": [GOOD]}, 1),
    ("a form", "/send", b"to=%2B15551230100&text=x", 1),
    ("a preview", "/v1/messages/preview", GOOD, 0),
]
FORM = [("content-type", "application/x-www-form-urlencoded")]


@pytest.mark.parametrize(("path", "body", "costs"), [d[1:] for d in DOORS], ids=[d[0] for d in DOORS])
@pytest.mark.parametrize("quota", ["daily_quota", "monthly_quota"])
async def test_a_quota_is_told_at_every_door(town: Town, quota: str, path: str, body: Any, costs: int) -> None:
    _, token = await key_of(town, **{quota: 2})
    headers = FORM if path == "/send" else []
    left = []
    for _ in range(3):
        heard = await ask(town.app, "POST", path, body, key=token, headers=headers)
        left.append((heard.status < 300, heard.headers["ratelimit-remaining"]))
        assert heard.headers["ratelimit-limit"] == "2"
        assert 0 < int(heard.headers["ratelimit-reset"]) <= 31 * 86_400
    assert left == ([(True, "1"), (True, "0"), (False, "0")] if costs else [(True, "2")] * 3)
    assert ("retry-after" in heard.headers) == bool(costs)


@pytest.mark.parametrize(("path", "body", "costs"), [d[1:] for d in DOORS], ids=[d[0] for d in DOORS])
async def test_a_rate_is_told_at_every_door(town: Town, path: str, body: Any, costs: int) -> None:
    _, token = await key_of(town, rate=0.01)
    headers = FORM if path == "/send" else []
    heard = [await ask(town.app, "POST", path, body, key=token, headers=headers) for _ in range(2)]
    assert [one.status for one in heard] == ([202, 429] if costs else [200, 200])
    assert [one.headers["ratelimit-remaining"] for one in heard] == (["0", "0"] if costs else ["1", "1"])
    assert ("retry-after" in heard[1].headers) == bool(costs)


async def test_a_preview_tells_a_used_up_quota_as_sending_does(town: Town) -> None:
    _, token = await key_of(town, daily_quota=1)
    await post(town, token)
    previewed = await ask(town.app, "POST", "/v1/messages/preview", GOOD, key=token)
    sent = await post(town, token)
    assert (previewed.status, previewed.json()) == (sent.status, sent.json()) == (429, sent.json())


async def test_what_the_store_refused_is_given_back(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    _, token = await key_of(town, rate=0.01)

    async def down(*_: Any) -> Any:
        raise StoreUnavailable

    with monkeypatch.context() as broken:
        broken.setattr(type(town.store), "write", down)
        assert (await post(town, token)).status == 503
    assert (await post(town, token)).status == 202


async def test_no_limit_no_header(town: Town) -> None:
    assert not [name for name in (await town.post()).headers if name.startswith("ratelimit")]


async def test_a_rate_is_told_and_holds(town: Town) -> None:
    number, token = await key_of(town, rate=0.01)
    heard = [await post(town, token) for _ in range(2)]
    assert [one.status for one in heard] == [202, 429]
    assert [one.headers["ratelimit-remaining"] for one in heard] == ["0", "0"]
    refused = heard[1]
    assert refused.json()["code"] == "rate_limited"
    assert 90 < int(refused.headers["retry-after"]) <= 100
    assert refused.headers["ratelimit-limit"] == "1"
    assert 90 < int(refused.headers["ratelimit-reset"]) <= 100
    await admin(town, "PATCH", f"/v1/keys/{number}", {"rate": 0})
    assert (await post(town, token)).status == 202


async def test_the_keys_of_an_account_share_its_rate(town: Town) -> None:
    await admin(town, "PATCH", f"/v1/accounts/{town.tenant_id}", {"rate": 0.1})
    second = (await tenant(town, "POST", "/v1/keys", {"name": "b", "scope": "send"})).json()["token"]
    batch = {"messages": [GOOD] * 3}
    assert (await tenant(town, "POST", "/v1/messages/batch", batch)).status == 202
    assert (await post(town, second)).status == 429
    assert (await town.post()).status == 202


async def test_the_settings_limit_those_without_a_rate(tmp_path: Path) -> None:
    async with opened(tmp_path, Limits(rate_per_key=0.01)) as place:
        assert [(await place.post()).status for _ in range(2)] == [202, 429]


async def test_an_answer_given_again_draws_from_no_bucket(town: Town) -> None:
    _, token = await key_of(town, rate=2)
    once = [("idempotency-key", "once")]
    heard = [await ask(town.app, "POST", "/v1/messages", GOOD, key=token, headers=once) for _ in range(5)]
    assert [one.status for one in heard] == [202] * 5
    assert heard[4].headers["ratelimit-remaining"] in ("1", "2")


async def test_a_quota_counts_batches_whole_and_survives_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as place:
        town = await settle(place)
        _, token = await key_of(town, daily_quota=5)
        four, two = {"messages": [GOOD] * 4}, {"messages": [GOOD] * 2}
        assert (await ask(town.app, "POST", "/v1/messages/batch", four, key=token)).status == 202
        refused = await ask(town.app, "POST", "/v1/messages/batch", two, key=token)
        assert (refused.status, refused.json()["code"]) == (429, "quota_used_up")
        assert 1 <= int(refused.headers["retry-after"]) <= 86_400
        assert (await post(town, token)).status == 202
    async with opened(tmp_path) as place:
        assert (await ask(place.app, "POST", "/v1/messages", GOOD, key=token)).status == 429
        assert (await place.post()).status == 202


async def test_calls_in_one_commit_cannot_pass_a_quota_together(town: Town) -> None:
    _, token = await key_of(town, monthly_quota=3)
    heard = await asyncio.gather(*(post(town, token) for _ in range(10)))
    assert sorted(one.status for one in heard) == [202] * 3 + [429] * 7


async def test_an_answer_given_again_and_a_rejected_message_use_up_no_quota(town: Town) -> None:
    _, token = await key_of(town, daily_quota=2)
    await town.house.store.write(suppress, ["+15551230199"])
    assert (await post(town, token, to="+15551230199")).json()["code"] == "rejected"
    once = [("idempotency-key", "once")]
    for _ in range(3):
        assert (await ask(town.app, "POST", "/v1/messages", GOOD, key=token, headers=once)).status == 202
    assert [(await post(town, token)).status for _ in range(2)] == [202, 429]
