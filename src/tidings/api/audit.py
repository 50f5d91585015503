"""Who did what to people, keys and sign-in."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.keys import PageQuery, before_of, cut
from tidings.api.moments import Time, millis, show
from tidings.api.problems import Abort
from tidings.api.users import AccountId, account_of
from tidings.core import ids
from tidings.core.audit import ACTIONS, AuditFilter, Entry
from tidings.core.request import Fault, Moment

_PREFIXES = {"user": "user", "key": "key", "session": "ses"}
_Thing = Annotated[str, Meta(pattern="^(user|key|ses)_[0-9a-z]{13}$")]


class AuditQuery(PageQuery, frozen=True, kw_only=True):
    """Which lines."""

    account: Annotated[AccountId, Meta(description="for who looks after all accounts; else one's own")] | None = None
    action: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    actor: Annotated[_Thing, Meta(description="what one user or key did")] | None = None
    subject: Annotated[_Thing, Meta(description="what was done to one user, key or session")] | None = None
    address: Annotated[str, Meta(min_length=1, max_length=45)] | None = None
    since: Moment | None = None
    until: Moment | None = None


class ActorView(msgspec.Struct, frozen=True, kw_only=True):
    """Who did it."""

    kind: Annotated[str, Meta(description="`user`, `key`, `operator` (at the machine itself) or `nobody` who is known")]
    id: str | None
    name: str


class SubjectView(msgspec.Struct, frozen=True, kw_only=True):
    """What it was done to."""

    kind: str
    id: str
    name: str


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log."""

    id: str
    occurred_at: Time
    action: str
    actor: ActorView
    address: Annotated[str, Meta(description="where the call came from")]
    subject: SubjectView | None
    detail: Annotated[
        dict[str, Any] | None, Meta(description="what is different, as before and after, or what else there is to say")
    ]


class AuditPage(msgspec.Struct, frozen=True):
    """Lines, newest first."""

    data: list[AuditEntry]
    next_cursor: Annotated[str | None, Meta(description="null on the last page")]


async def page(call: Call) -> Reply:
    """What was done in an account."""
    query: AuditQuery = call.query
    account_id, before = account_of(call, query.account, "?account"), before_of(query.cursor)
    if query.action is not None and query.action not in ACTIONS:
        raise Abort("validation_failed", errors=[Fault("?action", f"is none of {', '.join(ACTIONS)}")])
    wanted = AuditFilter(
        action=query.action, actor_id=_number(query.actor), subject_id=_number(query.subject), address=query.address,
        **{name: millis(value) for name in ("since", "until") if (value := getattr(query, name)) is not None},
    )  # fmt: skip
    found = await call.house.store.read(lambda tx: tx.audit.page(account_id, wanted, before, query.limit + 1))
    entries, cursor = cut(found, query.limit)
    return Reply(200, views.encode(AuditPage([_view(one) for one in entries], cursor)))


def _number(text: str | None) -> int:
    """The number behind an id; of one that nothing can have, one that nothing has."""
    return 0 if text is None else ids.parse(text.partition("_")[0], text) or -1


def _view(one: Entry) -> AuditEntry:
    actor, subject = one.actor, None
    if one.subject_kind:
        subject = SubjectView(
            kind=one.subject_kind, id=ids.show(_PREFIXES[one.subject_kind], one.subject_id), name=one.subject_name
        )
    number = ids.show(_PREFIXES[actor.kind], actor.id) if actor.kind in _PREFIXES else None
    return AuditEntry(
        id=ids.show("aud", one.id), occurred_at=show(one.occurred_at), action=one.action,
        actor=ActorView(kind=actor.kind, id=number, name=actor.name), address=actor.address, subject=subject,
        detail=one.detail,
    )  # fmt: skip
