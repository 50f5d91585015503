"""Bodies of the PDUs as the table `smpp_pdus` tells them: which fields in which order, how they stand in the octets,
and what answers an unsound one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import msgspec

from tidings import data
from tidings.smpp import pdus
from tidings.smpp.faults import RINVCMDLEN


class Kind(Enum):
    """How a field stands in the octets."""

    STRING = "cstring"
    OCTET = "int"
    TIME = "time"
    MESSAGE = "octets"
    """A length octet and that many octets."""
    DESTS = "dest_addresses"
    """A count octet and that many destinations, each a handset or a distribution list."""
    UNSUCCESS = "unsuccess_smes"
    """A count octet and that many destinations that were not taken."""


class Field(msgspec.Struct, frozen=True):
    """One mandatory field of a body."""

    name: str
    kind: Kind
    size: int = 0
    """Greatest size of a string (NUL included) or message."""
    fault: int = RINVCMDLEN
    """command_status that answers an unsound value."""
    last: bool = False
    """The body ends with it, so that a missing NUL can be forgiven."""
    optional: bool = False
    """Peers are known to leave it away."""


class Command(msgspec.Struct, frozen=True):
    """One command_id."""

    id: int
    name: str
    since: str
    """`3.4` or `5.0`."""
    section: str
    """Of the specification."""
    sent_by: tuple[str, ...]
    """`esme`, `smsc` or both."""
    states: frozenset[tuple[str, str]]
    """Ends and the session states in which they may send it; empty for responses."""
    answer: str | None
    """Name of the response; None where there is none."""
    meaning: str
    fields: tuple[Field, ...]


_STATUSES = {row["name"]: row["code"] for row in data.load("smpp_command_status")["statuses"]}


def _fields(rows: Sequence[Mapping[str, Any]]) -> tuple[Field, ...]:
    counts = {row["count"] for row in rows if "count" in row}
    rows = [row for row in rows if row["name"] not in counts]
    return tuple(
        Field(
            row["name"],
            Kind(row["type"]),
            row.get("max", row.get("size", 0)),
            _STATUSES[row["fault"]] if "fault" in row else RINVCMDLEN,
            number == len(rows) and row["type"] == "cstring",
            row.get("may_lack", False),
        )
        for number, row in enumerate(rows, 1)
    )


def _command(name: str, row: Mapping[str, Any]) -> Command:
    states = {(end, state) for end, states in (row["states"] or {}).items() for state in states}
    return Command(
        row["id"], name, row["since"], row["section"], tuple(row["sent_by"]), frozenset(states), row["answer"],
        row["meaning"], _fields(row["fields"]),
    )  # fmt: skip


COMMANDS: dict[int, Command] = {row["id"]: _command(name, row) for name, row in data.load("smpp_pdus")["pdus"].items()}
"""Every command of the table by its command_id."""


def noun(command: Command) -> Any:
    """The class in `pdus` that holds a command: three binds share one, and so do their answers."""
    if command.name.startswith("bind_"):
        return pdus.BindResp if command.name.endswith("_resp") else pdus.Bind
    return getattr(pdus, "".join(word.capitalize() for word in command.name.split("_")))


LAYOUTS: dict[Any, tuple[Field, ...]] = {noun(command): command.fields for command in COMMANDS.values()}
"""The fields of each noun."""
