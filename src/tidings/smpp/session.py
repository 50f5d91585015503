"""One SMPP session of either end: states, window, sequence numbers and timers, without a socket or a clock.

Octets go in by `receive`, come out by `take_out`; every call that needs the time is given it (seconds
that never go back). What happened is returned as a list of events, in order.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import msgspec

from tidings.smpp import pdus
from tidings.smpp.codec import DECODERS, UNKNOWN, encode, encode_header, encode_id_resp, unpack_header
from tidings.smpp.congestion import FULL, Congestion
from tidings.smpp.events import Answered as Answered
from tidings.smpp.events import Bound as Bound
from tidings.smpp.events import Congested as Congested
from tidings.smpp.events import Ended as Ended
from tidings.smpp.events import Event as Event
from tidings.smpp.events import Refused as Refused
from tidings.smpp.events import Timing as Timing
from tidings.smpp.events import Unanswered as Unanswered
from tidings.smpp.faults import RALYBND, RINVBNDSTS, RINVCMDID, RINVCMDLEN, RTHROTTLED, RX_T_APPN
from tidings.smpp.fields import COMMANDS, noun
from tidings.smpp.framing import HEADER, LENGTH, missing
from tidings.smpp.owed import Owed
from tidings.smpp.pdus import (
    RESPONSE,
    AlertNotification,
    Bind,
    BindResp,
    Malformed,
    Outbind,
    Pdu,
    Raw,
    Request,
    Response,
    Tlvs,
    tlv,
)
from tidings.smpp.states import BOUND, BOUND_STATES, NO_ANSWER, ONLY_V50, V34, V50, agreed, sends, takes, tells
from tidings.smpp.states import Role as Role
from tidings.smpp.states import State as State
from tidings.smpp.tlvs import fit

UNBIND_WAITS = 1.0
"""Seconds that an unbind of the other end waits, at most, for the answers to what it asked before."""
LATE_LEAST = 1_000
"""How many requests without answer are remembered at least, so that a late response finds its token."""
_LAST_SEQUENCE = 0x7FFFFFFF
UNBOUND = "The other end unbound."
"""Why a session ended in good order at the other end's wish: after its unbind, and after the last answer it waited for.
Where that comes later than the unbind, `over` alone tells."""


GENERIC_NACK = pdus.GenericNack.command_id
_NOTHING: frozenset[int] = frozenset()
_ID_KINDS = frozenset({pdus.SubmitSm.command_id, pdus.DeliverSm.command_id, pdus.DataSm.command_id})
"""Requests whose answer is a message_id and no more; those that are no texts are made as nouns."""
_ANSWERS = {command.id: noun(COMMANDS[command.id | RESPONSE]) for command in COMMANDS.values() if command.answer}


class _Own(Enum):
    """Tokens of the requests that a session makes itself."""

    BIND = "bind"
    UNBIND = "unbind"
    ENQUIRE = "enquire_link"


class _Waiting(msgspec.Struct, gc=False):
    since: float
    awaits: int
    """command_id of its response."""
    token: Any


class Session:
    """The state of one connection. Not for several threads."""

    # More attributes than a class shares the names of: without slots each of them takes twice as long to read.
    __slots__ = (
        "_asked", "_before_bind", "_binding", "_congestion", "_ending", "_enquired", "_fits", "_frozen_at",
        "_frozen_total", "_heard", "_late", "_length_most", "_missed", "_needed", "_opened", "_out", "_owed", "_own",
        "_pending", "_sends", "_sequence", "_silent", "_stranger", "_tail", "_takes", "_unbind_at", "bind_request",
        "congestion_state", "listener", "malformed", "over", "role", "round_trip", "state", "strays", "timing",
        "turned_away", "unknown_commands", "version",
    )  # fmt: skip

    def __init__(self, role: Role, timing: Timing, now: float) -> None:
        self.role = role
        self.timing = timing
        self.over = False
        """Ended, by either end or by a fault."""
        self.version = V34
        """The interface_version both ends speak, known once bound."""
        self.congestion_state: int | None = None
        """SMSC: what responses tell a 5.0 ESME of our load, 0 to 100; the owner sets it."""
        self.strays = 0
        """Responses that belong to no request of ours."""
        self.unknown_commands = 0
        self.malformed = 0
        self.round_trip: float | None = None
        """Seconds that the last bind or enquire_link of ours took to be answered."""
        self.turned_away = 0
        """Requests that came while too many others waited for our answer."""
        self.listener: Callable[[bytes], None] | None = None
        """Is shown what came before it is read: whole PDUs, and the beginning of the next."""
        self.bind_request: Bind | None = None
        """The bind that was made (ESME) or accepted (SMSC)."""
        self._owed = Owed(timing.owed_most, timing.owed_octets)
        self._congestion = Congestion(timing.window)
        self._pending: dict[int, _Waiting] = {}
        self._late: dict[int, _Waiting] = {}
        self._own = 0
        self._sequence = 0
        self._out: list[bytes] = []
        self._tail = bytearray()
        self._needed = 0
        self._opened = self._heard = now
        self._frozen_at: float | None = None
        self._frozen_total = 0.0
        self._enquired: float | None = None
        self._missed = 0
        """Enquiries in a row without any sign of life."""
        self._asked = now
        self._silent = False
        self._ending = False
        self._binding = False
        self._unbind_at: int | None = None
        """sequence_number of an unbind that is answered once all before it is."""
        self._before_bind = 0
        self._enter(State.OPEN)

    # What the owner asks.

    @property
    def bound(self) -> bool:
        """Bound, and not about to unbind."""
        return self.state in BOUND and not self._ending and self._unbind_at is None

    @property
    def unbinding(self) -> bool:
        """An unbind of ours is under way."""
        return self._ending and not self.over

    @property
    def pending(self) -> int:
        """Requests of the owner that wait for an answer."""
        return len(self._pending) - self._own

    @property
    def owed(self) -> int:
        """Requests of the other end that wait for an answer of the owner."""
        return self._owed.count

    @property
    def heard_congestion(self) -> int | None:
        """The load the other end told last, in percent; None where it told none lately."""
        return self._congestion.state

    def room(self) -> int:
        """How many requests may be sent now: what the window and the other end's congestion leave.

        None while the other end owes a sign of life.
        """
        return max(0, self._congestion.allowed - self.pending) if self.bound and not self._silent else 0

    # What the owner does.

    def bind(self, request: Bind, now: float) -> None:
        """ESME: ask to be bound; Bound, Refused or Ended follows."""
        self.bind_request = request
        # An outbind that crosses our bind asks for what is under way.
        self._takes = _NOTHING
        self._register_own(request, _Own.BIND, now)

    def request(self, request: Request, token: Any, now: float) -> bool:
        """Send a request; exactly one Answered (not late) or Unanswered with `token` follows.

        False, and nothing sent, when the window is full or lowered by congestion, the other end owes a sign of life,
        or the state or version of the session forbids it.
        Raises EncodeError, and nothing is sent, when the PDU cannot be expressed.
        """
        full = self._silent or len(self._pending) - self._own >= self._congestion.allowed
        if full or self._ending or self._unbind_at is not None or request.command_id not in self._sends:
            return False
        self._register(request, token, now)
        return True

    def tell(self, pdu: Outbind | AlertNotification) -> bool:
        """SMSC: send what nobody answers; False, and nothing sent, when the state of the session forbids it."""
        if self._ending or pdu.command_id not in tells(self.role, self.state):
            return False
        pdu.sequence_number = self._free()
        self._out.append(encode(pdu))
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
        self._owed.settle(sequence)
        if tlvs or self.congestion_state is not None:
            tlvs = self._tlvs_of_response(tlvs)
        self._out.append(_response(command_id, sequence, status, message_id, tlvs))
        if self._unbind_at is not None:
            self._leave()

    def respond(self, response: Response) -> None:
        """Send a response made by the owner, for instance query_sm_resp."""
        if self.over:
            return
        self._owed.settle(response.sequence_number)
        if response.tlvs or self.congestion_state is not None:
            response = msgspec.structs.replace(response, tlvs=self._tlvs_of_response(response.tlvs))
        self._out.append(encode(response))
        self._leave()

    def forget(self, request: Request) -> None:
        """The owner will never answer this request, and nothing has to be kept free for it."""
        self._owed.settle(request.sequence_number)
        self._leave()

    def answer_bind(self, request: Bind, status: int = 0, system_id: str = "") -> None:
        """SMSC: accept (status 0) or refuse a bind."""
        if self.over:
            return
        self._binding = False
        tlvs: Tlvs = ()
        if status == 0:
            self.bind_request = request
            self.version = agreed(V50, request.interface_version)
            self._enter(BOUND_STATES[request.command_id])
            if self.version >= V34:
                tlvs = ((pdus.SC_INTERFACE_VERSION, bytes((self.version,))),)
        response = BindResp(request.command_id | RESPONSE, system_id, tlvs, request.sequence_number, status)
        self._out.append(encode(response))

    def unbind(self, now: float) -> None:
        """Ask to end the session; Ended follows. New requests are refused from here on."""
        if not (self._ending or self.over):
            self._ending = True
            self._register_own(pdus.Unbind(), _Own.UNBIND, now)

    def take_out(self) -> list[bytes]:
        """The octets to write, in order; they count as written from here on."""
        out, self._out = self._out, []
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
        self._enter(State.UNBOUND)
        headers = [unpack_header(octets) for octets in self._out]
        unwritten = {sequence for _, command_id, _, sequence in headers if not command_id & RESPONSE}
        lost: list[Event] = [
            Unanswered(waiting.token, sequence not in unwritten)
            for sequence, waiting in self._pending.items()
            if not isinstance(waiting.token, _Own)
        ]
        self._pending.clear()
        self._late.clear()
        self._out.clear()
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
        if len(whole) >= missing(whole):
            self._hear_life(whole, now)
        return self._read(events, whole)

    def tick(self, now: float) -> list[Event]:
        """Look at the timers; call it a few times per shortest timeout."""
        events: list[Event] = []
        if self.over or self._frozen_at is not None:
            return events
        now -= self._frozen_total
        self._sweep(events, now)
        if self._unbind_at is not None and not self.over and now - self._heard >= UNBIND_WAITS:
            self._leave(insist=True)
            events.append(Ended(UNBOUND, False))
            return events
        if self._congestion.state is not None:
            before = self._congestion.allowed
            self._congestion.tick(now)
            self._tell_congestion(events, before)
        if self.state is State.OPEN and self.role is Role.SMSC and now - self._opened >= self.timing.login_timeout:
            self._end(events, "The other end connected and did not bind in time.")
        elif self.state in BOUND and self._enquired is None and self._must_enquire(now):
            self._enquired = self._asked = now
            self._register_own(pdus.EnquireLink(), _Own.ENQUIRE, now + self._frozen_total)
        return events

    # Inside.

    def _must_enquire(self, now: float) -> bool:
        return self._silent or now - max(self._heard, self._asked) >= self.timing.enquire_link

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

    def _hear_life(self, whole: bytes, now: float) -> None:
        """At least one whole PDU came."""
        if self.listener is not None:
            self.listener(whole)
        self._heard = now - self._frozen_total
        self._enquired = None
        self._missed = 0
        self._silent = False

    def _read(self, events: list[Event], whole: bytes) -> list[Event]:
        """Take PDU after PDU; what is left begins the next one."""
        text, start, size, strictness = str(whole, "latin-1"), 0, len(whole), self.timing.strictness
        while size - start >= HEADER:
            length, command_id, status, sequence = unpack_header(whole, start)
            end = start + length
            if end > size or not HEADER <= length <= self._length_most:
                break
            if self._stranger and not self._few(events):
                return events
            decoder, make = DECODERS.get(command_id, UNKNOWN)
            pdu = decoder(make, whole, text, start, end, status, sequence, strictness)
            if command_id & RESPONSE:
                self._take_response(events, command_id, pdu)
            else:
                self._take_request(events, command_id, pdu, length)
            if self.over:
                return events
            start = end
        left = whole[start:]
        if len(left) >= LENGTH and not HEADER <= missing(left) <= self._length_most:
            self._lost_framing(events, left[:HEADER], missing(left))
        elif left:
            self._tail += left
            self._needed = missing(left)
        return events

    def _few(self, events: list[Event]) -> bool:
        """Whether a stranger is let go on: whoever wants to bind has not much to say before."""
        self._before_bind += 1
        if self._before_bind > self.timing.login_pdus:
            self._end(events, f"The other end sent more than {self.timing.login_pdus} PDUs before it was bound.")
        return not self.over

    def _enter(self, state: State) -> None:
        self.state = state
        self.over = state is State.UNBOUND
        timing = self.timing
        self._sends = sends(self.role, state, self.version)
        self._takes = takes(self.role, state, self.version, timing.strictness)
        # An ESME's TLVs are what its operator agreed on with the SMSC, whatever the versions say.
        self._fits = self.version if self.role is Role.SMSC else V50
        self._stranger = self.role is Role.SMSC and state is State.OPEN
        self._length_most = timing.max_login_length if self._stranger else timing.max_command_length

    def _free(self) -> int:
        """The next sequence_number that no request in flight has."""
        sequence = self._sequence + 1
        while sequence > _LAST_SEQUENCE or sequence in self._pending:
            sequence = sequence + 1 if sequence < _LAST_SEQUENCE else 1
        return sequence

    def _register(self, request: Request, token: Any, now: float) -> None:
        # The number is taken before a single octet leaves: an answer may come faster than this returns.
        sequence = self._sequence + 1
        if sequence > _LAST_SEQUENCE or sequence in self._pending:
            sequence = self._free()
        request.sequence_number = sequence
        if (tlvs := request.tlvs) and (fitting := fit(tlvs, self._fits)) is not tlvs:
            request = msgspec.structs.replace(request, tlvs=fitting)
        self._out.append(encode(request))
        self._sequence = sequence
        self._pending[sequence] = _Waiting(now - self._frozen_total, request.command_id | RESPONSE, token)

    def _register_own(self, request: Request, token: _Own, now: float) -> None:
        self._register(request, token, now)
        self._own += 1

    def _tlvs_of_response(self, tlvs: Tlvs) -> Tlvs:
        if self.congestion_state is not None and self.role is Role.SMSC and self.version >= V50:
            return (*tlvs, (pdus.CONGESTION_STATE, bytes((min(self.congestion_state, FULL),))))
        return fit(tlvs, self._fits)

    def _take_request(self, events: list[Event], command_id: int, pdu: Any, size: int) -> None:
        if command_id not in self._takes or type(pdu) is Malformed:
            self._take_odd(events, pdu)
        elif command_id in NO_ANSWER or self._owed.take(pdu.sequence_number, size):
            events.append(pdu)
        else:
            self.turned_away += 1
            self._refuse(command_id, pdu.sequence_number, RTHROTTLED if self.role is Role.SMSC else RX_T_APPN)

    def _take_odd(self, events: list[Event], pdu: Pdu | Malformed) -> None:
        command_id = pdu.command_id
        if isinstance(pdu, Raw) or (command_id in ONLY_V50 and self.version < V50):
            self.unknown_commands += 1
            self._nack(RINVCMDID, pdu.sequence_number)
        elif isinstance(pdu, Malformed):
            self.malformed += 1
            self._refuse(command_id, pdu.sequence_number, pdu.command_status)
        else:
            self._take_other(events, pdu)

    def _take_other(self, events: list[Event], pdu: Pdu) -> None:
        sequence = pdu.sequence_number
        if isinstance(pdu, pdus.EnquireLink):
            self._out.append(encode_header(pdu.command_id | RESPONSE, 0, sequence))
        elif isinstance(pdu, pdus.Unbind) and self._unbind_at is None:
            self._unbind_at = sequence
            self._takes = _NOTHING
            self._leave()
            if self.over:
                events.append(Ended(UNBOUND, False))
        elif isinstance(pdu, Bind):
            self._take_bind(events, pdu)
        elif not (isinstance(pdu, Outbind) and self.role is Role.ESME and self.state is State.OPEN):
            self._refuse(pdu.command_id, sequence, RINVBNDSTS)
            if isinstance(pdu, Outbind) and self._stranger:
                self._end(events, "The other end sent outbind, so it is an SMSC: here ESMEs bind.")

    def _leave(self, insist: bool = False) -> None:
        """Answer an unbind once nothing that came before it is owed an answer; the session is over then."""
        if self._unbind_at is None or (self._owed.count and not insist) or self.over:
            return
        status = 0 if self.state in BOUND else RINVBNDSTS
        self._out.append(encode_header(pdus.Unbind.command_id | RESPONSE, status, self._unbind_at))
        self._unbind_at = None
        self._enter(State.UNBOUND)

    def _refuse(self, command_id: int, sequence: int, status: int) -> None:
        if command_id in NO_ANSWER:
            self._nack(status, sequence)
        else:
            self._out.append(_response(command_id, sequence, status, "", ()))

    def _take_bind(self, events: list[Event], pdu: Bind) -> None:
        if self.role is Role.ESME:
            self._nack(RINVCMDID, pdu.sequence_number)
        elif self.state is not State.OPEN or self._binding:
            response = BindResp(pdu.command_id | RESPONSE, "", (), pdu.sequence_number, RALYBND)
            self._out.append(encode(response))
        else:
            self._binding = True
            events.append(pdu)

    def _take_response(self, events: list[Event], command_id: int, pdu: Any) -> None:
        sequence = pdu.sequence_number
        asked = self._pending if sequence in self._pending else self._late
        waiting = asked.get(sequence)
        if waiting is None or (command_id != waiting.awaits and command_id != GENERIC_NACK):
            self.strays += 1
            return
        del asked[sequence]
        if pdu.tlvs:
            self._hear(events, pdu.tlvs)
        token = waiting.token
        if type(token) is _Own:
            self._own -= 1
            self.round_trip = self._heard - waiting.since
            self._own_answered(events, token, pdu)
        else:
            events.append(Answered(token, pdu, asked is self._late))

    def _own_answered(self, events: list[Event], token: _Own, pdu: Any) -> None:
        if token is _Own.UNBIND:
            self._end(events, "Unbound.", fault=False)
        elif token is _Own.BIND:
            if isinstance(pdu, BindResp) and pdu.command_status == 0:
                self._bound(pdu)
                events.append(Bound(pdu))
            else:
                self._enter(State.OPEN)
                events.append(Refused(pdu.command_status))

    def _bound(self, response: BindResp) -> None:
        told = tlv(response.tlvs, pdus.SC_INTERFACE_VERSION)
        ours = self.bind_request.interface_version if self.bind_request else V34
        self.version = agreed(ours, told[-1] if told else None)
        self._enter(BOUND_STATES[response.command_id & ~RESPONSE])

    def _hear(self, events: list[Event], tlvs: Tlvs) -> None:
        told = tlv(tlvs, pdus.CONGESTION_STATE)
        if told:
            before = self._congestion.allowed
            self._congestion.hear(told[-1], self._heard)
            self._tell_congestion(events, before)

    def _tell_congestion(self, events: list[Event], before: int) -> None:
        congestion = self._congestion
        if congestion.allowed != before:
            events.append(Congested(congestion.state or 0, congestion.allowed))

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
            self._missed += 1
            most = self.timing.enquire_misses
            if self._silent or (most and self._missed >= most):
                self._end(events, "The other end did not answer enquire_link: the link is dead.")
            else:
                self._enquired = None

    def _remember(self, sequence: int, waiting: _Waiting) -> None:
        self._late[sequence] = waiting
        if len(self._late) > max(LATE_LEAST, 4 * self.timing.window):
            del self._late[next(iter(self._late))]

    def _nack(self, status: int, sequence: int) -> None:
        self._out.append(encode_header(pdus.GenericNack.command_id, status, sequence))

    def _lost_framing(self, events: list[Event], head: bytes, length: int) -> None:
        sequence = int.from_bytes(head[12:16], "big") if len(head) == 16 and head[0] == 0 else 0
        self._nack(RINVCMDLEN, sequence)
        hint = " It seems to speak TLS." if head[:2] == b"\x16\x03" else ""
        self._end(events, f"The other end sent a PDU with command_length {length}, so its stream is lost.{hint}")

    def _end(self, events: list[Event], reason: str, *, fault: bool = True) -> None:
        if not self.over:
            self._enter(State.UNBOUND)
            events.append(Ended(reason, fault))


def _response(command_id: int, sequence: int, status: int, message_id: str, tlvs: Tlvs) -> bytes:
    if command_id in _ID_KINDS:
        return encode_id_resp(command_id | RESPONSE, status, sequence, message_id, tlvs)
    if not status or message_id or tlvs:
        fields = {"message_id": message_id} if message_id else {}
        return encode(_ANSWERS[command_id](**fields, tlvs=tlvs, sequence_number=sequence, command_status=status))
    return encode_header(command_id | RESPONSE, status, sequence)
