"""The message and its segments: the nouns every stage speaks of."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

Millis = int
"""A moment: milliseconds since 1970-01-01 UTC. A duration: milliseconds."""

SECOND: Millis = 1_000
MINUTE: Millis = 60 * SECOND
HOUR: Millis = 60 * MINUTE
DAY: Millis = 24 * HOUR


class Category(StrEnum):
    """The kind of traffic a message belongs to; `system` is ours alone (STOP and HELP answers)."""

    OTP = "otp"
    TRANSACTIONAL = "transactional"
    CONVERSATION = "conversation"
    MARKETING = "marketing"
    SYSTEM = "system"


class CategoryRule(msgspec.Struct, frozen=True):
    """What a category grants: dispatch rank (1 goes first), validity, and repeats when in doubt."""

    rank: int
    validity: Millis
    repeats_in_doubt: int


CATEGORY_RULES: dict[str, CategoryRule] = {
    Category.OTP: CategoryRule(1, 10 * MINUTE, 1),
    Category.TRANSACTIONAL: CategoryRule(2, 24 * HOUR, 1),
    Category.SYSTEM: CategoryRule(2, 5 * MINUTE, 0),
    Category.CONVERSATION: CategoryRule(3, 24 * HOUR, 1),
    Category.MARKETING: CategoryRule(4, 12 * HOUR, 0),
}


class MessageError(msgspec.Struct, frozen=True, omit_defaults=False):
    """Why a message did not arrive, in one shape for every carrier and for our own decisions."""

    code: str
    """One of `tidings.errors.MESSAGE_ERRORS`."""
    category: str
    """Group of the code: recipient, content, sender, route, lifecycle, unknown."""
    permanent: bool
    detail: str
    carrier_code: str | None = None
    decided_by: str = "tidings"
    """`tidings` or `carrier`."""


AS_SUBMITTED = -2
"""A reference that says: the octets are those that came, see `Message.prepared`."""


class Prepared(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One segment that came with its octets made up: they are carried as they are, under the header they came with."""

    encoding: str
    """As of a `Part`, or `binary` for octets that are no text."""
    octets: bytes
    """User data without header; of `gsm7…` one septet an octet."""
    udh: bytes = b""
    data_coding: int | None = None
    """Where it says more than the encoding: a message class, or what kind of binary. None leaves it to the carrier."""
    protocol_id: int | None = None
    """None leaves it to the carrier."""
    reply_path: bool = False


class Message(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One MT or MO as stored. Times are `Millis`."""

    id: int
    account_id: int
    direction: str
    """`mt` or `mo`."""
    status: str
    category: str
    to: str
    sender: str
    text: str | None
    """None once blanked (one-time codes after their final status, or by retention), and of binary messages."""
    encoding: str
    """`ucs2`, `gsm7`, or `gsm7` with national tables, as in `gsm7+single-tr`: with `reference` it tells the octets.
    `binary`: octets that are no text."""
    segments: int
    reference: int
    """Concatenation reference, the same for every attempt at the same carrier: 0 to 255 goes as 8 bits, 256 to 65535 as
    16, -1 leaves the cutting to the carrier, and -2 stands for octets as they were submitted."""
    created_at: Millis
    expires_at: Millis
    send_at: Millis | None = None
    carrier: str | None = None
    client_ref: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] | None = None
    error: MessageError | None = None
    segments_delivered: int = 0
    sent_at: Millis | None = None
    finished_at: Millis | None = None
    event_count: int = 0
    """How many events it has: the sequence of its newest."""
    prepared: Prepared | None = None
    """Of a message that came as octets; None once blanked."""
    in_reply_to: int | None = None
    """Of an MO: the MT that it answers."""


class Part(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One segment handed to a carrier: octets, addresses and nothing about accounts or consent."""

    attempt_id: int
    """Key under which the carrier answers."""
    message_id: int
    part: int
    """1-based."""
    parts: int
    bind: str
    """The bind (name within the carrier) the attempt was committed for."""
    sender: str
    to: str
    encoding: str
    """`gsm7…`: `payload` holds one septet an octet, unpacked; `ucs2`: UTF-16BE; `binary`: octets that are no text."""
    payload: bytes
    """User data without header."""
    udh: bytes = b""
    """User data header with its length octet (3GPP TS 23.040 §9.2.3.24), or empty."""
    validity_s: int = 0
    """Seconds of validity that remain; 0 leaves it to the carrier."""
    data_coding: int | None = None
    """None leaves it, as the fields below, to the carrier."""
    protocol_id: int | None = None
    reply_path: bool = False
    as_submitted: bool = False
    """The octets are a customer's own: whether a handset reads them is theirs to know."""
