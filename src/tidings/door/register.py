"""The register of binds: each that is let in here stands in the store, where the doors of all processes count it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from tidings.core.esme import Session
from tidings.core.ports import News, StoreUnavailable
from tidings.door.guests import Admitted, Caller
from tidings.door.statuses import RALYBND, RSYSERR, Refusal
from tidings.pipeline import sessions
from tidings.pipeline.house import House

AGAIN_S = 1.0
"""Seconds after which is tried again what the store could not do."""

log = logging.getLogger("tidings.door")


class Register:
    """Enters binds and strikes them out."""

    def __init__(self, house: House, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._house = house
        self._spawn = spawn
        self._stand: dict[int, Session] = {}
        """What is entered, or about to be."""
        self._lost = False
        """Whether those that stand are to be entered again."""
        self._left: set[int] = set()
        """Sessions that are gone, and are not struck out yet."""
        self._writing = False
        self._stopping = False

    async def begin(self) -> None:
        """Strike out what a process of before has left. Raises StoreUnavailable."""
        await self._house.store.write(sessions.restore, [(self._house.leases.holder, ())])
        self._house.store.hear(self._heard)

    def stop(self) -> None:
        """Try nothing again: what is not struck out by now is forgotten with the process."""
        self._stopping = True

    async def enter(self, admitted: Admitted, caller: Caller) -> Session | Refusal:
        """Let it be counted, or say that it has as many binds as it may."""
        esme, house = admitted.esme, self._house
        session = Session(
            id=house.new_id(), account_id=esme.account_id, esme_id=esme.id, holder=house.leases.holder,
            place=house.place, bind_type=admitted.bind_type, address=caller.address,
            interface_version=admitted.interface_version, secure=caller.secure, bound_at=house.clock.now(),
        )  # fmt: skip
        self._stand[session.id] = session
        refusal = None
        try:
            if not (await house.store.write(sessions.open, [session]))[0]:
                refusal = Refusal(RALYBND, f"it has {esme.max_binds} binds (max_binds)")
        except StoreUnavailable as fault:
            refusal = Refusal(RSYSERR, f"its binds cannot be counted now: {fault}")
        if refusal is None:
            return session
        if self._writing:  # it may be entered again with those that stand
            self.strike(session.id)
        else:
            del self._stand[session.id]
        return refusal

    def strike(self, session_id: int) -> None:
        """It is gone."""
        if self._stand.pop(session_id, None) is None:
            return
        self._left.add(session_id)
        self._go_on()

    def _heard(self, news: News) -> None:
        """Others may have taken this process for dead, and its binds for none."""
        if news.missed:
            self._lost = True
            self._go_on()

    def _go_on(self) -> None:
        if not self._writing:
            self._writing = True
            self._spawn(self._write())

    async def _write(self) -> None:
        try:
            while self._left or self._lost:
                gone, lost = set(self._left), self._lost
                try:
                    if lost:
                        stand = (self._house.leases.holder, tuple(self._stand.values()))
                        await self._house.store.write(sessions.restore, [stand])
                    await self._house.store.write(sessions.close, sorted(gone))
                    self._left -= gone
                    self._lost = self._lost and not lost
                except StoreUnavailable as fault:
                    log.error("binds that are gone cannot be struck out now: %s", fault)
                    if self._stopping:
                        return
                    await asyncio.sleep(AGAIN_S)
        finally:
            self._writing = False

    async def surplus(self, esme_id: int, most: int) -> set[int]:
        """Sessions here that are beyond what an ESME may have in all, the latest. Raises StoreUnavailable."""
        found = await self._house.store.read(lambda tx: tx.esmes.sessions([esme_id]))
        return sessions.surplus(found, most, self._house.leases.holder)
