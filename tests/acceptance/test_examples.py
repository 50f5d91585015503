"""Every example of the OpenAPI document, sent to a running tidings: the answer is the one the document shows."""

from __future__ import annotations

import base64
import datetime as dt
import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from processes import Tidings, until

from oidc_kit import Issuer
from tidings.core import totp
from tidings.smpp import codec, pdus

pytestmark = pytest.mark.one_engine("what the pages show is asked of the API")

Json = dict[str, Any]
THEN = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
"""What is now in the examples."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
NEW_EACH_TIME = [
    (re.compile(r"lies \d+ s behind"), "lies <some> s behind"),
    (TIME, "<time>"),
    (
        re.compile(
            r"\b(msg|code|key|acc|con|conv|note|can|esme|wh|whd|dlv|cur|evt|user|ses|aud|rcp)_[0-9a-z]{13}(_\d+)?"
        ),
        r"<\1>",
    ),
    (re.compile(r"(?:(?<=#)|^)[\w-]{43}$"), "<secret>"),
    (re.compile(r"\btk_[0-9a-z]{13}_\S+|\bwhsec_\S+"), "<secret>"),
    (re.compile(r"127\.0\.0\.1:\d+"), "<address>"),
    (re.compile(r"(?<![+0-9a-f])[0-9a-f]{7,}\b"), "<hex>"),
    (re.compile(r"\b\d{9}000R"), "<validity>"),
]
FIGURES = {
    "id_in_receipt", "id_in_response", "notes", "receipt_ms", "response_ms",
    "answered", "answers", "commit_lag_ms", "disk_free_mb", "engine", "free", "in_flight", "oldest_s", "port", "rate",
    "replies", "request_octets", "round_trip_ms", "sent", "size_mb", "smpp_port", "store", "submissions", "took_ms",
    "tries",
    "traffic", "unused_mb", "version", "waiting", "wal_mb",
}  # fmt: skip
PLACES = {"cursor", "in_reply_to", "Idempotency-Key", "idempotency_key", "Last-Event-ID", "last_event_id"}
"""Parameters that refer to an earlier call."""
TRYING = {"createCarrier", "changeCarrier"}
"""Their carrier is nowhere: by the time of the answer it may be known that there is none."""
NOT_COMPARED = {
    *FIGURES,
    "binds",
    "esmes",
    "last_bound_at",
    "last_used_at",
    "password",
    "recovery_codes",
    "secret",
    "uri",
}
"""Figures of the moment, the ESMEs there are, secrets, and the use of a key or an ESME, noted once a minute and null
until then."""
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0"


class Ear(BaseHTTPRequestHandler):
    """An endpoint for webhooks that is content with everything."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class World:
    """A running tidings, its document, and what stands here for names that the examples use."""

    def __init__(self, tidings: Tidings, ear: str, issuer: Issuer) -> None:
        self.tidings, self.ear = tidings, ear
        self.issuer = issuer
        self.cookies: dict[str, str] = {}
        self.document = tidings.get("/openapi.json")
        self.operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
        }
        self.shift = dt.datetime.now(dt.UTC) - THEN

    def here(self, value: Any, names: dict[str, str]) -> Any:
        """An example of a request as it has to be here and now."""
        if isinstance(value, dict):
            return {name: self.here(inner, names) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.here(inner, names) for inner in value]
        if not isinstance(value, str):
            return value
        for name, own in {**names, "https://example.com": self.ear, "tk_02n5m8h2tc801_…": self.tidings.key}.items():
            value = value.replace(name, own)
        return TIME.sub(self._moved, value)

    def _moved(self, found: re.Match[str]) -> str:
        return (dt.datetime.fromisoformat(found[0]) + self.shift).isoformat().replace("+00:00", "Z")

    def call(self, name: str, names: dict[str, str], left_out: set[str]) -> tuple[http.client.HTTPResponse, bytes]:
        """Make a call of its examples alone."""
        method, path, operation = self.operations[name]
        headers, query, octets = {"accept": "application/json", "user-agent": BROWSER}, {}, None
        if operation.get("security") == [{"session": []}] or path.startswith("/v1/session/"):
            headers |= {"cookie": self.cookie, "sec-fetch-site": "same-origin"}
        elif "security" in operation:
            headers["authorization"] = f"Bearer {self.tidings.key}"
        for one in operation.get("parameters", ()):
            value = self.here(one["example"], names)
            if one["name"] in left_out:
                continue
            if one["in"] == "path":
                path = path.replace(f"{{{one['name']}}}", quote(value))
            elif one["in"] == "query":
                query[one["name"]] = value
            else:
                headers[one["name"]] = value
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            body = self.here(content["example"], names)
            headers["content-type"] = kind
            octets = json.dumps(body).encode() if kind == "application/json" else urlencode(body).encode()
        if path == "/send":  # the key comes once, where the example has it
            del headers["authorization"]
        connection = http.client.HTTPConnection(urlsplit(self.tidings.url).netloc, timeout=15)
        connection.request(method, f"{path}?{urlencode(query)}" if query else path, octets, headers)
        answer = connection.getresponse()
        for given in answer.headers.get_all("set-cookie") or ():
            cookie, _, value = given.partition(";")[0].partition("=")
            self.cookies[cookie] = value
        endless = answer.headers.get_content_type() == "text/event-stream"
        if name in ("captureCarrier", "captureEsme"):  # their heads
            told = answer.readline()
        else:
            told = b"".join(iter(answer.readline, b"\n")) if endless else answer.read()
        connection.close()
        return answer, told

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def told(self, name: str) -> tuple[str, str, Json]:
        """Status, media type and content of the good answer that the document shows."""
        responses = self.operations[name][2]["responses"]
        status = next(status for status in responses if status.startswith("2"))
        kinds = responses[status]["content"]
        kind = "application/json" if "application/json" in kinds else next(iter(kinds))
        return status, kind, kinds[kind]


