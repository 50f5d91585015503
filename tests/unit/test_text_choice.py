"""What a text goes as: exact, never torn, of the promised size, and in as few segments as there can be."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import msgspec
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.text import gsm7, segments, udh
from tidings.text.data_coding import alphabet
from tidings.text.gsm7 import LANGUAGES, LOCKING, SINGLE
from tidings.text.packing import fill_bits, pack
from tidings.text.segments import WHOLE
from tidings.text.terms import DESTINATIONS, PLAIN, Terms
from tidings.text.udh import Ports

X = regex.compile(r"\X")
ALL = Terms(languages=tuple(LANGUAGES))
NEAR = Ports(240, 255, wide=False)
FORMS = [
    (0, None), (255, None), (256, None), (65535, None), (7, Ports(2948, 9200)), (300, Ports(1, 65535)), (7, NEAR),
    (300, NEAR),
]  # fmt: skip
"""References of both widths, without ports and with those of either width."""

TURKISH = "Sayın müşterimiz, şifreniz değiştirildi. Bu işlemi siz yapmadıysanız lütfen bizi arayın. İyi günler. "
PORTUGUESE = "Olá! A sua encomenda já está a caminho; não é preciso fazer mais nada. Obrigado pela confiança, João. "
BENGALI = "আপনার অর্ডারটি পাঠানো হয়েছে এবং আগামীকাল পৌঁছাবে. "
HINDI = "आपका ऑर्डर भेज दिया गया है और कल तक पहुँच जाएगा। "

TAKEN: list[tuple[str, str, Terms, tuple[str, int]]] = [
    ("Turkish", (TURKISH * 3)[:200], PLAIN, ("ucs2", 3)),
    ("Turkish", (TURKISH * 3)[:200], Terms(languages=("tr",)), ("gsm7+single-tr", 2)),
    ("Portuguese", (PORTUGUESE * 3)[:240], PLAIN, ("ucs2", 4)),
    ("Portuguese", (PORTUGUESE * 3)[:240], Terms(languages=("pt",)), ("gsm7+single-pt", 2)),
    ("Bengali", (BENGALI * 3)[:140], PLAIN, ("ucs2", 3)),
    ("Bengali", (BENGALI * 3)[:140], Terms(languages=("bn",)), ("gsm7+locking-bn", 1)),
    ("Hindi", (HINDI * 6)[:260], PLAIN, ("ucs2", 4)),
    ("Hindi", (HINDI * 6)[:260], Terms(languages=("hi",)), ("gsm7+locking-hi+single-hi", 2)),
    ("a language nobody asked for", (TURKISH * 3)[:200], Terms(languages=("pt", "hi")), ("ucs2", 3)),
    ("no segment saved: UCS-2 stays", "ğ" * 70, Terms(languages=("tr",)), ("ucs2", 1)),
    ("… nor where pairs leave a septet of each empty", "á" * 149, Terms(languages=("es",)), ("ucs2", 3)),
    ("one more is saved", "ğ" * 71, Terms(languages=("tr",)), ("gsm7+single-tr", 1)),
    ("what fits GSM-7 may still be dear", "€" * 155, PLAIN, ("gsm7", 3)),
    ("a table where the sign is cheap", "€" * 155, Terms(languages=("tr",)), ("gsm7+locking-tr", 1)),
    ("plain text wants no tables", "a" * 1000, ALL, ("gsm7", 7)),
    ("emoji are in no table", TURKISH + "🎉", ALL, ("ucs2", 2)),
    ("what Latin-1 lacks", "10 €", Terms(repertoire="latin-1"), ("ucs2", 1)),
    ("what Latin-1 has", "café £5", Terms(repertoire="latin-1"), ("gsm7", 1)),
    ("what ASCII lacks", "é", Terms(repertoire="ascii"), ("ucs2", 1)),
    ("what ASCII has and GSM-7 lacks", "`", Terms(repertoire="ascii"), ("ucs2", 1)),
]


@pytest.mark.parametrize(("why", "text", "terms", "expected"), TAKEN)
def test_what_is_taken(why: str, text: str, terms: Terms, expected: tuple[str, int]) -> None:
    cut = segments.split(text, terms=terms)
    assert (cut.encoding, cut.count) == segments.count(text, terms=terms) == expected
    assert segments.join(cut.segments) == text


@pytest.mark.parametrize("encoding", ["gsm7", "gsm7+single-tr", "gsm7+locking-ur+single-ur"])
def test_a_forced_alphabet_names_what_does_not_fit(encoding: str) -> None:
    with pytest.raises(segments.DoesNotFitError, match=r"U\+4E2D at 2") as caught:
        segments.split("ab中\U0001f600", encoding)
    assert caught.value.characters == [(2, "中"), (3, "\U0001f600")]


def test_forced_gsm7_is_the_default_alphabet_and_what_the_carrier_takes_of_it() -> None:
    with pytest.raises(segments.DoesNotFitError):
        segments.split("ğ", "gsm7", terms=ALL)
    with pytest.raises(segments.DoesNotFitError, match=r"U\+20AC at 1"):
        segments.split("a€", "gsm7", terms=Terms(repertoire="latin-1"))


NUMBERS = [
    ("+905321234567", ("tr",)), ("+351912345678", ("pt",)), ("+5511987654321", ("pt",)), ("+8801712345678", ("bn",)),
    ("+919812345678", ("bn", "gu", "hi", "kn", "ml", "or", "pa", "ta", "te", "ur")), ("+923012345678", ("pa", "ur")),
    ("+17871234567", ("es",)), ("+12125550100", ()), ("+4915112345678", ()), ("12345", tuple(LANGUAGES)),
]  # fmt: skip


@pytest.mark.parametrize(("number", "languages"), NUMBERS)
def test_the_destination_decides_too(number: str, languages: tuple[str, ...]) -> None:
    if number.startswith("+"):
        assert ALL.towards(number).languages == languages
    assert Terms(languages=("tr",)).towards(number).languages == (("tr",) if "tr" in languages else ())
    assert PLAIN.towards(number) is PLAIN


def test_every_language_has_destinations() -> None:
    assert set(DESTINATIONS) == set(LANGUAGES)
    assert all(digits.isdecimal() for several in DESTINATIONS.values() for digits in several)


def test_references_tell_the_header() -> None:
    for seed in (0, 1, 1 << 40 | 12345, (1 << 62) - 1):
        assert 0 <= PLAIN.reference(seed) <= 0xFF
        assert 0x100 <= Terms(wide=True).reference(seed) <= 0xFFFF
        assert Terms(whole=True, wide=True).reference(seed) == WHOLE
    assert Terms(languages=("tr",), wide=True, whole=True).later() is PLAIN
    assert Terms(languages=("tr",), repertoire="ascii").later() == Terms(repertoire="ascii")


def test_whole_is_one_segment_that_the_carrier_will_cut() -> None:
    cut = segments.split("a" * 1000, reference=WHOLE)
    assert [(one.payload, one.udh, one.text) for one in cut.segments] == [(b"a" * 1000, b"", "a" * 1000)]
    assert segments.count("a" * 1000, reference=WHOLE) == ("gsm7", 7)
    turkish = segments.split(TURKISH * 3, reference=WHOLE, terms=ALL)
    assert turkish.count == 1
    assert turkish.segments[0].udh == b"\x03\x24\x01\x01"


@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "€" * 1_000_000, "я" * 1_000_000, "a" * 999_999 + "я", "\ud800" * 1_000_000]
)
def test_a_million_characters_are_refused_before_they_are_read(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(text: str) -> bytes:
        raise AssertionError("it was read")

    monkeypatch.setattr(gsm7, "encode", read)
    for encoding in ("auto", "gsm7", "ucs2", "gsm7+single-tr"):
        with pytest.raises(segments.TooManyPartsError):
            segments.split(text, encoding, terms=ALL)
        with pytest.raises(segments.TooManyPartsError):
            segments.count(text, encoding)


def test_all_of_unicode_is_carried_exactly_or_refused() -> None:
    """Unassigned, private use, NUL and controls; every 4,000 of them as one long text."""
    points = [chr(point) for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF]
    for at in range(0, len(points), 4000):
        text = "".join(points[at : at + 4000])
        cut = segments.split(text)
        assert b"".join(one.payload for one in cut.segments).decode("utf-16-be") == text == segments.join(cut.segments)
    for point in range(0xD800, 0xE000):
        with pytest.raises(segments.DoesNotFitError, match=f"U\\+{point:04X} at 1"):
            segments.split(f"a{chr(point)}")


LETTERS = {
    name: [*gsm7.ALPHABET.values(), *LOCKING.get(name, {}).values(), *SINGLE[name].values()] for name in LANGUAGES
}
CLUSTERS = st.sampled_from(
    ["\r\n", "e\u0301", "क्षि", "🇩🇪", "👩‍👩‍👧", "€", "{", "ğ", "ç", "å", "か\u3099", "각", "1️⃣", "\u0600a", "ข\u0e33",
     "e" + "\u0301" * 64, "e" + "\u0301" * 100, "\u1100" * 80, "क" + "\u093c" * 160]
)  # fmt: skip


@st.composite
def texts(draw: Any) -> str:
    """Texts in one language, in several, and in what joins and does not fit."""
    letters = LETTERS[draw(st.sampled_from(sorted(LETTERS)))]
    pieces = st.one_of(st.text(st.sampled_from(letters), max_size=60), CLUSTERS, st.text(max_size=4))
    return "".join(draw(st.lists(pieces, max_size=12))) * draw(st.sampled_from([1, 1, 2, 5]))


@settings(max_examples=600)
@given(texts(), st.sampled_from(FORMS), st.sampled_from([(), ("tr",), ("es", "pt"), tuple(LANGUAGES)]))
def test_exact_sized_and_never_torn(text: str, form: tuple[int, Any], languages: tuple[str, ...]) -> None:
    reference, ports = form
    terms = Terms(languages=languages, ports=ports)
    cut = segments.split(text, "auto", reference, terms)
    assert segments.join(cut.segments) == text
    assert (cut.encoding, cut.count) == segments.count(text, "auto", reference, terms)
    # What is stored gives the same octets again, whatever the profile says by then.
    assert segments.split(text, cut.encoding, reference, msgspec.structs.replace(terms, languages=())) == cut
    ends = {one.end() for one in X.finditer(text)}
    at = 0
    for number, one in enumerate(cut.segments, 1):
        assert one.udh == segments.header(cut.encoding, reference, cut.count, number, ports)
        _reads_alone(cut.encoding, one)
        assert segments.units(cut.encoding, one.payload) <= cut.room
        if cut.count > 1:
            assert udh.concat(one.udh) == udh.Concat(reference, cut.count, number, reference > 0xFF)
        at += len(one.text)
        assert at in {0, *ends} or _fills_a_segment(text, at, cut)


def _fills_a_segment(text: str, at: int, cut: segments.Segmented) -> bool:
    """Whether the cluster across `at` is longer than a segment: then it may be cut."""
    across = next(one.group() for one in X.finditer(text) if one.start() < at < one.end())
    one = gsm7.named(cut.encoding)
    return (len(across.encode("utf-16-be")) // 2 if one is None else len(one.encode(across) or b"")) > cut.room


def _reads_alone(encoding: str, one: segments.Segment) -> None:
    """By its header and octets, as a handset would; and it fits the radio."""
    if encoding == "ucs2":
        assert one.payload.decode("utf-16-be") == one.text
        assert len(one.udh) + len(one.payload) <= 140
    else:
        assert alphabet(one.udh).name == encoding
        assert alphabet(one.udh).decode(one.payload) == one.text
        assert len(one.udh) + len(pack(one.payload, fill_bits(one.udh))) <= 140


@settings(max_examples=150)
@given(texts().filter(lambda text: len(text) <= 400), st.sampled_from(FORMS))
def test_never_more_segments_than_brute_force_needs(text: str, form: tuple[int, Any]) -> None:
    reference, ports = form
    terms = Terms(languages=("tr", "pt", "hi"), ports=ports)
    best = min(_fewest(text, name, reference, ports) for name in _names(("tr", "pt", "hi")))
    assert segments.count(text, "auto", reference, terms)[1] == best
    plain = min(_fewest(text, name, reference, ports) for name in ("gsm7", "ucs2"))
    assert segments.count(text, "auto", reference, Terms(ports=ports))[1] == plain


def _names(languages: tuple[str, ...]) -> list[str]:
    pairs = product(("default", *(one for one in languages if one in LOCKING)), ("default", *languages))
    return ["ucs2", *(gsm7.codec(*pair).name for pair in pairs)]


def _fewest(text: str, name: str, reference: int, ports: Any) -> float:
    """Over all ways to cut between clusters, or within those that fill a segment: by prices, without any splitting."""
    one = gsm7.named(name)
    prices = [len(c.encode("utf-16-be")) // 2 if one is None else len(one.encode(c) or b"") for c in text]
    if one is not None and not all(prices):
        return float("inf")

    def room(parts: int) -> int:
        octets = 140 - len(segments.header(name, reference, parts, 1, ports))
        return octets // 2 if one is None else octets * 8 // 7

    if sum(prices) <= room(1):
        return 1
    held = room(2)
    ends = [0]
    for cluster in X.findall(text):
        begin, end = ends[-1], ends[-1] + len(cluster)
        # A cluster longer than a segment may be cut anywhere.
        ends += range(begin + 1, end) if sum(prices[begin:end]) > held else ()
        ends.append(end)
    upto = [sum(prices[:end]) for end in ends]
    needed: list[float] = [0]
    for last in range(1, len(ends)):
        reachable = [needed[first] for first in range(last) if upto[last] - upto[first] <= held]
        needed.append(1 + min(reachable))
    return needed[-1]


SHIFTS = {"gsm7": 0, "gsm7+single-tr": 3, "gsm7+locking-tr": 3, "gsm7+locking-tr+single-es": 6, "ucs2": 0}
"""Octets of the elements that an encoding brings: identifier, length, language."""


@pytest.mark.parametrize(("ports", "port_octets"), [(None, 0), (NEAR, 4), (Ports(2948, 9200), 6)])
@pytest.mark.parametrize(("reference", "concat_octets"), [(5, 5), (0x1234, 6)])
@pytest.mark.parametrize("encoding", SHIFTS)
def test_every_header_leaves_the_room_that_is_left(
    encoding: str, reference: int, concat_octets: int, ports: Ports | None, port_octets: int
) -> None:
    """TS 23.040 §9.2.3.24: 140 octets less a length and the elements; they are full before a segment is added."""

    def room(elements: int) -> int:
        left = 140 - (elements + 1 if elements else 0)
        return left // 2 if encoding == "ucs2" else left * 8 // 7

    lone, part = room(SHIFTS[encoding] + port_octets), room(SHIFTS[encoding] + port_octets + concat_octets)
    terms = Terms(ports=ports)
    for length, counts in [(lone, [lone]), (lone + 1, [part, lone + 1 - part]), (3 * part, [part] * 3)]:
        cut = segments.split("a" * length, encoding, reference, terms)
        assert [segments.units(encoding, one.payload) for one in cut.segments] == counts
        assert cut.room == (lone if len(counts) == 1 else part)
        assert segments.count("a" * length, encoding, reference, terms) == (encoding, len(counts))
        for one in cut.segments:
            elements = udh.parse(one.udh)
            assert sum(2 + len(element.data) for element in elements) == max(0, len(one.udh) - 1)
            assert [e.iei for e in elements if e.iei in (4, 5)] == ([] if ports is None else [5 if ports.wide else 4])


def test_the_pairs_of_one_text_are_in_order() -> None:
    """Several national alphabets would do: the first with the shortest header is taken."""
    names = [one.name for one in Terms(languages=("tr", "es")).alphabets]
    assert names == [
        "gsm7+single-tr", "gsm7+single-es", "gsm7+locking-tr", "gsm7+locking-tr+single-tr", "gsm7+locking-tr+single-es"
    ]  # fmt: skip
    headers = [len(segments.header(name, 0, 1, 1)) for name in names]
    assert all(before <= after for before, after in pairwise(headers))
