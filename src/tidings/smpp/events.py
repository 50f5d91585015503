"""What a session tells its owner, and what the owner tells it at the start."""

from __future__ import annotations

from typing import Any

import msgspec

from tidings.smpp.faults import Strictness
from tidings.smpp.pdus import BindResp, Malformed, Raw, Request, Response


class Timing(msgspec.Struct, frozen=True):
    """Patience in seconds, and bounds. The specification names the timers and leaves the values open."""

    window: int = 50
    """Requests that may wait for an answer at once."""
    response_timeout: float = 10.0
    enquire_link: float = 30.0
    """Silence of the other end after which it is asked for a sign of life."""
    enquire_misses: int = 1
    """Such questions in a row that may stay unanswered before the link is taken for dead; 0: as many as it likes, as
    long as no message waits in vain for its answer."""
    login_timeout: float = 10.0
    """SMSC only: how long a connection may stay without a bind."""
    max_command_length: int = 70_000
    max_login_length: int = 2_048
    """SMSC only: the same before the bind, when nobody knows yet who is there."""
    login_pdus: int = 1_000
    """SMSC only: how many PDUs may come before the other end is bound."""
    owed_most: int = 10_000
    """Requests of the other end that may wait for our answer; further ones are refused with "come again"."""
    owed_octets: int = 4_000_000
    """The same for the octets of those that are longer than 2,048."""
    strictness: Strictness = Strictness.NORMAL


class Answered(msgspec.Struct, gc=False):
    """The answer to a request of ours. `late`: Unanswered was told before."""

    token: Any
    response: Response | Raw | Malformed
    late: bool = False


class Unanswered(msgspec.Struct, gc=False):
    """A request of ours without answer: timed out, or the link is gone."""

    token: Any
    written: bool = True
    """False when its octets certainly never left this process."""


class Congested(msgspec.Struct, gc=False):
    """The other end told its load, and what may wait for its answer at once is not what it was."""

    state: int
    """congestion_state in percent."""
    allowed: int
    """Requests that may wait now."""


class Bound(msgspec.Struct, gc=False):
    """ESME only: the bind was accepted."""

    response: BindResp


class Refused(msgspec.Struct, gc=False):
    """ESME only: the bind was not accepted."""

    command_status: int


class Ended(msgspec.Struct, gc=False):
    """The session is over and its connection has to be closed; nothing follows but Unanswered."""

    reason: str
    fault: bool = True
    """False after an unbind in good order."""


Event = Request | Answered | Unanswered | Congested | Bound | Refused | Ended
"""Requests of the other end come as their PDU and want `answer` (or `respond`)."""
