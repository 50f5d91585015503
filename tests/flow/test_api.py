"""The REST door on the real pipeline and the real store; no carrier, so that messages stay where they are."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kit import Heard, ask
from spine_kit import driver
from tidings.api.app import application
from tidings.config import Limits, Settings
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.backlog import Backlog
from tidings.core.health import Health, Snapshot
from tidings.core.ids import Ids
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.drivers.clock import SystemClock
from tidings.pipeline import accept, admit
from tidings.pipeline.house import House
from tidings.pipeline.keyring import Keyring
from tidings.store.group_commit import GroupStore

GOOD = {"to": "+15551230100", "text": "Hello"}


class Place:
    """A house with its API and a key for each scope."""

    def __init__(self, house: House, store: GroupStore) -> None:
        self.house = house
        self.store = store
        self.app = application(house)
        self.tokens: dict[str, str] = {}

    async def ask(self, method: str, path: str, body: Any = None, scope: str = "send", **more: Any) -> Heard:
        return await ask(self.app, method, path, body, key=self.tokens[scope], **more)

    async def post(self, key: str | None = None, **fields: Any) -> Heard:
        headers = [("idempotency-key", key)] if key else []
        return await self.ask("POST", "/v1/messages", {**GOOD, **fields}, headers=headers)

    async def count(self) -> int:
        return len((await self.ask("GET", "/v1/messages?limit=100")).json()["data"])


@asynccontextmanager
async def opened(folder: Path, limits: Limits | None = None, clock: SystemClock | None = None) -> AsyncIterator[Place]:
    clock = clock or SystemClock()
    store = GroupStore(driver(folder, clock), clock)
    store.open()
    store.start(asyncio.get_running_loop())
    settings = Settings(data=str(folder), limits=limits or Limits())

    async def look(tx: Tx) -> tuple[int, list[Any], list[Any]]:
        return await tx.accounts.last_id(), await tx.accounts.keys(), await tx.accounts.accounts()

    async def snapshot() -> Snapshot:
        return Snapshot()

    last, keys, accounts = await store.read(look)
    house = House(
        store=store, clock=clock, ids=Ids(last=last), settings=settings, backlog=Backlog(settings.limits),
        keyring=Keyring(keys, accounts), free_disk_mb=lambda: 10_000, health=lambda: Health(True), snapshot=snapshot,
    )  # fmt: skip
    store.follow(
        accept.store_entries,
        lambda entries, entered: house.backlog.add(1, sum(len(one.stored) for one in entered)),
    )
    place = Place(house, store)
    for name, scope in (("admin", "admin"), ("send", "send+read"), ("read", "read"), ("only", "send")):
        place.tokens[name] = (await admit.issue(house, DEFAULT_ACCOUNT, name, scope))[1]
    try:
        yield place
    finally:
        store.stop()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(tmp_path) as found:
        yield found


@stage(order=1)
async def suppress(tx: Tx, numbers: list[str], now: int) -> list[bool]:
    return [await tx.suppressions.add(DEFAULT_ACCOUNT, number, "STOP", now) for number in numbers]


async def test_from_post_to_cancel(place: Place) -> None:
    posted = (await place.post(client_ref="order-17", tags=["a", "b"], metadata={"x": [1, None, "é"]})).json()
    path = f"/v1/messages/{posted['id']}"
    assert posted["status"] == "accepted"
    assert (await place.ask("GET", path, scope="read")).json() == posted
    assert (await place.ask("GET", "/v1/messages")).json() == {"data": [posted], "next_cursor": None}
    events = (await place.ask("GET", f"{path}/events")).json()["data"]
    assert [(event["type"], event["sequence"]) for event in events] == [("message.accepted", 1)]
    canceled = await place.ask("POST", f"{path}/cancel")
    assert (canceled.status, canceled.json()["status"]) == (200, "canceled")
    assert canceled.json()["finished_at"]
    again = await place.ask("POST", f"{path}/cancel")
    assert (again.status, again.json()) == (200, canceled.json())
    story = (await place.ask("GET", f"{path}/explain")).json()
    assert [event["type"] for event in story["events"]] == ["message.accepted", "message.canceled"]
    assert story["advice"] == ("It was canceled before any part of it was handed to a carrier. Decided by the caller.")


async def test_what_smart_encoding_replaced_is_told_and_a_repeat_is_the_same_request(place: Place) -> None:
    asked = {"text": "“It’s” e\u0301", "smart_encoding": True}
    posted = (await place.post(key="k", **asked)).json()
    assert (posted["text"], posted["encoding"]) == ('"It\'s" é', "gsm7")
    again = await place.post(key="k", **asked)
    assert again.json() == posted
    assert (await place.post(key="k", **{**asked, "text": posted["text"]})).status == 422, "another body"
    story = (await place.ask("GET", f"/v1/messages/{posted['id']}/explain")).json()
    assert story["smart_encoding"] == {
        "count": 4, "transliterated": False,
        "replaced": [
            {"from": "e\u0301", "to": "é", "count": 1}, {"from": "’", "to": "'", "count": 1},
            {"from": "“", "to": '"', "count": 1}, {"from": "”", "to": '"', "count": 1},
        ],
    }  # fmt: skip
    assert story["events"][0]["data"]["door"] == "rest"
    plain = (await place.post(smart_encoding=True)).json()
    assert (await place.ask("GET", f"/v1/messages/{plain['id']}/explain")).json()["smart_encoding"] is None


@pytest.mark.parametrize("fields", [{"category": "otp", "text": "1–2"}, {"text": "Да"}])
async def test_events_do_not_tell_a_text_that_is_blanked_one_day(place: Place, fields: dict[str, Any]) -> None:
    posted = (await place.post(smart_encoding="transliterate", **fields)).json()
    assert posted["encoding"] == "gsm7"
    told = (await place.ask("GET", f"/v1/messages/{posted['id']}/explain")).json()["smart_encoding"]
    assert (told["count"], told["replaced"]) == (sum(c not in posted["text"] for c in fields["text"]), [])


async def test_smart_encoding_of_the_account_by_sender(place: Place) -> None:
    account = "/v1/accounts/acc_0000000000001"
    set_ = await place.ask(
        "PATCH", account, {"smart_encoding": True, "sender_smart_encoding": {"ACME": False}}, "admin"
    )
    assert set_.json()["sender_smart_encoding"] == {"ACME": False}
    assert (await place.post(text="’")).json()["text"] == "'"
    assert (await place.post(**{"text": "’", "from": "ACME"})).json()["text"] == "’"
    batch = {"messages": [{**GOOD, "text": "’"}, {**GOOD, "text": "’", "smart_encoding": False}]}
    told = (await place.ask("POST", "/v1/messages/batch", batch)).json()["data"]
    texts = [(await place.ask("GET", f"/v1/messages/{one['id']}")).json()["text"] for one in told]
    assert texts == ["'", "’"]
    bad = await place.ask("PATCH", account, {"sender_smart_encoding": {"Ümlaut": True}}, "admin")
    assert [one["pointer"] for one in bad.json()["errors"]] == ["/sender_smart_encoding"]
    national = await place.ask("PATCH", account, {"default_region": "US", "smart_encoding": None}, "admin")
    assert (national.json()["default_region"], national.json()["smart_encoding"]) == ("US", None)
    assert (await place.post(to="(415) 555-0100")).json()["to"] == "+14155550100"
    nowhere = await place.ask("PATCH", account, {"default_region": "ZZ"}, "admin")
    assert [one["pointer"] for one in nowhere.json()["errors"]] == ["/default_region"]


async def test_a_scheduled_message_waits(place: Place) -> None:
    posted = (await place.post(send_at=(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat())).json()
    assert posted["status"] == "scheduled"
    assert posted["send_at"] > posted["created_at"]


REFUSED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("no text", {"text": None}, ["/text"]),
    ("an empty text", {"text": ""}, ["/text"]),
    ("a number too short", {"to": "+1"}, ["/to"]),
    ("a number without its plus", {"to": "15551230100"}, ["/to"]),
    ("a national number", {"to": "555 123 0100"}, ["/to"]),
    ("a number with a line break", {"to": "+15551230100\n"}, ["/to"]),
    ("Arabic digits", {"to": "+١٥٥٥١٢٣٠١٠٠"}, ["/to"]),
    ("an empty number", {"to": ""}, ["/to"]),
    ("a sender too long", {"from": "TWELVELETTER"}, ["/from"]),
    ("a NUL in the text", {"text": "a\0b"}, ["/text"]),
    ("a NUL in a tag", {"tags": ["a\0b"]}, ["/tags/0"]),
    ("a NUL in the reference", {"client_ref": "\0"}, ["/client_ref"]),
    ("Greek in GSM-7 alone", {"text": "ж", "encoding": "gsm7"}, ["/text"]),
    ("more segments than wanted", {"text": "x" * 161, "max_segments": 1}, ["/text"]),
    ("more segments than there can be", {"text": "ж" * 39_000}, ["/text"]),
    ("a text too long to look at", {"text": "x" * 40_001}, ["/text"]),
    ("yesterday", {"send_at": "2020-01-01T00:00:00Z"}, ["/send_at"]),
    ("the end of time", {"send_at": "9999-12-31T23:59:59-12:00"}, ["/send_at"]),
    ("the beginning of time", {"send_at": "0001-01-01T00:00:00+12:00"}, ["/send_at"]),
    ("expired before it began", {"expires_at": "2020-01-01T00:00:00Z"}, ["/expires_at"]),
    ("valid for ever", {"expires_at": "9999-12-31T23:59:59-12:00"}, ["/expires_at"]),
    ("metadata too large", {"metadata": {"a": "x" * 5000}}, ["/metadata"]),
    ("a field that is not built", {"media": ["https://example.com/a.png"]}, ["/media"]),
    ("two that are not built", {"template": "x", "media": ["x"]}, ["/media", "/template"]),
    ("HTML beside a text", {"html": "<b>x</b>"}, ["/html"]),
    ("three things at once", {"to": "1", "text": "", "client_ref": "\0"}, ["/client_ref", "/text", "/to"]),
]


@pytest.mark.parametrize(("fields", "pointers"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
async def test_what_is_not_valid_is_not_stored(place: Place, fields: dict[str, Any], pointers: list[str]) -> None:
    told = await place.post(**fields)
    assert (told.status, told.json()["code"]) == (422, "validation_failed"), told.body
    assert sorted(error["pointer"] for error in told.json()["errors"]) == pointers
    assert await place.count() == 0


ODD: list[tuple[str, dict[str, Any]]] = [
    ("a short code", {"to": "12345"}),
    ("a sender of letters", {"from": "ACME Bank"}),
    ("an emoji", {"text": "👍🏽"}),
    ("bidirectional marks", {"text": "\u202eabc"}),
    ("control characters", {"text": "a\x1b[31m\tb\r\n"}),
    ("metadata of 16 levels", {"metadata": {"a": [[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}}),
    ("metadata with an integer of 300 digits", {"metadata": {"a": 10**300}}),
    ("metadata with odd names", {"metadata": {"": 1, "a\0b": "\0", "$": None}}),
    ("no metadata by name", {"metadata": None, "client_ref": None, "from": None}),
    ("39,000 letters", {"text": "x" * 39_000}),
]


@pytest.mark.parametrize("fields", [o[1] for o in ODD], ids=[o[0] for o in ODD])
async def test_what_is_odd_but_valid_comes_back_as_it_was(place: Place, fields: dict[str, Any]) -> None:
    told = await place.post(**fields)
    assert told.status == 202, told.body
    read = (await place.ask("GET", told.headers["location"])).json()
    assert {name: read[name] for name in fields if fields[name] is not None} == {
        name: value for name, value in fields.items() if value is not None
    }


# Idempotency


async def test_the_same_key_and_body_is_one_message(place: Place) -> None:
    first, second = await place.post("a"), await place.post("a")
    assert first.json() == second.json()
    assert (first.headers.get("idempotent-replayed"), second.headers["idempotent-replayed"]) == (None, "true")
    assert await place.count() == 1


async def test_the_first_answer_is_given_again_after_a_change(place: Place) -> None:
    first = (await place.post("a")).json()
    await place.ask("POST", f"/v1/messages/{first['id']}/cancel")
    assert (await place.post("a")).json() == first


async def test_the_first_answer_outlives_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as place:
        first = (await place.post("a")).json()
    async with opened(tmp_path) as place:
        again = await place.post("a")
        assert (again.status, again.json()) == (202, first)
        assert await place.count() == 1


async def test_another_body_is_refused(place: Place) -> None:
    await place.post("a")
    told = await place.post("a", text="other")
    assert (told.status, told.json()["code"]) == (422, "idempotency_mismatch")
    told = await place.ask("POST", "/v1/messages/batch", {"messages": [GOOD]}, headers=[("idempotency-key", "a")])
    assert (told.status, told.json()["code"]) == (422, "idempotency_mismatch")


async def test_at_once_with_one_key_is_one_message(place: Place) -> None:
    answers = await asyncio.gather(*(place.post("a") for _ in range(20)))
    statuses = [told.status for told in answers]
    assert set(statuses) <= {202, 409}
    assert statuses.count(202) >= 1
    assert {told.headers.get("retry-after") for told in answers if told.status == 409} <= {"1"}
    assert await place.count() == 1


async def test_what_is_not_valid_does_not_use_the_key_up(place: Place) -> None:
    assert (await place.post("a", to="nobody")).status == 422
    assert (await place.post("a")).status == 202


async def test_a_batch_gives_its_first_answer_again(place: Place) -> None:
    await place.store.write(suppress, ["+15551230109"])
    items = [GOOD, {"to": "bad", "text": "x"}, {"to": "+15551230109", "text": "x"}, {**GOOD, "txt": 1}]
    headers = [("idempotency-key", "b")]
    first, second = [
        await place.ask("POST", "/v1/messages/batch", {"messages": items}, headers=headers) for _ in range(2)
    ]
    assert (first.status, first.json()) == (second.status, second.json())
    assert second.headers["idempotent-replayed"] == "true"
    assert await place.count() == 2


# Rules, limits, batches


async def test_who_opted_out_gets_nothing_and_the_refusal_is_kept(place: Place) -> None:
    await place.store.write(suppress, ["+15551230100"])
    told = await place.post()
    problem = told.json()
    assert (told.status, problem["code"]) == (422, "rejected")
    assert [verdict["allowed"] for verdict in problem["verdicts"]] == [False]
    kept = (await place.ask("GET", f"/v1/messages/{problem['message_id']}")).json()
    assert (kept["status"], kept["error"]["code"], kept["error"]["decided_by"]) == ("rejected", "opted_out", "tidings")
    story = (await place.ask("GET", f"/v1/messages/{problem['message_id']}/explain")).json()
    assert story["advice"].startswith("The person opted out")


async def test_one_bad_item_does_not_spoil_a_batch(place: Place) -> None:
    items = [GOOD, {"to": "+1555", "text": "x"}, {**GOOD, "text": "two"}]
    told = await place.ask("POST", "/v1/messages/batch", {"messages": items})
    answer = told.json()
    assert (told.status, answer["accepted"], answer["rejected"]) == (202, 2, 1)
    assert answer["data"][1]["error"]["errors"][0]["pointer"] == "/messages/1/to"
    assert await place.count() == 2


ATOMIC: list[tuple[str, dict[str, Any]]] = [
    ("a bad number", {"to": "bad", "text": "x"}),
    ("a bad type", {"to": 5}),
    ("an opt-out", {"to": "+15551230109", "text": "x"}),
]


@pytest.mark.parametrize("bad", [a[1] for a in ATOMIC], ids=[a[0] for a in ATOMIC])
async def test_all_or_nothing(place: Place, bad: dict[str, Any]) -> None:
    await place.store.write(suppress, ["+15551230109"])
    body = {"messages": [GOOD, bad, GOOD], "atomic": True}
    told = await place.ask("POST", "/v1/messages/batch", body)
    answer = told.json()
    assert (told.status, answer["accepted"], answer["rejected"]) == (422, 0, 3)
    assert [item["index"] for item in answer["data"]] == [0, 1, 2]
    assert await place.count() == 0


async def test_too_many_queued_is_429(tmp_path: Path) -> None:
    async with opened(tmp_path, Limits(queued_per_account=2, otp_reserve=1)) as place:
        assert [(await place.post()).status for _ in range(3)] == [202, 202, 429]
        told = await place.post()
        assert (told.json()["code"], int(told.headers["retry-after"]) > 0) == ("too_many_queued", True)
        assert (await place.post(category="otp")).status == 202
        assert (await place.post(category="otp")).status == 429


async def test_a_full_disk_is_503(place: Place) -> None:
    place.house.free_disk_mb = lambda: 10
    told = await place.post()
    assert (told.status, told.json()["code"], told.headers["retry-after"]) == (503, "unavailable", "30")


async def test_a_thousand_items_and_a_hundred_posts_at_once(place: Place) -> None:
    batch = place.ask("POST", "/v1/messages/batch", {"messages": [GOOD] * 1000})
    told, *singles = await asyncio.gather(batch, *(place.post() for _ in range(100)))
    ids = {item["id"] for item in told.json()["data"]} | {single.json()["id"] for single in singles}
    assert len(ids) == 1100


# Lists


async def test_lists_are_narrowed(place: Place) -> None:
    await place.post(client_ref="one", tags=["x"])
    await place.post(to="+15551230101", tags=["x", "y"], **{"from": "ACME"})
    middle = (await place.post(to="+15551230102")).json()
    await place.ask("POST", f"/v1/messages/{middle['id']}/cancel")
    found = {}
    for query in (
        "", "to=%2B15551230101", "from=ACME", "tag=x", "tag=y", "client_ref=one", "status=canceled", "status=sent",
        "direction=mo", f"until={middle['created_at']}", "since=2020-01-01T00:00:00Z", "tag=x&from=ACME",
        "since=9999-12-31T23:59:59Z", "until=0001-01-01T00:00:00Z",
    ):  # fmt: skip
        told = await place.ask("GET", f"/v1/messages?{query}")
        assert told.status == 200, told.body
        found[query] = len(told.json()["data"])
    assert list(found.values()) == [3, 1, 1, 2, 1, 1, 1, 0, 0, 3, 3, 1, 0, 0]


async def test_pages_hold_each_message_once(place: Place) -> None:
    await place.ask("POST", "/v1/messages/batch", {"messages": [{**GOOD, "tags": [str(n % 2)]} for n in range(250)]})
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (await place.ask("GET", f"/v1/messages?limit=30&tag=1{cursor and '&cursor=' + cursor}")).json()
        seen += [message["id"] for message in page["data"]]
        cursor = page["next_cursor"]
    assert len(seen) == 125
    assert seen == sorted(set(seen), reverse=True)


# Keys


async def test_a_new_key_works_at_once_and_within_its_scope(place: Place) -> None:
    made = (await place.ask("POST", "/v1/keys", {"name": "shop", "scope": "read"}, scope="admin")).json()
    assert (await ask(place.app, "GET", "/v1/messages", key=made["token"])).status == 200
    assert (await ask(place.app, "POST", "/v1/messages", GOOD, key=made["token"])).status == 403
    listed = (await place.ask("GET", "/v1/keys", scope="admin")).json()["data"]
    made.pop("token")
    assert listed[0] == made
