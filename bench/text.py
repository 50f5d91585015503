"""What alphabets and segments cost here, in CPU microseconds: `python bench/text.py` prints one table.

CPU time counts, not the wall clock, because it repeats on a busy machine; each figure is the median of five runs.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from tidings.text import gsm7, segments
from tidings.text.packing import pack, unpack
from tidings.text.terms import Terms

RUNS = 5
PLAIN = ("The quick brown fox jumps over the lazy dog. " * 40)[:160]
ACCENTS = ("äöü àéèß ÄÖÜ Ñ £ §" * 10)[:160]
BRACES = "{}[]~|^€" * 10
LONG = PLAIN * 9 + PLAIN[:60]
CYRILLIC = ("Привет, как дела? Это длинное сообщение. " * 20)[:660]
EMOJI = "👩‍👩‍👧 привет 🎉 e\u0301! " * 37
TURKISH = ("Sayın müşterimiz, şifreniz değiştirildi. Lütfen bizi arayın. İyi günler. " * 5)[:300]
INDIAN = Terms(languages=("bn", "gu", "hi", "kn", "ml", "or", "pa", "ta", "te", "ur"))

Work = tuple[str, str, Callable[..., Any], tuple[Any, ...]]


def works() -> list[Work]:
    """What is timed: its name, its goal in µs or "", and the call."""
    septets, escapes = gsm7.encode(PLAIN) or b"", gsm7.encode(BRACES) or b""
    return [
        ("encode 160 characters of GSM-7", "1.5", gsm7.encode, (PLAIN,)),
        ("… with accents", "1.5", gsm7.encode, (ACCENTS,)),
        ("… 80 characters behind ESC", "", gsm7.encode, (BRACES,)),
        ("… in Turkish tables", "", gsm7.codec("tr", "tr").encode, (TURKISH[:160],)),
        ("find out that a text does not fit", "", gsm7.encode, (PLAIN[:159] + "я",)),
        ("decode 160 septets", "1", gsm7.decode, (septets,)),
        ("… 80 pairs of ESC and code", "", gsm7.decode, (escapes,)),
        ("pack 160 septets", "3", pack, (septets,)),
        ("pack 153 behind a header", "3", pack, (septets[:153], 1)),
        ("unpack 160 septets", "", unpack, (pack(septets),)),
        ("choose and split, GSM-7, one segment", "6", segments.split, (PLAIN,)),
        ("… UCS-2, one segment", "6", segments.split, (CYRILLIC[:70],)),
        (f"… GSM-7, {_count(LONG)} segments", "60", segments.split, (LONG,)),
        (f"… Cyrillic, {_count(CYRILLIC)} segments", "60", segments.split, (CYRILLIC,)),
        (f"… emoji and marks, {_count(EMOJI)} segments", "60", segments.split, (EMOJI,)),
        ("… Turkish, 300 characters, no tables allowed", "", segments.split, (TURKISH,)),
        ("… Turkish tables allowed, and taken", "", segments.split, (TURKISH, "auto", 0, Terms(languages=("tr",)))),
        ("… ten Indian languages allowed, none of use", "", segments.split, (CYRILLIC, "auto", 0, INDIAN)),
        ("refuse a million characters", "", refuse, ("я" * 1_000_000,)),
    ]


def _count(text: str) -> int:
    return segments.count(text)[1]


def refuse(text: str) -> None:
    """Nothing else may come of so long a text."""
    try:
        segments.split(text)
    except segments.TooManyPartsError:
        return
    raise SystemExit("a million characters were taken")


def median(work: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    """CPU microseconds of one call."""
    times, results = 2_000, []
    for _ in range(RUNS):
        began = time.process_time()
        for _ in range(times):
            work(*arguments)
        results.append((time.process_time() - began) / times * 1e6)
    return statistics.median(results)


def main() -> None:
    print("| text | CPU µs | goal |\n| --- | --- | --- |")
    for name, goal, work, arguments in works():
        print(f"| {name} | {median(work, arguments):.2f} | {f'< {goal}' if goal else '–'} |")


if __name__ == "__main__":
    main()
