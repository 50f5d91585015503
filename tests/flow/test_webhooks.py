"""Webhooks from the event to the endpoint and back, whatever the endpoint does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook

from spine_kit import inbound, request, send
from tidings.api import views
from tidings.config import WebhookSettings
from tidings.core import signing
from tidings.core.ports import NotPosted
from tidings.core.questions import DeliveryFilter, Filter
from tidings.notifier import notifier
from tidings.pipeline import notify, receive, settle, subscribe
from tidings.pipeline.cancel import cancel
from webhook_kit import OK, Endpoint, Got, MovingClock, Office, answer, office

pytestmark = pytest.mark.slow

FIRST = ("message.accepted",)


def as_official(got: Got, octets: bytes) -> Any:
    """The body, verified by the official library."""
    return Webhook(signing.shown_secret(octets)).verify(got.body, got.headers)


async def test_an_event_arrives_signed_and_shows_the_message(tmp_path: Path) -> None:
    async with Endpoint().up() as there, office(tmp_path) as here:
        _, octets = await here.subscribe(there.url, events=FIRST)
        message = (await send(here.house, request(client_ref="r1")))[0]
        await here.settled("delivered")
        (got,) = there.got
        told = as_official(got, octets)
        assert told["id"] == got.id
        assert (told["type"], told["sequence"]) == ("message.accepted", 1)
        assert told["data"] == msgspec.json.decode(views.encode(views.message(message)))
        (done,) = await here.deliveries()
        (tried,) = await here.tries(done)
        assert (tried.outcome, tried.status_code, tried.digest) == ("delivered", 200, signing.digest(got.body))
        assert "Hello" not in str(tried)


async def test_an_event_is_told_whatever_commit_it_came_with(tmp_path: Path) -> None:
    """Nothing else happens afterwards that would make anybody look."""
    async with Endpoint().up() as there, office(tmp_path) as here:
        await here.subscribe(there.url, events=(*FIRST, "message.canceled"))
        message = (await send(here.house, request()))[0]
        await here.settled("delivered", 1)
        await cancel(here.house, message.account_id, message.id)
        await here.settled("delivered", 2)


async def test_what_nobody_asked_for_is_not_stored(tmp_path: Path) -> None:
    async with Endpoint().up() as there, office(tmp_path) as here:
        await send(here.house, request())
        await here.subscribe(there.url, events=("message.delivered",))
        await send(here.house, request())
        await here.subscribe(there.url, events=("message.*",))
        await send(here.house, request(text="the last"))
        await here.settled("delivered")
        assert [got.json()["data"]["text"] for got in there.got] == ["the last"]
        assert len(await here.deliveries()) == 1


async def test_a_callback_is_called_with_the_final_status_and_signed_with_the_default_secret(tmp_path: Path) -> None:
    async with Endpoint().up() as there, office(tmp_path) as here:
        kept = await subscribe.rotate(here.house, 1, 0, 0)
        await here.store.write(_SUPPRESS, ["+15551230100"])
        await send(here.house, request(to="+15551230199", callback_url=there.url))
        await send(here.house, request(callback_url=there.url, callback_events=["message.accepted"]))
        await send(here.house, request(to="+15551230199", callback_url=there.url, callback_events=["message.acc*"]))
        await here.settled("delivered", 2)
        told = [as_official(got, kept[0].octets) for got in there.got]
        assert sorted(one["type"] for one in told) == ["message.accepted", "message.rejected"]


async def test_retry_after_is_obeyed_and_holds_the_whole_endpoint(tmp_path: Path) -> None:
    def script(got: Got, earlier: int) -> bytes:
        return answer(503, b"", "retry-after: 120") if earlier == 0 else OK

    async with Endpoint(script).up() as there, office(tmp_path) as here:
        await here.subscribe(there.url, events=FIRST)
        await send(here.house, request())
        (waiting,) = await here.tried()
        assert 110_000 < (waiting.next_at or 0) - here.clock.now() <= 120_000
        await send(here.house, request())
        await asyncio.sleep(0.1)
        assert len(there.got) == 1
        here.move(121)
        await here.settled("delivered", 2)


async def test_410_switches_the_subscription_off_and_gives_up_what_waits(tmp_path: Path) -> None:
    async with Endpoint(lambda got, earlier: answer(410)).up() as there, office(tmp_path) as here:
        one, _ = await here.subscribe(there.url, events=FIRST)
        await send(here.house, *[request() for _ in range(5)])
        await here.settled("dead", 5)
        off = await here.store.read(lambda tx: tx.webhooks.one(1, one.id))
        assert off is not None
        assert (off.enabled, off.disabled_reason) == (False, "the endpoint answered 410 Gone")
        await send(here.house, request())
        await asyncio.sleep(0.1)
        assert len(there.got) == 1
        there.script = lambda got, earlier: OK
        await subscribe.change(here.house, 1, one.id, {"enabled": True})
        assert await subscribe.replay(here.house, 1, DeliveryFilter(status="dead")) == 5
        await here.settled("delivered", 5)


async def test_it_is_given_up_after_22_hours_and_may_be_replayed_under_its_id(tmp_path: Path) -> None:
    async with Endpoint(lambda got, earlier: answer(500)).up() as there, office(tmp_path) as here:
        await here.subscribe(there.url, events=FIRST)
        await send(here.house, request())
        began = here.clock.now()
        for attempt in range(1, 16):
            (row,) = await here.tried(attempt)
            if row.status == "dead":
                break
            assert row.next_at is not None
            here.move((row.next_at - here.clock.now()) / 1000 + 300)
        assert row.status == "dead"
        assert here.clock.now() - began >= 22 * 3_600_000
        there.script = lambda got, earlier: OK
        assert await subscribe.replay_one(here.house, 1, row.id) == 1
        here.move(301)
        await here.settled("delivered")
        assert len({got.id for got in there.got}) == 1
        assert await subscribe.replay_one(here.house, 1, row.id + 1) == 0


async def test_old_and_new_secret_sign_together_until_the_overlap_ends(tmp_path: Path) -> None:
    async with Endpoint().up() as there, office(tmp_path) as here:
        one, old = await here.subscribe(there.url, events=FIRST)
        new = (await subscribe.rotate(here.house, 1, one.id, 60_000))[0].octets
        await send(here.house, request())
        await here.settled("delivered")
        as_official(there.got[0], old)
        as_official(there.got[0], new)
        here.move(61)
        await send(here.house, request())
        await here.settled("delivered", 2)
        there.got[1].headers["webhook-timestamp"] = there.got[1].headers["webhook-timestamp"]
        signatures = there.got[1].headers["webhook-signature"].split()
        assert len(signatures) == 1
        checked = signing.verify(there.got[1].headers, there.got[1].body, new, here.clock.now())
        assert checked.valid


async def test_events_of_one_message_wait_for_each_other_where_order_is_asked_for(tmp_path: Path) -> None:
    def script(got: Got, earlier: int) -> bytes:
        return answer(500) if earlier == 0 else OK

    async with Endpoint(script).up() as there, office(tmp_path) as here:
        await here.subscribe(there.url, ordered=True)
        await send(here.house, request(send_at=_soon(here)))
        await here.tried()
        await asyncio.sleep(0.1)
        assert [got.json()["type"] for got in there.got] == ["message.accepted"]
        here.move(6)
        await here.settled("delivered", 2)
        assert [got.json()["sequence"] for got in there.got] == [1, 1, 2]


async def test_a_batch_holds_many_events_each_with_its_own_id(tmp_path: Path) -> None:
    async with Endpoint().up() as there, office(tmp_path) as here:
        _, octets = await here.subscribe(there.url, events=FIRST, batch=100)
        await send(here.house, *[request() for _ in range(250)])
        await here.settled("delivered", 250)
        told = [as_official(got, octets) for got in there.got]
        assert len(told) <= 4
        assert all(one["type"] == "batch" and one["id"] == got.id for one, got in zip(told, there.got, strict=True))
        assert len({event["id"] for one in told for event in one["data"]}) == 250


async def test_a_deleted_subscription_takes_what_waits_with_it(tmp_path: Path) -> None:
    async with Endpoint(lambda got, earlier: answer(500)).up() as there, office(tmp_path) as here:
        one, _ = await here.subscribe(there.url, events=FIRST)
        await send(here.house, *[request() for _ in range(20)])
        await here.tried()
        assert await subscribe.unsubscribe(here.house, 1, one.id)
        assert len(await here.deliveries(status="canceled")) == 20
        sent = len(there.got)
        here.move(60)
        await asyncio.sleep(0.1)
        assert len(there.got) == sent
        assert await subscribe.replay(here.house, 1, DeliveryFilter()) == 0


async def test_a_replay_is_paced(tmp_path: Path) -> None:
    settings = WebhookSettings(replay_rate=100.0)
    async with Endpoint().up() as there, office(tmp_path, webhooks=settings) as here:
        await here.subscribe(there.url, events=FIRST)
        await send(here.house, *[request() for _ in range(50)])
        await here.settled("delivered", 50)
        assert await subscribe.replay(here.house, 1, DeliveryFilter(type="message.accepted")) == 50
        dues = [one.next_at or 0 for one in await here.deliveries(status="waiting")]
        assert max(dues) - min(dues) > 200
        await here.until(lambda: len(there.got) == 100)
        assert len({got.id for got in there.got}) == 50


async def test_what_waits_survives_a_restart_with_its_back_off(tmp_path: Path) -> None:
    there = Endpoint(lambda got, earlier: answer(500) if earlier == 0 else OK)
    async with there.up():
        place = Office(tmp_path, MovingClock(), _settings(tmp_path))
        async with place.up() as here:
            await here.subscribe(there.url, events=FIRST)
            await send(here.house, request())
            (before,) = await here.tried()
        async with place.up() as here:
            (after,) = await here.deliveries()
            assert (after.attempts, after.next_at) == (1, before.next_at)
            await asyncio.sleep(0.1)
            assert len(there.got) == 1
            here.move(6)
            await here.settled("delivered")
        assert there.got[0].id == there.got[1].id


async def test_what_happened_while_nobody_sent_is_told_after_the_start(tmp_path: Path) -> None:
    async with Endpoint().up() as there:
        place = Office(tmp_path, MovingClock(), _settings(tmp_path))
        async with place.up() as here:
            await here.subscribe(there.url, events=FIRST)
            await here.notifier.stop(0.5)
            await send(here.house, *[request() for _ in range(300)])
        async with place.up() as here:
            await here.settled("delivered", 300)
        assert len({got.id for got in there.got}) == 300


async def test_the_answer_to_a_text_from_a_handset_is_sent_back_once(tmp_path: Path) -> None:
    reply = answer(200, b'{"reply": {"text": "We open at nine."}}')
    async with Endpoint(lambda got, earlier: reply).up() as there, office(tmp_path) as here:
        await here.subscribe(there.url, events=("message.received",))
        arrival = receive.Arrival(
            here.house.new_id(), here.house.new_id(), here.house.new_id(), inbound("When?"), here.settings
        )
        await here.store.write(receive.take_inbound, [arrival])
        (done,) = await here.settled("delivered")
        assert done.reply_id is not None
        await subscribe.replay_one(here.house, 1, done.id)
        await here.until(lambda: len(there.got) == 2)
        await here.settled("delivered")
        page = await here.store.read(lambda tx: tx.messages.page(1, Filter(direction="mt"), None, 10))
        assert [(one.id, one.text, one.sender) for one in page.messages] == [
            (done.reply_id, "We open at nine.", "12345")
        ]
        tries = await here.tries(done)
        assert "nine" not in str(tries)


async def test_a_reply_that_is_too_long_to_be_read_is_told(tmp_path: Path) -> None:
    bodies = {"reply": b'{"reply": {"text": "' + b"x" * 70_000 + b'"}}', "page": b"<p>" * 30_000}
    for kind, body in bodies.items():
        told = answer(200, body)
        (tmp_path / kind).mkdir()
        async with Endpoint(lambda got, earlier, told=told: told).up() as there, office(tmp_path / kind) as here:
            await here.subscribe(there.url, events=("message.received",))
            ids = [here.house.new_id() for _ in range(3)]
            arrival = receive.Arrival(*ids, inbound("When?"), here.settings)
            await here.store.write(receive.take_inbound, [arrival])
            (done,) = await here.settled("delivered")
            assert ("too long to be read" in str(await here.tries(done))) == (kind == "reply")


async def test_two_machines_do_not_answer_each_other_for_ever(tmp_path: Path) -> None:
    """Each answer of the endpoint is a text to another machine, which answers it in turn."""
    reply = answer(200, b'{"reply": {"text": "Hello, machine."}}')
    async with Endpoint(lambda got, earlier: reply).up() as there, office(tmp_path) as here:
        await here.subscribe(there.url, events=("message.received",))
        for at in range(1, 14):
            ids = [here.house.new_id() for _ in range(3)]
            arrival = receive.Arrival(*ids, inbound("Hello, machine."), here.settings)
            await here.store.write(receive.take_inbound, [arrival])
            await here.settled("delivered", at)
        page = await here.store.read(lambda tx: tx.messages.page(1, Filter(direction="mt"), None, 100))
        assert len(page.messages) == 10
        tries = [str(await here.tries(one)) for one in await here.deliveries()]
        assert sum("no reply is sent: 10 answers in this minute; there may be 10." in one for one in tries) == 3


async def test_one_endpoint_is_asked_a_little_at_first_and_never_too_much(tmp_path: Path) -> None:
    async def slowly() -> bytes:
        await asyncio.sleep(0.02)
        return OK

    settings = WebhookSettings(concurrency=4)
    async with Endpoint(lambda got, earlier: slowly()).up() as there, office(tmp_path, webhooks=settings) as here:
        await here.subscribe(there.url, events=FIRST)
        await send(here.house, *[request() for _ in range(400)])
        await here.settled("delivered", 400)
        assert there.most_busy == 4
        assert there.connections <= 8
        assert len({got.id for got in there.got}) == len(there.got) == 400


async def test_a_test_call_tells_what_the_endpoint_says(tmp_path: Path) -> None:
    async with Endpoint(lambda got, earlier: answer(418, b"teapot")).up() as there, office(tmp_path) as here:
        one, octets = await here.subscribe(there.url)
        came = await subscribe.test(here.house, one)
        assert not isinstance(came, NotPosted)
        assert (came.status, came.body) == (418, b"teapot")
        assert as_official(there.got[0], octets)["type"] == "webhook.test"
        assert await here.deliveries() == []


async def _suppress(tx: Any, numbers: Any, now: int) -> list[None]:
    for number in numbers:
        await tx.suppressions.add(1, number, "test", now)
    return [None] * len(numbers)


from tidings.core.ports import Stage  # noqa: E402

_SUPPRESS: Stage[str, None] = Stage(_suppress, 0, False)


def _soon(here: Office) -> Any:
    import datetime as dt

    return dt.datetime.fromtimestamp(here.clock.now() / 1000 + 3600, dt.UTC)


def _settings(folder: Path) -> Any:
    from tidings.config import Settings

    return Settings(data=str(folder))


async def test_what_is_past_its_retention_is_dropped_with_its_callback(tmp_path: Path) -> None:
    settings = WebhookSettings(retention=2)
    async with Endpoint().up() as there, office(tmp_path, webhooks=settings) as here:
        await here.store.write(_SUPPRESS, ["+15551230199"])
        for _ in range(2):
            await send(here.house, request(to="+15551230199", callback_url=there.url))
        await send(here.house, request(callback_url=there.url))
        await here.settled("delivered", 2)
        await here.notifier._tidy()
        assert len(await here.deliveries()) == 2
        here.clock.ahead += 3 * 86_400 + 60  # a day is dropped as a whole, on PostgreSQL
        await here.notifier._tidy()
        assert await here.deliveries() == []
        kept = await here.store.read(lambda tx: tx.webhooks.callbacks(range(1 << 10)))
        assert kept == {}
        assert await here.store.read(lambda tx: tx.webhooks.has_callbacks()) == (True, False), "one has not ended yet"
        here.clock.ahead += 3 * 86_400  # where the log is kept that much longer
        await here.notifier._tidy()
        assert await here.store.read(lambda tx: tx.webhooks.tries(1)) == []


async def test_once_no_callback_is_left_nobody_looks_for_any(tmp_path: Path) -> None:
    async with Endpoint().up() as there, office(tmp_path) as here:
        await here.store.write(_SUPPRESS, ["+15551230199"])
        await send(here.house, request(to="+15551230199", callback_url=there.url))
        await here.settled("delivered")
        assert not (await here.store.read(notify.directory)).silent
        here.clock.ahead += 31 * 86_400
        await here.notifier._tidy()
        assert (await here.store.read(notify.directory)).silent
        await send(here.house, request(to="+15551230199", callback_url=there.url))
        await here.settled("delivered")
        assert len(there.got) == 2


async def test_what_waits_where_nothing_is_called_is_given_up_after_three_days(tmp_path: Path) -> None:
    async with Endpoint(lambda got, earlier: answer(500)).up() as there, office(tmp_path) as here:
        one, _ = await here.subscribe(there.url, events=FIRST)
        await send(here.house, request())
        await here.tried()
        await subscribe.change(here.house, 1, one.id, {"enabled": False})
        here.clock.ahead += 2 * 86_400
        await here.notifier._tidy()
        assert [row.status for row in await here.deliveries()] == ["waiting"]
        here.clock.ahead += 1 * 86_400 + 60
        await here.notifier._tidy()
        assert [row.status for row in await here.deliveries()] == ["dead"]


async def test_a_process_that_died_between_dropping_and_canceling_cancels_later(tmp_path: Path) -> None:
    async with Endpoint(lambda got, earlier: answer(500)).up() as there, office(tmp_path) as here:
        one, _ = await here.subscribe(there.url, events=FIRST)
        await send(here.house, *[request() for _ in range(3)])
        await here.tried()
        await here.store.write(subscribe.drop_subscriptions, [(1, one.id)])
        assert {row.status for row in await here.deliveries()} == {"waiting"}
        await here.notifier._tidy()
        assert {row.status for row in await here.deliveries()} == {"canceled"}


async def test_an_outcome_that_cannot_be_stored_is_sent_again_under_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Endpoint().up() as there, office(tmp_path) as here:
        await here.subscribe(there.url, events=FIRST)
        broken = True
        real = settle._try

        def sometimes(row: Any, outcome: Any) -> Any:
            if broken:
                raise ValueError("a fault of ours")
            return real(row, outcome)

        monkeypatch.setattr(settle, "_try", sometimes)
        await send(here.house, request(), request())
        await here.until(lambda: len(there.got) == 2)
        await asyncio.sleep(0.2)
        broken = False
        here.move(6)
        await here.settled("delivered", 2)
        assert len({got.id for got in there.got}) == 2
        assert here.notifier.lanes.in_memory == 0


async def test_memory_is_given_back(tmp_path: Path) -> None:
    endpoint = Endpoint(lambda got, earlier: answer(500) if earlier % 3 == 0 else OK)
    async with endpoint.up() as there, office(tmp_path) as here:
        one, _ = await here.subscribe(there.url, events=FIRST)
        await here.subscribe(there.url, events=FIRST, batch=7)
        await here.subscribe(there.url, events=FIRST, ordered=True)
        for _ in range(5):
            await send(here.house, *[request() for _ in range(40)])
            here.move(6)
            await asyncio.sleep(0.02)
        await subscribe.unsubscribe(here.house, 1, one.id)
        async with asyncio.timeout(30):
            while await here.deliveries(status="waiting"):
                here.move(3)
                await asyncio.sleep(0.05)
        await here.until(lambda: here.notifier.lanes.in_memory == 0)
        assert all(not lane.held and not lane.ready for lane in here.notifier.lanes._lanes.values())


async def test_an_event_that_cannot_be_told_stops_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifier, "FAULT_S", 0.05)
    async with Endpoint().up() as there, office(tmp_path) as here:
        await here.subscribe(there.url, events=FIRST)
        real, broken = notify._delivery, [True]

        def sometimes(*given: Any) -> Any:
            if broken:
                raise ValueError("a fault of ours")
            return real(*given)

        monkeypatch.setattr(notify, "_delivery", sometimes)
        await send(here.house, request())
        await asyncio.sleep(0.2)
        assert await here.deliveries() == []
        broken.clear()
        await here.settled("delivered")
