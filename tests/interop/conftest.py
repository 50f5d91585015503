"""Interop tests: foreign SMPP programs as processes of their own, who speak to the tests in lines of JSON."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from witness import Witness

from smpp_kit import PATIENCE

HERE = Path(__file__).parent
SLOW_START = 3 * PATIENCE
"""Seconds a peer may take to come up on a busy machine."""


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker."""
    config.addinivalue_line("markers", "interop: talks to a foreign program")


class Peer:
    """A process that tells what it hears, one JSON object a line."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.facts: list[dict[str, Any]] = []

    async def until(self, true: Callable[[list[dict[str, Any]]], Any], patience: float = PATIENCE) -> Any:
        """Read facts until `true` of all of them; its value."""
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(patience):
                while not (found := true(self.facts)):
                    line = await self.process.stdout.readline()
                    assert line, f"the peer ended; it told {self.facts}"
                    self.facts.append(json.loads(line))
        except TimeoutError:
            raise AssertionError(f"the peer told only {self.facts}") from None
        return found

    async def fact(self, name: str, count: int = 1, patience: float = PATIENCE) -> Any:
        """The value of the `count`th fact that has `name`."""
        return (await self.until(lambda facts: [f for f in facts if name in f][count - 1 : count], patience))[0][name]

    def nudge(self) -> None:
        """Ask the peer to leave (a line on its input)."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")


@asynccontextmanager
async def process(*command: str) -> AsyncIterator[Peer]:
    """Run a peer; it is ended with the block."""
    running = await asyncio.create_subprocess_exec(*command, cwd=HERE, stdin=PIPE, stdout=PIPE)
    try:
        yield Peer(running)
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Any]]:
    """Starts a peer: `await start("smsc.js")` or `await start("smpplib_esme.py", port)`."""
    async with AsyncExitStack() as stack:

        async def one(script: str, *arguments: object) -> Peer:
            runner = node() if script.endswith(".js") else sys.executable
            return await stack.enter_async_context(process(runner, script, *map(str, arguments)))

        yield one


def node() -> str:
    """The machine's Node, if its peers are installed."""
    found = shutil.which("node")
    if found is None or not (HERE / "node_modules" / "smpp").is_dir():
        pytest.skip("npm smpp is not installed: make peers")
    return found


@pytest.fixture
async def witness(tmp_path: Path) -> AsyncIterator[Witness]:
    """`port = await witness.between(port)`: when the test has passed, Wireshark's dissector reads what went over it."""
    one = Witness()
    try:
        yield one
    finally:
        await one.close()
    await asyncio.to_thread(one.read_by_wireshark, tmp_path)
