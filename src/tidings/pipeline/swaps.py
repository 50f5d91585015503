"""What smart encoding did to a text, as the message's first event keeps it and its story tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tidings.core.message import Category
from tidings.text.smart import Smart

KEPT_MOST = 50
"""Kinds of replacements that are kept."""


class Swapped(msgspec.Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """A replacement, and how often it was made."""

    before: str
    after: Annotated[str, Meta(description="empty where it is gone")]
    count: int


class Swaps(msgspec.Struct, frozen=True):
    """What smart encoding replaced in a message."""

    count: Annotated[int, Meta(description="replacements in all")]
    transliterated: Annotated[bool, Meta(description="letters of other scripts were written in Latin ones")]
    replaced: Annotated[
        tuple[Swapped, ...],
        Meta(description="the first 50 kinds; not kept of one-time codes and transliterations, as that tells the text"),
    ]


def note(found: Smart, category: str) -> dict[str, Any]:
    """For the first event: kinds, not places, so that a text that is blanked one day is not kept here."""
    told: dict[str, Any] = {"count": len(found.replaced)}
    if found.transliterated:
        told["transliterated"] = True
    elif category != Category.OTP:
        kinds = Counter((one.before, one.after) for one in found.replaced)
        told["replaced"] = [
            {"from": before, "to": after, "count": count}
            for (before, after), count in sorted(kinds.items())[:KEPT_MOST]
        ]
    return {"smart_encoding": told}


def told(data: Mapping[str, Any] | None) -> Swaps | None:
    """What the first event keeps; None where nothing was replaced."""
    kept = (data or {}).get("smart_encoding")
    if kept is None:
        return None
    replaced = tuple(Swapped(one["from"], one["to"], one["count"]) for one in kept.get("replaced", ()))
    return Swaps(kept["count"], kept.get("transliterated", False), replaced)
