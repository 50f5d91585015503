"""The one table of endpoints: routes, OpenAPI document and docs page are all made from it."""

from __future__ import annotations

from tidings.api import batch, examples, health, keys, messages, preview, views
from tidings.api.call import Endpoint
from tidings.core.request import Request

_SENDING = ("idempotency_in_flight", "idempotency_mismatch", "rejected", "too_many_queued")

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path="/v1/messages",
        handle=messages.post,
        name="postMessage",
        summary="Send a message",
        detail="202 leaves only after the message is on disk. A message that a rule refuses is stored as `rejected` "
        "and answered 422 with its id and the verdicts.",
        scope="send",
        body=Request,
        answer=views.MessageView,
        status=202,
        idempotent=True,
        problems=_SENDING,
        links=("getMessage", "listMessageEvents", "explainMessage", "cancelMessage"),
        example=examples.REQUEST,
        answer_example=examples.MESSAGE,
    ),
    Endpoint(
        method="GET",
        path="/v1/messages",
        handle=messages.page,
        name="listMessages",
        summary="List messages, newest first",
        detail="Give `next_cursor` back as `cursor` for the next page. `incomplete` tells that the search stopped "
        "early: fewer messages than `limit` came, and more may follow on the next page.",
        scope="read",
        query=messages.ListQuery,
        answer=views.MessagePage,
        answer_example=examples.PAGE,
    ),
    Endpoint(
        method="POST",
        path="/v1/messages/batch",
        handle=batch.post,
        name="postBatch",
        summary="Send many messages in one request",
        detail="Each item has its own outcome, in order: `id` and `status`, or `error`. When not one was accepted the "
        "status is 422, with the same body. With `atomic` all are accepted or none.",
        scope="send",
        body=batch.Batch,
        body_checked=batch.BatchShape,
        body_shown=batch.BatchShown,
        answer=views.BatchAnswer,
        status=202,
        idempotent=True,
        problems=_SENDING,
        example=examples.BATCH,
        answer_example=examples.BATCH_ANSWER,
    ),
    Endpoint(
        method="POST",
        path="/v1/messages/preview",
        handle=preview.post,
        name="previewMessage",
        summary="What sending a message would lead to",
        detail="Takes the body of `POST /v1/messages` and goes the same way, but stores and sends nothing. What "
        "sending would refuse as invalid is refused here likewise.",
        scope="send",
        body=Request,
        answer=preview.PreviewView,
        problems=("too_many_queued",),
        example=examples.PREVIEW_REQUEST,
        answer_example=examples.PREVIEW,
    ),
    Endpoint(
        method="GET",
        path="/v1/messages/{id}",
        handle=messages.read,
        name="getMessage",
        summary="Read a message",
        scope="read",
        answer=views.MessageView,
        problems=("not_found",),
        answer_example=examples.DELIVERED,
    ),
    Endpoint(
        method="GET",
        path="/v1/messages/{id}/events",
        handle=messages.events,
        name="listMessageEvents",
        summary="What happened to a message, in order",
        scope="read",
        answer=views.EventList,
        problems=("not_found",),
        answer_example={"data": examples.EVENTS},
    ),
    Endpoint(
        method="GET",
        path="/v1/messages/{id}/explain",
        handle=messages.explain,
        name="explainMessage",
        summary="The whole story of a message",
        detail="The message, its events, every attempt at a carrier, every receipt as it came, and what it all means.",
        scope="read",
        answer=views.Explanation,
        problems=("not_found",),
        answer_example=examples.STORY,
    ),
    Endpoint(
        method="POST",
        path="/v1/messages/{id}/cancel",
        handle=messages.stop,
        name="cancelMessage",
        summary="Cancel a message that is not yet sent",
        detail="Until its first segment is handed to a carrier; after that 409. A repeated call changes nothing.",
        scope="send",
        body=messages.Nothing,
        body_required=False,
        answer=views.MessageView,
        problems=("not_found", "not_cancelable"),
        answer_example=examples.CANCELED,
    ),
    Endpoint(
        method="POST",
        path="/v1/keys",
        handle=keys.post,
        name="createKey",
        summary="Issue an API key",
        detail="The token is in this answer and nowhere else: only its digest is stored.",
        scope="admin",
        body=keys.KeyRequest,
        answer=views.KeyIssued,
        status=201,
        example=examples.KEY_REQUEST,
        answer_example=examples.KEY_ISSUED,
    ),
    Endpoint(
        method="GET",
        path="/v1/keys",
        handle=keys.page,
        name="listKeys",
        summary="List API keys, without their secrets",
        scope="admin",
        answer=views.KeyList,
        answer_example={"data": [examples.KEY]},
    ),
    Endpoint(
        method="GET",
        path="/v1/doctor",
        handle=health.diagnosis,
        name="diagnose",
        summary="What is wrong and what to do about it",
        detail="An empty list means that all is well.",
        scope="admin",
        answer=health.Diagnosis,
        answer_example=examples.DIAGNOSIS,
    ),
    Endpoint(
        method="GET",
        path="/healthz",
        handle=health.healthz,
        name="alive",
        summary="Is the process alive?",
        answer=health.Alive,
        answer_example={"status": "ok"},
    ),
    Endpoint(
        method="GET",
        path="/readyz",
        handle=health.readyz,
        name="ready",
        summary="Are messages taken?",
        detail="200 while they are, even when carriers are down (`degraded` tells); 503 when not.",
        answer=health.Ready,
        problems=("unavailable",),
        answer_example=examples.READY,
    ),
)


def problems_of(endpoint: Endpoint) -> list[str]:
    """Codes of every problem an endpoint may answer."""
    codes = ["bad_request", "internal"]
    if endpoint.scope is not None:
        codes += ["unauthorized", "forbidden", "validation_failed", "unavailable"]
    if endpoint.body is not None:
        codes += ["malformed_json", "request_timeout", "body_too_large", "unsupported_media_type"]
    return [*codes, *(code for code in endpoint.problems if code not in codes)]
