"""Receipts at odd times, on other ways, and of any look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import pack, unpack_from

import msgspec

from tidings.core.message import Millis
from tidings.simulator.exchange import Outcome
from tidings.simulator.ledger import Owed
from tidings.simulator.personality import SEEN_MOST, Asked, Conduct, Delivery, Personality
from tidings.simulator.records import OwedReceipt, Submission
from tidings.smpp import codec, pdus, receipt, user_data
from tidings.smpp.session import State

FAR = 0x5000_0000
"""Sequence numbers that no session uses."""
LEADS_BY = 0.05
LATE = 0.3
COLLECTED = 0.06
"""Seconds."""
_DATES = ("7001010000", "3801190314", "9999999999", "0000000000", "N/A", "")

_Shape = Callable[[Delivery, Submission, Millis], Delivery]


def _report(pdu: Delivery) -> receipt.Report:
    return receipt.parse(user_data.split(pdu)[1], pdu.tlvs)


def _text(pdu: Delivery, octets: bytes, *, tlvs: bool = False) -> Delivery:
    return msgspec.structs.replace(pdu, short_message=octets, tlvs=pdu.tlvs if tlvs else ())


def _written(form: str, *, tlvs: bool = False, tail: bytes = b"") -> _Shape:
    """Receipts with a text of this form."""

    def shape(pdu: Delivery, submission: Submission, now: Millis) -> Delivery:
        report = _report(pdu)
        return _text(pdu, form.format(id=report.message_id, word=report.state).encode("latin-1") + tail, tlvs=tlvs)

    return shape


def _word(word: str, state: int | None = None) -> _Shape:
    """Receipts that say this."""

    def shape(pdu: Delivery, submission: Submission, now: Millis) -> Delivery:
        number = receipt.parse(f"stat:{word}".encode())
        text = receipt.write(_report(pdu).message_id, number.state, submitted_ms=submission.at, done_ms=now)
        tlvs = receipt.tlvs_of(_report(pdu).message_id, word)
        if state is not None:
            tlvs = (*tlvs, (pdus.MESSAGE_STATE, bytes((state,))))
        return msgspec.structs.replace(pdu, short_message=text, tlvs=tlvs)

    return shape


def _in_data_sm(pdu: Delivery, submission: Submission, now: Millis) -> Delivery:
    return pdus.DataSm(
        source_addr_ton=pdu.source_addr_ton, source_addr_npi=pdu.source_addr_npi, source_addr=pdu.source_addr,
        dest_addr_ton=pdu.dest_addr_ton, dest_addr_npi=pdu.dest_addr_npi, destination_addr=pdu.destination_addr,
        esm_class=pdu.esm_class, tlvs=(*pdu.tlvs, (pdus.MESSAGE_PAYLOAD, user_data.split(pdu)[1])),
    )  # fmt: skip


def _unmarked(pdu: Delivery, submission: Submission, now: Millis) -> Delivery:
    return msgspec.structs.replace(pdu, esm_class=0)


def _unmarked_text(pdu: Delivery, submission: Submission, now: Millis) -> Delivery:
    return msgspec.structs.replace(pdu, esm_class=0, tlvs=())


def _stray_bits(pdu: Delivery, submission: Submission, now: Millis) -> Delivery:
    return msgspec.structs.replace(pdu, esm_class=pdu.esm_class | 0x83)


def _swapped(pdu: Delivery, submission: Submission, now: Millis) -> Delivery:
    return msgspec.structs.replace(
        pdu,
        source_addr_ton=pdu.dest_addr_ton, source_addr_npi=pdu.dest_addr_npi, source_addr=pdu.destination_addr,
        dest_addr_ton=pdu.source_addr_ton, dest_addr_npi=pdu.source_addr_npi, destination_addr=pdu.source_addr,
    )  # fmt: skip


def _nameless(pdu: Delivery, submission: Submission, now: Millis) -> Delivery:
    return msgspec.structs.replace(
        pdu, source_addr_ton=0, source_addr_npi=0, source_addr="", dest_addr_ton=0, dest_addr_npi=0, destination_addr=""
    )


def _national(pdu: Delivery, submission: Submission, now: Millis) -> Delivery:
    return msgspec.structs.replace(pdu, source_addr_ton=2, source_addr_npi=1, source_addr="0" + pdu.source_addr[1:])


def _odd_dates(pdu: Delivery, submission: Submission, now: Millis) -> Delivery:
    date = _DATES[submission.id % len(_DATES)]
    form = "id:{id} sub:001 dlvrd:001 submit date:" + date + " done date:" + date + " stat:{word} err:000 text:"
    return _written(form)(pdu, submission, now)


def _text_only(pdu: Delivery, submission: Submission, now: Millis) -> Delivery:
    return msgspec.structs.replace(pdu, tlvs=())


def _tlvs_only(pdu: Delivery, submission: Submission, now: Millis) -> Delivery:
    return _text(pdu, b"", tlvs=True)


def _wide(pdu: Delivery, submission: Submission, now: Millis) -> Delivery:
    wide = str(user_data.split(pdu)[1], "latin-1").encode("utf-16-be")
    return msgspec.structs.replace(pdu, data_coding=8, short_message=wide, tlvs=())


def _early(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    c.act()
    c.later(LEADS_BY, c.as_usual, pdu, outcome)
    return True


def _late(c: Conduct, owed: Owed, pdu: Delivery) -> Sequence[Delivery]:
    if not c.spell.once(owed.key):
        return (pdu,)
    c.act()
    c.again(owed, LATE)
    return ()


def _twice(c: Conduct, owed: Owed, pdu: Delivery) -> Sequence[Delivery]:
    c.act()
    return (pdu, msgspec.structs.replace(pdu))


def _out_of_order(c: Conduct, owed: Owed, pdu: Delivery) -> Sequence[Delivery]:
    if not c.spell.once(owed.key):
        return (pdu,)
    if not c.spell.held:
        c.later(COLLECTED, _backwards, c)
    c.spell.held.append(owed)
    return ()


def _backwards(c: Conduct) -> None:
    c.act()
    held, c.spell.held = c.spell.held, []
    for owed in reversed(held):
        c.again(owed)
    c.smsc.deliver()


def _note_link(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    if outcome.status == 0:
        links = c.spell.links
        links[int(outcome.message_id, 16)] = c.link
        if len(links) > SEEN_MOST:
            del links[next(iter(links))]
    return False


def _other_bind(c: Conduct, owed: Owed, pdu: Delivery) -> Sequence[Delivery]:
    if not isinstance(owed, OwedReceipt) or c.spell.links.get(owed.submission.id) is not c.link:
        return (pdu,)
    others = [link for link in c.smsc.links if link is not c.link and link.esme == c.link.esme and link.room()]
    if not others or not others[0].request(pdu, owed):
        c.again(owed, 0.01)
        return ()
    c.act()
    return ()


def _on_the_transmitter(c: Conduct, owed: Owed, pdu: Delivery) -> Sequence[Delivery]:
    others = [link for link in c.smsc.links if link.esme == c.link.esme and link.session.state is State.BOUND_TX]
    if not others:
        return (pdu,)
    c.act()
    pdu.sequence_number = FAR + c.spell.acts
    others[0].put(codec.encode(pdu))
    # Its session does not expect the answer, so it counts as taken at once; a receipt lost here is lost.
    c.smsc.exchange.settled([owed.key])
    return ()


def _receiver_drops(c: Conduct, owed: Owed, pdu: Delivery) -> Sequence[Delivery]:
    if c.first_time():
        c.later(0.0, c.link.reset)
    return (pdu,)


def _before(word: str, esm_class: int) -> Callable[[Conduct, Owed, Delivery], Sequence[Delivery]]:
    def deliver(c: Conduct, owed: Owed, pdu: Delivery) -> Sequence[Delivery]:
        if isinstance(owed, OwedReceipt):
            c.act()
            c.link.request(_says(pdu, owed, word, esm_class), None)
        return (pdu,)

    return deliver


def _after(word: str, esm_class: int) -> Callable[[Conduct, Owed, Delivery], Sequence[Delivery]]:
    def deliver(c: Conduct, owed: Owed, pdu: Delivery) -> Sequence[Delivery]:
        if not isinstance(owed, OwedReceipt):
            return (pdu,)
        c.act()
        return (pdu, _says(pdu, owed, word, esm_class))

    return deliver


def _says(pdu: Delivery, owed: OwedReceipt, word: str, esm_class: int) -> Delivery:
    said = _word(word)(pdu, owed.submission, owed.submission.at)
    return msgspec.structs.replace(said, esm_class=esm_class)


def _torn(c: Conduct, owed: Owed, pdu: Delivery) -> Sequence[Delivery]:
    if not c.spell.once(owed.key):
        return (pdu,)
    c.act()
    if not c.link.request(pdu, owed):
        c.again(owed)
        return ()
    *before, last = c.link.session.take_out()
    (length,) = unpack_from(">I", last)
    tail = b"\x14\x00\x00\x40vendor"
    c.link.put(b"".join(before) + pack(">I", length + len(tail)) + last[4:] + tail)
    return ()


_READ = "Read what is there: the TLVs first, the text second; never fail on it, and always answer."
_BOOK = "id:{id} sub:001 dlvrd:001 submit date:2611230930 done date:2611230931 stat:{word} err:"

ROWS: tuple[Personality, ...] = (
    Personality(
        name="receipts_early", meaning="Sends each receipt 50 ms before the response.",
        esme="Keep the receipt until the response has come.", answer=_early,
    ),
    Personality(name="receipts_late", meaning="Sends receipts 300 ms late.", esme="Wait for them.", deliver=_late),
    Personality(
        name="receipts_twice", meaning="Sends each receipt twice.", esme="Answer both; the second changes nothing.",
        deliver=_twice,
    ),
    Personality(
        name="receipts_out_of_order", meaning="Collects receipts for 60 ms and sends them in reverse.",
        esme="Match them by id, not by order.", deliver=_out_of_order,
    ),
    Personality(
        name="receipts_on_another_bind", meaning="Sends receipts on another bind than the text came on.",
        esme="Match them across the binds of a carrier.", answer=_note_link, deliver=_other_bind, carrier={"binds": 2},
    ),
    Personality(
        name="receipts_on_the_transmitter", meaning="Sends receipts on the transmitter of a pair, against the book.",
        esme="Take them all the same.", deliver=_on_the_transmitter, carrier={"bind": "transmitter+receiver"},
    ),
    Personality(
        name="receiver_drops", meaning="Resets the receiver of a pair at the first receipt, once.",
        esme="Let the transmitter get its answers, and bind both anew.", deliver=_receiver_drops, keeps_session=False,
        carrier={"bind": "transmitter+receiver"},
    ),
    Personality(
        name="receipts_in_data_sm", meaning="Sends receipts in data_sm, their text in message_payload.",
        esme="Take them as those in deliver_sm.", shape=_in_data_sm,
    ),
    Personality(
        name="receipts_unmarked", meaning="Sends receipts with esm_class 0; only TLVs tell.",
        esme="Know them by receipted_message_id.", shape=_unmarked,
    ),
    Personality(
        name="receipts_unmarked_as_text", meaning="Sends receipts with esm_class 0 and without TLVs.",
        esme="Know them by their text, where the profile says so (`receipt_sniff`).", shape=_unmarked_text,
        carrier={"profile": {"receipt_sniff": True}},
    ),
    Personality(
        name="receipts_with_stray_bits", meaning="Sets further bits of esm_class in receipts (0x87).",
        esme="Look at the bits that tell the kind, and at no others.", shape=_stray_bits,
    ),
    Personality(
        name="receipts_torn", meaning="Sends each receipt first with a TLV that is longer than the PDU, then well.",
        esme="Refuse the first with its status, keep the session, take the second.", deliver=_torn,
    ),
    Personality(
        name="receipts_short", meaning="Writes no more than `id:… stat:…`.", esme=_READ,
        shape=_written("id:{id} stat:{word}"),
    ),
    Personality(
        name="receipts_with_octets_after_text", meaning="Writes octets of any kind after `text:`.", esme=_READ,
        shape=_written(_BOOK + "000 text:", tail=bytes(range(40)) + b"\xff id:1 stat:UNDELIV err:9"),
    ),
    Personality(
        name="receipts_with_long_dates", meaning="Writes dates of 12 digits.", esme=_READ,
        shape=_written(_BOOK.replace("0930", "093001").replace("0931", "093102") + "000 text:"),
    ),
    Personality(
        name="receipts_with_odd_dates", meaning="Writes dates of 1970, of 2038, and that are none.",
        esme="Believe its own clock alone.", shape=_odd_dates,
    ),
    Personality(
        name="receipts_with_letters_in_err", meaning="Writes `err:` as letters.", esme=_READ,
        shape=_written(_BOOK + "0A-x text:"),
    ),
    Personality(
        name="receipts_with_vendor_fields", meaning="Writes keys in other cases and order, and more of them.",
        esme=_READ, shape=_written("Stat:{word} ID:{id} op:26201 imsi:262010000000001 Err:0 DLVRD:1"),
    ),
    Personality(
        name="receipts_without_tlvs", meaning="Sends the text alone.", esme=_READ, shape=_text_only,
    ),
    Personality(
        name="receipts_without_text", meaning="Sends the TLVs alone.", esme=_READ, shape=_tlvs_only,
    ),
    Personality(
        name="receipts_without_id_in_text", meaning="Tells the id in the TLV only.", esme=_READ,
        shape=_written("sub:001 dlvrd:001 stat:{word} err:000 text:", tlvs=True),
    ),
    Personality(
        name="receipts_in_ucs2", meaning="Writes receipts in UCS-2, without TLVs.", esme=_READ, shape=_wide,
    ),
    Personality(
        name="receipts_swapped", meaning="Sends receipts with the addresses of the text, not turned round.",
        esme="Know that a name is no handset; where both are numbers, the profile says so (`receipt_handset`).",
        shape=_swapped,
    ),
    Personality(
        name="receipts_nameless", meaning="Sends receipts without addresses.", esme="Match them by id alone.",
        shape=_nameless,
    ),
    Personality(
        name="receipts_from_national_numbers", meaning="Writes the handset as a national number with its leading zero.",
        esme="Compare the digits that are sure.", shape=_national,
    ),
    Personality(
        name="intermediate_first", meaning="Sends ENROUTE before each final receipt.",
        esme="Wait for the final one.", deliver=_before("ENROUTE", pdus.ESM_INTERMEDIATE),
    ),
    Personality(
        name="intermediate_after", meaning="Sends ACCEPTD, marked as a final receipt, after each final one.",
        esme="Let nothing undo what is final.", deliver=_after("ACCEPTD", pdus.ESM_RECEIPT),
    ),
    Personality(
        name="contradicts_itself", meaning="Sends UNDELIV after each DELIVRD.",
        esme="Keep the first final word.", deliver=_after("UNDELIV", pdus.ESM_RECEIPT),
    ),
    Personality(
        name="intermediate_only", meaning="Sends ACCEPTD and never a final receipt.",
        esme="Wait for `receipt_wait`, then say that nobody knows.", ends="unknown", shape=_word("ACCEPTD"),
    ),
    Personality(
        name="unheard_of_state", meaning="Sends receipts with `stat:LIMBO` and message_state 77.",
        esme="Keep the word, and say that nobody knows.", ends="unknown", shape=_word("LIMBO", 77),
    ),
)  # fmt: skip
