"""Odd PDUs as carriers and ESMEs send them, and what a session of ours does with each at the three levels.

One table for the tests and for docs/reference/smpp.md.
"""

from __future__ import annotations

import struct

import msgspec

from tidings.smpp import pdus
from tidings.smpp.codec import Strictness, decode, encode
from tidings.smpp.framing import split_frames
from tidings.smpp.pdus import RESPONSE
from tidings.smpp.session import Answered, Ended, Role, Session, State, Timing

TAKEN = "taken"


class Odd(msgspec.Struct, frozen=True):
    """One PDU, and what becomes of it: `taken`, or what answers it."""

    sentence: str
    octets: bytes
    strict: str
    normal: str
    lenient: str
    role: Role = Role.SMSC
    """Which end of ours it comes to."""
    state: State = State.BOUND_TRX
    version: int = 0x34

    def expected(self, level: Strictness) -> str:
        """By level."""
        return (self.strict, self.normal, self.lenient)[level]


def frame(command_id: int, body: bytes, status: int = 0, sequence: int = 9) -> bytes:
    """A PDU with a true command_length."""
    return struct.pack(">4I", 16 + len(body), command_id, status, sequence) + body


def sm(
    text: bytes = b"hi", *, source: bytes = b"123", ton: int = 1, npi: int = 1, esm: int = 0, coding: int = 0,
    schedule: bytes = b"", validity: bytes = b"", length: int | None = None, tail: bytes = b"",
) -> bytes:  # fmt: skip
    """The body of a submit_sm."""
    head = b"\0" + bytes((ton, npi)) + source + b"\0\1\x01456\0" + bytes((esm, 0, 0))
    times = schedule + b"\0" + validity + b"\0"
    return head + times + bytes((1, 0, coding, 0, len(text) if length is None else length)) + text + tail


def odd(sentence: str, octets: bytes, strict: str = TAKEN, normal: str = TAKEN, lenient: str = TAKEN) -> Odd:
    """A PDU that comes to a bound SMSC."""
    return Odd(sentence, octets, strict, normal, lenient)


def answer(sentence: str, octets: bytes) -> Odd:
    """A response that comes to a bound ESME; it cannot be answered, so it is read as well as can be."""
    return Odd(sentence, octets, TAKEN, TAKEN, TAKEN, Role.ESME)


def bind(sentence: str, body: bytes, strict: str) -> Odd:
    """A bind."""
    return Odd(sentence, frame(9, body), strict, TAKEN, TAKEN, Role.SMSC, State.OPEN)


SUBMIT, MULTI, BROADCAST, RESP = 0x04, 0x21, 0x111, 0x80000004
NACK_UNKNOWN = "generic_nack 0x03"
CLOSED = "generic_nack 0x02, closed"
LOGIN = b"\x34\0\0"
MULTI_TAIL = b"\0\0\0\0\0\0\0\0\0\0"

