"""Several API processes as users have them: what one changes all obey, and customers bind wherever they like."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from processes import CARRIER, free_port, until
from several import ALICE, Member, Several, several
from test_postgres import new

import postgres_kit
from door_kit import PASSWORD, Client, submit
from tidings.core import ids
from tidings.drivers.smpp_link import SmppLink, connect
from tidings.smpp import pdus
from tidings.smpp.session import Role, Timing

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("a server of its own")]

ONE, TWO = "one", "two"
"""Two API processes."""
SOON_S = 1.0
RALYBND = 0x05


@pytest.fixture(scope="module")
def server() -> Iterator[postgres_kit.Server]:
    one = postgres_kit.Server("fsync=off")
    yield one
    one.end()


class House(Several):
    """Two API processes with a door each, and an engine."""

    doors: dict[str, int]

    @property
    def one(self) -> Member:
        return self.members[ONE]

    @property
    def two(self) -> Member:
        return self.members[TWO]

    def enrol(self, system_id: str, **more: Any) -> str:
        """An ESME that may bind; its id."""
        body = {"name": system_id, "system_id": system_id, "password": PASSWORD, **more}
        answer = self.one.call("POST", "/v1/esmes", body)
        assert answer.status == 201, answer
        until(lambda: self.two.call("GET", f"/v1/esmes/{answer.json()['id']}").status == 200, "it is known")
        return str(answer.json()["id"])

    async def bind(self, at: str, system_id: str) -> Client:
        client = await self.knock(at)
        assert await client.bind(system_id=system_id) == 0
        return client

    async def knock(self, at: str) -> Client:
        client = Client()
        await connect("127.0.0.1", self.doors[at], lambda: SmppLink(Role.ESME, Timing(window=100), client))
        return client


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server: postgres_kit.Server) -> Iterator[House]:
    with several(tmp_path_factory.mktemp("doors"), new(server), House) as one:
        assert isinstance(one, House)
        one.doors = {name: free_port() for name in (ONE, TWO)}
        for name, port in one.doors.items():
            one.add(name, "api", **{"smpp.port": port})
        one.add(ALICE, "engine")
        one.holder()
        yield one


def carrier(member: Member) -> dict[str, Any]:
    found: dict[str, Any] = member.get(f"/v1/carriers/{CARRIER}")
    return found


def test_a_revoked_key_ends_everywhere_within_a_second(house: House) -> None:
    made = house.one.call("POST", "/v1/keys", {"name": "n", "scope": "send+read"}).json()
    mine = {"Authorization": f"Bearer {made['token']}"}

    def status(member: Member) -> int:
        return member.call("GET", "/v1/messages?limit=1", **mine).status

    until(lambda: status(house.two) == 200, "the key opens at the other process", SOON_S)
    assert house.one.call("DELETE", f"/v1/keys/{made['id']}").status == 200
    assert status(house.one) == 401
    until(lambda: status(house.two) == 401, "the key is gone at the other process", SOON_S)


def test_a_rate_and_a_quota_are_those_of_all_processes(house: House) -> None:
    for bounds, most in (({"rate": 5}, 5), ({"daily_quota": 7}, 7)):
        made = house.one.call("POST", "/v1/keys", {"name": "n", "scope": "send", **bounds}).json()
        mine = {"Authorization": f"Bearer {made['token']}"}
        until(lambda mine=mine: house.two.call("POST", "/v1/messages", {}, **mine).status == 422, "the key is known")

        def post(at: int, mine: dict[str, str] = mine) -> int:
            member = (house.one, house.two)[at % 2]
            return member.call("POST", "/v1/messages", {"to": "+15551230100", "text": "x"}, **mine).status

        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            statuses = Counter(pool.map(post, range(40)))
        took = time.monotonic() - began
        room = most if "daily_quota" in bounds else most + int(5 * took)
        assert most <= statuses[202] <= room, (bounds, statuses, took)
        assert statuses[202] + statuses[429] == 40


def test_one_idempotency_key_at_both_processes_at_once_is_one_message(house: House) -> None:
    for at in range(10):
        body = {"to": "+15551230100", "text": "once"}

        def post(member: Member, body: Any = body, key: str = f"k{at}") -> Any:
            return member.call("POST", "/v1/messages", body, Idempotency_Key=key)

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(post, (house.one, house.two)))
        assert {one.status for one in answers} <= {202, 409}, answers
        taken = {one.json()["id"] for one in answers if one.status == 202}
        assert len(taken) == 1, answers
        assert post(house.two).json()["id"] in taken


def test_a_carrier_is_seen_and_steered_at_any_process(house: House) -> None:
    for member in (house.one, house.two):
        until(
            lambda member=member: carrier(member)["state"] == "up", "the carrier is up", told=lambda: carrier(house.one)
        )
        told = carrier(member)
        assert told["engine"].endswith(f" {house.members[ALICE].program.pid}")  # type: ignore[union-attr]
        assert told["binds"][0]["smsc"] is not None
        assert house.two.degraded() == ""
    paused = house.two.call("POST", f"/v1/carriers/{CARRIER}/pause").json()
    assert (paused["state"], paused["pending"]) == ("paused", None), "it is paused once the answer is there"
    waits = house.one.send("+15551230100")
    until(lambda: "paused" in house.one.degraded(), "the other process tells")
    time.sleep(0.5)
    assert house.one.message(waits)["status"] == "queued"
    assert house.one.call("POST", f"/v1/carriers/{CARRIER}/resume").json()["state"] == "up"
    house.one.ended(waits)


def test_traffic_of_a_carrier_is_captured_at_any_process(house: House) -> None:
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(house.two.call, "GET", f"/v1/carriers/{CARRIER}/capture?seconds=2")
        time.sleep(0.7)
        house.one.ended(house.one.send("+15551230100"))
        lines = [json.loads(line) for line in reading.result(15).body.splitlines()]
    assert lines[0]["name"] == CARRIER
    assert {"submit_sm", "submit_sm_resp", "deliver_sm"} <= {one.get("pdu") for one in lines[1:]}
    engine = house.members[ALICE].program
    assert engine is not None
    assert all(f" {engine.pid}/" in one["link"] for one in lines[1:] if one["link"])
    left = postgres_kit.ask(house.database, "select count(*) from capture_piece")
    assert left[0] == 0


def test_a_carrier_made_changed_and_taken_away_by_the_api(house: House) -> None:
    east = {"name": "east", "type": "smpp", "host": "127.0.0.1", "port": house.simulator.smpp_port, "system_id": "east",
            "sender_rules": "off"}  # fmt: skip
    made = house.two.call("POST", "/v1/carriers", east)
    assert (made.status, made.json()["pending"]) == (201, None), made
    assert house.one.call("POST", "/v1/carriers", east).json()["code"] == "carrier_exists"
    until(lambda: house.one.get("/v1/carriers/east")["state"] == "up", "the engine binds")
    changed = house.one.call("PATCH", "/v1/carriers/east", {"rate": 7, "window": 9}).json()
    assert (changed["rate"], changed["pending"]) == (7, None)
    until(lambda: house.two.get("/v1/carriers/east")["binds"][0]["window"] == 9, "the engine obeys")
    tested = house.two.call("POST", "/v1/carriers/east/test", {"to": "+15551230100"})
    assert tested.status == 202, tested
    path = tested.headers["Location"]
    until(lambda: house.one.get(path)["done"], "the test is over", told=lambda: house.one.get(path))
    gone = house.one.call("DELETE", "/v1/carriers/east")
    assert (gone.status, gone.json()["pending"]) == (200, None), gone
    until(lambda: house.two.call("GET", "/v1/carriers/east").status == 404, "it is gone everywhere", SOON_S)


async def test_a_customer_binds_and_is_served_at_any_door(house: House) -> None:
    """Its binds count together; receipts come over one of them, once each, and move to the other door when it dies."""
    esme = await asyncio.to_thread(house.enrol, "shop", max_binds=2)
    here, there = await house.bind(ONE, "shop"), await house.bind(TWO, "shop")
    assert await (await house.knock(TWO)).bind(system_id="shop") == RALYBND
    binds = await asyncio.to_thread(house.two.get, f"/v1/esmes/{esme}")
    assert len({one["process"] for one in binds["binds"]}) == 2
    wanted = [answer.message_id for answer in await there.ask(*(submit(b"%d" % at) for at in range(30)))]
    wanted += [answer.message_id for answer in await here.ask(*(submit(b"%d" % at) for at in range(30)))]
    await asyncio.to_thread(until, lambda: len(receipts(here, there)) == 60, "all receipts come")
    assert receipts(here, there) == Counter(wanted)
    assert not here.came or not there.came, "over the binds of one door"
    (told,) = await here.ask(pdus.QuerySm(message_id=wanted[0], source_addr="SHOP"))
    assert (told.command_status, told.message_state) == (0, 2)

    served, other = (ONE, there) if here.came else (TWO, here)
    began = time.monotonic()
    house.members[served].kill()
    try:
        more = [answer.message_id for answer in await other.ask(*(submit(b"m%d" % at) for at in range(20)))]
        await asyncio.to_thread(until, lambda: set(more) <= set(receipts(other)), "the receipts move")
        assert time.monotonic() - began < 10
        assert all(receipts(other)[number] == 1 for number in more)
    finally:
        await asyncio.to_thread(house.members[served].start)
    await other.close()
    alive = house.two if served == ONE else house.one
    await asyncio.to_thread(
        until, lambda: alive.get(f"/v1/esmes/{esme}")["binds"] == [], "nothing is left of the door that died"
    )


def receipts(*clients: Client) -> Counter[str]:
    """How often each receipt came."""
    came = [one for client in clients for one in client.came]
    return Counter(next(told for tag, told in one.tlvs if tag == 0x1E).rstrip(b"\0").decode() for one in came)


def test_a_stream_tells_at_any_process_what_happens_at_another(house: House) -> None:
    with ThreadPoolExecutor(1) as pool:
        client = house.two.client
        reading = pool.submit(delivered, client, "+15551230177")
        time.sleep(0.3)
        message = house.one.send("+15551230177")
        assert reading.result(15) == message


def delivered(client: Any, number: str) -> str:
    """The first message to a number that is told of; those of tests before may still come to their end."""
    with client.stream_events(types="message.delivered") as events:
        return next(str(one["data"]["id"]) for one in events if one["data"]["to"] == number)


def test_a_carrier_without_an_engine_says_so_and_what_to_do(house: House) -> None:
    """The last one: the engine ends."""
    house.members[ALICE].stop()
    until(lambda: carrier(house.two)["state"] == "unattended", "nobody has it", told=lambda: carrier(house.two))
    until(lambda: carrier(house.one)["engine"] is None, "the other knows it too", told=lambda: carrier(house.one))
    told = carrier(house.one)
    assert "tidings up --role engine" in told["down_reason"]
    assert "tidings up --role engine" in house.one.degraded()
    advice = house.two.get("/v1/doctor")["data"]
    assert any("No engine has the binds" in one["what"] for one in advice)
    shown = house.one.cli("carriers", "show", CARRIER)
    assert "unattended" in shown.stdout
    paused = house.two.call("POST", f"/v1/carriers/{CARRIER}/pause").json()
    assert (paused["state"], paused["pending"]) == ("unattended", None)
    assert paused["paused_at"] is not None
    waits = house.two.send("+15551230100")
    house.members[ALICE].start()
    until(lambda: carrier(house.one)["state"] == "paused", "it begins paused", told=lambda: carrier(house.one))
    assert house.one.message(waits)["status"] == "queued"
    house.two.call("POST", f"/v1/carriers/{CARRIER}/resume")
    house.one.ended(waits)
    assert ids.parse("msg", waits)
