"""What SMPP costs: our ESME and our SMSC beside npm `smpp` and PyPI `smpplib` in one run; prints one table.

Each end is a process of its own, on loopback. CPU time counts, not the wall clock, as it repeats on a busy machine;
medians of several runs by turns. An ESME is measured against our SMSC, an SMSC against our ESME.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvloop

from machine import machine
from smpp_ends import Clock, Smsc, carry, resident_mb
from tidings.carriers.smpp import SmppCarrier
from tidings.config import CarrierSettings
from tidings.core.ports import Up
from tidings.drivers.smpp_link import SmppLink, listen
from tidings.smpp.session import Role, Timing

HERE = Path(__file__).parent
MODULES = HERE.parent / "tests" / "interop" / "node_modules"
NODE = HERE.parent / ".node" / "bin" / "node"
WINDOW = 100
IDLE_BINDS = 200
PATIENCE_S = 120.0


class Apart:
    """A piece of work in a forked process; tells what it brings over a pipe, and ends when it is told to."""

    def __init__(self, work: Callable[..., Any], *given: Any) -> None:
        self._pipe, there = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("fork").Process(target=work, args=(there, *given), daemon=True)
        self._process.start()

    def hear(self) -> Any:
        """The next thing it tells."""
        if not self._pipe.poll(PATIENCE_S):
            raise SystemExit("a process of the bench fell silent")
        return self._pipe.recv()

    def ask(self) -> Any:
        """Have it tell what it has to say now."""
        self._pipe.send("tell")
        return self.hear()

    def end(self) -> Any:
        """Ask it to end; what it tells last."""
        self._pipe.send("stop")
        told = self.hear()
        self._process.join()
        return told


def smsc(pipe: Connection, receipts: bool, delay_s: float) -> None:
    """Our SMSC: tells its port; its memory when asked; at the end its CPU seconds since the port stood."""

    async def main() -> float:
        handler = Smsc(receipts, delay_s)
        listener = await listen("127.0.0.1", 0, lambda: SmppLink(Role.SMSC, Timing(window=WINDOW), handler))
        pipe.send(listener.port)
        began = time.process_time()
        while await asyncio.to_thread(pipe.recv) != "stop":
            pipe.send(resident_mb())
        spent = time.process_time() - began
        await listener.close(0.1)
        return spent

    pipe.send(uvloop.run(main()))


def esme(pipe: Connection, *given: Any) -> None:
    """Our ESME: CPU and wall seconds of `smpp_ends.carry`."""
    pipe.send(uvloop.run(carry(*given)))


def idle(pipe: Connection, port: int) -> None:
    """Two hundred binds that stand still: MB before and after."""

    async def main() -> None:
        before, up = resident_mb(), 0
        settings = CarrierSettings(name="bench", host="127.0.0.1", port=port, binds=IDLE_BINDS)
        async with asyncio.TaskGroup() as tasks:
            carrier = SmppCarrier(settings, Clock(), tasks)
            await carrier.start()
            async for batch in carrier.events():
                up += sum(isinstance(event, Up) for event in batch)
                if up == IDLE_BINDS:
                    break
            pipe.send((before, resident_mb()))
            await asyncio.to_thread(pipe.recv)
            await carrier.stop(1.0)

    uvloop.run(main())
    pipe.send(None)


# what is measured; microseconds of CPU a message, and messages a second


def our_pair(messages: int, receipts: bool) -> tuple[float, float, float]:
    """Our ESME against our SMSC: CPU of the one, of the other, and the rate."""
    there = Apart(smsc, receipts, 0.0)
    cpu, wall = Apart(esme, there.hear(), messages, receipts, WINDOW).hear()
    return cpu / messages * 1e6, there.end() / messages * 1e6, messages / wall


def foreign_esme(command: list[str], messages: int, receipts: bool) -> tuple[float, float]:
    """Another's ESME against our SMSC."""
    there = Apart(smsc, receipts, 0.0)
    words = [*command, str(there.hear()), str(messages), str(WINDOW), "receipts" if receipts else ""]
    told = json.loads(subprocess.run(words, env=_env(), capture_output=True, timeout=PATIENCE_S, check=True).stdout)
    there.end()
    return told["cpu"] / messages * 1e6, messages / told["wall"]


