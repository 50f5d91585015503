"""Examples shown in the OpenAPI document and on the docs page; tests send them and compare the answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tidings.api import query
from tidings.api.call import Endpoint
from tidings.api.faults import faults, fields
from tidings.api.one_url import OneUrl
from tidings.api.problems import Abort
from tidings.core.orphan import REASONS
from tidings.core.request import Fault, Verdict

REQUEST: dict[str, Any] = {
    "to": "+15551230100",
    "text": "Your table is ready.",
    "client_ref": "booking-7781",
    "tags": ["restaurant"],
}

MESSAGE: dict[str, Any] = {
    "id": "msg_02n5m8h2tc800",
    "direction": "mt",
    "status": "accepted",
    "to": "+15551230100",
    "from": "TIDINGS",
    "text": "Your table is ready.",
    "encoding": "gsm7",
    "segments": 1,
    "category": "transactional",
    "carrier": None,
    "error": None,
    "client_ref": "booking-7781",
    "tags": ["restaurant"],
    "metadata": None,
    "created_at": "2026-11-23T09:30:00.000Z",
    "send_at": None,
    "expires_at": "2026-11-24T09:30:00.000Z",
    "sent_at": None,
    "finished_at": None,
    "price": None,
    "in_reply_to": None,
}

DELIVERED: dict[str, Any] = {
    **MESSAGE,
    "status": "delivered",
    "carrier": "simulator",
    "sent_at": "2026-11-23T09:30:00.041Z",
    "finished_at": "2026-11-23T09:30:00.120Z",
}

ONE_URL: dict[str, Any] = {
    "to": "+15551230100",
    "text": "Your table is ready.",
    "client_ref": "booking-7781",
    "key": "tk_02n5m8h2tc801_…",
}
ONE_URL_MESSAGE: dict[str, Any] = {**MESSAGE, "tags": []}
PREVIEW_REQUEST: dict[str, Any] = {"to": "+15551230100", "text": "Déjà vu ☕"}
PREVIEW: dict[str, Any] = {
    "status": "accepted",
    "to": "+15551230100",
    "from": "TIDINGS",
    "category": "transactional",
    "text": "Déjà vu ☕",
    "encoding": "ucs2",
    "unit": "utf16",
    "segments": 1,
    "parts": [{"part": 1, "text": "Déjà vu ☕", "units": 9, "room": 70}],
    "html": None,
    "forces_ucs2": [{"at": 8, "character": "☕", "codepoint": "U+2615"}],
    "forces_ucs2_count": 1,
    "smart_encoding": None,
    "route": {"carrier": "simulator", "why": "simulator is the only carrier."},
    "verdicts": [{"rule": "suppression", "allowed": True, "detail": "The number has not opted out."}],
    "goes_at": "2026-11-23T09:30:00.000Z",
    "expires_at": "2026-11-24T09:30:00.000Z",
    "eta": "2026-11-23T09:30:00.000Z",
}

TEXT_QUESTION: dict[str, Any] = {"text": "It’s ready – 5 €"}
ANALYSIS: dict[str, Any] = {
    "text": "It’s ready – 5 €",
    "characters": 16,
    "sendable": True,
    "why_not": None,
    "encoding": "ucs2",
    "unit": "utf16",
    "segments": 1,
    "units": 16,
    "room_left": 54,
    "parts": [{"part": 1, "text": "It’s ready – 5 €", "units": 16, "room": 70}],
    "forces_ucs2": {
        "characters": [
            {"character": "’", "codepoint": "U+2019", "count": 1, "at": 2, "instead": "'"},
            {"character": "–", "codepoint": "U+2013", "count": 1, "at": 11, "instead": "-"},
        ],
        "distinct": 2,
        "count": 2,
        "extra_segments": 0,
    },
    "takes_two": {"characters": [], "distinct": 0, "count": 0, "extra_segments": 0},
    "smart_encoding": {
        "text": "It's ready - 5 €",
        "encoding": "gsm7",
        "segments": 1,
        "saves": 0,
        "replaced": [{"at": 2, "from": "’", "to": "'"}, {"at": 11, "from": "–", "to": "-"}],
        "replaced_count": 2,
        "transliterated": False,
    },
    "html": None,
}

CANCELED: dict[str, Any] = {
    **MESSAGE,
    "status": "canceled",
    "send_at": "2026-11-24T08:00:00.000Z",
    "expires_at": "2026-11-25T08:00:00.000Z",
    "finished_at": "2026-11-23T09:30:01.000Z",
}

PAGE: dict[str, Any] = {"data": [DELIVERED], "next_cursor": None}

BATCH: dict[str, Any] = {
    "messages": [REQUEST, {"to": "+15551230101", "text": "We look forward to seeing you. " * 6, "max_segments": 1}],
    "atomic": False,
}

BATCH_REFUSED: dict[str, Any] = {
    "data": [
        {
            "index": 0,
            "error": {
                "type": "/docs#problem-validation_failed",
                "title": "Validation failed",
                "status": 422,
                "detail": "One or more fields are not valid; see `errors`.",
                "code": "validation_failed",
                "errors": [{"pointer": "/messages/0/text", "detail": "takes 2 segments; `max_segments` allows 1"}],
            },
        }
    ],
    "accepted": 0,
    "rejected": 1,
}

BATCH_ANSWER: dict[str, Any] = {
    "data": [
        {"index": 0, "id": "msg_02n5m8h2tc800", "status": "accepted"},
        {
            "index": 1,
            "error": {
                "type": "/docs#problem-validation_failed",
                "title": "Validation failed",
                "status": 422,
                "detail": "One or more fields are not valid; see `errors`.",
                "code": "validation_failed",
                "errors": [{"pointer": "/messages/1/text", "detail": "takes 2 segments; `max_segments` allows 1"}],
            },
        },
    ],
    "accepted": 1,
    "rejected": 1,
}

EVENTS: list[dict[str, Any]] = [
    {
        "type": "message.accepted",
        "sequence": 1,
        "occurred_at": "2026-11-23T09:30:00.000Z",
        "data": {"door": "rest", "key": "key_02n5m8h2tc801"},
    },
    {
        "type": "message.queued",
        "sequence": 2,
        "occurred_at": "2026-11-23T09:30:00.002Z",
        "data": {"carrier": "simulator"},
    },
    {
        "type": "message.sent",
        "sequence": 3,
        "occurred_at": "2026-11-23T09:30:00.041Z",
        "data": {"carrier": "simulator"},
    },
    {"type": "message.delivered", "sequence": 4, "occurred_at": "2026-11-23T09:30:00.120Z", "data": None},
]

STORY: dict[str, Any] = {
    "message": DELIVERED,
    "origin": {"door": "rest", "key": "key_02n5m8h2tc801", "esme": None, "user": None},
    "submission": None,
    "gates": [
        {
            "at": "accept",
            "rule": "suppression",
            "allowed": True,
            "detail": "The number had not opted out.",
            "occurred_at": "2026-11-23T09:30:00.000Z",
        },
        {
            "at": "claim",
            "rule": "suppression",
            "allowed": True,
            "detail": "The number had not opted out.",
            "occurred_at": "2026-11-23T09:30:00.020Z",
        },
    ],
    "smart_encoding": None,
    "code": None,
    "route": {"carrier": "simulator", "why": "simulator is the only carrier."},
    "events": EVENTS,
    "events_dropped": 0,
    "attempts": [
        {
            "part": 1,
            "carrier": "simulator",
            "bind": "simulator/1",
            "outcome": "sent",
            "carrier_id": "0000002a",
            "carrier_code": None,
            "detail": None,
            "started_at": "2026-11-23T09:30:00.020Z",
            "answered_at": "2026-11-23T09:30:00.041Z",
            "took_ms": 21,
            "receipt": "delivered",
            "receipt_code": "DELIVRD 000",
            "pdu": {
                "source_addr_ton": 5,
                "source_addr_npi": 0,
                "dest_addr_ton": 1,
                "dest_addr_npi": 1,
                "esm_class": 0,
                "protocol_id": 0,
                "data_coding": 0,
                "registered_delivery": 1,
                "validity_period": "000000235959000R",
                "sm_length": 20,
                "tlvs": [],
            },
        }
    ],
    "receipts": [
        {
            "carrier": "simulator",
            "bind": "simulator/1",
            "carrier_id": "0000002a",
            "state": "DELIVRD",
            "status": "delivered",
            "error_code": "000",
            "raw": "id:0000002a sub:001 dlvrd:001 submit date:2611230930 "
            "done date:2611230930 stat:DELIVRD err:000 text:",
            "received_at": "2026-11-23T09:30:00.118Z",
        }
    ],
    "parts": [],
    "webhooks": [
        {
            "id": "whd_0000000000001",
            "webhook": "wh_02n5m8h2tc802",
            "url": "https://example.com/hooks/sms",
            "event": "evt_02n5m8h2tc800_4",
            "type": "message.delivered",
            "status": "delivered",
            "attempts": 1,
            "next_at": None,
            "last": {
                "number": 1,
                "at": "2026-11-23T09:30:00.131Z",
                "took_ms": 12,
                "outcome": "delivered",
                "status_code": 200,
                "request_sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
                "request_octets": 612,
                "answer": "ok",
                "detail": "",
            },
        }
    ],
    "esme_deliveries": [],
    "decided_by": "carrier",
    "advice": "The carrier simulator reports that the handset has it. Decided by the carrier simulator.",
}

KEY_REQUEST: dict[str, Any] = {
    "name": "web shop",
    "scope": "send",
    "senders": ["ACME"],
    "networks": ["127.0.0.1", "192.0.2.0/24"],
    "expires_at": "2036-11-23T00:00:00Z",
    "daily_quota": 5000,
}
KEY: dict[str, Any] = {
    "id": "key_02n5m8h2tc801",
    "account_id": "acc_0000000000001",
    "name": "web shop",
    "scope": "send",
    "senders": ["ACME"],
    "networks": ["127.0.0.1", "192.0.2.0/24"],
    "rate": None,
    "daily_quota": 5000,
    "monthly_quota": None,
    "created_at": "2026-11-23T09:30:00.000Z",
    "expires_at": "2036-11-23T00:00:00.000Z",
    "revoked_at": None,
    "rotating_until": None,
    "last_used_at": "2026-11-23T11:02:00.000Z",
}
KEY_CHANGE: dict[str, Any] = {"name": "web shop, new host", "networks": ["127.0.0.1", "198.51.100.7"]}
KEY_CHANGED: dict[str, Any] = {**KEY, **KEY_CHANGE}
ROTATION: dict[str, Any] = {"overlap_s": 3600}

ACCOUNT_REQUEST: dict[str, Any] = {"name": "Berlin branch", "senders": ["ACME Berlin"], "rate": 20}
ACCOUNT: dict[str, Any] = {
    "id": "acc_02n5m8h2tc801",
    "name": "Berlin branch",
    "senders": ["ACME Berlin"],
    "rate": 20.0,
    "daily_quota": None,
    "monthly_quota": None,
    "default_region": None,
    "smart_encoding": None,
    "sender_smart_encoding": {},
    "created_at": "2026-11-23T09:30:00.000Z",
    "closed_at": None,
}
ACCOUNT_CHANGE: dict[str, Any] = {"monthly_quota": 100000}
ACCOUNT_CHANGED: dict[str, Any] = {**ACCOUNT, **ACCOUNT_CHANGE}
ACCOUNT_CLOSED: dict[str, Any] = {**ACCOUNT_CHANGED, "closed_at": "2026-11-24T08:00:00.000Z"}
KEY_ISSUED: dict[str, Any] = {**KEY, "last_used_at": None, "token": "tk_02n5m8h2tc801_…"}
KEY_ROTATED: dict[str, Any] = {**KEY, "token": KEY_ISSUED["token"], "rotating_until": "2026-11-23T12:30:00.000Z"}

USER_REQUEST: dict[str, Any] = {"email": "ben@example.com", "name": "Ben Okafor", "role": "agent"}
USER: dict[str, Any] = {
    "id": "user_02n5m8h2tc801",
    "account_id": "acc_0000000000001",
    "email": "ben@example.com",
    "name": "Ben Okafor",
    "role": "agent",
    "status": "active",
    "second_factor": False,
    "second_factor_required": False,
    "created_at": "2026-11-23T09:30:00.000Z",
    "seen_at": None,
}
INVITED: dict[str, Any] = {**USER, "status": "invited"}
LINK: dict[str, Any] = {
    "url": "http://127.0.0.1:8775/console/join#uJ0p1Yb3Xb2mQ8cN4rS6tV7wZ9aD5eF1gH3jK0lM2nA",
    "token": "uJ0p1Yb3Xb2mQ8cN4rS6tV7wZ9aD5eF1gH3jK0lM2nA",
    "expires_at": "2026-11-26T09:30:00.000Z",
}
USER_INVITED: dict[str, Any] = {**INVITED, "link": LINK}
USER_CHANGE: dict[str, Any] = {"role": "analyst", "second_factor_required": True}
USER_CHANGED: dict[str, Any] = {**INVITED, **USER_CHANGE}
OWNER: dict[str, Any] = {
    **USER,
    "id": "user_02n5m8h2tc800",
    "email": "ada@example.com",
    "name": "Ada Obi",
    "role": "owner",
    "seen_at": "2026-11-23T09:30:00.000Z",
}
SESSION: dict[str, Any] = {
    "id": "ses_02n5m8h2tc800",
    "created_at": "2026-11-23T09:30:00.000Z",
    "seen_at": "2026-11-23T09:30:00.000Z",
    "ends_at": "2026-11-30T09:30:00.000Z",
    "address": "127.0.0.1",
    "agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
    "method": "password",
    "current": True,
}
WHO: dict[str, Any] = {
    "user": OWNER,
    "account": "default",
    "scopes": ["admin", "read", "self", "send"],
    "all_accounts": True,
    "needs": None,
    "session": SESSION,
}
TRIP: dict[str, Any] = {
    "url": "https://id.example.com/authorize?response_type=code&client_id=tidings&redirect_uri=http%3A%2F%2F127.0.0.1%3A8775"
    "%2Fconsole%2Foidc&scope=openid+email+profile&state=…&nonce=…&code_challenge=…&code_challenge_method=S256"
}
ARRIVAL: dict[str, Any] = {"code": "SplxlOBeZQQYbYS6WxSbIA", "state": "rPKLWx3LrB8m0cmyFbdGK6nE8kPYyJYgeCPYzpZzBQM"}
WHO_BY_OIDC: dict[str, Any] = {**WHO, "session": {**SESSION, "method": "oidc"}}
SETUP_REQUEST: dict[str, Any] = {
    "code": "K7QF-M2XA-9TRV",
    "email": "ada@example.com",
    "name": "Ada Obi",
    "password": "seven herons over the weir",
}
SIGN_IN_REQUEST: dict[str, Any] = {"email": "ada@example.com", "password": "seven herons over the weir"}
PASSWORD_CHANGE: dict[str, Any] = {"current": "seven herons over the weir", "password": "eight otters under the quay"}
PASSWORD_BY_LINK: dict[str, Any] = {"token": LINK["token"], "password": "nine kites above the moor"}
PROOF: dict[str, Any] = {"password": "seven herons over the weir"}
FACTOR_BEGUN: dict[str, Any] = {
    "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    "uri": "otpauth://totp/tidings:ada@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=tidings",
}
WITH_FACTOR: dict[str, Any] = {**OWNER, "second_factor": True}
RECOVERY_CODES: dict[str, Any] = {"recovery_codes": ["9XQF-M2XA-9TRV-K7QE", "A3CW-8PLD-JH52-VV6N"]}
AUDIT_ENTRY: dict[str, Any] = {
    "id": "aud_02n5m8h2tc801",
    "occurred_at": "2026-11-23T09:30:00.000Z",
    "action": "user.changed",
    "actor": {"kind": "user", "id": "user_02n5m8h2tc800", "name": "ada@example.com"},
    "address": "127.0.0.1",
    "subject": {"kind": "user", "id": "user_02n5m8h2tc801", "name": "ben@example.com"},
    "detail": {"role": ["agent", "analyst"]},
}

ESME_REQUEST: dict[str, Any] = {
    "name": "Berlin shop",
    "system_id": "berlinshop",
    "networks": ["127.0.0.1", "192.0.2.0/24"],
    "max_binds": 2,
    "rate": 50,
    "inbound": ["*"],
}
ESME: dict[str, Any] = {
    "id": "esme_02n5m8h2tc801",
    "account_id": "acc_0000000000001",
    "name": "Berlin shop",
    "system_id": "berlinshop",
    "networks": ["127.0.0.1", "192.0.2.0/24"],
    "bind_types": ["transmitter", "receiver", "transceiver"],
    "max_binds": 2,
    "window": 100,
    "rate": 50.0,
    "daily_quota": None,
    "monthly_quota": None,
    "tls": False,
    "certificate": None,
    "alphabet": "gsm7",
    "category": "transactional",
    "senders": [],
    "interface_version": "as_bound",
    "message_id_form": "hexadecimal",
    "receipt_format": "text_and_tlvs",
    "receipt_pdu": "deliver_sm",
    "receipt_seconds": False,
    "receipt_text": True,
    "receipt_id_form": None,
    "inbound": ["*"],
    "concatenation": "udh",
    "queue_most": 100_000,
    "queue_hours": 72,
    "created_at": "2026-11-23T09:30:00.000Z",
    "closed_at": None,
    "rotating_until": None,
    "last_bound_at": "2026-11-23T09:41:00.000Z",
    "binds": [
        {
            "bind_type": "transceiver",
            "address": "192.0.2.7",
            "interface_version": "3.4",
            "secure": False,
            "bound_at": "2026-11-23T09:41:20.310Z",
            "waiting": 0,
            "process": "gw1.example.net 4127",
        }
    ],
}
ESME_DELIVERY: dict[str, Any] = {
    "id": "dlv_0000000000001",
    "esme": "esme_02n5m8h2tc801",
    "kind": "text",
    "message_id": "msg_02n5m8h2tc800",
    "event": "evt_02n5m8h2tc800_1",
    "part": 1,
    "parts": 1,
    "status": "waiting",
    "attempts": 0,
    "created_at": "2026-11-23T09:30:00.000Z",
    "next_at": "2026-11-23T09:30:00.000Z",
    "finished_at": None,
    "bind": None,
    "command_status": None,
    "reason": None,
}
ESME_ENROLLED: dict[str, Any] = {**ESME, "last_bound_at": None, "binds": [], "password": "k3V_x9Qa"}
ESME_CHANGE: dict[str, Any] = {"window": 20, "senders": ["ACME"], "alphabet": "latin1"}
ESME_CHANGED: dict[str, Any] = {**ESME, **ESME_CHANGE}
ESME_CLOSED: dict[str, Any] = {**ESME, "binds": [], "last_bound_at": None, "closed_at": "2026-11-24T08:00:00.000Z"}

METRICS = """# HELP tidings_messages_total Messages that took a status.
# TYPE tidings_messages_total counter
tidings_messages_total{status="accepted",category="transactional"} 412
tidings_messages_total{status="delivered",category="transactional"} 409
# HELP tidings_queue_messages Messages that wait for a carrier.
# TYPE tidings_queue_messages gauge
tidings_queue_messages 3
"""

_TOLD = {
    "id": "evt_02n5m8h2tc800_4",
    "type": "message.delivered",
    "occurred_at": "2026-11-23T09:30:02.120Z",
    "sequence": 4,
    "data": DELIVERED,
}
STREAM = f"""retry: 1840
id: pos_0000000000c41
event: stream.open
data: {{"type":"stream.open","data":{{"position":"pos_0000000000c41"}}}}

