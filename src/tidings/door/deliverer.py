"""Brings receipts and texts to customers' ESMEs: what waits in the store, out to their binds, in order.

What may go next of an ESME, `core.line` decides; what an answer means, `core.esme_retry`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any

import msgspec

from tidings.core.esme import Esme
from tidings.core.esme_pdus import spoken
from tidings.core.esme_retry import Verdict, judge
from tidings.core.health import EsmeState
from tidings.core.ids import show
from tidings.core.line import LANE_PAGE, LANES_MOST, Line
from tidings.core.message import SECOND
from tidings.core.owed import Backlog, Load, Owed, Tried
from tidings.core.ports import News
from tidings.core.questions import Tx
from tidings.door.claims import Claims
from tidings.door.guests import Guest
from tidings.door.keeper import Keeper
from tidings.door.outlets import Outlets
from tidings.door.tail import FAULT_S, Tail, log, tell
from tidings.drivers.ledger import Ledger
from tidings.pipeline import deliver, lease
from tidings.pipeline.house import House
from tidings.smpp.codec import EncodeError
from tidings.smpp.session import Answered, Unanswered

IN_MEMORY_MOST = 20_000
"""Rows in memory, after which an ESME gets smaller pages."""
NEVER = 1e18
COUNT_S = 5.0
COUNT_SHARE = 20
"""Seconds between counts of what waits where others send it too; at least so many times as long as a count takes."""
LOOK_AGAIN = 0.5
"""Seconds after which binds without room are looked at again: nobody tells when a connection takes octets again."""


class Token(msgspec.Struct, gc=False, frozen=True):
    """What a PDU under way is known by."""

    line: Line
    guest: Guest
    load: Load
    at: float
    """When it was handed over."""


class Deliverer:
    """Start it when the store is open; tell it of binds that come, answer and go: it is the door's `Outward`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._lines: dict[int, Line] = {}
        self._outlets: dict[int, Outlets] = {}
        self._tail = Tail(house, self._room, self._owes)
        self._keeper = Keeper(house, lambda: self._tail.ours)
        self._claims = Claims(house, self._task, self._gained, self._lost)
        self._ledger: Ledger[Token, Tried, Owed | None] = Ledger(house.store, deliver.settle, self._recorded)
        self._wake = asyncio.Event()
        self._planned = 0.0
        """When the lines are looked at next, whatever happens."""
        self._stopping = False
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []

    # start and stop

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Learn what waits, and set the loops going."""
        self._group = group
        for one in await self._house.store.read(lambda tx: tx.outbox.backlogs()):
            self._lines[one.esme_id] = Line(one.esme_id, one.waiting)
        self._house.store.follow(deliver.replay, self._replayed)
        self._house.store.follow(deliver.give_up, self._given_up)
        self._house.store.hear(self._heard)
        self._house.roster.watch(self._changed)
        self._tail.begin()
        await self._house.leases.want(lease.OUTBOX, self._tail.take, self._tail.give)
        self._writing = group.create_task(self._ledger.write_for_ever())
        loops = [self._tail.follow_for_ever(), self._look_for_ever(), self._keeper.tidy_for_ever()]
        if self._house.leases.shared:
            loops.append(self._count_for_ever())
        self._loops = [group.create_task(loop, name="deliveries") for loop in loops]

    async def stop(self, grace: float) -> None:
        """Hand over nothing more; what has no answer by now is handed over again next time."""
        self._stopping = True
        self._tail.stop()
        self._keeper.stop()
        self._wake.set()
        self._stop.set()
        _, late = await asyncio.wait([*self._loops, *self._tasks], timeout=max(grace, 0.5))
        for task in late:
            task.cancel()
        await self._house.leases.leave(lease.OUTBOX)
        self._ledger.end()
        _, late = await asyncio.wait([self._writing], timeout=max(grace, 0.5))
        for task in late:
            task.cancel()

    # binds

    def joined(self, guest: Guest) -> None:
        """It bound."""
        esme = self._house.roster.get(guest.esme_id)
        if esme is None or not guest.receives:
            return
        self._outlets.setdefault(esme.id, Outlets()).add(guest)
        self._claims.wish(esme.id, True)
        line = self._line(esme.id)
        line.breaker.anew()
        self._kick(line)

    def _gained(self, esme_id: int) -> None:
        """What is owed to it is sent from here: begin with what the store has."""
        line = self._lines[esme_id] = Line(esme_id, max(1, self._line(esme_id).waiting))
        self._go_on(line)

    def _lost(self, esme_id: int) -> None:
        """It is sent from elsewhere; what has no answer yet may be sent there once more."""
        self._lines[esme_id] = Line(esme_id, self._line(esme_id).waiting)

    def left(self, guest: Guest) -> None:
        """It is gone; all that was under way on it was told as unanswered before."""
        outlets = self._outlets.get(guest.esme_id)
        if outlets is None:
            return
        outlets.drop(guest)
        if not outlets:
            del self._outlets[guest.esme_id]
            self._claims.wish(guest.esme_id, False)
        self._go_on(self._line(guest.esme_id))

    def answered(self, guest: Guest, events: Sequence[Answered | Unanswered]) -> None:
        """What became of what was handed over to it."""
        lost = guest.link.session.over
        for event in events:
            if isinstance(event, Answered):
                self._answer(event.token, event)
            else:
                self._no_answer(event.token, lost)
        self._go_on(self._line(guest.esme_id))

    def _answer(self, token: Token, event: Answered) -> None:
        line, load = token.line, token.load
        if not event.late:
            line.breaker.release()
        value = getattr(event.response, "command_status", 0)
        if load.done or (event.late and value != 0):
            return
        verdict = judge(value, load.owed.attempts + 1, line.breaker.failures, self._house.clock.random())
        self._weigh(token, verdict)
        self._enter(token, verdict.outcome, value, verdict.wait)
        if verdict.outcome == "delivered" or verdict.wait is None:
            line.ended(load)
        else:
            line.later(load, self._house.clock.now() + verdict.wait)

    def _no_answer(self, token: Token, lost: bool) -> None:
        """It timed out, or its bind is gone, which says nothing of the ESME: then it just goes again."""
        token.line.breaker.release()
        if token.load.done:
            return
        if not lost:
            self._failed(token)
            self._enter(token, "unanswered")
        token.line.back(token.load)

    def _weigh(self, token: Token, verdict: Verdict) -> None:
        """What an answer says of the ESME as a whole."""
        if verdict.well:
            token.line.breaker.succeeded()
        else:
            self._failed(token, (verdict.wait or 0) / SECOND if verdict.pause else None)

    def _failed(self, token: Token, asked: float | None = None) -> None:
        """What was handed over before the last failure was known says nothing new."""
        line = token.line
        if token.at >= line.failed_at:
            line.failed_at = self._house.clock.monotonic()
            line.breaker.failed(line.failed_at, asked)

    def _enter(self, token: Token, outcome: str, answer: int | None = None, wait: int | None = 0) -> None:
        """Have an attempt recorded."""
        owed, bind = token.load.owed, str(token.guest)
        token.load.owed = msgspec.structs.replace(owed, attempts=owed.attempts + 1, bind=bind)
        self._house.metrics.handed(outcome)
        token.line.writes(token.load)
        fence = self._claims.fence(token.line.esme_id)
        self._ledger.enter(token, Tried(owed, outcome, bind, answer, wait, fence))

    def _recorded(self, token: Token, tried: Tried, row: Owed | None) -> None:
        line = token.line
        if row is not None and row.next_at is None:
            line.waiting -= 1
        line.wrote(token.load)
        self._go_on(line)

    # sending

    def _line(self, esme_id: int) -> Line:
        found = self._lines.get(esme_id)
        if found is None:
            found = self._lines[esme_id] = Line(esme_id)
        return found

    def _go_on(self, line: Line) -> None:
        if line is not self._lines.get(line.esme_id):
            return  # of a time in which we held it
        if line.esme_id in self._outlets:
            self._kick(line)
        else:
            line.shed()

    def _kick(self, line: Line) -> None:
        """Send what can go, and see to it that more is read, or that it is looked at again in time."""
        outlets = self._outlets[line.esme_id]
        if self._stopping or not self._claims.held(line.esme_id):
            return
        while not self._ledger.full and line.breaker.room(self._house.clock.monotonic()) > 0 and outlets.room:
            load = line.next()
            if load is None or not self._send(line, outlets, load):
                break
        if limit := line.page(self._held >= IN_MEMORY_MOST):
            self._task(self._read_page(line, line.begin_page(), limit))
        if self._moment(line, outlets) < self._planned:
            self._wake.set()

    def _send(self, line: Line, outlets: Outlets, load: Load) -> bool:
        guest = outlets.next(load.owed.bind) if self._claims.may_send(line.esme_id) else None
        if guest is None:
            line.back(load)
            return False
        token = Token(line, guest, load, self._house.clock.monotonic())
        try:
            if not guest.link.request(spoken(load.pdu, guest.interface_version), token):
                line.back(load)
                return False
        except EncodeError as fault:
            log.error("%s: delivery %d cannot be expressed and is given up: %s", guest, load.owed.id, fault)
            self._enter(token, "not_expressible", None, None)
            line.ended(load)
            return True
        line.breaker.begin()
        return True

    # time

    def _moment(self, line: Line, outlets: Outlets) -> float:
        """When a line asks to be looked at, on the clock that never goes back."""
        clock, due = self._house.clock, line.next_due()
        now = clock.monotonic()
        moment = NEVER if due is None else now + max(0.0, (due - clock.now()) / SECOND)
        if line.breaker.until > now:
            return min(moment, line.breaker.until)
        if not line.ready or (outlets.room and self._claims.may_send(line.esme_id)):
            return moment
        return min(moment, now + LOOK_AGAIN)

    async def _look_for_ever(self) -> None:
        """Look at the lines of those who are bound when they asked for it, until `stop`."""
        while not self._stopping:
            self._wake.clear()
            self._planned, soonest = 0.0, NEVER
            for esme_id, outlets in list(self._outlets.items()):
                line = self._line(esme_id)
                if numbers := line.due_lanes(self._house.clock.now()):
                    self._task(self._read_lanes(line, numbers))
                if line.ready:
                    self._kick(line)
                soonest = min(soonest, self._moment(line, outlets))
            self._planned = soonest
            await self._until(soonest)

    async def _until(self, moment: float) -> None:
        try:
            async with asyncio.timeout(None if moment >= NEVER else max(0.0, moment - self._house.clock.monotonic())):
                await self._wake.wait()
        except TimeoutError:
            return

    # reading

    @property
    def _held(self) -> int:
        return sum(self._line(esme_id).held for esme_id in self._outlets)

    async def _read_page(self, line: Line, after: int, limit: int) -> None:
        """The next rows of an ESME into memory."""
        esme = self._house.roster.get(line.esme_id)

        async def ask(tx: Tx) -> list[Load]:
            return await deliver.loads(tx, await tx.outbox.behind(line.esme_id, after, limit), esme) if esme else []

        try:
            loads = await self._house.store.read(ask)
        except Exception as fault:
            tell(fault)
            await asyncio.sleep(0 if self._stopping else FAULT_S)
            line.broke_off()
        else:
            line.take_page(loads, limit, self._house.clock.now())
        self._go_on(line)

    async def _read_lanes(self, line: Line, numbers: list[int]) -> None:
        """Lanes that had to wait, into memory again."""
        esme, up_to = self._house.roster.get(line.esme_id), line.position

        async def ask(tx: Tx) -> list[list[Load]]:
            if esme is None:
                return [[] for _ in numbers]
            rows = [await tx.outbox.of_lane(line.esme_id, number, up_to, LANE_PAGE) for number in numbers]
            return [await deliver.loads(tx, page, esme) for page in rows]

        try:
            pages = await self._house.store.read(ask)
        except Exception as fault:
            tell(fault)
            await asyncio.sleep(0 if self._stopping else FAULT_S)
            line.lanes_not_read(numbers)
        else:
            line.take_lanes(numbers, pages, LANE_PAGE, self._house.clock.now())
        self._go_on(line)

    # news from elsewhere

    def _owes(self, esme_id: int, count: int) -> None:
        line = self._line(esme_id)
        line.owes(count)
        self._go_on(line)

    def _room(self) -> dict[int, int]:
        """How much more the queues take in which something waits."""
        found = {}
        for esme_id, line in self._lines.items():
            esme = self._house.roster.get(esme_id)
            if line.waiting > 0 and esme is not None:
                found[esme_id] = max(0, esme.queue_most - line.waiting)
        return found

    def _changed(self, esme: Esme) -> None:
        if esme.closed_at is not None:
            self._lines.pop(esme.id, None)

    def _replayed(self, _: Sequence[deliver.Replay], results: list[deliver.Replayed]) -> None:
        for row in (row for result in results for row in result.rows):
            line = self._line(row.esme_id)
            line.owes(1)
            if row.esme_id in self._outlets:
                line.revive(row.lane)
        self._wake.set()

    def _heard(self, news: News) -> None:
        """What other processes put into the outbox; each row is theirs to send who hold its ESME."""
        for esme_id, count in news.told.get(deliver.fill, ()):
            self._owes(esme_id, count)
        for esme_id, count, *lanes in news.told.get(deliver.replay, ()):
            line = self._line(esme_id)
            line.owes(count)
            if self._claims.held(esme_id) and esme_id in self._outlets:
                for lane in lanes:
                    line.revive(lane)
        if news.missed:
            for esme_id in list(self._outlets):
                self._task(self._look_back(self._line(esme_id)))
        self._wake.set()

    async def _look_back(self, line: Line) -> None:
        """Nobody knows what was not heard of: what waits behind the position, and lanes that wait again before it."""
        try:
            up_to = line.position
            lanes = await self._house.store.read(lambda tx: tx.outbox.lanes(line.esme_id, up_to, LANES_MOST))
        except Exception as fault:
            tell(fault)
            return
        line.owes(0)
        for lane in lanes:
            line.revive(lane)
        self._go_on(line)

    async def _count_for_ever(self) -> None:
        """What waits is also sent by others: how much that leaves, only the store knows."""
        while not self._stopping:
            began = self._house.clock.monotonic()
            try:
                for one in await self._house.store.read(lambda tx: tx.outbox.backlogs()):
                    self._line(one.esme_id).waiting = one.waiting
            except Exception as fault:
                tell(fault)
            took = self._house.clock.monotonic() - began
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(COUNT_S, COUNT_SHARE * took)):
                    await self._stop.wait()

    def _given_up(self, ages: Sequence[deliver.Age], results: list[list[int]]) -> None:
        for age, ids in zip(ages, results, strict=True):
            self._line(age.esme_id).waiting -= len(ids)

    async def states(self) -> tuple[EsmeState, ...]:
        """How it stands with every ESME."""
        now, found = self._house.clock.now(), []
        backlogs, sessions = await self._house.store.read(_standing)
        for one in backlogs:
            esme = self._house.roster.get(one.esme_id)
            if esme is None:
                continue
            age = 0 if one.oldest_at is None else max(0, now - one.oldest_at)
            found.append(EsmeState(
                id=show("esme", esme.id), system_id=esme.system_id, receivers=self._receivers(esme.id, sessions),
                waiting=one.waiting, most=esme.queue_most, oldest_s=age / SECOND, dead=one.dead,
                failures=self._line(esme.id).breaker.failures,
            ))  # fmt: skip
        return tuple(found)

    def _receivers(self, esme_id: int, sessions: Counter[int]) -> int:
        """Binds of it that take something, at all doors."""
        return sessions[esme_id] if self._house.leases.shared else len(self._outlets.get(esme_id, ()))

    def _task(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _standing(tx: Tx) -> tuple[list[Backlog], Counter[int]]:
    """What waits for each, and how many binds that receive it has at the doors of all processes."""
    backlogs = await tx.outbox.backlogs()
    sessions = await tx.esmes.sessions(one.esme_id for one in backlogs)
    return backlogs, Counter(one.esme_id for one in sessions if one.bind_type != "transmitter")
