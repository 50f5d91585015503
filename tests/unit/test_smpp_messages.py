"""Parts to submit_sm and deliver_sm to receipts and texts, profile by profile."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.config import ConfigError
from tidings.core.message import Part
from tidings.core.ports import Inbound, Receipt, SendError, Sent
from tidings.drivers.smpp_messages import Translator
from tidings.drivers.smpp_profile import Profile, read
from tidings.smpp import pdus, times, user_data
from tidings.smpp.address import Addressing, incoming, outgoing
from tidings.smpp.codec import EncodeError
from tidings.smpp.pdus import DataSm, DeliverSm, SubmitSm, SubmitSmResp

NOW = 1_790_000_000_000


def translator(**profile: Any) -> Translator:
    return Translator("north", read("north", profile), lambda: NOW)


def part(**changes: Any) -> Part:
    fields: dict[str, Any] = {
        "attempt_id": 0x12345,
        "message_id": 1,
        "part": 1,
        "parts": 1,
        "bind": "north/1",
        "sender": "Tidings",
        "to": "+4915112345678",
        "encoding": "gsm7",
        "payload": b"\0Hi",
    }
    return Part(**{**fields, **changes})


PACKED = bytes.fromhex("e8329bfd4697d9ec37")
"""`hellohello`, the example that every text on packing gives."""
UDH = b"\x05\x00\x03\x2a\x03\x02"
SUBMITS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (
        "a name writes to an E.164 number",
        {},
        {},
        {
            "source_addr_ton": 5,
            "source_addr_npi": 0,
            "source_addr": "Tidings",
            "dest_addr_ton": 1,
            "dest_addr_npi": 1,
            "destination_addr": "4915112345678",
            "registered_delivery": 1,
            "esm_class": 0,
            "data_coding": 0,
            "short_message": b"\0Hi",
            "validity_period": "",
            "tlvs": (),
        },
    ),
    (
        "a short code",
        {"sender": "12345", "to": "741741"},
        {},
        {"source_addr_ton": 3, "source_addr_npi": 0, "dest_addr_ton": 3, "destination_addr": "741741"},
    ),
    (
        "a short code where the carrier wants type 0",
        {"sender": "12345"},
        {"short": [0, 0]},
        {"source_addr_ton": 0, "source_addr_npi": 0, "source_addr": "12345"},
    ),
    ("the plus is kept where wanted", {}, {"keep_plus": True}, {"destination_addr": "+4915112345678"}),
    (
        "UCS-2 with a header",
        {"encoding": "ucs2", "payload": b"\x20\xac", "udh": UDH},
        {},
        {"esm_class": 0x40, "data_coding": 8, "short_message": UDH + b"\x20\xac"},
    ),
    (
        "sar TLVs instead of a header",
        {"udh": UDH},
        {"concatenation": "sar"},
        {
            "esm_class": 0,
            "short_message": b"\0Hi",
            "tlvs": ((0x020C, b"\0\x2a"), (0x020E, b"\3"), (0x020F, b"\2")),
        },
    ),
    (
        "a header that is no concatenation stays a header",
        {"udh": b"\x03\x24\x01\x01"},
        {"concatenation": "sar", "national_languages": ["tr"]},
        {"esm_class": 0x40, "short_message": b"\x03\x24\x01\x01\0Hi"},
    ),
    ("relative validity", {"validity_s": 3661}, {}, {"validity_period": "000000010101000R"}),
    ("absolute validity", {"validity_s": 60}, {"validity": "absolute"}, {"validity_period": "260921141420000+"}),
    ("no validity", {"validity_s": 60}, {"validity": "none"}, {"validity_period": ""}),
    ("user_message_reference", {}, {"user_message_reference": True}, {"tlvs": ((0x0204, b"\x23\x45"),)}),
    ("a messaging mode", {}, {"message_mode": "store_and_forward"}, {"esm_class": 3}),
    ("a messaging mode beside a header", {"udh": UDH}, {"message_mode": "datagram"}, {"esm_class": 0x41}),
    (
        "all destinations of one type",
        {},
        {"destination": [0, 1]},
        {"dest_addr_ton": 0, "dest_addr_npi": 1, "destination_addr": "4915112345678", "source_addr_ton": 5},
    ),
    ("as long as the carrier takes it", {}, {"lengths": {"source_addr": 7}}, {"source_addr": "Tidings"}),
    ("further TLVs", {}, {"tlvs": {"0x1400": "31 32"}}, {"tlvs": ((0x1400, b"12"),)}),
    ("data_coding 1 for the GSM alphabet", {}, {"gsm7_data_coding": 1}, {"data_coding": 1}),
    ("Latin-1 where the SMSC takes 0 for that", {}, {"mt_alphabet": "latin1"}, {"short_message": b"@Hi"}),
    (
        "a national alphabet is GSM-7, with a header that names it",
        {"encoding": "gsm7+single-tr", "payload": b"\x1b\x73", "udh": b"\x03\x24\x01\x01"},
        {"national_languages": ["tr"]},
        {"data_coding": 0, "esm_class": 0x40, "short_message": b"\x03\x24\x01\x01\x1b\x73"},
    ),
    (
        "of a header the sar TLVs leave what else it says",
        {"encoding": "gsm7+single-tr", "udh": b"\x08\x00\x03\x2a\x03\x02\x24\x01\x01"},
        {"concatenation": "sar", "national_languages": ["tr"]},
        {"esm_class": 0x40, "short_message": b"\x03\x24\x01\x01\0Hi"},
    ),
    ("packed", {"payload": b"hellohello"}, {"mt_alphabet": "gsm7_packed"}, {"short_message": PACKED}),
    (
        "packed behind a header from the next septet on: one fill bit",
        {"payload": b"\x01\x02", "udh": UDH},
        {"mt_alphabet": "gsm7_packed"},
        {"short_message": UDH + b"\x02\x02"},
    ),
    ("UCS-2 is never packed", {"encoding": "ucs2"}, {"mt_alphabet": "gsm7_packed"}, {"short_message": b"\0Hi"}),
    (
        "binary goes as it came, whatever the carrier's alphabet",
        {"encoding": "binary", "payload": b"\x00\xff", "data_coding": 4, "as_submitted": True},
        {"mt_alphabet": "latin1"},
        {"data_coding": 4, "short_message": b"\x00\xff"},
    ),
    (
        "a message class goes before the carrier's data_coding",
        {"data_coding": 0x10},
        {"gsm7_data_coding": 1},
        {"data_coding": 0x10},
    ),
    ("a protocol_id goes before the carrier's", {"protocol_id": 0x41}, {"protocol_id": 1}, {"protocol_id": 0x41}),
    ("a reply path", {"reply_path": True, "udh": UDH}, {}, {"esm_class": 0xC0}),
    ("the carrier's service_type", {}, {"service_type": "OTP"}, {"service_type": "OTP"}),
    (
        "what short_message cannot hold is payload",
        {"payload": b"x" * 255},
        {"concatenation": "payload"},
        {"short_message": b"", "tlvs": ((0x0424, b"x" * 255),)},
    ),
]


@pytest.mark.parametrize(("sentence", "changes", "profile", "expected"), SUBMITS, ids=[case[0] for case in SUBMITS])
def test_submit(sentence: str, changes: dict[str, Any], profile: dict[str, Any], expected: dict[str, Any]) -> None:
    pdu = translator(**profile).submit(part(**changes))
    assert {name: getattr(pdu, name) for name in expected} == expected


def test_a_longer_address_than_the_carrier_takes_is_refused_and_never_cut() -> None:
    with pytest.raises(EncodeError, match="destination_addr has 13 characters; the carrier takes 12"):
        translator(lengths={"destination_addr": 12}).submit(part())


@pytest.mark.parametrize(("alphabet", "octets"), [("latin1", b"\x1b\x65"), ("ascii", b"\x05")])
def test_what_the_carriers_alphabet_lacks_never_goes_as_something_else(alphabet: str, octets: bytes) -> None:
    with pytest.raises(EncodeError, match=r"lacks U\+[0-9A-F]{4} at 1"):
        translator(mt_alphabet=alphabet).submit(part(payload=b"H" + octets))


OUTCOMES: list[tuple[str, Any, dict[str, Any], Any]] = [
    ("taken", SubmitSmResp("a1"), {}, Sent(7, "a1", "b")),
    ("taken without an id", SubmitSmResp(), {}, Sent(7, "", "b")),
    (
        "throttled",
        SubmitSmResp(command_status=0x58),
        {},
        SendError(7, "throttled", "throttled", "0x00000058", "ESME_RTHROTTLED: Message rate exceeded.", "b"),
    ),
    (
        "a vendor's status",
        SubmitSmResp(command_status=0x401),
        {},
        SendError(7, "temporary", "carrier_error", "0x00000401", "Vendor specific error.", "b"),
    ),
    (
        "a status that means something else here",
        SubmitSmResp(command_status=0x401),
        {"status_errors": {"0x401": "permanent"}},
        SendError(7, "permanent", "rejected", "0x00000401", "Vendor specific error.", "b"),
    ),
    (
        "a status that a profile gives a category, by its name",
        SubmitSmResp(command_status=0x45),
        {"status_errors": {"ESME_RSUBMITFAIL": "not_registered"}},
        SendError(
            7, "permanent", "not_registered", "0x00000045", "ESME_RSUBMITFAIL: submit_sm or submit_multi failed.", "b"
        ),
    ),
    (
        "queue full, where that is no throttling",
        SubmitSmResp(command_status=0x14),
        {"throttle_statuses": ["0x58"]},
        SendError(7, "temporary", "carrier_error", "0x00000014", "ESME_RMSGQFUL: Message queue full.", "b"),
    ),
    (
        "an id that nobody needs so long is cut, there and in the receipt",
        SubmitSmResp(message_id="a" * 5_000),
        {},
        Sent(7, "a" * 255, "b"),
    ),
    (
        "a nack",
        pdus.GenericNack((), 1, 0x03),
        {},
        SendError(7, "config", "internal_error", "0x00000003", "ESME_RINVCMDID: Invalid command ID.", "b"),
    ),
    (
        "a nack that says success",
        pdus.GenericNack((), 1, 0),
        {},
        SendError(7, "in_doubt", "outcome_lost", "", "The carrier's answer cannot be read.", "b"),
    ),
]


@pytest.mark.parametrize(("sentence", "response", "profile", "expected"), OUTCOMES, ids=[case[0] for case in OUTCOMES])
def test_outcome(sentence: str, response: Any, profile: dict[str, Any], expected: Any) -> None:
    told = translator(**profile).outcome(7, "b", response)
    if isinstance(expected, SendError) and isinstance(told, SendError):
        assert told.detail.split(":")[0] == expected.detail.split(":")[0]
        told = SendError(told.attempt_id, told.kind, told.code, told.carrier_code, expected.detail, told.bind)
    assert told == expected


RECEIPT = b"id:a1 sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:DELIVRD err:000 text:x"
RECEIPTS: list[tuple[str, DeliverSm | DataSm, dict[str, Any], bool]] = [
    ("marked as a receipt", DeliverSm(esm_class=0x04, short_message=RECEIPT), {}, True),
    ("marked, with stray bits", DeliverSm(esm_class=0x87, short_message=RECEIPT), {}, True),
    ("in message_payload", DeliverSm(esm_class=0x04, tlvs=((0x0424, RECEIPT),)), {}, True),
    ("in data_sm", DataSm(esm_class=0x04, tlvs=((0x0424, RECEIPT),)), {}, True),
    ("told by its TLV alone", DeliverSm(tlvs=((0x1E, b"a1\0"), (0x427, b"\2"))), {}, True),
    ("not marked", DeliverSm(short_message=RECEIPT), {}, False),
    ("not marked, sniffed", DeliverSm(short_message=RECEIPT), {"receipt_sniff": True}, True),
    ("with bits of both kinds", DeliverSm(esm_class=0x24, short_message=RECEIPT), {}, True),
    ("with the reply path beside it", DeliverSm(esm_class=0x84, short_message=RECEIPT), {}, True),
    ("a text, sniffed", DeliverSm(short_message=b"my id:1"), {"receipt_sniff": True}, False),
    ("an acknowledgement by the handset's user is a text", DeliverSm(esm_class=0x10, short_message=b"ok"), {}, False),
]


@pytest.mark.parametrize(("sentence", "pdu", "profile", "is_receipt"), RECEIPTS, ids=[case[0] for case in RECEIPTS])
def test_receipts(sentence: str, pdu: DeliverSm | DataSm, profile: dict[str, Any], is_receipt: bool) -> None:
    told = translator(**profile).incoming(pdu, "north/1", "s", "token")
    assert isinstance(told, Receipt) is is_receipt
    if isinstance(told, Receipt):
        assert (told.carrier, told.bind, told.carrier_id, told.state, told.status) == (
            "north",
            "north/1",
            "a1",
            "DELIVRD",
            "delivered",
        )
        assert told.token == "token"


ADDRESSES: list[tuple[str, tuple[int, str], tuple[int, str], tuple[str, str]]] = [
    ("as they should be", (1, "4915112345678"), (5, "Tidings"), ("+4915112345678", "Tidings")),
    ("as in the submit_sm: a name is no handset", (5, "Tidings"), (1, "4915112345678"), ("+4915112345678", "Tidings")),
    ("two numbers are believed", (1, "15550001111"), (1, "4915112345678"), ("+15550001111", "+4915112345678")),
    ("no source, so that the id alone counts", (0, ""), (0, "12345"), ("", "12345")),
    ("no address at all", (0, ""), (0, ""), ("", "")),
]


@pytest.mark.parametrize(
    ("sentence", "source", "destination", "wanted"), ADDRESSES, ids=[case[0] for case in ADDRESSES]
)
def test_the_handset_of_a_receipt(
    sentence: str, source: tuple[int, str], destination: tuple[int, str], wanted: tuple[str, str]
) -> None:
    pdu = DeliverSm(
        source_addr_ton=source[0], source_addr=source[1], dest_addr_ton=destination[0],
        destination_addr=destination[1], esm_class=0x04, short_message=RECEIPT,
    )  # fmt: skip
    told = translator().incoming(pdu, "north/1", "s", None)
    assert (told.sender, told.to) == wanted


SAR = ((0x020C, b"\x01\x2a"), (0x020E, b"\3"), (0x020F, b"\2"))
TEXTS: list[tuple[str, DeliverSm | DataSm, dict[str, Any], tuple[str, str, bytes]]] = [
    ("the GSM alphabet", DeliverSm(short_message=b"\0\x1b\x65"), {}, ("gsm7", "@€", b"")),
    ("octets above 0x7F with data_coding 0", DeliverSm(short_message=b"a\xff"), {}, ("gsm7", "a�", b"")),
    ("Latin-1 for data_coding 0", DeliverSm(short_message=b"\xe4"), {"mo_alphabet": "latin1"}, ("latin1", "ä", b"")),
    ("ASCII", DeliverSm(data_coding=1, short_message=b"a@b.c"), {}, ("ascii", "a@b.c", b"")),
    (
        "the GSM alphabet under ASCII's name",
        DeliverSm(data_coding=1, short_message=b"a\0b.c"),
        {},
        ("gsm7", "a@b.c", b""),
    ),
    ("Latin-1", DeliverSm(data_coding=3, short_message=b"\xe4"), {}, ("latin1", "ä", b"")),
    ("UCS-2", DeliverSm(data_coding=8, short_message=b"\xd8\x3d\xde\x00"), {}, ("ucs2", "\U0001f600", b"")),
    ("UCS-2 cut short", DeliverSm(data_coding=8, short_message=b"\0a\xd8"), {}, ("ucs2", "a�", b"")),
    ("flash", DeliverSm(data_coding=0x10, short_message=b"hi"), {}, ("gsm7", "hi", b"")),
    ("binary", DeliverSm(data_coding=4, short_message=b"\1\2"), {}, ("binary", "0102", b"")),
    ("a header", DeliverSm(esm_class=0x40, short_message=UDH + b"hi"), {}, ("gsm7", "hi", UDH)),
    (
        "a header longer than the text is none",
        DeliverSm(esm_class=0x40, short_message=b"\x40a"),
        {},
        ("gsm7", "¡a", b""),
    ),
    ("sar TLVs", DeliverSm(short_message=b"hi", tlvs=SAR), {}, ("gsm7", "hi", b"\x06\x08\x04\x01\x2a\x03\x02")),
    ("sar TLVs without their number", DeliverSm(short_message=b"hi", tlvs=SAR[:2]), {}, ("gsm7", "hi", b"")),
    (
        "sar TLVs of part 3 of 2",
        DeliverSm(short_message=b"hi", tlvs=(*SAR[:2], (pdus.SAR_SEGMENT_SEQNUM, b"\x04"))),
        {},
        ("gsm7", "hi", b""),
    ),
    ("message_payload", DeliverSm(tlvs=((0x0424, b"long"),)), {}, ("gsm7", "long", b"")),
    ("a header in message_payload", DeliverSm(esm_class=0x40, tlvs=((0x0424, UDH + b"x"),)), {}, ("gsm7", "x", UDH)),
    ("data_sm", DataSm(data_coding=8, tlvs=((0x0424, b"\0a"),)), {}, ("ucs2", "a", b"")),
    ("nothing", DeliverSm(), {}, ("gsm7", "", b"")),
    ("a header without its flag is text", DeliverSm(short_message=UDH + b"hi"), {}, ("gsm7", "é@¥*¥$hi", b"")),
    (
        "a header without its flag, sniffed",
        DeliverSm(short_message=UDH + b"hi"),
        {"udh_sniff": True},
        ("gsm7", "hi", UDH),
    ),
    (
        "a header of 16 bits, sniffed",
        DeliverSm(short_message=b"\x06\x08\x04\x01\x2a\x03\x02hi"),
        {"udh_sniff": True},
        ("gsm7", "hi", b"\x06\x08\x04\x01\x2a\x03\x02"),
    ),
    (
        "part 3 of 2 is no header",
        DeliverSm(short_message=b"\x05\x00\x03\x2a\x02\x03hi"),
        {"udh_sniff": True},
        ("gsm7", "é@¥*$¥hi", b""),
    ),
]


@pytest.mark.parametrize(("sentence", "pdu", "profile", "expected"), TEXTS, ids=[case[0] for case in TEXTS])
def test_texts(
    sentence: str, pdu: DeliverSm | DataSm, profile: dict[str, Any], expected: tuple[str, str, bytes]
) -> None:
    told = translator(**profile).incoming(pdu, "north/1", "north/1#1", "token")
    assert isinstance(told, Inbound)
    assert (told.encoding, told.text, told.udh) == expected
    assert (told.session, told.data_coding, told.token) == ("north/1#1", pdu.data_coding, "token")


ADDRESSES = [
    ("international", 1, "4915112345678", {}, "+4915112345678"),
    ("international with a plus already", 1, "+4915112345678", {}, "+4915112345678"),
    ("international with 00", 1, "004915112345678", {}, "+4915112345678"),
    ("unknown type, long", 0, "4915112345678", {}, "+4915112345678"),
    ("unknown type, long, not assumed", 0, "4915112345678", {"assume_international": False}, "4915112345678"),
    ("unknown type, national", 0, "015112345678", {}, "015112345678"),
    ("unknown type, short", 0, "12345", {}, "12345"),
    ("a short code", 3, "12345", {}, "12345"),
    ("a national number", 2, "15112345678", {}, "15112345678"),
    ("a name", 5, "Tidings", {}, "Tidings"),
    ("nothing", 1, "", {}, ""),
    ("digits of another script", 1, "١٢٣", {}, "١٢٣"),
]


@pytest.mark.parametrize(
    ("sentence", "ton", "address", "changes", "expected"), ADDRESSES, ids=[c[0] for c in ADDRESSES]
)
def test_incoming_addresses(sentence: str, ton: int, address: str, changes: dict[str, Any], expected: str) -> None:
    assert incoming(ton, address, Addressing(**changes)) == expected


@pytest.mark.parametrize("address", ["+4915112345678", "12345", "Tidings", "+123"])
def test_addresses_come_back_as_they_left(address: str) -> None:
    ton, _, digits = outgoing(address, Addressing())
    assert incoming(ton, digits, Addressing()) == address


TIMES = [
    (0, "000000000000000R"),
    (59, "000000000059000R"),
    (600, "000000001000000R"),
    (86_400, "000001000000000R"),
    (31 * 86_400, "000101000000000R"),
    (365 * 86_400, "010000000000000R"),
    (10**12, "990000000000000R"),
]


@pytest.mark.parametrize(("seconds", "expected"), TIMES)
def test_relative_times(seconds: int, expected: str) -> None:
    assert times.relative(seconds) == expected


def test_sar_and_header_say_the_same() -> None:
    wide = b"\x06\x08\x04\x01\x2a\x03\x02"
    found = user_data.sar_tlvs(wide)
    assert found is not None
    assert found[1] == b""
    assert user_data.split(SubmitSm(short_message=b"x", tlvs=found[0])) == (wide, b"x")


def test_sar_leaves_the_header_what_else_it_says() -> None:
    wide = b"\x09\x08\x04\x01\x2a\x03\x02\x24\x01\x01"
    found = user_data.sar_tlvs(wide)
    assert found is not None
    assert found[1] == b"\x03\x24\x01\x01"
    told = SubmitSm(short_message=found[1] + b"x", tlvs=found[0], esm_class=pdus.ESM_UDHI)
    assert user_data.split(told) == (wide, b"x")
    longest = b"\xff" + bytes(255)
    told = SubmitSm(tlvs=(*found[0], (pdus.MESSAGE_PAYLOAD, longest + b"x")), esm_class=pdus.ESM_UDHI)
    assert user_data.split(told) == (longest, b"x")


WRONG_PROFILES = [
    ({"windoww": 3}, "unknown key 'windoww'"),
    ({"validty": "none"}, "did you mean 'validity'"),
    ({"validity": "never"}, "validity"),
    ({"international": [1, 256]}, "international"),
    ({"status_errors": {"0x45": "fatal"}}, "0x45"),
    ({"status_errors": {"forty": "permanent"}}, "forty"),
    ({"status_errors": {"ESME_RNOSUCH": "permanent"}}, "'ESME_RNOSUCH' is no command_status"),
    ({"status_errors": {"0x0": "permanent"}}, "0x0"),
    ({"status_errors": {"0x45": ""}}, "give a class"),
    ({"throttle_statuses": ["slow"]}, "'slow' is no command_status"),
    ({"receipt_states": {"FAILED": "gone"}}, "'gone' is neither a status"),
    ({"receipt_states": {"FAILED": ""}}, "give a status"),
    ({"receipt_errors": {"1": "gone"}}, "'gone' is no category"),
    ({"receipt_keys": {"msgid": "text"}}, "use id, stat or err"),
    ({"receipt_error_table": "map"}, "receipt_error_table"),
    ({"receipt_id": "guess"}, "receipt_id"),
    ({"lengths": {"pasword": 8}}, "did you mean 'password'"),
    ({"lengths": {"service_type": 3}, "service_type": "LONG"}, "service_type has 4 characters"),
    ({"destination": [1]}, "destination takes"),
    ({"interface_version": 0x33, "concatenation": "sar"}, "interface_version 0x33 has no optional parameters"),
    ({"interface_version": 0x33, "tlvs": {"0x1400": "31"}}, "optional parameters"),
    ({"preset": "twillio"}, "did you mean 'twilio'"),
    ({"preset": "smpp33", "user_message_reference": True}, "optional parameters"),
    ({"tlvs": {"0x1400": "xyz"}}, "profile"),
    ({"national_languages": ["tr", "xx"]}, "no tables for 'xx'"),
    ({"national_languages": ["tr", "tr"]}, "twice"),
    ({"national_languages": ["tr"], "mt_alphabet": "latin1"}, "GSM-7"),
    ({"reference_bits": 12}, "reference_bits"),
]


@pytest.mark.parametrize(("table", "words"), WRONG_PROFILES)
def test_a_wrong_profile_is_named(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=r"Carrier 'north'") as error:
        read("north", table)
    assert words in str(error.value)


def test_an_empty_profile_is_the_book() -> None:
    assert read("north", {}) == Profile()


ESM_CLASSES = st.sampled_from([0, 0x40, 0x04, 0x44, 0xFF])


@settings(max_examples=400)
@given(
    st.binary(max_size=160),
    ESM_CLASSES,
    st.integers(0, 255),
    st.sampled_from(["gsm7", "gsm7_packed", "latin1", "ascii"]),
)
def test_nothing_that_comes_raises(octets: bytes, esm_class: int, coding: int, alphabet: str) -> None:
    pdu = DeliverSm(short_message=octets, esm_class=esm_class, data_coding=coding)
    assert translator(mo_alphabet=alphabet, receipt_sniff=True).incoming(pdu, "b", "s", None) is not None


REFERENCES = [
    ("told, by an SMSC that is given references", True, ((0x0204, b"\x23\x45"),), 0x2345),
    ("not told", True, (), None),
    ("empty", True, ((0x0204, b""),), None),
    ("told, by one that is not", False, ((0x0204, b"\x23\x45"),), None),
]


@pytest.mark.parametrize(
    ("given", "tlvs", "reference"), [case[1:] for case in REFERENCES], ids=[case[0] for case in REFERENCES]
)
def test_what_a_text_answers_as_its_smsc_tells_it(given: bool, tlvs: Any, reference: int | None) -> None:
    pdu = DeliverSm(source_addr="15551230100", destination_addr="12345", short_message=b"Yes", tlvs=tlvs)
    told = translator(user_message_reference=given).incoming(pdu, "north/1", "s", None)
    assert isinstance(told, Inbound)
    assert told.reference == reference