id: pos_0000000000c42
event: message.delivered
data: {json.dumps(_TOLD)}

: still here

"""

READY: dict[str, Any] = {"status": "ready", "degraded": []}

BIND: dict[str, Any] = {
    "name": "simulator/1",
    "kind": "transceiver",
    "state": "up",
    "bound": True,
    "since": "2026-11-23T09:00:00.412Z",
    "paused": False,
    "error": None,
    "permanent": False,
    "change": None,
    "system_id": "tidings",
    "smsc": "tidings-sim",
    "interface_version": "3.4",
    "smsc_interface_version": "3.4",
    "window": 500,
    "in_flight": 2,
    "free": 498,
    "pace": None,
    "congestion": None,
    "round_trip_ms": 1.6,
    "traffic": {
        "sent": 414,
        "answered": 412,
        "throttled": 0,
        "late": 0,
        "receipts": 409,
        "inbound": 3,
        "strays": 0,
        "malformed": 0,
        "drops": 0,
    },
}
CARRIER: dict[str, Any] = {
    "name": "simulator",
    "type": "smpp",
    "address": "127.0.0.1:40123",
    "source": "simulator",
    "state": "up",
    "paused_at": None,
    "rate": 0.0,
    "waiting": 0,
    "binds_up": 1,
    "binds_total": 1,
    "down_reason": None,
    "permanent": False,
    "answers": {"sent": 412},
    "engine": "gw1.example.net 4127",
    "engine_since": "2026-11-23T09:29:58.000Z",
    "pending": None,
    "binds": [BIND],
    "settings": {
        "name": "simulator",
        "type": "smpp",
        "host": "127.0.0.1",
        "port": 40123,
        "system_id": "tidings",
        "system_type": "",
        "bind": "transceiver",
        "binds": 1,
        "window": 500,
        "rate": 0.0,
        "tls": False,
        "tls_ca": None,
        "tls_verify": True,
        "response_timeout": 10.0,
        "enquire_link": 30.0,
        "sender_rules": "off",
        "profile": {},
    },
}
CARRIER_REQUEST: dict[str, Any] = {
    "name": "east",
    "host": "smsc.example.net",
    "port": 2775,
    "system_id": "acme",
    "password": "secret",
    "window": 10,
    "rate": 30.0,
}
CARRIER_CHANGE: dict[str, Any] = {"password": "newer"}
CARRIER_MADE: dict[str, Any] = {
    **CARRIER,
    "name": "east",
    "address": "smsc.example.net:2775",
    "source": "api",
    "state": "connecting",
    "rate": 30.0,
    "binds_up": 0,
    "answers": {},
    "binds": [
        {
            **BIND,
            "name": "east/1",
            "state": "connecting",
            "bound": False,
            "system_id": "acme",
            "smsc": None,
            "smsc_interface_version": None,
            "window": 10,
            "in_flight": 0,
            "free": 0,
            "round_trip_ms": None,
            "traffic": dict.fromkeys(BIND["traffic"], 0),
        }
    ],
    "settings": {
        **CARRIER["settings"],
        **{name: value for name, value in CARRIER_REQUEST.items() if name != "password"},
        "sender_rules": "refuse",
    },
}
WHICH_BIND: dict[str, Any] = {"bind": "simulator/1"}
CARRIER_PAUSED: dict[str, Any] = {**CARRIER, "state": "paused", "waiting": 17, "binds": [{**BIND, "paused": True}]}
TEST_ORDER: dict[str, Any] = {"to": "+15551230012"}
CARRIER_TEST_BEGUN: dict[str, Any] = {
    "carrier": "simulator",
    "message": "msg_02n5m8h2tc800",
    "text": "tidings test: @ $ _ [ ] ä ö ü é ñ €",
}
CARRIER_TEST: dict[str, Any] = {
    **CARRIER_TEST_BEGUN,
    "status": "delivered",
    "done": True,
    "smsc_interface_version": "3.4",
    "notes": [
        "The SMSC says that it speaks version 3.4.",
        "The response took 14 ms: a window of 10 carries at most 714 segments/s a bind.",
        "The receipt came as deliver_sm esm_class=0x04 data_coding=0 tlvs=0x001e,0x0427.",
        "It tells the id in decimal, which the response gave in hexadecimal.",
    ],
    "id_in_response": "65f2a1b3c4",
    "id_in_receipt": "437895345092",
    "id_form": "hex_to_dec",
    "receipt_form": "deliver_sm esm_class=0x04 data_coding=0 tlvs=0x001e,0x0427",
    "receipt_state": "DELIVRD",
    "receipt_error": "000",
    "response_ms": 14,
    "receipt_ms": 2140,
    "profile": '[carriers.profile]\nreceipt_id = "hex_to_dec"\n',
    "learned": {"receipt_id": "hex_to_dec"},
}
_GONE = "The other end closed the connection."
CARRIER_DOWN: dict[str, Any] = {
    **CARRIER,
    "state": "down",
    "binds_up": 0,
    "down_reason": _GONE,
    "settings": None,
    "binds": [
        {**BIND, "state": "down", "bound": False, "error": _GONE, "in_flight": 0, "free": 0, "round_trip_ms": None}
    ],
}

DIAGNOSIS: dict[str, Any] = {
    "data": [
        {
            "severity": "error",
            "what": "Carrier simulator (smpp, 127.0.0.1:40123) is down. simulator/1, since 2026-11-23T09:30:00.000Z: "
            "The other end closed the connection.",
            "do": "It is tried again by itself. Check that 127.0.0.1:40123 can be reached from here.",
        }
    ],
    "snapshot": {
        "carriers": [
            CARRIER_DOWN,
        ],
        "queued": 0,
        "oldest_s": 0.0,
        "in_flight": 0,
        "orphans": 0,
        "store": "SQLite 3.54.1",
        "disk_free_mb": 81920,
        "disk_needed_mb": 200,
        "commit_lag_ms": 1.2,
        "kept_days": {"webhook_delivery": 30, "webhook_attempt": 30, "message_event": 400},
        "messages_kept_days": 0,
        "retention_behind_s": 0.0,
        "database": {
            "engine": "sqlite",
            "version": "SQLite 3.54.1",
            "supported": True,
            "supported_until": None,
            "size_mb": 220,
            "unused_mb": 3,
            "wal_mb": 4,
            "tables": [],
            "oldest_transaction_s": 0.0,
            "oldest_transaction_by": "",
            "oldest_ids": 0,
            "connections": 0,
            "connections_most": 0,
            "servers": 1,
            "synchronous_commit": "",
            "waits_for": "",
            "standbys": [],
            "slots": [],
            "days": [],
            "settings": {},
            "hidden": False,
        },
        "store_fault": None,
        "door": {
            "addresses": ["127.0.0.1:2775"],
            "connections": 0,
            "connections_most": 1_000,
            "turned_away": 0,
            "binds": 0,
            "esmes": 1,
            "refused": {},
        },
        "esmes": [
            {
                "id": "esme_02n5m8h2tc801",
                "system_id": "berlinshop",
                "receivers": 0,
                "waiting": 12,
                "most": 100_000,
                "oldest_s": 4.2,
                "dead": 0,
                "failures": 0,
            }
        ],
    },
}

WEBHOOK_REQUEST: dict[str, Any] = {"url": "https://example.com/hooks/sms", "events": ["message.delivered"]}
WEBHOOK: dict[str, Any] = {
    "id": "wh_02n5m8h2tc802",
    "url": "https://example.com/hooks/sms",
    "events": ["message.delivered"],
    "ordered": False,
    "batch": 1,
    "enabled": True,
    "disabled_reason": None,
    "description": "",
    "replies": "json",
    "created_at": "2026-11-23T09:30:00.000Z",
    "failures_in_a_row": 0,
    "rests_until": None,
}

SECRET_ROTATION: dict[str, Any] = {"overlap_s": 86400}
SECRET: dict[str, Any] = {"secret": "whsec_…", "previous_until": "2026-11-24T09:30:00.000Z"}
WEBHOOK_DELIVERY: dict[str, Any] = {
    "id": "whd_0000000000001",
    "webhook": "wh_02n5m8h2tc802",
    "url": None,
    "event": "evt_02n5m8h2tc800_4",
    "type": "message.delivered",
    "message_id": "msg_02n5m8h2tc800",
    "occurred_at": "2026-11-23T09:30:00.120Z",
    "status": "delivered",
    "attempts": 1,
    "created_at": "2026-11-23T09:30:00.121Z",
    "next_at": None,
    "finished_at": "2026-11-23T09:30:00.140Z",
    "reply_id": None,
}
WEBHOOK_STORY: dict[str, Any] = {
    "delivery": WEBHOOK_DELIVERY,
    "attempts": [
        {
            "number": 1,
            "at": "2026-11-23T09:30:00.122Z",
            "took_ms": 12,
            "outcome": "delivered",
            "status_code": 200,
            "request_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "request_octets": 612,
            "answer": "ok",
            "detail": "",
        }
    ],
    "request": {
        "id": "evt_02n5m8h2tc800_4",
        "type": "message.delivered",
        "occurred_at": "2026-11-23T09:30:00.120Z",
        "sequence": 4,
        "data": DELIVERED,
    },
}
VERIFY: dict[str, Any] = {
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "headers": {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    "body": '{"test": 2432232314}',
}
CHECKED: dict[str, Any] = {
    "valid": False,
    "problem": "webhook-timestamp lies 900 s behind the clock here; 300 s are allowed",
    "signed": 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}',
    "signed_octets": 60,
    "expected": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    "got": ["v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="],
    "difference": None,
}
REPLAY: dict[str, Any] = {
    "webhook": "wh_02n5m8h2tc802",
    "status": "delivered",
    "since": "2026-11-23T00:00:00Z",
}
REPLAYED: dict[str, Any] = {"count": 1, "paced_over_s": 0.02}
WEBHOOK_TEST: dict[str, Any] = {
    "delivered": True,
    "status_code": 200,
    "took_ms": 12,
    "problem": None,
    "answer": "ok",
}

ERASURE_REQUEST: dict[str, Any] = {"number": "+15551230100"}
ERASURE: dict[str, Any] = {
    "digest": "#0a1f4bd1c8a24a5d8c1c6f6e4b6a9d10",
    "messages": 42,
    "receipts": 1,
    "evidence": 2,
    "left": 0,
    "complete": True,
}

SENDER_REQUEST: dict[str, Any] = {
    "address": "+15550009999",
    "label": "Reservations",
    "inbox_url": "https://example.com/inbox",
    "unknown_reply": "Text MENU, HOURS or BOOK.",
}
SENDER: dict[str, Any] = {
    "address": "+15550009999",
    "account_id": "acc_0000000000001",
    "label": "Reservations",
    "inbox_url": "https://example.com/inbox",
    "inbox_replies": "json",
    "unknown_reply": "Text MENU, HOURS or BOOK.",
}
SENDER_CHANGE: dict[str, Any] = {"inbox_url": "https://example.com/inbox", "inbox_replies": "json"}

CONTACT_REQUEST: dict[str, Any] = {
    "numbers": ["+15551230100"],
    "name": "Ada Wong",
    "fields": {"table": "terrace", "guests": 4},
    "tags": ["regular"],
}
CONTACT: dict[str, Any] = {
    "id": "con_02n5m8h2tc800",
    "numbers": ["+15551230100"],
    "name": "Ada Wong",
    "fields": {"table": "terrace", "guests": 4},
    "tags": ["regular"],
    "notes": "",
    "created_at": "2026-11-23T09:30:00.000Z",
    "changed_at": "2026-11-23T09:30:00.000Z",
}
CONTACT_CHANGE: dict[str, Any] = {"fields": {"guests": 6, "table": None}, "notes": "Brings a dog."}
CONTACT_CHANGED: dict[str, Any] = CONTACT | {"fields": {"guests": 6}, "notes": "Brings a dog."}
CONTACT_MERGED: dict[str, Any] = CONTACT | {"numbers": ["+15551230100", "+15551230102"]}
CONTACT_MERGE: dict[str, Any] = {"contact": "con_02n5m8h2tc801"}
RECEIVED: dict[str, Any] = MESSAGE | {
    "id": "msg_02n5m8h2tc80a",
    "direction": "mo",
    "status": "received",
    "to": "+15550009999",
    "from": "+15551230100",
    "text": "Could we come at nine?",
    "category": "conversation",
    "carrier": "simulator",
    "client_ref": None,
    "tags": [],
    "metadata": None,
    "finished_at": "2026-11-23T09:30:00.000Z",
    "in_reply_to": "msg_02n5m8h2tc800",
}
CONVERSATION_REQUEST: dict[str, Any] = {"to": "+15551230100", "from": "+15550009999"}
CONVERSATION: dict[str, Any] = {
    "id": "conv_02n5m8h2tc800",
    "from": "+15550009999",
    "number": "+15551230100",
    "contact": CONTACT,
    "status": "open",
    "snoozed_until": None,
    "assignee": "kim@example.com",
    "labels": ["booking"],
    "unread": 1,
    "last_message": RECEIVED,
    "created_at": "2026-11-23T09:30:00.000Z",
}
CONVERSATION_OPENED: dict[str, Any] = CONVERSATION | {
    "assignee": None,
    "labels": [],
    "unread": 0,
    "last_message": None,
}
CONVERSATION_CHANGE: dict[str, Any] = {"assignee": "kim@example.com", "labels": ["booking"]}
REPLY: dict[str, Any] = {"text": "Nine is fine. See you then!"}
SAID: dict[str, Any] = MESSAGE | {
    "id": "msg_02n5m8h2tc80b",
    "to": "+15551230100",
    "from": "+15550009999",
    "text": "Nine is fine. See you then!",
    "category": "conversation",
    "client_ref": None,
    "tags": [],
    "metadata": None,
}
NOTE_REQUEST: dict[str, Any] = {"text": "Asked for the quiet table again.", "author": "kim@example.com"}
NOTE: dict[str, Any] = {
    "id": "note_02n5m8h2tc800",
    "author": "kim@example.com",
    "text": "Asked for the quiet table again.",
    "created_at": "2026-11-23T09:30:00.000Z",
    "changed_at": None,
}
NOTE_CHANGE: dict[str, Any] = {"text": "Asked for the quiet table, by the window."}
NOTE_CHANGED = NOTE | NOTE_CHANGE | {"changed_at": "2026-11-23T09:31:00.000Z"}
CANNED_REQUEST: dict[str, Any] = {"name": "hours", "text": "We are open from nine to eleven."}
CANNED: dict[str, Any] = {
    "id": "can_02n5m8h2tc800",
    **CANNED_REQUEST,
    "created_at": "2026-11-23T09:30:00.000Z",
}
CANNED_CHANGE: dict[str, Any] = {"text": "We are open from nine to twelve."}

_OF_SENDER: dict[str, Any] = {"sent": 1200, "answered": 84, "replies": 91, "rate": 0.07}
RESPONSES: dict[str, Any] = {
    "by": "sender",
    "since": "2026-11-16T09:30:00.000Z",
    "until": "2026-11-23T09:30:00.000Z",
    "data": [{"key": "TIDINGS", **_OF_SENDER}],
    "total": {"key": "", **_OF_SENDER},
    "incomplete": False,
}
ORPHAN: dict[str, Any] = {
    "carrier": "simulator",
    "bind": "simulator/1",
    "carrier_id": "0000002b",
    "state": "DELIVRD",
    "status": "delivered",
    "error_code": "000",
    "raw": "id:0000002b sub:001 dlvrd:001 submit date:2611230930 done date:2611230930 stat:DELIVRD err:000 text:",
    "received_at": "2026-11-23T09:30:00.118Z",
    "id": "rcp_02n5m8h2tc800",
    "from": "+15551230100",
    "other_id": "",
    "error": None,
    "parked": True,
    "tries": 4,
    "next_at": "2026-11-23T09:30:08.118Z",
    "reason": "unknown_id",
    "detail": REASONS["unknown_id"],
}
ORPHAN_CHOICE: dict[str, Any] = {"carrier": "simulator", "since": "2026-11-23T00:00:00Z"}
_OF_AN_HOUR = {
    "accepted": 2, "sent": 2, "delivered": 2, "undelivered": 0, "failed": 0, "expired": 0, "rejected": 0, "canceled": 0,
    "unknown": 0, "received": 1,
}  # fmt: skip
TRAFFIC: dict[str, Any] = {
    "step": "hour",
    "since": "2026-11-23T08:00:00.000Z",
    "until": "2026-11-23T09:30:00.000Z",
    "account": "acc_0000000000001",
    "carrier": "simulator",
    "data": [
        {"at": "2026-11-23T08:00:00.000Z", **dict.fromkeys(_OF_AN_HOUR, 0)},
        {"at": "2026-11-23T09:00:00.000Z", **_OF_AN_HOUR},
    ],
    "total": _OF_AN_HOUR,
    "incomplete": False,
}
CODE_REQUEST: dict[str, Any] = {
    "name": "price",
    "keywords": ["PRICE", "COST"],
    "translations": {"fr": ["PRIX"]},
    "parameters": [{"name": "item", "type": "integer", "min": 1000, "max": 9999}],
    "help": "Send PRICE and the number on the shelf, like PRICE 4711.",
    "actions": [
        {"type": "tag", "tags": ["price"]},
        {"type": "webhook", "url": "https://example.com/prices"},
    ],
}
CODE: dict[str, Any] = {
    "id": "code_02n5m8h2tc805",
    "name": "price",
    "keywords": ["PRICE", "COST"],
    "translations": {"fr": ["PRIX"]},
    "fuzzy": False,
    "regex": None,
    "default": False,
    "parameters": [{"name": "item", "type": "integer", "min": 1000.0, "max": 9999.0}],
    "senders": [],
    "priority": 100,
    "starts_at": None,
    "ends_at": None,
    "hours": None,
    "time_zone": "UTC",
    "help": "Send PRICE and the number on the shelf, like PRICE 4711.",
    "actions": [
        {"type": "tag", "tags": ["price"], "on": "message"},
        {"type": "webhook", "url": "https://example.com/prices", "replies": "json"},
    ],
    "enabled": True,
    "created_at": "2026-11-23T09:30:00.000Z",
    "changed_at": "2026-11-23T09:30:00.000Z",
    "reports": None,
}
CODE_CHANGE: dict[str, Any] = {"fuzzy": True}
CODE_REPORT: dict[str, Any] = {
    "kind": "conflict",
    "code": "price list",
    "other": "price",
    "detail": "Both are for PRICE, with the same priority; price goes first as the older.",
}
CODE_TEST: dict[str, Any] = {"text": "Prix 4711", "to": "+15550009999"}
CODE_TESTED: dict[str, Any] = {
    "system": None,
    "code": "price",
    "how": "keyword",
    "keyword": "PRIX",
    "language": "fr",
    "parameters": {"item": 4711},
    "trouble": None,
    "actions": [
        {"action": "tag", "result": "price"},
        {"action": "webhook", "result": "https://example.com/prices"},
    ],
    "close": [],
}

IDEMPOTENCY_KEY = "booking-7781-confirmation"
_PARAMETERS: dict[str, Any] = {
    "account": "acc_0000000000001",
    "action": "user.changed",
    "actor": "user_02n5m8h2tc800",
    "subject": "user_02n5m8h2tc801",
    "address": "127.0.0.1",
    "status": "delivered",
    "to": "+15551230100",
    "from": "TIDINGS",
    "text": "Your table is ready.",
    "direction": "mt",
    "seconds": 60,
    "whole": "false",
    "tag": "restaurant",
    "client_ref": "booking-7781",
    "since": "2026-11-23T00:00:00Z",
    "until": "2026-11-23T23:59:59Z",
    "limit": 50,
    "cursor": "cur_02n5m8h2tc800",
    "webhook": "wh_02n5m8h2tc802",
    "message": "msg_02n5m8h2tc800",
    "type": "message.delivered",
    "types": "message.delivered,message.un*",
    "message_id": "msg_02n5m8h2tc800",
    "last_event_id": "pos_0000000000c41",
    "in_reply_to": "msg_02n5m8h2tc800",
    "q": "nine com*",
    "by": "sender",
    "step": "hour",
    "carrier": "simulator",
    "parked": "true",
    "idempotency_key": IDEMPOTENCY_KEY,
    "key": ONE_URL["key"],
}


_OF_CONVERSATIONS = {
    "status": "open",
    "assignee": "kim@example.com",
    "label": "booking",
    "from": "+15550009999",
    "contact": "con_02n5m8h2tc800",
    "unread": "true",
    "assigned": "true",
}


def parameter(path: str, name: str) -> Any:
    """A parameter of a query."""
    if path == "/v1/esmes/{id}/deliveries" and name == "status":
        return "waiting"
    if path == "/v1/conversations" and name in _OF_CONVERSATIONS:
        return _OF_CONVERSATIONS[name]
    if path == "/v1/orphans" and name == "from":
        return "+15551230100"
    if path == "/v1/contacts" and name in ("number", "name"):
        return {"number": "+15551230100", "name": "Ada"}[name]
    if path == "/v1/senders" and name == "cursor":
        return "+15550009999"
    if path.startswith("/v1/simulator") and name == "cursor":
        return "42"
    return _PARAMETERS[name]


_REFUSED = Verdict("suppression", False, "The person opted out of texts from this account; only their START lifts it.")


def told(code: str, endpoint: Endpoint) -> dict[str, Any]:
    """What a problem tells beside its sentence."""
    if code == "rejected":
        return {"detail": _REFUSED.detail, "message_id": MESSAGE["id"], "verdicts": [_REFUSED]}
    if code == "validation_failed":
        return {"errors": _faults(endpoint)}
    return {}


def _faults(endpoint: Endpoint) -> Sequence[Fault]:
    """What is said of a field, or else of a parameter, that nobody knows."""
    if endpoint.raw:
        return [Fault("?phone", "unknown parameter; known: " + ", ".join(fields(OneUrl)))]
    if endpoint.body is not None:
        return faults(endpoint.body_checked or endpoint.body, {**(endpoint.example or {}), "phone": "x"})
    try:
        query.parse(endpoint.query or query.NoQuery, b"phone=x")
    except Abort as abort:
        return abort.errors
    raise RuntimeError("a parameter that nobody knows was taken")


CAPTURE = """\
{"format":"tidings-capture","version":1,"side":"esme","name":"simulator","started_at_ms":1795426200000,"redacted":true}
{"at_ms":1795426200000,"link":"1","what":"open","detail":"127.0.0.1:40112 127.0.0.1:2775"}
{"at_ms":1795426200004,"link":"1","what":"pdu","way":"out","pdu":"enquire_link","sequence":7,"hex":"00000010000000150000000000000007"}
{"at_ms":1795426200005,"link":"1","what":"pdu","way":"in","pdu":"enquire_link_resp","sequence":7,"hex":"00000010800000150000000000000007"}
"""
CAPTURE_OF_ESME = """\
{"format":"tidings-capture","version":1,"side":"smsc","name":"esme_05a3mp8qj0000","started_at_ms":1795426200000,"redacted":true}
"""
