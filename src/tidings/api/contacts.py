"""Contacts: people with their numbers, made, changed, merged and dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.keys import LINE, before_of
from tidings.api.moments import Time, show
from tidings.api.problems import Abort, refusal
from tidings.api.webhooks import Gone
from tidings.core import ids
from tidings.core.conversation import FIELD_MOST, FIELDS_MOST, NOTES_MOST, NUMBERS_MOST, TAGS_MOST, Contact
from tidings.core.questions import Tx
from tidings.core.request import Fault, Refused
from tidings.pipeline import contacts
from tidings.text.number import Unusable, normal

Name = Annotated[str, Meta(max_length=200, pattern=LINE)]
Number = Annotated[str, Meta(min_length=1, max_length=32)]
Numbers = Annotated[
    tuple[Number, ...],
    Meta(max_length=NUMBERS_MOST, description="as people write them; no other contact has them"),
]
Value = Annotated[str, Meta(max_length=FIELD_MOST)] | bool | int | float
Fields = Annotated[dict[Annotated[str, Meta(min_length=1, max_length=64)], Value], Meta(max_length=FIELDS_MOST)]
Changed = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=64)], Value | None],
    Meta(max_length=FIELDS_MOST, description="those that are named are set; null takes one away"),
]
Tag = Annotated[str, Meta(min_length=1, max_length=64)]
Tags = Annotated[tuple[Tag, ...], Meta(max_length=TAGS_MOST)]
Notes = Annotated[str, Meta(max_length=NOTES_MOST)]
ContactId = Annotated[str, Meta(pattern="^con_[0-9a-z]{13}$")]


class ContactRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person to be kept."""

    numbers: Annotated[Numbers, Meta(min_length=1)]
    name: Name = ""
    fields: Annotated[Fields, Meta(description="whatever you know of the person, by name")] = {}
    tags: Tags = ()
    notes: Notes = ""


class ContactChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about a contact; what is not named stays."""

    numbers: Annotated[Numbers, Meta(min_length=1)] | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    fields: Changed | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    notes: Notes | UnsetType = UNSET


class ContactMerge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The other contact that is the same person."""

    contact: ContactId


class ContactQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which contacts, and which page of them."""

    number: Annotated[Number, Meta(description="whose number this is: one contact, or none")] | None = None
    tag: Tag | None = None
    name: Annotated[str, Meta(min_length=1, max_length=200, description="what the name begins with")] | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, Meta(pattern="^cur_[0-9a-z]{13}$", description="next_cursor of the page before")] | None = (
        None
    )


class ContactView(msgspec.Struct, frozen=True, kw_only=True):
    """A person."""

    id: str
    numbers: tuple[str, ...]
    name: str
    fields: dict[str, Any]
    tags: tuple[str, ...]
    notes: str
    created_at: Time
    changed_at: Time


class ContactPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Contacts, newest first."""

    data: list[ContactView]
    next_cursor: Annotated[str | None, Meta(description="null on the last page")]
    incomplete: Annotated[
        bool, Meta(description="true: the scan stopped early; go on with next_cursor even if data is short")
    ] = False


async def post(call: Call) -> Reply:
    """A new contact."""
    fields = msgspec.structs.asdict(call.body)
    fields["numbers"] = numbers(call, fields["numbers"])
    made = await contacts.add(call.house, call.account_id, _once(fields))
    if isinstance(made, Refused):
        return refusal(made)
    shown = view(made)
    return Reply(201, views.encode(shown), headers=[(b"location", f"/v1/contacts/{shown.id}".encode())])


async def page(call: Call) -> Reply:
    """Contacts of the account, newest first; by number the one that has it."""
    query: ContactQuery = call.query
    before, account_id = before_of(query.cursor), call.account_id
    if query.number is not None:
        return await _with_number(call, number(call, query.number, "?number"))

    async def ask(tx: Tx) -> tuple[list[Contact], int | None, bool]:
        return await tx.contacts.page(account_id, query.tag, query.name, before, query.limit)

    found, cursor, complete = await call.house.store.read(ask)
    shown = None if cursor is None else ids.show("cur", cursor)
    return Reply(200, views.encode(ContactPage([view(one) for one in found], shown, not complete)))


async def _with_number(call: Call, wanted: str) -> Reply:
    async def ask(tx: Tx) -> list[Contact]:
        owners = await tx.contacts.of_numbers([(call.account_id, wanted)])
        return list((await tx.contacts.some(call.account_id, owners.values())).values())

    return Reply(200, views.encode(ContactPage([view(one) for one in await call.house.store.read(ask)], None)))


async def read(call: Call) -> Reply:
    """One contact."""
    contact_id = id_of(call)

    async def ask(tx: Tx) -> Contact | None:
        return (await tx.contacts.some(call.account_id, [contact_id])).get(contact_id)

    found = await call.house.store.read(ask)
    return _shown(contacts.NO_CONTACT if found is None else found)


async def patch(call: Call) -> Reply:
    """Change what is named."""
    fields = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    if "numbers" in fields:
        fields["numbers"] = numbers(call, fields["numbers"])
    return _shown(await contacts.change(call.house, call.account_id, id_of(call), _once(fields)))


async def merge(call: Call) -> Reply:
    """Make one person of two."""
    wanted, other = id_of(call), ids.parse("con", call.body.contact) or 0
    if wanted == other:
        raise Abort("validation_failed", errors=[Fault("/contact", "is the contact itself")])
    return _shown(await contacts.merge(call.house, call.account_id, wanted, other))


async def delete(call: Call) -> Reply:
    """Drop a contact with its conversations."""
    if not await contacts.drop(call.house, call.account_id, id_of(call)):
        return refusal(contacts.NO_CONTACT)
    return Reply(200, views.encode(Gone()))


def id_of(call: Call) -> int:
    """The id of the path; aborts with 404 when it is none."""
    found = ids.parse("con", call.params["id"])
    if found is None:
        raise Abort("not_found", contacts.NO_CONTACT.detail)
    return found


def numbers(call: Call, written: Sequence[str]) -> tuple[str, ...]:
    """Numbers as messages show them; aborts with 422 where one cannot be read."""
    return tuple(dict.fromkeys(number(call, one, f"/numbers/{at}") for at, one in enumerate(written)))


def number(call: Call, written: str, pointer: str) -> str:
    """A number as messages show it; aborts with 422 when it cannot be read."""
    account = call.house.keyring.account(call.account_id)
    region = (account.default_region if account is not None else None) or call.house.settings.default_region
    read = normal(written, region)
    if isinstance(read, Unusable):
        raise Abort("validation_failed", errors=[Fault(pointer, read.why)])
    return read


def view(one: Contact) -> ContactView:
    """A contact as answered."""
    return ContactView(
        id=ids.show("con", one.id), numbers=one.numbers, name=one.name, fields=one.fields, tags=one.tags,
        notes=one.notes, created_at=show(one.created_at), changed_at=show(one.changed_at),
    )  # fmt: skip


def _once(fields: dict[str, Any]) -> dict[str, Any]:
    """Each tag once."""
    return {**fields, "tags": tuple(dict.fromkeys(fields["tags"]))} if "tags" in fields else fields


def _shown(outcome: Contact | Refused) -> Reply:
    return refusal(outcome) if isinstance(outcome, Refused) else Reply(200, views.encode(view(outcome)))
