"""Texts from handsets over a real store: stored, put together, obeyed, answered once."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from spine_kit import ALL, NOW, TO, Rig, inbound, rigged, taken
from tidings.core.message import Message
from tidings.core.ports import Inbound
from tidings.core.questions import InboundRow, Tx
from tidings.pipeline import receive
from tidings.store import inbounds
from tidings.text.udh import build_concat

MINUTE = 60.0


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path) as one:
        yield one


async def suppressed(rig: Rig, number: str = TO, account: int = 1) -> bool:
    return bool(await rig.store.read(lambda tx: tx.suppressions.among([(account, number)])))


async def waiting(rig: Rig) -> list[int]:
    """Messages in the queue of our own answers."""
    return await rig.store.read(lambda tx: tx.queue.head(ALL, 2, 0, 100))


async def texts(rig: Rig, *told: Inbound) -> list[str | None]:
    """What became of each: the text of its message, None while it waits, "duplicate"."""
    return ["duplicate" if one.duplicate else _text(one) for one in await rig.receive(*told)]


def _text(received: receive.Received) -> str | None:
    return received.message.text if received.message else None


async def test_a_text_is_a_message_with_its_evidence(rig: Rig) -> None:
    rig.clock.move(1)
    octets = "Grüße\0".encode("utf-16-be")
    told = inbound("Grüße\0", data_coding=8, octets=octets, encoding="ucs2", bind="north/3", session="s7")
    message = (await rig.receive(told))[0].message
    assert message is not None
    story = await rig.story(message)
    assert story.message == message
    assert (message.direction, message.status, message.category) == ("mo", "received", "conversation")
    assert (message.sender, message.to, message.text, message.encoding) == (TO, "12345", "Grüße\0", "ucs2")
    assert (message.created_at, message.finished_at, message.carrier) == (NOW + 1_000, NOW + 1_000, "north")
    assert (story.statuses, story.queued) == (["received"], False)
    row = (await rig.store.read(lambda tx: tx.inbounds.of(message.id)))[0]
    assert (row.octets, row.data_coding, row.bind, row.session) == (octets, 8, "north/3", "s7")
    assert row.received_at == NOW + 1_000


ADDRESSES = [
    ("an international number gets its plus", "15551230100", "15550001111", "+15551230100", "+15550001111"),
    ("one that has it keeps it", "+15551230100", "+15550001111", "+15551230100", "+15550001111"),
    ("a short code is as it is", "15551230100", "12345", "+15551230100", "12345"),
    ("a name is as it is", "ACME", "12345", "ACME", "12345"),
    ("the prefix for abroad becomes a plus", "0015551230100", "12345", "+15551230100", "12345"),
    ("what is neither is kept", "0", "*100#", "0", "*100#"),
    ("nothing is kept", "", "12345", "", "12345"),
]


@pytest.mark.parametrize(
    ("sender", "to", "from_", "own"), [case[1:] for case in ADDRESSES], ids=[case[0] for case in ADDRESSES]
)
async def test_addresses(rig: Rig, sender: str, to: str, from_: str, own: str) -> None:
    message = (await rig.receive(inbound("x", sender=sender, to=to)))[0].message
    assert message is not None
    assert (message.sender, message.to) == (from_, own)


async def test_a_text_belongs_to_whom_its_sender_belongs(rig: Rig) -> None:
    await rig.do(lambda tx: tx.accounts.claim_sender(2, "+15550001111"))
    owned, other = await rig.receive(inbound("a", to="15550001111"), inbound("b", to="15550002222"))
    assert owned.message is not None
    assert other.message is not None
    assert (owned.message.account_id, other.message.account_id) == (2, 1)


# redelivery

AGAIN: list[tuple[str, dict[str, Any], float, bool]] = [
    # what comes again, what differs, seconds later, whether it is a redelivery
    ("on a later session: the link died before our answer", {"session": "s2"}, 5, True),
    ("on a later session of another bind", {"session": "s2", "bind": "north/2"}, 5, True),
    ("on the same session: said twice", {}, 5, False),
    ("on a later session, but too late", {"session": "s2"}, 10 * MINUTE + 1, False),
    ("on a later session, just in time", {"session": "s2"}, 10 * MINUTE, True),
    ("another text", {"session": "s2", "octets": b"Yes"}, 5, False),
    ("from another handset", {"session": "s2", "sender": "15551230199"}, 5, False),
    ("to another number", {"session": "s2", "to": "54321"}, 5, False),
    ("in another coding", {"session": "s2", "data_coding": 3}, 5, False),
    ("with another header", {"session": "s2", "udh": b"\x04\x70\x02\x00\x00"}, 5, False),
    ("by another carrier", {"session": "s2", "carrier": "south"}, 5, False),
]


@pytest.mark.parametrize(
    ("changes", "later", "duplicate"), [case[1:] for case in AGAIN], ids=[case[0] for case in AGAIN]
)
async def test_the_same_text_again(rig: Rig, changes: dict[str, Any], later: float, duplicate: bool) -> None:
    assert await texts(rig, inbound("YES")) == ["YES"]
    rig.clock.move(later)
    assert await texts(rig, inbound("YES", **changes)) == ["duplicate" if duplicate else "YES"]


async def test_a_redelivery_in_the_same_batch(rig: Rig) -> None:
    assert await texts(rig, inbound("YES"), inbound("YES"), inbound("YES", session="s2")) == ["YES", "YES", "duplicate"]


# long texts


def cut(text: str, reference: int = 7, size: int = 3, wide: bool = False, **fields: Any) -> list[Inbound]:
    """A text in parts of `size` letters."""
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return [
        inbound(piece, udh=build_concat(reference, len(pieces), number, wide=wide), **fields)
        for number, piece in enumerate(pieces, 1)
    ]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_parts_come_in_any_order(rig: Rig, order: Sequence[int], wide: bool) -> None:
    parts = cut("abcdefgh", wide=wide)
    assert await texts(rig, parts[order[0]]) == [None]
    rig.clock.move(30 * MINUTE)
    assert await texts(rig, *(parts[at] for at in order[1:])) == [None, "abcdefgh"]
    assert await stale(rig) == []


async def stale(rig: Rig, after: float = 0.0) -> list[InboundRow]:
    """Parts that still wait; those that have waited long enough, when time passes."""
    rig.clock.move(after)
    before = rig.clock.now() - (receive.PART_WAIT if after else 0)
    return await rig.store.read(lambda tx: tx.inbounds.stale(before, 100))


async def test_a_long_text_is_one_message(rig: Rig) -> None:
    messages = [one.message for one in await rig.receive(*cut("abcdefgh", bind="north/1")) if one.message]
    assert len(messages) == 1
    story = await rig.story(messages[0])
    assert (story.message.text, story.message.segments, story.message.reference) == ("abcdefgh", 3, 7)
    rows = await rig.store.read(lambda tx: tx.inbounds.of(messages[0].id))
    assert [(row.part, row.parts, row.text) for row in rows] == [(1, 3, "abc"), (2, 3, "def"), (3, 3, "gh")]


async def test_parts_may_come_by_different_binds_and_sessions(rig: Rig) -> None:
    one, other = cut("abcdef")
    other = inbound("def", udh=other.udh, bind="north/2", session="s9")
    assert await texts(rig, other, one) == [None, "abcdef"]


async def test_two_texts_at_once_are_not_mixed(rig: Rig) -> None:
    first, second = cut("abcdef", reference=1), cut("ABCDEF", reference=2)
    mixed = [first[0], second[1], second[0], first[1]]
    assert await texts(rig, *mixed) == [None, None, "ABCDEF", "abcdef"]


async def test_a_part_that_came_twice_is_used_once(rig: Rig) -> None:
    """And does not linger: neither as a text of its own, nor in the next text under the same reference."""
    one, other = cut("abcdef")
    assert await texts(rig, one, one, other) == [None, "duplicate", "abcdef"]
    assert await stale(rig) == []
    one, other = cut("ABCDEF")
    assert await texts(rig, other) == [None]
    assert await texts(rig, one) == ["ABCDEF"]


async def test_a_part_that_is_redelivered_is_a_duplicate(rig: Rig) -> None:
    one, other = cut("abcdef")
    again = inbound("abc", udh=one.udh, session="s2")
    assert await texts(rig, one, again, other) == [None, "duplicate", "abcdef"]


async def lone(rig: Rig, *rows: InboundRow) -> list[str | None]:
    lones = [receive.Lone(rig.house.new_id(), rig.house.new_id(), row, rig.house.settings) for row in rows]
    return [_text(one) for one in await rig.store.write(receive.complete_lone, lones)]


async def test_parts_that_stay_alone_become_a_text_in_the_end(rig: Rig) -> None:
    """Once, whichever of them is looked at, with what is there."""
    parts = cut("abcdefghi")
    await rig.receive(parts[2], parts[0])
    assert await stale(rig, 60 * MINUTE - 1) == []
    rows = await stale(rig, 1)
    assert len(rows) == 2
    assert await lone(rig, *rows) == ["abcghi", None]
    assert await stale(rig) == []


async def test_a_text_without_all_of_its_parts_says_so_and_is_made_whole_by_a_late_one(rig: Rig) -> None:
    parts = cut("abcdefghi")
    await rig.receive(parts[0])
    await lone(rig, *await stale(rig, 61 * MINUTE))
    first = (await rig.receive(parts[2]))[0].message
    assert first is not None
    assert first.error is not None
    assert (first.text, first.error.code, first.error.detail) == (
        "abcghi", "incomplete", "Of 3 parts these have not come: 2.",
    )  # fmt: skip
    assert await texts(rig, inbound("def", udh=parts[1].udh, session="s2")) == ["abcdefghi"]
    story = await rig.story(first)
    assert (story.message.text, story.message.segments, story.message.error) == ("abcdefghi", 3, None)
    assert [(event.sequence, event.type) for event in story.events] == [(n, "message.received") for n in (1, 2, 3)]
    assert (story.events[0].data or {})["error"]["code"] == "incomplete"
    assert story.events[2].data == {"completed": True}
    assert await stale(rig) == []


async def test_a_late_part_of_what_is_whole_begins_another_text(rig: Rig) -> None:
    """The same reference comes again for the next long text; a part that was there already is no late one."""
    await rig.receive(*cut("abcdef"))
    one, other = cut("ABCDEF")
    assert await texts(rig, other, one) == [None, "ABCDEF"]
    await rig.receive(cut("abcdef", reference=9)[0])
    await lone(rig, *await stale(rig, 61 * MINUTE))
    one, other = cut("ABCDEF", reference=9)
    assert await texts(rig, one, other) == [None, "ABCDEF"]


async def test_a_part_that_comes_again_after_all_is_no_text_of_its_own(rig: Rig) -> None:
    """It is one where all of them come again: then the person has said it again."""
    parts = cut("abcdef")
    assert await texts(rig, *parts) == [None, "abcdef"]
    assert await texts(rig, parts[1]) == [None]
    assert await lone(rig, *await stale(rig, 61 * MINUTE)) == [None]
    assert await stale(rig) == []
    assert await texts(rig, *parts) == [None, "abcdef"]


async def test_a_part_that_comes_again_does_not_keep_the_missing_one_away(rig: Rig) -> None:
    parts = cut("abcdefghi")
    await rig.receive(*parts[:2])
    assert await lone(rig, *await stale(rig, 61 * MINUTE)) == ["abcdef", None]
    assert await texts(rig, parts[1], parts[2]) == ["duplicate", "abcdefghi"]
    assert await stale(rig) == []


async def test_of_a_part_that_came_with_other_words_each_is_told(rig: Rig) -> None:
    """Nothing is lost, and no text is longer than its parts."""
    for word in ("abc", "ABC", "xyz"):
        await rig.receive(cut(f"{word}def")[0])
    assert await lone(rig, *await stale(rig, 61 * MINUTE)) == ["abc", "ABC", "xyz"]
    assert await stale(rig) == []


async def test_a_flood_of_parts_under_one_reference_is_told_in_the_end(rig: Rig, monkeypatch: Any) -> None:
    monkeypatch.setattr(inbounds, "SIBLINGS_MOST", 5)
    await rig.receive(*[cut(f"{at:03}def")[0] for at in range(12)])
    told: list[str | None] = []
    while rows := await stale(rig, 61 * MINUTE):
        told += await lone(rig, *rows)
    assert sorted(one for one in told if one) == [f"{at:03}" for at in range(12)]


NONSENSE = [
    ("part 0", "050003070200", "x"),
    ("part 3 of 2", "050003070203", "x"),
    ("no parts", "050003070000", "x"),
    ("one part of one", "050003070101", "x"),
    ("a header that ends early", "0500030702", "x"),
    ("an element longer than the header", "0500ff070201", "x"),
    ("an empty header", "00", "x"),
    ("two references, of which the last counts", "0a00030702010003080101", "x"),
    ("16 bits, part 255 of 255", "060804ffffffff", None),
]


@pytest.mark.parametrize(("header", "text"), [case[1:] for case in NONSENSE], ids=[case[0] for case in NONSENSE])
async def test_headers_that_make_no_sense_lose_no_text(rig: Rig, header: str, text: str | None) -> None:
    assert await texts(rig, inbound("x", udh=bytes.fromhex(header))) == [text]
    assert await lone(rig, *await stale(rig, 61 * MINUTE)) == ([] if text else ["x"])


async def test_a_text_of_all_the_parts_there_may_be(rig: Rig) -> None:
    parts = cut("abc" * 255)
    assert len(parts) == 255
    assert [one for one in await texts(rig, *reversed(parts)) if one] == ["abc" * 255]


async def test_a_stop_that_is_made_whole_is_not_obeyed_late(rig: Rig) -> None:
    parts = cut("STOP", size=2)
    await rig.receive(parts[0])
    await lone(rig, *await stale(rig, 61 * MINUTE))
    received = (await rig.receive(parts[1]))[0]
    assert (received.message and received.message.text, received.replies) == ("STOP", ())


UNREADABLE: list[tuple[str, dict[str, Any], str | None]] = [
    ("what can be read", {}, None),
    ("binary is no text", {"data_coding": 4, "encoding": "binary"}, None),
    ("a reserved coding", {"data_coding": 0x0F, "encoding": "binary"}, "data_coding 0x0f is reserved"),
    (
        "a coding that is not read",
        {"data_coding": 6, "encoding": "binary"},
        "data_coding 0x06 (ISO 8859-5) is not read",
    ),
    ("compressed", {"data_coding": 0x20, "encoding": "binary"}, "data_coding 0x20 says that the text is compressed"),
    (
        "half a letter",
        {"data_coding": 8, "encoding": "ucs2", "octets": b"\0A\0", "text": "A\ufffd"},
        "1 of its characters could not be read as ucs2",
    ),
    (
        "no ASCII",
        {"data_coding": 1, "encoding": "ascii", "octets": b"\xff\xfe", "text": "\ufffd\ufffd"},
        "2 of its characters could not be read as ascii",
    ),
]


@pytest.mark.parametrize(("fields", "why"), [case[1:] for case in UNREADABLE], ids=[case[0] for case in UNREADABLE])
async def test_what_cannot_be_read_is_kept_with_the_reason(rig: Rig, fields: dict[str, Any], why: str | None) -> None:
    message = (await rig.receive(inbound(**{"text": "7a", **fields})))[0].message
    assert message is not None
    told = message.error and (message.error.code, message.error.detail)
    assert told == (why and ("undecodable", f"The octets are kept: {why}."))
    kept = (await rig.store.read(lambda tx: tx.inbounds.of(message.id)))[0]
    assert kept.octets == fields.get("octets", b"7a")


# what a text answers

OURS = "+15550009999"


async def answers(rig: Rig, **fields: Any) -> int | None:
    message = (await rig.receive(inbound("yes", to=OURS[1:], **fields)))[0].message
    assert message is not None
    stored = (await rig.store.read(lambda tx: tx.messages.by_id([message.id])))[message.id]
    assert stored.in_reply_to == message.in_reply_to
    return message.in_reply_to


async def test_a_text_answers_the_newest_message_that_its_handset_got_from_that_number(rig: Rig) -> None:
    assert await answers(rig) is None
    first = await rig.taken(sender=OURS)
    assert await answers(rig) == first.id
    newest = await rig.taken(sender=OURS)
    await rig.taken(sender="+15550008888")
    await rig.taken(sender=OURS, to="+15551230199")
    await rig.send(sender=OURS)
    assert await answers(rig) == newest.id, "neither another sender's, nor another handset's, nor one that only waits"
    assert await answers(rig, sender="15551230188") is None


async def test_a_text_answers_nothing_that_is_too_old(rig: Rig) -> None:
    first = await rig.taken(sender=OURS)
    rig.clock.move(7 * 86_400 - 1)
    assert await answers(rig) == first.id
    rig.clock.move(2)
    assert await answers(rig) is None


async def test_a_carrier_may_tell_what_a_text_answers(rig: Rig) -> None:
    first, parts = await rig.flying(sender=OURS)
    await rig.settle(taken(parts[0]))
    second = await rig.taken(sender=OURS)
    assert await answers(rig, reference=parts[0].attempt_id & 0xFFFF) == first.id
    assert await answers(rig, reference=parts[0].attempt_id + 7 & 0xFFFF) == second.id


async def test_our_own_answers_are_not_answered(rig: Rig) -> None:
    first = await rig.taken(sender=OURS)
    reply = await answer(rig, "HELP", to=OURS[1:])
    assert reply is not None
    await rig.route(reply)
    await rig.settle(*[taken(part) for part in await rig.claim(reply)])
    assert await answers(rig) == first.id


# keywords


async def answer(rig: Rig, text: str, **fields: Any) -> Message | None:
    received = (await rig.receive(inbound(text, **fields)))[0]
    assert received.message is not None
    assert len(received.replies) <= 1
    return received.replies[0] if received.replies else None


@pytest.mark.parametrize("word", ["STOP", "stop.", " Unsubscribe ", "optout"])
async def test_a_stop_is_obeyed_and_answered_in_the_same_commit(rig: Rig, word: str) -> None:
    reply = await answer(rig, word)
    assert await suppressed(rig)
    assert reply is not None
    assert (reply.to, reply.sender, reply.category, reply.status) == (TO, "12345", "system", "accepted")
    assert reply.text == rig.house.settings.stop_reply
    story = await rig.story(reply)
    assert (story.statuses, story.queued, story.message) == (["accepted"], True, reply)
    assert reply.expires_at == NOW + 300_000


async def test_a_stop_said_twice_is_answered_once(rig: Rig) -> None:
    assert await answer(rig, "STOP")
    assert await answer(rig, "STOP") is None
    assert await answer(rig, "END") is None
    assert len(await waiting(rig)) == 1


async def test_the_answer_to_a_stop_may_go(rig: Rig) -> None:
    """It was asked for: the gate lets it pass, here and at the claim."""
    reply = await answer(rig, "STOP")
    assert reply is not None
    await rig.route(reply)
    assert len(await rig.claim(reply)) == reply.segments


async def test_a_start_lifts_a_stop_and_is_answered_once(rig: Rig) -> None:
    assert await answer(rig, "START") is None, "there was nothing to lift"
    await answer(rig, "STOP")
    reply = await answer(rig, "unstop")
    assert reply is not None
    assert reply.text == rig.house.settings.start_reply
    assert not await suppressed(rig)
    assert await answer(rig, "START") is None


async def test_help_is_answered_each_time_also_after_a_stop(rig: Rig) -> None:
    for _ in range(2):
        reply = await answer(rig, "Help!")
        assert reply is not None
        assert reply.text == rig.house.settings.help_reply
    await answer(rig, "STOP")
    reply = await answer(rig, "INFO")
    assert reply is not None
    assert reply.status == "accepted"


async def test_stop_and_start_in_one_batch_are_obeyed_in_their_order(rig: Rig) -> None:
    await rig.receive(inbound("STOP"), inbound("START"))
    assert not await suppressed(rig)
    await rig.receive(inbound("START"), inbound("STOP"), inbound("STOP"))
    assert await suppressed(rig)


async def test_other_texts_are_not_answered(rig: Rig) -> None:
    assert await answer(rig, "please stop that") is None
    assert not await suppressed(rig)
    assert await waiting(rig) == []


async def test_a_stop_that_is_redelivered_is_not_answered_again(rig: Rig) -> None:
    await answer(rig, "STOP")
    assert await texts(rig, inbound("STOP", session="s2")) == ["duplicate"]
    assert await suppressed(rig)
    assert len(await waiting(rig)) == 1


async def test_a_stop_holds_for_the_account_it_was_sent_to(rig: Rig) -> None:
    await rig.do(lambda tx: tx.accounts.claim_sender(2, "777"))
    reply = await answer(rig, "STOP", to="777")
    assert reply is not None
    assert (reply.account_id, reply.sender) == (2, "777")
    assert (await suppressed(rig, account=2), await suppressed(rig, account=1)) == (True, False)


async def test_what_was_asked_is_history(rig: Rig) -> None:
    for word in ("STOP", "quit", "START"):
        await answer(rig, word)

    async def history(tx: Tx) -> list[Any]:
        return list(await tx.suppressions._engine.fetch("select action, reason from consent_event order by id"))  # type: ignore[attr-defined]

    assert await rig.store.read(history) == [
        ("opt_out", "keyword STOP"), ("opt_out", "keyword QUIT"), ("opt_in", "keyword START"),
    ]  # fmt: skip


async def test_a_stop_in_parts_is_a_stop(rig: Rig) -> None:
    received = await rig.receive(*cut("STOP", size=2))
    assert [len(one.replies) for one in received] == [0, 1]
    assert await suppressed(rig)


async def test_a_house_that_gives_no_answers_obeys_all_the_same(tmp_path: Path) -> None:
    async with rigged(tmp_path, stop_reply="", start_reply="", help_reply="") as rig:
        assert [await answer(rig, word) for word in ("HELP", "STOP")] == [None, None]
        assert await suppressed(rig)
        assert await answer(rig, "START") is None
        assert not await suppressed(rig)


async def test_a_long_answer_goes_in_segments(tmp_path: Path) -> None:
    async with rigged(tmp_path, help_reply="ж" * 100) as rig:
        reply = await answer(rig, "HELP")
        assert reply is not None
        assert (reply.encoding, reply.segments) == ("ucs2", 2)
