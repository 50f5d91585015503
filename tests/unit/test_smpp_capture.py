"""Captures: what is written, what is left out, and what a replay makes of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.smpp import capture, pdus
from tidings.smpp.capture import BadCapture, Head, Record
from tidings.smpp.codec import EncodeError, Strictness, decode, encode
from tidings.smpp.pcap import packets
from tidings.smpp.redact import redact
from tidings.smpp.replay import Login, Player

HEAD = Head(side="esme", name="north", started_at_ms=1_000, redacted=True)
RECEIPT = (
    b"id:77 sub:001 dlvrd:001 submit date:2611280300 done date:2611280301 stat:DELIVRD err:000 text:Your code is 1"
)


# redaction


REDACTED: list[tuple[str, Any, dict[str, Any]]] = [
    ("a password is hidden at its length", pdus.Bind(password="secret12"), {"password": "********"}),
    ("that of an outbind too", pdus.Outbind(password="abc"), {"password": "***"}),
    ("a text becomes as many x", pdus.SubmitSm(short_message=b"Code 4711"), {"short_message": b"x" * 9}),
    ("a number keeps its first digit and its last four",
     pdus.SubmitSm(source_addr="447700900123", destination_addr="15551230100"),
     {"source_addr": "455555550123", "destination_addr": "15555550100"}),
    ("a plus stays", pdus.SubmitSm(destination_addr="+15551230100"), {"destination_addr": "+15555550100"}),
    ("short codes and names stay", pdus.SubmitSm(source_addr="72345", destination_addr="ACME"), {}),
    ("the header of a part stays", pdus.SubmitSm(esm_class=0x40, short_message=b"\x05\x00\x03\x01\x02\x01Hello"),
     {"short_message": b"\x05\x00\x03\x01\x02\x01xxxxx"}),
    ("UCS-2 stays UCS-2", pdus.SubmitSm(data_coding=8, short_message="Γεια".encode("utf-16-be")),
     {"short_message": b"\0x\0x\0x\0x"}),
    ("half a character too", pdus.SubmitSm(data_coding=8, short_message=b"\0a\0"), {"short_message": b"\0x\0"}),
    ("a payload is a text", pdus.DataSm(tlvs=((pdus.MESSAGE_PAYLOAD, b"Hi"), (pdus.USER_MESSAGE_REFERENCE, b"\0\1"))),
     {"tlvs": ((pdus.MESSAGE_PAYLOAD, b"xx"), (pdus.USER_MESSAGE_REFERENCE, b"\0\1"))}),
    ("a receipt keeps all but the text it quotes", pdus.DeliverSm(esm_class=4, short_message=RECEIPT),
     {"short_message": RECEIPT[:-14] + b"x" * 14}),
    ("the fields of a receipt stay, those of vendors do not",
     pdus.DeliverSm(esm_class=4, short_message=b"Stat:DELIVRD ID:77 imsi:2620101 Err: 0,to:15551230100|TEXT :a b"),
     {"short_message": b"Stat:DELIVRD ID:77 " + b"x" * 12 + b" Err: 0" + b"x" * 16 + b"TEXT :xxx"}),
    ("a receipt that is none is a text", pdus.DeliverSm(esm_class=4, short_message=b"Your code is 4711"),
     {"short_message": b"xxxx xxxx xx xxxx"}),
    ("a receipt in UCS-2 too", pdus.DeliverSm(esm_class=4, data_coding=8,
                                              short_message="id:7 stat:DELIVRD text:Γεια 1".encode("utf-16-be")),
     {"short_message": "id:7 stat:DELIVRD text:xxxxxx".encode("utf-16-be")}),
    ("a receipt in a payload", pdus.DataSm(esm_class=4, tlvs=((pdus.MESSAGE_PAYLOAD, b"id:7 text:Hi"),)),
     {"tlvs": ((pdus.MESSAGE_PAYLOAD, b"id:7 text:xx"),)}),
    ("what an ESME marks as a receipt is a text", pdus.SubmitSm(esm_class=4, short_message=b"id:7"),
     {"short_message": b"xxxx"}),
    ("a header that is none is text", pdus.SubmitSm(esm_class=0x40, short_message=b"Hello"),
     {"short_message": b"xxxxx"}),
    ("one whose elements do not fill it too", pdus.SubmitSm(esm_class=0x40, short_message=b"\x04Hi you"),
     {"short_message": b"xxxxxxx"}),
    ("an element of a header that may tell more is emptied",
     pdus.SubmitSm(esm_class=0x40, short_message=b"\x09\x22\x02Hi\x00\x03\x01\x02\x01You"),
     {"short_message": b"\x09\x22\x02\x00\x00\x00\x03\x01\x02\x01xxx"}),
    ("digits with something between them", pdus.SubmitSm(source_addr="+1 (555) 123-0100"),
     {"source_addr": "+1 (555) 555-0100"}),
    ("TLVs that hold numbers or texts",
     pdus.SubmitSm(tlvs=((0x0381, b"\x01\x01\x0115551230100"), (0x0202, b"\x8015551230100"), (0x0303, b"\0Ann"))),
     {"tlvs": ((0x0381, b"x" * 14), (0x0202, b"x" * 12), (0x0303, b"xxxx"))}),
    ("what an answer says in words", pdus.DataSmResp("7", ((0x001D, b"15551230100 is barred\0"), (0x0425, b"\1"))),
     {"tlvs": ((0x001D, b"x" * 21 + b"\0"), (0x0425, b"\1"))}),
    ("vendors' TLVs, and a number longer than any",
     pdus.DeliverSm(tlvs=((0x1400, b"Hello"), (0x0204, b"15551230100"), (0x0423, b"\3\0\1"), (0x001E, b"77\0"))),
     {"tlvs": ((0x1400, b"xxxxx"), (0x0204, b"x" * 11), (0x0423, b"\3\0\1"), (0x001E, b"77\0"))}),
    ("the text of a broadcast", pdus.BroadcastSm(tlvs=((pdus.MESSAGE_PAYLOAD, b"Storm"), (0x0606, b"\1area"))),
     {"tlvs": ((pdus.MESSAGE_PAYLOAD, b"xxxxx"), (0x0606, b"\1area"))}),
    ("whose handset is there again", pdus.AlertNotification(source_addr="15551230100", esme_addr="447700900123"),
     {"source_addr": "15555550100", "esme_addr": "455555550123"}),
    ("who was not taken", pdus.SubmitMultiResp("7", (pdus.UnsuccessSme(1, 1, "15551230100", 11),)),
     {"unsuccess_sme": (pdus.UnsuccessSme(1, 1, "15555550100", 11),)}),
    ("who is told of many numbers", pdus.SubmitMulti(dest_address=(pdus.SmeAddress(1, 1, "15551230100"),)),
     {"dest_address": (pdus.SmeAddress(1, 1, "15555550100"),)}),
    ("an answer stays", pdus.SubmitSmResp(message_id="4f2a"), {}),
    ("a range of addresses of a bind stays", pdus.Bind(address_range="^15551230100$"), {}),
]  # fmt: skip


@pytest.mark.parametrize(("pdu", "changes"), [r[1:] for r in REDACTED], ids=[r[0] for r in REDACTED])
def test_what_a_capture_leaves_out(pdu: Any, changes: dict[str, Any]) -> None:
    frame = encode(pdu)
    wanted = msgspec.structs.replace(pdu, **changes)
    assert decode(redact(frame), Strictness.LENIENT) == wanted
    assert len(redact(frame)) == len(frame)


TORN = [
    ("a payload longer than its PDU", encode(pdus.SubmitSm(source_addr="72345")), b"\x04\x24\x00\x09Hello"),
    ("octets after a PDU that has no body", encode(pdus.EnquireLink()), b"Hel"),
    ("octets after a text that is hidden", encode(pdus.SubmitSm(short_message=b"Hi")), b"Hel"),
]


@pytest.mark.parametrize(("sound", "tail"), [t[1:] for t in TORN], ids=[t[0] for t in TORN])
def test_a_tail_that_cannot_be_read_is_withheld(sound: bytes, tail: bytes) -> None:
    frame = (len(sound) + len(tail)).to_bytes(4, "big") + sound[4:] + tail
    record = capture.of_frame(1, "1", "in", frame, redact(frame))
    assert record.withheld == len(tail)
    assert record.frame == redact(sound) or len(sound) == 16


def test_whole_captures_hide_passwords_only() -> None:
    submit = encode(pdus.SubmitSm(destination_addr="15551230100", short_message=b"Hello"))
    assert redact(submit, whole=True) == submit
    assert b"secret" not in redact(encode(pdus.Bind(password="secret")), whole=True)


BROKEN = [
    ("a bind whose password never ends", encode(pdus.Bind(system_id="a", password="secret"))[:16] + b"secretly"),
    ("a submit cut short", encode(pdus.SubmitSm(short_message=b"Hello"))[:30]),
    ("a command nobody knows", encode(pdus.Raw(0x00010203, b"Hello"))),
]


@pytest.mark.parametrize("frame", [b[1] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_what_cannot_be_read_is_withheld(frame: bytes) -> None:
    frame = len(frame).to_bytes(4, "big") + frame[4:]
    assert redact(frame) == frame[:16]
    record = capture.of_frame(1, "1", "out", frame, redact(frame))
    assert (record.withheld, record.frame) == (len(frame) - 16, b"")


@given(st.binary(min_size=0, max_size=80), st.sampled_from([1, 2, 4, 5, 9, 0x21, 0x103, 0x80000004, 0x111]))
def test_redaction_takes_whatever_comes(body: bytes, command_id: int) -> None:
    frame = (16 + len(body)).to_bytes(4, "big") + command_id.to_bytes(4, "big") + b"\0\0\0\0\0\0\0\1" + body
    assert redact(frame)[4:16] == frame[4:16]


# the file


def test_a_file_is_read_as_it_was_written() -> None:
    frame = encode(pdus.SubmitSm(destination_addr="1", sequence_number=9))
    records = [
        Record(at_ms=1, link="1", what="open", detail="127.0.0.1:4000 127.0.0.1:2775"),
        capture.of_frame(2, "1", "out", frame, frame),
        Record(at_ms=3, link="", what="missed", count=4),
        Record(at_ms=4, link="1", what="closed", detail="Unbound."),
    ]
    lines = [capture.line(HEAD), *map(capture.line, records)]
    head, read = capture.read(lines)
    assert (head, list(read)) == (HEAD, records)
    assert records[1].pdu == "submit_sm"
    assert list(capture.read([*lines[:-1], lines[-1][:20]])[1]) == records[:-1]


PDU = capture.line(Record(at_ms=1, link="1", what="pdu", way="in", hex="00" * 16))
UNREADABLE = [
    ("nothing", [], "line 1"),
    ("another file", [b"\x7fELF\n"], "line 1"),
    ("a later version", [capture.line(HEAD).replace(b'"version":1', b'"version":2')], "line 1"),
    ("deep nesting", [b"[" * 100_000 + b"\n"], "line 1"),
    ("an unknown field", [capture.line(HEAD), PDU.replace(b'"link"', b'"lnk"')], "line 2"),
    ("no hexadecimal", [capture.line(HEAD), PDU, PDU.replace(b"000000", b"00000g")], "line 3"),
    ("a PDU without a header", [capture.line(HEAD), PDU.replace(b"0" * 32, b"0" * 30)], "line 2"),
    ("a PDU that went nowhere", [capture.line(HEAD), PDU.replace(b'"way":"in",', b"")], "line 2"),
]


@pytest.mark.parametrize(("lines", "where"), [u[1:] for u in UNREADABLE], ids=[u[0] for u in UNREADABLE])
def test_what_is_no_capture_is_named(lines: list[bytes], where: str) -> None:
    with pytest.raises(BadCapture, match=where):
        list(capture.read(lines)[1])


# pcap


def test_a_pcap_holds_the_octets_in_order_with_sound_checksums() -> None:
    long = encode(pdus.SubmitSm(tlvs=((pdus.MESSAGE_PAYLOAD, b"p" * 3_000),), sequence_number=1))
    answer = encode(pdus.SubmitSmResp(message_id="a", sequence_number=1))
    records = [
        Record(at_ms=1_500, link="1", what="open", detail="127.0.0.1:4000 127.0.0.9:3000"),
        capture.of_frame(2_000, "1", "out", long, long),
        capture.of_frame(2_250, "1", "in", answer, answer),
        Record(at_ms=3_000, link="1", what="closed"),
    ]
    header, *rest = packets(HEAD, records)
    assert header[:4] == b"\xd4\xc3\xb2\xa1"
    streams: dict[int, bytes] = {}
    numbers: dict[int, int] = {}
    for packet in rest:
        ip = packet[16:]
        assert _ones(ip[:20]) == 0xFFFF
        tcp = ip[20:]
        assert _ones(ip[12:20] + b"\0\x06" + len(tcp).to_bytes(2, "big") + tcp) == 0xFFFF
        port, number, data = int.from_bytes(tcp[:2], "big"), int.from_bytes(tcp[4:8], "big"), tcp[20:]
        assert numbers.get(port, number) == number
        numbers[port] = number + len(data) + bool(tcp[13] & 3)
        streams[port] = streams.get(port, b"") + data
    assert streams == {4000: long, 2775: answer}
    seconds, micros = (int.from_bytes(rest[0][at : at + 4], "little") for at in (0, 4))
    assert (seconds, micros) == (1, 500_000)


def _ones(octets: bytes) -> int:
    octets += b"\0" * (len(octets) % 2)
    total = sum(int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


# the player


def _record(way: Any, pdu: Any, at_ms: int = 0) -> Record:
    frame = encode(pdu)
    return capture.of_frame(at_ms, "1", way, frame, frame)


def bind(sequence: int = 1) -> pdus.Bind:
    return pdus.Bind(system_id="then", password="****", sequence_number=sequence)


def bound(sequence: int = 1) -> pdus.BindResp:
    return pdus.BindResp(system_id="smsc", sequence_number=sequence)


def submit(sequence: int) -> pdus.SubmitSm:
    return pdus.SubmitSm(destination_addr="15551230100", short_message=b"x", sequence_number=sequence)


def taken(sequence: int, status: int = 0, message_id: str = "a") -> pdus.SubmitSmResp:
    return pdus.SubmitSmResp(message_id="" if status else message_id, command_status=status, sequence_number=sequence)


STORY = [
    _record("out", bind()), _record("in", bound()), _record("out", submit(2), 10), _record("out", submit(3), 20),
    _record("in", taken(2, message_id="old-2")), _record("in", taken(3, 0x14)),
    _record("in", pdus.DeliverSm(esm_class=4, sequence_number=1)),
    _record("out", pdus.DeliverSmResp(sequence_number=1)),
    _record("out", pdus.QuerySm(message_id="old-2", sequence_number=4), 90),
    _record("in", pdus.QuerySmResp(message_id="old-2", message_state=2, sequence_number=4)),
]  # fmt: skip


def test_a_player_goes_on_when_what_was_answered_then_is_answered_now() -> None:
    player = Player("esme", STORY, Login("now", "pw"))
    first = player.next()
    assert first is not None
    assert decode(first.frame) == msgspec.structs.replace(bind(), system_id="now", password="pw")
    assert player.next() is None
    player.take(encode(bound()))
    both = [player.next(), player.next()]
    assert [step and (step.after_ms, step.frame) for step in both] == [(10, encode(submit(2))), (20, encode(submit(3)))]
    assert player.next() is None
    player.take(encode(taken(3, 0x14)))
    player.take(encode(taken(2, message_id="new-2")))
    assert player.take(encode(pdus.DeliverSm(esm_class=4, sequence_number=77))) == encode(
        pdus.DeliverSmResp(sequence_number=77)
    )
    asked = player.next()
    assert asked is not None
    assert decode(asked.frame) == pdus.QuerySm(message_id="new-2", sequence_number=4)
    player.take(encode(pdus.QuerySmResp(message_id="new-2", message_state=2, sequence_number=4)))
    assert player.finished
    assert (player.sent, player.same, player.differing, player.owed) == (4, 4, 0, 0)


UNFIT = [
    ("a letter beyond Latin-1", Login("\u0416", "pw"), "system_id"),
    ("NUL in the password", Login("now", "p\0w"), "password"),
]


@pytest.mark.parametrize(("login", "field"), [one[1:] for one in UNFIT], ids=[one[0] for one in UNFIT])
def test_a_login_that_no_bind_can_carry_is_refused_before_anything_is_sent(login: Login, field: str) -> None:
    with pytest.raises(EncodeError, match=f"^{field} has a character that SMPP cannot carry"):
        Player("esme", STORY, login)


def _played(then: list[Record], now: dict[int, Any], server: list[Any]) -> Player:
    player = Player("esme", then)
    for pdu in server:
        player.take(encode(pdu))
    while not player.finished:
        step = player.next()
        if step is None:
            break
        sequence = (
            int.from_bytes(step.frame[12:], "big")
            if len(step.frame) == 16
            else int.from_bytes(step.frame[12:16], "big")
        )
        if sequence in now:
            player.take(encode(now[sequence]))
    player.give_up()
    return player


OTHERWISE: list[tuple[str, dict[int, Any], list[tuple[str, int | None, int | None]]]] = [
    ("all as then", {1: bound(), 2: taken(2), 3: taken(3, 0x14)}, []),
    ("taken now", {1: bound(), 2: taken(2), 3: taken(3)}, [("submit_sm", 0x14, 0)]),
    ("refused now", {1: bound(), 2: taken(2, 0x58), 3: taken(3, 0x14)}, [("submit_sm", 0, 0x58)]),
    ("not understood now", {1: bound(), 2: pdus.GenericNack(command_status=3, sequence_number=2), 3: taken(3, 0x14)},
     [("submit_sm", 0, 3)]),
    ("silent now", {1: bound()}, [("submit_sm", 0, None), ("submit_sm", 0x14, None)]),
    ("no bind now", {}, [("bind_transceiver", 0, None)]),
]  # fmt: skip


@pytest.mark.parametrize(("now", "wanted"), [o[1:] for o in OTHERWISE], ids=[o[0] for o in OTHERWISE])
def test_differences_are_told(now: dict[int, Any], wanted: list[tuple[str, int | None, int | None]]) -> None:
    player = _played(STORY[:6], now, [])
    assert [(one.request, one.then, one.now) for one in player.differences] == wanted


def test_a_server_that_sends_less_is_told() -> None:
    player = _played(STORY[:8], {1: bound(), 2: taken(2), 3: taken(3, 0x14)}, [])
    assert (player.expected, player.owed) == ({"deliver_sm": 1}, 1)


def test_requests_that_were_refused_then_are_refused_now() -> None:
    then = [
        _record("in", pdus.DeliverSm(sequence_number=5)),
        _record("out", pdus.DeliverSmResp(command_status=0x64, sequence_number=5)),
    ]
    player = Player("esme", then)
    assert player.take(encode(pdus.DeliverSm(sequence_number=9))) == encode(
        pdus.DeliverSmResp(command_status=0x64, sequence_number=9)
    )
    assert player.take(encode(pdus.EnquireLink(sequence_number=8))) == encode(pdus.EnquireLinkResp(sequence_number=8))


def test_a_capture_of_a_customers_link_is_played_from_the_customers_side() -> None:
    then = [_record("in", submit(2)), _record("out", taken(2))]
    player = Player("smsc", then, Login("me", "pw"))
    first = player.next()
    assert first is not None
    assert decode(first.frame) == pdus.Bind(system_id="me", password="pw", sequence_number=0x7FFFFFFF)


def test_numbers_used_again_wait_for_their_answer() -> None:
    then = [
        _record("out", submit(1)),
        _record("out", submit(1)),
        _record("in", taken(1)),
        _record("in", taken(1, 0x14)),
    ]
    player = Player("esme", then)
    assert player.next() is not None
    assert player.next() is None
    player.take(encode(taken(1)))
    assert player.next() is not None
    player.take(encode(taken(1, 0x14)))
    assert (player.same, player.differing) == (2, 0)


def test_what_was_not_answered_then_is_not_waited_for() -> None:
    player = Player("esme", [_record("out", bind()), _record("in", bound()), _record("out", submit(2))])
    assert player.next() is not None
    player.take(encode(bound()))
    assert not player.finished
    assert player.next() is not None
    assert player.finished, "it may close the link now, as then"
    player.give_up()
    assert (player.same, player.differences) == (2, [])


def test_a_player_knows_when_its_link_stood_and_whether_it_binds() -> None:
    opened = Record(at_ms=5, link="1", what="open", detail="")
    closed = Record(at_ms=99, link="1", what="closed", detail="")
    player = Player("esme", [opened, _record("out", bind(), 7), closed])
    assert (player.began_ms, player.ended_ms, player.binds) == (5, 99, True)
    player = Player("esme", [opened, _record("out", submit(2), 7)])
    assert (player.began_ms, player.ended_ms, player.binds) == (5, None, False)
