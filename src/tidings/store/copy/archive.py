"""A backup as a file: compressed, checksummed from end to end, read and written a page at a time.

Inside gzip, frames of MessagePack, each behind its length in four octets: a head and its digest; for each table its
columns, pages of rows, an empty page, and the checksum of its rows; then a table without a name; and a digest of all
that went before.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import msgspec

from tidings.core.message import Millis
from tidings.store.copy.place import Done
from tidings.store.copy.tables import Table
from tidings.store.copy.tally import Sum, added
from tidings.store.engine import CannotOpen, Row

T = TypeVar("T")

FORMAT = "tidings backup 1"
FRAME_MOST = 1 << 29
LEVEL = 1
"""Of compression: texts and numbers shrink to a fifth, and more effort gains little."""

_VALUES = {int, str, bytes, float, type(None)}
_encode = msgspec.msgpack.Encoder().encode


class Head(msgspec.Struct, frozen=True, array_like=True):
    """What a backup is of."""

    format: str
    id: str
    source: str
    taken_at: Millis
    applied: list[str]
    rows: int


class Heading(msgspec.Struct, frozen=True, array_like=True):
    """Begins a table."""

    name: str
    columns: list[str]


class Writer:
    """Writes beside the file and puts it in its place when it is whole; what was there before stays until then."""

    def __init__(self, file: Path, head: Head) -> None:
        """Raises OSError, or CannotOpen where there is something else by that name: it is not written over."""
        file = file.resolve()
        _check_free(file)
        self._file = file
        self._part = file.with_name(f".{file.name}.{os.getpid()}.part")
        self._raw: BinaryIO = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._zip = gzip.GzipFile("", "wb", LEVEL, self._raw, mtime=0)
        self._digest = blake2b(digest_size=32)
        self._frame(head)
        self._frame(self._digest.digest())

    def _frame(self, value: Any) -> None:
        written = _encode(value)
        if len(written) > FRAME_MOST:
            raise CannotOpen(f"{self._file} cannot be written: a page of rows is larger than is ever read again")
        framed = len(written).to_bytes(4) + written
        self._digest.update(framed)
        self._zip.write(framed)

    def begin(self, table: Table) -> None:
        """The rows of this table follow."""
        self._frame(Heading(table.name, list(table.columns)))

    def rows(self, rows: list[Row]) -> None:
        """Some of them."""
        self._frame(rows)

    def end(self, sum: Sum) -> None:
        """These were all."""
        self._frame([])
        self._frame(sum)

    def finish(self) -> None:
        """All tables are written: put the file in its place."""
        self._frame(Heading("", []))
        self._frame(self._digest.digest())
        self._zip.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        self._part.replace(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def give_up(self) -> None:
        """Leave nothing behind. After `finish` it does nothing."""
        self._raw.close()
        self._part.unlink(missing_ok=True)


def _check_free(file: Path) -> None:
    if not file.exists() or _replaceable(file):
        return
    raise CannotOpen(f"{file} is there already, and is no backup that can be replaced; give another name")


def _replaceable(file: Path) -> bool:
    if not file.is_file():
        return False
    try:
        if file.stat().st_size:
            Reader(file).close()
    except CannotOpen:
        return False
    return True


class Reader:
    """A backup as a source of rows. Every method raises CannotOpen where the file is damaged, or OSError."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._zip = cast("BinaryIO", gzip.open(file, "rb"))  # noqa: SIM115 - closed by `close`
        self._digest = blake2b(digest_size=32)
        self._next: Heading | None = None
        try:
            self.head = self._frame(Head, "it is not a backup of tidings")
            if self.head.format != FORMAT:
                raise CannotOpen(f"{file} is a backup of another version of tidings ({self.head.format})")
            if self._digest.digest() != self._frame(bytes):
                raise self.damaged("its head is not what it was")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._zip.close()

    def pages(self, table: Table, after: Done) -> Iterator[tuple[list[Row], Done]]:
        """See `fill.Source`."""
        heading = self._find(table.name)
        if tuple(heading.columns) != table.columns:
            raise self.damaged(f"{table.name} has other columns")
        done, passed = after, 0
        while rows := self._frame(list[tuple[Any, ...]]):
            passed += len(rows)
            if passed <= after.sum.rows:
                continue
            for one in (one for row in rows for one in row):
                if type(one) is int and one >> 63 > 0:
                    raise self.damaged("a number in it is too large")
                if type(one) not in _VALUES:
                    raise self.damaged("what it holds makes no sense")
            done = Done(added(done.sum, rows)[0])
            yield rows, done
        if self._frame(Sum) != done.sum:
            raise self.damaged(f"the checksum of {table.name} is another")

    def end(self) -> None:
        """See that the file is whole to its end."""
        self._find("")
        digest = self._digest.digest()
        if self._frame(bytes) != digest or self._octets(1):
            raise self.damaged("its checksum is another")

    def damaged(self, why: str) -> CannotOpen:
        """What to raise where it does not hold what was written into it."""
        return CannotOpen(f"{self._file} cannot be used ({why}); take another backup")

    def _find(self, name: str) -> Heading:
        """The heading of a table; those before it are passed over."""
        while (heading := self._frame(Heading)).name != name:
            if not heading.name:
                raise self.damaged(f"there is no {name} in it")
            while self._frame(list[tuple[Any, ...]]):
                pass
            self._frame(Sum)
        return heading

    def _frame(self, kind: type[T], why: str = "what it holds makes no sense") -> T:
        size = self._octets(4)
        many = int.from_bytes(size)
        written = self._octets(many) if many <= FRAME_MOST else b""
        if len(size) < 4 or len(written) < many:
            raise self.damaged("it ends too early" if many <= FRAME_MOST else why)
        self._digest.update(size + written)
        try:
            return msgspec.msgpack.decode(written, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            raise self.damaged(why) from fault

    def _octets(self, many: int) -> bytes:
        try:
            return self._zip.read(many)
        except EOFError as fault:
            raise self.damaged("it ends too early") from fault
        except (zlib.error, gzip.BadGzipFile) as fault:
            raise self.damaged(str(fault)) from fault
