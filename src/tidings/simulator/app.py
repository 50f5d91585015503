"""The simulated network as a program of its own: its SMPP port and its HTTP side, until a signal ends it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tidings.drivers.clock import SystemClock
from tidings.simulator.network import Network, NetworkSettings
from tidings.simulator.replies import ProblemError, problem
from tidings.simulator.routes import routes

_CODES = {404: "not_found", 405: "method_not_allowed"}


def application(network: Network) -> Starlette:
    """The HTTP side alone; the network has to be started."""
    return Starlette(routes=routes(network), exception_handlers={HTTPException: _refuse, Exception: _break})


async def serve(
    settings: NetworkSettings,
    http_port: int,
    *,
    http_host: str = "127.0.0.1",
    ready: Callable[[int, int], None] = lambda smpp_port, http_port: None,
) -> None:
    """Run both sides until SIGTERM or SIGINT. `ready` is told the ports once both take connections.

    Raises OSError (port or folder) and JournalBusyError.
    """
    network = Network(settings, SystemClock())
    smpp_port = await network.start()
    server = _Server(
        uvicorn.Config(application(network), http_host, http_port, lifespan="off", log_level="warning"),
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


async def _refuse(request: Request, fault: Exception) -> Response:
    status = fault.status_code if isinstance(fault, HTTPException) else 400
    answer = problem(ProblemError(_CODES.get(status, "bad_request")))
    if isinstance(fault, HTTPException) and fault.headers:
        answer.headers.update(fault.headers)
    return answer


async def _break(request: Request, fault: Exception) -> Response:
    return problem(ProblemError("internal"))
