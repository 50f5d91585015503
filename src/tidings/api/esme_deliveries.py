"""What an ESME is owed: receipts and texts that wait for it or were given up, and sending those again."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tidings.api import esmes, views
from tidings.api.call import Call, Reply
from tidings.api.keys import PageQuery, before_of, cut
from tidings.api.moments import Time, show, show_or_none
from tidings.api.problems import Abort
from tidings.core import ids
from tidings.core.events import event_id
from tidings.core.owed import Owed
from tidings.core.questions import Tx
from tidings.pipeline import deliver
from tidings.smpp import status


class EsmeDeliveryQuery(PageQuery, frozen=True, kw_only=True):
    """Which page of which deliveries."""

    status: Annotated[
        Literal["waiting", "dead"],
        Meta(description="not acknowledged yet, or given up"),
    ] = "waiting"


class EsmeReplay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries go out again: one, or without it all that were given up."""

    delivery: Annotated[str, Meta(pattern="^dlv_[0-9a-z]{13}$")] | None = None


class EsmeDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt or a text, or one part of it, on its way to an ESME."""

    id: str
    esme: str
    kind: Annotated[str, Meta(description="`receipt`, `intermediate` or `text`")]
    message_id: str
    event: Annotated[str, Meta(description="id of the event that it tells of")]
    part: int
    parts: int
    status: Annotated[str, Meta(description="`waiting`, `delivered`, `dead` or `canceled`")]
    attempts: int
    created_at: Time
    next_at: Annotated[Time | None, Meta(description="not before this; null once it has ended")]
    finished_at: Time | None
    bind: Annotated[str | None, Meta(description="the session it last went to: system_id and address")]
    command_status: Annotated[str | None, Meta(description="of the last answer; null where none came")]
    reason: Annotated[
        str | None,
        Meta(
            description="why it waits for another attempt or was given up: `refused`, `unanswered`, `queue_full`, "
            "`too_old` or `not_expressible`"
        ),
    ]


class EsmeDeliveries(msgspec.Struct, frozen=True):
    """Deliveries, newest first."""

    data: list[EsmeDelivery]
    next_cursor: str | None


class EsmeReplayed(msgspec.Struct, frozen=True):
    """How many deliveries go out again."""

    count: int


async def page(call: Call) -> Reply:
    """What waits for an ESME, or was given up."""
    query: EsmeDeliveryQuery = call.query
    before, esme = before_of(query.cursor), await esmes.one(call)

    async def ask(tx: Tx) -> list[Owed]:
        return await tx.outbox.page(esme.id, query.status, before, query.limit + 1)

    found, cursor = cut(await call.house.store.read(ask), query.limit)
    return Reply(200, views.encode(EsmeDeliveries([shown(one) for one in found], cursor)))


async def replay(call: Call) -> Reply:
    """Let what was given up go out again."""
    wanted: EsmeReplay | None = call.body
    esme = await esmes.one(call)
    if esme.closed_at is not None:
        raise Abort("esme_closed")
    delivery = None if wanted is None or wanted.delivery is None else ids.parse("dlv", wanted.delivery) or 0
    count = await deliver.replay_some(call.house, esme, delivery)
    if delivery is not None and not count:
        raise Abort("not_found", "No delivery with this id was given up, or the queue has no room for it.")
    return Reply(202, views.encode(EsmeReplayed(count)))


def shown(one: Owed) -> EsmeDelivery:
    """A delivery as the API shows it."""
    return EsmeDelivery(
        id=ids.show("dlv", one.id), esme=ids.show("esme", one.esme_id), kind=one.kind,
        message_id=ids.show("msg", one.message_id), event=event_id(one.message_id, one.sequence), part=one.part,
        parts=one.parts, status=one.status, attempts=one.attempts, created_at=show(one.created_at),
        next_at=show_or_none(one.next_at), finished_at=show_or_none(one.finished_at), bind=one.bind,
        command_status=None if one.answer is None else status.classify(one.answer).hex, reason=one.reason,
    )  # fmt: skip
