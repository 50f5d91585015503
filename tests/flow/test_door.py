"""Customers' ESMEs at the SMPP door, over real sockets: who may bind, and what is answered after the commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from door_kit import door, submit
from tidings.core import ids
from tidings.smpp import pdus

pytestmark = pytest.mark.slow


async def test_a_submit_is_answered_with_the_id_of_a_message_that_is_stored(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        esme = await rig.enrol()
        client = await rig.bound()
        assert client.bound is not None
        assert client.bound.system_id == "tidings"
        assert pdus.tlv(client.bound.tlvs, pdus.SC_INTERFACE_VERSION) == b"\x34"
        (answer,) = await client.ask(submit())
        (message,) = await rig.messages()
        assert (answer.command_status, answer.message_id) == (0, f"{message.id:X}")
        assert (message.to, message.sender, message.text, message.status) == (
            "+15551230100",
            "SHOP",
            "Hello",
            "accepted",
        )
        events = await rig.house.store.read(lambda tx: tx.events.of(message.id))
        assert events[0].data == {"door": "smpp", "esme": ids.show("esme", esme.id)}


async def test_many_submits_of_one_read_are_answered_in_order_each_with_its_own_id(tmp_path: Path) -> None:
    async with door(tmp_path) as rig:
        await rig.enrol()
        client = await rig.bound()
        answers = await client.ask(*(submit(b"%d" % at) for at in range(500)))
        stored = {f"{one.id:X}": one.text for one in await rig.messages()}
        assert [stored[one.message_id] for one in answers] == [str(at) for at in range(500)]
