"""A text from a handset → the code it is for, what that code does at once, and what is said of it in the trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from tidings.core import guard
from tidings.core.codebook import Book
from tidings.core.codes import Action, Call, Found, OptIn, OptOut, Pace, Reply
from tidings.core.consent import keyword
from tidings.core.conversation import Contact
from tidings.core.message import DAY, Message, Millis
from tidings.core.questions import Tx
from tidings.pipeline.perform import Work, actions, mails, of_person

THINGS_MOST = 10
"""Texts and calls that one incoming text may lead to."""
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
    mails: int = 0
    """E-mails of an account in a day; 0 where none can be sent."""


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
        self._mails: dict[int, int] = {}
        """By account, e-mails of this day."""
        self._mailed: Counter[int] = Counter()
        """Of them, those of this batch."""
        self._who: dict[tuple[int, str], int | str] = {}
        """By account and number, who texted: the contact's id, or the number where nobody is known by it yet."""
        self._people: dict[tuple[int, int | str], Contact] = {}
        """These as codes leave them."""

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
        """Write what is left to be written. The texts are the caller's to enter, and the people to get acquainted with
        before `note`.
        """
        if self._moved:
            await self._tx.codes.keep_paces([pace for key in self._moved if (pace := self._paces[key]) is not None])
        if self._calls:
            await self._tx.codes.insert_calls(self._calls)
        if self._mailed:
            await self._tx.codes.count_mails(sorted(self._mailed.items()), self._now // DAY)

    async def note(self) -> None:
        """Keep what codes noted of people: whoever texted is a contact by now."""
        if not self._people:
            return
        owners = await self._tx.contacts.of_numbers(self._who)
        for account_id in {account_id for account_id, _ in self._who}:
            mine = {
                owners[key]: self._people[account_id, who] for key, who in self._who.items() if key[0] == account_id
            }
            for contact in (await self._tx.contacts.some(account_id, mine)).values():
                noted = mine[contact.id]
                await self._tx.contacts.change(
                    msgspec.structs.replace(contact, fields=noted.fields, tags=noted.tags, changed_at=self._now)
                )

    async def _person(self, message: Message) -> Contact:
        account_id, key = message.account_id, (message.account_id, message.sender)
        if key not in self._who:
            owner = (await self._tx.contacts.of_numbers([key])).get(key)
            self._who[key] = owner or message.sender
            if owner is None:
                self._people[key] = Contact(id=0, account_id=account_id, created_at=self._now, changed_at=self._now)
            elif (account_id, owner) not in self._people:
                self._people[account_id, owner] = (await self._tx.contacts.some(account_id, [owner]))[owner]
        return self._people[account_id, self._who[key]]

    async def _room_for_mails(self, account_id: int, actions: Sequence[Action], most: int) -> int | None:
        """How many e-mails an account may send today; None where none can be sent at all."""
        if most == 0:
            return None
        if not any(mails(one) for one in actions):
            return 0
        if account_id not in self._mails:
            self._mails[account_id] = await self._tx.codes.mails_of(account_id, self._now // DAY)
        return max(0, most - self._mails[account_id] - self._mailed[account_id])

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
        person = await self._person(message) if any(map(of_person, actions)) else None
        room = guard.room(pace, self._now, kit.a_minute, kit.a_day)
        mails = await self._room_for_mails(message.account_id, actions, kit.mails)
        work = Work(message, found, verdict, room, kit.ids, self._now, person, mails)
        for action in actions:
            work.add(action)
        if work.person is not None:
            self._people[message.account_id, self._who[message.account_id, message.sender]] = work.person
        if work.sent:
            last = next((one.text or "" for one in reversed(work.texts) if one.to == message.sender), "")
            self._paces[key] = guard.counted(pace, *key, work.sent, last, self._now)
            self._moved.add(key)
        self._calls += work.calls
        if work.mailed:
            self._mailed[message.account_id] += work.mailed
        consents = tuple([one for one in actions if isinstance(one, OptIn | OptOut)])
        message = msgspec.structs.replace(message, tags=work.tags)
        return Handled(
            message, {"code": work.trace()}, tuple(work.texts), tuple(work.calls), consents,
            found.code.rule.name if found else "",
        )  # fmt: skip
