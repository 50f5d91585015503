"""The client package as rules: it has what the document has, repeats what may be repeated, and checks signatures."""

from __future__ import annotations

import datetime as dt
import importlib.util
import inspect
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tidings.api.openapi import document
from tidings.app import every_endpoint
from tidings_client import BadSignature, Client, NoAnswer, NotTidings, Problem, Retries, verify
from tidings_client.calls import AsyncCalls, Calls
from tidings_client.wire import Call

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
    methods = {name for name, _ in inspect.getmembers(calls, inspect.isfunction)} - {"call", "stream"}
    assert methods == {WRITER.method_name(one["operationId"]) for one in operations}


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
    ("our fault", KEYED, 1, refused(500), None),
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
    assert verify(SECRET, signed(), BODY) == json.loads(BODY)
    headers = {name.title(): value for name, value in signed().items()}
    assert verify(SECRET.removeprefix("whsec_"), headers, BODY, NOW.timestamp() + 299) == json.loads(BODY)


def test_one_good_signature_among_several_is_enough() -> None:
    other = signed(secret="whsec_" + "A" * 32)["webhook-signature"]
    both = {**signed(), "webhook-signature": f"v1a,xyz {other} {signed()['webhook-signature']}"}
    assert verify(SECRET, both, BODY)


FORGED: list[tuple[str, str, dict[str, str], bytes, float]] = [
    ("another secret", "whsec_" + "A" * 32, {}, BODY, 0),
    ("another body", SECRET, {}, BODY + b" ", 0),
    ("another id", SECRET, {"webhook-id": "evt_2"}, BODY, 0),
    ("another time", SECRET, {"webhook-timestamp": str(int(NOW.timestamp()) + 1)}, BODY, 0),
    ("another version", SECRET, {"webhook-signature": signed()["webhook-signature"].replace("v1", "v2")}, BODY, 0),
    ("no signature", SECRET, {"webhook-signature": ""}, BODY, 0),
    ("letters that are none", SECRET, {"webhook-signature": "v1,\udc80é"}, BODY, 0),
    ("a time that is none", SECRET, {"webhook-timestamp": "soon"}, BODY, 0),
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

    Deaf("http://127.0.0.1:1").get_message("../keys?x#y")
    assert heard[0].target == "/v1/messages/..%2Fkeys%3Fx%23y"
