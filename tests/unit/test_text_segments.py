"""Cutting texts into segments: limits, what is never cut, and that nothing is lost."""

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.text import gsm7, segments, udh
from tidings.text.graphemes import boundary

X = regex.compile(r"\X")
"""Another's idea of a grapheme cluster, to hold ours to."""
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"
THUMB = "\U0001f44d\U0001f3fd"
ACCENTED = "e\u0301"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    ("text", "encoding", "lengths"),
    [
        ("", "gsm7", [0]),
        ("a" * 160, "gsm7", [160]),
        ("a" * 161, "gsm7", [153, 8]),
        ("a" * 306, "gsm7", [153, 153]),
        ("a" * 307, "gsm7", [153, 153, 1]),
        ("€" * 80, "gsm7", [160]),
        ("€" * 81, "gsm7", [152, 10]),
        ("a" * 152 + "€" + "a" * 10, "gsm7", [152, 12]),
        ("a" * 151 + "€" + "a" * 10, "gsm7", [153, 10]),
        ("a" * 152 + "\r\n" + "a" * 10, "gsm7", [152, 12]),
        ("я" * 70, "ucs2", [140]),
        ("я" * 71, "ucs2", [134, 8]),
        ("я" * 134, "ucs2", [134, 134]),
        ("😀" * 35, "ucs2", [140]),
        ("😀" * 36, "ucs2", [132, 12]),
        ("я" * 66 + "\r\n" + "я" * 10, "ucs2", [132, 24]),
    ],
)
def test_limits(text: str, encoding: str, lengths: list[int]) -> None:
    cut = segments.split(text, reference=9)
    assert cut.encoding == encoding
    assert [len(s.payload) for s in cut.segments] == lengths
    assert segments.count(text) == (encoding, len(lengths)) == (encoding, cut.count)
    assert segments.join(cut.segments) == text


@pytest.mark.parametrize("cluster", [FAMILY, FLAG, THUMB, ACCENTED, SCOTLAND, "☎️", "नि", "가\u11a8", "각", "1️⃣"])
@pytest.mark.parametrize("offset", range(1, 10))
def test_clusters_are_kept_whole(cluster: str, offset: int) -> None:
    text = "я" * (67 - offset) + cluster * 12 + "я" * 5
    for segment in segments.split(text).segments:
        assert segment.text.replace(cluster, "").strip("я") == ""


def test_a_cluster_longer_than_a_segment_is_cut_between_code_points() -> None:
    text = "я" * 10 + "e" + "\u0301" * 100 + "я"
    cut = segments.split(text)
    assert [len(s.text) for s in cut.segments] == [67, 45]
    assert segments.join(cut.segments) == text


def test_a_cluster_that_just_fits_a_segment_is_kept() -> None:
    text = "я" * 10 + "e" + "\u0301" * 66 + "я"
    assert [len(s.text) for s in segments.split(text).segments] == [10, 67, 1]


def test_a_part_carries_its_header() -> None:
    cut = segments.split("a" * 400, reference=0x7B)
    assert [s.udh.hex() for s in cut.segments] == ["0500037b0301", "0500037b0302", "0500037b0303"]
    assert segments.split("short", reference=0x7B).segments[0].udh == b""


def test_encoding_may_be_forced() -> None:
    assert segments.split("abc", "ucs2").segments[0].payload == b"\0a\0b\0c"
    assert segments.split("abc", "gsm7").encoding == "gsm7"
    assert segments.count("abc" * 30, "ucs2") == ("ucs2", 2)


def test_forced_gsm7_names_what_does_not_fit() -> None:
    with pytest.raises(segments.DoesNotFitError, match=r"U\+00E7 at 1, U\+1F600 at 3\.$") as caught:
        segments.split("açb😀", "gsm7")
    assert caught.value.characters == [(1, "ç"), (3, "😀")]


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(segments.DoesNotFitError) as caught:
        segments.split("ab\ud83d")
    assert caught.value.characters == [(2, "\ud83d")]


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(ValueError, match="latin1"):
        segments.split("a", "latin1")


@pytest.mark.parametrize(("unit", "fits"), [("a", 255 * 153), ("я", 255 * 67)])
def test_at_most_255_parts(unit: str, fits: int) -> None:
    assert segments.split(unit * fits).count == 255
    with pytest.raises(segments.TooManyPartsError):
        segments.split(unit * (fits + 1))
    with pytest.raises(segments.TooManyPartsError):
        segments.count(unit * (fits + 1))


AWKWARD = st.sampled_from(
    [
        "€",
        "{",
        "\r",
        "\n",
        "\r\n",
        "a",
        "é",
        "я",
        "😀",
        FAMILY,
        FLAG,
        THUMB,
        ACCENTED,
        "\u0301",
        "\u200d",
        "\ufe0f",
        " ",
    ]
)
TEXTS = st.one_of(
    st.lists(AWKWARD, max_size=400).map("".join),
    st.text(max_size=300),
    st.text(st.sampled_from([*gsm7.ALPHABET.values(), *gsm7.EXTENSION.values()]), max_size=700),
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(0, 255))
def test_nothing_is_lost_and_no_limit_is_passed(text: str, reference: int) -> None:
    cut = segments.split(text, reference=reference)
    assert segments.join(cut.segments) == text
    assert segments.count(text) == (cut.encoding, cut.count)
    single, part = (160, 153) if cut.encoding == "gsm7" else (140, 134)
    limit = single if cut.count == 1 else part
    for number, segment in enumerate(cut.segments, 1):
        assert len(segment.payload) <= limit
        if cut.count > 1:
            assert udh.concat(segment.udh) == udh.Concat(reference, cut.count, number)
        if cut.encoding == "gsm7":
            # an escape pair is whole: the part alone decodes to its own text
            assert gsm7.decode(segment.payload) == segment.text
            assert segment.payload[-1:] != b"\x1b"
        else:
            assert segment.payload.decode("utf-16-be") == segment.text


def clusters(text: str, start: int) -> set[int]:
    """Where clusters end, looked at from `start`."""
    return {one.end() for one in X.finditer(text, start)}


@settings(max_examples=300, deadline=None)
@given(st.lists(AWKWARD, max_size=300).map("".join))
def test_no_cluster_is_cut_that_fits_a_segment(text: str) -> None:
    at = 0
    for segment in segments.split(text).segments[:-1]:
        at += len(segment.text)
        across = [one.group() for one in X.finditer(text) if one.start() < at < one.end()]
        assert all(len(one.encode("utf-16-be")) > 134 for one in across)


def back(text: str, at: int) -> int:
    return boundary(text, 0, at, lambda cluster: True, len(text))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("ab", 2),
        (ACCENTED, 1),
        ("\r\n", 1),
        ("\n\r", 2),
        ("\n\u0301", 2),
        (FLAG + FLAG, 2),
        ("\U0001f1e9" * 3, 2),
        ("a" + FLAG, 2),
        (FAMILY + FAMILY, 2),
        (THUMB + "a", 2),
        (SCOTLAND + SCOTLAND, 2),
        ("ᄀ\u1161\u11a8", 1),
        ("가\u11a8가", 2),
        ("a\u1161", 2),
        ("가나", 2),
    ],
)
def test_clusters(text: str, count: int) -> None:
    ends = {one.end() for one in X.finditer(text)}
    found, at = 1, len(text)
    while (at := back(text, at - 1)) > 0 and at in ends:
        found += 1
    assert found == count == len(ends)
