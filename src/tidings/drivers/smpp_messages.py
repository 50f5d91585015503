"""Parts into submit_sm, deliver_sm and data_sm into receipts and texts, by an SMSC's profile; pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from tidings.core.message import Millis, Part
from tidings.core.ports import Inbound, Receipt, SendError, Sent
from tidings.drivers.smpp_profile import CODECS, Profile
from tidings.smpp import pdus, receipt, status, times, user_data
from tidings.smpp.address import destined, incoming, outgoing
from tidings.smpp.codec import EncodeError
from tidings.smpp.pdus import DataSm, DeliverSm, SubmitSm, Tlvs
from tidings.text import data_coding, gsm7
from tidings.text.packing import fill_bits, pack, unpack
from tidings.text.segments import ENCODINGS, GSM7, OCTETS, is_gsm7

ID_MOST = 255
"""Characters kept of a carrier's message id; SMPP 3.4 allows 64, some give a few more, and none needs thousands."""
WORD_MOST = 64
"""Characters kept of a receipt's state and error."""
SENDERS = 256
"""Senders whose form is remembered."""
FORM_TAGS = 8
"""TLVs of a receipt that its form names."""


MODES = {"default": 0, "datagram": 1, "forward": 2, "store_and_forward": 3}
"""Messaging modes: the lowest bits of esm_class (SMPP 3.4 section 5.2.12)."""


