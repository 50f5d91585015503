"""The cut-off tidings with a fault planted in it: the phones of the simulator cannot be looked at."""

from __future__ import annotations

from typing import Any

import cut_off

from tidings.cli import main
from tidings.drivers import names
from tidings.simulator import handsets


def breaks(seen: Any) -> Any:
    """In place of what a phone shows."""
    raise ValueError("planted")


if __name__ == "__main__":
    names.look_up = cut_off.nowhere
    handsets.screen = breaks
    main()
