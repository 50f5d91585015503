"""Who goes next: classes by rank, accounts in turn, order per (from, to), and a carrier's rate in segments."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

L = TypeVar("L")


class Waiting(msgspec.Struct, Generic[L], frozen=True, gc=False):
    """One message that is due, with whatever its dispatcher needs to hand it over."""

    message_id: int
    account_id: int
    rank: int
    lane: tuple[str, str]
    """(from, to): one message of a lane is unanswered at a time."""
    cost: int
    """Segments to hand over."""
    load: L


class Schedule(Generic[L]):
    """The due messages of one carrier, in memory; bounded by its feeder."""

    __slots__ = ("_busy", "_known", "_ranks", "_sizes")

    def __init__(self) -> None:
        self._ranks: dict[int, OrderedDict[int, deque[Waiting[L]]]] = {}
        self._busy: dict[tuple[str, str], tuple[int, deque[Waiting[L]]]] = {}
        self._known: dict[int, Waiting[L]] = {}
        self._sizes: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, message_id: int) -> bool:
        return message_id in self._known

    def all(self) -> list[L]:
        """What each message that waits carries, in the order they came."""
        return [waiting.load for waiting in self._known.values()]

    def size(self, rank: int) -> int:
        """Messages waiting in a class, those behind a busy lane included."""
        return self._sizes.get(rank, 0)

    def add(self, waiting: Waiting[L], head: bool = False) -> None:
        """Queue a message; `head` puts back one that was taken and not handed over."""
        if waiting.message_id in self._known:
            return
        self._known[waiting.message_id] = waiting
        self._sizes[waiting.rank] = self._sizes.get(waiting.rank, 0) + 1
        self._line(waiting, head)

    def discard(self, message_id: int) -> None:
        """Forget a message that was canceled or expired; its place in the line is passed over."""
        self._known.pop(message_id, None)

    def amend(self, message_id: int, change: Callable[[Waiting[L]], Waiting[L]]) -> None:
        """Change what is to be handed over of a message that waits; its place in the line stays."""
        if message_id in self._known:
            self._known[message_id] = change(self._known[message_id])

    def take(self, room: int) -> list[Waiting[L]]:
        """Up to `room` segments' worth of messages, highest class first, accounts in turn.

        A message larger than what is left is taken only when nothing else was; its account keeps its turn, so that it
        never starves.
        """
        taken: list[Waiting[L]] = []
        for rank in sorted(self._ranks):
            room = self._take_rank(rank, room, taken)
            if room <= 0:
                break
        return taken

    def release(self, lane: tuple[str, str], message_id: int) -> None:
        """The message was answered for the first time: its successor may go, ahead of its account's line.

        Later answers, when the lane is its successor's, change nothing.
        """
        holder, behind = self._busy.get(lane, (None, None))
        if holder != message_id or behind is None:
            return
        del self._busy[lane]
        while behind:
            self._line(behind.pop(), head=True)

    def _take_rank(self, rank: int, room: int, taken: list[Waiting[L]]) -> int:
        accounts = self._ranks[rank]
        while accounts and room > 0:
            account_id = next(iter(accounts))
            line = accounts.pop(account_id)
            waiting = self._next(line)
            if line:
                accounts[account_id] = line
            if waiting is None:
                continue
            if waiting.cost > room and taken:
                self._line(waiting, head=True)
                accounts.move_to_end(account_id, last=False)
                return 0
            del self._known[waiting.message_id]
            self._sizes[rank] -= 1
            self._busy[waiting.lane] = (waiting.message_id, deque())
            taken.append(waiting)
            room -= waiting.cost
        if not accounts:
            del self._ranks[rank]
        return room

    def _next(self, line: deque[Waiting[L]]) -> Waiting[L] | None:
        """The first of the line that may go; those behind a busy lane step aside."""
        while line:
            passed = line.popleft()
            waiting = self._known.get(passed.message_id)
            if waiting is None:
                self._sizes[passed.rank] -= 1
                continue
            busy = self._busy.get(waiting.lane)
            if busy is None:
                return waiting
            busy[1].append(waiting)
        return None

    def _line(self, waiting: Waiting[L], head: bool) -> None:
        line = self._ranks.setdefault(waiting.rank, OrderedDict()).setdefault(waiting.account_id, deque())
        if head:
            line.appendleft(waiting)
        else:
            line.append(waiting)


class TokenBucket:
    """A rate in segments per second with a burst of some seconds; 0 = no limit. Pure: the clock is an argument."""

    __slots__ = ("_at", "_burst", "_level", "rate")

    def __init__(self, rate: float, burst: float = 1.0) -> None:
        self.rate = rate
        self._burst = burst
        self._level = 0.0
        self._at: float | None = None

    def room(self, now: float) -> int:
        """Segments that may go now (seconds, monotonic)."""
        if self.rate <= 0:
            return 1 << 30
        most = max(1.0, self.rate * self._burst)
        elapsed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._level = min(most, self._level + elapsed * self.rate) if self._at is not None else min(most, 1.0)
        self._at = now
        return int(self._level)

    def take(self, segments: int) -> None:
        """Use up segments; a long message may overdraw and is paid back by waiting."""
        if self.rate > 0:
            self._level -= segments

    def wait(self) -> float:
        """Seconds until at least one segment may go, as of the last `room`."""
        return 0.0 if self.rate <= 0 or self._level >= 1 else (1 - self._level) / self.rate
