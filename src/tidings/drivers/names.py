"""Names of hosts to addresses, without being held up: by a name server that does not answer, or by other names."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections import OrderedDict, deque
from collections.abc import Callable

from tidings.core.ports import Clock

Ask = Callable[[str, int], list[str]]

PATIENCE = 5.0
"""Seconds that a look-up may take."""
HASTE = 1.0
"""Seconds it may take where earlier addresses of the name are known: then those are used."""
FRESH = 30.0
"""Seconds for which addresses are used without asking again."""
STALE = 3_600.0
"""Seconds for which they are used while asking again fails."""
KNOWN_MOST = 4_096
THREADS_MOST = 256
"""Look-ups at a time: each blocks a thread until the system's resolver answers or gives up. Others wait their turn."""


class Names:
    """Addresses by name. Literal addresses are names of themselves."""

    def __init__(self, clock: Clock, ask: Ask | None = None) -> None:
        self._clock = clock
        self._ask = ask
        self._known: OrderedDict[str, tuple[float, list[str]]] = OrderedDict()
        self._asking: dict[str, asyncio.Future[list[str]]] = {}
        self._queue: deque[tuple[str, int, asyncio.Future[list[str]]]] = deque()
        self._threads = 0

    async def addresses(self, host: str, port: int) -> list[str]:
        """All addresses of a host. Raises OSError or UnicodeError as the resolver does, TimeoutError in its silence."""
        if (itself := literal(host)) is not None:
            return [itself]
        known = self._known.get(host)
        age = self._clock.monotonic() - known[0] if known else STALE
        if known and age < FRESH:
            return known[1]
        stale = known[1] if known and age < STALE else None
        try:
            asked = self._asking.get(host) or self._begin(host, port)
            async with asyncio.timeout(HASTE if stale else PATIENCE):
                return await asyncio.shield(asked)
        except (OSError, UnicodeError):  # a TimeoutError is one of the former
            if stale is None:
                raise
            return stale

    def _begin(self, host: str, port: int) -> asyncio.Future[list[str]]:
        future: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self._asking[host] = future
        self._queue.append((host, port, future))
        self._next()
        return future

    def _next(self) -> None:
        if not self._queue or self._threads >= THREADS_MOST:
            return
        host, port, future = self._queue.popleft()
        loop, ask = future.get_loop(), self._ask or look_up

        def work() -> None:
            try:
                found: list[str] | Exception = ask(host, port)
            except Exception as fault:
                found = fault
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(self._answered, host, future, found)

        self._threads += 1
        # A daemon: the resolver cannot be interrupted, and must not keep the process from ending.
        threading.Thread(target=work, name="tidings-names", daemon=True).start()

    def _answered(self, host: str, future: asyncio.Future[list[str]], found: list[str] | Exception) -> None:
        self._threads -= 1
        self._asking.pop(host, None)
        self._next()
        if isinstance(found, Exception):
            future.set_exception(found)
            future.exception()  # somebody has looked at it, even if all who asked went away
            return
        if found:
            self._known[host] = self._clock.monotonic(), found
            self._known.move_to_end(host)
            if len(self._known) > KNOWN_MOST:
                self._known.popitem(last=False)
        future.set_result(found)


def literal(host: str) -> str | None:
    """The address that a host is written as; None of a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def look_up(host: str, port: int) -> list[str]:
    """Ask the system; blocks."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))
