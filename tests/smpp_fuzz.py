"""Odd octets for the SMPP codec and its sessions: `make fuzz`, or a few seconds of it among the unit tests.

Each case has a number, and the same seed and number make the same case: `python tests/smpp_fuzz.py --seed 1 --first 42
--cases 1`. Two cases in a hundred are whole streams, in pieces of any size, through a session of either end; the others
are PDUs of all kinds, sound or changed, through the codec at each level. What must hold is in `Codec` and `Stream`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from random import Random
from typing import Any

import msgspec

from tidings.smpp import pdus, tlvs
from tidings.smpp.bodies import decode_body
from tidings.smpp.codec import Strictness, decode, encode
from tidings.smpp.faults import Fault
from tidings.smpp.fields import COMMANDS, Kind, noun
from tidings.smpp.framing import split_frames
from tidings.smpp.pdus import RESPONSE, Malformed, Raw
from tidings.smpp.session import Answered, Congested, Ended, Role, Session, State, Timing, Unanswered
from tidings.smpp.status import classify

STREAMS_IN = 50
"""One case in so many is a stream."""
POOL = 3_000
LEVELS = list(Strictness)
TIMES = ["", "", "000001000000000R", "260101120000048-", "991231235959900+"]
HOT = frozenset(make.command_id for make in (pdus.SubmitSm, pdus.DeliverSm, pdus.SubmitSmResp, pdus.DeliverSmResp))
EDGES = [0, 1, 2, 4, 15, 16, 17, 20, 127, 128, 254, 255]


class Broken(AssertionError):
    """Something does not hold."""


def hold(condition: bool, sentence: str, *shown: Any) -> None:
    """An assertion that stays with python -O and tells what it looked at."""
    if not condition:
        raise Broken(f"{sentence}: {', '.join(map(repr, shown))}")


# Making PDUs.


class Maker:
    """PDUs of every kind, as the table has them."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance

    def pdu(self) -> Any:
        """Any PDU that can be expressed."""
        chance = self.chance
        command = chance.choice(_COMMANDS)
        values: dict[str, Any] = {field.name: self._value(field) for field in command.fields}
        if command.name.startswith("bind_"):
            values["command_id"] = command.id
        if command.id & RESPONSE:
            values["command_status"] = chance.choice([0, 0, 0, 0x58, 0x400, 0xFFFFFFFF])
        return noun(command)(**values, tlvs=self.tlvs(command.id), sequence_number=chance.getrandbits(31))

    def tlvs(self, command_id: int) -> pdus.Tlvs:
        """Mostly none; those of the table with a size it allows, or anything."""
        chance = self.chance
        found = []
        for _ in range(chance.choice([0, 0, 0, 1, 2, 5])):
            parameter = chance.choice(_PARAMETERS)
            size = chance.randint(parameter.least, min(parameter.most, parameter.least + 30))
            if chance.random() < 0.2:
                found.append((chance.getrandbits(16), chance.randbytes(chance.randrange(20))))
            elif parameter.type == "cstring":
                found.append((parameter.tag, b"7" * (size - 1) + b"\0"))
            else:
                found.append((parameter.tag, chance.randbytes(size)))
        return tuple(found)

    def text(self, size: int) -> str:
        """No NUL, any other octet; mostly within its size, sometimes beyond."""
        chance = self.chance
        length = chance.choice([0, 0, chance.randrange(size), size - 1, chance.randrange(size + 200)])
        return str(chance.randbytes(length).replace(b"\0", b"0"), "latin-1")

    def _value(self, field: Any) -> Any:
        chance = self.chance
        match field.kind:
            case Kind.OCTET:
                return chance.choice(EDGES)
            case Kind.STRING:
                return self.text(field.size)
            case Kind.TIME:
                return chance.choice(TIMES)
            case Kind.MESSAGE:
                return chance.randbytes(chance.choice([0, 1, 20, 140, 254, 255]))
            case Kind.DESTS:
                return tuple(self._dest() for _ in range(chance.choice([1, 1, 2, 5, 255])))
            case _:
                return tuple(
                    pdus.UnsuccessSme(1, 1, self.text(21), chance.getrandbits(32))
                    for _ in range(chance.choice([0, 1, 3]))
                )

    def _dest(self) -> pdus.DestAddress:
        if self.chance.random() < 0.2:
            return pdus.DistributionList(self.text(21))
        return pdus.SmeAddress(self.chance.choice(EDGES), self.chance.choice(EDGES), self.text(21))

    def changed(self, octets: bytes) -> bytes:
        """The octets of a PDU, somewhat changed; command_length tells the truth again."""
        chance = self.chance
        found = bytearray(octets)
        for _ in range(chance.choice([1, 1, 2, 4])):
            self._change(found)
        if len(found) < 16:
            found += bytes(16 - len(found))
        found[0:4] = len(found).to_bytes(4, "big")
        return bytes(found)

    def _change(self, found: bytearray) -> None:
        chance = self.chance
        at = chance.randrange(4, len(found)) if len(found) > 4 else 4
        match chance.randrange(9):
            case 0:
                found[at : at + 1] = bytes((chance.getrandbits(8),))
            case 1:
                found[at : at + 1] = bytes((chance.choice(EDGES),))
            case 2:
                del found[at:]
            case 3:
                del found[at : at + chance.randrange(1, 9)]
            case 4:
                found[at:at] = chance.randbytes(chance.randrange(1, 9))
            case 5:
                found[at:at] = found[at : at + chance.randrange(1, 40)]
            case 6:
                found += chance.choice([b"\0", b"\x14\0\0\2ab", b"\4\x24\xff\xff", b"\4\x24\0", chance.randbytes(5)])
            case 7:
                found[4:8] = chance.choice(_COMMANDS).id.to_bytes(4, "big")
            case _:
                found[at:] = found[at:].replace(b"\0", b"", 1)


