"""Our alphabets and segments beside those of ten other packages, on thousands of texts.

Where another disagrees, the standard decides; the table of faults says what that package does otherwise. A disagreement
that its faults do not explain to the letter fails, and so does a fault that explains nothing: then it has been mended.
"""

from __future__ import annotations

import codecs
import json
import random
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import gsm0338
import gsmcodecs  # noqa: F401 - registers its codecs
import pytest
import smsutil
from aiosmpplib.codec import GSM7BitCodec, GSM7BitPackedCodec
from smpplib.gsm import gsm_encode
from sms_toolkit.messages.profiling import profile_message

from tidings.text import gsm7, segments
from tidings.text.gsm7 import DEFAULT, ESC, EXTENSION, LANGUAGES, LOCKING, SINGLE
from tidings.text.packing import pack, unpack

HERE = Path(__file__).parent
ALPHABET = [*gsm7.ALPHABET.values()]
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
CLUSTERS = ["\r\n", "e\u0301", "क्षि", "🇩🇪", FAMILY, "👍🏽", "か\u3099", "각", "1️⃣", "ข\u0e33", SCOTLAND]
OTHERS = "ğşıçãõéßяЖ中文日本عربعברक😀🎉`´\t\u00a0–—“”…\ue000\u0378"


@cache
def texts() -> list[str]:
    """The same each time: of every length around the limits, in and out of the alphabet."""
    chance = random.Random(20_260_101)
    made = ["", "a" * 160, "a" * 161, "€" * 80, "€" * 81, "я" * 70, "я" * 71, "😀" * 35, "😀" * 36]
    for _ in range(3_000):
        length = chance.choice([3, 40, 69, 70, 71, 134, 135, 152, 154, 159, 160, 161, 200, 306, 307, 420])
        pool = [ALPHABET, [*ALPHABET, *EXTENSION.values()], [*EXTENSION.values(), "a"], [*ALPHABET, *OTHERS],
                ["a", "я", *OTHERS], ["я", " ", *CLUSTERS], ["a", "b", "\r\n"]][chance.randrange(7)]  # fmt: skip
        made.append("".join(chance.choices(pool, k=length)))
    return made


Answer = tuple[str, list[str] | int]
"""Encoding, and the parts or their number."""


def ours(text: str) -> Answer:
    cut = segments.split(text)
    return cut.encoding, [one.text for one in cut.segments]


