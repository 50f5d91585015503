"""Query parameters as a struct: every parameter known, given once, and fit, or 422 naming all that are not."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from tidings.api.faults import fields, nearest, unfit
from tidings.api.problems import Abort
from tidings.core.request import Fault

T = TypeVar("T", bound=msgspec.Struct)

_OFFSET = re.compile(r"^(\d{4}-\d\d-\d\dT[\d:.]+) (\d\d:\d\d)$")
_NUMBER = re.compile(r"^ (\d{4,15})$")
"""A `+` that was not encoded arrives as a space; in a time or a number it can have been nothing else."""
_MOST = 50
"""Parameters a query may hold."""


class NoQuery(msgspec.Struct):
    """An endpoint that takes no query parameters."""


def parse(kind: type[T], query: bytes) -> T:
    """The query string as a `kind`; aborts with 400 when it cannot be read, 422 naming every parameter at fault."""
    known = fields(kind)
    found: list[Fault] = []
    values: dict[str, Any] = {}
    for name, value in _pairs(query):
        if name not in known:
            found.append(Fault(f"?{name[:64]}", "unknown parameter" + (nearest(name, known) if known else "")))
        elif name in values:
            found.append(Fault(f"?{name}", "given more than once"))
        else:
            values[name], fault = _value(name, value, known[name].type)
            found.extend(fault)
    found += [Fault(f"?{name}", "is missing") for name, one in known.items() if one.required and name not in values]
    if found:
        raise Abort("validation_failed", "A query parameter is not valid; see `errors`.", errors=found)
    return msgspec.convert(values, kind)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    if not query:
        return []
    try:
        return parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise Abort("bad_request", f"The query string is not UTF-8 or has more than {_MOST} parameters.") from None


def _value(name: str, text: str, kind: Any) -> tuple[Any, list[Fault]]:
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        return None, [Fault(f"?{name}", "holds control characters")]
    text = _NUMBER.sub(r"+\1", _OFFSET.sub(r"\1+\2", text))
    fault = unfit(kind, text, f"?{name}")
    if text.isascii() and text.isdigit() and len(text) < 10:
        as_number = unfit(kind, int(text), f"?{name}")
        if as_number is None:
            return int(text), []
        if ", got " not in as_number.detail:  # a number was wanted, and another one
            fault = as_number
    return text, [fault] if fault else []
