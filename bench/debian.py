"""Debian's programs that `make bench-peers` unpacked into .peers/debian: nothing is installed, no service started."""

from __future__ import annotations

from pathlib import Path


def program(root: Path, path: str) -> Path | None:
    """The program as unpacked, or where the machine has it; None where it is nowhere."""
    for one in (root / "debian" / "root" / path, Path("/") / path):
        if one.exists():
            return one
    return None


def environment(root: Path) -> dict[str, str]:
    """Where the unpacked programs find their libraries and, for RabbitMQ, Erlang."""
    unpacked = root / "debian" / "root"
    libraries = [str(one) for one in (*unpacked.glob("usr/lib/*-linux-gnu*"), *unpacked.glob("lib/*-linux-gnu*"))]
    return {"LD_LIBRARY_PATH": ":".join(libraries)}
