"""From a submitted PDU to what accept is asked for, pure."""

from __future__ import annotations

import datetime as dt
from typing import cast

from tidings.core.esme import Esme, Submission
from tidings.core.message import Millis, Prepared
from tidings.core.request import PublicCategory, Submitted
from tidings.door import content
from tidings.door.statuses import RINVEXPIRY, RINVOPTPARAMVAL, RINVPRTFLG, RINVSCHED, Refusal
from tidings.pipeline.validate import LONGEST_VALIDITY
from tidings.smpp import pdus, times
from tidings.smpp.address import SHORT_CODE_MOST, Addressing, incoming
from tidings.smpp.pdus import DataSm, SubmitSm, tlv

QOS_TIME_TO_LIVE = 0x0017
_PRIORITIES = 4
"""Levels 0 to 3 of priority_flag (SMPP 3.4 section 5.2.14); 5.0 adds one."""
_INTERNATIONAL, _ALPHANUMERIC = 1, 5
_ADDRESSING = Addressing()
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def read(pdu: SubmitSm | DataSm, esme: Esme, now: Millis) -> Submitted | Refusal:
    """The message that an ESME submits, or why it cannot be one."""
    found = content.read(pdu, esme)
    if isinstance(found, Refusal):
        return found
    text, prepared = (found, None) if isinstance(found, str) else (found[1], found[0])
    moments = _moments(pdu, now)
    if isinstance(moments, Refusal):
        return moments
    if isinstance(pdu, SubmitSm) and pdu.priority_flag > _PRIORITIES:
        return Refusal(RINVPRTFLG, f"priority_flag is 0 to {_PRIORITIES}")
    reference = tlv(pdu.tlvs, pdus.USER_MESSAGE_REFERENCE) if pdu.tlvs else None
    if reference is not None and len(reference) != 2:
        return Refusal(RINVOPTPARAMVAL, "user_message_reference has two octets")
    return _request(pdu, esme, text, prepared, moments, reference)


def _request(
    pdu: SubmitSm | DataSm, esme: Esme, text: str | None, prepared: Prepared | None,
    moments: _Moments, reference: bytes | None,
) -> Submitted:  # fmt: skip
    send_at, expires_at, too_long = moments
    return Submitted(
        to=address(pdu.dest_addr_ton, pdu.destination_addr),
        sender=address(pdu.source_addr_ton, pdu.source_addr) if pdu.source_addr else None,
        text=text,
        category=cast(PublicCategory, esme.category),
        send_at=None if send_at is None else moment(send_at),
        expires_at=None if expires_at is None else moment(expires_at),
        too_long=None if too_long is None else moment(too_long),
        prepared=prepared,
        submission=Submission(
            message_id=0, account_id=esme.account_id, esme_id=esme.id, response_id="", service_type=pdu.service_type,
            source_addr_ton=pdu.source_addr_ton, source_addr_npi=pdu.source_addr_npi, source_addr=pdu.source_addr,
            dest_addr_ton=pdu.dest_addr_ton, dest_addr_npi=pdu.dest_addr_npi, destination_addr=pdu.destination_addr,
            registered_delivery=pdu.registered_delivery, data_coding=pdu.data_coding,
            user_message_reference=None if reference is None else int.from_bytes(reference, "big"),
        ),
    )  # fmt: skip


def moment(at: Millis) -> dt.datetime:
    """A moment as requests have it."""
    return _EPOCH + dt.timedelta(milliseconds=at)


def address(ton: int, written: str) -> str:
    """An address as the pipeline writes it; short codes that are called international are short codes all the same."""
    if ton == _ALPHANUMERIC:
        return written
    if ton == _INTERNATIONAL and written.isascii() and written.isdigit() and len(written) < SHORT_CODE_MOST - 1:
        return written
    return incoming(ton, written, _ADDRESSING)


_Moments = tuple[Millis | None, Millis | None, Millis | None]
"""When it is due, and when its validity ends; None leaves it to the house. A validity longer than the longest is cut:
the third is then when it was to end."""
_LEFT: _Moments = (None, None, None)


def _moments(pdu: SubmitSm | DataSm, now: Millis) -> _Moments | Refusal:
    if isinstance(pdu, DataSm):
        return _time_to_live(pdu, now)
    if not (pdu.schedule_delivery_time or pdu.validity_period):
        return _LEFT
    try:
        send_at = times.read(pdu.schedule_delivery_time, now)
    except ValueError as fault:
        return Refusal(RINVSCHED, f"schedule_delivery_time {fault}")
    try:
        expires_at = times.read(pdu.validity_period, now)
    except ValueError as fault:
        return Refusal(RINVEXPIRY, f"validity_period {fault}")
    if send_at == now:
        send_at = None  # no time from now: at once
    return _cut(send_at, expires_at, now)


def _cut(send_at: Millis | None, expires_at: Millis | None, now: Millis) -> _Moments:
    longest = (send_at or now) + LONGEST_VALIDITY
    return (send_at, expires_at, None) if (expires_at or 0) <= longest else (send_at, longest, expires_at)


def _time_to_live(pdu: DataSm, now: Millis) -> _Moments | Refusal:
    """data_sm has its validity as a TLV, in seconds (SMPP 3.4 section 5.3.2.9)."""
    octets = tlv(pdu.tlvs, QOS_TIME_TO_LIVE) if pdu.tlvs else None
    if octets is None:
        return _LEFT
    if len(octets) != 4:
        return Refusal(RINVOPTPARAMVAL, "qos_time_to_live has four octets")
    return _cut(None, now + int.from_bytes(octets, "big") * 1000, now)
