"""Receipts and texts over the real door: ESMEs on loopback that submit, bind, break and come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from door_kit import Client, Rig, door, submit
from smpp_kit import PATIENCE
from spine_kit import ask
from tidings.core.ids import parse
from tidings.core.line import PAGE
from tidings.door.deliverer import Deliverer
from tidings.pipeline import track
from tidings.smpp import pdus, receipt, user_data


@asynccontextmanager
async def opened(folder: Path, **fields: Any) -> AsyncIterator[Rig]:
    """An open door that also brings things back, with an ESME."""
    async with door(folder) as rig:
        deliverer = Deliverer(rig.house)
        rig.door.outward = deliverer
        await deliverer.start(rig.tasks)
        await rig.enrol(**fields)
        try:
            yield rig
        finally:
            for client in rig.clients:
                await client.close()
            await deliverer.stop(1.0)


async def end(rig: Rig, status: str = "delivered") -> None:
    """Every message comes to its end."""
    messages = await rig.messages()
    moves = [track.Move(message_id=m.id, status=step) for m in messages for step in ("queued", "sent", status)]
    await rig.house.store.write(ask, [lambda tx: track.advance(tx, moves, rig.house.clock.now())])


async def waits(rig: Rig, count: int) -> None:
    """Let it come about that so many wait in the store."""
    esme = rig.house.roster.by_system_id("shop")
    assert esme is not None
    async with asyncio.timeout(PATIENCE):
        while len(await rig.house.store.read(lambda tx: tx.outbox.page(esme.id, "waiting", None, 9_999))) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def told(client: Client) -> list[tuple[str, str]]:
    """What its receipts say, in the order they came."""
    reports = [receipt.parse(user_data.split(one)[1], one.tlvs) for one in client.came]
    return [(report.message_id, report.state) for report in reports]


async def test_a_receipt_names_the_id_that_the_answer_gave(tmp_path: Path) -> None:
    async with opened(tmp_path) as rig:
        client = await rig.bound()
        (answer,) = await client.ask(submit(registered_delivery=1))
        await end(rig)
        await client.until(lambda: len(client.came) == 1)
        assert told(client) == [(answer.message_id, "DELIVRD")]
        (pdu,) = client.came
        assert (pdu.source_addr, pdu.destination_addr, pdu.esm_class) == ("15551230100", "SHOP", pdus.ESM_RECEIPT)
        assert pdus.tlv(pdu.tlvs, pdus.RECEIPTED_MESSAGE_ID) == answer.message_id.encode() + b"\0"


async def test_receipts_wait_for_a_bind_that_receives(tmp_path: Path) -> None:
    async with opened(tmp_path, message_id_form="ours", receipt_id_form="decimal") as rig:
        sender = await rig.bound(command_id=pdus.BIND_TRANSMITTER)
        answers = await sender.ask(submit(), submit(destination_addr="15551230101"))
        await end(rig, "undelivered")
        await waits(rig, 2)
        assert sender.came == []
        receiver = await rig.bound(command_id=pdus.BIND_RECEIVER)
        await receiver.until(lambda: len(receiver.came) == 2)
        ids = sorted(str(parse("msg", one.message_id)) for one in answers)
        assert sorted(told(receiver)) == [(one, "UNDELIV") for one in ids]
        assert sender.came == []


async def test_a_bind_of_3_3_gets_no_tlvs(tmp_path: Path) -> None:
    async with opened(tmp_path) as rig:
        client = await rig.bound(interface_version=0x33)
        (answer,) = await client.ask(submit())
        await end(rig)
        await client.until(lambda: len(client.came) == 1)
        assert (told(client), client.came[0].tlvs) == ([(answer.message_id, "DELIVRD")], ())


async def test_what_a_broken_bind_did_not_acknowledge_goes_over_the_next(tmp_path: Path) -> None:
    async with opened(tmp_path) as rig:
        mute = await rig.bound()
        (answer,) = await mute.ask(submit())
        assert mute.link is not None
        mute.link.pause_reading()
        await end(rig)
        mute.link.abort("gone")
        other = await rig.bound()
        await other.until(lambda: len(other.came) == 1)
        assert told(other) == [(answer.message_id, "DELIVRD")]
        assert mute.came == []


async def test_what_waited_is_handed_over_in_pages(tmp_path: Path) -> None:
    count = PAGE + 100
    async with opened(tmp_path) as rig:
        sender = await rig.bound(command_id=pdus.BIND_TRANSMITTER)
        await sender.ask(*(submit(destination_addr=f"1555123{number:04d}") for number in range(count)))
        await end(rig)
        await waits(rig, count)
        receiver = await rig.bound(command_id=pdus.BIND_RECEIVER)
        await receiver.until(lambda: len(receiver.came) == count)
        assert len(set(told(receiver))) == count
        await waits(rig, 0)
