"""Receipts as carriers write them, and the ids they may come back under."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.errors import MESSAGE_ERRORS
from tidings.smpp import receipt
from tidings.smpp.pdus import Tlvs
from tidings.smpp.receipt import BY_THE_BOOK, Report, judge, looks_like_receipt, parse, reading, write

CASES: list[tuple[str, bytes, Tlvs, Report]] = [
    (
        "by the book",
        b"id:0123456789 sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:DELIVRD err:000 text:Hello",
        (),
        Report("0123456789", "DELIVRD", "delivered", "000"),
    ),
    (
        "no sub, no dlvrd",
        b"id:7 submit date:x done date:y stat:UNDELIV err:001",
        (),
        Report("7", "UNDELIV", "undelivered", "001"),
    ),
    (
        "no text key",
        b"id:7 sub:1 dlvrd:0 submit date:1 done date:2 stat:EXPIRED err:1",
        (),
        Report("7", "EXPIRED", "expired", "1"),
    ),
    ("Text with a capital", b"id:a stat:REJECTD err:8 Text:hi", (), Report("a", "REJECTD", "undelivered", "8")),
    (
        "dates with seconds",
        b"id:9 sub:001 dlvrd:001 submit date:260101120000 done date:20260101120100 stat:DELIVRD err:000 text:",
        (),
        Report("9", "DELIVRD", "delivered", "000"),
    ),
    ("err in hexadecimal", b"id:9 stat:UNDELIV err:21b text:x", (), Report("9", "UNDELIV", "undelivered", "21b")),
    (
        "fields in another order",
        b"stat:DELETED err:0005 id:ab-cd done date:1",
        (),
        Report("ab-cd", "DELETED", "undelivered", "0005"),
    ),
    (
        "no stat key",
        b"id:77 sub:001 dlvrd:001 DELIVRD err:000 text:EXPIRED",
        (),
        Report("77", "DELIVRD", "delivered", "000"),
    ),
    ("the text speaks of other states", b"id:1 err:3 text:stat:DELIVRD id:2", (), Report("1", "", "unknown", "3")),
    ("lower case", b"id:1 stat:delivrd err:0", (), Report("1", "DELIVRD", "delivered", "0")),
    (
        "keys in capitals, blanks after the colon",
        b"ID: 1 STAT: ACCEPTD ERR: 0",
        (),
        Report("1", "ACCEPTD", "in_transit", "0"),
    ),
    ("err without value", b"id:1 stat:DELIVRD err: text:x", (), Report("1", "DELIVRD", "delivered", "")),
    ("an unknown word", b"id:1 stat:WEIRD err:000 text:", (), Report("1", "WEIRD", "unknown", "000")),
    ("a vendor's word", b"id:1 stat:DELIVERED err:000", (), Report("1", "DELIVERED", "delivered", "000")),
    ("enroute is not final", b"id:1 stat:ENROUTE err:000", (), Report("1", "ENROUTE", "in_transit", "000")),
    (
        "a UUID",
        b"id:6f1c0a52-9d0e-4a8e-8a57-1f6f2c9f4e0b stat:UNKNOWN",
        (),
        Report("6f1c0a52-9d0e-4a8e-8a57-1f6f2c9f4e0b", "UNKNOWN", "unknown", ""),
    ),
    (
        "hexadecimal octets after text",
        b"id:1 sub:001 dlvrd:001 submit date:1 done date:2 stat:DELIVRD err:000 text:\x00\xff\x1b",
        (),
        Report("1", "DELIVRD", "delivered", "000"),
    ),
    ("in UCS-2", "id:1 stat:DELIVRD err:000".encode("utf-16-be"), (), Report("1", "DELIVRD", "delivered", "000")),
    ("nothing", b"", (), Report("", "", "unknown", "")),
    ("binary", bytes(range(256)), (), Report("", "", "unknown", "")),
    ("TLVs alone", b"", ((0x1E, b"A1\0"), (0x427, b"\2")), Report("A1", "DELIVRD", "delivered", "")),
    (
        "TLVs win over text",
        b"id:1 stat:EXPIRED err:000",
        ((0x1E, b"A1\0"), (0x427, b"\5")),
        Report("A1", "UNDELIV", "undelivered", "000", "1"),
    ),
    ("a TLV id without NUL", b"", ((0x1E, b"A1"),), Report("A1", "", "unknown", "")),
    (
        "an empty TLV id leaves the text's",
        b"id:1 stat:DELIVRD",
        ((0x1E, b"\0"),),
        Report("1", "DELIVRD", "delivered", ""),
    ),
    (
        "network_error_code wins over err",
        b"id:1 stat:UNDELIV err:000",
        ((0x423, b"\3\0\x0b"),),
        Report("1", "UNDELIV", "undelivered", "11", "", 3),
    ),
    (
        "a network_error_code cut short",
        b"id:1 stat:UNDELIV err:9",
        ((0x423, b"\3"),),
        Report("1", "UNDELIV", "undelivered", "9"),
    ),
    ("an unknown message_state", b"id:1", ((0x427, b"\x63"),), Report("1", "99", "unknown", "")),
    ("message_state of 5.0: skipped", b"id:1", ((0x427, b"\x09"),), Report("1", "SKIPPED", "undelivered", "")),
    ("an empty message_state", b"id:1 stat:DELIVRD", ((0x427, b""),), Report("1", "DELIVRD", "delivered", "")),
]


@pytest.mark.parametrize(("sentence", "octets", "tlvs", "expected"), CASES, ids=[case[0] for case in CASES])
def test_parse(sentence: str, octets: bytes, tlvs: Tlvs, expected: Report) -> None:
    assert parse(octets, tlvs) == expected


STATUSES = {
    "DELIVRD": "delivered",
    "EXPIRED": "expired",
    "UNDELIV": "undelivered",
    "REJECTD": "undelivered",
    "DELETED": "undelivered",
    "SKIPPED": "undelivered",
    "UNKNOWN": "unknown",
    "ENROUTE": "in_transit",
    "ACCEPTD": "in_transit",
    "SCHEDUL": "in_transit",
    "WHATEVER": "unknown",
    "": "unknown",
}


@pytest.mark.parametrize("state", STATUSES)
def test_status_of_each_word(state: str) -> None:
    assert receipt.status_of(state) == STATUSES[state]


def test_every_message_state_has_its_word() -> None:
    assert set(receipt.STATES.values()) == set(STATUSES) - {"WHATEVER", ""}


def test_written_by_the_book() -> None:
    octets = write(
        "42", "DELIVRD", submitted_ms=1_790_000_000_000, done_ms=1_790_000_060_000, text="A text that is longer"
    )
    assert octets == (
        b"id:42 sub:001 dlvrd:001 submit date:2609211413 done date:2609211414 stat:DELIVRD err:000 "
        b"text:A text that is longe"
    )


@given(
    st.from_regex(r"[0-9A-Za-z-]{1,32}", fullmatch=True),
    st.sampled_from(list(receipt.STATES.values())),
    st.text(max_size=30),
)
def test_what_is_written_is_read(message_id: str, state: str, text: str) -> None:
    octets = write(message_id, state, submitted_ms=0, done_ms=0, error_code="012", text=text)
    assert parse(octets) == Report(message_id, state, receipt.status_of(state), "012")
    assert parse(b"", receipt.tlvs_of(message_id, state)) == Report(message_id, state, receipt.status_of(state), "")
    assert looks_like_receipt(octets)


@given(
    st.binary(max_size=160),
    st.lists(st.tuples(st.sampled_from([0x1E, 0x423, 0x427, 7]), st.binary(max_size=6)), max_size=3),
)
def test_any_octets_are_read(octets: bytes, tlvs: list[tuple[int, bytes]]) -> None:
    assert parse(octets, tuple(tlvs)).status in set(STATUSES.values())


SNIFFED = [
    ("a receipt", b"id:1 sub:001 stat:DELIVRD err:000", True),
    ("a text about an id", b"my id: 12345", False),
    ("a text that mentions stat later", b"hello id:1 stat:DELIVRD", False),
]


@pytest.mark.parametrize(("sentence", "octets", "expected"), SNIFFED, ids=[case[0] for case in SNIFFED])
def test_sniffing(sentence: str, octets: bytes, expected: bool) -> None:
    assert looks_like_receipt(octets) is expected


def told(**changes: Any) -> receipt.Reading:
    fields: dict[str, Any] = {
        "ids": "tlv_first", "keys": {}, "states": {}, "errors": {}, "table": "", "intermediate_is_final": False,
    }  # fmt: skip
    return reading(**{**fields, **changes})


BOTH = ((0x1E, b"A1\0"),)
DIALECTS: list[tuple[str, dict[str, Any], bytes, Tlvs, Report]] = [
    ("both ids, the TLV's first", {}, b"id:7 stat:DELIVRD", BOTH, Report("A1", "DELIVRD", "delivered", "", "7")),
    (
        "both ids, the text's first",
        {"ids": "text_first"},
        b"id:7 stat:DELIVRD",
        BOTH,
        Report("7", "DELIVRD", "delivered", "", "A1"),
    ),
    ("the TLV's alone", {"ids": "tlv"}, b"id:7 stat:DELIVRD", BOTH, Report("A1", "DELIVRD", "delivered", "")),
    (
        "the TLV's alone, and there is none",
        {"ids": "tlv"},
        b"id:7 stat:DELIVRD",
        (),
        Report("", "DELIVRD", "delivered", ""),
    ),
    ("the text's alone", {"ids": "text"}, b"id:7 stat:DELIVRD", BOTH, Report("7", "DELIVRD", "delivered", "")),
    ("the same id twice", {}, b"id:A1 stat:DELIVRD", BOTH, Report("A1", "DELIVRD", "delivered", "")),
    (
        "words of its own",
        {"keys": {"MsgId": "id", "status": "stat", "reason": "err"}},
        b"MSGID=77; Status=UNDELIV; reason=12",
        (),
        Report("77", "UNDELIV", "undelivered", "12"),
    ),
    (
        "the usual words besides",
        {"keys": {"msgid": "id"}},
        b"msgid:77 stat:DELIVRD err:000 text:msgid:1",
        (),
        Report("77", "DELIVRD", "delivered", "000"),
    ),
]


@pytest.mark.parametrize(
    ("changes", "octets", "tlvs", "expected"), [case[1:] for case in DIALECTS], ids=[case[0] for case in DIALECTS]
)
def test_dialects(changes: dict[str, Any], octets: bytes, tlvs: Tlvs, expected: Report) -> None:
    assert parse(octets, tlvs, told(**changes)) == expected


GSM, SMPP, VENDOR = (((0x423, bytes((kind, 0, code))),) for kind, code in ((3, 6), (7, 0x0B), (8, 6)))
JUDGED: list[tuple[str, dict[str, Any], bytes, Tlvs, tuple[str, str]]] = [
    (
        "delivered is no error, whatever the number",
        {"table": "gsm_map"},
        b"stat:DELIVRD err:006",
        (),
        ("delivered", ""),
    ),
    ("nor is what is on its way", {}, b"stat:ENROUTE err:006", (), ("in_transit", "")),
    ("a number that nobody knows", {}, b"stat:UNDELIV err:001", (), ("undelivered", "unknown")),
    ("rejected", {}, b"stat:REJECTD err:000", (), ("undelivered", "rejected")),
    ("deleted", {}, b"stat:DELETED err:000", (), ("undelivered", "canceled")),
    ("expired", {}, b"stat:EXPIRED err:000", (), ("expired", "expired")),
    ("a vendor's word", {}, b"stat:NOROUTE err:000", (), ("undelivered", "rejected")),
    ("a word that nobody knows", {}, b"stat:WEIRD err:000", (), ("unknown", "unknown")),
    ("by the table of MAP", {"table": "gsm_map"}, b"stat:UNDELIV err:001", (), ("undelivered", "invalid_destination")),
    ("padded, by the table of MAP", {"table": "gsm_map"}, b"stat:UNDELIV err:0013", (), ("undelivered", "blocked")),
    ("not in the table", {"table": "gsm_map"}, b"stat:REJECTD err:999", (), ("undelivered", "rejected")),
    (
        "a full handset, whose number is 0",
        {"table": "sm_delivery_failure"},
        b"stat:UNDELIV err:000",
        (),
        ("undelivered", "unreachable"),
    ),
    ("0 where it is no error", {"table": "tp_st"}, b"stat:UNDELIV err:000", (), ("undelivered", "unknown")),
    ("0 where the table has none", {"table": "gsm_map"}, b"stat:REJECTD err:0", (), ("undelivered", "rejected")),
    ("by the table of TP-FCS", {"table": "tp_fcs"}, b"stat:UNDELIV err:208", (), ("undelivered", "unreachable")),
    (
        "by the table of RP-Cause",
        {"table": "rp_cause"},
        b"stat:UNDELIV err:30",
        (),
        ("undelivered", "invalid_destination"),
    ),
    ("by the table of TP-ST", {"table": "tp_st"}, b"stat:UNDELIV err:70", (), ("undelivered", "expired")),
    ("no error by the table", {"table": "tp_st"}, b"stat:UNDELIV err:001", (), ("undelivered", "unknown")),
    ("a network error of GSM needs no profile", {}, b"stat:UNDELIV err:001", GSM, ("undelivered", "unreachable")),
    ("one of SMPP", {}, b"stat:UNDELIV", SMPP, ("undelivered", "invalid_destination")),
    ("one of the message center's own", {}, b"stat:UNDELIV", VENDOR, ("undelivered", "unknown")),
    (
        "its type goes before the profile's table",
        {"table": "gsm_map"},
        b"stat:UNDELIV",
        VENDOR,
        ("undelivered", "unknown"),
    ),
    (
        "what the profile says of a number goes first",
        {"errors": {"6": "filtered"}},
        b"stat:UNDELIV",
        GSM,
        ("undelivered", "filtered"),
    ),
    (
        "a number with zeros in the profile",
        {"errors": {"006": "filtered"}},
        b"stat:UNDELIV err:6",
        (),
        ("undelivered", "filtered"),
    ),
    ("a word in err", {"errors": {"SPAM": "filtered"}}, b"stat:UNDELIV err:spam", (), ("undelivered", "filtered")),
    ("ACCEPTD is the end here", {"states": {"ACCEPTD": "delivered"}}, b"stat:ACCEPTD err:000", (), ("delivered", "")),
    ("DELIVRD is not the end here", {"states": {"DELIVRD": "in_transit"}}, b"stat:DELIVRD", (), ("in_transit", "")),
    (
        "a word of its own",
        {"states": {"Blocked": "undelivered blocked"}},
        b"stat:BLOCKED",
        (),
        ("undelivered", "blocked"),
    ),
    ("a category alone", {"states": {"REJECTD": "filtered"}}, b"stat:REJECTD", (), ("undelivered", "filtered")),
    ("a status alone", {"states": {"GONE": "undelivered"}}, b"stat:GONE", (), ("undelivered", "unknown")),
    ("a status alone that tells its reason", {"states": {"LATE": "expired"}}, b"stat:LATE", (), ("expired", "expired")),
    (
        "a message_state without a word",
        {"states": {"99": "undelivered"}},
        b"",
        ((0x427, b"\x63"),),
        ("undelivered", "unknown"),
    ),
]


@pytest.mark.parametrize(
    ("changes", "octets", "tlvs", "expected"), [case[1:] for case in JUDGED], ids=[case[0] for case in JUDGED]
)
def test_what_a_receipt_means(changes: dict[str, Any], octets: bytes, tlvs: Tlvs, expected: tuple[str, str]) -> None:
    dialect = told(**changes)
    assert judge(parse(octets, tlvs, dialect), dialect) == expected


def test_what_is_told_on_the_way_is_not_the_end() -> None:
    failed = parse(b"stat:UNDELIV err:006")
    assert judge(failed, BY_THE_BOOK, intermediate=True) == ("in_transit", "")
    assert judge(failed, told(intermediate_is_final=True), intermediate=True) == ("undelivered", "unknown")


def test_every_code_of_the_tables_has_a_category_that_exists() -> None:
    codes = {category for table in receipt.TABLES.values() for _, category in table.values()}
    assert codes - {"none"} <= set(MESSAGE_ERRORS)
    words = (*receipt.STATES.values(), "NACK", "FAILED", "BUFFRED")
    assert {judge(parse(f"stat:{word}".encode()))[1] for word in words} - {""} <= set(MESSAGE_ERRORS)
