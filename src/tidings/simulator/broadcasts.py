"""Texts to all handsets of an area (SMPP 5.0 section 4.4): taken, told of and canceled; pure. Nobody is there to read
them, so each reaches all of its areas at once."""

from __future__ import annotations

from tidings.smpp import pdus, tlvs
from tidings.smpp.faults import RMISSINGOPTPARAM
from tidings.smpp.pdus import Tlvs

RBCASTQUERYFAIL, RBCASTCANCELFAIL = 0x10E, 0x10F
KEPT = 1_000
"""The latest that are remembered, in memory alone."""
DELIVERED, DELETED = 2, 4
_AREA = tlvs.BY_NAME["broadcast_area_identifier"].tag
_REQUIRED = [one.tag for one in tlvs.PARAMETERS.values() if pdus.BroadcastSm.command_id in one.required]
_ALL = 100
"""Percent of an area that was reached."""


class Broadcasts:
    """By id."""

    def __init__(self) -> None:
        self._areas: dict[str, Tlvs] = {}
        self._canceled: set[str] = set()
        self._last = 0

    def take(self, pdu: pdus.BroadcastSm) -> pdus.BroadcastSmResp:
        """A new one, or one in the place of another that it names."""
        sequence = pdu.sequence_number
        if any(pdus.tlv(pdu.tlvs, tag) is None for tag in _REQUIRED):
            return pdus.BroadcastSmResp(sequence_number=sequence, command_status=RMISSINGOPTPARAM)
        self._last += 1
        message_id = pdu.message_id if pdu.message_id in self._areas else f"b{self._last:x}"
        self._areas[message_id] = tuple(one for one in pdu.tlvs if one[0] == _AREA)
        self._canceled.discard(message_id)
        if len(self._areas) > KEPT:
            oldest = next(iter(self._areas))
            del self._areas[oldest]
            self._canceled.discard(oldest)
        return pdus.BroadcastSmResp(message_id, sequence_number=sequence)

    def state(self, pdu: pdus.QueryBroadcastSm) -> pdus.QueryBroadcastSmResp:
        """How one stands: its state, its areas, and how much of each was reached."""
        areas = self._areas.get(pdu.message_id)
        if areas is None:
            return pdus.QueryBroadcastSmResp(
                pdu.message_id, sequence_number=pdu.sequence_number, command_status=RBCASTQUERYFAIL
            )
        canceled = pdu.message_id in self._canceled
        reached = tlvs.write("broadcast_area_success", 0 if canceled else _ALL)
        told = (tlvs.write("message_state", DELETED if canceled else DELIVERED), *areas, *(reached for _ in areas))
        return pdus.QueryBroadcastSmResp(pdu.message_id, told, pdu.sequence_number)

    def cancel(self, pdu: pdus.CancelBroadcastSm) -> pdus.CancelBroadcastSmResp:
        """Take one back by its id."""
        known = pdu.message_id in self._areas
        if known:
            self._canceled.add(pdu.message_id)
        return pdus.CancelBroadcastSmResp(
            sequence_number=pdu.sequence_number, command_status=0 if known else RBCASTCANCELFAIL
        )
