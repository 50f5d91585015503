"""The quirks of one SMSC as settings: the table `[carriers.profile]` of an SMPP carrier."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tidings.config import ConfigError
from tidings.core.ports import Manners
from tidings.drivers.smpp_presets import nearest, preset
from tidings.smpp import receipt, status
from tidings.smpp.address import Addressing
from tidings.smpp.codec import EncodeError, Strictness, encode
from tidings.smpp.pdus import SubmitSm, Tlvs
from tidings.smpp.status import Status
from tidings.text.gsm7 import LANGUAGES
from tidings.text.terms import PLAIN, Terms

Octet = Annotated[int, Meta(ge=0, le=255)]
TonNpi = tuple[Octet, Octet]
Alphabet = Literal["gsm7", "gsm7_packed", "latin1", "ascii"]
CODECS = {"latin1": "latin-1", "ascii": "ascii"}
LENGTHS = (
    "system_id", "password", "system_type", "address_range", "service_type", "source_addr", "destination_addr",
)  # fmt: skip
"""C-Octet Strings whose length a profile may bound."""
VERSION_3_4 = 0x34
"""interface_version from which on optional parameters exist."""
_TAG = re.compile(r"(?:0[xX])?[0-9a-fA-F]{1,4}")


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What this SMSC wants other than the book, all of it optional."""

    preset: str = ""
    """Name of the habits to begin with; what stands beside it goes before."""

    # Binding.
    interface_version: Octet = 0x34
    address_range: str = ""
    bind_ton: Octet = 0
    bind_npi: Octet = 0
    strictness: Literal["strict", "normal", "lenient"] = "normal"
    """How much of the specification the SMSC's PDUs have to keep."""
    enquire_misses: Annotated[int, Meta(ge=0, le=100)] = 1
    """enquire_link in a row that may stay unanswered; 0: all of them, while no text waits in vain for its response."""
    lengths: dict[str, Annotated[int, Meta(ge=1, le=255)]] = {}
    """The longest strings that the SMSC takes, by field and without their NUL; what is longer is refused, never cut."""

    # What leaves (MT).
    service_type: str = ""
    message_mode: Literal["default", "datagram", "forward", "store_and_forward"] = "default"
    """Messaging mode in esm_class."""
    protocol_id: Octet = 0
    priority_flag: Octet = 0
    registered_delivery: Octet = 1
    international: TonNpi = (1, 1)
    """Type of number and numbering plan for E.164 numbers; likewise below."""
    short: TonNpi = (3, 0)
    alphanumeric: TonNpi = (5, 0)
    destination: tuple[Octet, ...] = ()
    """Of all destinations, whatever they are; empty: by the kinds above."""
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

    # What it answers.
    status_errors: dict[str, str] = {}
    """What a command_status (by name or number) means here: a class, a category, or both."""
    throttle_statuses: tuple[str, ...] = status.THROTTLING
    """The statuses that ask to slow down."""
    throttle_pause: Annotated[float, Meta(ge=0, le=3600)] = 0
    """Seconds of the first pause after one; 0: as `delivery.throttle_pause` has it."""
    throttle_scope: Literal["bind", "carrier"] = "bind"
    """What pauses: the bind that was asked, or all binds of the carrier."""
    in_doubt: Literal["category", "repeat", "never"] = "category"
    """What becomes of a part whose response was lost: as its category has it, one repeat, or none."""

    # What comes (MO and receipts).
    mo_alphabet: Alphabet = "gsm7"
    """What data_coding 0 means in texts from handsets."""
    udh_sniff: bool = False
    """Take octets that read like the header of a long text for one, though esm_class does not say so."""
    assume_international: bool = True
    """Take 9 to 15 digits of unknown type for an international number."""
    receipt_alphabet: Literal["auto", "gsm7", "gsm7_packed", "ucs2"] = "auto"
    """What the texts of receipts are written in; `auto`: ASCII, or UCS-2 where they begin with a NUL."""
    receipt_sniff: bool = False
    """Take a text that reads like a receipt for one, though it is not marked so."""
    receipt_id: Literal["learn", "same", "hex_to_dec", "dec_to_hex"] = "learn"
    """What the SMSC makes of the id of its response in its receipts."""
    receipt_id_from: Literal["tlv_first", "text_first", "tlv", "text"] = "tlv_first"
    """Where the id is taken from; with the first two, both are tried."""
    receipt_id_loose: bool = True
    """Whether ids that differ in letter case or leading zeros are the same."""
    receipt_handset: Literal["source", "destination", "unchecked"] = "source"
    """Which address of a receipt is the handset's, so that it can be compared with where the text went."""
    receipt_keys: dict[str, str] = {}
    """Words that its receipts use for `id`, `stat` and `err`."""
    receipt_states: dict[str, str] = {}
    """What a word of `stat:` means here: a status, a category, or both."""
    receipt_errors: dict[str, str] = {}
    """What a number or word of `err:` means here, as a category."""
    receipt_error_table: Literal["", "gsm_map", "sm_delivery_failure", "tp_fcs", "tp_st", "rp_cause"] = ""
    """Which table the numbers of `err:` are of."""
    intermediate: Literal["progress", "final"] = "progress"
    """What an intermediate notification is: a word on the way, or the end."""

    def addressing(self) -> Addressing:
        """The part that concerns addresses."""
        destination = (self.destination[0], self.destination[1]) if self.destination else None
        return Addressing(
            self.international, self.short, self.alphanumeric, self.keep_plus, self.assume_international, destination
        )

    def level(self) -> Strictness:
        """The codec's strictness."""
        return Strictness[self.strictness.upper()]

    def statuses(self) -> dict[int, Status]:
        """What command_statuses mean here. Raises ValueError."""
        return status.resolve(self.status_errors, self.throttle_statuses)

    def reading(self) -> receipt.Reading:
        """How its receipts are read. Raises ValueError."""
        return receipt.reading(
            self.receipt_id_from, self.receipt_keys, self.receipt_states, self.receipt_errors,
            self.receipt_error_table, self.intermediate == "final",
        )  # fmt: skip

    def manners(self) -> Manners:
        """How the carrier wants to be treated."""
        form = "" if self.receipt_id == "learn" else self.receipt_id
        whole = self.throttle_scope == "carrier"
        return Manners(self.throttle_pause or None, whole, self.in_doubt, form, self.receipt_id_loose)

    def terms(self) -> Terms:
        """What texts may be sent as."""
        terms = Terms(
            languages=self.national_languages, repertoire=CODECS.get(self.mt_alphabet),
            wide=self.reference_bits == 16, whole=self.concatenation == "payload",
        )  # fmt: skip
        return PLAIN if terms == PLAIN else terms  # the one that is known at a glance

    def further_tlvs(self) -> Tlvs:
        """`tlvs` as tags and octets. Raises ValueError."""
        return tuple([_tlv(tag, octets) for tag, octets in self.tlvs.items()])


