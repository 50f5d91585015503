"""An append-only file from which the simulated network goes on after a restart (a killed process, not a power cut).

Each line is the length of a record, a space, the record and a line feed, so that a torn end is seen. Records are
buffered and written by `flush`, once before the answers they stand behind leave.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

FILE = "simulator.journal"
_LINES_A_STEP = 4_000

_log = logging.getLogger(__name__)


class JournalBusyError(Exception):
    """Another process uses the folder."""


class Journal:
    """The file `simulator.journal` in a folder; without a folder nothing is kept."""

    def __init__(self, folder: Path | None, most: int = 64 * 1024 * 1024) -> None:
        """Open or make the file. `most`: octets below which it is never tidied up while running.

        Raises JournalBusyError, and OSError where the folder cannot be used.
        """
        self._path = folder and folder / FILE
        self._most = most
        self._tidy_at = most
        self._buffer: list[bytes] = []
        self._since: list[bytes] = []
        self._rewriting: Iterator[bytes] | None = None
        self._next = -1
        self._file = -1
        self.size = 0
        if folder is not None and self._path is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = _open(self._path)
            self.size = os.fstat(self._file).st_size

    @property
    def kept(self) -> bool:
        """Whether there is a file at all."""
        return self._file >= 0

    @property
    def wants_tidying(self) -> bool:
        """The file has outgrown what its last `tidy` left, and none is under way."""
        return self.kept and self._rewriting is None and self.size > self._tidy_at

    def read(self) -> Iterator[bytes]:
        """The records, oldest first, up to the first line that is not whole; what follows it is cut off."""
        if self._path is None:
            return
        good = 0
        with self._path.open("rb") as lines:
            for line in lines:
                length, _, record = line.partition(b" ")
                if not length.isdigit() or len(record) != int(length) + 1 or not record.endswith(b"\n"):
                    break
                good += len(line)
                yield record[:-1]
        os.ftruncate(self._file, good)
        self.size = good

    def append(self, record: bytes) -> None:
        """Write it at the next `flush`."""
        if self._file >= 0:
            self._buffer.append(_line(record))

    def flush(self) -> None:
        """Write what was appended. Raises OSError; then nothing of it is in the file, nor will be."""
        if not self._buffer:
            return
        octets = b"".join(self._buffer)
        self._buffer.clear()
        _write(self._file, octets, self.size)
        self.size += len(octets)
        if self._rewriting is not None:
            self._since.append(octets)
            self._step(self._rewriting)

    def tidy(self, records: Iterable[bytes], *, at_once: bool = False) -> None:
        """Replace the file by `records` and what is appended from now on, step by step with each `flush`.

        Where the disk has no room for both, the old file stays and grows on until it is twice as large.
        """
        if self._path is None or not self.kept:
            return
        self.flush()
        self._next = _open(self._path.with_suffix(".new"))
        os.ftruncate(self._next, 0)
        self._rewriting = iter(records)
        while at_once and self._rewriting is not None:
            self._step(self._rewriting)

    def close(self) -> None:
        """Write what is left and let go of the file."""
        if not self.kept:
            return
        try:
            self.flush()
        finally:
            os.close(self._file)
            self._file = -1
            self._let_go_of_next()

    def _step(self, records: Iterator[bytes]) -> None:
        lines = [_line(record) for record in islice(records, _LINES_A_STEP)]
        try:
            _write(self._next, b"".join(lines or self._since), os.fstat(self._next).st_size)
        except OSError as error:
            _log.warning("The journal could not be tidied up: %s.", error)
            self._tidy_at = 2 * self.size
            self._let_go_of_next()
            return
        if not lines:
            self._change_over()

    def _change_over(self) -> None:
        if self._path is None:
            return
        self._path.with_suffix(".new").rename(self._path)
        self._file, self._next = self._next, self._file
        self._let_go_of_next()
        self.size = os.fstat(self._file).st_size
        self._tidy_at = max(self._most, 2 * self.size)

    def _let_go_of_next(self) -> None:
        if self._next >= 0:
            os.close(self._next)
        self._next = -1
        self._rewriting = None
        self._since.clear()


def _line(record: bytes) -> bytes:
    return b"%d %b\n" % (len(record), record)


def _open(path: Path) -> int:
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise JournalBusyError(f"Another process uses {path}; give each simulator a folder of its own.") from None
    return file


def _write(file: int, octets: bytes, size: int) -> None:
    """All or nothing: a write that fails half way (disk full) is taken back."""
    left = memoryview(octets)
    try:
        while left:
            left = left[os.write(file, left) :]
    except OSError:
        os.ftruncate(file, size)
        raise
