"""Codes through the API: saved with reports, refused with their fields, listed, changed, imported, tried."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from test_accounts import Town, admin, settle, tenant
from test_api import opened

ITEM = {"name": "item", "type": "integer"}
REPLY = [{"type": "reply", "text": "{{ item }} costs 5."}]
PRICE: dict[str, Any] = {
    "name": "price", "keywords": ["PRICE"], "parameters": [ITEM], "help": "Send PRICE 4711.", "actions": REPLY,
}  # fmt: skip


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with opened(tmp_path) as place:
        yield await settle(place)


async def test_a_code_is_made_read_changed_and_ended(town: Town) -> None:
    made = await admin(town, "POST", "/v1/codes", PRICE)
    assert made.status == 201, made.body
    code = made.json()
    assert (code["keywords"], code["parameters"], code["reports"]) == (["PRICE"], [ITEM], [])
    where = f"/v1/codes/{code['id']}"
    assert made.headers["location"] == where
    assert (await admin(town, "GET", where)).json() == {**code, "reports": None}
    again = await admin(town, "POST", "/v1/codes", PRICE)
    assert (again.status, again.json()["code"]) == (409, "code_exists")
    second = (await admin(town, "POST", "/v1/codes", {**PRICE, "name": "second", "parameters": [
        {"name": "town", "type": "word"}], "actions": [{"type": "inbox"}]})).json()  # fmt: skip
    assert [(one["kind"], one["code"], one["other"]) for one in second["reports"]] == [("conflict", "second", "price")]
    assert [one["name"] for one in (await admin(town, "GET", "/v1/codes?limit=1")).json()["data"]] == ["second"]
    assert len((await admin(town, "GET", "/v1/codes/reports")).json()["data"]) == 1
    changed = await admin(town, "PATCH", where, {"priority": 5, "hours": {"from": "09:00", "to": "17:00"}})
    assert changed.status == 200, changed.body
    assert (changed.json()["priority"], changed.json()["keywords"], changed.json()["reports"]) == (5, ["PRICE"], [])
    taken = await admin(town, "PATCH", where, {"name": "second"})
    assert taken.json()["code"] == "code_exists"
    for method, path, body in (("GET", where, None), ("PATCH", where, {"fuzzy": True}), ("DELETE", where, None)):
        assert (await tenant(town, method, path, body)).status == 404, "another account's"
    assert (await admin(town, "DELETE", where)).status == 200
    assert (await admin(town, "GET", where)).status == 404


BAD = [
    ("a broken template", {"actions": [{"type": "reply", "text": "{{ item"}]}, "/actions/0/text", "expected '}}'"),
    ("an action to come", {"actions": [{"type": "workflow", "name": "x"}]}, "/actions/0/type", "is not built yet"),
    ("an action nobody knows", {"actions": [{"type": "dance"}]}, "/actions/0/type", "dance"),
    ("a word of the law", {"keywords": ["stop"]}, "/keywords/0", "before all codes"),
    ("a regex that RE2 has not", {"keywords": [], "parameters": [], "actions": [{"type": "inbox"}], "regex": "(a)\\1"},
     "/regex", "RE2"),
    ("an unknown field", {"keyword": "x"}, "/keyword", "did you mean `keywords`"),
    ("too much for one text", {"actions": [{"type": "forward", "to": ["+15551230100"] * 5}] * 3}, "/actions", "10 at"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "pointer", "detail"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
async def test_what_is_wrong_is_told_by_field(town: Town, fields: dict[str, Any], pointer: str, detail: str) -> None:
    for method, body in (("POST", {**PRICE, **fields}), ("PATCH", fields)):
        path = "/v1/codes"
        if method == "PATCH":
            path += "/" + (await admin(town, "POST", "/v1/codes", PRICE)).json()["id"]
        told = await admin(town, method, path, body)
        assert told.status == 422, told.body
        (fault,) = told.json()["errors"]
        assert (fault["pointer"], detail in fault["detail"]) == (pointer, True), fault


_LARGE = {f"choice{at}": [f"{at}{'x' * 60}{to}" for to in range(20)] for at in range(100)}
_ONE_OF = [{"name": "one", "type": "choice", "choices": _LARGE}]
MANY = [
    ("the same keyword", 201, {"keywords": ["vote now"]}, "200 codes with the keyword vote now"),
    ("defaults", 201, {"default": True}, "200 codes that are the default"),
    ("keywords with slips", 21, {"keywords": [f"word{at}" for at in range(50)], "fuzzy": True}, "1000 keywords"),
    ("regexes", 101, {"regex": "a"}, "100 codes with a regex"),
    ("large regexes", 15, {"regex": "[^b]{0,190}"}, "20000 instructions"),
    ("large codes", 40, {"keywords": ["pick"], "parameters": _ONE_OF, "help": "Pick one."}, "5000000 octets"),
]


@pytest.mark.parametrize(("many", "fields", "detail"), [row[1:] for row in MANY], ids=[row[0] for row in MANY])
async def test_what_costs_every_text_has_bounds(town: Town, many: int, fields: dict[str, Any], detail: str) -> None:
    codes = [{"name": f"code {at}", "actions": [{"type": "inbox"}], **fields} for at in range(many)]
    answers = [await admin(town, "POST", "/v1/codes/import", {"codes": codes[at::2]}) for at in (0, 1)]
    assert answers[0].status == 200, answers[0].body
    told = answers[1].json()
    assert (answers[1].status, told["code"], detail in told["detail"]) == (422, "too_many_codes", True), told


async def test_a_file_is_taken_whole_or_not_at_all(town: Town) -> None:
    async def names() -> list[str]:
        return [one["name"] for one in (await admin(town, "GET", "/v1/codes")).json()["data"]]

    there = await names()
    await admin(town, "POST", "/v1/codes", PRICE)
    other = {"name": "else", "default": True, "actions": [{"type": "inbox"}]}
    file = {"codes": [{**PRICE, "fuzzy": True}, other]}
    rehearsed = await admin(town, "POST", "/v1/codes/import", {**file, "dry_run": True})
    assert rehearsed.status == 200, rehearsed.body
    assert await names() == ["price", *there]
    bad = await admin(town, "POST", "/v1/codes/import", {"codes": [other, {**PRICE, "help": ""}]})
    assert [one["pointer"] for one in bad.json()["errors"]] == ["/codes/1/help"]
    twice = await admin(town, "POST", "/v1/codes/import", {"codes": [other, other]})
    assert [one["pointer"] for one in twice.json()["errors"]] == ["/codes/1/name"]
    assert await names() == ["price", *there]
    done = await admin(town, "POST", "/v1/codes/import", file)
    assert [one["name"] for one in done.json()["data"]] == ["price", "else"]
    listed = (await admin(town, "GET", "/v1/codes")).json()["data"]
    assert {one["name"]: one["fuzzy"] for one in listed} == dict.fromkeys(there, False) | {"price": True, "else": False}
    plain = [{k: v for k, v in one.items() if k not in ("id", "created_at", "changed_at", "reports")} for one in listed]
    again = await admin(town, "POST", "/v1/codes/import", {"codes": plain})
    assert again.status == 200, again.body


async def test_a_text_is_tried_without_anything_being_done(town: Town) -> None:
    await admin(town, "POST", "/v1/codes", {**PRICE, "senders": ["12345"]})
    before = (await admin(town, "GET", "/v1/messages")).json()["data"]
    told = (await admin(town, "POST", "/v1/codes/test", {"text": "price 4711", "to": "12345"})).json()
    assert (told["code"], told["how"], told["parameters"]) == ("price", "keyword", {"item": 4711})
    assert told["actions"] == [{"action": "reply", "result": "4711 costs 5."}]
    wrong = (await admin(town, "POST", "/v1/codes/test", {"text": "price abc", "to": "12345"})).json()
    assert wrong["trouble"]["name"] == "no_integer"
    assert wrong["actions"] == [{"action": "reply", "result": "Send PRICE 4711."}]
    away = (await admin(town, "POST", "/v1/codes/test", {"text": "price 1", "to": "54321"})).json()
    assert (away["code"], away["close"]) == (
        None, [{"code": "price", "keyword": "PRICE", "why": "it does not hold on this number"}],
    )  # fmt: skip
    for at in ("0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z"):
        never = await admin(town, "POST", "/v1/codes/test", {"text": "price 1", "at": at})
        assert (never.status, never.json()["errors"][0]["pointer"]) == (422, "/at"), at
    for at in ("1970-01-01T00:00:00Z", "9998-12-31T23:59:59.999Z"):
        assert (await admin(town, "POST", "/v1/codes/test", {"text": "price 1", "at": at})).status == 200, at
    stop = (await admin(town, "POST", "/v1/codes/test", {"text": "Stop."})).json()
    assert (stop["system"], stop["code"]) == ("stop", None)
    draft = {"name": "new", "keywords": ["new"], "actions": [{"type": "tag", "tags": ["a", "b"]}]}
    tried = (await admin(town, "POST", "/v1/codes/test", {"text": "new", "code": draft})).json()
    assert tried["actions"] == [{"action": "tag", "result": "a, b"}]
    assert (await admin(town, "GET", "/v1/messages")).json()["data"] == before
    other = (await tenant(town, "POST", "/v1/codes/test", {"text": "price 1", "to": "12345"})).json()
    assert (other["code"], other["close"]) == (None, [])
