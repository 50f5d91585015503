"""A text cut into the parts a radio carries, and put together again (3GPP TS 23.040 §9.2.3.24.1).

What was chosen is told by two values alone, which are stored with a message: the name of its encoding tells the
alphabet, its reference the header. So each attempt gives the same octets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from tidings.text import graphemes, gsm7
from tidings.text.terms import PLAIN, Terms
from tidings.text.udh import Ports, concat_element, port_element, shift_elements

GSM7, UCS2, AUTO = "gsm7", "ucs2", "auto"
ENCODINGS = (AUTO, GSM7, UCS2)

MAX_PARTS = 255
OCTETS = 140
"""User data of one radio part, header included."""
WHOLE = -1
"""A reference that says: not cut here, the carrier does that (message_payload)."""
GSM7_SINGLE, GSM7_PART = 160, 153
"""Septets of a lone segment, and of one with an 8-bit concatenation header."""
UCS2_SINGLE, UCS2_PART = 140, 134
"""Octets of the same: 70 and 67 UTF-16 units."""
_MOST_CHARACTERS = MAX_PARTS * GSM7_PART
"""No alphabet holds more: what is longer is refused before it is looked at."""


class Segment(msgspec.Struct, frozen=True, gc=False):
    """One radio part: `payload` is user data without header, `udh` the header with its length octet or empty."""

    payload: bytes
    udh: bytes
    text: str


class Segmented(msgspec.Struct, frozen=True):
    """A text as it goes out. `gsm7…` payloads hold one septet an octet, `ucs2` payloads are UTF-16BE."""

    encoding: str
    """`ucs2`, `gsm7`, or `gsm7` with the national tables in use: see `gsm7.Codec.name`."""
    segments: tuple[Segment, ...]
    room: int = 0
    """Units that each segment could hold beside its header: septets (`gsm7…`) or UTF-16 units (`ucs2`)."""

    @property
    def count(self) -> int:
        """Number of segments."""
        return len(self.segments)


class DoesNotFitError(ValueError):
    """GSM 7-bit was asked for and some characters have no code in it; or the text holds half a surrogate pair."""

    def __init__(self, characters: list[tuple[int, str]]) -> None:
        """`characters`: position and character of each that does not fit."""
        self.characters = characters
        shown = ", ".join(f"U+{ord(c):04X} at {i}" for i, c in characters[:10])
        more = f" and {len(characters) - 10} more" if len(characters) > 10 else ""
        super().__init__(f"These characters cannot be encoded: {shown}{more}.")


class TooManyPartsError(ValueError):
    """The text needs more parts than a concatenation header can number."""

    def __init__(self) -> None:
        """The limit is `MAX_PARTS`."""
        super().__init__(f"The text needs more than {MAX_PARTS} segments.")


def is_gsm7(encoding: str) -> bool:
    """Whether an encoding's payloads are septets, whatever tables they are of."""
    return encoding.startswith(GSM7)


def units(encoding: str, payload: bytes) -> int:
    """Length of a payload in what its room is counted in: septets or UTF-16 units."""
    return len(payload) if is_gsm7(encoding) else len(payload) // 2


def split(text: str, encoding: str = AUTO, reference: int = 0, terms: Terms = PLAIN) -> Segmented:
    """Cut `text` into segments; the same arguments always give the same octets.

    `encoding`: `auto` takes what needs the fewest segments: GSM 7-bit where all characters fit, else UCS-2, and
    national tables only where `terms` allow them and they save a segment. `gsm7` is the default alphabet and nothing
    else; the name of an earlier result gives it again.
    `reference`: in the header of every part of a long text: 0 to 255 goes as 8 bits, 256 to 65535 as 16; WHOLE leaves
    the cutting to the carrier.
    No escape pair or surrogate pair is cut, and no grapheme cluster that fits into a segment; a longer one is cut
    between code points.

    Raises DoesNotFitError (a forced alphabet lacks characters), TooManyPartsError, and ValueError for what is no
    encoding.
    """
    if terms is PLAIN and len(text) <= 160 and encoding in ("auto", "gsm7"):
        septets = gsm7.encode(text)
        if septets is None:
            encoding = UCS2 if encoding == AUTO else encoding
        elif len(septets) <= 160:
            return Segmented("gsm7", (Segment(septets, b"", text),), 160)
    encoding, payload = _encode(text, encoding, reference, terms)
    form = _form(encoding, terms.ports)
    if len(payload) <= form.lone or reference == WHOLE:
        room = form.lone if form.septets else form.lone // 2
        return Segmented(encoding, (Segment(payload, form.header, text),), room)
    room = form.wide if reference > 0xFF else form.narrow
    pieces = list(_pieces(text, encoding, payload, room))
    elements, before = form.elements, _before_number(form, reference, len(pieces))
    return Segmented(
        encoding,
        tuple(
            [
                Segment(piece, before + _NUMBERS[number] + elements, words)
                for number, (piece, words) in enumerate(pieces, 1)
            ]
        ),
        room if form.septets else room // 2,
    )


