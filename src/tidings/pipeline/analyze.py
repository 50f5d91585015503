"""What a text costs and why: encoding, cuts, the characters that make it dear, and what would make it cheaper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from tidings.core.request import Fault, Invalid
from tidings.pipeline import pages, route
from tidings.pipeline.house import House
from tidings.pipeline.preview import Cut, cuts_of
from tidings.text import gsm7
from tidings.text.html import Readable
from tidings.text.number import normal
from tidings.text.segments import AUTO, DoesNotFitError, TooManyPartsError, count, is_gsm7, split
from tidings.text.smart import Replaced, look_alikes, smart
from tidings.text.terms import PLAIN, Terms

MOST_CHARACTERS = 1_000_000
"""The longest text that is looked at."""
_LONGEST_SENT = 40_000
"""No longer text can be sent: of what is longer no more is looked at."""
SHOWN_MOST = 100


class Driver(msgspec.Struct, frozen=True):
    """A character that makes the text dear."""

    character: str
    codepoint: str
    count: int
    at: int
    """Position of the first, in Unicode characters from 0."""
    instead: str | None
    """A look-alike in GSM-7, empty where it may simply go; None where there is none."""


class Drivers(msgspec.Struct, frozen=True):
    """Characters of one kind, the most frequent first, and what they cost together."""

    characters: tuple[Driver, ...]
    """The first `SHOWN_MOST` of them."""
    distinct: int
    count: int
    extra_segments: int | None
    """Segments fewer if one plain letter stood for each; None where the text cannot be sent."""


class Smarter(msgspec.Struct, frozen=True):
    """The text as smart encoding would send it."""

    text: str
    encoding: str
    segments: int
    replaced: tuple[Replaced, ...]
    """The first `SHOWN_MOST` of them."""
    replaced_count: int
    transliterated: bool


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """What would be sent, and what it costs."""

    text: str
    why_not: str | None
    """Why it cannot be sent; None where it can. Then there are no cuts and no encoding."""
    encoding: str | None
    cuts: tuple[Cut, ...]
    forcing: Drivers
    """Characters that GSM-7 lacks, or the carrier's alphabet in its place."""
    doubled: Drivers
    """Characters of GSM-7's extension, which take two septets."""
    smarter: Smarter | None
    """None where smart encoding changes nothing."""
    page: Readable | None


def analyze(
    house: House, text: str | None, html: str | None, *, encoding: str = AUTO, to: str | None = None,
    transliterate: bool = False,
) -> Analysis | Invalid:  # fmt: skip
    """Look at one of `text` and `html` as accept would, with the carrier in force; `to`: a number, for its tables."""
    page = None
    if (text is None) == (html is None):
        return Invalid((Fault("/text", "give one of `text` and `html`"),))
    if html is not None:
        read = pages.read_one(house, html)
        if read is None:
            return Invalid((Fault("/html", f"must have at most {house.settings.limits.html_characters} characters"),))
        page, text = read, read.text
    if not text:
        return Invalid((Fault("/text" if html is None else "/html", "holds no text"),))
    terms = house.terms_of(route.choose(house.carriers))
    if to is not None:
        number = normal(to, house.settings.default_region)
        if not isinstance(number, str):
            return Invalid((Fault("/to", number.why),))
        terms = terms.towards(number)
    return look(text, encoding, terms, transliterate, page)


def look(
    text: str, encoding: str = AUTO, terms: Terms = PLAIN, transliterate: bool = False, page: Readable | None = None
) -> Analysis:
    """The same of a text alone."""
    taken, cuts, why_not = _sent(text, encoding, terms)
    return Analysis(
        text=text, why_not=why_not, encoding=taken, cuts=cuts, page=page,
        forcing=_forcing(text[:_LONGEST_SENT], encoding, terms, taken, len(cuts)),
        doubled=_doubled(text, terms, taken, len(cuts)),
        smarter=_smarter(text, encoding, terms, transliterate),
    )  # fmt: skip


def _sent(text: str, encoding: str, terms: Terms) -> tuple[str | None, tuple[Cut, ...], str | None]:
    """Encoding and cuts, or why there are none."""
    if (at := text.find("\0")) >= 0:
        return None, (), f"It holds U+0000, which no text may hold, at position {at}."
    try:
        # What a carrier will cut is shown as its cuts will fall.
        cut = split(text, encoding, max(0, terms.reference(0)), terms)
    except (DoesNotFitError, TooManyPartsError) as fault:
        return None, (), str(fault)
    return cut.encoding, cuts_of(cut), None


def _forcing(text: str, encoding: str, terms: Terms, taken: str | None, segments: int) -> Drivers:
    if taken is not None and is_gsm7(taken):
        return _NONE
    lacking = Counter({one: n for one, n in Counter(text).items() if one not in gsm7.KNOWN or not terms.takes(one)})
    extra = None
    if taken is not None and lacking:
        plain = text.translate(dict.fromkeys(map(ord, lacking), "x"))
        extra = 0 if encoding == "ucs2" else segments - _segments(plain, AUTO, terms, segments)
    return _drivers(text, lacking, extra)


def _doubled(text: str, terms: Terms, taken: str | None, segments: int) -> Drivers:
    """In UCS-2 and in national tables nothing is dear for this reason."""
    if taken != "gsm7":
        return _NONE
    twice = Counter({one: text.count(one) for one in gsm7.EXTENSION.values() if one in text})
    if not twice:
        return _NONE
    plain = text.translate(dict.fromkeys(map(ord, twice), "x"))
    return _drivers(text, twice, segments - _segments(plain, "gsm7", terms, segments))


def _segments(text: str, encoding: str, terms: Terms, otherwise: int) -> int:
    try:
        return count(text, encoding, terms.reference(0), terms)[1]
    except (DoesNotFitError, TooManyPartsError):
        return otherwise


def _drivers(text: str, found: Counter[str], extra: int | None) -> Drivers:
    shown = tuple(
        Driver(one, f"U+{ord(one):04X}", n, text.index(one), look_alikes().get(ord(one)))
        for one, n in found.most_common(SHOWN_MOST)
    )
    return Drivers(shown, len(found), found.total(), extra)


_NONE = Drivers((), 0, 0, 0)


def _smarter(text: str, encoding: str, terms: Terms, transliterate: bool) -> Smarter | None:
    if encoding == "ucs2" or len(text) > _LONGEST_SENT or "\0" in text:
        return None
    better = smart(text, transliterate=transliterate, terms=terms)
    if not better.replaced:
        return None
    try:
        taken, segments = count(better.text, encoding, terms.reference(0), terms)
    except (DoesNotFitError, TooManyPartsError):
        return None
    return Smarter(
        better.text, taken, segments, better.replaced[:SHOWN_MOST], len(better.replaced), better.transliterated
    )


def room(cuts: Iterable[Cut]) -> tuple[int, int]:
    """Units in all, and how many more the last segment has room for."""
    used = [(cut.units, cut.room) for cut in cuts]
    return sum(units for units, _ in used), used[-1][1] - used[-1][0] if used else 0
