"""The user data of a message PDU, wherever it stands: short_message or message_payload, UDH or sar TLVs."""

from __future__ import annotations

from tidings.smpp import pdus
from tidings.smpp.pdus import DataSm, DeliverSm, SubmitSm, Tlvs, tlv


def split(pdu: SubmitSm | DeliverSm | DataSm) -> tuple[bytes, bytes]:
    """Header (with its length octet, or empty) and octets of the user data.

    The sar TLVs become the header that says the same (16-bit reference). Those of no part that can be, as part 3 of 2,
    become none, as a handset passes over such a header (3GPP TS 23.040 section 9.2.3.24.1). A header that claims to be
    longer than what there is, is none.
    """
    octets = b"" if isinstance(pdu, DataSm) else pdu.short_message
    tlvs = pdu.tlvs
    if not octets and tlvs:
        octets = tlv(tlvs, pdus.MESSAGE_PAYLOAD) or b""
    if pdu.esm_class & pdus.ESM_UDHI and octets:
        end = octets[0] + 1
        if end > len(octets):
            return b"", octets
        sar = _sar_header(tlvs) if tlvs else b""
        if sar and len(sar) + end <= 256:  # both: the header tells of other things, as of national tables
            return bytes((len(sar) + end - 2,)) + sar[1:] + octets[1:end], octets[end:]
        return octets[:end], octets[end:]
    return _sar_header(tlvs) if tlvs else b"", octets


def leaked_header(octets: bytes) -> tuple[bytes, bytes]:
    """Header and rest of user data that begins with the header of a long text, though no flag says so; else no header.

    Only a lone element of concatenation is taken for one (3GPP TS 23.040 section 9.2.3.24): part N of M, N at most M.
    """
    for start, length in ((b"\x05\x00\x03", 6), (b"\x06\x08\x04", 7)):
        if octets.startswith(start) and len(octets) >= length and 1 <= octets[length - 1] <= octets[length - 2]:
            return octets[:length], octets[length:]
    return b"", octets


def sar_tlvs(udh: bytes) -> tuple[Tlvs, bytes] | None:
    """The sar TLVs for a header that begins with a concatenation element, and a header of what else it holds; or None.

    Headers have their length octet; that of nothing else is empty.
    """
    if udh[1:3] == b"\x00\x03" and len(udh) >= 6:
        reference, total, number, rest = udh[3], udh[4], udh[5], udh[6:]
    elif udh[1:3] == b"\x08\x04" and len(udh) >= 7:
        reference, total, number, rest = udh[3] << 8 | udh[4], udh[5], udh[6], udh[7:]
    else:
        return None
    tlvs = (
        (pdus.SAR_MSG_REF_NUM, reference.to_bytes(2, "big")),
        (pdus.SAR_TOTAL_SEGMENTS, bytes((total,))),
        (pdus.SAR_SEGMENT_SEQNUM, bytes((number,))),
    )
    return tlvs, bytes((len(rest),)) + rest if rest else b""


def _sar_header(tlvs: Tlvs) -> bytes:
    reference = tlv(tlvs, pdus.SAR_MSG_REF_NUM)
    total = tlv(tlvs, pdus.SAR_TOTAL_SEGMENTS)
    number = tlv(tlvs, pdus.SAR_SEGMENT_SEQNUM)
    if not (reference and total and number) or total[-1] < 2 or not 1 <= number[-1] <= total[-1]:
        return b""
    return b"\x06\x08\x04" + reference[-2:].rjust(2, b"\0") + total[-1:] + number[-1:]
