"""What an ESME's answer to a deliver_sm means: when it comes again, and when it is given up; chance is an argument."""

from __future__ import annotations

from typing import Literal, NamedTuple

from tidings.core.message import MINUTE, SECOND, Millis
from tidings.smpp import status

FIRST_WAIT: Millis = 5 * SECOND
LONGEST_WAIT: Millis = 10 * MINUTE
THROTTLED_FIRST: Millis = 1 * SECOND
THROTTLED_LONGEST: Millis = MINUTE
JITTER = 0.1
"""Waits are stretched by up to this part, never cut."""
REFUSALS_MOST = 3
"""Attempts after which something that the ESME refuses for good is given up: many answer so for passing troubles."""


class Verdict(NamedTuple):
    """What follows from an answer."""

    outcome: Literal["delivered", "refused"]
    wait: Millis | None = 0
    """Until it goes again; None: it is given up."""
    pause: bool = False
    """Whether the ESME as a whole wants less for a while, not this one alone."""
    well: bool = True
    """Whether it is in order otherwise: what it refuses for good it has looked at."""


TAKEN = Verdict("delivered")


def judge(command_status: int, attempt: int, failures: int, chance: float) -> Verdict:
    """What a command_status says of attempt number `attempt` (from 1), when the ESME has failed so many times in a row
    before. `chance`: in [0, 1).

    Throttled (RMSGQFUL, RTHROTTLED): all of the ESME's waits from 1 s, doubling to 1 min. Temporary (RX_T_APPN,
    RSYSERR, vendors' own codes): this one waits 5 s, doubling to 10 min, for as long as the ESME's queue keeps it.
    Everything else (RX_P_APPN, RX_R_APPN, …) is a refusal for good, given up at the third.
    """
    if command_status == 0:
        return TAKEN
    kind = status.classify(command_status).kind
    if kind == "throttled":
        return Verdict(
            "refused", _wait(THROTTLED_FIRST, THROTTLED_LONGEST, failures + 1, chance), pause=True, well=False
        )
    wait = _wait(FIRST_WAIT, LONGEST_WAIT, attempt, chance)
    if kind == "temporary":
        return Verdict("refused", wait, well=False)
    return Verdict("refused", None if attempt >= REFUSALS_MOST else wait)


def _wait(first: Millis, longest: Millis, attempt: int, chance: float) -> Millis:
    wait = min(first << min(attempt - 1, 16), longest)
    return wait + int(wait * JITTER * chance)
