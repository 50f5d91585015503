"""Message ids that change their form between response and receipt, come again, or are not what the book allows."""

from __future__ import annotations

from tidings.simulator.exchange import Outcome
from tidings.simulator.personality import Asked, Conduct, Personality

REUSED = 3
"""Ids that go round."""
LONG = 100
"""Characters."""


def _lower(number: int) -> str:
    return f"{number:x}"


def _upper(number: int) -> str:
    return f"{number:X}"


def _small(number: int) -> int:
    """Short enough to be padded."""
    return number % 0xFFFFFF


def _reused(number: int) -> str:
    return f"msg-{number % REUSED}"


def _long(number: int) -> str:
    return f"{number:x}".ljust(LONG, "z")


def _without_nul(c: Conduct, pdu: Asked, outcome: Outcome) -> bool:
    c.act()
    c.reply(pdu, outcome, outcome.message_id.encode())
    return True


_SAME = "Match them all the same, and none wrongly."

ROWS: tuple[Personality, ...] = (
    Personality(
        name="ids_hexadecimal_then_decimal", meaning="The response has the id in hexadecimal, the receipt in decimal.",
        esme=_SAME, ids=(_lower, str),
    ),
    Personality(
        name="ids_decimal_then_hexadecimal", meaning="The response has the id in decimal, the receipt in hexadecimal.",
        esme=_SAME, ids=(str, _lower),
    ),
    Personality(
        name="ids_decimal_then_upper",
        meaning="The response has the id in decimal, the receipt in upper-case hexadecimal.",
        esme=_SAME, ids=(str, _upper),
    ),
    Personality(
        name="ids_upper_then_lower", meaning="The response has the id in upper case, the receipt in lower case.",
        esme=_SAME, ids=(_upper, _lower),
    ),
    Personality(
        name="ids_lower_then_upper", meaning="The response has the id in lower case, the receipt in upper case.",
        esme=_SAME, ids=(_lower, _upper),
    ),
    Personality(
        name="ids_padded", meaning="The receipt pads the id with zeros to ten digits.", esme=_SAME,
        ids=(lambda number: str(_small(number)), lambda number: f"{_small(number):010d}"),
    ),
    Personality(
        name="ids_stripped", meaning="The response pads the id with zeros to ten digits, the receipt does not.",
        esme=_SAME, ids=(lambda number: f"{_small(number):010d}", lambda number: str(_small(number))),
    ),
    Personality(
        name="ids_reused", meaning=f"Uses {REUSED} ids again and again.",
        esme="Tell messages with the same id apart by the handset.", ids=(_reused, _reused),
    ),
    Personality(
        name="ids_overlong", meaning=f"Has ids of {LONG} characters, where the book allows 64.",
        esme="Keep them whole.", ids=(_long, _long),
    ),
    Personality(
        name="ids_without_nul", meaning="Leaves out the NUL behind the id in responses.", esme="Take the id.",
        answer=_without_nul,
    ),
)  # fmt: skip
