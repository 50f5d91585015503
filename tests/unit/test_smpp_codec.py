"""PDUs to octets and back: golden PDUs by field, the odd ones that carriers send, and any octets at all."""

from __future__ import annotations

import struct
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidings.smpp import pdus
from tidings.smpp.codec import EncodeError, Strictness, decode, encode
from tidings.smpp.fields import LAYOUTS
from tidings.smpp.framing import split_frames
from tidings.smpp.pdus import Malformed, Raw

STRICT, NORMAL, LENIENT = Strictness


def octets(text: str) -> bytes:
    """Hexadecimal digits with a comment after `#` on each line."""
    return bytes.fromhex("".join(line.split("#")[0] for line in text.splitlines()))


GOLDEN = {
    "bind_transceiver as an ESME opens": (
        """
        00000028             # command_length 40
        00000009             # command_id bind_transceiver
        00000000             # command_status
        00000001             # sequence_number 1
        74 69 64 69 6e 67 73 00  # system_id "tidings"
        73 65 63 72 65 74 00     # password "secret"
        56 4d 41 00              # system_type "VMA"
        34                   # interface_version 3.4
        01 01                # addr_ton, addr_npi
        2b 00                # address_range "+"
        """,
        pdus.Bind(
            command_id=pdus.BIND_TRANSCEIVER,
            system_id="tidings",
            password="secret",
            system_type="VMA",
            addr_ton=1,
            addr_npi=1,
            address_range="+",
            sequence_number=1,
        ),
    ),
    "bind_transceiver_resp with sc_interface_version": (
        """
        0000001a 80000009 00000000 00000001
        53 4d 53 43 00       # system_id "SMSC"
        0210 0001 34         # sc_interface_version 3.4
        """,
        pdus.BindResp(system_id="SMSC", tlvs=((0x0210, b"\x34"),), sequence_number=1),
    ),
    "submit_sm with a name for sender and a relative validity": (
        """
        00000047 00000004 00000000 00000002
        00                   # service_type
        05 00 54 69 64 69 6e 67 73 00                    # source: alphanumeric "Tidings"
        01 01 34 39 31 35 31 31 32 33 34 35 36 37 38 00  # destination: international 4915112345678
        00 00 00             # esm_class, protocol_id, priority_flag
        00                   # schedule_delivery_time
        30 30 30 30 30 31 30 30 30 30 30 30 30 30 30 52 00  # validity_period one day
        01 00 00 00          # registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
        02 48 69             # sm_length, short_message "Hi"
        """,
        pdus.SubmitSm(
            source_addr_ton=5,
            source_addr="Tidings",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="4915112345678",
            validity_period="000001000000000R",
            registered_delivery=1,
            short_message=b"Hi",
            sequence_number=2,
        ),
    ),
    "submit_sm, second of three parts in UCS-2": (
        """
        00000032 00000004 00000000 7fffffff
        00
        03 00 31 32 33 34 35 00  # source: short code 12345
        01 01 31 35 35 35 00     # destination
        40 00 00 00 00       # esm_class UDHI, protocol_id, priority_flag, no times
        01 00 08 00          # registered_delivery, replace, data_coding UCS-2, default
        08                   # sm_length
        05 00 03 2a 03 02    # UDH: part 2 of 3, reference 42
        20 ac                # EURO SIGN
        """,
        pdus.SubmitSm(
            source_addr_ton=3,
            source_addr="12345",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="1555",
            esm_class=0x40,
            registered_delivery=1,
            data_coding=8,
            short_message=b"\x05\x00\x03\x2a\x03\x02\x20\xac",
            sequence_number=0x7FFFFFFF,
        ),
    ),
    "submit_sm_resp": (
        "00000015 80000004 00000000 00000002 61 62 63 31 00  # message_id abc1",
        pdus.SubmitSmResp("abc1", sequence_number=2),
    ),
    "submit_sm_resp that refuses, without a body": (
        "00000010 80000004 00000058 00000003  # ESME_RTHROTTLED",
        pdus.SubmitSmResp(sequence_number=3, command_status=0x58),
    ),
    "deliver_sm with a receipt's TLVs": (
        """
        00000037 00000005 00000000 00000009
        00
        01 01 31 35 35 35 00     # source: the handset
        01 01 31 32 33 00        # destination
        04 00 00 00 00       # esm_class receipt
        00 00 00 00          # registered_delivery, replace, data_coding, default
        03 69 64 3a          # sm_length 3, "id:"
        001e 0003 41 31 00   # receipted_message_id "A1"
        0427 0001 02         # message_state DELIVERED
        """,
        pdus.DeliverSm(
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="1555",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="123",
            esm_class=4,
            short_message=b"id:",
            tlvs=((0x001E, b"A1\0"), (0x0427, b"\x02")),
            sequence_number=9,
        ),
    ),
    "deliver_sm_resp": (
        "00000011 80000005 00000000 00000009 00  # message_id unused",
        pdus.DeliverSmResp(sequence_number=9),
    ),
    "deliver_sm_resp that refuses keeps its body": (
        "00000011 80000005 00000064 00000009 00  # ESME_RX_T_APPN",
        pdus.DeliverSmResp(sequence_number=9, command_status=0x64),
    ),
    "data_sm with message_payload": (
        """
        00000027 00000103 00000000 00000004
        00                   # service_type
        01 01 31 31 00       # source
        01 01 32 32 00       # destination
        00 01 08             # esm_class, registered_delivery, data_coding
        0424 0005 00 48 00 69 21   # message_payload
        """,
        pdus.DataSm(
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="11",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="22",
            registered_delivery=1,
            data_coding=8,
            tlvs=((0x0424, b"\0H\0i!"),),
            sequence_number=4,
        ),
    ),
    "query_sm_resp": (
        """
        00000025 80000003 00000000 00000005
        61 00                # message_id
        32 36 30 31 30 31 31 32 30 30 30 30 30 30 30 2b 00  # final_date
        02 00                # message_state DELIVERED, error_code
        """,
        pdus.QuerySmResp("a", "260101120000000+", 2, 0, sequence_number=5),
    ),
    "enquire_link": ("00000010 00000015 00000000 00000007", pdus.EnquireLink(sequence_number=7)),
    "unbind_resp": ("00000010 80000006 00000000 00000008", pdus.UnbindResp(sequence_number=8)),
    "generic_nack": (
        "00000010 80000000 00000003 00000000",
        pdus.GenericNack(command_status=3),
    ),
    "outbind": ("00000014 0000000b 00000000 00000001 61 00 62 00", pdus.Outbind("a", "b", sequence_number=1)),
    "alert_notification": (
        "00000018 00000102 00000000 00000001 01 01 31 00 01 01 32 00",
        pdus.AlertNotification(1, 1, "1", 1, 1, "2", sequence_number=1),
    ),
    "a command of SMPP 5.0 survives as it is": (
        "00000013 00000111 00000000 0000000a 61 62 63",
        Raw(0x111, b"abc", 10),
    ),
}


