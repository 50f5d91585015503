"""Names as senders where countries take none: refused or replaced, by the carrier's settings or the request."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from test_api import GOOD, Place, opened

from tidings.core.account import DEFAULT_ACCOUNT
from tidings.data import load
from tidings.pipeline import admit
from tidings.smpp.address import Addressing, outgoing

US, CA, DE, IN = "+14155550100", "+14165550100", "+4915112345678", "+919812345678"
HOME, NORTH = "+14155550999", "+14165550999"
PAGE = Path(__file__).parents[2] / "docs/reference/numbers.md"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(tmp_path) as found:
        found.house.carriers = {"north": 0.0}
        found.house.sender_rules = {"north": "refuse"}
        yield found


async def own(place: Place, *senders: str) -> None:
    await admit.change_account(place.house, DEFAULT_ACCOUNT, {"senders": senders})


async def story(place: Place, message_id: str) -> Any:
    return (await place.ask("GET", f"/v1/messages/{message_id}/explain")).json()


async def test_a_name_is_refused_where_none_is_taken(place: Place) -> None:
    told = await place.post(key="k", to=US)
    assert (told.status, told.json()["code"]) == (422, "rejected")
    (verdict,) = told.json()["verdicts"]
    assert (verdict["rule"], verdict["allowed"]) == ("sender", False)
    assert verdict["detail"].startswith("United States takes no alphanumeric senders: send from a number")
    assert (await place.post(key="k", to=US)).json()["verdicts"] == [verdict], "the same answer again"
    kept = await story(place, told.json()["message_id"])
    assert (kept["message"]["status"], kept["message"]["error"]["code"]) == ("rejected", "invalid_sender")
    assert [(gate["rule"], gate["allowed"]) for gate in kept["gates"]] == [("suppression", True), ("sender", False)]
    assert kept["gates"][1]["detail"] == verdict["detail"]
    assert kept["decided_by"] == "tidings"


PASSED = [
    ("a country that takes names", DE, {}),
    ("one that wants them registered", IN, {}),
    ("a number as sender", US, {"from": HOME}),
    ("a short code as sender", US, {"from": "741741"}),
    ("to a short code", "741741", {}),
]


@pytest.mark.parametrize(("to", "fields"), [case[1:] for case in PASSED], ids=[case[0] for case in PASSED])
async def test_what_passes(place: Place, to: str, fields: dict[str, Any]) -> None:
    assert (await place.post(to=to, **fields)).json()["status"] == "accepted"


async def test_a_carrier_that_is_not_held_to_the_rules_decides_itself(place: Place) -> None:
    place.house.sender_rules = {}
    assert (await place.post(to=US)).json()["from"] == "TIDINGS"
    told = (await place.ask("POST", "/v1/messages/preview", {**GOOD, "to": "+15551230100"})).json()
    assert [one["rule"] for one in told["verdicts"]] == ["suppression"]


async def test_a_number_stands_in_if_the_request_asks_so(place: Place) -> None:
    assert (await place.post(to=US, replace_sender=True)).json()["verdicts"][0]["detail"].count("no number") == 1
    await own(place, "TIDINGS", HOME, NORTH)
    sent = (await place.post(to=US, replace_sender=True)).json()
    assert (sent["status"], sent["from"]) == ("accepted", HOME)
    (_, gate) = (await story(place, sent["id"]))["gates"]
    assert (gate["rule"], gate["allowed"]) == ("sender", True)
    assert gate["detail"] == f"United States takes no alphanumeric senders: {HOME} stands in place of TIDINGS."
    assert (await place.post(to=CA, replace_sender=True)).json()["from"] == NORTH, "the one at home there"
    assert (await place.post(to="+8613800138000", replace_sender=True)).json()["from"] == HOME, "the first"
    assert (await place.post(to=US)).status == 422


async def test_a_number_stands_in_if_the_carrier_is_set_so(place: Place) -> None:
    await own(place, "TIDINGS", HOME)
    place.house.sender_rules = {"north": "replace"}
    both = {"text": "It’s", "smart_encoding": True}
    sent = (await place.post(to=US, **both)).json()
    assert (sent["from"], sent["text"]) == (HOME, "It's")
    data = (await story(place, sent["id"]))["events"][0]["data"]
    assert (data["sender"]["from"], data["smart_encoding"]["count"]) == ("TIDINGS", 1)
    assert (await place.post(to=US, replace_sender=False)).status == 422


async def test_a_bound_key_lends_its_own_numbers_only(place: Place) -> None:
    await own(place, "TIDINGS", HOME, NORTH)
    for senders, sender in ((("TIDINGS", NORTH), NORTH), (("TIDINGS",), None)):
        _, token = await admit.issue(place.house, DEFAULT_ACCOUNT, "bound", "send+read", senders=senders)
        place.tokens["bound"] = token
        told = (await place.ask("POST", "/v1/messages", {**GOOD, "to": US, "replace_sender": True}, "bound")).json()
        assert told.get("from") == sender


async def test_batches(place: Place) -> None:
    items = [{**GOOD, "to": US}, {**GOOD, "to": DE}]
    told = (await place.ask("POST", "/v1/messages/batch", {"messages": items})).json()
    assert (told["accepted"], told["rejected"]) == (1, 1)
    assert told["data"][0]["error"]["verdicts"][0]["rule"] == "sender"
    whole = (await place.ask("POST", "/v1/messages/batch", {"messages": items, "atomic": True})).json()
    assert [one["pointer"] for one in whole["data"][0]["error"]["errors"]] == ["/messages/0/from"]
    assert await place.count() == 2, "of the first batch"


async def test_a_preview_tells_the_same(place: Place) -> None:
    async def look(**fields: Any) -> Any:
        return (await place.ask("POST", "/v1/messages/preview", {**GOOD, **fields})).json()

    told = await look(to=US)
    assert (told["status"], told["goes_at"], [one["rule"] for one in told["verdicts"]]) == (
        "rejected", None, ["suppression", "sender"],
    )  # fmt: skip
    await own(place, "TIDINGS", HOME)
    told = await look(to=US, replace_sender=True)
    assert (told["status"], told["from"], told["verdicts"][1]["allowed"]) == ("accepted", HOME, True)
    assert "registered first" in (await look(to=IN))["verdicts"][1]["detail"]
    assert "no range" in (await look(to="+99912345678"))["verdicts"][1]["detail"]
    assert [one["rule"] for one in (await look(to=DE))["verdicts"]] == ["suppression"]


@pytest.mark.one_engine("no store is asked")
def test_the_page_shows_the_table_that_holds() -> None:
    rules = load("sender_rules")["alphanumeric"]
    rows = re.findall(r"^\| ([^|]+) \| `(..)` \| ([^|]+) \| (yes|no) \|$", PAGE.read_text(encoding="utf-8"), flags=re.M)
    expected = [(row["name"], region, "none are taken", row["seen"]) for region, row in rules["refused"].items()]
    expected += [
        (row["name"], region, "may be registered" if row.get("voluntary") else "to be registered first", row["seen"])
        for region, row in rules["registration"].items()
    ]
    assert [(name, region, means, seen == "yes") for name, region, means, seen in rows] == expected


@pytest.mark.parametrize(
    ("address", "typed"),
    [(US, (1, 1, US[1:])), ("741741", (3, 0, "741741")), ("ACME", (5, 0, "ACME")), ("3M", (5, 0, "3M"))],
)
@pytest.mark.one_engine("no store is asked")
def test_addresses_as_smpp_types_them(address: str, typed: tuple[int, int, str]) -> None:
    assert outgoing(address, Addressing()) == typed
