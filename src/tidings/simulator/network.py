"""The simulated carrier network put together: listens, remembers, and can be troubled while it runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from tidings.core.ports import Clock
from tidings.drivers.smpp_link import Listener, listen
from tidings.simulator.chosen import GOOD
from tidings.simulator.exchange import Exchange
from tidings.simulator.faults import Faults
from tidings.simulator.journal import Journal
from tidings.simulator.smsc import Login, Smsc

MOST_LINKS = 200


class NetworkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the network listens and what it keeps."""

    host: str = "127.0.0.1"
    smpp_port: int = 0
    """0 takes a free one."""
    folder: Path | None = None
    """Where the journal stands; None forgets all at the end."""
    receipt_delay_ms: int = 0
    """From the response to the receipt."""
    system_id: str | None = None
    """With `password`: the only bind that is let in. None lets in anyone."""
    password: str | None = None
    personality: str = GOOD
    """How it behaves to all that nothing else is chosen for, from the start on."""


class Network:
    """An SMSC with its handsets. Makes no task of its own: it lives on the callbacks of its links."""

    def __init__(self, settings: NetworkSettings, clock: Clock) -> None:
        """Nothing happens before `start`."""
        self.settings = settings
        self._clock = clock
        self._journal: Journal | None = None
        self._exchange: Exchange | None = None
        self._smsc: Smsc | None = None
        self._listener: Listener | None = None
        self._switching = asyncio.Lock()
        self.port = settings.smpp_port

    @property
    def exchange(self) -> Exchange:
        """What the network knows; only after `start`."""
        if self._exchange is None:
            raise RuntimeError("The network has not been started.")
        return self._exchange

    @property
    def smsc(self) -> Smsc:
        """The links' handler; only after `start`."""
        if self._smsc is None:
            raise RuntimeError("The network has not been started.")
        return self._smsc

    async def start(self) -> int:
        """Take back the journal, listen, and return the SMPP port.

        Raises OSError (port or folder not usable) and JournalBusyError (folder in use).
        """
        settings = self.settings
        self._journal = Journal(settings.folder)
        self._exchange = Exchange(self._clock, self._journal, settings.receipt_delay_ms)
        self._smsc = Smsc(self._exchange, Login(settings.system_id, settings.password))
        self._smsc.behave(settings.personality)
        try:
            await self._listen()
        except BaseException:
            self._journal.close()
            raise
        return self.port

    async def stop(self, grace_s: float = 1.0) -> None:
        """Unbind and close; what is owed waits in the journal."""
        if self._listener is not None:
            await self._listener.close(grace_s)
            self._listener = None
        if self._smsc is not None:
            self._smsc.rest()
        if self._journal is not None:
            self._journal.close()

    async def switch(self, faults: Faults) -> None:
        """Begin or end a trouble. Raises OSError where the port is taken when `down` ends."""
        async with self._switching:
            self.exchange.faults = faults
            links = list(self.smsc.links)
            for link in links:
                link.submits = 0
                if faults.mode == "down":
                    link.abort("The network goes down.")
                elif faults.mode == "hang":
                    link.pause_reading()
                else:
                    link.resume_reading()
            if faults.mode == "down":
                await self._close()
            elif self._listener is None:
                await self._listen()
            self.smsc.deliver()

    def stats(self) -> dict[str, Any]:
        """Counters since the start, and how things stand now."""
        owed = self.exchange.ledger.owed
        texts = sum(1 for key in owed if key < 0)
        return {
            **msgspec.structs.asdict(self.exchange.counters),
            "receipts_owed": len(owed) - texts,
            "texts_owed": texts,
            "links": len(self.smsc.links),
            "bound": sum(1 for link in self.smsc.links if link.session.bound),
            "smpp_port": self.port,
            "fault": self.exchange.faults.mode,
        }

    async def _listen(self) -> None:
        self._listener = await listen(self.settings.host, self.port, self.smsc.link, max_links=MOST_LINKS)
        self.port = self._listener.port

    async def _close(self) -> None:
        if self._listener is not None:
            await self._listener.close(0.5)
            self._listener = None