def read(carrier: str, table: Mapping[str, Any]) -> Profile:
    """The profile of `carrier`, its preset laid under it. Raises ConfigError, naming the nearest key or preset where
    one is unknown.
    """
    for key in table:
        if key not in Profile.__struct_fields__:
            raise ConfigError(
                f"Carrier {carrier!r}: unknown key {key!r} in its profile{nearest(key, Profile.__struct_fields__)}"
            )
    try:
        known = preset(str(table["preset"])).options if table.get("preset") else {}
        profile = msgspec.convert({**known, **{key: _over(known.get(key), own) for key, own in table.items()}}, Profile)
        for check in _CHECKS:
            check(profile)
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigError(f"Carrier {carrier!r}: profile: {error}") from error
    return profile


def _tlv(tag: str, octets: str) -> tuple[int, bytes]:
    if not _TAG.fullmatch(tag):
        raise ValueError(f"tlvs: {tag!r} is no tag; write it in hexadecimal, as in 0x1400")
    try:
        return int(tag, 16), bytes.fromhex(octets)
    except ValueError:
        raise ValueError(f"tlvs: the octets of {tag} are not in hexadecimal, as in 0a1f") from None


def _over(known: Any, own: Any) -> Any:
    """A key's own value over the preset's: tables row by row, all else as a whole."""
    return {**known, **own} if isinstance(known, dict) and isinstance(own, dict) else own


def _check_tables(profile: Profile) -> None:
    profile.statuses()
    profile.reading()


def _check_tlvs(profile: Profile) -> None:
    profile.further_tlvs()
    wants = profile.tlvs or profile.user_message_reference or profile.concatenation != "udh"
    if wants and profile.interface_version < VERSION_3_4:
        raise ValueError(
            f"interface_version 0x{profile.interface_version:02X} has no optional parameters: leave out tlvs and "
            "user_message_reference, and let concatenation be udh"
        )


def _check_addresses(profile: Profile) -> None:
    if len(profile.destination) not in (0, 2):
        raise ValueError("destination takes type of number and numbering plan, as in [1, 1]")
    for name in profile.lengths:
        if name not in LENGTHS:
            raise ValueError(f"lengths: unknown field {name!r}{nearest(name, LENGTHS)}")
    most = profile.lengths.get("service_type", 255)
    if len(profile.service_type) > most:
        raise ValueError(f"service_type has {len(profile.service_type)} characters; lengths gives it {most}")


def _check_languages(profile: Profile) -> None:
    for name in profile.national_languages:
        if name not in LANGUAGES:
            raise ValueError(f"national_languages: no tables for {name!r}; there are {', '.join(LANGUAGES)}")
    if len(set(profile.national_languages)) < len(profile.national_languages):
        raise ValueError("national_languages names a language twice")
    if profile.national_languages and profile.mt_alphabet in CODECS:
        raise ValueError("national_languages need an mt_alphabet of GSM-7")


def _check_writable(profile: Profile) -> None:
    """What no submit_sm can hold would fail every text, for good."""
    try:
        encode(SubmitSm(service_type=profile.service_type))
    except EncodeError:
        raise ValueError("service_type: write it in ASCII, without NUL") from None
    try:
        encode(SubmitSm(tlvs=profile.further_tlvs()))
    except EncodeError:
        raise ValueError("tlvs: they are too long for a PDU") from None


_CHECKS: tuple[Callable[[Profile], None], ...] = (
    _check_tables, _check_tlvs, _check_addresses, _check_languages, _check_writable,
)  # fmt: skip
