"""Questions about messages, the queue and events, with what they mean."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contract_kit import ONE, TWO, Desk, event, message, queued
from tidings.core.ids import EPOCH, highest, moment
from tidings.core.message import DAY, Message, MessageError
from tidings.core.questions import Filter, Form, State, Tx
from tidings.store import messages as messages_module

FULL = message(
    5, direction="mo", status="failed", category="otp", text="Grüße 🙂", encoding="ucs2", segments=3, reference=255,
    expires_at=1 << 50, send_at=77, carrier="north", client_ref="order 17", tags=("a", "ключ"),
    metadata={"x": [1, None, {"y": "é"}], "n": 1.5},
    error=MessageError("unreachable", "recipient", False, "Off.", "0x0B", "carrier"), segments_delivered=2, sent_at=78,
    finished_at=79, event_count=4,
)  # fmt: skip
BARE = message(6, text=None)
MANY = [message(number, text=f"text {number}", tags=(f"t{number}",) * (number % 2)) for number in range(1, 201)]


async def stored(desk: Desk, *rows: Message) -> None:
    await desk.do(lambda tx: tx.messages.insert(rows))


async def test_messages_come_back_as_they_were(desk: Desk) -> None:
    await stored(desk, FULL, BARE)
    assert await desk.see(lambda tx: tx.messages.by_id([6, 5, 5, 99])) == {5: FULL, 6: BARE}
    assert await desk.see(lambda tx: tx.messages.by_id([])) == {}


async def test_many_messages_come_back_as_they_were(desk: Desk) -> None:
    await stored(desk, *MANY)
    found = await desk.see(lambda tx: tx.messages.by_id(range(1, 300)))
    assert sorted(found.values(), key=lambda one: one.id) == MANY


NASTY = "".join(map(chr, range(0x20))) + "\\\"'\x7f\x80\u2028\ufeff\ufffe\uffff🙂\U0010ffff%?1{}$1"


async def test_every_character_survives(desk: Desk) -> None:
    """A handset may send U+0000 and worse."""
    one = message(1, text=NASTY, to=NASTY, sender=NASTY, client_ref=NASTY, tags=(NASTY,), metadata={NASTY: NASTY})
    await stored(desk, one)
    assert await desk.see(lambda tx: tx.messages.by_id([1])) == {1: one}
    page = await desk.see(lambda tx: tx.messages.page(ONE, Filter(to=NASTY, client_ref=NASTY, tag=NASTY), None, 5))
    assert page.messages == (one,)


METADATA: list[tuple[str, Any]] = [
    ("large numbers", [1 << 63, -(1 << 63), 10**40, 1e300, -0.0, 0.1]),
    ("deep nesting", None),
    ("words of other kinds", [True, False, None, "", {}, []]),
]


@pytest.mark.parametrize("value", [case[1] for case in METADATA], ids=[case[0] for case in METADATA])
async def test_metadata_comes_back_as_it_was(desk: Desk, value: Any) -> None:
    for _ in range(500 if value is None else 0):
        value = {"a": value}
    one = message(1, metadata={"x": value})
    await stored(desk, one)
    assert await desk.see(lambda tx: tx.messages.by_id([1])) == {1: one}


async def test_an_id_is_used_once(desk: Desk) -> None:
    await stored(desk, FULL)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await stored(desk, message(4), FULL)
    assert list(await desk.see(lambda tx: tx.messages.by_id([4, 5]))) == [5]


async def test_a_transaction_sees_its_own_writes(desk: Desk) -> None:
    async def both(tx: Tx) -> dict[int, Message]:
        await tx.messages.insert([FULL])
        return await tx.messages.by_id([5])

    assert await desk.do(both) == {5: FULL}


async def test_one_message_belongs_to_its_account(desk: Desk) -> None:
    await stored(desk, FULL)
    assert await desk.see(lambda tx: tx.messages.one(ONE, 5)) == FULL
    assert await desk.see(lambda tx: tx.messages.one(TWO, 5)) is None
    assert await desk.see(lambda tx: tx.messages.one(ONE, 6)) is None


async def test_states_say_what_track_must_know(desk: Desk) -> None:
    await stored(desk, FULL, BARE)
    states = await desk.see(lambda tx: tx.messages.states([5, 6, 7]))
    assert sorted(states) == [5, 6]
    for one in (FULL, BARE):
        for name in states[one.id].__struct_fields__:
            assert getattr(states[one.id], name) == getattr(one, name), name


async def test_a_change_changes_its_message_and_nothing_else(desk: Desk) -> None:
    await stored(desk, FULL, BARE)
    error = MessageError("expired", "lifecycle", True, "Too late.")
    changes: dict[str, Any] = {
        "status": "expired", "carrier": None, "error": error, "segments_delivered": 1, "sent_at": 3, "finished_at": 4,
        "event_count": 6,
    }  # fmt: skip
    states = await desk.see(lambda tx: tx.messages.states([5]))
    new = [msgspec.structs.replace(states[5], **changes), msgspec.structs.replace(states[5], id=99)]
    await desk.do(lambda tx: tx.messages.change(new))
    found = await desk.see(lambda tx: tx.messages.by_id([5, 6, 99]))
    assert found == {5: msgspec.structs.replace(FULL, **changes), 6: BARE}


async def test_a_message_may_be_cut_anew(desk: Desk) -> None:
    await stored(desk, FULL, BARE)
    await desk.do(lambda tx: tx.messages.reform([Form(5, "gsm7+single-tr", 2, 700), Form(99, "ucs2", 1, -1)]))
    found = await desk.see(lambda tx: tx.messages.by_id([5, 6, 99]))
    new = msgspec.structs.replace(FULL, encoding="gsm7+single-tr", segments=2, reference=700)
    assert found == {5: new, 6: BARE}


async def test_many_changes_at_once(desk: Desk) -> None:
    await stored(desk, *MANY)

    async def change(tx: Tx) -> None:
        states: dict[int, State] = await tx.messages.states(one.id for one in MANY)
        await tx.messages.change(
            [msgspec.structs.replace(one, status="sent", event_count=one.id) for one in states.values()]
        )

    await desk.do(change)
    found = await desk.see(lambda tx: tx.messages.by_id(one.id for one in MANY))
    assert len(found) == len(MANY)
    assert all((m.status, m.event_count, m.text) == ("sent", m.id, f"text {m.id}") for m in found.values())


async def test_which_wait_for_a_receipt(desk: Desk) -> None:
    await stored(
        desk,
        message(1, status="sent", expires_at=300),
        message(2, status="sent", expires_at=100),
        message(3, status="delivered", expires_at=100),
        message(4, status="sent", expires_at=200),
        message(5, status="sent", expires_at=201),
    )
    assert await desk.see(lambda tx: tx.messages.awaiting_receipt(200, 10)) == [2, 4]
    assert await desk.see(lambda tx: tx.messages.awaiting_receipt(999, 2)) == [2, 4]


async def test_which_texts_outlived_their_retention(desk: Desk) -> None:
    """Ids tell when a message was made, so that only those old enough are looked at."""
    day = EPOCH + DAY
    await stored(
        desk,
        message(1, finished_at=day),
        message(2, finished_at=day + 1),
        message(3, finished_at=None),
        message(4, finished_at=day, text=None),
        message(5, finished_at=day, category="marketing"),
        message(6, finished_at=day - 1),
        message(highest(day), finished_at=day),
    )
    old = [1, 6, highest(day)]
    assert await desk.see(lambda tx: tx.messages.outlived("transactional", 0, day, 10)) == old
    assert await desk.see(lambda tx: tx.messages.outlived("transactional", 1, day, 10)) == old[1:]
    assert await desk.see(lambda tx: tx.messages.outlived("transactional", 0, day, 1)) == [1]
    await desk.do(lambda tx: tx.messages.blank([1, 99]))
    assert await desk.see(lambda tx: tx.messages.outlived("transactional", 0, day, 10)) == old[1:]
    found = await desk.see(lambda tx: tx.messages.by_id([1, 2]))
    assert (found[1].text, found[2].text) == (None, "Hello")


# lists

LISTED = [
    message(10, created_at=100),
    message(11, created_at=110, to="+49151", status="sent"),
    message(12, created_at=120, account_id=TWO),
    message(13, created_at=130, direction="mo", sender="+15550001111"),
    message(14, created_at=140, client_ref="order 17", tags=("a", "b")),
    message(15, created_at=150, tags=("b",), status="sent"),
    message(16, created_at=160, to="+49151", tags=("ab",), client_ref="Order 17"),
]

FILTERS: list[tuple[str, dict[str, Any], list[int]]] = [
    ("everything of the account, newest first", {}, [16, 15, 14, 13, 11, 10]),
    ("by status", {"status": "sent"}, [15, 11]),
    ("by recipient", {"to": "+49151"}, [16, 11]),
    ("by sender", {"sender": "+15550001111"}, [13]),
    ("by direction", {"direction": "mo"}, [13]),
    ("by reference, to the letter", {"client_ref": "order 17"}, [14]),
    ("by tag, to the letter", {"tag": "b"}, [15, 14]),
    ("by a tag that is only part of one", {"tag": "a"}, [14]),
    ("since", {"since": 140}, [16, 15, 14]),
    ("until", {"until": 110}, [11, 10]),
    ("between", {"since": 110, "until": 140}, [14, 13, 11]),
    ("by several", {"to": "+49151", "status": "sent", "since": 110, "until": 110}, [11]),
    ("by all", {"to": "+49151", "client_ref": "Order 17", "tag": "ab", "sender": "TIDINGS", "direction": "mt"}, [16]),
    ("by what nobody has", {"status": "sent", "tag": "a"}, []),
]


@pytest.mark.parametrize(("filters", "wanted"), [case[1:] for case in FILTERS], ids=[case[0] for case in FILTERS])
async def test_lists(desk: Desk, filters: dict[str, Any], wanted: list[int]) -> None:
    """Whole, and again page by page: each of one message, the last without a cursor."""
    await stored(desk, *LISTED)
    page = await desk.see(lambda tx: tx.messages.page(ONE, Filter(**filters), None, 50))
    assert [one.id for one in page.messages] == wanted
    assert [one for one in LISTED if one.id in wanted] == sorted(page.messages, key=lambda one: one.id)
    assert (page.cursor, page.complete) == (None, True)
    walked: list[int] = []
    before: int | None = None
    for _ in range(len(wanted) + 1):
        page = await desk.see(lambda tx, before=before: tx.messages.page(ONE, Filter(**filters), before, 1))  # type: ignore[misc]
        walked += [one.id for one in page.messages]
        before = page.cursor
        if before is None:
            break
    assert walked == wanted
    assert before is None


async def test_a_cursor_goes_on_though_newer_messages_come(desk: Desk) -> None:
    await stored(desk, *LISTED)
    page = await desk.see(lambda tx: tx.messages.page(ONE, Filter(), None, 2))
    assert [one.id for one in page.messages] == [16, 15]
    await stored(desk, message(20))
    page = await desk.see(lambda tx: tx.messages.page(ONE, Filter(), page.cursor, 2))
    assert [one.id for one in page.messages] == [14, 13]


async def test_a_rare_message_is_looked_for_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list looks at so many rows and says where it stopped, instead of reading everything."""
    monkeypatch.setattr(messages_module, "SCAN_MOST", 10)
    await stored(desk, *(message(number, status="sent" if number == 3 else "queued") for number in range(1, 26)))
    seen = []
    before: int | None = None
    while True:
        page = await desk.see(lambda tx, before=before: tx.messages.page(ONE, Filter(status="sent"), before, 5))  # type: ignore[misc]
        seen.append(([one.id for one in page.messages], page.cursor, page.complete))
        before = page.cursor
        if before is None:
            break
    assert seen == [([], 16, False), ([], 6, False), ([3], None, True)]


