"""Where ESMEs connect: a listening socket with or without TLS, bounded in all and by address before a handshake."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable

from tidings.door.complaints import Complaints
from tidings.drivers.smpp_link import SmppLink

_BACKLOG = 256
_COMPLAIN_EVERY = 100
_PAUSE = 0.5
"""Seconds before the next try where no connection can be taken, for want of file descriptors for instance."""

log = logging.getLogger("tidings.door")


class Room:
    """How many connections there are, in all and from each address, handshakes included."""

    def __init__(self, most: int, most_per_address: int) -> None:
        self._most = most
        self._most_per_address = most_per_address
        self._by_address: Counter[str] = Counter()
        self.taken = 0
        self.turned_away = 0

    def enter(self, address: str) -> bool:
        """Whether there is room for one more from here; it is counted then."""
        if self.taken >= self._most or self._by_address[address] >= self._most_per_address:
            self.turned_away += 1
            if self.turned_away % _COMPLAIN_EVERY == 1:
                log.warning("%s: turned away, too many connections (%d so far)", address, self.turned_away)
            return False
        self.taken += 1
        self._by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        """It is gone."""
        self.taken -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


class Port:
    """One listening socket."""

    def __init__(
        self, host: str, port: int, room: Room, new: Callable[[str], SmppLink], handshake_s: float,
        complaints: Complaints, tls: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        """Listens at once, though nothing is taken before `serve`; `new` makes the link of a peer's address.
        Raises OSError.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self._socket.setblocking(False)
        self._room, self._new, self._tls, self._handshake_s = room, new, tls, handshake_s
        self._complaints = complaints
        self.host = host
        self.number: int = self._socket.getsockname()[1]

    async def serve(self) -> None:
        """Take connections until it is cancelled; closes the socket then."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    try:
                        connection, peer = await loop.sock_accept(self._socket)
                    except OSError as fault:
                        log.error("cannot take connections for now: %s", fault)
                        await asyncio.sleep(_PAUSE)
                        continue
                    if self._room.enter(peer[0]):
                        tasks.create_task(self._admit(connection, peer[0]))
                    else:
                        connection.close()
        finally:
            self.close()

    def close(self) -> None:
        """Listen no longer."""
        with contextlib.suppress(OSError):
            self._socket.close()

    async def _admit(self, connection: socket.socket, address: str) -> None:
        """Make it a link, over TLS after a handshake that does not take for ever."""
        loop = asyncio.get_running_loop()
        handshake = self._handshake_s if self._tls is not None else None
        try:
            await loop.connect_accepted_socket(
                lambda: self._new(address), connection, ssl=self._tls, ssl_handshake_timeout=handshake
            )  # fmt: skip
        except (OSError, TimeoutError) as fault:  # ssl.SSLError is an OSError
            connection.close()
            self._room.leave(address)
            self._complaints.tell(address, f"no connection: {fault or type(fault).__name__}")
        except BaseException:
            connection.close()
            self._room.leave(address)
            raise
