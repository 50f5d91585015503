"""Looks at the traffic of SMPP links for as long as somebody asks: captures, bounded in time, number and memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from tidings.core.ports import Clock
from tidings.core.request import Refused
from tidings.drivers.smpp_link import SmppLink
from tidings.smpp import capture
from tidings.smpp.capture import Head, Record, Side, Way
from tidings.smpp.redact import redact

MOST = 4
"""Captures at a time, of all carriers and ESMEs."""
HELD_OCTETS = 8 * 1024 * 1024
"""PDUs that one capture holds until they are taken; what comes then is missed, and counted."""
BESIDE = 200
"""Octets that a held record takes beside those of its PDU."""
LINES_AT_ONCE = 500

_Event = tuple[int, str, str, Way | None, bytes, str]
"""When, link, what, way, octets, detail."""


class Taps:
    """All that can be captured, by name: `carriers/north`, `esmes/esm_…`."""

    def __init__(self, clock: Clock, tasks: asyncio.TaskGroup) -> None:
        self._clock = clock
        self._tasks = tasks
        self._taps: dict[str, Tap] = {}
        self._open: set[Capture] = set()

    def of(self, name: str, side: Side) -> Tap:
        """The tap that the links of a carrier or an ESME are given."""
        found = self._taps.get(name)
        if found is None:
            found = self._taps[name] = Tap(side, self._clock)
        return found

    def open(
        self, name: str, seconds: float, whole: bool, gone: Callable[[], Coroutine[Any, Any, None]]
    ) -> Capture | Refused | None:
        """Begin to capture; None where there is no such tap. `gone()` returns when nobody reads any more.

        An ESME need not have bound yet.
        """
        tap = self.of(name, "smsc") if name.startswith("esmes/") else self._taps.get(name)
        if tap is None:
            return None
        if len(self._open) >= MOST:
            return Refused("too_many_captures", f"{MOST} captures are under way; end one, or wait for its end.", 10)
        made = Capture(name.partition("/")[2], tap, seconds, whole, self._clock, self._open)
        self._tasks.create_task(made.until(gone), name=f"capture {name}")
        return made

    def stop(self) -> None:
        """End all captures."""
        for one in list(self._open):
            one.close()


class Tap:
    """What the links of one carrier or ESME tell."""

    def __init__(self, side: Side, clock: Clock) -> None:
        self.side: Side = side
        self.on = False
        """Whether anybody listens; links ask this first."""
        self._clock = clock
        self._captures: list[Capture] = []
        self._names: dict[SmppLink, str] = {}
        self._links = 0

    def opened(self, link: SmppLink) -> None:
        """A link belongs here from now on."""
        self._links += 1
        self._names[link] = str(self._links)
        if self.on:
            self._tell(link, "open", detail=f"{link.here} {link.peer}")

    def closed(self, link: SmppLink, reason: str) -> None:
        """It is gone."""
        if link in self._names:
            if self.on:
                self._tell(link, "closed", detail=reason)
            del self._names[link]

    def frames(self, link: SmppLink, way: Way, frames: list[bytes]) -> None:
        """Whole PDUs went or came."""
        for frame in frames:
            self._tell(link, "pdu", way, frame)

    def join(self, one: Capture) -> None:
        """Tell it what happens, first which links stand."""
        self._captures.append(one)
        self.on = True
        for link, name in self._names.items():
            one.take((self._clock.now(), name, "open", None, b"", f"{link.here} {link.peer}"))

    def leave(self, one: Capture) -> None:
        """Tell it no more."""
        self._captures.remove(one)
        self.on = bool(self._captures)

    def _tell(self, link: SmppLink, what: str, way: Way | None = None, frame: bytes = b"", detail: str = "") -> None:
        event: _Event = (self._clock.now(), self._names.get(link, "?"), what, way, frame, detail)
        for one in self._captures:
            one.take(event)


class Capture:
    """One capture under way: what happened, held until it is taken as lines of the file."""

    def __init__(self, name: str, tap: Tap, seconds: float, whole: bool, clock: Clock, among: set[Capture]) -> None:
        self._tap = tap
        self._whole = whole
        self._clock = clock
        self._ends = clock.monotonic() + seconds
        self._among = among
        self._held: deque[_Event] = deque()
        self._octets = 0
        self._missed = 0
        self._news = asyncio.Event()
        self._over = False
        head = Head(side=tap.side, name=name, started_at_ms=clock.now(), redacted=not whole)
        self._opening: bytes | None = capture.line(head)
        among.add(self)
        tap.join(self)

    def take(self, event: _Event) -> None:
        """Something happened."""
        size = len(event[4]) + BESIDE
        if self._octets + size > HELD_OCTETS:
            self._missed += 1
            return
        self._tell_missed()
        self._octets += size
        self._held.append(event)
        self._news.set()

    async def next(self) -> bytes | None:
        """The next lines, None at the end."""
        if self._opening is not None:
            opening, self._opening = self._opening, None
            return opening
        while not (self._held or self._missed or self._over):
            left = self._ends - self._clock.monotonic()
            if left <= 0:
                self.close()
                break
            self._news.clear()
            try:
                async with asyncio.timeout(left):
                    await self._news.wait()
            except TimeoutError:
                continue
        if self._clock.monotonic() >= self._ends:
            self.close()
        return self._lines() or None

    def close(self) -> None:
        """It is not wanted any more, or its time is over; what is held can still be taken."""
        if not self._over:
            self._over = True
            self._among.discard(self)
            self._tap.leave(self)
            self._news.set()

    async def until(self, gone: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Close it once nobody reads any more."""
        try:
            await gone()
        finally:
            self.close()

    def _tell_missed(self) -> None:
        """Where the gap is, between what was kept before and after it."""
        if self._missed:
            self._octets += BESIDE
            self._held.append((self._clock.now(), "", "missed", None, b"", str(self._missed)))
            self._missed = 0

    def _lines(self) -> bytes:
        if not self._held:
            self._tell_missed()
        lines: list[bytes] = []
        while self._held and len(lines) < LINES_AT_ONCE:
            event = self._held.popleft()
            self._octets -= len(event[4]) + BESIDE
            lines.append(capture.line(self._record(*event)))
        return b"".join(lines)

    def _record(self, at_ms: int, link: str, what: Any, way: Way | None, frame: bytes, detail: str) -> Record:
        if what == "missed":
            return Record(at_ms=at_ms, link=link, what=what, count=int(detail))
        if way is None:
            return Record(at_ms=at_ms, link=link, what=what, detail=detail)
        return capture.of_frame(at_ms, link, way, frame, redact(frame, whole=self._whole))
