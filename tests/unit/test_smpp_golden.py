"""Golden PDUs: every command in octets, field by field as the tables of the specification have them."""

from __future__ import annotations

import pytest

from tidings.smpp import pdus
from tidings.smpp.codec import Strictness, decode, encode
from tidings.smpp.fields import COMMANDS


def octets(text: str) -> bytes:
    """Hexadecimal digits with a comment after `#` on each line."""
    return bytes.fromhex("".join(line.split("#")[0] for line in text.splitlines()))


GOLDEN = {
    "bind_transceiver as an ESME opens": (
        """
        00000028             # command_length 40
        00000009             # command_id bind_transceiver
        00000000             # command_status
        00000001             # sequence_number 1
        74 69 64 69 6e 67 73 00  # system_id "tidings"
        73 65 63 72 65 74 00     # password "secret"
        56 4d 41 00              # system_type "VMA"
        34                   # interface_version 3.4
        01 01                # addr_ton, addr_npi
        2b 00                # address_range "+"
        """,
        pdus.Bind(
            command_id=pdus.BIND_TRANSCEIVER,
            system_id="tidings",
            password="secret",
            system_type="VMA",
            addr_ton=1,
            addr_npi=1,
            address_range="+",
            sequence_number=1,
        ),
    ),
    "bind_transceiver_resp with sc_interface_version": (
        """
        0000001a 80000009 00000000 00000001
        53 4d 53 43 00       # system_id "SMSC"
        0210 0001 34         # sc_interface_version 3.4
        """,
        pdus.BindResp(system_id="SMSC", tlvs=((0x0210, b"\x34"),), sequence_number=1),
    ),
    "submit_sm with a name for sender and a relative validity": (
        """
        00000047 00000004 00000000 00000002
        00                   # service_type
        05 00 54 69 64 69 6e 67 73 00                    # source: alphanumeric "Tidings"
        01 01 34 39 31 35 31 31 32 33 34 35 36 37 38 00  # destination: international 4915112345678
        00 00 00             # esm_class, protocol_id, priority_flag
        00                   # schedule_delivery_time
        30 30 30 30 30 31 30 30 30 30 30 30 30 30 30 52 00  # validity_period one day
        01 00 00 00          # registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
        02 48 69             # sm_length, short_message "Hi"
        """,
        pdus.SubmitSm(
            source_addr_ton=5,
            source_addr="Tidings",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="4915112345678",
            validity_period="000001000000000R",
            registered_delivery=1,
            short_message=b"Hi",
            sequence_number=2,
        ),
    ),
    "submit_sm, second of three parts in UCS-2": (
        """
        00000032 00000004 00000000 7fffffff
        00
        03 00 31 32 33 34 35 00  # source: short code 12345
        01 01 31 35 35 35 00     # destination
        40 00 00 00 00       # esm_class UDHI, protocol_id, priority_flag, no times
        01 00 08 00          # registered_delivery, replace, data_coding UCS-2, default
        08                   # sm_length
        05 00 03 2a 03 02    # UDH: part 2 of 3, reference 42
        20 ac                # EURO SIGN
        """,
        pdus.SubmitSm(
            source_addr_ton=3,
            source_addr="12345",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="1555",
            esm_class=0x40,
            registered_delivery=1,
            data_coding=8,
            short_message=b"\x05\x00\x03\x2a\x03\x02\x20\xac",
            sequence_number=0x7FFFFFFF,
        ),
    ),
    "submit_sm_resp": (
        "00000015 80000004 00000000 00000002 61 62 63 31 00  # message_id abc1",
        pdus.SubmitSmResp("abc1", sequence_number=2),
    ),
    "submit_sm_resp that refuses, without a body": (
        "00000010 80000004 00000058 00000003  # ESME_RTHROTTLED",
        pdus.SubmitSmResp(sequence_number=3, command_status=0x58),
    ),
    "deliver_sm with a receipt's TLVs": (
        """
        00000037 00000005 00000000 00000009
        00
        01 01 31 35 35 35 00     # source: the handset
        01 01 31 32 33 00        # destination
        04 00 00 00 00       # esm_class receipt
        00 00 00 00          # registered_delivery, replace, data_coding, default
        03 69 64 3a          # sm_length 3, "id:"
        001e 0003 41 31 00   # receipted_message_id "A1"
        0427 0001 02         # message_state DELIVERED
        """,
        pdus.DeliverSm(
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="1555",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="123",
            esm_class=4,
            short_message=b"id:",
            tlvs=((0x001E, b"A1\0"), (0x0427, b"\x02")),
            sequence_number=9,
        ),
    ),
    "deliver_sm_resp": (
        "00000011 80000005 00000000 00000009 00  # message_id unused",
        pdus.DeliverSmResp(sequence_number=9),
    ),
    "deliver_sm_resp that refuses keeps its body": (
        "00000011 80000005 00000064 00000009 00  # ESME_RX_T_APPN",
        pdus.DeliverSmResp(sequence_number=9, command_status=0x64),
    ),
    "data_sm with message_payload": (
        """
        00000027 00000103 00000000 00000004
        00                   # service_type
        01 01 31 31 00       # source
        01 01 32 32 00       # destination
        00 01 08             # esm_class, registered_delivery, data_coding
        0424 0005 00 48 00 69 21   # message_payload
        """,
        pdus.DataSm(
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="11",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="22",
            registered_delivery=1,
            data_coding=8,
            tlvs=((0x0424, b"\0H\0i!"),),
            sequence_number=4,
        ),
    ),
    "query_sm_resp": (
        """
        00000025 80000003 00000000 00000005
        61 00                # message_id
        32 36 30 31 30 31 31 32 30 30 30 30 30 30 30 2b 00  # final_date
        02 00                # message_state DELIVERED, error_code
        """,
        pdus.QuerySmResp("a", "260101120000000+", 2, 0, sequence_number=5),
    ),
    "bind_receiver of an ESME that speaks 5.0": (
        """
        0000001d 00000001 00000000 00000001
        61 00                # system_id "a"
        62 00                # password "b"
        00                   # system_type
        50                   # interface_version 5.0
        00 00                # addr_ton, addr_npi
        5e 31 2e 2a 00       # address_range "^1.*"
        """,
        pdus.Bind(pdus.BIND_RECEIVER, "a", "b", interface_version=0x50, address_range="^1.*", sequence_number=1),
    ),
    "bind_receiver_resp": (
        "00000012 80000001 00000000 00000001 61 00  # system_id",
        pdus.BindResp(0x80000001, "a", sequence_number=1),
    ),
    "bind_transmitter of an ESME that speaks 3.3": (
        """
        00000018 00000002 00000000 00000002
        61 00 00 00       # system_id, password, system_type
        33                   # interface_version 3.3
        00 00 00             # addr_ton, addr_npi, address_range
        """,
        pdus.Bind(pdus.BIND_TRANSMITTER, "a", interface_version=0x33, sequence_number=2),
    ),
    "bind_transmitter_resp that refuses": (
        "00000011 80000002 0000000e 00000002 00  # ESME_RINVPASWD, system_id",
        pdus.BindResp(0x80000002, sequence_number=2, command_status=0x0E),
    ),
    "submit_multi to a handset and to a list": (
        """
        0000003e 00000021 00000000 0000000b
        43 4d 54 00          # service_type "CMT"
        03 00 31 32 33 00    # source: short code 123
        02                   # number_of_dests
        01 01 01 31 35 35 35 00   # dest_flag SME, international 1555
        02 66 72 69 65 6e 64 73 00  # dest_flag list, dl_name "friends"
        00 00 01             # esm_class, protocol_id, priority_flag
        00 00                # schedule_delivery_time, validity_period
        01 00 08 00          # registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
        02 20 ac             # sm_length, EURO SIGN
        0204 0002 00 2a      # user_message_reference 42
        """,
        pdus.SubmitMulti(
            service_type="CMT",
            source_addr_ton=3,
            source_addr="123",
            dest_address=(pdus.SmeAddress(1, 1, "1555"), pdus.DistributionList("friends")),
            priority_flag=1,
            registered_delivery=1,
            data_coding=8,
            short_message=b"\x20\xac",
            tlvs=((0x0204, b"\0\x2a"),),
            sequence_number=11,
        ),
    ),
    "submit_multi_resp: one of the destinations was not taken": (
        """
        0000001f 80000021 00000000 0000000b
        69 64 00             # message_id "id"
        01                   # no_unsuccess
        01 01 31 35 35 35 00 # international 1555
        0000000b             # error_status_code ESME_RINVDSTADR
        """,
        pdus.SubmitMultiResp("id", (pdus.UnsuccessSme(1, 1, "1555", 0x0B),), sequence_number=11),
    ),
    "data_sm_resp": (
        "00000017 80000103 00000000 00000004 61 00 0420 0001 01  # message_id, dpf_result",
        pdus.DataSmResp("a", ((0x0420, b"\1"),), sequence_number=4),
    ),
    "query_sm": (
        "00000017 00000003 00000000 00000005 61 00 01 01 31 32 00  # message_id, source",
        pdus.QuerySm("a", 1, 1, "12", sequence_number=5),
    ),
    "cancel_sm": (
        """
        0000001c 00000008 00000000 00000006
        00 61 00             # service_type, message_id "a"
        01 01 31 32 00       # source
        00 00 33 00          # destination
        """,
        pdus.CancelSm("", "a", 1, 1, "12", 0, 0, "3", sequence_number=6),
    ),
    "cancel_sm_resp": (
        "00000010 80000008 00000011 00000006  # ESME_RCANCELFAIL",
        pdus.CancelSmResp(sequence_number=6, command_status=0x11),
    ),
    "replace_sm": (
        """
        0000002e 00000007 00000000 00000007
        61 00                # message_id "a"
        01 01 31 32 00       # source
        00                   # schedule_delivery_time
        30 30 30 30 30 31 30 30 30 30 30 30 30 30 30 52 00  # validity_period one day
        01 00                # registered_delivery, sm_default_msg_id
        02 48 69             # sm_length, short_message "Hi"
        """,
        pdus.ReplaceSm("a", 1, 1, "12", "", "000001000000000R", 1, 0, b"Hi", sequence_number=7),
    ),
    "replace_sm_resp": ("00000010 80000007 00000000 00000007", pdus.ReplaceSmResp(sequence_number=7)),
    "broadcast_sm": (
        """
        0000003a 00000111 00000000 0000000c
        00                   # service_type
        01 01 31 32 00       # source
        00                   # message_id: it replaces none
        00 00 00             # priority_flag, schedule_delivery_time, validity_period
        00 01 00             # replace_if_present_flag, data_coding, sm_default_msg_id
        0606 0005 00 50 41 52 53  # broadcast_area_identifier: alias "PARS"
        0601 0003 01 00 00   # broadcast_content_type: GSM, index
        0604 0002 00 03      # broadcast_rep_num 3
        0605 0003 09 00 0a   # broadcast_frequency_interval: every 10 hours
        """,
        pdus.BroadcastSm(
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="12",
            data_coding=1,
            tlvs=((0x0606, b"\0PARS"), (0x0601, b"\1\0\0"), (0x0604, b"\0\3"), (0x0605, b"\x09\0\x0a")),
            sequence_number=12,
        ),
    ),
    "broadcast_sm_resp": (
        "00000012 80000111 00000000 0000000c 61 00  # message_id",
        pdus.BroadcastSmResp("a", sequence_number=12),
    ),
    "query_broadcast_sm": (
        "0000001d 00000112 00000000 0000000d 61 00 01 01 31 32 00 0204 0002 00 07  # user_message_reference 7",
        pdus.QueryBroadcastSm("a", 1, 1, "12", ((0x0204, b"\0\7"),), 13),
    ),
    "query_broadcast_sm_resp": (
        """
        00000022 80000112 00000000 0000000d
        61 00                # message_id "a"
        0427 0001 02         # message_state DELIVERED
        0606 0002 00 50      # broadcast_area_identifier: alias "P"
        0608 0001 64         # broadcast_area_success 100 %
        """,
        pdus.QueryBroadcastSmResp("a", ((0x0427, b"\2"), (0x0606, b"\0P"), (0x0608, b"\x64")), 13),
    ),
    "cancel_broadcast_sm": (
        "00000018 00000113 00000000 0000000e 00 61 00 01 01 31 32 00  # service_type, message_id, source",
        pdus.CancelBroadcastSm("", "a", 1, 1, "12", sequence_number=14),
    ),
    "cancel_broadcast_sm_resp of a busy SMSC": (
        "00000015 80000113 00000000 0000000e 0428 0001 5f  # congestion_state 95",
        pdus.CancelBroadcastSmResp(((0x0428, b"\x5f"),), 14),
    ),
    "enquire_link_resp": ("00000010 80000015 00000000 00000007", pdus.EnquireLinkResp(sequence_number=7)),
    "unbind": ("00000010 00000006 00000000 00000008", pdus.Unbind(sequence_number=8)),
    "enquire_link": ("00000010 00000015 00000000 00000007", pdus.EnquireLink(sequence_number=7)),
    "unbind_resp": ("00000010 80000006 00000000 00000008", pdus.UnbindResp(sequence_number=8)),
    "generic_nack": (
        "00000010 80000000 00000003 00000000",
        pdus.GenericNack(command_status=3),
    ),
    "outbind": ("00000014 0000000b 00000000 00000001 61 00 62 00", pdus.Outbind("a", "b", sequence_number=1)),
    "alert_notification": (
        "00000018 00000102 00000000 00000001 01 01 31 00 01 01 32 00",
        pdus.AlertNotification(1, 1, "1", 1, 1, "2", sequence_number=1),
    ),
    "a command that nobody knows survives as it is": (
        "00000013 00000222 00000000 0000000a 61 62 63",
        pdus.Raw(0x222, b"abc", 10),
    ),
}


@pytest.mark.parametrize("case", GOLDEN, ids=list(GOLDEN))
def test_golden(case: str) -> None:
    text, pdu = GOLDEN[case]
    assert encode(pdu).hex(" ") == octets(text).hex(" ")
    for strictness in Strictness:
        assert decode(octets(text), strictness) == pdu


def test_every_command_has_a_golden_pdu() -> None:
    seen = {pdu.command_id for _, pdu in GOLDEN.values()}
    assert {command.name for command in COMMANDS.values() if command.id not in seen} == set()
