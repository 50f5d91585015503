"""tidings, cut off from every network: addresses that a fuzzer makes up must reach nobody."""

from __future__ import annotations

from tidings.cli import main
from tidings.drivers import http_client


async def nowhere(host: str, port: int) -> list[str]:
    """In place of name resolution, which literal addresses pass through too."""
    raise OSError("cut off")


if __name__ == "__main__":
    http_client._resolve = nowhere
    main()
