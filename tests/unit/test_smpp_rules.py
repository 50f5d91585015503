"""Rules of a session beyond one message: which PDU may come when, versions, outbind, congestion, bounds."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tidings.smpp import codec, pdus
from tidings.smpp.codec import EncodeError, Strictness, encode
from tidings.smpp.congestion import FORGET, Congestion
from tidings.smpp.fields import COMMANDS, noun
from tidings.smpp.framing import split_frames
from tidings.smpp.pdus import RESPONSE
from tidings.smpp.session import Answered, Bound, Congested, Ended, Event, Refused, Role, Session, State, Timing
from tidings.smpp.states import agreed
from tidings.smpp.tlvs import write

TIMING = Timing(window=8, response_timeout=10, enquire_link=30, login_timeout=5)
BINDS = {State.BOUND_TX: 2, State.BOUND_RX: 1, State.BOUND_TRX: 9}


def sent(session: Session) -> list[Any]:
    """The PDUs that the session wants written."""
    frames, _, bad = split_frames(b"".join(session.take_out()), 100_000)
    assert bad is None
    return [codec.decode(frame) for frame in frames]


def esme(state: State = State.BOUND_TRX, version: int = 0x34, timing: Timing = TIMING, told: Any = None) -> Session:
    """An ESME in a state; `told` is the SMSC's sc_interface_version, its own version where None."""
    session = Session(Role.ESME, timing, 0)
    if state is not State.OPEN:
        session.bind(pdus.Bind(BINDS[state], interface_version=version), 0)
        (request,) = sent(session)
        tlvs = () if told == "none" else (write("sc_interface_version", version if told is None else told),)
        response = pdus.BindResp(BINDS[state] | RESPONSE, "", tlvs, request.sequence_number)
        assert isinstance(session.receive(encode(response), 0)[0], Bound)
    return session


def smsc(state: State = State.BOUND_TRX, version: int = 0x34, timing: Timing = TIMING) -> Session:
    """An SMSC in a state."""
    session = Session(Role.SMSC, timing, 0)
    if state is not State.OPEN:
        (bind,) = session.receive(encode(pdus.Bind(BINDS[state], interface_version=version, sequence_number=1)), 0)
        session.answer_bind(bind, 0, "SMSC")  # type: ignore[arg-type]
        session.take_out()
    return session


def sample(name: str) -> Any:
    """A sound request of a command."""
    command = next(command for command in COMMANDS.values() if command.name == name)
    if name.startswith("bind_"):
        return pdus.Bind(command.id)
    if name == "submit_multi":
        return pdus.SubmitMulti(dest_address=(pdus.SmeAddress(1, 1, "1555"),))
    return noun(command)()


# Which request may come in which state, and what answers one that may not: told here once more, by hand.

OPEN, TX, RX, TRX = State.OPEN, State.BOUND_TX, State.BOUND_RX, State.BOUND_TRX
TO_SMSC = {"submit_sm", "submit_multi", "data_sm", "query_sm", "cancel_sm", "replace_sm"}
BROADCAST = {"broadcast_sm", "query_broadcast_sm", "cancel_broadcast_sm"}
TO_ESME = {"deliver_sm", "data_sm", "alert_notification"}
TAKEN: dict[tuple[Role, State], set[str]] = {
    (Role.SMSC, OPEN): set(),
    (Role.SMSC, TX): TO_SMSC | BROADCAST,
    (Role.SMSC, RX): set(),
    (Role.SMSC, TRX): TO_SMSC | BROADCAST,
    (Role.ESME, OPEN): {"outbind"},
    (Role.ESME, TX): TO_ESME,  # against the book, but a receipt must not be lost
    (Role.ESME, RX): TO_ESME,
    (Role.ESME, TRX): TO_ESME,
}
NEVER_ANSWERED = {"outbind", "alert_notification"}
MATRIX = [
    (role, state, command.name)
    for role, state in TAKEN
    for command in COMMANDS.values()
    if not command.id & RESPONSE and not command.name.startswith("bind_")
]