_COMMANDS = list(COMMANDS.values())
_PARAMETERS = list(tlvs.PARAMETERS.values())


# What must hold for a PDU.


class Codec:
    """One PDU at each level."""

    def __init__(self, chance: Random, tally: Counter[str], seed: int) -> None:
        self._make = Maker(chance)
        self._chance = chance
        self._tally = tally
        pool = Maker(Random(seed))
        self._pool = [encode(pool.pdu()) for _ in range(POOL)]

    def case(self) -> None:
        """A sound PDU that is new, or one of many with something changed."""
        if self._chance.random() < 0.1:
            self._sound()
        else:
            self._look(self._make.changed(self._chance.choice(self._pool)))

    def _sound(self) -> None:
        pdu = self._make.pdu()
        octets = encode(pdu)
        for level in (Strictness.NORMAL, Strictness.LENIENT):
            read = decode(octets, level)
            if level is Strictness.NORMAL and isinstance(read, Malformed):
                self._tally["sound, but longer than normal allows"] += 1
            else:
                hold(read == pdu, "decode(encode(x)) == x", level, pdu, read)
        self._look(octets)

    def _look(self, frame: bytes) -> None:
        command_id, sequence = int.from_bytes(frame[4:8], "big"), int.from_bytes(frame[12:16], "big")
        before: Any = None
        for level in LEVELS:
            read: Any = decode(frame, level)
            hold(read.command_id == command_id and read.sequence_number == sequence, "the header is kept", frame, read)
            if isinstance(read, Malformed):
                hold(classify(read.command_status).name != "" and read.command_status > 0, "a named status", read)
                hold(before is None or isinstance(before, Malformed), "what a stricter level takes, this does", frame)
                self._tally[f"refused, {level.name.lower()}"] += 1
            else:
                hold(before is None or isinstance(before, Malformed) or before == read, "as a stricter level", frame)
                self._again(frame, read, level)
                self._tally[f"taken, {level.name.lower()}"] += 1
            before = read
            if command_id in HOT:
                self._as_the_table(frame, read, level)

    def _again(self, frame: bytes, read: Any, level: Strictness) -> None:
        octets = encode(read)
        hold(decode(octets, level) == read, "decode(encode(x)) == x", level, frame, read)
        if isinstance(read, Raw):
            hold(octets == frame, "an unknown command is kept octet for octet", frame)
        elif level is Strictness.STRICT and not read.command_id & RESPONSE:
            hold(octets[16:] == frame[16:], "at the strict level no octet is lost", frame, read)

    def _as_the_table(self, frame: bytes, read: Any, level: Strictness) -> None:
        status, sequence = int.from_bytes(frame[8:12], "big"), int.from_bytes(frame[12:16], "big")
        try:
            expected = decode_body(noun(COMMANDS[read.command_id]), frame, status, sequence, level)
        except Fault as fault:
            expected = Malformed(read.command_id, sequence, fault.args[0])
        judged = level is Strictness.STRICT and isinstance(read, Malformed) and not isinstance(expected, Malformed)
        hold(read == expected or judged, "by hand as by the table", level, frame, read, expected)


