"""What a command_status means: its name, what to do about it, and its code in the error taxonomy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from tidings import data
from tidings.errors import MESSAGE_ERRORS

_KINDS = {"throttle": "throttled", "unsupported": "config"}
"""Classes of the table under the names that carriers use for kinds of errors."""
KINDS = ("throttled", "temporary", "permanent", "config", "bind")
THROTTLING = ("ESME_RMSGQFUL", "ESME_RTHROTTLED")
"""What asks to slow down, by the book and by custom."""


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
_NAMES: dict[str, int] = {
    row[key]: row["code"] for row in data.load("smpp_command_status")["statuses"] for key in ("name", "name_5_0")
}
_CODES = {
    "throttled": "throttled", "permanent": "rejected", "bind": "provider_auth", "config": "internal_error",
    "temporary": "carrier_error",
}  # fmt: skip
"""The code of a kind where nothing better is known."""


def classify(value: int, overrides: Mapping[int, Status] | None = None) -> Status:
    """The status `value`, as `overrides` have it where a carrier means something else by it (see `resolve`).

    What is not in the specification is temporary: vendors use 0x400 to 0x4FF, and others, for anything.
    """
    if overrides and (own := overrides.get(value)) is not None:
        return own
    known = _STATUSES.get(value)
    if known is None:
        meaning = "Vendor specific error" if 0x400 <= value <= 0x4FF else "Error not in the specification"
        known = Status(value, "", "temporary", "carrier_error", meaning)
    return known


def number_of(written: str) -> int:
    """The value of a status given by its name in 3.4 or 5.0, or as a number, as in `0x45` or `69`.

    Raises ValueError for what is neither.
    """
    if written in _NAMES:
        return _NAMES[written]
    try:
        value = int(written, 0)
    except ValueError:
        raise ValueError(
            f"{written!r} is no command_status by name or number, such as ESME_RTHROTTLED or 0x58"
        ) from None
    if not 0 < value < 1 << 32:
        raise ValueError(f"{written!r} is no command_status of an error: 1 to 0xFFFFFFFF are")
    return value


def resolve(errors: Mapping[str, str], throttling: Iterable[str] = THROTTLING) -> dict[int, Status]:
    """What a carrier means by its statuses: `errors` gives a class, a category or both by name or number,
    `throttling` names all that ask to slow down. `errors` wins. Raises ValueError, saying what cannot be used.
    """
    slow = {number_of(one) for one in throttling}
    found = {value: _as(classify(value), "throttled", "throttled") for value in slow}
    for name in THROTTLING:
        if (value := _NAMES[name]) not in slow:
            found[value] = _as(classify(value), "temporary", "carrier_error")
    return found | {number_of(name): _override(name, words) for name, words in errors.items()}


def _override(name: str, words: str) -> Status:
    known = classify(number_of(name))
    kind, code = "", ""
    for word in words.split():
        if word in KINDS and word not in MESSAGE_ERRORS:
            kind = word
        elif word in MESSAGE_ERRORS:
            code = word
        else:
            raise ValueError(
                f"{name}: {word!r} is neither a class ({', '.join(KINDS)}) nor a category of the error reference"
            )
    if not (kind or code):
        raise ValueError(f"{name}: give a class ({', '.join(KINDS)}), a category of the error reference, or both")
    if not code:
        code = known.code if kind == known.kind else _CODES[kind]
    return _as(known, kind or kind_of(code), code)


def kind_of(code: str) -> str:
    """What to do about an error of which the taxonomy's code alone is known."""
    for kind in ("throttled", "bind", "config"):
        if _CODES[kind] == code:
            return kind
    return "permanent" if MESSAGE_ERRORS[code].permanent else "temporary"


def _as(known: Status, kind: str, code: str) -> Status:
    return Status(known.value, known.name, kind, code, known.meaning)