@pytest.mark.parametrize(("role", "state", "name"), MATRIX, ids=lambda one: getattr(one, "value", one))
def test_what_may_come_in_which_state(role: Role, state: State, name: str) -> None:
    session = (esme if role is Role.ESME else smsc)(state, 0x50)
    pdu = sample(name)
    pdu.sequence_number = 9
    events = session.receive(encode(pdu), 1)
    answers = [(answer.command_id, answer.command_status, answer.sequence_number) for answer in sent(session)]
    if name == "enquire_link":
        assert (events, answers) == ([], [(0x80000015, 0, 9)])
    elif name == "unbind":
        assert answers == [(0x80000006, 0x04 if state is OPEN else 0, 9)]
        assert isinstance(events[0], Ended)
    elif name in TAKEN[role, state]:
        assert (events, answers) == ([pdu], [])
    elif name in BROADCAST and state is OPEN:
        # The versions are not agreed on yet, and 3.4 does not know it.
        assert (events, answers) == ([], [(0x80000000, 0x03, 9)])
    elif name in NEVER_ANSWERED:
        assert answers == [(0x80000000, 0x04, 9)]
        assert session.over is (name == "outbind" and (role, state) == (Role.SMSC, OPEN))
    else:
        assert (events, answers) == ([], [(pdu.command_id | RESPONSE, 0x04, 9)])


@pytest.mark.parametrize(("role", "state", "name"), MATRIX, ids=lambda one: getattr(one, "value", one))
def test_what_may_be_sent_in_which_state(role: Role, state: State, name: str) -> None:
    session = (esme if role is Role.ESME else smsc)(state, 0x50)
    by_the_book = {
        (Role.ESME, TX): TO_SMSC | BROADCAST,
        (Role.ESME, TRX): TO_SMSC | BROADCAST,
        (Role.SMSC, RX): {"deliver_sm", "data_sm"},
        (Role.SMSC, TRX): {"deliver_sm", "data_sm"},
    }
    may = name in by_the_book.get((role, state), set())
    assert session.request(sample(name), "token", 1) is may
    assert len(sent(session)) == int(may)
    if name in NEVER_ANSWERED:
        may = role is Role.SMSC and (state is OPEN if name == "outbind" else state in (RX, TRX))
        assert session.tell(sample(name)) is may
        assert len(sent(session)) == int(may)
        assert session.pending == 0


def test_at_the_strict_level_a_transmitter_gets_nothing() -> None:
    session = esme(TX, timing=Timing(strictness=Strictness.STRICT))
    assert session.receive(encode(pdus.DeliverSm(sequence_number=9)), 1) == []
    assert sent(session) == [pdus.DeliverSmResp(sequence_number=9, command_status=0x04)]


@pytest.mark.parametrize("command_id", [1, 2, 9])
def test_a_bind_to_an_esme_is_no_command_for_it(command_id: int) -> None:
    session = esme()
    assert session.receive(encode(pdus.Bind(command_id, sequence_number=9)), 1) == []
    assert sent(session) == [pdus.GenericNack((), 9, 0x03)]


# Answers of the owner.


def test_answers_have_the_body_of_their_kind() -> None:
    session = smsc(version=0x50)
    multi = pdus.SubmitMulti(dest_address=(pdus.SmeAddress(1, 1, "1"),), sequence_number=2)
    (event,) = session.receive(encode(multi), 1)
    session.answer(event, 0, "id")  # type: ignore[arg-type]
    for name, number in zip(["query_sm", "replace_sm", "broadcast_sm"], range(3, 6), strict=True):
        pdu = sample(name)
        pdu.sequence_number = number
        (event,) = session.receive(encode(pdu), 1)
        session.answer(event, 0x08)  # type: ignore[arg-type]
    assert sent(session) == [
        pdus.SubmitMultiResp("id", sequence_number=2),
        pdus.QuerySmResp(sequence_number=3, command_status=0x08),
        pdus.ReplaceSmResp(sequence_number=4, command_status=0x08),
        pdus.BroadcastSmResp(sequence_number=5, command_status=0x08),
    ]
    assert session.owed == 0


