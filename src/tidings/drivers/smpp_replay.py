"""Captured links replayed against a server: one connection each, at the pace of then, faster, or as fast as it goes.

A link that came after another was gone waits for its end now too: what is owed to one ESME goes to whichever of its
links stands.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence

import msgspec

from tidings.core.ports import Clock
from tidings.smpp.framing import split_frames
from tidings.smpp.replay import Player, Step

READ_MOST = 64 * 1024
LONGEST = 70_000
"""Octets of a PDU that a server may send."""
CONNECT_TIMEOUT = 10.0
LINKS_MOST = 50
"""Links that are replayed at the same time; further ones wait for a place."""


class Pace(msgspec.Struct, frozen=True):
    """How a replay waits."""

    speed: float = 0.0
    """Times as fast as then; 0: each request as soon as what was answered before it then is answered now."""
    patience: float = 10.0
    """Seconds without any answer after which no more is waited for, and for what the server still owes at the end."""


async def replay(
    players: Sequence[Player], host: str, port: int, clock: Clock, pace: Pace, tls: ssl.SSLContext | None = None,
    progress: Callable[[], None] = lambda: None,
) -> list[str]:  # fmt: skip
    """Play all of them; returns why each ended that did not end well, "" for the others."""
    places = asyncio.Semaphore(LINKS_MOST)
    over = [asyncio.Event() for _ in players]

    async def one(at: int, player: Player) -> str:
        for before, ended in zip(players[:at], over[:at], strict=True):
            if before.ended_ms is not None and before.ended_ms <= player.began_ms:
                await ended.wait()
        async with places:
            try:
                return await _Connection(player, clock, pace, progress).run(host, port, tls)
            finally:
                over[at].set()

    return list(await asyncio.gather(*(one(at, player) for at, player in enumerate(players))))


class _Connection:
    """One link."""

    def __init__(self, player: Player, clock: Clock, pace: Pace, progress: Callable[[], None]) -> None:
        self._player = player
        self._clock = clock
        self._pace = pace
        self._progress = progress
        self._tail = b""

    async def run(self, host: str, port: int, tls: ssl.SSLContext | None) -> str:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                reader, writer = await asyncio.open_connection(host, port, ssl=tls)
        except (OSError, TimeoutError) as fault:
            self._player.give_up()
            return f"Cannot connect to {host}:{port}: {str(fault) or 'no answer'}."
        try:
            return await self._play(reader, writer)
        except (OSError, ConnectionError) as fault:
            return f"The connection broke: {fault}."
        finally:
            self._player.give_up()
            writer.close()

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        began = heard = self._clock.monotonic()
        waiting: Step | None = None
        while True:
            waiting = waiting or self._player.next()
            now = self._clock.monotonic()
            if waiting is not None and now >= began + self._due(waiting):
                writer.write(waiting.frame)
                await writer.drain()
                waiting, heard = None, self._clock.monotonic()
                self._progress()
                continue
            if (
                waiting is None
                and self._player.finished
                and (not self._player.owed or now - heard > self._pace.patience)
            ):
                return ""
            until = heard + self._pace.patience if waiting is None else began + self._due(waiting)
            if waiting is None and now >= until:
                return f"The server answered nothing for {self._pace.patience:g} s."
            if not await self._hear(reader, writer, until - now):
                continue
            heard = self._clock.monotonic()
            if reader.at_eof():
                ended = self._player.finished and waiting is None
                return "" if ended and not self._player.owed else "The server closed the connection."

    def _due(self, step: Step) -> float:
        return step.after_ms / 1000 / self._pace.speed if self._pace.speed else 0.0

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> bool:
        """What the server sends next, if it does in time."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                octets = await reader.read(READ_MOST)
        except TimeoutError:
            return False
        frames, taken, bad_length = split_frames(self._tail + octets, LONGEST)
        self._tail = (self._tail + octets)[taken:]
        for frame in frames:
            answer = self._player.take(frame)
            if answer is not None:
                writer.write(answer)
        if bad_length is not None:
            raise ConnectionError(f"a PDU has command_length {bad_length}")
        await writer.drain()
        self._progress()
        return True
