"""Captures at any process: what goes over links of other processes comes by way of the store, a piece at a time.

A fault nobody foresaw ends the capture it met, with its cause in the log: captures are looks at the traffic, and the
traffic must not end with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from tidings.core.ports import Capture, Captures, News, StoreUnavailable
from tidings.core.questions import Piece
from tidings.core.request import Refused
from tidings.pipeline import watch
from tidings.pipeline.house import House
from tidings.smpp import capture
from tidings.smpp.capture import Record

log = logging.getLogger("tidings.relay")

PIECE_S = 0.2
"""Seconds between two pieces: many lines share a commit."""
PIECES_MOST = 20
"""Pieces that wait to be taken, after which links are heard out no further; what is missed meanwhile is counted."""
ABANDONED_S = 10.0
"""Seconds after which a capture is given up of which nobody takes anything."""
HELD_OCTETS = 8 * 1024 * 1024
"""Lines that one capture holds until they are taken; what comes then is missed, and counted."""
MOST = 4
"""Captures at a time that are asked of other processes."""
ASK_AGAIN_S = 5.0
"""Seconds after which is asked again: a process that began meanwhile may have the links by now."""


class Relay:
    """See `core.ports.Captures`. Opens what is here, and asks all other processes, where there may be any: the links of
    a carrier go over to another when it does.
    """

    def __init__(self, house: House, taps: Captures) -> None:
        self._house = house
        self._taps = taps
        self._open: dict[int, Relayed] = {}
        self._told: dict[int, asyncio.Event] = {}
        """Captures that others asked for, each with what ends it."""
        self._group: asyncio.TaskGroup | None = None
        self._over = False

    def start(self, group: asyncio.TaskGroup) -> None:
        """Hear of what others ask for, where there may be others."""
        if self._house.leases.shared:
            self._group = group
            watch.announce(self._house.store)
            self._house.store.hear(self._heard)

    def stop(self) -> None:
        """End all that goes between processes; what others ask for from now on is theirs to do without."""
        self._over = True
        for one in list(self._open.values()):
            one.close()
        for ended in self._told.values():
            ended.set()

    def open(
        self, name: str, seconds: float, whole: bool, gone: Callable[[], Coroutine[Any, Any, None]]
    ) -> Capture | Refused | None:
        if self._group is None:
            return self._taps.open(name, seconds, whole, gone)
        if len(self._open) >= MOST:
            return Refused("too_many_captures", f"{MOST} captures are under way; end one, or wait for its end.", 10)
        own = self._taps.open(name, seconds, whole, gone)
        if not isinstance(own, Capture):
            return own
        asked = watch.Asked(self._house.new_id(), name, seconds, whole)
        one = self._open[asked.capture_id] = Relayed(asked, own, self._house, self._spawn, self._open)
        self._spawn(one.begin())
        return one

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if self._group is None:
            raise RuntimeError("it was not started")
        return self._group.create_task(work, name="capture elsewhere")

    def _heard(self, news: News) -> None:
        for told in () if self._over else news.told.get(watch.ask, ()):
            try:
                asked = msgspec.convert(told, watch.Asked)
            except msgspec.ValidationError as fault:  # a newer program asks in a way of its own
                log.error("a capture that another process asks for cannot be understood: %s", fault)
                continue
            if asked.capture_id not in self._told:
                self._told[asked.capture_id] = asyncio.Event()
                self._spawn(self._pump(asked))
        for capture_id in news.told.get(watch.tell, ()):
            if capture_id in self._open:
                self._open[capture_id].look()
        for capture_id in news.told.get(watch.end, ()):
            if capture_id in self._told:
                self._told[capture_id].set()

    async def _pump(self, asked: watch.Asked) -> None:
        """Tell another process what goes over the links here."""
        ended = self._told[asked.capture_id]
        opened: Capture | Refused | None = None
        try:
            opened = self._taps.open(asked.name, asked.seconds, asked.whole, _when(ended))
            if isinstance(opened, Capture):
                await self._tell(asked.capture_id, opened)
        except StoreUnavailable as fault:
            log.error("a capture for another process ends: %s", fault)
        except Exception:
            _failed(self._house, "a capture for another process ends")
        finally:
            ended.set()
            if isinstance(opened, Capture):
                opened.close()
            del self._told[asked.capture_id]

    async def _tell(self, capture_id: int, opened: Capture) -> None:
        await opened.next()  # the head is that of the one who asked
        while (lines := await opened.next()) is not None:
            piece = Piece(self._house.new_id(), capture_id, self._house.place, lines.decode())
            waits = (await self._house.store.write(watch.tell, [piece]))[0]
            await asyncio.sleep(PIECE_S)
            if waits > PIECES_MOST and not await self._taken(capture_id):
                await self._house.store.write(watch.end, [capture_id])
                return

    async def _taken(self, capture_id: int) -> bool:
        """Wait until there is room for more pieces; False where nobody takes any."""
        for _ in range(int(ABANDONED_S / PIECE_S)):
            if await self._house.store.read(lambda tx: tx.captures.waiting(capture_id)) <= PIECES_MOST:
                return True
            await asyncio.sleep(PIECE_S)
        return False


def _failed(house: House, what: str) -> None:
    """Something that nobody foresaw, in the log and in the figures."""
    log.exception("%s, because of a fault of tidings", what)
    house.metrics.failed("captures")


def _when(ended: asyncio.Event) -> Callable[[], Coroutine[Any, Any, None]]:
    async def gone() -> None:
        await ended.wait()

    return gone


class Relayed:
    """A capture whose lines come from other processes, and from here where there are links too."""

    def __init__(
        self,
        asked: watch.Asked,
        own: Capture,
        house: House,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        among: dict[int, Relayed],
    ) -> None:
        self._asked = asked
        self._own = own
        self._house = house
        self._spawn = spawn
        self._among = among
        self._lines: deque[bytes] = deque()
        self._octets = 0
        self._missed = 0
        self._news = asyncio.Event()
        self._taking = False
        self._again = False
        self._over = False
        self._ended = asyncio.Event()

    async def begin(self) -> None:
        """Ask others, and take what goes over links here, until the time is over."""
        self._spawn(self._ask_for_ever())
        try:
            while (lines := await self._own.next()) is not None:
                self._put(lines)
        except Exception:
            _failed(self._house, "a capture ends")
        self.close()

    async def _ask_for_ever(self) -> None:
        """Ask all others, and again those who have begun since; whoever tells already takes no notice."""
        clock = self._house.clock
        end = clock.monotonic() + self._asked.seconds
        while not self._over and (left := end - clock.monotonic()) > 0:
            try:
                await self._house.store.write(watch.ask, [msgspec.structs.replace(self._asked, seconds=left)])
            except StoreUnavailable as fault:
                log.error("a capture cannot be asked of other processes now: %s", fault)
            except Exception:
                _failed(self._house, "a capture is asked of other processes no more")
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(ASK_AGAIN_S, left)):
                    await self._ended.wait()

    async def next(self) -> bytes | None:
        """The next lines, None at the end."""
        while not self._lines:
            if self._over:
                return None
            self._news.clear()
            await self._news.wait()
        self._tell_missed()
        found = b"".join(self._lines)
        self._lines.clear()
        self._octets = 0
        return found

    def close(self) -> None:
        """It is not wanted any more, or its time is over; what came can still be taken."""
        if self._over:
            return
        self._over = True
        self._ended.set()
        self._among.pop(self._asked.capture_id, None)
        self._own.close()
        self._news.set()
        self._spawn(self._end())

    def look(self) -> None:
        """Others have told something."""
        self._again = True
        if not self._taking:
            self._taking = True
            self._spawn(self._take())

    async def _take(self) -> None:
        try:
            while self._again and not self._over:
                self._again = False
                for piece in (await self._house.store.write(watch.take, [self._asked.capture_id]))[0]:
                    self._put(_named(piece))
        except StoreUnavailable as fault:
            log.error("captured traffic of other processes cannot be read now: %s", fault)
        except Exception:
            _failed(self._house, "captured traffic of another process is not told")
        finally:
            self._taking = False

    async def _end(self) -> None:
        try:
            await self._house.store.write(watch.end, [self._asked.capture_id])
        except StoreUnavailable as fault:
            log.error("a capture cannot be ended at other processes, where it ends by itself: %s", fault)
        except Exception:
            _failed(self._house, "a capture is not ended at other processes, where it ends by itself")

    def _put(self, lines: bytes) -> None:
        if self._octets + len(lines) > HELD_OCTETS:
            self._missed += lines.count(b"\n")
            return
        self._tell_missed()
        self._lines.append(lines)
        self._octets += len(lines)
        self._news.set()

    def _tell_missed(self) -> None:
        """Where the gap is, between what was kept before and after it."""
        if self._missed:
            gap = Record(at_ms=self._house.clock.now(), link="", what="missed", count=self._missed)
            self._lines.append(capture.line(gap))
            self._missed = 0


def _named(piece: Piece) -> bytes:
    """Its lines, with links that bear the name of their process: each counts its own."""
    told = [json.loads(line) for line in piece.lines.splitlines()]
    return b"".join(
        msgspec.json.encode(one | {"link": f"{piece.place}/{one['link']}" if one.get("link") else ""}) + b"\n"
        for one in told
    )
