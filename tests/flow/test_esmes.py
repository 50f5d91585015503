"""Customers' ESMEs over the API: enrolled, seen by their account, changed, rotated, closed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from test_accounts import Town, admin, settle, tenant
from test_api import opened

from kit import Heard, ask
from tidings.pipeline import passwords

SHOP: dict[str, Any] = {"name": "shop", "system_id": "shop"}


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with opened(tmp_path) as place:
        yield await settle(place)


async def enrolled(town: Town, **more: Any) -> dict[str, Any]:
    made = await admin(town, "POST", "/v1/esmes", {**SHOP, **more})
    assert made.status == 201, made.body
    told: dict[str, Any] = made.json()
    return told


def pointers(heard: Heard) -> list[str]:
    assert heard.status == 422, heard.body
    return [one["pointer"] for one in heard.json()["errors"]]


async def test_a_password_is_made_shown_once_and_kept_as_a_slow_hash(town: Town) -> None:
    made = await enrolled(town)
    assert len(made["password"]) == 8
    kept = town.house.roster.by_system_id("shop")
    assert kept is not None
    assert passwords.fits(made["password"], kept.password)
    assert not passwords.fits(made["password"] + "x", kept.password)
    for path in ("/v1/esmes", f"/v1/esmes/{made['id']}"):
        assert b"password" not in (await admin(town, "GET", path)).body
    stored = await town.house.store.read(lambda tx: tx.esmes.open())
    assert kept in stored
    assert made["password"].encode() not in kept.password


UNFIT: list[tuple[str, dict[str, Any], str]] = [
    ("no system_id", {"system_id": ""}, "/system_id"),
    ("too long a system_id", {"system_id": "a" * 16}, "/system_id"),
    ("a blank in it", {"system_id": "a b"}, "/system_id"),
    ("too short a password", {"password": "12345"}, "/password"),
    ("a password with a blank", {"password": "1234 567"}, "/password"),
    ("a network with host bits", {"networks": ["192.0.2.1/24"]}, "/networks/0"),
    ("no bind type", {"bind_types": []}, "/bind_types"),
    ("an unknown bind type", {"bind_types": ["both"]}, "/bind_types/0"),
    ("no binds", {"max_binds": 0}, "/max_binds"),
    ("no window", {"window": 0}, "/window"),
    ("half a certificate", {"certificate": "ab:cd"}, "/certificate"),
    ("an unknown alphabet", {"alphabet": "ebcdic"}, "/alphabet"),
    ("our own category", {"category": "system"}, "/category"),
    ("a sender that is none", {"senders": ["much too long a sender"]}, "/senders/0"),
    ("a name as inbound number", {"inbound": ["ACME"]}, "/inbound/0"),
    ("an account that is none", {"account_id": "acc_0000000000099"}, "/account_id"),
    ("a field that is none", {"pasword": "x"}, "/pasword"),
]


@pytest.mark.parametrize(("fields", "pointer"), [one[1:] for one in UNFIT], ids=[one[0] for one in UNFIT])
async def test_what_is_not_fit_is_named(town: Town, fields: dict[str, Any], pointer: str) -> None:
    assert pointers(await admin(town, "POST", "/v1/esmes", {**SHOP, **fields})) == [pointer]


async def test_a_system_id_is_had_once_and_free_again_when_its_esme_is_closed(town: Town) -> None:
    first = await enrolled(town)
    assert pointers(await admin(town, "POST", "/v1/esmes", SHOP)) == ["/system_id"]
    other = await enrolled(town, system_id="other")
    assert pointers(await admin(town, "PATCH", f"/v1/esmes/{other['id']}", {"system_id": "shop"})) == ["/system_id"]
    closed = await admin(town, "DELETE", f"/v1/esmes/{first['id']}")
    assert closed.json()["closed_at"] is not None
    assert (await admin(town, "DELETE", f"/v1/esmes/{first['id']}")).json() == closed.json()
    assert (await admin(town, "PATCH", f"/v1/esmes/{other['id']}", {"system_id": "shop"})).json()["system_id"] == "shop"
    for call in (("PATCH", "", {"name": "x"}), ("POST", "/rotate", {})):
        late = await admin(town, call[0], f"/v1/esmes/{first['id']}{call[1]}", call[2])
        assert (late.status, late.json()["code"]) == (409, "esme_closed")
    assert [one["id"] for one in (await admin(town, "GET", "/v1/esmes")).json()["data"]] == [
        other["id"],
        first["id"],
        town.made["esmes"],
    ]


async def test_a_change_leaves_what_it_does_not_name(town: Town) -> None:
    made = await enrolled(town, rate=5, certificate="AB:" * 31 + "CD", senders=["A", "A"])
    assert (made["certificate"], made["senders"]) == ("ab" * 31 + "cd", ["A"])
    changed = await admin(town, "PATCH", f"/v1/esmes/{made['id']}", {"rate": None, "window": 7})
    del made["password"]
    assert changed.json() == {**made, "rate": None, "window": 7}


async def test_a_rotation_keeps_the_old_password_for_its_overlap(town: Town) -> None:
    made = await enrolled(town)
    now = town.house.clock.now()
    told = await admin(town, "POST", f"/v1/esmes/{made['id']}/rotate", {"overlap_s": 60, "password": "new-one!"})
    assert (told.json()["password"], told.json()["rotating_until"] is not None) == ("new-one!", True)
    esme = town.house.roster.by_system_id("shop")
    assert esme is not None
    opening = [passwords.fits(made["password"], one) for one in passwords.valid(esme, now)]
    assert opening == [False, True]
    assert len(passwords.valid(esme, now + 61_000)) == 1
    await admin(town, "POST", f"/v1/esmes/{made['id']}/rotate")
    esme = town.house.roster.by_system_id("shop")
    assert esme is not None
    assert len(passwords.valid(esme, now)) == 1


async def test_an_account_sees_its_own_and_no_others(town: Town) -> None:
    ours = await enrolled(town)
    theirs = await enrolled(town, system_id="theirs", account_id=town.tenant_id)
    assert theirs["account_id"] == town.tenant_id
    assert [one["id"] for one in (await tenant(town, "GET", "/v1/esmes")).json()["data"]] == [theirs["id"]]
    assert (await tenant(town, "GET", f"/v1/esmes/{ours['id']}")).status == 404
    assert (await tenant(town, "POST", f"/v1/esmes/{ours['id']}/rotate")).status == 404
    assert pointers(await tenant(town, "GET", "/v1/esmes?account=acc_0000000000001")) == ["?account"]
    assert (await tenant(town, "POST", f"/v1/esmes/{theirs['id']}/rotate")).status == 200
    for method, path in (("POST", "/v1/esmes"), ("PATCH", f"/v1/esmes/{theirs['id']}"), ("DELETE", "/v1/esmes/x")):
        body = None if method == "DELETE" else SHOP if method == "POST" else {"name": "x"}
        assert (await tenant(town, method, path, body)).status == 403
    of_all = (await admin(town, "GET", "/v1/esmes")).json()["data"]
    assert [one["id"] for one in of_all][:2] == [theirs["id"], ours["id"]]
    of_tenant = await admin(town, "GET", f"/v1/esmes?account={town.tenant_id}")
    assert [one["id"] for one in of_tenant.json()["data"]] == [theirs["id"]]
    assert (await admin(town, "GET", f"/v1/esmes/{theirs['id']}")).status == 200


async def test_a_key_makes_no_esme_that_reaches_further_than_itself(town: Town) -> None:
    bound = await admin(town, "POST", "/v1/keys", {"name": "k", "scope": "admin", "senders": ["ACME"]})
    token = bound.json()["token"]

    far = await ask(town.app, "POST", "/v1/esmes", SHOP, key=token)
    assert (far.status, "senders" in far.json()["detail"]) == (403, True)
    near = await ask(town.app, "POST", "/v1/esmes", {**SHOP, "senders": ["ACME"]}, key=token)
    assert near.status == 201
    path = f"/v1/esmes/{near.json()['id']}"
    assert (await ask(town.app, "PATCH", path, {"senders": []}, key=token)).status == 403


async def test_a_secret_is_not_repeated_under_an_idempotency_key(town: Town) -> None:
    told = await town.ask("POST", "/v1/esmes", SHOP, scope="admin", headers=[("idempotency-key", "k")])
    assert pointers(told) == ["Idempotency-Key"]
