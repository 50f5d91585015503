"""SMPP doors of several processes: the binds of a customer are counted together, and shown anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cluster_kit import Half
from door_kit import Client, Rig, submit, until
from smpp_kit import Clock
from spine_kit import build, opened
from tidings.config import SmppSettings
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.esme import Esme, Session
from tidings.door.door import SmppDoor
from tidings.pipeline import enrol
from tidings.smpp import pdus

RALYBND = 0x05


@asynccontextmanager
async def doors(folder: Path) -> AsyncIterator[tuple[Rig, Rig]]:
    """Two doors over one database."""
    clock, halves = Clock(), list[Half]()
    with opened(folder, clock, asyncio.get_running_loop()) as store:
        async with asyncio.TaskGroup() as tasks:
            rigs = []
            for at in range(2):
                house = build(Half(store, halves), clock)
                house.ids = type(house.ids)(node=at)
                house.place = f"gw{at}"
                door = SmppDoor(house, SmppSettings(port=0))
                door.listen()
                door.start(tasks)
                rigs.append(Rig(house, door, tasks))
            try:
                yield rigs[0], rigs[1]
            finally:
                for rig in rigs:
                    for client in rig.clients:
                        await client.close()
                    await rig.door.stop(1.0)


async def enrolled(here: Rig, there: Rig, **fields: object) -> Esme:
    """An ESME that both doors know."""
    esme = await here.enrol(**fields)
    there.house.roster.know(esme)
    return esme


async def standing(rig: Rig, esme: Esme) -> list[Session]:
    return await rig.house.store.read(lambda tx: tx.esmes.sessions([esme.id]))


async def refused(rig: Rig) -> int:
    client = await rig.connect()
    return await client.bind()


async def test_binds_count_over_all_doors(tmp_path: Path) -> None:
    async with doors(tmp_path) as (here, there):
        esme = await enrolled(here, there, max_binds=2)
        one, _ = await here.bound(), await there.bound()
        assert await refused(here) == RALYBND
        assert await refused(there) == RALYBND
        assert [one.place for one in await standing(there, esme)] == ["gw0", "gw1"]
        await one.close()
        assert await (await there.connect()).bind() == 0, "the place of one that went is free at once, at any door"
        assert [one.place for one in await standing(here, esme)] == ["gw1", "gw1"]


async def test_many_binds_at_once_at_both_doors_are_no_more_than_allowed(tmp_path: Path) -> None:
    async with doors(tmp_path) as (here, there):
        esme = await enrolled(here, there, max_binds=3)
        clients = [await (here, there)[at % 2].connect() for at in range(10)]
        statuses = await asyncio.gather(*(one.bind() for one in clients))
        assert sorted(statuses) == [0] * 3 + [RALYBND] * 7
        assert len(await standing(here, esme)) == 3


async def test_who_has_more_binds_than_it_may_by_now_keeps_the_oldest_wherever_they_are(tmp_path: Path) -> None:
    async with doors(tmp_path) as (here, there):
        esme = await enrolled(here, there, max_binds=3)
        oldest, middle, youngest = await there.bound(), await here.bound(), await there.bound()
        changed = await enrol.change(here.house, DEFAULT_ACCOUNT, esme.id, {"max_binds": 1})
        assert isinstance(changed, Esme)
        there.house.roster.know(changed)  # as it is told to the other door
        await until(lambda: middle.gone and youngest.gone)
        assert not oldest.gone
        await gone_to(here, esme, 1)


async def gone_to(rig: Rig, esme: Esme, count: int) -> None:
    async with asyncio.timeout(5):
        while len(await standing(rig, esme)) != count:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def test_a_connection_that_breaks_before_its_answer_leaves_no_bind_behind(tmp_path: Path) -> None:
    async with doors(tmp_path) as (here, there):
        esme = await enrolled(here, there)
        client = await here.connect()
        assert client.link is not None
        client.link.bind(pdus.Bind(system_id="shop", password="s3cret!!"))
        await asyncio.sleep(0)
        client.link.abort("gone")
        bound: Client = await here.bound()
        await gone_to(there, esme, 1)
        assert len(here.door.guests) == 1
        await bound.close()
        await gone_to(there, esme, 0)


async def test_messages_are_asked_for_canceled_and_replaced_at_any_door(tmp_path: Path) -> None:
    async with doors(tmp_path) as (here, there):
        await enrolled(here, there)
        one, other = await here.bound(), await there.bound()
        later = {"schedule_delivery_time": "000001000000000R"}
        first, second = await one.ask(submit(b"first", **later), submit(b"second", **later))
        source = {"source_addr": "SHOP"}
        (told,) = await other.ask(pdus.QuerySm(message_id=first.message_id, **source))
        assert (told.command_status, told.message_state) == (0, 1)
        (canceled,) = await other.ask(pdus.CancelSm(message_id=first.message_id, **source))
        (replaced,) = await other.ask(
            pdus.ReplaceSm(message_id=second.message_id, short_message=b"another", **source)
        )  # fmt: skip
        assert (canceled.command_status, replaced.command_status) == (0, 0)
        (gone,) = await one.ask(pdus.QuerySm(message_id=first.message_id, **source))
        assert (gone.command_status, gone.message_state) == (0, 4)
        assert {one.text: one.status for one in await here.messages()} == {
            "first": "canceled", "second": "canceled", "another": "scheduled",
        }  # fmt: skip
