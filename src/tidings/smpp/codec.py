"""PDUs to octets and back; speed matters here, see docs/adr/0003-own-smpp-codec.md.

`decode` never raises on what a peer sends: a sound PDU comes back as its noun, an unknown command as
`Raw`, a sound header with an unsound body as `Malformed`. Strings are Latin-1 so that no octet is lost,
numbers are plain ints so that no value is refused.

`bodies` knows every PDU by the table of its fields. The five PDUs of every message are written out here, for sound
ones only: whatever is odd goes to `bodies`, so that there is one judge of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from struct import Struct
from struct import error as StructError  # noqa: N812 - the module's own name says nothing
from typing import Any

from tidings.smpp import pdus, tlvs
from tidings.smpp.bodies import SLACK, cstring, decode_body, decode_tlvs, encode_body, encode_tlvs, read_time
from tidings.smpp.faults import RINVCMDLEN, Fault
from tidings.smpp.faults import EncodeError as EncodeError
from tidings.smpp.faults import Strictness as Strictness
from tidings.smpp.fields import COMMANDS, LAYOUTS, noun
from tidings.smpp.framing import HEADER
from tidings.smpp.pdus import RESPONSE, DeliverSm, Malformed, Pdu, Raw, SubmitSm, Tlvs

_HEADER = Struct(">4I")
_TEN_OCTETS = Struct(">10B").unpack_from
_FIVE_OCTETS = Struct(">5B").unpack_from

_STRICT, _, _LENIENT = Strictness
"""As names of their own: looking them up in the class takes a tenth of a microsecond."""
DELIVER_SM_RESP = DeliverSm.command_id | RESPONSE


def decode(frame: bytes, strictness: Strictness = Strictness.NORMAL) -> Pdu | Malformed:
    """The PDU in one whole frame (as `split_frames` cuts them)."""
    _, command_id, status, sequence = _HEADER.unpack_from(frame)
    decoder = _DECODERS.get(command_id)
    if decoder is None:
        return Raw(command_id, frame[HEADER:], sequence, status)
    try:
        pdu: Pdu = decoder(frame, status, sequence, strictness)
    except Fault as fault:
        return Malformed(command_id, sequence, fault.args[0])
    except (IndexError, StructError):
        return Malformed(command_id, sequence, RINVCMDLEN)
    return _judged(pdu) if strictness is _STRICT and not command_id & RESPONSE else pdu


def _judged(pdu: Any) -> Pdu | Malformed:
    fault = tlvs.judge(pdu.command_id, pdu.tlvs, getattr(pdu, "short_message", b""))
    return Malformed(pdu.command_id, pdu.sequence_number, fault) if fault else pdu


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
    body = cstring(message_id)
    if tlvs:
        body += encode_tlvs(tlvs)
    return _HEADER.pack(HEADER + len(body), command_id, status, sequence) + body


def encode_header(command_id: int, status: int, sequence: int) -> bytes:
    """A PDU without body."""
    return _HEADER.pack(HEADER, command_id, status, sequence)


# submit_sm and deliver_sm: the same body, on the hot path of every message.

_SCHEDULE, _VALIDITY = (field for field in LAYOUTS[SubmitSm] if field.kind.value == "time")


def _decode_sm(make: Any, frame: bytes, status: int, sequence: int, strictness: Strictness) -> Any:
    find = frame.find
    slack = SLACK if strictness else 0
    a = find(0, 16, 22 + slack)
    b = find(0, a + 3, a + 24 + slack)
    c = find(0, b + 3, b + 24 + slack)
    size = len(frame)
    if a < 0 or b < 0 or c < 0 or c + 11 > size:
        return decode_body(make, frame, status, sequence, strictness)
    esm, protocol, priority, schedule, validity, registered, replace, coding, default, length = _TEN_OCTETS(
        frame, c + 1
    )
    start = c + 11
    schedule_time = validity_time = ""
    if schedule or validity:
        # A time is present, so the fixed octets are not where they were looked for.
        schedule_time, p = read_time(_SCHEDULE, frame, c + 4, strictness)
        validity_time, p = read_time(_VALIDITY, frame, p, strictness)
        start = p + 5
        if start > size:
            return decode_body(make, frame, status, sequence, strictness)
        registered, replace, coding, default, length = _FIVE_OCTETS(frame, p)
    end = start + length
    if end > size:
        return decode_body(make, frame, status, sequence, strictness)
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
        () if end == size else decode_tlvs(frame, end, strictness),
        sequence,
    )


def _encode_sm(pdu: SubmitSm | DeliverSm) -> bytes:
    message = pdu.short_message
    source, destination = pdu.source_addr, pdu.destination_addr
    if "\0" in source or "\0" in destination:
        raise EncodeError("an address contains NUL")
    if pdu.schedule_delivery_time or pdu.validity_period or pdu.service_type:
        service = cstring(pdu.service_type)
        times = cstring(pdu.schedule_delivery_time) + cstring(pdu.validity_period)
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
        body += encode_tlvs(pdu.tlvs)
    return _HEADER.pack(16 + len(body), pdu.command_id, 0, pdu.sequence_number) + body


def _decode_id_resp(make: Any, frame: bytes, status: int, sequence: int, strictness: Strictness) -> Any:
    # A response cannot be answered with a status, so whatever can be read is taken: no body, no NUL, broken TLVs.
    size = len(frame)
    end = frame.find(0, 16)
    if end < 0:
        end = size
    tlvs = () if end + 1 >= size else decode_tlvs(frame, end + 1, _LENIENT)
    return make(str(frame[16:end], "latin-1"), tlvs, sequence, status)


def _encode_id_resp(pdu: Any) -> bytes:
    return encode_id_resp(pdu.command_id, pdu.command_status, pdu.sequence_number, pdu.message_id, pdu.tlvs)


def _encode_raw(pdu: Raw) -> bytes:
    head = _HEADER.pack(HEADER + len(pdu.body), pdu.command_id, pdu.command_status, pdu.sequence_number)
    return head + pdu.body


_SM = (SubmitSm, DeliverSm)
_ID_RESP = (pdus.SubmitSmResp, pdus.DeliverSmResp, pdus.DataSmResp)
_HOT: dict[Any, Callable[..., Any]] = {**dict.fromkeys(_SM, _decode_sm), **dict.fromkeys(_ID_RESP, _decode_id_resp)}

_DECODERS: dict[int, Callable[[bytes, int, int, Strictness], Any]] = {
    command.id: partial(_HOT.get(noun(command), decode_body), noun(command)) for command in COMMANDS.values()
}
_ENCODERS: dict[Any, Callable[[Any], bytes]] = {
    **dict.fromkeys(LAYOUTS, encode_body),
    **dict.fromkeys(_SM, _encode_sm),
    **dict.fromkeys(_ID_RESP, _encode_id_resp),
    Raw: _encode_raw,
}
