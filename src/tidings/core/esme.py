"""A customer's system that binds to the SMPP door, and what is kept of each message it submitted."""

from __future__ import annotations

import msgspec

from tidings.core.message import Millis

BIND_TYPES = ("transmitter", "receiver", "transceiver")
ALPHABETS = ("gsm7", "gsm7_packed", "latin1", "ascii")
"""What the octets of data_coding 0 may be. SMPP 3.4 section 5.2.19 leaves it to the SMSC."""
INTERFACE_VERSIONS = ("as_bound", "3.3", "3.4", "5.0")
"""Which version a bind is spoken to in: the one it named, or always this one, for systems that name a wrong one."""
ID_FORMS = ("hexadecimal", "decimal", "ours")
"""How the message_id of an answer is written: digits as SMSCs do, or `msg_…` as the API shows it."""
LONGEST_SYSTEM_ID = 15
ALL_NUMBERS = "*"


class Esme(msgspec.Struct, frozen=True, kw_only=True):
    """One system_id: who may bind with it, from where and how often, and how it is spoken to.

    The password is kept as a slow hash (`pipeline.passwords`), never itself.
    """

    id: int
    account_id: int
    name: str
    system_id: str
    """At most 15 octets (SMPP 3.4 section 4.1.1); among all that are not closed, no two have the same."""
    password: bytes
    """Salt and hash."""
    created_at: Millis
    closed_at: Millis | None = None
    """Since when nothing binds with it; its system_id is free again."""
    last_bound_at: Millis | None = None
    """To the minute, and up to a minute late."""
    old_password: bytes | None = None
    """Salt and hash of the password before the last rotation."""
    old_until: Millis | None = None
    networks: tuple[str, ...] = ()
    """Address ranges (CIDR) it may bind from; empty: anywhere."""
    bind_types: tuple[str, ...] = BIND_TYPES
    max_binds: int = 4
    """Sessions at a time, of all types together."""
    window: int = 100
    """Requests of it that may wait for their answer on one bind; it is read no further meanwhile."""
    rate: float | None = None
    """Segments per second over all its binds; 0: no limit; None: as the settings say of keys."""
    daily_quota: int | None = None
    """Messages of one UTC day; None: no quota."""
    monthly_quota: int | None = None
    tls: bool = False
    """Whether it binds over TLS only."""
    certificate: str | None = None
    """SHA-256 of the client certificate it has to show, in lower-case hexadecimal; None: none."""
    alphabet: str = "gsm7"
    """One of `ALPHABETS`."""
    category: str = "transactional"
    """Of its messages."""
    senders: tuple[str, ...] = ()
    """Addresses it may send from, the first being taken where source_addr is empty; empty: all of its account."""
    interface_version: str = "as_bound"
    """One of `INTERFACE_VERSIONS`."""
    message_id_form: str = "hexadecimal"
    """One of `ID_FORMS`; binds before 3.4 get eight hexadecimal digits whatever it says."""
    receipt_format: str = "text_and_tlvs"
    """One of `smpp.receipt_form.FORMATS`."""
    receipt_id_form: str | None = None
    """How receipts write message_id, for systems that await another form there; None: as the answer did."""
    inbound: tuple[str, ...] = ()
    """Our numbers whose texts from handsets go to it; `*`: all of its account."""
    receipt_pdu: str = "deliver_sm"
    """One of `smpp.receipt_form.PDUS`."""
    receipt_seconds: bool = False
    """Whether dates in receipts have seconds."""
    receipt_text: bool = True
    """Whether receipts repeat the first characters of the message."""
    concatenation: str = "udh"
    """How long texts go to it: one of `core.owed.CONCATENATIONS`."""
    queue_most: int = 100_000
    """Receipts and texts that may wait for it; the oldest are kept, what comes beyond is given up."""
    queue_hours: int = 72
    """Hours for which they wait."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A bind of an ESME that stands."""

    id: int
    account_id: int
    esme_id: int
    holder: int
    """The process at whose door it stands, see `core.ports.Leases`."""
    place: str
    """The same in words."""
    bind_type: str
    address: str
    interface_version: int
    """What it is spoken to in: 0x33, 0x34 or 0x50."""
    secure: bool
    bound_at: Millis


class Submission(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a message that came by SMPP keeps besides, so that its receipt can say it again and it can be asked for."""

    message_id: int
    account_id: int
    esme_id: int
    response_id: str
    """The message_id of the answer as it was written; the destinations of one submit_multi share it."""
    service_type: str
    source_addr_ton: int
    source_addr_npi: int
    source_addr: str
    """As the ESME wrote it."""
    dest_addr_ton: int
    dest_addr_npi: int
    destination_addr: str
    registered_delivery: int
    """SMPP 3.4 section 5.2.17."""
    data_coding: int
    user_message_reference: int | None = None
