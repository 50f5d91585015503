"""The traffic of SMPP links as it goes, a line of JSON for each PDU; the form is in docs/reference/capture.md."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tidings.api import esmes
from tidings.api.call import Call, Headers, Reply
from tidings.api.problems import Abort, refusal
from tidings.api.stream import gone
from tidings.core import ids
from tidings.core.request import Refused

KIND = b"application/x-ndjson"
_HEADERS: Headers = [(b"x-accel-buffering", b"no")]


class CaptureQuery(msgspec.Struct, frozen=True, kw_only=True):
    """For how long, and how much is told."""

    seconds: Annotated[int, Meta(ge=1, le=3600, description="after which it ends by itself")] = 60
    whole: Annotated[
        Literal["true", "false"], Meta(description="with texts and whole numbers; passwords are hidden all the same")
    ] = "false"


async def of_carrier(call: Call) -> Reply:
    """What goes over the links of a carrier, until its reader leaves or the time is over."""
    return _flow(call, f"carriers/{call.params['name']}", "There is no carrier with this name.")


async def of_esme(call: Call) -> Reply:
    """What goes over the binds of a customer's ESME."""
    found = await esmes.one(call)
    return _flow(call, f"esmes/{ids.show('esme', found.id)}", "There is no ESME with this id.")


def _flow(call: Call, name: str, unknown: str) -> Reply:
    captures = call.house.captures
    query: CaptureQuery = call.query or CaptureQuery()
    opened = None if captures is None else captures.open(name, query.seconds, query.whole == "true", lambda: gone(call))
    if opened is None:
        raise Abort("not_found", unknown)
    if isinstance(opened, Refused):
        return refusal(opened)
    return Reply(200, b"", KIND, list(_HEADERS), flow=opened)
