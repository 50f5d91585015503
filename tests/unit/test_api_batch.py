"""Batches through the REST door: an outcome each, in order."""

from __future__ import annotations

from typing import Any

import pytest

from kit import FakeHouse, ask, door
from tidings.config import Limits, Settings
from tidings.core.request import Fault, Invalid, Refused, Stored, Verdict

GOOD = {"to": "+15551230100", "text": "Hello"}
PATH = "/v1/messages/batch"


@pytest.fixture
def house() -> FakeHouse:
    return FakeHouse()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, house: FakeHouse) -> Any:
    return door(monkeypatch, house)


async def test_each_item_has_its_own_outcome(app: Any, house: FakeHouse) -> None:
    house.outcomes = {
        "+15550000001": Stored(house.put(status="rejected"), (Verdict("suppression", False, "opted out"),)),
        "+15550000002": Invalid((Fault("/to", "cannot exist"),)),
        "+15550000003": Refused("too_many_queued", "full"),
        "+15550000004": Stored(house.put(status="scheduled")),
    }
    items = [
        GOOD,
        {"to": 5, "txt": "x"},
        *({"to": to, "text": "x"} for to in house.outcomes),
        7,
        {"to": "1", "metadata": {"a": [[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}},
    ]
    told = await ask(app, "POST", PATH, {"messages": items})
    answer = told.json()
    assert (told.status, answer["accepted"], answer["rejected"]) == (202, 2, 6)
    assert [item["index"] for item in answer["data"]] == list(range(8))
    shown = [
        (item["status"],)
        if "id" in item
        else (item["error"]["code"], *(error["pointer"] for error in item["error"].get("errors", ())))
        for item in answer["data"]
    ]
    assert shown == [
        ("accepted",),
        ("validation_failed", "/messages/1/txt", "/messages/1/to"),
        ("rejected",),
        ("validation_failed", "/messages/3/to"),
        ("too_many_queued",),
        ("scheduled",),
        ("validation_failed", "/messages/6"),
        ("validation_failed", "/messages/7/metadata"),
    ]
    assert answer["data"][2]["error"]["message_id"].startswith("msg_")


async def test_when_all_are_refused_the_shape_stays_and_the_status_is_422(app: Any) -> None:
    told = await ask(app, "POST", PATH, {"messages": [{}, {}]})
    assert (told.status, told.headers["content-type"]) == (422, "application/json")
    assert (told.json()["accepted"], told.json()["rejected"], len(told.json()["data"])) == (0, 2, 2)


@pytest.mark.parametrize(("given", "taken"), [({}, False), ({"atomic": True}, True), ({"atomic": False}, False)])
async def test_atomic_is_passed_on(app: Any, house: FakeHouse, given: dict[str, bool], taken: bool) -> None:
    await ask(app, "POST", PATH, {"messages": [GOOD], **given})
    assert house.taken[0][2] is taken


BODIES: list[tuple[str, Any, int, list[str]]] = [
    ("no messages", {}, 422, ["/messages"]),
    ("none inside", {"messages": []}, 422, ["/messages"]),
    ("not a list", {"messages": GOOD}, 422, ["/messages"]),
    ("atomic as a word", {"messages": [GOOD], "atomic": "yes"}, 422, ["/atomic"]),
    ("two things wrong", {"message": [GOOD], "atomic": 1}, 422, ["/atomic", "/message", "/messages"]),
    ("a list", [GOOD], 422, [""]),
    ("an item that is no JSON", b'{"messages":[{"to":"1"},{"to":nope}]}', 400, []),
    ("an item that is not UTF-8", b'{"messages":[{"to":"1"},{"to":"\xff"}]}', 400, []),
    ("a lone surrogate inside", b'{"messages":[{"to":"\\udc00"}]}', 422, ["/messages/0/to"]),
    ("nested without end", b'{"messages":[' + b"[" * 90_000 + b"]" * 90_000 + b"]}", 400, []),
]


@pytest.mark.parametrize(("body", "status", "pointers"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
async def test_a_bad_batch_as_a_whole(app: Any, house: FakeHouse, body: Any, status: int, pointers: list[str]) -> None:
    told = await ask(app, "POST", PATH, body)
    assert told.status == status
    assert sorted(error["pointer"] for error in told.json().get("errors", [])) == pointers
    assert house.taken == []


async def test_a_number_that_nothing_holds_spoils_its_item_only(app: Any) -> None:
    told = await ask(app, "POST", PATH, b'{"messages":[{"to":"+15551230100"},{"to":"1","metadata":{"a":1e999}}]}')
    assert (told.status, told.json()["accepted"]) == (202, 1)
    assert told.json()["data"][1]["error"]["errors"][0]["pointer"] == "/messages/1/metadata"


async def test_ten_thousand_are_taken_and_one_more_is_not(app: Any, house: FakeHouse) -> None:
    item = b'{"to":"+15551230100","text":"x"}'
    body = b'{"messages":[' + b",".join([item] * 10_000) + b"]}"
    told = await ask(app, "POST", PATH, body)
    assert (told.status, told.json()["accepted"], told.json()["data"][-1]["index"]) == (202, 10_000, 9_999)
    told = await ask(app, "POST", PATH, body[:-2] + b"," + item + b"]}")
    assert (told.status, [error["pointer"] for error in told.json()["errors"]]) == (422, ["/messages"])


async def test_the_limit_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    app = door(monkeypatch, FakeHouse(Settings(limits=Limits(batch_messages=2))))
    assert (await ask(app, "POST", PATH, {"messages": [GOOD] * 2})).status == 202
    assert (await ask(app, "POST", PATH, {"messages": [GOOD] * 3})).status == 422
