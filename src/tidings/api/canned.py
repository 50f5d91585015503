"""Replies that are kept ready: made, listed, changed and dropped."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.keys import LINE, before_of, cut
from tidings.api.moments import Time, show
from tidings.api.problems import Abort, refusal
from tidings.api.webhooks import Gone
from tidings.core import ids
from tidings.core.conversation import CannedReply
from tidings.core.questions import Tx
from tidings.core.request import Refused
from tidings.pipeline import inbox

CannedName = Annotated[str, Meta(min_length=1, max_length=64, pattern=LINE, description="told apart in an account")]
CannedText = Annotated[str, Meta(min_length=1, max_length=10_000)]


class CannedRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reply to be kept ready."""

    name: CannedName
    text: CannedText


class CannedChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about a reply that is kept ready."""

    name: CannedName | UnsetType = UNSET
    text: CannedText | UnsetType = UNSET


class CannedView(msgspec.Struct, frozen=True):
    """A reply that is kept ready."""

    id: str
    name: str
    text: str
    created_at: Time


class CannedList(msgspec.Struct, frozen=True):
    """Replies that are kept ready, newest first."""

    data: list[CannedView]
    next_cursor: str | None


async def post(call: Call) -> Reply:
    """A new one."""
    house, body = call.house, call.body
    made = CannedReply(house.new_id(), call.account_id, body.name, body.text, house.clock.now())
    return _kept((await house.store.write(inbox.keep_canned, [made]))[0], 201)


async def page(call: Call) -> Reply:
    """All of them, newest first."""
    before, limit = before_of(call.query.cursor), call.query.limit

    async def ask(tx: Tx) -> list[CannedReply]:
        return await tx.conversations.canned(call.account_id, before, limit + 1)

    found, cursor = cut(await call.house.store.read(ask), limit)
    return Reply(200, views.encode(CannedList([_view(one) for one in found], cursor)))


async def patch(call: Call) -> Reply:
    """Change what is named."""
    changes = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    before = await find(call, call.params["id"])
    if before is None:
        raise Abort("not_found", inbox.NO_CANNED.detail)
    changed = msgspec.structs.replace(before, **changes)
    return _kept((await call.house.store.write(inbox.keep_canned, [changed]))[0])


async def delete(call: Call) -> Reply:
    """Drop one."""
    wanted = (call.account_id, ids.parse("can", call.params["id"]) or 0)
    gone = (await call.house.store.write(inbox.drop_canned, [wanted]))[0]
    return Reply(200, views.encode(Gone())) if gone else refusal(inbox.NO_CANNED)


async def find(call: Call, shown: str) -> CannedReply | None:
    """One of the account by the id that is shown."""
    number = ids.parse("can", shown) or 0

    async def ask(tx: Tx) -> CannedReply | None:
        return await tx.conversations.one_canned(call.account_id, number)

    return await call.house.store.read(ask)


def _kept(kept: CannedReply | Refused, status: int = 200) -> Reply:
    return refusal(kept) if isinstance(kept, Refused) else Reply(status, views.encode(_view(kept)))


def _view(one: CannedReply) -> CannedView:
    return CannedView(ids.show("can", one.id), one.name, one.text, show(one.created_at))
