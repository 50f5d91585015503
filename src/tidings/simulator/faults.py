"""Troubles of the whole network, switched at run time."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Mode = Literal["none", "down", "slow", "throttle", "hang", "drop", "nonsense", "refuse_bind"]

MEANINGS: dict[str, str] = {
    "none": "All is well.",
    "down": "Links are cut and the port refuses connections.",
    "slow": "Every response to a submit_sm waits `delay_ms`.",
    "throttle": "Every submit_sm is answered ESME_RTHROTTLED (0x58).",
    "hang": "Connections are accepted and nothing is read or answered.",
    "drop": "A link is cut after `after` submit_sm, the last of them unanswered.",
    "nonsense": "Every PDU is answered by octets that are no PDU.",
    "refuse_bind": "Binds are answered ESME_RINVPASWD (0x0E); links that stand, stay.",
}


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which trouble there is, and how much of it."""

    mode: Mode = "none"
    delay_ms: Annotated[int, Meta(ge=0, le=600_000)] = 1_000
    """For `slow`."""
    after: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    """For `drop`: submit_sm a link carries, counted from the switch or from its bind."""
