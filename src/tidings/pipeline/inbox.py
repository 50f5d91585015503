"""Conversations as people work with them: opened, changed, noted, answered, searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tidings.core import words
from tidings.core.account import Caller
from tidings.core.conversation import SNOOZED, CannedReply, Contact, Conversation, Note
from tidings.core.message import Message, Millis
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.core.request import Answer, Fault, Idempotency, Invalid, Refused, Request, Stored
from tidings.core.status import REJECTED
from tidings.pipeline import accept, converse
from tidings.pipeline.house import House

CANNED_MOST = 1_000
"""Replies that an account keeps ready."""
NO_CONVERSATION = Refused("not_found", "There is no conversation with this id.")
NO_NOTE = Refused("not_found", "There is no note with this id.")
NO_CANNED = Refused("not_found", "There is no canned reply with this id.")


class Opening(msgspec.Struct, frozen=True):
    """A conversation that shall be there, with ids for it and for a new contact."""

    account_id: int
    sender: str
    number: str
    fresh_id: int


class Change(msgspec.Struct, frozen=True):
    """A conversation, and what it shall become."""

    account_id: int
    conversation_id: int
    how: Callable[[Conversation], Conversation]


class NoteChange(msgspec.Struct, frozen=True):
    """A note, and what shall be different about it; what is None stays."""

    account_id: int
    note_id: int
    text: str | None = None
    author: str | None = None


class Found(msgspec.Struct, frozen=True):
    """A message that a search found, and the conversation it was said in, if it was in one."""

    message: Message
    conversation: Conversation | None


@stage(order=32)
async def open_conversations(
    tx: Tx, openings: Sequence[Opening], now: Millis
) -> list[tuple[Conversation, bool]]:  # fmt: skip
    """The conversations between senders and numbers, and whether each is new."""
    return [await _open(tx, one, now) for one in openings]


async def _open(tx: Tx, opening: Opening, now: Millis) -> tuple[Conversation, bool]:
    account_id, fresh_id = opening.account_id, opening.fresh_id
    pair = (account_id, opening.number)
    contact_id = (await tx.contacts.of_numbers([pair])).get(pair)
    if contact_id is None:
        contact_id = fresh_id
        new = Contact(
            id=fresh_id, account_id=account_id, created_at=now, changed_at=now, numbers=(opening.number,)
        )  # fmt: skip
        await tx.contacts.insert([new])
    for one in await tx.conversations.of_contacts([(account_id, contact_id)]):
        if one.sender == opening.sender:
            return one, False
    made = Conversation(
        id=fresh_id, account_id=account_id, sender=opening.sender, contact_id=contact_id, number=opening.number,
        last_id=fresh_id, created_at=now,
    )  # fmt: skip
    return (await converse.keep(tx, [made], set(), now))[0], True


@stage(order=33)
async def change_conversations(tx: Tx, changes: Sequence[Change], now: Millis) -> list[Conversation | Refused]:
    """Change conversations as they stand in the store; one that stays as it is tells nothing."""
    results: list[Conversation | Refused] = []
    for change in changes:
        before = await tx.conversations.one(change.account_id, change.conversation_id, hold=True)
        if before is None:
            results.append(NO_CONVERSATION)
            continue
        after = change.how(before)
        results.append(after if after == before else (await converse.keep(tx, [after], {after.id}, now))[0])
    return results


@stage(order=34)
async def add_notes(tx: Tx, notes: Sequence[Note], now: Millis) -> list[Note | Refused]:
    """Keep notes beside conversations."""
    results: list[Note | Refused] = []
    for note in notes:
        if await tx.conversations.one(note.account_id, note.conversation_id) is None:
            results.append(NO_CONVERSATION)
            continue
        await tx.conversations.insert_note(note)
        results.append(note)
    return results


@stage(order=34)
async def change_notes(tx: Tx, changes: Sequence[NoteChange], now: Millis) -> list[Note | Refused]:
    """Change notes, and keep when."""
    results: list[Note | Refused] = []
    for change in changes:
        note = await tx.conversations.one_note(change.account_id, change.note_id)
        if note is not None:
            note = msgspec.structs.replace(
                note, text=note.text if change.text is None else change.text,
                author=note.author if change.author is None else change.author, changed_at=now,
            )  # fmt: skip
            await tx.conversations.change_note(note)
        results.append(note or NO_NOTE)
    return results


@stage(order=34)
async def drop_notes(tx: Tx, wanted: Sequence[tuple[int, int]], now: Millis) -> list[bool]:
    """Drop notes; False where there is none."""
    return [await tx.conversations.delete_note(account_id, note_id) for account_id, note_id in wanted]


@stage(order=35)
async def keep_canned(tx: Tx, items: Sequence[CannedReply], now: Millis) -> list[CannedReply | Refused]:
    """Keep replies ready, new ones and changed ones; their names are told apart."""
    results: list[CannedReply | Refused] = []
    for one in items:
        named = await tx.conversations.canned_named(one.account_id, one.name)
        known = await tx.conversations.one_canned(one.account_id, one.id) is not None
        if named not in (None, one.id):
            results.append(Refused("name_taken", "There is a canned reply of this name already."))
        elif not known and await tx.conversations.count_canned(one.account_id) >= CANNED_MOST:
            results.append(Refused("too_many_canned", f"This account has {CANNED_MOST} canned replies, all it may."))
        else:
            await (tx.conversations.change_canned(one) if known else tx.conversations.insert_canned(one))
            results.append(one)
    return results


@stage(order=36)
async def drop_canned(tx: Tx, wanted: Sequence[tuple[int, int]], now: Millis) -> list[bool]:
    """Drop replies that were kept ready."""
    return [await tx.conversations.delete_canned(account_id, canned_id) for account_id, canned_id in wanted]


async def open_one(house: House, account_id: int, sender: str, number: str) -> tuple[Conversation, bool]:
    """The conversation between a sender and a number, and whether it is new."""
    opening = Opening(account_id, sender, number, house.new_id())
    return (await house.store.write(open_conversations, [opening]))[0]


async def change(
    house: House, account_id: int, conversation_id: int, fields: dict[str, Any], read: bool | None = None
) -> Conversation | Refused:
    """Set fields of a conversation. `read`: it was read up to now; False: somebody is to look at it again."""

    def how(before: Conversation) -> Conversation:
        changed = dict(fields)
        if changed.get("status", before.status) != SNOOZED:
            changed["snoozed_until"] = None
        if read is not None:
            changed["unread"] = 0 if read else max(1, before.unread)
        return msgspec.structs.replace(before, **changed)

    return (await house.store.write(change_conversations, [Change(account_id, conversation_id, how)]))[0]


async def reply(
    house: House,
    conversation: Conversation,
    request: Request | Invalid,
    *,
    caller: Caller | None,
    idempotency: Idempotency | None,
) -> Answer | Refused:
    """Answer in a conversation: a message like any other; what was unread is read then."""
    answer = await accept.accept(
        house, conversation.account_id, (request,), idempotency=idempotency, caller=caller, door="conversation"
    )
    taken = answer.results[0] if isinstance(answer, Answer) else None
    if isinstance(taken, Stored) and taken.message.status != REJECTED:
        await change(house, conversation.account_id, conversation.id, {}, read=True)
    return answer


async def search(
    house: House, account_id: int, text: str, before: int | None, limit: int
) -> tuple[list[Found], int | None] | Invalid:
    """What was said that holds all of these words, newest first, and the id to go on before."""
    sought = words.sought(account_id, text)
    if sought is None:
        return Invalid((Fault("?q", f"must hold 1 to {words.SOUGHT_MOST} words of letters or digits"),))

    async def ask(tx: Tx) -> tuple[list[Found], int | None]:
        found = await tx.words.find(account_id, sought, before, limit + 1)
        messages = await tx.messages.by_id(found[:limit])
        of = await _conversations_of(tx, account_id, list(messages.values()))
        page = [Found(messages[number], of.get(number)) for number in found[:limit] if number in messages]
        return page, found[limit - 1] if len(found) > limit else None

    return await house.store.read(ask)


async def _conversations_of(tx: Tx, account_id: int, messages: Sequence[Message]) -> dict[int, Conversation]:
    """By message, the conversation it belongs to."""
    sides = {m.id: (m.sender, m.to) if m.direction == "mo" else (m.to, m.sender) for m in messages}
    owners = await tx.contacts.of_numbers((account_id, handset) for handset, _ in sides.values())
    known = await tx.conversations.of_contacts((account_id, contact_id) for contact_id in owners.values())
    by_key = {(one.contact_id, one.sender): one for one in known}
    return {
        message_id: found
        for message_id, (handset, number) in sides.items()
        if (found := by_key.get((owners.get((account_id, handset), 0), number))) is not None
    }
