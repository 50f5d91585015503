"""Notes beside conversations: written, listed, changed and dropped."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tidings.api import conversations, views
from tidings.api.call import Call, Reply
from tidings.api.keys import LINE, before_of, cut
from tidings.api.moments import Time, show, show_or_none
from tidings.api.problems import refusal
from tidings.api.webhooks import Gone
from tidings.core import ids
from tidings.core.conversation import Note
from tidings.core.questions import Tx
from tidings.core.request import Refused
from tidings.pipeline import inbox

Author = Annotated[str, Meta(max_length=100, pattern=LINE)]
Body = Annotated[str, Meta(min_length=1, max_length=10_000)]


class NoteRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something to be remembered beside a conversation; the handset never sees it."""

    text: Body
    author: Author = ""


class NoteChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about a note; what is not named stays."""

    text: Body | UnsetType = UNSET
    author: Author | UnsetType = UNSET


class NoteView(msgspec.Struct, frozen=True):
    """A note beside a conversation."""

    id: str
    author: str
    text: str
    created_at: Time
    changed_at: Annotated[Time | None, Meta(description="null: never")]


class NoteList(msgspec.Struct, frozen=True):
    """Notes, newest first."""

    data: list[NoteView]
    next_cursor: Annotated[str | None, Meta(description="null on the last page")]


async def post(call: Call) -> Reply:
    """A note beside a conversation."""
    house, body = call.house, call.body
    where = conversations.id_of(call)
    note = Note(house.new_id(), call.account_id, where, body.author, body.text, house.clock.now())
    return _kept((await house.store.write(inbox.add_notes, [note]))[0], 201)


async def page(call: Call) -> Reply:
    """Notes beside a conversation, newest first."""
    before, limit = before_of(call.query.cursor), call.query.limit
    one = await conversations.find(call)

    async def ask(tx: Tx) -> list[Note]:
        return await tx.conversations.notes(one.id, before, limit + 1)

    found, cursor = cut(await call.house.store.read(ask), limit)
    return Reply(200, views.encode(NoteList([_view(one) for one in found], cursor)))


async def patch(call: Call) -> Reply:
    """Change what is named."""
    fields = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    change = inbox.NoteChange(call.account_id, _id(call), **fields)
    return _kept((await call.house.store.write(inbox.change_notes, [change]))[0])


async def delete(call: Call) -> Reply:
    """Drop a note."""
    gone = (await call.house.store.write(inbox.drop_notes, [(call.account_id, _id(call))]))[0]
    return Reply(200, views.encode(Gone())) if gone else refusal(inbox.NO_NOTE)


def _id(call: Call) -> int:
    return ids.parse("note", call.params["id"]) or 0


def _kept(kept: Note | Refused, status: int = 200) -> Reply:
    return refusal(kept) if isinstance(kept, Refused) else Reply(status, views.encode(_view(kept)))


def _view(one: Note) -> NoteView:
    shown = ids.show("note", one.id)
    return NoteView(shown, one.author, one.text, show(one.created_at), show_or_none(one.changed_at))
