"""Which ESMEs this process delivers to: of all processes that have binds of an ESME, the one that holds its lease."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from tidings.pipeline import lease
from tidings.pipeline.house import House

NO_FENCE = -1


class Claims:
    """Takes and leaves the leases of ESMEs; all are held where no other process shares the store."""

    def __init__(
        self,
        house: House,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        gained: Callable[[int], None],
        lost: Callable[[int], None],
    ) -> None:
        """`gained` and `lost` are told the id of an ESME."""
        self._leases = house.leases
        self._spawn = spawn
        self._gained = gained
        self._lost = lost
        self._wished: set[int] = set()
        self._asked: set[int] = set()
        """Those whose lease is wanted by now."""
        self._working: set[int] = set()
        self._held: dict[int, int] = {}
        """Those whose lease is ours, each with its fence."""

    def wish(self, esme_id: int, wanted: bool) -> None:
        """There are binds of it here, or no more."""
        (self._wished.add if wanted else self._wished.discard)(esme_id)
        if not self._leases.shared:
            return
        if esme_id not in self._working:
            self._working.add(esme_id)
            self._spawn(self._work(esme_id))

    def held(self, esme_id: int) -> bool:
        """Whether this process delivers to it."""
        return esme_id in self._held or not self._leases.shared

    def fence(self, esme_id: int) -> int | None:
        """Under which fence this process delivers to it; None where nobody else could, one that never was if not."""
        return self._held.get(esme_id, NO_FENCE) if self._leases.shared else None

    def may_send(self, esme_id: int) -> bool:
        """Whether it does so in this very moment, by the monotonic clock."""
        return not self._leases.shared or self._leases.may_write(lease.of_esme(esme_id), True)

    async def _work(self, esme_id: int) -> None:
        name = lease.of_esme(esme_id)

        async def gained(fence: int) -> None:
            self._held[esme_id] = fence
            self._gained(esme_id)

        async def lost(to_another: bool) -> None:
            self._held.pop(esme_id, None)
            self._lost(esme_id)

        try:
            while (esme_id in self._wished) != (esme_id in self._asked):
                if esme_id in self._wished:
                    self._asked.add(esme_id)
                    await self._leases.want(name, gained, lost)
                else:
                    await self._leases.leave(name)
                    self._asked.discard(esme_id)
        finally:
            self._working.discard(esme_id)
