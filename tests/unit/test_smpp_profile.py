"""Presets, and what a profile makes of receipts on their way from the PDU to the port."""

from __future__ import annotations

from typing import Any

import pytest

from tidings.config import ConfigError
from tidings.core.id_form import FORMS
from tidings.core.ports import Manners, Receipt
from tidings.core.retry import REPEATS
from tidings.drivers.smpp_messages import Translator
from tidings.drivers.smpp_presets import presets
from tidings.drivers.smpp_profile import Profile, read
from tidings.smpp.pdus import DataSm, DeliverSm
from tidings.text import gsm7
from tidings.text.packing import pack

TEXT = "id:a_1 sub:001 dlvrd:000 submit date:2601011200 done date:2601011201 stat:UNDELIV err:006 text:"


@pytest.mark.parametrize("name", presets())
def test_a_preset_can_be_used(name: str) -> None:
    one = presets()[name]
    assert one.title
    assert all(source.startswith("https://") for source in one.sources)
    assert one.sources, "where it was read"
    profile = read("north", {"preset": name})
    assert {key: getattr(profile, key) for key in one.options} != {}
    assert profile.preset == name


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"tlvs": {"0x14000": "00"}}, "tlvs: '0x14000' is no tag"),
        ({"tlvs": {"-1": "00"}}, "tlvs: '-1' is no tag"),
        ({"tlvs": {"0x1400": "0g"}}, "the octets of 0x1400 are not in hexadecimal"),
        ({"tlvs": {"0x1400": "00" * 65_536}}, "too long for a PDU"),
        ({"service_type": "a\0b"}, "service_type: write it in ASCII"),
        ({"service_type": "\u20ac"}, "service_type: write it in ASCII"),
    ],
)
def test_what_no_submit_sm_can_hold_is_refused_before_a_text_fails_for_it(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read("north", table)


def test_presets_stand_in_order_of_their_names() -> None:
    assert list(presets()) == sorted(presets())


def test_own_keys_go_before_the_presets() -> None:
    profile = read("north", {"preset": "smsportal", "short": [6, 0]})
    assert (profile.short, profile.international) == ((6, 0), (0, 0))


def test_own_rows_of_a_table_stand_beside_the_presets() -> None:
    profile = read("north", {"preset": "twilio", "receipt_errors": {"1": "blocked", "99": "filtered"}})
    assert {code: profile.receipt_errors[code] for code in ("1", "5", "99")} == {
        "1": "blocked", "5": "invalid_destination", "99": "filtered",
    }  # fmt: skip


MANNERS: list[tuple[dict[str, Any], Manners]] = [
    ({}, Manners()),
    ({"throttle_pause": 3, "throttle_scope": "carrier"}, Manners(3, throttles_whole=True)),
    ({"in_doubt": "never"}, Manners(in_doubt="never")),
    ({"receipt_id": "hex_to_dec", "receipt_id_loose": False}, Manners(id_form="hex_to_dec", loose_ids=False)),
]


@pytest.mark.parametrize(("table", "expected"), MANNERS)
def test_manners(table: dict[str, Any], expected: Manners) -> None:
    assert read("north", table).manners() == expected


def test_the_words_of_a_profile_are_those_of_the_rules() -> None:
    for form in FORMS:
        assert read("north", {"receipt_id": form}).manners().id_form == form
    for word in ("category", *REPEATS):
        assert read("north", {"in_doubt": word}).manners().in_doubt == word


def marked(octets: bytes, **fields: Any) -> DeliverSm:
    values: dict[str, Any] = {
        "esm_class": 4, "source_addr_ton": 1, "source_addr": "15551230100", "destination_addr": "TIDINGS",
        "dest_addr_ton": 5, "short_message": octets,
    }  # fmt: skip
    return DeliverSm(**{**values, **fields})


GSM_TEXT = gsm7.encode(TEXT)
assert GSM_TEXT is not None
BOOK = {
    "carrier_id": "a_1", "other_id": "", "status": "undelivered", "code": "unknown", "state": "UNDELIV",
    "error_code": "006", "sender": "+15551230100", "form": "deliver_sm esm_class=0x04 data_coding=0",
}  # fmt: skip
RECEIPTS: list[tuple[str, DeliverSm | DataSm, dict[str, Any], dict[str, Any]]] = [
    ("by the book", marked(TEXT.encode()), {}, {}),
    ("in the GSM alphabet", marked(GSM_TEXT), {"receipt_alphabet": "gsm7"}, {}),
    ("packed", marked(pack(GSM_TEXT, 0)), {"receipt_alphabet": "gsm7_packed"}, {}),
    (
        "in UCS-2",
        marked(TEXT.encode("utf-16-be"), data_coding=8),
        {"receipt_alphabet": "ucs2"},
        {"form": "deliver_sm esm_class=0x04 data_coding=8"},
    ),
    ("a number of MAP", marked(TEXT.encode()), {"receipt_error_table": "gsm_map"}, {"code": "unreachable"}),
    (
        "on the way",
        marked(TEXT.encode(), esm_class=0x20),
        {},
        {"status": "in_transit", "code": "", "form": "deliver_sm esm_class=0x20 data_coding=0"},
    ),
    (
        "the end, though told as on the way",
        marked(TEXT.encode(), esm_class=0x20),
        {"intermediate": "final"},
        {"form": "deliver_sm esm_class=0x20 data_coding=0"},
    ),
    (
        "two ids",
        marked(TEXT.encode(), tlvs=((0x1E, b"7\0"), (0x427, b"\5"))),
        {},
        {
            "carrier_id": "7",
            "other_id": "a_1",
            "form": "deliver_sm esm_class=0x04 data_coding=0 tlvs=0x001e,0x0427",
        },
    ),
    (
        "addresses the other way about",
        marked(
            TEXT.encode(), source_addr="TIDINGS", source_addr_ton=5, destination_addr="15551230100", dest_addr_ton=1
        ),
        {"receipt_handset": "destination"},
        {},
    ),
    ("addresses that say nothing", marked(TEXT.encode()), {"receipt_handset": "unchecked"}, {"sender": ""}),
    (
        "in data_sm",
        DataSm(source_addr_ton=1, source_addr="15551230100", esm_class=4, tlvs=((0x0424, TEXT.encode()),)),
        {},
        {"form": "data_sm esm_class=0x04 data_coding=0 tlvs=0x0424"},
    ),
]


@pytest.mark.parametrize(
    ("pdu", "profile", "changes"), [case[1:] for case in RECEIPTS], ids=[case[0] for case in RECEIPTS]
)
def test_a_receipt_by_its_profile(pdu: DeliverSm | DataSm, profile: dict[str, Any], changes: dict[str, Any]) -> None:
    told = Translator("north", read("north", profile), lambda: 0).incoming(pdu, "north/1", "s", "token")
    assert isinstance(told, Receipt)
    expected = {**BOOK, **changes}
    assert {name: getattr(told, name) for name in expected} == expected


def test_every_key_has_a_default_that_is_the_book() -> None:
    assert read("north", {}) == Profile()
