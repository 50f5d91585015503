"""The spine under test: a clock in the hand, a loop whose time jumps, a real store, and a carrier that does as told."""

from __future__ import annotations

import asyncio
import atexit
import selectors
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence, Set
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import apsw
import msgspec

import postgres_kit
from tidings.config import CarrierSettings, Settings, check_carrier
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.backlog import Backlog
from tidings.core.carrier import BindState
from tidings.core.health import Health, Snapshot
from tidings.core.ids import Ids
from tidings.core.message import Message, Millis, Part
from tidings.core.moments import written
from tidings.core.ports import (
    CarrierEvent,
    Down,
    Inbound,
    Manners,
    News,
    Receipt,
    SendError,
    Sent,
    Stage,
    Store,
    Up,
    stage,
)
from tidings.core.questions import Attempt, Event, ReceiptRow, Tx
from tidings.core.request import Answer, Request, Stored
from tidings.fleet import Fleet, Member
from tidings.pipeline import accept, dispatch, lease, receive, route
from tidings.pipeline import receipt as receipts
from tidings.pipeline.house import House
from tidings.pipeline.keyring import Keyring
from tidings.runner import Runner
from tidings.store import migrate
from tidings.store.group_commit import Driver, GroupStore
from tidings.store.postgres import Postgres
from tidings.store.sqlite import Connection, Sqlite
from tidings.store.transaction import Transaction
from tidings.sweeper import Sweeper
from tidings.text.terms import PLAIN

I = TypeVar("I")  # noqa: E741
R = TypeVar("R")

NOW: Millis = 1_790_000_000_000
TO = "+15551230100"
NORTH = "north"
HOLD = lease.Wish(lease.of_carrier(NORTH), 0, 0, seize=True)
"""What takes the carrier over from whoever had it."""
ALL = ["", NORTH, "south", "simulator"]
"""By which carriers messages of tests wait; "" where they have no route."""
BIND = "north/1"


