"""Responses to texts that do not come, come late, twice, for another, or with an odd body."""

from __future__ import annotations

from collections.abc import Callable

from tidings.simulator import fates
from tidings.simulator.exchange import Outcome
from tidings.simulator.personality import Asked, Conduct, Personality, frame
from tidings.smpp import pdus

SLOW = 0.1
LATE = 0.8
"""Seconds; beyond the patience of the ESME that the tests set."""
DISORDER = 0.04
"""Seconds that responses are collected for."""

_Answer = Callable[[Conduct, Asked, Outcome], bool]
_Submit = Callable[[Conduct, Asked], int | None]


def _some(c: Conduct, pdu: Asked) -> bool:
    """Every third text, at its first coming."""
    if c.spell.ordinal(pdu) % 3 != 1:
        return False
    c.act()
    return True


def _not_taken(status: int) -> _Submit:
    def submit(c: Conduct, pdu: Asked) -> int | None:
        return status if _some(c, pdu) else None

    return submit


def _no_answer(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    return _some(c, pdu)


def _nacked(status: int, *, sequence: bool) -> _Submit:
    def submit(c: Conduct, pdu: Asked) -> int | None:
        if not _some(c, pdu):
            return None
        c.answered(pdu.sequence_number)
        c.link.put(frame(pdus.GenericNack.command_id, status, pdu.sequence_number if sequence else 0))
        return fates.UNANSWERED

    return submit


def _refused(status: int, body: bytes) -> tuple[_Submit, _Answer]:
    def answer(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
        if outcome.status != status:
            return False
        c.reply(pdu, outcome, body)
        return True

    return _not_taken(status), answer


def _slow(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    c.act()
    c.later(SLOW, c.as_usual, pdu, outcome)
    return True


def _late(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    if not _some(c, pdu):
        return False
    c.later(LATE, c.as_usual, pdu, outcome)
    return True


def _disorder(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    if not c.spell.held:
        c.later(DISORDER, _backwards, c)
    c.spell.held.append((c, pdu, outcome))
    return True


def _backwards(c: Conduct) -> None:
    c.act()
    held, c.spell.held = c.spell.held, []
    for one, pdu, outcome in reversed(held):
        one.as_usual(pdu, outcome)


def _twice(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    c.act()
    c.as_usual(pdu, outcome)
    c.reply(pdu, outcome, outcome.message_id.encode() + b"\0")
    return True


def _wrong_sequence(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    if not _some(c, pdu):
        return False
    c.reply(pdu, outcome, outcome.message_id.encode() + b"\0", skew=100_000)
    return True


def _wrong_command(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    if not _some(c, pdu):
        return False
    body = outcome.message_id.encode() + b"\0"
    c.reply(pdu, outcome, body, command_id=pdus.QuerySmResp.command_id)
    return True


def _unasked(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    c.act()
    for sequence in (0, 0x7FFF_FFF0, 0xFFFF_FFFF):
        c.link.put(frame(pdus.SubmitSmResp.command_id, 0, sequence, b"stranger\0"))
    return False


def _with_tail(tail: bytes) -> _Answer:
    def answer(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
        c.act()
        c.reply(pdu, outcome, outcome.message_id.encode() + b"\0" + tail)
        return True

    return answer


def _header_alone(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    c.act()
    c.reply(pdu, outcome)
    return True


_DOUBT = "Hold them for in doubt once their time is over, and repeat by category."
_REFUSED_400, _ANSWER_400 = _refused(0x400, b"")
_REFUSED_BODY, _ANSWER_BODY = _refused(0x08, b"not-an-id\0\x00\x1d\x00\x05busy\0")
_REFUSED_ALL, _ANSWER_ALL = _refused(0xFFFF_FFFF, b"\0")

ROWS: tuple[Personality, ...] = (
    Personality(
        name="no_answer", meaning="Takes every third text and never answers it.", esme=_DOUBT,
        ends="doubted", repeats="doubted",
        answer=_no_answer,
    ),
    Personality(
        name="swallows", meaning="Neither takes nor answers every third text.", esme=_DOUBT,
        ends="doubted", repeats="doubted",
        submit=_not_taken(fates.UNANSWERED),
    ),
    Personality(
        name="nacks_without_sequence",
        meaning="Answers every third text with generic_nack and sequence_number 0, and does not take it.",
        esme="Count the nack as belonging to nothing. " + _DOUBT,
        ends="doubted", repeats="doubted", submit=_nacked(0x08, sequence=False),
    ),
    Personality(
        name="nacks", meaning="Answers every third text with generic_nack 0x08, and does not take it.",
        esme="Take it for a temporary refusal, and try again.", submit=_nacked(0x08, sequence=True),
    ),
    Personality(
        name="nacks_with_success", meaning="Answers every third text with generic_nack and status 0.",
        esme="Hold them for in doubt at once, and repeat by category.", ends="doubted", repeats="doubted",
        submit=_nacked(0x00, sequence=True),
    ),
    Personality(
        name="vendor_error", meaning="Answers every third text once with 0x400, by a header alone.",
        esme="Keep the code, take it for temporary, and try again.", submit=_REFUSED_400, answer=_ANSWER_400,
    ),
    Personality(
        name="refusal_with_body", meaning="Answers every third text once with 0x08, a message id and a TLV.",
        esme="Take it for a refusal, and try again.", submit=_REFUSED_BODY, answer=_ANSWER_BODY,
    ),
    Personality(
        name="unheard_of_status", meaning="Answers every third text once with status 0xFFFFFFFF.",
        esme="Keep the code, take it for temporary, and try again.", submit=_REFUSED_ALL, answer=_ANSWER_ALL,
    ),
    Personality(
        name="answers_slowly", meaning="Answers every text after 100 ms.", esme="Wait, with its window full.",
        answer=_slow,
    ),
    Personality(
        name="answers_late", meaning="Takes every third text at once and answers it after 800 ms.",
        esme=_DOUBT + " Take the answer that comes late for what it is.", repeats="doubted", answer=_late,
    ),
    Personality(
        name="answers_in_disorder", meaning="Collects responses for 40 ms and lets them go in reverse.",
        esme="Tell them apart by sequence_number.", answer=_disorder,
    ),
    Personality(
        name="answers_twice", meaning="Answers every text twice.", esme="Pass the second over.", answer=_twice,
    ),
    Personality(
        name="answers_for_another", meaning="Answers every third text under another sequence_number.",
        esme="Count the answer as belonging to nothing. " + _DOUBT,
        ends="doubted", repeats="doubted", answer=_wrong_sequence,
    ),
    Personality(
        name="answers_as_another", meaning="Answers every third text with query_sm_resp.",
        esme="Count the answer as belonging to nothing. " + _DOUBT,
        ends="doubted", repeats="doubted", answer=_wrong_command,
    ),
    Personality(
        name="answers_unasked", meaning="Sends three responses to nothing before every response.",
        esme="Count them as belonging to nothing.", answer=_unasked,
    ),
    Personality(
        name="answers_without_id", meaning="Answers every text by a header alone, with status 0.",
        esme="Take it for sent; no receipt can be matched to it.", ends="unknown", answer=_header_alone,
    ),
    Personality(
        name="answers_with_torn_tlvs", meaning="Adds to every response a TLV that is longer than the PDU.",
        esme="Take the id and drop what cannot be read.", answer=_with_tail(b"\x14\x00\x00\x40vendor"),
    ),
    Personality(
        name="answers_with_huge_tlvs", meaning="Adds to every response 32,000 octets in a TLV.",
        esme="Take the id and forget the rest.", answer=_with_tail(b"\x14\x01\x7d\x00" + bytes(32_000)),
    ),
    Personality(
        name="answers_with_unknown_tlvs", meaning="Adds to every response TLVs of SMPP 5.0, of vendors, and of nobody.",
        esme="Take the id and pass over what it does not know.",
        answer=_with_tail(b"\x04\x28\x00\x01\x32\x14\xff\x00\x02ok\xff\xff\x00\x00\x00\x00\x00\x00"),
    ),
)  # fmt: skip
