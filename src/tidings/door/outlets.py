"""The binds of one ESME that take deliver_sm, in turn."""

from __future__ import annotations

from collections import deque

from tidings.door.guests import Guest


def room(guest: Guest) -> int:
    """How many PDUs a bind takes now."""
    return guest.link.room() if guest.receives else 0


class Outlets:
    """Those of one ESME, taken in turn."""

    def __init__(self) -> None:
        self._all: deque[Guest] = deque()

    def __len__(self) -> int:
        return len(self._all)

    def add(self, guest: Guest) -> None:
        """One more."""
        self._all.append(guest)

    def drop(self, guest: Guest) -> None:
        """It is gone."""
        self._all = deque(one for one in self._all if one is not guest)

    @property
    def room(self) -> bool:
        """Whether any takes something now."""
        return any(room(guest) > 0 for guest in self._all)

    def next(self, not_on: str | None = None) -> Guest | None:
        """The next in turn with room; the bind of the name `not_on` only where there is no other."""
        chosen: Guest | None = None
        for guest in self._all:
            if room(guest) > 0:
                chosen = guest
                if str(guest) != not_on:
                    break
        if chosen is not None:
            self._all.remove(chosen)
            self._all.append(chosen)
        return chosen
