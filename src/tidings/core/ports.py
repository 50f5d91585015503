"""The outside world on one page: what the pipeline asks of carriers, the store and the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

import msgspec

from tidings.core.carrier import BindState, CarrierState
from tidings.core.message import Millis, Part

if TYPE_CHECKING:
    from tidings.config import CarrierSettings
    from tidings.core.mail import Mail
    from tidings.core.questions import Tx
    from tidings.core.request import Invalid, Refused
    from tidings.core.stream import Wanted

I = TypeVar("I")  # noqa: E741 - items in
R = TypeVar("R")


class Stage(Generic[I, R]):
    """A batch step of the pipeline inside one transaction: items in, one result an item out, in order.

    Submissions of one stage that wait together run as one batch; stages that share a commit run by
    `order`, which follows the path of a message.
    """

    __slots__ = ("beside", "key", "name", "order", "patient", "private", "refusable", "run", "weigh")

    def __init__(
        self,
        run: Callable[[Tx, Sequence[I], Millis], Awaitable[list[R]]],
        order: int,
        refusable: bool,
        weigh: Callable[[Sequence[I]], int] = len,
        patient: bool = False,
        private: bool = False,
        beside: Callable[[Sequence[I]], bool] | None = None,
    ) -> None:
        self.run = run
        self.name = run.__name__
        self.key = f"{run.__module__.rpartition('.')[2]}.{self.name}"
        """What it is called between processes."""
        self.order = order
        self.refusable = refusable
        self.weigh = weigh
        self.patient = patient
        self.private = private
        self.beside = beside


def stage(
    order: int,
    refusable: bool = False,
    weigh: Callable[[Sequence[Any]], int] = len,
    patient: bool = False,
    private: bool = False,
    beside: Callable[[Sequence[Any]], bool] | None = None,
) -> Callable[[Callable[[Tx, Sequence[I], Millis], Awaitable[list[R]]]], Stage[I, R]]:
    """Make a coroutine function a stage. `refusable`: turned away when too much waits to be committed.

    `weigh`: how many messages these items stand for, where it is not one each: what waits and what shares a commit
    is bounded by that. `patient`: bookkeeping that lets what others wait for have every other commit to itself.
    `private`: no other process does anything for hearing that it ran; they are told what is announced of it.
    `beside`: whether these items may be committed beside others, out of turn: others may then commit between what the
    stage reads and what it writes, and that must do no harm.
    """

    def made(run: Callable[[Tx, Sequence[I], Millis], Awaitable[list[R]]]) -> Stage[I, R]:
        one = Stage(run, order, refusable, weigh, patient, private, beside)
        STAGES[one.key] = one
        return one

    return made


STAGES: dict[str, Stage[Any, Any]] = {}
"""Every stage by its key, so that one can be named to another process."""


class News(msgspec.Struct, frozen=True):
    """What another process has committed."""

    stages: frozenset[Stage[Any, Any]]
    told: Mapping[Stage[Any, Any], Sequence[Any]] = {}
    """What was announced of stages, see `Store.announce`."""
    missed: bool = False
    """Some of what others committed may never have been told: what they may have changed is to be read again."""


class Clock(Protocol):
    """Time and chance, so that tests can hold both."""

    def now(self) -> Millis:
        """Wall clock, milliseconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; for timers and leases."""
        ...

    def random(self) -> float:
        """A number in [0, 1)."""
        ...

    def token(self, octets: int) -> bytes:
        """Octets fit for a secret."""
        ...


class StoreUnavailable(Exception):
    """The store could not commit (disk full, I/O fault, overload): nothing of the call is stored."""


class Store(Protocol):
    """Where messages live. A write is acknowledged by returning: it is then on disk."""

    async def write(self, stage: Stage[I, R], items: Sequence[I]) -> list[R]:
        """Run `stage` over `items` in a transaction, merged with whoever else waits.

        Raises StoreUnavailable when the transaction could not be committed, or the stage's own
        exception when these items were at fault (other callers are not affected).
        """
        ...

    async def read(self, ask: Callable[[Tx], Awaitable[R]], *, tail: bool = False) -> R:
        """Ask a question of the newest committed state, off the event loop. `tail`: it goes by positions of events, and
        asks how far they are settled.
        """
        ...

    def follow(self, stage: Stage[I, R], then: Callable[[Sequence[I], list[R]], None]) -> None:
        """Call `then` on the event loop after each commit of `stage`, whether or not its caller still waits.

        Several may follow a stage; they are called in the order in which they came.
        """
        ...

    def not_follow(self, stage: Stage[I, R], then: Callable[[Sequence[I], list[R]], None]) -> None:
        """Call `then` no more."""
        ...

    def after_commit(self, then: Callable[[set[Stage[Any, Any]]], None]) -> None:
        """Call `then` on the event loop after every commit, with the stages that ran in it.

        Commits of other processes too, as soon as they are heard of; of those that were not, with all stages.
        """
        ...

    def not_after_commit(self, then: Callable[[set[Stage[Any, Any]]], None]) -> None:
        """Call it no longer."""
        ...

    def announce(self, stage: Stage[I, R], words: Callable[[Sequence[I], list[R]], Sequence[Any]]) -> None:
        """What other processes are to be told of a commit of `stage`, besides that it ran: values of JSON, each short.

        `words` is called off the event loop, before the commit, and only while there are other processes.
        """
        ...

    def hear(self, then: Callable[[News], None]) -> None:
        """Call `then` on the event loop after commits of other processes."""
        ...

    def not_hear(self, then: Callable[[News], None]) -> None:
        """Call it no longer."""
        ...

    def conclude(
        self, stage: Stage[I, R], ask: Callable[[Set[str]], I | None], then: Callable[[R | None], None]
    ) -> None:
        """Let `stage` have the last word in every commit in which messages took a status; not in those that go beside
        others, of which `after_commit` tells.

        `ask`, off the event loop, is told these statuses and gives what the stage is to take, or None. What comes of it
        goes to `then` on the event loop; None where it was left out, because somebody in the commit was at fault.
        """
        ...


Gained = Callable[[int], Awaitable[None]]
"""Called with the fence of a lease that this process holds from now on."""
Lost = Callable[[bool], Awaitable[None]]
"""Called when it holds it no longer; True where another may hold it by now: nothing more may be written then."""


class Leases(Protocol):
    """What this process does alone among all that share a database, for as long as it says that it lives."""

    node: int
    """The number of this process in ids, 0 to 511."""

    @property
    def holder(self) -> int:
        """This process among all that ever share the database; 0 where it is alone."""
        ...

    @property
    def company(self) -> bool:
        """Whether other processes that take messages live now."""
        ...

    @property
    def shared(self) -> bool:
        """Whether there may be other processes."""
        ...

    async def want(self, name: str, gained: Gained, lost: Lost, *, spread: bool = False) -> None:
        """Take a lease as soon as nobody else holds it, and hold it. One that is free is taken before the return.

        `gained` and `lost` are awaited one after the other, on the event loop. `spread`: one of many of its kind (what
        stands before the `/` in its name), which the processes that want them share evenly.
        """
        ...

    async def leave(self, name: str) -> None:
        """Want it no longer: `lost(False)` is awaited first, then others may have it."""
        ...

    def may_write(self, name: str, asked: bool) -> bool:
        """Whether what the lease is for may be done in this very moment, by the monotonic clock.

        `asked`: False for what only keeps a connection alive, which may go on while the database cannot be reached
        and nobody has taken the lease.
        """
        ...


class Posted(msgspec.Struct, frozen=True):
    """An endpoint answered."""

    status: int
    headers: dict[str, str]
    """Names in lower case; of a name that came twice, the last."""
    body: bytes
    """Its beginning, as far as the bound goes."""
    truncated: bool
    took_ms: int


class NotPosted(msgspec.Struct, frozen=True):
    """No answer came. `kind`: `blocked` (an address that must not be called), `unresolved`, `unreachable`, `tls`,
    `timeout` or `broken` (no HTTP, or cut off)."""

    kind: str
    detail: str
    took_ms: int


class Post(Protocol):
    """One prepared outgoing request: guarded against inner addresses, without redirects, bounded in time and size."""

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Posted | NotPosted:
        """Send it once; every outcome is a value."""
        ...


class Abroad(Post, Protocol):
    """The same, and asking without sending anything."""

    async def get(self, url: str, headers: dict[str, str]) -> Posted | NotPosted:
        """Ask once; every outcome is a value."""
        ...


class Mailed(msgspec.Struct, frozen=True):
    """The server took an e-mail, and what it said."""

    said: str


class NotMailed(msgspec.Struct, frozen=True):
    """It did not, or that is not known. `kind`: `refused`, `unreachable`, `tls`, `timeout` or `broken`."""

    kind: str
    detail: str
    permanent: bool = False
    """Whether it will not take this one another time either."""


class Mailer(Protocol):
    """Hands e-mails to the operator's mail server, bounded in time and size."""

    async def send(self, mail: Mail) -> Mailed | NotMailed:
        """Send it once; every outcome is a value."""
        ...


