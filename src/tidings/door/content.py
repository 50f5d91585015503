"""The user data of a submitted PDU: text for the pipeline to cut, or octets to be carried as they are.

A plain text is text, whatever alphabet it came in. What says more than its words (parts of a longer text, ports,
message classes, national tables, binary) goes as the octets that came, or not at all.
"""

from __future__ import annotations

from tidings.core.esme import Esme
from tidings.core.message import Prepared
from tidings.door.statuses import (
    RINVDCS,
    RINVESMCLASS,
    RINVMSGLEN,
    RINVOPTPARAMVAL,
    ROPTPARNOTALLWD,
    Refusal,
)
from tidings.smpp import pdus, user_data
from tidings.smpp.pdus import DataSm, SubmitSm, Tlvs, tlv
from tidings.text import data_coding, gsm7
from tidings.text.packing import fill_bits, unpack
from tidings.text.segments import OCTETS, is_gsm7
from tidings.text.udh import Ports, port_element

BINARY = "binary"
SOURCE_PORT, DESTINATION_PORT = 0x020A, 0x020B
MODE_MASK, TRANSACTION_MODE = 0x03, 0x02
_CODECS = {"latin1": "latin-1", "ascii": "ascii", "iso8859_5": "iso8859_5", "iso8859_8": "iso8859_8"}
_FURTHER = {0x06: "iso8859_5", 0x07: "iso8859_8"}
"""Cyrillic and Hebrew (SMPP 3.4 section 5.2.19), which no handset is sent as such."""


def read(pdu: SubmitSm | DataSm, esme: Esme) -> str | tuple[Prepared, str | None] | Refusal:
    """The text; or octets made up, with what they say (None: nothing that can be read); or why neither."""
    if pdu.esm_class & MODE_MASK == TRANSACTION_MODE:
        return Refusal(RINVESMCLASS, "transaction mode is not offered: use store and forward (esm_class 0)")
    found = _split(pdu)
    if isinstance(found, Refusal):
        return found
    udh, octets = found
    encoding = _encoding(pdu.data_coding, esme)
    if encoding == "ascii":
        encoding = data_coding.marked_ascii(octets)
    text = _text(octets, udh, encoding)
    if isinstance(text, Refusal):
        return text
    protocol_id = getattr(pdu, "protocol_id", 0)
    reply_path = bool(pdu.esm_class & pdus.ESM_REPLY_PATH)
    classed = pdu.data_coding >= 0x10
    if text is not None and not (udh or classed or protocol_id or reply_path):
        return text
    made = _made(octets, udh, encoding, text)
    if isinstance(made, Refusal):
        return made
    name, payload = made
    prepared = Prepared(
        name, payload, udh, pdu.data_coding if classed or name == BINARY else None, protocol_id or None, reply_path
    )
    return _within(prepared) or (prepared, _shown(prepared))


def _split(pdu: SubmitSm | DataSm) -> tuple[bytes, bytes] | Refusal:
    """Header and octets, wherever they stand."""
    tlvs = pdu.tlvs
    short = b"" if isinstance(pdu, DataSm) else pdu.short_message
    payload = tlv(tlvs, pdus.MESSAGE_PAYLOAD) if tlvs else None
    if short and payload:
        return Refusal(ROPTPARNOTALLWD, "give the text in short_message or in message_payload, not in both")
    whole = short or payload or b""
    if pdu.esm_class & pdus.ESM_UDHI and (not whole or whole[0] >= len(whole)):
        return Refusal(RINVMSGLEN, "esm_class says that there is a user data header, and it does not fit the message")
    total, number = tlv(tlvs, pdus.SAR_TOTAL_SEGMENTS), tlv(tlvs, pdus.SAR_SEGMENT_SEQNUM)
    if total and number and not 1 <= number[-1] <= total[-1]:
        return Refusal(
            RINVOPTPARAMVAL, f"sar_segment_seqnum {number[-1]} is none of 1 to {total[-1]} (sar_total_segments)"
        )
    udh, octets = user_data.split(pdu)
    ports = _ports(tlvs) if tlvs else b""
    if isinstance(ports, Refusal):
        return ports
    if ports:
        udh = bytes((len(udh[1:]) + len(ports),)) + ports + udh[1:]
    return udh, octets


