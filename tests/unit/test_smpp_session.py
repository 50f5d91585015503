"""Sessions by the clock: who may send what when, what an answer belongs to, and when a link is dead."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.smpp import codec, pdus
from tidings.smpp.codec import encode
from tidings.smpp.framing import split_frames
from tidings.smpp.session import (
    Answered,
    Bound,
    Ended,
    Event,
    Refused,
    Role,
    Session,
    State,
    Timing,
    Unanswered,
)

TIMING = Timing(window=3, response_timeout=10, enquire_link=30, login_timeout=5)
SUBMIT = pdus.SubmitSm.command_id


def sent(session: Session) -> list[Any]:
    """The PDUs that the session wants written."""
    frames, _, bad = split_frames(b"".join(session.take_out()), 100_000)
    assert bad is None
    return [codec.decode(frame) for frame in frames]


def esme(command_id: int = pdus.BIND_TRANSCEIVER, timing: Timing = TIMING) -> Session:
    """An ESME, bound at second 0."""
    session = Session(Role.ESME, timing, 0)
    session.bind(pdus.Bind(command_id), 0)
    (request,) = sent(session)
    events = session.receive(encode(pdus.BindResp(command_id | 0x80000000, sequence_number=request.sequence_number)), 0)
    assert isinstance(events[0], Bound)
    return session


def smsc(command_id: int = pdus.BIND_TRANSCEIVER, timing: Timing = TIMING) -> Session:
    """An SMSC, bound at second 0."""
    session = Session(Role.SMSC, timing, 0)
    (request,) = session.receive(encode(pdus.Bind(command_id, sequence_number=1)), 0)
    assert isinstance(request, pdus.Bind)
    session.answer_bind(request, 0, "SMSC")
    session.take_out()
    return session


def ended(events: list[Event]) -> bool:
    return any(isinstance(event, Ended) for event in events)


# Timers: at each second, what happens.

TICKS: list[tuple[str, Session, list[tuple[float, Any]]]] = [
    (
        "an SMSC drops who does not bind",
        Session(Role.SMSC, TIMING, 0),
        [(4.9, "quiet"), (5, "ended")],
    ),
    (
        "an ESME has no login timeout",
        Session(Role.ESME, TIMING, 0),
        [(4.9, "quiet"), (29, "quiet")],
    ),
    (
        "silence is answered by enquire_link, and silence to that by the end",
        esme(),
        [(29, "quiet"), (30, "enquire"), (31, "quiet"), (39.9, "quiet"), (40, "ended"), (99, "quiet")],
    ),
    (
        "an answered enquire_link is life",
        smsc(),
        [(30, "enquire"), (31, "life"), (60.9, "quiet"), (61, "enquire"), (70.9, "quiet"), (71, "ended")],
    ),
    (
        "any PDU is life, even if enquire_link stays unanswered",
        esme(),
        [(30, "enquire"), (35, "pdu"), (40, "quiet"), (64.9, "quiet"), (65, "enquire"), (75, "ended")],
    ),
    (
        "where three may be missed, the third ends it",
        esme(timing=Timing(window=3, response_timeout=10, enquire_link=30, enquire_misses=3)),
        [
            (30, "enquire"),
            (40, "quiet"),
            (59.9, "quiet"),
            (60, "enquire"),
            (70, "quiet"),
            (90, "enquire"),
            (100, "ended"),
        ],
    ),
    (
        "where three may be missed, a sign of life begins anew",
        esme(timing=Timing(window=3, response_timeout=10, enquire_link=30, enquire_misses=2)),
        [(30, "enquire"), (40, "quiet"), (41, "pdu"), (71, "enquire"), (81, "quiet"), (101, "enquire"), (111, "ended")],
    ),
    (
        "where none is answered, silence alone is no end",
        esme(timing=Timing(window=3, response_timeout=10, enquire_link=30, enquire_misses=0)),
        [(30, "enquire"), (40, "quiet"), (60, "enquire"), (70, "quiet"), (90, "enquire"), (100, "quiet")],
    ),
    (
        "frozen, no timer runs",
        esme(),
        [(29, "freeze"), (500, "quiet"), (500, "thaw"), (500.9, "quiet"), (501, "enquire"), (511, "ended")],
    ),
]


@pytest.mark.parametrize(("sentence", "session", "steps"), TICKS, ids=[case[0] for case in TICKS])
def test_timers(sentence: str, session: Session, steps: list[tuple[float, str]]) -> None:
    for now, step in steps:
        if step == "life":
            session.receive(encode(pdus.EnquireLinkResp(sequence_number=1)), now)
        elif step == "pdu":
            session.receive(encode(pdus.EnquireLink(sequence_number=50)), now)
            assert [type(pdu) for pdu in sent(session)] == [pdus.EnquireLinkResp]
        elif step == "freeze":
            session.freeze(now)
        elif step == "thaw":
            session.thaw(now)
        else:
            events = session.tick(now)
            assert ended(events) == (step == "ended"), now
            wanted = [pdus.EnquireLink] if step == "enquire" else []
            assert [type(pdu) for pdu in sent(session)] == wanted, now


def test_where_no_enquiry_is_answered_a_text_in_vain_ends_the_link() -> None:
    session = esme(timing=Timing(window=3, response_timeout=10, enquire_link=30, enquire_misses=0))
    session.request(pdus.SubmitSm(), "a", 1)
    session.take_out()
    assert [type(event).__name__ for event in session.tick(11)] == ["Unanswered"]
    assert [type(pdu) for pdu in sent(session)] == [pdus.EnquireLink]
    assert ended(session.tick(21))


def test_a_bind_without_answer_ends() -> None:
    session = Session(Role.ESME, TIMING, 0)
    session.bind(pdus.Bind(), 0)
    assert not session.tick(9.9)
    assert ended(session.tick(10))


def test_an_unbind_without_answer_ends() -> None:
    session = esme()
    session.unbind(1)
    assert session.room() == 0
    assert not session.request(pdus.SubmitSm(), "late", 1)
    assert not session.tick(10.9)
    assert ended(session.tick(11))


def test_the_end_is_told_once_whatever_ran_out_together() -> None:
    session = esme()
    session.request(pdus.SubmitSm(), "token", 29)
    session.tick(30)
    session.unbind(30)
    assert [type(event) for event in session.tick(99)] == [Unanswered, Ended]


# Binding.


def test_a_refused_bind_is_told() -> None:
    for response in (pdus.BindResp(sequence_number=1, command_status=0x0E), pdus.GenericNack((), 1, 0x0E)):
        session = Session(Role.ESME, TIMING, 0)
        session.bind(pdus.Bind(), 0)
        assert session.receive(encode(response), 1) == [Refused(0x0E)]
        assert session.state is State.OPEN


@pytest.mark.parametrize(("command_id", "state"), [(1, State.BOUND_RX), (2, State.BOUND_TX), (9, State.BOUND_TRX)])
def test_states_after_binding(command_id: int, state: State) -> None:
    assert esme(command_id).state is smsc(command_id).state is state


def test_bind_resp_and_first_deliver_in_one_segment() -> None:
    session = Session(Role.ESME, TIMING, 0)
    session.bind(pdus.Bind(), 0)
    data = encode(pdus.BindResp(sequence_number=1)) + encode(pdus.DeliverSm(sequence_number=1))
    assert [type(event) for event in session.receive(data, 0)] == [Bound, pdus.DeliverSm]


def test_a_second_bind_is_refused() -> None:
    session = smsc()
    assert session.receive(encode(pdus.Bind(sequence_number=2)), 1) == []
    assert sent(session) == [pdus.BindResp(sequence_number=2, command_status=0x05)]


def test_two_binds_at_once_are_one() -> None:
    session = Session(Role.SMSC, TIMING, 0)
    events = session.receive(encode(pdus.Bind(sequence_number=1)) + encode(pdus.Bind(sequence_number=2)), 0)
    assert [event.sequence_number for event in events if isinstance(event, pdus.Bind)] == [1]
    assert sent(session)[0].command_status == 0x05


def test_an_esme_of_3_3_gets_no_tlvs() -> None:
    session = Session(Role.SMSC, TIMING, 0)
    (bind,) = session.receive(encode(pdus.Bind(interface_version=0x33, sequence_number=1)), 0)
    assert isinstance(bind, pdus.Bind)
    session.answer_bind(bind, 0, "S")
    assert sent(session) == [pdus.BindResp(system_id="S", sequence_number=1)]


MAY_SEND = [
    ("an ESME submits as transmitter", esme(pdus.BIND_TRANSMITTER), pdus.SubmitSm(), True),
    ("an ESME submits as transceiver", esme(), pdus.SubmitSm(), True),
    ("an ESME does not submit as receiver", esme(pdus.BIND_RECEIVER), pdus.SubmitSm(), False),
    ("an ESME does not submit unbound", Session(Role.ESME, TIMING, 0), pdus.SubmitSm(), False),
    ("an SMSC delivers to a receiver", smsc(pdus.BIND_RECEIVER), pdus.DeliverSm(), True),
    ("an SMSC does not deliver to a transmitter", smsc(pdus.BIND_TRANSMITTER), pdus.DeliverSm(), False),
]


@pytest.mark.parametrize(("sentence", "session", "pdu", "may"), MAY_SEND, ids=[case[0] for case in MAY_SEND])
def test_who_may_send(sentence: str, session: Session, pdu: Any, may: bool) -> None:
    session.take_out()
    assert session.request(pdu, "token", 0) is may
    assert len(sent(session)) == int(may)


MAY_COME = [
    ("submit_sm before a bind", Session(Role.SMSC, TIMING, 0), pdus.SubmitSm(), 0x04),
    ("submit_sm on a receiver", smsc(pdus.BIND_RECEIVER), pdus.SubmitSm(), 0x04),
    ("submit_sm on a transmitter", smsc(pdus.BIND_TRANSMITTER), pdus.SubmitSm(), None),
    ("query_sm on a transmitter", smsc(pdus.BIND_TRANSMITTER), pdus.QuerySm(), None),
    ("deliver_sm to an SMSC", smsc(), pdus.DeliverSm(), 0x04),
    ("data_sm to an SMSC", smsc(), pdus.DataSm(), None),
    ("deliver_sm before the bind is answered", Session(Role.ESME, TIMING, 0), pdus.DeliverSm(), 0x04),
    ("deliver_sm on a transmitter: better odd than lost", esme(pdus.BIND_TRANSMITTER), pdus.DeliverSm(), None),
    ("data_sm to an ESME", esme(), pdus.DataSm(), None),
    ("submit_sm to an ESME", esme(), pdus.SubmitSm(), 0x04),
    ("alert_notification wants no answer", esme(), pdus.AlertNotification(), None),
]


@pytest.mark.parametrize(("sentence", "session", "pdu", "refused"), MAY_COME, ids=[case[0] for case in MAY_COME])
def test_what_may_come(sentence: str, session: Session, pdu: Any, refused: int | None) -> None:
    session.take_out()
    pdu.sequence_number = 9
    events = session.receive(encode(pdu), 0)
    answers = [(answer.command_id, answer.command_status, answer.sequence_number) for answer in sent(session)]
    if refused is None:
        assert events == [pdu]
        assert answers == []
    else:
        assert events == []
        assert answers == [(pdu.command_id | 0x80000000, refused, 9)]


# Requests and answers.


def test_answers_find_their_tokens_in_any_order() -> None:
    session = esme()
    for token in ("a", "b", "c"):
        assert session.request(pdus.SubmitSm(), token, 1)
    numbers = [pdu.sequence_number for pdu in sent(session)]
    data = b"".join(encode(pdus.SubmitSmResp(f"id{number}", sequence_number=number)) for number in reversed(numbers))
    events = session.receive(data, 2)
    assert [(event.token, event.late) for event in events if isinstance(event, Answered)] == [
        ("c", False),
        ("b", False),
        ("a", False),
    ]
    assert session.pending == 0


def test_the_window_is_kept() -> None:
    session = esme()
    assert [session.request(pdus.SubmitSm(), number, 0) for number in range(4)] == [True, True, True, False]
    assert session.room() == 0
    session.receive(encode(pdus.SubmitSmResp(sequence_number=2)), 0)
    assert session.room() == 1
    assert session.request(pdus.SubmitSm(), 4, 0)


def test_enquire_link_takes_no_room() -> None:
    session = esme()
    session.tick(30)
    assert session.room() == 3


def test_a_pdu_that_cannot_be_expressed_leaves_no_trace() -> None:
    session = esme()
    with pytest.raises(codec.EncodeError):
        session.request(pdus.SubmitSm(source_addr="€"), "token", 0)
    assert session.room() == 3
    assert not session.has_out
    assert session.close() == []


def test_a_timeout_is_told_and_the_late_answer_too() -> None:
    session = esme()
    session.request(pdus.SubmitSm(), "slow", 0)
    session.request(pdus.SubmitSm(), "slower", 5)
    session.take_out()
    session.receive(encode(pdus.EnquireLink(sequence_number=9)), 9)
    assert session.tick(9.9) == []
    assert session.tick(10) == [Unanswered("slow", written=True)]
    assert session.room() == 2
    response = pdus.SubmitSmResp("late", sequence_number=2)
    assert session.receive(encode(response), 11) == [Answered("slow", response, late=True)]
    assert session.receive(encode(response), 12) == []
    assert session.strays == 1


def test_late_memory_is_bounded() -> None:
    session = esme(timing=Timing(window=5_000, response_timeout=1, enquire_link=1000))
    for round_ in range(10):
        for number in range(5_000):
            assert session.request(pdus.SubmitSm(), number, round_ * 10)
        session.take_out()
        assert len(session.tick(round_ * 10 + 5)) == 5_000
        session.receive(encode(pdus.EnquireLink(sequence_number=9)), round_ * 10 + 6)
    assert len(session._late) == 20_000


def test_a_silent_end_gets_nothing_more_until_it_gives_a_sign_of_life() -> None:
    """What is sent after a timeout without any other word would only share its doubt."""
    session = esme(timing=Timing(window=2, response_timeout=10, enquire_link=1000))
    session.request(pdus.SubmitSm(), "unanswered", 0)
    session.take_out()
    assert session.tick(10) == [Unanswered("unanswered", written=True)]
    assert (session.room(), session.request(pdus.SubmitSm(), "next", 10)) == (0, False)
    assert [type(pdu) for pdu in sent(session)] == [pdus.EnquireLink], "asked at once, not after the usual silence"
    session.receive(encode(pdus.EnquireLink(sequence_number=9)), 11)
    assert (session.room(), session.request(pdus.SubmitSm(), "next", 11)) == (2, True)


def test_a_silent_end_without_a_sign_of_life_is_dead() -> None:
    session = esme(timing=Timing(window=2, response_timeout=10, enquire_link=1000))
    session.request(pdus.SubmitSm(), "unanswered", 0)
    session.tick(10)
    assert session.tick(19.9) == []
    assert ended(session.tick(20))


def test_one_lost_answer_among_others_holds_nothing_up() -> None:
    session = esme(timing=Timing(window=2, response_timeout=10, enquire_link=1000))
    session.request(pdus.SubmitSm(), "unanswered", 0)
    session.receive(encode(pdus.EnquireLink(sequence_number=9)), 5)
    assert session.tick(10) == [Unanswered("unanswered", written=True)]
    assert session.room() == 2


def test_generic_nack_answers_any_request() -> None:
    session = esme()
    session.request(pdus.SubmitSm(), "token", 0)
    nack = pdus.GenericNack((), 2, 0x03)
    assert session.receive(encode(nack), 1) == [Answered("token", nack)]


STRAYS = [
    ("an answer to nothing", pdus.SubmitSmResp(sequence_number=99)),
    ("the answer to another kind of request", pdus.DeliverSmResp(sequence_number=2)),
    ("a nack of number 0", pdus.GenericNack((), 0, 3)),
    ("an unknown answer", pdus.Raw(0x80000111, b"", 2)),
]


@pytest.mark.parametrize(("sentence", "pdu"), STRAYS, ids=[case[0] for case in STRAYS])
def test_strays_are_counted(sentence: str, pdu: Any) -> None:
    session = esme()
    session.request(pdus.SubmitSm(), "token", 0)
    session.take_out()
    assert session.receive(encode(pdu), 1) == []
    assert (session.strays, session.pending, session.has_out) == (1, 1, False)


def test_sequence_numbers_wrap_and_pass_over_those_in_flight() -> None:
    session = esme()
    session._sequence = 0x7FFFFFFE
    session.request(pdus.SubmitSm(), "a", 0)
    session.request(pdus.SubmitSm(), "b", 0)
    session._sequence = 0x7FFFFFFE
    session.request(pdus.SubmitSm(), "c", 0)
    assert [pdu.sequence_number for pdu in sent(session)] == [0x7FFFFFFF, 1, 2]


def test_what_is_in_flight_when_the_link_drops() -> None:
    session = esme()
    session.request(pdus.SubmitSm(), "written", 0)
    session.take_out()
    session.request(pdus.SubmitSm(), "not written", 0)
    session.unbind(0)
    assert session.close() == [Unanswered("written", written=True), Unanswered("not written", written=False)]
    assert session.close() == []


# Faults of the other end.


def test_faults_that_leave_the_session_standing() -> None:
    session = smsc()
    unknown = pdus.Raw(0x222, b"abc", 5)
    broken = encode(pdus.Raw(SUBMIT, b"\0\1\1" + b"123", 6))
    good = encode(pdus.SubmitSm(sequence_number=7))
    events = session.receive(encode(unknown) + broken + good, 1)
    assert events == [pdus.SubmitSm(sequence_number=7)]
    assert sent(session) == [pdus.GenericNack((), 5, 0x03), pdus.SubmitSmResp("", (), 6, 0x0A)]
    assert (session.unknown_commands, session.malformed) == (1, 1)


BAD_LENGTHS = [
    ("command_length 8", b"\0\0\0\x08" + b"\0\0\0\x04" + b"\0" * 4 + b"\0\0\0\x21", 0x21),
    ("command_length 8 and no more", b"\0\0\0\x08", 0),
    ("a PDU beyond the limit", (70_001).to_bytes(4, "big") + b"\0\0\0\4\0\0\0\0\0\0\0\5", 5),
    ("a web browser", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0),
]


@pytest.mark.parametrize(("sentence", "data", "sequence"), BAD_LENGTHS, ids=[case[0] for case in BAD_LENGTHS])
def test_a_bad_length_is_the_end(sentence: str, data: bytes, sequence: int) -> None:
    session = smsc()
    events = session.receive(encode(pdus.SubmitSm(sequence_number=7)) + data, 1)
    assert [type(event) for event in events] == [pdus.SubmitSm, Ended]
    assert sent(session) == [pdus.GenericNack((), sequence, 0x02)]
    assert session.receive(encode(pdus.SubmitSm()), 2) == []


def test_tls_to_a_plain_port_is_named() -> None:
    (event,) = Session(Role.SMSC, TIMING, 0).receive(b"\x16\x03\x01\x02\x00\x01\x00", 0)
    assert isinstance(event, Ended)
    assert "TLS" in event.reason


def test_unbind_is_answered_and_ends() -> None:
    session = smsc()
    events = session.receive(encode(pdus.Unbind(sequence_number=3)) + encode(pdus.SubmitSm()), 1)
    assert [(event.fault) for event in events if isinstance(event, Ended)] == [False]
    assert len(events) == 1
    assert sent(session) == [pdus.UnbindResp(sequence_number=3)]


def test_an_unbind_is_answered_after_what_came_before_it() -> None:
    session = smsc()
    first, second = pdus.SubmitSm(sequence_number=3), pdus.SubmitSm(sequence_number=4)
    events = session.receive(b"".join(encode(one) for one in (first, second, pdus.Unbind(sequence_number=5))), 1)
    assert (events, session.over, session.bound) == ([first, second], False, False)
    assert session.receive(encode(pdus.SubmitSm(sequence_number=6)), 1) == []
    assert not session.request(pdus.DeliverSm(), "no more", 1)
    session.answer(second, 0, "b")
    session.answer(first, 0, "a")
    assert session.over
    told = [(type(one).__name__, one.sequence_number, one.command_status) for one in sent(session)]
    assert told == [("SubmitSmResp", 6, 4), ("SubmitSmResp", 4, 0), ("SubmitSmResp", 3, 0), ("UnbindResp", 5, 0)]


def test_an_unbind_does_not_wait_for_answers_that_never_come() -> None:
    session = smsc()
    session.receive(encode(pdus.SubmitSm(sequence_number=3)) + encode(pdus.Unbind(sequence_number=5)), 1)
    assert not session.tick(1.9)
    assert ended(session.tick(2))
    assert sent(session) == [pdus.UnbindResp(sequence_number=5)]


def test_octets_one_by_one() -> None:
    session = esme()
    stream = b"".join(encode(pdus.DeliverSm(short_message=b"x" * n, sequence_number=n)) for n in range(1, 40))
    events = [event for at in range(len(stream)) for event in session.receive(stream[at : at + 1], 1)]
    assert [event.sequence_number for event in events if isinstance(event, pdus.DeliverSm)] == list(range(1, 40))


@given(st.lists(st.binary(max_size=64), max_size=8), st.booleans(), st.sampled_from(list(Role)))
def test_any_octets_are_events_or_the_end(pieces: list[bytes], bound: bool, role: Role) -> None:
    session = (esme() if role is Role.ESME else smsc()) if bound else Session(role, TIMING, 0)
    for piece in pieces:
        session.receive(piece, 1)
        session.receive(len(piece + b"x" * 16).to_bytes(4, "big") + piece + b"x" * 12, 1)
    sent(session)