class Watcher(Protocol):
    """One who watches events live. What it has not read yet is held by nobody but the store, or shared by all."""

    @property
    def position(self) -> int:
        """Up to where it has been told everything that it wants."""
        ...

    @property
    def reason(self) -> str:
        """Why it was ended: `shutdown`, `key` or `unavailable`; "" before that."""
        ...

    async def next(self, patience_s: float) -> bytes | None:
        """The next events as they go out, b"" when there were none for so long, None once it was ended."""
        ...

    def close(self) -> None:
        """Watch no longer. May be called at any time and more than once."""
        ...


class Streams(Protocol):
    """Where those who watch events come and go."""

    @property
    def open(self) -> int:
        """How many there are."""
        ...

    async def watch(
        self,
        wanted: Wanted,
        position: int | None,
        allowed: Callable[[], Awaitable[bool]],
        gone: Callable[[], Coroutine[Any, Any, None]],
    ) -> Watcher | Refused:
        """Watch behind a position, or from now on; Refused where there is no room, or nothing to go on from.

        `allowed` is asked every few seconds. `gone()` returns when nobody reads any more. Raises StoreUnavailable.
        """
        ...

    def ask(self) -> None:
        """Ask everybody now whether they still may: keys have changed."""
        ...


class Fleet(Protocol):
    """The carriers, as an operator sees and steers them: those of this process, and of all that share its store."""

    def states(self) -> tuple[CarrierState, ...]:
        """How each stands, in the order in which they are asked to take messages."""
        ...

    async def pause(self, name: str, bind: str | None) -> CarrierState | Refused | Invalid:
        """Hand nothing new to a carrier, or to one of its binds, from the return on, and after restarts too.

        Raises StoreUnavailable.
        """
        ...

    async def resume(self, name: str, bind: str | None) -> CarrierState | Refused | Invalid:
        """Go on with one bind, or with the carrier and all of its binds. Raises StoreUnavailable."""
        ...

    def settings(self, name: str) -> dict[str, Any] | None:
        """The settings of a carrier without secrets; None of one that is gone."""
        ...

    async def add(self, settings: CarrierSettings) -> CarrierState | Refused | Invalid:
        """One more carrier, stored and at work from the return on. Raises StoreUnavailable."""
        ...

    async def change(self, name: str, settings: dict[str, Any]) -> CarrierState | Refused | Invalid:
        """Change what is named of a stored carrier, without losing what is under way. Raises StoreUnavailable."""
        ...

    async def remove(self, name: str) -> Refused | str | None:
        """Take a stored carrier away, or why not; a text where the process that holds it has not let go of it yet.

        Raises StoreUnavailable.
        """
        ...


