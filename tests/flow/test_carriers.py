"""Carriers as an operator steers them, over a real store on a clock that jumps: paused, resumed, restarted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kit import Heard, ask
from spine_kit import FakeCarrier, World, delivers, inbound, live, receipt, refused, request, send, taken
from spine_kit import ask as asked
from tidings.api.app import application
from tidings.config import CarrierSettings
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.message import Part
from tidings.core.ports import CarrierEvent, Manners, StoreUnavailable
from tidings.core.questions import Habit
from tidings.fleet import Fleet
from tidings.pipeline import admit, steer

ONE, TWO = "north/1", "north/2"
Scene = Callable[["Desk"], Awaitable[None]]


class Desk:
    """A running world, its API, and an operator's key."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.carrier = world.carrier

    async def open(self) -> None:
        """Make the key."""
        _, self.key = await admit.issue(self.world.house, DEFAULT_ACCOUNT, "operator", "admin")
        self.app = application(self.world.house)

    async def ask(self, method: str, path: str = "", body: Any = None) -> Heard:
        return await ask(self.app, method, f"/v1/carriers{path}", body, key=self.key)

    async def send(self, count: int = 1) -> list[Any]:
        return await send(self.world.house, *(request(to=f"+1555123{n:04}") for n in range(100, 100 + count)))

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        end = self.world.clock.monotonic() + seconds
        await self.world.until(lambda: self.world.clock.monotonic() >= end)


def desk(carrier: Callable[[], FakeCarrier] = FakeCarrier) -> Callable[[Scene], Callable[[Path], None]]:
    """Run a scene as a test, in a running world of its own."""

    def wrap(scene: Scene) -> Callable[[Path], None]:
        async def run(world: World) -> None:
            async with world.up():
                place = Desk(world)
                await place.open()
                await scene(place)

        def test(tmp_path: Path) -> None:
            live(tmp_path, run, carrier)

        test.__name__, test.__doc__ = scene.__name__, scene.__doc__
        return test

    return wrap


def two_binds() -> FakeCarrier:
    return FakeCarrier(binds=2)


@desk()
async def test_nothing_goes_while_paused_and_all_goes_after(desk: Desk) -> None:
    paused = (await desk.ask("POST", "/north/pause")).json()
    assert (paused["state"], [bind["paused"] for bind in paused["binds"]]) == ("paused", [True])
    messages = await desk.send(25)
    await desk.wait(60)
    assert desk.carrier.written == []
    shown = (await desk.ask("GET", "/north")).json()
    assert (shown["state"], shown["waiting"], shown["binds_up"]) == ("paused", 25, 1)
    assert shown["paused_at"] == paused["paused_at"]
    resumed = (await desk.ask("POST", "/north/resume")).json()
    assert (resumed["state"], resumed["paused_at"]) == ("up", None)
    stories = await desk.world.ended(*messages)
    assert {story.message.status for story in stories} == {"delivered"}
    assert len(desk.carrier.written) == 25


@desk(lambda: FakeCarrier(lambda part, earlier: [], window=2))
async def test_what_comes_is_taken_while_paused(desk: Desk) -> None:
    (message,) = await desk.send()
    await desk.world.until(lambda: len(desk.carrier.written) == 1)
    part = desk.carrier.written[0][1]
    await desk.ask("POST", "/north/pause")
    desk.carrier.tell(taken(part), receipt(f"c{part.attempt_id}", to=part.to), inbound("Hello"))
    (story,) = await desk.world.ended(message)
    assert story.message.status == "delivered"
    await desk.world.until(lambda: "Hello" in desk.carrier.acknowledged)


