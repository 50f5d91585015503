"""What requests to webhooks came to: delivered, to be repeated or given up; and what is forgotten in time."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from tidings.core import redelivery, signing
from tidings.core.message import Message, Millis
from tidings.core.ports import NotPosted, Posted, stage
from tidings.core.questions import Tx
from tidings.core.telling import Load
from tidings.core.webhook import Delivery, Try

TRIES_KEPT = 50
"""Newest attempts that the log keeps of one delivery."""
BURY_MOST = 1_000
EVER: Millis = 1 << 62
"""After all moments."""
GONE = "the endpoint answered 410 Gone"
PRIVATE_LEAST = 3
"""Characters of the shortest number; an answer below that repeats none."""
ANSWER_KEPT = 1_000
"""Characters of an answer that the log keeps."""


class Reply(msgspec.Struct, frozen=True):
    """What became of the text that an answer asked to send back."""

    message_id: int | None = None
    note: str = ""
    """Why there is none."""
    again: bool = False
    """Whether it may succeed when the endpoint is asked once more."""
    asked: bool = False
    """Whether the answer holds texts, which the log must not keep a second time."""


NO_REPLY = Reply()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one request came to, for every delivery that was in it."""

    endpoint: str
    deliveries: tuple[Delivery, ...]
    at: Millis
    took_ms: int
    kind: str
    """`delivered`, `refused`, or the kind of a NotPosted."""
    status_code: int | None = None
    digest: str = ""
    octets: int = 0
    answer: str = ""
    detail: str = ""
    asked: Millis | None = None
    """Wait that a Retry-After asked for."""
    chance: float = 0.0
    reply: Reply = NO_REPLY

    @property
    def gone(self) -> bool:
        """Whether the endpoint said that it is gone for good."""
        return self.status_code == 410


def outcome(
    loads: Sequence[Load],
    sent: bytes,
    at: Millis,
    came: Posted | NotPosted,
    chance: float,
    reply: Reply = NO_REPLY,
) -> Outcome:
    """What an answer, or its absence, means."""
    status, answer, asked = None, "", None
    if isinstance(came, NotPosted):
        kind, detail = came.kind, came.detail
    else:
        status, answer = came.status, _HOLDS_REPLY if reply.asked else _kept(came, loads)
        kind, detail = "delivered", reply.note
        if not 200 <= status < 300:
            kind, detail = "refused", "redirects are not followed; change the URL" if 300 <= status < 400 else ""
            asked = redelivery.asked_wait(came.headers.get("retry-after"), at + came.took_ms)
    return Outcome(
        endpoint=loads[0].delivery.endpoint, deliveries=tuple(load.delivery for load in loads), at=at,
        took_ms=came.took_ms, kind=kind, status_code=status, digest=signing.digest(sent), octets=len(sent),
        answer=answer, detail=detail, asked=asked, chance=chance, reply=reply,
    )  # fmt: skip


def _kept(came: Posted, loads: Sequence[Load]) -> str:
    """The beginning of an answer, without the texts and numbers that the log must not hold a second time."""
    if not came.body:
        return ""
    if any(load.event.type == "message.received" for load in loads) and b'"reply"' in came.body:
        return _HOLDS_REPLY
    text = came.body.decode("utf-8", "replace").replace("\0", "�")
    if len(text) < PRIVATE_LEAST:
        return text
    private = {form for load in loads if load.message for form in _private(load.message, len(text))}
    # What is cut off here cannot reach into what is kept, however long the longest of them is.
    text = text[: ANSWER_KEPT + max(map(len, private), default=0)]
    for form in sorted(private, key=len, reverse=True):
        text = text.replace(form, "[…]")
    return text[:ANSWER_KEPT]


_HOLDS_REPLY = "(holds a reply, which is kept as a message)"


def _private(message: Message, most: int) -> set[str]:
    """What of a message an answer of so many characters may repeat."""
    given = [one for one in (message.text, message.to, message.sender) if one and len(one) <= most + 1]
    return {form for one in given for form in _forms(one) if len(form) <= most}


_encode = msgspec.json.Encoder().encode


def _forms(private: str) -> set[str]:
    """How something may be repeated: as it is, in JSON, in JSON of ASCII, a number without its plus."""
    forms = {private}
    if not _PLAIN.fullmatch(private):
        escaped = _encode(private)[1:-1].decode()
        forms |= {escaped, "".join(one if one.isascii() else _escaped(one) for one in escaped)}
    return forms | {private[1:]} if private[0] == "+" and len(private) > 6 else forms


_PLAIN = re.compile(r"[ !#-\[\]-~]*")
"""What JSON writes as it is."""


def _escaped(letter: str) -> str:
    octets = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{octets[at]:02x}{octets[at + 1]:02x}" for at in range(0, len(octets), 2))


def may_reply(load: Load, came: Posted | NotPosted) -> bool:
    """Whether this may be the answer to a text from a handset that asks to send something back; replays ask in vain."""
    if load.event.type != "message.received" or load.delivery.reply_id is not None:
        return False
    return isinstance(came, Posted) and 200 <= came.status < 300 and bool(came.body)


