"""Messages: post one, list, read one, its events, its whole story, cancel."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tidings.api import views
from tidings.api.call import Call, Headers, Reply
from tidings.api.moments import millis, show
from tidings.api.problems import Abort, problem, refusal
from tidings.core import ids
from tidings.core.message import DAY, Message
from tidings.core.questions import Event, Filter, Page, Tx
from tidings.core.request import Fault, Idempotency, Invalid, Moment, Refused, Request, Result, Stored
from tidings.pipeline.accept import accept
from tidings.pipeline.cancel import cancel
from tidings.pipeline.explain import origin

METADATA_DEPTH = 16
"""Levels that `metadata` may be nested."""

_KEY = re.compile(r"(?=.{1,255}\Z)[!-~]([ -~]*[!-~])?")

_Sought = Annotated[str, Meta(min_length=1, max_length=128)]


class ListQuery(msgspec.Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """What a list of messages may be narrowed by."""

    status: views.Status | None = None
    to: _Sought | None = None
    sender: _Sought | None = None
    direction: Literal["mt", "mo"] | None = None
    tag: _Sought | None = None
    client_ref: _Sought | None = None
    in_reply_to: Annotated[str, Meta(pattern="^msg_[0-9a-z]{13}$", description="what answers this one")] | None = None
    since: Annotated[Moment | None, Meta(description="created at or after")] = None
    until: Annotated[Moment | None, Meta(description="created at or before")] = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, Meta(pattern="^cur_[0-9a-z]{13}$", description="next_cursor of the page before")] | None = (
        None
    )


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No body, or an empty object."""


async def post(call: Call) -> Reply:
    """One message: stored, then 202."""
    request = fit(call.body)
    answer = await accept(
        call.house, call.account_id, (request,), idempotency=idempotency(call), caller=call.key, door="rest"
    )
    if isinstance(answer, Refused):
        return limited(call, refusal(answer))
    reply = limited(call, single(answer.results[0]))
    reply.headers += replayed(answer.replayed)
    return reply


async def page(call: Call) -> Reply:
    """Messages of the account, newest first."""
    query: ListQuery = call.query
    before = _cursor(query.cursor)
    sought = _filter(query)

    async def ask(tx: Tx) -> Page:
        return await tx.messages.page(call.account_id, sought, before, query.limit)

    found = await call.house.store.read(ask)
    cursor = None if found.cursor is None else ids.show("cur", found.cursor)
    data = [views.message(message) for message in found.messages]
    return Reply(200, views.encode(views.MessagePage(data, cursor, not found.complete)))


async def read(call: Call) -> Reply:
    """One message."""

    async def ask(tx: Tx) -> Message:
        return await owned(tx, call)

    return Reply(200, views.encode(views.message(await call.house.store.read(ask))))


async def events(call: Call) -> Reply:
    """What happened to one message, in order."""

    async def ask(tx: Tx) -> tuple[Message, list[Event]]:
        message = await owned(tx, call)
        return message, await tx.events.of(message.id)

    found = await call.house.store.read(ask)
    return Reply(200, views.encode(views.event_list(*found)))


async def stop(call: Call) -> Reply:
    """Cancel while not handed over."""
    if call.key is not None and "read" not in call.key.powers:
        await read(call)
    outcome = await cancel(call.house, call.account_id, message_id(call))
    if isinstance(outcome, Refused):
        absent = outcome.code == "not_found"
        return problem("not_found", _absent(call, message_id(call))) if absent else refusal(outcome)
    return Reply(200, views.encode(views.message(outcome)))


def fit(request: Request) -> Request | Invalid:
    """The request, unless its metadata is nested so deeply that nobody could write it down again."""
    if request.metadata is not None and _deeper(request.metadata, METADATA_DEPTH):
        return Invalid((Fault("/metadata", f"is nested more than {METADATA_DEPTH} levels deep"),))
    return request


def idempotency(call: Call) -> Idempotency | None:
    """The Idempotency-Key of the call with a digest of method, path and body; aborts with 422 when it is no key."""
    key = idempotency_key(call)
    if key is None:
        return None
    start = f"{call.endpoint.method} {call.path}\n".encode("utf-8", "surrogateescape")
    return Idempotency(key, hashlib.sha256(start + call.octets).digest())


