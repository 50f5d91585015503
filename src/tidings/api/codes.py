"""Codes: what incoming texts mean. Save, list, change, drop, import and try them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.faults import first
from tidings.api.keys import before_of, cut
from tidings.api.moments import Time, millis, show
from tidings.api.problems import Abort, problem
from tidings.api.webhooks import Gone
from tidings.core import ids
from tidings.core.code_faults import Report
from tidings.core.codebook import Candidate
from tidings.core.codes import Action, Code, Found, Hours, Moment, Number, Phrase, Rule
from tidings.core.consent import keyword
from tidings.core.message import Category, Message
from tidings.core.moments import usable
from tidings.core.parameters import Parameter, Value
from tidings.core.questions import Tx
from tidings.core.request import Fault, Invalid, Refused
from tidings.core.status import RECEIVED
from tidings.pipeline import coding, perform
from tidings.text.number import Unusable, normal

IMPORT_MOST = 1_000


class CodeChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about a code; what is not named stays."""

    name: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET
    keywords: Annotated[tuple[Phrase, ...], Meta(max_length=50)] | UnsetType = UNSET
    translations: dict[str, tuple[Phrase, ...]] | UnsetType = UNSET
    fuzzy: bool | UnsetType = UNSET
    regex: Annotated[str, Meta(min_length=1, max_length=500)] | UnsetType | None = UNSET
    default: bool | UnsetType = UNSET
    parameters: Annotated[tuple[Parameter, ...], Meta(max_length=20)] | UnsetType = UNSET
    senders: Annotated[tuple[Number, ...], Meta(max_length=100)] | UnsetType = UNSET
    priority: Annotated[int, Meta(ge=1, le=1_000)] | UnsetType = UNSET
    starts_at: Moment | UnsetType | None = UNSET
    ends_at: Moment | UnsetType | None = UNSET
    hours: Hours | UnsetType | None = UNSET
    time_zone: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    help: Annotated[str, Meta(max_length=2_000)] | UnsetType = UNSET
    actions: Annotated[tuple[Action, ...], Meta(min_length=1, max_length=10)] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class CodeImport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Codes of a file: all are stored or none. One that has the name of a stored one takes its place."""

    codes: Annotated[tuple[Rule, ...], Meta(min_length=1, max_length=IMPORT_MOST)]
    dry_run: Annotated[bool, Meta(description="only say what would come of it")] = False


class CodeTest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sender": "from"}):
    """A text, to be tried on the codes. Nothing is sent, called or stored."""

    text: Annotated[str, Meta(max_length=40_000)]
    to: Annotated[str, Meta(max_length=32, description="the number it would be sent to")] = ""
    sender: Annotated[str, Meta(max_length=32, description="the number it would come from")] = "+15551230100"
    at: Annotated[Moment | None, Meta(description="when it would come; without it now")] = None
    code: Annotated[Rule | None, Meta(description="one that is not stored, in place of a stored one of its name")] = (
        None
    )


class ReportView(msgspec.Struct, frozen=True):
    """What a code does to another, or never does."""

    kind: Literal["conflict", "shadowed", "unreachable"]
    code: str
    other: Annotated[str | None, Meta(description="name of the code that goes before it")]
    detail: str


class CodeView(msgspec.Struct, frozen=True, kw_only=True):
    """A code as it is stored."""

    id: str
    name: str
    keywords: tuple[str, ...]
    translations: dict[str, tuple[str, ...]]
    fuzzy: bool
    regex: str | None
    default: bool
    parameters: tuple[Parameter, ...]
    senders: tuple[str, ...]
    priority: int
    starts_at: Time | None
    ends_at: Time | None
    hours: Hours | None
    time_zone: str
    help: str
    actions: tuple[Action, ...]
    enabled: bool
    created_at: Time
    changed_at: Time
    reports: Annotated[list[ReportView] | None, Meta(description="of the answer that saves it: what it does to others")]


class CodePage(msgspec.Struct, frozen=True):
    """Codes, newest first."""

    data: list[CodeView]
    next_cursor: str | None


class CodesImported(msgspec.Struct, frozen=True):
    """What became of a file of codes."""

    data: list[CodeView]
    reports: list[ReportView]


class CodeReports(msgspec.Struct, frozen=True):
    """What all codes of the account do to each other: 200 at the most."""

    data: list[ReportView]


class TroubleView(msgspec.Struct, frozen=True):
    """What is wrong with a text."""

    name: str
    parameter: Annotated[str | None, Meta(description="null: there is more than was asked for")]
    detail: str


class WouldDo(msgspec.Struct, frozen=True):
    """An action, and what would come of it: the text, the address, the tags."""

    action: str
    result: str


class CloseView(msgspec.Struct, frozen=True):
    """A code that was for the text too, or nearly, and why it was not chosen."""

    code: str
    keyword: str
    why: str


class CodeTested(msgspec.Struct, frozen=True, kw_only=True):
    """What a text would meet with."""

    system: Annotated[
        str | None, Meta(description="`stop`, `start` or `help`, where the text is one of these: no code is asked")
    ]
    code: Annotated[str | None, Meta(description="name of the code it is for")]
    how: Annotated[str | None, Meta(description="`keyword`, `fuzzy`, `regex` or `default`")]
    keyword: str
    language: str
    parameters: dict[str, Any]
    trouble: TroubleView | None
    actions: list[WouldDo]
    close: list[CloseView]


async def post(call: Call) -> Reply:
    """A new code."""
    made = _sound(await coding.save(call.house, call.account_id, [call.body]))
    shown = _saved(made)
    return Reply(201, views.encode(shown), headers=[(b"location", f"/v1/codes/{shown.id}".encode())])


async def page(call: Call) -> Reply:
    """Codes of the account, newest first."""
    before, limit = before_of(call.query.cursor), call.query.limit

    async def ask(tx: Tx) -> list[Code]:
        return await tx.codes.page(call.account_id, before, limit + 1)

    found, cursor = cut(await call.house.store.read(ask), limit)
    return Reply(200, views.encode(CodePage([_view(one) for one in found], cursor)))


async def read(call: Call) -> Reply:
    """One code."""
    return Reply(200, views.encode(_view(await _owned(call))))


async def patch(call: Call) -> Reply:
    """Other fields for a code."""
    before = await _owned(call)
    fields = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    try:  # a change has looser types: of a file's they are checked anew
        rule = msgspec.convert(msgspec.to_builtins(msgspec.structs.replace(before.rule, **fields)), Rule)
    except msgspec.ValidationError as fault:
        raise Abort("validation_failed", errors=[first(fault)]) from None
    return Reply(
        200, views.encode(_saved(_sound(await coding.save(call.house, call.account_id, [rule], code_id=before.id))))
    )


async def drop(call: Call) -> Reply:
    """End a code."""
    if not (await call.house.store.write(coding.drop_codes, [(call.account_id, _id(call))]))[0]:
        raise _none()
    return Reply(200, views.encode(Gone()))


async def take(call: Call) -> Reply:
    """The codes of a file."""
    body: CodeImport = call.body
    saved, found = _sound(
        await coding.save(call.house, call.account_id, body.codes, replace=True, dry=body.dry_run)
    )  # fmt: skip
    return Reply(200, views.encode(CodesImported([_view(one) for one in saved.codes], [_report(one) for one in found])))


async def reports(call: Call) -> Reply:
    """What all codes do to each other."""
    found = await coding.report(call.house, call.account_id)
    return Reply(200, views.encode(CodeReports([_report(one) for one in found])))


async def test(call: Call) -> Reply:
    """What a text would meet with."""
    body: CodeTest = call.body
    house = call.house
    at = house.clock.now() if body.at is None else millis(body.at)
    if not usable(at):
        raise Abort("validation_failed", errors=[Fault("/at", "must lie between 1970 and 9998")])
    numbers = [normal(written) if written else "" for written in (body.to, body.sender)]
    for pointer, found in zip(("/to", "/from"), numbers, strict=True):
        if isinstance(found, Unusable):
            raise Abort("validation_failed", errors=[Fault(pointer, found.why)])
    to, sender = (str(one) for one in numbers)
    told = await coding.rehearse(house, call.account_id, body.text, to, at, body.code)
    if isinstance(told, Invalid):
        return problem("validation_failed", errors=told.errors)
    system = keyword(body.text)
    if system is not None:
        return Reply(200, views.encode(_tested(system.asks, None, [], told.close)))
    message = Message(
        id=1, account_id=call.account_id, direction="mo", status=RECEIVED, category=Category.CONVERSATION, to=to,
        sender=sender, text=body.text, encoding="gsm7", segments=1, reference=0, created_at=at, expires_at=at,
    )  # fmt: skip
    would = list(perform.would_do(message, told.found)) if told.found is not None else []
    return Reply(200, views.encode(_tested(None, told.found, would, told.close)))


def _tested(
    system: str | None, found: Found | None, would: list[tuple[str, str]], close: tuple[Candidate, ...]
) -> CodeTested:
    trouble = found.trouble if found else None
    return CodeTested(
        system=system, code=found.code.rule.name if found else None, how=found.how if found else None,
        keyword=found.keyword if found else "", language=found.language if found else "",
        parameters={name: _shown(value) for name, value in found.values.items()} if found else {},
        trouble=None if trouble is None else TroubleView(trouble.name, trouble.parameter, trouble.detail),
        actions=[WouldDo(*one) for one in would],
        close=[CloseView(one.code.rule.name, one.keyword, one.why) for one in close],
    )  # fmt: skip


def _shown(value: Value) -> Any:
    return msgspec.to_builtins(value)


def _sound(outcome: coding.Outcome | Refused | Invalid) -> coding.Outcome:
    if isinstance(outcome, Invalid):
        raise Abort("validation_failed", errors=list(outcome.errors))
    if isinstance(outcome, Refused):
        raise Abort(outcome.code, outcome.detail)
    return outcome


def _saved(outcome: coding.Outcome) -> CodeView:
    saved, found = outcome
    return _view(saved.codes[0], [_report(one) for one in found])


def _view(code: Code, found: list[ReportView] | None = None) -> CodeView:
    fields = {name: getattr(code.rule, name) for name in Rule.__struct_fields__}
    fields |= {name: _moment(fields[name]) for name in ("starts_at", "ends_at")}
    return CodeView(
        id=ids.show("code", code.id), created_at=show(code.created_at), changed_at=show(code.changed_at), reports=found,
        **fields,
    )  # fmt: skip


def _moment(moment: dt.datetime | None) -> Time | None:
    return None if moment is None else show(millis(moment))


def _report(one: Report) -> ReportView:
    kind: Any = one.kind
    return ReportView(kind, one.code.rule.name, one.other.rule.name if one.other else None, one.detail)


async def _owned(call: Call) -> Code:
    number = _id(call)
    found = await call.house.store.read(lambda tx: tx.codes.one(call.account_id, number))
    if found is None:
        raise _none()
    return found


def _id(call: Call) -> int:
    return ids.parse("code", call.params["id"]) or 0


def _none() -> Abort:
    return Abort("not_found", "There is no code with this id.")
