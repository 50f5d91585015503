"""The body of a request: read within bounds, checked for its kind, decoded into the endpoint's type."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any, TypeVar

import msgspec
from starlette.types import Receive

from tidings.api.faults import faults, first, half_pairs
from tidings.api.problems import Abort
from tidings.core.request import Fault

T = TypeVar("T")

PATIENCE_S = 30.0
"""Longest wait for the rest of a body."""

_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F]"
_LONE_SURROGATE = re.compile(rb"%b(?!%b)|(?<!%b)%b" % (_HIGH, _LOW, _HIGH, _LOW))

_MOST_VALUES = 300_000
"""Values of a body that are looked at one by one: ten times those of the largest batch."""

MOST_HELD = 256 * 1024 * 1024
"""Octets of all bodies that are coming in, together; above it 503."""
_coming = 0

READ_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for octets that are no JSON. (ValidationError, for JSON of another shape, is one of them.)"""


class Gone(Exception):
    """The caller hung up before the body was complete."""


async def read(receive: Receive, headers: dict[bytes, bytes], limit: int) -> bytes:
    """The octets of the body; aborts with 413 before more than `limit` are held, 408 after `PATIENCE_S`."""
    _refuse_long(headers.get(b"content-length"), limit)
    message = await receive()
    octets: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body"):
        return _within(octets, limit)
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await _rest(receive, message, limit)
    except TimeoutError:
        raise Abort("request_timeout", headers=[(b"connection", b"close")]) from None


async def _rest(receive: Receive, message: Any, limit: int) -> bytes:
    global _coming
    parts: list[bytes] = []
    held = 0
    try:
        while True:
            if message["type"] == "http.disconnect":
                raise Gone
            part = message.get("body", b"")
            held += len(part)
            _coming += len(part)
            if held > limit:
                raise _too_large(limit)
            if _coming > MOST_HELD:
                raise Abort("unavailable", "Too many large requests are coming in at once.")
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)
            message = await receive()
    finally:
        _coming -= held


def check_kind(headers: dict[bytes, bytes]) -> None:
    """Aborts with 415 unless the body is JSON in UTF-8, not compressed. A missing Content-Type counts as JSON."""
    kind = headers.get(b"content-type")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Abort("unsupported_media_type", "Compressed bodies are not taken; send the body as it is.")
    if kind is None or kind == b"application/json":
        return
    media, *parameters = (piece.strip().lower() for piece in kind.split(b";"))
    if media != b"application/json":
        raise Abort("unsupported_media_type", "Send `Content-Type: application/json`.")
    for parameter in parameters:
        if parameter.startswith(b"charset=") and parameter[8:].strip(b'"') not in (b"utf-8", b"utf8"):
            raise Abort("unsupported_media_type", "JSON is UTF-8; other charsets are not taken.")


def decode(decoder: msgspec.json.Decoder[T], octets: bytes, shape: type[msgspec.Struct]) -> T:
    """The body as the decoder's type; 400 when it is not JSON, 422 naming every field of `shape` at fault."""
    try:
        return decoder.decode(octets)
    except msgspec.ValidationError as fault:
        raise Abort("validation_failed", errors=all_faults(shape, octets, fault)) from None
    except READ_ERRORS as fault:
        raise Abort("validation_failed", errors=unreadable(fault, octets)) from None


def all_faults(shape: type[msgspec.Struct], octets: bytes | msgspec.Raw, fault: Exception) -> tuple[Fault, ...]:
    """Every field that keeps `octets` from being a `shape`; `fault` is the first, as msgspec told it.

    Aborts with 400 when the part that was not decoded is no JSON.
    """
    try:
        plain = msgspec.json.decode(octets)
    except msgspec.ValidationError:  # a number that nothing can hold: there is no plain form to look at
        return (first(fault),)
    except READ_ERRORS as worse:
        return unreadable(worse, octets)
    return faults(shape, plain) or (first(fault),)


def unreadable(fault: Exception, octets: bytes | msgspec.Raw) -> tuple[Fault, ...]:
    """The strings that kept msgspec from reading `octets`: half a surrogate pair in one is JSON still (RFC 8259 §8.2).

    Aborts with 400, saying where, when the octets are no JSON.
    """
    if isinstance(fault, UnicodeDecodeError):
        where = f": octet 0x{fault.object[fault.start]:02X} at {fault.start}" if fault.object else ""
        raise Abort("malformed_json", f"The body is not valid UTF-8{where}.")
    if isinstance(fault, RecursionError):
        raise Abort("malformed_json", "The body is nested too deeply.")
    if _LONE_SURROGATE.search(bytes(octets)) and (halves := _halves(bytes(octets))):
        return halves
    raise Abort("malformed_json", f"The body is not valid JSON: {str(fault).removeprefix('JSON is malformed: ')}.")


def _halves(octets: bytes) -> tuple[Fault, ...]:
    """None where the octets are no JSON for other reasons too, or hold more values than a moment is enough for."""
    if octets.count(b",") > _MOST_VALUES:
        return ()
    try:
        return half_pairs(json.loads(octets, parse_constant=_no_constant))
    except (ValueError, RecursionError):
        return ()


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _refuse_long(length: bytes | None, limit: int) -> None:
    if length is not None and length.isdigit() and (len(length) > 18 or int(length) > limit):
        raise _too_large(limit)


def _within(octets: bytes, limit: int) -> bytes:
    if len(octets) > limit:
        raise _too_large(limit)
    return octets


def _too_large(limit: int) -> Abort:
    return Abort("body_too_large", f"The body may have {limit} octets at most.")