def idempotency_key(call: Call) -> str | None:
    """The Idempotency-Key of the call; aborts with 422 when it is no key."""
    name = call.headers.get(b"idempotency-key")
    if name is None:
        return None
    key = name.decode("latin-1")
    if not is_key(key):
        fault = Fault("Idempotency-Key", "must be 1 to 255 printable ASCII characters")
        raise Abort("validation_failed", "The Idempotency-Key header is not valid.", [fault])
    return key


def is_key(text: str) -> bool:
    """Whether this is fit to be an Idempotency-Key."""
    return _KEY.fullmatch(text) is not None


def replayed(yes: bool) -> Headers:
    """The header that tells an earlier answer given again."""
    return [(b"idempotent-replayed", b"true")] if yes else []


def limited(call: Call, reply: Reply) -> Reply:
    """The reply, telling how the key stands with its limits and quotas, where it has some."""
    house, key = call.house, call.key
    if key is None or not (house.keyring.metered or house.meter.by_default):
        return reply
    account = house.keyring.account(key.account_id)
    standing = house.meter.standing(key, account, house.clock.monotonic(), house.clock.now())
    if standing is not None:
        reply.headers += (
            (b"ratelimit-limit", b"%d" % standing.limit),
            (b"ratelimit-remaining", b"%d" % standing.remaining),
            (b"ratelimit-reset", b"%d" % standing.reset_s),
        )
    return reply


def message_id(call: Call) -> int:
    """The id of the path; aborts with 404 when it is none."""
    number = ids.parse("msg", call.params["id"])
    if number is None:
        raise Abort("not_found", _NONE)
    return number


_NONE = "There is no message with this id."


def _absent(call: Call, number: int) -> str:
    """That there is none; and that it is kept no longer, where its id is as old as that."""
    made, days = ids.moment(number), call.house.settings.retention.messages
    if not days or not ids.EPOCH < made < call.house.clock.now() - days * DAY:
        return _NONE
    return (
        f"{_NONE} The id is of {show(made)[:10]}, and messages are kept for {days} days after their end "
        "(`retention.messages`)."
    )


async def owned(tx: Tx, call: Call) -> Message:
    """The message of the path; aborts with 404 when the account has none of this id."""
    message = await tx.messages.one(call.account_id, message_id(call))
    if message is None or not await _to_be_seen(tx, call, message):
        raise Abort("not_found", _absent(call, message_id(call)))
    return message


async def _to_be_seen(tx: Tx, call: Call, message: Message) -> bool:
    """Whether the key sees all, or sent this message itself, as its first event tells."""
    if call.key is None or "read" in call.key.powers:
        return True
    brought = origin(message, await tx.events.of(message.id))
    return brought is not None and call.key.id in (brought.key_id, brought.user_id)


def single(result: Result) -> Reply:
    """What became of one message: 202 with it, or why not."""
    if isinstance(result, Invalid):
        return problem("validation_failed", errors=result.errors)
    if isinstance(result, Refused):
        return refusal(result)
    message = result.message
    shown = views.message(message)
    if message.status == "rejected":
        return problem("rejected", _reason(result), message_id=shown.id, verdicts=result.verdicts)
    return Reply(202, views.encode(shown), headers=[(b"location", f"/v1/messages/{shown.id}".encode())])


def _reason(stored: Stored) -> str:
    against = [verdict.detail for verdict in stored.verdicts if not verdict.allowed]
    return " ".join(against)


def _filter(query: ListQuery) -> Filter:
    return Filter(
        status=query.status,
        to=query.to,
        sender=query.sender,
        direction=query.direction,
        client_ref=query.client_ref,
        tag=query.tag,
        since=None if query.since is None else millis(query.since),
        until=None if query.until is None else millis(query.until),
        in_reply_to=None if query.in_reply_to is None else ids.parse("msg", query.in_reply_to) or 0,
    )


def _cursor(text: str | None) -> int | None:
    if text is None:
        return None
    number = ids.parse("cur", text)
    if number is None:
        raise Abort("validation_failed", errors=[Fault("?cursor", "is no `next_cursor` that was given")])
    return number


def _deeper(value: Any, levels: int) -> bool:
    inner: Sequence[Any]
    if isinstance(value, dict):
        inner = list(value.values())
    elif isinstance(value, list):
        inner = value
    else:
        return False
    return levels == 0 or any(_deeper(item, levels - 1) for item in inner)
