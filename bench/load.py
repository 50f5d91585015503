"""Load generator: POSTs over keep-alive connections, as fast as answers come or at a rate; prints one line of JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time
from urllib.parse import urlsplit

import uvloop


class Plan:
    """What is to be sent and what came of it."""

    def __init__(self, total: int, batch: int, rate: float, key: str, host: str, first: int) -> None:
        self.left = total
        self.batch = batch
        self.interval = batch / rate if rate else 0.0
        self.next_at = time.perf_counter()
        self.key = key
        self.host = host
        self.number = first
        self.accepted = 0
        self.refused: dict[bytes, int] = {}
        self.waits: list[float] = []

    def request(self) -> bytes | None:
        """The next request, or None when all is sent."""
        if self.left <= 0:
            return None
        if self.batch == 1:
            path, body = "/v1/messages", self._message()
        else:
            count = min(self.batch, self.left)
            path = "/v1/messages/batch"
            body = b'{"messages":[' + b",".join(self._message() for _ in range(count)) + b"]}"
        self.left -= self.batch
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {self.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _message(self) -> bytes:
        self.number += 1
        # The last digits stay above 1000, where the simulated network delivers.
        to = b"+1555%07d" % (self.number // 9000 * 10000 % 10_000_000 + 1000 + self.number % 9000)
        return (
            b'{"to":"%b","from":"TIDINGS","text":"Your order %d is on its way and arrives today between 3 and 5 pm.'
            b' Reply HELP for help.","client_ref":"order-%d","tags":["bench"]}' % (to, self.number, self.number)
        )


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way."""

    def __init__(self, plan: Plan, done: asyncio.Future[None]) -> None:
        self.plan = plan
        self.done = done
        self.buffer = b""
        self.sent_at = 0.0

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
        data = self.plan.request()
        if data is None:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self.sent_at = time.perf_counter()
        self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        at = self.buffer.lower().find(b"content-length:", 0, head_end)
        length = int(self.buffer[at + 15 : self.buffer.find(b"\r\n", at)])
        if len(self.buffer) < head_end + 4 + length:
            return
        plan = self.plan
        plan.waits.append(time.perf_counter() - self.sent_at)
        if self.buffer[9:12] == b"202":
            plan.accepted += plan.batch
        else:
            status = bytes(self.buffer[9:12])
            plan.refused[status] = plan.refused.get(status, 0) + plan.batch
        self.buffer = b""
        self.go()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def load(url: str, plan: Plan, connections: int) -> float:
    """Run the plan; returns its seconds."""
    loop = asyncio.get_running_loop()
    parts = urlsplit(url)
    begin = time.perf_counter()
    plan.next_at = begin
    done = [loop.create_future() for _ in range(connections)]
    for future in done:
        await loop.create_connection(lambda future=future: Connection(plan, future), parts.hostname, parts.port)
    await asyncio.gather(*done)
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--total", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.0, help="messages per second; 0 = as fast as answers come")
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    plan = Plan(given.total, given.batch, given.rate, given.key, urlsplit(given.url).netloc, given.first)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seconds = runner.run(load(given.url, plan, given.connections))
    waits = sorted(plan.waits)
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
