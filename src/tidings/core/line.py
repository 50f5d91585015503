"""What is on its way to one ESME: what of it is in memory, what only in the store, and what may go next.

A lane is a handset and a number of ours: of each, one PDU at a time is with the ESME, and none overtakes another. A
lane that has to wait gives its memory back and is read again when its time comes; the others go on.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence

from tidings.core.breaker import Breaker
from tidings.core.message import Millis
from tidings.core.owed import Load

PAGE = 500
"""Rows read at a time, and in memory of one ESME at most, but for one page of its lanes that are behind."""
LANE_PAGE = 20
"""Rows read at a time of a lane that was behind."""
LANES_AT_ONCE = 25
LANES_MOST = 10_000
"""Lanes that are remembered, after which no further rows are read until some have done their waiting."""
AT_ONCE = 10_000
"""PDUs under way to one ESME at most, whatever its windows are."""


class _Lane:
    __slots__ = ("behind", "flying", "passed", "rows", "until", "unwritten")

    def __init__(self) -> None:
        self.rows: deque[Load] = deque()
        self.flying: Load | None = None
        self.until: Millis = 0
        self.behind = False
        """Whether the store has rows of it, up to the position, which are not in memory."""
        self.passed = False
        """Whether a page passed over rows of it since it is being read: what is read may lack them."""
        self.unwritten = 0
        """Attempts that are not recorded yet: until they are, the store does not know how it stands."""

    @property
    def idle(self) -> bool:
        return not (self.rows or self.flying or self.behind or self.unwritten)

    @property
    def waits_for_store(self) -> bool:
        return self.behind and not (self.rows or self.flying or self.unwritten)


class Line:
    """Everything owed to one ESME. Not for several threads."""

    def __init__(self, esme_id: int, waiting: int = 0) -> None:
        """`waiting`: rows that the store has for it."""
        self.esme_id = esme_id
        self.waiting = waiting
        self.breaker = Breaker(AT_ONCE, AT_ONCE)  # its windows tell what it takes, until it fails
        self.failed_at = 0.0
        """When it failed last, in seconds that never go back."""
        self.reading = False
        self.reading_lanes = False
        self.held = 0
        """Rows in memory."""
        self.unwritten = 0
        self._position = 0
        self._more = waiting > 0
        self._lanes: dict[int, _Lane] = {}
        self._ready: deque[int] = deque()
        self._due: list[tuple[Millis, int]] = []
        """Lanes that are behind, by when they may be read again."""

    # reading

    @property
    def position(self) -> int:
        """The last row that was read: those before it are in memory, in a lane that is behind, or have ended."""
        return self._position

    def owes(self, count: int) -> None:
        """The store has so many more."""
        self.waiting += count
        self._more = True

    def page(self, full: bool) -> int:
        """How many rows to read on now; 0: none. `full`: memory is, by all ESMEs together."""
        if not self._more or self.reading or len(self._lanes) >= LANES_MOST:
            return 0
        most = PAGE // 10 if full else PAGE
        return most if self.held <= most // 2 else 0

    def begin_page(self) -> int:
        """Rows are being read; what comes meanwhile is read later. Returns behind which row."""
        self.reading, self._more = True, False
        return self._position

    def take_page(self, loads: Sequence[Load], limit: int, now: Millis) -> None:
        """What was read, oldest first; `limit`: how many were asked for."""
        self.reading = False
        self._more = self._more or len(loads) == limit
        for load in loads:
            self._position = load.owed.id
            self._take(load, now)

    def broke_off(self) -> None:
        """The rows could not be read; they are still there."""
        self.reading, self._more = False, True

    def _take(self, load: Load, now: Millis) -> None:
        number, owed = load.owed.lane, load.owed
        lane = self._lanes.get(number)
        if lane is None:
            lane = self._lanes[number] = _Lane()
        if lane.behind:
            lane.passed = True
            return
        if (owed.next_at or 0) > now:
            self._fall_behind(number, lane, owed.next_at or 0)
            return
        self._add(number, lane, load)

    def _add(self, number: int, lane: _Lane, load: Load) -> None:
        lane.rows.append(load)
        self.held += 1
        if len(lane.rows) == 1 and lane.flying is None:
            self._ready.append(number)

    def due_lanes(self, now: Millis) -> list[int]:
        """Lanes to be read again now; `take_lanes` or `lanes_not_read` has to follow."""
        found: list[int] = []
        while self._due and self._due[0][0] <= now and len(found) < LANES_AT_ONCE and not self.reading_lanes:
            _, number = heapq.heappop(self._due)
            lane = self._lanes.get(number)
            if lane is not None and lane.waits_for_store and number not in found:
                lane.passed = False
                found.append(number)
        self.reading_lanes = self.reading_lanes or bool(found)
        return found

    def next_due(self) -> Millis | None:
        """When the first lane that is behind may be read again; None while lanes are being read."""
        return self._due[0][0] if self._due and not self.reading_lanes else None

    def take_lanes(self, numbers: Sequence[int], pages: Sequence[Sequence[Load]], limit: int, now: Millis) -> None:
        """What was read of lanes that were behind, oldest first; `limit`: how many were asked for of each."""
        self.reading_lanes = False
        for number, loads in zip(numbers, pages, strict=True):
            lane = self._lanes[number]
            lane.behind = False
            self._take_lane(number, lane, loads, limit, now)
            self._tidy(number, lane)

    def _take_lane(self, number: int, lane: _Lane, loads: Sequence[Load], limit: int, now: Millis) -> None:
        for load in loads:
            if (load.owed.next_at or 0) > now:
                self._fall_behind(number, lane, load.owed.next_at or 0)
                return
            self._add(number, lane, load)
        if len(loads) == limit or lane.passed:
            self._fall_behind(number, lane, now)

    def lanes_not_read(self, numbers: Sequence[int]) -> None:
        """They could not be read; they are still behind."""
        self.reading_lanes = False
        for number in numbers:
            heapq.heappush(self._due, (self._lanes[number].until, number))

    def revive(self, number: int) -> None:
        """Rows of a lane wait again that had been given up."""
        lane = self._lanes.setdefault(number, _Lane())
        self._fall_behind(number, lane, 0)

    def _fall_behind(self, number: int, lane: _Lane, until: Millis) -> None:
        lane.behind, lane.until = True, until
        heapq.heappush(self._due, (until, number))

    # sending

    @property
    def ready(self) -> bool:
        """Whether something could go, or so it seems."""
        return bool(self._ready)

    def next(self) -> Load | None:
        """The next that may go, which then is under way."""
        while self._ready:
            lane = self._lanes[self._ready.popleft()]
            if lane.rows and lane.flying is None:
                lane.flying = lane.rows.popleft()
                return lane.flying
        return None

    def back(self, load: Load) -> None:
        """It did not arrive, and is the first of its lane to go again."""
        number = load.owed.lane
        lane = self._lanes[number]
        if lane.flying is load:
            lane.flying = None
            lane.rows.appendleft(load)
            self._ready.append(number)

    def ended(self, load: Load) -> None:
        """It was taken or given up: what came after it may go."""
        number = load.owed.lane
        lane = self._lanes.get(number)
        load.done = True
        if lane is None:
            return
        if lane.flying is load:
            lane.flying = None
            self.held -= 1
        elif load in lane.rows:  # its answer came late
            lane.rows.remove(load)
            self.held -= 1
        if lane.rows and lane.flying is None:
            self._ready.append(number)
        self._wait_for_store(number, lane)

    def later(self, load: Load, until: Millis) -> None:
        """It was refused for now: its lane waits in the store."""
        number = load.owed.lane
        lane = self._lanes[number]
        if lane.flying is not load:
            return
        lane.flying = None
        self.held -= 1 + len(lane.rows)
        lane.rows.clear()
        self._fall_behind(number, lane, until)

    def writes(self, load: Load) -> None:
        """An attempt is about to be recorded."""
        self.unwritten += 1
        self._lanes.setdefault(load.owed.lane, _Lane()).unwritten += 1

    def wrote(self, load: Load) -> None:
        """It is recorded, or never will be."""
        self.unwritten -= 1
        number = load.owed.lane
        lane = self._lanes[number]
        lane.unwritten -= 1
        self._wait_for_store(number, lane)

    def _wait_for_store(self, number: int, lane: _Lane) -> None:
        if lane.waits_for_store:
            heapq.heappush(self._due, (lane.until, number))
        self._tidy(number, lane)

    def _tidy(self, number: int, lane: _Lane) -> None:
        if lane.idle:
            self._lanes.pop(number, None)

    @property
    def under_way(self) -> bool:
        """Whether anything is with the ESME, or its outcome not recorded."""
        return self.unwritten > 0 or any(lane.flying for lane in self._lanes.values())

    def shed(self) -> bool:
        """Give all memory back: everything stands in the store. Not while anything is under way."""
        if self.reading or self.reading_lanes or self.under_way:
            return False
        self._lanes.clear()
        self._ready.clear()
        self._due.clear()
        self.held, self._position, self._more = 0, 0, self.waiting > 0
        return True
