"""A text from a handset → the code it is for, what that code does at once, and what is said of it in the trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tidings.core import guard, template
from tidings.core.codebook import Book
from tidings.core.codes import Action, Call, CallWebhook, Forward, Found, Inbox, OptIn, OptOut, Pace, Reply, TagIt
from tidings.core.consent import keyword
from tidings.core.ids import show
from tidings.core.message import CATEGORY_RULES, Category, Message, Millis
from tidings.core.moments import written
from tidings.core.parameters import Value
from tidings.core.questions import Tx
from tidings.core.request import Verdict
from tidings.core.status import ACCEPTED
from tidings.text.segments import DoesNotFitError, TooManyPartsError, count

THINGS_MOST = 10
"""Texts and calls that one incoming text may lead to."""
_TAGS_MOST = 20
_EMPTY = Book()


class Codebooks:
    """The codes of every account, as last read. A version that is not the stored one is read again."""

    __slots__ = ("_books",)

    def __init__(self) -> None:
        self._books: dict[int, Book] = {}

    async def of(self, tx: Tx, account_id: int) -> Book:
        """The codes of an account as they are in this transaction."""
        version = await tx.codes.version(account_id)
        if version == 0:
            return _EMPTY
        book = self._books.get(account_id)
        if book is None or book.version != version:
            book = self._books[account_id] = Book(await tx.codes.all(account_id), version)
        return book


class Kit(msgspec.Struct, frozen=True, gc=False):
    """What codes need beside the text: where they are kept, ids for what they send and call, and the guard's bounds."""

    books: Codebooks
    ids: tuple[int, ...]
    a_minute: int
    a_day: int


class Handled(msgspec.Struct, frozen=True):
    """What is to come of a text: the message as it is to be stored, its trace, and what goes out."""

    message: Message
    trace: dict[str, Any] | None = None
    texts: tuple[Message, ...] = ()
    calls: tuple[Call, ...] = ()
    consents: tuple[OptIn | OptOut, ...] = ()
    """What the person agreed to or withdrew by it: done in the order of the texts, with their STOP and START."""
    code: str = ""

    async def agree(self, tx: Tx, now: Millis) -> None:
        """Keep what the person agreed to or withdrew."""
        for one in self.consents:
            change = tx.suppressions.lift if isinstance(one, OptIn) else tx.suppressions.add
            await change(self.message.account_id, self.message.sender, f"code {self.code}", now)


class Answers:
    """The codes' work on one batch of texts: what several of them need is read once, and written at the end."""

    def __init__(self, tx: Tx, now: Millis) -> None:
        self._tx = tx
        self._now = now
        self._books: dict[int, Book] = {}
        self._paces: dict[tuple[int, str, str], Pace | None] = {}
        self._moved: set[tuple[int, str, str]] = set()
        self._calls: list[Call] = []

    async def handle(self, message: Message, kit: Kit | None, unknown: str | None = None) -> Handled:
        """Find the code that a text is for and do what it says; `unknown` is what a text gets that no code knows.

        STOP, START and HELP go before all codes. A text with parts or characters missing is not taken for anything.
        """
        if kit is None or message.error is not None or message.text is None or keyword(message.text) is not None:
            return Handled(message)
        book = await self._book(message.account_id, kit.books)
        found = book.match(message.text, message.to, self._now)
        if found is None and unknown is None:
            return Handled(message)
        return await self._do(message, found, (Reply(unknown or ""),) if found is None else actions(found), kit)

    async def close(self) -> None:
        """Write what is left to be written. The texts are the caller's to enter."""
        if self._moved:
            await self._tx.codes.keep_paces([pace for key in self._moved if (pace := self._paces[key]) is not None])
        if self._calls:
            await self._tx.codes.insert_calls(self._calls)

    async def _book(self, account_id: int, books: Codebooks) -> Book:
        if account_id not in self._books:
            self._books[account_id] = await books.of(self._tx, account_id)
        return self._books[account_id]

    async def _do(self, message: Message, found: Found | None, actions: Sequence[Action], kit: Kit) -> Handled:
        key = (message.account_id, message.sender, message.to)
        if key not in self._paces:
            self._paces[key] = (await self._tx.codes.paces([key])).get(key)
        pace = self._paces[key]
        text = message.text or ""
        verdict = guard.judge(pace, text, message.sender, message.to, self._now, kit.a_minute, kit.a_day)
        room = guard.room(pace, self._now, kit.a_minute, kit.a_day)
        work = _Work(message, found, verdict, room, kit.ids, self._now)
        for action in actions:
            work.add(action)
        if work.sent:
            last = next((one.text or "" for one in reversed(work.texts) if one.to == message.sender), "")
            self._paces[key] = guard.counted(pace, *key, work.sent, last, self._now)
            self._moved.add(key)
        self._calls += work.calls
        tags = tuple(dict.fromkeys((*message.tags, *work.tags)))[:_TAGS_MOST]
        consents = tuple([one for one in actions if isinstance(one, OptIn | OptOut)])
        return Handled(
            msgspec.structs.replace(message, tags=tags), {"code": work.trace()}, tuple(work.texts), tuple(work.calls),
            consents, found.code.rule.name if found else "",
        )  # fmt: skip