# Versions.

AGREED = [
    (0x34, 0x34, 0x34),
    (0x34, 0x50, 0x34),
    (0x50, 0x34, 0x34),
    (0x50, 0x50, 0x50),
    (0x33, 0x50, 0x33),
    (0x34, 0x33, 0x33),
    (0x34, 0x00, 0x33),
    (0x34, None, 0x34),
    (0x50, None, 0x34),
    (0x33, None, 0x33),
    (0x50, 0xFF, 0x50),
    (0x50, 0x40, 0x34),
]


@pytest.mark.parametrize(("ours", "theirs", "expected"), AGREED)
def test_the_lower_version_is_spoken(ours: int, theirs: int | None, expected: int) -> None:
    assert agreed(ours, theirs) == expected
    assert esme(version=ours, told="none" if theirs is None else theirs).version == expected


@pytest.mark.parametrize(("told", "answered"), [(0x33, None), (0x34, 0x34), (0x50, 0x50), (0x51, 0x50), (0x35, 0x34)])
def test_an_smsc_answers_with_the_version_it_will_speak(told: int, answered: int | None) -> None:
    session = Session(Role.SMSC, TIMING, 0)
    (bind,) = session.receive(encode(pdus.Bind(interface_version=told, sequence_number=1)), 0)
    session.answer_bind(bind, 0, "S")  # type: ignore[arg-type]
    tlvs = () if answered is None else (write("sc_interface_version", answered),)
    assert sent(session) == [pdus.BindResp(system_id="S", tlvs=tlvs, sequence_number=1)]


@pytest.mark.parametrize("name", sorted(BROADCAST))
@pytest.mark.parametrize("version", [0x33, 0x34])
def test_what_came_with_5_0_is_unknown_before_it(name: str, version: int) -> None:
    theirs, ours = smsc(version=version), esme(version=version)
    pdu = sample(name)
    pdu.sequence_number = 9
    assert theirs.receive(encode(pdu), 1) == []
    assert sent(theirs) == [pdus.GenericNack((), 9, 0x03)]
    broken = encode(pdus.Raw(pdu.command_id, b"x" * 300, 10))
    assert theirs.receive(broken, 1) == []
    assert sent(theirs) == [pdus.GenericNack((), 10, 0x03)]
    assert not ours.request(sample(name), "token", 1)


RECEIPT = (write("receipted_message_id", "A1"), write("message_state", 2))
NODE = write("source_node_id", b"123456")
FIT = [
    ("a peer of 5.0 gets all", 0x50, (*RECEIPT, NODE, (0x1400, b"x")), (*RECEIPT, NODE, (0x1400, b"x"))),
    ("a peer of 3.4 gets none of 5.0", 0x34, (*RECEIPT, NODE, (0x1400, b"x")), (*RECEIPT, (0x1400, b"x"))),
    ("a peer of 3.3 gets none", 0x33, RECEIPT, ()),
]


@pytest.mark.parametrize(("sentence", "version", "given", "expected"), FIT, ids=[case[0] for case in FIT])
def test_an_esme_gets_the_tlvs_of_its_version(sentence: str, version: int, given: Any, expected: Any) -> None:
    session = smsc(version=version)
    pdu = pdus.DeliverSm(tlvs=given)
    assert session.request(pdu, "token", 1)
    assert [one.tlvs for one in sent(session)] == [expected]
    assert pdu.tlvs == given, "the owner's PDU stays as it is, for another bind"
    session.answer_to(pdus.SubmitSm.command_id, 5, 0, "id", given)
    assert [one.tlvs for one in sent(session)] == [expected]


def test_a_text_that_3_3_cannot_carry_is_refused_and_not_cut() -> None:
    session = smsc(version=0x33)
    with pytest.raises(EncodeError, match="SMPP 3"):
        session.request(pdus.DeliverSm(tlvs=(write("message_payload", b"hi"),)), "token", 1)
    assert (session.pending, session.has_out) == (0, False)


