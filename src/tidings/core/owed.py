"""What is owed to a customer's ESME, receipts of what it submitted and texts for its numbers, until it has taken it."""

from __future__ import annotations

from zlib import crc32

import msgspec

from tidings.core.message import Millis
from tidings.smpp.pdus import DataSm, DeliverSm

RECEIPT = "receipt"
NOTICE = "intermediate"
TEXT = "text"

CONCATENATIONS = ("udh", "sar", "payload")
"""How long texts go to an ESME: parts with a header, parts with the sar_* TLVs, or whole as message_payload."""
OCTETS = "octets"
"""A text that came as binary goes as it came, part by part."""


class Owed(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One deliver_sm that an ESME shall take: a row of the outbox. What it says is made anew of what it tells of."""

    id: int
    account_id: int
    esme_id: int
    kind: str
    """`receipt`, `intermediate` or `text`."""
    message_id: int
    sequence: int
    """The event that it tells of."""
    part: int
    parts: int
    form: str
    """Of a text: one of `CONCATENATIONS`, or `octets`; settled when it was made, as how many parts there are."""
    lane: int
    """Those with the same go one after the other: see `lane_of`."""
    status: str
    """`waiting`, `delivered`, `dead` (given up; may be replayed) or `canceled` (its ESME is closed)."""
    attempts: int
    created_at: Millis
    began_at: Millis
    """Since when it is tried: when it was made or last replayed."""
    next_at: Millis | None
    """Not before this; None once it has ended."""
    finished_at: Millis | None = None
    bind: str | None = None
    """The bind it last went to."""
    answer: int | None = None
    """command_status of the last answer; None where none came."""
    reason: str | None = None
    """Why it waits for another attempt, or was given up: `refused`, `unanswered`, `queue_full`, `too_old`, or
    `not_expressible`."""


class Tried(msgspec.Struct, frozen=True, gc=False):
    """What one attempt at it came to."""

    owed: Owed
    outcome: str
    """`delivered`, `refused`, `unanswered`, or `not_expressible`."""
    bind: str
    answer: int | None = None
    wait: Millis | None = 0
    """Until it is tried again; None: it is given up."""
    fence: int | None = None
    """Of the lease of its ESME, under which it was made; None where no other process could hold that."""


class Load(msgspec.Struct, gc=False):
    """Something owed with its PDU; None where it cannot be made any more."""

    owed: Owed
    pdu: DeliverSm | DataSm | None
    done: bool = False
    """Whether its ESME has answered for good."""


class Listener(msgspec.Struct, frozen=True, array_like=True):
    """An ESME that wants the texts of some numbers."""

    id: int
    account_id: int
    created_at: Millis
    inbound: tuple[str, ...]
    alphabet: str
    concatenation: str


class Backlog(msgspec.Struct, frozen=True, array_like=True):
    """What an ESME has not taken, as it stands."""

    esme_id: int
    waiting: int
    oldest_at: Millis | None
    dead: int


def lane_of(handset: str, number: str) -> int:
    """What keeps order: a handset and a number of ours. That two pairs may share one costs a little time only."""
    return crc32(f"{handset}\0{number}".encode())
