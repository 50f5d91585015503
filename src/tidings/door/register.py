"""The register of binds: each that is let in here stands in the store, where the doors of all processes count it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from tidings.core.esme import Session
from tidings.core.ports import StoreUnavailable
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
        self._left: set[int] = set()
        """Sessions that are gone, and are not struck out yet."""
        self._striking = False
        self._stopping = False

    def stop(self) -> None:
        """Try nothing again: what is not struck out by now is forgotten with the process."""
        self._stopping = True

    async def enter(self, admitted: Admitted, caller: Caller) -> Session | Refusal:
        """Let it be counted, or say that it has as many binds as it may."""
        esme, house = admitted.esme, self._house
        session = Session(
            id=house.new_id(), account_id=esme.account_id, esme_id=esme.id, holder=house.holder, place=house.place,
            bind_type=admitted.bind_type, address=caller.address, interface_version=admitted.interface_version,
            secure=caller.secure, bound_at=house.clock.now(),
        )  # fmt: skip
        try:
            room = (await house.store.write(sessions.open, [session]))[0]
        except StoreUnavailable as fault:
            return Refusal(RSYSERR, f"its binds cannot be counted now: {fault}")
        return session if room else Refusal(RALYBND, f"it has {esme.max_binds} binds (max_binds)")

    def strike(self, session_id: int) -> None:
        """It is gone."""
        self._left.add(session_id)
        if not self._striking:
            self._striking = True
            self._spawn(self._strike())

    async def _strike(self) -> None:
        try:
            while self._left:
                gone = set(self._left)
                try:
                    await self._house.store.write(sessions.close, sorted(gone))
                    self._left -= gone
                except StoreUnavailable as fault:
                    log.error("binds that are gone cannot be struck out now: %s", fault)
                    if self._stopping:
                        return
                    await asyncio.sleep(AGAIN_S)
        finally:
            self._striking = False

    async def surplus(self, esme_id: int, most: int) -> set[int]:
        """Sessions here that are beyond what an ESME may have in all, the latest. Raises StoreUnavailable."""
        found = await self._house.store.read(lambda tx: tx.esmes.sessions([esme_id]))
        return sessions.surplus(found, most, self._house.holder)
