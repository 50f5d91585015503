"""What one process at a time does: taken for a while, under a fence that is higher with every holder."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.core.message import Millis
from tidings.core.ports import Gained, Lost, Store, stage
from tidings.core.questions import Tx

ROUTER = "router"
"""Who finds a route for messages that have none."""
OUTBOX = "outbox"
"""Who puts into the outbox of ESMEs what concerns them, and gives up what is too old."""
_CARRIER = "carrier/"
_ESME = "esme/"


def of_carrier(name: str) -> str:
    """The lease of a carrier: of all its binds, because its rate, its order and what is learned of it are one."""
    return _CARRIER + name


def of_esme(esme_id: int) -> str:
    """The lease of what is owed to a customer's ESME: one process at a time sends it, over its own binds."""
    return f"{_ESME}{esme_id}"


def of_engines(name: str) -> bool:
    """Whether who holds a lease reads of the queue what goes with it."""
    return name == ROUTER or name.startswith(_CARRIER)


class Wish(msgspec.Struct, frozen=True):
    """A lease that a process would hold for so many milliseconds. `seize`: whoever held it is known to be gone."""

    name: str
    holder: int
    ms: Millis
    seize: bool = False


@stage(order=6)
async def take(tx: Tx, wishes: Sequence[Wish], now: Millis) -> list[int | None]:
    """Take leases that are free, each under a new fence; None for one that somebody holds."""
    return [await tx.leases.take(one.name, one.holder, one.ms, seize=one.seize) for one in wishes]


@stage(order=6)
async def give_back(tx: Tx, kept: Sequence[tuple[int, str]], now: Millis) -> list[bool]:
    """End leases before their time, each given as its holder and its name; False for one that was not held."""
    names = [name for _, name in kept]
    given = {name for holder in {one for one, _ in kept} for name in await tx.leases.give_back(holder, names)}
    return [name in given for name in names]


@stage(order=83, patient=True)
async def forget(tx: Tx, spans: Sequence[Millis], now: Millis) -> list[int]:
    """Drop leases of ESMEs that nobody has held for so long; how many.

    Their fence begins anew then: nothing that is stored bears it, and who held one before is not its holder. Fences of
    carriers stand in attempts, and stay.
    """
    return [len(await tx.leases.forget(_ESME, one)) for one in spans]


class Alone:
    """The leases of a process that has its store for itself: all of them, for ever. See `core.ports.Leases`."""

    node = 0
    holder = 0
    company = False

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lost: dict[str, Lost] = {}

    async def want(self, name: str, gained: Gained, lost: Lost, *, spread: bool = False) -> None:
        (fence,) = await self._store.write(take, [Wish(name, self.node, 0, seize=True)])
        self._lost[name] = lost
        await gained(fence or 0)

    async def leave(self, name: str) -> None:
        if (lost := self._lost.pop(name, None)) is not None:
            await lost(False)

    def may_write(self, name: str, asked: bool) -> bool:
        return True

    @property
    def shared(self) -> bool:
        return False
