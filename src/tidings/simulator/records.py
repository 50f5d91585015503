"""What the simulated network remembers, and how each memory stands in its journal: one JSON array a line."""

from __future__ import annotations

import msgspec

from tidings.core.message import Millis
from tidings.text import data_coding
from tidings.text.udh import Concat, concat


class Address(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An SMPP address with its type of number and numbering plan."""

    ton: int
    npi: int
    digits: str

    @property
    def shown(self) -> str:
        """With a plus sign where the type of number says international."""
        return f"+{self.digits}" if self.ton == 1 else self.digits


class Submission(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="s"):
    """One submit_sm (or data_sm) as it came, with the answer it got."""

    id: int
    """Counts up by one; the message id told to the ESME is this in hexadecimal."""
    at: Millis
    system_id: str
    source: Address
    to: Address
    data_coding: int
    registered_delivery: int
    udh: bytes
    """User data header with its length octet, or empty."""
    payload: bytes
    status: int
    """command_status of the response; -1 not answered, -2 the link was dropped."""
    group: int = 0
    """Id of the first that a submit_multi made, for the others: they go by one message_id; else 0."""

    @property
    def number(self) -> int:
        """What the response and receipts name."""
        return self.group or self.id

    @property
    def message_id(self) -> str:
        """The same as the response writes it."""
        return f"{self.number:x}"

    @property
    def concat(self) -> Concat | None:
        """Which part of which long message this is."""
        return concat(self.udh) if self.udh else None

    @property
    def text(self) -> str:
        """Best-effort text of this part."""
        return data_coding.decode(self.payload, self.data_coding, self.udh)


class HandsetText(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="m"):
    """One part of a text from a handset, owed to an ESME."""

    key: int
    """Negative, counts down."""
    at: Millis
    system_id: str
    """Who gets it; "" is whoever is bound first."""
    source: Address
    to: Address
    data_coding: int
    udh: bytes
    payload: bytes


class OwedReceipt(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="o"):
    """A receipt not yet answered by the ESME."""

    key: int
    """Twice the submission's id, plus one for the second copy."""
    submission: Submission


class Answered(msgspec.Struct, frozen=True, array_like=True, tag="a"):
    """Receipts and handset texts that an ESME took: no longer owed."""

    keys: list[int]


class History(msgspec.Struct, frozen=True, array_like=True, tag="h"):
    """The next `lines` submissions are memories only and owe nothing; what is owed follows them line by line."""

    lines: int
    last_id: int
    last_text: int


Record = Submission | HandsetText | OwedReceipt | Answered | History

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Record).decode
