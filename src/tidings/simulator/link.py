"""The SMSC's end of one link; with a personality in force it writes what, and how, that one likes."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Sequence
from struct import pack

from tidings.drivers.smpp_link import Handler, SmppLink
from tidings.simulator.personality import Conduct
from tidings.smpp.session import Role, Timing

NONSENSE = b"HTTP/1.1 400 Bad Request\r\nServer: not an SMSC\r\n\r\n"
_RESET = pack("ii", 1, 0)
"""SO_LINGER of no time at all: the connection ends by RST."""


class NetworkLink(SmppLink):
    """A link that can also talk nonsense, and knows how many submits it carried."""

    submits = 0
    waiting = 0
    """Responses that are held back."""
    leaving = False
    """It will be closed once what was taken before is answered."""
    conduct: Conduct | None = None
    """How it misbehaves, if it does."""
    _ready: tuple[bytes, ...] = ()
    _hurry = False

    def __init__(self, role: Role, timing: Timing, handler: Handler) -> None:
        super().__init__(role, timing, handler)
        self._pieces: deque[bytes] = deque()
        """What is written bit by bit."""

    @property
    def esme(self) -> str:
        """system_id of the other end, "" before its bind."""
        bind = self.session.bind_request
        return bind.system_id if bind else ""

    def put(self, octets: bytes) -> None:
        """Octets of any kind, in their turn."""
        self._ready = (*self._ready, *self.session.take_out(), octets)
        self._flush_soon()

    def write(self, octets: bytes) -> None:
        """Octets at once, past the session and past what is ready; nothing happens on a closed link."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)

    def trickle(self, pieces: Sequence[bytes], apart: float, *, merge: bool = False) -> None:
        """Write piece by piece, so many seconds apart, the first after that time too; all else waits behind them.

        `merge`: as one piece with those that wait.
        """
        idle = not self._pieces
        self._pieces.extend(pieces)
        if merge:
            self._pieces = deque((b"".join(self._pieces),))
        if idle:
            self._loop.call_later(apart, self._next_piece, apart)

    def _next_piece(self, apart: float) -> None:
        if not self._pieces:
            return
        self.write(self._pieces.popleft())
        if self._pieces:
            self._loop.call_later(apart, self._next_piece, apart)

    def close(self, reason: str) -> None:
        """Write what is due, however slowly it was to go, and close."""
        self._hurry = True
        super().close(reason)

    def write_nonsense(self) -> None:
        """Octets that are no PDU, past the session."""
        self.write(NONSENSE)

    def reset(self) -> None:
        """End the connection by RST, as after a crash."""
        if self._transport is not None:
            end = self._transport.get_extra_info("socket")
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.abort("The network resets the link.")

    def _flush(self) -> None:
        if self.conduct is None and not (self._ready or self._pieces):
            super()._flush()
            return
        self._flush_due = False
        if self._hurry and self._pieces:
            self._ready = (*self._pieces, *self._ready)
            self._pieces.clear()
        if not self._writable or self._transport is None or not (self._ready or self.session.has_out):
            return
        octets = b"".join((*self._ready, *self.session.take_out()))
        self._ready = ()
        conduct = self.conduct
        if conduct is not None and (conduct.mute or (not self._hurry and _written(conduct, octets))):
            return
        if self._pieces:
            self._pieces.append(octets)
        else:
            self._transport.write(octets)


def _written(conduct: Conduct, octets: bytes) -> bool:
    write = conduct.spell.personality.write
    return write is not None and write(conduct, octets)
