"""The tables of PDUs and TLVs: the nouns are those of the table, and what is written out by hand is no other."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.smpp import pdus, tlvs
from tidings.smpp.bodies import TLVS_MOST, decode_body, encode_body
from tidings.smpp.codec import DECODERS, EncodeError, Strictness, decode, encode
from tidings.smpp.faults import Fault
from tidings.smpp.fields import COMMANDS, LAYOUTS, Kind, noun
from tidings.smpp.pdus import RESPONSE, Malformed
from tidings.smpp.status import classify

ENDS = ["tlvs", "sequence_number", "command_status"]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_a_noun_has_the_fields_of_the_table_in_its_order(command: Any) -> None:
    names = [field.name for field in msgspec.structs.fields(noun(command))]
    response = bool(command.id & RESPONSE)
    several = ["command_id"] if noun(command) in (pdus.Bind, pdus.BindResp) else []
    assert names == [*several, *(field.name for field in command.fields), *(ENDS if response else ENDS[:2])]
    if not several:
        assert noun(command).command_id == command.id


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_a_command_makes_sense(command: Any) -> None:
    if command.id & RESPONSE:
        assert command.answer is None
    elif command.answer:
        answer = COMMANDS[command.id | RESPONSE]
        assert answer.name == command.answer == f"{command.name}_resp"
        assert set(answer.sent_by) == {{"esme": "smsc", "smsc": "esme"}[end] for end in command.sent_by}
    assert all(classify(field.fault).name for field in command.fields)
    assert [field.last for field in command.fields[:-1]] == [False] * max(0, len(command.fields) - 1)


def test_tags_and_names_are_told_once() -> None:
    assert set(Counter(one.name for one in tlvs.PARAMETERS.values()).values()) == {1}
    assert len(tlvs.PARAMETERS) == len(tlvs.BY_NAME) == 64


def test_the_tags_that_have_a_name_in_the_code_are_those_of_the_table() -> None:
    named = {name.lower(): tag for name, tag in vars(pdus).items() if name.lower() in tlvs.BY_NAME}
    assert len(named) >= 10
    assert named == {name: tlvs.BY_NAME[name].tag for name in named}


# The hot path against the table.

HOT = [pdus.SubmitSm, pdus.DeliverSm, pdus.SubmitSmResp, pdus.DeliverSmResp, pdus.DataSmResp]
# Bodies that are nearly sound, so that every branch is reached: strings of any length, times, cut ends.
string = st.binary(max_size=30).map(lambda octets: octets.replace(b"\0", b"x")) | st.just(b"1" * 270)
time = st.sampled_from([b"", b"000001000000000R", b"260101120000048-", b"tomorrow", b"9" * 20])
octet = st.integers(0, 255).map(lambda value: bytes((value,)))
parts = [
    string, st.just(b"\0"), octet, octet, string, st.just(b"\0"), octet, octet, string, st.just(b"\0"),
    octet, octet, octet, time, st.just(b"\0"), time, st.just(b"\0"), octet, octet, octet, octet,
    st.binary(max_size=20).map(lambda octets: bytes((len(octets),)) + octets) | st.just(b"\xffcut"),
    st.lists(st.binary(max_size=9).map(lambda octets: b"\4\x24\0" + bytes((len(octets),)) + octets)).map(b"".join),
]  # fmt: skip


@given(
    st.sampled_from(HOT),
    st.tuples(*parts).map(b"".join),
    st.integers(0, 40),
    st.sampled_from(list(Strictness)),
    st.sampled_from([0, 0x58]),
)
def test_what_is_written_out_by_hand_reads_as_the_table_does(
    make: Any, body: bytes, cut: int, strictness: Strictness, status: int
) -> None:
    body = body[: len(body) - cut] if cut < 20 else body
    frame = (16 + len(body)).to_bytes(4, "big") + make.command_id.to_bytes(4, "big") + status.to_bytes(4, "big")
    frame += b"\0\0\0\7" + body
    try:
        expected = decode_body(make, frame, status, 7, strictness)
        if strictness is Strictness.STRICT and not make.command_id & RESPONSE:
            fault = tlvs.judge(make.command_id, expected.tlvs, getattr(expected, "short_message", b""))
            expected = Malformed(make.command_id, 7, fault) if fault else expected
    except Fault as fault:
        expected = Malformed(make.command_id, 7, fault.args[0])
    assert decode(frame, strictness) == expected
    # As it comes: among others in one read, whose octets it must neither miss nor take.
    decoder, noun_of = DECODERS[make.command_id]
    read = b"0\0" + frame + b"\0" * 30
    at = (2, 2 + len(frame))
    assert decoder(noun_of, read, str(read, "latin-1"), *at, status, 7, strictness) == expected
    if not isinstance(expected, Malformed) and not (status and make.command_id & RESPONSE):
        assert encode(expected) == encode_body(expected)


def test_a_refusal_without_anything_to_say_has_no_body_unless_it_is_of_deliver_sm() -> None:
    """The one place where the hand differs from the table (sections 4.4.2 and 4.6.2)."""
    for make in HOT[2:]:
        pdu = make(command_status=0x58)
        assert len(encode(pdu)) == (17 if make is pdus.DeliverSmResp else 16)
        assert decode(encode(pdu)) == pdu


# TLVs by name.

READ = [
    ("a number", ("user_message_reference", b"\1\2"), 258),
    ("a number of another size than written", ("user_message_reference", b"\2"), 2),
    ("a string ends at its NUL", ("receipted_message_id", b"ab\0"), "ab"),
    ("a string without NUL", ("receipted_message_id", b"ab"), "ab"),
    ("an empty string", ("receipted_message_id", b""), ""),
    ("octets", ("network_error_code", b"\3\0\1"), b"\3\0\1"),
]


@pytest.mark.parametrize(("sentence", "given", "expected"), READ, ids=[case[0] for case in READ])
def test_a_tlv_is_read_by_its_name(sentence: str, given: tuple[str, bytes], expected: Any) -> None:
    name, octets = given
    assert tlvs.read(((0x1400, b"x"), (tlvs.BY_NAME[name].tag, octets)), name) == expected
    assert tlvs.read(((0x1400, b"x"),), name) is None


WRITE = [
    ("a number", "user_message_reference", 258, b"\1\2"),
    ("an octet", "congestion_state", 95, b"\x5f"),
    ("a string", "receipted_message_id", "ab", b"ab\0"),
    ("octets", "broadcast_area_identifier", b"\0PARS", b"\0PARS"),
    ("a number too great", "congestion_state", 256, None),
    ("a number below 0", "congestion_state", -1, None),
    ("a string too long", "receipted_message_id", "a" * 65, None),
    ("a string with NUL", "receipted_message_id", "a\0b", None),
    ("a string outside Latin-1", "receipted_message_id", "€", None),
    ("octets too few", "network_error_code", b"\1\2", None),
    ("a string where a number belongs", "congestion_state", "95", None),
]


@pytest.mark.parametrize(("sentence", "name", "given", "expected"), WRITE, ids=[case[0] for case in WRITE])
def test_a_tlv_is_written_by_its_name(sentence: str, name: str, given: Any, expected: bytes | None) -> None:
    if expected is None:
        with pytest.raises(EncodeError, match=r"octets|characters|NUL|codec|fit|takes"):
            tlvs.write(name, given)
    else:
        assert tlvs.write(name, given) == (tlvs.BY_NAME[name].tag, expected)
        assert tlvs.read((tlvs.write(name, given),), name) == given


def test_a_name_no_table_knows_is_an_error_and_a_tag_is_shown_as_it_is() -> None:
    with pytest.raises(KeyError):
        tlvs.read((), "colour")
    assert (tlvs.name_of(0x0424), tlvs.name_of(0x1400)) == ("message_payload", "0x1400")


SUBMIT, BROADCAST = pdus.SubmitSm.command_id, pdus.BroadcastSm.command_id
AREA, CONTENT, REPEAT, EVERY = (0x0606, b"\0P"), (0x0601, b"\1\0\0"), (0x0604, b"\0\1"), (0x0605, b"\x09\0\1")
JUDGED = [
    ("nothing", SUBMIT, (), b"hi", 0),
    ("a reference", SUBMIT, ((0x0204, b"\0\1"),), b"hi", 0),
    ("a reference of one octet", SUBMIT, ((0x0204, b"\1"),), b"hi", 0xC2),
    ("a string without NUL", pdus.DeliverSm.command_id, ((0x001E, b"ab"),), b"hi", 0xC2),
    ("a state in a submit_sm", SUBMIT, ((0x0427, b"\2"),), b"hi", 0xC1),
    ("a reference twice", SUBMIT, ((0x0204, b"\0\1"), (0x0204, b"\0\1")), b"hi", 0xC1),
    ("two numbers to call back", SUBMIT, ((0x0381, b"\1\1\x011"), (0x0381, b"\1\1\x012")), b"hi", 0),
    ("the vendor's own, twice", SUBMIT, ((0x1400, b""), (0x1400, b"x")), b"hi", 0),
    ("a payload and a short_message", SUBMIT, ((0x0424, b"ho"),), b"hi", 0xC1),
    ("a payload alone", SUBMIT, ((0x0424, b"ho"),), b"", 0),
    ("a broadcast", BROADCAST, (AREA, AREA, CONTENT, REPEAT, EVERY), b"", 0),
    ("a broadcast to nowhere", BROADCAST, (CONTENT, REPEAT, EVERY), b"", 0xC3),
]


@pytest.mark.parametrize(("sentence", "command_id", "given", "text", "fault"), JUDGED, ids=[case[0] for case in JUDGED])
def test_the_strict_level_judges_tlvs(sentence: str, command_id: int, given: Any, text: bytes, fault: int) -> None:
    assert tlvs.judge(command_id, given, text) == fault


def test_a_pdu_does_not_fill_memory_with_empty_tlvs() -> None:
    frame = encode(pdus.Raw(SUBMIT, encode(pdus.SubmitSm())[16:] + b"\x14\0\0\0" * (TLVS_MOST + 1)))
    assert decode(frame) == Malformed(SUBMIT, 0, 0xC0)
    read = decode(frame, Strictness.LENIENT)
    assert isinstance(read, pdus.SubmitSm)
    assert len(read.tlvs) == TLVS_MOST
    with pytest.raises(EncodeError):
        encode(pdus.SubmitSm(tlvs=((0x1400, b""),) * (TLVS_MOST + 1)))


def test_every_kind_of_field_of_the_table_is_known() -> None:
    assert {field.kind for fields in LAYOUTS.values() for field in fields} == set(Kind)
