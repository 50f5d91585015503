"""Which personality is shown to whom, and what a personality makes of a good SMSC's answers and deliveries."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

import msgspec

from tidings.core.message import Millis
from tidings.simulator.deliveries import deliver_sm
from tidings.simulator.exchange import Outcome
from tidings.simulator.ledger import Owed
from tidings.simulator.personalities import PERSONALITIES
from tidings.simulator.personality import Asked, Conduct, Delivery, Spell
from tidings.simulator.records import OwedReceipt

GOOD = "none"
"""The name of good behaviour."""
MARK = "+"
"""In a system_id, what stands before the personality that it asks for: `tidings+half_pdu`."""
MOST_CHOSEN = 1_000
"""ESMEs that personalities are chosen for one by one."""


class Chosen:
    """A personality for everyone, and others for some."""

    def __init__(self) -> None:
        self.for_all: Spell | None = None
        """Who is not known by name yet, or has no choice of its own."""
        self._of: OrderedDict[str, Spell | None] = OrderedDict()

    def choose(self, name: str, system_id: str | None = None) -> None:
        """From now on. Raises KeyError for a name that is none; beyond MOST_CHOSEN the oldest choice is forgotten."""
        spell = None if name == GOOD else Spell(PERSONALITIES[name])
        if system_id is None:
            self.for_all = spell
            return
        self._of[system_id] = spell
        self._of.move_to_end(system_id)
        if len(self._of) > MOST_CHOSEN:
            self._of.popitem(last=False)

    def of(self, system_id: str) -> Spell | None:
        """What an ESME is shown: what was chosen for it, else what its system_id asks for, else what all are shown."""
        if system_id in self._of:
            return self._of[system_id]
        asked = system_id.partition(MARK)[2]
        if asked in PERSONALITIES:
            self.choose(asked, system_id)
            return self._of[system_id]
        return self.for_all

    def in_force(self) -> Iterator[tuple[str | None, Spell | None]]:
        """Every choice: for all first, then those for some."""
        yield None, self.for_all
        yield from self._of.items()


def admitted(system_id: str) -> str:
    """The name that a login is held against."""
    name, _, asked = system_id.partition(MARK)
    return name if asked in PERSONALITIES or asked == GOOD else system_id


def verdict(conduct: Conduct, pdu: Asked) -> int | None:
    """The status to answer without taking the text; None: as a good SMSC would."""
    conduct.came(pdu)
    submit = conduct.spell.personality.submit
    return None if submit is None else submit(conduct, pdu)


def answered(conduct: Conduct, pdu: Asked, outcome: Outcome) -> Outcome | None:
    """The response for a good SMSC to write; None where it has been seen to."""
    personality = conduct.spell.personality
    if personality.ids is not None and outcome.message_id:
        conduct.act()
        outcome = msgspec.structs.replace(outcome, message_id=personality.ids[0](int(outcome.message_id, 16)))
    if personality.answer is not None and personality.answer(conduct, pdu, outcome):
        return None
    conduct.answered(pdu.sequence_number)
    return outcome


def delivered(conduct: Conduct, owed: Owed, now: Millis) -> Sequence[Delivery]:
    """What is sent for what is owed; the first settles it."""
    personality = conduct.spell.personality
    pdu: Delivery
    if not isinstance(owed, OwedReceipt):
        pdu = deliver_sm(owed, now)
    else:
        pdu = deliver_sm(owed, now, personality.ids[1](owed.submission.number) if personality.ids else "")
        if personality.shape is not None:
            conduct.act()
            pdu = personality.shape(pdu, owed.submission, now)
    return (pdu,) if personality.deliver is None else personality.deliver(conduct, owed, pdu)
