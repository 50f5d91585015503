"""What goes over the simulator's HTTP side: bodies read within bounds, answers in JSON, errors as RFC 9457 problems."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tidings.core.message import Millis
from tidings.core.request import Fault
from tidings.errors import PROBLEMS

MOST_OCTETS = 256 * 1024
"""Largest body."""

T = TypeVar("T")


class ProblemError(Exception):
    """Ends a request with a code of `tidings.errors.PROBLEMS`."""

    def __init__(self, code: str, detail: str = "", errors: Sequence[Fault] = ()) -> None:
        """`errors` name the fields at fault by JSON pointer, or `?name` for a query parameter."""
        super().__init__(code)
        self.code, self.detail, self.errors = code, detail, errors


def reply(body: Any, status: int = 200) -> Response:
    """JSON."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def problem(fault: ProblemError) -> Response:
    """Problem details."""
    known = PROBLEMS[fault.code]
    body: dict[str, Any] = {
        "type": f"/docs#problem-{known.code}",
        "title": known.title,
        "status": known.status,
        "detail": fault.detail or known.sentence,
        "code": known.code,
    }
    if fault.errors:
        body["errors"] = fault.errors
    headers = {"Retry-After": "1"} if known.retry == "later" else None
    return Response(msgspec.json.encode(body), known.status, headers, media_type="application/problem+json")


async def body(request: Request, shape: type[T]) -> T:
    """The body as `shape`. Raises ProblemError: too large, not JSON, or not of this shape."""
    octets = await _octets(request)
    try:
        tree = msgspec.json.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise ProblemError("malformed_json", f"The body is not valid JSON: {fault}.") from None
    try:
        return msgspec.convert(tree, shape)
    except msgspec.ValidationError as fault:
        sentence, _, path = str(fault).partition(" - at `$")
        pointer = path.rstrip("`").replace(".", "/").replace("[", "/").replace("]", "")
        raise ProblemError("validation_failed", errors=[Fault(pointer, sentence)]) from None


async def _octets(request: Request) -> bytes:
    octets = bytearray()
    try:
        async for part in request.stream():
            octets += part
            if len(octets) > MOST_OCTETS:
                raise ProblemError("body_too_large", f"A body may have {MOST_OCTETS} octets.")
    except ClientDisconnect:
        raise ProblemError("bad_request", "The body ended too early.") from None
    return bytes(octets)


def number_of(request: Request, name: str, default: int | None, most: int) -> int | None:
    """A query parameter that counts, from 1 to `most`. Raises ProblemError."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and 1 <= int(text) <= most):
        raise ProblemError("validation_failed", errors=[Fault(f"?{name}", f"Expected a number from 1 to {most}.")])
    return int(text)


def moment(at: Millis) -> str:
    """RFC 3339, UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
