"""What a data_coding octet says of the octets beside it (SMPP 3.4 §5.2.19, 3GPP TS 23.038 §4)."""

from __future__ import annotations

from tidings.text import gsm7
from tidings.text.udh import shifts

_PLAIN = {0x01: "ascii", 0x03: "latin1", 0x08: "ucs2", 0x00: "gsm7"}
_GROUP_ALPHABETS = ("gsm7", "binary", "ucs2", "gsm7")


_ONLY_GSM7 = bytes(code for code in range(0x20) if code not in (0x0A, 0x0D))
"""Codes that are letters in the GSM alphabet and controls in ASCII."""


def marked_ascii(octets: bytes) -> str:
    """What octets are that somebody marks as ASCII: `gsm7` where they hold letters that only that alphabet has.

    Several systems mark the GSM alphabet so; its letters below 0x20 give them away.
    """
    return "gsm7" if len(octets.translate(None, _ONLY_GSM7)) != len(octets) else "ascii"


def encoding(data_coding: int) -> str:
    """`gsm7`, `ucs2`, `latin1`, `ascii` or `binary`; whatever is not known to be text is binary."""
    if data_coding < 0x10:
        return _PLAIN.get(data_coding, "binary")
    if data_coding < 0x80:  # general groups (bit 6: to be deleted): bits 3 and 2 name the alphabet, bit 5 compression
        return "binary" if data_coding & 0x20 else _GROUP_ALPHABETS[data_coding >> 2 & 3]
    if data_coding >= 0xF0:  # class group: bit 2 tells data from text
        return "binary" if data_coding & 0x04 else "gsm7"
    if data_coding >= 0xC0:  # message waiting: discard and store in the default alphabet, store in UCS-2
        return "ucs2" if data_coding >= 0xE0 else "gsm7"
    return "binary"


_NAMED = {
    0x05: "JIS X 0208", 0x06: "ISO 8859-5", 0x07: "ISO 8859-8", 0x09: "pictograms", 0x0A: "ISO-2022-JP",
    0x0D: "JIS X 0212", 0x0E: "KS C 5601",
}  # fmt: skip


def unreadable(data_coding: int) -> str:
    """Why octets of a text cannot be read, as far as this octet tells; "" where they can be, or are no text."""
    if encoding(data_coding) != "binary" or data_coding in (0x02, 0x04) or data_coding >= 0xF0:
        return ""
    coding = f"data_coding 0x{data_coding:02x}"
    if 0x10 <= data_coding < 0x80:
        return f"{coding} says that the text is compressed" if data_coding & 0x20 else ""
    return f"{coding} ({_NAMED[data_coding]}) is not read" if data_coding in _NAMED else f"{coding} is reserved"


def alphabet(udh: bytes) -> gsm7.Codec:
    """The GSM 7-bit alphabet that a header (with its length octet) shifts to; the default one where it does not."""
    return gsm7.shifted(*shifts(udh)) if udh else gsm7.codec()


def decode(octets: bytes, data_coding: int, udh: bytes = b"") -> str:
    """Best-effort text of user data behind a header, never raising; binary shows as hexadecimal digits."""
    match encoding(data_coding):
        case "gsm7":
            return alphabet(udh).decode(octets)
        case "ucs2":
            return octets.decode("utf-16-be", "replace")
        case "latin1":
            return octets.decode("latin-1")
        case "ascii":
            return octets.decode("ascii", "replace")
    return octets.hex()
