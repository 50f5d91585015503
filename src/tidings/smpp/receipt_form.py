"""Receipts as an ESME wants them: text by SMPP 3.4 Appendix B, TLVs, or both, in deliver_sm or data_sm."""

from __future__ import annotations

import msgspec

from tidings.smpp import pdus, receipt
from tidings.smpp.pdus import DataSm, DeliverSm, Tlvs

FORMATS = ("text_and_tlvs", "text", "tlvs")
"""Text and TLVs that say the same; the text alone; the TLVs alone, with an empty short_message."""
PDUS = ("deliver_sm", "data_sm")
TEXT_MOST = 20
"""Characters of the message that a receipt repeats (Appendix B)."""

_NETWORK_GSM = 3
"""network type of network_error_code (SMPP 3.4 section 5.3.2.31); 3.4 knows no type for an SMSC's own codes."""

Address = tuple[int, int, str]
"""Type, plan and digits, as the ESME wrote them."""


class Form(msgspec.Struct, frozen=True):
    """What one ESME wants receipts to look like."""

    format: str = "text_and_tlvs"
    """One of `FORMATS`."""
    pdu: str = "deliver_sm"
    """One of `PDUS`; data_sm carries the text as message_payload."""
    seconds: bool = False
    """Dates as YYMMDDhhmmss instead of YYMMDDhhmm."""
    text: bool = True
    """Whether the first characters of the message stand behind `text:`."""


class Outcome(msgspec.Struct, frozen=True):
    """What a receipt tells."""

    message_id: str
    """As the answer to the submit_sm gave it, or in the form that the ESME awaits in receipts."""
    state: str
    """One of the words of `receipt.STATES`."""
    error: int
    """0 to 999; 0: none."""
    submitted_ms: int
    """Milliseconds since 1970; so is `done_ms`."""
    done_ms: int
    text: str = ""
    intermediate: bool = False
    """Not final: marked as an intermediate notification (section 5.2.12)."""
    user_message_reference: int | None = None


def octets(outcome: Outcome, form: Form) -> bytes:
    """The text by Appendix B; empty where TLVs alone are wanted. ASCII, whatever data_coding 0 means to the ESME:
    that is how receipts are read everywhere."""
    if form.format == "tlvs":
        return b""
    return receipt.write(
        outcome.message_id, outcome.state, submitted_ms=outcome.submitted_ms, done_ms=outcome.done_ms,
        error_code=f"{outcome.error:03d}", text=_repeated(outcome.text) if form.text else "", seconds=form.seconds,
    )  # fmt: skip


def tlvs(outcome: Outcome, form: Form) -> Tlvs:
    """receipted_message_id, message_state, network_error_code where there is one, and the ESME's own reference."""
    found: Tlvs = ()
    if form.format != "text":
        found = receipt.tlvs_of(outcome.message_id, outcome.state)
        if outcome.error:
            found += ((pdus.NETWORK_ERROR_CODE, bytes((_NETWORK_GSM,)) + outcome.error.to_bytes(2, "big")),)
    if outcome.user_message_reference is not None:
        found += ((pdus.USER_MESSAGE_REFERENCE, outcome.user_message_reference.to_bytes(2, "big")),)
    return found


def compose(
    outcome: Outcome, form: Form, source: Address, destination: Address, service_type: str = ""
) -> DeliverSm | DataSm:
    """The whole PDU: from the handset (`source`) to the address that the message was sent from."""
    esm_class = pdus.ESM_INTERMEDIATE if outcome.intermediate else pdus.ESM_RECEIPT
    told, optional = octets(outcome, form), tlvs(outcome, form)
    if form.pdu == "data_sm":
        return DataSm(
            service_type=service_type, source_addr_ton=source[0], source_addr_npi=source[1], source_addr=source[2],
            dest_addr_ton=destination[0], dest_addr_npi=destination[1], destination_addr=destination[2],
            esm_class=esm_class, tlvs=((pdus.MESSAGE_PAYLOAD, told), *optional) if told else optional,
        )  # fmt: skip
    return DeliverSm(
        service_type=service_type, source_addr_ton=source[0], source_addr_npi=source[1], source_addr=source[2],
        dest_addr_ton=destination[0], dest_addr_npi=destination[1], destination_addr=destination[2],
        esm_class=esm_class, short_message=told, tlvs=optional,
    )  # fmt: skip


def _repeated(text: str) -> str:
    """The first characters of a message, on one line: what reads receipts may read lines."""
    return "".join([letter if " " <= letter <= "~" else "?" for letter in " ".join(text.split())[:TEXT_MOST]])