def count(text: str, encoding: str = AUTO, reference: int = 0, terms: Terms = PLAIN) -> tuple[str, int]:
    """Encoding and number of segments of `text`, as `split` would have them; raises what it raises.

    For WHOLE: how many a carrier will make of it with headers of 8-bit references, as nearly all do.
    """
    if terms is PLAIN and len(text) <= 160 and encoding in ("auto", "gsm7"):
        septets = gsm7.encode(text)
        if septets is None:
            encoding = UCS2 if encoding == AUTO else encoding
        elif len(septets) <= 160:
            return "gsm7", 1
    encoding, payload = _encode(text, encoding, reference, terms)
    return encoding, _count(text, encoding, payload, reference, terms)


def suits(text: str, encoding: str, reference: int, terms: Terms) -> bool:
    """Whether a text that was cut under other terms is read under these as it was meant."""
    if reference == WHOLE and not terms.whole and count(text, encoding)[1] > 1:
        return False
    if encoding == GSM7:
        return terms.takes(text)
    return encoding == UCS2 or gsm7.allowed(encoding, terms.languages)


def unfit(text: str, terms: Terms = PLAIN) -> list[tuple[int, str]]:
    """Position and character of each that `gsm7` has no code for, or that the carrier's alphabet lacks."""
    return [(i, one) for i, one in enumerate(text) if one not in gsm7.KNOWN or not terms.takes(one)]


def join(segments: Iterable[Segment]) -> str:
    """The text that was split."""
    return "".join(segment.text for segment in segments)


def header(encoding: str, reference: int, parts: int, part: int, ports: Ports | None = None) -> bytes:
    """The user data header of a part as `split` makes it, with its length octet; empty where there is none."""
    form = _form(encoding, ports)
    if parts == 1 or reference == WHOLE:
        return form.header
    return _before_number(form, reference, parts) + _NUMBERS[part] + form.elements


_NUMBERS = [bytes((number,)) for number in range(MAX_PARTS + 1)]


def _before_number(form: _Form, reference: int, parts: int) -> bytes:
    """A header as far as it is the same in every part: its length, and the concatenation element up to the number."""
    element = concat_element(reference, parts, 0, wide=reference > 0xFF)
    return bytes((len(element) + len(form.elements),)) + element[:-1]


class _Form(msgspec.Struct, frozen=True, gc=False):
    """What every segment of an encoding has in common. Room: septets, or octets of UCS-2."""

    septets: bool
    elements: bytes
    """Of the header, beside concatenation."""
    header: bytes
    """That of a lone segment."""
    lone: int
    narrow: int
    """Room beside an 8-bit reference."""
    wide: int


@lru_cache(maxsize=512)
def _form(encoding: str, ports: Ports | None) -> _Form:
    alphabet = gsm7.named(encoding)
    septets = alphabet is not None
    elements = b"" if ports is None else port_element(ports)
    if alphabet is not None:
        locking, single = gsm7.LANGUAGES.get(alphabet.locking, 0), gsm7.LANGUAGES.get(alphabet.single, 0)
        elements += shift_elements(locking, single)

    def room(further: int) -> int:
        length = len(elements) + further
        octets = OCTETS - length - 1 if length else OCTETS
        return octets * 8 // 7 if septets else octets // 2 * 2

    return _Form(septets, elements, bytes((len(elements),)) + elements if elements else b"", room(0), room(5), room(6))


def _encode(text: str, encoding: str, reference: int, terms: Terms) -> tuple[str, bytes]:
    if len(text) > _MOST_CHARACTERS:
        raise TooManyPartsError
    if encoding in ("auto", "gsm7"):
        octets = gsm7.encode(text)
        if octets is not None and terms.takes(text):
            if encoding == GSM7 or not terms.languages:
                return GSM7, octets
            return _national(text, GSM7, octets, reference, terms)
        if encoding == GSM7:
            raise DoesNotFitError(unfit(text, terms))
        octets = _ucs2(text)
        return _national(text, UCS2, octets, reference, terms) if terms.languages else (UCS2, octets)
    if encoding == UCS2:
        return UCS2, _ucs2(text)
    alphabet = gsm7.named(encoding)
    if alphabet is None:
        raise ValueError(f"No such encoding: {encoding}")
    octets = alphabet.encode(text)
    if octets is None:
        raise DoesNotFitError([(i, c) for i, c in enumerate(text) if alphabet.encode(c) is None])
    return encoding, octets