# What must hold for a session.

WINDOW, OWED = 5, 8
LONGEST = 2_000


class Counting(Session):
    """A session that remembers which frames it looked at."""

    def __init__(self, role: Role, timing: Timing, now: float) -> None:
        super().__init__(role, timing, now)
        self.taken: list[tuple[int, int]] = []
        self.crossed = 0
        """outbinds that crossed our bind: all that may go without an answer and untold."""

    def _take_response(self, events: list[Any], command_id: int, pdu: Any) -> None:
        self.taken.append((command_id, pdu.sequence_number))
        super()._take_response(events, command_id, pdu)

    def _take_request(self, events: list[Any], command_id: int, pdu: Any, size: int) -> None:
        self.taken.append((command_id, pdu.sequence_number))
        binding = self.role is Role.ESME and self.state is State.OPEN and not self._takes
        if binding and isinstance(pdu, pdus.Outbind):
            self.crossed += 1
        super()._take_request(events, command_id, pdu, size)


def _in_good_order(events: list[Any]) -> bool:
    return any(isinstance(event, Ended) and not event.fault for event in events)


class Stream:
    """A session of either end, a peer that sends anything in pieces of any size, and an owner that acts at random."""

    def __init__(self, chance: Random, tally: Counter[str]) -> None:
        self._chance = chance
        self._tally = tally
        self._make = Maker(chance)
        self._now = 0.0
        role = chance.choice(list(Role))
        timing = Timing(
            window=WINDOW, response_timeout=10, enquire_link=30, login_timeout=20, max_command_length=LONGEST,
            max_login_length=1_000, owed_most=OWED, owed_octets=4_000, strictness=chance.choice(LEVELS),
        )  # fmt: skip
        self.session = Counting(role, timing, 0)
        self._owed: list[Any] = []
        self._open: set[int] = set()
        self._token = 0
        self._asked = self._told = self._answers = self._ours = 0
        self._unread = b""
        self._bad_length = False
        self._out: list[int] = []
        """sequence_numbers of our requests that were written."""

    def case(self) -> None:
        """Begin, go on at random, and end."""
        self._begin()
        for _ in range(self._chance.choice([3, 10, 30])):
            self._step()
            self._look()
        for event in self.session.close():
            self._event(event)
        hold(not self._open, "each request of ours is told exactly once", self._open)
        hold(self.session.close() == [], "and never again")
        self._tally[f"streams of an {self.session.role.value}"] += 1

    def _begin(self) -> None:
        session, chance = self.session, self._chance
        if chance.random() < 0.1:
            return
        command_id = chance.choice([1, 2, 9])
        version = chance.choice([0x33, 0x34, 0x50])
        if session.role is Role.ESME:
            session.bind(pdus.Bind(command_id, interface_version=version), 0)
            self._written()
            self._feed(encode(pdus.BindResp(command_id | RESPONSE, "", ((0x0210, bytes((version,))),), 1)))
        else:
            self._feed(encode(pdus.Bind(command_id, interface_version=version, sequence_number=1)))
        if session.bound:
            self._tally["streams that were bound"] += 1

    def _step(self) -> None:
        session, chance = self.session, self._chance
        match chance.randrange(8):
            case 0:
                self._now += chance.choice([0.0, 0.1, 1.0, 9.0, 31.0])
                self._events(session.tick(self._now))
            case 1:
                self._request()
            case 2 if self._owed:
                self._answer(self._owed.pop(chance.randrange(len(self._owed))))
            case 3:
                chance.choice([session.freeze, session.thaw])(self._now)
            case 4 if chance.random() < 0.1:
                session.unbind(self._now)
            case _:
                self._pieces(b"".join(self._pdu() for _ in range(chance.choice([1, 2, 6]))))

    def _pdu(self) -> bytes:
        chance = self._chance
        if self._out and chance.random() < 0.4:
            status = chance.choice([0, 0, 0x58])
            tlvs = chance.choice(
                [
                    (),
                    (),
                    (
                        (
                            0x0428,
                            bytes(
                                (chance.choice([0, 85, 95, 100])),
                            ),
                        ),
                    ),
                ]
            )
            kind = chance.choice([pdus.SubmitSmResp, pdus.DeliverSmResp, pdus.GenericNack, pdus.EnquireLinkResp])
            sequence = self._out.pop(chance.randrange(len(self._out)))
            return encode(kind(tlvs=tlvs, sequence_number=sequence, command_status=status))
        octets = chance.choice(_SMALL) if chance.random() < 0.7 else encode(self._make.pdu())
        if chance.random() < 0.4:
            octets = self._make.changed(octets)
        if chance.random() < 0.02:
            octets = chance.choice(EDGES).to_bytes(4, "big") + octets[4:]
        return octets

    def _pieces(self, octets: bytes) -> None:
        chance = self._chance
        most = chance.choice([1, 7, 40, 4_000])
        if most == 1:
            octets = octets[:300]
        while octets:
            size = chance.randint(1, most)
            self._feed(octets[:size])
            octets = octets[size:]

    def _feed(self, octets: bytes) -> None:
        """Hand octets to the session, and cut them into frames here as well."""
        session = self.session
        if session.over:
            return
        self._unread += octets
        frames, taken, bad = split_frames(self._unread, session._length_most)
        self._unread = self._unread[taken:]
        session.taken.clear()
        events = session.receive(octets, self._now)
        seen = [(int.from_bytes(frame[4:8], "big"), int.from_bytes(frame[12:16], "big")) for frame in frames]
        hold(session.taken == seen[: len(session.taken)], "frames come whole and in order", seen, session.taken)
        hold(session.over or len(session.taken) == len(seen), "no frame is passed over", seen, session.taken)
        if bad is not None and len(session.taken) == len(seen) and not _in_good_order(events):
            hold(session.over, "a bad length is the end", bad)
            self._bad_length = True
        self._asked += sum(1 for command_id, _ in session.taken if not command_id & RESPONSE)
        self._events(events)

    def _events(self, events: list[Any]) -> None:
        for place, event in enumerate(events):
            if isinstance(event, Ended):
                rest = events[place + 1 :]
                hold(all(isinstance(one, Unanswered) for one in rest), "nothing but Unanswered follows Ended", rest)
            self._event(event)

    def _event(self, event: Any) -> None:
        match event:
            case Answered():
                hold(event.late != (event.token in self._open), "one answer, unless it is late", event)
                self._open.discard(event.token)
            case Unanswered():
                hold(event.token in self._open, "told once", event)
                self._open.discard(event.token)
            case Congested():
                hold(1 <= event.allowed <= WINDOW, "a window between 1 and what was set", event)
            case pdus.Bind():
                self._told += 1
                self._answer(event)
            case msgspec.Struct(command_id=command_id) if not command_id & RESPONSE:
                self._told += 1
                if command_id not in (pdus.Outbind.command_id, pdus.AlertNotification.command_id):
                    self._owed.append(event)
            case _:
                pass

    def _request(self) -> None:
        session, chance = self.session, self._chance
        pdu: Any = chance.choice([pdus.SubmitSm, pdus.DeliverSm, pdus.DataSm, pdus.QuerySm, pdus.BroadcastSm])()
        self._token += 1
        room = session.room()
        sent = session.request(pdu, self._token, self._now)
        hold(not sent or room > 0, "nothing is sent where there is no room")
        if sent:
            self._open.add(self._token)

    def _answer(self, request: Any) -> None:
        session, chance = self.session, self._chance
        if session.over:
            return
        if isinstance(request, pdus.Bind):
            session.answer_bind(request, chance.choice([0, 0, 0, 0x0E]), "SMSC")
        elif chance.random() < 0.1:
            session.forget(request)
            return
        else:
            session.answer(request, chance.choice([0, 0x58]), chance.choice(["", "id"]) if _has_id(request) else "")
        self._answers += 1

    def _written(self) -> None:
        octets = b"".join(self.session.take_out())
        frames, taken, bad = split_frames(octets, 100_000)
        hold(bad is None and taken == len(octets), "what is written is whole PDUs", octets)
        for frame in frames:
            pdu = decode(frame)
            hold(not isinstance(pdu, Malformed | Raw), "and sound ones", pdu)
            if pdu.command_id & RESPONSE:
                self._ours += 1
            else:
                self._out.append(pdu.sequence_number)

    def _look(self) -> None:
        session = self.session
        self._written()
        hold(session.pending <= WINDOW, "the window is kept", session.pending)
        hold(session.pending == len(self._open), "what waits is what was not told", session.pending, self._open)
        hold(session.owed <= OWED, "what we owe is bounded", session.owed)
        hold(len(session._tail) < session._length_most, "what is unread is less than one PDU", len(session._tail))
        hold(len(session._late) <= 1_000, "what is late is bounded", len(session._late))
        expected = self._asked - self._told - session.crossed + self._answers + self._bad_length
        expected -= session._unbind_at is not None  # it waits for the answers before it
        hold(self._ours == expected, "each request is answered or told, exactly once", self._ours, expected)


