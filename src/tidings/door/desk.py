"""What bound ESMEs ask, answered in order: each session has one worker, which takes all that came meanwhile at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from itertools import groupby
from typing import Any

from tidings.core.esme import Esme
from tidings.core.ports import StoreUnavailable
from tidings.core.request import Invalid, Refused, Stored, Submitted
from tidings.door import reading, statuses
from tidings.door.answers import Numbers, refuse
from tidings.door.guests import Guest
from tidings.door.statuses import RINVBNDSTS, RINVCMDID, RMSGQFUL, Refusal
from tidings.pipeline.house import House
from tidings.pipeline.submit import submit
from tidings.smpp.pdus import DataSm, SubmitSm

TOGETHER = 200
"""Messages accepted at a time: a flood on one bind leaves turns to all else."""
_SUBMITS = (SubmitSm, DataSm)
_NAMES = {SubmitSm.command_id: "submit_sm", DataSm.command_id: "data_sm"}

log = logging.getLogger("tidings.door")

Spawn = Callable[[Coroutine[Any, Any, None]], None]


class Desk:
    """Takes requests of all sessions and answers them once what they ask is on disk."""

    def __init__(self, house: House, spawn: Spawn, done: Callable[[Guest], None]) -> None:
        """`done` is told each time that a session was given answers."""
        self._house = house
        self._spawn = spawn
        self._done = done
        self._numbers = Numbers(house)

    def ask(self, guest: Guest, pdu: Any) -> None:
        """Answer this in its turn."""
        guest.busy += 1
        guest.waiting.append(pdu)
        if not guest.working:
            guest.working = True
            self._spawn(self._work(guest))

    async def _work(self, guest: Guest) -> None:
        try:
            while guest.waiting:
                for submits, group in _groups(guest.take(TOGETHER)):
                    await (self._submits(guest, group) if submits else self._others(guest, group))
                    guest.busy -= len(group)
                    self._done(guest)
        except Exception:
            # A fault of ours: where no answer comes, the ESME submits again on its next session.
            log.exception("%s: the link is dropped", guest)
            guest.link.abort("An internal error.")
        finally:
            guest.working = False

    async def _submits(self, guest: Guest, asked: Sequence[SubmitSm | DataSm]) -> None:
        esme = self._house.roster.get(guest.esme_id)
        if esme is None:
            self._refuse_all(guest, asked, Refusal(RINVBNDSTS, "the ESME is closed"))
            return
        now = self._house.clock.now()
        read = [reading.read(pdu, esme, now) for pdu in asked]
        try:
            results = iter(await self._submit(esme, guest, [one for one in read if isinstance(one, Submitted)]))
        except StoreUnavailable as fault:
            log.warning("%s: %d messages refused for now: %s", guest, len(asked), fault)
            self._refuse_all(guest, asked, Refusal(RMSGQFUL, "messages cannot be stored for now; submit it again"))
            return
        for pdu, one in zip(asked, read, strict=True):
            if isinstance(one, Refusal):
                self._refuse(guest, pdu, one)
                continue
            result, response_id = next(results)
            refusal = statuses.of(result)
            if refusal is not None:
                self._refuse(guest, pdu, refusal)
            else:
                guest.link.answer_to(pdu.command_id, pdu.sequence_number, 0, response_id)
                self._house.metrics.answered(_NAMES[pdu.command_id], 0)

    async def _submit(
        self, esme: Esme, guest: Guest, requests: Sequence[Submitted]
    ) -> list[tuple[Invalid | Refused | Stored, str]]:
        if not requests:
            return []
        shown = await self._numbers.shown(esme, guest.interface_version, len(requests))
        return await submit(self._house, esme, requests, shown)

    async def _others(self, guest: Guest, asked: Sequence[Any]) -> None:
        for pdu in asked:
            self._refuse(guest, pdu, Refusal(RINVCMDID))

    def _refuse_all(self, guest: Guest, asked: Sequence[Any], refusal: Refusal) -> None:
        for pdu in asked:
            self._refuse(guest, pdu, refusal)

    def _refuse(self, guest: Guest, pdu: Any, refusal: Refusal) -> None:
        status = refuse(guest, pdu.command_id, pdu.sequence_number, refusal)
        self._house.metrics.answered(_NAMES.get(pdu.command_id, "other"), status)


def _groups(asked: Sequence[Any]) -> Iterator[tuple[bool, list[Any]]]:
    """Submits that stand together go together; what else is asked goes between them, in order."""
    for submits, group in groupby(asked, key=lambda pdu: isinstance(pdu, _SUBMITS)):
        yield submits, list(group)
