"""Something to see: what a tidings holds when its screens are looked at, and how each screen of the table is opened."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from processes import Tidings, until

from tidings.smpp import codec, pdus
from tidings_client import types

PRICE: types.Rule = {
    "name": "price", "keywords": ["PRICE", "COST"],
    "parameters": [{"name": "item", "type": "integer", "min": 1000, "max": 9999}],
    "help": "{{ detail }}. Send PRICE and the number on the shelf.",
    "actions": [{"type": "tag", "tags": ["price"]}, {"type": "reply", "text": "Number {{ item }} is on its shelf."}],
}  # fmt: skip
SETTINGS = "[limits]\nfree_disk_mb = 0\n[smpp]\nport = 0\n"
TABLE = Path(__file__).parents[2] / "console" / "src" / "screens.ts"


@dataclass(frozen=True)
class Stage:
    """What stands on it."""

    tidings: Tidings
    failed: str
    """A message that did not arrive."""
    conversation: str
    contact: str
    code: str
    webhook: str
    delivery: str
    customer: str
    """An SMPP customer whose queue is full."""


def set_up(tidings: Tidings) -> Stage:
    """Messages of every kind, both ways, their fates decided."""
    texts = (
        "Your table for four is ready. See you soon!",
        "Ihr Code lautet 114 907. Er gilt zehn Minuten.",
        "Déjà vu ☕ – votre commande est prête",
        "طلبك جاهز للاستلام",
        "Delivery today between 14:00 and 16:00. Reply STOP to opt out.",
    )
    fates = ("0100", "0101", "0102", "0001", "0103", "0003", "0104", "0013", "0105")
    ids = [
        tidings.send(f"+1555{123 + n:03}{fates[n % len(fates)]}", texts[n % len(texts)], tags=["demo"])
        for n in range(36)
    ]
    tidings.send("+447700900123", "See you tomorrow at ten.", send_at="2027-01-01T09:00:00Z")
    failed = tidings.send("+15551230001", "Your parcel waits at the corner shop until Friday. " * 4)
    tidings.client.text_from_handset("+15551230100", {"to": "TIDINGS", "text": "Thanks, on my way!"})
    for one in (*ids, failed):
        tidings.ended(one)
    until(lambda: tidings.messages(direction="mo"), "the text from the handset comes in")
    _invite(tidings)
    for number in ("+15551230155", "+15551230001"):
        stray(tidings, number)
    return Stage(tidings, failed, *_talk(tidings), *_tell(tidings), _enrol(tidings))


def _enrol(tidings: Tidings) -> str:
    """Customers who bind by SMPP: one that never did, one that is closed, and one whose texts wait or were given up."""
    client = tidings.client
    client.enrol_esme({"name": "Harbour ferries", "system_id": "ferries", "senders": ["FERRIES"], "tls": True})
    client.close_esme(client.enrol_esme({"name": "Old reseller", "system_id": "reseller"})["id"])
    shop: types.EsmeRequest = {
        "name": "Corner shop",
        "system_id": "corner",
        "inbound": ["+15550009988"],
        "queue_most": 2,
    }
    one = client.enrol_esme(shop)["id"]
    overflow(tidings, one, "+15550009988", 2)
    return one


def overflow(tidings: Tidings, esme: str, number: str, dead: int) -> None:
    """Text to a number of an ESME that takes nothing, one by one, until so many were given up."""

    def owed(status: str) -> int:
        return len(tidings.client.list_esme_deliveries(esme, status=status, limit=100)["data"])

    for count in range(1, 20):
        tidings.client.text_from_handset("+15551230177", {"to": number, "text": f"Are you there? ({count})"})
        until(lambda count=count: owed("waiting") + owed("dead") == count, "the text waits or is given up")  # type: ignore[misc]
        if owed("dead") == dead:
            return
    raise AssertionError("nothing more is given up")


def stray(tidings: Tidings, number: str) -> None:
    """Another system sends a text with our account at the simulated network and leaves: its receipt comes to us."""
    texted = pdus.SubmitSm(
        source_addr="777", dest_addr_ton=1, dest_addr_npi=1, destination_addr=number[1:], registered_delivery=1,
        short_message=b"Hello", sequence_number=2,
    )  # fmt: skip
    bind = pdus.Bind(command_id=pdus.BIND_TRANSMITTER, system_id="tidings", sequence_number=1)
    network = tidings.get("/v1/simulator/stats")
    with socket.create_connection(("127.0.0.1", network["smpp_port"]), 20) as line, line.makefile("rb") as answers:
        for pdu in (bind, texted):
            line.sendall(codec.encode(pdu))
            length = answers.read(4)
            assert answers.read(int.from_bytes(length) - 4)[4:8] == bytes(4), "command_status of the answer"
    until(lambda: tidings.client.list_orphans(from_=number)["data"], "its receipt comes to us")


def _invite(tidings: Tidings) -> None:
    """People of every state, and somebody who failed to sign in."""
    password = "seven herons over the weir"
    for name, role in (
        ("Ben Okafor", "agent"),
        ("Carla Ruiz", "developer"),
        ("Dov Levi", "analyst"),
        ("Eve Park", "admin"),
    ):
        email = f"{name.partition(' ')[0].lower()}@example.com"
        user = tidings.call("POST", "/v1/users", {"email": email, "name": name, "role": role}).json()
        if role != "agent":
            joined = tidings.call("POST", "/v1/password/link", {"token": user["link"]["token"], "password": password})
            assert joined.status == 200, joined
        if role == "analyst":
            assert tidings.call("PATCH", f"/v1/users/{user['id']}", {"disabled": True}).status == 200
        if role == "admin":
            assert tidings.call("PATCH", f"/v1/users/{user['id']}", {"second_factor_required": True}).status == 200
    wrong = tidings.call(
        "POST", "/v1/session", {"email": "carla@example.com", "password": "not this"}, Origin=tidings.url
    )
    assert wrong.status == 401, wrong


def _tell(tidings: Tidings) -> tuple[str, str]:
    """A carrier that is down, keys, and a webhook whose endpoint is not there; it and a delivery that was tried."""
    client = tidings.client
    client.create_key({"name": "Web shop", "scope": "send", "senders": ["TIDINGS"], "networks": ["192.0.2.0/24"]})
    old = client.create_key({"name": "Last year's shop", "scope": "send+read"})
    client.revoke_key(old["id"])
    wanted = client.create_webhook(
        {"url": f"{tidings.url}/hooks", "events": ["message.sent", "message.delivered"], "description": "Order system"}
    )
    client.create_webhook({"url": "https://example.com/hooks", "enabled": False})
    tidings.ended(tidings.send("+15551230100", "Your order is on its way."))
    found = until(
        lambda: [one for one in client.list_deliveries(webhook=wanted["id"])["data"] if one["attempts"]],
        "the webhook is called",
    )
    nobody = {"name": "north", "host": "127.0.0.1", "port": 1, "system_id": "shop", "sender_rules": "off"}
    client.create_carrier(nobody)  # type: ignore[arg-type]
    return wanted["id"], found[0]["id"]


def _talk(tidings: Tidings) -> tuple[str, str, str]:
    """Somebody who asks, and is answered; the conversation, the contact, and a code among others."""
    client, anna, ours = tidings.client, "+15551230188", "+15550009999"
    client.create_sender({"address": ours, "label": "Table line", "unknown_reply": "Sorry, we did not get that."})
    client.create_canned_reply({"name": "hours", "text": "We are open from 9 to 5, but on Mondays."})
    client.text_from_handset(anna, {"to": ours, "text": "Is my table still free tonight? We are four."})
    until(lambda: client.list_contacts(number=anna)["data"], "the text makes a contact")
    (contact,) = client.list_contacts(number=anna)["data"]
    fields: dict[str, object] = {"city": "Lyon"}
    client.change_contact(contact["id"], {"name": "Anna Berg", "tags": ["guest"], "fields": fields})
    (one,) = client.list_conversations(contact=contact["id"])["data"]
    client.reply_in_conversation(one["id"], {"text": "Yes, it is! See you at seven."})
    client.add_conversation_note(one["id"], {"text": "Asked for a high chair.", "author": "Kim"})
    client.change_conversation(one["id"], {"assignee": "Kim", "labels": ["table"]})
    shadowed: types.Rule = {"name": "cost", "keywords": ["PRICE"], "actions": [{"type": "inbox"}]}
    code = client.create_code(PRICE)
    client.create_code(shadowed)
    return one["id"], contact["id"], code["id"]


OPENED: dict[str, Callable[[Stage], str]] = {
    "/messages": lambda stage: "/messages",
    "/messages/$id": lambda stage: f"/messages/{stage.failed}",
    "/compose": lambda stage: "/compose",
    "/inbox": lambda stage: f"/inbox?open={stage.conversation}",
    "/contacts": lambda stage: "/contacts",
    "/contacts/$id": lambda stage: f"/contacts/{stage.contact}",
    "/handset": lambda stage: "/handset",
    "/canned": lambda stage: "/canned",
    "/codes": lambda stage: "/codes",
    "/codes/$id": lambda stage: f"/codes/{stage.code}",
    "/senders": lambda stage: "/senders",
    "/keys": lambda stage: "/keys",
    "/webhooks": lambda stage: "/webhooks",
    "/webhooks/$id": lambda stage: f"/webhooks/{stage.webhook}",
    "/deliveries": lambda stage: "/deliveries",
    "/deliveries/$id": lambda stage: f"/deliveries/{stage.delivery}",
    "/events": lambda stage: "/events",
    "/signature": lambda stage: "/signature",
    "/overview": lambda stage: "/overview",
    "/carriers": lambda stage: "/carriers",
    "/carriers/$name": lambda stage: "/carriers/north",
    "/orphans": lambda stage: "/orphans",
    "/customers": lambda stage: "/customers",
    "/customers/$id": lambda stage: f"/customers/{stage.customer}",
    "/people": lambda stage: "/people",
    "/audit": lambda stage: "/audit",
    "/account": lambda stage: "/account",
}
"""Every path of the table of screens, with the address that shows it best."""

AFTER: dict[str, Callable[[Stage], None]] = {"/events": lambda stage: happen(stage.tidings)}
"""What happens once a screen is open, where there is nothing to see without."""


def happen(tidings: Tidings) -> None:
    """Some messages and texts from handsets."""
    for number, text in (("+15551230001", "Your parcel is at the door."), ("+15551230100", "See you at seven.")):
        tidings.send(number, text)
        tidings.client.text_from_handset(number, {"to": "TIDINGS", "text": "Thank you!"})


def table() -> list[str]:
    """The paths of the table of screens."""
    return re.findall(r"^\s*(?:{ )?path: \"([^\"]+)\"", TABLE.read_text(encoding="utf-8"), flags=re.M)