RARE = ("scheduled", "undelivered", "failed", "expired", "rejected", "canceled", "unknown")


@pytest.mark.parametrize(
    ("what", "filters"),
    [*(({"status": status}, {"status": status}) for status in RARE),
     ({"status": "received", "direction": "mo"}, {"status": "received"}),
     ({"status": "received", "direction": "mo"}, {"direction": "mo"}),
     ({"status": "received", "direction": "mo"}, {"direction": "mo", "status": "received"}),
     ({"status": "failed", "sender": "SHOP"}, {"direction": "mt", "status": "failed", "sender": "SHOP"})],
    ids=str,
)  # fmt: skip
async def test_what_people_look_for_is_found_however_long_ago(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, what: dict[str, Any], filters: dict[str, Any]
) -> None:
    """Statuses that few messages come to, and texts from handsets, are not looked for row by row."""
    monkeypatch.setattr(messages_module, "SCAN_MOST", 10)
    other = message(3, account_id=TWO, **what)
    await stored(desk, message(1, **what), message(2, **what), other, *(message(number) for number in range(4, 40)))
    page = await desk.see(lambda tx: tx.messages.page(ONE, Filter(**filters), None, 5))
    assert ([one.id for one in page.messages], page.cursor, page.complete) == ([2, 1], None, True)
    page = await desk.see(lambda tx: tx.messages.page(ONE, Filter(**filters), None, 1))
    assert ([one.id for one in page.messages], page.cursor, page.complete) == ([2], 2, True)


