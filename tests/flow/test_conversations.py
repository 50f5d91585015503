"""Contacts and conversations over the real store: begun by texts, worked with by the API, told live, found again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from test_api import Place, opened

from kit import Heard
from spine_kit import inbound
from tidings.core import ids
from tidings.core.events import EVENT_TYPES
from tidings.core.message import Message
from tidings.core.questions import Event
from tidings.core.stream import Wanted
from tidings.core.webhook import Subscription
from tidings.pipeline import converse, expire, notify, receive, stream, subscribe

ADA, BEN = "+15551230100", "+15551230199"
OURS = "+15550009999"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(tmp_path) as one:
        made = await one.ask("POST", "/v1/senders", {"address": OURS}, scope="admin")
        assert made.status == 201, made.body
        yield one


async def texted(place: Place, text: str, sender: str = ADA, to: str = OURS) -> Message:
    """A handset texts us."""
    new_id, house = place.house.new_id, place.house
    told = inbound(text, sender=sender[1:], to=to.removeprefix("+"))
    arrival = receive.Arrival(new_id(), new_id(), new_id(), told, house.settings)
    message = (await house.store.write(receive.take_inbound, [arrival]))[0].message
    assert message is not None
    return message


async def get(place: Place, path: str) -> Any:
    told = await place.ask("GET", path, scope="admin")
    assert told.status == 200, told.body
    return told.json()


async def call(place: Place, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    told = await place.ask(method, path, body, scope="admin")
    assert told.status == status, told.body
    return told.json()


async def inbox(place: Place, query: str = "") -> list[Any]:
    found: list[Any] = (await get(place, f"/v1/conversations{query}"))["data"]
    return found


async def events(place: Place, shown: str) -> list[Event]:
    number = ids.parse("conv", shown) or 0
    return await place.house.store.read(lambda tx: tx.events.of(number))


# begun


async def test_the_first_text_begins_a_conversation_with_a_contact(place: Place) -> None:
    first = await texted(place, "Could we come at nine?")
    (one,) = await inbox(place)
    assert (one["from"], one["number"], one["status"], one["unread"]) == (OURS, ADA, "open", 1)
    assert one["last_message"]["id"] == ids.show("msg", first.id)
    assert (one["contact"]["numbers"], one["contact"]["name"]) == ([ADA], "")
    await texted(place, "Or at ten?")
    await texted(place, "Hello", to="777")
    await texted(place, "Hello", sender=BEN)
    threads = await inbox(place)
    assert [(t["from"], t["number"], t["unread"]) for t in threads] == [(OURS, BEN, 1), ("777", ADA, 1), (OURS, ADA, 2)]
    assert threads[1]["contact"]["id"] == threads[2]["contact"]["id"] != threads[0]["contact"]["id"]
    told = await events(place, one["id"])
    assert [(event.sequence, event.type) for event in told] == [
        (1, "conversation.created"),
        (2, "conversation.changed"),
    ]
    assert (told[1].data or {})["unread"] == 2


async def test_several_texts_in_one_commit_begin_one_conversation(place: Place) -> None:
    new_id, house = place.house.new_id, place.house
    arrivals = [
        receive.Arrival(new_id(), new_id(), new_id(), inbound(text, sender=ADA[1:], to=OURS[1:]), house.settings)
        for text in ("a", "b", "c")
    ]
    done = await house.store.write(receive.take_inbound, arrivals)
    (one,) = await inbox(place)
    assert one["unread"] == 3
    assert done[2].message is not None
    assert one["last_message"]["id"] == ids.show("msg", done[2].message.id)


async def test_a_conversation_is_opened_with_a_number(place: Place) -> None:
    made = await call(place, "POST", "/v1/conversations", {"to": "+1 (555) 123-0100", "from": OURS}, 201)
    assert (made["number"], made["last_message"], made["unread"]) == (ADA, None, 0)
    again = await call(place, "POST", "/v1/conversations", {"to": ADA}, 200)
    assert again == made, "the account's number speaks where none is named"
    await texted(place, "Hello")
    assert [one["id"] for one in await inbox(place)] == [made["id"]]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("no number", {"to": "soon"}, "/to"),
    ("a name, which nobody can answer", {"to": ADA, "from": "ACME"}, "/from"),
    ("no sender", {"to": ADA, "from": "+"}, "/from"),
    ("an unknown field", {"to": ADA, "sender": OURS}, "/sender"),
]


@pytest.mark.parametrize(("body", "pointer"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
async def test_a_conversation_that_cannot_be(place: Place, body: dict[str, Any], pointer: str) -> None:
    told = await call(place, "POST", "/v1/conversations", body, 422)
    assert [one["pointer"] for one in told["errors"]] == [pointer]


# worked with


async def test_it_is_assigned_labelled_read_closed_and_opened_by_a_text(place: Place) -> None:
    await texted(place, "Hello")
    where = f"/v1/conversations/{(await inbox(place))[0]['id']}"
    changed = await call(place, "PATCH", where, {"assignee": "kim", "labels": ["a", "b", "a"], "read": True})
    assert (changed["assignee"], changed["labels"], changed["unread"]) == ("kim", ["a", "b"], 0)
    assert (await call(place, "PATCH", where, {"status": "closed"}))["status"] == "closed"
    assert await inbox(place, "?status=open") == []
    assert len(await inbox(place, "?assignee=kim&label=b&status=closed&unread=false")) == 1
    await texted(place, "One more thing")
    assert (len(await inbox(place, "?assigned=true")), await inbox(place, "?assigned=false")) == (1, [])
    (one,) = await inbox(place, "?status=open")
    assert (one["unread"], one["assignee"], one["labels"]) == (1, "kim", ["a", "b"])
    assert (await call(place, "PATCH", where, {"read": True, "assignee": None}))["assignee"] is None
    assert (await call(place, "PATCH", where, {"read": False}))["unread"] == 1
    told = len(await events(place, one["id"]))
    assert (await call(place, "PATCH", where, {"status": "open"}))["status"] == "open"
    assert len(await events(place, one["id"])) == told, "what changes nothing is not told"


async def test_what_is_snoozed_opens_by_itself(place: Place) -> None:
    await texted(place, "Later")
    shown = (await inbox(place))[0]["id"]
    snooze = {"status": "snoozed", "snoozed_until": "2999-01-01T00:00:00Z"}
    for body, pointer in (
        ({"status": "snoozed"}, "/snoozed_until"),
        ({"snoozed_until": "2999-01-01T00:00:00Z"}, "/snoozed_until"),
        (snooze, "/snoozed_until"),
        ({**snooze, "snoozed_until": "2020-01-01T00:00:00Z"}, "/snoozed_until"),
    ):
        refused = await call(place, "PATCH", f"/v1/conversations/{shown}", body, 422)
        assert [one["pointer"] for one in refused["errors"]] == [pointer]
    now = place.house.clock.now()
    fields = {"status": "snoozed", "snoozed_until": now + 1}
    from tidings.pipeline import inbox as verbs

    await verbs.change(place.house, 1, ids.parse("conv", shown) or 0, fields)
    due = await place.house.store.read(lambda tx: tx.conversations.due(now + 1, 10))
    assert [ids.show("conv", one.id) for one in due] == [shown]
    while place.house.clock.now() <= now + 1:
        pass
    await place.house.store.write(converse.wake, due)
    (one,) = await inbox(place)
    assert (one["status"], one["snoozed_until"]) == ("open", None)


async def test_a_reply_is_a_message_of_the_conversation(place: Place) -> None:
    first = await texted(place, "Could we come at nine?")
    one = (await inbox(place))[0]
    where = f"/v1/conversations/{one['id']}"
    reply = await call(place, "POST", f"{where}/messages", {"text": "Nine is fine.", "client_ref": "r1"}, 202)
    assert (reply["to"], reply["from"], reply["category"], reply["client_ref"]) == (ADA, OURS, "conversation", "r1")
    bulk = await call(place, "POST", "/v1/messages", {"to": ADA, "from": OURS, "text": "Menu of the week"}, 202)
    thread = await get(place, f"{where}/messages?limit=2")
    assert [m["id"] for m in thread["data"]] == [bulk["id"], reply["id"]]
    rest = await get(place, f"{where}/messages?cursor={thread['next_cursor']}")
    assert ([m["id"] for m in rest["data"]], rest["next_cursor"]) == ([ids.show("msg", first.id)], None)
    (after,) = await inbox(place)
    assert (after["last_message"]["id"], after["unread"]) == (reply["id"], 0), "other categories do not move it up"


async def test_a_reply_that_may_not_go_says_why(place: Place) -> None:
    await texted(place, "STOP")
    one = (await inbox(place))[0]
    refused = await call(place, "POST", f"/v1/conversations/{one['id']}/messages", {"text": "But why?"}, 422)
    assert (refused["code"], refused["verdicts"][0]["rule"]) == ("rejected", "suppression")
    assert (await inbox(place))[0]["unread"] == 1
    for body in ({}, {"text": "a", "canned": "can_02n5m8h2tc800"}, {"canned": "can_02n5m8h2tc800"}, {"text": ""}):
        told = await call(place, "POST", f"/v1/conversations/{one['id']}/messages", body, 422)
        assert told["code"] == "validation_failed"


async def test_a_reply_goes_to_the_number_heard_from_last(place: Place) -> None:
    await texted(place, "Hello")
    one = (await inbox(place))[0]
    contact = f"/v1/contacts/{one['contact']['id']}"
    await call(place, "PATCH", contact, {"numbers": [ADA, BEN]})
    await texted(place, "From my other phone", sender=BEN)
    (after,) = await inbox(place)
    assert (after["id"], after["number"], after["unread"]) == (one["id"], BEN, 2)
    reply = await call(place, "POST", f"/v1/conversations/{one['id']}/messages", {"text": "Hi"}, 202)
    assert reply["to"] == BEN
    thread = (await get(place, f"/v1/conversations/{one['id']}/messages"))["data"]
    assert [m["text"] for m in thread] == ["Hi", "From my other phone", "Hello"]


async def test_notes_and_replies_that_are_kept_ready(place: Place) -> None:
    await texted(place, "Hello")
    where = f"/v1/conversations/{(await inbox(place))[0]['id']}"
    note = await call(place, "POST", f"{where}/notes", {"text": "Quiet table", "author": "kim"}, 201)
    assert (await get(place, f"{where}/notes"))["data"] == [note]
    better = await call(place, "PATCH", f"/v1/notes/{note['id']}", {"text": "Window"})
    assert (better["text"], better["author"], note["changed_at"]) == ("Window", "kim", None)
    assert better["changed_at"] is not None
    assert (await get(place, f"{where}/notes"))["data"] == [better]
    await call(place, "DELETE", f"/v1/notes/{note['id']}")
    for method, body in (("DELETE", None), ("PATCH", {"text": "x"})):
        await call(place, method, f"/v1/notes/{note['id']}", body, status=404)
    assert (await get(place, f"{where}/notes"))["data"] == []
    canned = await call(place, "POST", "/v1/canned-replies", {"name": "hours", "text": "From nine."}, 201)
    taken = await call(place, "POST", "/v1/canned-replies", {"name": "hours", "text": "x"}, 409)
    assert taken["code"] == "name_taken"
    changed = await call(place, "PATCH", f"/v1/canned-replies/{canned['id']}", {"text": "From ten."})
    assert (await get(place, "/v1/canned-replies"))["data"] == [changed]
    sent = await call(place, "POST", f"{where}/messages", {"canned": canned["id"]}, 202)
    assert sent["text"] == "From ten."
    await call(place, "DELETE", f"/v1/canned-replies/{canned['id']}")
    await call(place, "DELETE", f"/v1/canned-replies/{canned['id']}", status=404)


# contacts


async def test_a_contact_is_kept_changed_found_and_dropped(place: Place) -> None:
    body = {"numbers": ["+1 555 123 0100"], "name": "Ada", "fields": {"guests": 4, "dog": True}, "tags": ["a", "a"]}
    ada = await call(place, "POST", "/v1/contacts", body, 201)
    assert (ada["numbers"], ada["tags"]) == ([ADA], ["a"])
    where = f"/v1/contacts/{ada['id']}"
    changed = await call(place, "PATCH", where, {"fields": {"guests": None, "table": "terrace"}, "notes": "x"})
    assert (changed["fields"], changed["notes"], changed["name"]) == ({"dog": True, "table": "terrace"}, "x", "Ada")
    assert (await get(place, "/v1/contacts?number=%2B15551230100"))["data"] == [changed]
    assert (await get(place, "/v1/contacts?tag=a&name=ad"))["data"] == [changed]
    await texted(place, "Hello")
    assert (await inbox(place))[0]["contact"] == changed, "whoever is known is not kept twice"
    taken = await call(place, "POST", "/v1/contacts", {"numbers": [BEN, ADA]}, 409)
    assert taken["code"] == "number_taken"
    assert (await get(place, "/v1/contacts?number=%2B15551230199"))["data"] == []
    await call(place, "DELETE", where)
    assert await inbox(place) == []
    await call(place, "GET", where, status=404)
    assert len((await get(place, "/v1/messages"))["data"]) == 1
    for bad in ({"numbers": []}, {"numbers": ["soon"]}, {"numbers": [ADA], "fields": {"a": [1]}}, {}):
        assert (await call(place, "POST", "/v1/contacts", bad, 422))["code"] == "validation_failed"


async def test_two_contacts_are_made_one(place: Place) -> None:
    await texted(place, "From one phone")
    await texted(place, "From the other", sender=BEN)
    await texted(place, "To another number", sender=BEN, to="777")
    bens = (await inbox(place, "?from=777"))[0]["contact"]["id"]
    adas = next(one["contact"]["id"] for one in await inbox(place) if one["number"] == ADA)
    theirs = next(one["id"] for one in await inbox(place) if one["number"] == BEN and one["from"] == OURS)
    await call(place, "POST", f"/v1/conversations/{theirs}/notes", {"text": "n"}, 201)
    await call(place, "PATCH", f"/v1/contacts/{adas}", {"name": "Ada", "fields": {"a": 1}, "tags": ["x"]})
    await call(place, "PATCH", f"/v1/contacts/{bens}", {"name": "Ben", "fields": {"a": 2, "b": 3}, "tags": ["y", "x"]})
    merged = await call(place, "POST", f"/v1/contacts/{adas}/merge", {"contact": bens})
    assert (merged["name"], merged["numbers"], merged["fields"], merged["tags"]) == (
        "Ada", [ADA, BEN], {"a": 1, "b": 3}, ["x", "y"],
    )  # fmt: skip
    threads = await inbox(place)
    assert [(one["from"], one["unread"], one["contact"]["id"]) for one in threads] == [
        ("777", 1, adas),
        (OURS, 2, adas),
    ]
    assert len((await get(place, f"/v1/conversations/{threads[1]['id']}/notes"))["data"]) == 1
    thread = (await get(place, f"/v1/conversations/{threads[1]['id']}/messages"))["data"]
    assert [m["text"] for m in thread] == ["From the other", "From one phone"]
    await call(place, "GET", f"/v1/contacts/{bens}", status=404)
    await call(place, "POST", f"/v1/contacts/{adas}/merge", {"contact": bens}, 404)
    itself = await call(place, "POST", f"/v1/contacts/{adas}/merge", {"contact": adas}, 422)
    assert itself["errors"][0]["pointer"] == "/contact"


async def test_a_contact_holds_no_more_than_it_may_however_it_comes_together(place: Place) -> None:
    def fields(of: str, many: int) -> dict[str, int]:
        return {f"{of}{at}": at for at in range(many)}

    ada = await call(place, "POST", "/v1/contacts", {"numbers": [ADA], "fields": fields("a", 40)}, 201)
    where = f"/v1/contacts/{ada['id']}"
    assert (await call(place, "PATCH", where, {"fields": fields("b", 11)}, 409))["code"] == "contact_full"
    assert len((await call(place, "PATCH", where, {"fields": fields("b", 10)}))["fields"]) == 50
    await call(place, "PATCH", where, {"fields": {"a0": None, "c": 1}})
    for at, much in enumerate(({"fields": {"d": 1}}, {"numbers": [f"+15551230{at:03}" for at in range(200, 220)]},
                               {"notes": "n" * 10_000}, {"tags": [f"t{at}" for at in range(50)]})):  # fmt: skip
        own = {"notes": "n", "tags": ["own"]} if at > 1 else {}
        await call(place, "PATCH", where, own)
        other = await call(place, "POST", "/v1/contacts", {"numbers": [f"+1555123030{at}"], **much}, 201)
        full = await call(place, "POST", f"{where}/merge", {"contact": other["id"]}, 409)
        assert full["code"] == "contact_full", much
        assert await get(place, f"/v1/contacts/{other['id']}") == other, "both are as they were"
    assert (await get(place, where))["numbers"] == [ADA]


# found


async def test_what_was_said_is_found_with_its_conversation_until_it_is_blanked(place: Place) -> None:
    first = await texted(place, "Könnten wir um neun kommen?")
    one = (await inbox(place))[0]
    reply = await call(place, "POST", f"/v1/conversations/{one['id']}/messages", {"text": "Neun passt."}, 202)
    await call(place, "POST", "/v1/messages", {"to": ADA, "from": OURS, "text": "Neun Gerichte"}, 202)
    found = (await get(place, "/v1/conversations/search?q=NEUN"))["data"]
    assert [(hit["message"]["id"], hit["conversation"]) for hit in found] == [
        (reply["id"], one["id"]), (ids.show("msg", first.id), one["id"]),
    ]  # fmt: skip
    assert len((await get(place, "/v1/conversations/search?q=konn*"))["data"]) == 1
    page = await get(place, "/v1/conversations/search?q=neun&limit=1")
    rest = await get(place, f"/v1/conversations/search?q=neun&cursor={page['next_cursor']}")
    assert [hit["message"]["id"] for hit in rest["data"]] == [ids.show("msg", first.id)]
    await place.house.store.write(expire.blank_texts, [first.id])
    assert len((await get(place, "/v1/conversations/search?q=neun"))["data"]) == 1
    refused = await call(place, "GET", "/v1/conversations/search?q=%3F", status=422)
    assert refused["errors"][0]["pointer"] == "?q"


# told


async def test_conversations_are_told_live_to_whoever_did_not_narrow_the_messages(place: Place) -> None:
    await texted(place, "Hello")
    store = place.house.store
    everything = Wanted(account_id=1, types=frozenset(EVENT_TYPES))
    batch = await store.read(lambda tx: stream.tail(tx, 0, {1: everything.types}), tail=True)
    told = list(batch.by_account[1])
    assert [one.type for one in told] == ["message.received", "conversation.created"]
    assert b'"unread":1' in told[1].block
    assert ADA.encode() not in told[1].block, "numbers stand in one place"
    _, past = await store.read(lambda tx: stream.past(tx, everything, 0, 1 << 62))
    assert [one.type for one in past] == ["message.received", "conversation.created"]
    narrowed = Wanted(account_id=1, types=everything.types, direction="mo")
    _, past = await store.read(lambda tx: stream.past(tx, narrowed, 0, 1 << 62))
    assert [one.type for one in past] == ["message.received"]


async def test_conversations_are_told_to_webhooks(place: Place) -> None:
    house = place.house
    hook = Subscription(
        id=house.new_id(), account_id=1, url="https://example.com/", events=("conversation.*",), created_at=1
    )
    await subscribe.subscribe(house, hook)
    await texted(place, "Hello")
    listeners = await house.store.read(notify.directory)
    fanned = (await house.store.write(notify.fan_out, [notify.Tail(0, listeners)]))[0]
    (load,) = fanned.loads
    assert (load.event.type, load.message) == ("conversation.created", None)
    again = await house.store.read(lambda tx: notify.loads(tx, [load.delivery]))
    assert again == [load]
    (shown,) = (await get(place, "/v1/webhooks/deliveries"))["data"]
    assert (shown["type"], shown["message_id"]) == ("conversation.created", None)
    story = await get(place, f"/v1/webhooks/deliveries/{shown['id']}")
    assert story["request"]["data"]["status"] == "open"


async def test_nobody_sees_another_accounts(place: Place) -> None:
    await texted(place, "Hello")
    one = (await inbox(place))[0]
    account = await call(place, "POST", "/v1/accounts", {"name": "t"}, 201)
    key = await call(place, "POST", f"/v1/accounts/{account['id']}/keys", {"name": "k", "scope": "admin"}, 201)
    from kit import ask

    async def theirs(method: str, path: str, body: Any = None) -> Heard:
        return await ask(place.app, method, path, body, key=key["token"])

    where, person = f"/v1/conversations/{one['id']}", f"/v1/contacts/{one['contact']['id']}"
    for method, path, body in (
        ("GET", where, None), ("PATCH", where, {"read": True}), ("GET", f"{where}/messages", None),
        ("POST", f"{where}/messages", {"text": "x"}), ("GET", f"{where}/notes", None),
        ("POST", f"{where}/notes", {"text": "x"}), ("GET", person, None), ("PATCH", person, {"name": "x"}),
        ("DELETE", person, None), ("POST", f"{person}/merge", {"contact": "con_02n5m8h2tc800"}),
    ):  # fmt: skip
        assert (await theirs(method, path, body)).status == 404, (method, path)
    for path in ("/v1/conversations", "/v1/contacts", "/v1/conversations/search?q=hello", "/v1/canned-replies"):
        assert (await theirs("GET", path)).json()["data"] == []


async def test_response_rates(place: Place) -> None:
    sent = await call(place, "POST", "/v1/messages", {"to": ADA, "from": OURS, "text": "Come?", "tags": ["may"]}, 202)
    number = ids.parse("msg", sent["id"]) or 0

    async def taken(tx: Any) -> None:
        state = (await tx.messages.states([number]))[number]
        await tx.messages.change([msgspec.structs.replace(state, status="sent", sent_at=place.house.clock.now())])

    from spine_kit import ask

    await place.house.store.write(ask, [taken])
    reply = await texted(place, "Yes")
    assert reply.in_reply_to == number
    report = await get(place, "/v1/reports/responses?by=tag")
    row = {"sent": 1, "answered": 1, "replies": 1, "rate": 1.0}
    assert (report["data"], report["total"]) == ([{"key": "may", **row}], {"key": "", **row})
    assert (await get(place, "/v1/reports/responses?by=message"))["data"][0]["key"] == sent["id"]
    assert (await get(place, f"/v1/messages?in_reply_to={sent['id']}"))["data"][0]["in_reply_to"] == sent["id"]
    for query in (
        "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "since=2020-01-01T00:00:00Z", "by=day",
        "until=0001-01-01T00:00:00Z",
    ):  # fmt: skip
        assert (await call(place, "GET", f"/v1/reports/responses?{query}", status=422))["code"] == "validation_failed"
    assert (await get(place, "/v1/reports/responses?until=9999-12-31T23:59:59Z"))["data"] == []