@runtime_checkable
class Capture(Protocol):
    """The traffic of a carrier or an ESME, as lines of a file, for as long as somebody reads them."""

    async def next(self) -> bytes | None:
        """The next lines, None at the end."""
        ...

    def close(self) -> None:
        """It is not wanted any more. May be called at any time and more than once."""
        ...


class Captures(Protocol):
    """Where traffic is captured."""

    def open(
        self, name: str, seconds: float, whole: bool, gone: Callable[[], Coroutine[Any, Any, None]]
    ) -> Capture | Refused | None:
        """Begin, with `carriers/north` or `esmes/esm_…`; None where there is none of that name.

        `gone()` returns when nobody reads any more.
        """
        ...


class Sent(msgspec.Struct, frozen=True, gc=False):
    """A carrier took one part."""

    attempt_id: int
    carrier_id: str
    """The carrier's message id as it came, or "" where it gave none."""
    bind: str


class SendError(msgspec.Struct, frozen=True, gc=False):
    """A carrier did not take one part, or nobody knows whether it did."""

    attempt_id: int
    kind: str
    """`throttled`, `temporary`, `permanent`, `config`, `bind` (answered by the carrier);
    `not_written` (certainly not handed over); `in_doubt` (written, never answered)."""
    code: str
    """One of `tidings.errors.MESSAGE_ERRORS`."""
    carrier_code: str
    """The carrier's own code as text, e.g. `0x00000058`, or ""."""
    detail: str
    bind: str


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """A delivery receipt as a carrier sent it. `token` is given back to acknowledge it."""

    carrier: str
    bind: str
    carrier_id: str
    sender: str
    """Originator of the receipt: the handset, i.e. the destination of the MT."""
    to: str
    state: str
    """Receipt word as it came, upper case (`DELIVRD`, …), or the TLV's number as text when unknown."""
    status: str
    """`delivered`, `undelivered`, `expired`, `unknown`, or `in_transit` (not final)."""
    error_code: str
    """The carrier's `err:` or network_error_code as text, or ""."""
    raw: bytes
    token: Any
    code: str = ""
    """One of `tidings.errors.MESSAGE_ERRORS`; "" where it was delivered, or is not final."""
    other_id: str = ""
    """What else the receipt calls the message, where it gives two ids."""
    form: str = ""
    """How it came, for whoever wants to know this carrier's ways: the PDU and the fields that carriers differ in."""


