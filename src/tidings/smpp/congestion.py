"""What an SMSC's congestion_state does to the window (SMPP 5.0 section 4.8.4.18): a rule without a clock."""

from __future__ import annotations

NEAR = 90
"""From here on the other end is near congestion: send less."""
FULL = 100
"""Congested."""
EASY = 79
"""Up to here there is room for more; between this and NEAR the load is the best there is."""
STEP = 1.0
"""Seconds between two steps, so that the answers to what was sent before a step do not count against it again."""
FORGET = 10.0
"""Seconds after which what was heard tells nothing any more."""


class Congestion:
    """How many requests may wait for their answer at once, between 1 and the window.

    Near congestion (90 to 99) the allowance halves each second, when congested (100) it is 1, at the best load
    (80 to 89) it stays, and below it grows by a quarter of the window each second. Values above 100 are reserved and
    change nothing. It never gets to 0: somebody has to be asked to hear that it is better.
    """

    def __init__(self, window: int) -> None:
        self.window = window
        self.allowed = window
        self.state: int | None = None
        """What was heard last, in percent."""
        self._heard = 0.0
        self._stepped = -STEP

    @property
    def eased(self) -> bool:
        """Nothing is held back."""
        return self.allowed == self.window

    def hear(self, state: int, now: float) -> None:
        """A response told the load of the other end."""
        if state > FULL:
            return
        self.state, self._heard = state, now
        if state == FULL:
            self.allowed, self._stepped = 1, now
        elif now - self._stepped >= STEP:
            self._step(state, now)

    def tick(self, now: float) -> None:
        """Forget what is too old."""
        if self.state is not None and now - self._heard >= FORGET:
            self.state, self.allowed = None, self.window

    def _step(self, state: int, now: float) -> None:
        if state >= NEAR:
            self.allowed, self._stepped = max(1, self.allowed // 2), now
        elif state <= EASY and not self.eased:
            self.allowed, self._stepped = min(self.window, self.allowed + max(1, self.window // 4)), now
