"""The client package as rules: it has what the document has, repeats what may be repeated, and checks signatures."""

from __future__ import annotations

import copy
import datetime as dt
import importlib.util
import inspect
import json
import pickle
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tidings.api.openapi import document
from tidings.app import every_endpoint
from tidings_client import BadSignature, Client, NoAnswer, NotTidings, Problem, Retries, verify
from tidings_client.calls import AsyncCalls, Calls
from tidings_client.route import pool
from tidings_client.wire import VERSION, Call

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "tidings_client"


def writer() -> Any:
    spec = importlib.util.spec_from_file_location("client_writer", ROOT / "clients" / "python" / "write.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WRITER = writer()


@pytest.mark.parametrize("name", ["calls", "types"])
def test_what_is_written_from_the_document_is_up_to_date(name: str) -> None:
    written = (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
    assert written == getattr(WRITER, name)(), "run `python clients/python/write.py`"


@pytest.mark.parametrize("calls", [Calls, AsyncCalls])
def test_every_call_of_the_document_has_its_method_and_no_method_is_left_over(calls: type) -> None:
    operations = [one for methods in document(every_endpoint())["paths"].values() for one in methods.values()]
    methods = {name for name, _ in inspect.getmembers(calls, inspect.isfunction)} - {"call", "stream", "lines"}
    assert methods == {WRITER.method_name(one["operationId"]) for one in operations if WRITER.for_programs(one)}


def refused(status: int, code: str = "", after: float | None = None) -> Problem:
    return Problem(status, {"code": code}, None, after)


GET, POST = Call("GET", "/v1/messages"), Call("POST", "/v1/messages")
KEYED = Call("POST", "/v1/messages", idempotency_key="a")
BY_URL = Call("GET", "/send", harmless=False)
LOST, UNSENT = NoAnswer("", "ProtocolError", True), NoAnswer("", "NewConnectionError", False)
# what was called, which attempt failed, how, and the wait until the next
PAUSES: list[tuple[str, Call, int, Any, float | None]] = [
    ("too many, as told", POST, 1, refused(429, "rate_limited", 7), 7),
    ("not able, as told", POST, 1, refused(503, "unavailable", 2), 2),
    ("told nothing", POST, 1, refused(503), 0.5),
    ("twice as long each time", POST, 3, refused(503), 2),
    ("the last attempt", POST, 4, refused(503), None),
    ("longer than anybody waits", POST, 1, refused(429, "quota_used_up", 7200), None),
    ("the first is still in flight", KEYED, 1, refused(409, "idempotency_in_flight", 1), 1),
    ("another conflict", KEYED, 1, refused(409, "idempotency_mismatch"), None),
    ("wrong input", GET, 1, refused(422), None),
    ("our fault, of a write with a key", KEYED, 1, refused(500), 0.5),
    ("our fault, of a write", POST, 1, refused(500), None),
    ("the body came too slowly", POST, 1, refused(408), 0.5),
    ("a proxy that lets no more through", POST, 1, NotTidings("", 429, 3), 3),
    ("the answer got lost, of a read", GET, 1, LOST, 0.5),
    ("the answer got lost, of a write", POST, 1, LOST, None),
    ("the answer got lost, of a write with a key", KEYED, 1, LOST, 0.5),
    ("the answer got lost, of a GET that sends", BY_URL, 1, LOST, None),
    ("nobody was there", POST, 1, UNSENT, 0.5),
    ("a proxy without a server, a read", GET, 1, NotTidings("", 502), 0.5),
    ("a proxy without a server, a write", POST, 1, NotTidings("", 502), None),
    ("another server", GET, 1, NotTidings("", 200), None),
]


@pytest.mark.parametrize(
    ("call", "attempt", "fault", "expected"), [case[1:] for case in PAUSES], ids=[case[0] for case in PAUSES]
)
def test_when_a_call_is_made_again(call: Call, attempt: int, fault: Any, expected: float | None) -> None:
    assert Retries().pause(call, attempt, fault, 1.0) == expected


def test_chance_spreads_what_the_server_did_not_tell() -> None:
    waits = {Retries().pause(POST, 2, refused(503), chance) for chance in (0.0, 0.5, 1.0)}
    assert waits == {0.5, 0.75, 1.0}


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = json.dumps({"type": "message.delivered", "data": {"text": "Grüße"}}, ensure_ascii=False).encode()
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


def signed(at: dt.datetime = NOW, body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    signature = Webhook(secret).sign("evt_1", at, body.decode())
    return {"webhook-id": "evt_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


def test_what_the_official_library_signs_is_good() -> None:
    assert verify(SECRET, signed(dt.datetime.now(dt.UTC)), BODY) == json.loads(BODY)
    headers = {name.title(): value for name, value in signed().items()}
    assert verify(SECRET.removeprefix("whsec_"), headers, BODY, NOW.timestamp() + 299) == json.loads(BODY)


def test_one_good_signature_among_several_is_enough() -> None:
    other = signed(secret="whsec_" + "A" * 32)["webhook-signature"]
    both = {**signed(), "webhook-signature": f"v1a,xyz {other} {signed()['webhook-signature']}"}
    assert verify(SECRET, both, BODY, NOW.timestamp())


FORGED: list[tuple[str, str, dict[str, str], bytes, float]] = [
    ("another secret", "whsec_" + "A" * 32, {}, BODY, 0),
    ("another body", SECRET, {}, BODY + b" ", 0),
    ("another id", SECRET, {"webhook-id": "evt_2"}, BODY, 0),
    ("another time", SECRET, {"webhook-timestamp": str(int(NOW.timestamp()) + 1)}, BODY, 0),
    ("another version", SECRET, {"webhook-signature": signed()["webhook-signature"].replace("v1", "v2")}, BODY, 0),
    ("no signature", SECRET, {"webhook-signature": ""}, BODY, 0),
    ("letters that are none", SECRET, {"webhook-signature": "v1,\udc80é"}, BODY, 0),
    ("a time that is none", SECRET, {"webhook-timestamp": "soon"}, BODY, 0),
    ("no secret", "", {}, BODY, 0),
    ("a secret that anybody can guess", "whsec_AAAA", {}, BODY, 0),
    ("a time that no clock shows", SECRET, {"webhook-timestamp": "9" * 400}, BODY, 0),
    ("too old", SECRET, {}, BODY, 301),
    ("from the future", SECRET, {}, BODY, -301),
]


@pytest.mark.parametrize(
    ("secret", "changes", "body", "later"), [case[1:] for case in FORGED], ids=[case[0] for case in FORGED]
)
def test_what_is_forged_or_old_is_not(secret: str, changes: dict[str, str], body: bytes, later: float) -> None:
    with pytest.raises(BadSignature):
        verify(secret, {**signed(), **changes}, body, NOW.timestamp() + later)


def test_a_missing_header_is_no_signature() -> None:
    headers = signed()
    del headers["webhook-id"]
    with pytest.raises(BadSignature):
        verify(SECRET, headers, BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY.decode(), headers)


def test_it_stands_alone(tmp_path: Path) -> None:
    """The package is built by its own pyproject, and imports nothing of the server."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT / "clients" / "python", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("tidings_client-*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        packed.extractall(tmp_path / "site")
    assert {f"tidings_client/{file.name}" for file in PACKAGE.iterdir() if file.is_file()} <= names
    assert not [name for name in names if name.startswith("tidings/")]
    look = "import sys, tidings_client; print(*(name for name in sys.modules if name.partition('.')[0] == 'tidings'))"
    clean = {"PYTHONPATH": str(tmp_path / "site")}
    seen = subprocess.run([sys.executable, "-c", look], env=clean, capture_output=True, text=True, timeout=30)
    assert (seen.returncode, seen.stdout.strip()) == (0, ""), seen.stderr


def test_ids_cannot_leave_their_place_in_a_path() -> None:
    heard: list[Call] = []

    class Deaf(Client):
        def call(self, call: Call, *, keyed: bool = False) -> Any:
            heard.append(call)

    client = Deaf("http://127.0.0.1:1")
    client.get_message("../keys?x#y")
    assert heard[0].target == "/v1/messages/..%2Fkeys%3Fx%23y"
    for nowhere in ("", ".", ".."):
        with pytest.raises(ValueError, match="no id"):
            client.revoke_key(nowhere)


USELESS = [
    "",
    "127.0.0.1:8775",
    "ftp://127.0.0.1",
    "http://",
    "http://:8775",
    "http://me:secret@127.0.0.1",
    "http://127.0.0.1:x",
    "http://127.0.0.1/?a=b",
    "http://127.0.0.1/#x",
    "http://127.0.0.1/a b",
    "http://127.0.0.1\r\nHost: x",
]


@pytest.mark.parametrize("url", USELESS)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="must be http") as fault:
        Client(url)
    assert "secret" not in str(fault.value)


def test_a_key_goes_into_one_header_or_nowhere() -> None:
    Client("http://127.0.0.1:1", "tk_secret\n")
    for key in ("", "tk_secret\r\nX: y", "tk_secret…"):
        with pytest.raises(ValueError, match="the key") as fault:
            Client("http://127.0.0.1:1", key)
        assert "secret" not in str(fault.value)
    with pytest.raises(ValueError, match="Idempotency-Key"):
        Client("http://127.0.0.1:1").post_message({"to": "1", "text": "x"}, idempotency_key="a\nb")


FAULTS = [
    NoAnswer("nobody", "NewConnectionError", False),
    NotTidings("somebody else", 502, 3.0),
    Problem(422, {"code": "validation_failed", "detail": "no", "errors": [{"pointer": "/to"}]}, "req_1", 2.0),
    BadSignature("no signature fits"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=[type(fault).__name__ for fault in FAULTS])
def test_an_exception_survives_a_pickle(fault: Exception) -> None:
    again = pickle.loads(pickle.dumps(fault))
    assert (type(again), str(again), vars(again)) == (type(fault), str(fault), vars(fault))
    assert vars(copy.copy(fault)) == vars(fault)


WAYS = [
    ("http://tidings.example", {}, None),
    ("http://tidings.example", {"http_proxy": "http://proxy.example:3128"}, "proxy.example"),
    ("https://tidings.example", {"http_proxy": "http://proxy.example:3128"}, None),
    ("https://tidings.example", {"https_proxy": "proxy.example:3128"}, "proxy.example"),
    ("http://tidings.example", {"all_proxy": "http://me:secret@proxy.example:3128"}, "proxy.example"),
    ("http://tidings.example", {"http_proxy": "http://proxy.example", "no_proxy": ".example"}, None),
    ("http://127.0.0.1:8775", {"http_proxy": "http://proxy.example"}, None),
    ("http://[::1]:8775", {"http_proxy": "http://proxy.example"}, None),
    ("http://localhost:8775", {"all_proxy": "http://proxy.example"}, None),
]


@pytest.mark.parametrize(("url", "named", "by_way_of"), WAYS)
def test_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, url: str, named: dict[str, str], by_way_of: str | None
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    proxy = pool(url).proxy
    assert (proxy and proxy.host) == by_way_of
    assert proxy is None or proxy.auth is None


def test_the_version_is_that_of_the_package() -> None:
    told = tomllib.loads((ROOT / "clients" / "python" / "pyproject.toml").read_text(encoding="utf-8"))
    assert told["project"]["version"] == VERSION
