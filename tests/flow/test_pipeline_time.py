"""What time alone does, over a real store: validity ends, receipts stay away, texts and answers are forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from spine_kit import NOW, Rig, inbound, receipt, refused, request, rigged, taken
from tidings.core.message import Message
from tidings.core.questions import Tx
from tidings.core.request import Idempotency
from tidings.pipeline import accept, cancel, expire, explain


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path) as one:
        yield one


async def overdue(rig: Rig) -> list[int]:
    return await rig.store.read(lambda tx: tx.queue.expired(rig.clock.now(), 100))


async def end(rig: Rig, *messages: Message) -> list[bool]:
    return await rig.store.write(expire.end_validity, [message.id for message in messages])


# validity

VALIDITY = [("otp", 600), ("transactional", 86_400), ("conversation", 86_400), ("marketing", 43_200)]


@pytest.mark.parametrize(("category", "seconds"), VALIDITY)
async def test_what_waits_too_long_expires(rig: Rig, category: Any, seconds: int) -> None:
    waiting, queued = await rig.send(category=category), await rig.send(category=category)
    await rig.route(queued)
    rig.clock.move(seconds - 0.001)
    assert await overdue(rig) == []
    rig.clock.move(0.001)
    assert sorted(await overdue(rig)) == [waiting.id, queued.id]
    assert await end(rig, waiting, queued) == [True, True]
    for message, earlier in ((waiting, ["accepted"]), (queued, ["accepted", "queued"])):
        story = await rig.story(message)
        assert story.statuses == [*earlier, "expired"]
        assert (story.error, story.queued) == (("expired", "tidings"), False)
        assert story.message.finished_at == NOW + seconds * 1000
        assert (story.message.text is None) == (category == "otp")


async def test_a_scheduled_message_can_expire_too(rig: Rig) -> None:
    moment = dt.datetime.fromtimestamp(NOW / 1000 + 60, dt.UTC)
    message = await rig.send(send_at=moment, expires_at=moment + dt.timedelta(seconds=1))
    rig.clock.move(61)
    assert await end(rig, message) == [True]
    assert (await rig.story(message)).statuses == ["accepted", "scheduled", "expired"]


async def test_what_is_with_a_carrier_does_not_expire_here(rig: Rig) -> None:
    flying, _ = await rig.flying()
    sent = await rig.taken()
    gone = await rig.send()
    await cancel.cancel(rig.house, 1, gone.id)
    rig.clock.move(86_400)
    assert await overdue(rig) == []
    assert await end(rig, flying, sent, gone) == [False, False, False]
    assert [(await rig.story(one)).statuses[-1] for one in (flying, sent, gone)] == ["queued", "sent", "canceled"]


async def test_one_in_back_off_expires(rig: Rig) -> None:
    message, parts = await rig.flying(category="otp")
    await rig.settle(refused(parts[0], "temporary"))
    rig.clock.move(600)
    assert await end(rig, message) == [True]
    story = await rig.story(message)
    assert (story.statuses[-1], story.error) == ("expired", ("expired", "tidings"))


# receipts that stay away


async def test_a_message_without_a_receipt_becomes_unknown(rig: Rig) -> None:
    message = await rig.taken("abc", category="otp")
    rig.clock.move(1_000)
    now = rig.clock.now()
    assert await rig.store.read(lambda tx: tx.messages.awaiting_receipt(now - 400_000, 10)) == [message.id]
    assert await rig.store.read(lambda tx: tx.messages.awaiting_receipt(now - 400_001, 10)) == []
    assert await rig.store.write(expire.end_wait, [message.id]) == [True]
    story = await rig.story(message)
    assert (story.statuses[-1], story.error) == ("unknown", ("no_receipt", "tidings"))
    assert (story.message.finished_at, story.message.text) == (now, None)
    assert await rig.store.read(lambda tx: tx.messages.awaiting_receipt(now, 10)) == []


async def test_a_receipt_that_came_meanwhile_stands(rig: Rig) -> None:
    message = await rig.taken("abc")
    await rig.hear(receipt("abc"))
    assert await rig.store.write(expire.end_wait, [message.id]) == [False]
    assert (await rig.story(message)).statuses[-1] == "delivered"


async def test_half_a_receipt_is_none(rig: Rig) -> None:
    message = await rig.taken("a", "b", text="x" * 300)
    await rig.hear(receipt("a"))
    await rig.store.write(expire.end_wait, [message.id])
    story = await rig.story(message)
    assert (story.statuses[-1], story.message.segments_delivered) == ("unknown", 1)
    await rig.hear(receipt("b"))
    assert (await rig.story(message)).statuses[-2:] == ["unknown", "delivered"]


# texts


async def test_the_text_of_a_code_goes_with_its_end(rig: Rig) -> None:
    """And no sooner: it may have to be sent again."""
    message, parts = await rig.flying(category="otp", text="Your code is 123456")
    await rig.settle(refused(parts[0], "throttled"))
    assert (await rig.story(message)).message.text == "Your code is 123456"
    repeat = await rig.claim(message)
    assert repeat[0].payload == b"Your code is 123456"
    await rig.settle(taken(repeat[0], "abc"))
    assert (await rig.story(message)).message.text is not None
    await rig.hear(receipt("abc"))
    assert (await rig.story(message)).message.text is None


async def test_other_texts_go_with_their_retention(rig: Rig) -> None:
    message = await rig.taken("abc")
    await rig.hear(receipt("abc"))
    waiting = await rig.send()
    received = (await rig.receive(inbound("Hi there")))[0].message
    assert received is not None
    rig.clock.move(86_400)
    now = rig.clock.now()

    async def outlived(category: str) -> list[int]:
        return await rig.store.read(lambda tx: tx.messages.outlived(category, 0, now, 10))

    assert (await outlived("transactional"), await outlived("conversation")) == ([message.id], [received.id])
    assert await rig.store.write(expire.blank_texts, [message.id, received.id]) == [True, True]
    assert (await outlived("transactional"), await outlived("conversation")) == ([], [])
    for one, text in ((message, None), (received, None), (waiting, "Hello")):
        assert (await rig.story(one)).message.text == text
    story = await rig.story(message)
    assert (story.message.to, story.statuses[-1]) == (message.to, "delivered"), "the rest stays"


async def test_events_go_with_their_retention_and_the_rest_of_the_story_stays(rig: Rig) -> None:
    message = await rig.taken("abc")
    rig.clock.move(86_400)
    await rig.hear(receipt("abc"))
    events = await rig.store.read(lambda tx: tx.events.of(message.id))
    assert [one.sequence for one in events] == [1, 2, 3, 4]
    rig.clock.move(86_400)
    await rig.send()
    midnight = events[-1].occurred_at // 86_400_000 * 86_400_000

    async def forget(before: int) -> list[int]:
        while (await rig.store.write(expire.forget_events, [before]))[0]:
            pass
        return [one.sequence for one in await rig.store.read(lambda tx: tx.events.of(message.id))]

    assert await forget(midnight) == [4]
    left = await rig.store.read(lambda tx: tx.events.of(message.id))
    told = (await rig.story(message)).message
    assert told.event_count == 4
    origin = explain.origin(told, left)
    assert origin is not None
    assert (origin.door, origin.key_id) == ("", None)
    attempts = (await rig.store.read(lambda tx: tx.attempts.of([message.id])))[message.id]
    assert [one.at for one in explain.gates(told, left, attempts)] == ["claim"]
    assert explain.chosen(told, left, ["north"]) is None
    assert await forget(midnight + 86_400_000) == []
    assert list(explain.gates(told, [], [])) == []


async def test_answers_are_forgotten_a_page_at_a_time(rig: Rig) -> None:
    for number in range(5):
        await accept.accept(rig.house, 1, [request()], idempotency=Idempotency(f"k{number}", b"x"))
    rig.clock.move(86_400)
    assert [await rig.store.write(expire.forget_answers, [2]) for _ in range(4)] == [[2], [2], [1], [0]]

    async def left(tx: Tx) -> list[Any]:
        return [await tx.idempotencies.find(1, f"k{number}") for number in range(5)]

    assert await rig.store.read(left) == [None] * 5
