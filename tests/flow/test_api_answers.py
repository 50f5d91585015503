"""Every problem that the document promises of an endpoint because of its kind can be had from it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from test_api import Place, opened

from kit import Heard, ask
from tidings.api import auth, body
from tidings.api.call import Endpoint
from tidings.api.table import ENDPOINTS, problems_of
from tidings.core import ids
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.people import OWN, User
from tidings.core.ports import Stage, StoreUnavailable
from tidings.core.questions import Tx
from tidings.fleet import Fleet
from tidings.pipeline import admit, signed_in

pytestmark = pytest.mark.slow  # a store for each of some hundred answers

KEYED = [endpoint for endpoint in ENDPOINTS if endpoint.scope is not None and not endpoint.raw]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(tmp_path) as place:
        yield place


Asked = Callable[..., Awaitable[Heard]]


def asked(place: Place, endpoint: Endpoint) -> Asked:
    """The endpoint with its own example, but for what is said otherwise."""

    async def call(query: str = "", body: Any = endpoint.example, found: bool = False, **more: Any) -> Heard:
        path = endpoint.path
        if "{id}" in path:
            path = path.replace("{id}", ids.show("acc", DEFAULT_ACCOUNT) if found else _nobody(path))
        needs = {"key": place.tokens["admin"], **more}
        if endpoint.scope == OWN and "key" not in more:
            needs |= {"key": None, "headers": [*more.get("headers", ()), *await session(place)]}
        query = query or ("?q=hello" if endpoint.name == "searchConversations" else "")
        return await ask(place.app, endpoint.method, path + query, body if endpoint.body else None, **needs)

    return call


async def session(place: Place) -> list[tuple[str, str]]:
    """What the browser of somebody who is signed in sends."""
    user = User(id=2, account_id=DEFAULT_ACCOUNT, email="ada@example.com", name="Ada", role="owner", created_at=0)
    secret, opened = signed_in.new_session(place.house, user, signed_in.Visitor("127.0.0.1", ""), "oidc")

    async def arrive(tx: Tx, items: Sequence[None], now: int) -> list[None]:
        await tx.people.insert(user)
        await tx.people.open_session(opened)
        return list(items)

    with contextlib.suppress(StoreUnavailable):  # where that is what is asked about
        await place.house.store.write(Stage(arrive, 0, False), [None])
    return [("cookie", f"tidings_session={secret}"), ("sec-fetch-site", "same-origin")]


def _nobody(path: str) -> str:
    """An id that nothing has."""
    kinds = {
        "keys": "key", "accounts": "acc", "webhooks": "wh", "messages": "msg", "esmes": "esme", "carriers": "msg",
        "conversations": "conv", "contacts": "con", "canned-replies": "can", "notes": "note", "codes": "code",
        "users": "user", "sessions": "ses", "orphans": "rcp",
    }  # fmt: skip
    return ("whd" if "/deliveries/" in path else kinds[path.split("/")[2]]) + "_0000000000009"


async def _for_ever(*_: Any) -> bytes:
    await asyncio.sleep(60)
    return b""


async def _broken(*_: Any, **__: Any) -> Any:
    raise StoreUnavailable


async def unauthorized(place: Place, call: Asked, _: pytest.MonkeyPatch) -> Heard:
    return await call(key=None)


async def forbidden(place: Place, call: Asked, _: pytest.MonkeyPatch) -> Heard:
    _, token = await admit.issue(place.house, DEFAULT_ACCOUNT, "x", "admin", networks=("192.0.2.0/24",))
    return await call(key=token)


async def bad_request(place: Place, call: Asked, _: pytest.MonkeyPatch) -> Heard:
    return await call("?x=%FF")


async def validation_failed(place: Place, call: Asked, _: pytest.MonkeyPatch) -> Heard:
    return await call("?phone=x")


async def not_found(place: Place, call: Asked, _: pytest.MonkeyPatch) -> Heard:
    place.house.fleet = Fleet(place.house, cast(Any, None), (), _fail)  # without a carrier, nothing is dispatched
    return await call()


async def malformed_json(place: Place, call: Asked, _: pytest.MonkeyPatch) -> Heard:
    return await call(body=b"{")


async def body_too_large(place: Place, call: Asked, _: pytest.MonkeyPatch) -> Heard:
    return await call(body=b"{}", length=place.house.settings.limits.body_bytes + 1)


async def unsupported_media_type(place: Place, call: Asked, _: pytest.MonkeyPatch) -> Heard:
    return await call(body=b"{}", headers=[("content-type", "text/plain")])


async def request_timeout(place: Place, call: Asked, patch: pytest.MonkeyPatch) -> Heard:
    patch.setattr(body, "PATIENCE_S", 0.01)
    patch.setattr(body, "_rest", _for_ever)
    return await call(chunks=[b"{", b"}"])


async def unavailable(place: Place, call: Asked, patch: pytest.MonkeyPatch) -> Heard:
    for way in ("read", "write"):
        patch.setattr(type(place.house.store), way, _broken)
    patch.setattr(place.house, "snapshot", _broken)
    place.house.carriers = {"{name}": 0.0}
    told = await call()
    if told.status == 404:  # it knows without the store that there is no such account
        told = await call(found=True)
    # A signature can be checked without the store where the secret is given.
    return told if told.status >= 400 else await call(body={"headers": {}, "body": ""})


async def internal(place: Place, call: Asked, patch: pytest.MonkeyPatch) -> Heard:
    patch.setattr(type(place.house.keyring), "find", _fail)
    patch.setattr(auth, "session_of", _fail)
    return await call()


def _fail(*_: Any) -> Any:
    raise ZeroDivisionError


WAYS = {
    way.__name__: way
    for way in (
        unauthorized, forbidden, bad_request, validation_failed, not_found, malformed_json, body_too_large,
        unsupported_media_type, request_timeout, unavailable, internal,
    )
}  # fmt: skip
CASES = [
    (endpoint, code)
    for endpoint in KEYED
    for code in problems_of(endpoint)
    if code not in endpoint.problems and (endpoint.name, code) != ("streamEvents", "unavailable")
]
"""A stream needs the part that tells it of events, which this house lacks: tests/flow/test_stream.py."""


@pytest.mark.parametrize(("endpoint", "code"), CASES, ids=[f"{one.name} {code}" for one, code in CASES])
async def test_it_answers_so(place: Place, monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint, code: str) -> None:
    told = await WAYS[code](place, asked(place, endpoint), monkeypatch)
    assert told.json()["code"] == code, told
