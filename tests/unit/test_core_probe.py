"""What one text through a carrier tells of it, quirk by quirk, and the profile that follows."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from contract_kit import attempt, message, receipt
from tidings.core.probe import UNMARKED, Heard, learn, toml
from tidings.drivers.smpp_profile import read
from tidings.text.packing import pack

TO = "+15551230100"


def heard(told: dict[str, Any] | None = None, **fields: Any) -> Heard:
    """A test of `north`: handed over at 1000, answered at 1014, its receipt come at 3000."""
    answer = {"outcome": "sent", "carrier_id": "1a2b", "answered_at": 1_014, **fields.pop("answer", {})}
    row = {
        "message_id": 1,
        "attempt_id": 10,
        "carrier_id": "1a2b",
        "received_at": 3_000,
        "retry_at": None,
        **(told or {}),
    }
    values: dict[str, Any] = {
        "message": message(1, to=TO, status="sent", sender="TIDINGS"),
        "attempts": [attempt(10, 1, started_at=1_000, **answer)],
        "receipts": [] if told is None else [receipt(11, **row)], "smsc_version": "3.4",
    }  # fmt: skip
    return Heard(**{**values, **fields})


LOST: dict[str, Any] = {"message_id": None, "attempt_id": None}
QUIRKS: list[tuple[str, Heard, dict[str, Any], str]] = [
    ("the same id", heard({}), {"receipt_id": "same"}, "It tells the id as the response gave it."),
    ("in decimal", heard({"carrier_id": "6699"}), {"receipt_id": "hex_to_dec"}, "in decimal, which the response"),
    (
        "in hexadecimal",
        heard({"carrier_id": "1A2B"}, answer={"carrier_id": "6699"}),
        {"receipt_id": "dec_to_hex"},
        "in hexadecimal, which the response gave in decimal",
    ),
    ("padded", heard({"carrier_id": "00001A2B"}), {"receipt_id": "same"}, "but for zeros in front"),
    ("a form that one text does not tell", heard({"carrier_id": "5"}, answer={"carrier_id": "5"}), {}, "does not tell"),
    ("what is set already", heard({}, profile={"receipt_id": "same"}), {}, "as the response gave it"),
    (
        "another id in the TLV",
        heard({"carrier_id": "zz-9", "other_id": "1a2b"}),
        {"receipt_id": "same", "receipt_id_from": "text_first"},
        "the one in receipted_message_id is another",
    ),
    ("another id altogether", heard({**LOST, "carrier_id": "zz-9"}), {}, "Its id zz-9 is not the response's 1a2b"),
    (
        "addresses the other way about",
        heard({**LOST, "sender": "TIDINGS"}),
        {"receipt_id": "same", "receipt_handset": "destination"},
        "the other way about",
    ),
    (
        "an address that cannot be compared",
        heard({**LOST, "sender": "SMSC"}),
        {"receipt_id": "same", "receipt_handset": "unchecked"},
        "Neither address is the handset's",
    ),
    (
        "unmarked",
        heard(texts=[message(12, direction="mo", sender=TO, text="id:6699 sub:001 stat:DELIVRD err:000 text:")]),
        {"receipt_id": "hex_to_dec", "receipt_sniff": True},
        UNMARKED,
    ),
    ("a text is none", heard(texts=[message(12, direction="mo", sender=TO, text="Hi")]), {}, "No receipt came"),
    (
        "in packed septets",
        heard({**LOST, "carrier_id": "", "state": "", "raw": pack(b"id:1a2b sub:001 stat:DELIVRD err:000", 0)}),
        {"receipt_alphabet": "gsm7_packed"},
        "packed septets",
    ),
    (
        "in the GSM alphabet",
        heard({**LOST, "carrier_id": "a\x11b"}, answer={"carrier_id": "a_b"}),
        {"receipt_alphabet": "gsm7"},
        "underscores in the GSM alphabet",
    ),
    ("not to be read", heard({**LOST, "carrier_id": "", "state": "", "raw": b"\xde\xad"}), {}, "it begins de ad"),
    (
        "ACCEPTD and no more",
        heard({"state": "ACCEPTD", "status": "in_transit"}),
        {"receipt_id": "same"},
        'receipt_states = { ACCEPTD = "delivered" }',
    ),
    ("a state nobody knows", heard({"state": "WEIRD", "status": "unknown"}), {"receipt_id": "same"}, "WEIRD is"),
    (
        "an error nobody knows",
        heard({"state": "UNDELIV", "status": "undelivered", "error_code": "042", "error": "unknown"}),
        {"receipt_id": "same"},
        "(err 042): see `receipt_errors`",
    ),
    ("in data_sm", heard({"form": "data_sm esm_class=0x04"}), {"receipt_id": "same"}, "came as data_sm esm_class=0x04"),
    ("no receipt", heard(), {}, "No receipt came yet."),
    ("no response", heard(answer={"outcome": None, "carrier_id": None, "answered_at": None}), {}, "has not come"),
    ("a lost response", heard(answer={"outcome": "in_doubt", "carrier_id": None}), {}, "See `in_doubt`."),
    ("no id", heard(answer={"carrier_id": None}), {}, "no receipt can be matched"),
    (
        "a sender's type refused",
        heard(answer={"outcome": "permanent", "carrier_code": "0x00000048", "detail": "invalid_sender: x"}),
        {},
        "Look at `international`, `short` or `alphanumeric`",
    ),
    (
        "validity refused",
        heard(answer={"outcome": "permanent", "carrier_code": "0x00000062", "detail": "expired: x"}),
        {"validity": "none"},
        "Look at `validity`",
    ),
    (
        "a code without a hint",
        heard(answer={"outcome": "permanent", "carrier_code": "0x00000401", "detail": "rejected: x"}),
        {},
        "Ask the carrier why",
    ),
    ("an old version", heard(smsc_version="3.3"), {"interface_version": 0x33}, "speaks version 3.3"),
    ("no version", heard(smsc_version=None), {}, "does not say which version"),
    ("times", heard({}), {"receipt_id": "same"}, "took 14 ms: a window of 10 carries at most 714 segments/s"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "keys", "note"), [case[1:] for case in QUIRKS], ids=[case[0] for case in QUIRKS])
def test_a_quirk(told: Heard, keys: dict[str, Any], note: str) -> None:
    learned = learn(told)
    assert learned.keys == keys
    assert note in " ".join(learned.notes)
    proposed = tomllib.loads(toml(told.profile, learned.keys))["carriers"]["profile"]
    assert proposed == {**told.profile, **keys}
    read("north", proposed)


ENDS = [
    ("waits for its receipt", heard(), False),
    ("waits for more", heard({"status": "in_transit"}), False),
    ("has its receipt", heard({}), True),
    ("has one that matched nothing", heard({**LOST, "carrier_id": "zz-9"}), True),
    ("was refused", heard(message=message(1, to=TO, status="failed", finished_at=5)), True),
    ("may still get one", heard(message=message(1, to=TO, status="unknown", finished_at=5)), False),
]


@pytest.mark.parametrize(("told", "done"), [case[1:] for case in ENDS], ids=[case[0] for case in ENDS])
def test_when_there_is_nothing_to_wait_for(told: Heard, done: bool) -> None:
    assert learn(told).done is done


def test_any_profile_is_written_as_toml() -> None:
    profile = {
        "short": [0, 0], "tlvs": {"0x1400": "3130"}, "keep_plus": True, "throttle_pause": 1.5, "service_type": 'a"b\\',
        "receipt_states": {}, "bind_ton": 1,
    }  # fmt: skip
    assert tomllib.loads(toml(profile, {"receipt_id": "same"})) == {
        "carriers": {"profile": {**profile, "receipt_id": "same"}}
    }