# time


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> Millis:
        return NOW + round(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds

    def random(self) -> float:
        return 0.5

    def token(self, octets: int) -> bytes:
        return bytes(range(octets))

    def move(self, seconds: float) -> None:
        self.seconds += seconds


class _Selector(selectors.DefaultSelector):
    """Where an idle loop would sleep, the clock jumps; while the store works, it waits for the store."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self.clock = clock
        self.outside = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if self.outside:
            found = super().select(20)
            if not found:
                raise RuntimeError("the store does not answer")
            return found
        found = super().select(0)
        if not found:
            if timeout is None:
                raise RuntimeError("nothing will ever happen")
            self.clock.move(timeout)
        return found


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop in which a day of waiting takes no time."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.idle = _Selector(clock)
        super().__init__(self.idle)

    def time(self) -> float:
        return self.clock.monotonic()


class Watched:
    """A store whose work the loop waits for instead of jumping ahead."""

    def __init__(self, store: Store, loop: JumpingLoop) -> None:
        self._store = store
        self._idle = loop.idle
        self.fault: Exception | None = None
        """Raised by every write while it is set."""

    async def write(self, stage: Stage[I, R], items: Sequence[I]) -> list[R]:
        if self.fault is not None:
            raise self.fault
        return await self._outside(self._store.write(stage, items))

    async def read(self, ask: Callable[[Tx], Awaitable[R]], *, tail: bool = False) -> R:
        return await self._outside(self._store.read(ask, tail=tail))

    def follow(self, stage: Stage[I, R], then: Callable[[Sequence[I], list[R]], None]) -> None:
        self._store.follow(stage, then)

    def not_follow(self, stage: Stage[I, R], then: Callable[[Sequence[I], list[R]], None]) -> None:
        self._store.not_follow(stage, then)

    def after_commit(self, then: Callable[[set[Stage[Any, Any]]], None]) -> None:
        self._store.after_commit(then)

    def not_after_commit(self, then: Callable[[set[Stage[Any, Any]]], None]) -> None:
        self._store.not_after_commit(then)

    def announce(self, stage: Stage[I, R], words: Callable[[Sequence[I], list[R]], Sequence[Any]]) -> None:
        self._store.announce(stage, words)

    def hear(self, then: Callable[[News], None]) -> None:
        self._store.hear(then)

    def not_hear(self, then: Callable[[News], None]) -> None:
        self._store.not_hear(then)

    def conclude(
        self, stage: Stage[I, R], ask: Callable[[Set[str]], I | None], then: Callable[[R | None], None]
    ) -> None:
        self._store.conclude(stage, ask, then)

    async def _outside(self, work: Coroutine[Any, Any, R]) -> R:
        self._idle.outside += 1
        try:
            return await work
        finally:
            self._idle.outside -= 1


# the store


def finish(coroutine: Coroutine[Any, Any, R]) -> R:
    """What a coroutine returns that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: R = done.value
        return result
    raise AssertionError("it waited for something")


def memory() -> tuple[Tx, apsw.Connection]:
    """All questions over a database in memory, for tests that need thousands of transactions."""
    db = apsw.Connection(":memory:")
    for _, statements in migrate.available():
        db.execute(statements)
    return Transaction(Connection(db)), db


@cache
def _template() -> Path:
    """A file with the schema in it, to be copied: making the schema costs ten times as much."""
    folder = Path(tempfile.mkdtemp(prefix="tidings-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = Sqlite(folder, HandClock())
    made.open()
    made.close()
    return made.file


class Unsynced(Sqlite):
    """Waits for no disk: a test in one process outlives no power cut."""

    def open(self) -> None:
        super().open()
        self.db.execute("pragma synchronous = off")


def driver(folder: Path, clock: Any) -> Driver:
    """The engine that the test runs on."""
    if postgres_kit.chosen:
        return Postgres(postgres_kit.url(folder), folder, clock)
    one = Unsynced(folder, clock)
    if not one.file.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(_template(), one.file)
    return one


@contextmanager
def opened(folder: Path, clock: Any, loop: asyncio.AbstractEventLoop, **more: Any) -> Iterator[GroupStore]:
    """A started store that is stopped at the end."""
    store = GroupStore(driver(folder, clock), clock, **more)
    store.open()
    store.start(loop)
    try:
        yield store
    finally:
        store.stop()


@stage(order=0)
async def ask(tx: Tx, questions: Sequence[Callable[[Tx], Awaitable[Any]]], now: Millis) -> list[Any]:
    """Any questions, each in the transaction of its submission."""
    return [await question(tx) for question in questions]


# the house


def build(store: Any, clock: Any, settings: Settings | None = None, last: int = 0) -> House:
    """A house around a store; without keys, and with room on its disk."""

    async def snapshot() -> Snapshot:
        return Snapshot()

    settings = settings or Settings()
    return House(
        store=store, clock=clock, ids=Ids(last=last), settings=settings, backlog=Backlog(settings.limits),
        keyring=Keyring(), free_disk_mb=lambda: 10_000, health=lambda: Health(True), snapshot=snapshot,
    )  # fmt: skip


class Story(msgspec.Struct, frozen=True):
    """Everything the store knows of one message."""

    message: Message
    events: list[Event]
    attempts: list[Attempt]
    receipts: list[ReceiptRow]
    queued: bool

    @property
    def statuses(self) -> list[str]:
        """The statuses it went through, in order."""
        return [event.type.removeprefix("message.") for event in self.events]

    @property
    def error(self) -> tuple[str, str] | None:
        """Code of its error, and who decided."""
        error = self.message.error
        return (error.code, error.decided_by) if error else None


async def tell(tx: Tx, message_id: int) -> Story:
    """The story of a message; it changes nothing."""
    return Story(
        (await tx.messages.by_id([message_id]))[message_id],
        await tx.events.of(message_id),
        (await tx.attempts.of([message_id])).get(message_id, []),
        await tx.receipts.of(message_id),
        await _is_queued(tx, message_id),
    )


async def _is_queued(tx: Tx, message_id: int) -> bool:
    found: list[int] = []
    for rank in range(1, 5):
        found += await tx.queue.head(ALL, rank, message_id - 1, 1)
        found += await tx.queue.due_in(ALL, rank, 1 << 62, 1_000_000)
    return message_id in found


def request(**fields: Any) -> Request:
    """A request as posted."""
    return Request(**{"to": TO, "text": "Hello", **fields})


async def send(house: House, *requests: Request, account: int = DEFAULT_ACCOUNT) -> list[Message]:
    """Accept requests that must all be stored."""
    answer = await accept.accept(house, account, requests)
    assert isinstance(answer, Answer), answer
    stored = [one.message for one in answer.results if isinstance(one, Stored)]
    assert len(stored) == len(requests), answer
    return stored


# the carrier


def taken(part: Part, carrier_id: str | None = None) -> Sent:
    """The carrier's yes; its id is made of the attempt's."""
    return Sent(part.attempt_id, f"c{part.attempt_id}" if carrier_id is None else carrier_id, part.bind)


def refused(part: Part, kind: str, code: str = "carrier_error", carrier_code: str = "0x00000058") -> SendError:
    """The carrier's no, or its silence."""
    return SendError(part.attempt_id, kind, code, carrier_code, "as told by the test", part.bind)


def receipt(carrier_id: str, status: str = "delivered", to: str = TO, **fields: Any) -> Receipt:
    """A receipt from the handset `to`."""
    words = {
        "delivered": "DELIVRD", "undelivered": "UNDELIV", "expired": "EXPIRED", "unknown": "UNKNOWN",
        "in_transit": "ENROUTE",
    }  # fmt: skip
    values: dict[str, Any] = {
        "carrier": NORTH, "bind": BIND, "carrier_id": carrier_id, "sender": to.removeprefix("+"), "to": "TIDINGS",
        "state": words[status], "status": status, "error_code": "000", "raw": b"id:x stat:y", "token": carrier_id,
    }  # fmt: skip
    return Receipt(**{**values, **fields})


def inbound(text: str, **fields: Any) -> Inbound:
    """A text from a handset to our sender."""
    values: dict[str, Any] = {
        "carrier": NORTH, "bind": BIND, "session": "s1", "sender": TO.removeprefix("+"), "to": "12345",
        "data_coding": 0, "octets": text.encode(), "udh": b"", "text": text, "encoding": "gsm7", "token": text,
    }  # fmt: skip
    return Inbound(**{**values, **fields})


Script = Callable[[Part, int], Iterable[CarrierEvent]]


def delivers(part: Part, earlier: int) -> Iterable[CarrierEvent]:
    """Takes every part and reports it delivered."""
    return (taken(part), receipt(f"c{part.attempt_id}", to=part.to))


class FakeCarrier:
    """Answers each part after `delay` seconds with what `script` says; refuses what its windows cannot hold."""

    def __init__(
        self,
        script: Script = delivers,
        *,
        window: int = 10,
        binds: int = 1,
        rate: float = 0.0,
        delay: float | Callable[[Part], float] = 0.01,
        name: str = NORTH,
    ) -> None:
        self.name = name
        self.rate = rate
        self.terms = PLAIN
        self.manners = Manners()
        self.drains = False
        self.changed: list[CarrierSettings] = []
        self.script = script
        self.delay = delay
        self.windows = {f"{self.name}/{number}": window for number in range(1, binds + 1)}
        self.up = set(self.windows)
        self.flying: dict[int, str] = {}
        self.written: list[tuple[float, Part]] = []
        self.acknowledged: list[Any] = []
        self.wanted_again: list[Any] = []
        self.overfull = 0
        """Parts it was given for which it had no room: never any, unless a bind went down."""
        self._tries: dict[tuple[int, int], int] = {}
        self._events: list[CarrierEvent] = []
        self._news = asyncio.Event()
        self._ended = False

    async def start(self) -> None:
        self.tell(*(Up(bind) for bind in self.up))

    async def stop(self, grace_s: float) -> None:
        """Silent from now on, like one whose line was cut; one that drains first answers what it was given."""
        end = asyncio.get_running_loop().time() + grace_s
        while self.drains and self.flying and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 - time jumps
            await asyncio.sleep(0.01)
        if self.drains:
            await asyncio.sleep(0.1)  # what it said is taken
        self._ended = True
        self._news.set()

    def room(self) -> dict[str, int]:
        busy = Counter(self.flying.values())
        return {bind: window - busy[bind] for bind, window in self.windows.items() if bind in self.up}

    def binds(self) -> tuple[BindState, ...]:
        return tuple(
            BindState(
                name=bind,
                kind="transceiver",
                state="up" if bind in self.up else "down",
                since=written(NOW),
                paused=False,
                bound=bind in self.up,
            )
            for bind in self.windows
        )

    def change(self, settings: CarrierSettings) -> None:
        self.changed.append(settings)
        self.rate = settings.rate

    def describe(self, part: Part, at: Millis) -> None:
        """It keeps no PDUs."""

    def send(self, parts: Sequence[Part]) -> None:
        loop = asyncio.get_running_loop()
        for part in parts:
            if self._ended or self.room().get(part.bind, 0) < 1:
                self.overfull += part.bind in self.up and not self._ended
                self.tell(refused(part, "not_written", "carrier_outage", ""))
                continue
            self.flying[part.attempt_id] = part.bind
            self.written.append((loop.time(), part))
            earlier = self._tries.get((part.message_id, part.part), 0)
            self._tries[part.message_id, part.part] = earlier + 1
            loop.call_later(self.delay(part) if callable(self.delay) else self.delay, self._answer, part, earlier)

    def _answer(self, part: Part, earlier: int) -> None:
        if self.flying.pop(part.attempt_id, None):
            self.tell(*self.script(part, earlier))

    def break_down(self, bind: str) -> None:
        """The link is lost: nobody will ever know what became of the parts on it."""
        self.up.discard(bind)
        lost = [attempt for attempt, where in self.flying.items() if where == bind]
        for attempt in lost:
            del self.flying[attempt]
        told = [SendError(attempt, "in_doubt", "outcome_lost", "", "The link was lost.", bind) for attempt in lost]
        self.tell(*told, Down(bind, "The link was lost."))

    def come_back(self, bind: str) -> None:
        """The bind is ready again."""
        self.up.add(bind)
        self.tell(Up(bind))

    def tell(self, *events: CarrierEvent) -> None:
        """Say something of its own accord."""
        self._events += events
        self._news.set()

    async def events(self) -> AsyncIterator[list[CarrierEvent]]:
        while not self._ended:
            await self._news.wait()
            self._news.clear()
            batch, self._events = self._events, []
            if batch and not self._ended:
                yield batch

    def acknowledge(self, tokens: Sequence[Any], accepted: bool) -> None:
        if accepted:
            self.acknowledged += tokens
        else:
            self.wanted_again += tokens

    def order(self) -> list[tuple[int, int]]:
        """(message, part) in the order they were written."""
        return [(part.message_id, part.part) for _, part in self.written]


# the pipeline without loops


class Rig:
    """The verbs over a real store, called one at a time by hand."""

    def __init__(self, store: GroupStore, clock: HandClock, settings: Settings) -> None:
        self.store = store
        self.clock = clock
        self.folder = settings.folder
        self.house = build(store, clock, settings)
        self.fence = 0

    async def send(self, **fields: Any) -> Message:
        """Accept one message."""
        return (await send(self.house, request(**fields)))[0]

    async def route(self, *messages: Message, carrier: str | None = NORTH) -> list[bool]:
        return await self.store.write(route.store_routes, [route.Routed(one.id, carrier) for one in messages])

    async def claim(
        self, message: Message, parts: Sequence[int] | None = None, *, bind: str = BIND, fence: int | None = None
    ) -> list[Part]:
        """Claim a message for a bind; its parts as the carrier would get them, or none where it may not go."""
        numbers = tuple(parts or range(1, message.segments + 1))
        one = dispatch.Claim(
            message, numbers, tuple(self.house.new_id() for _ in numbers), NORTH, bind,
            self.fence if fence is None else fence,
        )  # fmt: skip
        going = (await self.store.write(dispatch.claim, [one]))[0]
        return dispatch.parts(one, self.clock.now()) if going else []

    async def settle(self, *answers: Sent | SendError) -> list[dispatch.Settled]:
        patience = self.house.settings.delivery
        return await self.store.write(dispatch.settle, [dispatch.Settle(answer, 0.5, patience) for answer in answers])

    async def hear(self, *told: Receipt) -> list[bool]:
        """Take receipts in; whether each matched."""
        return await self.store.write(
            receipts.take_receipts, [receipts.Arrived(self.house.new_id(), one) for one in told]
        )

    async def receive(self, *texts: Inbound) -> list[receive.Received]:
        """Take texts from handsets in."""
        new_id, settings = self.house.new_id, self.house.settings
        return await self.store.write(
            receive.take_inbound,
            [receive.Arrival(new_id(), new_id(), new_id(), one, settings, codes=self.house.kit()) for one in texts],
        )

    async def flying(self, **fields: Any) -> tuple[Message, list[Part]]:
        """A message accepted, routed and claimed."""
        message = await self.send(**fields)
        assert await self.route(message) == [True]
        parts = await self.claim(message)
        assert len(parts) == message.segments
        return message, parts

    async def taken(self, *carrier_ids: str, **fields: Any) -> Message:
        """A message that the carrier took, part by part under these ids."""
        message, parts = await self.flying(**fields)
        ids = carrier_ids or tuple(f"c{part.attempt_id}" for part in parts)
        await self.settle(*(taken(part, carrier_id) for part, carrier_id in zip(parts, ids, strict=True)))
        return message

    async def do(self, question: Callable[[Tx], Awaitable[R]]) -> R:
        answers: list[R] = await self.store.write(ask, [question])
        return answers[0]

    async def story(self, message: Message | int) -> Story:
        number = message if isinstance(message, int) else message.id
        return await self.store.read(lambda tx: tell(tx, number))

    async def suppress(self, number: str = TO) -> None:
        await self.do(lambda tx: tx.suppressions.add(DEFAULT_ACCOUNT, number, "test", self.clock.now()))


@asynccontextmanager
async def rigged(folder: Path, **settings: Any) -> AsyncIterator[Rig]:
    """A rig that owns its carrier."""
    clock = HandClock()
    with opened(folder, clock, asyncio.get_running_loop()) as store:
        rig = Rig(store, clock, Settings(data=str(folder), **settings))
        rig.fence = (await store.write(lease.take, [HOLD]))[0] or 0
        yield rig


# everything together


class World:
    """A running house with one carrier; with none, if the carrier has no name."""

    def __init__(self, folder: Path, carrier: FakeCarrier, settings: Settings) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, JumpingLoop)
        self.clock = loop.clock
        self.loop = loop
        self.folder = folder
        self.carrier = carrier
        self.others: list[FakeCarrier] = []
        """Carriers that come after it."""
        self.settings = settings
        self.added: dict[str, FakeCarrier] = {}
        """Carriers that the API made, by name."""
        self.house: House
        self.runner: Runner
        self.store: Watched

    @asynccontextmanager
    async def up(self) -> AsyncIterator[World]:
        """From start to stop; may be entered again, as after a restart."""
        with opened(self.folder, self.clock, self.loop) as store:
            self.store = Watched(store, self.loop)
            last = await self.store.read(lambda tx: tx.accounts.last_id())
            self.house = build(self.store, self.clock, self.settings, last)
            carriers = [self.carrier, *self.others] if self.carrier.name else []
            self.runner = Runner(self.house, carriers)
            fleet = self.house.fleet = Fleet(self.house, self.runner, [_member(one) for one in carriers], self.made)
            await fleet.start()
            sweeper = Sweeper(self.house, self.runner)
            async with asyncio.TaskGroup() as tasks:
                await self.runner.start(tasks)
                sweeper.start(tasks)
                try:
                    yield self
                finally:
                    await sweeper.stop(1.0)
                    await self.runner.stop(1.0)

    def made(self, settings: CarrierSettings) -> FakeCarrier:
        """A carrier as the API wants it, by the rules of the file."""
        check_carrier(settings)

        def script(part: Part, earlier: int) -> Iterable[CarrierEvent]:
            return (taken(part), receipt(f"c{part.attempt_id}", to=part.to, carrier=settings.name, bind=part.bind))

        carrier = FakeCarrier(
            script, window=settings.window, binds=settings.binds, rate=settings.rate, name=settings.name
        )
        carrier.drains = True
        return self.added.setdefault(settings.name, carrier)

    async def story(self, message: Message) -> Story:
        return await self.store.read(lambda tx: tell(tx, message.id))

    async def until(self, done: Callable[[], bool], seconds: float = 600.0) -> None:
        """Let time pass until something holds; fail after so many seconds of the hand clock."""
        async with asyncio.timeout(seconds):
            while not done():  # noqa: ASYNC110 - time jumps, so that asking again costs nothing
                await asyncio.sleep(0.01)

    async def ended(self, *messages: Message, seconds: float = 600.0) -> list[Story]:
        """Let time pass until these messages have a finish time; their stories."""
        pause = 0.05
        async with asyncio.timeout(seconds):
            while not await self.store.read(lambda tx: _all_ended(tx, messages)):
                await asyncio.sleep(pause)
                pause = min(seconds / 100, pause * 1.5)
        return [await self.story(message) for message in messages]


def _member(carrier: FakeCarrier) -> Member:
    settings = CarrierSettings(
        name=carrier.name, host="smsc.example.net", password="secret", rate=carrier.rate, sender_rules="off"
    )
    return Member(settings, "file", carrier)


async def _all_ended(tx: Tx, messages: Sequence[Message]) -> bool:
    found = await tx.messages.by_id(message.id for message in messages)
    return all(message.finished_at for message in found.values())


def live(
    folder: Path,
    scenario: Callable[[World], Awaitable[None]],
    carrier: Callable[[], FakeCarrier] = FakeCarrier,
    **settings: Any,
) -> None:
    """Run a scenario in a world of its own, on a loop whose time jumps."""
    clock = HandClock()

    async def main() -> None:
        await scenario(World(folder, carrier(), Settings(data=str(folder), **settings)))

    with asyncio.Runner(loop_factory=lambda: JumpingLoop(clock)) as runner:
        runner.run(main())