@desk(two_binds)
async def test_one_bind_is_spared_and_the_other_carries_all(desk: Desk) -> None:
    told = (await desk.ask("POST", "/north/pause", {"bind": TWO})).json()
    assert told["state"] == "up"
    assert {bind["name"]: bind["paused"] for bind in told["binds"]} == {ONE: False, TWO: True}
    await desk.world.ended(*await desk.send(30))
    assert {part.bind for _, part in desk.carrier.written} == {ONE}
    await desk.ask("POST", "/north/resume", {"bind": TWO})
    await desk.world.ended(*await send(desk.world.house, *(request(to=f"+1555124{n:04}") for n in range(100, 130))))
    assert {part.bind for _, part in desk.carrier.written} == {ONE, TWO}


@desk(two_binds)
async def test_resuming_a_carrier_resumes_its_binds(desk: Desk) -> None:
    for body in (None, {"bind": ONE}, {"bind": TWO}):
        await desk.ask("POST", "/north/pause", body)
    half = (await desk.ask("POST", "/north/resume", {"bind": ONE})).json()
    assert half["state"] == "paused", "the carrier is"
    whole = (await desk.ask("POST", "/north/resume")).json()
    assert (whole["state"], [bind["paused"] for bind in whole["binds"]]) == ("up", [False, False])


@desk(two_binds)
async def test_a_carrier_each_of_whose_binds_is_paused_is_paused(desk: Desk) -> None:
    await desk.ask("POST", "/north/pause", {"bind": ONE})
    told = (await desk.ask("POST", "/north/pause", {"bind": TWO})).json()
    assert (told["state"], told["paused_at"]) == ("paused", None)
    await desk.send()
    await desk.wait(30)
    assert desk.carrier.written == []


@desk(lambda: FakeCarrier(window=1_000))
async def test_from_the_answer_on_nothing_is_handed_over(desk: Desk) -> None:
    """Paused in the middle of a storm: what was claimed by then goes, and nothing after the answer."""
    messages = await desk.send(300)
    await desk.world.until(lambda: len(desk.carrier.written) > 0)
    more = await send(desk.world.house, *(request(to=f"+1555125{n:04}") for n in range(300)))
    await desk.ask("POST", "/north/pause")
    went = len(desk.carrier.written)
    await desk.wait(30)
    assert len(desk.carrier.written) == went
    await desk.ask("POST", "/north/resume")
    await desk.world.ended(*messages, *more)
    assert len(desk.carrier.written) == 600, "each once"


def test_a_pause_outlives_the_process(tmp_path: Path) -> None:
    async def run(world: World) -> None:
        async with world.up():
            place = Desk(world)
            await place.open()
            paused = (await place.ask("POST", "/north/pause")).json()
            messages = await place.send(3)
        world.carrier = FakeCarrier()
        async with world.up():
            again = Desk(world)
            await again.open()
            await again.wait(30)
            assert world.carrier.written == []
            shown = (await again.ask("GET", "/north")).json()
            assert (shown["state"], shown["paused_at"]) == ("paused", paused["paused_at"])
            await again.ask("POST", "/north/resume")
            await world.ended(*messages)
        world.carrier = FakeCarrier()
        async with world.up():
            third = Desk(world)
            await third.open()
            assert (await third.ask("GET", "/north")).json()["state"] == "up"

    live(tmp_path, run)


@desk(two_binds)
async def test_what_waits_too_long_expires_behind_a_pause(desk: Desk) -> None:
    await desk.ask("POST", "/north/pause")
    (code,) = await send(desk.world.house, request(category="otp"))
    (story,) = await desk.world.ended(code, seconds=3_600)
    assert (story.message.status, desk.carrier.written) == ("expired", [])


@desk(two_binds)
async def test_what_cannot_be_paused_is_said(desk: Desk) -> None:
    for path, body, status, code in (
        ("/south/pause", None, 404, "not_found"),
        ("/south", None, 404, "not_found"),
        ("/north/pause", {"bind": "north/3"}, 422, "validation_failed"),
        ("/north/pause", {"binds": "north/1"}, 422, "validation_failed"),
        ("/north/pause", {"bind": 1}, 422, "validation_failed"),
    ):
        told = await desk.ask("GET" if path == "/south" else "POST", path, body)
        assert (told.status, told.json()["code"]) == (status, code), path
    told = await desk.ask("POST", "/north/pause", {"bind": "north/3"})
    assert told.json()["errors"] == [{"pointer": "/bind", "detail": "is no bind of north; there are north/1, north/2"}]
    assert (await desk.ask("GET", "/north")).json()["state"] == "up"


