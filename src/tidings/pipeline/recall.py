"""What an ESME asks of messages that it submitted: how they stand, to cancel them, to replace one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.core.esme import Esme, Submission
from tidings.core.message import Message, Millis
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.core.request import Refused, Result, Submitted
from tidings.core.status import CANCELED
from tidings.pipeline import route
from tidings.pipeline.accept import Entered, Entry, enter, prepare, told
from tidings.pipeline.cancel import withdraw, withdraw_one
from tidings.pipeline.house import House
from tidings.pipeline.submit import DOOR, with_senders

MOST = 1_000
"""Messages that one request may be about."""


class Pending(msgspec.Struct, frozen=True):
    """What messages of an ESME that wait are looked for by; addresses as it wrote them, but for `to`."""

    esme_id: int
    account_id: int
    to: str
    """The destination as we write it."""
    source_addr: str
    destination_addr: str
    service_type: str
    before: int = (1 << 63) - 1
    """Those with lower ids only."""


async def find(house: House, esme: Esme, response_id: str) -> list[tuple[Submission, Message]]:
    """The messages that were answered with this id, oldest first."""

    async def ask(tx: Tx) -> list[tuple[Submission, Message]]:
        found = await tx.esmes.answered(esme.id, [response_id])
        messages = await tx.messages.by_id(one.message_id for one in found[:MOST])
        return [(one, messages[one.message_id]) for one in found if one.message_id in messages]

    return await house.store.read(ask)


async def pending(house: House, wanted: Pending) -> list[int]:
    """Ids of messages that no carrier has yet, oldest first."""

    async def ask(tx: Tx) -> list[int]:
        return await tx.esmes.pending(
            wanted.esme_id, wanted.account_id, wanted.to, wanted.source_addr, wanted.destination_addr,
            wanted.service_type, wanted.before, MOST,
        )  # fmt: skip

    return await house.store.read(ask)


async def cancel_all(house: House, account_id: int, message_ids: Sequence[int]) -> list[Message | Refused]:
    """Cancel messages, each as far as it is not too late. Raises StoreUnavailable."""
    return await house.store.write(withdraw, [(account_id, message_id) for message_id in message_ids])


class Replacement(msgspec.Struct, frozen=True):
    """A message that shall go in place of another, and is known by its id."""

    message_id: int
    """Of the one before."""
    entry: Entry


class Replaced(msgspec.Struct, frozen=True):
    """What became of it; without `entered` it was too late, and nothing is changed."""

    entered: Entered | None
    account_id: int
    message_id: int
    """Of the one before, which is canceled."""


@stage(order=16)
async def replace(tx: Tx, wanted: Sequence[Replacement], now: Millis) -> list[Replaced]:
    """Cancel a message and enter another in its place, or neither."""
    results = []
    for one in wanted:
        account_id, data = one.entry.account_id, {"replaced": True}
        before = await tx.messages.one(account_id, one.message_id)
        entered = None
        # One that is canceled already was given up, or was replaced just now over another bind.
        open_yet = before is not None and before.status != CANCELED
        if open_yet and not isinstance(await withdraw_one(tx, account_id, one.message_id, now, data), Refused):
            await tx.esmes.drop_submission(one.message_id)
            entered = (await enter(tx, [one.entry], now))[0]
        results.append(Replaced(entered, account_id, one.message_id))
    return results


async def substitute(house: House, esme: Esme, before: Submission, request: Submitted) -> Result:
    """Put a message in place of one that waits; the ESME goes on to know it by the same id. Raises StoreUnavailable."""
    carrier = route.choose(house.carriers)
    asked = with_senders(house, esme, [request])
    messages, invalid, _, notes, refusals = prepare(house, esme.account_id, asked, {}, esme, carrier)
    if invalid:
        return invalid[0][1]
    kept = msgspec.structs.replace(
        request.submission, message_id=messages[0].id, response_id=before.response_id,
        user_message_reference=before.user_message_reference,
    )  # fmt: skip
    entry = Entry(
        esme.account_id, tuple(messages), origin=told(DOOR, ("esme", esme.id)), carrier=carrier,
        notes=notes or None, refusals=refusals or None, submissions=(kept,),
    )  # fmt: skip
    replaced = (await house.store.write(replace, [Replacement(before.message_id, entry)]))[0]
    if replaced.entered is None:
        return Refused("not_cancelable", "The message was already handed to a carrier, or has ended.")
    return replaced.entered.stored[0]
