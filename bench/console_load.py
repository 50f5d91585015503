"""What happens beside the console while it is measured: messages at a pace, and a cable that is pulled out."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from processes import Tidings


class Load:
    """Messages and texts from handsets at a pace, from a thread; what it sent and how many events that was."""

    def __init__(self, tidings: Tidings, *, sent: float, heard: float, ours: str) -> None:
        """`sent`, `heard`: how many a second."""
        self._tidings, self._sent, self._heard, self._ours = tidings, sent, heard, ours
        self._over = threading.Event()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._send, self._hear, self._listen)]
        self.ids: list[str] = []
        self.events = 0
        self.seconds = 0.0

    def __enter__(self) -> Load:
        self._began = time.monotonic()
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.monotonic() - self._began
        self._over.set()
        for one in self._threads:
            one.join(30)

    def _paced(self, each: float, work: Callable[[int], None]) -> None:
        n = 0
        while each and not self._over.wait(max(0.0, self._began + n / each - time.monotonic())):
            work(n)
            n += 1

    def _send(self) -> None:
        def post(n: int) -> None:
            texts = [
                {"to": f"+1555888{(n * 5 + at) % 9_000 + 100:04}", "text": f"flood {n * 5 + at}"} for at in range(5)
            ]
            answer = self._tidings.client.post_batch({"messages": texts})  # type: ignore[typeddict-item]
            self.ids += [one["id"] for one in answer["data"] if "id" in one]

        self._paced(self._sent / 5, post)

    def _hear(self) -> None:
        def text(n: int) -> None:
            self._tidings.client.text_from_handset(
                f"+1555777{n % 40 + 100:04}", {"to": self._ours, "text": f"is it ready? {n}"}
            )

        self._paced(self._heard, text)

    def _listen(self) -> None:
        host = urlsplit(self._tidings.url).netloc
        with contextlib.closing(http.client.HTTPConnection(host, timeout=5)) as wire:
            wire.request("GET", "/v1/stream", headers={"Authorization": f"Bearer {self._tidings.key}"})
            answer = wire.getresponse()
            while not self._over.is_set():
                with contextlib.suppress(TimeoutError):
                    line = answer.readline()
                    self.events += line.startswith(b"event: ") and not line.startswith(b"event: stream.")


class Cable:
    """A port of loopback that leads to tidings, and can be pulled out: whoever was connected is cut off."""

    def __init__(self, tidings: Tidings) -> None:
        self._to = urlsplit(tidings.url).port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        self._ends: list[socket.socket] = []
        self.out = False
        threading.Thread(target=self._take, daemon=True).start()

    def pull(self, seconds: float, meanwhile: Callable[[float], object]) -> None:
        """Out for so long."""
        self.out = True
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()
        meanwhile(seconds)
        self.out = False

    def _take(self) -> None:
        while True:
            end, _ = self._door.accept()
            if self.out:
                end.close()
                continue
            there = socket.create_connection(("127.0.0.1", self._to))
            self._ends += [end, there]
            for one, other in ((end, there), (there, end)):
                threading.Thread(target=_carry, args=(one, other), daemon=True).start()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while octets := one.recv(65_536):
            other.sendall(octets)
    for end in (one, other):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
