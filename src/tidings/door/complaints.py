"""What connections without a bind came to, told so that nobody can fill the log: of each address the first at once, of
all that follow a count each minute."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from tidings.core.ports import Clock

EVERY = 60.0
"""Seconds from one line of an address to the next."""
ADDRESSES_MOST = 1_000
"""Addresses that are told apart; those beyond share their lines."""
OTHERS = "other addresses"

log = logging.getLogger("tidings.door")


@dataclass(slots=True)
class _Heard:
    since: float
    more: int = 0
    last: str = ""


class Complaints:
    """By address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: dict[str, _Heard] = {}

    def tell(self, address: str, what: str, level: int = logging.INFO) -> None:
        """One more connection from here came to nothing."""
        known = address in self._heard or len(self._heard) < ADDRESSES_MOST
        heard = self._heard.get(address if known else OTHERS)
        if heard is None:
            self._heard[address if known else OTHERS] = _Heard(self._clock.monotonic())
            log.log(level, "%s: %s", address, what)
        else:
            heard.more, heard.last = heard.more + 1, what

    def review(self) -> None:
        """Tell the counts that are due, and forget who has been quiet for so long; to be called every now and then."""
        now = self._clock.monotonic()
        for address, heard in list(self._heard.items()):
            if now - heard.since < EVERY:
                continue
            if heard.more:
                log.warning(
                    "%s: %d more connections came to nothing, the last: %s", address, heard.more, heard.last
                )  # fmt: skip
                self._heard[address] = _Heard(now)
            else:
                del self._heard[address]
