"""The nouns of the REST door: an endpoint of the table, one call of it, and its reply."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from starlette.types import Receive, Scope

from tidings.core.people import Principal, over_all

if TYPE_CHECKING:
    from tidings.pipeline.house import House

Headers = list[tuple[bytes, bytes]]

JSON = b"application/json"
PROBLEM_JSON = b"application/problem+json"
HTML = b"text/html; charset=utf-8"
TEXT = b"text/plain; charset=utf-8"


class Flow(Protocol):
    """A body that is made while it is sent."""

    async def next(self) -> bytes | None:
        """What goes out next, None at the end."""
        ...

    def close(self) -> None:
        """It is not wanted any more, whether or not it came to its end."""
        ...


class Reply:
    """What goes back: status, octets, their media type, and further headers.

    `flow`: what comes after the octets, for as long as it lasts.
    """

    __slots__ = ("body", "flow", "headers", "kind", "status")

    def __init__(
        self, status: int, body: bytes, kind: bytes = JSON, headers: Headers | None = None, flow: Flow | None = None
    ) -> None:
        self.flow = flow
        self.status = status
        self.body = body
        self.kind = kind
        self.headers: Headers = headers or []


class Call:
    """One request on its way through a handler; `body` and `query` are already of the endpoint's types.

    `scope` and `receive` are for endpoints that read the request themselves.
    """

    __slots__ = (
        "body", "endpoint", "headers", "house", "key", "octets", "params", "path", "query", "receive", "request_id",
        "scope",
    )  # fmt: skip

    def __init__(
        self, house: House, endpoint: Endpoint, scope: Scope, receive: Receive, headers: dict[bytes, bytes],
        request_id: str,
    ) -> None:  # fmt: skip
        self.house = house
        self.endpoint = endpoint
        self.scope = scope
        self.receive = receive
        self.path: str = scope["path"]
        self.headers = headers
        self.request_id = request_id
        self.params: dict[str, str] = {}
        self.octets = b""
        self.body: Any = None
        self.query: Any = None
        self.key: Principal | None = None
        """Who calls: a key, or somebody who signed in."""

    @property
    def account_id(self) -> int:
        """The account of whoever calls."""
        return self.caller.account_id

    @property
    def caller(self) -> Principal:
        """Whoever calls an endpoint that is not open to all."""
        if self.key is None:
            raise RuntimeError("an endpoint without a scope has no caller")
        return self.key

    @property
    def over_all(self) -> bool:
        """Whether the caller looks after other accounts too."""
        return over_all(self.caller)


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table that both the routes and the OpenAPI document are made from."""

    method: str
    path: str
    handle: Callable[[Call], Awaitable[Reply]]
    name: str
    """operationId, unique."""
    summary: str
    detail: str = ""
    scope: str | None = None
    """What the key must be good for; None: open to all."""
    also: str | None = None
    """A narrower scope that does, too: `inbox` or `develop`, which some roles of people have."""
    own: bool = False
    """Whether a key that only sends may too, of what it sent itself."""
    storeless: bool = False
    """Whether it asks nothing of the store, and so answers without it."""
    operator: bool = False
    """Whether only keys of the default account may call it."""
    body: Any = None
    """Type the body is decoded into. Without one, no body is read."""
    body_checked: Any = None
    """Type whose fields an unfit body is held against, where `body` does not look into them."""
    body_shown: Any = None
    """Type shown in the OpenAPI document, where it differs from `body`."""
    body_required: bool = True
    query: Any = None
    answer: Any = None
    """Type of the answer; None: not JSON."""
    status: int = 200
    answer_kind: str = "application/json"
    body_kind: str = "application/json"
    raw: bool = False
    """The handler reads the request, and looks at the key, by itself."""
    safe: bool = True
    """A GET that changes nothing, so that HEAD may ask it too."""
    idempotent: bool = False
    """Whether the call takes an Idempotency-Key."""
    problems: tuple[str, ...] = ()
    """Codes of `tidings.errors.PROBLEMS` beyond those that every endpoint of its kind may give."""
    resumable: bool = False
    """A stream of events: it never ends by itself, and takes a Last-Event-ID."""
    links: tuple[str, ...] = ()
    """Names of endpoints that take the `id` of the answer."""
    example: Any = None
    """Example of the body."""
    answer_example: Any = None
