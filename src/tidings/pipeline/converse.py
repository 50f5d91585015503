"""What is said → the conversation it belongs to, in the commit that stores it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from tidings.core.conversation import CHANGED, CREATED, OPEN, SNOOZED, Contact, Conversation, snapshot
from tidings.core.message import Message, Millis
from tidings.core.ports import stage
from tidings.core.questions import Event, Tx

_Key = tuple[int, int, str]
"""Account, contact and sender: what a conversation is known by."""


async def heard(tx: Tx, texts: Sequence[tuple[Message, int]], now: Millis) -> None:
    """Put texts from handsets into their conversations, which they open; each with an id for a new one."""
    contacts = await _acquainted(tx, texts, now)
    known = await _known(tx, contacts.values(), (message.account_id for message, _ in texts))
    before = dict(known)
    for message, fresh_id in texts:
        contact_id = contacts[message.account_id, message.sender]
        key = (message.account_id, contact_id, message.to)
        one = known.get(key) or Conversation(
            id=fresh_id, account_id=message.account_id, sender=message.to, contact_id=contact_id,
            number=message.sender, last_id=message.id, created_at=now,
        )  # fmt: skip
        known[key] = msgspec.structs.replace(
            one, number=message.sender, status=OPEN, snoozed_until=None, unread=one.unread + 1, last_id=message.id
        )
    await keep(tx, [one for key, one in known.items() if before.get(key) != one], set(_ids(before.values())), now)
    await tx.words.insert([message for message, _ in texts])


async def said(tx: Tx, messages: Sequence[Message], now: Millis) -> None:
    """Put what is sent into the conversations there are; it begins none."""
    owners = await tx.contacts.of_numbers((message.account_id, message.to) for message in messages)
    if owners:
        known = await _known(tx, owners.values(), (account_id for account_id, _ in owners))
        changed: dict[_Key, Conversation] = {}
        for message in messages:
            key = (message.account_id, owners.get((message.account_id, message.to), 0), message.sender)
            if (one := known.get(key)) is not None:
                changed[key] = known[key] = msgspec.structs.replace(one, last_id=max(one.last_id, message.id))
        await keep(tx, list(changed.values()), set(_ids(changed.values())), now)
    await tx.words.insert(messages)


async def keep(tx: Tx, conversations: Sequence[Conversation], known: set[int], now: Millis) -> list[Conversation]:
    """Store conversations as they are now, and tell of it. `known`: ids of those that are no new ones."""
    counted = [msgspec.structs.replace(one, event_count=one.event_count + 1) for one in conversations]
    await tx.conversations.insert([one for one in counted if one.id not in known])
    await tx.conversations.change([one for one in counted if one.id in known])
    await tx.events.append(
        [
            Event(
                one.id, one.account_id, one.event_count, CHANGED if one.id in known else CREATED, now, snapshot(one)
            )
            for one in counted
        ]
    )  # fmt: skip
    return counted


async def _acquainted(
    tx: Tx, texts: Sequence[tuple[Message, int]], now: Millis
) -> dict[tuple[int, str], int]:  # fmt: skip
    """Whose the numbers are that texts came from; whoever is not known yet becomes a contact."""
    owners = await tx.contacts.of_numbers((message.account_id, message.sender) for message, _ in texts)
    new: list[Contact] = []
    for message, fresh_id in texts:
        pair = (message.account_id, message.sender)
        if pair not in owners:
            owners[pair] = fresh_id
            new.append(
                Contact(
                    id=fresh_id, account_id=message.account_id, created_at=now, changed_at=now,
                    numbers=(message.sender,),
                )
            )  # fmt: skip
    await tx.contacts.insert(new)
    return owners


async def _known(tx: Tx, contact_ids: Iterable[int], account_ids: Iterable[int]) -> dict[_Key, Conversation]:
    accounts = set(account_ids)
    pairs = [(account_id, contact_id) for contact_id in set(contact_ids) for account_id in accounts]
    held = await tx.conversations.of_contacts(pairs, hold=True)
    return {(one.account_id, one.contact_id, one.sender): one for one in held}


def _ids(conversations: Iterable[Conversation]) -> Iterable[int]:
    return (one.id for one in conversations)


@stage(order=79)
async def wake(tx: Tx, conversations: Sequence[Conversation], now: Millis) -> list[None]:
    """Open conversations again that were snoozed until now; those that changed meanwhile are left alone."""
    for one in conversations:
        stands = await tx.conversations.one(one.account_id, one.id, hold=True)
        if stands is not None and stands.status == SNOOZED and (stands.snoozed_until or 0) <= now:
            opened = msgspec.structs.replace(stands, status=OPEN, snoozed_until=None)
            await keep(tx, [opened], {one.id}, now)
    return [None] * len(conversations)
