"""What every verb may reach: the ports, the settings and the counts that push back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from tidings.config import Settings
from tidings.core.backlog import Backlog
from tidings.core.breaker import Strain
from tidings.core.health import Health, Snapshot
from tidings.core.ids import Ids
from tidings.core.limits import Meter
from tidings.core.message import Millis, Part
from tidings.core.ports import Abroad, Captures, Clock, Fleet, Leases, Post, Store, Streams
from tidings.core.request import Refused
from tidings.core.story import PduSummary
from tidings.metrics import Metrics
from tidings.pipeline.answer import THINGS_MOST, Codebooks, Kit
from tidings.pipeline.hashes import Hashes
from tidings.pipeline.keyring import Keyring
from tidings.pipeline.lease import Alone
from tidings.pipeline.roster import Roster
from tidings.pipeline.turns import Turns
from tidings.text.terms import PLAIN, Terms

T = TypeVar("T")

ISSUER_MOST = 20
"""Sign-ins that ask an issuer at once."""
_BUSY = Refused("issuer_away", "Too many people sign in by the issuer at this moment.", 2)


class Aside(Protocol):
    """Does slow work of the processor without holding up the loop."""

    async def __call__(self, work: Callable[[], T]) -> T: ...


async def _at_once(work: Callable[[], T]) -> T:
    return work()


def _nobody(esme_id: int) -> Mapping[int, int]:
    return {}


async def _go_on() -> None:
    """Nothing else wants a turn."""


def _untold(endpoint: str) -> Strain | None:
    return None


def _nothing(carrier: str, part: Part, at: Millis) -> PduSummary | None:
    return None


@dataclass(slots=True)
class House:
    """One running tidings, as doors and verbs see it."""

    store: Store
    clock: Clock
    ids: Ids
    settings: Settings
    backlog: Backlog
    keyring: Keyring
    free_disk_mb: Callable[[], int]
    """Free space of the data folder, as last looked at."""
    health: Callable[[], Health]
    snapshot: Callable[[], Awaitable[Snapshot]]
    carriers: Mapping[str, float] = field(default_factory=dict)
    """Carriers in the order of their configuration, each with its rate in segments per second (0: no limit)."""
    terms: Mapping[str, Terms] = field(default_factory=dict)
    """What they take other than plain GSM-7 and UCS-2, by carrier."""
    sender_rules: Mapping[str, str] = field(default_factory=dict)
    """Carriers that are held to the senders which countries take, each with what becomes of others."""
    metrics: Metrics = field(default_factory=Metrics)
    describe: Callable[[str, Part, Millis], PduSummary | None] = _nothing
    """The PDU that a carrier (by name) made of a part at a moment; None where that cannot be told."""
    breathe: Callable[[], Awaitable[None]] = _go_on
    """Lets all else have its turn, in the middle of long work."""
    aside: Aside = _at_once
    """Where slow hashes are worked out."""
    roster: Roster = field(default_factory=Roster)
    """Customers' ESMEs that may bind to the SMPP door."""
    asking: Callable[[int], Mapping[int, int]] = _nobody
    """The binds of an ESME that stand at the door of this process, each with its requests that wait for an answer."""
    place: str = ""
    """This process, in words for an operator."""
    in_flight: set[tuple[int, str]] = field(default_factory=set)
    """(account, Idempotency-Key) of calls being worked on."""
    post: Post | None = None
    """How webhooks go out; None where nothing does, as in some tests."""
    abroad: Abroad | None = None
    """How an issuer of OpenID Connect is asked; None where there is none."""
    issuer: object = None
    """What it said of itself, while that is taken."""
    asking_issuer: Turns = field(default_factory=lambda: Turns(ISSUER_MOST, _BUSY))
    """Of whoever waits for its answer."""
    strain: Callable[[str], Strain | None] = _untold
    """How badly an endpoint of webhooks answers, by its name; None where another process calls it, or none does."""
    streams: Streams | None = None
    """Where events are watched live; None where they are not, as in some tests."""
    fleet: Fleet | None = None
    """The carriers while they run; None where none do, as in some tests."""
    captures: Captures | None = None
    """Where the traffic of SMPP links is captured; None where it is not, as in some tests."""
    leases: Leases = field(default=None)  # type: ignore[assignment]
    """What this process does alone among all; everything, where nothing else is said."""
    listening: bool = False
    """Whether anybody may want to hear of events: while nobody does, commits wake nobody."""
    codes: Codebooks = field(default_factory=Codebooks)
    """What incoming texts mean."""
    seen: dict[int, Millis] = field(default_factory=dict)
    """When sessions of people were used, since somebody last wrote it down."""
    hashes: Hashes = field(init=False)
    meter: Meter = field(init=False)

    def __post_init__(self) -> None:
        self.hashes = Hashes(self)
        self.meter = Meter(self.settings.limits, lambda: self.leases.company)
        self.leases = self.leases or Alone(self.store)

    def terms_of(self, carrier: str | None) -> Terms:
        """What texts may be sent as by a carrier; what every carrier takes where none is known."""
        return PLAIN if carrier is None else self.terms.get(carrier, PLAIN)

    def kit(self) -> Kit:
        """What codes need for one incoming text."""
        bounds, email, now = self.settings.codes, self.settings.email, self.clock.now()
        ids = tuple([self.ids.next(now) for _ in range(THINGS_MOST)])
        mails = email.per_day if email.host else 0
        return Kit(self.codes, ids, bounds.replies_per_minute, bounds.replies_per_day, mails)

    def new_id(self) -> int:
        """A fresh id of this moment."""
        return self.ids.next(self.clock.now())
