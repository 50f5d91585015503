"""The customer's end: takes callbacks, answers at once, and remembers when each came. Prints its port.

`GET /count` tells how many messages were spoken of, `GET /dump` every callback as [time, message number], `GET /reset`
forgets them.
"""

from __future__ import annotations

import asyncio
import json
import re
import time

import uvloop

NUMBER = re.compile(rb'"client_ref":\s*"order-(\d+)"')


def answer(body: bytes) -> bytes:
    """A 200 that keeps the connection."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


TAKEN = answer(b"ACK/Jasmin")  # Jasmin repeats what is not answered with these words; the others do not mind them


def numbers(request: bytes) -> list[int]:
    """The messages a callback speaks of: by its path as /cb/N, or by the client_ref of each event in its body."""
    path = request.split(b" ", 2)[1]
    if path.startswith(b"/cb/"):
        return [int(path[4:].split(b"?", 1)[0])]
    return [int(found) for found in NUMBER.findall(request)]


class Received:
    """What came so far. Reading it waits until somebody asks: while load runs only octets are kept."""

    def __init__(self) -> None:
        self.reset()

    def take(self, at: float, request: bytes) -> None:
        """A callback came."""
        self._raw.append((at, request))

    def calls(self) -> list[tuple[float, int]]:
        """Every callback with its time, one entry for each message it speaks of."""
        for at, request in self._raw:
            for number in numbers(request):
                self._calls.append((at, number))
                self._known.add(number)
        self._raw.clear()
        return self._calls

    def count(self) -> int:
        """Messages spoken of."""
        self.calls()
        return len(self._known)

    def reset(self) -> None:
        """Forget all."""
        self._raw: list[tuple[float, bytes]] = []
        self._calls: list[tuple[float, int]] = []
        self._known: set[int] = set()


class Connection(asyncio.Protocol):
    """A connection of a caller, one request at a time."""

    def __init__(self, received: Received) -> None:
        self._received = received
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := whole(self._buffer)) > 0:
            request, self._buffer = self._buffer[:end], self._buffer[end:]
            self._transport.write(self._asked(request))

    def _asked(self, request: bytes) -> bytes:
        path = request.split(b" ", 2)[1]
        if path == b"/count":
            return answer(b"%d" % self._received.count())
        if path == b"/dump":
            return answer(json.dumps(self._received.calls()).encode())
        if path == b"/reset":
            self._received.reset()
            return answer(b"")
        self._received.take(time.time(), request)
        return TAKEN


def whole(buffer: bytes) -> int:
    """Where the first request ends, or 0 while it is not all there."""
    head = buffer.find(b"\r\n\r\n")
    if head < 0:
        return 0
    at = buffer[:head].lower().find(b"\r\ncontent-length:")
    length = int(buffer[at + 17 :].split(b"\r", 1)[0]) if at >= 0 else 0
    end = head + 4 + length
    return end if len(buffer) >= end else 0


async def serve() -> None:
    """For ever."""
    received = Received()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(received), "127.0.0.1", 0, backlog=1024)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