def test_what_an_operator_set_for_a_carrier_is_sent_whatever_the_version() -> None:
    session = esme(version=0x34)
    assert session.request(pdus.SubmitSm(tlvs=(NODE,)), "token", 1)
    assert sent(session)[0].tlvs == (NODE,)


# outbind and alert_notification.


def test_an_esme_that_is_asked_by_outbind_binds() -> None:
    theirs, ours = Session(Role.SMSC, TIMING, 0), Session(Role.ESME, TIMING, 0)
    assert theirs.tell(pdus.Outbind("smsc", "secret"))
    (event,) = ours.receive(b"".join(theirs.take_out()), 0)
    assert event == pdus.Outbind("smsc", "secret", sequence_number=1)
    ours.bind(pdus.Bind(pdus.BIND_RECEIVER, "esme"), 0)
    (bind,) = theirs.receive(b"".join(ours.take_out()), 0)
    theirs.answer_bind(bind)  # type: ignore[arg-type]
    assert isinstance(ours.receive(b"".join(theirs.take_out()), 0)[0], Bound)
    assert ours.state is theirs.state is State.BOUND_RX


def test_an_smsc_that_sends_outbind_where_esmes_bind_is_told_so_and_gone() -> None:
    session = Session(Role.SMSC, Timing(), 0)
    (event,) = session.receive(encode(pdus.Outbind("smsc", "secret", sequence_number=1)), 0)
    assert event == Ended("The other end sent outbind, so it is an SMSC: here ESMEs bind.")
    assert sent(session) == [pdus.GenericNack(command_status=0x04, sequence_number=1)]


def test_an_outbind_that_crosses_our_bind_is_passed_over() -> None:
    session = Session(Role.ESME, TIMING, 0)
    session.bind(pdus.Bind(), 0)
    session.take_out()
    assert session.receive(encode(pdus.Outbind("a", "b", sequence_number=1)), 0) == []
    assert not session.has_out
    events = session.receive(encode(pdus.BindResp(sequence_number=1, command_status=0x0D)), 0)
    assert events == [Refused(0x0D)]
    assert session.receive(encode(pdus.Outbind("a", "b", sequence_number=2)), 0) == [
        pdus.Outbind("a", "b", sequence_number=2)
    ]


def test_alert_notification_is_told_and_not_answered() -> None:
    theirs, ours = smsc(), esme()
    assert theirs.tell(pdus.AlertNotification(1, 1, "1555", tlvs=(write("ms_availability_status", 0),)))
    (event,) = ours.receive(b"".join(theirs.take_out()), 1)
    assert isinstance(event, pdus.AlertNotification)
    assert (event.source_addr, ours.has_out, ours.owed) == ("1555", False, 0)


# Congestion.

STEPS: list[tuple[str, list[tuple[float, int | None, int]]]] = [
    ("no load", [(0, 0, 8), (5, 79, 8)]),
    ("the best load keeps things as they are", [(0, 85, 8), (5, 89, 8)]),
    ("near congestion it halves", [(0, 90, 4), (1, 99, 2), (2, 95, 1), (3, 95, 1)]),
    ("but once a second only", [(0, 95, 4), (0.5, 95, 4), (0.9, 99, 4), (1, 95, 2)]),
    ("congested is one at a time, at once", [(0, 95, 4), (0.1, 100, 1)]),
    ("it comes back by quarters", [(0, 100, 1), (0.5, 10, 1), (1, 10, 3), (2, 79, 5), (3, 0, 7), (4, 0, 8)]),
    ("between, nothing changes", [(0, 95, 4), (2, 80, 4), (4, 89, 4)]),
    ("reserved values say nothing", [(0, 95, 4), (2, 101, 4), (4, 255, 4)]),
    ("what is old is forgotten", [(0, 100, 1), (FORGET - 0.1, None, 1), (FORGET, None, 8)]),
]


@pytest.mark.parametrize(("sentence", "steps"), STEPS, ids=[case[0] for case in STEPS])
def test_congestion(sentence: str, steps: list[tuple[float, int | None, int]]) -> None:
    congestion = Congestion(8)
    for now, state, allowed in steps:
        if state is None:
            congestion.tick(now)
        else:
            congestion.hear(state, now)
        assert congestion.allowed == allowed, now


