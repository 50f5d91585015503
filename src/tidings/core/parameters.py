"""What stands behind a keyword: typed parameters, read from left to right; a wrong one has a name and a sentence."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from tidings.core import fold
from tidings.core.fold import Word, folded, plain_digits
from tidings.core.message import Millis
from tidings.text.number import E164, Unusable, normal

Kind = Literal["word", "integer", "decimal", "money", "date", "time", "phone", "email", "choice", "rest"]
Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$", description="what templates call it")]
Alias = Annotated[str, Meta(min_length=1, max_length=64)]
Value = str | int | Decimal | dt.date | dict[str, Any] | None


class Parameter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, dict=True):
    """One thing that the text is to say, and what is taken for it."""

    name: Name
    type: Kind
    optional: Annotated[bool, Meta(description="may be left out; `default` then stands for it")] = False
    default: (
        Annotated[str, Meta(max_length=200, description="what stands for one left out, as a person would write it")]
        | None
    ) = None
    min: Annotated[
        float | None,
        Meta(description="the least `integer`, `decimal` or `money`; the fewest characters of a `word` or `rest`"),
    ] = None
    max: Annotated[float | None, Meta(description="likewise the most")] = None
    choices: Annotated[
        dict[Alias, Annotated[tuple[Alias, ...], Meta(max_length=20)]],
        Meta(max_length=100, description="of a `choice`: each with what else is taken for it"),
    ] = {}
    currencies: Annotated[
        tuple[Annotated[str, Meta(pattern="^[A-Z]{3}$")], ...],
        Meta(max_length=20, description="of `money`, by ISO 4217; the first stands where none is written"),
    ] = ()
    decimal: Annotated[
        Literal[".", ","], Meta(description="what stands before the decimals of a `decimal` or `money`")
    ] = "."
    order: Annotated[Literal["dmy", "mdy"], Meta(description="of the numbers of a `date`")] = "dmy"
    past: Annotated[bool, Meta(description="whether a `date` may be past")] = True
    region: Annotated[
        str, Meta(pattern="^([A-Z]{2})?$", description="where a `phone` without country code is at home (ISO 3166)")
    ] = ""

    @cached_property
    def known(self) -> Mapping[str, str]:
        """By what is taken for it, folded, the choice; where two have the same, the first of them."""
        return {
            " ".join([folded(part) for part in said.split()]): choice
            for choice, others in reversed(self.choices.items())
            for said in (choice, *others)
        }


ONLY_FOR: Mapping[str, tuple[str, ...]] = {
    "min": ("word", "integer", "decimal", "money", "rest"), "max": ("word", "integer", "decimal", "money", "rest"),
    "choices": ("choice",), "currencies": ("money",), "decimal": ("decimal", "money"), "order": ("date",),
    "past": ("date",), "region": ("phone",),
}  # fmt: skip
"""Types that a field says something of."""


class Trouble(msgspec.Struct, frozen=True):
    """What is wrong with a text: by name, of which parameter (None: of what stands behind them), and in a sentence."""

    name: str
    parameter: str | None
    detail: str


class Setting(msgspec.Struct, frozen=True):
    """What parameters are read against: the moment, and where people's clocks stand."""

    now: Millis
    zone: ZoneInfo | dt.timezone = dt.UTC

    @property
    def today(self) -> dt.date:
        """The day it is there."""
        return dt.datetime.fromtimestamp(self.now / 1000, self.zone).date()


MISSING = "missing"
TOO_MUCH = "too_much"
TROUBLES: dict[str, str] = {
    MISSING: "{name} is missing",
    TOO_MUCH: "there is more than was asked for: {said}",
    "no_integer": "{name} must be a whole number, not {said}",
    "no_decimal": "{name} must be a number, not {said}",
    "no_money": "{name} must be an amount of money, not {said}",
    "no_date": "{name} must be a date, not {said}",
    "no_time": "{name} must be a time of day, not {said}",
    "no_phone": "{name} must be a phone number, not {said}",
    "no_email": "{name} must be an e-mail address, not {said}",
    "no_choice": "{name} must be one of {choices}, not {said}",
    "wrong_currency": "{name} must be in {currencies}, not {said}",
    "too_small": "{name} must be at least {min}",
    "too_large": "{name} must be at most {max}",
    "too_short": "{name} must have at least {min} characters",
    "too_long": "{name} must have at most {max} characters",
    "past": "{name} must not be past",
}
"""Every name a trouble may have, with its sentence."""
SAID_MOST = 40


