"""What a capture leaves out of a PDU: always passwords, and unless asked for whole ones, texts and most digits."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tidings.smpp import pdus
from tidings.smpp.codec import EncodeError, Strictness, decode, encode
from tidings.smpp.framing import HEADER
from tidings.smpp.pdus import Bind, Malformed, Outbind, Raw

_SECRET = "password"  # noqa: S105 - the name of a field
_TEXT = "short_message"
_TEXTS = frozenset({pdus.MESSAGE_PAYLOAD})
_BINDS = frozenset({pdus.BIND_RECEIVER, pdus.BIND_TRANSMITTER, pdus.BIND_TRANSCEIVER, Outbind.command_id})
_KEPT = 4
"""Last digits of a number that stay: they tell messages apart, and decide their fate in the simulator."""
_UCS2 = 8
_DIGITS = re.compile(r"(?<=\d)\d(?=\d{4})")
_RECEIPT_TEXT = re.compile(rb"(?i)(?<=text:).*", re.DOTALL)


def redact(frame: bytes, *, whole: bool = False) -> bytes:
    """The PDU of one whole frame without what is nobody's business; of what cannot be read, its header.

    `whole`: only passwords are hidden. A text becomes as many x, a number keeps its first digit and its last four,
    a receipt keeps all but the text that it quotes. Statuses, ids, times and other TLVs stay.
    """
    command_id = int.from_bytes(frame[4:8], "big")
    if whole and command_id not in _BINDS:
        return frame
    pdu = decode(frame, Strictness.LENIENT)
    if isinstance(pdu, Malformed | Raw):
        return frame[:HEADER]
    hidden = _hide(pdu, pdu, whole=whole)
    if hidden == pdu:
        return frame
    try:
        return encode(hidden)
    except EncodeError:
        return frame[:HEADER]


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
            changes[name] = tuple([(tag, _text(octets, pdu) if tag in _TEXTS else octets) for tag, octets in value])
        elif isinstance(value, str) and "addr" in name and not isinstance(pdu, Bind):
            changes[name] = _DIGITS.sub("5", value)
        elif isinstance(value, tuple):
            changes[name] = tuple([_hide(one, pdu, whole=whole) if _is_noun(one) else one for one in value])
    return msgspec.structs.replace(noun, **changes)


def _is_noun(value: Any) -> bool:
    return hasattr(value, "__struct_fields__")


def _text(octets: bytes, pdu: Any) -> bytes:
    """As many x in place of a text: its header stays, and what a receipt says."""
    esm_class = getattr(pdu, "esm_class", 0)
    if esm_class & (pdus.ESM_RECEIPT | pdus.ESM_INTERMEDIATE):
        return _RECEIPT_TEXT.sub(lambda found: b"x" * len(found[0]), octets)
    header = octets[: octets[0] + 1] if esm_class & pdus.ESM_UDHI and octets else b""
    size = len(octets) - len(header)
    if getattr(pdu, "data_coding", 0) & 0x0C == _UCS2:
        return header + (b"\0x" * (size // 2 + 1))[:size]
    return header + b"x" * size