def _ports(tlvs: Tlvs) -> bytes | Refusal:
    """The element that says what the port TLVs say; empty without them."""
    source, destination = tlv(tlvs, SOURCE_PORT), tlv(tlvs, DESTINATION_PORT)
    if source is None and destination is None:
        return b""
    if any(one is not None and len(one) != 2 for one in (source, destination)):
        return Refusal(RINVOPTPARAMVAL, "source_port and destination_port have two octets")
    return port_element(Ports(int.from_bytes(destination or b"", "big"), int.from_bytes(source or b"", "big")))


def _encoding(coding: int, esme: Esme) -> str:
    """What the octets are: the ESME's own word for data_coding 0, else the specification's."""
    return esme.alphabet if coding == 0 else _FURTHER.get(coding) or data_coding.encoding(coding)


def _text(octets: bytes, udh: bytes, encoding: str) -> str | Refusal | None:
    """What the octets say; None of binary."""
    if encoding == BINARY:
        return None
    if encoding == "ucs2":
        if len(octets) % 2:
            return Refusal(RINVMSGLEN, "a text in UCS-2 has an even number of octets")
        return octets.decode("utf-16-be", "surrogatepass")
    codec = _CODECS.get(encoding)
    if codec is not None:
        try:
            return octets.decode(codec)
        except UnicodeDecodeError as fault:
            return _unfit(octets, fault.start, encoding)
    if encoding == "gsm7_packed":
        octets = unpack(octets, fill_bits(udh))
    elif not octets.isascii():
        return _unfit(octets, next(at for at, one in enumerate(octets) if one > 0x7F), "GSM 7-bit, unpacked")
    return data_coding.alphabet(udh).decode(octets)


def _unfit(octets: bytes, at: int, alphabet: str) -> Refusal:
    what = f"octet 0x{octets[at]:02X} at {at} is none of the alphabet that data_coding stands for here ({alphabet})"
    return Refusal(RINVDCS, what)


def _made(octets: bytes, udh: bytes, encoding: str, text: str | None) -> tuple[str, bytes] | Refusal:
    """Encoding and payload as carriers are given them."""
    if text is None:
        return BINARY, octets
    if encoding == "ucs2":
        return "ucs2", octets
    if encoding == "gsm7":
        return data_coding.alphabet(udh).name, octets
    if encoding == "gsm7_packed":
        return data_coding.alphabet(udh).name, unpack(octets, fill_bits(udh))
    septets = gsm7.encode(text)
    return ("gsm7", septets) if septets is not None else ("ucs2", text.encode("utf-16-be"))


def _within(made: Prepared) -> Refusal | None:
    """What came made up must fit one segment as it is: cutting it would break it."""
    size = len(made.udh) + len(made.octets)
    if is_gsm7(made.encoding):
        size = -(-(len(made.udh) * 8 + fill_bits(made.udh) + len(made.octets) * 7) // 8)
    if size <= OCTETS and (made.octets or made.udh):
        return None
    what = f"takes {size} octets on the radio, and one segment holds {OCTETS}" if size else "is empty"
    return Refusal(RINVMSGLEN, f"a message with a header, a class or a protocol is carried as it is: it {what}")


def _shown(made: Prepared) -> str | None:
    """The words, as far as a text column can hold them."""
    if made.encoding == BINARY:
        return None
    if made.encoding == "ucs2":
        text = made.octets.decode("utf-16-be", "replace")
    else:
        text = data_coding.alphabet(made.udh).decode(made.octets)
    return text.replace("\0", "\ufffd")