@pytest.mark.parametrize("case", GOLDEN, ids=list(GOLDEN))
def test_golden(case: str) -> None:
    text, pdu = GOLDEN[case]
    assert encode(pdu).hex(" ") == octets(text).hex(" ")
    for strictness in Strictness:
        assert decode(octets(text), strictness) == pdu


# The odd PDUs that carriers and ESMEs send.


def frame(command_id: int, body: bytes, status: int = 0, sequence: int = 1) -> bytes:
    return struct.pack(">4I", 16 + len(body), command_id, status, sequence) + body


def sm(
    message: bytes = b"hi",
    *,
    source: bytes = b"123",
    ton_npi: bytes = b"\1\1",
    esm: int = 0,
    coding: int = 0,
    validity: bytes = b"",
    length: int | None = None,
    tail: bytes = b"",
) -> bytes:
    head = b"\0" + ton_npi + source + b"\0\1\x01456\0" + bytes((esm, 0, 0)) + b"\0" + validity + b"\0"
    return head + bytes((1, 0, coding, 0, len(message) if length is None else length)) + message + tail


SUBMIT, RESP = 0x04, 0x80000004
TLV_TOO_LONG = b"\x14\x00\x00\x10abc"
ODD: list[tuple[str, bytes, Strictness, dict[str, Any] | int]] = [
    ("a vendor's TLV is kept raw", sm(tail=b"\x14\x00\x00\x02ab"), STRICT, {"tlvs": ((0x1400, b"ab"),)}),
    ("a TLV of 5.0 is kept raw", sm(tail=b"\x04\x28\x00\x01\x32"), STRICT, {"tlvs": ((0x0428, b"2"),)}),
    ("a TLV without value", sm(tail=b"\x13\x0c\x00\x00"), STRICT, {"tlvs": ((0x130C, b""),)}),
    ("a TLV longer than the PDU", sm(tail=TLV_TOO_LONG), NORMAL, 0xC2),
    ("a TLV longer than the PDU, forgiven", sm(tail=TLV_TOO_LONG), LENIENT, {"tlvs": (), "short_message": b"hi"}),
    ("half a TLV header", sm(tail=b"\x14\x00\x00"), NORMAL, 0xC0),
    ("sm_length beyond the PDU", sm(length=200), NORMAL, 0x01),
    ("sm_length beyond the PDU, forgiven", sm(length=200), LENIENT, {"short_message": b"hi"}),
    (
        "message_payload with sm_length 0",
        sm(b"", tail=b"\x04\x24\x00\x02hi"),
        STRICT,
        {"short_message": b"", "tlvs": ((0x0424, b"hi"),)},
    ),
    ("data_coding 0xF0", sm(coding=0xF0), STRICT, {"data_coding": 0xF0}),
    ("data_coding 0xF5", sm(coding=0xF5), STRICT, {"data_coding": 0xF5}),
    ("data_coding 0x0B, reserved", sm(coding=0x0B), STRICT, {"data_coding": 0x0B}),
    ("octets above 0x7F with data_coding 0", sm(b"\xe4\xff\0"), STRICT, {"short_message": b"\xe4\xff\0"}),
    ("binary with data_coding 4", sm(bytes(range(200)), coding=4), STRICT, {"short_message": bytes(range(200))}),
    ("a source address of 30", sm(source=b"1" * 30), NORMAL, {"source_addr": "1" * 30}),
    ("a source address of 30, by the book", sm(source=b"1" * 30), STRICT, 0x0A),
    ("a source address of 20 still fits the book", sm(source=b"1" * 20), STRICT, {"source_addr": "1" * 20}),
    ("a source address of 21 does not", sm(source=b"1" * 21), STRICT, 0x0A),
    ("a source address that is not ASCII keeps its octets", sm(source=b"B\xe4r"), NORMAL, {"source_addr": "B\xe4r"}),
    ("reserved TON and NPI 7", sm(ton_npi=b"\7\7"), STRICT, {"source_addr_ton": 7, "source_addr_npi": 7}),
    ("esm_class 0x24", sm(esm=0x24), STRICT, {"esm_class": 0x24}),
    ("a validity that is none", sm(validity=b"tomorrow"), NORMAL, 0x62),
    ("a validity that is none, forgiven", sm(validity=b"tomorrow"), LENIENT, {"validity_period": "tomorrow"}),
    ("a validity with 49 quarters", sm(validity=b"260101120000049+"), NORMAL, 0x62),
    ("a validity in absolute time", sm(validity=b"260101120000048-"), STRICT, {"validity_period": "260101120000048-"}),
    ("no octets after the destination", sm()[:14], NORMAL, 0x02),
    ("no destination", b"\0\1\x01123\0\1\x01", NORMAL, 0x0B),
    ("no body at all", b"", NORMAL, 0x15),
    ("service_type without end", b"x" * 300, NORMAL, 0x15),
]


