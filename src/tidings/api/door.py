"""The REST door itself: from an ASGI request to one call of a handler, and its reply back."""

from __future__ import annotations

import itertools
import os
import re
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.types import Receive, Scope, Send

from tidings.api import body, query
from tidings.api.auth import admit
from tidings.api.call import Call, Endpoint, Flow, Headers, Reply
from tidings.api.problems import Abort, broken, problem
from tidings.core.ports import StoreUnavailable

if TYPE_CHECKING:
    from tidings.pipeline.house import House

_SANE_ID = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
_START = os.urandom(5).hex()
_count = itertools.count(1)


class Door:
    """All methods of one path, as an ASGI application. Nothing it does raises."""

    def __init__(self, house: House, endpoints: list[Endpoint]) -> None:
        self._house = house
        self._rows = {endpoint.method: _Row(endpoint) for endpoint in endpoints}
        if "GET" in self._rows and self._rows["GET"].endpoint.safe:
            self._rows["HEAD"] = self._rows["GET"]
        self._path = endpoints[0].path
        self._allow = ", ".join(self._rows).encode()
        self._limit = house.settings.limits.body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request_id = request_id_of(headers)
        row = self._rows.get(scope["method"])
        try:
            reply = await self._reply(row, scope, headers, request_id, receive)
        except Abort as abort:
            reply = abort.reply()
        except body.Gone:
            return
        except StoreUnavailable:
            reply = problem("unavailable")
        except Exception as fault:
            path = row.endpoint.path if row else "?"
            reply = broken(fault, request_id, scope["method"], path)
        self._house.metrics.requested(scope["method"] if row else "other", self._path, reply.status)
        if reply.flow is None:
            await respond(scope, send, reply, request_id)
        else:
            await self._flow(send, reply, reply.flow, request_id)

    async def _flow(self, send: Send, reply: Reply, flow: Flow, request_id: str) -> None:
        """Send a body while it is made, no faster than it is taken."""
        headers: Headers = [(b"content-type", reply.kind), *usual_headers(request_id), *reply.headers]
        try:
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            try:
                while (octets := await flow.next()) is not None:
                    await send({"type": "http.response.body", "body": octets, "more_body": True})
            except Exception as fault:
                broken(fault, request_id, "GET", self._path)
            await send({"type": "http.response.body", "body": b""})
        finally:
            flow.close()

    async def _reply(
        self, row: _Row | None, scope: Scope, headers: dict[bytes, bytes], request_id: str, receive: Receive
    ) -> Reply:
        if row is None:
            raise Abort("method_not_allowed", headers=[(b"allow", self._allow)])
        endpoint = row.endpoint
        call = Call(self._house, endpoint, scope, receive, headers, request_id)
        call.params = scope.get("path_params") or {}
        if endpoint.raw:
            _refuse_two_keys(scope["headers"], headers)
            return await endpoint.handle(call)
        if endpoint.scope is not None:
            call.key = await admit(self._house, endpoint, scope, headers)
            _refuse_two_keys(scope["headers"], headers)
        if endpoint.query is not None or (scope["query_string"] and endpoint.scope is not None):
            call.query = query.parse(endpoint.query or query.NoQuery, scope["query_string"])
        if row.decoder is not None:
            body.check_kind(headers)
            call.octets = await body.read(receive, headers, self._limit)
            if call.octets or endpoint.body_required:
                call.body = body.decode(row.decoder, call.octets, endpoint.body_checked or endpoint.body)
        return await endpoint.handle(call)


class _Row:
    """An endpoint with its decoder."""

    __slots__ = ("decoder", "endpoint")

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.decoder: msgspec.json.Decoder[Any] | None = None
        if endpoint.body is not None and not endpoint.raw:
            self.decoder = msgspec.json.Decoder(endpoint.body)


def request_id_of(headers: dict[bytes, bytes]) -> str:
    """The caller's X-Request-Id where it is fit to be logged, else a new one."""
    given = headers.get(b"x-request-id")
    if given is not None and _SANE_ID.fullmatch(given):
        return given.decode("ascii")
    return f"req_{_START}{next(_count):x}"


def usual_headers(request_id: str) -> Headers:
    """What every answer carries, whoever made it."""
    return [
        (b"x-request-id", request_id.encode("ascii")),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]


WHOLE = "tidings.whole"
"""Where the scope of a request holds what sends a reply at once; by other servers it goes out as ASGI has it."""


async def respond(scope: Scope, send: Send, reply: Reply, request_id: str) -> None:
    """Send the reply with the headers that every answer carries."""
    headers: Headers = [
        (b"content-type", reply.kind),
        (b"content-length", b"%d" % len(reply.body)),
        *usual_headers(request_id),
        *reply.headers,
    ]
    whole = scope.get(WHOLE)
    if whole is not None:
        await whole(reply, headers)
        return
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def _refuse_two_keys(raw: list[tuple[bytes, bytes]], headers: dict[bytes, bytes]) -> None:
    """Two Idempotency-Keys that differ: whichever were taken, the caller might mean the other."""
    if b"idempotency-key" in headers and len({value for name, value in raw if name == b"idempotency-key"}) > 1:
        raise Abort("bad_request", "More than one Idempotency-Key is given.")
