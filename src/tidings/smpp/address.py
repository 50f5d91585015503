"""Addresses as SMPP writes them: type of number, numbering plan, and digits without a plus."""

from __future__ import annotations

import msgspec

TonNpi = tuple[int, int]

_INTERNATIONAL = 1
_UNKNOWN = 0
SHORT_CODE_MOST = 8
"""Digits without a plus, up to so many, are a short code."""


class Addressing(msgspec.Struct, frozen=True):
    """Which type and plan a carrier wants for each kind of address (SMPP 3.4 sections 5.2.5 and 5.2.6)."""

    international: TonNpi = (1, 1)
    short: TonNpi = (3, 0)
    alphanumeric: TonNpi = (5, 0)
    keep_plus: bool = False
    assume_international: bool = True
    """Take 9 to 15 digits of unknown type for an international number."""
    destination: TonNpi | None = None
    """Of every destination, whatever it is; None: by the kinds above."""


def destined(address: str, addressing: Addressing) -> tuple[int, int, str]:
    """As `outgoing`, for where a text goes."""
    ton, npi, written = outgoing(address, addressing)
    return (ton, npi, written) if addressing.destination is None else (*addressing.destination, written)


def outgoing(address: str, addressing: Addressing) -> tuple[int, int, str]:
    """Type, plan and octets for an address of ours: E.164 with plus, a short code, or a name."""
    digits = address.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return (*addressing.alphanumeric, address)
    if address[0] != "+" and len(digits) <= SHORT_CODE_MOST:
        return (*addressing.short, digits)
    return (*addressing.international, address if addressing.keep_plus else digits)


def incoming(ton: int, address: str, addressing: Addressing) -> str:
    """An address as we write it: with plus where it is international, as it came otherwise."""
    if address.startswith("+") or not (address.isascii() and address.isdigit()):
        return address
    if ton == _INTERNATIONAL:
        return f"+{address.removeprefix('00')}"
    if ton == _UNKNOWN and addressing.assume_international and 9 <= len(address) <= 15 and address[0] != "0":
        return f"+{address}"
    return address