@pytest.mark.parametrize(("sentence", "body", "strictness", "expected"), ODD, ids=[case[0] for case in ODD])
def test_odd_submit(sentence: str, body: bytes, strictness: Strictness, expected: dict[str, Any] | int) -> None:
    for command_id in (SUBMIT, 0x05):
        pdu = decode(frame(command_id, body, sequence=77), strictness)
        if isinstance(expected, int):
            assert pdu == Malformed(command_id, 77, expected)
        else:
            assert {name: getattr(pdu, name) for name in expected} == expected


ODD_RESPONSES = [
    ("a vendor's status without body", frame(RESP, b"", 0x400), pdus.SubmitSmResp("", (), 1, 0x400)),
    ("success without message_id", frame(RESP, b""), pdus.SubmitSmResp("", (), 1, 0)),
    ("message_id without NUL", frame(RESP, b"abc"), pdus.SubmitSmResp("abc", (), 1, 0)),
    ("message_id of 100 octets", frame(RESP, b"a" * 100 + b"\0"), pdus.SubmitSmResp("a" * 100, (), 1, 0)),
    ("a response with broken TLVs", frame(RESP, b"a\0" + TLV_TOO_LONG), pdus.SubmitSmResp("a", (), 1, 0)),
    ("bind_resp without body", frame(0x80000009, b"", 0x0E), pdus.BindResp(0x80000009, "", (), 1, 0x0E)),
    ("bind_resp without its NUL", frame(0x80000009, b"SMSC"), pdus.BindResp(0x80000009, "SMSC", (), 1, 0)),
    ("a bind_resp without sc_interface_version", frame(0x80000009, b"S\0"), pdus.BindResp(0x80000009, "S", (), 1, 0)),
    ("enquire_link with a body", frame(0x15, b"\x14\x00\x00\x00"), pdus.EnquireLink(((0x1400, b""),), 1)),
]


