"""Load generator: requests over kept connections, as fast as answers come or at a rate; prints one line of JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from dialects import ACCEPTED, DIALECTS, Where, Write


class Plan:
    """What is to be sent and what came of it."""

    def __init__(self, write: Write, where: Where, total: int, batch: int, rate: float, first: int) -> None:
        self._write = write
        self._where = where
        self._next = first + 1
        self._end = first + total
        self.batch = batch
        self.interval = batch / rate if rate else 0.0
        self.next_at = time.perf_counter()
        self.accepted = 0
        self.refused: dict[bytes, int] = {}
        self.waits: list[float] = []
        self.log: list[tuple[int, int, float, float, int]] = []
        """First message, how many, when asked, when answered (seconds since 1970), and whether accepted."""

    def request(self) -> tuple[bytes, int, int] | None:
        """The next request with its first message and their count, or None when all is sent."""
        first, count = self._next, min(self.batch, self._end - self._next + 1)
        if count <= 0:
            return None
        self._next += count
        return self._write(self._where, first, count), first, count

    def answered(self, first: int, count: int, sent_at: float, status: bytes) -> None:
        """A request was answered."""
        wait = time.perf_counter() - sent_at
        self.waits.append(wait)
        now = time.time()
        taken = status in ACCEPTED
        self.log.append((first, count, now - wait, now, int(taken)))
        if taken:
            self.accepted += count
        else:
            self.refused[status] = self.refused.get(status, 0) + count


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way."""

    def __init__(self, plan: Plan, done: asyncio.Future[None]) -> None:
        self.plan = plan
        self.done = done
        self.buffer = b""
        self.sent_at = 0.0
        self.first = self.count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.go()

    def go(self) -> None:
        plan = self.plan
        if plan.interval:
            now = time.perf_counter()
            if plan.next_at > now + 0.0005:
                due, plan.next_at = plan.next_at, plan.next_at + plan.interval
                asyncio.get_running_loop().call_later(due - now, self.send)
                return
            plan.next_at += plan.interval
        self.send()

    def send(self) -> None:
        request = self.plan.request()
        if request is None:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        data, self.first, self.count = request
        self.sent_at = time.perf_counter()
        self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        end = _end(self.buffer, head_end)
        if end == 0:
            return
        self.plan.answered(self.first, self.count, self.sent_at, bytes(self.buffer[9:12]))
        self.buffer = b""
        self.go()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def _end(buffer: bytes, head_end: int) -> int:
    """Where the answer ends, 0 while it is not whole."""
    head = buffer[:head_end].lower()
    at = head.find(b"content-length:")
    if at < 0:
        return len(buffer) if b"chunked" in head and buffer.endswith(b"0\r\n\r\n") else 0
    end = head_end + 4 + int(head[at + 15 :].split(b"\r", 1)[0])
    return end if len(buffer) >= end else 0


async def load(host: str, port: int, plan: Plan, connections: int) -> float:
    """Run the plan; returns its seconds. Connections that the other end closes are not opened again.

    Raises OSError when not even the first can be opened; by the last, the other end may have been killed.
    """
    loop = asyncio.get_running_loop()
    begin = time.perf_counter()
    plan.next_at = begin
    done = [loop.create_future() for _ in range(connections)]
    for future in done:
        try:
            await loop.create_connection(lambda future=future: Connection(plan, future), host, port)
        except OSError:
            if future is done[0]:
                raise
            future.set_result(None)
    await asyncio.gather(*done)
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--dialect", choices=sorted(DIALECTS), default="tidings")
    parser.add_argument("--key", default="")
    parser.add_argument("--callback", default="", help="where a peer shall call; tidings calls its subscriptions")
    parser.add_argument("--total", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.0, help="messages per second; 0 = as fast as answers come")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--log", type=Path, help="file for a line of JSON about every answered request")
    given = parser.parse_args()
    url = urlsplit(given.url)
    where = Where(url.netloc, given.key, given.callback)
    plan = Plan(DIALECTS[given.dialect], where, given.total, given.batch, given.rate, given.first)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seconds = runner.run(load(url.hostname or "", url.port or 80, plan, given.connections))
    if given.log:
        given.log.write_text("".join(json.dumps(row) + "\n" for row in plan.log))
    waits = sorted(plan.waits) or [0.0]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "accepted": plan.accepted,
                "refused": {status.decode(): count for status, count in plan.refused.items()},
                "seconds": seconds,
                "p50_ms": waits[len(waits) // 2] * 1000,
                "p99_ms": waits[int(len(waits) * 0.99)] * 1000,
                "cpu": usage.ru_utime + usage.ru_stime,
            }
        )
    )


if __name__ == "__main__":
    main()
