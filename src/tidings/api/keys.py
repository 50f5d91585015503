"""API keys: issue, list, read, change, rotate and revoke them. A secret is shown once."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tidings.api import views
from tidings.api.auth import actor
from tidings.api.call import Call, Reply
from tidings.api.moments import millis
from tidings.api.problems import Abort, refusal
from tidings.core import ids
from tidings.core.account import Key
from tidings.core.questions import Tx
from tidings.core.request import Fault, Moment, Refused
from tidings.pipeline.admit import change, faults_of, issue, revoke, rotate, too_strong

LINE = r"^[^\x00-\x1f\x7f-\x9f]*$(?!\n)"
"""A pattern: printable, in one line. (?!\\n): to Python, though not to JSON Schema, `$` stands also before a
last line feed."""
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=LINE, description="what it is for")]
Senders = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=32)], ...], Meta(max_length=100)]
Networks = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=49)], ...],
    Meta(max_length=50, description="addresses or ranges (CIDR) it may be used from; empty: anywhere"),
]
Rate = Annotated[
    float, Meta(ge=0, le=1_000_000, description="messages per second; 0: no limit; null: as the settings say")
]
Quota = Annotated[
    int, Meta(ge=1, le=1_000_000_000_000, description="messages in a day or month of UTC; null: no quota")
]
LONGEST_OVERLAP_S = 30 * 86_400


class KeyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to be issued."""

    name: Name
    scope: Annotated[
        Literal["admin", "send", "read", "send+read"],
        Meta(description="`admin`: everything; `read`: read; `send`: send, and follow and cancel what it sent itself"),
    ]
    senders: Annotated[
        Senders, Meta(description="what it may send from; the first is taken when `from` is not given; empty: anything")
    ] = ()
    networks: Networks = ()
    expires_at: Moment | None = None
    rate: Rate | None = None
    daily_quota: Quota | None = None
    monthly_quota: Quota | None = None


class KeyChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about a key; what is not named stays."""

    name: Name | UnsetType = UNSET
    senders: Senders | UnsetType = UNSET
    networks: Networks | UnsetType = UNSET
    expires_at: Moment | UnsetType | None = UNSET
    rate: Rate | UnsetType | None = UNSET
    daily_quota: Quota | UnsetType | None = UNSET
    monthly_quota: Quota | UnsetType | None = UNSET


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long the old secret goes on."""

    overlap_s: Annotated[
        int, Meta(ge=0, le=LONGEST_OVERLAP_S, description="seconds the token in use now stays good beside the new one")
    ] = 0


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of a list."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, Meta(pattern="^cur_[0-9a-z]{13}$", description="next_cursor of the page before")] | None = (
        None
    )


async def post(call: Call) -> Reply:
    """A new key; the token in this answer cannot be had again."""
    return await issued(call, call.account_id)


async def issued(call: Call, account_id: int) -> Reply:
    """A new key for an account."""
    if b"idempotency-key" in call.headers:
        fault = Fault(
            "Idempotency-Key", "not taken here: the secret is not stored, so no second answer could repeat it"
        )
        raise Abort("validation_failed", errors=[fault])
    wanted: KeyRequest = call.body
    bounds = _stored(call, msgspec.structs.asdict(wanted))
    name, scope = bounds.pop("name"), bounds.pop("scope")
    if call.key is not None and (refused := too_strong(call.key, scope, **bounds)):
        return refusal(refused)
    key, token = await issue(call.house, account_id, name, scope, actor(call), **bounds)
    return Reply(201, views.encode(_with_token(key, token)))


async def page(call: Call) -> Reply:
    """The keys of the account, newest first, without their secrets."""
    return await page_of(call, call.account_id)


async def page_of(call: Call, account_id: int) -> Reply:
    """The keys of an account."""
    before, limit = before_of(call.query.cursor), call.query.limit

    async def ask(tx: Tx) -> list[Key]:
        return await tx.accounts.page_of_keys(account_id, before, limit + 1)

    keys, cursor = cut(await call.house.store.read(ask), limit)
    return Reply(200, views.encode(views.KeyPage([views.key(key) for key in keys], cursor)))


async def read(call: Call) -> Reply:
    """One key of the account."""
    account_id, number = await _owner(call), key_id(call)

    async def ask(tx: Tx) -> Key | None:
        return await tx.accounts.key(account_id, number)

    key = await call.house.store.read(ask)
    if key is None:
        raise Abort("not_found", "There is no key with this id.")
    return Reply(200, views.encode(views.key(key)))


async def patch(call: Call) -> Reply:
    """Change what is named."""
    changes = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    stored = _stored(call, changes)
    return _shown(await change(call.house, await _owner(call), key_id(call), stored, call.key, actor(call)))


async def renew(call: Call) -> Reply:
    """A new secret; the old one goes on for the overlap."""
    overlap = 0 if call.body is None else call.body.overlap_s
    rotated = await rotate(call.house, await _owner(call), key_id(call), overlap * 1000, call.key, actor(call))
    if isinstance(rotated, Refused):
        return refusal(rotated)
    return Reply(200, views.encode(_with_token(*rotated)))


async def delete(call: Call) -> Reply:
    """The key opens nothing any more."""
    return _shown(await revoke(call.house, await _owner(call), key_id(call), call.key, actor(call)))


async def _owner(call: Call) -> int:
    """The account whose key the path names: the caller's own, but any account's for who looks after all."""
    if not call.over_all:
        return call.account_id
    number = key_id(call)
    found = await call.house.store.read(lambda tx: tx.accounts.account_of_key(number))
    return call.account_id if found is None else found


def key_id(call: Call) -> int:
    """The id of the path; aborts with 404 when it is none."""
    number = ids.parse("key", call.params["id"])
    if number is None:
        raise Abort("not_found", "There is no key with this id.")
    return number


def before_of(cursor: str | None) -> int | None:
    """The id a page begins below; aborts with 422 when the cursor was never given."""
    number = None if cursor is None else ids.parse("cur", cursor)
    if cursor is not None and number is None:
        raise Abort("validation_failed", errors=[Fault("?cursor", "is no `next_cursor` that was given")])
    return number


def cut(rows: list[Any], limit: int) -> tuple[list[Any], str | None]:
    """A page of one row more than asked for: the rows, and the cursor that goes on."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], ids.show("cur", rows[limit - 1].id)


def _stored(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    """The fields as a Key keeps them; aborts with 422 naming those that are not fit."""
    now = call.house.clock.now()
    if given.get("expires_at") is not None:
        given["expires_at"] = millis(given["expires_at"])
    if faults := faults_of(given.get("senders", ()), given.get("networks", ()), given.get("expires_at"), now):
        raise Abort("validation_failed", errors=faults)
    return given


def _shown(outcome: Key | Refused) -> Reply:
    if isinstance(outcome, Refused):
        return refusal(outcome)
    return Reply(200, views.encode(views.key(outcome)))


def _with_token(key: Key, token: str) -> views.KeyIssued:
    return views.KeyIssued(**msgspec.structs.asdict(views.key(key)), token=token)