@pytest.mark.parametrize(("sentence", "data", "expected"), ODD_RESPONSES, ids=[case[0] for case in ODD_RESPONSES])
def test_odd_response(sentence: str, data: bytes, expected: Any) -> None:
    assert decode(data) == expected


BIND = b"tidings\0" + b"a-password-of-24-octets.\0" + b"\0" + b"\x34\0\0"
ODD_BINDS = [
    ("a password longer than 8 is taken whole", BIND + b"\0", NORMAL, "a-password-of-24-octets."),
    ("a password longer than 8, by the book", BIND + b"\0", STRICT, 0x0E),
    ("a bind lacking its last NUL", BIND, NORMAL, "a-password-of-24-octets."),
    ("a bind lacking its last NUL, by the book", BIND.replace(b"a-password-of-24-octets.", b"x"), STRICT, 0x0D),
    ("a bind that ends in the password", b"tidings\0secret", NORMAL, 0x0E),
    ("a bind that ends before interface_version", b"tidings\0secret\0\0", NORMAL, 0x02),
]


@pytest.mark.parametrize(("sentence", "body", "strictness", "expected"), ODD_BINDS, ids=[case[0] for case in ODD_BINDS])
def test_odd_bind(sentence: str, body: bytes, strictness: Strictness, expected: str | int) -> None:
    pdu = decode(frame(9, body), strictness)
    if isinstance(expected, int):
        assert pdu == Malformed(9, 1, expected)
    else:
        assert isinstance(pdu, pdus.Bind)
        assert pdu.password == expected


CANNOT = [
    ("an address with NUL", pdus.SubmitSm(source_addr="1\0002")),
    ("a service type with NUL", pdus.SubmitSm(service_type="\0")),
    ("a sender outside Latin-1", pdus.SubmitSm(source_addr="Fødevare€")),
    ("a text of 256 octets", pdus.SubmitSm(short_message=b"x" * 256)),
    ("a TON of 256", pdus.SubmitSm(source_addr_ton=256)),
    ("a TLV of 65536 octets", pdus.SubmitSm(tlvs=((1, b"x" * 65536),))),
    ("a password with NUL", pdus.Bind(password="a\0b")),
    ("a negative sequence_number", pdus.EnquireLink(sequence_number=-1)),
]


@pytest.mark.parametrize(("sentence", "pdu"), CANNOT, ids=[case[0] for case in CANNOT])
def test_what_cannot_be_expressed_is_refused(sentence: str, pdu: Any) -> None:
    with pytest.raises(EncodeError):
        encode(pdu)


def test_a_text_of_255_octets_is_carried() -> None:
    pdu = pdus.SubmitSm(short_message=b"x" * 255)
    assert decode(encode(pdu)) == pdu


