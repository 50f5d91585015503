"""Conversations: the inbox, a thread, and what people do with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tidings.api import canned as kept_ready
from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.contacts import ContactId, ContactView, Number, number, view
from tidings.api.keys import LINE, PageQuery, before_of
from tidings.api.messages import fit, idempotency, limited, replayed, single
from tidings.api.moments import Time, millis, show, show_or_none
from tidings.api.problems import Abort, problem, refusal
from tidings.core import ids
from tidings.core.conversation import (
    SNOOZED,
    Contact,
    Conversation,
    ConversationFilter,
    ConversationPage,
)
from tidings.core.message import DAY, Message
from tidings.core.questions import Tx
from tidings.core.request import Fault, Invalid, Moment, Refused, Request, Short, Text
from tidings.pipeline import inbox
from tidings.text.number import Unusable, is_name, sender_of

Status = Literal["open", "snoozed", "closed"]
Assignee = Annotated[
    str, Meta(min_length=1, max_length=100, pattern=LINE, description="who looks after it, in words of yours")
]
Label = Annotated[str, Meta(min_length=1, max_length=64, pattern=LINE)]
Labels = Annotated[tuple[Label, ...], Meta(max_length=20)]
Sender = Annotated[str, Meta(min_length=1, max_length=32, description="number or short code of the account")]
_CannedId = Annotated[str, Meta(pattern="^can_[0-9a-z]{13}$")]
SNOOZE_MOST = 366 * DAY


class ConversationRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sender": "from"}
):
    """A conversation that shall be there."""

    to: Annotated[Number, Meta(description="the person's number")]
    sender: Annotated[Sender | None, Meta(description="without it the account's default sender")] = None


class ConversationChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about a conversation; what is not named stays."""

    status: Status | UnsetType = UNSET
    snoozed_until: Annotated[Moment, Meta(description="when it opens by itself; with `status` snoozed")] | UnsetType = (
        UNSET
    )
    assignee: Assignee | UnsetType | None = UNSET
    labels: Labels | UnsetType = UNSET
    read: Annotated[bool, Meta(description="true: nothing is unread; false: at least one text is")] | UnsetType = UNSET


class ConversationQuery(PageQuery, frozen=True, kw_only=True, rename={"sender": "from"}):
    """What a list of conversations may be narrowed by."""

    status: Status | None = None
    assignee: Assignee | None = None
    label: Label | None = None
    sender: Sender | None = None
    contact: ContactId | None = None
    unread: Annotated[Literal["true", "false"], Meta(description="whether texts wait to be read")] | None = None
    assigned: Annotated[Literal["true", "false"], Meta(description="whether somebody looks after it")] | None = None


class SearchQuery(PageQuery, frozen=True, kw_only=True):
    """What is looked for."""

    q: Annotated[
        str,
        Meta(min_length=1, max_length=200, description="all of these words, whatever their case; `res*`: beginnings"),
    ]  # fmt: skip


class ReplyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said to the person: a text, or one that is kept ready."""

    text: Text | None = None
    canned: _CannedId | None = None
    client_ref: Annotated[str, Meta(max_length=128)] | None = None
    tags: Annotated[tuple[Short, ...], Meta(max_length=20)] = ()
    metadata: Annotated[dict[str, Any], Meta(max_length=50)] | None = None
    callback_url: Annotated[str, Meta(max_length=2_000)] | None = None


class ConversationView(msgspec.Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """A thread between an address of the account and a contact."""

    id: str
    sender: str
    number: Annotated[str, Meta(description="heard from last: replies go there")]
    contact: ContactView
    status: str
    snoozed_until: Time | None
    assignee: str | None
    labels: tuple[str, ...]
    unread: Annotated[int, Meta(description="texts that came since somebody read it")]
    last_message: Annotated[
        views.MessageView | None,
        Meta(description="the newest that was said in it; null before that, and once it is kept no longer"),
    ]
    created_at: Time


class ConversationList(msgspec.Struct, frozen=True, omit_defaults=True):
    """Conversations, those with the newest message first."""

    data: list[ConversationView]
    next_cursor: Annotated[str | None, Meta(description="null on the last page")]
    incomplete: Annotated[
        bool, Meta(description="true: the scan stopped early; go on with next_cursor even if data is short")
    ] = False


class FoundView(msgspec.Struct, frozen=True):
    """A message with the words that were looked for."""

    message: views.MessageView
    conversation: Annotated[str | None, Meta(description="where it was said; null of what was said in none")]


class FoundList(msgspec.Struct, frozen=True):
    """What was found, newest first."""

    data: list[FoundView]
    next_cursor: Annotated[str | None, Meta(description="null on the last page")]


# conversations


async def post(call: Call) -> Reply:
    """Open the conversation with a number: 201 when it is new, 200 when it is there already."""
    body: ConversationRequest = call.body
    to = number(call, body.to, "/to")
    one, new = await inbox.open_one(call.house, call.account_id, _sender(call, body.sender), to)
    return await _shown(call, one, 201 if new else 200)


async def page(call: Call) -> Reply:
    """The inbox: conversations, those with the newest message first."""
    query: ConversationQuery = call.query
    before = before_of(query.cursor)
    sought = ConversationFilter(
        status=query.status, assignee=query.assignee, label=query.label, sender=query.sender,
        contact_id=None if query.contact is None else ids.parse("con", query.contact) or 0,
        unread=None if query.unread is None else query.unread == "true",
        assigned=None if query.assigned is None else query.assigned == "true",
    )  # fmt: skip

    async def ask(tx: Tx) -> tuple[ConversationPage, list[ConversationView]]:
        found = await tx.conversations.page(call.account_id, sought, before, query.limit)
        return found, await _views(tx, call.account_id, found.conversations)

    found, data = await call.house.store.read(ask)
    cursor = None if found.cursor is None else ids.show("cur", found.cursor)
    return Reply(200, views.encode(ConversationList(data, cursor, not found.complete)))


async def search(call: Call) -> Reply:
    """Messages of conversations that hold all of some words, newest first."""
    query: SearchQuery = call.query
    found = await inbox.search(call.house, call.account_id, query.q, before_of(query.cursor), query.limit)
    if isinstance(found, Invalid):
        return problem("validation_failed", errors=found.errors)
    page, cursor = found
    data = [
        FoundView(views.message(one.message), None if one.conversation is None else _id(one.conversation))
        for one in page
    ]
    return Reply(200, views.encode(FoundList(data, None if cursor is None else ids.show("cur", cursor))))


async def read(call: Call) -> Reply:
    """One conversation."""
    return await _shown(call, await find(call))


async def patch(call: Call) -> Reply:
    """Change what is named."""
    fields = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    marked = fields.pop("read", None)
    if faults := _snooze(call, fields):
        raise Abort("validation_failed", errors=faults)
    if "labels" in fields:
        fields["labels"] = tuple(dict.fromkeys(fields["labels"]))
    changed = await inbox.change(call.house, call.account_id, id_of(call), fields, marked)
    return refusal(changed) if isinstance(changed, Refused) else await _shown(call, changed)


async def messages(call: Call) -> Reply:
    """What was said in a conversation, newest first."""
    query: PageQuery = call.query
    before, conversation_id = before_of(query.cursor), id_of(call)

    async def ask(tx: Tx) -> list[Message] | None:
        one = await tx.conversations.one(call.account_id, conversation_id)
        if one is None:
            return None
        contact = (await tx.contacts.some(call.account_id, [one.contact_id])).get(one.contact_id)
        numbers = () if contact is None else contact.numbers
        wanted = await tx.conversations.thread(call.account_id, one.sender, numbers, before, query.limit + 1)
        known = await tx.messages.by_id(wanted)
        return [known[number] for number in wanted]

    found = await call.house.store.read(ask)
    if found is None:
        return refusal(inbox.NO_CONVERSATION)
    cursor = ids.show("cur", found[query.limit - 1].id) if len(found) > query.limit else None
    data = [views.message(one) for one in found[: query.limit]]
    return Reply(200, views.encode(views.MessagePage(data, cursor)))


async def reply(call: Call) -> Reply:
    """Say something: a message like any other."""
    body: ReplyRequest = call.body
    if (body.text is None) == (body.canned is None):
        raise Abort("validation_failed", errors=[Fault("/text", "give either `text` or `canned`")])
    one = await find(call)
    fields = msgspec.structs.asdict(body)
    canned = fields.pop("canned")
    if canned is not None:
        ready = await kept_ready.find(call, canned)
        if ready is None:
            raise Abort("validation_failed", errors=[Fault("/canned", inbox.NO_CANNED.detail)])
        fields["text"] = ready.text
    request = fit(Request(to=one.number, sender=one.sender, category="conversation", **fields))
    answer = await inbox.reply(call.house, one, request, caller=call.key, idempotency=idempotency(call))
    if isinstance(answer, Refused):
        return limited(call, refusal(answer))
    told = limited(call, single(answer.results[0]))
    told.headers += replayed(answer.replayed)
    return told


# shown


def id_of(call: Call) -> int:
    """The id of the path; aborts with 404 when it is none."""
    found = ids.parse("conv", call.params["id"])
    if found is None:
        raise Abort("not_found", inbox.NO_CONVERSATION.detail)
    return found


async def find(call: Call) -> Conversation:
    """The conversation of the path; aborts with 404 where there is none."""
    conversation_id = id_of(call)

    async def ask(tx: Tx) -> Conversation | None:
        return await tx.conversations.one(call.account_id, conversation_id)

    found = await call.house.store.read(ask)
    if found is None:
        raise Abort("not_found", inbox.NO_CONVERSATION.detail)
    return found


async def _shown(call: Call, one: Conversation, status: int = 200) -> Reply:
    async def ask(tx: Tx) -> list[ConversationView]:
        return await _views(tx, call.account_id, [one])

    shown = (await call.house.store.read(ask))[0]
    headers = [(b"location", f"/v1/conversations/{shown.id}".encode())] if status == 201 else []
    return Reply(status, views.encode(shown), headers=headers)


async def _views(tx: Tx, account_id: int, conversations: Sequence[Conversation]) -> list[ConversationView]:
    people = await tx.contacts.some(account_id, (one.contact_id for one in conversations))
    said = await tx.messages.by_id(one.last_id for one in conversations)
    return [_view(one, people.get(one.contact_id), said.get(one.last_id)) for one in conversations]


def _view(one: Conversation, contact: Contact | None, last: Message | None) -> ConversationView:
    if contact is None:
        raise RuntimeError("a conversation without a contact")
    return ConversationView(
        id=_id(one), sender=one.sender, number=one.number, contact=view(contact), status=one.status,
        snoozed_until=show_or_none(one.snoozed_until), assignee=one.assignee, labels=one.labels, unread=one.unread,
        last_message=None if last is None else views.message(last), created_at=show(one.created_at),
    )  # fmt: skip


def _id(one: Conversation) -> str:
    return ids.show("conv", one.id)


def _sender(call: Call, written: str | None) -> str:
    """The address that speaks; aborts with 422 where it cannot be answered or is another's."""
    keyring, account_id = call.house.keyring, call.account_id
    account = keyring.account(account_id)
    own = () if account is None else tuple(one for one in account.senders if not is_name(one))
    if written is None:
        if not own:
            raise Abort("validation_failed", errors=[Fault("/from", "is required: the account has no number")])
        return own[0]
    region = (account.default_region if account is not None else None) or call.house.settings.default_region
    sender = sender_of(written, region)
    if isinstance(sender, Unusable):
        raise Abort("validation_failed", errors=[Fault("/from", sender.why)])
    if is_name(sender):
        raise Abort("validation_failed", errors=[Fault("/from", "is a name, which nobody can answer: give a number")])
    if not keyring.owns(account_id, sender):
        raise Abort("validation_failed", errors=[Fault("/from", "does not belong to this account")])
    return sender


def _snooze(call: Call, fields: dict[str, Any]) -> list[Fault]:
    """What stands against a snooze; its moment is made milliseconds."""
    if fields.get("status") == SNOOZED and "snoozed_until" not in fields:
        return [Fault("/snoozed_until", "is required: until when is it snoozed?")]
    if "snoozed_until" not in fields:
        return []
    if fields.get("status") != SNOOZED:
        return [Fault("/snoozed_until", "goes with `status` snoozed only")]
    now = call.house.clock.now()
    fields["snoozed_until"] = millis(fields["snoozed_until"])
    if not now < fields["snoozed_until"] <= now + SNOOZE_MOST:
        return [Fault("/snoozed_until", "must lie ahead, within 366 days")]
    return []
