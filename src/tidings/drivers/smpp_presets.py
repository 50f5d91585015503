"""Habits of well-known SMSCs as data: what a profile may begin with."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from tidings import data


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One SMSC or supplier, as its public documents describe it."""

    name: str
    title: str
    sources: tuple[str, ...]
    """Where the options were read."""
    options: dict[str, Any]
    """Keys of a profile."""
    settings: dict[str, Any] = {}
    """Keys of the carrier's table itself that its documents ask for: they are advice, and set nothing."""
    note: str = ""


@cache
def presets() -> dict[str, Preset]:
    """All of them, by name."""
    rows = msgspec.convert(data.load("carrier_presets")["presets"], list[Preset])
    return {row.name: row for row in rows}


def preset(name: str) -> Preset:
    """The preset `name`. Raises ValueError, naming the nearest."""
    found = presets().get(name)
    if found is None:
        raise ValueError(f"unknown preset {name!r}{nearest(name, presets())}")
    return found


def nearest(name: str, known: Iterable[str]) -> str:
    """What may have been meant by an unknown name, as the end of a sentence."""
    names = list(known)
    near = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(names)}"