def _wrong(name: str, spec: Parameter, said: str = "") -> Trouble:
    said = said if len(said) <= SAID_MOST else said[: SAID_MOST - 1] + "…"
    detail = TROUBLES[name].format(
        name=spec.name, said=f"“{said}”", min=_bound(spec.min), max=_bound(spec.max), choices=", ".join(spec.choices),
        currencies=" or ".join(spec.currencies),
    )  # fmt: skip
    return Trouble(name, spec.name, detail)


def _bound(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if abs(value) < 1e6 else f"{Decimal(str(value)):f}".removesuffix(".0")


class Taken(msgspec.Struct, frozen=True):
    """A value, and how many words it took."""

    value: Value
    words: int = 1


def read(
    text: str, words: Sequence[Word], parameters: Sequence[Parameter], setting: Setting
) -> dict[str, Value] | Trouble:
    """The values of all parameters by name, or the first thing that is wrong.

    From left to right each takes as many words as it can use, and gives none back. One that may be left out and cannot
    use the next word is left out. `words` are those of `text` behind the keyword. Never raises.
    """
    values: dict[str, Value] = {}
    left_out: Trouble | None = None
    at = 0
    for spec in parameters:
        if at == len(words):
            if not spec.optional:
                return left_out or _wrong(MISSING, spec)
            values[spec.name] = by_default(spec, setting)
            continue
        got = _READERS[spec.type](text, words[at:], spec, setting)
        if isinstance(got, Taken):
            values[spec.name] = got.value
            at += got.words
        elif spec.optional:
            left_out = left_out or got
            values[spec.name] = by_default(spec, setting)
        else:
            return got
    if at < len(words):
        more = text[words[at].at :].strip()
        return left_out or Trouble(TOO_MUCH, None, TROUBLES[TOO_MUCH].format(said=f"“{more[:SAID_MOST]}”"))
    return values


def one(said: str, spec: Parameter, setting: Setting) -> Value | Trouble:
    """One parameter that is all of a text, as a group of a regular expression caught it."""
    needed = msgspec.structs.replace(spec, optional=False) if spec.optional else spec
    got = read(said, fold.words(said), [needed], setting)
    return got if isinstance(got, Trouble) else got[spec.name]


def by_default(spec: Parameter, setting: Setting) -> Value:
    """What stands for a parameter that was left out."""
    if spec.default is None:
        return None
    got = one(spec.default, spec, setting)
    return None if isinstance(got, Trouble) else got


_Reader = Callable[[str, Sequence[Word], Parameter, Setting], Taken | Trouble]


def _within(value: int | Decimal, spec: Parameter) -> Trouble | None:
    if spec.min is not None and value < spec.min:
        return _wrong("too_small", spec)
    return _wrong("too_large", spec) if spec.max is not None and value > spec.max else None


def _of_length(value: str, spec: Parameter) -> Trouble | None:
    if spec.min is not None and len(value) < spec.min:
        return _wrong("too_short", spec)
    return _wrong("too_long", spec) if spec.max is not None and len(value) > spec.max else None


def _word(text: str, words: Sequence[Word], spec: Parameter, setting: Setting) -> Taken | Trouble:
    value = words[0].text.strip(",;:!?\"'“”„«»").rstrip(".") or words[0].text
    return _of_length(value, spec) or Taken(value)


def _rest(text: str, words: Sequence[Word], spec: Parameter, setting: Setting) -> Taken | Trouble:
    value = text[words[0].at :].strip()
    return _of_length(value, spec) or Taken(value, len(words))


_INTEGER = re.compile(r"([+-]?)(\d{1,18}|\d{1,3}(?:[.,' ]\d{3}){1,5})\.?\Z", re.ASCII)
_EDGES = ".:;!?\"'()“”"


def _integer(text: str, words: Sequence[Word], spec: Parameter, setting: Setting) -> Taken | Trouble:
    found = _INTEGER.match(plain_digits(words[0].text).strip(_EDGES + "#"))
    if found is None:
        return _wrong("no_integer", spec, words[0].text)
    value = int(found[1] + re.sub(r"\D", "", found[2]))
    return _within(value, spec) or Taken(value)


_NUMBER = re.compile(r"[+-]?\d[\d.,']{0,30}\Z|[+-]?[.,]\d{1,18}\Z", re.ASCII)
_CENTS = re.compile(r"[+-]?\d{0,18}(?:\.\d{1,18})?\Z", re.ASCII)


def _number(said: str, point: str) -> Decimal | None:
    """A number with decimals. The other sign groups thousands; where it cannot, it is taken for the decimal one."""
    if not _NUMBER.match(said):
        return None
    other = "," if point == "." else "."
    said = said.replace("'", "")
    whole, _, cents = said.partition(point)
    if other in whole:
        if re.fullmatch(rf"[+-]?\d{{1,3}}(?:\{other}\d{{3}})+", whole, re.ASCII):
            whole = whole.replace(other, "")
        elif not cents and whole.count(other) == 1:
            whole, _, cents = whole.partition(other)
        else:
            return None
    plain = f"{whole or '0'}.{cents}" if cents else whole
    return Decimal(plain) if _CENTS.match(plain) and plain.strip("+-") else None


def _decimal(text: str, words: Sequence[Word], spec: Parameter, setting: Setting) -> Taken | Trouble:
    value = _number(_unpointed(plain_digits(words[0].text)), spec.decimal)
    if value is None:
        return _wrong("no_decimal", spec, words[0].text)
    return _within(value, spec) or Taken(value)


def _unpointed(said: str) -> str:
    """Without the full stop of a sentence, and what else stands around a number."""
    return said.rstrip(_EDGES + ",").lstrip(":;!?\"'()“”")


SIGNS = {
    "€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₴": "UAH",
    "₦": "NGN", "₱": "PHP", "₫": "VND", "₪": "ILS", "zł": "PLN", "kč": "CZK", "kr": "SEK", "fr": "CHF", "r": "ZAR",
    "r$": "BRL", "ksh": "KES",
}  # fmt: skip
"""Signs of currencies, with the currency that each means by itself; a `$` is any dollar that is asked for."""
_MONEY = re.compile(
    r"(?P<before>[^\d+.,\s-]{0,4})\s?(?P<amount>[+-]?[\d.,'][\d.,']*)\s?(?P<after>[^\d.,\s]{0,4})[.!?]?\Z"
)


def _money(text: str, words: Sequence[Word], spec: Parameter, setting: Setting) -> Taken | Trouble:
    for count in (2, 1):
        if len(words) < count:
            continue
        said = " ".join([plain_digits(one.text) for one in words[:count]])
        found = _MONEY.match(said)
        if found is None or (count == 2 and not (found["before"] or found["after"])):
            continue
        amount = _number(found["amount"].rstrip(".,"), spec.decimal)
        if amount is None or (found["before"] and found["after"]):
            continue
        sign = found["before"] or found["after"]
        currency = _currency(sign, spec.currencies)
        if currency is None:
            if count == 2:
                continue  # the second word may be another parameter's
            return _wrong("wrong_currency" if spec.currencies else "no_money", spec, sign)
        return _within(amount, spec) or Taken({"amount": amount, "currency": currency}, count)
    return _wrong("no_money", spec, words[0].text)


def _currency(sign: str, wanted: Sequence[str]) -> str | None:
    if not sign:
        return wanted[0] if wanted else ""
    found = SIGNS.get(sign.lower(), sign.upper())
    if sign == "$" and wanted and found not in wanted:
        found = next((one for one in wanted if one.endswith("D")), found)
    if sign.lower() == "kr" and wanted and found not in wanted:
        found = next((one for one in wanted if one.endswith("K")), found)
    if not re.fullmatch("[A-Z]{3}", found) or (wanted and found not in wanted):
        return None
    return found


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_ISO = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})\Z", re.ASCII)
_NUMERIC = re.compile(r"(\d{1,2})\s?[-./]\s?(\d{1,2})(?:\s?[-./]\s?(\d{4}|\d{2})?)?\Z", re.ASCII)
_NAMED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[. -]{0,2}([a-z]{3,9})\.?(?:[ -](\d{4}|\d{2}))?\Z", re.ASCII)
_NAMED_FIRST = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?(?: (\d{4}|\d{2}))?\Z", re.ASCII)


