"""One SMPP session of either end: states, window, sequence numbers and timers, without a socket or a clock.

Octets go in by `receive`, come out by `take_out`; every call that needs the time is given it (seconds
that never go back). What happened is returned as a list of events, in order.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import msgspec

from tidings.smpp import codec, pdus
from tidings.smpp.codec import decode, encode
from tidings.smpp.faults import RALYBND, RINVBNDSTS, RINVCMDID, RINVCMDLEN, Strictness
from tidings.smpp.fields import COMMANDS, noun
from tidings.smpp.framing import missing, split_frames
from tidings.smpp.pdus import RESPONSE, Bind, BindResp, Malformed, Pdu, Raw, Request, Response, Tlvs

LATE_LEAST = 1_000
"""How many requests without answer are remembered at least, so that a late response finds its token."""
_LAST_SEQUENCE = 0x7FFFFFFF


class Role(Enum):
    """Which end this is."""

    ESME = "esme"
    SMSC = "smsc"


class State(Enum):
    """Session states of SMPP 3.4 section 2.2."""

    OPEN = "open"
    BOUND_TX = "bound_tx"
    BOUND_RX = "bound_rx"
    BOUND_TRX = "bound_trx"
    UNBOUND = "unbound"


class Timing(msgspec.Struct, frozen=True):
    """Patience in seconds, and bounds. The specification names the timers and leaves the values open."""

    window: int = 50
    """Requests that may wait for an answer at once."""
    response_timeout: float = 10.0
    enquire_link: float = 30.0
    """Silence of the other end after which it is asked for a sign of life."""
    login_timeout: float = 10.0
    """SMSC only: how long a connection may stay without a bind."""
    max_command_length: int = 70_000
    strictness: Strictness = Strictness.NORMAL


class Answered(msgspec.Struct, gc=False):
    """The answer to a request of ours. `late`: Unanswered was told before."""

    token: Any
    response: Response | Raw | Malformed
    late: bool = False


class Unanswered(msgspec.Struct, gc=False):
    """A request of ours without answer: timed out, or the link is gone."""

    token: Any
    written: bool = True
    """False when its octets certainly never left this process."""


class Bound(msgspec.Struct, gc=False):
    """ESME only: the bind was accepted."""

    response: BindResp


class Refused(msgspec.Struct, gc=False):
    """ESME only: the bind was not accepted."""

    command_status: int


class Ended(msgspec.Struct, gc=False):
    """The session is over and its connection has to be closed; nothing follows but Unanswered."""

    reason: str
    fault: bool = True
    """False after an unbind in good order."""


Event = Request | Answered | Unanswered | Bound | Refused | Ended
"""Requests of the other end come as their PDU and want `answer` (or `respond`)."""

_BOUND_STATES = {
    pdus.BIND_TRANSMITTER: State.BOUND_TX,
    pdus.BIND_RECEIVER: State.BOUND_RX,
    pdus.BIND_TRANSCEIVER: State.BOUND_TRX,
}
_TRANSMITS = frozenset({State.BOUND_TX, State.BOUND_TRX})
_RECEIVES = frozenset({State.BOUND_RX, State.BOUND_TRX})
_BOUND = _TRANSMITS | _RECEIVES
_ID_KINDS = frozenset({pdus.SubmitSm.command_id, pdus.DeliverSm.command_id, pdus.DataSm.command_id})
"""Requests whose answer is a message_id and no more; those that are no texts are made as nouns."""
_TO_SMSC = frozenset(command.id for command in COMMANDS.values() if command.answer and command.sent_by == ("esme",))
_ANSWERS = {command.id: noun(COMMANDS[command.id | RESPONSE]) for command in COMMANDS.values() if command.answer}
_NO_ANSWER = frozenset({pdus.Outbind.command_id, pdus.AlertNotification.command_id})


class _Own(Enum):
    """Tokens of the requests that a session makes itself."""

    BIND = "bind"
    UNBIND = "unbind"
    ENQUIRE = "enquire_link"


class _Waiting(msgspec.Struct, gc=False):
    since: float
    command_id: int
    token: Any


class Session:
    """The state of one connection. Not for several threads."""

    def __init__(self, role: Role, timing: Timing, now: float) -> None:
        self.role = role
        self.timing = timing
        self.state = State.OPEN
        self.strays = 0
        """Responses that belong to no request of ours."""
        self.unknown_commands = 0
        self.malformed = 0
        self.round_trip: float | None = None
        """Seconds that the last bind or enquire_link of ours took to be answered."""
        self.bind_request: Bind | None = None
        """The bind that was made (ESME) or accepted (SMSC)."""
        self._pending: dict[int, _Waiting] = {}
        self._late: dict[int, _Waiting] = {}
        self._own = 0
        self._sequence = 0
        self._out: list[bytes] = []
        self._unwritten: list[int] = []
        self._tail = bytearray()
        self._needed = 0
        self._opened = self._heard = now
        self._frozen_at: float | None = None
        self._frozen_total = 0.0
        self._enquired: float | None = None
        self._silent = False
        self._ending = False
        self._binding = False

    # What the owner asks.

    @property
    def bound(self) -> bool:
        """Bound, and not about to unbind."""
        return self.state in _BOUND and not self._ending

    @property
    def over(self) -> bool:
        """Ended, by either end or by a fault."""
        return self.state is State.UNBOUND

    @property
    def unbinding(self) -> bool:
        """An unbind of ours is under way."""
        return self._ending and not self.over

    @property
    def pending(self) -> int:
        """Requests of the owner that wait for an answer."""
        return len(self._pending) - self._own

    def room(self) -> int:
        """How many requests the window still takes; none while the other end owes a sign of life."""
        return max(0, self.timing.window - self.pending) if self.bound and not self._silent else 0

    # What the owner does.

    def bind(self, request: Bind, now: float) -> None:
        """ESME: ask to be bound; Bound, Refused or Ended follows."""
        self.bind_request = request
        self._register(request, _Own.BIND, now)

    def request(self, request: Request, token: Any, now: float) -> bool:
        """Send a request; exactly one Answered (not late) or Unanswered with `token` follows.

        False, and nothing sent, when the window is full, the other end owes a sign of life, or the state of the
        session forbids it.
        Raises EncodeError, and nothing is sent, when the PDU cannot be expressed.
        """
        full = self._silent or len(self._pending) - self._own >= self.timing.window
        if full or not self._may_send(request.command_id):
            return False
        self._register(request, token, now)
        return True

    def answer(self, request: Request, status: int = 0, message_id: str = "", tlvs: Tlvs = ()) -> None:
        """Answer a request of the other end, with a status alone or with what its response can hold of a message_id.

        Answers that say more, as those of submit_multi and query_sm, go by `respond`.
        """
        self.answer_to(request.command_id, request.sequence_number, status, message_id, tlvs)

    def answer_to(self, command_id: int, sequence: int, status: int = 0, message_id: str = "", tlvs: Tlvs = ()) -> None:
        """As `answer`, for a request of which only command_id and sequence_number were kept."""
        if self.over:
            return
        if command_id in _ID_KINDS:
            out = codec.encode_id_resp(command_id | RESPONSE, status, sequence, message_id, tlvs)
        elif message_id or tlvs:
            fields = {"message_id": message_id} if message_id else {}
            out = encode(_ANSWERS[command_id](**fields, tlvs=tlvs, sequence_number=sequence, command_status=status))
        else:
            out = codec.encode_header(command_id | RESPONSE, status, sequence)
        self._out.append(out)

    def answer_bind(self, request: Bind, status: int = 0, system_id: str = "") -> None:
        """SMSC: accept (status 0) or refuse a bind."""
        if self.over:
            return
        self._binding = False
        tlvs: Tlvs = ()
        if status == 0:
            self.state = _BOUND_STATES[request.command_id]
            self.bind_request = request
            if request.interface_version >= 0x34:
                spoken = b"\x50" if request.interface_version >= 0x50 else b"\x34"
                tlvs = ((pdus.SC_INTERFACE_VERSION, spoken),)
        response = BindResp(request.command_id | RESPONSE, system_id, tlvs, request.sequence_number, status)
        self._out.append(encode(response))

    def respond(self, response: Response) -> None:
        """Send a response made by the owner, for instance query_sm_resp."""
        if not self.over:
            self._out.append(encode(response))

    def unbind(self, now: float) -> None:
        """Ask to end the session; Ended follows. New requests are refused from here on."""
        if not (self._ending or self.over):
            self._ending = True
            self._register(pdus.Unbind(), _Own.UNBIND, now)

    def take_out(self) -> list[bytes]:
        """The octets to write, in order; they count as written from here on."""
        out, self._out = self._out, []
        self._unwritten.clear()
        return out

    @property
    def has_out(self) -> bool:
        """Whether `take_out` would bring anything."""
        return bool(self._out)

    def freeze(self, now: float) -> None:
        """The owner stops reading: timers stand still, since answers may lie unread."""
        if self._frozen_at is None:
            self._frozen_at = now

    def thaw(self, now: float) -> None:
        """The owner reads again."""
        if self._frozen_at is not None:
            self._frozen_total += now - self._frozen_at
            self._frozen_at = None

    def close(self) -> list[Event]:
        """The connection is gone: what was in flight, oldest first. The session is over."""
        self.state = State.UNBOUND
        unwritten = set(self._unwritten)
        lost: list[Event] = [
            Unanswered(waiting.token, sequence not in unwritten)
            for sequence, waiting in self._pending.items()
            if not isinstance(waiting.token, _Own)
        ]
        self._pending.clear()
        self._late.clear()
        self._out.clear()
        self._unwritten.clear()
        self._own = 0
        return lost

    # What the other end does.

    def receive(self, data: bytes | memoryview, now: float) -> list[Event]:
        """Take octets as they came, in pieces of any size."""
        events: list[Event] = []
        if self.over:
            return events
        whole = self._whole(data)
        if whole is None:
            return events
        frames, taken, bad_length = split_frames(whole, self.timing.max_command_length)
        if frames:
            self._heard = now - self._frozen_total
            self._enquired = None
            self._silent = False
            strictness = self.timing.strictness
            for frame in frames:
                self._take(events, decode(frame, strictness))
                if self.over:
                    return events
        if bad_length is not None:
            self._lost_framing(events, whole[taken : taken + 16], bad_length)
        elif taken < len(whole):
            self._tail += whole[taken:]
            self._needed = missing(self._tail)
        return events

    def tick(self, now: float) -> list[Event]:
        """Look at the timers; call it a few times per shortest timeout."""
        events: list[Event] = []
        if self.over or self._frozen_at is not None:
            return events
        now -= self._frozen_total
        self._sweep(events, now)
        if self.state is State.OPEN and self.role is Role.SMSC and now - self._opened >= self.timing.login_timeout:
            self._end(events, "The other end connected and did not bind in time.")
        elif self.state in _BOUND and self._enquired is None and self._must_enquire(now):
            self._enquired = now
            self._register(pdus.EnquireLink(), _Own.ENQUIRE, now + self._frozen_total)
        return events

    # Inside.

    def _must_enquire(self, now: float) -> bool:
        return self._silent or now - self._heard >= self.timing.enquire_link

    def _whole(self, data: bytes | memoryview) -> bytes | None:
        tail = self._tail
        if not tail:
            return bytes(data)
        tail += data
        if len(tail) < self._needed:
            return None
        whole = bytes(tail)
        tail.clear()
        return whole

    def _may_send(self, command_id: int) -> bool:
        if self._ending:
            return False
        if self.role is Role.ESME:
            return self.state in _TRANSMITS
        return self.state in _RECEIVES

    def _register(self, request: Request, token: Any, now: float) -> None:
        # The number is taken before a single octet leaves: an answer may come faster than this returns.
        sequence = self._sequence
        while True:
            sequence = sequence + 1 if sequence < _LAST_SEQUENCE else 1
            if sequence not in self._pending:
                break
        request.sequence_number = sequence
        octets = encode(request)
        self._sequence = sequence
        self._pending[sequence] = _Waiting(now - self._frozen_total, request.command_id, token)
        if isinstance(token, _Own):
            self._own += 1
        else:
            self._unwritten.append(sequence)
        self._out.append(octets)

    def _take(self, events: list[Event], pdu: Pdu | Malformed) -> None:
        if pdu.command_id & RESPONSE:
            self._take_response(events, pdu)
        elif isinstance(pdu, Malformed):
            self.malformed += 1
            self._out.append(codec.encode_header(pdu.command_id | RESPONSE, pdu.command_status, pdu.sequence_number))
        elif isinstance(pdu, Raw):
            self.unknown_commands += 1
            self._nack(RINVCMDID, pdu.sequence_number)
        else:
            self._take_request(events, pdu)  # type: ignore[arg-type]

    def _take_request(self, events: list[Event], pdu: Request) -> None:
        if isinstance(pdu, pdus.EnquireLink):
            self._out.append(codec.encode_header(pdu.command_id | RESPONSE, 0, pdu.sequence_number))
        elif isinstance(pdu, pdus.Unbind):
            self._out.append(codec.encode_header(pdu.command_id | RESPONSE, 0, pdu.sequence_number))
            self._end(events, "The other end unbound.", fault=False)
        elif isinstance(pdu, Bind):
            self._take_bind(events, pdu)
        elif pdu.command_id in _NO_ANSWER or self._may_come(pdu.command_id):
            events.append(pdu)
        else:
            self.answer(pdu, RINVBNDSTS)

    def _take_bind(self, events: list[Event], pdu: Bind) -> None:
        if self.role is Role.ESME:
            self._nack(RINVCMDID, pdu.sequence_number)
        elif self.state is not State.OPEN or self._binding:
            response = BindResp(pdu.command_id | RESPONSE, "", (), pdu.sequence_number, RALYBND)
            self._out.append(encode(response))
        else:
            self._binding = True
            events.append(pdu)

    def _may_come(self, command_id: int) -> bool:
        if self.role is Role.ESME:
            # A receipt on a transmitter bind is against the book, but refusing it would lose it.
            return self.state in _BOUND and command_id not in _TO_SMSC
        return self.state in _TRANSMITS and command_id != pdus.DeliverSm.command_id

    def _take_response(self, events: list[Event], pdu: Any) -> None:
        sequence = pdu.sequence_number
        waiting = self._pending.get(sequence)
        late = waiting is None
        if waiting is None:
            waiting = self._late.get(sequence)
        if waiting is None or not (
            pdu.command_id == waiting.command_id | RESPONSE or pdu.command_id == pdus.GenericNack.command_id
        ):
            self.strays += 1
            return
        if late:
            del self._late[sequence]
            events.append(Answered(waiting.token, pdu, True))
            return
        del self._pending[sequence]
        if isinstance(waiting.token, _Own):
            self._own -= 1
            self.round_trip = self._heard - waiting.since
            self._own_answered(events, waiting.token, pdu)
        else:
            events.append(Answered(waiting.token, pdu))

    def _own_answered(self, events: list[Event], token: _Own, pdu: Any) -> None:
        if token is _Own.UNBIND:
            self._end(events, "Unbound.", fault=False)
        elif token is _Own.BIND:
            if isinstance(pdu, BindResp) and pdu.command_status == 0:
                self.state = _BOUND_STATES[pdu.command_id & ~RESPONSE]
                events.append(Bound(pdu))
            else:
                events.append(Refused(pdu.command_status))

    def _sweep(self, events: list[Event], now: float) -> None:
        # Requests stand in the order of their deadlines, since all have the same patience.
        oldest = now - self.timing.response_timeout
        expired: list[int] = []
        for sequence, waiting in self._pending.items():
            if waiting.since > oldest:
                break
            expired.append(sequence)
        for sequence in expired:
            waiting = self._pending.pop(sequence)
            if isinstance(waiting.token, _Own):
                self._own -= 1
                self._own_expired(events, waiting)
            else:
                self._remember(sequence, waiting)
                events.append(Unanswered(waiting.token))
                # Nothing at all came since it was sent: what follows would only share its doubt.
                self._silent = self._silent or self._heard <= waiting.since

    def _own_expired(self, events: list[Event], waiting: _Waiting) -> None:
        if waiting.token is _Own.BIND:
            self._end(events, "The other end did not answer the bind.")
        elif waiting.token is _Own.UNBIND:
            self._end(events, "The other end did not answer the unbind.")
        elif self._heard <= waiting.since:
            # Whatever came since would be a sign of life as good as the answer.
            self._end(events, "The other end did not answer enquire_link: the link is dead.")

    def _remember(self, sequence: int, waiting: _Waiting) -> None:
        self._late[sequence] = waiting
        if len(self._late) > max(LATE_LEAST, 4 * self.timing.window):
            del self._late[next(iter(self._late))]

    def _nack(self, status: int, sequence: int) -> None:
        self._out.append(codec.encode_header(pdus.GenericNack.command_id, status, sequence))

    def _lost_framing(self, events: list[Event], head: bytes, length: int) -> None:
        sequence = int.from_bytes(head[12:16], "big") if len(head) == 16 and head[0] == 0 else 0
        self._nack(RINVCMDLEN, sequence)
        hint = " It seems to speak TLS." if head[:2] == b"\x16\x03" else ""
        self._end(events, f"The other end sent a PDU with command_length {length}, so its stream is lost.{hint}")

    def _end(self, events: list[Event], reason: str, *, fault: bool = True) -> None:
        self.state = State.UNBOUND
        events.append(Ended(reason, fault))
