"""What bound ESMEs ask, answered in order: each session has one worker, which takes all that came meanwhile at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from itertools import groupby
from typing import Any

from tidings.core.esme import Esme
from tidings.core.ports import StoreUnavailable
from tidings.core.request import Result, Submitted
from tidings.door import asked, reading, statuses
from tidings.door.answers import Numbers, known, refuse
from tidings.door.guests import Guest
from tidings.door.statuses import RINVBNDSTS, RINVCMDID, RMSGQFUL, Refusal
from tidings.pipeline import recall
from tidings.pipeline.house import House
from tidings.pipeline.submit import submit
from tidings.smpp.pdus import CancelSm, DataSm, QuerySm, ReplaceSm, SubmitMulti, SubmitMultiResp, SubmitSm

TOGETHER = 200
"""Messages accepted at a time: a flood on one bind leaves turns to all else."""
_SUBMITS = (SubmitSm, DataSm)
NAMES = {
    kind.command_id: name
    for kind, name in (
        (SubmitSm, "submit_sm"), (DataSm, "data_sm"), (SubmitMulti, "submit_multi"), (QuerySm, "query_sm"),
        (CancelSm, "cancel_sm"), (ReplaceSm, "replace_sm"),
    )
}  # fmt: skip
"""Requests that are answered here; what else comes is unknown."""
_BUSY = Refusal(RMSGQFUL, "messages cannot be stored for now; submit it again")
_CLOSED = Refusal(RINVBNDSTS, "the ESME is closed")

log = logging.getLogger("tidings.door")

Spawn = Callable[[Coroutine[Any, Any, None]], object]
Outcome = str | Refusal
"""Of a message: the id it is answered with, or why it is not taken."""


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
                    await (self._submits(guest, group) if submits else self._other(guest, group[0]))
                    guest.busy -= len(group)
                    self._done(guest)
        except Exception:
            # A fault of ours: where no answer comes, the ESME submits again on its next session.
            log.exception("%s: the link is dropped", guest)
            guest.link.abort("An internal error.")
        finally:
            guest.working = False

    # messages

    async def _submits(self, guest: Guest, pdus: Sequence[SubmitSm | DataSm]) -> None:
        for pdu, outcome in zip(pdus, await self._accept(guest, pdus), strict=True):
            if isinstance(outcome, Refusal):
                self._refuse(guest, pdu, outcome)
            else:
                guest.link.answer_to(pdu.command_id, pdu.sequence_number, 0, outcome)
                self._house.metrics.answered(NAMES[pdu.command_id], 0)

    async def _accept(self, guest: Guest, pdus: Sequence[SubmitSm | DataSm], one_id: bool = False) -> list[Outcome]:
        """Messages as far as they are taken, on disk; `one_id`: they share the id of the first."""
        esme = self._house.roster.get(guest.esme_id)
        if esme is None:
            return [_CLOSED] * len(pdus)
        now = self._house.clock.now()
        read = [reading.read(pdu, esme, now) for pdu in pdus]
        requests = [one for one in read if isinstance(one, Submitted)]
        try:
            results = await self._submit(esme, guest, requests, one_id) if requests else []
            await self._replace_present(esme, pdus, read, results)
        except StoreUnavailable as fault:
            log.warning("%s: %d messages refused for now: %s", guest, len(requests), fault)
            return [one if isinstance(one, Refusal) else _BUSY for one in read]
        outcomes = iter([statuses.of(result) or response_id for result, response_id in results])
        return [one if isinstance(one, Refusal) else next(outcomes) for one in read]

    async def _submit(
        self, esme: Esme, guest: Guest, requests: Sequence[Submitted], one_id: bool
    ) -> list[tuple[Result, str]]:
        shown = await self._numbers.shown(esme, guest.interface_version, 1 if one_id else len(requests))
        if one_id:
            first: list[str] = []

            def shared(message_id: int) -> str:
                first[:] = first or [shown(message_id)]
                return first[0]

            return await submit(self._house, esme, requests, shared)
        return await submit(self._house, esme, requests, shown)

    async def _replace_present(
        self, esme: Esme, pdus: Sequence[SubmitSm | DataSm], read: Sequence[Any], results: Sequence[tuple[Result, str]]
    ) -> None:
        """replace_if_present_flag: what waits between the same addresses goes, now that the new one is on disk."""
        stored = iter(results)
        for pdu, one in zip(pdus, read, strict=True):
            result = next(stored)[0] if isinstance(one, Submitted) else None
            message = getattr(result, "message", None)
            if isinstance(pdu, SubmitSm) and pdu.replace_if_present_flag == 1 and message is not None:
                older = await recall.pending(self._house, asked.between(esme, pdu, message.id))
                if older:
                    await recall.cancel_all(self._house, esme.account_id, older)

    # what else may be asked

    async def _other(self, guest: Guest, pdu: Any) -> None:
        esme = self._house.roster.get(guest.esme_id)
        if esme is None:
            self._refuse(guest, pdu, _CLOSED)
            return
        try:
            refusal = await self._answered(guest, esme, pdu)
        except StoreUnavailable as fault:
            log.warning("%s: a request is refused for now: %s", guest, fault)
            refusal = _BUSY
        if refusal is not None:
            self._refuse(guest, pdu, refusal)
        else:
            self._house.metrics.answered(NAMES[pdu.command_id], 0)

    async def _answered(self, guest: Guest, esme: Esme, pdu: Any) -> Refusal | None:
        """Why it was not answered well; None where it was."""
        match pdu:
            case SubmitMulti():
                return await self._multi(guest, pdu)
            case QuerySm():
                told = await asked.query(self._house, esme, pdu, guest.interface_version)
                if isinstance(told, Refusal):
                    return told
                guest.link.respond(told)
                return None
            case CancelSm():
                refusal = await asked.cancel(self._house, esme, pdu)
            case ReplaceSm():
                refusal = await asked.replace(self._house, esme, pdu)
            case _:
                return Refusal(RINVCMDID, "this is not offered here")
        if refusal is None:
            guest.link.answer(pdu)
        return refusal

    async def _multi(self, guest: Guest, pdu: SubmitMulti) -> Refusal | None:
        each = asked.singles(pdu)
        pdus = asked.taken(each)
        outcomes = await self._accept(guest, pdus, one_id=True)
        refused = [one for one in outcomes if isinstance(one, Refusal)]
        message_id = next((one for one in outcomes if isinstance(one, str)), "")
        if not message_id:
            return refused[0] if refused else Refusal(statuses.RINVDLNAME, "no distribution lists are kept here")
        told = iter(outcomes)
        failed = []
        for one in each:
            if not isinstance(one, SubmitSm):
                failed.append(one)
            elif isinstance(outcome := next(told), Refusal):
                failed.append(asked.unsuccess(one, known(outcome.status, guest.interface_version)))
        guest.link.respond(SubmitMultiResp(message_id, tuple(failed), sequence_number=pdu.sequence_number))
        return None

    def _refuse(self, guest: Guest, pdu: Any, refusal: Refusal) -> None:
        status = refuse(guest, pdu.command_id, pdu.sequence_number, refusal)
        self._house.metrics.answered(NAMES.get(pdu.command_id, "other"), status)


def _groups(asked: Sequence[Any]) -> Iterator[tuple[bool, list[Any]]]:
    """Submits that stand together go together; what else is asked goes between them, one by one and in order."""
    for submits, group in groupby(asked, key=lambda pdu: isinstance(pdu, _SUBMITS)):
        if submits:
            yield True, list(group)
        else:
            yield from ((False, [pdu]) for pdu in group)