def test_the_smallest_window_still_sends() -> None:
    congestion = Congestion(1)
    congestion.hear(100, 0)
    assert congestion.allowed == 1
    congestion.hear(0, 5)
    assert congestion.allowed == 1


def test_a_session_obeys_congestion_state_and_tells_of_it() -> None:
    session = esme()
    for number in range(8):
        assert session.request(pdus.SubmitSm(), number, 0)
    session.take_out()
    response = pdus.SubmitSmResp("id", (write("congestion_state", 100),), 2)
    assert session.receive(encode(response), 1) == [Congested(100, 1), Answered(0, response)]
    assert (session.room(), session.request(pdus.SubmitSm(), "more", 1)) == (0, False)
    for number in range(3, 10):
        session.receive(encode(pdus.SubmitSmResp("id", sequence_number=number)), 1)
    assert (session.pending, session.room(), session.heard_congestion) == (0, 1, 100)
    assert session.request(pdus.SubmitSm(), "one", 1)
    assert session.tick(1 + FORGET)[-1] == Congested(0, 8)
    assert session.heard_congestion is None


def test_an_smsc_tells_its_load_to_those_who_speak_5_0() -> None:
    for version, tlvs in ((0x34, ()), (0x50, (write("congestion_state", 95),))):
        session = smsc(version=version)
        session.congestion_state = 95
        session.answer(pdus.SubmitSm(sequence_number=2), 0, "id")
        session.respond(pdus.QuerySmResp("id", sequence_number=3))
        assert sent(session) == [
            pdus.SubmitSmResp("id", tlvs, 2),
            pdus.QuerySmResp("id", tlvs=tlvs, sequence_number=3),
        ]


# Bounds.


def test_before_the_bind_only_small_pdus_are_taken() -> None:
    big = encode(pdus.SubmitSm(tlvs=((0x0424, b"x" * 3_000),), sequence_number=5))
    session = Session(Role.SMSC, TIMING, 0)
    (event,) = session.receive(big[:4], 0)
    assert isinstance(event, Ended), "known from the first four octets"
    assert sent(session) == [pdus.GenericNack((), 0, 0x02)]
    assert [type(event) for event in smsc().receive(big, 0)] == [pdus.SubmitSm]


def test_an_esme_takes_what_comes_with_the_bind_resp_in_one_segment() -> None:
    session = Session(Role.ESME, TIMING, 0)
    session.bind(pdus.Bind(), 0)
    big = encode(pdus.DeliverSm(tlvs=((0x0424, b"x" * 60_000),), sequence_number=5))
    assert len(session.receive(encode(pdus.BindResp(sequence_number=1)) + big, 0)) == 2


def test_a_stranger_cannot_keep_us_busy_by_small_pdus() -> None:
    session = smsc(State.OPEN, timing=Timing(login_pdus=100))
    many = encode(pdus.EnquireLink(sequence_number=1)) * 50
    assert session.receive(many * 2, 0) == []
    assert len(sent(session)) == 100
    (ended,) = session.receive(many, 0)
    assert isinstance(ended, Ended)
    assert "more than 100 PDUs before it was bound" in ended.reason
    assert not sent(session)


def test_who_is_bound_may_send_as_many_as_it_likes() -> None:
    session = smsc(timing=Timing(login_pdus=100))
    session.receive(encode(pdus.EnquireLink(sequence_number=1)) * 500, 0)
    assert len(sent(session)) == 500


def test_what_we_owe_is_bounded_though_a_number_is_used_again() -> None:
    session = smsc(timing=Timing(owed_octets=10_000))
    big = pdus.SubmitSm(tlvs=((pdus.MESSAGE_PAYLOAD, b"x" * 4_000),), sequence_number=7)
    first, second = session.receive(encode(big) * 2, 0)
    session.answer(first)  # type: ignore[arg-type]
    assert len(session.receive(encode(big) * 3, 0)) == 1, "one is answered, so there is room for one"
    assert session.turned_away == 2
    session.answer(second)  # type: ignore[arg-type]
    assert len(session.receive(encode(big), 0)) == 1


