"""Numbers as people write them, as E.164 or short codes; and which names may stand as senders.

The usual case is one pattern: what is plain E.164 is taken by its length alone (ITU-T E.164 section 6: a country code
and at most 15 digits), so that new and fictional ranges go through. National numbers are read by libphonenumber, which
is loaded when it is first needed.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")
SHORT_CODE = re.compile(r"[0-9]{3,8}\Z")
ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 &._-]{0,10}\Z")

_BETWEEN = r" \u00a0\u202f().\-\u2010\u2011\u2013/"
WRITTEN = re.compile(rf" ?(?:\+|00)[{_BETWEEN}]?[1-9](?:[{_BETWEEN}]{{0,2}}[0-9]){{6,14}} ?\Z")
"""An international number with what people put between digits: blanks, dots, dashes, slashes and brackets."""
_SEPARATORS = re.compile(f"[{_BETWEEN}]")
_TRUNK = re.compile(rf"\([{_BETWEEN}]*0[{_BETWEEN}]*\)")
"""+44 (0)20 …: the nought is dialled inside the country only."""
_MOST_DIGITS, _LEAST_DIGITS = 15, 7
LONGEST = 32
"""Characters of a number as written."""


class Unusable(msgspec.Struct, frozen=True):
    """What is wrong with a number, and what to do about it; reads on from the field's name."""

    why: str


def normal(written: str, region: str = "") -> str | Unusable:
    """The number as E.164 or as a short code; `region` (ISO 3166) is where a national number is at home.

    Without a region only what has its country code is a number; 3 to 8 digits are a short code.
    """
    if E164.match(written) or (not region and SHORT_CODE.match(written)):
        return written
    return _read(written, region)


def is_region(region: str) -> bool:
    """Whether libphonenumber knows the region, by its two capital letters."""
    from phonenumbers import SUPPORTED_REGIONS

    return region in SUPPORTED_REGIONS


def is_sender(sender: str) -> bool:
    """Whether a text may come from this address: E.164, short code or alphanumeric."""
    return bool(E164.match(sender) or SHORT_CODE.match(sender) or ALPHANUMERIC.match(sender))


def sender_of(written: str, region: str = "") -> str | Unusable:
    """A sender as it is stored: a name as it stands, a number as `normal` has it."""
    return written if ALPHANUMERIC.match(written) else normal(written, region)


def is_name(sender: str) -> bool:
    """Whether a sender is alphanumeric: handsets cannot answer it, and some countries do not take it."""
    return not sender.lstrip("+").isdigit()


@lru_cache(maxsize=4096)
def likely(number: str) -> bool:
    """Whether an E.164 number lies in a range that libphonenumber knows; new and fictional ranges do not."""
    if number[0] != "+":
        return False
    import phonenumbers

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


@lru_cache(maxsize=4096)
def _read(written: str, region: str) -> str | Unusable:
    if len(written) > LONGEST:
        return Unusable(f"must be at most {LONGEST} characters")
    if odd := _odd(written):
        return odd
    digits = _SEPARATORS.sub("", written)
    if digits.startswith("+"):
        return _international(written)
    short = _is_short(digits, written)
    if region and not (short and _national(digits, region, valid=True) is None):
        return _national(digits, region) or _foreign(written) or _refused(digits, region)
    if short:
        return digits if not region or len(digits) < _LEAST_DIGITS or not _lacks_area(digits, region) else _LACKS_AREA
    return _foreign(written) or (_NO_COUNTRY if len(digits) >= _LEAST_DIGITS else _NO_NUMBER)


def _is_short(digits: str, written: str) -> bool:
    """Nobody puts blanks and dashes into a short code of more than 6 digits: that is part of a number."""
    return bool(SHORT_CODE.match(digits)) and (
        digits == written or (len(digits) < _LEAST_DIGITS and digits[:2] != "00")
    )


_HOW_SHORT = "; a short code has 3 to 8 digits"
_NO_COUNTRY = Unusable(
    f"has no country code: write E.164, like +15551230100, or have a `default_region` set{_HOW_SHORT}"
)
_NO_NUMBER = Unusable(f"must be E.164, like +15551230100{_HOW_SHORT}")
_LACKS_AREA = Unusable("lacks its area code: write E.164, like +15551230100")


def _odd(written: str) -> Unusable | None:
    """The first character that no number has."""
    for at, one in enumerate(written):
        if one == "+" and not _SEPARATORS.sub("", written[:at]):
            continue
        if not ("0" <= one <= "9" or _SEPARATORS.match(one)):
            what = f"has U+{ord(one):04X} at position {at}, which no number has"
            return Unusable(f"{what}: write E.164, like +15551230100{_HOW_SHORT}")
    return None


def _international(plain: str) -> str | Unusable:
    for form in (_TRUNK.sub("", plain), plain):
        number = _SEPARATORS.sub("", form)
        if E164.match(number):
            return number
    number = _SEPARATORS.sub("", plain)
    if number[1:2] in ("", "0"):
        return Unusable("must have a country code behind the plus, which never begins with 0, like +15551230100")
    return Unusable(
        f"has {len(number) - 1} digits; a number with its country code has {_LEAST_DIGITS} to {_MOST_DIGITS}, "
        "like +15551230100"
    )


def _foreign(plain: str) -> str | None:
    """00 in place of the plus, as most of the world dials."""
    if not _SEPARATORS.sub("", plain).startswith("00"):
        return None
    number = _international("+" + plain.replace("0", "", 1).replace("0", "", 1))
    return number if isinstance(number, str) else None


def _national(digits: str, region: str, valid: bool = False) -> str | None:
    """E.164 of a number as dialled in the region, if it may be one (or, `valid`, lies in a known range)."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    whole = phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
    if not (phonenumbers.is_valid_number(parsed) if valid else whole):
        return None
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return number if E164.match(number) else None


def _lacks_area(digits: str, region: str) -> bool:
    return _possible(digits, region) == "IS_POSSIBLE_LOCAL_ONLY"


def _possible(digits: str, region: str) -> str:
    """What libphonenumber says of the length, by the name it has for that."""
    import phonenumbers

    names = {value: name for name, value in vars(phonenumbers.ValidationResult).items() if name.isupper()}
    try:
        return names[phonenumbers.is_possible_number_with_reason(phonenumbers.parse(digits, region))]
    except phonenumbers.NumberParseException:
        return "INVALID_LENGTH"


def _refused(digits: str, region: str) -> Unusable:
    found = _possible(digits, region)
    if found == "IS_POSSIBLE_LOCAL_ONLY":
        return _LACKS_AREA
    length = {"TOO_SHORT": "is too short", "TOO_LONG": "is too long"}.get(found, "has the wrong length")
    return Unusable(
        f"{length} for a number of {region} (`default_region`): check it, or write E.164, like +15551230100{_HOW_SHORT}"
    )
