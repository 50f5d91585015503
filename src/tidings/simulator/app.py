"""The simulated network as a program of its own: its SMPP port and its HTTP side, until a signal ends it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from tidings.drivers.clock import SystemClock
from tidings.simulator.network import Network, NetworkSettings


async def serve(
    settings: NetworkSettings,
    site: Callable[[Network], ASGIApp],
    http_port: int,
    *,
    http_host: str = "127.0.0.1",
    http: type[asyncio.Protocol],
    ready: Callable[[int, int], None] = lambda smpp_port, http_port: None,
) -> None:
    """Run both sides until SIGTERM or SIGINT. `ready` is told the ports once both take connections.

    `site` makes the HTTP side of a network that has started, `http` speaks for it on a connection.

    Raises OSError (port or folder) and JournalBusyError.
    """
    network = Network(settings, SystemClock())
    smpp_port = await network.start()
    server = _Server(
        uvicorn.Config(site(network), http_host, http_port, http=http, ws="none", lifespan="off", log_level="warning"),
        lambda port: ready(smpp_port, port),
    )
    try:
        await server.serve()
    finally:
        await network.stop()


class _Server(uvicorn.Server):
    """uvicorn, telling its port once it listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[int], None]) -> None:
        super().__init__(config)
        self._listening = listening

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """A signal ends `serve` and nothing else; uvicorn would raise it again before the network has stopped."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Also tells the port."""
        await super().startup(sockets)
        if self.started:
            self._listening(self.servers[0].sockets[0].getsockname()[1])
