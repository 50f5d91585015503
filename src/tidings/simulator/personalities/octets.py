"""Connections that end, fall silent or are not read, and octets that come in odd pieces or make no PDU."""

from __future__ import annotations

from collections.abc import Callable

from tidings.simulator import fates
from tidings.simulator.exchange import Outcome
from tidings.simulator.personality import Asked, Conduct, Personality, frame
from tidings.smpp import pdus

AFTER = 4
"""Texts of a link that go well before its trouble begins."""
BUNDLED_FOR = 0.06
PIECES_APART = 0.01
"""Seconds."""


def _close(c: Conduct) -> None:
    c.act()
    c.deaf = True
    c.link.close("The network hangs up.")


def _reset(c: Conduct) -> None:
    c.act()
    c.deaf = True
    c.later(0.0, c.link.reset)


def _say_nothing(c: Conduct) -> None:
    c.act()
    c.fall_silent()


def _banner(c: Conduct) -> None:
    c.act()
    c.deaf = True
    c.link.put(b"220 smsc.example ready\r\n")


def _fall_silent(c: Conduct, pdu: Asked) -> int | None:
    if c.submits <= AFTER or not c.first_time():
        return None
    c.fall_silent()
    return fates.UNANSWERED


def _stop_reading(c: Conduct, pdu: Asked) -> int | None:
    if c.submits <= AFTER or not c.first_time():
        return None
    c.link.pause_reading()
    c.fall_silent()
    return fates.UNANSWERED


