"""Which end may send which request in which state of a session, by the table `smpp_pdus`."""

from __future__ import annotations

from enum import Enum
from functools import cache

from tidings.smpp import pdus
from tidings.smpp.faults import Strictness
from tidings.smpp.fields import COMMANDS

V33, V34, V50 = 0x33, 0x34, 0x50
"""Values of interface_version."""


class Role(Enum):
    """Which end this is."""

    ESME = "esme"
    SMSC = "smsc"


class State(Enum):
    """Session states of SMPP 3.4 section 2.2."""

    OPEN = "open"
    BOUND_TX = "bound_tx"
    BOUND_RX = "bound_rx"
    BOUND_TRX = "bound_trx"
    UNBOUND = "unbound"


BOUND_STATES = {
    pdus.BIND_TRANSMITTER: State.BOUND_TX,
    pdus.BIND_RECEIVER: State.BOUND_RX,
    pdus.BIND_TRANSCEIVER: State.BOUND_TRX,
}
BOUND = frozenset(BOUND_STATES.values())

# The session makes and answers these itself.
_CONTROL = frozenset({*BOUND_STATES, pdus.Unbind.command_id, pdus.EnquireLink.command_id, pdus.GenericNack.command_id})
NO_ANSWER = frozenset({pdus.Outbind.command_id, pdus.AlertNotification.command_id})
ONLY_V50 = frozenset(command.id for command in COMMANDS.values() if command.since == "5.0")


@cache
def sends(role: Role, state: State, version: int) -> frozenset[int]:
    """command_ids that this end may send and the other has to answer, besides those of the session itself."""
    return _by_table(role, state, version) - NO_ANSWER


@cache
def tells(role: Role, state: State) -> frozenset[int]:
    """command_ids that this end may send and nobody answers: outbind and alert_notification."""
    return _by_table(role, state, V50) & NO_ANSWER


@cache
def takes(role: Role, state: State, version: int, strictness: Strictness) -> frozenset[int]:
    """command_ids that the owner of this end is told of when they come."""
    other = Role.SMSC if role is Role.ESME else Role.ESME
    found = _by_table(other, state, version)
    if role is Role.ESME and state is State.BOUND_TX and strictness:
        # A receipt on a transmitter is against the book, but refusing it would lose it.
        found |= _by_table(other, State.BOUND_RX, version)
    return found


def agreed(ours: int, theirs: int | None) -> int:
    """The version a session has: the lower of both ends', of those that are known here.

    An SMSC that tells none (no sc_interface_version in its response) is taken to speak 3.4, as most of them do.
    """
    lower = min(ours, V34 if theirs is None else theirs)
    return V50 if lower >= V50 else V34 if lower >= V34 else V33


def _by_table(sender: Role, state: State, version: int) -> frozenset[int]:
    return frozenset(
        command.id
        for command in COMMANDS.values()
        if (sender.value, state.value) in command.states
        and command.id not in _CONTROL
        and (version >= V50 or command.id not in ONLY_V50)
    )
