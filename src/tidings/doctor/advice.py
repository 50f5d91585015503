"""One finding of a diagnosis."""

from __future__ import annotations

from typing import Literal

import msgspec


class Advice(msgspec.Struct, frozen=True):
    """How bad it is, what is the matter, what to do."""

    severity: Literal["error", "warning", "note"]
    what: str
    do: str