@desk()
async def test_a_pause_that_cannot_be_stored_is_none(desk: Desk) -> None:
    desk.world.store.fault = StoreUnavailable("disk full")
    told = await desk.ask("POST", "/north/pause")
    assert (told.status, told.json()["code"]) == (503, "unavailable")
    desk.world.store.fault = None
    assert (await desk.ask("GET", "/north")).json()["state"] == "up"
    await desk.world.ended(*await desk.send())


@desk()
async def test_secrets_are_in_no_answer_and_others_get_none(desk: Desk) -> None:
    told = await desk.ask("GET")
    assert [one["name"] for one in told.json()["data"]] == ["north"]
    assert b"secret" not in told.body
    account = await ask(desk.app, "POST", "/v1/accounts", {"name": "tenant"}, key=desk.key)
    path = f"/v1/accounts/{account.json()['id']}/keys"
    tenant = (await ask(desk.app, "POST", path, {"name": "k", "scope": "admin"}, key=desk.key)).json()["token"]
    for method, rest in (("GET", ""), ("GET", "/north"), ("POST", "/north/pause"), ("POST", "/north/resume")):
        refused = await ask(desk.app, method, f"/v1/carriers{rest}", key=tenant)
        assert refused.status == 403, rest


@pytest.mark.parametrize("scope", ["send", "read", "send+read"])
def test_pausing_asks_for_an_admin_key(tmp_path: Path, scope: str) -> None:
    async def run(world: World) -> None:
        async with world.up():
            place = Desk(world)
            await place.open()
            _, key = await admit.issue(world.house, DEFAULT_ACCOUNT, "other", scope)
            assert (await ask(place.app, "POST", "/v1/carriers/north/pause", key=key)).status == 403

    live(tmp_path, run)


# carriers that the API makes

EAST: dict[str, Any] = {
    "name": "east",
    "host": "smsc.example.net",
    "system_id": "acme",
    "password": "secret",
    "sender_rules": "off",
}


def no_carrier() -> FakeCarrier:
    return FakeCarrier(name="")


@desk(no_carrier)
async def test_the_first_carrier_carries_at_once(desk: Desk) -> None:
    made = await desk.ask("POST", "", {**EAST, "rate": 20, "binds": 2})
    assert (made.status, made.json()["source"]) == (201, "api")
    assert [bind["name"] for bind in made.json()["binds"]] == ["east/1", "east/2"]
    assert b"secret" not in made.body
    stories = await desk.world.ended(*await desk.send(20))
    assert {(story.message.status, story.message.carrier) for story in stories} == {("delivered", "east")}


def test_a_carrier_of_the_api_is_there_after_a_restart(tmp_path: Path) -> None:
    async def run(world: World) -> None:
        async with world.up():
            place = Desk(world)
            await place.open()
            await place.ask("POST", "", {**EAST, "window": 7})
            await place.ask("PATCH", "/east", {"password": "newer", "window": 8})
            found = await world.store.read(steer.stored)
            assert found == [CarrierSettings(**{**EAST, "password": "newer", "window": 8})]
            await place.ask("POST", "/east/pause")
            assert (await place.ask("DELETE", "/east")).status == 200
            assert await world.store.read(steer.stored) == []
            assert await world.store.read(steer.held) == [], "one of that name begins anew"

    live(tmp_path, run)