def as_ever(value: Any) -> Any:
    """A value without what is new each time."""
    if isinstance(value, dict):
        return {name: "<any>" if name in NOT_COMPARED else as_ever(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_ever(inner) for inner in value]
    if isinstance(value, str):
        for form, word in NEW_EACH_TIME:
            value = form.sub(word, value)
        return value.replace("https://example.com", "http://<address>")
    return value


# What has to be there before a call; it brings what stands here for names of the example.


def nothing(world: World) -> dict[str, str]:
    return {}


def message(world: World) -> dict[str, str]:
    """A message as the example of sending has it, delivered."""
    body = world.operations["postMessage"][2]["requestBody"]["content"]["application/json"]["example"]
    sent = world.tidings.call("POST", "/v1/messages", body).json()
    world.tidings.ended(sent["id"])
    return {"msg_02n5m8h2tc800": sent["id"]}


def heard(world: World) -> dict[str, str]:
    """A message whose delivery was told to the one endpoint there is."""
    for row in world.tidings.get("/v1/webhooks")["data"]:
        world.tidings.call("DELETE", f"/v1/webhooks/{row['id']}")
    names = {**webhook(world), **message(world)}
    path = f"/v1/messages/{names['msg_02n5m8h2tc800']}/explain"
    until(lambda: [one["status"] for one in world.tidings.get(path)["webhooks"]] == ["delivered"], "it was told")
    return names


def later(world: World) -> dict[str, str]:
    at = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
    body = world.operations["postMessage"][2]["requestBody"]["content"]["application/json"]["example"]
    return {"msg_02n5m8h2tc800": world.tidings.call("POST", "/v1/messages", {**body, "send_at": at}).json()["id"]}


def made(name: str, prefix: str) -> Callable[[World], dict[str, str]]:
    def prepare(world: World) -> dict[str, str]:
        answer, told = world.call(name, {}, set())
        assert answer.status == 201, told
        return {f"{prefix}_02n5m8h2tc80{n}": json.loads(told)["id"] for n in range(3)}

    return prepare


def called(world: World) -> dict[str, str]:
    """A webhook that has been told of a delivered message."""
    names = webhook(world) | message(world)
    path = f"/v1/webhooks/deliveries?webhook={names['wh_02n5m8h2tc802']}&status=delivered"
    rows = until(lambda: world.tidings.get(path)["data"], "the webhook is told")
    return names | {"whd_02n5m8h2tc800": rows[0]["id"], "whd_0000000000001": rows[0]["id"]}


def down(world: World) -> dict[str, str]:
    """An ESME waits for a text, and the simulated network is cut off."""
    up(world)
    texted(world)
    assert world.tidings.call("PUT", "/v1/simulator/faults", {"mode": "down"}).status == 200
    until(lambda: simulator(world)["state"] != "up", "the carrier is down")
    return {}


def up(world: World) -> dict[str, str]:
    assert world.tidings.call("PUT", "/v1/simulator/faults", {"mode": "none"}).status == 200
    until(lambda: simulator(world)["state"] == "up", "the carrier is up", told=lambda: simulator(world))
    return {}


def simulator(world: World) -> Json:
    told: Json = world.tidings.get("/v1/carriers/simulator")
    return told


def orphan(world: World) -> dict[str, str]:
    """Another system has sent one text with the account that we have at the simulated network, and left."""
    up(world)
    for row in world.tidings.get("/v1/orphans?limit=100")["data"]:
        world.tidings.call("DELETE", f"/v1/orphans/{row['id']}")
    network = world.tidings.get("/v1/simulator/stats")
    texted = pdus.SubmitSm(
        source_addr="777", dest_addr_ton=1, dest_addr_npi=1, destination_addr=PERSON[1:], registered_delivery=1,
        short_message=b"Hello", sequence_number=2,
    )  # fmt: skip
    bound = pdus.Bind(command_id=pdus.BIND_TRANSMITTER, system_id="tidings", sequence_number=1)
    with (
        socket.create_connection(("127.0.0.1", network["smpp_port"]), 10) as line,
        line.makefile("rb") as answers,
    ):
        for pdu in (bound, texted):
            line.sendall(codec.encode(pdu))
            length = answers.read(4)
            assert answers.read(int.from_bytes(length) - 4)[4:8] == bytes(4), "command_status of the answer"
    rows = until(lambda: world.tidings.get("/v1/orphans")["data"], "its receipt came to us")
    return {"rcp_02n5m8h2tc800": rows[0]["id"]}


def account(world: World) -> dict[str, str]:
    """The account of the example, which exists once: its sender is its own."""
    rows = [row for row in world.tidings.get("/v1/accounts")["data"] if row["name"] == "Berlin branch"]
    return {"acc_02n5m8h2tc800": rows[0]["id"] if rows else made("createAccount", "acc")(world)["acc_02n5m8h2tc800"]}


def esme(world: World) -> dict[str, str]:
    """A new ESME as the example has it: its system_id is its own, so the one before is closed."""
    for row in world.tidings.get("/v1/esmes")["data"]:
        world.tidings.call("DELETE", f"/v1/esmes/{row['id']}")
    return made("enrolEsme", "esme")(world)


def texted(world: World) -> dict[str, str]:
    """A handset has written to an ESME that is not bound."""
    names = esme(world) | up(world)
    answer, told = world.call("textFromHandset", {}, set())
    assert answer.status in (200, 201, 202), told
    path = f"/v1/esmes/{names['esme_02n5m8h2tc801']}/deliveries"
    until(lambda: world.tidings.get(path)["data"], "the text waits for it")
    return names


def owned(world: World) -> dict[str, str]:
    """An account with a key."""
    names = account(world)
    answer, told = world.call("createAccountKey", names, set())
    assert answer.status == 201, told
    return names


def signing(world: World) -> dict[str, str]:
    """There is a secret already."""
    assert world.tidings.call("POST", "/v1/webhooks/secret").status == 200
    return {}


def another(world: World) -> dict[str, str]:
    """A carrier of the API's own, made by now or before, under the name the path shows."""
    body = world.operations["createCarrier"][2]["requestBody"]["content"]["application/json"]["example"]
    world.tidings.call("POST", "/v1/carriers", body)
    return {"simulator": body["name"]}


def no_codes(world: World) -> dict[str, str]:
    for row in world.tidings.get("/v1/codes")["data"]:
        world.tidings.call("DELETE", f"/v1/codes/{row['id']}")
    return {}


def code(world: World) -> dict[str, str]:
    """The code of the example and no other."""
    no_codes(world)
    answer, told = world.call("createCode", {}, set())
    assert answer.status == 201, told
    return {"code_02n5m8h2tc800": json.loads(told)["id"]}


def clashing(world: World) -> dict[str, str]:
    """Another code has its keyword."""
    names = code(world)
    other = {"name": "price list", "keywords": ["PRICE"], "actions": [{"type": "reply", "text": "Ask at the desk."}]}
    assert world.tidings.call("POST", "/v1/codes", other).status == 201
    return names


def tried(world: World) -> dict[str, str]:
    """A carrier tested as in the example, to the end."""
    body = world.operations["testCarrier"][2]["requestBody"]["content"]["application/json"]["example"]
    begun = world.tidings.call("POST", "/v1/carriers/simulator/test", body).json()
    world.tidings.ended(begun["message"])
    return {"msg_02n5m8h2tc800": begun["message"]}


PERSON, OTHER, OURS = "+15551230100", "+15551230102", "+15550009999"


def strangers(world: World) -> dict[str, str]:
    """Nobody knows the numbers of the examples, and their address is nobody's."""
    for number in (PERSON, OTHER):
        for row in world.tidings.get(f"/v1/contacts?number={quote(number)}")["data"]:
            world.tidings.call("DELETE", f"/v1/contacts/{row['id']}")
    for row in world.tidings.get("/v1/canned-replies")["data"]:
        world.tidings.call("DELETE", f"/v1/canned-replies/{row['id']}")
    world.tidings.call("DELETE", f"/v1/senders/{quote(OURS)}")
    return {}


def sender(world: World) -> dict[str, str]:
    strangers(world)
    assert world.call("createSender", {}, set())[0].status == 201
    return {}


def contact(world: World) -> dict[str, str]:
    strangers(world)
    return made("createContact", "con")(world)


def twins(world: World) -> dict[str, str]:
    names = contact(world)
    other = world.tidings.call("POST", "/v1/contacts", {"numbers": [OTHER]}).json()
    return names | {"con_02n5m8h2tc801": other["id"]}


def known(world: World) -> dict[str, str]:
    """The contact and the address of a conversation that is not open yet."""
    return sender(world) | contact(world)


def conversation(world: World) -> dict[str, str]:
    """Somebody got a message and answered it, and it is looked after."""
    up(world)
    names = known(world)
    sent = world.tidings.call("POST", "/v1/messages", {"to": PERSON, "from": OURS, "text": "Your table is ready"})
    world.tidings.ended(sent.json()["id"])
    said = {"to": OURS, "text": "Could we come at nine?"}
    assert world.tidings.call("POST", f"/v1/simulator/handsets/{quote(PERSON)}/messages", said).status < 300
    one = until(lambda: world.tidings.get(f"/v1/conversations?from={quote(OURS)}")["data"], "the text is there")[0]
    names |= {"conv_02n5m8h2tc800": one["id"]}
    assert world.call("changeConversation", names, set())[0].status == 200
    return names


def noted(world: World) -> dict[str, str]:
    names = conversation(world)
    answer, body = world.call("addConversationNote", names, set())
    assert answer.status == 201
    return names | {"note_02n5m8h2tc800": json.loads(body)["id"]}


def canned(world: World) -> dict[str, str]:
    strangers(world)
    return made("createCannedReply", "can")(world)


def first(world: World) -> dict[str, str]:
    """Nobody has set it up yet."""
    return {"K7QF-M2XA-9TRV": (world.tidings.data / "setup.code").read_text().strip()}


def owner(world: World) -> dict[str, str]:
    """The owner of the examples is signed in."""
    if not world.tidings.get("/v1/setup")["owner"]:
        assert world.call("setUp", first(world), set())[0].status == 201
    answer, told = world.call("signIn", {}, set())
    assert answer.status == 201, told
    return {"ses_02n5m8h2tc800": json.loads(told)["session"]["id"], "owner": json.loads(told)["user"]["id"]}


def alone(world: World) -> dict[str, str]:
    names = owner(world)
    assert world.call("endOtherSessions", {}, set())[0].status == 200
    return names


def travelled(world: World) -> dict[str, str]:
    """The owner of the examples comes back from the issuer."""
    owner(world)
    asked = parse_qs(urlsplit(json.loads(world.call("beginOidc", {}, set())[1])["url"]).query)
    world.issuer.claims = {"nonce": asked["nonce"][0], "email": "ada@example.com"}
    return {"rPKLWx3LrB8m0cmyFbdGK6nE8kPYyJYgeCPYzpZzBQM": asked["state"][0]}


def elsewhere(world: World) -> dict[str, str]:
    """The owner is signed in in three places, and calls from the last."""
    owner(world)
    assert world.call("endOtherSessions", {}, set())[0].status == 200
    owner(world)
    names = owner(world)
    data = json.loads(world.call("listSessions", {}, set())[1])["data"]
    assert len(data) == 3
    return names | {"ses_02n5m8h2tc800": data[-1]["id"]}


def user(world: World) -> dict[str, str]:
    """The user of the examples was invited just now."""
    nobody(world)
    return made("inviteUser", "user")(world)


def nobody(world: World) -> dict[str, str]:
    for row in world.tidings.get("/v1/users")["data"]:
        if row["role"] != "owner":
            world.tidings.call("DELETE", f"/v1/users/{row['id']}")
    return {}


def linked(world: World) -> dict[str, str]:
    example = world.told("linkUser")[2]["example"]
    return {example["token"]: json.loads(world.call("linkUser", user(world), set())[1])["token"]}


def begun(world: World) -> dict[str, str]:
    """A second factor waits for its code."""
    owner(world)
    secret = base64.b32decode(json.loads(world.call("beginSecondFactor", {}, set())[1])["secret"])
    return {"492039": totp.code(secret, totp.step_of(int(time.time() * 1000)))}


def held(world: World) -> dict[str, str]:
    """The one that was confirmed in the example before; its owner is still signed in."""
    assert json.loads(world.call("getSession", {}, set())[1])["user"]["second_factor"]
    return {}


def changed(world: World) -> dict[str, str]:
    """The owner has made the user of the examples an analyst."""
    names = user(world)
    boss = owner(world)["owner"]
    headers = {"cookie": world.cookie, "sec-fetch-site": "same-origin", "content-type": "application/json"}
    connection = http.client.HTTPConnection(urlsplit(world.tidings.url).netloc, timeout=15)
    connection.request("PATCH", f"/v1/users/{names['user_02n5m8h2tc801']}", b'{"role": "analyst"}', headers)
    assert connection.getresponse().status == 200
    connection.close()
    return {"user_02n5m8h2tc800": boss, "user_02n5m8h2tc801": names["user_02n5m8h2tc801"]}


key, webhook = made("createKey", "key"), made("createWebhook", "wh")

CALLS: list[tuple[str, Callable[[World], dict[str, str]]]] = [
    ("getNetworkStats", message),  # first, while its figures are those of the example
    ("listHandsets", message),
    ("getHandset", message),
    ("listSubmissions", message),
    ("getFaults", nothing),
    ("setFaults", nothing),
    ("textFromHandset", up),
    ("alive", nothing),
    ("ready", nothing),
    ("listMessages", message),
    ("getMessage", message),
    ("listMessageEvents", message),
    ("explainMessage", heard),
    ("cancelMessage", later),
    ("previewMessage", nothing),
    ("analyzeText", nothing),
    ("postMessage", nothing),
    ("postBatch", nothing),
    ("sendByForm", nothing),
    ("sendByUrl", nothing),
    ("createAccount", nothing),
    ("listAccounts", account),
    ("getAccount", account),
    ("changeAccount", account),
    ("createAccountKey", account),
    ("listAccountKeys", owned),
    ("closeAccount", account),
    ("setUp", first),
    ("getSetup", owner),
    ("signIn", owner),
    ("beginOidc", nothing),
    ("signInByOidc", travelled),
    ("getSession", owner),
    ("changeOwnName", owner),
    ("listSessions", alone),
    ("endOtherSessions", elsewhere),
    ("endSession", elsewhere),
    ("inviteUser", nobody),
    ("listUsers", user),
    ("getUser", user),
    ("changeUser", user),
    ("linkUser", user),
    ("setPasswordByLink", linked),
    ("resetSecondFactor", user),
    ("endUserSessions", user),
    ("deleteUser", user),
    ("listAudit", changed),
    ("beginSecondFactor", owner),
    ("confirmSecondFactor", begun),
    ("renewRecoveryCodes", held),
    ("removeSecondFactor", held),
    ("signOut", owner),
    ("changePassword", owner),
    ("createSender", strangers),
    ("listSenders", sender),
    ("getSender", sender),
    ("changeSender", sender),
    ("deleteSender", sender),
    ("createContact", strangers),
    ("listContacts", contact),
    ("getContact", contact),
    ("changeContact", contact),
    ("mergeContact", twins),
    ("deleteContact", contact),
    ("openConversation", known),
    ("listConversations", conversation),
    ("searchConversations", conversation),
    ("getConversation", conversation),
    ("changeConversation", conversation),
    ("listConversationMessages", conversation),
    ("replyInConversation", conversation),
    ("addConversationNote", conversation),
    ("listConversationNotes", noted),
    ("changeNote", noted),
    ("deleteNote", noted),
    ("createCannedReply", strangers),
    ("listCannedReplies", canned),
    ("changeCannedReply", canned),
    ("deleteCannedReply", canned),
    ("reportResponses", message),
    ("reportTraffic", message),
    ("enrolEsme", nothing),
    ("listEsmes", esme),
    ("getEsme", esme),
    ("captureEsme", esme),
    ("changeEsme", esme),
    ("rotateEsme", esme),
    ("listEsmeDeliveries", texted),
    ("replayEsmeDeliveries", esme),
    ("closeEsme", esme),
    ("createKey", nothing),
    ("getKey", key),
    ("listKeys", key),
    ("changeKey", key),
    ("rotateKey", key),
    ("revokeKey", key),
    ("createWebhook", nothing),
    ("listWebhooks", webhook),
    ("getWebhook", webhook),
    ("changeWebhook", webhook),
    ("rotateWebhook", webhook),
    ("testWebhook", webhook),
    ("listDeliveries", called),
    ("getDelivery", called),
    ("replayDeliveries", called),
    ("deleteWebhook", webhook),
    ("rotateDefaultSecret", signing),
    ("verifySignature", nothing),
    ("listCarriers", up),
    ("getCarrier", up),
    ("pauseCarrier", nothing),
    ("resumeCarrier", nothing),
    ("captureCarrier", up),
    ("testCarrier", up),
    ("getCarrierTest", tried),
    ("createCarrier", nothing),
    ("changeCarrier", another),
    ("deleteCarrier", another),
    ("listOrphans", orphan),
    ("getOrphan", orphan),
    ("matchOrphans", orphan),
    ("dropOrphans", orphan),
    ("deleteOrphan", orphan),
    ("streamEvents", message),
    ("metrics", nothing),
    ("createCode", no_codes),
    ("listCodes", code),
    ("getCode", code),
    ("changeCode", code),
    ("testCode", code),
    ("reportCodes", clashing),
    ("deleteCode", code),
    ("importCodes", no_codes),
    ("createErasure", message),
    ("choosePersonality", up),
    ("listPersonalities", nothing),
    ("diagnose", down),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("examples")
    ear = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=ear.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    issuer = Issuer()
    threading.Thread(target=issuer.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    oidc = f'issuer = "{issuer.url}"\nclient_id = "tidings"\nclient_secret = "s"\nname = "Example ID"\n'
    oidc += "allow_private = true\n"
    tidings = Tidings(folder / "data", folder / "log", f"[smpp]\nport = 0\n[oidc]\n{oidc}")
    try:
        tidings.start()
        until(lambda: not tidings.degraded(), "the simulator is linked")
        yield World(tidings, f"http://127.0.0.1:{ear.server_port}", issuer)
    finally:
        if tidings.program is not None:
            tidings.program.kill()
        for server in (ear, issuer):
            server.shutdown()
            server.server_close()


def test_every_call_is_made(world: World) -> None:
    assert sorted(name for name, _ in CALLS) == sorted(world.operations)


@pytest.mark.parametrize(("name", "prepare"), CALLS, ids=[name for name, _ in CALLS])
def test_an_example_is_answered_as_shown(world: World, name: str, prepare: Callable[[World], dict[str, str]]) -> None:
    names = prepare(world)
    answer, octets = world.call(name, names, PLACES)
    status, kind, content = world.told(name)
    assert (str(answer.status), answer.headers.get_content_type()) == (status, kind), octets
    assert answer.headers["X-Request-Id"]
    told = json.loads(octets) if kind == "application/json" else octets.decode()
    schema = {**content["schema"], "components": world.document["components"]}
    assert [f.message for f in OAS31Validator(schema, format_checker=oas31_format_checker).iter_errors(told)] == []
    if kind == "text/event-stream":  # its first block: the same lines, and the same event
        first = [block.split("\n\n")[0].splitlines() for block in (told, content["example"])]
        assert [line.partition(":")[0] for line in first[0]] == [line.partition(":")[0] for line in first[1]]
        assert "event: stream.open" in first[0]
        return
    if kind == "application/x-ndjson":
        lines = [[json.loads(line).keys() for line in text.splitlines()[:1]] for text in (told, content["example"])]
        assert lines[0] == lines[1]
        return
    if kind == "text/plain":
        families = re.compile(r"^(?:# TYPE )?\w+(?:\{.*?\})?(?= )", re.M)
        assert set(families.findall(content["example"])) <= set(families.findall(told))
        return
    shown = content["example"]
    if name in TRYING:
        assert told["state"] in ("connecting", "down")
        told |= {moving: shown[moving] for moving in ("state", "down_reason", "binds")}
    if name == "beginOidc":  # the address is the issuer's own
        assert told.keys() == shown.keys()
        return
    if name == "listPersonalities":  # the example shows one of many
        told["data"] = [row for row in told["data"] if row["name"] == shown["data"][0]["name"]]
    if name == "reportResponses":  # other examples have sent from other addresses
        told["data"] = [row for row in told["data"] if row["key"] == shown["data"][0]["key"]]
    if name == "reportTraffic":  # how much there was is due to the examples before
        assert told["total"]["accepted"] == sum(row["accepted"] for row in told["data"]) > 0
        assert len(told["data"]) in (24, 25), "every hour of the day asked for"
        told |= {"data": [{**row, "at": told["since"]} for row in shown["data"]], "total": shown["total"]}
    if name == "createErasure":  # how much there was is due to the examples before
        assert told.keys() == shown.keys()
        assert told["messages"] > 0
        assert told["complete"]
        return
    for rows in ("data", "messages"):  # there may be more than the example shows, and then another page
        if ("next_cursor" in told or (name, rows) == ("getHandset", "messages")) and rows in told:
            told = {**told, rows: told[rows][: len(shown[rows])]}
    assert as_ever(told) == as_ever(shown)