def _has_id(request: Any) -> bool:
    command = COMMANDS[request.command_id | RESPONSE]
    return any(field.name == "message_id" for field in command.fields)


def _sound() -> list[bytes]:
    """Sound PDUs of every kind, most of them of those that are seen most."""
    chance = Random(0)
    maker = Maker(chance)
    found = [encode(maker.pdu()) for _ in range(600)]
    often = [pdus.SubmitSm, pdus.DeliverSm, pdus.DataSm, pdus.EnquireLink, pdus.QuerySm]
    found += [encode(chance.choice(often)(sequence_number=chance.getrandbits(31))) for _ in range(600)]
    return [octets for octets in found if len(octets) <= 900]


_SMALL = _sound()


def run(cases: int, seconds: float, seed: int, first: int = 0, tell: bool = False) -> Counter[str]:
    """Try so many cases, or as many as the seconds allow. Raises Broken, or whatever the code under test raised."""
    chance = Random()
    tally: Counter[str] = Counter()
    pdu = Codec(chance, tally, seed)
    began = told = time.monotonic()
    for number in range(first, first + cases):
        chance.seed(seed << 40 | number)
        try:
            if number % STREAMS_IN:
                pdu.case()
            else:
                Stream(chance, tally).case()
        except Exception as fault:
            fault.add_note(f"python tests/smpp_fuzz.py --seed {seed} --first {number} --cases 1")
            raise
        tally["cases"] += 1
        if not number & 0xFF:
            now = time.monotonic()
            if tell and now - told >= 5:
                told = now
                print(f"{tally['cases']:>9,} cases in {now - began:.0f} s", flush=True)
            if now - began > seconds:
                break
    return tally


def main() -> int:
    """Tell what was tried."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=1_200, help="give up after so many")
    parser.add_argument("--seed", type=int, default=time.time_ns() & 0xFFFF)
    parser.add_argument("--first", type=int, default=0)
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}", flush=True)
    began = time.monotonic()
    tally = run(chosen.cases, chosen.seconds, chosen.seed, chosen.first, tell=True)
    for name, count in sorted(tally.items()):
        print(f"{count:>11,} {name}")
    print(f"nothing broke in {time.monotonic() - began:.0f} s")
    return 0 if tally["cases"] == chosen.cases else 1


if __name__ == "__main__":
    sys.exit(main())