@desk()
async def test_what_is_not_fit_is_named(desk: Desk) -> None:
    for body, status, told in (
        ({**EAST, "windows": 3}, 422, "/windows"),
        ({**EAST, "window": 0}, 422, "/window"),
        ({**EAST, "password_file": "/etc/passwd"}, 422, "/password_file"),
        ({**EAST, "bind": "both"}, 422, "/bind"),
        ({**EAST, "type": "pigeon"}, 422, "/type"),
        ({**EAST, "name": "East"}, 422, "/name"),
        ({**EAST, "name": "east\n"}, 422, "/name"),
        ({**EAST, "host": ""}, 422, "/host"),
        ({**EAST, "host": "smsc\nFATAL: all is lost"}, 422, "/host"),
        ({**EAST, "host": "smsc.example.net\n"}, 422, "/host"),
        ({"name": "east"}, 422, "/host"),
        ({**EAST, "name": "north"}, 409, "carrier_exists"),
        ({**EAST, "name": "simulator"}, 409, "carrier_exists"),
    ):
        refused = await desk.ask("POST", "", body)
        problem = refused.json()
        assert refused.status == status, problem
        assert told in [problem["code"], *(error["pointer"] for error in problem.get("errors") or ())], problem
    assert [one["name"] for one in (await desk.ask("GET")).json()["data"]] == ["north"]
    assert await desk.world.store.read(steer.stored) == []


@desk()
async def test_a_carrier_of_the_file_is_read_only(desk: Desk) -> None:
    for method, body in (("PATCH", {"window": 3}), ("DELETE", None)):
        refused = await desk.ask(method, "/north", body)
        assert (refused.status, refused.json()["code"]) == (409, "carrier_in_file")
        assert (await desk.ask(method, "/south", body)).status == 404
    assert desk.carrier.changed == []


@desk(no_carrier)
async def test_a_change_acts_at_once_and_keeps_the_rest(desk: Desk) -> None:
    await desk.ask("POST", "", {**EAST, "rate": 1})
    east = desk.world.added["east"]
    told = await desk.ask("PATCH", "/east", {"rate": 50, "password": "newer"})
    assert (told.json()["rate"], told.json()["settings"]["system_id"]) == (50, "acme")
    assert b"newer" not in told.body
    assert east.changed == [CarrierSettings(**{**EAST, "rate": 50, "password": "newer"})]
    began = desk.world.clock.monotonic()
    await desk.world.ended(*await desk.send(100))
    assert desk.world.clock.monotonic() - began < 10, "at the rate before it would take 100 s"
    refused = await desk.ask("PATCH", "/east", {"bind": "both"})
    assert (refused.status, refused.json()["errors"][0]["pointer"]) == (422, "/bind")
    assert len(east.changed) == 1


@desk(no_carrier)
async def test_what_waits_for_a_carrier_that_goes_takes_another(desk: Desk) -> None:
    """In the middle of a storm: what is under way is answered, the rest goes by the other, each once."""
    await desk.ask("POST", "", EAST | {"window": 5})
    east = desk.world.added["east"]
    east.delay = 0.3
    messages = await desk.send(40)
    await desk.world.until(lambda: len(east.written) == 5)
    assert (await desk.ask("POST", "", EAST | {"name": "west"})).status == 201
    assert (await desk.ask("DELETE", "/east")).status == 200
    more = await send(desk.world.house, *(request(to=f"+1555126{n:04}") for n in range(10)))
    stories = await desk.world.ended(*messages, *more)
    west = desk.world.added["west"]
    assert {story.message.status for story in stories} == {"delivered"}
    assert sorted(part.message_id for _, part in east.written + west.written) == [one.id for one in (*messages, *more)]
    assert {part.message_id for _, part in west.written} >= {message.id for message in more}


@desk(no_carrier)
async def test_what_waits_for_a_carrier_that_goes_waits_no_longer(desk: Desk) -> None:
    """It is handed on at once, and does not wait until the store is looked through again."""
    await desk.ask("POST", "", EAST)
    await desk.ask("POST", "/east/pause")
    await desk.send(5)
    await desk.wait(0.1)
    await desk.ask("POST", "", EAST | {"name": "west"})
    assert (await desk.ask("DELETE", "/east")).status == 200
    await desk.world.until(lambda: len(desk.world.added["west"].written) == 5, 0.3)


