"""What a command_status means: its name, what to do about it, and its code in the error taxonomy."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tidings import data

_KINDS = {"throttle": "throttled", "unsupported": "config"}
"""Classes of the table under the names that carriers use for kinds of errors."""
KINDS = ("throttled", "temporary", "permanent", "config", "bind")


class Status(msgspec.Struct, frozen=True):
    """One command_status (SMPP 3.4 section 5.1.3)."""

    value: int
    name: str
    """As in the specification, or "" where the value is not in it."""
    kind: str
    """`ok`, `throttled`, `temporary`, `permanent`, `config` or `bind`."""
    code: str
    """Code of the error taxonomy; `none` for ok."""
    meaning: str

    @property
    def hex(self) -> str:
        """The value as carriers write it in their documents: `0x00000058`."""
        return f"0x{self.value:08X}"


def _read() -> dict[int, Status]:
    rows = data.load("smpp_command_status")["statuses"]
    return {
        row["code"]: Status(
            row["code"], row["name"], _KINDS.get(row["class"], row["class"]), row["category"], row["meaning"]
        )
        for row in rows
    }


_STATUSES = _read()
_CODES = {"throttled": "throttled", "permanent": "rejected", "bind": "provider_auth", "config": "internal_error"}


def classify(value: int, overrides: Mapping[int, str] | None = None) -> Status:
    """The status `value`; `overrides` gives kinds by value where a carrier means something else by it.

    What is not in the specification is temporary: vendors use 0x400 to 0x4FF, and others, for anything.
    """
    known = _STATUSES.get(value)
    if known is None:
        meaning = "Vendor specific error" if 0x400 <= value <= 0x4FF else "Error not in the specification"
        known = Status(value, "", "temporary", "carrier_error", meaning)
    if overrides and value in overrides and overrides[value] != known.kind:
        kind = overrides[value]
        return Status(value, known.name, kind, _CODES.get(kind, "carrier_error"), known.meaning)
    return known
