"""Tests of carriers: one text to a number that the operator watches, and what it told about the carrier's ways."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.carriers import fleet_of
from tidings.api.messages import limited, message_id, single
from tidings.api.problems import Abort, refusal
from tidings.core import ids
from tidings.core.message import Message
from tidings.core.probe import Heard, Learned, learn, toml
from tidings.core.questions import Tx
from tidings.core.request import Refused, Stored
from tidings.pipeline import carrier_test

TEXT = "tidings test: @ $ _ [ ] \u00e4 \u00f6 \u00fc \u00e9 \u00f1 \u20ac"
"""What a wrong alphabet garbles first."""
LOOK_FOR = (
    "Compare the text on the phone with the one that was sent: where it shows another sign for `@`, `_` or a letter "
    "with an accent, the carrier's alphabet is another (`mt_alphabet`, `gsm7_data_coding`)."
)


class TestOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sender": "from"}):
    """What to send, and to whom."""

    to: Annotated[str, Meta(min_length=1, max_length=32, description="a number whose phone you can look at")]
    sender: Annotated[str, Meta(min_length=1, max_length=32, description="by default the account's")] | None = None
    text: Annotated[str, Meta(min_length=1, max_length=1_000, description="by default one that tells alphabets")] = TEXT


class CarrierTestBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A test whose text is on its way."""

    carrier: str
    message: Annotated[str, Meta(description="id of the text, and of the test")]
    text: Annotated[str | None, Meta(description="what was sent, to be compared with what the phone shows")]


class CarrierTest(msgspec.Struct, frozen=True, kw_only=True):
    """A test as it stands."""

    carrier: str
    message: Annotated[str, Meta(description="id of the text; its story: GET /v1/messages/{id}/explain")]
    status: str
    text: Annotated[str | None, Meta(description="what was sent, to be compared with what the phone shows")]
    done: Annotated[bool, Meta(description="the receipt has come, or the text ended: there is nothing to wait for")]
    notes: Annotated[tuple[str, ...], Meta(description="what was learned, and what to look at, in plain words")]
    smsc_interface_version: Annotated[str | None, Meta(description="null where the SMSC does not say")]
    id_in_response: str | None
    id_in_receipt: str | None
    id_form: Annotated[
        str | None, Meta(description="`same`, `hex_to_dec` or `dec_to_hex`; null where this one text does not tell")
    ]
    receipt_form: Annotated[str | None, Meta(description="the PDU of the receipt, its esm_class, data_coding and TLVs")]
    receipt_state: str | None
    receipt_error: Annotated[str | None, Meta(description="`err:` or network_error_code")]
    response_ms: Annotated[int | None, Meta(description="from the hand-over to the response")]
    receipt_ms: Annotated[int | None, Meta(description="from the hand-over to the receipt")]
    profile: Annotated[str, Meta(description="the carrier's profile with what was learned, for tidings.toml")]
    learned: Annotated[
        dict[str, Any], Meta(description="what of the profile should be set, or set otherwise; empty where all fits")
    ]


async def start(call: Call) -> Reply:
    """Send the text: stored, then 202."""
    name, order = call.params["name"], call.body
    _known(call, name)
    outcome = await carrier_test.start(
        call.house, call.account_id, name, order.to, order.sender, order.text, call.key
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return limited(call, refusal(outcome))
    result = outcome.results[0]
    reply = limited(call, single(result))
    if reply.status != 202 or not isinstance(result, Stored):
        return reply
    message = ids.show("msg", result.message.id)
    headers = [(key, value) for key, value in reply.headers if key != b"location"]
    headers.append((b"location", f"/v1/carriers/{name}/test/{message}".encode()))
    begun = CarrierTestBegun(carrier=name, message=message, text=result.message.text)
    return Reply(202, views.encode(begun), headers=headers)


async def read(call: Call) -> Reply:
    """What is known by now."""
    name = call.params["name"]
    _known(call, name)

    async def ask(tx: Tx) -> Message | None:
        message = await tx.messages.one(call.account_id, message_id(call))
        return message if message is not None and await carrier_test.is_test(tx, message) else None

    message = await call.house.store.read(ask)
    if message is None or message.carrier not in (name, None):
        raise Abort("not_found", "No test of this carrier has this id.")
    return await _shown(call, name, message)


async def _shown(call: Call, name: str, message: Message) -> Reply:
    fleet = fleet_of(call)
    profile = (fleet.settings(name) or {}).get("profile") or {}

    async def ask(tx: Tx) -> Heard:
        newest = await tx.messages.one(message.account_id, message.id)
        return await carrier_test.heard(tx, newest or message, name, fleet, profile)

    return Reply(200, views.encode(_view(name, await call.house.store.read(ask))))


def _view(name: str, heard: Heard) -> CarrierTest:
    learned: Learned = learn(heard)
    message = views.message(heard.message)
    return CarrierTest(
        carrier=name, message=message.id, status=message.status, text=heard.message.text, done=learned.done,
        notes=(*learned.notes, LOOK_FOR), smsc_interface_version=heard.smsc_version,
        id_in_response=learned.id_in_response, id_in_receipt=learned.id_in_receipt, id_form=learned.id_form,
        receipt_form=learned.receipt_form, receipt_state=learned.receipt_state, receipt_error=learned.receipt_error,
        response_ms=learned.response_ms, receipt_ms=learned.receipt_ms, profile=toml(heard.profile, learned.keys),
        learned=learned.keys,
    )  # fmt: skip


def _known(call: Call, name: str) -> None:
    if all(one.name != name for one in fleet_of(call).states()):
        raise Abort("not_found", "There is no carrier with this name.")
