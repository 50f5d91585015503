"""A person asks to be forgotten."""

from __future__ import annotations

import logging
from typing import Annotated

import msgspec
from msgspec import Meta

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.core.erasure import digest
from tidings.pipeline import erase

log = logging.getLogger("tidings.api")


class ErasureRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to be erased."""

    number: Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}$(?!\n)", description="E.164")]


class ErasureView(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased by this call."""

    digest: Annotated[str, Meta(description="stands for the number in the evidence of the key's account")]
    messages: int
    receipts: Annotated[int, Meta(description="receipts and parts of texts that belonged to no message")]
    evidence: Annotated[int, Meta(description="rows of suppression and consent that hold a digest now")]
    left: Annotated[int, Meta(description="messages on their way, which can be erased once they have ended")]
    complete: Annotated[bool, Meta(description="false: there is more, call again")]


async def post(call: Call) -> Reply:
    """Erase, in bounded commits."""
    body: ErasureRequest = call.body
    done = await erase.erase(call.house, call.account_id, body.number)
    mark = digest(call.account_id, body.number)
    log.warning(
        "a person was erased (%s) by key %s: %d messages, %d receipts, %d rows of evidence; %d messages left%s",
        mark, call.key.id if call.key else "-", done.messages, done.receipts, done.evidence, done.left,
        "" if done.complete else ", and more",
    )  # fmt: skip
    view = ErasureView(
        digest=mark, messages=done.messages, receipts=done.receipts, evidence=done.evidence, left=done.left,
        complete=done.complete,
    )  # fmt: skip
    return Reply(200, views.encode(view))
