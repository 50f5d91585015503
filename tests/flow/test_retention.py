"""Messages that are kept no longer: what a running house drops and what it keeps, and what the API says of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from test_api import Place
from test_api import opened as api

from spine_kit import FakeCarrier, World, live, receipt, request, send, taken
from tidings import sweeper
from tidings.config import Delivery, Retention, SmppSettings, StreamSettings, WebhookSettings
from tidings.core import ids, moments
from tidings.core.message import DAY
from tidings.pipeline import expire

DAYS = DAY / 1000
SHORT: dict[str, Any] = {
    "retention": Retention(messages=2, orphans=1), "webhooks": WebhookSettings(retention=1),
    "smpp": SmppSettings(delivery_retention=1), "stream": StreamSettings(history=1),
    "delivery": Delivery(sweep=3_600.0, receipt_wait=5 * DAYS),
}  # fmt: skip
MANY = 700
"""More than a few pages."""
SILENT = "+15551230999"
"""For this one no receipt ever comes."""


def script(part: Any, earlier: int) -> Any:
    told = (receipt(f"c{part.attempt_id}", to=part.to),)
    return (taken(part), *(() if part.to == SILENT else told))


async def rows(world: World, table: str, where: str = "true") -> int:
    async def ask(tx: Any) -> int:
        return int((await tx.engine.fetch(f"select count(*) from {table} where {where}"))[0][0])

    return await world.store.read(ask)


def test_what_ended_goes_in_time_and_what_did_not_stays(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        async with world.up():
            (silent,) = await send(world.house, request(to=SILENT))
            messages = await send(world.house, *[request(to=f"+1555{at:07}") for at in range(MANY)])
            world.carrier.tell(receipt("nobody's", to="+15550000000"))
            await world.ended(*messages)
            assert await rows(world, "receipt") == MANY + 1
            await asyncio.sleep(1.8 * DAYS)
            assert await rows(world, "message") == MANY + 1
            assert await rows(world, "receipt", "attempt_id is null") == 0, "an orphan has its own, shorter time"
            await asyncio.sleep(0.4 * DAYS)
            assert [await rows(world, name) for name in ("message", "attempt", "receipt")] == [1, 1, 0]
            assert (await world.story(silent)).message.status == "sent"
            counted = {what: count for what, count in world.house.metrics.past.items() if count}
            assert counted.pop(("traffic",)) >= 1, "minutes are kept for two days"
            assert counted == {("message",): MANY, ("orphan",): 1}
            assert world.house.backlog.total == 0
        async with world.up():
            await asyncio.sleep(4.5 * DAYS)
            assert await rows(world, "message", "status = 'unknown'") == 1, "it has ended by now, and its time begins"
            await asyncio.sleep(3 * DAYS)
            assert [await rows(world, name) for name in ("message", "attempt")] == [0, 0]
            assert await rows(world, "message_event") <= 1, "the newest stays: no position is given twice"

    live(tmp_path, scenario, lambda: FakeCarrier(script, window=2_000), **SHORT)


def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    """Retention was switched on in a house with years of messages, and the house is stopped in the middle of it."""

    async def scenario(world: World) -> None:
        async with world.up():
            old = await send(world.house, *[request(to=f"+1555{at:07}") for at in range(MANY)])
            await world.ended(*old)
        await asyncio.sleep(10 * DAYS)
        began, pages = asyncio.Event(), list[int]()

        def seen(_: Any, gone: list[int]) -> None:
            pages.extend(gone)
            began.set()

        world.settings = msgspec.structs.replace(world.settings, **SHORT)
        async with world.up():
            world.store.follow(expire.forget_messages, seen)
            await began.wait()
        assert 0 < sum(pages) < MANY
        assert all(one <= expire.MESSAGES_MOST for one in pages)
        async with world.up():
            (fresh,) = await send(world.house, request())
            await asyncio.sleep(3_600)
            assert await world.store.read(lambda tx: tx.messages.by_id(one.id for one in old)) == {}
            assert (await world.story(fresh)).message.id == fresh.id

    live(tmp_path, scenario, lambda: FakeCarrier(script, window=2_000))


def test_a_fault_that_nobody_foresaw_is_told_and_the_next_round_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> None:
        raise ValueError("no such thing")

    async def scenario(world: World) -> None:
        async with world.up():
            with monkeypatch.context() as patch:
                patch.setattr(sweeper.Sweeper, "_forget_messages", broken)
                await send(world.house, request())
                await asyncio.sleep(3 * DAYS)
                assert world.house.metrics.faults[("sweeper",)] > 1
                assert await rows(world, "message") == 1
            await asyncio.sleep(0.2 * DAYS)
            assert await rows(world, "message") == 0
        assert "no such thing" in caplog.text

    often = Delivery(sweep=300.0, receipt_wait=5 * DAYS)
    live(tmp_path, scenario, lambda: FakeCarrier(script), **{**SHORT, "delivery": often})


# what the API says


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with api(tmp_path) as one:
        one.house.settings = msgspec.structs.replace(one.house.settings, retention=Retention(messages=90))
        yield one


AGES: list[tuple[str, int, bool]] = [
    ("it would be gone by now", 91, True),
    ("it would be there", 89, False),
    ("it is of a time before there were ids", 10_000, False),
    ("it is of a time to come", -1, False),
]


@pytest.mark.parametrize(("days", "told"), [one[1:] for one in AGES], ids=[one[0] for one in AGES])
async def test_that_an_id_is_of_a_time_that_is_gone_is_told(place: Place, days: int, told: bool) -> None:
    number = max(1, ids.highest(place.house.clock.now() - days * DAY))
    path = f"/v1/messages/{ids.show('msg', number)}"
    for method, what in (("GET", ""), ("GET", "/events"), ("GET", "/explain"), ("POST", "/cancel")):
        answer = await place.ask(method, path + what)
        assert (answer.status, answer.json()["code"]) == (404, "not_found")
        assert answer.json()["detail"].startswith("There is no message with this id.")
        assert ("kept for 90 days after their end" in answer.json()["detail"]) == told


async def test_where_messages_are_kept_for_ever_no_age_is_told(place: Place) -> None:
    place.house.settings = msgspec.structs.replace(place.house.settings, retention=Retention())
    number = ids.highest(place.house.clock.now() - 91 * DAY)
    answer = await place.ask("GET", f"/v1/messages/{ids.show('msg', number)}")
    assert answer.json()["detail"] == "There is no message with this id."


async def test_a_key_whose_message_is_gone_sends_nothing_anew(place: Place) -> None:
    """It was canceled long before its time came, until when the key holds."""
    send_at = moments.written(place.house.clock.now() + 200 * DAY)
    posted = (await place.post("k1", send_at=send_at)).json()
    await place.ask("POST", f"/v1/messages/{posted['id']}/cancel")
    number, now = ids.parse("msg", posted["id"]) or 0, place.house.clock.now()
    assert await place.store.write(expire.forget_messages, [expire.Past((number,), now)]) == [1]
    again = await place.post("k1", send_at=send_at)
    assert (again.status, again.json()["code"]) == (410, "message_dropped")
    assert await place.count() == 0
