"""PDUs to octets and back; speed matters here, see docs/adr/0003-own-smpp-codec.md.

`decode` never raises on what a peer sends: a sound PDU comes back as its noun, an unknown command as
`Raw`, a sound header with an unsound body as `Malformed`. Strings are Latin-1 so that no octet is lost,
numbers are plain ints so that no value is refused.

`bodies` knows every PDU by the table of its fields. The five PDUs of every message are written out here, for sound
ones only: whatever is odd, and all at the strict level, goes to `bodies`, so that there is one judge of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from struct import Struct
from struct import error as StructError  # noqa: N812 - the module's own name says nothing
from typing import Any

from tidings.smpp import pdus, tlvs
from tidings.smpp.bodies import SLACK, TIME, cstring, decode_body, decode_tlvs, encode_body, encode_tlvs
from tidings.smpp.faults import RINVCMDLEN, Fault
from tidings.smpp.faults import EncodeError as EncodeError
from tidings.smpp.faults import Strictness as Strictness
from tidings.smpp.fields import COMMANDS, LAYOUTS, Kind, noun
from tidings.smpp.framing import HEADER
from tidings.smpp.pdus import RESPONSE, DeliverSm, Malformed, Pdu, Raw, SubmitSm, Tlvs

_HEADER = Struct(">4I")
unpack_header = _HEADER.unpack_from
"""command_length, command_id, command_status and sequence_number of the PDU that begins at an offset."""
_FIVE_OCTETS = Struct(">5B").unpack_from

_STRICT = Strictness.STRICT
"""As a name of its own: looking it up in the class takes a tenth of a microsecond."""
DELIVER_SM_RESP = DeliverSm.command_id | RESPONSE


def decode(frame: bytes, strictness: Strictness = Strictness.NORMAL) -> Pdu | Malformed:
    """The PDU in one whole frame (as `split_frames` cuts them)."""
    _, command_id, status, sequence = unpack_header(frame, 0)
    decoder, make = DECODERS.get(command_id, UNKNOWN)
    pdu: Pdu | Malformed = decoder(make, frame, str(frame, "latin-1"), 0, len(frame), status, sequence, strictness)
    return pdu


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
    if "\0" in message_id:
        raise EncodeError("a message_id contains NUL")
    body = message_id.encode("latin-1") + b"\0"
    if tlvs:
        body += encode_tlvs(tlvs)
    return _HEADER.pack(HEADER + len(body), command_id, status, sequence) + body


def encode_header(command_id: int, status: int, sequence: int) -> bytes:
    """A PDU without body."""
    return _HEADER.pack(HEADER, command_id, status, sequence)


# Ways to read a PDU, as `DECODERS` tells of them.


def _decode_any(
    make: Any, data: bytes, text: str, start: int, end: int, status: int, sequence: int, strictness: Strictness
) -> Any:
    """By the table."""
    frame = data[start:end]
    command_id = int.from_bytes(frame[4:8], "big")
    try:
        pdu = decode_body(make, frame, status, sequence, strictness)
    except Fault as fault:
        return Malformed(command_id, sequence, fault.args[0])
    except (IndexError, StructError):
        return Malformed(command_id, sequence, RINVCMDLEN)
    if strictness is _STRICT and not command_id & RESPONSE:
        verdict = tlvs.judge(command_id, pdu.tlvs, getattr(pdu, "short_message", b""))
        return Malformed(command_id, sequence, verdict) if verdict else pdu
    return pdu


def _decode_raw(
    make: Any, data: bytes, text: str, start: int, end: int, status: int, sequence: int, strictness: Strictness
) -> Raw:
    return Raw(unpack_header(data, start)[1], data[start + HEADER : end], sequence, status)


def _sound() -> Callable[[str, int, int], re.Match[str] | None]:
    """Matches what goes before short_message in a sound body, made from the table. Its last five octets are left to be
    read as numbers. One such look takes half the time of looking for each NUL."""
    groups = {Kind.STRING: "([^\0]{0,%d})\0", Kind.TIME: f"({TIME}|)\0", Kind.OCTET: "(.)"}
    forms = [groups[one.kind].replace("%d", str(one.size - 1 + SLACK)) for one in LAYOUTS[SubmitSm][:-5]]
    return re.compile("".join(forms) + ".{5}", re.DOTALL).match


_SOUND = _sound()


def _decode_sm(
    make: Any, data: bytes, text: str, start: int, end: int, status: int, sequence: int, strictness: Strictness
) -> Any:
    """submit_sm and deliver_sm, which have the same body."""
    sound = _SOUND(text, start + HEADER, end) if strictness else None
    if sound is None:
        return _decode_any(make, data, text, start, end, status, sequence, strictness)
    said = sound.end()
    registered, replace, coding, default, length = _FIVE_OCTETS(data, said - 5)
    over = said + length
    if over > end:
        return _decode_any(make, data, text, start, end, status, sequence, strictness)
    service, ton, npi, source, to_ton, to_npi, to, esm, protocol, priority, schedule, validity = sound.groups()
    try:
        tlvs = () if over == end else decode_tlvs(data, over, end, strictness)
    except Fault as fault:
        return Malformed(make.command_id, sequence, fault.args[0])
    return make(
        service,
        ord(ton),
        ord(npi),
        source,
        ord(to_ton),
        ord(to_npi),
        to,
        ord(esm),
        ord(protocol),
        ord(priority),
        schedule,
        validity,
        registered,
        replace,
        coding,
        default,
        data[said:over],
        tlvs,
        sequence,
    )


@lru_cache(maxsize=256)
def _times(schedule_delivery_time: str, validity_period: str) -> bytes:
    """The same for many messages: a relative time says how long, an absolute one goes on by the second."""
    return cstring(schedule_delivery_time) + cstring(validity_period)


def _encode_sm(pdu: SubmitSm | DeliverSm) -> bytes:
    message = pdu.short_message
    source, destination = pdu.source_addr, pdu.destination_addr
    if "\0" in source or "\0" in destination:
        raise EncodeError("an address contains NUL")
    times = b"\0\0"
    if pdu.schedule_delivery_time or pdu.validity_period:
        times = _times(pdu.schedule_delivery_time, pdu.validity_period)
    body = b"%b%c%c%b\0%c%c%b\0%c%c%c%b%c%c%c%c%c%b" % (
        cstring(pdu.service_type) if pdu.service_type else b"\0",
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


def _decode_id_resp(
    make: Any, data: bytes, text: str, start: int, end: int, status: int, sequence: int, strictness: Strictness
) -> Any:
    """A message_id and no more."""
    message_id = text[start + HEADER : end - 1]
    if end - start == HEADER or data[end - 1] or "\0" in message_id:
        return _decode_any(make, data, text, start, end, status, sequence, strictness)
    return make(message_id, (), sequence, status)


def _encode_id_resp(pdu: Any) -> bytes:
    return encode_id_resp(pdu.command_id, pdu.command_status, pdu.sequence_number, pdu.message_id, pdu.tlvs)


def _encode_raw(pdu: Raw) -> bytes:
    head = _HEADER.pack(HEADER + len(pdu.body), pdu.command_id, pdu.command_status, pdu.sequence_number)
    return head + pdu.body


Decoder = Callable[[Any, bytes, str, int, int, int, int, Strictness], Any]

_SM = (SubmitSm, DeliverSm)
_ID_RESP = (pdus.SubmitSmResp, pdus.DeliverSmResp, pdus.DataSmResp)
_HOT: dict[Any, Decoder] = {**dict.fromkeys(_SM, _decode_sm), **dict.fromkeys(_ID_RESP, _decode_id_resp)}

DECODERS: dict[int, tuple[Decoder, Any]] = {
    command.id: (_HOT.get(noun(command), _decode_any), noun(command)) for command in COMMANDS.values()
}
"""By command_id the function that reads a PDU, never raising, and the noun that it makes. It is given the noun; octets
that hold the PDU, and the same as Latin-1; where in them it begins and ends; command_status, sequence_number and the
strictness.

A read of the network brings many PDUs, so what one look at all of it can do is not done for each of them.
"""
UNKNOWN: tuple[Decoder, Any] = (_decode_raw, Raw)
"""The same for any command_id that is not among them."""
_ENCODERS: dict[Any, Callable[[Any], bytes]] = {
    **dict.fromkeys(LAYOUTS, encode_body),
    **dict.fromkeys(_SM, _encode_sm),
    **dict.fromkeys(_ID_RESP, _encode_id_resp),
    Raw: _encode_raw,
}
