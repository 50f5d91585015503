"""What the door answers with: a command_status for every way in which a request can end (SMPP 3.4 section 5.1.3)."""

from __future__ import annotations

import msgspec

from tidings.core.request import Invalid, Refused, Result, Stored
from tidings.core.status import REJECTED
from tidings.smpp.pdus import Tlvs

RINVMSGLEN = 0x01
RINVCMDID = 0x03
RINVBNDSTS = 0x04
RALYBND = 0x05
RINVPRTFLG = 0x06
RSYSERR = 0x08
RINVSRCADR = 0x0A
RINVDSTADR = 0x0B
RINVMSGID = 0x0C
RBINDFAIL = 0x0D
RINVPASWD = 0x0E
RINVSYSID = 0x0F
RCANCELFAIL = 0x11
RREPLACEFAIL = 0x13
RMSGQFUL = 0x14
RINVDLNAME = 0x34
RINVESMCLASS = 0x43
RSUBMITFAIL = 0x45
RTHROTTLED = 0x58
RINVSCHED = 0x61
RINVEXPIRY = 0x62
RQUERYFAIL = 0x67
ROPTPARNOTALLWD = 0xC1
RINVOPTPARAMVAL = 0xC4
RINVDCS = 0x104

ADDITIONAL_STATUS_INFO_TEXT = 0x001D
INFO_MOST = 255
"""Octets of additional_status_info_text, its closing NUL included (SMPP 3.4 section 5.3.2.11)."""


class Refusal(msgspec.Struct, frozen=True):
    """Why a request is not taken: the status, and a sentence for whoever looks after the ESME."""

    status: int
    reason: str = ""


_BY_FIELD = {
    "/to": RINVDSTADR,
    "/from": RINVSRCADR,
    "/text": RINVMSGLEN,
    "/send_at": RINVSCHED,
    "/expires_at": RINVEXPIRY,
}
"""By the field that validation finds fault with."""

_BY_CODE = {
    "rate_limited": RTHROTTLED,
    "quota_used_up": RTHROTTLED,
    "too_many_queued": RMSGQFUL,
    "unavailable": RMSGQFUL,
    "not_cancelable": RREPLACEFAIL,
}
"""By the code of a refusal."""

_BY_RULE = {"sender": RINVSRCADR}
"""By the rule that rejected; every other is RSUBMITFAIL."""


def of(result: Result) -> Refusal | None:
    """What stands against a message by what accept said of it; None where it is taken."""
    if isinstance(result, Stored):
        if result.message.status != REJECTED:
            return None
        rule = result.verdicts[0].rule if result.verdicts else ""
        return Refusal(_BY_RULE.get(rule, RSUBMITFAIL), result.verdicts[0].detail if result.verdicts else "")
    if isinstance(result, Refused):
        return Refusal(_BY_CODE.get(result.code, RSUBMITFAIL), result.detail)
    return _of_faults(result)


def _of_faults(invalid: Invalid) -> Refusal:
    """The first fault decides the status; the sentence names all."""
    first = invalid.errors[0].pointer
    told = "; ".join(f"{one.pointer.removeprefix('/')} {one.detail}".strip() for one in invalid.errors)
    return Refusal(_BY_FIELD.get(first, RSUBMITFAIL), told)


def told(refusal: Refusal, interface_version: int) -> Tlvs:
    """The sentence as a TLV, for binds that know TLVs."""
    if not refusal.reason or interface_version < 0x34:
        return ()
    text = refusal.reason.encode("ascii", "replace").replace(b"\0", b" ")[: INFO_MOST - 1]
    return ((ADDITIONAL_STATUS_INFO_TEXT, text + b"\0"),)
