"""A code's webhook: what it is told, and what its answer comes to."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.core import redelivery, replies
from tidings.core.codes import Call
from tidings.core.ids import show
from tidings.core.message import DAY, Message, Millis
from tidings.core.moments import written
from tidings.core.ports import NotPosted, Posted, StoreUnavailable, stage
from tidings.core.questions import Tx
from tidings.core.request import Answer, Idempotency, Refused, Request, Stored
from tidings.pipeline import accept, grant
from tidings.pipeline.house import House

REPLIES_MOST = 5
REPLY_DAYS = 1
"""An answer may send texts while its call is younger than this: so long its idempotency is kept."""
FORGET_MOST = 1_000

_encode = msgspec.json.Encoder().encode


class Told(msgspec.Struct, frozen=True):
    """A call with the message that it tells of, and the name of its code."""

    call: Call
    message: Message
    code: str


def body(told: Told) -> bytes:
    """What is posted. Made from what was understood when the text came, the same however often it goes out."""
    call, message = told.call, told.message
    return _encode(
        {
            "id": show("call", call.id), "type": "code.matched", "occurred_at": written(call.created_at),
            "data": {
                "code": told.code, "code_id": show("code", call.code_id), "message_id": show("msg", message.id),
                "from": message.sender, "to": message.to, "text": message.text,
                **msgspec.json.decode(call.said or "{}"),
            },
        }
    )  # fmt: skip


async def due(tx: Tx, endpoint: str, now: Millis, limit: int) -> list[Told]:
    """Calls of an endpoint that are due, with what they tell of."""
    calls = await tx.codes.due(endpoint, now, limit)
    messages = await tx.messages.by_id(one.message_id for one in calls)
    found = []
    for one in calls:
        code = await tx.codes.one(one.account_id, one.code_id)
        found.append(Told(one, messages[one.message_id], "" if code is None else code.rule.name))
    return found


@stage(order=90)
async def settle_calls(tx: Tx, calls: Sequence[Call], now: Millis) -> list[None]:
    """Keep what calls came to."""
    await tx.codes.settle_calls(calls)
    return [None] * len(calls)


@stage(order=98)
async def forget(tx: Tx, befores: Sequence[Millis], now: Millis) -> list[bool]:
    """Drop calls that ended long ago, and the paces of who wrote nothing of late; True where there may be more."""
    more = []
    for before in befores:
        calls = await tx.codes.forget_calls(before, FORGET_MOST)
        paces = await tx.codes.forget_paces(now - 2 * DAY, FORGET_MOST)
        more.append(FORGET_MOST in (calls, paces))
    return more


async def outcome(house: House, told: Told, came: Posted | NotPosted) -> Call:
    """What a request came to: answered, to be repeated, or given up. Texts that it asks for are sent, once."""
    call, now = told.call, house.clock.now()
    attempts = call.attempts + 1
    if isinstance(came, NotPosted):
        return failed(house, call, attempts, f"{came.kind}: {came.detail}", None)
    if not 200 <= came.status < 300:
        asked = redelivery.asked_wait(came.headers.get("retry-after"), now)
        return failed(house, call, attempts, f"the endpoint answered {came.status}", asked, gone=came.status == 410)
    note, again = await _reply(house, told, came)
    if again:
        return failed(house, call, attempts, note, None)
    return msgspec.structs.replace(
        call, status="answered", attempts=attempts, next_at=None, said=None, finished_at=now, note=note
    )


def failed(
    house: House, call: Call, attempts: int, note: str, asked: Millis | None, gone: bool = False
) -> Call:  # fmt: skip
    """What a failed attempt comes to: another one later, or none where its time is over or nobody is there (`gone`)."""
    now = house.clock.now()
    wait = redelivery.retry_wait(attempts, call.created_at, now, house.clock.random(), asked)
    if gone or wait is None:
        return msgspec.structs.replace(
            call, status="dead", attempts=attempts, next_at=None, said=None, finished_at=now, note=note
        )
    return msgspec.structs.replace(call, attempts=attempts, next_at=now + wait, note=note)


async def _reply(house: House, told: Told, came: Posted) -> tuple[str, bool]:
    """Send what the answer asks for; a sentence on it, and whether to ask the endpoint once more."""
    call, message = told.call, told.message
    if came.truncated:
        return "its answer is too long to be read", False
    asked = replies.asked(call.replies, came.headers.get("content-type", ""), came.body)
    if isinstance(asked, replies.Unreadable):
        return f"its answer cannot be used: {asked.why}", False
    if len(asked) > REPLIES_MOST:
        return f"its answer holds {len(asked)} texts; {REPLIES_MOST} at the most are sent", False
    if not asked or house.clock.now() - call.created_at >= REPLY_DAYS * DAY:
        return "", False
    requests = [
        Request(to=message.sender, sender=message.to, text=one.text, category=one.category) for one in asked
    ]  # fmt: skip
    once = Idempotency(f"\x01call {call.id}", b"")
    try:
        granted = await grant.grant(house, message, [one.text for one in asked], once.key)
        if not granted.texts:
            return f"not sent: {granted.verdict.detail}", False
        requests, left = requests[: granted.texts], len(requests) - granted.texts
        answer = await accept.accept(house, call.account_id, requests, idempotency=once, door="code")
    except StoreUnavailable:
        return "its texts could not be stored", True
    if not isinstance(answer, Answer):
        return f"its texts were not taken: {answer.detail}", True
    sent = [show("msg", one.message.id) for one in answer.results if isinstance(one, Stored)]
    against = [
        one.detail if isinstance(one, Refused) else "; ".join(fault.detail for fault in one.errors)
        for one in answer.results
        if not isinstance(one, Stored)
    ]
    if left:
        against.append(f"{left} more than may be sent between these two numbers now")
    return "; ".join([*(f"sent {one}" for one in sent), *(f"not sent: {why}" for why in against)]), False