@stage(order=91, private=True)
async def settle(tx: Tx, outcomes: Sequence[Outcome], now: Millis) -> list[tuple[Delivery, ...]]:
    """Record what requests came to: delivered, to be repeated, or given up. What was withdrawn meanwhile stays so."""
    withdrawn = await tx.webhooks.ended([one.id for outcome in outcomes for one in outcome.deliveries])
    meanwhile = await tx.webhooks.deliveries(withdrawn) if withdrawn else {}
    settled = [
        tuple([_settled(meanwhile.get(one.id, one), outcome, now) for one in outcome.deliveries])
        for outcome in outcomes
    ]  # fmt: skip
    rows = [row for rows in settled for row in rows]
    await tx.webhooks.settle([row for row in rows if row.id not in meanwhile])
    await tx.webhooks.note([row for row in rows if row.id in meanwhile])
    await tx.webhooks.log(
        [_try(row, outcome) for outcome, rows in zip(outcomes, settled, strict=True) for row in rows]
    )  # fmt: skip
    for row in (row for row in rows if row.attempts > TRIES_KEPT):
        await tx.webhooks.forget_tries(row.id, row.attempts - TRIES_KEPT)
    for outcome in outcomes:
        await _consequences(tx, outcome, now)
    return settled


def _settled(row: Delivery, outcome: Outcome, now: Millis) -> Delivery:
    attempts = row.attempts + 1
    reply_id = outcome.reply.message_id or row.reply_id
    replace = msgspec.structs.replace
    if row.status != "waiting":
        return replace(row, attempts=attempts, reply_id=reply_id)
    if outcome.kind == "delivered":
        return replace(row, status="delivered", attempts=attempts, next_at=None, finished_at=now, reply_id=reply_id)
    number = attempts if row.began_at == row.created_at else _since_replay(row, now)
    wait = redelivery.retry_wait(number, row.began_at, now, outcome.chance, outcome.asked)
    if wait is None or outcome.gone:
        return replace(row, status="dead", attempts=attempts, next_at=None, finished_at=now)
    return replace(row, attempts=attempts, next_at=now + wait)


def _since_replay(row: Delivery, now: Millis) -> int:
    """Which attempt of the doubling schedule it is that many milliseconds after a replay."""
    steps = max(0, now - row.began_at) // redelivery.FIRST_WAIT
    return max(1, (steps + 1).bit_length())


def _try(row: Delivery, outcome: Outcome) -> Try:
    return Try(
        delivery_id=row.id, number=row.attempts, at=outcome.at, took_ms=outcome.took_ms, outcome=outcome.kind,
        status_code=outcome.status_code, digest=outcome.digest, octets=outcome.octets, answer=outcome.answer,
        detail=outcome.detail,
    )  # fmt: skip


async def _consequences(tx: Tx, outcome: Outcome, now: Millis) -> None:
    """410 switches a subscription off and gives up what waits for it; a failure gives up what is long overdue."""
    if outcome.kind == "delivered":
        return
    first = outcome.deliveries[0]
    if not outcome.gone or first.webhook_id is None:
        await tx.webhooks.bury(outcome.endpoint, now - redelivery.OVERDUE_MOST, BURY_MOST, now)
        return
    subscription = await tx.webhooks.one(first.account_id, first.webhook_id)
    if subscription is not None and subscription.enabled:
        off = msgspec.structs.replace(subscription, enabled=False, disabled_reason=GONE)
        await tx.webhooks.change(off)
        await tx.webhooks.changed()


# what time alone does, a page at a time


class Grave(msgspec.Struct, frozen=True):
    """An endpoint whose deliveries are given up as far as they were due before a moment."""

    endpoint: str
    due_before: Millis


@stage(order=92)
async def bury(tx: Tx, graves: Sequence[Grave], now: Millis) -> list[bool]:
    """Give up what waits; True where there may be more of it."""
    return [
        len(await tx.webhooks.bury(one.endpoint, one.due_before, BURY_MOST, now)) == BURY_MOST for one in graves
    ]  # fmt: skip


@stage(order=93)
async def withdraw(tx: Tx, endpoints: Sequence[str], now: Millis) -> list[bool]:
    """Cancel what waits for subscriptions that are gone; True where there may be more of it."""
    return [await tx.webhooks.withdraw(one, BURY_MOST, now) == BURY_MOST for one in endpoints]


@stage(order=94)
async def forget(tx: Tx, delivery_ids: Sequence[int], now: Millis) -> list[None]:
    """Drop deliveries past their retention, with their log."""
    await tx.webhooks.forget(delivery_ids)
    return [None] * len(delivery_ids)


@stage(order=94)
async def drop_day(tx: Tx, moments: Sequence[Millis], now: Millis) -> list[bool]:
    """Drop a day of deliveries that ended before a moment, where they are kept by the day; True: there may be more."""
    return [await tx.webhooks.drop_day(before) for before in moments]


@stage(order=95)
async def forget_callbacks(tx: Tx, message_ids: Sequence[int], now: Millis) -> list[None]:
    """Drop what messages that ended long ago asked for; without any left, nobody needs to look for them."""
    await tx.webhooks.forget_callbacks(message_ids)
    if not (await tx.webhooks.has_callbacks())[0]:
        await tx.webhooks.changed()
    return [None] * len(message_ids)
