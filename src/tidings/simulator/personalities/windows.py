"""Windows that are punished, throttling, congestion."""

from __future__ import annotations

from collections.abc import Callable

from tidings.simulator import fates
from tidings.simulator.exchange import Outcome
from tidings.simulator.personality import Asked, Conduct, Personality

WINDOW = 5
"""Texts that may wait for their response on a link."""
SMALL_WINDOW = 2
HELD = 0.02
"""Seconds that responses are held back for, so that windows fill."""
RSUBMITFAIL = 0x45
STORM = 0.4
"""Seconds."""


def _held(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    if outcome.status:
        return False
    c.later(HELD, c.as_usual, pdu, outcome)
    return True


def _over(window: int, status: int) -> Callable[[Conduct, Asked], int | None]:
    def submit(c: Conduct, pdu: Asked) -> int | None:
        if c.in_flight <= window:
            return None
        c.act()
        return status

    return submit


def _watched(c: Conduct, pdu: Asked) -> int | None:
    if c.in_flight == WINDOW:
        c.act()
    if c.in_flight > WINDOW:
        return fates.LINK_DROPS
    return None


def _storm(c: Conduct, pdu: Asked) -> int | None:
    now = c.loop.time()
    if not c.spell.held:
        c.spell.held.append(now)
    if now - c.spell.held[0] > STORM:
        return None
    c.act()
    return fates.RTHROTTLED


def _two_of_three(c: Conduct, pdu: Asked) -> int | None:
    if c.submits % 3 == 0:
        return None
    c.act()
    return fates.RTHROTTLED if c.submits % 3 == 1 else fates.RMSGQFUL


def _congested(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    # congestion_state (SMPP 5.0 section 4.8.4.18): 100 is the worst.
    body = outcome.message_id.encode() + b"\0" + b"\x04\x28\x00\x01\x64"
    c.later(HELD, c.reply, pdu, outcome, body)
    return True


def _relieved(c: Conduct, pdu: Asked) -> int | None:
    if c.submits <= 2 * WINDOW:
        return None
    c.act()
    return fates.LINK_DROPS if c.in_flight > 1 else None


_PAUSE = "Pause the bind, and go on in the same order; no attempt is used up, and nothing fails for it."

ROWS: tuple[Personality, ...] = (
    Personality(
        name="window_closes_the_link", meaning=f"Drops a link on which more than {WINDOW} texts await their response.",
        esme=f"Never have more under way than its window (here {WINDOW}).", submit=_watched, answer=_held,
        carrier={"window": WINDOW},
    ),
    Personality(
        name="window_queue_full",
        meaning=f"Answers 0x14 (queue full) while more than {SMALL_WINDOW} texts wait for their response.",
        esme=_PAUSE, submit=_over(SMALL_WINDOW, fates.RMSGQFUL), answer=_held,
    ),
    Personality(
        name="window_submit_fails",
        meaning=f"Answers 0x45 (submit failed) while more than {SMALL_WINDOW} texts wait for their response.",
        esme="Take it for temporary and try again; `status_errors` makes it throttling where it means that.",
        submit=_over(SMALL_WINDOW, RSUBMITFAIL), answer=_held,
        carrier={"profile": {"status_errors": {"0x45": "throttled"}}},
    ),
    Personality(
        name="throttling_storm", meaning="Answers every text 0x58 (throttled) for 400 ms from the first on.",
        esme=_PAUSE, submit=_storm,
    ),
    Personality(
        name="throttles_two_of_three", meaning="Answers two texts of three 0x58 and 0x14 in turn.", esme=_PAUSE,
        submit=_two_of_three,
    ),
    Personality(
        name="congested",
        meaning="Says in every response that it is congested (congestion_state 100 of SMPP 5.0), and drops a link on"
        f" which, after {2 * WINDOW} texts, more than one waits for its response.",
        esme="Send less: one text at a time.", submit=_relieved, answer=_congested, carrier={"window": WINDOW},
    ),
)  # fmt: skip
