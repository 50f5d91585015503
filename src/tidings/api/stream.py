"""`/v1/stream`: what happens, live, as server-sent events (HTML Living Standard, 9.2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tidings.api.auth import still
from tidings.api.call import Call, Headers, Reply
from tidings.api.problems import Abort, problem, refusal
from tidings.core import ids
from tidings.core.events import position_id, position_of, types_of
from tidings.core.ports import StoreUnavailable, Watcher
from tidings.core.request import Fault, Refused
from tidings.core.stream import Wanted
from tidings.pipeline.validate import pattern_fault

KIND = b"text/event-stream"
RETRY_MS = 1_000, 3_000
"""After how long a reader comes again that was cut off: chance spreads those that were cut off together."""
_HEADERS: Headers = [(b"x-accel-buffering", b"no")]
"""Asks proxies to hand on at once what comes."""
_ALIVE = b": still here\n\n"

ENDS = {
    "shutdown": "The server is stopping; come again with the last id.",
    "key": "The key was revoked, rotated, expired, or may not be used from here any more; or the session is over.",
    "unavailable": "Events cannot be read now; come again with the last id.",
}
"""Why a stream ends that its reader did not leave."""

_Sought = Annotated[str, Meta(min_length=1, max_length=128)]


class StreamQuery(msgspec.Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """What a stream may be narrowed by, and where it goes on."""

    types: (
        Annotated[
            str,
            Meta(
                min_length=1, max_length=1_000,
                description="types of events, or beginnings with `*` like `message.*`, separated by commas; else all",
            ),
        ]
        | None
    ) = None  # fmt: skip
    message_id: Annotated[str, Meta(pattern="^msg_[0-9a-z]{13}$")] | None = None
    direction: Literal["mt", "mo"] | None = None
    to: _Sought | None = None
    sender: _Sought | None = None
    tag: _Sought | None = None
    client_ref: _Sought | None = None
    last_event_id: (
        Annotated[
            str,
            Meta(max_length=128, description="for those who cannot set the header `Last-Event-ID`, which wins over it"),
        ]
        | None
    ) = None


async def gone(call: Call) -> None:
    """Returns once nobody reads the answer any more."""
    while (await call.receive())["type"] != "http.disconnect":
        pass


async def get(call: Call) -> Reply:
    """A stream that goes on until its reader leaves, its key ends, or the server stops."""
    streams = call.house.streams
    if streams is None:
        return problem("unavailable", "This server tells nothing live.")
    wanted, position = _wanted(call), _position(call)
    watcher = await streams.watch(wanted, position, lambda: _still_allowed(call), lambda: gone(call))
    if isinstance(watcher, Refused):
        return refusal(watcher)
    low, high = RETRY_MS
    retry = low + int(call.house.clock.random() * (high - low))
    return Reply(200, b"", KIND, list(_HEADERS), flow=Flow(watcher, call.house.settings.stream.heartbeat, retry))


class Flow:
    """The blocks of one stream: where it begins, what happens, signs of life, and why it ends."""

    __slots__ = ("_ended", "_heartbeat_s", "_opening", "_told", "_watcher")

    def __init__(self, watcher: Watcher, heartbeat_s: float, retry_ms: int) -> None:
        self._watcher = watcher
        self._heartbeat_s = heartbeat_s
        self._told = watcher.position
        self._opening = b"retry: %d\n%b" % (retry_ms, _place("stream.open", self._told))
        self._ended = False

    async def next(self) -> bytes | None:
        """What goes out next, None at the end."""
        if self._opening:
            opening, self._opening = self._opening, b""
            return opening
        if self._ended:
            return None
        blocks = await self._watcher.next(self._heartbeat_s)
        if blocks is None:
            self._ended = True
            return _end(self._watcher.reason)
        return blocks or self._sign_of_life()

    def close(self) -> None:
        """Nobody reads any more."""
        self._watcher.close()

    def _sign_of_life(self) -> bytes:
        """Where it stands, if it passed over what others want; so that coming again does not look there twice."""
        position = self._watcher.position
        if position == self._told:
            return _ALIVE
        self._told = position
        return _place("stream.position", position)


def _place(kind: str, position: int) -> bytes:
    shown = position_id(position)
    return f"id: {shown}\n".encode() + _block(kind, {"position": shown})


def _end(reason: str) -> bytes | None:
    return _block("stream.end", {"reason": reason, "detail": ENDS[reason]}) if reason else None


def _block(kind: str, data: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode({"type": kind, "data": data}))


async def _still_allowed(call: Call) -> bool:
    """Whether it would still be let in; while the store cannot say so, nothing is told anyway."""
    try:
        return await still(call)
    except StoreUnavailable:
        return True


def _wanted(call: Call) -> Wanted:
    query: StreamQuery = call.query or StreamQuery()
    message_id = None
    if query.message_id is not None:
        message_id = ids.parse("msg", query.message_id)
        if message_id is None:
            raise Abort("not_found", "There is no message with this id.")
    return Wanted(
        account_id=call.account_id, types=_types(query.types), message_id=message_id, direction=query.direction,
        to=query.to, sender=query.sender, tag=query.tag, client_ref=query.client_ref,
        inbox="read" not in call.caller.powers,
    )  # fmt: skip


def _types(text: str | None) -> frozenset[str]:
    patterns = [] if text is None else [one.strip() for one in text.split(",")]
    faults = [Fault("?types", f"`{one[:64]}` {why}") for one in patterns if (why := pattern_fault(one)) is not None]
    if faults:
        raise Abort("validation_failed", "A query parameter is not valid; see `errors`.", errors=faults[:100])
    return types_of(patterns)


def _position(call: Call) -> int | None:
    """Where to go on: the header, which browsers send when they come again by themselves, else the parameter."""
    header = call.headers.get(b"last-event-id", b"").decode("latin-1")
    text = header or (call.query.last_event_id if call.query else None)
    if not text:
        return None
    position = position_of(text)
    if position is None:
        raise Abort("cannot_resume", "Last-Event-ID is no `id` of this stream, which look like `pos_000000000001a`.")
    return position