def test_a_login_as_long_as_anyone_s_fits() -> None:
    bind = pdus.Bind(system_id="s" * 250, password="p" * 240, system_type="t" * 240, address_range="^" * 250)
    (event,) = Session(Role.SMSC, TIMING, 0).receive(encode(bind), 0)
    assert event == bind


@pytest.mark.parametrize(("role", "status"), [(Role.SMSC, 0x58), (Role.ESME, 0x64)])
def test_who_asks_more_than_we_can_answer_is_told_to_come_again(role: Role, status: int) -> None:
    timing = Timing(owed_most=3)
    session, kind = (smsc(timing=timing), pdus.SubmitSm) if role is Role.SMSC else (esme(timing=timing), pdus.DeliverSm)
    events: list[Event] = []
    for number in range(5):
        events += session.receive(encode(kind(sequence_number=number)), 1)
    assert [event.sequence_number for event in events] == [0, 1, 2]  # type: ignore[union-attr]
    assert [(pdu.sequence_number, pdu.command_status) for pdu in sent(session)] == [(3, status), (4, status)]
    assert (session.owed, session.turned_away) == (3, 2)
    session.answer(events[0])  # type: ignore[arg-type]
    session.forget(events[1])  # type: ignore[arg-type]
    assert session.owed == 1
    assert session.receive(encode(kind(sequence_number=5)), 1) == [kind(sequence_number=5)]
    assert session.receive(encode(pdus.EnquireLink(sequence_number=6)), 1) == []


def test_big_requests_are_bounded_by_their_octets() -> None:
    session = smsc(timing=Timing(owed_octets=150_000))
    big = pdus.SubmitSm(tlvs=((0x0424, b"x" * 60_000),))
    taken: list[Any] = []
    for number in range(4):
        big.sequence_number = number
        taken += session.receive(encode(big), 1)
    assert [pdu.sequence_number for pdu in taken] == [0, 1]
    small = pdus.SubmitSm(sequence_number=9)
    assert session.receive(encode(small), 1) == [small], "small ones go on"
    session.take_out()
    session.answer(taken[0])
    big.sequence_number = 10
    assert session.receive(encode(big), 1) == [big]


SLOW = [
    ("before the bind", Session(Role.SMSC, TIMING, 0), encode(pdus.Bind(sequence_number=1)), 5),
    ("an SMSC, bound", smsc(), encode(pdus.SubmitSm(sequence_number=1)), 40),
    ("an ESME, bound", esme(), encode(pdus.DeliverSm(sequence_number=1)), 40),
]


@pytest.mark.parametrize(("sentence", "session", "octets", "end"), SLOW, ids=[case[0] for case in SLOW])
def test_one_octet_at_a_time_and_never_a_whole_pdu_ends_by_time(
    sentence: str, session: Session, octets: bytes, end: int
) -> None:
    """An octet each second, and the last one never comes."""
    lines = itertools.chain(octets[:-1], itertools.repeat(0))
    frame = bytearray(octets)
    frame[2:4] = (1_000).to_bytes(2, "big")  # a PDU of 1,000 octets, so that its end is far
    for now in range(1, 1_000):
        octet = frame[now - 1] if now <= len(frame) else next(lines)
        events = session.receive(bytes((octet,)), now) + session.tick(now)
        if any(isinstance(event, Ended) for event in events):
            assert now == end
            return
    raise AssertionError("it never ended")


def test_a_stranger_is_not_fed_for_ever() -> None:
    """Asking for signs of life is no login."""
    session = Session(Role.SMSC, TIMING, 0)
    for now in range(5):
        session.receive(encode(pdus.EnquireLink(sequence_number=now + 1)), now)
        assert not any(isinstance(event, Ended) for event in session.tick(now))
    assert isinstance(session.tick(5)[-1], Ended)