class Translator:
    """Speaks one SMSC's dialect for one carrier."""

    def __init__(self, carrier: str, profile: Profile, now: Callable[[], Millis]) -> None:
        self.carrier = carrier
        self.profile = profile
        self._now = now
        self._addressing = profile.addressing()
        self._written = lru_cache(maxsize=SENDERS)(partial(outgoing, addressing=self._addressing))
        """Senders as they are written: few, and each of many messages."""
        self._statuses = profile.statuses()
        self._reading = profile.reading()
        self._mode = MODES[profile.message_mode]
        self._longest = profile.lengths
        self._tlvs = profile.further_tlvs()
        self._languages = profile.national_languages

    def submit(self, part: Part) -> SubmitSm:
        """The submit_sm for a part. Raises EncodeError for what the SMSC cannot take: a letter, too long an address."""
        profile = self.profile
        source_ton, source_npi, source = self._written(part.sender)
        dest_ton, dest_npi, destination = destined(part.to, self._addressing)
        if self._longest:
            self._hold("source_addr", source)
            self._hold("destination_addr", destination)
        udh, tlvs = part.udh, self._tlvs
        if profile.user_message_reference:
            tlvs = (*tlvs, (pdus.USER_MESSAGE_REFERENCE, (part.attempt_id & 0xFFFF).to_bytes(2, "big")))
        if udh and profile.concatenation == "sar":
            sar = user_data.sar_tlvs(udh)
            if sar is not None:
                udh, tlvs = sar[1], (*tlvs, *sar[0])
        octets = udh + self._octets(part, udh)
        if profile.concatenation == "payload" and _too_long(part):
            octets, tlvs = b"", (*tlvs, (pdus.MESSAGE_PAYLOAD, octets))
        return SubmitSm(
            service_type=profile.service_type,
            source_addr_ton=source_ton,
            source_addr_npi=source_npi,
            source_addr=source,
            dest_addr_ton=dest_ton,
            dest_addr_npi=dest_npi,
            destination_addr=destination,
            esm_class=self._mode | (pdus.ESM_UDHI if udh else 0) | (pdus.ESM_REPLY_PATH if part.reply_path else 0),
            protocol_id=profile.protocol_id if part.protocol_id is None else part.protocol_id,
            priority_flag=profile.priority_flag,
            validity_period=self._validity(part.validity_s),
            registered_delivery=profile.registered_delivery,
            data_coding=self._data_coding(part),
            short_message=octets,
            tlvs=tlvs,
        )

    def _data_coding(self, part: Part) -> int:
        if part.data_coding is not None:
            return part.data_coding
        return self.profile.gsm7_data_coding if is_gsm7(part.encoding) else self.profile.ucs2_data_coding

    def outcome(self, attempt_id: int, bind: str, response: Any) -> Sent | SendError:
        """What a response to a submit_sm says of the part."""
        value = response.command_status
        if value == 0 and isinstance(response, pdus.SubmitSmResp):
            return Sent(attempt_id, response.message_id[:ID_MOST], bind)
        if value == 0:
            # A nack, or a body that cannot be read, with the status of success: nobody knows what it means.
            return SendError(attempt_id, "in_doubt", "outcome_lost", "", "The carrier's answer cannot be read.", bind)
        known = status.classify(value, self._statuses)
        detail = f"{known.name}: {known.meaning}." if known.name else f"{known.meaning}."
        return SendError(attempt_id, known.kind, known.code, known.hex, detail, bind)

    def incoming(self, pdu: DeliverSm | DataSm, bind: str, session: str, token: Any) -> Receipt | Inbound:
        """The receipt or the text that a deliver_sm or data_sm brings."""
        sender = incoming(pdu.source_addr_ton, pdu.source_addr, self._addressing)
        to = incoming(pdu.dest_addr_ton, pdu.destination_addr, self._addressing)
        udh, octets = user_data.split(pdu)
        if self._is_receipt(pdu, octets):
            return self._receipt(pdu, octets, bind, (sender, to), token)
        if self.profile.udh_sniff and not udh:
            udh, octets = user_data.leaked_header(octets)
        encoding, text = self._text(pdu.data_coding, octets, udh)
        return Inbound(
            self.carrier, bind, session, sender, to, pdu.data_coding, octets, udh, text, encoding, token,
            self._reference(pdu.tlvs),
        )  # fmt: skip

    def _reference(self, tlvs: Tlvs) -> int | None:
        """The reference of ours that a text comes back with; None from SMSCs that are not given any."""
        if not tlvs or not self.profile.user_message_reference:
            return None
        octets = pdus.tlv(tlvs, pdus.USER_MESSAGE_REFERENCE)
        return int.from_bytes(octets[-2:], "big") if octets else None

    def _receipt(
        self, pdu: DeliverSm | DataSm, octets: bytes, bind: str, addresses: tuple[str, str], token: Any
    ) -> Receipt:
        octets = self._plain(octets)
        report = receipt.parse(octets, pdu.tlvs, self._reading)
        on_the_way = pdu.esm_class & (pdus.ESM_RECEIPT | pdus.ESM_INTERMEDIATE) == pdus.ESM_INTERMEDIATE
        status, code = receipt.judge(report, self._reading, on_the_way)
        sender, to = addresses
        which = self.profile.receipt_handset
        # Some SMSCs leave the addresses as they were in the submit_sm: a name is never the handset.
        if which == "destination" or (
            which == "source" and sender[:1] not in ("+", "") and not _is_number(sender) and _is_number(to)
        ):
            sender, to = to, sender
        return Receipt(
            self.carrier,
            bind,
            report.message_id[:ID_MOST],
            "" if which == "unchecked" else sender,
            to,
            report.state[:WORD_MOST],
            status,
            report.error_code[:WORD_MOST],
            octets,
            token,
            code,
            report.other_id[:ID_MOST],
            _form(type(pdu).__name__, pdu.esm_class, pdu.data_coding, tuple([tag for tag, _ in pdu.tlvs])),
        )

    def _plain(self, octets: bytes) -> bytes:
        """The text of a receipt in ASCII, as far as its alphabet is known to be another."""
        alphabet = self.profile.receipt_alphabet
        if alphabet == "auto":
            return octets
        if alphabet == "ucs2":
            return octets.decode("utf-16-be", "replace").encode("latin-1", "replace")
        if alphabet == "gsm7_packed":
            octets = unpack(octets, 0)
        return gsm7.decode(octets).encode("latin-1", "replace")

    def _hold(self, field: str, written: str) -> None:
        most = self._longest.get(field, len(written))
        if len(written) > most:
            raise EncodeError(f"{field} has {len(written)} characters; the carrier takes {most}")

    def _octets(self, part: Part, udh: bytes) -> bytes:
        alphabet = self.profile.mt_alphabet
        self._refuse_misread(part)
        if alphabet == "gsm7" or not is_gsm7(part.encoding):
            return part.payload
        if alphabet == "gsm7_packed":
            return pack(part.payload, fill_bits(udh))
        if part.encoding != GSM7:
            raise EncodeError(f"the carrier's alphabet ({alphabet}) has no national tables")
        try:
            # What was cut for another carrier may hold what this one lacks, and never goes as something else.
            return gsm7.decode(part.payload).encode(CODECS[alphabet])
        except UnicodeEncodeError as error:
            lacking = f"U+{ord(error.object[error.start]):04X} at {error.start}"
            raise EncodeError(f"the carrier's alphabet ({alphabet}) lacks {lacking}") from None

    def _refuse_misread(self, part: Part) -> None:
        """What was cut for another carrier, or before the profile changed, never goes as something else."""
        if part.as_submitted:
            return
        if part.encoding not in ENCODINGS and not gsm7.allowed(part.encoding, self._languages):
            raise EncodeError(
                f"the carrier's national_languages do not allow {part.encoding}, for which the text was cut"
            )
        if len(part.payload) > OCTETS and self.profile.concatenation != "payload" and _too_long(part):
            raise EncodeError("the text was not cut, and the carrier's concatenation is not payload")

    def _validity(self, seconds: int) -> str:
        if not seconds or self.profile.validity == "none":
            return ""
        if self.profile.validity == "absolute":
            return times.absolute(self._now() + seconds * 1000)
        return times.relative(seconds)

    def _is_receipt(self, pdu: DeliverSm | DataSm, octets: bytes) -> bool:
        # By the bits: some SMSCs set both, or others beside them.
        if pdu.esm_class & (pdus.ESM_RECEIPT | pdus.ESM_INTERMEDIATE):
            return True
        if _names_message(pdu.tlvs):
            return True
        return self.profile.receipt_sniff and receipt.looks_like_receipt(octets)

    def _text(self, coding: int, octets: bytes, udh: bytes) -> tuple[str, str]:
        alphabet = self.profile.mo_alphabet
        if coding == 0 and alphabet in CODECS:
            return alphabet, octets.decode(CODECS[alphabet], "replace")
        encoding = data_coding.encoding(coding)
        if encoding == "ascii":
            encoding = data_coding.marked_ascii(octets)
        if encoding != "gsm7":
            return encoding, data_coding.decode(octets, coding)
        shifted = data_coding.alphabet(udh)
        if alphabet == "gsm7_packed":
            octets = unpack(octets, fill_bits(udh))
        return shifted.name, shifted.decode(octets)


def _too_long(part: Part) -> bool:
    """Whether the radio needs more than one part for it."""
    octets = -(-len(part.payload) * 7 // 8) if is_gsm7(part.encoding) else len(part.payload)
    return len(part.udh) + octets > OCTETS


def _is_number(address: str) -> bool:
    return address.removeprefix("+").isdigit()


def _names_message(tlvs: Tlvs) -> bool:
    return bool(tlvs) and pdus.tlv(tlvs, pdus.RECEIPTED_MESSAGE_ID) is not None


@lru_cache(maxsize=256)
def _form(kind: str, esm_class: int, data_coding: int, tags: tuple[int, ...]) -> str:
    """How a receipt came, in the words of the specification."""
    name = {"DeliverSm": "deliver_sm", "DataSm": "data_sm"}[kind]
    tlvs = ",".join(f"0x{tag:04x}" for tag in tags[:FORM_TAGS])
    return f"{name} esm_class=0x{esm_class:02x} data_coding={data_coding}" + (f" tlvs={tlvs}" if tlvs else "")
