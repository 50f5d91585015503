"""Bodies of the PDUs off the hot path as tables: name, kind, size with NUL, and the status of a fault."""

from __future__ import annotations

from enum import Enum
from typing import Any

import msgspec

from tidings.smpp import pdus


class Kind(Enum):
    """How a field stands in the octets."""

    STRING = "string"
    OCTET = "octet"
    TIME = "time"
    MESSAGE = "message"
    """A length octet and that many octets."""


class Field(msgspec.Struct, frozen=True):
    """One mandatory field of a body."""

    name: str
    kind: Kind
    size: int = 0
    """Greatest size of a string, NUL included."""
    fault: int = 0x02
    """command_status that answers an unsound value."""
    last: bool = False
    """The body ends with it, so that a missing NUL can be forgiven."""
    optional: bool = False
    """Peers are known to leave it away."""


def _string(name: str, size: int, fault: int, *, last: bool = False, optional: bool = False) -> Field:
    return Field(name, Kind.STRING, size, fault, last, optional)


def _octets(*names: str, optional: bool = False) -> list[Field]:
    return [Field(name, Kind.OCTET, 1, optional=optional) for name in names]


def _address(prefix: str, name: str, size: int, fault: int, *, last: bool = False) -> list[Field]:
    return [*_octets(f"{prefix}_ton", f"{prefix}_npi"), _string(name, size, fault, last=last)]


_SOURCE = _address("source_addr", "source_addr", 21, 0x0A)

LAYOUTS: dict[Any, list[Field]] = {
    pdus.Bind: [
        _string("system_id", 16, 0x0F),
        _string("password", 9, 0x0E),
        _string("system_type", 13, 0x53),
        *_octets("interface_version", "addr_ton", "addr_npi"),
        _string("address_range", 41, 0x0D, last=True, optional=True),
    ],
    pdus.BindResp: [_string("system_id", 16, 0x0F, last=True)],
    pdus.Outbind: [_string("system_id", 16, 0x0F), _string("password", 9, 0x0E, last=True)],
    pdus.DataSm: [
        _string("service_type", 6, 0x15),
        *_address("source_addr", "source_addr", 65, 0x0A),
        *_address("dest_addr", "destination_addr", 65, 0x0B),
        *_octets("esm_class", "registered_delivery", "data_coding"),
    ],
    pdus.QuerySm: [_string("message_id", 65, 0x0C), *_address("source_addr", "source_addr", 21, 0x0A, last=True)],
    pdus.QuerySmResp: [
        _string("message_id", 65, 0x0C),
        Field("final_date", Kind.TIME, 17),
        *_octets("message_state", "error_code"),
    ],
    pdus.CancelSm: [
        _string("service_type", 6, 0x15),
        _string("message_id", 65, 0x0C),
        *_SOURCE,
        *_address("dest_addr", "destination_addr", 21, 0x0B, last=True),
    ],
    pdus.CancelSmResp: [],
    pdus.ReplaceSm: [
        _string("message_id", 65, 0x0C),
        *_SOURCE,
        Field("schedule_delivery_time", Kind.TIME, 17, 0x61),
        Field("validity_period", Kind.TIME, 17, 0x62),
        *_octets("registered_delivery", "sm_default_msg_id"),
        Field("short_message", Kind.MESSAGE, 255, 0x01),
    ],
    pdus.ReplaceSmResp: [],
    pdus.AlertNotification: [
        *_address("source_addr", "source_addr", 65, 0x0A),
        *_address("esme_addr", "esme_addr", 65, 0x0B, last=True),
    ],
    pdus.EnquireLink: [],
    pdus.EnquireLinkResp: [],
    pdus.Unbind: [],
    pdus.UnbindResp: [],
    pdus.GenericNack: [],
}
