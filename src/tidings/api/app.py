"""The API as one ASGI application: a door for every path of the table, and problems for all the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as WebRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tidings.api import pages
from tidings.api.call import Endpoint, Headers, Reply
from tidings.api.console import Console
from tidings.api.door import Door, request_id_of, respond, usual_headers
from tidings.api.problems import Abort, broken, problem
from tidings.api.table import ENDPOINTS
from tidings.config import Settings
from tidings.core.ports import StoreUnavailable
from tidings.metrics import Metrics

if TYPE_CHECKING:
    from tidings.pipeline.house import House

Lifespan = Callable[[Any], Any]

_CODES = {401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


class Api(Starlette):
    """Starlette, but for paths without parameters, whose doors are called directly: sending is the hot path."""

    doors: dict[str, Door]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            door = self.doors.get(scope["path"])
            if door is not None:
                await door(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


def application(house: House, extra: Sequence[Endpoint] = (), lifespan: Lifespan | None = None) -> Starlette:
    """The ASGI application over a house, with the console; the endpoints `extra` come after our own."""
    return _site(house, (*ENDPOINTS, *extra), lifespan, Console(house.metrics).routes())


def observed(house: House) -> Starlette:
    """As much of it as tells how a process is that takes no requests."""
    return _site(house, [one for one in ENDPOINTS if one.path in _TELLING], None)


_TELLING = ("/healthz", "/readyz", "/metrics")


def alone(table: Sequence[Endpoint]) -> Starlette:
    """The ASGI application of nothing but these endpoints, which are open to all and ask nothing of a house."""
    return _site(cast("House", _NoHouse()), table, None)


class _NoHouse:
    """As much of a house as a door needs for endpoints without a key."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.metrics = Metrics()


def _site(
    house: House, described: Sequence[Endpoint], lifespan: Lifespan | None, further: Sequence[Route] = ()
) -> Starlette:
    table = (*described, *pages.endpoints(described))
    by_path: dict[str, list[Endpoint]] = {}
    for endpoint in table:
        by_path.setdefault(endpoint.path, []).append(endpoint)
    doors = {path: Door(house, endpoints) for path, endpoints in by_path.items()}
    routes = [*(Route(path, door) for path, door in doors.items()), *further]
    api = Api(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _http_problem})
    api.router.redirect_slashes = False
    api.add_middleware(Named)
    api.doors = {path: door for path, door in doors.items() if "{" not in path}
    return api


class Named:
    """Gives answers that no door of ours made the headers all have, and turns what breaks into a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(dict(scope["headers"]))
        started = False

        async def named(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = list(message.get("headers", ()))
                given = {name.lower() for name, _ in headers}
                headers += [header for header in usual_headers(request_id) if header[0] not in given]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, named)
        except Exception as fault:
            reply = _reply_to(fault, request_id, scope["method"])
            if started:  # the server can only cut the connection; the fault's text must not reach its log
                raise RuntimeError(f"the answer to request {request_id} broke off") from None
            await respond(scope, send, reply, request_id)


def _reply_to(fault: Exception, request_id: str, method: str) -> Reply:
    if isinstance(fault, Abort):
        return fault.reply()
    if isinstance(fault, StoreUnavailable):
        return problem("unavailable")
    return broken(fault, request_id, method, "no route")


async def _http_problem(request: WebRequest, fault: Exception) -> Response:
    """Starlette's own refusals (404, 405 …) as problem details."""
    if not isinstance(fault, HTTPException):
        raise fault
    code = _CODES.get(fault.status_code, "bad_request" if fault.status_code < 500 else "internal")
    headers: Headers = [(name.encode(), value.encode()) for name, value in (fault.headers or {}).items()]
    detail = "There is nothing at this address; /docs lists what there is." if code == "not_found" else ""
    reply = problem(code, detail, headers=headers)
    return Response(
        reply.body,
        reply.status,
        media_type=reply.kind.decode(),
        headers={name.decode(): value.decode() for name, value in reply.headers},
    )
