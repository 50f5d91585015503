"""Our ESME against foreign SMSCs, and foreign ESMEs against our SMSC, each in a process of its own."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from witness import Witness

from smpp_kit import PATIENCE, house, part
from tidings.core.ports import Down, Inbound, Receipt, Sent, Up

pytestmark = pytest.mark.interop

Start = Callable[..., Any]
UDH = b"\x05\x00\x03\x2a\x02\x01"
SLOW_START = 3 * PATIENCE


async def test_our_esme_and_npm_smpp(start: Start, witness: Witness) -> None:
    smsc = await start("smsc.js")
    port = await witness.between(await smsc.fact("port", patience=SLOW_START))
    async with house(port, response_timeout=PATIENCE, enquire_link=0.3) as one:
        await one.until(Up)
        one.carrier.send(
            [
                part(1, payload=b"Yes\0?", validity_s=3600),
                part(2, encoding="ucs2", payload="Да".encode("utf-16-be"), udh=UDH, sender="+4912345"),
                *[part(number) for number in range(3, 43)],
            ]
        )
        sents = await one.until(Sent, 42)
        assert {sent.attempt_id: sent.carrier_id for sent in sents}[1] == "00000001"
        receipts = await one.until(Receipt, 42)
        assert {(r.carrier_id, r.status, r.state) for r in receipts} == {
            (sent.carrier_id, "delivered", "DELIVRD") for sent in sents
        }
        (reply,) = await one.until(Inbound)
        assert (reply.text, reply.sender, reply.to) == ("Да €", "+4915112000001", "Tidings")
        one.carrier.acknowledge([event.token for event in (*receipts, reply)], True)
        assert await smsc.fact("receipt_resp", 42) == 0
        assert await smsc.fact("reply_resp") == 0
        await smsc.fact("enquire_link")
        assert not one.of(Down)
    await smsc.fact("unbind")
    assert one.told[-1] == Down("north/1", "Unbound.", False)

    first, second = (fact["submit"] for fact in smsc.facts if "submit" in fact and fact["submit"]["text"] != "Hello")
    wanted = {"source_addr_ton": 5, "source_addr": "Tidings", "dest_addr_ton": 1, "dest_addr_npi": 1}
    wanted |= {"destination_addr": "4915112000001", "text": "Yes@?", "registered_delivery": 1, "data_coding": 0}
    assert {name: first[name] for name in wanted} == wanted
    assert (second["text"], second["udh"], second["esm_class"], second["data_coding"]) == ("Да", ["00032a0201"], 64, 8)
    assert second["source_addr"] == "4912345"
    assert not [fact for fact in smsc.facts if "error" in fact]


async def test_our_pair_and_npm_smpp(start: Start, witness: Witness) -> None:
    smsc = await start("smsc.js")
    port = await witness.between(await smsc.fact("port", patience=SLOW_START))
    async with house(port, bind="transmitter+receiver", response_timeout=PATIENCE) as one:
        await one.until(Up)
        one.carrier.send([part(1)])
        await one.until(Sent)
        assert await smsc.fact("bind") == "bind_transmitter"
        assert await smsc.fact("bind", 2) == "bind_receiver"
    await smsc.fact("unbind", 2)


async def test_a_wrong_password_at_npm_smpp(start: Start, witness: Witness) -> None:
    smsc = await start("smsc.js")
    port = await witness.between(await smsc.fact("port", patience=SLOW_START))
    async with house(port, password="wrong", response_timeout=PATIENCE) as one:
        (down,) = await one.until(Down)
        assert down.permanent
        assert "ESME_RINVPASWD" in down.reason


async def test_our_esme_and_smpp34(start: Start, witness: Witness) -> None:
    smsc = await start("smpp34_smsc.py", free_port())
    port = await witness.between(await smsc.fact("port", patience=SLOW_START))
    profile = {"user_message_reference": True, "tlvs": {"0x1400": "6869"}}
    async with house(port, response_timeout=PATIENCE, profile=profile) as one:
        one.acknowledging = True  # smpp34 sends its next deliver_sm after the answer to the last
        await one.until(Up)
        one.carrier.send(
            [part(1, payload=b"Yes?"), part(2, udh=UDH, sender="12345"), *[part(number) for number in range(3, 23)]]
        )
        sents = await one.until(Sent, 22)
        receipts = await one.until(Receipt, 22)
        assert {r.carrier_id for r in receipts} == {sent.carrier_id for sent in sents}
        assert {(r.status, r.error_code) for r in receipts} == {("undelivered", "11")}
        (reply,) = await one.until(Inbound)
        assert (reply.text, reply.encoding) == ("Да", "ucs2")
        assert await smsc.fact("receipt_resp", 22) == 0
        assert await smsc.fact("reply_resp") == 0
    await smsc.fact("unbind")
    # By their text: smpp34 has been seen to tell the second before the first.
    submits = {fact["submit"]["octets"]: fact["submit"] for fact in smsc.facts if "submit" in fact}
    first, second = submits[b"Yes?".hex()], submits[(UDH + b"Hello").hex()]
    assert first["source"] == [5, 0, "Tidings"]
    assert first["destination"] == [1, 1, "4915112000001"]
    assert first["tlvs"] == [[0x1400, "6869"], [0x0204, "0001"]]
    assert (second["source"], second["esm_class"]) == ([3, 0, "12345"], 0x40)


@pytest.fixture
async def simulator() -> AsyncIterator[int]:
    """The SMPP port of `tidings simulate` in a process of its own."""
    program = Path(sys.executable).with_name("tidings")
    running = await asyncio.create_subprocess_exec(
        program, "simulate", "--smpp-port", "0", "--http-port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert running.stdout is not None
    try:
        async with asyncio.timeout(SLOW_START):
            line = (await running.stdout.readline()).decode()
        found = re.search(r"SMPP 127\.0\.0\.1:(\d+)", line)
        assert found, line
        yield int(found[1])
    finally:
        running.terminate()
        async with asyncio.timeout(PATIENCE):
            await running.communicate()
    assert running.returncode == 0


async def test_npm_smpp_and_our_smsc(start: Start, simulator: int, witness: Witness) -> None:
    esme = await start("esme.js", await witness.between(simulator))
    assert await esme.fact("bind", patience=SLOW_START) == 0
    assert await esme.fact("enquire_link") == 0
    await esme.until(lambda facts: sum("submit" in fact for fact in facts) == 5)
    answers = {fact["submit"]: fact for fact in esme.facts if "submit" in fact}
    assert {number: fact["status"] for number, fact in answers.items()} == {
        "15550100": 0,
        "15550101": 0,
        "15550102": 0,
        "15550104": 0,
        "15550003": 0x0B,
    }
    await esme.until(lambda facts: sum("deliver" in fact for fact in facts) == 4)
    receipts = [fact for fact in esme.facts if "deliver" in fact]
    assert {fact["id"] for fact in receipts} == {fact["id"] for fact in answers.values() if fact["status"] == 0}
    assert all(fact["esm_class"] == 4 and fact["state"] == 2 and "stat:DELIVRD" in fact["deliver"] for fact in receipts)
    assert await esme.fact("unknown") == "broadcast_sm_resp"
    esme.nudge()
    await esme.fact("unbind")
    assert not [fact for fact in esme.facts if "error" in fact]


async def test_smpplib_and_our_smsc(start: Start, simulator: int, witness: Witness) -> None:
    esme = await start("smpplib_esme.py", await witness.between(simulator))
    assert await esme.fact("bind", patience=SLOW_START) == 0
    await esme.until(lambda facts: sum("status" in fact for fact in facts) == 5)
    numbers = {fact["number"]: fact["submit"] for fact in esme.facts if "submit" in fact}
    answers = [(numbers[fact["number"]], fact["status"], fact["id"]) for fact in esme.facts if "status" in fact]
    assert sorted((number, status) for number, status, _ in answers) == [
        ("15550003", 0x0B),
        ("15550200", 0),
        ("15550201", 0),
        ("15550202", 0),
        ("15550202", 0),
    ]
    await esme.until(lambda facts: sum("deliver" in fact for fact in facts) == 4)
    receipts = [fact for fact in esme.facts if "deliver" in fact]
    assert {fact["id"] for fact in receipts} == {message_id for _, status, message_id in answers if status == 0}
    assert all("stat:DELIVRD" in fact["deliver"] for fact in receipts)
    esme.nudge()
    assert await esme.fact("unbind") == "unbind_resp"


def free_port() -> int:
    """A port that was free a moment ago; smpp34 does not tell which one it took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
