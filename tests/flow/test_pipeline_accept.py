"""Accept over a real store: what is stored, gated, queued, refused, and answered twice."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from spine_kit import ALL, NOW, Rig, request, rigged, taken
from tidings.config import Limits
from tidings.core.message import DAY, Message
from tidings.core.ports import StoreUnavailable
from tidings.core.questions import Filter
from tidings.core.request import Answer, Fault, Idempotency, Invalid, Refused, Request, Result, Stored
from tidings.pipeline import accept, expire

OUT = "+15550009999"
"""Someone who opted out."""


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path) as one:
        yield one


def ahead(**time: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(NOW / 1000, dt.UTC) + dt.timedelta(**time)


def key(name: str = "k", body: str = "body") -> Idempotency:
    return Idempotency(name, body.encode())


async def post(rig: Rig, *requests: Request | Invalid, account: int = 1, **more: Any) -> tuple[Result, ...]:
    answer = await accept.accept(rig.house, account, requests, **more)
    assert isinstance(answer, Answer), answer
    return answer.results


def message(result: Result) -> Message:
    assert isinstance(result, Stored), result
    return result.message


def kinds(results: tuple[Result, ...]) -> list[str]:
    return [one.message.status if isinstance(one, Stored) else "invalid" for one in results]


async def count(rig: Rig) -> int:
    return len((await rig.store.read(lambda tx: tx.messages.page(1, Filter(), None, 1_000))).messages)


async def test_a_message_is_on_disk_and_in_the_queue(rig: Rig) -> None:
    one = message((await post(rig, request(text="ж" * 71, tags=("a",))))[0])
    story = await rig.story(one)
    assert story.message == one
    assert story.statuses == ["accepted"]
    assert [event.occurred_at for event in story.events] == [NOW]
    assert (story.queued, story.attempts) == (True, [])
    assert (one.encoding, one.segments) == ("ucs2", 2)
    assert await rig.store.read(lambda tx: tx.queue.head(ALL, 2, 0, 10)) == [one.id]


async def test_what_is_due_at_once_is_queued_for_its_carrier_in_the_same_commit(rig: Rig) -> None:
    rig.house.carriers = {"north": 0.0, "south": 0.0}
    one = message((await post(rig, request(), idempotency=key()))[0])
    story = await rig.story(one)
    assert (one.status, one.carrier) == ("accepted", None)
    assert (story.message.status, story.message.carrier, story.message.event_count) == ("queued", "north", 2)
    assert story.statuses == ["accepted", "queued"]
    assert story.events[1].data == {"carrier": "north"}
    assert story.queued
    again = message((await post(rig, request(), idempotency=key()))[0])
    assert again == msgspec.structs.replace(one, event_count=2)


async def test_what_is_due_later_gets_its_route_later(rig: Rig) -> None:
    rig.house.carriers = {"north": 0.0}
    one = message((await post(rig, request(send_at=ahead(hours=1))))[0])
    story = await rig.story(one)
    assert (story.statuses, story.message.carrier) == (["accepted", "scheduled"], None)


async def test_what_is_refused_gets_no_route(rig: Rig) -> None:
    rig.house.carriers = {"north": 0.0}
    await rig.suppress(OUT)
    one = message((await post(rig, request(to=OUT)))[0])
    story = await rig.story(one)
    assert (story.statuses, story.message.carrier, story.queued) == (["rejected"], None, False)


async def test_a_scheduled_message_waits_for_its_time(rig: Rig) -> None:
    one = message((await post(rig, request(send_at=ahead(hours=1))))[0])
    story = await rig.story(one)
    assert story.statuses == ["accepted", "scheduled"]
    assert story.message.event_count == 2
    assert await rig.store.read(lambda tx: tx.queue.head(ALL, 2, 0, 10)) == []
    assert await rig.store.read(lambda tx: tx.queue.due_in(ALL, 2, NOW + 3_600_000 - 1, 10)) == []
    assert await rig.store.read(lambda tx: tx.queue.due_in(ALL, 2, NOW + 3_600_000, 10)) == [one.id]


@pytest.mark.parametrize("category", ["otp", "transactional", "conversation", "marketing"])
async def test_who_opted_out_gets_nothing(rig: Rig, category: Any) -> None:
    """The message is kept, with its verdict and its reason, and never waits."""
    await rig.suppress(OUT)
    result = (await post(rig, request(to=OUT, category=category)))[0]
    assert isinstance(result, Stored)
    assert [(one.rule, one.allowed) for one in result.verdicts] == [("suppression", False)]
    story = await rig.story(result.message)
    assert story.message == result.message
    assert (story.statuses, story.queued) == (["rejected"], False)
    assert story.error == ("opted_out", "tidings")
    assert story.message.finished_at == NOW
    assert (story.message.text is None) == (category == "otp")
    data = story.events[0].data or {}
    assert data["error"]["code"] == "opted_out"


async def test_an_opt_out_of_one_account_is_not_that_of_another(rig: Rig) -> None:
    await rig.suppress(OUT)
    assert kinds(await post(rig, request(to=OUT), account=2)) == ["accepted"]


async def test_each_of_a_batch_has_its_own_answer(rig: Rig) -> None:
    await rig.suppress(OUT)
    unread = Invalid((Fault("/to", "is required"),))
    results = await post(
        rig, request(), unread, request(to="x"), request(to=OUT), request(send_at=ahead(days=1)), request(text="last")
    )
    assert kinds(results) == ["accepted", "invalid", "invalid", "rejected", "scheduled", "accepted"]
    assert results[1] is unread
    assert await count(rig) == 4
    ids = [one.message.id for one in results if isinstance(one, Stored)]
    assert ids == sorted(ids)


# all or nothing

ATOMIC: list[tuple[str, list[Request | Invalid], list[str]]] = [
    ("all good", [request(), request()], ["accepted", "accepted"]),
    ("one that cannot be read", [request(), Invalid((Fault("/to", "x"),))], ["invalid", "invalid"]),
    ("one that is not valid", [request(to="x"), request()], ["invalid", "invalid"]),
    ("one who opted out", [request(), request(to=OUT), request()], ["invalid", "invalid", "invalid"]),
]


@pytest.mark.parametrize(("requests", "wanted"), [case[1:] for case in ATOMIC], ids=[case[0] for case in ATOMIC])
async def test_all_or_nothing(rig: Rig, requests: list[Request | Invalid], wanted: list[str]) -> None:
    await rig.suppress(OUT)
    results = await post(rig, *requests, atomic=True, idempotency=key())
    assert kinds(results) == wanted
    assert await count(rig) == (0 if "invalid" in wanted else len(requests))
    told = [one.errors[0] for one in results if isinstance(one, Invalid)]
    assert all("atomic" in fault.detail or fault.pointer == "/to" for fault in told)
    again = await accept.accept(rig.house, 1, requests, idempotency=key(), atomic=True)
    assert isinstance(again, Answer)
    assert again.replayed is (wanted == ["accepted", "accepted"]), "a call that stored nothing may be tried again"


# the same call twice


async def twice(rig: Rig, *requests: Request | Invalid) -> tuple[Answer, Answer]:
    first = await accept.accept(rig.house, 1, requests, idempotency=key())
    rig.clock.move(5)
    second = await accept.accept(rig.house, 1, requests, idempotency=key())
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    return first, second


async def test_the_same_call_has_the_same_answer(rig: Rig) -> None:
    await rig.suppress(OUT)
    unread = Invalid((Fault("/text", "is required"), Fault("/to", "is required")))
    first, second = await twice(
        rig, request(tags=("a",)), unread, request(to="x"), request(to=OUT), request(send_at=ahead(hours=3))
    )
    assert (first.replayed, second.replayed) == (False, True)
    assert second.results == first.results
    assert await count(rig) == 3


async def test_the_first_answer_does_not_age(rig: Rig) -> None:
    """However far the message has come."""
    first = await accept.accept(rig.house, 1, [request()], idempotency=key())
    assert isinstance(first, Answer)
    one = message(first.results[0])
    await rig.route(one)
    parts = await rig.claim(one)
    await rig.settle(taken(parts[0]))
    assert (await rig.story(one)).statuses == ["accepted", "queued", "sent"]
    second = await accept.accept(rig.house, 1, [request()], idempotency=key())
    assert isinstance(second, Answer)
    again = message(second.results[0])
    assert (again.id, again.status, again.carrier, again.sent_at) == (one.id, "accepted", None, None)


async def test_another_body_under_the_same_key_is_refused(rig: Rig) -> None:
    await post(rig, request(), idempotency=key())
    refused = await accept.accept(rig.house, 1, [request()], idempotency=key(body="other"))
    assert isinstance(refused, Refused)
    assert refused.code == "idempotency_mismatch"
    assert await count(rig) == 1


async def test_a_key_belongs_to_its_account(rig: Rig) -> None:
    one = message((await post(rig, request(), idempotency=key()))[0])
    other = message((await post(rig, request(), idempotency=key(body="other"), account=2))[0])
    assert one.id != other.id


async def test_while_the_first_is_under_way_the_second_is_refused(rig: Rig) -> None:
    first, second = await asyncio.gather(
        accept.accept(rig.house, 1, [request()], idempotency=key()),
        accept.accept(rig.house, 1, [request()], idempotency=key()),
    )
    assert isinstance(first, Answer)
    assert isinstance(second, Refused)
    assert second.code == "idempotency_in_flight"
    assert await count(rig) == 1
    assert rig.house.in_flight == set()


async def test_two_of_one_key_in_one_commit_are_not_both_stored(rig: Rig) -> None:
    """As two processes might bring them."""
    one, other = await rig.send(), await rig.send()
    entries = [accept.Entry(1, (_new(rig, base),), (), key()) for base in (one, other)]
    first, second = await rig.store.write(accept.store_entries, entries)
    assert len(first.stored) == 1
    assert isinstance(second.answer, Refused)
    assert second.answer.code == "idempotency_in_flight"


def _new(rig: Rig, base: Message) -> Message:
    return msgspec.structs.replace(base, id=rig.house.new_id())


LIFETIMES = [("a message for now", {}, DAY), ("a message for later", {"send_at": ahead(days=3)}, 4 * DAY)]


@pytest.mark.parametrize(("fields", "kept"), [case[1:] for case in LIFETIMES], ids=[case[0] for case in LIFETIMES])
async def test_how_long_a_key_is_kept(rig: Rig, fields: dict[str, Any], kept: int) -> None:
    await post(rig, request(**fields), idempotency=key())
    rig.clock.move(kept / 1000 - 1)
    assert await rig.store.write(expire.forget_answers, [10]) == [0]
    rig.clock.move(1)
    assert await rig.store.write(expire.forget_answers, [10]) == [1]
    assert await rig.store.read(lambda tx: tx.idempotencies.find(1, "k")) is None


# when it cannot be taken


async def test_nothing_is_stored_when_too_much_waits(tmp_path: Path) -> None:
    async with rigged(tmp_path, limits=Limits(queued_per_account=2)) as rig:
        rig.house.backlog.reset({1: 1})
        refused = await accept.accept(rig.house, 1, [request(), request()], idempotency=key())
        assert isinstance(refused, Refused)
        assert refused.code == "too_many_queued"
        assert await count(rig) == 0
        assert kinds(await post(rig, request(), idempotency=key())) == ["accepted"]


async def test_the_reserve_is_for_codes_alone(tmp_path: Path) -> None:
    async with rigged(tmp_path, limits=Limits(queued_per_account=1, otp_reserve=5)) as rig:
        rig.house.backlog.reset({1: 1})
        mixed = await accept.accept(rig.house, 1, [request(category="otp"), request()])
        assert isinstance(mixed, Refused)
        assert kinds(await post(rig, request(category="otp"), request(category="otp"))) == ["accepted", "accepted"]


async def test_a_call_that_failed_leaves_its_key_free(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> Any:
        raise StoreUnavailable("full")

    with monkeypatch.context() as patch:
        patch.setattr(rig.store, "write", broken)
        with pytest.raises(StoreUnavailable):
            await accept.accept(rig.house, 1, [request()], idempotency=key())
    assert rig.house.in_flight == set()
    assert kinds(await post(rig, request(), idempotency=key())) == ["accepted"]


async def test_a_caller_who_hangs_up_finds_his_answer_later(rig: Rig) -> None:
    calling = asyncio.ensure_future(accept.accept(rig.house, 1, [request()], idempotency=key()))
    await asyncio.sleep(0)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    answers = [await accept.accept(rig.house, 1, [request()], idempotency=key()) for _ in range(2)]
    early, late = answers
    assert isinstance(early, Answer) or early.code == "idempotency_in_flight", "in the same commit, or after it"
    assert isinstance(late, Answer)
    assert late.replayed
    assert await count(rig) == 1


async def test_a_call_of_invalid_messages_touches_no_disk(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig.store, "write", None)
    assert kinds(await post(rig, request(to="x"), request(text=None))) == ["invalid", "invalid"]
