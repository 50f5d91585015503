"""How the door writes its answers: ids in the form an ESME wants, statuses that its version knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tidings.core.esme import Esme
from tidings.core.ids import show
from tidings.door.guests import Guest
from tidings.door.statuses import RSUBMITFAIL, Refusal, told
from tidings.pipeline.enrol import reserve_short_ids
from tidings.pipeline.house import House
from tidings.smpp.pdus import Tlvs

_RESERVED_AT_A_TIME = 1_000
_SHORT_MOST = 1 << 32
"""Eight hexadecimal digits, all that message_id holds in SMPP 3.3."""
_SINCE_5_0 = 0x100
"""Statuses from here on came with SMPP 5.0."""

_FORMS: dict[str, Callable[[int], str]] = {
    "hexadecimal": lambda number: f"{number:X}",
    "decimal": str,
    "ours": lambda number: show("msg", number),
}


class Numbers:
    """The message ids that ESMEs are told."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._reserved: dict[int, Iterator[int]] = {}

    async def shown(self, esme: Esme, interface_version: int, count: int) -> Callable[[int], str]:
        """What makes the next `count` ids of messages into those that the ESME is told. Raises StoreUnavailable."""
        if interface_version >= 0x34:
            return _FORMS[esme.message_id_form]
        numbers = iter([await self._next(esme.id) for _ in range(count)])
        return lambda _: f"{next(numbers):08X}"

    async def _next(self, esme_id: int) -> int:
        reserved = self._reserved.get(esme_id)
        number = None if reserved is None else next(reserved, None)
        if number is None:
            wanted = [(esme_id, _RESERVED_AT_A_TIME)]
            last = (await self._house.store.write(reserve_short_ids, wanted))[0]
            reserved = self._reserved[esme_id] = iter(range(last - _RESERVED_AT_A_TIME + 1, last + 1))
            number = next(reserved)
        return number % _SHORT_MOST


def refuse(guest: Guest, command_id: int, sequence: int, refusal: Refusal) -> int:
    """Answer a request with why it is not taken; returns the status as written."""
    status = known(refusal.status, guest.interface_version)
    tlvs: Tlvs = told(refusal, guest.interface_version)
    guest.link.answer_to(command_id, sequence, status, "", tlvs)
    return status


def known(status: int, interface_version: int) -> int:
    """A status as the ESME knows it: what came with 5.0 is a failed submit to those before."""
    return RSUBMITFAIL if status >= _SINCE_5_0 and interface_version < 0x50 else status
