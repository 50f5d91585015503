"""Ways for an SMSC to behave badly: what one is, what it remembers while in force, and the verbs its hooks use."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from struct import Struct
from typing import Any, Literal, Protocol

import msgspec

from tidings.core.message import Millis
from tidings.simulator.exchange import Exchange, Outcome
from tidings.simulator.ledger import Owed
from tidings.simulator.records import Submission
from tidings.smpp import pdus, user_data
from tidings.smpp.pdus import RESPONSE
from tidings.smpp.session import Session

SEEN_MOST = 10_000
"""Messages, and times of requests, that a personality remembers."""
_HEADER = Struct(">4I").pack


Delivery = pdus.DeliverSm | pdus.DataSm
Asked = pdus.SubmitSm | pdus.DataSm

Ends = Literal["delivered", "doubted", "unknown"]

ENDS: dict[str, str] = {
    "delivered": "delivered, every one",
    "doubted": "delivered; marketing whose answer was lost: unknown",
    "unknown": "unknown, every one: the network took it, and no receipt tells of it",
}
"""How messages end, in the words of the documents."""

Repeats = Literal["none", "doubted"]

REPEATS: dict[str, str] = {
    "none": "none",
    "doubted": "one where the answer was lost, but none of marketing",
}
"""How often a message may reach a handset again, in the words of the documents."""

LOST = 0
"""Messages that any of them may cost."""


def frame(command_id: int, status: int, sequence: int, body: bytes = b"", *, length: int | None = None) -> bytes:
    """A PDU of any content; `length` is a command_length that is not true."""
    return _HEADER(16 + len(body) if length is None else length, command_id, status, sequence) + body


class Line(Protocol):
    """What a hook may do with a link; `NetworkLink` fits."""

    session: Session

    @property
    def esme(self) -> str: ...
    def room(self) -> int: ...
    def put(self, octets: bytes) -> None: ...
    def write(self, octets: bytes) -> None: ...
    def trickle(self, pieces: Sequence[bytes], apart: float, *, merge: bool = False) -> None: ...
    def answer(self, request: pdus.Request, status: int = 0, message_id: str = "") -> None: ...
    def answer_bind(self, request: pdus.Bind, status: int = 0, system_id: str = "") -> None: ...
    def request(self, request: pdus.Request, token: Any = None) -> bool: ...
    def pause_reading(self) -> None: ...
    def unbind(self) -> None: ...
    def close(self, reason: str) -> None: ...
    def reset(self) -> None: ...


class Centre(Protocol):
    """What a hook may do with the whole network; `Smsc` fits."""

    exchange: Exchange

    @property
    def links(self) -> Set[Line]: ...
    def deliver(self) -> None: ...


class Personality(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table. Each hook is a stage at which it differs from a good SMSC; None is the good way."""

    name: str
    meaning: str
    """What the SMSC does."""
    esme: str
    """What an ESME has to do."""
    ends: Ends = "delivered"
    """How messages end that are sent while it is in force, with an ESME that behaves."""
    repeats: Repeats = "none"
    passes: bool = True
    """Whether messages get through while it is in force; else they wait for its end."""
    keeps_session: bool = True
    """Whether a session that stands goes on standing."""
    carrier: Mapping[str, Any] = {}
    """Settings of a carrier of tidings that is to cope with it, other than the usual ones."""

    opened: Callable[[Conduct], None] | None = None
    """A connection stands."""
    bind: Callable[[Conduct, pdus.Bind], bool] | None = None
    """A bind came; True where it has been dealt with."""
    submit: Callable[[Conduct, Asked], int | None] | None = None
    """A text came: the status to answer without taking it (or UNANSWERED, or LINK_DROPS); None: as usual."""
    answer: Callable[[Conduct, Asked, Outcome], bool] | None = None
    """A text was decided on; True where it has been answered, or never will be."""
    ids: tuple[Callable[[int], str], Callable[[int], str]] | None = None
    """How responses, and receipts, write the id of a message."""
    shape: Callable[[Delivery, Submission, Millis], Delivery] | None = None
    """What a receipt looks like."""
    deliver: Callable[[Conduct, Owed, Delivery], Sequence[Delivery]] | None = None
    """A receipt or text is about to go: what goes in its place. The first settles it; nothing: it was seen to."""
    write: Callable[[Conduct, bytes], bool] | None = None
    """Octets are about to be written; True where they have been."""


