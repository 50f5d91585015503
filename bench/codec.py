"""What SMPP costs here: the codec alone, and the carrier against an SMSC in another process; CPU microseconds.

`python bench/codec.py [--messages N] [--uvloop]` prints one table. CPU time counts, not the wall clock, because it
repeats on a busy machine; each figure is the median of five runs.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from tidings.carriers.smpp import SmppCarrier
from tidings.config import CarrierSettings
from tidings.core.message import Part
from tidings.core.ports import Receipt, SendError, Sent, Up
from tidings.drivers.smpp_link import SmppLink, listen
from tidings.smpp import pdus, receipt
from tidings.smpp.codec import decode, encode
from tidings.smpp.session import Event, Role, Timing

RUNS = 5
WINDOW = 100
TEXT = b"x" * 101


def codec() -> list[tuple[str, float]]:
    """Microseconds an encode and a decode take."""
    submit = pdus.SubmitSm(
        source_addr_ton=5,
        source_addr="Tidings",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr="4915112345678",
        registered_delivery=1,
        short_message=TEXT,
    )
    timed = pdus.SubmitSm(destination_addr="4915112345678", validity_period="000001000000000R", short_message=TEXT)
    tagged = pdus.SubmitSm(destination_addr="4915112345678", short_message=TEXT, tlvs=((0x204, b"\0\1"),) * 3)
    told = pdus.DeliverSm(
        source_addr="4915112345678",
        esm_class=4,
        short_message=receipt.write("12345678", "DELIVRD", submitted_ms=0, done_ms=0),
        tlvs=receipt.tlvs_of("12345678", "DELIVRD"),
    )
    rows: list[tuple[str, float]] = []
    for name, pdu in (
        ("submit_sm", submit),
        ("submit_sm with validity", timed),
        ("submit_sm with 3 TLVs", tagged),
        ("deliver_sm, a receipt", told),
        ("submit_sm_resp", pdus.SubmitSmResp("12345678")),
    ):
        octets = encode(pdu)
        rows.append((f"encode {name}", median(encode, pdu)))
        rows.append((f"decode {name}", median(decode, octets)))
    rows.append(("parse the receipt", median(receipt.parse, told.short_message, told.tlvs)))
    return rows


def median(work: Callable[..., Any], *arguments: Any, times: int = 20_000) -> float:
    """CPU microseconds of one call."""
    results = []
    for _ in range(RUNS):
        began = time.process_time()
        for _ in range(times):
            work(*arguments)
        results.append((time.process_time() - began) / times * 1e6)
    return statistics.median(results)


class Smsc:
    """Takes everything; with `receipts` each message is followed by one."""

    def __init__(self, receipts: bool) -> None:
        self.receipts = receipts
        self.owed: list[tuple[str, str]] = []
        self.number = 0

    def opened(self, link: SmppLink) -> None:
        """Nothing to do."""

    def closed(self, link: SmppLink, reason: str) -> None:
        """Nothing to do."""

    def received(self, link: SmppLink, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, pdus.SubmitSm):
                self.number += 1
                link.answer(event, 0, str(self.number))
                if self.receipts:
                    self.owed.append((str(self.number), event.destination_addr))
            elif isinstance(event, pdus.Bind):
                link.answer_bind(event, 0, "bench")
        while self.owed and link.room():
            message_id, handset = self.owed.pop()
            text = receipt.write(message_id, "DELIVRD", submitted_ms=0, done_ms=0)
            tlvs = receipt.tlvs_of(message_id, "DELIVRD")
            link.request(pdus.DeliverSm(source_addr=handset, esm_class=4, short_message=text, tlvs=tlvs))


def serve(receipts: bool, uv: bool, pipe: Connection) -> None:
    """The SMSC's process: tells its port, and its CPU seconds when asked."""

    async def main() -> None:
        listener = await listen("127.0.0.1", 0, lambda: SmppLink(Role.SMSC, Timing(window=WINDOW), Smsc(receipts)))
        pipe.send(listener.port)
        while not await asyncio.to_thread(pipe.poll, 60):
            continue
        await listener.close(0.1)

    run(main(), uv)
    pipe.send(time.process_time())


def run(work: Any, uv: bool) -> Any:
    if not uv:
        return asyncio.run(work)
    import uvloop

    return uvloop.run(work)


class Clock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def random(self) -> float:
        return 0.5

    def token(self, octets: int) -> bytes:
        return os.urandom(octets)


async def carry(port: int, messages: int, receipts: bool) -> tuple[float, float]:
    """CPU and wall seconds from the first part given to the last answer, receipts acknowledged."""
    settings = CarrierSettings(name="bench", host="127.0.0.1", port=port, window=WINDOW)
    parts = [
        Part(
            attempt_id=number,
            message_id=number,
            part=1,
            parts=1,
            bind="bench/1",
            sender="Tidings",
            to=f"+49151{number:08d}",
            encoding="gsm7",
            payload=TEXT,
            validity_s=86_400,
        )
        for number in range(messages)
    ]
    parts.reverse()
    async with asyncio.TaskGroup() as tasks:
        carrier = SmppCarrier(settings, Clock(), tasks)
        await carrier.start()
        cpu = wall = 0.0
        sent = told = 0
        async for batch in carrier.events():
            tokens = []
            for event in batch:
                kind = type(event)
                if kind is Sent:
                    sent += 1
                elif kind is Receipt:
                    tokens.append(event.token)  # type: ignore[union-attr]
                elif kind is Up:
                    cpu, wall = time.process_time(), time.perf_counter()
                elif kind is SendError:
                    raise SystemExit(f"the carrier refused: {event}")
            if tokens:
                told += len(tokens)
                carrier.acknowledge(tokens, True)
            if sent == messages and told == (messages if receipts else 0):
                break
            room = carrier.room()["bench/1"]
            if room and parts:
                carrier.send([parts.pop() for _ in range(min(room, len(parts)))])
        spent = time.process_time() - cpu, time.perf_counter() - wall
        await carrier.stop(1.0)
    return spent


def carrier(messages: int, receipts: bool, uv: bool) -> tuple[float, float, float]:
    """CPU microseconds a message of our ESME and of our SMSC, and messages a second."""
    rounds = []
    for _ in range(RUNS):
        here, there = multiprocessing.Pipe()
        smsc = multiprocessing.get_context("fork").Process(target=serve, args=(receipts, uv, there), daemon=True)
        smsc.start()
        port = here.recv()
        cpu, wall = run(carry(port, messages, receipts), uv)
        here.send("stop")
        smsc_cpu = here.recv()
        smsc.join()
        rounds.append((cpu / messages * 1e6, smsc_cpu / messages * 1e6, messages / wall))
    return sorted(rounds)[RUNS // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--uvloop", action="store_true")
    arguments = parser.parse_args()
    print("| codec | CPU µs |\n| --- | --- |")
    for name, spent in codec():
        print(f"| {name} | {spent:.2f} |")
    loop = "uvloop" if arguments.uvloop else "asyncio"
    print(
        f"\n| carrier on {loop}, window {WINDOW} | ESME CPU µs | SMSC CPU µs | messages/s |\n| --- | --- | --- | --- |"
    )
    for name, receipts in (("submit, response", False), ("submit, response, receipt, its response", True)):
        esme, smsc, rate = carrier(arguments.messages, receipts, arguments.uvloop)
        print(f"| {name} | {esme:.1f} | {smsc:.1f} | {rate:,.0f} |")


if __name__ == "__main__":
    main()
