"""Where a text may be cut without tearing apart what a reader sees as one character (UAX #29, extended clusters).

wcwidth knows the clusters; between letters that never join, which is nearly everywhere, it is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from wcwidth import iter_graphemes

_APART = re.compile(
    "[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u0559\u05d0-\u05ea\u0620-\u064a\u3041-\u3096\u30a1-\u30fa"
    "\u4e00-\u9fff\uac00-\ud7a3]{2}"
)
"""Two letters, digits, signs or blanks between which there is always a boundary."""


def clusters(text: str) -> Iterator[str]:
    """What a reader sees as one character each, in order."""
    return iter_graphemes(text)


def boundary(text: str, start: int, cut: int, fits: Callable[[str], bool], most: int) -> int:
    """Where to cut at `cut` or before it. `start` is a cluster boundary, or counts as one, before `cut`.

    `cut` itself where the cluster across it does not fit a segment of its own: it has to be cut somewhere.
    `fits` tells of a cluster of at most `most` characters; longer ones do not.
    """
    if cut >= len(text) or _APART.match(text, cut - 1):
        return cut
    *_, last = iter_graphemes(text, start, cut + 1)
    found = cut + 1 - len(last)
    if found <= start or found == cut:
        return cut
    across = next(iter_graphemes(text, found, found + most + 1))
    return found if len(across) <= most and fits(across) else cut
