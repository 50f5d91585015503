"""What a capture leaves out of a PDU: always passwords, and unless asked for whole ones, texts and most digits."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tidings.smpp import pdus, tlvs
from tidings.smpp.codec import EncodeError, Strictness, decode, encode
from tidings.smpp.framing import HEADER
from tidings.smpp.pdus import Bind, DataSm, DeliverSm, Malformed, Outbind, Raw, Tlv

_SECRET = "password"  # noqa: S105 - the name of a field
_TEXT = "short_message"
_BINDS = frozenset({pdus.BIND_RECEIVER, pdus.BIND_TRANSMITTER, pdus.BIND_TRANSCEIVER, Outbind.command_id})
_KEPT = 4
"""Last digits of a number that stay: they tell messages apart, and decide their fate in the simulator."""
_UCS2 = 8
_DIGIT = re.compile(r"\d")
_TOLD = re.compile(
    rb"((?<!\w)(?:id|sub|dlvrd|submit ?date|done ?date|stat|err) ?: ?[^\s,;:|]*|\s)|.", re.IGNORECASE | re.DOTALL
)
"""What a receipt says of a message in the fields of Appendix B; vendors' own may hold numbers of people."""
_QUOTED = re.compile(rb"(?<!\w)text\s*:", re.IGNORECASE)
_HARMLESS = frozenset(
    tlvs.BY_NAME[name].tag
    for name in (
        "receipted_message_id", "network_error_code", "ms_validity", "its_session_info", "source_network_id",
        "dest_network_id", "source_node_id", "dest_node_id", "broadcast_content_type", "broadcast_frequency_interval",
        "broadcast_area_identifier", "broadcast_end_time",
    )
)  # fmt: skip
"""TLVs that stay besides numbers of a few octets: they tell of networks, ids and times, not of people."""
_STRUCTURE = frozenset({0x00, 0x04, 0x05, 0x08, 0x24, 0x25})
"""Elements of a user data header that stay: parts, ports and languages (3GPP TS 23.040 section 9.2.3.24)."""


def redact(frame: bytes, *, whole: bool = False) -> bytes:
    """The PDU of one whole frame without what is nobody's business; of what cannot be read, its header.

    `whole`: only passwords are hidden. A text becomes as many x, a number keeps its first digit and its last four,
    a receipt keeps the fields of the specification. Of TLVs those stay that are known to tell nothing of people.
    """
    command_id = int.from_bytes(frame[4:8], "big")
    if whole and command_id not in _BINDS:
        return frame
    pdu = decode(frame, Strictness.LENIENT)
    if isinstance(pdu, Malformed | Raw):
        return frame[:HEADER]
    hidden = _hide(pdu, pdu, whole=whole)
    try:
        shown = encode(hidden)
    except EncodeError:
        return frame[:HEADER]
    # A tail that the lenient level passes over, such as a TLV longer than its PDU, was not looked at.
    unread = frame[len(shown) :].strip(b"\0")
    return frame if hidden == pdu and not unread else shown


def _hide(noun: Any, pdu: Any, *, whole: bool) -> Any:
    changes: dict[str, Any] = {}
    for name in noun.__struct_fields__:
        value = getattr(noun, name)
        if name == _SECRET:
            changes[name] = "*" * len(value)
        elif whole:
            continue
        elif name == _TEXT:
            changes[name] = _text(value, pdu)
        elif name == "tlvs":
            changes[name] = tuple([_tlv(one, pdu) for one in value])
        elif isinstance(value, str) and ("addr" in name or name == "dl_name") and not isinstance(pdu, Bind):
            changes[name] = _number(value)
        elif isinstance(value, tuple):
            changes[name] = tuple([_hide(one, pdu, whole=whole) if _is_noun(one) else one for one in value])
    return msgspec.structs.replace(noun, **changes)


def _is_noun(value: Any) -> bool:
    return hasattr(value, "__struct_fields__")


def _number(value: str) -> str:
    """The first digit and the last four stay, whatever stands between the digits."""
    digits = [found.start() for found in _DIGIT.finditer(value)]
    hidden = frozenset(digits[1:-_KEPT])
    return "".join(["5" if at in hidden else char for at, char in enumerate(value)])


def _tlv(one: Tlv, pdu: Any) -> Tlv:
    tag, octets = one
    if tag == pdus.MESSAGE_PAYLOAD:
        return tag, _text(octets, pdu)
    known = tlvs.PARAMETERS.get(tag)
    if known is not None and (known.type == "int" or tag in _HARMLESS) and len(octets) <= known.most:
        return one
    end = b"\0" if octets.endswith(b"\0") else b""
    return tag, b"x" * (len(octets) - len(end)) + end


def _text(octets: bytes, pdu: Any) -> bytes:
    """As many x in place of a text: its header stays, and what a receipt says."""
    esm_class = getattr(pdu, "esm_class", 0)
    header = _header(octets) if esm_class & pdus.ESM_UDHI else b""
    text = octets[len(header) :]
    wide = getattr(pdu, "data_coding", 0) & 0x0C == _UCS2
    if wide:
        # Of each character its lower octet; what is beyond Latin-1 is no word of a receipt.
        text = bytes([low if not high else 0x78 for high, low in zip(text[::2], text[1::2], strict=False)])
    if isinstance(pdu, DeliverSm | DataSm) and esm_class & (pdus.ESM_RECEIPT | pdus.ESM_INTERMEDIATE):
        text = _receipt(text)
    else:
        text = b"x" * len(text)
    if wide:
        text = b"".join([b"\0%c" % octet for octet in text])
    return header + text + b"\0" * (len(octets) - len(header) - len(text))


def _receipt(text: bytes) -> bytes:
    quoted = _QUOTED.search(text)
    end, start = quoted.span() if quoted else (len(text), len(text))
    return _TOLD.sub(lambda found: found[1] or b"x", text[:end]) + text[end:start] + b"x" * (len(text) - start)


def _header(octets: bytes) -> bytes:
    """The user data header, without what its elements may tell; one that is none hides nothing from being left out."""
    size = octets[0] + 1 if octets else 0
    header = bytearray(octets[:size])
    at = 1
    while at < size:
        if at + 2 > size or at + 2 + octets[at + 1] > size or size > len(octets):
            return b""
        start, end = at + 2, at + 2 + octets[at + 1]
        if octets[at] not in _STRUCTURE:
            header[start:end] = bytes(end - start)
        at = end
    return bytes(header)
