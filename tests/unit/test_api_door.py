"""What every answer has in common, what others mount, and what happens when something breaks."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kit import TOKENS, FakeHouse, ask, door
from tidings.api.call import Call, Endpoint, Reply

SECRET = "the text of a message to +15551230100"


@pytest.fixture
def house() -> FakeHouse:
    return FakeHouse()


IDS = [
    ("yours is used", "order-17:abc/1", True),
    ("a UUID", "0b5a8c52-6c51-4b0e-9c9e-7d5f4fb7a1d2", True),
    ("too long", "x" * 129, False),
    ("empty", "", False),
    ("a line break", "a\nb", False),
    ("a blank", "a b", False),
    ("not ASCII", "é", False),
]


@pytest.mark.parametrize(("given", "used"), [i[1:] for i in IDS], ids=[i[0] for i in IDS])
@pytest.mark.parametrize("path", ["/healthz", "/v1/messages/x", "/nowhere", "/v1/messages"])
async def test_every_answer_carries_a_request_id(
    monkeypatch: pytest.MonkeyPatch, house: FakeHouse, path: str, given: str, used: bool
) -> None:
    told = await ask(door(monkeypatch, house), "GET", path, headers=[("x-request-id", given)])
    shown = told.headers["x-request-id"]
    assert (shown == given) is used
    assert shown
    assert shown.isprintable()


async def test_request_ids_differ(monkeypatch: pytest.MonkeyPatch, house: FakeHouse) -> None:
    app = door(monkeypatch, house)
    shown = {(await ask(app, "GET", "/healthz")).headers["x-request-id"] for _ in range(50)}
    assert len(shown) == 50


async def test_answers_are_not_cached_nor_sniffed(monkeypatch: pytest.MonkeyPatch, house: FakeHouse) -> None:
    told = await ask(door(monkeypatch, house), "GET", "/v1/messages")
    assert (told.headers["cache-control"], told.headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert told.headers["content-length"] == str(len(told.body))


ALLOWED = [
    ("/v1/messages", "POST, GET, HEAD"),
    ("/v1/messages/batch", "POST"),
    ("/v1/messages/msg_0000000000001", "GET, HEAD"),
    ("/v1/messages/msg_0000000000001/cancel", "POST"),
    ("/openapi.json", "GET, HEAD"),
]


@pytest.mark.parametrize(("path", "allow"), ALLOWED)
async def test_405_names_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, house: FakeHouse, path: str, allow: str
) -> None:
    told = await ask(door(monkeypatch, house), "PATCH", path)
    assert (told.status, told.headers["allow"], told.json()["code"]) == (405, allow, "method_not_allowed")


async def test_head_is_answered_where_get_is(monkeypatch: pytest.MonkeyPatch, house: FakeHouse) -> None:
    assert (await ask(door(monkeypatch, house), "HEAD", "/readyz", key=None)).status == 200


class Leak(Exception):
    """Quotes what it choked on, as many exceptions do."""


@pytest.mark.parametrize("path", ["/v1/messages?tag=secret-tag", "/v1/messages/msg_0000000000001/events"])
async def test_what_breaks_is_told_without_quoting_the_caller(
    monkeypatch: pytest.MonkeyPatch, house: FakeHouse, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    fault = Leak(SECRET)
    fault.__cause__ = ValueError(SECRET)
    house.fault = fault
    with caplog.at_level(logging.DEBUG):
        told = await ask(door(monkeypatch, house), "GET", path)
    request_id = told.headers["x-request-id"]
    assert (told.status, told.json()["code"]) == (500, "internal")
    assert request_id in told.json()["detail"]
    assert request_id in caplog.text
    assert "Leak" in caplog.text
    assert "ValueError" in caplog.text
    for private in (SECRET, "15551230100", TOKENS["admin"], "secret-tag"):
        assert private not in caplog.text
        assert private.encode() not in told.body


async def hello(call: Call) -> Reply:
    return Reply(200, b"hello")


async def breaks(call: Call) -> Reply:
    raise Leak(SECRET)


EXTRA = [
    Endpoint(method="GET", path="/hello", handle=hello, name="hello", summary="", scope="send"),
    Endpoint(method="POST", path="/breaks", handle=breaks, name="breaks", summary="", scope="admin"),
]


async def test_endpoints_of_others_get_a_request_id_and_problems(
    monkeypatch: pytest.MonkeyPatch, house: FakeHouse, caplog: pytest.LogCaptureFixture
) -> None:
    app = door(monkeypatch, house, extra=EXTRA)
    told = await ask(app, "GET", "/hello", headers=[("x-request-id", "mine")])
    assert (told.status, told.body, told.headers["x-request-id"]) == (200, b"hello", "mine")
    told = await ask(app, "POST", "/breaks")
    assert (told.status, told.json()["code"], told.headers["content-type"]) == (
        500,
        "internal",
        "application/problem+json",
    )
    told = await ask(app, "GET", "/breaks")
    assert (told.status, told.headers["allow"], told.json()["code"]) == (405, "POST", "method_not_allowed")
    assert SECRET not in caplog.text
    assert {"/hello", "/breaks"} < set((await ask(app, "GET", "/openapi.json", key=None)).json()["paths"])


GUARDED = [
    ("no key", None, 401),
    ("a key to read", "read", 403),
    ("a key to send", "send", 200),
    ("admin", "admin", 200),
]


@pytest.mark.parametrize(("scope", "status"), [g[1:] for g in GUARDED], ids=[g[0] for g in GUARDED])
async def test_endpoints_of_others_are_guarded(
    monkeypatch: pytest.MonkeyPatch, house: FakeHouse, scope: str | None, status: int
) -> None:
    app = door(monkeypatch, house, extra=EXTRA)
    told = await ask(app, "GET", "/hello", key=TOKENS[scope] if scope else None)
    assert told.status == status


async def test_the_lifespan_runs(monkeypatch: pytest.MonkeyPatch, house: FakeHouse) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Any) -> Any:
        seen.append("start")
        yield
        seen.append("stop")

    incoming = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return next(incoming)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    await door(monkeypatch, house, lifespan=lifespan)({"type": "lifespan", "asgi": {}, "state": {}}, receive, send)
    assert (seen, sent) == (["start", "stop"], ["lifespan.startup.complete", "lifespan.shutdown.complete"])
