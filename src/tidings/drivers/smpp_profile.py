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
from tidings.text.gsm7 import LANGUAGES
from tidings.text.terms import PLAIN, Terms

Octet = Annotated[int, Meta(ge=0, le=255)]
TonNpi = tuple[Octet, Octet]
Alphabet = Literal["gsm7", "gsm7_packed", "latin1", "ascii"]
CODECS = {"latin1": "latin-1", "ascii": "ascii"}


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
    concatenation: Literal["udh", "sar", "payload"] = "udh"
    """How long texts go: parts with a header, parts with the sar_* TLVs, or whole, for the SMSC to cut."""
    reference_bits: Literal[8, 16] = 8
    """Width of the reference of a long text: one of 16 bits leaves one septet a part less."""
    national_languages: tuple[str, ...] = ()
    """ISO 639-1 codes of the national language tables that this SMSC carries to the handset."""
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

    def terms(self) -> Terms:
        """What texts may be sent as."""
        terms = Terms(
            languages=self.national_languages, repertoire=CODECS.get(self.mt_alphabet),
            wide=self.reference_bits == 16, whole=self.concatenation == "payload",
        )  # fmt: skip
        return PLAIN if terms == PLAIN else terms  # the one that is known at a glance

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
    _check_languages(carrier, profile)
    return profile


def _check_languages(carrier: str, profile: Profile) -> None:
    for name in profile.national_languages:
        if name not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            raise ConfigError(f"Carrier {carrier!r}: national_languages: no tables for {name!r}; there are {known}")
    if len(set(profile.national_languages)) < len(profile.national_languages):
        raise ConfigError(f"Carrier {carrier!r}: national_languages names a language twice")
    if profile.national_languages and profile.mt_alphabet in CODECS:
        raise ConfigError(f"Carrier {carrier!r}: national_languages need an mt_alphabet of GSM-7")
