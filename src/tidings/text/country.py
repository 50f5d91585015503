"""The country of a number by its first digits, and what its networks make of alphanumeric senders."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from tidings.data import load


@lru_cache(maxsize=8192)
def country(number: str) -> str | None:
    """The region (ISO 3166) of an E.164 number by its longest known beginning.

    None of a short code, of what no country has, and of numbers for all the world.
    """
    if number[0] != "+":
        return None
    known, longest = _prefixes()
    for length in range(longest, 0, -1):
        region: str | None = known.get(number[1 : 1 + length])
        if region is not None:
            return None if region == "001" else region
    return None


def refuses_names(region: str | None) -> str | None:
    """The name of the country if its networks take no alphanumeric senders."""
    row = _alphanumeric()["refused"].get(region)
    return None if row is None else str(row["name"])


def registers_names(region: str | None) -> str | None:
    """The name of the country if its networks want alphanumeric senders registered first."""
    row = _alphanumeric()["registration"].get(region)
    return None if row is None or row.get("voluntary") else str(row["name"])


@cache
def _prefixes() -> tuple[dict[str, str], int]:
    known: dict[str, str] = load("calling_codes")["prefixes"]
    return known, max(map(len, known))


@cache
def _alphanumeric() -> Any:
    return load("sender_rules")["alphanumeric"]