@desk(no_carrier)
async def test_the_last_carrier_stays_while_messages_wait(desk: Desk) -> None:
    await desk.ask("POST", "", EAST)
    await desk.ask("POST", "/east/pause")
    (message,) = await desk.send()
    await desk.wait(1)
    refused = await desk.ask("DELETE", "/east")
    assert (refused.status, refused.json()["code"]) == (409, "carrier_in_use")
    await desk.ask("POST", "/east/resume")
    await desk.world.ended(message)
    assert (await desk.ask("DELETE", "/east")).status == 200
    (homeless,) = await send(desk.world.house, request(to="+15551260000"))
    (story,) = await desk.world.ended(homeless)
    assert (story.message.status, story.error) == ("rejected", ("no_route", "tidings"))


@desk(no_carrier)
async def test_the_last_carrier_stays_while_answers_are_under_way(desk: Desk) -> None:
    """What is throttled or in doubt would have nowhere to go again."""
    await desk.ask("POST", "", EAST)
    east = desk.world.added["east"]
    east.delay = 0.3
    east.script = lambda part, earlier: delivers_of_east(part) if earlier else (refused(part, "throttled"),)
    (message,) = await desk.send()
    await desk.world.until(lambda: len(east.written) == 1)
    assert (await desk.ask("DELETE", "/east")).json()["code"] == "carrier_in_use"
    (story,) = await desk.world.ended(message)
    assert story.message.status == "delivered"
    assert (await desk.ask("DELETE", "/east")).status == 200


def delivers_of_east(part: Part) -> Iterable[CarrierEvent]:
    return (taken(part), receipt(f"c{part.attempt_id}", to=part.to, carrier="east", bind=part.bind))


@desk()
async def test_a_pause_outlives_that_another_carrier_goes(desk: Desk) -> None:
    """Paused while the other still waits for its answers, which takes seconds."""
    await desk.ask("POST", "", EAST)
    await desk.ask("POST", "/east/pause")
    desk.world.added["east"].flying[1] = "east/1"
    desk.world.added["east"].drains = True
    going = asyncio.create_task(desk.ask("DELETE", "/east"))
    await desk.wait(1)
    assert not going.done()
    assert (await desk.ask("POST", "/north/pause")).json()["state"] == "paused"
    assert (await desk.ask("POST", "/east/pause")).status == 404
    assert (await going).status == 200
    assert (await desk.ask("GET", "/north")).json()["state"] == "paused"
    assert [pause.carrier for pause in await desk.world.store.read(steer.held)] == ["north"]
    await desk.send(3)
    await desk.wait(3)
    assert desk.carrier.written == []


@desk()
async def test_a_carrier_that_cannot_be_forgotten_goes_on(desk: Desk) -> None:
    await desk.ask("POST", "", EAST)
    desk.world.store.fault = StoreUnavailable("disk full")
    assert (await desk.ask("DELETE", "/east")).status == 503
    desk.world.store.fault = None
    assert [one["name"] for one in (await desk.ask("GET")).json()["data"]] == ["north", "east"]
    assert list(desk.world.house.carriers) == ["north", "east"]


@desk()
async def test_what_the_file_says_of_ids_is_stored_at_the_next_sighup_if_not_at_once(desk: Desk) -> None:
    fleet = desk.world.house.fleet
    assert isinstance(fleet, Fleet)
    north = CarrierSettings(name="north", host="smsc.example.net", password="secret", sender_rules="off")
    desk.carrier.manners = Manners(id_form="hex_to_dec")
    desk.world.store.fault = StoreUnavailable("disk full")
    with pytest.raises(StoreUnavailable):
        await fleet.reread([msgspec.structs.replace(north, rate=7)])
    desk.world.store.fault = None
    await fleet.reread([msgspec.structs.replace(north, rate=7)])
    habits = await desk.world.store.read(lambda tx: tx.receipts.habits())
    assert (habits["north"].form, habits["north"].fixed) == ("hex_to_dec", True)


