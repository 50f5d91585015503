"""Who is bound at the door: each session with its ESME, and all sessions of an ESME."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import msgspec

from tidings.core.esme import Esme
from tidings.drivers.smpp_link import SmppLink
from tidings.smpp.session import State

_RECEIVES = frozenset((State.BOUND_RX, State.BOUND_TRX))


class Caller(msgspec.Struct, frozen=True):
    """What the connection tells of who is at the door."""

    address: str
    secure: bool
    certificate: str | None
    """SHA-256 of its certificate in lower-case hexadecimal, where it showed one that the door's CA signed."""


class Admitted(msgspec.Struct, frozen=True):
    """It may come in."""

    esme: Esme
    sealed: bytes
    """The stored password that was its own."""
    bind_type: str
    interface_version: int
    session: int = 0
    """By which the register knows it."""


class Guest:
    """One bound session."""

    __slots__ = (
        "bind_type", "bound_at", "busy", "caller", "esme_id", "interface_version", "leaving", "link", "sealed",
        "session", "system_id", "waiting", "working",
    )  # fmt: skip

    def __init__(self, link: SmppLink, admitted: Admitted, caller: Caller, bound_at: int) -> None:
        self.link = link
        self.caller = caller
        self.esme_id = admitted.esme.id
        self.system_id = admitted.esme.system_id
        self.bind_type = admitted.bind_type
        self.interface_version = admitted.interface_version
        """What it is spoken to in: 0x33, 0x34 or 0x50."""
        self.sealed = admitted.sealed
        """The stored password it came in by."""
        self.session = admitted.session
        self.bound_at = bound_at
        self.waiting: deque[Any] = deque()
        """Its requests that nobody has begun to work on, in order."""
        self.busy = 0
        """Its requests that wait for their answer, these included."""
        self.working = False
        """Whether a worker is at them."""
        self.leaving = ""
        """Why it is unbound once all is answered; "" while it may stay."""

    def __str__(self) -> str:
        return f"{self.system_id} ({self.link.peer})"

    @property
    def receives(self) -> bool:
        """Whether deliver_sm may go to it now."""
        return not self.leaving and self.link.session.bound and self.link.session.state in _RECEIVES

    def take(self, most: int) -> list[Any]:
        """The next requests to work on."""
        return [self.waiting.popleft() for _ in range(min(most, len(self.waiting)))]


class Guests:
    """All sessions that are bound."""

    def __init__(self) -> None:
        self._by_esme: dict[int, list[Guest]] = {}

    def __len__(self) -> int:
        return sum(len(guests) for guests in self._by_esme.values())

    def __iter__(self) -> Iterator[Guest]:
        return iter([guest for guests in self._by_esme.values() for guest in guests])

    def of(self, esme_id: int) -> list[Guest]:
        """The sessions of an ESME, the oldest first."""
        return self._by_esme.get(esme_id, [])

    def join(self, guest: Guest) -> None:
        """One more is bound."""
        self._by_esme.setdefault(guest.esme_id, []).append(guest)

    def leave(self, guest: Guest) -> None:
        """It is gone."""
        left = [one for one in self.of(guest.esme_id) if one is not guest]
        if left:
            self._by_esme[guest.esme_id] = left
        else:
            self._by_esme.pop(guest.esme_id, None)
