"""Captured traffic as a file: a line of JSON for what it is, then one for each thing that happened on a link.

Documented in docs/reference/capture.md; read by `tidings replay` and turned into pcap by `tidings capture`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from tidings.smpp.fields import COMMANDS
from tidings.smpp.framing import HEADER

FORMAT = "tidings-capture"
VERSION = 1
LINE_MOST = 300_000
"""Octets a line may have: the longest PDU in hexadecimal, and what stands around it."""

Side = Literal["esme", "smsc"]
Way = Literal["in", "out"]
Happened = Literal["pdu", "open", "closed", "missed"]


class BadCapture(ValueError):
    """A file is no capture; the argument says which line and why."""


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line: whose traffic this is."""

    format: Literal["tidings-capture"] = "tidings-capture"
    version: Literal[1] = 1
    side: Side
    """Which end tidings was: `esme` towards a carrier, `smsc` towards a customer."""
    name: str
    """Of the carrier or the ESME."""
    started_at_ms: int
    """Milliseconds since 1970-01-01 UTC, as all times here."""
    redacted: bool
    """Whether texts and most digits were left out; passwords always are."""


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line: a PDU, or what became of a link."""

    at_ms: int
    link: str
    """Names one connection."""
    what: Happened
    way: Way | None = None
    """As tidings saw it."""
    pdu: str = ""
    """Name of the command, or its number in hexadecimal."""
    sequence: int = 0
    status: int = 0
    """command_status."""
    hex: str = ""
    """The octets, header included."""
    withheld: int = 0
    """Octets of the body that were left out because they could not be read, and so not be redacted."""
    detail: str = ""
    """`open`: the two addresses; `closed`: why."""
    count: int = 0
    """`missed`: how many records were not kept, because they came faster than they were taken."""

    @property
    def frame(self) -> bytes:
        """The octets of the PDU, a sound one also where its tail was withheld. Empty where the whole body was."""
        return b"" if self.withheld and len(self.hex) == 2 * HEADER else bytes.fromhex(self.hex)


def of_frame(at_ms: int, link: str, way: Way, frame: bytes, shown: bytes) -> Record:
    """The record of a PDU, of which only `shown` is told."""
    command_id, status, sequence = (int.from_bytes(frame[at : at + 4], "big") for at in (4, 8, 12))
    known = COMMANDS.get(command_id)
    return Record(
        at_ms=at_ms, link=link, what="pdu", way=way, pdu=known.name if known else f"0x{command_id:08x}",
        sequence=sequence, status=status, hex=shown.hex(),
        withheld=max(0, len(frame) - len(shown)),
    )  # fmt: skip


_encoder = msgspec.json.Encoder()
_head = msgspec.json.Decoder(Head)
_record = msgspec.json.Decoder(Record)


def line(noun: Head | Record) -> bytes:
    """One line of the file, its end included."""
    return _encoder.encode(noun) + b"\n"


def read(lines: Iterable[bytes]) -> tuple[Head, Iterator[Record]]:
    """What a file tells. Raises BadCapture, also while the records are read. A last line cut short is left out."""
    numbered = enumerate(lines, 1)
    first = next(numbered, (1, b""))[1]
    try:
        head = _head.decode(first)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as fault:
        raise BadCapture(f"line 1 is not the head of a capture: {fault}") from None
    return head, _records(numbered)


def _records(numbered: Iterator[tuple[int, bytes]]) -> Iterator[Record]:
    for number, text in numbered:
        if not text.endswith(b"\n"):
            return
        try:
            record = _record.decode(text)
            sound = record.what != "pdu" or record.way is None or len(bytes.fromhex(record.hex)) >= HEADER
        except (msgspec.MsgspecError, RecursionError, ValueError) as fault:
            raise BadCapture(f"line {number}: {fault}") from None
        if not sound or (record.what == "pdu" and record.way is None):
            raise BadCapture(f"line {number}: a PDU needs `way` and at least {HEADER} octets of `hex`")
        yield record