def _date(text: str, words: Sequence[Word], spec: Parameter, setting: Setting) -> Taken | Trouble:
    for count in (3, 2, 1):
        if len(words) < count:
            continue
        said = " ".join([plain_digits(one.text) for one in words[:count]]).strip(":;!?\"'()“”,").lower()
        value = _day(said, spec.order, setting.today)
        if value is not None:
            if not spec.past and value < setting.today:
                return _wrong("past", spec)
            return Taken(value, count)
    return _wrong("no_date", spec, words[0].text)


def _day(said: str, order: str, today: dt.date) -> dt.date | None:
    if said in ("today", "tomorrow"):
        return today + dt.timedelta(days=said == "tomorrow")
    if found := _ISO.match(said.rstrip(".")):
        return _real(int(found[1]), int(found[2]), int(found[3]))
    if found := _NUMERIC.match(said):
        day, month = (found[1], found[2]) if order == "dmy" else (found[2], found[1])
        return _of_year(found[3], int(month), int(day), today)
    if found := _NAMED.match(said):
        return _named(found[2], found[1], found[3], today)
    if found := _NAMED_FIRST.match(said):
        return _named(found[1], found[2], found[3], today)
    return None


def _named(month: str, day: str, year: str | None, today: dt.date) -> dt.date | None:
    number = next(
        (at for at, (short, full) in enumerate(zip(_MONTHS, _FULL_MONTHS, strict=True), 1)
         if month in (short, full, "sept" if at == 9 else short)), 0
    )  # fmt: skip
    return _of_year(year, number, int(day), today) if number else None


