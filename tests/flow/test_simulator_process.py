"""The simulated network as a process of its own: signals, kill -9, and the page's examples."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tidings.drivers.smpp_link import SmppLink, connect
from tidings.smpp import pdus, receipt
from tidings.smpp.session import Answered, Event, Role, Timing

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("the network's own journal: no store is asked")]

PROGRAM = """
import asyncio, sys
from pathlib import Path
from tidings.app import simulate
from tidings.simulator.network import NetworkSettings
ready = lambda *ports: print(*ports, flush=True)
asyncio.run(simulate(NetworkSettings(folder=Path(sys.argv[1])), 0, "127.0.0.1", ready))
"""
PAGE = Path(__file__).parents[2] / "docs/reference/simulator.md"


class Network:
    def __init__(self, process: asyncio.subprocess.Process, smpp_port: int, http_port: int) -> None:
        self.process, self.smpp_port, self.http_port = process, smpp_port, http_port

    async def get(self, path: str) -> Any:
        url = f"http://127.0.0.1:{self.http_port}/v1/simulator{path}"
        return await asyncio.to_thread(lambda: json.load(urllib.request.urlopen(url, timeout=5)))


@asynccontextmanager
async def network(folder: Path) -> AsyncIterator[Network]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 10)
        smpp_port, http_port = map(int, line.split())
        yield Network(process, smpp_port, http_port)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Esme:
    """Submits without end, as a transmitter or transceiver, and notes ids and receipts."""

    def __init__(self, kind: int, most: int) -> None:
        self.kind, self.most, self.sent = kind, most, 0
        self.ids: list[str] = []
        self.receipts: list[str] = []
        self.enough = asyncio.Event()

    def opened(self, link: SmppLink) -> None:
        link.bind(pdus.Bind(self.kind, "esme"))

    def received(self, link: SmppLink, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Answered):
                self.ids.append(event.response.message_id)  # type: ignore[union-attr]
            elif isinstance(event, pdus.DeliverSm):
                self.receipts.append(receipt.parse(event.short_message, event.tlvs).message_id)
                link.answer(event)
        while self.sent < self.most and link.room():
            self.sent += 1
            pdu = pdus.SubmitSm(destination_addr=f"1202555{self.sent % 50 + 100:04}", registered_delivery=1)
            pdu.short_message = b"text %d" % self.sent
            link.request(pdu, self.sent)
        if len(self.ids) >= 3_000 or self.receipts:
            self.enough.set()

    def closed(self, link: SmppLink, reason: str) -> None:
        self.enough.set()


async def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    async with network(tmp_path) as first:
        end = Esme(pdus.BIND_TRANSMITTER, 10**9)
        link = await connect("127.0.0.1", first.smpp_port, lambda: SmppLink(Role.ESME, Timing(window=100), end))
        await asyncio.wait_for(end.enough.wait(), 20)
        first.process.send_signal(signal.SIGKILL)
        await link.wait_closed()
        answered = set(end.ids)
        assert len(answered) == len(end.ids) >= 3_000

    async with network(tmp_path) as second:
        stats = await second.get("/stats")
        assert stats["receipts_owed"] >= len(answered)
        again = Esme(pdus.BIND_RECEIVER, 0)
        link = await connect("127.0.0.1", second.smpp_port, lambda: SmppLink(Role.ESME, Timing(), again))
        async with asyncio.timeout(20):
            while len(again.receipts) < stats["receipts_owed"]:  # noqa: ASYNC110 - what is awaited has no event
                await asyncio.sleep(0.02)
        owed = set(again.receipts)
        assert len(again.receipts) == len(owed), "each receipt comes once"
        assert answered <= owed
        rows: list[Any] = []
        cursor = ""
        while cursor is not None:
            page = await second.get(f"/submissions?limit=1000{cursor and '&cursor=' + cursor}")
            rows += page["data"]
            cursor = page["next_cursor"]
        ids = [row["message_id"] for row in rows]
        assert len(ids) == len(set(ids))
        assert answered <= set(ids) == owed
        link.abort("The test is over.")
        await link.wait_closed()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    async with network(tmp_path) as running:
        end = Esme(pdus.BIND_TRANSCEIVER, 1)
        link = await connect("127.0.0.1", running.smpp_port, lambda: SmppLink(Role.ESME, Timing(), end))
        await asyncio.wait_for(end.enough.wait(), 5)
        running.process.send_signal(number)
        assert await asyncio.wait_for(running.process.wait(), 10) == 0
        await asyncio.wait_for(link.wait_closed(), 5)
        assert running.process.stderr is not None
        assert await running.process.stderr.read() == b""


async def test_the_examples_of_the_page_run(tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.M | re.S)
    commands = [line for block in blocks for line in block.replace("\\\n", "").splitlines()]
    assert len(commands) == 11
    async with network(tmp_path) as running:
        for command in commands:
            assert command.startswith("curl -sS ")
            command = command.replace("127.0.0.1:8776", f"127.0.0.1:{running.http_port}")
            done = await asyncio.to_thread(
                subprocess.run,
                ["sh", "-c", command.replace("curl -sS", "curl -sS --fail-with-body")],
                capture_output=True,
                text=True,
                timeout=10,
                env={"PATH": os.environ["PATH"]},
            )
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
            assert isinstance(json.loads(done.stdout), dict)
        assert (await running.get("/stats"))["texts_owed"] == 1
