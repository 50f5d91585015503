"""Rows of the table: contacts."""

from __future__ import annotations

from tidings.api import contacts, examples
from tidings.api.call import Endpoint
from tidings.api.webhooks import Gone

CONTACTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path="/v1/contacts",
        handle=contacts.post,
        name="createContact",
        summary="Keep a contact",
        detail="Whoever texts an address of the account becomes one by itself.",
        scope="send",
        body=contacts.ContactRequest,
        answer=contacts.ContactView,
        status=201,
        problems=("number_taken",),
        links=("getContact", "changeContact", "mergeContact", "deleteContact"),
        example=examples.CONTACT_REQUEST,
        answer_example=examples.CONTACT,
    ),
    Endpoint(
        method="GET",
        path="/v1/contacts",
        handle=contacts.page,
        name="listContacts",
        summary="List contacts, newest first",
        scope="read",
        query=contacts.ContactQuery,
        answer=contacts.ContactPage,
        answer_example={"data": [examples.CONTACT], "next_cursor": None},
    ),
    Endpoint(
        method="GET",
        path="/v1/contacts/{id}",
        handle=contacts.read,
        name="getContact",
        summary="Read a contact",
        scope="read",
        answer=contacts.ContactView,
        answer_example=examples.CONTACT,
    ),
    Endpoint(
        method="PATCH",
        path="/v1/contacts/{id}",
        handle=contacts.patch,
        name="changeContact",
        summary="Change a contact",
        detail="What is not named stays; of `fields`, those that are named are set, and null takes one away.",
        scope="send",
        body=contacts.ContactChange,
        answer=contacts.ContactView,
        problems=("contact_full", "number_taken"),
        example=examples.CONTACT_CHANGE,
        answer_example=examples.CONTACT_CHANGED,
    ),
    Endpoint(
        method="POST",
        path="/v1/contacts/{id}/merge",
        handle=contacts.merge,
        name="mergeContact",
        summary="Make one person of two contacts",
        detail="Numbers, tags, notes and conversations of the other come to this one; of fields of the same name this "
        "one's stay. The other is gone then.",
        scope="send",
        body=contacts.ContactMerge,
        answer=contacts.ContactView,
        problems=("contact_full",),
        example=examples.CONTACT_MERGE,
        answer_example=examples.CONTACT_MERGED,
    ),
    Endpoint(
        method="DELETE",
        path="/v1/contacts/{id}",
        handle=contacts.delete,
        name="deleteContact",
        summary="Drop a contact",
        detail="With its conversations and their notes. Messages stay.",
        scope="send",
        answer=Gone,
        answer_example={},
    ),
)
