"""Debian's programs that `make peers` and `make bench-peers` unpacked into .peers: not installed, nothing started."""

from __future__ import annotations

import os
from pathlib import Path

_UNPACKED = ("debian", "brokers")


def program(root: Path, path: str) -> Path | None:
    """The program as unpacked, or where the machine has it; None where it is nowhere."""
    for one in (*(root / name / "root" / path for name in _UNPACKED), Path("/") / path):
        if one.exists():
            return one
    return None


def environment(root: Path) -> dict[str, str]:
    """Where the unpacked programs find their libraries; one that is installed finds its own all the same."""
    folders = [root / name / "root" for name in _UNPACKED]
    libraries = [
        str(one)
        for folder in folders
        for one in (*folder.glob("usr/lib/*-linux-gnu*"), *folder.glob("lib/*-linux-gnu*"))
    ]
    return {"LD_LIBRARY_PATH": ":".join([*libraries, *filter(None, [os.environ.get("LD_LIBRARY_PATH")])])}
