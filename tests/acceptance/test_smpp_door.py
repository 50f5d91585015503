"""Customers' ESMEs against a real process: kill -9 in a stream of submits, and what handsets show of what they cut."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from processes import Site, Tidings, free_port, until

from door_kit import PASSWORD, SYSTEM_ID, Client, submit
from smpp_kit import PATIENCE
from tidings.core import ids
from tidings.drivers.smpp_link import SmppLink, connect
from tidings.smpp import pdus
from tidings.smpp.session import Role, Timing

pytestmark = pytest.mark.slow

ROUNDS = 4
WINDOW = 200
BURST = 15


def site(folder: Path, port: int) -> Site:
    return Site(folder, top={"smpp.port": port}, carrier={"window": 100})


def enrol(tidings: Tidings, **more: Any) -> dict[str, Any]:
    body = {"name": "shop", "system_id": SYSTEM_ID, "password": PASSWORD, "window": WINDOW, **more}
    answer = tidings.call("POST", "/v1/esmes", body)
    assert answer.status == 201, answer
    told: dict[str, Any] = answer.json()
    return told


async def bound(port: int) -> Client:
    client = Client()
    await connect("127.0.0.1", port, lambda: SmppLink(Role.ESME, Timing(window=WINDOW), client))
    assert await client.bind() == 0
    return client


class Stream:
    """Submits that go out as fast as the window lets them, and those that were acknowledged, by their id."""

    def __init__(self) -> None:
        self.sent = 0
        self.acknowledged: dict[str, str] = {}

    async def flow(self, client: Client) -> None:
        """Submit until the connection is gone."""
        texts: dict[int, str] = {}
        link = client.link
        assert link is not None
        while not client.gone:
            for _ in range(min(link.room(), BURST)):
                self.sent += 1
                text, pdu = f"number {self.sent}", submit(f"number {self.sent}".encode())
                assert link.request(pdu)
                texts[pdu.sequence_number] = text
            await asyncio.sleep(0.01)
        for answer in client.answers:
            if answer.command_status == 0:
                self.acknowledged[answer.message_id] = texts[answer.sequence_number]


async def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    port, stream = free_port(), Stream()
    with site(tmp_path, port) as one:
        one.start()
        enrol(one.tidings)
        for _ in range(ROUNDS):
            flowing = asyncio.ensure_future(stream.flow(await bound(port)))
            await asyncio.sleep(random.uniform(0.1, 0.6))
            one.tidings.kill()
            async with asyncio.timeout(PATIENCE):
                await flowing
            await asyncio.to_thread(one.tidings.start)
        stored = {f"{ids.parse('msg', row['id']):X}": row["text"] for row in one.tidings.messages()}
        assert len(stream.acknowledged) >= 10 * ROUNDS
        lost = {number: text for number, text in stream.acknowledged.items() if stored.get(number) != text}
        assert lost == {}
        assert len(stored) <= stream.sent
        one.linked()
        until(lambda: not one.tidings.get("/v1/doctor")["snapshot"]["queued"], "all goes out")


async def test_a_stop_acknowledges_what_it_keeps(tmp_path: Path) -> None:
    port, stream = free_port(), Stream()
    with site(tmp_path, port) as one:
        one.start()
        enrol(one.tidings)
        client = await bound(port)
        flowing = asyncio.ensure_future(stream.flow(client))
        await asyncio.sleep(0.3)
        assert await asyncio.to_thread(one.tidings.stop) == 0
        await flowing
        assert client.gone == "The other end unbound."
        one.tidings.start()
        stored = {f"{ids.parse('msg', row['id']):X}" for row in one.tidings.messages()}
        assert stored == set(stream.acknowledged)


async def test_parts_that_a_customer_cut_are_one_text_on_the_handset(tmp_path: Path) -> None:
    port = free_port()
    with site(tmp_path, port) as one:
        one.start()
        enrol(one.tidings, alphabet="latin1")
        client = await bound(port)
        words = ["Grüße aus ", "Köln: ", "€ 5".replace("€", "£")]
        for number, text in enumerate(words, 1):
            udh = bytes((5, 0, 3, 77, len(words), number))
            pdu = submit(udh + text.encode("latin-1"), esm_class=pdus.ESM_UDHI, destination_addr="15551230100")
            assert (await client.ask(pdu))[0].command_status == 0
        sar = [(pdus.SAR_MSG_REF_NUM, b"\0\x09"), (pdus.SAR_TOTAL_SEGMENTS, b"\2")]
        for number, text in enumerate(("Привет, ", "мир"), 1):
            tlvs = (*sar, (pdus.SAR_SEGMENT_SEQNUM, bytes((number,))))
            octets = text.encode("utf-16-be")
            pdu = submit(octets, data_coding=8, tlvs=tlvs, destination_addr="15551230101")
            assert (await client.ask(pdu))[0].command_status == 0

        def shown(number: str) -> list[str]:
            return [text["text"] for text in one.simulator.shows(number)]

        assert until(lambda: shown("+15551230100"), "the handset shows it") == ["Grüße aus Köln: £ 5"]
        assert until(lambda: shown("+15551230101"), "the handset shows it") == ["Привет, мир"]
        rows = one.tidings.messages(to="+15551230100")
        assert [row["text"] for row in rows] == words[::-1]
        story = one.tidings.story(rows[0]["id"])
        assert story["origin"]["door"] == "smpp"
        assert story["attempts"][0]["pdu"]["esm_class"] == pdus.ESM_UDHI
        await client.close()


async def test_binary_flash_and_ports_reach_the_carrier_as_they_came(tmp_path: Path) -> None:
    port = free_port()
    with site(tmp_path, port) as one:
        one.start()
        enrol(one.tidings)
        client = await bound(port)
        cases: list[dict[str, Any]] = [
            {"short_message": bytes(range(140)), "data_coding": 4},
            {"short_message": b"Flash", "data_coding": 0x10},
            {"short_message": b"\x06\x05\x04\x15\x81\x00\x00\x01\x02", "data_coding": 0xF5, "esm_class": 0x40},
            {"short_message": b"type", "protocol_id": 0x41, "esm_class": 0x80},
        ]
        for at, fields in enumerate(cases):
            answer = (await client.ask(submit(destination_addr=f"1555123020{at}", **fields)))[0]
            assert answer.command_status == 0, fields
        for at, fields in enumerate(cases):
            row = until(lambda at=at: one.tidings.messages(to=f"+1555123020{at}", status="delivered"), "it arrives")[0]  # type: ignore[misc]
            pdu = one.tidings.story(row["id"])["attempts"][0]["pdu"]
            told = {name: pdu[name] for name in ("data_coding", "protocol_id", "sm_length")}
            assert told == {
                "data_coding": fields.get("data_coding", 0), "protocol_id": fields.get("protocol_id", 0),
                "sm_length": len(fields["short_message"]),
            }  # fmt: skip
            assert pdu["esm_class"] == fields.get("esm_class", 0)
        await client.close()
