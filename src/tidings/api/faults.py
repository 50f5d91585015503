"""Every field at fault: msgspec names the first only, so a body that fails is looked at again field by field."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from tidings.core.request import Fault

MOST = 100
"""Faults told of one body: enough for any honest mistake."""
_NAME = 64
_HALF = re.compile("[\ud800-\udfff]")
_STEP = re.compile(r"\.([^.\[\]`]+)|\[(\d+)\]")
_WORDS = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "a boolean",
    "object": "an object",
    "array": "an array",
    "null": "null",
    "datetime": "a time",
}


def faults(kind: type[msgspec.Struct], value: Any, pointer: str = "") -> tuple[Fault, ...]:
    """What keeps `value` (plain JSON) from being a `kind`: unknown, missing and unfit fields, at most `MOST`."""
    if not isinstance(value, dict):
        return (Fault(pointer, f"expected an object, got {_kind_of(value)}"),)
    known = fields(kind)
    found = [_unknown(name, known, pointer) for name in list(value)[: MOST + len(known)] if name not in known]
    for name, field in known.items():
        if name in value:
            fault = unfit(field.type, value[name], f"{pointer}/{name}")
            found.extend([fault] if fault else [])
        elif field.required:
            found.append(Fault(f"{pointer}/{name}", "is required"))
    return tuple(found[:MOST])


def half_pairs(plain: Any) -> tuple[Fault, ...]:
    """The strings of plain JSON that hold half of a surrogate pair, each with its first, at most `MOST`."""
    found: list[Fault] = []
    steps: list[object] = []
    """The way to what is looked at; the first stands for the whole."""
    open_ones: list[Iterator[tuple[object, Any]]] = [iter((("", plain),))]
    while open_ones and len(found) < MOST:
        for step, value in open_ones[-1]:
            if isinstance(value, str):
                if half := _HALF.search(value):
                    found.append(Fault(_pointer((*steps, step)), f"must not contain lone surrogates: {_where(half)}"))
                    break
            elif value and isinstance(value, dict | list):
                steps.append(step)
                if isinstance(value, list):
                    open_ones.append(iter(enumerate(value)))
                    break
                if half := next(filter(None, map(_HALF.search, value)), None):
                    found.append(Fault(_pointer(steps), f"has a name with a lone surrogate: {_where(half)}"))
                open_ones.append((name, one) for name, one in value.items() if not _HALF.search(name))
                break
        else:
            open_ones.pop()
            del steps[-1:]
    return tuple(found)


def _pointer(steps: Iterable[object]) -> str:
    return "/".join(_step(str(step)) for step in steps)


def _where(half: re.Match[str]) -> str:
    return f"U+{ord(half[0]):04X} at position {half.start()}"


@functools.cache
def fields(kind: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    """Fields of a struct by the name they have on the wire."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def first(fault: Exception, pointer: str = "") -> Fault:
    """The one fault that msgspec's exception tells."""
    what, _, where = str(fault).partition(" - at ")
    steps = "".join(f"/{name or index}" for name, index in _STEP.findall(where))
    return Fault(pointer + steps, _plain(what))


def nearest(name: str, known: Any) -> str:
    """`; did you mean …?` for a name nobody knows, or the names there are."""
    near = difflib.get_close_matches(name[:_NAME], list(known), n=1, cutoff=0.6)
    return f"; did you mean `{near[0]}`?" if near else f"; known: {', '.join(known)}"


def _unknown(name: str, known: dict[str, FieldInfo], pointer: str) -> Fault:
    return Fault(f"{pointer}/{_step(name)}", f"unknown field{nearest(name, known)}")


def _step(name: str) -> str:
    """A name as it stands in a JSON pointer (RFC 6901), long ones cut."""
    shown = name if len(name) <= _NAME else name[:_NAME] + "…"
    return shown.replace("~", "~0").replace("/", "~1")


def unfit(kind: Any, value: Any, pointer: str) -> Fault | None:
    """Why `value` is no `kind`, or None when it is."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as fault:
        told = first(fault, pointer)
        if told.detail.startswith("invalid enum value"):
            return Fault(told.pointer, f"must be one of {', '.join(_choices(kind))}")
        return told
    return None


def _choices(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return [str(choice) for choice in get_args(kind)]
    return [choice for part in get_args(kind) for choice in _choices(part)]


def _kind_of(value: Any) -> str:
    kinds: tuple[tuple[Any, str], ...] = (
        (bool, "boolean"),
        (str, "string"),
        (int, "number"),
        (float, "number"),
        (list, "array"),
        (dict, "object"),
    )
    name = next((name for kind, name in kinds if isinstance(value, kind)), "null")
    return name if name == "null" else f"{'an' if name[0] in 'ao' else 'a'} {name}"


def _plain(what: str) -> str:
    """msgspec's sentence in the words of JSON: "Expected `int | null`, got `str`" → "expected an integer or null"."""
    what = re.sub(r"`([a-z |]+)`", lambda types: _types(types[1]), what)
    return what[:1].lower() + what[1:]


def _types(union: str) -> str:
    return " or ".join(_WORDS.get(part.strip(), part.strip()) for part in union.split("|"))
