"""One code at work on one text: what it sends and calls, what it notes of the person, and what the trace says of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from tidings.core import mail, template
from tidings.core.codes import (
    Action,
    Call,
    CallWebhook,
    Forward,
    Found,
    Inbox,
    OptIn,
    OptOut,
    Reply,
    SetField,
    TagIt,
)
from tidings.core.conversation import FIELD_MOST, FIELDS_MOST, TAGS_MOST, Contact
from tidings.core.ids import show
from tidings.core.message import CATEGORY_RULES, Category, Message, Millis
from tidings.core.moments import written
from tidings.core.parameters import Value
from tidings.core.request import Verdict
from tidings.core.status import ACCEPTED
from tidings.text.segments import DoesNotFitError, TooManyPartsError, count

_TAGS_OF_MESSAGE_MOST = 20
_NO_ROOM = "one more than codes may send between these two numbers now"


class Work:
    """One code at work on one text."""

    def __init__(
        self, message: Message, found: Found | None, verdict: Verdict, room: int, ids: Sequence[int], now: Millis,
        person: Contact | None = None, mails: int | None = None,
    ) -> None:  # fmt: skip
        self._message, self._found, self._verdict, self._room, self._now = message, found, verdict, room, now
        self._ids = iter(ids)
        self._values: dict[str, Any] = values(message, found)
        """What templates are filled with."""
        self.texts: list[Message] = []
        self.calls: list[Call] = []
        self.tags = message.tags
        self.person = person
        """The contact that the text comes from, as it is to be; given where an action of the code speaks of it."""
        self._mails = mails
        """E-mails that the account may still send today; None where none can be sent at all."""
        self.mailed = 0
        self.sent = 0
        self._done: list[dict[str, Any]] = []

    def add(self, action: Action) -> None:
        kind = type(action).__struct_config__.tag
        if isinstance(action, Reply):
            self._tell(kind, self._message.sender, self._filled(action.text))
        elif isinstance(action, Forward):
            self._forward(kind, action)
        elif isinstance(action, CallWebhook):
            self._call(action)
        elif isinstance(action, TagIt):
            self._tag(kind, action)
        elif isinstance(action, SetField):
            self._note(kind, action)
        else:
            self._done.append({"action": kind})

    def _tag(self, kind: Any, action: TagIt) -> None:
        of_person = action.on == "contact"
        before, most = (self._of_person.tags, TAGS_MOST) if of_person else (self.tags, _TAGS_OF_MESSAGE_MOST)
        tags = tuple(dict.fromkeys((*before, *action.tags)))
        if of_person:
            self.person = msgspec.structs.replace(self._of_person, tags=tags[:most])
        else:
            self.tags = tags[:most]
        left = ", ".join(tags[most:])
        self._done.append({"action": kind} | ({"note": f"no room for more tags: {left}"} if left else {}))

    def _note(self, kind: Any, action: SetField) -> None:
        """Set a field of the person, or say why it is not set."""
        fields, value = self._of_person.fields, field_value(action, self._values)
        if isinstance(value, template.Broken):
            why = value.detail
        elif action.name not in fields and len(fields) >= FIELDS_MOST:
            why = f"the contact has {FIELDS_MOST} fields, all it may"
        else:
            self.person = msgspec.structs.replace(self._of_person, fields=fields | {action.name: value})
            self._done.append({"action": kind})
            return
        self._done.append({"action": kind, "note": f"not set: {why}"})

    @property
    def _of_person(self) -> Contact:
        if self.person is None:
            raise ValueError("the contact was not read")
        return self.person

    def trace(self) -> dict[str, Any]:
        """What the message's story tells of it: no word of the text itself."""
        found = self._found
        told: dict[str, Any] = {
            "id": show("code", found.code.id) if found else None, "name": found.code.rule.name if found else "",
            "how": found.how if found else "unknown", "keyword": found.keyword if found else "",
            "language": found.language if found else "", "trouble": None, "guard": None, "done": self._done,
        }  # fmt: skip
        if found is not None and found.trouble is not None:
            trouble = found.trouble
            told["trouble"] = {"name": trouble.name, "parameter": trouble.parameter}
        if self._sends():
            told["guard"] = msgspec.structs.asdict(self._verdict)
        return told

    def _sends(self) -> bool:
        return any(one["action"] in ("reply", "forward", "webhook") for one in self._done)

    def _filled(self, source: str) -> template.Filled | template.Broken:
        return template.Filled(source) if self._found is None else fill(source, self._values)

    def _forward(self, kind: Any, action: Forward) -> None:
        filled, subject = self._filled(action.text), self._filled(action.subject)
        for person in action.to:
            if mail.is_address(person):
                self._mail(kind, person, subject, filled)
            else:
                self._tell(kind, person, filled)

    def _against(self) -> str | None:
        """Why nothing more may be sent because of this text."""
        if not self._verdict.allowed:
            return self._verdict.detail
        return _NO_ROOM if self.sent >= self._room else None

    def _not_sent(self, kind: Any, why: str) -> None:
        self._done.append({"action": kind, "note": f"not sent: {why}"})

    def _tell(self, kind: Any, number: str, filled: template.Filled | template.Broken) -> None:
        if why := self._against():
            return self._not_sent(kind, why)
        if isinstance(filled, template.Broken):
            return self._not_sent(kind, filled.detail)
        message_id = next(self._ids, None)
        if message_id is None:
            return self._not_sent(kind, "too much for one text")
        made = text_message(self._message, number, filled.text, message_id, self._now)
        if isinstance(made, str):
            return self._not_sent(kind, made)
        self.texts.append(made)
        self.sent += 1
        return self._done.append({"action": kind, "message": show("msg", made.id)})

    def _mail(
        self, kind: Any, address: str, subject: template.Filled | template.Broken,
        text: template.Filled | template.Broken,
    ) -> None:  # fmt: skip
        """Leave an e-mail to be sent. It counts as an answer, and among the e-mails of the day."""
        if why := self._against():
            return self._not_sent(kind, why)
        if self._mails is None:
            return self._not_sent(kind, "no e-mail can be sent: email.host is not set")
        if self.mailed >= self._mails:
            return self._not_sent(kind, "the account has sent all e-mails that it may in a day (email.per_day)")
        if isinstance(subject, template.Broken):
            return self._not_sent(kind, subject.detail)
        if isinstance(text, template.Broken):
            return self._not_sent(kind, text.detail)
        call_id = next(self._ids, None)
        if call_id is None or self._found is None:
            return self._not_sent(kind, "too much for one text")
        said = {"subject": subject.text, "text": text.text}
        self._row(call_id, self._found, mail.url(address), "none", said)
        self.sent += 1
        self.mailed += 1
        return self._done.append({"action": kind, "call": show("call", call_id)})

    def _call(self, action: CallWebhook) -> None:
        call_id = next(self._ids, None)
        if call_id is None:
            self._done.append({"action": "webhook", "note": "not called: too much for one text"})
            return
        found = self._found
        if found is None:
            raise ValueError("only codes call webhooks")
        said = {"parameters": found.values, "keyword": found.keyword, "language": found.language}
        self._row(call_id, found, action.url, action.replies if self._verdict.allowed else "none", said)
        self._done.append({"action": "webhook", "call": show("call", call_id)})

    def _row(self, call_id: int, found: Found, url: str, replies: str, said: dict[str, Any]) -> None:
        self.calls.append(
            Call(
                id=call_id, account_id=self._message.account_id, message_id=self._message.id, code_id=found.code.id,
                url=url, replies=replies, status="waiting", attempts=0, created_at=self._now, next_at=self._now,
                said=msgspec.json.encode(said).decode(),
            )
        )  # fmt: skip


