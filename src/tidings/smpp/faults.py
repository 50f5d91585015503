"""What may be wrong with a PDU, how strictly it is judged, and the command_status that answers it."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

ROK: Final = 0x00
RINVMSGLEN: Final = 0x01
RINVCMDLEN: Final = 0x02
RINVCMDID: Final = 0x03
RINVBNDSTS: Final = 0x04
RALYBND: Final = 0x05
RINVDSTADR: Final = 0x0B
RINVNUMDESTS: Final = 0x33
RINVDLNAME: Final = 0x34
RINVDESTFLAG: Final = 0x40
RTHROTTLED: Final = 0x58
RX_T_APPN: Final = 0x64
RINVOPTPARSTREAM: Final = 0xC0
ROPTPARNOTALLWD: Final = 0xC1
RINVPARLEN: Final = 0xC2
RMISSINGOPTPARAM: Final = 0xC3


class Strictness(IntEnum):
    """How much of the specification a peer has to keep; docs/reference/smpp.md has the cases."""

    STRICT = 0
    """Every length, format and place as written: for certifying."""
    NORMAL = 1
    """Strings may be longer than written (vendors' passwords and addresses), TLVs may stand anywhere; the rest as
    written."""
    LENIENT = 2
    """Also strings of any length, any time string, a short_message or a last TLV cut short."""


class EncodeError(ValueError):
    """A PDU of ours cannot be expressed in octets: a number out of range, a NUL in a string, too long a text."""


class Fault(Exception):
    """The body of a PDU is unsound; the argument is the command_status to answer."""