# the queue


async def put(desk: Desk, *rows: Any) -> None:
    await desk.do(lambda tx: tx.queue.insert(rows))


async def test_a_queued_row_can_be_taken_once(desk: Desk) -> None:
    await put(desk, queued(1), queued(2), queued(3, due_at=500))
    assert await desk.do(lambda tx: tx.queue.take([1, 3, 3, 99])) == {1, 3}
    assert await desk.do(lambda tx: tx.queue.take([1, 2])) == {2}
    assert await desk.do(lambda tx: tx.queue.take([])) == set()


async def test_a_queued_row_is_claimed_under_the_fence_that_counts(desk: Desk) -> None:
    await put(desk, queued(1), queued(2), queued(3))
    assert await desk.do(lambda tx: tx.leases.take("carrier/north", 7, 60_000)) == 1
    assert await desk.do(lambda tx: tx.queue.claim("carrier/north", 2, [1, 2])) == set()
    assert await desk.do(lambda tx: tx.queue.claim("carrier/south", 1, [1, 2])) == set()
    assert await desk.do(lambda tx: tx.queue.claim("carrier/north", 1, [1, 1, 2, 99])) == {1, 2}
    assert await desk.do(lambda tx: tx.queue.claim("carrier/north", 1, [1, 3])) == {3}
    assert await desk.do(lambda tx: tx.queue.claim("carrier/north", 1, [])) == set()


