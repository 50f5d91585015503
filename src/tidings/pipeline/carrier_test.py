"""One text through one carrier, to learn the carrier's ways from its response and its receipt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from tidings.core.account import Caller
from tidings.core.message import Message
from tidings.core.ports import Fleet
from tidings.core.probe import Heard
from tidings.core.questions import Filter, Tx
from tidings.core.request import Answer, Refused, Request
from tidings.pipeline.accept import accept
from tidings.pipeline.house import House

DOOR = "carrier_test"
"""The door of such texts, by which their story knows them."""
PATIENCE = dt.timedelta(minutes=10)
"""How long the text is worth delivering: nobody waits for it longer."""
LOOK_AT = 100
"""Receipts that match nothing, and texts from handsets, that are looked through for one that was meant."""


async def start(
    house: House, account_id: int, carrier: str, to: str, sender: str | None, text: str, caller: Caller | None
) -> Answer | Refused:
    """Send the text of a test; as `accept`, with every gate and limit of any other text."""
    until = dt.datetime.fromtimestamp(house.clock.now() / 1000, dt.UTC) + PATIENCE
    request = Request(to=to, sender=sender, text=text, expires_at=until, smart_encoding=False)
    return await accept(house, account_id, (request,), caller=caller, door=DOOR, carrier=carrier)


async def heard(tx: Tx, message: Message, carrier: str, fleet: Fleet, profile: Mapping[str, Any]) -> Heard:
    """All that is known of a test by now."""
    attempts = (await tx.attempts.of([message.id])).get(message.id, [])
    since = Filter(direction="mo", since=message.created_at)
    texts: Sequence[Message] = (await tx.messages.page(message.account_id, since, None, LOOK_AT)).messages
    return Heard(
        message=message, attempts=attempts,
        receipts=[
            *await tx.receipts.of(message.id), *await tx.receipts.unmatched(carrier, message.id, LOOK_AT),
        ],
        texts=texts, smsc_version=_version(fleet, carrier),
        profile=profile,
    )  # fmt: skip


def _version(fleet: Fleet, carrier: str) -> str | None:
    state = next((one for one in fleet.states() if one.name == carrier), None)
    binds = () if state is None else state.binds
    return next((bind.smsc_interface_version for bind in binds if bind.smsc_interface_version), None)


async def is_test(tx: Tx, message: Message) -> bool:
    """Whether a message is the text of a test."""
    events = await tx.events.of(message.id)
    return bool(events) and (events[0].data or {}).get("door") == DOOR
