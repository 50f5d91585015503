"""The TLVs of SMPP 3.4 and 5.0 by the table `smpp_tlvs`: names, types, sizes, and where each may stand.

On the wire path a TLV stays a tag and octets, so that what no table knows survives; this is for those who read or
write one by its name, and for the strict level.
"""

from __future__ import annotations

import msgspec

from tidings import data
from tidings.smpp import pdus
from tidings.smpp.faults import RINVPARLEN, RMISSINGOPTPARAM, ROPTPARNOTALLWD, EncodeError
from tidings.smpp.fields import COMMANDS
from tidings.smpp.pdus import Tlv, Tlvs, tlv

Value = int | str | bytes


class Parameter(msgspec.Struct, frozen=True):
    """One optional parameter of the specification."""

    tag: int
    name: str
    since: str
    """`3.4` or `5.0`."""
    type: str
    """`int` (big endian), `cstring` (ends with NUL) or `octets`."""
    least: int
    """Octets of the value."""
    most: int
    pdus: frozenset[int]
    """command_ids of the PDUs where it may stand."""
    required: frozenset[int]
    """Those where it must."""
    multiple: bool
    """It may stand more than once."""


def _read() -> list[Parameter]:
    ids = {command.name: command.id for command in COMMANDS.values()}
    return [
        Parameter(
            row["tag"],
            row["name"],
            row["since"],
            row["type"],
            row["min"],
            row["max"],
            frozenset(ids[name] for name in row["pdus"]),
            frozenset(ids[name] for name in row.get("required", ())),
            row.get("multiple", False),
        )
        for row in data.load("smpp_tlvs")["tlvs"]
    ]


PARAMETERS = {parameter.tag: parameter for parameter in _read()}
"""By tag."""
BY_NAME = {parameter.name: parameter for parameter in PARAMETERS.values()}
_SINCE_V50 = frozenset(tag for tag, one in PARAMETERS.items() if one.since == "5.0")
_REQUIRED = {
    command_id: frozenset(tag for tag, one in PARAMETERS.items() if command_id in one.required)
    for command_id in COMMANDS
    if any(command_id in one.required for one in PARAMETERS.values())
}


def name_of(tag: int) -> str:
    """The name of a tag, or the tag in hexadecimal (`0x1400`) where the specification has none for it."""
    known = PARAMETERS.get(tag)
    return known.name if known else f"0x{tag:04X}"


def read(tlvs: Tlvs, name: str) -> Value | None:
    """The value of the first TLV `name` by its type; None where there is none. Raises KeyError for an unknown name.

    Sizes are not judged here: a number has as many octets as came, a string may lack its NUL.
    """
    parameter = BY_NAME[name]
    octets = tlv(tlvs, parameter.tag)
    return None if octets is None else value(parameter, octets)


def value(parameter: Parameter, octets: bytes) -> Value:
    """Octets by the type of their parameter."""
    if parameter.type == "int":
        return int.from_bytes(octets, "big")
    if parameter.type == "cstring":
        return str(octets.partition(b"\0")[0], "latin-1")
    return octets


def write(name: str, given: Value) -> Tlv:
    """The TLV `name` with a value of its type, in the least size that the specification gives it.

    Raises EncodeError for a value that does not fit, KeyError for an unknown name.
    """
    parameter = BY_NAME[name]
    octets = _octets(parameter, given)
    if not parameter.least <= len(octets) <= parameter.most:
        size = f"{parameter.least} to {parameter.most}" if parameter.least != parameter.most else f"{parameter.most}"
        raise EncodeError(f"{name}: {len(octets)} octets do not fit; it takes {size}")
    return parameter.tag, octets


def _octets(parameter: Parameter, given: Value) -> bytes:
    match parameter.type, given:
        case "int", int():
            try:
                return given.to_bytes(max(parameter.least, 1), "big")
            except OverflowError as error:
                raise EncodeError(f"{parameter.name}: {given} does not fit into {parameter.least} octets") from error
        case "cstring", str():
            try:
                octets = given.encode("latin-1")
            except UnicodeEncodeError as error:
                raise EncodeError(f"{parameter.name}: {error}") from error
            if b"\0" in octets:
                raise EncodeError(f"{parameter.name}: a string contains NUL")
            return octets + b"\0"
        case "octets", bytes():
            return given
    raise EncodeError(f"{parameter.name} takes {parameter.type}, not {type(given).__name__}")


def fit(tlvs: Tlvs, version: int) -> Tlvs:
    """What a peer of this interface_version can take of `tlvs`: one of 3.3 none, one of 3.4 none that came with 5.0.

    Raises EncodeError where the text itself would be left out.
    """
    if version >= 0x50:
        return tlvs
    if version >= 0x34:
        for tag, _ in tlvs:
            if tag in _SINCE_V50:
                return tuple(one for one in tlvs if one[0] not in _SINCE_V50)
        return tlvs
    if tlv(tlvs, pdus.MESSAGE_PAYLOAD) is not None:
        raise EncodeError("the other end speaks SMPP 3.3, which has no message_payload")
    return ()


def judge(command_id: int, tlvs: Tlvs, short_message: bytes = b"") -> int:
    """For the strict level: the command_status that answers what is wrong with the TLVs of a PDU, or 0.

    Those that no table knows are let pass, vendors' own and newer ones.
    """
    seen: set[int] = set()
    for tag, octets in tlvs:
        parameter = PARAMETERS.get(tag)
        if parameter is None:
            continue
        if command_id not in parameter.pdus or (tag in seen and not parameter.multiple):
            return ROPTPARNOTALLWD
        if not parameter.least <= len(octets) <= parameter.most:
            return RINVPARLEN
        if parameter.type == "cstring" and octets[-1:] != b"\0":
            return RINVPARLEN
        seen.add(tag)
    if short_message and pdus.MESSAGE_PAYLOAD in seen:
        return ROPTPARNOTALLWD
    return RMISSINGOPTPARAM if _REQUIRED.get(command_id, seen) - seen else 0
