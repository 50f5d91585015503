"""Rows of the table: what happens, live."""

from __future__ import annotations

from tidings.api import examples, stream
from tidings.api.call import Endpoint

STREAM: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path="/v1/stream",
        handle=stream.get,
        name="streamEvents",
        summary="What happens, live, as server-sent events",
        detail="Each event has its type as `event`, the body of the webhook that tells of it as `data`, and its place "
        "as `id`. Give the last `id` back as `Last-Event-ID` and the stream goes on behind it, without a gap or a "
        "repetition, also after a restart. `stream.open` tells where it begins, `stream.position` that others were "
        "passed over, `stream.end` why it ends. A comment comes every `stream.heartbeat` seconds at the least.",
        scope="read",
        also="inbox",
        query=stream.StreamQuery,
        resumable=True,
        safe=False,
        answer=str,
        answer_kind="text/event-stream",
        problems=("cannot_resume", "not_found", "too_many_streams", "streams_full"),
        answer_example=examples.STREAM,
    ),
)
