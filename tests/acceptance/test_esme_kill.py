"""tidings killed -9 while receipts go back to a customer's ESME: none is lost, and what was acknowledged stays so."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from processes import Tidings, free_port, until

from tidings.drivers.smpp_link import SmppLink, connect
from tidings.smpp import pdus, receipt
from tidings.smpp.session import Answered, Bound, Event, Role, Timing

PASSWORD = "s3cret!!"
COUNT = 30


class Shop:
    """An ESME: submits, and acknowledges what it gets, but for every third."""

    def __init__(self) -> None:
        self.bound = asyncio.Event()
        self.gone = asyncio.Event()
        self.submitted: list[str] = []
        self.got: list[str] = []
        self.picky = True

    def opened(self, link: SmppLink) -> None:
        link.bind(pdus.Bind(system_id="shop", password=PASSWORD))

    def closed(self, link: SmppLink, reason: str) -> None:
        self.gone.set()

    def received(self, link: SmppLink, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Bound):
                self.bound.set()
            elif isinstance(event, Answered):
                assert isinstance(event.response, pdus.SubmitSmResp)
                self.submitted.append(event.response.message_id)
            elif isinstance(event, pdus.DeliverSm):
                report = receipt.parse(event.short_message, event.tlvs)
                assert report.state == "DELIVRD"
                self.got.append(report.message_id)
                if not self.picky or len(self.got) % 3:
                    link.answer(event)

    async def submit(self, link: SmppLink) -> None:
        """A few at a time, so that they do not share one commit, until the other end is gone."""
        for number in range(COUNT):
            if self.gone.is_set():
                return
            sm = pdus.SubmitSm(
                source_addr_ton=5, source_addr="SHOP", dest_addr_ton=1, dest_addr_npi=1,
                destination_addr=f"155512301{number % 50 + 20:02d}", registered_delivery=1, short_message=b"Hello",
            )  # fmt: skip
            link.request(sm)
            if number % 3 == 2:
                await asyncio.sleep(0.15)


@contextlib.asynccontextmanager
async def bound(shop: Shop, port: int) -> AsyncIterator[SmppLink]:
    shop.bound.clear()
    shop.gone.clear()
    link = await connect("127.0.0.1", port, lambda: SmppLink(Role.ESME, Timing(window=COUNT), shop))
    async with asyncio.timeout(20):
        await shop.bound.wait()
    try:
        yield link
    finally:
        link.abort("done")
        await link.wait_closed()


def taken(tidings: Tidings) -> set[str]:
    """The ids of messages whose receipt is known to be acknowledged."""
    found = set()
    for one in tidings.messages():
        for delivery in tidings.story(one["id"])["esme_deliveries"]:
            if delivery["status"] == "delivered":
                found.add(one["id"])
    return found


POINTS = [
    ("after receipt is stored", 2),
    ("after receipts are owed", 2),
    ("after deliver_sm", 2),
    ("before its answer is stored", 2),
    ("after its answer is stored", 1),
]


@pytest.mark.parametrize(("point", "times"), POINTS, ids=[point for point, _ in POINTS])
async def test_no_receipt_is_lost_and_none_that_was_acknowledged_comes_again(
    tmp_path: Path, point: str, times: int
) -> None:
    port = free_port()
    tidings = Tidings(tmp_path / "data", tmp_path / "log", f"[smpp]\nport = {port}\n\n[limits]\nfree_disk_mb = 0\n")
    shop = Shop()
    wanted = {"name": "shop", "system_id": "shop", "password": PASSWORD, "message_id_form": "ours"}
    try:
        await asyncio.to_thread(tidings.start)
        assert tidings.call("POST", "/v1/esmes", wanted).status == 201
        await asyncio.to_thread(tidings.stop)
        program = await asyncio.to_thread(tidings.start_to_crash, point, times)
        async with bound(shop, port) as link:
            await shop.submit(link)
            async with asyncio.timeout(30):
                await shop.gone.wait()
        await asyncio.to_thread(program.wait)
        assert f"killed at {point}" in program.printed
        shop.picky = False
        before = len(shop.got)
        await asyncio.to_thread(tidings.start)
        known = await asyncio.to_thread(taken, tidings)
        async with bound(shop, port):

            def all_came() -> Any:
                return set(shop.submitted) <= set(shop.got)

            await asyncio.to_thread(until, all_came, "every receipt comes")
        assert shop.submitted
        assert not known & set(shop.got[before:]), "acknowledged, and it came again"
        if point == "after its answer is stored":
            assert known
    finally:
        if tidings.program is not None:
            tidings.program.kill()
