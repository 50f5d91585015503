"""Our ends of SMPP as they are measured: an SMSC that takes everything, and a carrier that hands parts over."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from pathlib import Path

from tidings.carriers.smpp import SmppCarrier
from tidings.config import CarrierSettings
from tidings.core.message import Part
from tidings.core.ports import Receipt, SendError, Sent, Up
from tidings.drivers.smpp_link import SmppLink
from tidings.smpp import receipt
from tidings.smpp.pdus import Bind, DeliverSm, SubmitSm
from tidings.smpp.session import Event

TEXT = b"x" * 101
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


class Smsc:
    """Takes everything; with `receipts` each message is followed by one. `delay_s`: how long it keeps its answer."""

    def __init__(self, receipts: bool = False, delay_s: float = 0.0) -> None:
        self._receipts = receipts
        self._delay = delay_s
        self._owed: dict[SmppLink, deque[tuple[str, str]]] = {}
        self._number = 0

    def opened(self, link: SmppLink) -> None:
        """An ESME has connected."""
        self._owed[link] = deque()

    def closed(self, link: SmppLink, reason: str) -> None:
        """It has gone."""
        del self._owed[link]

    def received(self, link: SmppLink, events: list[Event]) -> None:
        """What it sent."""
        owed = self._owed[link]
        for event in events:
            if isinstance(event, SubmitSm):
                self._number += 1
                message_id = str(self._number)
                if self._delay:
                    asyncio.get_running_loop().call_later(self._delay, link.answer, event, 0, message_id)
                else:
                    link.answer(event, 0, message_id)
                if self._receipts:
                    owed.append((message_id, event.destination_addr))
            elif isinstance(event, Bind):
                link.answer_bind(event, 0, "bench")
        for _ in range(min(len(owed), link.room())):
            message_id, handset = owed.popleft()
            text = receipt.write(message_id, "DELIVRD", submitted_ms=0, done_ms=0)
            tlvs = receipt.tlvs_of(message_id, "DELIVRD")
            link.request(DeliverSm(source_addr=handset, esm_class=4, short_message=text, tlvs=tlvs))


class Clock:
    """The machine's clock."""

    def now(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds."""
        return time.monotonic()

    def random(self) -> float:
        """No jitter here."""
        return 0.5

    def token(self, octets: int) -> bytes:
        """Octets for the name of a session."""
        return os.urandom(octets)


async def carry(
    port: int, messages: int, receipts: bool, window: int, binds: int = 1, rate: float = 0.0
) -> tuple[float, float]:
    """CPU and wall seconds from the first part given to the last answer, receipts acknowledged.

    `rate`: messages per second, spread over the binds; 0 gives the carrier whatever it has room for.
    """
    settings = CarrierSettings(name="bench", host="127.0.0.1", port=port, window=window, binds=binds)
    async with asyncio.TaskGroup() as tasks:
        carrier = SmppCarrier(settings, Clock(), tasks)
        await carrier.start()
        hand_over = HandOver(carrier, messages, rate)
        sent = told = up = 0
        async for batch in carrier.events():
            tokens = []
            for event in batch:
                if isinstance(event, Sent):
                    sent += 1
                elif isinstance(event, Receipt):
                    tokens.append(event.token)
                elif isinstance(event, Up):
                    up += 1
                    if up == binds:
                        hand_over.begin(tasks)
                elif isinstance(event, SendError):
                    raise SystemExit(f"the carrier refused: {event}")
            if tokens:
                told += len(tokens)
                carrier.acknowledge(tokens, True)
            if sent == messages and told == (messages if receipts else 0):
                break
            hand_over.fill()
        spent = time.process_time() - hand_over.cpu, time.perf_counter() - hand_over.wall
        await carrier.stop(1.0)
    return spent


class HandOver:
    """Gives the carrier its parts: as many as fit, or at a rate."""

    def __init__(self, carrier: SmppCarrier, messages: int, rate: float) -> None:
        self._carrier = carrier
        self._rate = rate
        self._parts = [_part(number) for number in range(messages, 0, -1)]
        self._began = False
        self.cpu = self.wall = 0.0

    def begin(self, tasks: asyncio.TaskGroup) -> None:
        """All binds are up."""
        self._began = True
        self.cpu, self.wall = time.process_time(), time.perf_counter()
        if self._rate:
            tasks.create_task(self._at_a_rate())

    def fill(self) -> None:
        """There may be room again."""
        if not self._began or self._rate or not self._parts:
            return
        for bind, room in self._carrier.room().items():
            self._give(bind, room)

    def _give(self, bind: str, room: int) -> None:
        given = [self._parts.pop() for _ in range(min(room, len(self._parts)))]
        if given:
            self._carrier.send([_on(bind, part) for part in given])

    async def _at_a_rate(self) -> None:
        """One message to the next bind each time one is due."""
        names, gone = list(self._carrier.room()), 0
        while self._parts:
            due = int((time.perf_counter() - self.wall) * self._rate) + 1
            while gone < due and self._parts:
                self._give(names[gone % len(names)], 1)
                gone += 1
            await asyncio.sleep(0.001)


def _part(number: int) -> Part:
    return Part(
        attempt_id=number, message_id=number, part=1, parts=1, bind="bench/1", sender="Tidings",
        to=f"+49151{number:08d}", encoding="gsm7", payload=TEXT, validity_s=86_400,
    )  # fmt: skip


def _on(bind: str, part: Part) -> Part:
    if part.bind == bind:
        return part
    return Part(
        attempt_id=part.attempt_id, message_id=part.message_id, part=1, parts=1, bind=bind, sender=part.sender,
        to=part.to, encoding=part.encoding, payload=part.payload, validity_s=part.validity_s,
    )  # fmt: skip


def resident_mb() -> float:
    """Memory of this process that is in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB / 1024
