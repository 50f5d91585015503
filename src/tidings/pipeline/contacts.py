"""People as accounts keep them: made, changed, merged, dropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tidings.core.conversation import FIELDS_MOST, NOTES_MOST, NUMBERS_MOST, TAGS_MOST, Contact, Conversation
from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.core.request import Refused
from tidings.pipeline import converse
from tidings.pipeline.house import House

NO_CONTACT = Refused("not_found", "There is no contact with this id.")


class Change(msgspec.Struct, frozen=True):
    """A contact, and what it shall become."""

    account_id: int
    contact_id: int
    how: Callable[[Contact], Contact]


class Merge(msgspec.Struct, frozen=True):
    """One person who was kept as two: what belongs to `other_id` shall belong to `contact_id`."""

    account_id: int
    contact_id: int
    other_id: int


@stage(order=37)
async def store_contacts(tx: Tx, contacts: Sequence[Contact], now: Millis) -> list[Contact | Refused]:
    """Keep new contacts whose numbers nobody has yet."""
    results: list[Contact | Refused] = []
    for one in contacts:
        taken = await _taken(tx, one)
        if taken is None:
            await tx.contacts.insert([one])
        results.append(taken or one)
    return results


@stage(order=37)
async def change_contacts(tx: Tx, changes: Sequence[Change], now: Millis) -> list[Contact | Refused]:
    """Change contacts as they stand in the store."""
    results: list[Contact | Refused] = []
    for change in changes:
        before = (await tx.contacts.some(change.account_id, [change.contact_id])).get(change.contact_id)
        if before is None:
            results.append(NO_CONTACT)
            continue
        after = msgspec.structs.replace(change.how(before), changed_at=now)
        refused = _too_much(after) or await _taken(tx, after)
        if refused is None:
            await tx.contacts.change(after)
        results.append(refused or after)
    return results


def _too_much(contact: Contact) -> Refused | None:
    held = (
        (len(contact.fields), FIELDS_MOST, "fields"), (len(contact.numbers), NUMBERS_MOST, "numbers"),
        (len(contact.tags), TAGS_MOST, "tags"), (len(contact.notes), NOTES_MOST, "characters of notes"),
    )  # fmt: skip
    return next(
        (
            Refused("contact_full", f"A contact may have {most} {what}; this one would have {has}.")
            for has, most, what in held if has > most
        ),
        None,
    )  # fmt: skip


async def _taken(tx: Tx, contact: Contact) -> Refused | None:
    owners = await tx.contacts.of_numbers((contact.account_id, number) for number in contact.numbers)
    others = [number for (_, number), owner in owners.items() if owner != contact.id]
    if not others:
        return None
    return Refused("number_taken", f"{others[0]} belongs to another contact; merge the two instead.")


@stage(order=38)
async def merge_contacts(tx: Tx, merges: Sequence[Merge], now: Millis) -> list[Contact | Refused]:
    """Make one person of two: numbers, fields, tags, notes and conversations come together."""
    return [await _merge(tx, merge, now) for merge in merges]


async def _merge(tx: Tx, merge: Merge, now: Millis) -> Contact | Refused:
    found = await tx.contacts.some(merge.account_id, [merge.contact_id, merge.other_id])
    kept, other = found.get(merge.contact_id), found.get(merge.other_id)
    if kept is None or other is None:
        return NO_CONTACT
    merged = msgspec.structs.replace(
        kept, name=kept.name or other.name, fields={**other.fields, **kept.fields},
        tags=tuple(dict.fromkeys((*kept.tags, *other.tags))), changed_at=now,
        notes="\n".join(one for one in (kept.notes, other.notes) if one),
        numbers=tuple(sorted({*kept.numbers, *other.numbers})),
    )  # fmt: skip
    if refused := _too_much(merged):
        return refused
    await tx.contacts.delete([other.id])
    await tx.contacts.change(merged)
    pairs = [(merge.account_id, kept.id), (merge.account_id, other.id)]
    threads = await tx.conversations.of_contacts(pairs, hold=True)
    own = {one.sender: one for one in threads if one.contact_id == kept.id}
    for one in threads:
        if one.contact_id == other.id:
            await _join(tx, own.get(one.sender), one, kept.id, now)
    return merged


async def _join(tx: Tx, own: Conversation | None, other: Conversation, contact_id: int, now: Millis) -> None:
    """Let a conversation go on with the contact that is left, or go up in the one there is."""
    if own is None:
        await converse.keep(tx, [msgspec.structs.replace(other, contact_id=contact_id)], {other.id}, now)
        return
    await tx.conversations.move_notes(other.id, own.id)
    await tx.conversations.delete([other.id])
    newer = max(own, other, key=lambda one: one.last_id)
    joined = msgspec.structs.replace(
        own, number=newer.number, status=newer.status, snoozed_until=newer.snoozed_until,
        assignee=own.assignee or other.assignee, labels=tuple(dict.fromkeys((*own.labels, *other.labels))),
        unread=own.unread + other.unread, last_id=newer.last_id,
    )  # fmt: skip
    await converse.keep(tx, [joined], {own.id}, now)


@stage(order=39)
async def drop_contacts(tx: Tx, wanted: Sequence[tuple[int, int]], now: Millis) -> list[bool]:
    """Drop contacts with their conversations and notes; messages stay, under their numbers."""
    gone = []
    for account_id, contact_id in wanted:
        found = await tx.contacts.some(account_id, [contact_id])
        if found:
            threads = await tx.conversations.of_contacts([(account_id, contact_id)])
            await tx.conversations.delete([one.id for one in threads])
            await tx.contacts.delete([contact_id])
        gone.append(bool(found))
    return gone


async def add(house: House, account_id: int, fields: dict[str, Any]) -> Contact | Refused:
    """Keep a new contact."""
    now = house.clock.now()
    new = Contact(id=house.new_id(), account_id=account_id, created_at=now, changed_at=now, **fields)
    return (await house.store.write(store_contacts, [new]))[0]


async def change(house: House, account_id: int, contact_id: int, fields: dict[str, Any]) -> Contact | Refused:
    """Set fields of a contact; `fields` of it are merged one by one, and null takes one away."""

    def how(before: Contact) -> Contact:
        changed = dict(fields)
        if "fields" in changed:
            merged = {**before.fields, **changed["fields"]}
            changed["fields"] = {name: value for name, value in merged.items() if value is not None}
        return msgspec.structs.replace(before, **changed)

    return (await house.store.write(change_contacts, [Change(account_id, contact_id, how)]))[0]


async def merge(house: House, account_id: int, contact_id: int, other_id: int) -> Contact | Refused:
    """Make one person of two."""
    return (await house.store.write(merge_contacts, [Merge(account_id, contact_id, other_id)]))[0]


async def drop(house: House, account_id: int, contact_id: int) -> bool:
    """Drop a contact; False where there is none."""
    return (await house.store.write(drop_contacts, [(account_id, contact_id)]))[0]