def foreign_smsc(command: list[str], messages: int, receipts: bool) -> tuple[float, float]:
    """Another's SMSC against our ESME."""
    with subprocess.Popen(
        [*command, "receipts" if receipts else ""], env=_env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as there:
        if there.stdout is None or there.stdin is None:
            raise SystemExit("no pipe")
        port = json.loads(there.stdout.readline())["port"]
        _, wall = Apart(esme, port, messages, receipts, WINDOW).hear()
        there.stdin.close()
        cpu = json.loads(there.stdout.readline())["cpu"]
    return cpu / messages * 1e6, messages / wall


def many_binds(seconds: float) -> tuple[float, float, float]:
    """50 binds, 1,000 messages a second in all, with receipts: CPU of ESME and SMSC, and the rate."""
    messages = int(1_000 * seconds)
    there = Apart(smsc, True, 0.0)
    cpu, wall = Apart(esme, there.hear(), messages, True, WINDOW, 50, 1_000.0).hear()
    return cpu / messages * 1e6, there.end() / messages * 1e6, messages / wall


def slow_carrier(messages: int) -> float:
    """One bind, window 100, each answer after 100 ms: messages a second."""
    there = Apart(smsc, False, 0.1)
    _, wall = Apart(esme, there.hear(), messages, False, WINDOW).hear()
    there.end()
    return messages / wall


def idle_binds() -> tuple[float, float]:
    """MB that 200 idle binds take in an ESME and in an SMSC."""
    there = Apart(smsc, False, 0.0)
    port = there.hear()
    empty = there.ask()
    here = Apart(idle, port)
    before, after = here.hear()
    full = there.ask()
    here.end()
    there.end()
    return after - before, full - empty


def _env() -> dict[str, str]:
    return {**os.environ, "NODE_PATH": str(MODULES)}


def _node() -> str | None:
    """Node, where it and its package are there."""
    found = str(NODE) if NODE.exists() else shutil.which("node")
    return found if found and (MODULES / "smpp").is_dir() else None


def rows(messages: int, rounds: int) -> Iterator[tuple[str, ...]]:
    """Everything, by turns within each kind of work."""
    node = _node()
    if node is None:
        print("npm `smpp` is not there, so its rows are missing: `make peers` brings it.", file=sys.stderr)
    for receipts, name in ((False, "submit, response"), (True, "submit, response, receipt, its response")):
        pairs, esmes, smscs, libs = [], [], [], []
        for _ in range(rounds):
            pairs.append(our_pair(messages, receipts))
            if node:
                esmes.append(foreign_esme([node, str(HERE / "smpp_esme.js")], messages, receipts))
                smscs.append(foreign_smsc([node, str(HERE / "smpp_smsc.js")], messages, receipts))
            libs.append(foreign_esme([sys.executable, str(HERE / "smpp_smpplib.py")], messages // 4, receipts))
        mine = [statistics.median(column) for column in zip(*pairs, strict=True)]
        yield _row(f"ESME: {name}", "tidings", mine[0], mine[2], "≤ 18 µs" if receipts else "≤ 6 µs")
        for who, runs in (("npm smpp", esmes), ("smpplib", libs)):
            if runs:
                yield _row(f"ESME: {name}", who, *(statistics.median(column) for column in zip(*runs, strict=True)))
        yield _row(f"SMSC: {name}", "tidings", mine[1], mine[2], "≤ 8 µs" if receipts else "–")
        if smscs:
            yield _row(f"SMSC: {name}", "npm smpp", *(statistics.median(column) for column in zip(*smscs, strict=True)))
    many = [statistics.median(column) for column in zip(*(many_binds(4.0) for _ in range(rounds)), strict=True)]
    yield (
        "50 binds, 1,000 messages a second in all, with receipts", "tidings",
        f"{many[0]:.0f} + {many[1]:.0f} (ESME + SMSC)", f"{many[2]:,.0f}", "≤ 300 µs in all",
    )  # fmt: skip
    slow = statistics.median(slow_carrier(3_000) for _ in range(rounds))
    yield "one bind, each answer after 100 ms", "tidings", "–", f"{slow:,.0f}", "≥ 900"
    at_esme, at_smsc = idle_binds()
    memory = f"{at_esme:.0f} MB at the ESME, {at_smsc:.0f} MB at the SMSC"
    yield f"{IDLE_BINDS} idle binds", "tidings", memory, "–", "< 40 MB"


def _row(what: str, who: str, cpu: float, rate: float, goal: str = "–") -> tuple[str, ...]:
    return what, who, f"{cpu:.1f}", f"{rate:,.0f}", goal


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3, help="turns; medians are shown")
    given = parser.parse_args()
    print(f"\nMachine: {machine()}. SMPP at window {WINDOW}, median of {given.rounds} by turns.\n", flush=True)
    print("| work | who | CPU µs a message | messages/s | goal |\n| --- | --- | --- | --- | --- |")
    with contextlib.suppress(BrokenPipeError):
        for row in rows(given.messages, given.rounds):
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
