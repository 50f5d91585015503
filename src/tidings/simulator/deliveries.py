"""The deliver_sm of what the network owes: receipts as in Appendix B of SMPP 3.4, and texts of handsets; pure."""

from __future__ import annotations

from tidings.core.message import Millis
from tidings.simulator.fates import fate_of
from tidings.simulator.ledger import Owed
from tidings.simulator.records import HandsetText, OwedReceipt
from tidings.smpp import pdus, receipt

MESSAGE_STATES: dict[str, int] = {word: state for state, word in receipt.STATES.items()}
"""message_state by receipt word (SMPP 3.4 section 5.2.28)."""


SHORT_MESSAGE_MOST = 254
"""Octets that short_message holds (SMPP 3.4 section 4.6.1); more go as message_payload."""


def deliver_sm(owed: Owed, now: Millis, message_id: str = "") -> pdus.DeliverSm:
    """The PDU that settles what is owed; `message_id`: how a receipt writes the id, if not as usual."""
    return _text(owed) if isinstance(owed, HandsetText) else _receipt(owed, now, message_id)


def _text(text: HandsetText) -> pdus.DeliverSm:
    octets = text.udh + text.payload
    short = len(octets) <= SHORT_MESSAGE_MOST
    return pdus.DeliverSm(
        source_addr_ton=text.source.ton,
        source_addr_npi=text.source.npi,
        source_addr=text.source.digits,
        dest_addr_ton=text.to.ton,
        dest_addr_npi=text.to.npi,
        destination_addr=text.to.digits,
        esm_class=pdus.ESM_UDHI if text.udh else 0,
        data_coding=text.data_coding,
        short_message=octets if short else b"",
        tlvs=() if short else ((pdus.MESSAGE_PAYLOAD, octets),),
    )


def _receipt(owed: OwedReceipt, now: Millis, message_id: str) -> pdus.DeliverSm:
    submission = owed.submission
    handset, esme = submission.to, submission.source
    fate = fate_of(handset.digits)
    word = fate.state or "UNKNOWN"
    message_id = message_id or (str(submission.number) if fate.decimal_in_receipt else submission.message_id)
    return pdus.DeliverSm(
        source_addr_ton=handset.ton,
        source_addr_npi=handset.npi,
        source_addr=handset.digits,
        dest_addr_ton=esme.ton,
        dest_addr_npi=esme.npi,
        destination_addr=esme.digits,
        esm_class=pdus.ESM_RECEIPT,
        # The text itself is left out, as many networks do: what was said then stands in one place only.
        short_message=receipt.write(
            message_id,
            word,
            submitted_ms=submission.at,
            done_ms=now,
            error_code="000" if word == "DELIVRD" else handset.digits[-3:],
        ),
        tlvs=receipt.tlvs_of(message_id, word),
    )
