"""Questions about contacts, conversations and the words of what is said, with what they mean."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contract_kit import ONE, TWO, Desk, message
from tidings.core.conversation import CannedReply, Contact, Conversation, ConversationFilter, Note
from tidings.core.people import User
from tidings.core.words import sought
from tidings.store import reports as reports_module

ADA, BEN = "+15551230100", "+15551230199"
OURS = "+15550009999"


def contact(number: int, **changes: Any) -> Contact:
    fields: dict[str, Any] = {"id": number, "account_id": ONE, "created_at": number, "changed_at": number}
    return Contact(**{**fields, **changes})


def conversation(number: int, **changes: Any) -> Conversation:
    fields: dict[str, Any] = {
        "id": number, "account_id": ONE, "sender": OURS, "contact_id": number, "number": ADA, "last_id": number,
        "created_at": number,
    }  # fmt: skip
    return Conversation(**{**fields, **changes})


# contacts


async def test_a_contact_is_kept_changed_and_dropped(desk: Desk) -> None:
    ada = contact(
        5, name="Ada Ö", fields={"guests": 4, "dog": True, "note": 'a "b"'}, tags=("a", "ключ"), notes="x\n",
        numbers=(ADA, BEN),
    )  # fmt: skip
    await desk.do(lambda tx: tx.contacts.insert([ada, contact(6), contact(7, account_id=TWO, numbers=(ADA,))]))
    assert await desk.see(lambda tx: tx.contacts.some(ONE, [5, 6, 7, 99])) == {5: ada, 6: contact(6)}
    assert await desk.see(lambda tx: tx.contacts.some(ONE, [])) == {}
    pairs = [(ONE, ADA), (ONE, BEN), (TWO, ADA), (TWO, BEN), (ONE, "1")]
    found = await desk.see(lambda tx: tx.contacts.of_numbers(pairs))
    assert found == {(ONE, ADA): 5, (ONE, BEN): 5, (TWO, ADA): 7}
    changed = msgspec.structs.replace(ada, name="", fields={}, tags=(), notes="", numbers=(BEN,), changed_at=9)
    await desk.do(lambda tx: tx.contacts.change(changed))
    assert await desk.see(lambda tx: tx.contacts.some(ONE, [5])) == {5: changed}
    await desk.do(lambda tx: tx.contacts.delete([5]))
    assert await desk.see(lambda tx: tx.contacts.some(ONE, [5, 6])) == {6: contact(6)}
    assert await desk.see(lambda tx: tx.contacts.of_numbers(pairs)) == {(TWO, ADA): 7}
    assert await desk.see(lambda tx: tx.contacts.of_numbers([])) == {}


async def test_pages_of_contacts(desk: Desk) -> None:
    rows = [
        contact(1, name="Ada", tags=("a",)), contact(2, name="ada b"), contact(3, name="Ben", tags=("b", "a")),
        contact(4, account_id=TWO, name="Ada"),
    ]  # fmt: skip
    await desk.do(lambda tx: tx.contacts.insert(rows))

    async def page(tag: str | None = None, name: str | None = None, before: int | None = None, limit: int = 10) -> Any:
        found, cursor, complete = await desk.see(lambda tx: tx.contacts.page(ONE, tag, name, before, limit))
        assert complete
        return [one.id for one in found], cursor

    assert await page() == ([3, 2, 1], None)
    assert await page(limit=2) == ([3, 2], 2)
    assert await page(before=2) == ([1], None)
    assert await page(tag="a") == ([3, 1], None)
    assert await page(name="ADA") == ([2, 1], None)
    assert await page(tag="a", name="b") == ([3], None)


# conversations

MOMENT = 1_000


async def test_a_conversation_is_kept_and_changed(desk: Desk) -> None:
    full = conversation(
        5, status="snoozed", snoozed_until=MOMENT, assignee="kim", labels=("a", "Ü"), unread=3, last_id=77,
        event_count=2,
    )  # fmt: skip
    await desk.do(lambda tx: tx.conversations.insert([full, conversation(6)]))
    assert await desk.see(lambda tx: tx.conversations.one(ONE, 5)) == full
    assert await desk.see(lambda tx: tx.conversations.one(TWO, 5)) is None
    assert await desk.do(lambda tx: tx.conversations.one(ONE, 5, hold=True)) == full
    assert await desk.do(lambda tx: tx.conversations.of_contacts([(ONE, 5)], hold=True)) == [full]
    changed = msgspec.structs.replace(
        full, contact_id=8, number=BEN, status="open", snoozed_until=None, assignee=None, labels=(), unread=0,
        last_id=78, event_count=3,
    )  # fmt: skip
    await desk.do(lambda tx: tx.conversations.change([changed]))
    assert await desk.see(lambda tx: tx.conversations.one(ONE, 5)) == changed
    found = await desk.see(lambda tx: tx.conversations.of_contacts([(ONE, 8), (ONE, 6), (TWO, 6), (ONE, 99)]))
    assert sorted(one.id for one in found) == [5, 6]
    assert await desk.see(lambda tx: tx.conversations.of_contacts([])) == []


async def test_snoozed_ones_fall_due(desk: Desk) -> None:
    rows = [
        conversation(number, status="snoozed", snoozed_until=until) for number, until in ((1, 30), (2, 10), (3, 40))
    ]
    await desk.do(lambda tx: tx.conversations.insert([*rows, conversation(4)]))
    due = await desk.see(lambda tx: tx.conversations.due(30, 10))
    assert sorted(one.id for one in due) == [1, 2]
    assert len(await desk.see(lambda tx: tx.conversations.due(30, 1))) == 1


PAGES: list[tuple[str, dict[str, Any], list[int]]] = [
    ("all", {}, [3, 1, 4, 2]),
    ("open", {"status": "open"}, [3, 1, 2]),
    ("of somebody", {"assignee": "kim"}, [3, 4]),
    ("with a label", {"label": "a"}, [1, 4]),
    ("of a sender", {"sender": "777"}, [2]),
    ("of a contact", {"contact_id": 1}, [1]),
    ("unread", {"unread": True}, [3]),
    ("read", {"unread": False}, [1, 4, 2]),
    ("of nobody", {"assigned": False}, [1, 2]),
    ("of anybody", {"assigned": True}, [3, 4]),
    ("several at once", {"status": "closed", "assignee": "kim", "label": "a", "unread": False}, [4]),
    ("none", {"status": "snoozed"}, []),
]


@pytest.mark.parametrize(("filter", "found"), [case[1:] for case in PAGES], ids=[case[0] for case in PAGES])
async def test_the_inbox_is_narrowed(desk: Desk, filter: dict[str, Any], found: list[int]) -> None:
    rows = [
        conversation(1, last_id=90, labels=("a", "b")), conversation(2, last_id=70, sender="777"),
        conversation(3, last_id=99, unread=2, assignee="kim"),
        conversation(4, last_id=80, status="closed", assignee="kim", labels=("a",)),
        conversation(5, last_id=95, account_id=TWO),
    ]  # fmt: skip
    await desk.do(lambda tx: tx.conversations.insert(rows))
    sought_for = ConversationFilter(**filter)
    page = await desk.see(lambda tx: tx.conversations.page(ONE, sought_for, None, 10))
    assert ([one.id for one in page.conversations], page.cursor, page.complete) == (found, None, True)
    first = await desk.see(lambda tx: tx.conversations.page(ONE, sought_for, None, 1))
    rest = await desk.see(lambda tx: tx.conversations.page(ONE, sought_for, first.cursor, 10)) if first.cursor else None
    assert [one.id for one in (*first.conversations, *(rest.conversations if rest else ()))] == found


async def test_a_thread_holds_what_passed_between_a_sender_and_the_numbers_of_a_contact(desk: Desk) -> None:
    rows = [
        message(1, to=ADA, sender=OURS), message(2, to=OURS, sender=ADA, direction="mo"),
        message(3, to=BEN, sender=OURS), message(4, to=OURS, sender=BEN, direction="mo"),
        message(5, to=ADA, sender="777"), message(6, to="777", sender=ADA, direction="mo"),
        message(7, to=ADA, sender=OURS, account_id=TWO),
    ]  # fmt: skip
    await desk.do(lambda tx: tx.messages.insert(rows))

    async def thread(numbers: list[str], before: int | None = None, limit: int = 10) -> list[int]:
        return await desk.see(lambda tx: tx.conversations.thread(ONE, OURS, numbers, before, limit))

    assert await thread([ADA]) == [2, 1]
    assert await thread([ADA, BEN]) == [4, 3, 2, 1]
    assert await thread([ADA, BEN], limit=2) == [4, 3]
    assert await thread([ADA, BEN], before=3) == [2, 1]
    assert await thread([]) == []


async def test_notes_stay_with_their_conversation_and_go_with_it(desk: Desk) -> None:
    notes = [Note(number, ONE, 5, "kim", f"n{number}", number) for number in (1, 2)]
    await desk.do(lambda tx: tx.conversations.insert([conversation(5), conversation(6)]))
    for note in notes:
        await desk.do(lambda tx, note=note: tx.conversations.insert_note(note))
    assert await desk.see(lambda tx: tx.conversations.notes(5, None, 10)) == [notes[1], notes[0]]
    assert await desk.see(lambda tx: tx.conversations.notes(5, 2, 10)) == [notes[0]]
    changed = msgspec.structs.replace(notes[0], author="ada", text="n1!", changed_at=9)
    await desk.do(lambda tx: tx.conversations.change_note(changed))
    assert await desk.see(lambda tx: tx.conversations.one_note(ONE, 1)) == changed
    assert await desk.see(lambda tx: tx.conversations.one_note(TWO, 1)) is None
    third = Note(3, ONE, 5, "", "n3", 3)
    await desk.do(lambda tx: tx.conversations.insert_note(third))
    assert await desk.do(lambda tx: tx.conversations.delete_note(TWO, 3)) is False
    assert await desk.do(lambda tx: tx.conversations.delete_note(ONE, 3)) is True
    assert await desk.see(lambda tx: tx.conversations.one_note(ONE, 3)) is None
    await desk.do(lambda tx: tx.conversations.move_notes(5, 6))
    assert len(await desk.see(lambda tx: tx.conversations.notes(6, None, 10))) == 2
    await desk.do(lambda tx: tx.conversations.delete([6]))
    assert await desk.see(lambda tx: tx.conversations.notes(6, None, 10)) == []
    assert await desk.see(lambda tx: tx.conversations.one(ONE, 6)) is None
    assert await desk.see(lambda tx: tx.conversations.one(ONE, 5)) == conversation(5)


async def test_conversations_follow_a_new_name_once_nobody_has_the_one_before(desk: Desk) -> None:
    theirs = [
        conversation(5, assignee="Ada"), conversation(6, assignee="Ada", status="closed"),
        conversation(7, assignee="Ben"), conversation(8, account_id=TWO, assignee="Ada"),
    ]  # fmt: skip
    namesake = User(id=9, account_id=ONE, email="ada@example.com", name="Ada", role="agent", created_at=1)
    elsewhere = User(id=10, account_id=TWO, email="ada@example.org", name="Ada", role="agent", created_at=1)
    await desk.do(lambda tx: tx.conversations.insert(theirs))
    for one in (namesake, elsewhere):
        await desk.do(lambda tx, one=one: tx.people.insert(one))

    async def assignees() -> list[str | None]:
        found = [await desk.see(lambda tx, one=one: tx.conversations.one(one.account_id, one.id)) for one in theirs]
        return [one.assignee for one in found]

    await desk.do(lambda tx: tx.conversations.reassign(ONE, "Ada", "Ada L."))
    assert await assignees() == ["Ada", "Ada", "Ben", "Ada"], "somebody else is called so"
    await desk.do(lambda tx: tx.people.delete(namesake.id))
    await desk.do(lambda tx: tx.conversations.reassign(ONE, "Ada", "Ada L."))
    assert await assignees() == ["Ada L.", "Ada L.", "Ben", "Ada"]


async def test_replies_are_kept_ready(desk: Desk) -> None:
    hours, other = CannedReply(5, ONE, "hours", "Nine.", 1), CannedReply(6, TWO, "hours", "Ten.", 2)
    for one in (hours, other):
        await desk.do(lambda tx, one=one: tx.conversations.insert_canned(one))
    assert await desk.see(lambda tx: tx.conversations.canned(ONE, None, 10)) == [hours]
    assert await desk.see(lambda tx: tx.conversations.one_canned(ONE, 6)) is None
    assert await desk.see(lambda tx: tx.conversations.canned_named(ONE, "hours")) == 5
    assert await desk.see(lambda tx: tx.conversations.canned_named(ONE, "Hours")) is None
    changed = msgspec.structs.replace(hours, name="when", text="At nine.")
    await desk.do(lambda tx: tx.conversations.change_canned(changed))
    assert await desk.see(lambda tx: tx.conversations.one_canned(ONE, 5)) == changed
    assert await desk.see(lambda tx: tx.conversations.count_canned(ONE)) == 1
    assert await desk.do(lambda tx: tx.conversations.delete_canned(TWO, 5)) is False
    assert await desk.do(lambda tx: tx.conversations.delete_canned(ONE, 5)) is True
    assert await desk.see(lambda tx: tx.conversations.canned(ONE, None, 10)) == []


# words

SAID = [
    message(1, text="Could we come at nine?"), message(2, text="Nine is fine, José. See you"),
    message(3, text="今日は"), message(4, text="nine", account_id=TWO), message(5, text=None), message(6, text="🙂"),
    message(7, text="and or not near nine\0nil"),
]  # fmt: skip
WORDS: list[tuple[str, str, list[int]]] = [
    ("a word, newest first", "nine", [7, 2, 1]),
    ("all of several", "nine come", [1]),
    ("in any case, without accents", "JOSE", [2]),
    ("a beginning", "co*", [1]),
    ("a beginning and a word", "fi* nine", [2]),
    ("a character of a script without blanks", "今", [3]),
    ("what looks like an operator", "AND NOT", [7]),
    ("behind a character that PostgreSQL cannot hold", "nil", [7]),
    ("a part of a word is none", "nin", []),
    ("nobody said it", "ten", []),
]


@pytest.mark.parametrize(("asked", "found"), [case[1:] for case in WORDS], ids=[case[0] for case in WORDS])
async def test_what_was_said_is_found(desk: Desk, asked: str, found: list[int]) -> None:
    await desk.do(lambda tx: tx.words.insert(SAID))
    wanted = sought(ONE, asked)
    assert wanted is not None
    assert await desk.see(lambda tx: tx.words.find(ONE, wanted, None, 10)) == found
    assert await desk.see(lambda tx: tx.words.find(ONE, wanted, None, 1)) == found[:1]
    before = await desk.see(lambda tx: tx.words.find(ONE, wanted, 2, 10))
    assert before == [number for number in found if number < 2]


async def test_words_are_forgotten(desk: Desk) -> None:
    await desk.do(lambda tx: tx.words.insert(SAID))
    await desk.do(lambda tx: tx.words.forget([1, 5, 99]))
    wanted = sought(ONE, "nine") or ""
    assert await desk.see(lambda tx: tx.words.find(ONE, wanted, None, 10)) == [7, 2]
    await desk.do(lambda tx: tx.words.insert([msgspec.structs.replace(SAID[0], text="ten")]))
    assert await desk.see(lambda tx: tx.words.find(ONE, sought(ONE, "ten") or "", None, 10)) == [1]


# how many were answered


async def test_responses_are_counted_by_sender_tag_and_message(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[str, Any] = {"sender": OURS, "sent_at": 1}
    reply: dict[str, Any] = {"direction": "mo", "sender": ADA, "to": OURS}
    rows = [
        message(1, **sent, tags=("a", "ü")), message(2, **sent, tags=("a",)),
        message(3, **{**sent, "sender": "777"}), message(4, sender=OURS), message(5, **sent, category="system"),
        message(6, **sent, account_id=TWO), message(10, **reply, in_reply_to=1), message(11, **reply, in_reply_to=1),
        message(12, **reply, in_reply_to=3), message(13, **reply), message(14, **reply, in_reply_to=6, account_id=TWO),
    ]  # fmt: skip
    await desk.do(lambda tx: tx.messages.insert(rows))

    async def report(by: str, after: int = 0, upto: int = 9, limit: int = 10) -> Any:
        found = await desk.see(lambda tx: tx.reports.responses(ONE, by, after, upto, limit))
        return [msgspec.structs.astuple(one) for one in found.rows], msgspec.structs.astuple(found.total), found.floor

    assert await report("sender") == ([(OURS, 2, 1, 2), ("777", 1, 1, 1)], ("", 3, 2, 3), None)
    assert await report("sender", limit=1) == ([(OURS, 2, 1, 2)], ("", 3, 2, 3), None)
    assert (await report("tag"))[0] == [("a", 2, 1, 2), ("ü", 1, 1, 2)]
    assert (await report("message"))[0] == [("3", 1, 1, 1), ("1", 1, 1, 2)]
    assert await report("sender", after=1, upto=2) == ([(OURS, 1, 0, 0)], ("", 1, 0, 0), None)
    assert await report("tag", after=90, upto=99) == ([], ("", 0, 0, 0), None)
    monkeypatch.setattr(reports_module, "SCAN_MOST", 4)
    newest = [(OURS, 1, 0, 0), ("777", 1, 1, 1)]
    assert await report("sender") == (newest, ("", 2, 1, 1), 2), "only the newest are counted"
