"""Codes for tests, in few words."""

from __future__ import annotations

from typing import Any

import msgspec

from tidings.core.codebook import Book
from tidings.core.codes import Code, Rule

NOW = 1_790_000_000_000  # 2026-09-21 14:13:20 UTC, a Monday


def rule(name: str = "price", **fields: Any) -> Rule:
    """A rule as it comes in JSON; by default one that answers PRICE."""
    if not {"keywords", "translations", "regex", "default"} & fields.keys():
        fields["keywords"] = [name]
    if fields.get("parameters"):
        fields.setdefault("help", "Send it like this.")
    fields.setdefault("actions", [{"type": "reply", "text": "done"}])
    return msgspec.convert({"name": name, **fields}, Rule)


def code(number: int, name: str = "", **fields: Any) -> Code:
    made = rule(name or f"code{number}", **fields)
    return Code(id=number, account_id=1, rule=made, created_at=NOW, changed_at=NOW)


def book(*rules: Rule) -> Book:
    """A book of these rules, numbered from 1 in their order."""
    return Book(
        [Code(id=at, account_id=1, rule=one, created_at=NOW, changed_at=NOW) for at, one in enumerate(rules, 1)]
    )