async def test_a_row_put_again_moves_to_when_it_is_due_now(desk: Desk) -> None:
    await put(desk, queued(1), queued(2, due_at=500))
    await put(desk, queued(1, due_at=300), queued(2))
    assert await desk.see(lambda tx: tx.queue.due_in([""], 2, 1_000, 10)) == [1]
    assert await desk.see(lambda tx: tx.queue.head([""], 2, 0, 10)) == [2]
    assert await desk.see(lambda tx: tx.queue.counts()) == {ONE: 2}


async def test_the_head_of_a_class(desk: Desk) -> None:
    await put(desk, queued(9), queued(4), queued(5, rank=1), queued(6, due_at=1), queued(7))
    assert await desk.see(lambda tx: tx.queue.head([""], 2, 0, 10)) == [4, 7, 9]
    assert await desk.see(lambda tx: tx.queue.head([""], 2, 4, 10)) == [7, 9]
    assert await desk.see(lambda tx: tx.queue.head([""], 2, 0, 2)) == [4, 7]
    assert await desk.see(lambda tx: tx.queue.head([""], 1, 0, 10)) == [5]
    assert await desk.see(lambda tx: tx.queue.head([""], 3, 0, 10)) == []


async def test_when_the_next_row_falls_due(desk: Desk) -> None:
    await put(desk, queued(1, due_at=300), queued(2, due_at=100, rank=4), queued(3), queued(4, due_at=200))
    due = [await desk.see(lambda tx, at=at: tx.queue.next_due([""], at)) for at in (0, 99, 100, 250, 300)]
    assert due == [100, 100, 200, 300, None]


async def test_what_has_fallen_due_in_a_class(desk: Desk) -> None:
    await put(desk, queued(1, due_at=300), queued(2, due_at=100, rank=4), queued(3), queued(4, due_at=200))
    assert await desk.see(lambda tx: tx.queue.due_in([""], 2, 300, 10)) == [4, 1]
    assert await desk.see(lambda tx: tx.queue.due_in([""], 2, 300, 1)) == [4]
    assert await desk.see(lambda tx: tx.queue.due_in([""], 2, 199, 10)) == []
    assert await desk.see(lambda tx: tx.queue.due_in([""], 4, 100, 10)) == [2]


async def test_what_has_expired(desk: Desk) -> None:
    await put(desk, queued(1, expires_at=300), queued(2, expires_at=100), queued(3, due_at=900, expires_at=200))
    assert sorted(await desk.see(lambda tx: tx.queue.expired(200, 10))) == [2, 3]
    assert len(await desk.see(lambda tx: tx.queue.expired(999, 2))) == 2
    assert await desk.see(lambda tx: tx.queue.expired(99, 10)) == []