def _half(c: Conduct, octets: bytes) -> bool:
    if c.submits <= AFTER or not c.first_time():
        return False
    c.link.write(octets[: len(octets) // 2])
    c.fall_silent()
    return True


def _half_then_reset(c: Conduct, octets: bytes) -> bool:
    if c.submits <= AFTER or not c.first_time():
        return False
    c.link.write(octets[: len(octets) // 2])
    c.fall_silent()
    c.later(0.0, c.link.reset)
    return True


def _two_pieces(c: Conduct, octets: bytes) -> bool:
    c.act()
    c.link.trickle([octets[:10], octets[10:]], PIECES_APART)
    return True


def _one_by_one(c: Conduct, octets: bytes) -> bool:
    c.act()
    c.link.trickle([octets[at : at + 1] for at in range(len(octets))], 0.0)
    return True


def _bundle(c: Conduct, octets: bytes) -> bool:
    c.act()
    c.link.trickle([octets], BUNDLED_FOR, merge=True)
    return True


def _unbind(c: Conduct, pdu: Asked) -> int | None:
    if c.submits <= AFTER or not c.first_time():
        return None
    c.link.unbind()
    return fates.UNANSWERED


def _wrong_length(length: int) -> Callable[[Conduct, Asked, Outcome], bool]:
    def answer(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
        if c.submits <= AFTER or not c.first_time():
            return False
        body = outcome.message_id.encode() + b"\0"
        c.link.put(frame(pdus.SubmitSmResp.command_id, 0, pdu.sequence_number, body, length=length))
        return True

    return answer


def _length_beyond(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    if c.submits <= AFTER or not c.first_time():
        return False
    body = outcome.message_id.encode() + b"\0"
    c.link.put(frame(pdus.SubmitSmResp.command_id, 0, pdu.sequence_number, body, length=16 + len(body) + 10))
    return True


def _stray_octets(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    if c.submits > AFTER and c.first_time():
        c.as_usual(pdu, outcome)
        c.link.put(b"\r\n\r\n")
        return True
    return False


_RECONNECT = "Try again with growing pauses, and lose nothing meanwhile."
_DEAD = "Find out by enquire_link that the link is dead, and connect anew; what was unanswered is in doubt."
_CLOSE = "Answer generic_nack 0x02, close the link, connect anew; what was unanswered is in doubt."

ROWS: tuple[Personality, ...] = (
    Personality(
        name="closes_at_accept", meaning="Takes a connection and closes it at once.", esme=_RECONNECT, passes=False,
        opened=_close,
    ),
    Personality(
        name="resets_at_accept", meaning="Takes a connection and resets it (RST).", esme=_RECONNECT, passes=False,
        opened=_reset,
    ),
    Personality(
        name="says_nothing", meaning="Takes a connection, and then neither reads nor says anything.",
        esme="Give the bind up after its time, and try again.", passes=False, opened=_say_nothing,
    ),
    Personality(
        name="banner", meaning="Greets with a line of text, like another kind of server.",
        esme="See that this is no SMPP, close, and try again with growing pauses.", passes=False, opened=_banner,
    ),
    Personality(
        name="silent_link", meaning="After the fourth text, once: nothing comes any more, and TCP stays (half open).",
        esme=_DEAD, ends="doubted", repeats="doubted", keeps_session=False, submit=_fall_silent,
    ),
    Personality(
        name="stops_reading", meaning="After the fourth text, once: reads no more, so that the TCP window closes.",
        esme=_DEAD, ends="doubted", repeats="doubted", keeps_session=False, submit=_stop_reading,
    ),
    Personality(
        name="half_pdu", meaning="After the fourth text, once: writes half a PDU, and never the rest.",
        esme="Wait for the rest no longer than for any answer. " + _DEAD,
        ends="doubted", repeats="doubted", keeps_session=False, write=_half,
    ),
    Personality(
        name="half_pdu_then_reset", meaning="After the fourth text, once: writes half a PDU and resets the connection.",
        esme="Drop the half PDU and connect anew; what was unanswered is in doubt.",
        ends="doubted", repeats="doubted", keeps_session=False,
        write=_half_then_reset,
    ),
    Personality(
        name="two_pieces", meaning="Cuts all that it writes inside a PDU header, 10 ms apart.",
        esme="Put PDUs together from any pieces.", write=_two_pieces,
    ),
    Personality(
        name="one_octet_at_a_time", meaning="Writes every octet by itself.", esme="Put PDUs together from any pieces.",
        write=_one_by_one,
    ),
    Personality(
        name="one_segment", meaning="Holds all that it writes for 60 ms and lets it go in one piece.",
        esme="Take any number of PDUs from one read.", write=_bundle,
    ),
    Personality(
        name="unbinds_midway", meaning="At the fifth text, once: unbinds, with texts unanswered.",
        esme="Answer the unbind and connect anew; what was unanswered is in doubt.",
        ends="doubted", repeats="doubted", keeps_session=False, submit=_unbind,
    ),
    Personality(
        name="length_zero", meaning="After the fourth text, once: a PDU with command_length 0.", esme=_CLOSE,
        ends="doubted", repeats="doubted", keeps_session=False, answer=_wrong_length(0),
    ),
    Personality(
        name="length_short", meaning="After the fourth text, once: a PDU with command_length 8, less than a header.",
        esme=_CLOSE, ends="doubted", repeats="doubted", keeps_session=False, answer=_wrong_length(8),
    ),
    Personality(
        name="length_huge", meaning="After the fourth text, once: a PDU with command_length 0x7FFFFFFF.",
        esme=_CLOSE, ends="doubted", repeats="doubted", keeps_session=False, answer=_wrong_length(0x7FFFFFFF),
    ),
    Personality(
        name="length_beyond", meaning="After the fourth text, once: a command_length 10 too large.",
        esme="Lose the stream, close the link, connect anew; what was unanswered is in doubt.",
        ends="doubted", repeats="doubted", keeps_session=False,
        answer=_length_beyond,
    ),
    Personality(
        name="stray_octets", meaning="After the fourth text, once: four octets between two PDUs that belong to none.",
        esme=_CLOSE, ends="doubted", repeats="doubted", keeps_session=False, answer=_stray_octets,
    ),
)  # fmt: skip