# Framing.

ONE, TWO = encode(pdus.EnquireLink(sequence_number=1)), encode(pdus.SubmitSmResp("x", sequence_number=2))
FRAMING = [
    ("two whole frames", ONE + TWO, ([ONE, TWO], 34, None)),
    ("a frame and a half", ONE + TWO[:9], ([ONE], 16, None)),
    ("three octets", ONE[:3], ([], 0, None)),
    ("command_length 8 after a good frame", ONE + b"\0\0\0\x08" * 2, ([ONE], 16, 8)),
    ("command_length 15", b"\0\0\0\x0f" + ONE[4:], ([], 0, 15)),
    ("command_length above the limit, known from four octets", b"\0\0\x04\x01", ([], 0, 1025)),
    ("another protocol", b"GET / HTTP/1.1\r\n", ([], 0, 0x47455420)),
    ("nothing", b"", ([], 0, None)),
]


@pytest.mark.parametrize(("sentence", "data", "expected"), FRAMING, ids=[case[0] for case in FRAMING])
def test_framing(sentence: str, data: bytes, expected: Any) -> None:
    assert split_frames(data, 1024) == expected


# Anything at all.

text = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20)
octet = st.integers(0, 255)
moment = st.sampled_from(["", "000001000000000R", "260101120000048-"])
tlvs = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40)), max_size=3).map(tuple)
BY_NAME = {
    "short_message": st.binary(max_size=254),
    "tlvs": tlvs,
    "sequence_number": st.integers(0, 0x7FFFFFFF),
    "command_status": st.sampled_from([0, 0x58, 0x400]),
    "schedule_delivery_time": moment,
    "validity_period": moment,
    "final_date": moment,
}
BY_TYPE = {"str": text, "int": octet}
KINDS: list[Any] = [*LAYOUTS, pdus.SubmitSm, pdus.DeliverSm, pdus.SubmitSmResp, pdus.DeliverSmResp, pdus.DataSmResp]


def any_pdu(kind: Any) -> st.SearchStrategy[Any]:
    fields = {
        f.name: BY_NAME[f.name] if f.name in BY_NAME else BY_TYPE[f.type.__name__] for f in msgspec.structs.fields(kind)
    }
    if kind is pdus.Bind:
        fields["command_id"] = st.sampled_from([1, 2, 9])
    if kind is pdus.BindResp:
        fields["command_id"] = st.sampled_from([0x80000001, 0x80000002, 0x80000009])
    return st.builds(kind, **fields)


@given(st.sampled_from(KINDS).flatmap(any_pdu))
def test_what_is_encoded_is_decoded(pdu: Any) -> None:
    assert decode(encode(pdu)) == pdu


commands = st.sampled_from(
    [*(kind.command_id for kind in KINDS if not kind.__name__.startswith("Bind")), 9, 0x80000009]
)


@given(commands, st.binary(max_size=120), st.sampled_from(list(Strictness)))
@example(command_id=3, body=b"", strictness=STRICT)
def test_any_body_is_a_pdu_or_malformed(command_id: int, body: bytes, strictness: Strictness) -> None:
    pdu = decode(frame(command_id, body, sequence=5), strictness)
    assert pdu.command_id == command_id
    assert pdu.sequence_number == 5
    if isinstance(pdu, Malformed):
        assert pdu.command_status


@given(st.sampled_from(KINDS).flatmap(any_pdu), st.data())
def test_a_sound_pdu_with_some_octets_changed_never_raises(pdu: Any, data: st.DataObject) -> None:
    changed = bytearray(encode(pdu))
    for at in data.draw(st.lists(st.integers(4, len(changed) - 1), max_size=4)):
        changed[at] = data.draw(octet)
    for strictness in Strictness:
        decode(bytes(changed), strictness)


@given(st.binary(max_size=200), st.integers(16, 100))
def test_any_octets_are_cut_or_refused(data: bytes, limit: int) -> None:
    frames, taken, bad = split_frames(data, limit)
    assert b"".join(frames) == data[:taken]
    if bad is not None:
        assert not 16 <= bad <= limit
