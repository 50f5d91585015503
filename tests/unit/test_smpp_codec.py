"""PDUs to octets and back: the odd ones that carriers send, and any octets at all."""

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
from tidings.smpp.pdus import Malformed

STRICT, NORMAL, LENIENT = Strictness


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
    ("a TLV of 5.0 is kept raw", sm(tail=b"\x04\x28\x00\x01\x32"), NORMAL, {"tlvs": ((0x0428, b"2"),)}),
    ("a TLV without value", sm(tail=b"\x13\x0c\x00\x00"), NORMAL, {"tlvs": ((0x130C, b""),)}),
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
address = st.builds(pdus.SmeAddress, octet, octet, text)
BY_NAME |= {
    "dest_address": st.lists(address | st.builds(pdus.DistributionList, text), min_size=1, max_size=5).map(tuple),
    "unsuccess_sme": st.lists(
        st.builds(pdus.UnsuccessSme, octet, octet, text, st.integers(0, 0xFFFFFFFF)), max_size=5
    ).map(tuple),
}
BY_TYPE = {"str": text, "int": octet}
KINDS: list[Any] = list(LAYOUTS)


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