def _of_year(year: str | None, month: int, day: int, today: dt.date) -> dt.date | None:
    """Without a year the next such day; a year of two digits is one from 1970 to 2069."""
    if year is not None:
        number = int(year)
        return _real(number if len(year) == 4 else number + (1900 if number >= 70 else 2000), month, day)
    # Eight years hold a 29th of February, whatever century ends in them.
    days = (_real(year, month, day) for year in range(today.year, min(today.year + 9, dt.MAXYEAR + 1)))
    return next((one for one in days if one is not None and one >= today), None)


def _real(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?\s?(h|a\.?m\.?|p\.?m\.?)?\Z", re.ASCII)
_FOUR = re.compile(r"(\d{2})(\d{2})(h)?\Z", re.ASCII)


def _time(text: str, words: Sequence[Word], spec: Parameter, setting: Setting) -> Taken | Trouble:
    for count in (2, 1):
        if len(words) < count:
            continue
        said = " ".join([plain_digits(one.text) for one in words[:count]]).strip(":;!?\"'()“”,").lower()
        value = _clock(said)
        if value is not None:
            return Taken(value, count)
    return _wrong("no_time", spec, words[0].text)


def _clock(said: str) -> str | None:
    """A time of day as `14:30`; 12 am is midnight, 12 pm noon, and an hour alone needs its am, pm or h."""
    found = _CLOCK.match(said) or _CLOCK.match(said.rstrip(".")) or _FOUR.match(said)
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").replace(".", "")
    if half in ("am", "pm"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif found[2] is None and half != "h":
        return None
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None


_OF_NUMBERS = re.compile(r"[+\d().\-/ ]+\Z")


def _phone(text: str, words: Sequence[Word], spec: Parameter, setting: Setting) -> Taken | Trouble:
    plain = [plain_digits(one.text).strip(":;!?\"'") for one in words[:8]]
    most = next((at for at, one in enumerate(plain) if not _OF_NUMBERS.match(one)), len(plain))
    for count in range(most, 0, -1):
        got = normal(" ".join(plain[:count]), spec.region)
        if not isinstance(got, Unusable) and E164.match(got):
            return Taken(got, count)
    return _wrong("no_phone", spec, words[0].text)


_EMAIL = re.compile(
    r"[^@\s\"'<>()\[\],;:\\]{1,64}@((?:[^@\s.\"'<>()\[\],;:\\]{1,63}\.)+[^@\s.\d\"'<>()\[\],;:\\]{2,63})\Z"
)


def _email(text: str, words: Sequence[Word], spec: Parameter, setting: Setting) -> Taken | Trouble:
    said = words[0].text.strip("<>\"'(),;:!?.")
    if len(said) > 254 or not _EMAIL.match(said) or ".." in said or said.startswith("."):
        return _wrong("no_email", spec, words[0].text)
    local, _, domain = said.rpartition("@")
    return Taken(f"{local}@{domain.lower()}")


def _choice(text: str, words: Sequence[Word], spec: Parameter, setting: Setting) -> Taken | Trouble:
    said = [folded(one.text) for one in words[:4]]
    for count in range(len(said), 0, -1):
        value = spec.known.get(" ".join(said[:count]))
        if value is not None:
            return Taken(value, count)
    return _wrong("no_choice", spec, words[0].text)


_READERS: dict[str, _Reader] = {
    "word": _word, "integer": _integer, "decimal": _decimal, "money": _money, "date": _date, "time": _time,
    "phone": _phone, "email": _email, "choice": _choice, "rest": _rest,
}  # fmt: skip

EXAMPLES: dict[str, str] = {
    "word": "Anna", "integer": "7", "decimal": "2.5", "money": "12", "date": "2030-12-24", "time": "14:30",
    "phone": "+15551230100", "email": "anna@example.com", "rest": "see you there",
}  # fmt: skip
"""A value of each type, for trying templates; of a choice its first."""
