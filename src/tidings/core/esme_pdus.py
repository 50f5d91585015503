"""The PDUs that an ESME is handed: receipts, and texts from handsets in octets that it reads."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.core.esme import Esme, Submission
from tidings.core.ids import show
from tidings.core.message import Message
from tidings.core.outcome import WORDS, error_number
from tidings.core.owed import NOTICE, OCTETS, Listener, Owed
from tidings.core.questions import Event, InboundRow
from tidings.smpp import pdus, receipt_form, user_data
from tidings.smpp.address import Addressing, outgoing
from tidings.smpp.codec import EncodeError
from tidings.smpp.pdus import DataSm, DeliverSm, Tlvs
from tidings.smpp.receipt_form import Form, Outcome
from tidings.text import gsm7, segments
from tidings.text.packing import fill_bits, pack
from tidings.text.segments import WHOLE, Segmented, TooManyPartsError, is_gsm7
from tidings.text.terms import PLAIN, Terms

SHORT_MESSAGE_MOST = 254
"""Octets that short_message holds in SMPP 3.4."""
_CODECS = {"latin1": "latin-1", "ascii": "ascii"}
_TERMS = {name: Terms(repertoire=codec) for name, codec in _CODECS.items()}
_ADDRESSING = Addressing()
_UCS2 = 0x08


def receipt(owed: Owed, event: Event, message: Message, submission: Submission, esme: Esme) -> DeliverSm | DataSm:
    """The receipt that tells an ESME of an event: addresses as it wrote them, the other way round."""
    status = event.type.partition(".")[2]
    outcome = Outcome(
        message_id=receipt_id(submission, esme), state=WORDS[status],
        error=error_number(status, (event.data or {}).get("error")), submitted_ms=message.created_at,
        done_ms=event.occurred_at, text=message.text or "", intermediate=owed.kind == NOTICE,
        user_message_reference=submission.user_message_reference,
    )  # fmt: skip
    form = Form(esme.receipt_format, esme.receipt_pdu, esme.receipt_seconds, esme.receipt_text)
    s = submission
    handset = (s.dest_addr_ton, s.dest_addr_npi, s.destination_addr)
    ours = (s.source_addr_ton, s.source_addr_npi, s.source_addr)
    if not s.source_addr:  # left to us: it gets the sender that was taken
        ours = outgoing(message.sender, _ADDRESSING)
    return receipt_form.compose(outcome, form, handset, ours, s.service_type)


def receipt_id(submission: Submission, esme: Esme) -> str:
    """The id of the answer in the form that the ESME awaits in receipts: the same as there, where it asks for none."""
    wanted, given = esme.receipt_id_form, submission.response_id
    if wanted is None:
        return given
    number = submission.message_id
    if wanted == "ours":
        return show("msg", number)
    if given not in (str(number), show("msg", number)):  # hexadecimal, or eight digits of it to a bind before 3.4
        number = int(given, 16)
    return str(number) if wanted == "decimal" else f"{number:X}"


def spoken(pdu: DeliverSm | DataSm | None, interface_version: int) -> DeliverSm | DataSm:
    """A PDU as an ESME of this version knows it: before 3.4 there are no TLVs and no data_sm.

    Raises EncodeError for what cannot be said without, and for what could not be made at all.
    """
    if pdu is None:
        raise EncodeError("what it tells of is not kept any more")
    if interface_version >= 0x34:
        return pdu
    if isinstance(pdu, DataSm) or (not pdu.short_message and pdu.tlvs):
        raise EncodeError("the ESME bound with SMPP 3.3, which has neither TLVs nor data_sm")
    return msgspec.structs.replace(pdu, tlvs=()) if pdu.tlvs else pdu


def form_of(listener: Listener) -> str:
    """How texts are cut and written for an ESME: what `text_parts` and `text` are told."""
    return f"{listener.concatenation} {listener.alphabet}"


def text_parts(message: Message, form: str, rows: Sequence[InboundRow] | None) -> tuple[str, int]:
    """The form a text goes in, and in how many parts. `rows`: as it came, where it came as binary."""
    if rows is not None:
        return OCTETS, len(rows)
    return form, _split(message, form).count


def text(owed: Owed, message: Message, rows: Sequence[InboundRow]) -> DeliverSm | DataSm:
    """One part of a text from a handset. Raises LookupError where what it is made of is no longer there."""
    source, destination = outgoing(message.sender, _ADDRESSING), outgoing(message.to, _ADDRESSING)
    if owed.form == OCTETS:
        row = sorted(rows, key=lambda one: one.part)[owed.part - 1]
        if not (row.octets or row.udh):
            raise LookupError("its octets are blanked")
        return _deliver_sm(source, destination, row.udh, row.octets, row.data_coding, ())
    if message.text is None:
        raise LookupError("its text is blanked")
    concatenation, _, alphabet = owed.form.partition(" ")
    cut = _split(message, owed.form)
    part = cut.segments[owed.part - 1]
    udh, octets = part.udh, part.payload
    tlvs: Tlvs = ()
    if concatenation == "sar" and udh and (sar := user_data.sar_tlvs(udh)):
        tlvs, udh = sar
    if not is_gsm7(cut.encoding):
        return _deliver_sm(source, destination, udh, octets, _UCS2, tlvs)
    if alphabet == "gsm7_packed":
        octets = pack(octets, fill_bits(udh))
    elif alphabet in _CODECS:
        octets = gsm7.decode(octets).encode(_CODECS[alphabet])
    return _deliver_sm(source, destination, udh, octets, 0, tlvs)


def _split(message: Message, form: str) -> Segmented:
    """The text in the parts of a form; whole where it would take more parts than a header can number."""
    concatenation, _, alphabet = form.partition(" ")
    words, terms = message.text or "", _TERMS.get(alphabet, PLAIN)
    reference = WHOLE if concatenation == "payload" else terms.reference(message.id)
    try:
        return segments.split(words, segments.AUTO, reference, terms)
    except TooManyPartsError:
        return segments.split(words, segments.AUTO, WHOLE, terms)


def _deliver_sm(
    source: tuple[int, int, str], destination: tuple[int, int, str], udh: bytes, octets: bytes, coding: int, tlvs: Tlvs
) -> DeliverSm:
    whole = udh + octets
    if len(whole) > SHORT_MESSAGE_MOST:
        whole, tlvs = b"", (*tlvs, (pdus.MESSAGE_PAYLOAD, whole))
    return DeliverSm(
        source_addr_ton=source[0], source_addr_npi=source[1], source_addr=source[2], dest_addr_ton=destination[0],
        dest_addr_npi=destination[1], destination_addr=destination[2], esm_class=pdus.ESM_UDHI if udh else 0,
        data_coding=coding, short_message=whole, tlvs=tlvs,
    )  # fmt: skip
