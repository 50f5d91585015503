"""Plays the ESME of a captured link against a server, and notes where the server does other than it did then.

Pure: `Player` is asked what to send next and told what came; who owns the connection waits and writes.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from struct import Struct

import msgspec

from tidings.smpp import pdus
from tidings.smpp.capture import Record, Side
from tidings.smpp.codec import EncodeError, Strictness, decode, encode
from tidings.smpp.fields import COMMANDS
from tidings.smpp.framing import HEADER
from tidings.smpp.pdus import RESPONSE, Bind, CancelSm, QuerySm, ReplaceSm

_WORDS = Struct(">4I")
_BINDS = frozenset({pdus.BIND_RECEIVER, pdus.BIND_TRANSMITTER, pdus.BIND_TRANSCEIVER})
_NACK = pdus.GenericNack.command_id
_UNANSWERED = frozenset({pdus.Outbind.command_id, pdus.AlertNotification.command_id})
LISTED = 100
"""Differences that are kept one by one; more are counted."""


class Login(msgspec.Struct, frozen=True):
    """Who binds now: a capture knows no password, and a test server other names."""

    system_id: str
    password: str


class Difference(msgspec.Struct, frozen=True):
    """One answer that was not as captured. A status of None: no answer."""

    sequence: int
    request: str
    then: int | None
    now: int | None


class Step(msgspec.Struct, frozen=True):
    """What is sent next, and how long after the beginning it was sent then."""

    after_ms: int
    frame: bytes


class _Way(msgspec.Struct, frozen=True):
    at_ms: int
    upward: bool
    """From the ESME to the SMSC."""
    frame: bytes


class Player:
    """One captured link, from its first PDU to its last."""

    def __init__(self, side: Side, records: Iterable[Record], login: Login | None = None) -> None:
        """Raises EncodeError for a login that SMPP cannot carry: nothing may go out in another's name."""
        if login is not None:
            _check(login)
        records = list(records)
        whole = [record for record in records if record.what == "pdu" and record.frame]
        ways = [_Way(one.at_ms, (one.way == "out") == (side == "esme"), one.frame) for one in whole]
        if login is not None and not any(_command(way.frame) in _BINDS for way in ways):
            ways.insert(0, _Way(ways[0].at_ms if ways else 0, True, encode(Bind(sequence_number=0x7FFFFFFF))))
        self.began_ms = records[0].at_ms if records else 0
        """When the link stood then, or the capture began."""
        self.ended_ms = records[-1].at_ms if records and records[-1].what == "closed" else None
        """When it was gone; None where it outlived the capture."""
        self.binds = any(_command(way.frame) in _BINDS for way in ways)
        """Whether anybody binds: a link that stood when its capture began needs a login."""
        self._began = ways[0].at_ms if ways else 0
        self._login = login
        self._steps = deque(ways)
        self._then: dict[int, deque[tuple[int, str]]] = {}
        """Statuses and ids that the requests of the ESME were answered with then, by sequence_number and in order."""
        self._replies: dict[int, deque[int]] = {}
        """Statuses with which the ESME answered then, by command and in order."""
        self._asked: dict[int, str] = {}
        """Requests that were sent now and have no answer yet: their names."""
        self._binding = False
        """Whether a bind waits for its answer: nothing goes out before."""
        self._behind: set[int] = set()
        """Requests whose answer came, then, before what is next to be sent."""
        self._new_ids: dict[str, str] = {}
        self._left = sum(way.upward and not _command(way.frame) & RESPONSE for way in ways)
        self.sent = 0
        self.same = 0
        self.differing = 0
        self.differences: list[Difference] = []
        self.expected: Counter[str] = Counter()
        """Requests of the server then, by name."""
        self.came: Counter[str] = Counter()
        """Requests of the server now."""
        self._read_answers(ways)

    # What goes out.

    def next(self) -> Step | None:
        """The next request, once what was answered before it then is answered now; None while that is not so.

        Also None at the end: see `finished`.
        """
        while self._steps:
            way = self._steps[0]
            command, sequence = _command(way.frame), _sequence(way.frame)
            if not way.upward:
                if command & RESPONSE and sequence in self._asked:
                    self._behind.add(sequence)
            elif not command & RESPONSE:
                if self._behind & self._asked.keys() or sequence in self._asked or self._binding:
                    return None
                self._steps.popleft()
                self._left -= 1
                frame = self._changed(way.frame)
                self.sent += 1
                self._binding = command in _BINDS
                if command not in _UNANSWERED:
                    self._asked[sequence] = _name(command)
                return Step(way.at_ms - self._began, frame)
            self._steps.popleft()
        return None

    @property
    def finished(self) -> bool:
        """Whether all is sent, and answered where it was answered then."""
        return not self._left and not any(self._then.get(sequence) for sequence in self._asked)

    @property
    def owed(self) -> int:
        """How many requests the server sent then and not yet now."""
        return sum((self.expected - self.came).values())

    def give_up(self) -> None:
        """No answers come any more: what waits has none, what was not sent is not sent."""
        for sequence, name in self._asked.items():
            self._compare(sequence, name, None)
        self._asked.clear()
        self._steps.clear()
        self._left = 0

    # What comes in.

    def take(self, frame: bytes) -> bytes | None:
        """A PDU of the server; returns the answer to it, if it wants one."""
        _, command, status, sequence = _WORDS.unpack_from(frame)
        if not command & RESPONSE:
            return self._answer(command, sequence)
        name = self._asked.pop(sequence, None)
        if name is not None:
            self._binding = False
            self._behind.discard(sequence)
            self._compare(sequence, name, status, _id_of(frame))
        return None

    # Inside.

    def _read_answers(self, ways: Iterable[_Way]) -> None:
        for way in ways:
            _, command, status, sequence = _WORDS.unpack_from(way.frame)
            if way.upward and command & RESPONSE:
                self._replies.setdefault(command & ~RESPONSE, deque()).append(status)
            elif not way.upward and command & RESPONSE:
                self._then.setdefault(sequence, deque()).append((status, _id_of(way.frame)))
            elif not way.upward:
                self.expected[_name(command)] += 1

    def _answer(self, command: int, sequence: int) -> bytes | None:
        self.came[_name(command)] += 1
        if command in _UNANSWERED:
            return None
        replies = self._replies.get(command)
        status = replies.popleft() if replies else 0
        if command == pdus.DeliverSm.command_id or (command == pdus.DataSm.command_id and not status):
            return _WORDS.pack(HEADER + 1, command | RESPONSE, status, sequence) + b"\0"
        if command not in COMMANDS:
            return _WORDS.pack(HEADER, _NACK, status or 0x03, sequence)
        return _WORDS.pack(HEADER, command | RESPONSE, status, sequence)

    def _compare(self, sequence: int, name: str, now: int | None, new_id: str = "") -> None:
        answers = self._then.get(sequence)
        then, old_id = answers.popleft() if answers else (None, "")
        if old_id and new_id:
            self._new_ids[old_id] = new_id
        # Of a request whose answer came after the capture's end, nothing can be said but that it is taken.
        if then == now or (then is None and now == 0):
            self.same += 1
            return
        self.differing += 1
        if len(self.differences) < LISTED:
            self.differences.append(Difference(sequence, name, then, now))

    def _changed(self, frame: bytes) -> bytes:
        """The request with today's login, and with today's ids for those of then."""
        command = _command(frame)
        if command in _BINDS and self._login is not None:
            return self._put(frame, {"system_id": self._login.system_id, "password": self._login.password})
        if command in (QuerySm.command_id, CancelSm.command_id, ReplaceSm.command_id):
            pdu = decode(frame, Strictness.LENIENT)
            if isinstance(pdu, QuerySm | CancelSm | ReplaceSm) and pdu.message_id in self._new_ids:
                return self._put(frame, {"message_id": self._new_ids[pdu.message_id]})
        return frame

    def _put(self, frame: bytes, values: dict[str, str]) -> bytes:
        pdu = decode(frame, Strictness.LENIENT)
        try:
            return encode(msgspec.structs.replace(pdu, **values))  # type: ignore[arg-type]
        except (EncodeError, TypeError):
            return frame


def _check(login: Login) -> None:
    for field, bind in (
        ("system_id", Bind(system_id=login.system_id)),
        ("password", Bind(password=login.password)),
    ):
        try:
            encode(bind)
        except EncodeError:  # whose words may quote a password
            raise EncodeError(
                f"{field} has a character that SMPP cannot carry: no NUL, and none beyond Latin-1"
            ) from None


def _command(frame: bytes) -> int:
    return int.from_bytes(frame[4:8], "big")


def _sequence(frame: bytes) -> int:
    return int.from_bytes(frame[12:16], "big")


def _name(command: int) -> str:
    known = COMMANDS.get(command)
    return known.name if known else f"0x{command:08x}"


def _id_of(frame: bytes) -> str:
    pdu = decode(frame, Strictness.LENIENT)
    return getattr(pdu, "message_id", "")
