"""Customers' ESMEs: enrolled and changed by the default account, seen by their own. A password is shown once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.keys import LONGEST_OVERLAP_S, Name, Networks, Quota, Senders, before_of, cut
from tidings.api.moments import Time, show, show_or_none
from tidings.api.problems import Abort, problem, refusal
from tidings.core import ids
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.esme import Esme, Session
from tidings.core.questions import Tx
from tidings.core.request import Fault, Invalid, PublicCategory, Refused
from tidings.pipeline import enrol

AccountId = Annotated[str, Meta(pattern="^acc_[0-9a-z]{13}$")]
SystemId = Annotated[str, Meta(min_length=1, max_length=15, description="what it binds with; no two have the same")]
Password = Annotated[
    str, Meta(min_length=6, max_length=64, description="SMPP 3.4 has room for 8 characters; one is made without it")
]  # fmt: skip
BindType = Literal["transmitter", "receiver", "transceiver"]
BindTypes = Annotated[tuple[BindType, ...], Meta(min_length=1, max_length=3)]
MaxBinds = Annotated[int, Meta(ge=1, le=1_000, description="sessions at a time, of all types together")]
Window = Annotated[
    int, Meta(ge=1, le=10_000, description="requests that may wait on one bind; it is read no further meanwhile")
]
Rate = Annotated[float, Meta(ge=0, le=1_000_000, description="segments per second; 0: no limit; null: as for keys")]
Certificate = Annotated[
    str,
    Meta(
        pattern="^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$(?!\\n)", description="SHA-256 of the certificate it has to show"
    ),
]
Alphabet = Annotated[
    Literal["gsm7", "gsm7_packed", "latin1", "ascii"], Meta(description="what it takes data_coding 0 for")
]
Version = Annotated[
    Literal["as_bound", "3.3", "3.4", "5.0"],
    Meta(description="what it is spoken to in, whatever it binds with"),
]
IdForm = Annotated[Literal["hexadecimal", "decimal", "ours"], Meta(description="how message_id is written")]
ReceiptFormat = Annotated[
    Literal["text_and_tlvs", "text", "tlvs"],
    Meta(description="the text of SMPP 3.4 Appendix B, the TLVs that say the same, or both"),
]
ReceiptPdu = Annotated[Literal["deliver_sm", "data_sm"], Meta(description="what receipts come in")]
ReceiptSeconds = Annotated[bool, Meta(description="dates in receipts with seconds")]
ReceiptText = Annotated[bool, Meta(description="receipts repeat the first 20 characters of the message")]
ReceiptIdForm = Annotated[
    Literal["hexadecimal", "decimal", "ours"],
    Meta(description="how receipts write message_id; null: as the answer to the submit_sm did"),
]
Concatenation = Annotated[
    Literal["udh", "sar", "payload"],
    Meta(description="how long texts come: parts with a header, parts with the sar TLVs, or whole"),
]
QueueMost = Annotated[
    int, Meta(ge=1, le=10_000_000, description="receipts and texts that may wait; what comes beyond is given up")
]
QueueHours = Annotated[int, Meta(ge=1, le=8_760, description="hours for which they wait")]
Inbound = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=32)], ...],
    Meta(max_length=100, description="numbers whose texts from handsets go to it; `*`: all of its account"),
]
Tls = Annotated[bool, Meta(description="whether it binds over TLS only")]
_SENDERS = Meta(description="what it may send from; the first is taken where source_addr is empty; empty: anything")
_BIND_NETWORKS = Meta(description="addresses or ranges (CIDR) it may bind from; empty: anywhere")


class EsmeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An ESME to be enrolled."""

    name: Name
    system_id: SystemId
    account_id: Annotated[AccountId, Meta(description="whose it is; else the default account's")] | None = None
    password: Password | None = None
    networks: Annotated[Networks, _BIND_NETWORKS] = ()
    bind_types: BindTypes = ("transmitter", "receiver", "transceiver")
    max_binds: MaxBinds = 4
    window: Window = 100
    rate: Rate | None = None
    daily_quota: Quota | None = None
    monthly_quota: Quota | None = None
    tls: Tls = False
    certificate: Certificate | None = None
    alphabet: Alphabet = "gsm7"
    category: PublicCategory = "transactional"
    senders: Annotated[Senders, _SENDERS] = ()
    interface_version: Version = "as_bound"
    message_id_form: IdForm = "hexadecimal"
    receipt_format: ReceiptFormat = "text_and_tlvs"
    receipt_pdu: ReceiptPdu = "deliver_sm"
    receipt_seconds: ReceiptSeconds = False
    receipt_text: ReceiptText = True
    receipt_id_form: ReceiptIdForm | None = None
    inbound: Inbound = ()
    concatenation: Concatenation = "udh"
    queue_most: QueueMost = 100_000
    queue_hours: QueueHours = 72


class EsmeChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about an ESME; what is not named stays."""

    name: Name | UnsetType = UNSET
    system_id: SystemId | UnsetType = UNSET
    networks: Annotated[Networks, _BIND_NETWORKS] | UnsetType = UNSET
    bind_types: BindTypes | UnsetType = UNSET
    max_binds: MaxBinds | UnsetType = UNSET
    window: Window | UnsetType = UNSET
    rate: Rate | UnsetType | None = UNSET
    daily_quota: Quota | UnsetType | None = UNSET
    monthly_quota: Quota | UnsetType | None = UNSET
    tls: Tls | UnsetType = UNSET
    certificate: Certificate | UnsetType | None = UNSET
    alphabet: Alphabet | UnsetType = UNSET
    category: PublicCategory | UnsetType = UNSET
    senders: Annotated[Senders, _SENDERS] | UnsetType = UNSET
    interface_version: Version | UnsetType = UNSET
    message_id_form: IdForm | UnsetType = UNSET
    receipt_format: ReceiptFormat | UnsetType = UNSET
    receipt_pdu: ReceiptPdu | UnsetType = UNSET
    receipt_seconds: ReceiptSeconds | UnsetType = UNSET
    receipt_text: ReceiptText | UnsetType = UNSET
    receipt_id_form: ReceiptIdForm | UnsetType | None = UNSET
    inbound: Inbound | UnsetType = UNSET
    concatenation: Concatenation | UnsetType = UNSET
    queue_most: QueueMost | UnsetType = UNSET
    queue_hours: QueueHours | UnsetType = UNSET


class PasswordRotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new password, and how long the old one goes on."""

    overlap_s: Annotated[
        int,
        Meta(ge=0, le=LONGEST_OVERLAP_S, description="seconds the password of now stays good beside the new one"),
    ] = 0
    password: Password | None = None


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A bind that stands."""

    bind_type: str
    address: str
    interface_version: Annotated[str, Meta(description="what it is spoken to in")]
    secure: Annotated[bool, Meta(description="whether it is over TLS")]
    bound_at: Time
    waiting: Annotated[
        int | None, Meta(description="requests of it that wait for their answer; null at the door of another process")
    ]
    process: Annotated[str, Meta(description="at whose door it stands")]


class EsmeView(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's ESME without its password."""

    id: str
    account_id: str
    name: str
    system_id: str
    networks: tuple[str, ...]
    bind_types: tuple[str, ...]
    max_binds: int
    window: int
    rate: float | None
    daily_quota: int | None
    monthly_quota: int | None
    tls: bool
    certificate: str | None
    alphabet: str
    category: str
    senders: tuple[str, ...]
    interface_version: str
    message_id_form: str
    receipt_format: str
    receipt_pdu: str
    receipt_seconds: bool
    receipt_text: bool
    receipt_id_form: str | None
    inbound: tuple[str, ...]
    concatenation: str
    queue_most: int
    queue_hours: int
    created_at: Time
    closed_at: Time | None
    rotating_until: Annotated[Time | None, Meta(description="until when the password of before is taken")]
    last_bound_at: Annotated[Time | None, Meta(description="to the minute, and up to a minute late")]
    binds: Annotated[list[SessionView], Meta(description="its binds that stand now")]


class EsmeEnrolled(EsmeView, frozen=True, kw_only=True):
    """An ESME with its new password, which is shown this once and cannot be had again."""

    password: str


class EsmePage(msgspec.Struct, frozen=True):
    """ESMEs, newest first; closed ones too."""

    data: list[EsmeView]
    next_cursor: Annotated[str | None, Meta(description="null on the last page")]


class EsmeQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of the ESMEs, and whose."""

    account: (
        Annotated[AccountId, Meta(description="whose; without it, keys of the default account see those of all")] | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, Meta(pattern="^cur_[0-9a-z]{13}$", description="next_cursor of the page before")] | None = (
        None
    )


async def post(call: Call) -> Reply:
    """A new ESME; the password in this answer cannot be had again."""
    if b"idempotency-key" in call.headers:
        fault = Fault(
            "Idempotency-Key", "not taken here: the password is not stored, so no second answer could repeat it"
        )
        raise Abort("validation_failed", errors=[fault])
    wanted = _fit(msgspec.structs.asdict(call.body))
    account_id, password = _account(call, wanted.pop("account_id"), "/account_id"), wanted.pop("password")
    return _enrolled(call, await enrol.enrol(call.house, account_id, password, call.key, **wanted), 201, ())


async def page(call: Call) -> Reply:
    """The ESMEs of an account; for who looks after all, of all."""
    named = call.query.account
    account_id = None if named is None and call.over_all else _account(call, named, "?account")
    before, limit = before_of(call.query.cursor), call.query.limit

    async def ask(tx: Tx) -> list[Esme]:
        return await tx.esmes.page(account_id, before, limit + 1)

    found, cursor = cut(await call.house.store.read(ask), limit)
    return Reply(200, views.encode(EsmePage(await _views(call, found), cursor)))


async def read(call: Call) -> Reply:
    """One ESME."""
    return Reply(200, views.encode(await _one_view(call, await one(call))))


async def one(call: Call) -> Esme:
    """The ESME that is named, where the key may know of it; else aborts with 404."""
    account_id, number = await _owner(call)
    found = await call.house.store.read(lambda tx: tx.esmes.one(account_id, number))
    if found is None:
        raise _nothing()
    return found


async def patch(call: Call) -> Reply:
    """Change what is named."""
    changes = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    account_id, number = await _owner(call)
    return await _shown(call, await enrol.change(call.house, account_id, number, _fit(changes), call.key))


async def renew(call: Call) -> Reply:
    """A new password; the old one goes on for the overlap."""
    body: PasswordRotation = call.body or PasswordRotation()
    _fit({"password": body.password})
    account_id, number = await _owner(call)
    sessions = await call.house.store.read(lambda tx: tx.esmes.sessions([number]))
    rotated = await enrol.rotate(call.house, account_id, number, body.overlap_s * 1000, body.password, call.key)
    return _enrolled(call, rotated, 200, sessions)


async def close(call: Call) -> Reply:
    """Nothing binds with it any more."""
    account_id, number = await _owner(call)
    return await _shown(call, await enrol.close(call.house, account_id, number))


async def _owner(call: Call) -> tuple[int, int]:
    """The account whose ESME the path names, and its id: the caller's own, but any account's for the default one."""
    number = ids.parse("esme", call.params["id"])
    if number is None:
        raise _nothing()
    if not call.over_all:
        return call.account_id, number
    found = await call.house.store.read(lambda tx: tx.esmes.account_of(number))
    return call.account_id if found is None else found, number


def _account(call: Call, named: str | None, pointer: str) -> int:
    """The account that is meant; aborts with 422 where it is none, or not for this key to name."""
    if named is None:
        return call.account_id
    number = ids.parse("acc", named)
    known = number == DEFAULT_ACCOUNT or (number is not None and call.house.keyring.account(number) is not None)
    if number is None or not known or call.account_id not in (DEFAULT_ACCOUNT, number):
        raise Abort("validation_failed", errors=[Fault(pointer, "is no account that this key sees")])
    return number


def _nothing() -> Abort:
    return Abort("not_found", "There is no ESME with this id.")


def _fit(given: dict[str, Any]) -> dict[str, Any]:
    """The fields as an Esme keeps them; aborts with 422 naming those that are not fit."""
    if given.get("certificate"):
        given["certificate"] = given["certificate"].replace(":", "").lower()
    if faults := enrol.faults(given, given.get("password")):
        raise Abort("validation_failed", errors=faults)
    for name in ("bind_types", "senders", "inbound"):
        if name in given:
            given[name] = tuple(dict.fromkeys(given[name]))
    return given


async def _shown(call: Call, outcome: enrol.Outcome) -> Reply:
    if not isinstance(outcome, Esme):
        return _refused(outcome)
    return Reply(200, views.encode(await _one_view(call, outcome)))


def _refused(outcome: Refused | Invalid) -> Reply:
    if isinstance(outcome, Refused):
        return refusal(outcome)
    return problem("validation_failed", errors=outcome.errors)


def _enrolled(
    call: Call, outcome: tuple[Esme, str] | Refused | Invalid, status: int, sessions: Sequence[Session]
) -> Reply:
    if not isinstance(outcome, tuple):
        return _refused(outcome)
    esme, password = outcome
    told = EsmeEnrolled(**msgspec.structs.asdict(_view(call, esme, sessions)), password=password)
    return Reply(status, views.encode(told))


_SAME = (
    "name", "system_id", "networks", "bind_types", "max_binds", "window", "rate", "daily_quota", "monthly_quota",
    "tls", "certificate", "alphabet", "category", "senders", "interface_version", "message_id_form",
    "receipt_format", "receipt_pdu", "receipt_seconds", "receipt_text", "receipt_id_form", "inbound", "concatenation",
    "queue_most", "queue_hours",
)  # fmt: skip
"""Fields that are answered as they are stored."""


async def _views(call: Call, esmes: Sequence[Esme]) -> list[EsmeView]:
    found = await call.house.store.read(lambda tx: tx.esmes.sessions(one.id for one in esmes))
    return [_view(call, esme, [one for one in found if one.esme_id == esme.id]) for esme in esmes]


async def _one_view(call: Call, esme: Esme) -> EsmeView:
    return (await _views(call, [esme]))[0]


def _view(call: Call, esme: Esme, sessions: Sequence[Session]) -> EsmeView:
    asking = call.house.asking(esme.id)
    return EsmeView(
        id=ids.show("esme", esme.id), account_id=ids.show("acc", esme.account_id), created_at=show(esme.created_at),
        closed_at=show_or_none(esme.closed_at), rotating_until=show_or_none(esme.old_until),
        last_bound_at=show_or_none(esme.last_bound_at),
        binds=[_session(one, asking.get(one.id)) for one in sessions], **{name: getattr(esme, name) for name in _SAME},
    )  # fmt: skip


def _session(one: Session, waiting: int | None) -> SessionView:
    high, low = divmod(one.interface_version, 16)
    return SessionView(
        bind_type=one.bind_type, address=one.address, interface_version=f"{high}.{low}", secure=one.secure,
        bound_at=show(one.bound_at), waiting=waiting, process=one.place,
    )  # fmt: skip