CASES = [
    odd("a vendor's TLV", frame(SUBMIT, sm(tail=b"\x14\0\0\2ab"))),
    odd("a TLV that no table knows", frame(SUBMIT, sm(tail=b"\x99\x99\0\1a"))),
    odd("a TLV of 5.0 in a session of 3.4", frame(SUBMIT, sm(tail=b"\x06\x0b\0\3\0ab"))),
    odd("a TLV where it has no place", frame(SUBMIT, sm(tail=b"\x04\x27\0\1\2")), "0xC1"),
    odd("a TLV of another size than written", frame(SUBMIT, sm(tail=b"\x02\x04\0\1\1")), "0xC2"),
    odd("the same TLV twice", frame(SUBMIT, sm(tail=b"\x02\x04\0\2\0\1" * 2)), "0xC1"),
    odd("a TLV longer than its PDU", frame(SUBMIT, sm(tail=b"\x14\0\0\x10abc")), "0xC2", "0xC2"),
    odd("half the head of a TLV", frame(SUBMIT, sm(tail=b"\x14\0\0")), "0xC0", "0xC0"),
    odd("more than 512 TLVs", frame(SUBMIT, sm(tail=b"\x14\0\0\0" * 513)), "0xC0", "0xC0"),
    odd("sm_length beyond the PDU", frame(SUBMIT, sm(length=200)), "0x01", "0x01"),
    odd("sm_length short of the text", frame(SUBMIT, sm(b"hi there", length=2)), "0xC2", "0xC2"),
    odd("message_payload with sm_length 0", frame(SUBMIT, sm(b"", tail=b"\x04\x24\0\2hi"))),
    odd("message_payload beside a short_message", frame(SUBMIT, sm(tail=b"\x04\x24\0\2ho")), "0xC1"),
    odd("data_coding 0xF0", frame(SUBMIT, sm(coding=0xF0))),
    odd("data_coding 0xF5", frame(SUBMIT, sm(coding=0xF5))),
    odd("data_coding 0x0B, which is reserved", frame(SUBMIT, sm(coding=0x0B))),
    odd("octets above 0x7F with data_coding 0", frame(SUBMIT, sm(b"\xe4\xff\0"))),
    odd("binary with data_coding 4", frame(SUBMIT, sm(bytes(range(200)), coding=4))),
    odd("source_addr of 30 octets", frame(SUBMIT, sm(source=b"1" * 30)), "0x0A"),
    odd("source_addr of 300 octets", frame(SUBMIT, sm(source=b"1" * 300)), "0x0A", "0x0A"),
    odd("source_addr that is not ASCII", frame(SUBMIT, sm(source=b"B\xe4r"))),
    odd("type of number 7, which is reserved", frame(SUBMIT, sm(ton=7))),
    odd("numbering plan 7, which is reserved", frame(SUBMIT, sm(npi=7))),
    odd("esm_class 0x24", frame(SUBMIT, sm(esm=0x24))),
    odd("validity_period that is no time", frame(SUBMIT, sm(validity=b"tomorrow")), "0x62", "0x62"),
    odd("schedule_delivery_time that is no time", frame(SUBMIT, sm(schedule=b"260101")), "0x61", "0x61"),
    odd("a body that ends after the destination", frame(SUBMIT, sm()[:14]), "0x02", "0x02", "0x02"),
    odd("no body", frame(SUBMIT, b""), "0x15", "0x15", "0x15"),
    odd("sequence_number 0", frame(SUBMIT, sm(), sequence=0)),
    odd("a command_status in a request", frame(SUBMIT, sm(), status=0x08)),
    odd("submit_multi to nobody", frame(MULTI, b"\0\0\0\0\0" + MULTI_TAIL), "0x33", "0x33", "0x33"),
    odd("submit_multi with dest_flag 3", frame(MULTI, b"\0\0\0\0\1\3x\0" + MULTI_TAIL), "0x40", "0x40", "0x40"),
    odd("enquire_link with a body", frame(0x15, b"\x14\0\0\0"), "0x00", "0x00", "0x00"),
    odd("a command that nobody knows", frame(0x222, b"abc"), NACK_UNKNOWN, NACK_UNKNOWN, NACK_UNKNOWN),
    odd("broadcast_sm in a session of 3.4", frame(BROADCAST, b"\0" * 11), NACK_UNKNOWN, NACK_UNKNOWN, NACK_UNKNOWN),
    Odd("broadcast_sm without an area", frame(BROADCAST, b"\0" * 11), "0xC3", TAKEN, TAKEN, version=0x50),
    odd("command_length 8", b"\0\0\0\x08\0\0\0\x04\0\0\0\0\0\0\0\x09", CLOSED, CLOSED, CLOSED),
    odd("command_length of 4 gigabytes", b"\xff\xff\xff\xff\0\0\0\x04\0\0\0\0\0\0\0\x09", CLOSED, CLOSED, CLOSED),
    bind("a bind with a password of 20 octets", b"esme\0" + b"p" * 20 + b"\0\0" + LOGIN + b"\0", "0x0E"),
    bind("a bind that lacks its last NUL", b"esme\0secret\0\0" + LOGIN + b"123", "0x0D"),
    bind("a bind without address_range", b"esme\0secret\0\0" + LOGIN, "0x0D"),
    answer("a vendor's status without body", frame(RESP, b"", 0x400, 2)),
    answer("success without message_id", frame(RESP, b"", 0, 2)),
    answer("message_id without NUL", frame(RESP, b"abc", 0, 2)),
    answer("message_id of 100 octets", frame(RESP, b"a" * 100 + b"\0", 0, 2)),
    answer("a response whose TLV is longer than the PDU", frame(RESP, b"a\0\x14\0\0\x10abc", 0, 2)),
    Odd("deliver_sm on a transmitter", frame(0x05, sm()), "0x04", TAKEN, TAKEN, Role.ESME, State.BOUND_TX),
]  # fmt: skip


def outcome(case: Odd, level: Strictness) -> str:
    """What a session of ours does with it; afterwards it must still live, unless it is closed."""
    session = ready(case, level)
    events = session.receive(case.octets, 1)
    frames, _, _ = split_frames(b"".join(session.take_out()), 70_000)
    answers = [decode(one) for one in frames]
    if any(isinstance(event, Ended) for event in events):
        (nack,) = answers
        return f"generic_nack 0x{nack.command_status:02X}, closed"  # type: ignore[union-attr]
    if case.state is not State.OPEN:
        session.receive(encode(pdus.EnquireLink(sequence_number=77)), 1)
        (alive,) = session.take_out()
        assert decode(alive) == pdus.EnquireLinkResp(sequence_number=77), "the session lives"
    if answers:
        (one,) = answers
        name = "generic_nack " if one.command_id == pdus.GenericNack.command_id else ""
        return f"{name}0x{one.command_status:02X}"  # type: ignore[union-attr]
    (event,) = events
    assert isinstance(event, Answered) or event.command_id == int.from_bytes(case.octets[4:8], "big")  # type: ignore[union-attr]
    return TAKEN


def ready(case: Odd, level: Strictness) -> Session:
    """The session it comes to, a request of ours under way."""
    session = Session(case.role, Timing(strictness=level), 0)
    if case.state is State.OPEN:
        return session
    command_id = {State.BOUND_TX: 2, State.BOUND_RX: 1, State.BOUND_TRX: 9}[case.state]
    if case.role is Role.SMSC:
        (asked,) = session.receive(encode(pdus.Bind(command_id, interface_version=case.version, sequence_number=1)), 0)
        session.answer_bind(asked, 0, "SMSC")  # type: ignore[arg-type]
    else:
        session.bind(pdus.Bind(command_id, interface_version=case.version), 0)
        session.receive(encode(pdus.BindResp(command_id | RESPONSE, sequence_number=1)), 0)
        session.request(pdus.SubmitSm(), "token", 0)
    session.take_out()
    return session