@desk()
async def test_what_was_learned_of_ids_is_forgotten_with_the_smsc(desk: Desk) -> None:
    """Another SMSC has other ways: what holds of the one before may match a wrong text."""
    await desk.ask("POST", "", EAST)
    learned = Habit("east", "hex_to_dec", leaning="hex_to_dec", votes=3)

    async def known() -> str:
        return (await desk.world.store.read(lambda tx: tx.receipts.habits()))["east"].form

    async def learn() -> None:
        await desk.world.store.write(asked, [lambda tx: tx.receipts.keep_habits([learned])])

    await learn()
    await desk.ask("PATCH", "/east", {"password": "newer"})
    assert await known() == "hex_to_dec"
    await desk.ask("PATCH", "/east", {"host": "other.example.net"})
    assert await known() == ""
    await learn()
    await desk.ask("DELETE", "/east")
    await desk.ask("POST", "", EAST)
    assert await known() == ""


@desk()
async def test_a_carrier_that_cannot_be_stored_is_none(desk: Desk) -> None:
    desk.world.store.fault = StoreUnavailable("disk full")
    assert (await desk.ask("POST", "", EAST)).status == 503
    desk.world.store.fault = None
    assert [one["name"] for one in (await desk.ask("GET")).json()["data"]] == ["north"]


@desk()
async def test_the_file_read_again_changes_its_carriers_and_no_others(desk: Desk) -> None:
    fleet = desk.world.house.fleet
    assert isinstance(fleet, Fleet)
    await desk.ask("POST", "", EAST)
    north = CarrierSettings(name="north", host="smsc.example.net", password="newer", rate=7)
    await fleet.reread([north, CarrierSettings(name="east", host="h"), CarrierSettings(name="south", host="h")])
    assert desk.carrier.changed == [north]
    assert desk.world.added["east"].changed == []
    assert {one.name: one.rate for one in fleet.states()} == {"north": 7, "east": 0}
    await fleet.reread([north])
    assert desk.carrier.changed == [north], "nothing is new"


# several binds of one carrier


def elsewhere(part: Part, earlier: int) -> Iterable[CarrierEvent]:
    """Takes every part, and reports it on the other bind than the one it went over."""
    other = {ONE: TWO, TWO: ONE}[part.bind]
    return (taken(part), receipt(f"c{part.attempt_id}", to=part.to, bind=other))


@desk(lambda: FakeCarrier(elsewhere, binds=2))
async def test_a_receipt_on_another_bind_finds_its_segment(desk: Desk) -> None:
    stories = await desk.world.ended(*await desk.send(20))
    assert {story.message.status for story in stories} == {"delivered"}
    over = {(story.attempts[0].bind, story.receipts[0].bind) for story in stories}
    assert over == {(ONE, TWO), (TWO, ONE)}


def throttling(grants: int) -> FakeCarrier:
    """Takes so many segments a second, and throttles the rest."""
    counted: Counter[int] = Counter()
    carrier = FakeCarrier(window=50)

    def script(part: Part, earlier: int) -> Iterable[CarrierEvent]:
        second = int(asyncio.get_running_loop().time())
        counted[second] += 1
        return delivers(part, 0) if counted[second] <= grants else (refused(part, "throttled", "throttled"),)

    carrier.script = script
    return carrier


@desk(lambda: throttling(20))
async def test_a_throttling_carrier_gets_what_it_grants(desk: Desk) -> None:
    messages = await send(desk.world.house, *(request(to=f"+1555{n:07}") for n in range(1_000_000, 1_000_300)))
    began = desk.world.clock.monotonic()
    stories = await desk.world.ended(*messages)
    took = desk.world.clock.monotonic() - began
    assert {story.message.status for story in stories} == {"delivered"}
    assert took < 25, "20 a second would take 15 s"
    assert len(desk.carrier.written) < 450, "throttled answers are few"
    pace = (await desk.ask("GET", "/north")).json()["binds"][0]["pace"]
    assert 10 < pace < 40
