"""PDUs to octets and back; speed matters here, see docs/adr/0003-own-smpp-codec.md.

`decode` never raises on what a peer sends: a sound PDU comes back as its noun, an unknown command as
`Raw`, a sound header with an unsound body as `Malformed`. Strings are Latin-1 so that no octet is lost,
numbers are plain ints so that no value is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from struct import Struct
from struct import error as StructError  # noqa: N812 - the module's own name says nothing
from typing import Any

from tidings.smpp import pdus
from tidings.smpp.fields import LAYOUTS, Field, Kind
from tidings.smpp.framing import HEADER
from tidings.smpp.pdus import RESPONSE, DeliverSm, Malformed, Pdu, Raw, SubmitSm, Tlvs

_HEADER = Struct(">4I")
_TEN_OCTETS = Struct(">10B").unpack_from
_FIVE_OCTETS = Struct(">5B").unpack_from
_TLV = Struct(">HH")
_TIME = re.compile(r"\d{12}\d(?:[0-3]\d|4[0-8])[+\-R]")

DELIVER_SM_RESP = DeliverSm.command_id | RESPONSE

ROK = 0x00
RINVMSGLEN = 0x01
RINVCMDLEN = 0x02
RINVCMDID = 0x03
RINVSRCADR = 0x0A
RINVDSTADR = 0x0B
RINVSERTYP = 0x15
RINVSCHED = 0x61
RINVEXPIRY = 0x62
RINVOPTPARSTREAM = 0xC0
RINVPARLEN = 0xC2


class Strictness(IntEnum):
    """How much of the specification a peer has to keep."""

    STRICT = 0
    """Every length and format as written: for certifying."""
    NORMAL = 1
    """Strings may be longer than written (vendors' passwords and addresses); the rest as written."""
    LENIENT = 2
    """Also any time string, a short_message or a last TLV cut short."""


class EncodeError(ValueError):
    """A PDU of ours cannot be expressed in octets: a number out of range, a NUL in a string, too long a text."""


class _Fault(Exception):
    """The body is unsound; the argument is the command_status to answer."""


def decode(frame: bytes, strictness: Strictness = Strictness.NORMAL) -> Pdu | Malformed:
    """The PDU in one whole frame (as `split_frames` cuts them)."""
    _, command_id, status, sequence = _HEADER.unpack_from(frame)
    decoder = _DECODERS.get(command_id)
    if decoder is None:
        return Raw(command_id, frame[HEADER:], sequence, status)
    try:
        return decoder(frame, status, sequence, strictness)
    except _Fault as fault:
        return Malformed(command_id, sequence, fault.args[0])
    except (IndexError, StructError):
        return Malformed(command_id, sequence, RINVCMDLEN)


def encode(pdu: Pdu) -> bytes:
    """The octets of a PDU, header included.

    Raises EncodeError when it cannot be expressed. Lengths of strings are not limited to the
    specification's, because some carriers give longer ones; nothing is ever cut.
    """
    try:
        return _ENCODERS[type(pdu)](pdu)
    except (OverflowError, StructError, UnicodeEncodeError, TypeError) as error:
        raise EncodeError(f"{type(pdu).__name__}: {error}") from error


def encode_id_resp(command_id: int, status: int, sequence: int, message_id: str = "", tlvs: Tlvs = ()) -> bytes:
    """A response whose body is a message_id: submit_sm_resp, deliver_sm_resp, data_sm_resp."""
    if status and command_id != DELIVER_SM_RESP and not (message_id or tlvs):
        # Section 4.4.2: a refusal has no body; deliver_sm_resp always has one (4.6.2).
        return _HEADER.pack(HEADER, command_id, status, sequence)
    body = _cstring(message_id)
    if tlvs:
        body += _encode_tlvs(tlvs)
    return _HEADER.pack(HEADER + len(body), command_id, status, sequence) + body


def encode_header(command_id: int, status: int, sequence: int) -> bytes:
    """A PDU without body."""
    return _HEADER.pack(HEADER, command_id, status, sequence)


# submit_sm and deliver_sm: the same body, on the hot path of every message.


def _decode_sm(make: Any, frame: bytes, status: int, sequence: int, strictness: Strictness) -> Any:
    find = frame.find
    slack = 235 if strictness else 0
    a = find(0, 16, 22 + slack)
    if a < 0:
        raise _Fault(RINVSERTYP)
    b = find(0, a + 3, a + 24 + slack)
    if b < 0:
        raise _Fault(RINVSRCADR)
    c = find(0, b + 3, b + 24 + slack)
    if c < 0:
        raise _Fault(RINVDSTADR)
    esm, protocol, priority, schedule, validity, registered, replace, coding, default, length = _TEN_OCTETS(
        frame, c + 1
    )
    start = c + 11
    schedule_time = validity_time = ""
    if schedule or validity:
        # A time is present, so the fixed octets are not where they were looked for.
        schedule_time, p = _time(frame, c + 4, RINVSCHED, strictness)
        validity_time, p = _time(frame, p, RINVEXPIRY, strictness)
        registered, replace, coding, default, length = _FIVE_OCTETS(frame, p)
        start = p + 5
    end = start + length
    size = len(frame)
    if end > size:
        if strictness < Strictness.LENIENT:
            raise _Fault(RINVMSGLEN)
        end = size
    return make(
        "" if a == 16 else str(frame[16:a], "latin-1"),
        frame[a + 1],
        frame[a + 2],
        str(frame[a + 3 : b], "latin-1"),
        frame[b + 1],
        frame[b + 2],
        str(frame[b + 3 : c], "latin-1"),
        esm,
        protocol,
        priority,
        schedule_time,
        validity_time,
        registered,
        replace,
        coding,
        default,
        frame[start:end],
        () if end == size else _decode_tlvs(frame, end, strictness),
        sequence,
    )


def _encode_sm(pdu: SubmitSm | DeliverSm) -> bytes:
    message = pdu.short_message
    source, destination = pdu.source_addr, pdu.destination_addr
    if "\0" in source or "\0" in destination:
        raise EncodeError("an address contains NUL")
    if pdu.schedule_delivery_time or pdu.validity_period or pdu.service_type:
        service = _cstring(pdu.service_type)
        times = _cstring(pdu.schedule_delivery_time) + _cstring(pdu.validity_period)
    else:
        service, times = b"\0", b"\0\0"
    body = b"%b%c%c%b\0%c%c%b\0%c%c%c%b%c%c%c%c%c%b" % (
        service,
        pdu.source_addr_ton,
        pdu.source_addr_npi,
        source.encode("latin-1"),
        pdu.dest_addr_ton,
        pdu.dest_addr_npi,
        destination.encode("latin-1"),
        pdu.esm_class,
        pdu.protocol_id,
        pdu.priority_flag,
        times,
        pdu.registered_delivery,
        pdu.replace_if_present_flag,
        pdu.data_coding,
        pdu.sm_default_msg_id,
        len(message),
        message,
    )
    if pdu.tlvs:
        body += _encode_tlvs(pdu.tlvs)
    return _HEADER.pack(16 + len(body), pdu.command_id, 0, pdu.sequence_number) + body


def _decode_id_resp(make: Any, frame: bytes, status: int, sequence: int, strictness: Strictness) -> Any:
    # A response cannot be answered with a status, so whatever can be read is taken: no body, no NUL, broken TLVs.
    size = len(frame)
    end = frame.find(0, 16)
    if end < 0:
        end = size
    tlvs = () if end + 1 >= size else _decode_tlvs(frame, end + 1, Strictness.LENIENT)
    return make(str(frame[16:end], "latin-1"), tlvs, sequence, status)


def _encode_id_resp(pdu: Any) -> bytes:
    return encode_id_resp(pdu.command_id, pdu.command_status, pdu.sequence_number, pdu.message_id, pdu.tlvs)


# Everything else, by the tables of `fields`.


def _decode_fields(make: Any, frame: bytes, status: int, sequence: int, strictness: Strictness) -> Any:
    command_id = _HEADER.unpack_from(frame)[1]
    response = command_id & RESPONSE
    values: dict[str, Any] = {"sequence_number": sequence}
    if response:
        values["command_status"] = status
        strictness = Strictness.LENIENT
    if make in (pdus.Bind, pdus.BindResp):
        values["command_id"] = command_id
    p, size = HEADER, len(frame)
    for field in LAYOUTS[make]:
        if p >= size and (response or (field.optional and strictness)):
            break
        values[field.name], p = _decode_field(field, frame, p, strictness)
    if p < size:
        values["tlvs"] = _decode_tlvs(frame, p, strictness)
    return make(**values)


def _decode_field(field: Field, frame: bytes, p: int, strictness: Strictness) -> tuple[Any, int]:
    if field.kind is Kind.OCTET:
        return frame[p], p + 1
    if field.kind is Kind.TIME:
        return _time(frame, p, field.fault, strictness)
    if field.kind is Kind.MESSAGE:
        end = p + 1 + frame[p]
        if end > len(frame):
            raise _Fault(RINVMSGLEN)
        return frame[p + 1 : end], end
    end = frame.find(0, p, p + field.size + (235 if strictness else 0))
    if end < 0:
        if not (strictness and field.last and len(frame) - p < 255):
            raise _Fault(field.fault)
        end = len(frame)
    return str(frame[p:end], "latin-1"), min(end + 1, len(frame))


def _time(frame: bytes, p: int, fault: int, strictness: Strictness) -> tuple[str, int]:
    lenient = strictness is Strictness.LENIENT
    end = frame.find(0, p, p + (255 if lenient else 17))
    if end < 0:
        raise _Fault(fault)
    text = str(frame[p:end], "latin-1")
    if text and not lenient and not _TIME.fullmatch(text):
        raise _Fault(fault)
    return text, end + 1


def _decode_tlvs(frame: bytes, p: int, strictness: Strictness) -> Tlvs:
    tlvs: list[tuple[int, bytes]] = []
    size = len(frame)
    while p < size:
        fault = RINVOPTPARSTREAM
        if p + 4 <= size:
            tag, length = _TLV.unpack_from(frame, p)
            end = p + 4 + length
            if end <= size:
                tlvs.append((tag, frame[p + 4 : end]))
                p = end
                continue
            fault = RINVPARLEN
        if strictness < Strictness.LENIENT:
            raise _Fault(fault)
        break
    return tuple(tlvs)


def _encode_fields(pdu: Any) -> bytes:
    kind = type(pdu)
    status = getattr(pdu, "command_status", 0)
    parts: list[bytes] = []
    for field in LAYOUTS[kind]:
        value = getattr(pdu, field.name)
        if field.kind is Kind.OCTET:
            parts.append(b"%c" % value)
        elif field.kind is Kind.MESSAGE:
            parts.append(b"%c%b" % (len(value), value))
        else:
            parts.append(_cstring(value))
    parts.append(_encode_tlvs(pdu.tlvs))
    body = b"".join(parts)
    return _HEADER.pack(HEADER + len(body), pdu.command_id, status, pdu.sequence_number) + body


def _encode_raw(pdu: Raw) -> bytes:
    head = _HEADER.pack(HEADER + len(pdu.body), pdu.command_id, pdu.command_status, pdu.sequence_number)
    return head + pdu.body


def _encode_tlvs(tlvs: Tlvs) -> bytes:
    return b"".join([_TLV.pack(tag, len(value)) + value for tag, value in tlvs])


def _cstring(text: str) -> bytes:
    if not text:
        return b"\0"
    if "\0" in text:
        raise EncodeError("a string contains NUL")
    return text.encode("latin-1") + b"\0"


_Decoder = Callable[[bytes, int, int, Strictness], Pdu]


def _decoder(read: Callable[..., Any], make: Any) -> _Decoder:
    return partial(read, make)


_SM = (SubmitSm, DeliverSm)
_ID_RESP = (pdus.SubmitSmResp, pdus.DeliverSmResp, pdus.DataSmResp)
_BINDS = (pdus.BIND_RECEIVER, pdus.BIND_TRANSMITTER, pdus.BIND_TRANSCEIVER)

_DECODERS: dict[int, _Decoder] = {
    **{make.command_id: _decoder(_decode_fields, make) for make in LAYOUTS if not make.__name__.startswith("Bind")},
    **{command_id: _decoder(_decode_fields, pdus.Bind) for command_id in _BINDS},
    **{command_id | RESPONSE: _decoder(_decode_fields, pdus.BindResp) for command_id in _BINDS},
    **{make.command_id: _decoder(_decode_sm, make) for make in _SM},
    **{make.command_id: _decoder(_decode_id_resp, make) for make in _ID_RESP},
}
_ENCODERS: dict[Any, Callable[[Any], bytes]] = {
    **dict.fromkeys(LAYOUTS, _encode_fields),
    **dict.fromkeys(_SM, _encode_sm),
    **dict.fromkeys(_ID_RESP, _encode_id_resp),
    Raw: _encode_raw,
}
