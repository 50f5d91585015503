"""submit_multi, query_sm, cancel_sm and replace_sm: what an ESME asks that is not a submit of one message."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.core.esme import Esme, Submission
from tidings.core.message import AS_SUBMITTED, Message
from tidings.core.outcome import error_number
from tidings.core.request import Refused, Submitted
from tidings.door import reading, statuses
from tidings.door.reading import address
from tidings.door.statuses import (
    RCANCELFAIL,
    RINVDLNAME,
    RINVMSGID,
    RINVSRCADR,
    RQUERYFAIL,
    RREPLACEFAIL,
    RSUBMITFAIL,
    Refusal,
)
from tidings.pipeline import recall
from tidings.pipeline.house import House
from tidings.smpp import times
from tidings.smpp.pdus import CancelSm, QuerySm, QuerySmResp, ReplaceSm, SmeAddress, SubmitMulti, SubmitSm, UnsuccessSme

_STATES = {
    "delivered": 2, "expired": 3, "canceled": 4, "undelivered": 5, "failed": 5, "unknown": 7, "rejected": 8,
}  # fmt: skip
"""message_state (SMPP 3.4 section 5.2.28) by final status."""
_ENROUTE, _SCHEDULED = 1, 0
"""Of the rest; the second is known from SMPP 5.0 on."""
_UNKNOWN_ID = Refusal(RINVMSGID, "no message of this ESME was answered with this message_id")


async def query(house: House, esme: Esme, pdu: QuerySm, interface_version: int) -> QuerySmResp | Refusal:
    """How a message stands; of a submit_multi, how that one stands which has the longest way to go."""
    found = await recall.find(house, esme, pdu.message_id)
    if not found:
        return msgspec.structs.replace(_UNKNOWN_ID, status=RQUERYFAIL)
    if not _same_source(found[0][0], pdu.source_addr):
        return Refusal(RQUERYFAIL, "source_addr is not that of the message")
    message = min((one for _, one in found), key=lambda one: one.finished_at is not None)
    state = _STATES.get(message.status, _ENROUTE)
    if message.status == "scheduled" and interface_version >= 0x50:
        state = _SCHEDULED
    if message.finished_at is None:
        return QuerySmResp(pdu.message_id, "", state, sequence_number=pdu.sequence_number)
    error = error_number(message.status, msgspec.structs.asdict(message.error) if message.error else None)
    final = times.absolute(message.finished_at)
    return QuerySmResp(pdu.message_id, final, state, error, sequence_number=pdu.sequence_number)


async def cancel(house: House, esme: Esme, pdu: CancelSm) -> Refusal | None:
    """Cancel the message of an id; without one all that wait between the two addresses."""
    if pdu.message_id:
        found = await recall.find(house, esme, pdu.message_id)
        if not found:
            return _UNKNOWN_ID
        if not _same_source(found[0][0], pdu.source_addr):
            return Refusal(RINVSRCADR, "source_addr is not that of the message")
        wanted = [one.message_id for one, _ in found]
    else:
        wanted = await recall.pending(house, between(esme, pdu))
    outcomes = await recall.cancel_all(house, esme.account_id, wanted) if wanted else []
    late = next((one for one in outcomes if isinstance(one, Refused)), None)
    if not outcomes or (late is not None and pdu.message_id):
        return Refusal(RCANCELFAIL, late.detail if late is not None else "no message waits between these addresses")
    return None


async def replace(house: House, esme: Esme, pdu: ReplaceSm) -> Refusal | None:
    """Put another text in place of one that waits; what the request leaves empty stays."""
    found = await recall.find(house, esme, pdu.message_id)
    if not found:
        return _UNKNOWN_ID
    before, message = found[0]
    if not _same_source(before, pdu.source_addr):
        return Refusal(RINVSRCADR, "source_addr is not that of the message")
    if len(found) > 1 or message.reference == AS_SUBMITTED:
        return Refusal(RREPLACEFAIL, "only a plain text to one destination can be replaced")
    request = _replacing(esme, pdu, before, message, house.clock.now())
    if isinstance(request, Refusal):
        return request
    refusal = statuses.of(await recall.substitute(house, esme, before, request))
    if refusal is not None and refusal.status == RSUBMITFAIL:
        return msgspec.structs.replace(refusal, status=RREPLACEFAIL)
    return refusal


def _replacing(esme: Esme, pdu: ReplaceSm, before: Submission, message: Message, now: int) -> Submitted | Refusal:
    whole = SubmitSm(
        service_type=before.service_type, source_addr_ton=before.source_addr_ton,
        source_addr_npi=before.source_addr_npi, source_addr=before.source_addr, dest_addr_ton=before.dest_addr_ton,
        dest_addr_npi=before.dest_addr_npi, destination_addr=before.destination_addr,
        schedule_delivery_time=pdu.schedule_delivery_time, validity_period=pdu.validity_period,
        registered_delivery=pdu.registered_delivery, data_coding=before.data_coding, short_message=pdu.short_message,
        tlvs=pdu.tlvs,
    )  # fmt: skip
    request = reading.read(whole, esme, now)
    if isinstance(request, Refusal):
        return request
    changes: dict[str, object] = {}
    if not pdu.schedule_delivery_time and message.send_at is not None and message.send_at > now:
        changes["send_at"] = reading.moment(message.send_at)
    if not pdu.validity_period:
        changes["expires_at"] = reading.moment(message.expires_at)
    return msgspec.structs.replace(request, **changes) if changes else request


def between(esme: Esme, pdu: CancelSm | SubmitSm, before: int = (1 << 63) - 1) -> recall.Pending:
    """What waits between the addresses of a PDU, under its service_type."""
    return recall.Pending(
        esme.id, esme.account_id, address(pdu.dest_addr_ton, pdu.destination_addr), pdu.source_addr,
        pdu.destination_addr, pdu.service_type, before,
    )  # fmt: skip


def _same_source(submission: Submission, source_addr: str) -> bool:
    """An empty one asks for nothing."""
    return source_addr in ("", submission.source_addr)


def singles(pdu: SubmitMulti) -> list[SubmitSm | UnsuccessSme]:
    """A submit_sm for each handset of a submit_multi; we keep no distribution lists."""
    found: list[SubmitSm | UnsuccessSme] = []
    for one in pdu.dest_address:
        if not isinstance(one, SmeAddress):
            found.append(UnsuccessSme(0, 0, one.dl_name, RINVDLNAME))
            continue
        found.append(
            SubmitSm(
                service_type=pdu.service_type, source_addr_ton=pdu.source_addr_ton,
                source_addr_npi=pdu.source_addr_npi, source_addr=pdu.source_addr, dest_addr_ton=one.dest_addr_ton,
                dest_addr_npi=one.dest_addr_npi, destination_addr=one.destination_addr, esm_class=pdu.esm_class,
                protocol_id=pdu.protocol_id, priority_flag=pdu.priority_flag,
                schedule_delivery_time=pdu.schedule_delivery_time, validity_period=pdu.validity_period,
                registered_delivery=pdu.registered_delivery, replace_if_present_flag=pdu.replace_if_present_flag,
                data_coding=pdu.data_coding, short_message=pdu.short_message, tlvs=pdu.tlvs,
                sequence_number=pdu.sequence_number,
            )
        )  # fmt: skip
    return found


def unsuccess(pdu: SubmitSm, status: int) -> UnsuccessSme:
    """A destination that was not taken."""
    return UnsuccessSme(pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr, status)


def taken(asked: Sequence[SubmitSm | UnsuccessSme]) -> list[SubmitSm]:
    """Those that may be submitted."""
    return [one for one in asked if isinstance(one, SubmitSm)]