def drawn(text: str, **faults: Any) -> Answer:
    """Cut a code point at a time, as the standard has it, but for these faults.

    `divides`: the total is divided, whatever may not be cut. `units`: UTF-16 is cut between any two units. `refuses`:
    characters taken for UCS-2. `clusters`: what is kept whole in UCS-2.
    """
    in_gsm7 = gsm7.fits(text) and not any(one in faults.get("refuses", "") for one in text)
    name, lone, part = ("gsm7", 160, 153) if in_gsm7 else ("ucs2", 70, 67)
    atoms = faults.get("clusters") if not in_gsm7 else None
    prices = [(one, _price(one, in_gsm7)) for one in atoms or text]
    total = sum(price for _, price in prices)
    if total <= lone:
        return name, [text]
    if faults.get("divides"):
        return name, -(-total // part)
    if faults.get("units") and not in_gsm7:
        octets = text.encode("utf-16-be")
        cut = [octets[at : at + 2 * part] for at in range(0, len(octets), 2 * part)]
        return name, [one.decode("utf-16-be", "surrogatepass") for one in cut]
    parts, held = [""], 0
    for one, price in prices:
        if held + price > part:
            parts.append("")
            held = 0
        parts[-1] += one
        held += price
    return name, parts


def _price(atom: str, in_gsm7: bool) -> int:
    return len(gsm7.encode(atom) or "") if in_gsm7 else len(atom.encode("utf-16-be")) // 2


def toolkit(text: str) -> Answer:
    told = profile_message(text)
    parts = [one["message"] for one in told["segments"]]
    return ("gsm7" if told["max_segment_size"] > 70 else "ucs2"), parts or [""]


def util(text: str) -> Answer:
    told = smsutil.split(text)
    return ("gsm7" if told.encoding == "gsm0338" else "ucs2"), [one.content for one in told.parts]


@cache
def javascript() -> dict[str, list[Answer]]:
    """What the npm packages say of the texts, in the same order."""
    runner = shutil.which("node")
    if runner is None or not (HERE / "node_modules" / "split-sms").is_dir():
        pytest.skip("no node, or its packages are missing: make peers")
    ran = subprocess.run(
        [runner, "texts.js"],
        input=json.dumps(texts()),
        capture_output=True,
        text=True,
        cwd=HERE,
        timeout=120,
        check=True,
    )
    return {name: [(one[0], one[1]) for one in answers] for name, answers in json.loads(ran.stdout).items()}


def python(ask: Callable[[str], Answer]) -> Callable[[], list[Answer]]:
    return lambda: [ask(text) for text in texts()]


def npm(name: str) -> Callable[[], list[Answer]]:
    return lambda: javascript()[name]


def old_clusters(at: int) -> dict[str, Any]:
    return {"clusters": javascript()["clusters"][at][1]}


PEERS: list[tuple[str, Callable[[], list[Answer]], dict[str, Callable[[int], Any]]]] = [
    ("sms-toolkit", python(toolkit), {"keeps only code points whole": lambda at: drawn(texts()[at])}),
    (
        "smsutil",
        python(util),
        {
            "keeps only code points whole": lambda at: drawn(texts()[at]),
            "takes no text at all for UCS-2": lambda at: None if texts()[at] else ("ucs2", [""]),
        },
    ),
    ("split-sms", npm("split-sms"), {"keeps only code points whole": lambda at: drawn(texts()[at])}),
    (
        "sms-segments-calculator",
        npm("sms-segments-calculator"),
        {"keeps clusters of an older Unicode whole, and not CR LF": lambda at: drawn(texts()[at], **old_clusters(at))},
    ),
    (
        "sms-length",
        npm("sms-length"),
        {
            "keeps only code points whole": lambda at: drawn(texts()[at]),
            "divides the total, whatever may not be cut": lambda at: drawn(texts()[at], divides=True),
            "does not know FORM FEED": lambda at: drawn(texts()[at], divides=True, refuses="\f"),
            "has no segment for no text": lambda at: None if texts()[at] else ("gsm7", 0),
        },
    ),
    (
        "gsm",
        npm("gsm"),
        {
            "keeps only code points whole": lambda at: drawn(texts()[at]),
            "cuts surrogate pairs": lambda at: drawn(texts()[at], units=True),
            "has no segment for no text": lambda at: None if texts()[at] else ("gsm7", []),
        },
    ),
]


@pytest.mark.parametrize(("name", "answers", "faults"), PEERS, ids=[peer[0] for peer in PEERS])
def test_segments(name: str, answers: Callable[[], list[Answer]], faults: dict[str, Callable[[int], Any]]) -> None:
    counts: dict[str, int] = dict.fromkeys(["agrees", *faults], 0)
    for at, (text, theirs) in enumerate(zip(texts(), answers(), strict=True)):
        why = "agrees" if _same(theirs, ours(text)) else _explained(theirs, faults, at)
        assert why is not None, f"{name} says {theirs!r} of {text!r}, and we say {ours(text)!r}"
        counts[why] += 1
    assert all(counts.values()), counts
    assert counts["agrees"] > len(texts()) / 2


def _explained(theirs: Answer, faults: dict[str, Callable[[int], Any]], at: int) -> str | None:
    return next((why for why, drawn_so in faults.items() if _same(theirs, drawn_so(at))), None)


def _same(theirs: Answer, other: Answer | None) -> bool:
    """By the parts, or by their number where one of the two tells no more."""
    if other is None or theirs[0] != other[0]:
        return False
    if isinstance(theirs[1], list) and isinstance(other[1], list):
        return theirs[1] == other[1]
    return _number(theirs) == _number(other)


def _number(answer: Answer) -> int:
    return len(answer[1]) if isinstance(answer[1], list) else answer[1]


def tried(work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """None in place of an exception."""

    def quiet(value: Any) -> Any:
        try:
            made = work(value)
        except (UnicodeError, ValueError, KeyError):
            return None
        return bytes(made) if isinstance(made, bytearray) else made

    return quiet


GSM0338 = gsm0338.Codec()
ENCODERS: list[tuple[str, Callable[[str], Any], dict[str, bytes | None]]] = [
    ("gsmcodecs", tried(lambda text: text.encode("gsm23.038")), {}),
    ("aiosmpplib", tried(lambda text: GSM7BitCodec().encode(text)[0]), {}),
    ("gsm0338", tried(lambda text: GSM0338.encode(text)[0]), {"\x1b": b"\x1b"}),
    ("smsutil", tried(lambda text: text.encode("gsm0338")), {"\x1b": b"\x1b"}),
    ("smpplib", tried(gsm_encode), {"\x1b": b"\x1b", "\f": None, "§": None, "`": b"\x5f"}),
]
"""With the characters that each takes wrongly: ESC is no character; § stands at 5F, and the grave accent nowhere."""


@pytest.mark.parametrize(("name", "encode", "faults"), ENCODERS, ids=[peer[0] for peer in ENCODERS])
def test_every_character(name: str, encode: Callable[[str], Any], faults: dict[str, bytes | None]) -> None:
    points = (*range(0x20000), *range(0x20000, 0x110000, 97))
    found = {one: theirs for one in map(chr, points) if (theirs := encode(one)) != gsm7.encode(one)}
    assert found == faults
    in_gsm7 = [text for text in texts() if gsm7.fits(text) and not any(one in text for one in faults)]
    assert len(in_gsm7) > 500
    assert [encode(text) for text in in_gsm7] == [gsm7.encode(text) for text in in_gsm7]


DECODERS: list[tuple[str, Callable[[bytes], Any], str, Callable[[str], str | None]]] = [
    ("gsmcodecs", tried(lambda octets: octets.decode("gsm23.038")), "refuses it", lambda main: None),
    ("gsm0338", tried(lambda octets: GSM0338.decode(octets)[0]), "refuses it", lambda main: None),
    ("smsutil", tried(lambda octets: octets.decode("gsm0338")), "shows a space too", lambda main: f" {main}"),
    ("aiosmpplib", tried(lambda octets: GSM7BitCodec().decode(octets)[0]), "loses it", lambda main: "\u00a0"),
]
"""What each makes of an unassigned code behind ESC, where the standard shows the main table's character."""


@pytest.mark.parametrize(("name", "decode", "why", "fallback"), DECODERS, ids=[peer[0] for peer in DECODERS])
def test_every_code(name: str, decode: Callable[[bytes], Any], why: str, fallback: Callable[[str], str | None]) -> None:
    for code in range(0x80):
        if code != ESC:
            assert decode(bytes((code,))) == gsm7.decode(bytes((code,)))
            pair = bytes((ESC, code))
            expected = EXTENSION[code] if code in EXTENSION else fallback(gsm7.ALPHABET[code])
            assert decode(pair) == expected, why
            assert gsm7.decode(pair) == EXTENSION.get(code, gsm7.ALPHABET[code])


CELLS = {
    **{("locking", name, 0x2C): "'" for name in LOCKING if name not in (DEFAULT, "tr", "pt")},
    ("locking", "kn", 0x24): "\u0caa",
    ("single", "te", 0x65): None,
}
"""Where gsmcodecs departs from our tables: others have the comma there, and the rest are misprints of the standard."""


def test_every_cell_of_the_national_tables() -> None:
    found: dict[tuple[str, str, int], str | None] = {}
    for locking, single in ((main, behind) for main in LOCKING for behind in SINGLE):
        theirs = codecs.lookup(f"gsm23.038-{LANGUAGES.get(locking, 0)}-{LANGUAGES.get(single, 0)}")
        decode = tried(lambda octets, theirs=theirs: theirs.decode(octets)[0])
        for code in set(range(0x80)) - {ESC}:
            if (shown := decode(bytes((code,)))) != LOCKING[locking].get(code):
                found["locking", locking, code] = shown
            if (shown := decode(bytes((ESC, code)))) != SINGLE[single].get(code):
                found["single", single, code] = shown
    assert found == CELLS


def test_packing() -> None:
    """aiosmpplib knows no fill bits, and takes seven zero bits at the end for an "@"."""
    packer = GSM7BitPackedCodec()
    for text in (text for text in texts() if gsm7.fits(text)):
        septets = gsm7.encode(text) or b""
        packed = pack(septets)
        assert packer.encode(text)[0] == packed
        assert unpack(packed, 0, len(septets)) == septets
        spare = 8 * len(packed) - 7 * len(septets)
        assert packer.decode(packed)[0] == text + "@" * (spare == 7)
