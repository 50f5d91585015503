"""Receipts as carriers write them, and the ids they may come back under."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.smpp import receipt
from tidings.smpp.pdus import Tlvs
from tidings.smpp.receipt import Report, id_forms, looks_like_receipt, parse, write

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
        Report("A1", "UNDELIV", "undelivered", "000"),
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
        Report("1", "UNDELIV", "undelivered", "11"),
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


FORMS = [
    ("the id itself comes first", "Ab12-x", "Ab12-x"),
    ("leading zeros lost in the response", "000012345", "12345"),
    ("leading zeros lost in the receipt: padded to ten", "12345", "0000012345"),
    ("lower case in the response", "ABC-9Z", "abc-9z"),
    ("upper case in the response", "abc-9z", "ABC-9Z"),
    ("hexadecimal in the response, decimal in the receipt", "3735928559", "deadbeef"),
    ("hexadecimal in capitals in the response", "3735928559", "DEADBEEF"),
    ("hexadecimal padded to eight in the response", "11259375", "00abcdef"),
    ("decimal in the response, hexadecimal in the receipt", "DEADBEEF", "3735928559"),
    ("decimal padded to ten in the response", "abcdef", "0011259375"),
]


@pytest.mark.parametrize(("sentence", "told", "answered"), FORMS, ids=[case[0] for case in FORMS])
def test_id_forms(sentence: str, told: str, answered: str) -> None:
    forms = id_forms(told)
    assert answered in forms
    assert forms[0] == told
    assert len(forms) == len(set(forms)) <= 25


@given(st.text(max_size=80))
def test_id_forms_of_anything(message_id: str) -> None:
    forms = id_forms(message_id)
    assert all(forms)
    assert (message_id in forms) == bool(message_id)