async def test_how_many_wait_and_since_when(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.queue.counts()) == {}
    assert await desk.see(lambda tx: tx.queue.oldest(100)) == (None, 0)
    await put(desk, queued(3), queued(2, due_at=100), queued(1, due_at=101, account=TWO))
    assert await desk.see(lambda tx: tx.queue.counts()) == {ONE: 2, TWO: 1}
    assert await desk.see(lambda tx: tx.queue.oldest(100)) == (100, 2)
    await desk.do(lambda tx: tx.queue.take([2]))
    assert await desk.see(lambda tx: tx.queue.oldest(100)) == (moment(3), 1), "since it was made"


# events


async def test_events_come_back_in_order(desk: Desk) -> None:
    events = [event(1, 2, data={"carrier": "north", "n": [1, None]}), event(2, 1), event(1, 1, "message.accepted")]
    await desk.do(lambda tx: tx.events.append(events))
    assert await desk.see(lambda tx: tx.events.of(1)) == [events[2], events[0]]
    assert await desk.see(lambda tx: tx.events.of(3)) == []


async def test_a_sequence_number_is_used_once(desk: Desk) -> None:
    await desk.do(lambda tx: tx.events.append([event(1, 1)]))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await desk.do(lambda tx: tx.events.append([event(1, 1)]))


# what texts from handsets answer

HANDSET, OURS = "+15551230100", "+15550009999"


async def test_the_newest_message_that_a_handset_got_from_a_number(desk: Desk) -> None:
    sent: dict[str, Any] = {"sender": OURS, "sent_at": 1}
    begun = highest(1_790_000_000_000)
    rows = [
        message(begun + 1, **sent), message(begun + 2, **sent),
        message(begun + 3, sender=OURS), message(begun + 4, **sent, category="system"),
        message(begun + 5, **{**sent, "sender": "12345"}), message(begun + 6, **sent, account_id=TWO),
        message(begun + 7, **sent, to="+15551230199"),
    ]  # fmt: skip
    await desk.do(lambda tx: tx.messages.insert(rows))
    asked = [
        (ONE, HANDSET, OURS),
        (TWO, HANDSET, OURS),
        (ONE, HANDSET, "77777"),
        (ONE, HANDSET, OURS),
        (ONE, 'a"\\', ""),
    ]
    found = await desk.see(lambda tx: tx.messages.answered(asked, 1_789_000_000_000))
    assert found == {(ONE, HANDSET, OURS): begun + 2, (TWO, HANDSET, OURS): begun + 6}
    assert await desk.see(lambda tx: tx.messages.answered(asked, 1_791_000_000_000)) == {}
    assert await desk.see(lambda tx: tx.messages.answered([], 0)) == {}
    told = await desk.see(lambda tx: tx.messages.sent_to(ONE, HANDSET, OURS, 1_789_000_000_000, 5))
    assert told == [begun + 2, begun + 1]


async def test_only_the_newest_to_a_handset_are_looked_at(desk: Desk) -> None:
    old = message(1, sender=OURS, sent_at=1)
    await desk.do(lambda tx: tx.messages.insert([old, *(message(number, sent_at=1) for number in range(2, 101))]))
    assert await desk.see(lambda tx: tx.messages.answered([(ONE, HANDSET, OURS)], 0)) == {(ONE, HANDSET, OURS): 1}
    await desk.do(lambda tx: tx.messages.insert([message(101, sent_at=1)]))
    assert await desk.see(lambda tx: tx.messages.answered([(ONE, HANDSET, OURS)], 0)) == {}


async def test_what_answers_a_message(desk: Desk) -> None:
    rows = [message(1), message(2, direction="mo", in_reply_to=1), message(3, direction="mo", in_reply_to=9),
            message(4, direction="mo", in_reply_to=1)]  # fmt: skip
    await desk.do(lambda tx: tx.messages.insert(rows))
    page = await desk.see(lambda tx: tx.messages.page(ONE, Filter(in_reply_to=1), None, 10))
    assert page.messages == (rows[3], rows[1])


async def test_a_text_is_mended(desk: Desk) -> None:
    error = MessageError("incomplete", "content", False, "2 of 3")
    await desk.do(lambda tx: tx.messages.insert([message(1, direction="mo", error=error), message(2)]))
    whole = message(1, direction="mo", text="whole", encoding="ucs2", segments=3, event_count=2)
    await desk.do(lambda tx: tx.messages.mend([whole]))
    assert await desk.see(lambda tx: tx.messages.by_id([1, 2])) == {1: whole, 2: message(2)}
