"""The window of a session whatever its other end does: random answers, silence, late answers, answers to nothing."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tidings.smpp import pdus
from tidings.smpp.codec import encode
from tidings.smpp.session import Answered, Ended, Event, Role, Session, State, Timing, Unanswered

PATIENCE = 5.0

steps = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 12)),
        st.tuples(st.just("answer"), st.integers(0, 30)),
        st.tuples(st.just("throttle"), st.integers(0, 30)),
        st.tuples(st.just("stray"), st.integers(1, 40)),
        st.tuples(st.just("wait"), st.floats(0, 3, allow_nan=False)),
        st.tuples(st.just("alive"), st.just(0)),
    ),
    max_size=60,
)


class Peer:
    """A session of ours, bound, and what became of each of its requests."""

    def __init__(self, window: int) -> None:
        self.now = 100.0
        self.window = window
        self.session = Session(Role.ESME, Timing(window=window, response_timeout=PATIENCE, enquire_link=600), self.now)
        self.session.bind(pdus.Bind(command_id=pdus.BIND_TRANSCEIVER, system_id="a", interface_version=0x34), self.now)
        self.hear(encode(pdus.BindResp(pdus.BIND_TRANSCEIVER | 0x80000000, "SMSC", (), 1, 0)))
        assert self.session.state is State.BOUND_TRX
        self.sent: list[int] = []
        """Sequence numbers of the requests, in order; a request's token is its place here."""
        self.first: Counter[int] = Counter()
        self.late: Counter[int] = Counter()

    def hear(self, octets: bytes) -> None:
        self.note(self.session.receive(octets, self.now))

    def note(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Answered):
                (self.late if event.late else self.first)[event.token] += 1
            elif isinstance(event, Unanswered):
                self.first[event.token] += 1

    def send(self, count: int) -> None:
        for _ in range(count):
            request = pdus.SubmitSm(destination_addr="4915112345678")
            room = self.session.room()
            taken = self.session.request(request, len(self.sent), self.now)
            assert taken == (room > 0), "room is a promise, and no room a refusal"
            if taken:
                self.sent.append(request.sequence_number)
        self.session.take_out()

    def answer(self, at: int, status: int) -> None:
        """One of the last thirty requests, whether or not it was answered before."""
        if self.sent:
            sequence = self.sent[-1 - at % min(len(self.sent), 30)]
            self.hear(encode(pdus.SubmitSmResp("id", (), sequence, status)))

    def step(self, what: str, how: float) -> None:
        match what:
            case "send":
                self.send(int(how))
            case "answer":
                self.answer(int(how), 0)
            case "throttle":
                self.answer(int(how), 0x58)
            case "stray":
                self.hear(encode(pdus.SubmitSmResp("id", (), 1_000_000 + int(how), 0)))
            case "alive":
                self.hear(encode(pdus.EnquireLink(sequence_number=77)))
            case _:
                self.now += how
                self.note(self.session.tick(self.now))
        assert 0 <= self.session.pending <= self.window
        assert self.session.pending + self.first.total() == len(self.sent)


@given(st.integers(1, 10), steps)
def test_the_window_holds_and_every_request_is_told_once(window: int, steps: list[tuple[str, float]]) -> None:
    peer = Peer(window)
    for what, how in steps:
        if peer.session.over:
            break
        peer.step(what, how)
    peer.note(peer.session.close())
    assert all(count == 1 for count in peer.first.values())
    assert len(peer.first) == len(peer.sent)
    assert all(count == 1 and peer.first[token] == 1 for token, count in peer.late.items()), "late at most once"


def test_what_timed_out_gives_its_place_back_and_its_late_answer_takes_none() -> None:
    peer = Peer(3)
    peer.send(5)
    assert (len(peer.sent), peer.session.room()) == (3, 0)
    peer.now += 1
    peer.step("alive", 0)
    peer.now += PATIENCE
    peer.note(peer.session.tick(peer.now))
    assert peer.first == Counter({0: 1, 1: 1, 2: 1})
    peer.step("alive", 0)
    peer.send(3)
    assert (len(peer.sent), peer.session.room()) == (6, 0)
    peer.answer(5, 0)
    assert (peer.late, peer.session.room()) == (Counter({0: 1}), 0)
    assert not [event for event in peer.session.tick(peer.now) if isinstance(event, Ended)]