class Inbound(msgspec.Struct, frozen=True, gc=False):
    """A text from a handset (one radio part). `token` is given back to acknowledge it."""

    carrier: str
    bind: str
    session: str
    """Names one connection of the bind, so that a redelivery on a later one can be told."""
    sender: str
    to: str
    data_coding: int
    octets: bytes
    """User data without header, as it came."""
    udh: bytes
    """User data header with its length octet, or empty."""
    text: str
    """Best-effort text of `octets`."""
    encoding: str
    """`gsm7` (with national tables as in `gsm7+single-tr`), `ucs2`, `latin1`, `ascii` or `binary`."""
    token: Any
    reference: int | None = None
    """user_message_reference of the message that it answers, where the carrier tells it (SMPP 3.4 5.3.2.17)."""


class Up(msgspec.Struct, frozen=True, gc=False):
    """A bind is ready to carry."""

    bind: str


class Down(msgspec.Struct, frozen=True, gc=False):
    """A bind is gone; parts in flight on it have been answered `in_doubt` before this event."""

    bind: str
    reason: str
    """A plain sentence: what happened and what to check."""
    permanent: bool = False
    """True when trying again will not help without a change (wrong password, system_id)."""


CarrierEvent = Sent | SendError | Receipt | Inbound | Up | Down


class Manners(msgspec.Struct, frozen=True):
    """How a carrier wants to be treated, other than the settings have it for all."""

    throttle_pause: float | None = None
    """Seconds of the first pause after it asked to slow down; None: as `delivery.throttle_pause` has it."""
    throttles_whole: bool = False
    """Such a pause is for all its binds, not for the one that was asked."""
    in_doubt: str = "category"
    """Whether a part without an answer goes again: `category` (as its category has it), `repeat` (once) or `never`."""
    id_form: str = ""
    """What it makes of its ids in receipts, one of `core.id_form.FORMS`; "" where that is to be learned."""
    loose_ids: bool = True
    """Its ids are the same whatever their letter case and leading zeros."""


class Carrier(Protocol):
    """One supplier of connections. Hands over parts, tells what happened as a stream of events."""

    name: str
    rate: float
    """Segments per second the carrier grants; 0 = no limit."""
    manners: Manners

    async def start(self) -> None:
        """Connect and keep connected until `stop`; returns at once."""
        ...

    async def stop(self, grace_s: float) -> None:
        """Take no more parts, wait up to `grace_s` for answers, unbind, close."""
        ...

    def room(self) -> dict[str, int]:
        """Free window slots of each bind that is up."""
        ...

    def binds(self) -> tuple[BindState, ...]:
        """How each bind stands."""
        ...

    def send(self, parts: Sequence[Part]) -> None:
        """Write the parts to their binds; every one is answered later by Sent or SendError."""
        ...

    def events(self) -> AsyncIterator[list[CarrierEvent]]:
        """What happened, in order, in the batches it came in; ends after `stop`."""
        ...

    def acknowledge(self, tokens: Sequence[Any], accepted: bool) -> None:
        """Answer receipts and inbound texts: stored, or (accepted=False) please come again."""
        ...
