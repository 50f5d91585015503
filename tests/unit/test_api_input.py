"""Bad input, as a table: every refusal is a 4xx problem that names each thing at fault."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit import FakeHouse, ask, door
from tidings.api import body as body_reader
from tidings.config import Limits, Settings

TO = '"to":"+15551230100"'


def deep(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


# sentence, body, status, code, pointers
BODIES: list[tuple[str, bytes, int, str, list[str]]] = [
    ("nothing at all", b"", 400, "malformed_json", []),
    ("not JSON", b"to=+1555", 400, "malformed_json", []),
    ("cut off", b'{"to":"+1', 400, "malformed_json", []),
    ("more after the end", b'{"to":"+15551230100"} x', 400, "malformed_json", []),
    ("a byte order mark", b'\xef\xbb\xbf{"to":"1"}', 400, "malformed_json", []),
    ("not UTF-8 in a value", b'{"to":"\xff"}', 400, "malformed_json", []),
    ("not UTF-8 in a name", b'{"\xff":"1","to":"1"}', 400, "malformed_json", []),
    ("not UTF-8 after an unknown field", b'{"x":1,"to":"\xff"}', 400, "malformed_json", []),
    ("UTF-16", '{"to":"1"}'.encode("utf-16"), 400, "malformed_json", []),
    ("a lone high surrogate", b'{"to":"\\ud800"}', 422, "validation_failed", ["/to"]),
    ("a lone low surrogate", b'{"to":"\\udc00"}', 422, "validation_failed", ["/to"]),
    ("a lone surrogate in a name", b'{"to":"1","a\\udc00":1}', 422, "validation_failed", [""]),
    (
        "lone surrogates within",
        b'{"metadata":{"a/b":["x","\\ud800"]},"to":"\\udfff"}',
        422,
        "validation_failed",
        ["/metadata/a~1b/1", "/to"],
    ),
    ("a lone surrogate and no JSON", b'{"to":"\\ud800"', 400, "malformed_json", []),
    ("a lone surrogate and NaN", b'{"to":"\\ud800","metadata":{"a":NaN}}', 400, "malformed_json", []),
    ("a lone surrogate beside an unknown field", b'{"nope":"\\ud800","to":1}', 422, "validation_failed", ["/nope"]),
    ("NaN", b'{"metadata":{"a":NaN},"to":"1"}', 400, "malformed_json", []),
    ("Infinity", b'{"metadata":{"a":-Infinity},"to":"1"}', 400, "malformed_json", []),
    (
        "nested without end",
        b'{"to":"1","metadata":' + b'{"a":' * 9000 + b"1" + b"}" * 9000 + b"}",
        400,
        "malformed_json",
        [],
    ),
    ("an unknown field nested without end", b'{"x":' + deep(90_000) + b"}", 400, "malformed_json", []),
    ("a number too large", b'{"to":"1","metadata":{"a":1e400}}', 422, "validation_failed", ["/metadata"]),
    (
        "an integer of 5,000 digits",
        b'{"to":"1","max_segments":' + b"9" * 5000 + b"}",
        422,
        "validation_failed",
        ["/max_segments"],
    ),
    (
        "an integer too large",
        b'{"to":"1","max_segments":99999999999999999999}',
        422,
        "validation_failed",
        ["/max_segments"],
    ),
    (
        "metadata nested 17 levels",
        b'{"to":"1","metadata":{"a":' + deep(17) + b"}}",
        422,
        "validation_failed",
        ["/metadata"],
    ),
    ("a list", b"[]", 422, "validation_failed", [""]),
    ("null", b"null", 422, "validation_failed", [""]),
    ("a string", b'"to"', 422, "validation_failed", [""]),
    ("an empty object", b"{}", 422, "validation_failed", ["/to"]),
    ("to as a number", b'{"to":15551230100,"text":"x"}', 422, "validation_failed", ["/to"]),
    ("to as null", b'{"to":null}', 422, "validation_failed", ["/to"]),
    ("an unknown field", b'{"too":"1","to":"1"}', 422, "validation_failed", ["/too"]),
    ("a field name that needs escaping", b'{"a/b~c":1,"to":"1"}', 422, "validation_failed", ["/a~1b~0c"]),
    (
        "all at once",
        b'{"too":"1","text":5,"category":"spam","encoding":7,"max_segments":0,"tags":["a",""],"send_at":"2026-01-01"}',
        422,
        "validation_failed",
        ["/category", "/encoding", "/max_segments", "/send_at", "/tags/1", "/text", "/to", "/too"],
    ),
    ("a category of our own", b'{"to":"1","category":"system"}', 422, "validation_failed", ["/category"]),
    ("a time without offset", b'{"to":"1","send_at":"2026-12-01T10:00:00"}', 422, "validation_failed", ["/send_at"]),
    ("a thirteenth month", b'{"to":"1","send_at":"2026-13-01T10:00:00Z"}', 422, "validation_failed", ["/send_at"]),
    ("21 tags", b'{"to":"1","tags":[' + b",".join([b'"a"'] * 21) + b"]}", 422, "validation_failed", ["/tags"]),
    ("tags as null", b'{"to":"1","tags":null}', 422, "validation_failed", ["/tags"]),
    (
        "a client_ref of 129",
        b'{"to":"1","client_ref":"' + b"x" * 129 + b'"}',
        422,
        "validation_failed",
        ["/client_ref"],
    ),
    ("segments as a fraction", b'{"to":"1","max_segments":1.5}', 422, "validation_failed", ["/max_segments"]),
    ("segments as true", b'{"to":"1","max_segments":true}', 422, "validation_failed", ["/max_segments"]),
    ("the first `to` bad, the second good", b'{"to":1,"to":"+15551230100"}', 422, "validation_failed", ["/to"]),
]


@pytest.mark.parametrize(("body", "status", "code", "pointers"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
async def test_a_bad_message(
    monkeypatch: pytest.MonkeyPatch, body: bytes, status: int, code: str, pointers: list[str]
) -> None:
    house = FakeHouse()
    told = await ask(door(monkeypatch, house), "POST", "/v1/messages", body)
    problem = told.json()
    assert (told.status, problem["code"], house.messages) == (status, code, {}), problem
    assert sorted(error["pointer"] for error in problem.get("errors", [])) == sorted(pointers)
    assert told.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["type"]) == (status, f"/docs#problem-{code}")
    assert problem["title"]
    assert problem["detail"]


WORDS = [
    ("a near name is told", b'{"txt":"x","to":"1"}', "unknown field; did you mean `text`?"),
    ("the choices are told", b'{"to":"1","encoding":"utf8"}', "must be one of auto, gsm7, ucs2"),
    ("the wanted kind is told", b'{"to":1}', "expected a string, got an integer"),
    ("null or a kind", b'{"to":"1","text":1}', "expected a string or null, got an integer"),
    ("a missing field", b"{}", "is required"),
]


@pytest.mark.parametrize(("body", "detail"), [w[1:] for w in WORDS], ids=[w[0] for w in WORDS])
async def test_a_fault_says_what_to_do(monkeypatch: pytest.MonkeyPatch, body: bytes, detail: str) -> None:
    told = await ask(door(monkeypatch, FakeHouse()), "POST", "/v1/messages", body)
    assert told.json()["errors"][0]["detail"] == detail


async def test_faults_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    body = {f"{'x' * 1000}{n}": n for n in range(5000)}
    told = await ask(door(monkeypatch, FakeHouse()), "POST", "/v1/messages", body)
    assert (told.status, len(told.json()["errors"])) == (422, 100)
    assert len(told.body) < 40_000


FORM = "application/x-www-form-urlencoded"
OTHER_JSON = "application/vnd.api+json"
LATIN_JSON = "application/json; charset=iso-8859-1"
READER = {"authorization": "Bearer tk_0000000000000_read"}
SENDER = {"authorization": "Bearer tk_0000000000000_send"}

# sentence, method, path, headers, status, code
REQUESTS: list[tuple[str, str, str, dict[str, str], int, str]] = [
    ("a form", "POST", "/v1/messages", {"content-type": FORM}, 415, "unsupported_media_type"),
    ("JSON of another kind", "POST", "/v1/messages", {"content-type": OTHER_JSON}, 415, "unsupported_media_type"),
    ("JSON in Latin-1", "POST", "/v1/messages", {"content-type": LATIN_JSON}, 415, "unsupported_media_type"),
    ("gzip", "POST", "/v1/messages", {"content-encoding": "gzip"}, 415, "unsupported_media_type"),
    ("an empty Idempotency-Key", "POST", "/v1/messages", {"idempotency-key": ""}, 422, "validation_failed"),
    ("an Idempotency-Key of 256", "POST", "/v1/messages", {"idempotency-key": "k" * 256}, 422, "validation_failed"),
    ("an Idempotency-Key in French", "POST", "/v1/messages", {"idempotency-key": "clé"}, 422, "validation_failed"),
    ("a control character in it", "POST", "/v1/messages", {"idempotency-key": "a\x01b"}, 422, "validation_failed"),
    ("a tab at its end", "POST", "/v1/messages", {"idempotency-key": "a\t"}, 422, "validation_failed"),
    ("a key where none can be kept", "POST", "/v1/keys", {"idempotency-key": "a"}, 422, "validation_failed"),
    ("an unknown address", "GET", "/v1/message", {}, 404, "not_found"),
    ("a slash too many", "GET", "/v1/messages/", {}, 404, "not_found"),
    ("no id of a message", "GET", "/v1/messages/7", {}, 404, "not_found"),
    ("an id of another kind", "GET", "/v1/messages/key_0000000000001", {}, 404, "not_found"),
    ("an id nobody has", "GET", "/v1/messages/msg_0000000000001", {}, 404, "not_found"),
    ("its events", "GET", "/v1/messages/msg_0000000000001/events", {}, 404, "not_found"),
    ("its story", "GET", "/v1/messages/msg_0000000000001/explain", {}, 404, "not_found"),
    ("canceling it", "POST", "/v1/messages/msg_0000000000001/cancel", {}, 404, "not_found"),
    ("another method", "PUT", "/v1/messages", {}, 405, "method_not_allowed"),
    ("another method of an id", "DELETE", "/v1/messages/msg_0000000000001", {}, 405, "method_not_allowed"),
    ("no key", "GET", "/v1/messages", {"authorization": ""}, 401, "unauthorized"),
    ("a wrong key", "GET", "/v1/messages", {"authorization": "Bearer tk_0000000000000_nope"}, 401, "unauthorized"),
    ("a key that is not ASCII", "GET", "/v1/messages", {"authorization": "Bearer é"}, 401, "unauthorized"),
    ("another scheme", "GET", "/v1/messages", {"authorization": "Basic dGs6"}, 401, "unauthorized"),
    ("sending with a key to read", "POST", "/v1/messages", READER, 403, "forbidden"),
    ("issuing keys with a key to send", "POST", "/v1/keys", SENDER, 403, "forbidden"),
    ("the doctor with a key to send", "GET", "/v1/doctor", SENDER, 403, "forbidden"),
    ("an unknown parameter", "GET", "/v1/messages?limt=3", {}, 422, "validation_failed"),
    ("a parameter where none is taken", "GET", "/v1/keys?a=1", {}, 422, "validation_failed"),
    ("a parameter on a post", "POST", "/v1/messages?to=1", {}, 422, "validation_failed"),
    ("a search for nothing", "GET", "/v1/conversations/search?limit=5", {}, 422, "validation_failed"),
    ("a parameter twice", "GET", "/v1/messages?tag=a&tag=b", {}, 422, "validation_failed"),
    ("a limit of 0", "GET", "/v1/messages?limit=0", {}, 422, "validation_failed"),
    ("a limit of 101", "GET", "/v1/messages?limit=101", {}, 422, "validation_failed"),
    ("a limit in words", "GET", "/v1/messages?limit=ten", {}, 422, "validation_failed"),
    ("an enormous limit", "GET", f"/v1/messages?limit={'9' * 5000}", {}, 422, "validation_failed"),
    ("an empty limit", "GET", "/v1/messages?limit=", {}, 422, "validation_failed"),
    ("a cursor of ours no more", "GET", "/v1/messages?cursor=abc", {}, 422, "validation_failed"),
    ("a status nobody has", "GET", "/v1/messages?status=lost", {}, 422, "validation_failed"),
    ("null as a time", "GET", "/v1/messages?since=null", {}, 422, "validation_failed"),
    ("seconds as a time", "GET", "/v1/messages?since=1790000000", {}, 422, "validation_failed"),
    ("a time without offset", "GET", "/v1/messages?since=2026-01-01T00:00:00", {}, 422, "validation_failed"),
    ("a NUL", "GET", "/v1/messages?tag=a%00b", {}, 422, "validation_failed"),
    ("a query that is not UTF-8", "GET", "/v1/messages?tag=%ff", {}, 400, "bad_request"),
    ("a query not encoded", "GET", "/v1/messages?tag=é", {}, 400, "bad_request"),
    ("51 parameters", "GET", "/v1/messages?" + "&".join(f"a{n}=1" for n in range(51)), {}, 400, "bad_request"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"), [r[1:] for r in REQUESTS], ids=[r[0] for r in REQUESTS]
)
async def test_a_bad_request(
    monkeypatch: pytest.MonkeyPatch, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    house = FakeHouse()
    body = b'{"to":"+15551230100","text":"x"}' if method == "POST" and "cancel" not in path else None
    if path == "/v1/keys" and method == "POST":
        body = b'{"name":"a","scope":"send"}'
    told = await ask(door(monkeypatch, house), method, path, body, headers=headers.items())
    assert (told.status, told.json()["code"], house.messages) == (status, code, {}), told.body
    assert told.headers["content-type"] == "application/problem+json"
    assert told.headers["x-request-id"]
    assert ("www-authenticate" in told.headers) == (status == 401)
    assert ("allow" in told.headers) == (status == 405)


async def test_a_parameter_at_fault_is_named_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    told = await ask(door(monkeypatch, FakeHouse()), "GET", "/v1/messages?limt=3&limit=0&status=x")
    faults = {error["pointer"]: error["detail"] for error in told.json()["errors"]}
    assert faults["?limt"] == "unknown parameter; did you mean `limit`?"
    assert set(faults) == {"?limt", "?limit", "?status"}
    assert "string" not in faults["?limit"], "it is a number, and too small"


GOOD_HEADERS: list[tuple[str, list[tuple[str, str]]]] = [
    ("a charset", [("content-type", "application/json; charset=UTF-8")]),
    ("a charset in quotes", [("content-type", 'Application/JSON;charset="utf-8"')]),
    ("the same Idempotency-Key twice", [("idempotency-key", "a"), ("idempotency-key", "a")]),
    ("a long header of no meaning", [("x-long", "x" * 60_000)]),
    ("a header many times", [("x-many", "1")] * 90),
    ("the scheme in small letters", [("authorization", "bearer tk_0000000000000_send")]),
    ("blanks inside an Idempotency-Key", [("idempotency-key", "order 17")]),
    ("an Idempotency-Key of 255", [("idempotency-key", "k" * 255)]),
]


@pytest.mark.parametrize("headers", [h[1] for h in GOOD_HEADERS], ids=[h[0] for h in GOOD_HEADERS])
async def test_headers_that_do_no_harm(monkeypatch: pytest.MonkeyPatch, headers: list[tuple[str, str]]) -> None:
    app = door(monkeypatch, FakeHouse())
    told = await ask(app, "POST", "/v1/messages", {"to": "+15551230100", "text": "x"}, headers=headers)
    assert told.status == 202


async def test_two_idempotency_keys_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = [("idempotency-key", "a"), ("idempotency-key", "b")]
    app = door(monkeypatch, FakeHouse())
    told = await ask(app, "POST", "/v1/messages", {"to": "+15551230100", "text": "x"}, headers=headers)
    assert told.status == 400


SMALL = Settings(limits=Limits(body_bytes=100))

SIZES: list[tuple[str, dict[str, Any], int]] = [
    ("announced too long", {"body": b"x" * 101}, 413),
    ("announced with a number beyond reason", {"body": b"{}", "length": 10**30}, 413),
    ("longer than announced", {"body": b"x" * 101, "length": 5}, 413),
    ("too long in pieces", {"chunks": [b"x" * 60, b"x" * 60, b"never read"]}, 413),
    ("fits in pieces", {"chunks": [b'{"to":"+1555', b'1230100",', b'"text":"x"}']}, 202),
    ("fits in pieces, some empty", {"chunks": [b"", b'{"to":"+15551230100","text":"x"}', b""]}, 202),
]


@pytest.mark.parametrize(("body", "status"), [s[1:] for s in SIZES], ids=[s[0] for s in SIZES])
async def test_the_size_of_a_body(monkeypatch: pytest.MonkeyPatch, body: dict[str, Any], status: int) -> None:
    told = await ask(door(monkeypatch, FakeHouse(SMALL)), "POST", "/v1/messages", **body)
    assert told.status == status, told.body


async def test_a_body_that_never_ends_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b"x" * 50, "more_body": True}

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/messages", "query_string": b"",
             "headers": [(b"authorization", b"Bearer tk_0000000000000_send")]}  # fmt: skip
    await door(monkeypatch, FakeHouse(SMALL))(scope, receive, send)
    assert (sent[0]["status"], read) == (413, 3)


async def test_a_caller_who_hangs_up_gets_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        raise AssertionError(message)

    house = FakeHouse()
    scope = {"type": "http", "method": "POST", "path": "/v1/messages", "query_string": b"",
             "headers": [(b"authorization", b"Bearer tk_0000000000000_send")]}  # fmt: skip
    await door(monkeypatch, house)(scope, receive, send)
    assert house.taken == []


async def test_a_body_that_stalls_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_reader, "PATIENCE_S", 0.01)
    first = True

    async def receive() -> dict[str, Any]:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": b"{", "more_body": True}
        return await asyncio.get_running_loop().create_future()

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/messages", "query_string": b"",
             "headers": [(b"authorization", b"Bearer tk_0000000000000_send")]}  # fmt: skip
    await door(monkeypatch, FakeHouse())(scope, receive, send)
    assert sent[0]["status"] == 408


async def test_bodies_that_come_in_at_once_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_reader, "MOST_HELD", 60)
    house = FakeHouse()
    app = door(monkeypatch, house)
    rest = asyncio.Event()
    pieces = [b'{"to":"+15551230100",', b'"text":"x"}']

    async def slow() -> dict[str, Any]:
        if len(pieces) == 1:
            await rest.wait()
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/messages", "query_string": b"",
             "headers": [(b"authorization", b"Bearer tk_0000000000000_send")]}  # fmt: skip
    waiting = asyncio.create_task(app(scope, slow, send))
    await asyncio.sleep(0)
    other = [b'{"to":"+15551230100",', b'"text":"1234567890"}']
    refused = await ask(app, "POST", "/v1/messages", chunks=other)
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    rest.set()
    await waiting
    assert sent[0]["status"] == 202
    assert (await ask(app, "POST", "/v1/messages", chunks=other)).status == 202
    assert body_reader._coming == 0
