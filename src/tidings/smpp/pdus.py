"""The PDUs of SMPP 3.4 and 5.0 as nouns, spelled as in the specification (section 4); no octets here.

What stands in which order and size is in the table `smpp_pdus` of `tidings.data`; a test holds the nouns to it.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

BIND_RECEIVER = 0x00000001
BIND_TRANSMITTER = 0x00000002
BIND_TRANSCEIVER = 0x00000009
RESPONSE = 0x80000000
"""The bit that makes a command_id a response."""

Tlv = tuple[int, bytes]
"""An optional parameter: tag and value, as they came."""
Tlvs = tuple[Tlv, ...]

# Tags of optional parameters that something here reads or writes (section 5.3.2).
RECEIPTED_MESSAGE_ID = 0x001E
USER_MESSAGE_REFERENCE = 0x0204
SAR_MSG_REF_NUM = 0x020C
SAR_TOTAL_SEGMENTS = 0x020E
SAR_SEGMENT_SEQNUM = 0x020F
SC_INTERFACE_VERSION = 0x0210
NETWORK_ERROR_CODE = 0x0423
MESSAGE_PAYLOAD = 0x0424
MESSAGE_STATE = 0x0427
CONGESTION_STATE = 0x0428

# esm_class and registered_delivery bits (sections 5.2.12 and 5.2.17); masks, because carriers set stray bits.
ESM_TYPE_MASK = 0x3C
ESM_RECEIPT = 0x04
ESM_INTERMEDIATE = 0x20
ESM_UDHI = 0x40
ESM_REPLY_PATH = 0x80


class Bind(msgspec.Struct, gc=False):
    """bind_receiver, bind_transmitter or bind_transceiver, told apart by `command_id` (section 4.1)."""

    command_id: int = BIND_TRANSCEIVER
    system_id: str = ""
    password: str = ""
    system_type: str = ""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""
    tlvs: Tlvs = ()
    sequence_number: int = 0


class BindResp(msgspec.Struct, gc=False):
    """The answer to any bind; `command_id` says which."""

    command_id: int = BIND_TRANSCEIVER | RESPONSE
    system_id: str = ""
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class Outbind(msgspec.Struct, gc=False):
    """An SMSC asks an ESME to bind (section 4.1.7)."""

    command_id: ClassVar[int] = 0x0000000B
    system_id: str = ""
    password: str = ""
    tlvs: Tlvs = ()
    sequence_number: int = 0


class SubmitSm(msgspec.Struct, gc=False):
    """ESME to SMSC: one short message (section 4.4)."""

    command_id: ClassVar[int] = 0x00000004
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""
    tlvs: Tlvs = ()
    sequence_number: int = 0


class DeliverSm(msgspec.Struct, gc=False):
    """SMSC to ESME: a text from a handset, or a receipt (section 4.6)."""

    command_id: ClassVar[int] = 0x00000005
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""
    tlvs: Tlvs = ()
    sequence_number: int = 0


class SmeAddress(msgspec.Struct, frozen=True, gc=False):
    """One handset among the destinations of submit_multi: dest_flag 1."""

    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""


class DistributionList(msgspec.Struct, frozen=True, gc=False):
    """One list kept at the SMSC among the destinations of submit_multi: dest_flag 2."""

    dl_name: str = ""


DestAddress = SmeAddress | DistributionList


class UnsuccessSme(msgspec.Struct, frozen=True, gc=False):
    """A destination of submit_multi that the SMSC did not take, and why."""

    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    error_status_code: int = 0


class SubmitMulti(msgspec.Struct, gc=False):
    """ESME to SMSC: one short message to 1 to 255 destinations (section 4.5)."""

    command_id: ClassVar[int] = 0x00000021
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_address: tuple[DestAddress, ...] = ()
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""
    tlvs: Tlvs = ()
    sequence_number: int = 0


class SubmitMultiResp(msgspec.Struct, gc=False):
    """The answer to submit_multi: those it names were not taken, all others were."""

    command_id: ClassVar[int] = 0x80000021
    message_id: str = ""
    unsuccess_sme: tuple[UnsuccessSme, ...] = ()
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class SubmitSmResp(msgspec.Struct, gc=False):
    """`message_id` is "" where the SMSC gave none, whatever the status."""

    command_id: ClassVar[int] = 0x80000004
    message_id: str = ""
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class DeliverSmResp(msgspec.Struct, gc=False):
    """`message_id` is unused in 3.4 and stays empty."""

    command_id: ClassVar[int] = 0x80000005
    message_id: str = ""
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class DataSm(msgspec.Struct, gc=False):
    """Both ways: a message whose octets are in the message_payload TLV (section 4.7)."""

    command_id: ClassVar[int] = 0x00000103
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0
    tlvs: Tlvs = ()
    sequence_number: int = 0


class DataSmResp(msgspec.Struct, gc=False):
    """The answer to data_sm."""

    command_id: ClassVar[int] = 0x80000103
    message_id: str = ""
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class QuerySm(msgspec.Struct, gc=False):
    """Ask what became of a message (section 4.8)."""

    command_id: ClassVar[int] = 0x00000003
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    tlvs: Tlvs = ()
    sequence_number: int = 0


class QuerySmResp(msgspec.Struct, gc=False):
    """`message_state` as in section 5.2.28."""

    command_id: ClassVar[int] = 0x80000003
    message_id: str = ""
    final_date: str = ""
    message_state: int = 0
    error_code: int = 0
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class CancelSm(msgspec.Struct, gc=False):
    """Cancel a message not yet delivered (section 4.9)."""

    command_id: ClassVar[int] = 0x00000008
    service_type: str = ""
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    tlvs: Tlvs = ()
    sequence_number: int = 0


class CancelSmResp(msgspec.Struct, gc=False):
    """The answer to cancel_sm."""

    command_id: ClassVar[int] = 0x80000008
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class ReplaceSm(msgspec.Struct, gc=False):
    """Replace a message not yet delivered (section 4.10)."""

    command_id: ClassVar[int] = 0x00000007
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""
    tlvs: Tlvs = ()
    sequence_number: int = 0


class ReplaceSmResp(msgspec.Struct, gc=False):
    """The answer to replace_sm."""

    command_id: ClassVar[int] = 0x80000007
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class AlertNotification(msgspec.Struct, gc=False):
    """A handset can be reached again; has no answer (section 4.12)."""

    command_id: ClassVar[int] = 0x00000102
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    esme_addr_ton: int = 0
    esme_addr_npi: int = 0
    esme_addr: str = ""
    tlvs: Tlvs = ()
    sequence_number: int = 0


class BroadcastSm(msgspec.Struct, gc=False):
    """ESME to SMSC: a text to all handsets of an area, whose octets, area and repetition are TLVs (SMPP 5.0)."""

    command_id: ClassVar[int] = 0x00000111
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    message_id: str = ""
    """Of the broadcast that this one replaces, or ""."""
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    tlvs: Tlvs = ()
    sequence_number: int = 0


class BroadcastSmResp(msgspec.Struct, gc=False):
    """The answer to broadcast_sm (SMPP 5.0)."""

    command_id: ClassVar[int] = 0x80000111
    message_id: str = ""
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class QueryBroadcastSm(msgspec.Struct, gc=False):
    """Ask what became of a broadcast (SMPP 5.0)."""

    command_id: ClassVar[int] = 0x00000112
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    tlvs: Tlvs = ()
    sequence_number: int = 0


class QueryBroadcastSmResp(msgspec.Struct, gc=False):
    """The answer to query_broadcast_sm: state and areas are TLVs (SMPP 5.0)."""

    command_id: ClassVar[int] = 0x80000112
    message_id: str = ""
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class CancelBroadcastSm(msgspec.Struct, gc=False):
    """Cancel a broadcast (SMPP 5.0)."""

    command_id: ClassVar[int] = 0x00000113
    service_type: str = ""
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    tlvs: Tlvs = ()
    sequence_number: int = 0


class CancelBroadcastSmResp(msgspec.Struct, gc=False):
    """The answer to cancel_broadcast_sm (SMPP 5.0)."""

    command_id: ClassVar[int] = 0x80000113
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class EnquireLink(msgspec.Struct, gc=False):
    """Is the other end alive? (section 4.11)"""

    command_id: ClassVar[int] = 0x00000015
    tlvs: Tlvs = ()
    sequence_number: int = 0


class EnquireLinkResp(msgspec.Struct, gc=False):
    """The answer to enquire_link."""

    command_id: ClassVar[int] = 0x80000015
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class Unbind(msgspec.Struct, gc=False):
    """End the session in good order (section 4.2)."""

    command_id: ClassVar[int] = 0x00000006
    tlvs: Tlvs = ()
    sequence_number: int = 0


class UnbindResp(msgspec.Struct, gc=False):
    """The answer to unbind."""

    command_id: ClassVar[int] = 0x80000006
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class GenericNack(msgspec.Struct, gc=False):
    """The other end did not understand a PDU (section 4.3)."""

    command_id: ClassVar[int] = 0x80000000
    tlvs: Tlvs = ()
    sequence_number: int = 0
    command_status: int = 0


class Raw(msgspec.Struct, gc=False):
    """A PDU of a command that is not known here, kept as it came."""

    tlvs: ClassVar[Tlvs] = ()
    command_id: int
    body: bytes = b""
    sequence_number: int = 0
    command_status: int = 0


class Malformed(msgspec.Struct, gc=False):
    """A PDU whose header is sound and whose body is not; `command_status` is what to answer."""

    tlvs: ClassVar[Tlvs] = ()
    command_id: int
    sequence_number: int
    command_status: int


Request = (
    Bind
    | Outbind
    | SubmitSm
    | SubmitMulti
    | DeliverSm
    | DataSm
    | QuerySm
    | CancelSm
    | ReplaceSm
    | BroadcastSm
    | QueryBroadcastSm
    | CancelBroadcastSm
    | AlertNotification
    | EnquireLink
    | Unbind
)
Response = (
    BindResp
    | SubmitSmResp
    | SubmitMultiResp
    | DeliverSmResp
    | DataSmResp
    | QuerySmResp
    | CancelSmResp
    | ReplaceSmResp
    | BroadcastSmResp
    | QueryBroadcastSmResp
    | CancelBroadcastSmResp
    | EnquireLinkResp
    | UnbindResp
    | GenericNack
)
Pdu = Request | Response | Raw


def tlv(tlvs: Tlvs, tag: int) -> bytes | None:
    """The value of the first optional parameter `tag`, or None."""
    for found, value in tlvs:
        if found == tag:
            return value
    return None
