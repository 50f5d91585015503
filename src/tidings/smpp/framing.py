"""Cuts a stream of octets into PDU frames by command_length (SMPP 3.4 section 3.2)."""

from __future__ import annotations

from struct import Struct

HEADER = 16
"""Octets of a PDU header, the least a command_length may say."""
LENGTH = 4
"""Octets of a command_length."""
_LENGTH = Struct(">I").unpack_from


def split_frames(data: bytes, limit: int) -> tuple[list[bytes], int, int | None]:
    """Whole frames of `data`, how many octets they take, and a bad command_length if one follows them.

    A command_length below 16 or above `limit` cannot be skipped: the stream is lost and has to be closed.
    """
    frames: list[bytes] = []
    start, size = 0, len(data)
    while size - start >= LENGTH:
        (length,) = _LENGTH(data, start)
        if not HEADER <= length <= limit:
            return frames, start, length
        end = start + length
        if end > size:
            break
        frames.append(data[start:end])
        start = end
    return frames, start, None


def missing(tail: bytes | bytearray) -> int:
    """How many octets `tail` has to have before another split can bring a frame."""
    if len(tail) < LENGTH:
        return LENGTH
    return int(_LENGTH(tail)[0])
