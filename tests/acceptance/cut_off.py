"""tidings, cut off from every network: addresses that a fuzzer makes up must reach nobody."""

from __future__ import annotations

from tidings.cli import main
from tidings.drivers import names


def nowhere(host: str, port: int) -> list[str]:
    """In place of name resolution."""
    raise OSError("cut off")


if __name__ == "__main__":
    names.look_up = nowhere
    names.literal = lambda host: None  # literal addresses are looked up too
    main()
