"""The quirks of one SMSC as settings: the table `[carriers.profile]` of an SMPP carrier."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tidings.config import ConfigError
from tidings.smpp.address import Addressing
from tidings.smpp.codec import Strictness
from tidings.smpp.pdus import Tlvs
from tidings.smpp.status import KINDS

Octet = Annotated[int, Meta(ge=0, le=255)]
TonNpi = tuple[Octet, Octet]
Alphabet = Literal["gsm7", "latin1", "ascii"]


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What this SMSC wants other than the book, all of it optional."""

    # Binding.
    interface_version: Octet = 0x34
    address_range: str = ""
    bind_ton: Octet = 0
    bind_npi: Octet = 0
    strictness: Literal["strict", "normal", "lenient"] = "normal"
    """How much of the specification the SMSC's PDUs have to keep."""

    # What leaves (MT).
    service_type: str = ""
    protocol_id: Octet = 0
    priority_flag: Octet = 0
    registered_delivery: Octet = 1
    international: TonNpi = (1, 1)
    """Type of number and numbering plan for E.164 numbers; likewise below."""
    short: TonNpi = (3, 0)
    alphanumeric: TonNpi = (5, 0)
    keep_plus: bool = False
    mt_alphabet: Alphabet = "gsm7"
    """What the SMSC takes data_coding 0 for."""
    gsm7_data_coding: Octet = 0
    ucs2_data_coding: Octet = 8
    validity: Literal["relative", "absolute", "none"] = "relative"
    concatenation: Literal["udh", "sar"] = "udh"
    user_message_reference: bool = False
    """Send the low 16 bits of the attempt as user_message_reference."""
    tlvs: dict[str, str] = {}
    """Further TLVs of every submit_sm: tag in hexadecimal (`0x1400`) to octets in hexadecimal."""
    status_classes: dict[str, str] = {}
    """What a command_status (`0x45`) means here: throttled, temporary, permanent, config or bind."""

    # What comes (MO and receipts).
    mo_alphabet: Alphabet = "gsm7"
    """What data_coding 0 means in texts from handsets."""
    receipt_sniff: bool = False
    """Take a text that reads like a receipt for one, though it is not marked so."""
    assume_international: bool = True
    """Take 9 to 15 digits of unknown type for an international number."""

    def addressing(self) -> Addressing:
        """The part that concerns addresses."""
        return Addressing(self.international, self.short, self.alphanumeric, self.keep_plus, self.assume_international)

    def level(self) -> Strictness:
        """The codec's strictness."""
        return Strictness[self.strictness.upper()]

    def kinds(self) -> dict[int, str]:
        """`status_classes` with its keys as numbers."""
        return {int(key, 0): kind for key, kind in self.status_classes.items()}

    def further_tlvs(self) -> Tlvs:
        """`tlvs` as tags and octets."""
        return tuple((int(tag, 16), bytes.fromhex(octets)) for tag, octets in self.tlvs.items())


def read(carrier: str, table: Mapping[str, Any]) -> Profile:
    """The profile of `carrier`. Raises ConfigError, naming the nearest key where one is unknown."""
    known = Profile.__struct_fields__
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
            raise ConfigError(f"Carrier {carrier!r}: unknown key {key!r} in its profile{hint}")
    try:
        profile = msgspec.convert(dict(table), Profile)
        kinds = profile.kinds()
        profile.further_tlvs()
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigError(f"Carrier {carrier!r}: profile: {error}") from error
    for status, kind in kinds.items():
        if kind not in KINDS:
            raise ConfigError(
                f"Carrier {carrier!r}: status_classes gives 0x{status:02X} the class {kind!r}; use {', '.join(KINDS)}"
            )
    return profile
