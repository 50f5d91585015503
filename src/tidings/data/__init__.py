"""Tables that ship with tidings: JSON files beside this one, each with its sources, read once."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec


@cache
def load(name: str) -> Any:
    """The table `name` (file `name.json`), decoded; the same object at every call, not to be changed."""
    return msgspec.json.decode(files(__name__).joinpath(f"{name}.json").read_bytes())
