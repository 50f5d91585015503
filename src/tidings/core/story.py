"""What a message's story tells beyond its rows: who brought it, the gates it passed, the PDUs it went as."""

from __future__ import annotations

from typing import Literal

import msgspec

from tidings.core.message import Millis


class Origin(msgspec.Struct, frozen=True):
    """The door a message came in by, and the key that opened it, the ESME or the person."""

    door: str
    """`rest`, `batch`, `one_url`, `smpp`, `reply` (our own answer to a keyword), `code` (what a code sends) or
    `webhook` (asked for by the answer of one); "" of messages older than this record."""
    key_id: int | None = None
    esme_id: int | None = None
    user_id: int | None = None


class Passage(msgspec.Struct, frozen=True):
    """What a gate said, and when."""

    at: Literal["accept", "claim"]
    rule: str
    allowed: bool
    detail: str
    occurred_at: Millis


class PduSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A submit_sm without addresses and text: the fields that carriers ask about (SMPP 3.4 section 4.4.1)."""

    source_addr_ton: int
    source_addr_npi: int
    dest_addr_ton: int
    dest_addr_npi: int
    esm_class: int
    protocol_id: int
    data_coding: int
    registered_delivery: int
    validity_period: str
    sm_length: int | None
    """Octets of short_message, its header included; None where the text is blanked by now."""
    tlvs: tuple[str, ...]
    """Tags in hexadecimal."""
