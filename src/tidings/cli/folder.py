"""What the data folder tells without the server: whether it can be used, by whom it is held, who may read the key."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from tidings.cli.client import up_command
from tidings.doctor import Advice

LEAST_FREE_MB = 200


def holder(data: Path) -> str | None:
    """The number of the process that holds the folder, `?` when it is not written down, None when nobody does."""
    try:
        with (data / "lock").open(encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return lock.read().strip() or "?"
            return None
    except OSError:
        return None


def free_mb(data: Path) -> int | None:
    """Free space on the disk of the folder; None when that cannot be told."""
    try:
        return shutil.disk_usage(data).free >> 20
    except OSError:
        return None


def look(data: Path) -> Iterator[Advice]:
    """What is wrong with the folder itself."""
    if not data.exists():
        yield Advice(
            "error", f"There is no data folder {data}.", f"`{up_command(data)}` makes it; or give --data for another."
        )
        return
    if not data.is_dir() or not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        yield Advice("error", f"{data} is no folder this user can write to.", "Change its owner or mode, or the user.")
        return
    free = free_mb(data)
    if free is not None and free < LEAST_FREE_MB:
        yield Advice("error", f"Only {free} MB are free where {data} lies.", "Free space, or move the folder.")
    yield from _key(data / "admin.key")


def _key(file: Path) -> Iterator[Advice]:
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        yield Advice(
            "warning", f"{file} is missing.", "The next start makes a new admin key; until then set TIDINGS_KEY."
        )
        return
    except OSError as fault:
        yield Advice("warning", f"{file} cannot be looked at: {fault.strerror}.", "Check who owns it.")
        return
    if mode & 0o077:
        yield Advice("warning", f"{file} can be read by others (mode {mode:04o}).", f"chmod 600 {file}")
