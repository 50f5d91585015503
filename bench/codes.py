"""Texts from handsets with 1,000 codes on one number: from the wire to stored, matched and answered.

An SMSC of ours is a process of its own; it hands over as many texts as the window takes, each from another handset, and
counts what comes back. A text counts once its answer has been submitted. Prints one Markdown table.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import uvloop

from machine import machine
from run import BIN, Process
from tidings.drivers.smpp_link import SmppLink, listen
from tidings.smpp.pdus import Bind, DeliverSm, SubmitSm
from tidings.smpp.session import Answered, Event, Role, Timing

OURS = "12345"
GOAL = 3_000
CODES = 1_000


class Texting:
    """An SMSC that hands over texts and takes the answers."""

    def __init__(self, texts: int) -> None:
        self._left = iter(range(texts))
        self._texts = texts
        self.acknowledged = self.answered = 0
        self.done = asyncio.Event()
        self.go = False
        self._links: list[SmppLink] = []
        self.bound = asyncio.Event()

    def opened(self, link: SmppLink) -> None:
        """tidings has connected."""

    def closed(self, link: SmppLink, reason: str) -> None:
        """It has gone."""

    def begin(self) -> None:
        """Hand over the first of them."""
        self.go = True
        for link in self._links:
            self._fill(link)

    def received(self, link: SmppLink, events: list[Event]) -> None:
        """What it sent."""
        for event in events:
            if isinstance(event, SubmitSm):
                self.answered += 1
                link.answer(event, 0, str(self.answered))
            elif isinstance(event, Bind):
                link.answer_bind(event, 0, "bench")
                self._links.append(link)
                self.bound.set()
            elif isinstance(event, Answered):
                self.acknowledged += 1
        if self.go:
            self._fill(link)
        if self.answered == self._texts:
            self.done.set()

    def _fill(self, link: SmppLink) -> None:
        for _ in range(link.room()):
            number = next(self._left, None)
            if number is None:
                return
            text = f"word{number % CODES:03}x {number}".encode()
            link.request(DeliverSm(source_addr=f"49151{number:08}", destination_addr=OURS, short_message=text))


def codes() -> list[dict[str, Any]]:
    """A thousand codes on one number, each with a parameter and a template."""
    return [
        {
            "name": f"code {at}", "keywords": [f"word{at:03}x"], "senders": [OURS], "help": "Send a number.",
            "parameters": [{"name": "item", "type": "integer"}],
            "actions": [{"type": "reply", "text": "{{ item }} is noted, thank you."}, {"type": "tag", "tags": ["b"]}],
        }
        for at in range(CODES)
    ]  # fmt: skip


async def once(texts: int, window: int) -> tuple[float, float]:
    """Texts a second, and CPU seconds of tidings for a thousand."""
    texting = Texting(texts)
    listener = await listen("127.0.0.1", 0, lambda: SmppLink(Role.SMSC, Timing(window=window), texting))
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as name:
        folder = Path(name)
        (folder / "tidings.toml").write_text(
            f'[[carriers]]\nname = "carrier"\nhost = "127.0.0.1"\nport = {listener.port}\nsystem_id = "bench"\n'
            f'sender_rules = "off"\npassword = "bench"\nwindow = {window}\n[limits]\nfree_disk_mb = 0\n'
            "[carriers.profile]\nregistered_delivery = 0\n"
        )
        command = (str(BIN / "tidings"), "up", "--data", name, "--port", "0", "--log-level", "warning")
        tidings = Process(*command, log=folder / "log")
        try:
            async with asyncio.timeout(60):
                await texting.bound.wait()
                while not (folder / "server.json").exists():  # noqa: ASYNC110 - nothing but the file tells that the other process is up
                    await asyncio.sleep(0.05)
            await asyncio.to_thread(take, folder)
            cpu, began = tidings.cpu(), time.perf_counter()
            texting.begin()
            async with asyncio.timeout(600):
                await texting.done.wait()
            took = time.perf_counter() - began
            return texts / took, (tidings.cpu() - cpu) / texts * 1_000
        finally:
            tidings.stop()
            await listener.close(0.1)


def take(folder: Path) -> None:
    """Give tidings the codes."""
    time.sleep(0.5)
    url = json.loads((folder / "server.json").read_text())["url"]
    key = (folder / "admin.key").read_text().strip()
    asked = urllib.request.Request(
        f"{url}/v1/codes/import", json.dumps({"codes": codes()}).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(asked, timeout=60) as answer:
        if answer.status != 200:
            raise SystemExit(answer.read().decode())


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=30_000)
    parser.add_argument("--window", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    runs = [uvloop.run(once(wanted.texts, wanted.window)) for _ in range(wanted.rounds)]
    rates, cpus = zip(*runs, strict=True)
    print(f"\nMachine: {machine()}. Median of {wanted.rounds}.\n")
    print("| what | measured | goal | CPU-s per 1,000 |\n| --- | --- | --- | --- |")
    what = f"texts from handsets, {CODES:,} codes on one number: wire to stored, matched and answered"
    print(f"| {what} | {statistics.median(rates):,.0f} MO/s | ≥ {GOAL:,} | {statistics.median(cpus):.3f} |")
    print(f"\nRounds: {', '.join(f'{rate:,.0f}' for rate in rates)} MO/s.", file=sys.stderr)


if __name__ == "__main__":
    main()
