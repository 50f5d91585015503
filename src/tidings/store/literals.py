"""Values as PostgreSQL takes them: texts with a character that it cannot hold, and whole columns written as one text.

PostgreSQL's text holds every character but U+0000, which handsets do send. It is written as two characters of which the
first is none (a noncharacter of Unicode), and so is that one.

A column of values goes to the server as an array literal (PostgreSQL, "Arrays", 8.15.2): one text is written and sent
in a fraction of the time that an array takes value by value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

SIGN = "\ufdd0"
_NUL, _ITSELF = SIGN + "0", SIGN + "1"
_encode = msgspec.json.Encoder().encode


def held(text: str) -> str:
    """A text as PostgreSQL can hold it."""
    if "\0" in text or SIGN in text:
        return text.replace(SIGN, _ITSELF).replace("\0", _NUL)
    return text


def told(text: str) -> str:
    """What was held."""
    return text.replace(_NUL, "\0").replace(_ITSELF, SIGN) if SIGN in text else text


def told_json(text: str) -> str:
    """JSON that was held as a text: what it says, as JSON."""
    return text.replace(_NUL, "\\u0000").replace(_ITSELF, SIGN) if SIGN in text else text


def of_numbers(values: Sequence[int | None]) -> str:
    """A column of whole numbers, or of truth values as 0 and 1, as an array literal. Raises TypeError for others."""
    written = _encode(values)
    if b'"' in written or b"[" in written[1:] or (b"null" in written and written.count(b"null") != values.count(None)):
        raise TypeError("a column of numbers holds something else")
    if b"e" in written:
        written = written.replace(b"true", b"1").replace(b"false", b"0")
    return f"{{{written[1:-1].decode()}}}"


def of_texts(values: Sequence[str | None]) -> str:
    """A column of texts as an array literal, each as PostgreSQL can hold it. Raises TypeError for what is no text."""
    whole = "".join(filter(None, values))
    written = _encode(values)
    # In an array literal \" and \\ mean what they mean in JSON; the other escapes of JSON mean a letter there.
    if SIGN in whole or (b"\\" in written and b"\\" in written.replace(b"\\\\", b"").replace(b'\\"', b"")):
        return "{" + ",".join(["null" if one is None else _quoted(held(one)) for one in values]) + "}"
    return f"{{{written[1:-1].decode()}}}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


WRITTEN: dict[str, Callable[[Sequence[Any]], str]] = {"int8": of_numbers, "text": of_texts}
"""Types whose columns are written so, by their names in PostgreSQL, and how."""
