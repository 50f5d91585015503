"""The data folder belongs to one process at a time."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from pathlib import Path
from typing import TextIO


class DataFolderInUse(Exception):
    """Another process works on this data folder."""


def take(folder: Path) -> TextIO:
    """Make the folder if need be, and hold it by an advisory lock that ends with the process, however it ends.

    Raises DataFolderInUse, or OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = (folder / "lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.seek(0)
        owner = handle.read().strip() or "unknown"
        handle.close()
        raise DataFolderInUse(
            f"{folder} is in use by process {owner}; stop it or choose another --data; several "
            "processes can share a PostgreSQL database (`database`), each with a data folder of its own"
        ) from None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def home(folder: Path) -> str:
    """What tells this data folder from others that share a database: drawn once, and kept in it."""
    file = folder / "instance"
    if not file.exists():
        file.write_text(f"{secrets.token_hex(16)}\n", encoding="utf-8")
    return f"{file.read_text(encoding='utf-8').strip()} {socket.gethostname()}"
