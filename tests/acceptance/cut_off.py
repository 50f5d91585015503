"""tidings, cut off from every network: addresses that a fuzzer makes up must reach nobody."""

from __future__ import annotations

from typing import Any

from tidings.cli import main
from tidings.drivers import names, smpp_bind, smpp_tap
from tidings.drivers.smpp_link import connect


def nowhere(host: str, port: int) -> list[str]:
    """In place of name resolution."""
    raise OSError("cut off")


async def nobody(host: str, port: int, new: Any, **more: Any) -> Any:
    """In place of connecting to an SMSC: only the simulated one is reached."""
    if host != "127.0.0.1":
        raise OSError("cut off")
    return await connect(host, port, new, **{**more, "names": None})


def shortly(taps: Any, name: str, seconds: float, whole: bool, gone: Any) -> Any:
    """In place of a capture for as long as it is asked for."""
    return opened(taps, name, min(seconds, 0.1), whole, gone)


if __name__ == "__main__":
    names.look_up = nowhere
    names.literal = lambda host: None  # literal addresses are looked up too
    smpp_bind.connect = nobody
    opened, smpp_tap.Taps.open = smpp_tap.Taps.open, shortly  # type: ignore[method-assign]
    main()