_NO_ROOM = "one more than codes may send between these two numbers now"


class _Work:
    """One code at work on one text."""

    def __init__(
        self, message: Message, found: Found | None, verdict: Verdict, room: int, ids: Sequence[int], now: Millis
    ) -> None:  # fmt: skip
        self._message, self._found, self._verdict, self._room, self._now = message, found, verdict, room, now
        self._ids = iter(ids)
        self._values: dict[str, Any] = values(message, found)
        """What templates are filled with."""
        self.texts: list[Message] = []
        self.calls: list[Call] = []
        self.tags: list[str] = []
        self.sent = 0
        self._done: list[dict[str, Any]] = []

    def add(self, action: Action) -> None:
        kind = type(action).__struct_config__.tag
        if isinstance(action, Reply):
            self._tell(kind, [self._message.sender], action.text)
        elif isinstance(action, Forward):
            self._tell(kind, action.to, action.text)
        elif isinstance(action, CallWebhook):
            self._call(action)
        else:
            if isinstance(action, TagIt):
                self.tags += action.tags
            self._done.append({"action": kind})

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

    def _tell(self, kind: Any, numbers: Sequence[str], source: str) -> None:
        if not self._verdict.allowed:
            self._done.append({"action": kind, "note": f"not sent: {self._verdict.detail}"})
            return
        filled = template.Filled(source) if self._found is None else fill(source, self._values)
        for number in numbers:
            if self.sent >= self._room:
                self._done.append({"action": kind, "note": f"not sent: {_NO_ROOM}"})
                continue
            number_id = next(self._ids, None)
            if isinstance(filled, template.Broken) or number_id is None:
                why = "too much for one text" if number_id is None else filled.detail  # type: ignore[union-attr]
                self._done.append({"action": kind, "note": f"not sent: {why}"})
                continue
            made = text_message(self._message, number, filled.text, number_id, self._now)
            if isinstance(made, str):
                self._done.append({"action": kind, "note": f"not sent: {made}"})
                continue
            self.texts.append(made)
            self.sent += 1
            self._done.append({"action": kind, "message": show("msg", made.id)})

    def _call(self, action: CallWebhook) -> None:
        call_id = next(self._ids, None)
        if call_id is None:
            self._done.append({"action": "webhook", "note": "not called: too much for one text"})
            return
        found = self._found
        if found is None:
            raise ValueError("only codes call webhooks")
        said = {"parameters": found.values, "keyword": found.keyword, "language": found.language}
        replies = action.replies if self._verdict.allowed else "none"
        self.calls.append(
            Call(
                id=call_id, account_id=self._message.account_id, message_id=self._message.id, code_id=found.code.id,
                url=action.url, replies=replies, status="waiting", attempts=0, created_at=self._now, next_at=self._now,
                said=msgspec.json.encode(said).decode(),
            )
        )  # fmt: skip
        self._done.append({"action": "webhook", "call": show("call", call_id)})


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
            case CallWebhook(url=url):
                yield kind, url
            case Inbox() | OptIn() | OptOut():
                yield kind, ""
