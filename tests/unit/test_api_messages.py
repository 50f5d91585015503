"""Messages through the REST door, with the pipeline played by fakes."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import pytest

from kit import NOW, TOKENS, FakeHouse, ask, door
from tidings.api.moments import millis, show
from tidings.core import ids
from tidings.core.carrier import CarrierState
from tidings.core.health import Health, Snapshot
from tidings.core.message import MessageError
from tidings.core.ports import StoreUnavailable
from tidings.core.questions import Attempt, Event, ReceiptRow
from tidings.core.request import Fault, Invalid, Refused, Stored, Verdict

PLAIN = {"to": "+15551230100", "text": "Hello"}

ANSWERED = {
    "id", "direction", "status", "to", "from", "text", "encoding", "segments", "category", "carrier", "error",
    "client_ref", "tags", "metadata", "created_at", "send_at", "expires_at", "sent_at", "finished_at", "price",
    "in_reply_to",
}  # fmt: skip


@pytest.fixture
def house() -> FakeHouse:
    return FakeHouse()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, house: FakeHouse) -> Any:
    return door(monkeypatch, house)


async def test_a_message_is_stored_and_told(app: Any, house: FakeHouse) -> None:
    told = await ask(app, "POST", "/v1/messages", PLAIN, key=TOKENS["send"])
    shown = told.json()
    assert told.status == 202
    assert set(shown) == ANSWERED
    assert (shown["status"], shown["to"], shown["from"], shown["price"]) == (
        "accepted",
        "+15551230100",
        "TIDINGS",
        None,
    )
    assert shown["created_at"] == "2026-09-21T14:13:20.000Z"
    assert ids.parse("msg", shown["id"]) in house.messages
    assert told.headers["location"] == f"/v1/messages/{shown['id']}"


REFUSALS = [
    ("too many queued", Refused("too_many_queued", "At most 5 may wait.", 7), 429, "7"),
    ("nothing can be stored", Refused("unavailable", "The disk is full.", 30), 503, "30"),
    ("the first is in flight", Refused("idempotency_in_flight", "Being worked on."), 409, "1"),
    ("another body", Refused("idempotency_mismatch", "Another request."), 422, None),
]


@pytest.mark.parametrize(("refused", "status", "wait"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/batch"])
async def test_a_call_is_refused_as_a_whole(
    app: Any, house: FakeHouse, path: str, refused: Refused, status: int, wait: str | None
) -> None:
    house.refusal = refused
    told = await ask(app, "POST", path, PLAIN if path == "/v1/messages" else {"messages": [PLAIN]})
    assert (told.status, told.json()["code"], told.json()["detail"]) == (status, refused.code, refused.detail)
    assert told.headers.get("retry-after") == wait


async def test_a_store_that_cannot_commit_is_503(app: Any, house: FakeHouse) -> None:
    house.fault = StoreUnavailable("disk I/O error")
    told = await ask(app, "POST", "/v1/messages", PLAIN)
    assert (told.status, told.headers["retry-after"], told.json()["code"]) == (503, "1", "unavailable")


async def test_a_message_against_the_rules_is_422_with_its_id_and_the_verdicts(app: Any, house: FakeHouse) -> None:
    message = house.put(status="rejected")
    verdict = Verdict("suppression", False, "This number opted out.")
    house.outcomes["+15551230100"] = Stored(message, (verdict,))
    told = await ask(app, "POST", "/v1/messages", PLAIN)
    problem = told.json()
    assert (told.status, problem["code"], problem["detail"]) == (422, "rejected", "This number opted out.")
    assert problem["message_id"] == ids.show("msg", message.id)
    assert problem["verdicts"] == [{"rule": "suppression", "allowed": False, "detail": "This number opted out."}]


async def test_what_accept_finds_invalid_is_told_field_by_field(app: Any, house: FakeHouse) -> None:
    house.outcomes["+15551230100"] = Invalid((Fault("/to", "a"), Fault("/text", "b")))
    told = await ask(app, "POST", "/v1/messages", PLAIN)
    assert (told.status, [error["pointer"] for error in told.json()["errors"]]) == (422, ["/to", "/text"])


async def test_an_idempotency_key_goes_with_a_digest_of_method_path_and_body(app: Any, house: FakeHouse) -> None:
    body = b'{"to":"+15551230100","text":"x"}'
    await ask(app, "POST", "/v1/messages", body, headers=[("idempotency-key", "order-1")])
    key = house.taken[0][1]
    assert key is not None
    assert (key.key, key.digest) == ("order-1", hashlib.sha256(b"POST /v1/messages\n" + body).digest())
    await ask(app, "POST", "/v1/messages", body)
    assert house.taken[1][1] is None


async def test_an_earlier_answer_says_so(app: Any, house: FakeHouse) -> None:
    house.replayed = True
    told = await ask(app, "POST", "/v1/messages", PLAIN, headers=[("idempotency-key", "a")])
    assert told.headers["idempotent-replayed"] == "true"
    told = await ask(app, "POST", "/v1/messages/batch", {"messages": [PLAIN]}, headers=[("idempotency-key", "a")])
    assert told.headers["idempotent-replayed"] == "true"


async def test_one_message_is_read(app: Any, house: FakeHouse) -> None:
    error = MessageError("filtered", "content", True, "spam", "0x0000000b", "carrier")
    message = house.put(status="failed", error=error, finished_at=NOW + 1, metadata={"a": [1, None]}, tags=("x",))
    told = await ask(app, "GET", f"/v1/messages/{ids.show('msg', message.id)}", key=TOKENS["read"])
    shown = told.json()
    assert told.status == 200
    assert shown["error"] == {
        "code": "filtered", "category": "content", "permanent": True, "detail": "spam",
        "carrier_code": "0x0000000b", "decided_by": "carrier",
    }  # fmt: skip
    assert (shown["finished_at"], shown["metadata"], shown["tags"]) == (
        "2026-09-21T14:13:20.001Z",
        {"a": [1, None]},
        ["x"],
    )


async def test_a_message_of_another_account_is_not_found(app: Any, house: FakeHouse) -> None:
    message = ids.show("msg", house.put(account_id=2).id)
    answers = [
        await ask(app, method, f"/v1/messages/{message}{tail}")
        for method, tail in (("GET", ""), ("GET", "/events"), ("GET", "/explain"), ("POST", "/cancel"))
    ]
    assert [told.status for told in answers] == [404] * 4


async def test_pages_follow_each_other(app: Any, house: FakeHouse) -> None:
    made = [ids.show("msg", house.put().id) for _ in range(5)]
    seen: list[str] = []
    path = "/v1/messages?limit=2"
    sizes = []
    while path:
        page = (await ask(app, "GET", path)).json()
        sizes.append(len(page["data"]))
        seen += [message["id"] for message in page["data"]]
        path = f"/v1/messages?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert (seen, sizes) == (made[::-1], [2, 2, 1])
    assert "incomplete" not in page


async def test_a_search_that_stopped_early_says_so(app: Any, house: FakeHouse) -> None:
    house.complete = False
    assert (await ask(app, "GET", "/v1/messages")).json() == {"data": [], "next_cursor": None, "incomplete": True}


FILTERS: list[tuple[str, str, str, Any]] = [
    ("a status", "status=sent", "status", "sent"),
    ("a number, encoded", "to=%2B15551230100", "to", "+15551230100"),
    ("a number whose + was not encoded", "to=+15551230100", "to", "+15551230100"),
    ("a sender", "from=ACME", "sender", "ACME"),
    ("a sender with a blank", "from=ACME+Bank", "sender", "ACME Bank"),
    ("a direction", "direction=mo", "direction", "mo"),
    ("a tag", "tag=berlin", "tag", "berlin"),
    ("a tag of digits", "tag=2026", "tag", "2026"),
    ("a tag in Greek", "tag=%CE%B1", "tag", "α"),
    ("a reference", "client_ref=order-17", "client_ref", "order-17"),
    ("a time", "since=2026-09-21T14:13:20.000Z", "since", NOW),
    ("a time with an offset", "until=2026-09-21T16:13:20%2B02:00", "until", NOW),
    ("a time whose + was not encoded", "until=2026-09-21T16:13:20+02:00", "until", NOW),
]


@pytest.mark.parametrize(("query", "field", "value"), [f[1:] for f in FILTERS], ids=[f[0] for f in FILTERS])
async def test_a_list_is_narrowed(app: Any, house: FakeHouse, query: str, field: str, value: Any) -> None:
    told = await ask(app, "GET", f"/v1/messages?{query}")
    assert told.status == 200, told.body
    assert getattr(house.asked, field) == value


async def test_events_come_in_order(app: Any, house: FakeHouse) -> None:
    message = house.put()
    house.events = [
        Event(message.id, 1, 1, "message.accepted", NOW),
        Event(message.id, 1, 2, "message.sent", NOW, {"a": 1}),
    ]
    told = await ask(app, "GET", f"/v1/messages/{ids.show('msg', message.id)}/events")
    assert told.json() == {
        "data": [
            {"type": "message.accepted", "sequence": 1, "occurred_at": show(NOW), "data": None},
            {"type": "message.sent", "sequence": 2, "occurred_at": show(NOW), "data": {"a": 1}},
        ],
        "events_dropped": 0,
    }
    house.put(id=message.id, event_count=5)
    told = await ask(app, "GET", f"/v1/messages/{ids.show('msg', message.id)}/events")
    assert told.json()["events_dropped"] == 3, "those that retention dropped"


async def test_the_whole_story(app: Any, house: FakeHouse) -> None:
    message = house.put(status="delivered", carrier="north")
    house.events = [Event(message.id, 1, 1, "message.accepted", NOW)]
    house.attempts = [
        Attempt(id=1, message_id=message.id, account_id=1, part=1, carrier="north", bind="1", fence=1, started_at=NOW,
                outcome="sent", carrier_id="2a", answered_at=NOW + 5, receipt="delivered", receipt_code="000")
    ]  # fmt: skip
    house.receipts = [
        ReceiptRow(
            id=1, carrier="north", bind="1", carrier_id="2a", sender="+1555", state="DELIVRD", status="delivered",
            error_code="000", raw=b"id:2a\x00\xff\\\n", received_at=NOW, attempt_id=1, message_id=message.id, tries=0,
            retry_at=None,
        )
    ]  # fmt: skip
    story = (await ask(app, "GET", f"/v1/messages/{ids.show('msg', message.id)}/explain")).json()
    assert set(story) == {
        "message", "origin", "submission", "gates", "smart_encoding", "code", "route", "events", "events_dropped",
        "attempts", "receipts", "parts", "webhooks", "esme_deliveries", "decided_by", "advice",
    }  # fmt: skip
    assert story["receipts"][0]["raw"] == "id:2a\\x00\\xff\\\\\\n"
    assert (story["attempts"][0]["carrier_id"], story["attempts"][0]["answered_at"]) == ("2a", show(NOW + 5))
    assert story["advice"] == "The carrier north reports that the handset has it. Decided by the carrier north."


@pytest.mark.parametrize("body", [None, b"", b"{}", b" {} "])
async def test_a_message_is_canceled(app: Any, house: FakeHouse, body: bytes | None) -> None:
    message = house.put()
    told = await ask(app, "POST", f"/v1/messages/{ids.show('msg', message.id)}/cancel", body)
    assert (told.status, told.json()["status"]) == (200, "canceled")


async def test_canceling_takes_no_fields(app: Any, house: FakeHouse) -> None:
    message = house.put()
    told = await ask(app, "POST", f"/v1/messages/{ids.show('msg', message.id)}/cancel", {"why": "x"})
    assert (told.status, told.json()["errors"][0]["pointer"]) == (422, "/why")


async def test_canceling_too_late_is_409(app: Any, house: FakeHouse) -> None:
    message = house.put()
    house.refusal = Refused("not_cancelable", "The message is sent.")
    told = await ask(app, "POST", f"/v1/messages/{ids.show('msg', message.id)}/cancel")
    assert (told.status, told.json()["code"], "retry-after" in told.headers) == (409, "not_cancelable", False)


async def test_a_key_is_issued_and_its_token_shown_once(app: Any) -> None:
    told = await ask(app, "POST", "/v1/keys", {"name": "shop", "scope": "send"})
    assert (told.status, told.json()["token"], told.json()["name"]) == (201, "tk_shown_once", "shop")
    listed = await ask(app, "GET", "/v1/keys")
    assert [key["scope"] for key in listed.json()["data"]] == ["read", "send+read", "admin"]
    assert not any(secret in listed.body for secret in (b"token", b"digest"))


@pytest.mark.parametrize(
    "body",
    [{"name": "", "scope": "send"}, {"name": "a", "scope": "root"}, {"name": "a\nb", "scope": "read"}, {"name": "a"}],
    ids=str,
)
async def test_a_bad_key_request(app: Any, body: dict[str, str]) -> None:
    assert (await ask(app, "POST", "/v1/keys", body)).status == 422


async def test_health_needs_no_key(app: Any, house: FakeHouse) -> None:
    house.state = Health(True, degraded=("carrier north is down",))
    alive, ready = [await ask(app, "GET", path, key=None) for path in ("/healthz", "/readyz")]
    assert (alive.status, alive.json()) == (200, {"status": "ok"})
    assert (ready.status, ready.json()) == (200, {"status": "ready", "degraded": ["carrier north is down"]})


async def test_not_accepting_is_not_ready(app: Any, house: FakeHouse) -> None:
    house.state = Health(False, "The disk is full.")
    told = await ask(app, "GET", "/readyz", key=None)
    assert (told.status, told.json()["detail"], told.headers["retry-after"]) == (503, "The disk is full.", "1")


async def test_the_doctor_speaks(app: Any, house: FakeHouse) -> None:
    house.figures = Snapshot(
        carriers=(CarrierState(name="north", type="smpp", address="h:2775", binds_up=0, binds_total=1),)
    )
    told = (await ask(app, "GET", "/v1/doctor")).json()
    assert [advice["severity"] for advice in told["data"]] == ["error"]
    assert told["snapshot"]["carriers"][0]["name"] == "north"


@pytest.mark.parametrize("moment", [0, 1, 999, NOW, 253_402_300_799_999])
def test_moments_go_there_and_back(moment: int) -> None:
    assert millis(dt.datetime.fromisoformat(show(moment))) == moment
