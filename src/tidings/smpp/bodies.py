"""Bodies of PDUs by the table of their fields: any PDU to octets and back, and the judge of what is unsound.

The few PDUs of every message have a way of their own in `codec`, which ends here as soon as something is odd.
"""

from __future__ import annotations

import re
from struct import Struct
from typing import Any

from tidings.smpp.faults import (
    RINVDESTFLAG,
    RINVDLNAME,
    RINVDSTADR,
    RINVMSGLEN,
    RINVNUMDESTS,
    RINVOPTPARSTREAM,
    RINVPARLEN,
    EncodeError,
    Fault,
    Strictness,
)
from tidings.smpp.fields import LAYOUTS, Field, Kind
from tidings.smpp.framing import HEADER
from tidings.smpp.pdus import RESPONSE, Bind, BindResp, DestAddress, DistributionList, SmeAddress, Tlvs, UnsuccessSme

SLACK = 235
"""Octets that a string may be longer than the specification says, but at the strict level."""
TLVS_MOST = 512
"""TLVs a PDU may have: far more than anyone sends, far fewer than small ones in a big PDU would fill memory with."""
_HEAD = Struct(">4I").pack
_COMMAND = Struct(">4xI").unpack_from
_WORD = Struct(">I")
_TLV = Struct(">HH").pack
_TLV_AT = Struct(">HH").unpack_from
TIME = r"\d{13}(?:[0-3]\d|4[0-8])[+\-R]"
"""The form of a time that is not empty (section 7.1.1)."""
_TIME = re.compile(TIME)
_ADDRESS_SIZE = 21


def decode_body(make: Any, frame: bytes, status: int, sequence: int, strictness: Strictness) -> Any:
    """The noun `make` of a whole frame. Raises Fault.

    Nobody can answer a response, so whatever can be read of one is taken.
    """
    (command_id,) = _COMMAND(frame)
    response = command_id & RESPONSE
    values: dict[str, Any] = {"sequence_number": sequence}
    if response:
        values["command_status"] = status
        strictness = Strictness.LENIENT
    if make is Bind or make is BindResp:
        values["command_id"] = command_id
    p, size = HEADER, len(frame)
    for field in LAYOUTS[make]:
        if p >= size and (response or (field.optional and strictness)):
            break
        values[field.name], p = _READERS[field.kind](field, frame, p, strictness)
    if p < size:
        values["tlvs"] = decode_tlvs(frame, p, size, strictness)
    return make(**values)


def encode_body(pdu: Any) -> bytes:
    """The octets of any noun of the table, header included. May raise what `codec.encode` turns into EncodeError."""
    parts = [_WRITERS[field.kind](getattr(pdu, field.name)) for field in LAYOUTS[type(pdu)]]
    parts.append(encode_tlvs(pdu.tlvs))
    body = b"".join(parts)
    status = getattr(pdu, "command_status", 0)
    return _HEAD(HEADER + len(body), pdu.command_id, status, pdu.sequence_number) + body


# TLVs.


def decode_tlvs(data: bytes, p: int, end: int, strictness: Strictness) -> Tlvs:
    """The TLVs from `p` to the `end` of a PDU. Raises Fault."""
    tlvs: list[tuple[int, bytes]] = []
    while p < end:
        fault = RINVOPTPARSTREAM
        if p + 4 <= end and len(tlvs) < TLVS_MOST:
            tag, length = _TLV_AT(data, p)
            p += 4
            if p + length <= end:
                tlvs.append((tag, data[p : p + length]))
                p += length
                continue
            fault = RINVPARLEN
        if strictness < Strictness.LENIENT:
            raise Fault(fault)
        break
    return tuple(tlvs)


def encode_tlvs(tlvs: Tlvs) -> bytes:
    """TLVs in their order."""
    if len(tlvs) > TLVS_MOST:
        raise EncodeError(f"{len(tlvs)} TLVs in one PDU; {TLVS_MOST} are the most")
    octets = b""
    for tag, value in tlvs:
        octets += _TLV(tag, len(value)) + value
    return octets


# Fields in.


def _read_octet(field: Field, frame: bytes, p: int, strictness: Strictness) -> tuple[int, int]:
    if p >= len(frame):
        raise Fault(field.fault)
    return frame[p], p + 1


def _read_string(field: Field, frame: bytes, p: int, strictness: Strictness) -> tuple[str, int]:
    lenient = strictness is Strictness.LENIENT
    size = len(frame)
    most = size if lenient else field.size + (SLACK if strictness else 0)
    end = frame.find(0, p, p + most)
    if end < 0:
        if not (strictness and field.last and size - p < most):
            raise Fault(field.fault)
        end = size
    return str(frame[p:end], "latin-1"), min(end + 1, size)


