"""Whose addresses are: through the API, for texts from handsets, and with an endpoint of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from test_accounts import Town, admin, settle, tenant
from test_api import opened
from test_webhooks import office

from spine_kit import inbound
from tidings.core import ids
from tidings.core.questions import Filter
from tidings.core.sender import Sender
from tidings.pipeline import own, receive
from webhook_kit import Endpoint, answer

OURS = "+15550009999"
WHERE = f"/v1/senders/{OURS}"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with opened(tmp_path) as place:
        yield await settle(place)


async def received(town: Town, to: str) -> str:
    """The account that a text to an address belongs to."""
    new_id, house = town.house.new_id, town.house
    arrival = receive.Arrival(new_id(), new_id(), new_id(), inbound("Hi", to=to), house.settings)
    message = (await house.store.write(receive.take_inbound, [arrival]))[0].message
    assert message is not None
    return ids.show("acc", message.account_id)


async def test_an_address_is_given_moved_and_taken_away(town: Town) -> None:
    default = ids.show("acc", 1)
    made = await admin(town, "POST", "/v1/senders", {"address": OURS, "account": town.tenant_id, "label": "Shop"})
    assert made.status == 201, made.body
    assert made.json() == {
        "address": OURS, "account_id": town.tenant_id, "label": "Shop", "inbox_url": None, "inbox_replies": "json",
        "unknown_reply": None,
    }  # fmt: skip
    assert (await admin(town, "GET", WHERE)).json() == made.json()
    assert await received(town, OURS[1:]) == town.tenant_id
    sent = await tenant(town, "POST", "/v1/messages", {"to": "+15551230100", "text": "x", "from": OURS})
    assert sent.status == 202, sent.body
    again = await admin(town, "POST", "/v1/senders", {"address": OURS})
    assert (again.status, again.json()["code"]) == (409, "sender_taken")
    moved = await admin(town, "PATCH", WHERE, {"account": default})
    assert moved.json() == {**made.json(), "account_id": default}
    assert await received(town, OURS[1:]) == default
    refused = await tenant(town, "POST", "/v1/messages", {"to": "+15551230100", "text": "x", "from": OURS})
    assert refused.status == 422
    assert (await admin(town, "DELETE", WHERE)).status == 200
    for method, body in (("GET", None), ("PATCH", {"label": "x"}), ("DELETE", None)):
        assert (await admin(town, method, WHERE, body)).status == 404


async def test_an_account_sees_and_changes_its_own_only(town: Town) -> None:
    assert (await admin(town, "POST", "/v1/senders", {"address": OURS})).status == 201
    listed = (await tenant(town, "GET", "/v1/senders?limit=1")).json()
    assert [one["address"] for one in listed["data"]] == ["Berlin"]
    rest = (await tenant(town, "GET", f"/v1/senders?cursor={listed['next_cursor']}")).json()
    assert ([one["address"] for one in rest["data"]], rest["next_cursor"]) == (["Munich"], None)
    of_all = (await admin(town, "GET", "/v1/senders")).json()["data"]
    assert [one["address"] for one in of_all] == [OURS, "Berlin", "Munich"]
    of_tenant = (await admin(town, "GET", f"/v1/senders?account={town.tenant_id}")).json()["data"]
    assert [one["address"] for one in of_tenant] == ["Berlin", "Munich"]
    others = (await tenant(town, "GET", f"/v1/senders?account={ids.show('acc', 1)}")).json()["data"]
    assert others == []
    assert (await tenant(town, "GET", WHERE)).status == 404
    assert (await tenant(town, "PATCH", WHERE, {"label": "x"})).status == 404
    assert (await tenant(town, "PATCH", "/v1/senders/Berlin", {"label": "City"})).json()["label"] == "City"
    assert (await tenant(town, "PATCH", "/v1/senders/Berlin", {"account": town.tenant_id})).status == 403
    assert (await tenant(town, "POST", "/v1/senders", {"address": "777"})).status == 403
    assert (await tenant(town, "DELETE", "/v1/senders/Berlin")).status == 403


FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("no address", {"address": "+1"}, "/address"),
    ("no URL", {"address": OURS, "inbox_url": "ftp://x"}, "/inbox_url"),
    ("nobody's account", {"address": OURS, "account": "acc_02n5m8h2tc800"}, "/account"),
    ("an unknown form", {"address": OURS, "inbox_replies": "yaml"}, "/inbox_replies"),
    ("an unknown field", {"address": OURS, "url": "x"}, "/url"),
]


@pytest.mark.parametrize(("body", "pointer"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
async def test_what_cannot_be_is_refused_with_its_field(town: Town, body: dict[str, Any], pointer: str) -> None:
    told = await admin(town, "POST", "/v1/senders", body)
    assert (told.status, [one["pointer"] for one in told.json()["errors"]]) == (422, [pointer])


async def test_what_nobody_owns_goes_to_the_catch_all(town: Town) -> None:
    assert await received(town, "4711") == ids.show("acc", 1)
    made = await admin(town, "POST", "/v1/senders", {"address": "*", "account": town.tenant_id})
    assert made.status == 201
    assert await received(town, "4711") == town.tenant_id
    account = (await admin(town, "GET", f"/v1/accounts/{town.tenant_id}")).json()
    assert account["senders"] == ["Berlin", "Munich"]
    assert (await admin(town, "PATCH", f"/v1/accounts/{town.tenant_id}", {"senders": ["Bonn"]})).status == 200
    assert await received(town, "4711") == town.tenant_id
    assert (await admin(town, "DELETE", "/v1/senders/*")).status == 200
    assert await received(town, "4711") == ids.show("acc", 1)


async def test_who_gets_what_nobody_owns_answers_from_there(town: Town) -> None:
    assert (await admin(town, "POST", "/v1/senders", {"address": "*", "account": town.tenant_id})).status == 201
    assert await received(town, "4711") == town.tenant_id
    talk = (await tenant(town, "GET", "/v1/conversations?limit=1")).json()["data"][0]
    said = await tenant(town, "POST", f"/v1/conversations/{talk['id']}/messages", {"text": "Hello"})
    assert (said.status, said.json().get("from")) == (202, "4711"), said.body
    elsewhere = await tenant(town, "POST", "/v1/messages", {"to": "+15551230100", "text": "x", "from": "4711"})
    assert elsewhere.status == 422, "no conversation, no claim"


# an endpoint of its own

REPLIES = [
    ("json", answer(200, b'{"replies": [{"text": "a"}, {"text": "b"}]}'), ["a", "b"]),
    ("json", answer(200, b"OK", "content-type: text/plain"), []),
    ("text", answer(200, b"Nine.", "content-type: text/plain"), ["Nine."]),
    ("twiml", answer(200, b"<Response><Message>Nine.</Message></Response>", "content-type: text/xml"), ["Nine."]),
    ("none", answer(200, b'{"reply": {"text": "a"}}'), []),
]


@pytest.mark.parametrize(("form", "said", "texts"), REPLIES)
async def test_an_inbox_is_called_and_may_reply(tmp_path: Path, form: str, said: bytes, texts: list[str]) -> None:
    async with Endpoint(lambda got, earlier: said).up() as there, office(tmp_path) as here:
        kept = await own.own(here.house, Sender(account_id=1, address="12345", inbox_url=there.url, inbox_replies=form))
        assert isinstance(kept, own.Owned)
        new_id = here.house.new_id
        told = [inbound("When?"), inbound("x", to="54321")]
        arrivals = [receive.Arrival(new_id(), new_id(), new_id(), one, here.settings) for one in told]
        await here.store.write(receive.take_inbound, arrivals)
        (done,) = await here.settled("delivered")
        assert [one.json()["data"]["text"] for one in there.got] == ["When?"]
        page = await here.store.read(lambda tx: tx.messages.page(1, Filter(direction="mt"), None, 10))
        assert [one.text for one in reversed(page.messages)] == texts
        assert {(one.sender, one.to, one.category) for one in page.messages} <= {
            ("12345", "+15551230100", "conversation")
        }
        assert (done.reply_id is not None) == bool(texts)
        assert "Nine" not in str(await here.tries(done))


async def test_a_reply_that_may_not_go_is_told_in_the_log(tmp_path: Path) -> None:
    said = answer(200, b'{"replies": [{"text": "a"}, {"text": "b", "category": "system"}]}')
    async with Endpoint(lambda got, earlier: said).up() as there, office(tmp_path) as here:
        await own.own(here.house, Sender(account_id=1, address="12345", inbox_url=there.url))
        arrival = receive.Arrival(
            here.house.new_id(), here.house.new_id(), here.house.new_id(), inbound("?"), here.settings
        )
        await here.store.write(receive.take_inbound, [arrival])
        (done,) = await here.settled("delivered")
        assert done.reply_id is None
        assert "no reply is sent: Invalid enum value 'system'" in str(await here.tries(done))
