"""Whether two engines hold the same: a count and a checksum of rows, in whatever order they come."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from tidings.store.engine import Row

_encode = msgspec.msgpack.Encoder().encode
_WIDTH = 16
_AROUND = 1 << 8 * _WIDTH


class Sum(msgspec.Struct, frozen=True):
    """So many rows, and the sum of their digests: the same on either engine, and in any order."""

    rows: int = 0
    digest: str = "0" * 2 * _WIDTH


def added(before: Sum, rows: Sequence[Row]) -> tuple[Sum, int]:
    """With these rows too; and how many octets they have."""
    total, octets = int(before.digest, 16), 0
    for row in rows:
        written = _encode(row)
        octets += len(written)
        total += int.from_bytes(blake2b(written, digest_size=_WIDTH).digest())
    return Sum(before.rows + len(rows), f"{total % _AROUND:032x}"), octets
