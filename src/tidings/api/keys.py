"""API keys: issue one (its secret is shown once), list them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.problems import Abort
from tidings.core.account import Key
from tidings.core.questions import Tx
from tidings.core.request import Fault
from tidings.pipeline.admit import issue

Name = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$(?!\n)", description="what it is for")
]
"""(?!\\n): to Python, though not to JSON Schema, `$` also stands before a last line feed."""


class KeyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be issued."""

    name: Name
    scope: Annotated[
        Literal["admin", "send", "read"],
        Meta(description="`admin`: everything; `send`: send, read and cancel; `read`: read"),
    ]


async def post(call: Call) -> Reply:
    """A new key; the token in this answer cannot be had again."""
    if b"idempotency-key" in call.headers:
        fault = Fault(
            "Idempotency-Key", "not taken here: the secret is not stored, so no second answer could repeat it"
        )
        raise Abort("validation_failed", errors=[fault])
    wanted: KeyRequest = call.body
    key, token = await issue(call.house, call.account_id, wanted.name, wanted.scope)
    shown = views.key(key)
    return Reply(201, views.encode(views.KeyIssued(shown.id, shown.name, shown.scope, shown.created_at, token)))


async def page(call: Call) -> Reply:
    """The keys of the account, without their secrets."""

    async def ask(tx: Tx) -> list[Key]:
        return await tx.accounts.keys()

    keys = await call.house.store.read(ask)
    return Reply(
        200, views.encode(views.KeyList([views.key(key) for key in keys if key.account_id == call.account_id]))
    )