class Spell:
    """A personality in force, on all links it is meant for."""

    def __init__(self, personality: Personality) -> None:
        self.personality = personality
        self.acts = 0
        """How often it has shown."""
        self.most_in_flight = 0
        """Texts that waited for their response at once, on one link."""
        self.flights: deque[list[float]] = deque(maxlen=SEEN_MOST)
        """When each text came and when it was answered, if it was; seconds that never go back."""
        self.held: list[Any] = []
        """What it keeps back for a while; bounded by the window of the other end."""
        self.links: dict[int, Line] = {}
        """Where each text came from, by its number."""
        self._texts = 0
        self._seen: OrderedDict[Hashable, None] = OrderedDict()

    def once(self, key: Hashable) -> bool:
        """Whether this comes up for the first time."""
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > SEEN_MOST:
            self._seen.popitem(last=False)
        return True

    def ordinal(self, pdu: Asked) -> int:
        """The how manieth text this is since the personality was chosen; 0 where it has come before."""
        key = (pdu.source_addr, pdu.destination_addr, b"".join(user_data.split(pdu)))
        if not self.once(key):
            return 0
        self._texts += 1
        return self._texts


class Conduct:
    """How one link behaves while a personality is in force."""

    def __init__(self, spell: Spell, smsc: Centre, link: Line) -> None:
        self.spell = spell
        self.smsc = smsc
        self.link = link
        self.loop = asyncio.get_running_loop()
        self.submits = 0
        """Texts that came on this link."""
        self.deaf = False
        """What comes is not looked at."""
        self.mute = False
        """Nothing is written."""
        self._flights: dict[int, list[float]] = {}

    def act(self) -> None:
        """It shows."""
        self.spell.acts += 1

    def first_time(self) -> bool:
        """Whether it has not shown yet; it does from now on."""
        if self.spell.acts:
            return False
        self.act()
        return True

    @property
    def in_flight(self) -> int:
        """Texts of this link that wait for their response."""
        return len(self._flights)

    def came(self, pdu: Asked) -> None:
        """A text came."""
        self.submits += 1
        flight = self._flights[pdu.sequence_number] = [self.loop.time()]
        self.spell.flights.append(flight)
        self.spell.most_in_flight = max(self.spell.most_in_flight, len(self._flights))
        if len(self._flights) > SEEN_MOST:
            del self._flights[next(iter(self._flights))]

    def answered(self, sequence: int) -> None:
        """A text has its response."""
        flight = self._flights.pop(sequence, None)
        if flight is not None:
            flight.append(self.loop.time())

    def as_usual(self, pdu: Asked, outcome: Outcome) -> None:
        """The response of a good SMSC."""
        self.answered(pdu.sequence_number)
        self.link.answer(pdu, outcome.status, outcome.message_id)

    def reply(self, pdu: Asked, outcome: Outcome, body: bytes = b"", *, command_id: int = 0, skew: int = 0) -> None:
        """A response with any body, as any command, to a sequence number `skew` off."""
        self.answered(pdu.sequence_number)
        command_id = command_id or pdu.command_id | RESPONSE
        self.link.put(frame(command_id, outcome.status, pdu.sequence_number + skew, body))

    def later(self, seconds: float, do: Callable[..., None], *arguments: Any) -> None:
        """Do something in a while, also when the personality has ended meanwhile."""
        self.loop.call_later(seconds, do, *arguments)

    def again(self, owed: Owed, seconds: float = 0.0) -> None:
        """Deliver this in a while."""
        now = self.smsc.exchange.clock.now()
        self.smsc.exchange.outbox.put(owed, now + int(seconds * 1000), now)

    def fall_silent(self) -> None:
        """From now on nothing is read into, and nothing written; the connection stays."""
        self.deaf = self.mute = True