def mails(action: Action) -> bool:
    """Whether an action sends e-mail."""
    return isinstance(action, Forward) and any(map(mail.is_address, action.to))


def of_person(action: Action) -> bool:
    """Whether an action changes the contact that the text comes from."""
    return isinstance(action, SetField) or (isinstance(action, TagIt) and action.on == "contact")


def field_value(action: SetField, given: Mapping[str, Any]) -> str | int | float | template.Broken:
    """What a contact's field becomes; Broken where nothing was said for it, or too much."""
    value: str | int | float | None
    if action.parameter is None:
        filled = fill(action.text or "", given)
        if isinstance(filled, template.Broken):
            return filled
        value = filled.text
    else:
        value = _plain(given.get(action.parameter))
        if value is None:
            return template.Broken(f"the text says nothing of {action.parameter}")
    if isinstance(value, str) and len(value) > FIELD_MOST:
        return template.Broken(f"longer than {FIELD_MOST} characters")
    return value


def _plain(value: Value) -> str | int | float | None:
    """A parameter as a field of a contact can hold it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dict):
        return f"{value['amount']} {value['currency']}".strip()
    return value


def actions(found: Found) -> tuple[Action, ...]:
    """What a code does about a text; where a parameter is wrong, that is telling so."""
    rule = found.code.rule
    return rule.actions if found.trouble is None else (Reply(rule.help or "{{ detail }}"),)


def values(message: Message, found: Found | None) -> dict[str, Any]:
    """What templates are filled with."""
    plain: dict[str, Any] = {
        "from": message.sender, "to": message.to, "text": message.text or "",
        "received_at": written(message.created_at),
        "keyword": found.keyword if found else "", "language": found.language if found else "",
        "code": found.code.rule.name if found else "",
    }  # fmt: skip
    if found is None:
        return plain
    if found.trouble is not None:
        trouble = found.trouble
        return plain | {"trouble": trouble.name, "parameter": trouble.parameter or "", "detail": trouble.detail}
    return {**found.values, **plain}


def fill(source: str, given: Mapping[str, Value]) -> template.Filled | template.Broken:
    """A template filled in; Broken where that leaves nothing to send."""
    parsed = template.parse(source)
    filled = parsed if isinstance(parsed, template.Broken) else parsed.fill(given)
    if isinstance(filled, template.Filled) and not filled.text:
        return template.Broken("nothing is left of the template")
    return filled


def text_message(incoming: Message, number: str, text: str, message_id: int, now: Millis) -> Message | str:
    """A text that an incoming one leads to, from the number it was sent to; or why it cannot be sent."""
    try:
        encoding, segments = count(text)
    except (DoesNotFitError, TooManyPartsError) as fault:
        return str(fault)
    return Message(
        id=message_id, account_id=incoming.account_id, direction="mt", status=ACCEPTED, category=Category.CONVERSATION,
        to=number, sender=incoming.to, text=text, encoding=encoding, segments=segments,
        reference=(message_id >> 21 ^ message_id) & 0xFF, created_at=now,
        expires_at=now + CATEGORY_RULES[Category.CONVERSATION].validity, event_count=1,
    )  # fmt: skip


def would_do(message: Message, found: Found) -> Iterator[tuple[str, str]]:
    """What a code would do about a text, as pairs of an action and what it would come to; nothing is done."""
    given = values(message, found)
    for action in actions(found):
        kind = str(type(action).__struct_config__.tag)
        match action:
            case Reply(text=source) | Forward(text=source):
                filled = fill(source, given)
                yield kind, filled.text if isinstance(filled, template.Filled) else f"not sent: {filled.detail}"
            case TagIt(tags=tags):
                yield kind, ", ".join(tags)
            case SetField(name=name):
                value = field_value(action, given)
                yield kind, f"not set: {value.detail}" if isinstance(value, template.Broken) else f"{name} = {value}"
            case CallWebhook(url=url):
                yield kind, url
            case Inbox() | OptIn() | OptOut():
                yield kind, ""
