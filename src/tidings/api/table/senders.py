"""Rows of the table: senders."""

from __future__ import annotations

from tidings.api import examples, senders
from tidings.api.call import Endpoint
from tidings.api.webhooks import Gone

SENDERS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path="/v1/senders",
        handle=senders.post,
        name="createSender",
        summary="Give an address to an account",
        detail="For keys of the default account. Texts to it are the account's from then on, and only this account "
        "sends from it. `*` stands for all addresses that nobody owns.",
        scope="admin",
        operator=True,
        body=senders.SenderRequest,
        answer=senders.SenderView,
        status=201,
        problems=("sender_taken",),
        example=examples.SENDER_REQUEST,
        answer_example=examples.SENDER,
    ),
    Endpoint(
        method="GET",
        path="/v1/senders",
        handle=senders.page,
        name="listSenders",
        summary="List addresses with their owners, in their order",
        detail="A key of another than the default account sees its own only.",
        scope="read",
        also="inbox",
        query=senders.SenderQuery,
        answer=senders.SenderPage,
        answer_example={"data": [examples.SENDER], "next_cursor": None},
    ),
    Endpoint(
        method="GET",
        path="/v1/senders/{address}",
        handle=senders.read,
        name="getSender",
        summary="Read an address",
        scope="read",
        also="inbox",
        answer=senders.SenderView,
        answer_example=examples.SENDER,
    ),
    Endpoint(
        method="PATCH",
        path="/v1/senders/{address}",
        handle=senders.patch,
        name="changeSender",
        summary="Change what is done with texts to an address, or whose it is",
        detail="What is not named stays. `account` is for keys of the default account.",
        scope="admin",
        body=senders.SenderChange,
        answer=senders.SenderView,
        example=examples.SENDER_CHANGE,
        answer_example=examples.SENDER,
    ),
    Endpoint(
        method="DELETE",
        path="/v1/senders/{address}",
        handle=senders.delete,
        name="deleteSender",
        summary="Make an address nobody's",
        detail="For keys of the default account. Texts to it go where those to unknown addresses go.",
        scope="admin",
        operator=True,
        answer=Gone,
        answer_example={},
    ),
)
