"""Batches: many messages in one request, each with its own outcome."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tidings.api import views
from tidings.api.body import READ_ERRORS, all_faults, unreadable
from tidings.api.call import Call, Reply
from tidings.api.messages import fit, idempotency, limited, replayed
from tidings.api.problems import Abort, details, refusal
from tidings.core import ids
from tidings.core.request import Fault, Invalid, Refused, Request, Result
from tidings.pipeline.accept import accept

CHUNK = 500
"""Items between two turns of the event loop, so that a batch does not hold up single messages."""

_decode = msgspec.json.Decoder(Request).decode


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Many messages; each item stays raw, so that a bad one does not spoil the rest."""

    messages: list[msgspec.Raw]
    atomic: bool = False


class BatchShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Many messages in one request."""

    messages: Annotated[
        list[Request], Meta(min_length=1, description="up to `limits.batch_messages`, 10,000 as shipped")
    ]
    atomic: Annotated[bool, Meta(description="true: all or nothing")] = False


class BatchShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be said against a batch as a whole."""

    messages: list[Any]
    atomic: bool = False


async def post(call: Call) -> Reply:
    """Many messages: an outcome each; 202 when any was accepted, else 422 of the same shape."""
    batch: Batch = call.body
    _check_size(len(batch.messages), call.house.settings.limits.batch_messages)
    key = idempotency(call)
    requests: list[Request | Invalid] = []
    for start in range(0, len(batch.messages), CHUNK):
        requests += [_item(raw) for raw in batch.messages[start : start + CHUNK]]
        await asyncio.sleep(0)
    answer = await accept(
        call.house, call.account_id, requests, idempotency=key, atomic=batch.atomic, caller=call.key, door="batch"
    )
    if isinstance(answer, Refused):
        return limited(call, refusal(answer))
    reply = limited(call, await _render(answer.results))
    reply.headers += replayed(answer.replayed)
    return reply


def _check_size(count: int, most: int) -> None:
    if not count:
        raise Abort("validation_failed", errors=[Fault("/messages", "holds no message")])
    if count > most:
        fault = Fault("/messages", f"holds {count} messages; {most} at most in one request")
        raise Abort("validation_failed", errors=[fault])


def _item(raw: msgspec.Raw) -> Request | Invalid:
    try:
        return fit(_decode(raw))
    except msgspec.ValidationError as fault:
        return Invalid(all_faults(Request, raw, fault))
    except READ_ERRORS as fault:
        return Invalid(unreadable(fault, raw))


async def _render(results: tuple[Result, ...]) -> Reply:
    data: list[views.BatchOutcome] = []
    for start in range(0, len(results), CHUNK):
        data += [_outcome(start + at, result) for at, result in enumerate(results[start : start + CHUNK])]
        await asyncio.sleep(0)
    accepted = sum(outcome.error is None for outcome in data)
    body = views.encode(views.BatchAnswer(data, accepted, len(data) - accepted))
    return Reply(202 if accepted else 422, body)


def _outcome(index: int, result: Result) -> views.BatchOutcome:
    if isinstance(result, Invalid):
        errors = [Fault(f"/messages/{index}{fault.pointer}", fault.detail) for fault in result.errors]
        return views.BatchOutcome(index, error=details("validation_failed", errors=errors))
    if isinstance(result, Refused):
        return views.BatchOutcome(index, error=details(result.code, result.detail))
    shown = ids.show("msg", result.message.id)
    if result.message.status == "rejected":
        return views.BatchOutcome(index, error=details("rejected", message_id=shown, verdicts=result.verdicts))
    return views.BatchOutcome(index, shown, result.message.status)
