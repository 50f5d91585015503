"""Receipts over a real store: which segment each speaks of, what it changes, and what it cannot change any more."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from spine_kit import NORTH, NOW, TO, Rig, Story, receipt, refused, rigged, taken
from tidings.core.message import Message
from tidings.core.retry import RECEIPT_TRIES
from tidings.pipeline import expire
from tidings.pipeline import receipt as receipts

LONG = "x" * 300
"""Two segments."""
HOUR = 3_600.0


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path) as one:
        yield one


async def rematch(rig: Rig) -> list[bool]:
    """Try the receipts whose time has come, as the sweep does."""
    now = rig.clock.now()
    return await rig.store.write(receipts.rematch, await rig.store.read(lambda tx: tx.receipts.parked(now, 100)))


# one segment

ENDS: list[tuple[str, str, tuple[str, str] | None, int]] = [
    ("delivered", "delivered", None, 1),
    ("undelivered", "undelivered", ("unknown", "carrier"), 0),
    ("expired", "expired", ("expired", "carrier"), 0),
    ("unknown", "unknown", ("unknown", "carrier"), 0),
    ("in_transit", "sent", None, 0),
]


@pytest.mark.parametrize("category", ["transactional", "otp"])
@pytest.mark.parametrize(("told", "status", "error", "delivered"), ENDS, ids=[case[0] for case in ENDS])
async def test_a_receipt_ends_a_message(
    rig: Rig, told: str, status: str, error: tuple[str, str] | None, delivered: int, category: str
) -> None:
    message = await rig.taken("abc", category=category)
    rig.clock.move(3)
    assert await rig.hear(receipt("abc", told, error_code="042")) == [True]
    story = await rig.story(message)
    assert story.statuses == ["accepted", "queued", "sent", *([status] if status != "sent" else [])]
    assert (story.error, story.message.segments_delivered) == (error, delivered)
    assert story.message.finished_at == (NOW + 3_000 if status != "sent" else None)
    assert (story.message.text is None) == (category == "otp" and status != "sent")
    assert [(row.carrier_id, row.status, row.attempt_id, row.retry_at) for row in story.receipts] == [
        ("abc", told, story.attempts[0].id, None)
    ]
    if error:
        assert story.message.error is not None
        assert (story.message.error.carrier_code or "").endswith(" 042")
        assert story.attempts[0].receipt_code == story.message.error.carrier_code


async def test_a_receipt_is_kept_as_it_came(rig: Rig) -> None:
    message = await rig.taken("abc")
    await rig.hear(receipt("abc", raw=b"id:abc \x00\xff", state="DELIVRD", bind="north/7"))
    row = (await rig.story(message)).receipts[0]
    assert (row.raw, row.state, row.bind, row.carrier, row.received_at) == (
        b"id:abc \x00\xff",
        "DELIVRD",
        "north/7",
        NORTH,
        NOW,
    )


# again and again


async def test_the_same_receipt_again_changes_nothing_and_is_counted(rig: Rig) -> None:
    message = await rig.taken("abc")
    await rig.hear(receipt("abc"), receipt("abc"))
    before = await rig.story(message)
    assert await rig.hear(receipt("abc")) == [True]
    story = await rig.story(message)
    assert (story.message, story.events, story.attempts) == (before.message, before.events, before.attempts)
    assert len(story.receipts) == 3


FIRST = ["delivered", "undelivered", "expired"]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("first", "later"), list(itertools.product(FIRST, [*FIRST, "unknown", "in_transit"])))
async def test_the_first_final_word_stands(rig: Rig, first: str, later: str, together: bool) -> None:
    message = await rig.taken("abc")
    for batch in [[first, later]] if together else [[first], [later]]:
        assert await rig.hear(*(receipt("abc", word) for word in batch)) == [True] * len(batch)
    story = await rig.story(message)
    assert story.statuses == ["accepted", "queued", "sent", first]
    assert story.attempts[0].receipt == first
    assert len(story.receipts) == 2


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("later", ["delivered", "undelivered", "expired"])
async def test_a_word_that_says_nothing_is_lifted_by_a_better_one(rig: Rig, later: str, together: bool) -> None:
    message = await rig.taken("abc")
    for batch in [["unknown", later]] if together else [["unknown"], [later]]:
        await rig.hear(*(receipt("abc", word) for word in batch))
    story = await rig.story(message)
    assert story.statuses[-1] == later
    assert story.attempts[0].receipt == later
    assert (story.error is None) == (later == "delivered")


async def test_a_receipt_after_the_wait_lifts_unknown(rig: Rig) -> None:
    message = await rig.taken("abc")
    assert await rig.store.write(expire.end_wait, [message.id]) == [True]
    assert (await rig.story(message)).error == ("no_receipt", "tidings")
    await rig.hear(receipt("abc"))
    story = await rig.story(message)
    assert (story.statuses[-2:], story.error) == (["unknown", "delivered"], None)


# several segments

BOTH: list[tuple[str, str, str, int]] = [
    ("delivered", "delivered", "delivered", 2),
    ("delivered", "undelivered", "undelivered", 1),
    ("delivered", "expired", "expired", 1),
    ("delivered", "unknown", "unknown", 1),
    ("undelivered", "undelivered", "undelivered", 0),
]


@pytest.mark.parametrize("order", ["first part first", "second part first", "together"])
@pytest.mark.parametrize(("one", "other", "status", "delivered"), BOTH)
async def test_segments_fold(rig: Rig, one: str, other: str, status: str, delivered: int, order: str) -> None:
    """In any order; and how many were delivered is known in the end."""
    message = await rig.taken("a", "b", text=LONG)
    told = [receipt("a", one), receipt("b", other)]
    batches = {"first part first": [told[:1], told[1:]], "second part first": [told[1:], told[:1]], "together": [told]}
    for batch in batches[order]:
        assert await rig.hear(*batch) == [True] * len(batch)
    story = await rig.story(message)
    assert story.statuses[-1] == status
    assert story.statuses.count(status) == 1
    assert story.message.segments_delivered == delivered


async def test_half_delivered_is_not_delivered(rig: Rig) -> None:
    message = await rig.taken("a", "b", text=LONG)
    await rig.hear(receipt("b"))
    assert (await rig.story(message)).statuses[-1] == "sent"
    await rig.hear(receipt("b"))
    assert (await rig.story(message)).statuses[-1] == "sent", "twice the same is not the other"


async def test_parts_under_one_id_are_told_one_by_one(rig: Rig) -> None:
    """Some carriers give all parts of a text the same id."""
    message = await rig.taken("same", "same", text=LONG)
    assert await rig.hear(receipt("same"), receipt("same")) == [True, True]
    story = await rig.story(message)
    assert (story.statuses[-1], story.message.segments_delivered) == ("delivered", 2)


# before the answer


async def test_a_receipt_before_its_answer_waits_for_it(rig: Rig) -> None:
    message, parts = await rig.flying()
    assert await rig.hear(receipt("abc")) == [False]
    await rig.settle(taken(parts[0], "abc"))
    assert (await rig.story(message)).statuses[-1] == "sent"
    assert await rematch(rig) == [], "not before its time"
    rig.clock.move(1)
    assert await rematch(rig) == [True]
    assert await rematch(rig) == []
    story = await rig.story(message)
    assert story.statuses == ["accepted", "queued", "sent", "delivered"]
    assert [(row.tries, row.retry_at) for row in story.receipts] == [(2, None)]


async def test_answer_and_receipt_in_one_commit(rig: Rig) -> None:
    message, parts = await rig.flying()
    await asyncio.gather(rig.hear(receipt("abc")), rig.settle(taken(parts[0], "abc")))
    rig.clock.move(1)
    await rematch(rig)
    assert (await rig.story(message)).statuses == ["accepted", "queued", "sent", "delivered"]


async def test_a_receipt_for_a_doubtful_hand_over_waits_for_the_late_yes(rig: Rig) -> None:
    message, parts = await rig.flying(category="marketing")
    await rig.settle(refused(parts[0], "in_doubt", "outcome_lost"))
    assert (await rig.story(message)).statuses[-1] == "unknown"
    await rig.hear(receipt("abc"))
    await rig.settle(taken(parts[0], "abc"))
    rig.clock.move(1)
    assert await rematch(rig) == [True]
    assert (await rig.story(message)).statuses[-2:] == ["unknown", "delivered"]


# which one

FORMS = [
    ("as it came", "1a2b", "1a2b"),
    ("upper case", "1a2b", "1A2B"),
    ("lower case", "1A2B", "1a2b"),
    ("padded in the receipt", "1a2b", "00001a2b"),
    ("padded in the answer", "00001A2B", "1a2b"),
    ("padded to ten", "0000001234", "1234"),
    ("hexadecimal in the answer, decimal in the receipt", "1a2b", "6699"),
    ("decimal in the answer, hexadecimal in the receipt", "6699", "1A2B"),
    ("padded hexadecimal, decimal in the receipt", "00001A2B", "6699"),
    ("blanks around it", "1a2b", " 1a2b "),
]


@pytest.mark.parametrize(("answered", "told"), [case[1:] for case in FORMS], ids=[case[0] for case in FORMS])
async def test_an_id_is_known_in_other_forms(rig: Rig, answered: str, told: str) -> None:
    message = await rig.taken(answered)
    assert await rig.hear(receipt(told)) == [True]
    assert (await rig.story(message)).statuses[-1] == "delivered"


@pytest.mark.parametrize("told", ["", "zzz", "1a2c", "11a2b", "0"])
async def test_another_id_is_another(rig: Rig, told: str) -> None:
    message = await rig.taken("1a2b")
    assert await rig.hear(receipt(told)) == [False]
    assert (await rig.story(message)).statuses[-1] == "sent"


async def test_an_id_of_another_carrier_is_another(rig: Rig) -> None:
    await rig.taken("abc")
    assert await rig.hear(receipt("abc", carrier="south")) == [False]


WRITTEN = [
    ("international", "15551230100", True),
    ("with a plus", "+15551230100", True),
    ("with the prefix for abroad", "0015551230100", True),
    ("national", "5551230100", True),
    ("national with its nought", "05551230100", True),
    ("not at all", "", True),
    ("another number", "15551230199", False),
    ("longer", "115551230100", False),
]


@pytest.mark.parametrize(("number", "fits"), [case[1:] for case in WRITTEN], ids=[case[0] for case in WRITTEN])
async def test_the_handset_must_agree(rig: Rig, number: str, fits: bool) -> None:
    await rig.taken("abc")
    assert await rig.hear(receipt("abc", sender=number, to="TIDINGS")) == [fits]


async def test_of_equal_ids_the_handset_decides(rig: Rig) -> None:
    first, second = await rig.taken("abc", to="+15550000001"), await rig.taken("abc", to="+15550000002")
    await rig.hear(receipt("abc", to="+15550000001"))
    assert [(await rig.story(one)).statuses[-1] for one in (first, second)] == ["delivered", "sent"]


async def test_of_equal_ids_and_handsets_the_newest_without_an_end_is_meant(rig: Rig) -> None:
    first, second = await rig.taken("abc"), await rig.taken("abc")

    async def ends() -> list[str]:
        return [(await rig.story(one)).statuses[-1] for one in (first, second)]

    await rig.hear(receipt("abc"))
    assert await ends() == ["sent", "delivered"]
    await rig.hear(receipt("abc", "undelivered"))
    assert await ends() == ["undelivered", "delivered"]
    assert await rig.hear(receipt("abc")) == [True]
    assert await ends() == ["undelivered", "delivered"]
    assert len((await rig.story(second)).receipts) == 2, "a third is a duplicate of the newest"


# nobody's


async def test_what_matches_nothing_is_an_orphan_in_the_end(rig: Rig) -> None:
    assert await rig.hear(receipt("nobody")) == [False]
    waited = 0.0
    for tries in range(2, RECEIPT_TRIES + 1):
        assert await rig.store.read(lambda tx: tx.receipts.orphans()) == 0
        due = min(2.0 ** (tries - 2), HOUR)
        rig.clock.move(due - 0.5)
        assert await rematch(rig) == []
        rig.clock.move(0.5)
        assert await rematch(rig) == [False]
        waited += due
    assert await rig.store.read(lambda tx: tx.receipts.orphans()) == 1
    assert 4 * HOUR < waited < 4.25 * HOUR
    rig.clock.move(100 * HOUR)
    assert await rematch(rig) == []


# what cannot change any more


async def ended(rig: Rig, how: str) -> tuple[Message, Story]:
    """A message that ended in some way, though its carrier took it."""
    if how == "expired by us":
        message, parts = await rig.flying(text=LONG)
        await rig.settle(taken(parts[0], "a"), refused(parts[1], "temporary"))
        await rig.store.write(expire.end_validity, [message.id])
        await rig.settle(taken(parts[1], "b"))
    elif how == "failed by us":
        message, parts = await rig.flying()
        await rig.settle(refused(parts[0], "in_doubt", "outcome_lost"))
        for _ in range(8):
            repeat = await rig.claim(message)
            await rig.settle(refused(repeat[0], "temporary"))
        await rig.settle(taken(parts[0], "a"))
    else:
        message, parts = await rig.flying()
        await rig.settle(refused(parts[0], "in_doubt", "outcome_lost"))
        repeat = await rig.claim(message)
        await rig.settle(refused(repeat[0], "permanent", "blocked"))
        await rig.settle(taken(parts[0], "a"))
    return message, await rig.story(message)


LATE = [
    ("failed by us", "failed", "delivered"),
    ("failed by the carrier", "failed", "failed"),
]


@pytest.mark.parametrize(("how", "before", "after"), LATE, ids=[case[0] for case in LATE])
async def test_a_delivery_lifts_only_what_we_decided(rig: Rig, how: str, before: str, after: str) -> None:
    message, story = await ended(rig, how)
    assert story.statuses[-1] == before
    assert await rig.hear(receipt("a")) == [True]
    assert (await rig.story(message)).statuses[-1] == after


async def test_many_receipts_of_many_messages_in_one_commit(rig: Rig) -> None:
    messages = [await rig.taken(f"id{number}", to=f"+1555000{number:04}") for number in range(20)]
    words = ["delivered", "undelivered", "expired", "unknown", "in_transit"] * 4
    told: list[Any] = [receipt(f"id{n}", word, to=f"+1555000{n:04}") for n, word in enumerate(words)]
    assert await rig.hear(*reversed(told), receipt("nobody", to=TO)) == [True] * 20 + [False]
    ends = [(await rig.story(message)).statuses[-1] for message in messages]
    assert ends == ["sent" if word == "in_transit" else word for word in words]