def _read_time(field: Field, frame: bytes, p: int, strictness: Strictness) -> tuple[str, int]:
    """A time or an empty string."""
    lenient = strictness is Strictness.LENIENT
    end = frame.find(0, p, p + (255 if lenient else field.size))
    if end < 0:
        raise Fault(field.fault)
    text = str(frame[p:end], "latin-1")
    if text and not lenient and not _TIME.fullmatch(text):
        raise Fault(field.fault)
    return text, end + 1


def _read_message(field: Field, frame: bytes, p: int, strictness: Strictness) -> tuple[bytes, int]:
    length, p = _read_octet(field, frame, p, strictness)
    end = p + length
    if end > len(frame):
        if strictness < Strictness.LENIENT:
            raise Fault(RINVMSGLEN)
        end = len(frame)
    return frame[p:end], end


def _read_dests(field: Field, frame: bytes, p: int, strictness: Strictness) -> tuple[tuple[DestAddress, ...], int]:
    count, p = _read_octet(field, frame, p, strictness)
    if not count:
        raise Fault(RINVNUMDESTS)
    found: list[DestAddress] = []
    for _ in range(count):
        flag, p = _read_octet(field, frame, p, strictness)
        if flag == 1:
            ton, npi, address, p = _read_address(frame, p, strictness)
            found.append(SmeAddress(ton, npi, address))
        elif flag == 2:
            name, p = _read_string(_DL_NAME, frame, p, strictness)
            found.append(DistributionList(name))
        else:
            raise Fault(RINVDESTFLAG)
    return tuple(found), p


def _read_unsuccess(field: Field, frame: bytes, p: int, strictness: Strictness) -> tuple[tuple[UnsuccessSme, ...], int]:
    count, p = _read_octet(field, frame, p, strictness)
    found: list[UnsuccessSme] = []
    for _ in range(count):
        ton, npi, address, p = _read_address(frame, p, strictness)
        (status,) = _WORD.unpack_from(frame, p)
        p += 4
        found.append(UnsuccessSme(ton, npi, address, status))
    return tuple(found), p


def _read_address(frame: bytes, p: int, strictness: Strictness) -> tuple[int, int, str, int]:
    if p + 2 >= len(frame):
        raise Fault(RINVDSTADR)
    address, end = _read_string(_ADDRESS, frame, p + 2, strictness)
    return frame[p], frame[p + 1], address, end


_ADDRESS = Field("destination_addr", Kind.STRING, _ADDRESS_SIZE, RINVDSTADR)
_DL_NAME = Field("dl_name", Kind.STRING, _ADDRESS_SIZE, RINVDLNAME)
_READERS = {
    Kind.OCTET: _read_octet,
    Kind.STRING: _read_string,
    Kind.TIME: _read_time,
    Kind.MESSAGE: _read_message,
    Kind.DESTS: _read_dests,
    Kind.UNSUCCESS: _read_unsuccess,
}


# Fields out.


def cstring(text: str) -> bytes:
    """A string and its NUL. Raises EncodeError where it holds one."""
    if not text:
        return b"\0"
    if "\0" in text:
        raise EncodeError("a string contains NUL")
    return text.encode("latin-1") + b"\0"


def _write_dests(dests: tuple[DestAddress, ...]) -> bytes:
    if not 1 <= len(dests) <= 255:
        raise EncodeError(f"submit_multi takes 1 to 255 destinations, not {len(dests)}")
    parts = [bytes((len(dests),))]
    for dest in dests:
        if isinstance(dest, SmeAddress):
            parts.append(b"\x01%c%c%b" % (dest.dest_addr_ton, dest.dest_addr_npi, cstring(dest.destination_addr)))
        else:
            parts.append(b"\x02" + cstring(dest.dl_name))
    return b"".join(parts)


def _write_unsuccess(smes: tuple[UnsuccessSme, ...]) -> bytes:
    parts = [b"%c" % len(smes)]
    for sme in smes:
        parts.append(b"%c%c%b" % (sme.dest_addr_ton, sme.dest_addr_npi, cstring(sme.destination_addr)))
        parts.append(_WORD.pack(sme.error_status_code))
    return b"".join(parts)


_WRITERS: dict[Kind, Any] = {
    Kind.OCTET: lambda value: b"%c" % value,
    Kind.STRING: cstring,
    Kind.TIME: cstring,
    Kind.MESSAGE: lambda value: b"%c%b" % (len(value), value),
    Kind.DESTS: _write_dests,
    Kind.UNSUCCESS: _write_unsuccess,
}