def _ucs2(text: str) -> bytes:
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError:
        raise DoesNotFitError([(i, c) for i, c in enumerate(text) if "\ud800" <= c <= "\udfff"]) from None


def _national(text: str, encoding: str, payload: bytes, reference: int, terms: Terms) -> tuple[str, bytes]:
    """The same, or national tables where they take fewer segments: of those that take the fewest, the first."""
    try:
        fewest = _count(text, encoding, payload, reference, terms)
    except TooManyPartsError:
        fewest = MAX_PARTS + 1
    characters = set(text) if fewest > 1 else set()
    for alphabet in terms.alphabets:
        if fewest == 1:
            break
        if not alphabet.characters.issuperset(characters):
            continue
        form = _form(alphabet.name, terms.ports)
        # Every character takes a septet at least.
        if len(text) > (form.lone if fewest == 2 else form.narrow * (fewest - 1)):
            continue
        octets = alphabet.encode(text)
        if octets is None or len(octets) > max(form.lone, form.narrow * (fewest - 1)):
            continue
        segments = _count(text, alphabet.name, octets, reference, terms)
        if segments < fewest:
            fewest, encoding, payload = segments, alphabet.name, octets
    return encoding, payload


def _count(text: str, encoding: str, payload: bytes, reference: int, terms: Terms) -> int:
    form = _form(encoding, terms.ports)
    if len(payload) <= form.lone:
        return 1
    return sum(1 for _ in _pieces(text, encoding, payload, form.wide if reference > 0xFF else form.narrow))


def _pieces(text: str, encoding: str, payload: bytes, room: int) -> Iterator[tuple[bytes, str]]:
    if len(payload) > MAX_PARTS * room:
        raise TooManyPartsError
    if encoding == GSM7:
        pieces = _gsm7_pieces(payload, room)
    elif encoding == UCS2:
        pieces = _ucs2_pieces(text, payload, room)
    else:
        pieces = _shifted_pieces(text, encoding, payload, room)
    for number, piece in enumerate(pieces, 1):
        if number > MAX_PARTS:
            raise TooManyPartsError
        yield piece


def _gsm7_pieces(payload: bytes, room: int) -> Iterator[tuple[bytes, str]]:
    """The alphabet has no combining characters, so escape pairs and CR LF are all that must stay together."""
    start = 0
    while start < len(payload):
        end = start + room
        if payload[end - 1 : end] == b"\x1b" or payload[end - 1 : end + 1] == b"\r\n":
            end -= 1
        piece = payload[start:end]
        yield piece, gsm7.decode(piece)
        start = end


def _shifted_pieces(text: str, encoding: str, payload: bytes, room: int) -> Iterator[tuple[bytes, str]]:
    """National tables have combining characters, but none outside the Basic Multilingual Plane."""
    alphabet = gsm7.named(encoding)
    if alphabet is None:
        raise ValueError(f"No such encoding: {encoding}")

    def fits(cluster: str) -> bool:
        return len(alphabet.encode(cluster) or b"") <= room

    start = at = 0
    while at < len(payload):
        end = at + room
        if payload[end - 1 : end] == b"\x1b":
            end -= 1
        piece = payload[at:end]
        words = alphabet.decode(piece)
        cut = graphemes.boundary(text, start, start + len(words), fits, room)
        if cut != start + len(words):
            words = text[start:cut]
            piece = alphabet.encode(words) or b""
        yield piece, words
        start, at = cut, at + len(piece)


def _ucs2_pieces(text: str, payload: bytes, room: int) -> Iterator[tuple[bytes, str]]:
    def fits(cluster: str) -> bool:
        return len(cluster.encode("utf-16-be")) <= room

    start = at = 0
    while at < len(payload):
        piece = _whole_pairs(payload, at, room)
        words = piece.decode("utf-16-be")
        cut = graphemes.boundary(text, start, start + len(words), fits, room)
        if cut != start + len(words):
            words = text[start:cut]
            piece = words.encode("utf-16-be")
        yield piece, words
        start, at = cut, at + len(piece)


def _whole_pairs(payload: bytes, at: int, room: int) -> bytes:
    """As much as fits from `at` on without a lone high surrogate at the end."""
    end = at + room
    if end < len(payload) and 0xDC <= payload[end] <= 0xDF:
        end -= 2
    return payload[at:end]
