"""A text cut into the parts a radio carries, and put together again (3GPP TS 23.040 §9.2.3.24.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from tidings.text import graphemes, gsm7
from tidings.text.udh import build_concat

GSM7, UCS2, AUTO = "gsm7", "ucs2", "auto"
ENCODINGS = (AUTO, GSM7, UCS2)

MAX_PARTS = 255
GSM7_SINGLE, GSM7_PART = 160, 153
"""Septets of a lone segment, and of one with an 8-bit concatenation header."""
UCS2_SINGLE, UCS2_PART = 140, 134
"""Octets of the same: 70 and 67 UTF-16 units."""


class Segment(msgspec.Struct, frozen=True, gc=False):
    """One radio part: `payload` is user data without header, `udh` the header with its length octet or empty."""

    payload: bytes
    udh: bytes
    text: str


class Segmented(msgspec.Struct, frozen=True):
    """A text as it goes out. `gsm7` payloads hold one septet an octet, `ucs2` payloads are UTF-16BE."""

    encoding: str
    segments: tuple[Segment, ...]

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


def split(text: str, encoding: str = AUTO, reference: int = 0) -> Segmented:
    """Cut `text` into segments; the same arguments always give the same octets.

    `reference`: 0 to 255, in the header of every part of a long text. `auto` takes GSM 7-bit where all characters fit,
    else UCS-2. No escape pair or surrogate pair is cut, and no grapheme cluster that fits into a segment.

    Raises DoesNotFitError (a forced alphabet lacks characters) and TooManyPartsError.
    """
    encoding, payload = _encode(text, encoding)
    if len(payload) <= _single(encoding):
        return Segmented(encoding, (Segment(payload, b"", text),))
    pieces = list(_pieces(text, encoding, payload))
    return Segmented(
        encoding,
        tuple(
            Segment(piece, build_concat(reference, len(pieces), number), words)
            for number, (piece, words) in enumerate(pieces, 1)
        ),
    )


def count(text: str, encoding: str = AUTO) -> tuple[str, int]:
    """Encoding and number of segments of `text`, as `split` would have them; raises what it raises."""
    encoding, payload = _encode(text, encoding)
    if len(payload) <= _single(encoding):
        return encoding, 1
    return encoding, sum(1 for _ in _pieces(text, encoding, payload))


def join(segments: Iterable[Segment]) -> str:
    """The text that was split."""
    return "".join(segment.text for segment in segments)


def _single(encoding: str) -> int:
    return GSM7_SINGLE if encoding == GSM7 else UCS2_SINGLE


def _encode(text: str, encoding: str) -> tuple[str, bytes]:
    if encoding not in ENCODINGS:
        raise ValueError(f"No such encoding: {encoding}")
    if encoding != UCS2:
        octets = gsm7.encode(text)
        if octets is not None:
            return GSM7, octets
        if encoding == GSM7:
            raise DoesNotFitError(gsm7.unfit(text))
    try:
        return UCS2, text.encode("utf-16-be")
    except UnicodeEncodeError:
        raise DoesNotFitError([(i, c) for i, c in enumerate(text) if "\ud800" <= c <= "\udfff"]) from None


def _pieces(text: str, encoding: str, payload: bytes) -> Iterator[tuple[bytes, str]]:
    pieces = _gsm7_pieces(payload) if encoding == GSM7 else _ucs2_pieces(text, payload)
    for number, piece in enumerate(pieces, 1):
        if number > MAX_PARTS:
            raise TooManyPartsError
        yield piece


def _gsm7_pieces(payload: bytes) -> Iterator[tuple[bytes, str]]:
    """The alphabet has no combining characters, so escape pairs and CR LF are all that must stay together."""
    start = 0
    while start < len(payload):
        end = start + GSM7_PART
        if payload[end - 1 : end] == b"\x1b" or payload[end - 1 : end + 1] == b"\r\n":
            end -= 1
        piece = payload[start:end]
        yield piece, gsm7.decode(piece)
        start = end


def _ucs2_pieces(text: str, payload: bytes) -> Iterator[tuple[bytes, str]]:
    start = at = 0
    while at < len(payload):
        words = _whole_pairs(payload, at).decode("utf-16-be")
        end = _whole_clusters(text, start, start + len(words))
        words = text[start:end]
        piece = words.encode("utf-16-be")
        yield piece, words
        start, at = end, at + len(piece)


def _whole_pairs(payload: bytes, at: int) -> bytes:
    """As much as fits from `at` on without a lone high surrogate at the end."""
    end = at + UCS2_PART
    if end < len(payload) and 0xDC <= payload[end] <= 0xDF:
        end -= 2
    return payload[at:end]


def _whole_clusters(text: str, start: int, end: int) -> int:
    """`end`, or the nearest cluster boundary before it; `end` again where one cluster fills the whole segment."""
    if end >= len(text):
        return end
    cut = end
    while cut > start and graphemes.joined(text, cut, start):
        cut -= 1
    return cut if cut > start else end
